#include "routerd/engine/event_codec.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/names.h"
#include "routerd/engine/policy_compile.h"

namespace routerd::engine {
namespace {

constexpr core::Instant kEpoch{};

// --- To the journal ---

class Encoder {
 public:
  Encoder(const core::Router& names, const v1::Contact* contact, v1::Event& out)
      : names_(names), contact_(contact), out_(out) {}

  void operator()(const core::PolicyLoaded& e) {
    out_.mutable_policy_loaded()->mutable_workspace()->ParseFromString(e.policy->source);
  }
  void operator()(const core::ContactCreated& e) {
    const core::Instant at = FromProto(out_.time());
    out_.set_contact(ContactName(e.contact));
    out_.set_queue(QueueName(names_.NameOf(e.queue)));
    v1::ContactCreated& created = *out_.mutable_contact_created();
    v1::Contact& contact = *created.mutable_contact();
    contact.set_name(out_.contact());
    contact.set_state(v1::Contact::STATE_QUEUED);
    contact.set_channel(std::string(names_.NameOf(e.channel)));
    contact.set_queue(out_.queue());
    Set(e.requirements, contact.mutable_requirements());
    if (e.vip != core::kNoVip) {
      contact.mutable_context()->mutable_customer()->set_vip(std::string(names_.NameOf(e.vip)));
    }
    *contact.mutable_create_time() = out_.time();
    *contact.mutable_queue_time() = ToProto(e.queued_at);
    *contact.mutable_state_time() = out_.time();
    *contact.mutable_rank_time() = ToProto(e.rank);
    contact.set_lane(e.lane);
    *contact.mutable_head_start() = ToProto(at - e.rank);
    if (e.deadline != core::kNever) *contact.mutable_deadline_time() = ToProto(e.deadline);
    for (const std::string& label : e.labels) contact.add_labels(label);
    Set(e.preferences, contact.mutable_preferences());
    created.set_contact_count(e.contact_count);
    created.set_value_shift_ns(e.order_shift.count());
    created.set_own_head_start_ms(Milliseconds(e.own_head_start));
    *created.mutable_queue_time() = contact.queue_time();
    if (e.returned_from != core::kNoContact) created.set_returned_from(ContactName(e.returned_from));
  }
  void operator()(const core::ContactReprioritized& e) {
    Concern(e.contact);
    v1::ContactReprioritized& changed = *out_.mutable_contact_reprioritized();
    if (e.vip != core::kNoVip) changed.set_vip(std::string(names_.NameOf(e.vip)));
    changed.set_own_head_start_ms(Milliseconds(e.own_head_start));
    if (contact_ != nullptr) changed.set_head_start_ms(Milliseconds(FromProto(contact_->create_time()) - e.rank));
    *changed.mutable_rank_time() = ToProto(e.rank);
    changed.set_lane(e.lane);
    if (e.deadline != core::kNever) *changed.mutable_deadline_time() = ToProto(e.deadline);
    changed.set_value_shift_ns(e.order_shift.count());
    changed.set_call_cleared(e.call_cleared);
  }
  void operator()(const core::ContactLinked& e) {
    Concern(e.contact);
    v1::ContactLinked& linked = *out_.mutable_contact_linked();
    if (e.with != core::kNoContact) linked.set_with(ContactName(e.with));
    *linked.mutable_rank_time() = ToProto(e.rank);
  }
  void operator()(const core::ContactLabeled& e) {
    Concern(e.contact);
    for (const std::string& label : e.labels) out_.mutable_contact_labeled()->add_labels(label);
  }
  void operator()(const core::ContactEscalated& e) {
    Concern(e.contact);
    out_.set_queue(QueueName(names_.NameOf(e.queue)));
    v1::ContactEscalated& escalated = *out_.mutable_contact_escalated();
    escalated.set_level(e.level);
    escalated.set_rule(e.rule);
    escalated.set_queue(out_.queue());
    if (e.queue_changed) *escalated.mutable_queue_time() = out_.time();
    Set(e.requirements, escalated.mutable_requirements());
    escalated.set_own_head_start_ms(Milliseconds(e.own_head_start));
    *escalated.mutable_rank_time() = ToProto(e.rank);
    escalated.set_lane(e.lane);
    escalated.set_call_supervisor(e.call_supervisor);
  }
  void operator()(const core::RequirementsRelaxed& e) {
    Concern(e.contact);
    v1::RequirementsRelaxed& relaxed = *out_.mutable_requirements_relaxed();
    relaxed.set_step(e.step);
    Set(e.requirements, relaxed.mutable_requirements());
  }
  void operator()(const core::OfferMade& e) {
    Concern(e.contact, e.agent);
    v1::OfferMade& offer = *out_.mutable_offer_made();
    offer.set_offer(OfferName(e.contact, e.offer));
    *offer.mutable_expire_time() = ToProto(e.expire_at);
    offer.set_cost(e.cost);
    offer.set_rule(Rule(e));
    offer.set_reason(e.warm ? absl::StrCat("warm transfer, its agent stays until you accept; ", Reason(e)) : Reason(e));
    offer.set_candidate_count(e.candidates);
    offer.set_warm(e.warm);
  }
  void operator()(const core::OfferAccepted& e) {
    Concern(e.contact, e.agent);
    out_.mutable_offer_accepted()->set_offer(OfferName(e.contact, e.offer));
  }
  void operator()(const core::OfferClosed& e) {
    Concern(e.contact, e.agent);
    v1::OfferClosedEvent& closed = *out_.mutable_offer_closed();
    closed.set_offer(OfferName(e.contact, e.offer));
    closed.set_state(e.outcome == core::OfferState::kDeclined ? v1::Offer::STATE_DECLINED
                     : e.outcome == core::OfferState::kLapsed ? v1::Offer::STATE_LAPSED
                                                              : v1::Offer::STATE_REVOKED);
    closed.set_reason(e.reason);
    if (e.back_off_until != kEpoch) *closed.mutable_back_off_until() = ToProto(e.back_off_until);
    closed.set_missed_count(e.missed_count);
    closed.set_cause(static_cast<v1::OfferClosedEvent::Cause>(e.cause));
    closed.set_others_open(e.others_open);
    closed.set_warm(e.warm);
  }
  void operator()(const core::OfferExtended& e) {
    Concern(e.contact, e.agent);
    v1::OfferExtended& extended = *out_.mutable_offer_extended();
    extended.set_offer(OfferName(e.contact, e.offer));
    *extended.mutable_expire_time() = ToProto(e.expire_at);
  }
  void operator()(const core::ContactHeld& e) {
    Concern(e.contact, e.agent);
    out_.mutable_contact_held()->set_on(e.on);
  }
  void operator()(const core::ContactTransferred& e) {
    Concern(e.contact, e.from);
    out_.set_queue(QueueName(names_.NameOf(e.queue)));
    v1::ContactTransferred& transferred = *out_.mutable_contact_transferred();
    v1::TransferNote& note = *transferred.mutable_note();
    note.set_from_agent(out_.agent());
    const bool to_agent = e.reserved_agent != core::kNoAgent;
    note.set_target(to_agent ? AgentName(names_.NameOf(e.reserved_agent)) : out_.queue());
    note.set_reason(e.reason);
    note.set_summary(e.summary);
    *note.mutable_time() = out_.time();
    Set(e.requirements, transferred.mutable_requirements());
    if (to_agent) transferred.set_reserved_agent(note.target());
    transferred.set_warm(e.warm);
    if (e.reserved_until != core::kNever) *transferred.mutable_reserved_until() = ToProto(e.reserved_until);
    if (e.queue_changed) *transferred.mutable_queue_time() = out_.time();
    transferred.set_queue(out_.queue());
    if (e.back_off_until != kEpoch) *transferred.mutable_back_off_until() = ToProto(e.back_off_until);
    transferred.set_bot_done(e.bot_done);
  }
  void operator()(const core::WarmTransferStarted& e) {
    Concern(e.contact, e.agent);
    v1::WarmTransferStarted& started = *out_.mutable_warm_transfer_started();
    if (e.to_agent != core::kNoAgent) started.set_target_agent(AgentName(names_.NameOf(e.to_agent)));
    if (e.to_queue != core::kNoQueue) started.set_target_queue(QueueName(names_.NameOf(e.to_queue)));
    Set(e.requirements, started.mutable_requirements());
    *started.mutable_expire_time() = ToProto(e.until);
    v1::TransferNote& note = *started.mutable_note();
    note.set_from_agent(out_.agent());
    note.set_target(!started.target_agent().empty()   ? started.target_agent()
                    : !started.target_queue().empty() ? started.target_queue()
                                                      : out_.queue());
    note.set_reason(e.reason);
    note.set_summary(e.summary);
    *note.mutable_time() = out_.time();
  }
  void operator()(const core::WarmTransferEnded& e) {
    Concern(e.contact, e.agent);
    out_.mutable_warm_transfer_ended()->set_reason(e.reason);
  }
  void operator()(const core::ContactRequeued& e) {
    Concern(e.contact, e.agent);
    v1::ContactRequeued& requeued = *out_.mutable_contact_requeued();
    requeued.set_reason(e.reason);
    if (e.back_off_until != kEpoch) *requeued.mutable_back_off_until() = ToProto(e.back_off_until);
  }
  void operator()(const core::ContactReserved& e) {
    Concern(e.contact, e.agent);
    v1::ContactReserved& reserved = *out_.mutable_contact_reserved();
    reserved.set_agent(out_.agent());
    if (e.until != core::kNever) *reserved.mutable_until() = ToProto(e.until);
    reserved.set_reason(e.reason);
    reserved.set_may_exceed_capacity(e.may_exceed);
  }
  void operator()(const core::ConsultStarted& e) {
    Concern(e.contact);
    out_.mutable_consult_started()->set_agent(AgentName(names_.NameOf(e.colleague)));
    out_.mutable_consult_started()->set_question(e.question);
  }
  void operator()(const core::ConsultEnded& e) {
    Concern(e.contact);
    out_.mutable_consult_ended()->set_agent(AgentName(names_.NameOf(e.colleague)));
    out_.mutable_consult_ended()->set_reason(e.reason);
  }
  void operator()(const core::ContactTakenOver& e) {
    Concern(e.contact, e.agent);
    v1::ContactTakenOver& taken = *out_.mutable_contact_taken_over();
    taken.set_from_agent(AgentName(names_.NameOf(e.from)));
    taken.set_to_agent(out_.agent());
    taken.set_cost(e.cost);
    taken.set_reason(e.reason);
  }
  void operator()(const core::CustomerSpoke&) {}  // The message says it.
  void operator()(const core::ContactDormant& e) {
    Concern(e.contact, e.agent);
    out_.mutable_contact_dormant()->set_cost(e.cost);
  }
  void operator()(const core::ContactWoke& e) {
    Concern(e.contact, e.agent);
    out_.mutable_contact_woke()->set_cost(e.cost);
  }
  void operator()(const core::ReservationEnded& e) {
    Concern(e.contact, e.agent);
    out_.mutable_reservation_ended()->set_reason(e.reason);
  }
  void operator()(const core::WrapUpStarted& e) {
    Concern(e.contact, e.agent);
    v1::WrapUpStarted& started = *out_.mutable_wrap_up_started();
    if (e.until != core::kNever) *started.mutable_expire_time() = ToProto(e.until);
    started.set_disposition(e.disposition);
    started.set_ended_by(e.by_customer ? "customer" : "agent");
    started.set_summary(e.summary);
    started.set_optional(e.optional);
  }
  void operator()(const core::WrapUpExtended& e) {
    Concern(e.contact);
    v1::WrapUpExtended& extended = *out_.mutable_wrap_up_extended();
    *extended.mutable_expire_time() = ToProto(e.until);
    extended.set_count(e.count);
  }
  void operator()(const core::ContactEnded& e) {
    Concern(e.contact, e.agent);
    v1::ContactEnded& ended = *out_.mutable_contact_ended();
    ended.set_reason(static_cast<v1::Contact::EndReason>(e.reason));
    ended.set_disposition(e.disposition);
    ended.set_detail(e.detail);
    ended.set_summary(e.summary);
  }
  void operator()(const core::ContactScheduled& e) {
    Concern(e.contact, e.agent);
    v1::ContactScheduled& scheduled = *out_.mutable_contact_scheduled();
    if (e.until != core::kNever) *scheduled.mutable_schedule_time() = ToProto(e.until);
    scheduled.set_reason(e.reason);
    scheduled.set_callback(e.callback);
    scheduled.set_attempt_count(e.attempts);
    if (e.first != core::kNoAgent) scheduled.set_agent(AgentName(names_.NameOf(e.first)));
    scheduled.set_summary(e.summary);
  }
  void operator()(const core::ContactDue& e) {
    Concern(e.contact);
    v1::ContactDue& due = *out_.mutable_contact_due();
    if (e.reserved_agent != core::kNoAgent) due.set_reserved_agent(AgentName(names_.NameOf(e.reserved_agent)));
    if (e.reserved_until != core::kNever) *due.mutable_reserved_until() = ToProto(e.reserved_until);
  }
  void operator()(const core::ContactOverflowed& e) {
    Concern(e.contact);
    out_.set_queue(QueueName(names_.NameOf(e.queue)));
    v1::ContactOverflowed& overflowed = *out_.mutable_contact_overflowed();
    overflowed.set_rule_number(e.rule_number);
    overflowed.set_rule(e.rule);
    overflowed.set_queue(out_.queue());
    if (e.queue_changed) *overflowed.mutable_queue_time() = out_.time();
    Set(e.requirements, overflowed.mutable_requirements());
    overflowed.set_own_head_start_ms(Milliseconds(e.own_head_start));
    *overflowed.mutable_rank_time() = ToProto(e.rank);
    overflowed.set_lane(e.lane);
    overflowed.set_message(e.message);
  }
  void operator()(const core::AgentSignedIn& e) {
    Concern(e.agent);
    v1::AgentSignedIn& signed_in = *out_.mutable_agent_signed_in();
    signed_in.set_presence(ToProto(e.presence));
    for (size_t i = 0; i < e.count_max.size(); ++i) {
      v1::ChannelCapacity& channel = *signed_in.add_channels();
      channel.set_channel(std::string(names_.NameOf(core::ChannelId{static_cast<uint32_t>(i)})));
      channel.set_max_count(e.count_max[i]);
    }
  }
  void operator()(const core::AgentSignedOut& e) {
    Concern(e.agent);
    out_.mutable_agent_signed_out()->set_reason(e.reason);
  }
  void operator()(const core::AgentPresenceChanged& e) {
    Concern(e.agent);
    v1::AgentPresenceChanged& changed = *out_.mutable_agent_presence_changed();
    changed.set_presence(ToProto(e.presence));
    changed.set_reason(e.reason);
    changed.set_by(e.by);
    changed.set_pending(e.pending);
  }
  void operator()(const core::AgentConnectionChanged& e) {
    Concern(e.agent);
    v1::AgentConnectionChanged& changed = *out_.mutable_agent_connection_changed();
    changed.set_connected(e.connected);
    if (e.grace_until != core::kNever) *changed.mutable_grace_until() = ToProto(e.grace_until);
  }
  void operator()(const core::AgentRested& e) {
    Concern(e.agent);
    *out_.mutable_agent_rested()->mutable_until() = ToProto(e.until);
  }
  void operator()(const core::RoomKept& e) {
    Concern(e.contact);
    out_.mutable_room_kept()->set_agent(AgentName(names_.NameOf(e.keeper)));
  }
  void operator()(const core::RoomGivenBack& e) {
    Concern(e.contact);
    out_.mutable_room_given_back()->set_agent(AgentName(names_.NameOf(e.keeper)));
    out_.mutable_room_given_back()->set_reason(e.reason);
  }

