// What adapters ask: contacts come, change and leave.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const CreateContact& c) {
  const auto queue = LiveQueue(c.queue);
  if (!queue.ok()) return queue.status();
  const auto channel = r_.channels.Find(c.channel);
  if (!channel) return Unknown("channel", "CHANNEL_UNKNOWN", c.channel, r_.channels.all());
  VipId vip = kNoVip;
  if (absl::Status status = FindVip(c.vip, vip); !status.ok()) return status;
  Skills requirements = r_.rules(*queue).requirements;
  if (absl::Status status = AddRequirements(c.requirements, requirements); !status.ok()) return status;
  Skills preferences;
  if (absl::Status status = AddRequirements(c.preferences, preferences); !status.ok()) return status;
  if (requirements != r_.rules(*queue).requirements) {  // Its queue's own are known to be met.
    absl::Status status = CheckServable(*queue, r_.RequirementIn(*queue, *channel, vip, requirements));
    if (!status.ok()) return status;
  }
  if (absl::Status status = CheckHeadStart(c.head_start); !status.ok()) return status;
  if (absl::Status status = CheckLane(c.lane); !status.ok()) return status;
  auto labels = NewLabels({}, c.labels);
  if (!labels.ok()) return labels.status();
  AgentId agent = kNoAgent;
  if (!c.agent.empty()) {
    const auto known = r_.agents.Find(c.agent);
    if (!known || r_.PolicyOf(c.agent) == nullptr) return Unknown("agent", "AGENT_UNKNOWN", c.agent, r_.agents.all());
    agent = *known;
  }
  if (c.agent_wait < Duration{0} || c.agent_wait > std::chrono::hours(24)) {
    return Error(StatusCode::kInvalidArgument, "AGENT_WAIT_OUT_OF_RANGE", "agent_wait is from 0s to 24h");
  }
  const QueueRules& rules = r_.rules(*queue);
  if (c.schedule_at) {
    if (absl::Status status = CheckScheduleTime(*c.schedule_at); !status.ok()) return status;
  } else if (r_.HoursOf(rules, r_.now).open) {  // Who waits for the opening is not in line.
    if (absl::Status status = CheckRoom(rules, /*transfer=*/false); !status.ok()) return status;
  }
  if (static_cast<int64_t>(r_.contacts.size()) >= r_.policy->contacts_max) {
    return Error(StatusCode::kResourceExhausted, "CONTACT_LIMIT",
                 absl::StrCat("the workspace has ", r_.contacts.size(), " live contacts, its contacts_max"));
  }
  const ContactId id{Index(r_.last_contact) + 1};
  Duration head_start = rules.policy.head_start + c.head_start;
  if (vip != kNoVip) head_start += r_.vip_rules[Index(vip)].head_start;
  if (rules.policy.order == Order::kValue) r_.RefreshPrices();
  const Duration order_shift = Router::Impl::DeadlineShift(rules.policy, r_.now, c.deadline) +
                               r_.ValueShift(r_.RequirementIn(*queue, *channel, vip, requirements), rules.policy);
  const Instant rank = r_.now - head_start + order_shift;
  r_.Emit(ContactCreated{.contact = id,
                         .queue = *queue,
                         .channel = *channel,
                         .vip = vip,
                         .own_head_start = c.head_start,
                         .lane = rules.policy.lane + c.lane,
                         .rank = c.returned ? std::min(rank, c.returned->rank) : rank,
                         .requirements = std::move(requirements),
                         .deadline = c.deadline,
                         .labels = *std::move(labels),
                         .contact_count = c.contact_count,
                         .order_shift = order_shift,
                         .queued_at = c.returned ? c.returned->queued_at : r_.now,
                         .returned_from = c.returned ? c.returned->from : kNoContact,
                         .preferences = std::move(preferences)});
  if (c.schedule_at) {
    r_.Emit(ContactScheduled{.contact = id, .until = r_.OpenAt(rules, *c.schedule_at), .reason = "created"});
    return Reply{id};
  }
  Contact& contact = r_.Get(id);
  if (c.returned) r_.Relax(contact);
  if (c.linked_with != kNoContact) r_.Link(contact, c.linked_with);
  r_.Escalate(contact);
  if (r_.rules(contact.queue).limited) {
    r_.Enter(id, /*newcomer=*/!c.returned);
    if (r_.Find(id) == nullptr || contact.state != ContactState::kQueued) return Reply{id};
  }
  if (agent != kNoAgent) {
    Direct(id, agent, c.agent_wait, "directed", c.may_exceed_capacity);
  } else {
    r_.ReserveForKnownAgent(contact, c.known_agents);
  }
  return Reply{id};
}

