#include "routerd/engine/life.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Joins a sentence's head and an optional detail: `declined by Ana (busy)`.
std::string WithDetail(std::string text, const std::string& detail) {
  if (!detail.empty()) absl::StrAppend(&text, " (", detail, ")");
  return text;
}

class Teller {
 public:
  Teller(const v1::Event& event, const ContactFile* before, const Directory& directory)
      : event_(event), before_(before), directory_(directory), at_(FromProto(event.time())) {}

  std::string Tell() const {
    switch (event_.kind_case()) {
      case v1::Event::kContactCreated:
        return Created();
      case v1::Event::kContactReprioritized:
        return Reprioritized();
      case v1::Event::kContactLabeled:
        return absl::StrCat("noted: ", absl::StrJoin(event_.contact_labeled().labels(), ", "));
      case v1::Event::kContactLinked:
        if (event_.contact_linked().with().empty()) return "no longer shares a place";
        return absl::StrCat("shares one place with ", event_.contact_linked().with(),
                            ", of the same customer; whoever accepts one takes the other along");
      case v1::Event::kContactEscalated:
        return Escalated();
      case v1::Event::kRequirementsRelaxed: {
        const v1::RequirementsRelaxed& e = event_.requirements_relaxed();
        return absl::StrCat("waited ", DurationText(at_ - FromProto(before_->head.queue_time())), ": relaxation step ",
                            e.step(), " of ", Queue(event_.queue()), " asks for ", RequirementsText(e.requirements()),
                            " from now on");
      }
      case v1::Event::kOfferMade:
        return absl::StrCat("offered to ", Agent(event_.agent()), ": ", event_.offer_made().reason(),
                            "; answer due by ", ClockText(FromProto(event_.offer_made().expire_time())));
      case v1::Event::kOfferAccepted:
        return absl::StrCat("accepted by ", Agent(event_.agent()), " after ", DurationText(at_ - before_->offered_at));
      case v1::Event::kOfferClosed:
        return Closed();
      case v1::Event::kOfferExtended:
        return absl::StrCat("routerd was away: ", Agent(event_.agent()), " has until ",
                            ClockText(FromProto(event_.offer_extended().expire_time())), " to answer");
      case v1::Event::kContactHeld:
        return absl::StrCat(event_.contact_held().on() ? "put on hold by " : "taken off hold by ",
                            Agent(event_.agent()));
      case v1::Event::kContactTransferred:
        return Transferred();
      case v1::Event::kWarmTransferStarted:
        return WarmStarted();
      case v1::Event::kWarmTransferEnded:
        return WarmEnded();
      case v1::Event::kContactRequeued:
        return Requeued();
      case v1::Event::kContactReserved: {
        const v1::ContactReserved& e = event_.contact_reserved();
        return WithDetail(
            absl::StrCat("reserved for ", Agent(e.agent()), e.may_exceed_capacity() ? ", whatever else is held," : "",
                         e.has_until() ? absl::StrCat(" until ", ClockText(FromProto(e.until()))) : std::string()),
            ReasonText(e.reason()));
      }
      case v1::Event::kReservationEnded:
        return absl::StrCat("no longer reserved for ", Agent(event_.agent()), " (", event_.reservation_ended().reason(),
                            "): goes to whoever ", Queue(event_.queue()), " allows");
      case v1::Event::kContactScheduled:
        return Scheduled();
      case v1::Event::kContactDue: {
        const v1::ContactDue& e = event_.contact_due();
        return absl::StrCat("its time has come: back in line at its rank",
                            e.reserved_agent().empty()
                                ? std::string()
                                : absl::StrCat(", first for ", Agent(e.reserved_agent()), " until ",
                                               ClockText(FromProto(e.reserved_until()))));
      }
      case v1::Event::kContactOverflowed:
        return Overflowed();
      case v1::Event::kWrapUpStarted:
        return WrapUp();
      case v1::Event::kConsultStarted:
        return WithDetail(absl::StrCat(Agent(event_.agent()), " asked ", Agent(event_.consult_started().agent())),
                          event_.consult_started().question());
      case v1::Event::kConsultEnded:
        return WithDetail(absl::StrCat(Agent(event_.consult_ended().agent()), " is no longer consulted"),
                          event_.consult_ended().reason());
      case v1::Event::kContactTakenOver: {
        const v1::ContactTakenOver& e = event_.contact_taken_over();
        return WithDetail(
            absl::StrCat("a supervisor gave it from ", Agent(e.from_agent()), " to ", Agent(e.to_agent())), e.reason());
      }
      case v1::Event::kContactDormant:
        return absl::StrCat("the customer fell silent: takes ", event_.contact_dormant().cost(), " of the capacity of ",
                            Agent(event_.agent()));
      case v1::Event::kContactWoke:
        return absl::StrCat("no longer dormant: takes ", event_.contact_woke().cost(), " of the capacity of ",
                            Agent(event_.agent()));
      case v1::Event::kWrapUpExtended:
        return absl::StrCat(Agent(event_.agent()), " took more time to wrap up, until ",
                            ClockText(FromProto(event_.wrap_up_extended().expire_time())), " (extension ",
                            event_.wrap_up_extended().count(), ")");
      case v1::Event::kRoomKept:
        return absl::StrCat("waited for more of the capacity than anybody has free: ",
                            Agent(event_.room_kept().agent()), " takes nothing that stands behind it");
      case v1::Event::kRoomGivenBack:
        return absl::StrCat(Agent(event_.room_given_back().agent()), " keeps no more room for it (",
                            event_.room_given_back().reason(), ")");
      case v1::Event::kContactEnded:
        return Ended();
      default:
        return "";
    }
  }