 private:
  void Concern(core::AgentId agent) {
    if (agent != core::kNoAgent) out_.set_agent(AgentName(names_.NameOf(agent)));
  }
  void Concern(core::ContactId contact) {
    out_.set_contact(ContactName(contact));
    if (contact_ == nullptr) return;
    out_.set_queue(contact_->queue());
    out_.set_agent(contact_->agent());
    out_.set_adapter(contact_->adapter());
    out_.set_contact_source_id(contact_->source_id());
  }
  void Concern(core::ContactId contact, core::AgentId agent) {
    Concern(contact);
    Concern(agent);
  }

  void Set(const core::Skills& skills, google::protobuf::RepeatedPtrField<v1::SkillRequirement>* out) const {
    for (const core::SkillTier& skill : skills) {
      v1::SkillRequirement& requirement = *out->Add();
      requirement.set_skill(std::string(names_.NameOf(skill.skill)));
      requirement.set_tier(ToProto(skill.tier));
    }
  }

  static std::string Rule(const core::OfferMade& e) {
    switch (e.rule) {
      case core::OfferRule::kReserved:
        return "reserved";
      case core::OfferRule::kClaim:
        return "claim";
      case core::OfferRule::kLinked:
        return "linked";
      case core::OfferRule::kAskedAgain:
        return "asked_again";
      case core::OfferRule::kBotsFirst:
        return "bots_first";
      case core::OfferRule::kStrategy:
        break;
    }
    return core::ToString(e.strategy);
  }

