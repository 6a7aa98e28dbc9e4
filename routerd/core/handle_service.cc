// What becomes of a contact in service: held, passed on, completed, wrapped up; and the supervisor's hand in it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const HoldContact& c) {
  const auto contact = Held(c.agent, c.contact, ContactState::kActive);
  if (!contact.ok()) return contact.status();
  if ((*contact)->on_hold != c.on) r_.Emit(ContactHeld{c.contact, (*contact)->agent, c.on});
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const CompleteContact& c) {
  const auto contact = Held(c.agent, c.contact, ContactState::kActive);
  if (!contact.ok()) return contact.status();
  if (absl::Status status = CheckDisposition(**contact, c.disposition); !status.ok()) return status;
  r_.FinishConversation(**contact, /*by_customer=*/false, c.disposition, "agent", c.summary);
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const FinishWrapUp& c) {
  const auto contact = Held(c.agent, c.contact, ContactState::kWrapUp);
  if (!contact.ok()) return contact.status();
  if (absl::Status status = CheckDisposition(**contact, c.disposition); !status.ok()) return status;
  r_.Emit(ContactEnded{c.contact, (*contact)->agent, EndReason::kCompleted, c.disposition, "wrap_up_done", ""});
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const ExtendWrapUp& c) {
  const auto held = Held(c.agent, c.contact, ContactState::kWrapUp);
  if (!held.ok()) return held.status();
  const Contact& contact = **held;
  const QueuePolicy& queue = r_.rules(contact.queue).policy;
  const int count = contact.rare().extension_count + 1;
  const Instant until = contact.until == kNever
                            ? kNever
                            : std::min(contact.until + queue.extension_time, contact.state_at + queue.wrap_up_max);
  if (until <= contact.until || count > queue.extension_count_max) {
    return Error(
        StatusCode::kFailedPrecondition, "EXTENSION_NOT_ALLOWED",
        absl::StrCat("queue ", Quote(queue.name), " gives no more time: wrap-up of contacts/", Index(c.contact),
                     contact.until == kNever             ? " lasts until it is finished"
                     : count > queue.extension_count_max ? " has had all its extensions"
                                                         : " is as long as it may be"));
  }
  r_.Emit(WrapUpExtended{c.contact, until, count});
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const AssignContact& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  const Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  if (contact->state != ContactState::kQueued) return NotWaiting(*contact);
  Direct(c.contact, *agent, Duration{0}, "supervisor", c.may_exceed_capacity);
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const TakeOverContact& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  if (contact->state != ContactState::kActive) {
    return Error(StatusCode::kFailedPrecondition, "CONTACT_WRONG_STATE",
                 absl::StrCat("contacts/", Index(c.contact), " is ", ToString(contact->state),
                              "; only one that is being served can be taken over; assign one that waits"));
  }
  if (contact->agent == *agent) {
    return Error(StatusCode::kInvalidArgument, "TARGET_IS_SELF",
                 absl::StrCat("agents/", c.agent, " already serves contacts/", Index(c.contact)));
  }
  r_.EndSideWork(*contact, "taken_over", OfferCause::kSupervisor);
  r_.Emit(ContactTakenOver{c.contact, contact->agent, *agent, r_.roster.cost(contact->channel), c.reason});
  if (contact->rare().supervisor_called) {  // Who was called has acted.
    r_.Emit(ContactReprioritized{.contact = c.contact,
                                 .vip = contact->vip,
                                 .own_head_start = contact->rare().own_head_start,
                                 .lane = contact->lane,
                                 .rank = contact->rank,
                                 .deadline = contact->rare().deadline,
                                 .order_shift = contact->rare().order_shift,
                                 .call_cleared = true});
  }
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const RequeueContact& c) {
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  const Duration back_off = r_.rules(contact->queue).policy.decline_back_off;
  if (contact->state == ContactState::kOffered) {
    r_.CloseOffers(*contact, OfferCause::kSupervisor, "supervisor", back_off);
  } else if (contact->state == ContactState::kActive) {
    r_.EndSideWork(*contact, "requeued", OfferCause::kSupervisor);
    r_.Emit(ContactRequeued{c.contact, contact->agent, "supervisor", r_.now + back_off});
  } else if (contact->state != ContactState::kQueued) {
    return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_SERVED",
                 absl::StrCat("contacts/", Index(c.contact), " is ", ToString(contact->state),
                              "; only an offered or active contact can return to the line"));
  }
  return Reply{c.contact};
}

bool Router::Impl::BotDoneAfter(const Contact& contact, bool queue_changed) const {
  return roster.IsBot(roster.at(contact.agent)) || (contact.rare().bot_done && !queue_changed);
}

void Router::Impl::FinishConversation(Contact& contact, bool by_customer, const std::string& disposition,
                                      const std::string& detail, const std::string& summary) {
  EndSideWork(contact, "contact_ended", by_customer ? OfferCause::kCustomerGone : OfferCause::kNone);
  const QueuePolicy& queue = rules(contact.queue).policy;
  if (queue.wrap_up == WrapUpMode::kNone) {
    Emit(ContactEnded{contact.id, contact.agent, EndReason::kCompleted, disposition, detail, summary});
    return;
  }
  // Wrap-up takes all that the channel takes, or nothing.
  if (contact.light && queue.wrap_up != WrapUpMode::kOptional) {
    Emit(ContactWoke{contact.id, contact.agent, roster.cost(contact.channel)});
  }
  Instant until = kNever;
  if (queue.wrap_up != WrapUpMode::kUntilDone) {
    const AgentPolicy* agent = PolicyOf(agents.Of(contact.agent));
    const bool own = agent != nullptr && agent->wrap_up_time > Duration{0};
    until = now + std::min(own ? agent->wrap_up_time : queue.wrap_up_time, queue.wrap_up_max);
  }
  Emit(WrapUpStarted{contact.id, contact.agent, until, by_customer, disposition, summary,
                     queue.wrap_up == WrapUpMode::kOptional});
}

}  // namespace routerd::core