 private:
  std::string Agent(const std::string& name) const { return std::string(directory_.AgentDisplayName(name)); }
  static std::string Queue(const std::string& name) { return std::string(BareName(name, kQueues)); }

  static std::string Standing(const std::string& vip) { return vip.empty() ? "" : absl::StrCat(" (", vip, ")"); }

  std::string PassedOver(const google::protobuf::Timestamp& until, const std::string& agent) const {
    return absl::StrCat("; ", Agent(agent), " is passed over for this contact until ", ClockText(FromProto(until)));
  }

  std::string Created() const {
    const v1::Contact& contact = event_.contact_created().contact();
    std::string text = absl::StrCat("joined ", Queue(contact.queue()), " over ", contact.channel(), ", asking for ",
                                    RequirementsText(contact.requirements()));
    if (!contact.preferences().empty()) {
      absl::StrAppend(&text, ", preferring ", RequirementsText(contact.preferences()));
    }
    const core::Duration shift(event_.contact_created().value_shift_ns());
    const core::Duration head_start = FromProto(contact.head_start()) + shift;
    if (head_start != core::Duration(0)) {
      absl::StrAppend(&text, "; head start ", DurationText(head_start), Standing(contact.context().customer().vip()));
    }
    if (contact.lane() != 0) absl::StrAppend(&text, "; lane ", contact.lane());
    if (contact.has_deadline_time()) {
      absl::StrAppend(&text, "; reply due by ", ClockText(FromProto(contact.deadline_time())));
      if (shift < core::Duration(0)) absl::StrAppend(&text, ", so it stands ", DurationText(-shift), " further ahead");
      if (shift > core::Duration(0)) absl::StrAppend(&text, ", so it stands ", DurationText(shift), " further back");
    }
    const std::string& returned_from = event_.contact_created().returned_from();
    if (!returned_from.empty()) absl::StrAppend(&text, "; back after a short absence, in the place of ", returned_from);
    return text;
  }

  std::string Reprioritized() const {
    const v1::ContactReprioritized& e = event_.contact_reprioritized();
    std::string text =
        absl::StrCat("priority is now: head start ", DurationText(milliseconds(e.head_start_ms())), Standing(e.vip()));
    if (e.lane() != 0) absl::StrAppend(&text, ", lane ", e.lane());
    if (e.has_deadline_time()) absl::StrAppend(&text, ", reply due by ", ClockText(FromProto(e.deadline_time())));
    if (e.call_cleared()) absl::StrAppend(&text, "; a supervisor has seen to it");
    return text;
  }

  std::string Escalated() const {
    const v1::ContactEscalated& e = event_.contact_escalated();
    std::string text =
        absl::StrCat("raised by step ", e.level(), " of ", Queue(before_->head.queue()), " (", e.rule(), ")");
    if (e.queue() != before_->head.queue()) {
      absl::StrAppend(&text, ": goes on in ", Queue(e.queue()), " at its rank, asking for ",
                      RequirementsText(e.requirements()));
    } else if (RequirementsText(e.requirements()) != RequirementsText(before_->head.requirements())) {
      absl::StrAppend(&text, ": asks for ", RequirementsText(e.requirements()), " from now on");
    }
    if (e.lane() != before_->head.lane()) absl::StrAppend(&text, "; lane ", e.lane());
    const core::Duration sooner = FromProto(before_->head.rank_time()) - FromProto(e.rank_time());
    if (sooner != core::Duration(0)) absl::StrAppend(&text, "; ", DurationText(sooner), " more head start");
    if (e.call_supervisor()) absl::StrAppend(&text, "; a supervisor is called");
    return text;
  }

  // Why it is kept for one agent.
  static std::string ReasonText(const std::string& reason) {
    if (reason == "dedicated") return "the customer's own agent";
    if (reason == "owner") return "who first took the case";
    if (reason == "last") return "who served the customer last";
    return reason;
  }