  static std::string Reason(const core::OfferMade& e) {
    if (e.rule == core::OfferRule::kReserved) return "reserved for this agent";
    if (e.rule == core::OfferRule::kClaim) return "picked by this agent";
    if (e.rule == core::OfferRule::kLinked) return "this agent serves the customer on another channel";
    if (e.rule == core::OfferRule::kAskedAgain) return "asked again, as nobody else on duty may take it";
    if (e.rule == core::OfferRule::kBotsFirst) return "a bot with room, which this queue asks before people";
    if (e.candidates <= 0) return "first in line of what this agent may take";
    if (e.candidates == 1) return "the only agent with room who may take it";
    const char* first = "";
    switch (e.strategy) {
      case core::Strategy::kLeastWanted:
        first = "least wanted";
        break;
      case core::Strategy::kBestFit:
        first = "closest fit";
        break;
      case core::Strategy::kLongestIdle:
        first = "longest idle";
        break;
      case core::Strategy::kMostSkilled:
        first = "most skilled";
        break;
      case core::Strategy::kLeastLoaded:
        first = "least loaded";
        break;
      case core::Strategy::kRoundRobin:
        first = "next in turn";
        break;
    }
    return absl::StrCat(first, " of ", e.candidates, " agents with room",
                        e.by_preference ? ", and of those alike with the most preferred skills" : "");
  }