void Handler::Direct(ContactId contact, AgentId agent, Duration wait, const char* reason, bool may_exceed) {
  const Instant until = r_.now + (wait > Duration{0} ? wait : r_.policy->transfer_wait);
  r_.Emit(ContactReserved{contact, agent, until, reason, KnownAs::kNobody, may_exceed});
  // Who is off duty is not waited for.
  if (!r_.roster.at(agent).signed_in()) r_.Emit(ReservationEnded{contact, agent, "agent_offline"});
}

Handler::Result Handler::operator()(const CustomerActive& c) {
  const Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  r_.Emit(CustomerSpoke{c.contact});
  if (contact->state == ContactState::kActive && contact->light) {
    r_.Emit(ContactWoke{c.contact, contact->agent, r_.roster.cost(contact->channel)});
  }
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const UpdateContact& c) {
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  const ContactRare& rare = contact->rare();
  VipId vip = contact->vip;
  if (c.vip) {
    if (absl::Status status = FindVip(*c.vip, vip); !status.ok()) return status;
  }
  const Duration own = c.head_start.value_or(rare.own_head_start);
  if (absl::Status status = CheckHeadStart(own); !status.ok()) return status;
  int lane = contact->lane;
  if (c.lane) {
    if (absl::Status status = CheckLane(*c.lane); !status.ok()) return status;
    lane = r_.rules(contact->queue).policy.lane + *c.lane;
  }
  const auto labels = NewLabels(rare.labels, c.labels);
  if (!labels.ok()) return labels.status();
  const Instant deadline = c.deadline.value_or(rare.deadline);
  Duration shift = rare.order_shift;
  if (deadline != rare.deadline) {
    shift = Router::Impl::DeadlineShift(r_.rules(contact->queue).policy, contact->queued_at, deadline);
  }
  const bool clears = c.clear_call && rare.supervisor_called;
  if (vip != contact->vip || own != rare.own_head_start || lane != contact->lane || deadline != rare.deadline ||
      clears) {
    r_.Emit(ContactReprioritized{.contact = c.contact,
                                 .vip = vip,
                                 .own_head_start = own,
                                 .lane = lane,
                                 .rank = r_.RankOf(*contact, vip, own) + shift - rare.order_shift,
                                 .deadline = deadline,
                                 .order_shift = shift,
                                 .call_cleared = clears});
  }
  if (!labels->empty()) {
    r_.Emit(ContactLabeled{c.contact, *labels});
    r_.Escalate(*contact);
  }
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const EndContact& c) {
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  if (contact->state == ContactState::kOffered) {
    r_.CloseOffers(*contact, c.by_operator ? OfferCause::kSupervisor : OfferCause::kCustomerGone,
                   c.by_operator ? "supervisor" : "customer_left", Duration{0});
  }
  if (c.by_operator) {
    r_.EndSideWork(*contact, "contact_ended", OfferCause::kSupervisor);
    r_.Emit(ContactEnded{c.contact, contact->agent, EndReason::kFailed, "", c.detail, ""});
  } else if (contact->state == ContactState::kQueued || contact->state == ContactState::kScheduled) {
    const bool served = contact->accepted_at != Instant{};
    r_.Emit(
        ContactEnded{c.contact, kNoAgent, served ? EndReason::kCompleted : EndReason::kAbandoned, "", c.detail, ""});
  } else if (contact->state == ContactState::kActive) {
    r_.FinishConversation(*contact, /*by_customer=*/true, "", c.detail, "");
  }
  return Reply{c.contact};
}

// Counts from the deadline less the service level's target, so that one without a deadline of its own stays where its
// target puts it. A deadline in the past counts as one now, and one far away as one that is `value_bound` off: nobody
// is overtaken by those who come later than target and bound together.
Duration Router::Impl::DeadlineShift(const QueuePolicy& queue, Instant entered, Instant deadline) {
  if (queue.order != Order::kEarliestDeadline || deadline == kNever) return Duration{0};
  return std::min(std::max(deadline, entered) - entered - queue.service_target, queue.value_bound);
}

// The rank under other head starts of VIP level and contact; what the queue and its order gave stays in it.
Instant Router::Impl::RankOf(const Contact& contact, VipId vip, Duration own_head_start) const {
  const auto standing = [this](VipId v) { return v == kNoVip ? Duration{0} : vip_rules[Index(v)].head_start; };
  return contact.rank + standing(contact.vip) + contact.rare().own_head_start - standing(vip) - own_head_start;
}

}  // namespace routerd::core