  std::string TakenBack(const v1::OfferClosedEvent& e) const {
    switch (e.cause()) {
      case v1::OfferClosedEvent::UNREACHABLE:
        return WithDetail(absl::StrCat(Agent(event_.agent()), "'s device could not be reached"), e.reason());
      case v1::OfferClosedEvent::CUSTOMER_GONE:
        return absl::StrCat("taken back from ", Agent(event_.agent()), ": the customer left");
      case v1::OfferClosedEvent::OTHER_AGENT:
        return absl::StrCat("taken back from ", Agent(event_.agent()), ": another agent was first");
      default:
        return WithDetail(absl::StrCat("taken back from ", Agent(event_.agent())), e.reason());
    }
  }

  std::string Closed() const {
    const v1::OfferClosedEvent& e = event_.offer_closed();
    std::string text;
    switch (e.state()) {
      case v1::Offer::STATE_LAPSED:
        text = absl::StrCat("went unanswered by ", Agent(event_.agent()), " for ",
                            DurationText(at_ - before_->offered_at), " (miss ", e.missed_count(), ")");
        break;
      case v1::Offer::STATE_DECLINED:
        text = WithDetail(absl::StrCat("declined by ", Agent(event_.agent())), e.reason());
        break;
      default:
        text = TakenBack(e);
        break;
    }
    if (e.has_back_off_until()) absl::StrAppend(&text, PassedOver(e.back_off_until(), event_.agent()));
    if (e.warm()) return absl::StrCat(text, "; ", Agent(before_->head.agent()), " goes on serving it");
    return absl::StrCat(text, e.others_open() ? "; still offered to others" : "; back at its place");
  }

  std::string Transferred() const {
    const v1::ContactTransferred& e = event_.contact_transferred();
    std::string text =
        WithDetail(absl::StrCat("passed on by ", Agent(event_.agent()), " to ",
                                e.reserved_agent().empty() ? Queue(e.queue()) : Agent(e.reserved_agent())),
                   e.note().reason());
    absl::StrAppend(&text, ", asking for ", RequirementsText(e.requirements()));
    if (!e.reserved_agent().empty() && e.has_reserved_until()) {
      absl::StrAppend(&text, "; kept for ", Agent(e.reserved_agent()), " until ",
                      ClockText(FromProto(e.reserved_until())));
    }
    if (e.has_back_off_until()) absl::StrAppend(&text, PassedOver(e.back_off_until(), event_.agent()));
    if (e.bot_done()) absl::StrAppend(&text, "; a bot has had it: people alone are asked");
    return absl::StrCat(text, e.warm() ? "; let go as the next agent accepts" : "; waits at its old rank");
  }

  std::string WarmStarted() const {
    const v1::WarmTransferStarted& e = event_.warm_transfer_started();
    std::string text =
        WithDetail(absl::StrCat(Agent(event_.agent()), " goes on serving it and asks ",
                                !e.target_agent().empty()   ? Agent(e.target_agent())
                                : !e.target_queue().empty() ? absl::StrCat("the agents of ", Queue(e.target_queue()))
                                                            : std::string("others"),
                                " to take it"),
                   e.note().reason());
    return absl::StrCat(text, ", for ", RequirementsText(e.requirements()), "; waits for the answer until ",
                        ClockText(FromProto(e.expire_time())));
  }

  std::string WarmEnded() const {
    const std::string& reason = event_.warm_transfer_ended().reason();
    const std::string stays = absl::StrCat("; stays with ", Agent(event_.agent()));
    if (reason == "waited") return absl::StrCat("nobody took it in time", stays);
    if (reason == "declined") return absl::StrCat("whoever was asked to take it declined", stays);
    if (reason == "target_gone") return absl::StrCat("whoever was to take it has gone", stays);
    if (reason == "queue_removed") return absl::StrCat("the queue that it was to go to is gone", stays);
    return WithDetail("no longer offered to others", reason);
  }

  std::string Requeued() const {
    const v1::ContactRequeued& e = event_.contact_requeued();
    std::string text;
    if (e.reason() == "agent_lost") {
      text = absl::StrCat(Agent(event_.agent()), " stayed disconnected beyond the grace period");
    } else if (e.reason() == "agent_signed_out") {
      text = absl::StrCat(Agent(event_.agent()), " signed out");
    } else {
      text = WithDetail(absl::StrCat("taken from ", Agent(event_.agent())), e.reason());
    }
    if (e.has_back_off_until()) absl::StrAppend(&text, PassedOver(e.back_off_until(), event_.agent()));
    return absl::StrCat(text, "; back in line at its old rank");
  }