  const core::Router& names_;
  const v1::Contact* const contact_;
  v1::Event& out_;
};

// --- From the journal ---

// Resolves names; remembers the first one that is unknown.
class Resolver {
 public:
  explicit Resolver(const core::Router& names) : names_(names) {}

  core::AgentId Agent(const std::string& name) {
    if (name.empty()) return core::kNoAgent;
    return Found(names_.FindAgent(BareName(name, kAgents)), name, core::kNoAgent);
  }
  core::QueueId Queue(const std::string& name) {
    return Found(names_.FindQueue(BareName(name, kQueues)), name, core::kNoQueue);
  }
  core::ChannelId Channel(const std::string& name) { return Found(names_.FindChannel(name), name, core::ChannelId{0}); }
  core::VipId Vip(const std::string& name) {
    if (name.empty()) return core::kNoVip;
    return Found(names_.FindVip(name), name, core::kNoVip);
  }
  core::Skills Requirements(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
    core::Skills skills;
    for (const v1::SkillRequirement& requirement : requirements) {
      const core::SkillId skill = Found(names_.FindSkill(requirement.skill()), requirement.skill(), core::SkillId{0});
      skills.push_back({skill, FromProto(requirement.tier())});
    }
    return skills;
  }
  const std::string& unknown() const { return unknown_; }

 private:
  template <typename Id>
  Id Found(std::optional<Id> id, const std::string& name, Id otherwise) {
    if (!id && unknown_.empty()) unknown_ = name.empty() ? "(empty)" : name;
    return id.value_or(otherwise);
  }

  const core::Router& names_;
  std::string unknown_;
};

core::Instant OrNever(bool present, const google::protobuf::Timestamp& timestamp) {
  return present ? FromProto(timestamp) : core::kNever;
}

core::ContactCreated DecodeCreated(const v1::ContactCreated& e, Resolver& resolve) {
  const v1::Contact& contact = e.contact();
  core::ContactCreated created;
  created.contact = ParseContact(contact.name());
  created.queue = resolve.Queue(contact.queue());
  created.channel = resolve.Channel(contact.channel());
  created.vip = resolve.Vip(contact.context().customer().vip());
  created.own_head_start = std::chrono::milliseconds(e.own_head_start_ms());
  created.lane = contact.lane();
  created.rank = FromProto(contact.rank_time());
  created.requirements = resolve.Requirements(contact.requirements());
  created.deadline = OrNever(contact.has_deadline_time(), contact.deadline_time());
  created.labels.assign(contact.labels().begin(), contact.labels().end());
  created.preferences = resolve.Requirements(contact.preferences());
  created.contact_count = e.contact_count();
  created.order_shift = core::Duration(e.value_shift_ns());
  created.queued_at = FromProto(e.queue_time());
  created.returned_from = ParseContact(e.returned_from());
  return created;
}

core::OfferMade DecodeOffer(const v1::OfferMade& e, core::ContactId contact, core::AgentId agent) {
  core::OfferMade offer;
  offer.offer = ParseOffer(e.offer());
  offer.contact = contact;
  offer.agent = agent;
  offer.cost = e.cost();
  offer.expire_at = FromProto(e.expire_time());
  offer.candidates = e.candidate_count();
  offer.warm = e.warm();
  if (e.rule() == "reserved") {
    offer.rule = core::OfferRule::kReserved;
  } else if (e.rule() == "linked") {
    offer.rule = core::OfferRule::kLinked;
  } else if (e.rule() == "claim") {
    offer.rule = core::OfferRule::kClaim;
  } else if (e.rule() == "asked_again") {
    offer.rule = core::OfferRule::kAskedAgain;
  } else if (e.rule() == "bots_first") {
    offer.rule = core::OfferRule::kBotsFirst;
  } else {
    using core::Strategy;
    for (const Strategy strategy : {Strategy::kLeastWanted, Strategy::kBestFit, Strategy::kLongestIdle,
                                    Strategy::kMostSkilled, Strategy::kLeastLoaded, Strategy::kRoundRobin}) {
      if (e.rule() == core::ToString(strategy)) offer.strategy = strategy;
    }
  }
  return offer;
}

core::OfferClosed DecodeClosed(const v1::OfferClosedEvent& e, core::ContactId contact, core::AgentId agent) {
  core::OfferClosed closed;
  closed.offer = ParseOffer(e.offer());
  closed.contact = contact;
  closed.agent = agent;
  closed.outcome = e.state() == v1::Offer::STATE_DECLINED ? core::OfferState::kDeclined
                   : e.state() == v1::Offer::STATE_LAPSED ? core::OfferState::kLapsed
                                                          : core::OfferState::kRevoked;
  closed.reason = e.reason();
  closed.back_off_until = FromProto(e.back_off_until());
  closed.missed_count = e.missed_count();
  closed.cause = static_cast<core::OfferCause>(e.cause());
  closed.others_open = e.others_open();
  closed.warm = e.warm();
  return closed;
}

core::ContactTransferred DecodeTransferred(const v1::ContactTransferred& e, core::ContactId contact,
                                           core::AgentId agent, Resolver& resolve) {
  core::ContactTransferred transferred;
  transferred.contact = contact;
  transferred.from = agent;
  transferred.queue = resolve.Queue(e.queue());
  transferred.queue_changed = e.has_queue_time();
  transferred.requirements = resolve.Requirements(e.requirements());
  transferred.reserved_agent = resolve.Agent(e.reserved_agent());
  transferred.reserved_until = OrNever(e.has_reserved_until(), e.reserved_until());
  transferred.back_off_until = FromProto(e.back_off_until());
  transferred.reason = e.note().reason();
  transferred.summary = e.note().summary();
  transferred.warm = e.warm();
  transferred.bot_done = e.bot_done();
  return transferred;
}

core::WarmTransferStarted DecodeWarm(const v1::WarmTransferStarted& e, core::ContactId contact, core::AgentId agent,
                                     Resolver& resolve) {
  core::WarmTransferStarted started;
  started.contact = contact;
  started.agent = agent;
  started.to_agent = resolve.Agent(e.target_agent());
  if (!e.target_queue().empty()) started.to_queue = resolve.Queue(e.target_queue());
  started.requirements = resolve.Requirements(e.requirements());
  started.until = FromProto(e.expire_time());
  started.reason = e.note().reason();
  started.summary = e.note().summary();
  return started;
}

core::ContactScheduled DecodeScheduled(const v1::ContactScheduled& e, core::ContactId contact, core::AgentId agent,
                                       Resolver& resolve) {
  core::ContactScheduled scheduled;
  scheduled.contact = contact;
  scheduled.agent = agent;
  scheduled.until = OrNever(e.has_schedule_time(), e.schedule_time());
  scheduled.reason = e.reason();
  scheduled.callback = e.callback();
  scheduled.attempts = e.attempt_count();
  scheduled.first = resolve.Agent(e.agent());
  scheduled.summary = e.summary();
  return scheduled;
}

core::ContactOverflowed DecodeOverflowed(const v1::ContactOverflowed& e, core::ContactId contact, Resolver& resolve) {
  core::ContactOverflowed overflowed;
  overflowed.contact = contact;
  overflowed.rule_number = e.rule_number();
  overflowed.rule = e.rule();
  overflowed.queue = resolve.Queue(e.queue());
  overflowed.queue_changed = e.has_queue_time();
  overflowed.requirements = resolve.Requirements(e.requirements());
  overflowed.own_head_start = std::chrono::milliseconds(e.own_head_start_ms());
  overflowed.rank = FromProto(e.rank_time());
  overflowed.lane = e.lane();
  overflowed.message = e.message();
  return overflowed;
}

std::optional<core::EventKind> DecodeKind(const v1::Event& event, Resolver& resolve) {
  const core::ContactId contact = ParseContact(event.contact());
  const auto agent = [&] { return resolve.Agent(event.agent()); };
  switch (event.kind_case()) {
    case v1::Event::kPolicyLoaded:
      return core::PolicyLoaded{std::make_shared<const core::Policy>(CompilePolicy(event.policy_loaded().workspace()))};
    case v1::Event::kContactCreated:
      return DecodeCreated(event.contact_created(), resolve);
    case v1::Event::kContactReprioritized: {
      const v1::ContactReprioritized& e = event.contact_reprioritized();
      return core::ContactReprioritized{contact,
                                        resolve.Vip(e.vip()),
                                        std::chrono::milliseconds(e.own_head_start_ms()),
                                        e.lane(),
                                        FromProto(e.rank_time()),
                                        OrNever(e.has_deadline_time(), e.deadline_time()),
                                        core::Duration(e.value_shift_ns()),
                                        e.call_cleared()};
    }
    case v1::Event::kContactLinked:
      return core::ContactLinked{contact, ParseContact(event.contact_linked().with()),
                                 FromProto(event.contact_linked().rank_time())};
    case v1::Event::kContactLabeled: {
      const auto& labels = event.contact_labeled().labels();
      return core::ContactLabeled{contact, {labels.begin(), labels.end()}};
    }
    case v1::Event::kContactEscalated: {
      const v1::ContactEscalated& e = event.contact_escalated();
      core::ContactEscalated escalated;
      escalated.contact = contact;
      escalated.level = e.level();
      escalated.rule = e.rule();
      escalated.queue = resolve.Queue(e.queue());
      escalated.queue_changed = e.has_queue_time();
      escalated.requirements = resolve.Requirements(e.requirements());
      escalated.own_head_start = std::chrono::milliseconds(e.own_head_start_ms());
      escalated.rank = FromProto(e.rank_time());
      escalated.lane = e.lane();
      escalated.call_supervisor = e.call_supervisor();
      return escalated;
    }
    case v1::Event::kRequirementsRelaxed: {
      const v1::RequirementsRelaxed& e = event.requirements_relaxed();
      return core::RequirementsRelaxed{contact, e.step(), resolve.Requirements(e.requirements())};
    }
    case v1::Event::kOfferMade:
      return DecodeOffer(event.offer_made(), contact, agent());
    case v1::Event::kOfferAccepted:
      return core::OfferAccepted{ParseOffer(event.offer_accepted().offer()), contact, agent()};
    case v1::Event::kOfferClosed:
      return DecodeClosed(event.offer_closed(), contact, agent());
    case v1::Event::kOfferExtended:
      return core::OfferExtended{ParseOffer(event.offer_extended().offer()), contact,
                                 FromProto(event.offer_extended().expire_time()), agent()};
    case v1::Event::kContactHeld:
      return core::ContactHeld{contact, agent(), event.contact_held().on()};
    case v1::Event::kContactTransferred:
      return DecodeTransferred(event.contact_transferred(), contact, agent(), resolve);
    case v1::Event::kWarmTransferStarted:
      return DecodeWarm(event.warm_transfer_started(), contact, agent(), resolve);
    case v1::Event::kWarmTransferEnded:
      return core::WarmTransferEnded{contact, agent(), event.warm_transfer_ended().reason()};
    case v1::Event::kContactRequeued:
      return core::ContactRequeued{contact, agent(), event.contact_requeued().reason(),
                                   FromProto(event.contact_requeued().back_off_until())};
    case v1::Event::kContactReserved: {
      const v1::ContactReserved& e = event.contact_reserved();
      return core::ContactReserved{contact,    resolve.Agent(e.agent()),    OrNever(e.has_until(), e.until()),
                                   e.reason(), KnownAsFromText(e.reason()), e.may_exceed_capacity()};
    }
    case v1::Event::kReservationEnded:
      return core::ReservationEnded{contact, agent(), event.reservation_ended().reason()};
    case v1::Event::kConsultStarted:
      return core::ConsultStarted{contact, resolve.Agent(event.consult_started().agent()),
                                  event.consult_started().question()};
    case v1::Event::kConsultEnded:
      return core::ConsultEnded{contact, resolve.Agent(event.consult_ended().agent()), event.consult_ended().reason()};
    case v1::Event::kContactTakenOver: {
      const v1::ContactTakenOver& e = event.contact_taken_over();
      return core::ContactTakenOver{contact, resolve.Agent(e.from_agent()), resolve.Agent(e.to_agent()), e.cost(),
                                    e.reason()};
    }
    case v1::Event::kContactDormant:
      return core::ContactDormant{contact, agent(), event.contact_dormant().cost()};
    case v1::Event::kContactWoke:
      return core::ContactWoke{contact, agent(), event.contact_woke().cost()};
    case v1::Event::kMessagePosted:
      if (event.message_posted().message().author() != v1::Message::AUTHOR_CUSTOMER) return std::nullopt;
      return core::CustomerSpoke{contact};
    case v1::Event::kWrapUpStarted: {
      const v1::WrapUpStarted& e = event.wrap_up_started();
      return core::WrapUpStarted{contact,
                                 agent(),
                                 OrNever(e.has_expire_time(), e.expire_time()),
                                 e.ended_by() == "customer",
                                 e.disposition(),
                                 e.summary(),
                                 e.optional()};
    }
    case v1::Event::kWrapUpExtended: {
      const v1::WrapUpExtended& e = event.wrap_up_extended();
      return core::WrapUpExtended{contact, FromProto(e.expire_time()), e.count()};
    }
    case v1::Event::kContactEnded: {
      const v1::ContactEnded& e = event.contact_ended();
      return core::ContactEnded{contact,         agent(),    static_cast<core::EndReason>(e.reason()),
                                e.disposition(), e.detail(), e.summary()};
    }
    case v1::Event::kAgentSignedIn: {
      const v1::AgentSignedIn& e = event.agent_signed_in();
      core::AgentSignedIn signed_in{agent(), FromProto(e.presence()), {}};
      for (const v1::ChannelCapacity& channel : e.channels()) {
        const size_t index = core::Index(resolve.Channel(channel.channel()));
        if (signed_in.count_max.size() <= index) signed_in.count_max.resize(index + 1);
        signed_in.count_max[index] = channel.max_count();
      }
      return signed_in;
    }
    case v1::Event::kAgentSignedOut:
      return core::AgentSignedOut{agent(), event.agent_signed_out().reason()};
    case v1::Event::kAgentPresenceChanged: {
      const v1::AgentPresenceChanged& e = event.agent_presence_changed();
      return core::AgentPresenceChanged{agent(), FromProto(e.presence()), e.reason(), e.by(), e.pending()};
    }
    case v1::Event::kAgentConnectionChanged: {
      const v1::AgentConnectionChanged& e = event.agent_connection_changed();
      return core::AgentConnectionChanged{agent(), e.connected(), OrNever(e.has_grace_until(), e.grace_until())};
    }
    case v1::Event::kContactScheduled:
      return DecodeScheduled(event.contact_scheduled(), contact, agent(), resolve);
    case v1::Event::kContactDue: {
      const v1::ContactDue& e = event.contact_due();
      return core::ContactDue{contact, resolve.Agent(e.reserved_agent()),
                              OrNever(e.has_reserved_until(), e.reserved_until())};
    }
    case v1::Event::kContactOverflowed:
      return DecodeOverflowed(event.contact_overflowed(), contact, resolve);
    case v1::Event::kAgentRested:
      return core::AgentRested{agent(), FromProto(event.agent_rested().until())};
    case v1::Event::kRoomKept:
      return core::RoomKept{contact, resolve.Agent(event.room_kept().agent())};
    case v1::Event::kRoomGivenBack:
      return core::RoomGivenBack{contact, resolve.Agent(event.room_given_back().agent()),
                                 event.room_given_back().reason()};
    case v1::Event::kMessagesDelivered:
    case v1::Event::kContextUpdated:
    case v1::Event::kAdapterAcknowledged:
    case v1::Event::KIND_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

v1::Event Encode(const core::Event& event, const core::Router& names, const v1::Contact* contact) {
  v1::Event out;
  *out.mutable_time() = ToProto(event.at);
  std::visit(Encoder(names, contact, out), event.kind);
  return out;
}

absl::StatusOr<std::optional<core::Event>> Decode(const v1::Event& event, const core::Router& names) {
  if (event.kind_case() == v1::Event::KIND_NOT_SET) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "EVENT_UNKNOWN",
                       absl::StrCat("event ", event.sequence(),
                                    " is of a kind that this version does not know; a newer version wrote it"));
  }
  Resolver resolve(names);
  std::optional<core::EventKind> kind = DecodeKind(event, resolve);
  if (!resolve.unknown().empty()) {
    return base::Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED",
                       absl::StrCat("event ", event.sequence(), " (", Sv(KindName(event)), ") names ",
                                    resolve.unknown(), ", which no policy before it has named"));
  }
  if (!kind) return std::optional<core::Event>();
  return std::optional<core::Event>(core::Event{FromProto(event.time()), *std::move(kind)});
}

std::string_view KindName(const v1::Event& event) {
  switch (event.kind_case()) {
    case v1::Event::kPolicyLoaded:
      return "policy.loaded";
    case v1::Event::kContactCreated:
      return "contact.created";
    case v1::Event::kContactReprioritized:
      return "contact.reprioritized";
    case v1::Event::kRequirementsRelaxed:
      return "contact.relaxed";
    case v1::Event::kOfferMade:
      return "offer.made";
    case v1::Event::kOfferAccepted:
      return "offer.accepted";
    case v1::Event::kOfferClosed:
      switch (event.offer_closed().state()) {
        case v1::Offer::STATE_DECLINED:
          return "offer.declined";
        case v1::Offer::STATE_LAPSED:
          return "offer.lapsed";
        default:
          return "offer.revoked";
      }
    case v1::Event::kOfferExtended:
      return "offer.extended";
    case v1::Event::kContactHeld:
      return event.contact_held().on() ? "contact.held" : "contact.resumed";
    case v1::Event::kContactTransferred:
      return "contact.transferred";
    case v1::Event::kContactRequeued:
      return "contact.requeued";
    case v1::Event::kContactReserved:
      return "contact.reserved";
    case v1::Event::kReservationEnded:
      return "reservation.ended";
    case v1::Event::kWrapUpStarted:
      return "wrap_up.started";
    case v1::Event::kContactEnded:
      return "contact.ended";
    case v1::Event::kAgentSignedIn:
      return "agent.signed_in";
    case v1::Event::kAgentSignedOut:
      return "agent.signed_out";
    case v1::Event::kAgentPresenceChanged:
      return "agent.presence_changed";
    case v1::Event::kAgentConnectionChanged:
      return event.agent_connection_changed().connected() ? "agent.connected" : "agent.disconnected";
    case v1::Event::kMessagePosted:
      return "message.posted";
    case v1::Event::kMessagesDelivered:
      return "messages.delivered";
    case v1::Event::kContextUpdated:
      return "context.updated";
    case v1::Event::kAdapterAcknowledged:
      return "adapter.acknowledged";
    case v1::Event::kWrapUpExtended:
      return "wrap_up.extended";
    case v1::Event::kContactDormant:
      return "contact.dormant";
    case v1::Event::kContactWoke:
      return "contact.woke";
    case v1::Event::kContactScheduled:
      return "contact.scheduled";
    case v1::Event::kContactDue:
      return "contact.due";
    case v1::Event::kContactOverflowed:
      return "contact.overflowed";
    case v1::Event::kContactEscalated:
      return "contact.escalated";
    case v1::Event::kContactLinked:
      return "contact.linked";
    case v1::Event::kConsultStarted:
      return "consult.started";
    case v1::Event::kConsultEnded:
      return "consult.ended";
    case v1::Event::kWarmTransferStarted:
      return "transfer.started";
    case v1::Event::kWarmTransferEnded:
      return "transfer.ended";
    case v1::Event::kContactTakenOver:
      return "contact.taken_over";
    case v1::Event::kContactLabeled:
      return "contact.labeled";
    case v1::Event::kAgentRested:
      return "agent.rested";
    case v1::Event::kRoomKept:
      return "room.kept";
    case v1::Event::kRoomGivenBack:
      return "room.given_back";
    case v1::Event::KIND_NOT_SET:
      break;
  }
  return "";
}

}  // namespace routerd::engine