  // With its date when it is not today.
  std::string TimeText(core::Instant at) const {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    if (day == std::chrono::floor<std::chrono::days>(at_)) return ClockText(at);
    const std::chrono::year_month_day date(day);
    const auto two = [](unsigned number) { return absl::StrCat(number < 10 ? "0" : "", number); };
    return absl::StrCat(static_cast<int>(date.year()), "-", two(static_cast<unsigned>(date.month())), "-",
                        two(static_cast<unsigned>(date.day())), " ", ClockText(at));
  }

  std::string Scheduled() const {
    const v1::ContactScheduled& e = event_.contact_scheduled();
    const std::string when = e.has_schedule_time() ? TimeText(FromProto(e.schedule_time())) : "";
    if (e.reason() == "closed") {
      return absl::StrCat(Queue(event_.queue()), " is closed: comes into line when it opens, ", when,
                          e.callback() ? "; to be called back" : "");
    }
    if (e.reason() == "agent") {
      return WithDetail(absl::StrCat("put off by ", Agent(event_.agent()), ": comes back ", when), e.summary());
    }
    if (e.reason() == "not_reached") {
      return absl::StrCat(Agent(event_.agent()), " did not reach the customer (try ", e.attempt_count(),
                          "): to be tried again ", when);
    }
    if (e.reason() == "created") return absl::StrCat("comes into line ", when);
    return when.empty() ? std::string("to be called back when it is its turn; keeps its place in line")
                        : absl::StrCat("to be called back ", when, "; keeps its rank");
  }

  std::string Overflowed() const {
    const v1::ContactOverflowed& e = event_.contact_overflowed();
    const v1::Contact& before = before_->head;
    std::string text = absl::StrCat(e.rule(), ": ");
    if (e.has_queue_time()) {
      return absl::StrCat(text, "goes on in ", Queue(e.queue()), " at its rank, asking for ",
                          RequirementsText(e.requirements()));
    }
    if (!e.message().empty()) return absl::StrCat(text, "the customer is told \"", e.message(), "\"");
    const core::Duration gained = FromProto(before.rank_time()) - FromProto(e.rank_time());
    if (gained > core::Duration(0)) return absl::StrCat(text, "counts as waited ", DurationText(gained), " longer");
    if (RequirementsText(e.requirements()) != RequirementsText(before.requirements())) {
      return absl::StrCat(text, "asks for ", RequirementsText(e.requirements()), " from now on");
    }
    return absl::StrCat(text, "it stays in ", Queue(e.queue()));
  }

  std::string WrapUp() const {
    const v1::WrapUpStarted& e = event_.wrap_up_started();
    std::string text = e.ended_by() == "customer"
                           ? absl::StrCat("the customer left; ", Agent(event_.agent()), " wraps up")
                           : absl::StrCat(Agent(event_.agent()), " ended the conversation and wraps up");
    text = WithDetail(std::move(text), e.disposition());
    absl::StrAppend(&text, e.has_expire_time() ? absl::StrCat(", until ", ClockText(FromProto(e.expire_time())))
                                               : std::string(", until done"));
    return absl::StrCat(text, e.optional() ? "; offers come all the same" : "");
  }

  std::string Ended() const {
    const v1::ContactEnded& e = event_.contact_ended();
    switch (e.reason()) {
      case v1::Contact::END_REASON_COMPLETED:
        return WithDetail(absl::StrCat("completed", event_.agent().empty() ? "" : " by ",
                                       event_.agent().empty() ? std::string() : Agent(event_.agent())),
                          e.disposition().empty() ? e.detail() : e.disposition());
      case v1::Contact::END_REASON_ABANDONED:
        return WithDetail(absl::StrCat("the customer left after waiting ",
                                       DurationText(at_ - FromProto(before_->head.create_time()))),
                          e.detail());
      case v1::Contact::END_REASON_REJECTED:
        return WithDetail("not admitted", e.detail());
      case v1::Contact::END_REASON_OVERFLOWED:
        return WithDetail("sent away by a limit of its queue", e.detail());
      case v1::Contact::END_REASON_EXPIRED:
        if (e.detail() == "not_reached") return "the customer could not be reached, and no more tries are made";
        return WithDetail("waited longer than its queue lets anybody wait", e.detail());
      default:
        return WithDetail("ended by an operator or by a failure", e.detail());
    }
  }

  const v1::Event& event_;
  const ContactFile* const before_;
  const Directory& directory_;
  const core::Instant at_;
};

}  // namespace

std::string LifeText(const v1::Event& event, const ContactFile* before, const Directory& directory) {
  return Teller(event, before, directory).Tell();
}

std::string RequirementsText(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
  if (requirements.empty()) return "no skill";
  std::string text;
  for (const v1::SkillRequirement& requirement : requirements) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", requirement.skill(), " >= ", v1::Tier_Name(requirement.tier()));
  }
  return text;
}

}  // namespace routerd::engine
