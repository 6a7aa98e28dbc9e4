// What is put off: callbacks that customers ask for, contacts that agents come back to.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

absl::Status Handler::CheckScheduleTime(Instant at) const {
  constexpr Duration kAheadMax = std::chrono::hours(24 * 90);
  if (at > r_.now && at <= r_.now + kAheadMax) return absl::OkStatus();
  return Error(StatusCode::kInvalidArgument, "SCHEDULE_OUT_OF_RANGE",
               at > r_.now ? "the time is more than 90 days ahead" : "the time is not in the future");
}

absl::Status Handler::CheckRoom(const QueueRules& queue, bool transfer) const {
  if (queue.policy.waiting_max <= 0) return absl::OkStatus();
  const int64_t headroom =
      transfer ? int64_t{queue.policy.waiting_max} * queue.policy.transfer_headroom_percent / 100 : 0;
  if (queue.waiting < queue.policy.waiting_max + headroom) return absl::OkStatus();
  return Error(StatusCode::kResourceExhausted, "QUEUE_FULL",
               absl::StrCat("queue ", Quote(queue.policy.name), " has ", queue.waiting, " waiting, its waiting_max",
                            transfer ? " and the headroom for transfers" : ""));
}

// Once it is a callback the customer need not hold: the contact stands in line without anybody on the other end, and
// its adapter lets the customer go without ending it. Ending it takes the wish back.
Handler::Result Handler::operator()(const RequestCallback& c) {
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  const QueueRules& queue = r_.rules(contact->queue);
  if (!queue.policy.callback.allowed) {
    return Error(StatusCode::kFailedPrecondition, "CALLBACK_NOT_ALLOWED",
                 absl::StrCat("queue ", Quote(queue.policy.name), " calls nobody back"));
  }
  const bool scheduled = contact->state == ContactState::kScheduled;
  if (!scheduled && contact->state != ContactState::kQueued) return NotWaiting(*contact);
  const ContactRare& rare = contact->rare();
  Instant until = scheduled ? rare.schedule_at : kNever;
  if (c.at) {
    if (absl::Status status = CheckScheduleTime(*c.at); !status.ok()) return status;
    until = r_.OpenAt(queue, *c.at);
  }
  const bool as_it_is = rare.callback && until == rare.schedule_at;
  if (!as_it_is) {
    r_.Emit(ContactScheduled{.contact = c.contact,
                             .until = until,
                             .reason = "callback",
                             .callback = true,
                             .attempts = rare.callback_attempts,
                             .first = rare.scheduled_agent});
  }
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const ScheduleContact& c) {
  const auto contact = Held(c.agent, c.contact, ContactState::kActive);
  if (!contact.ok()) return contact.status();
  if (absl::Status status = CheckScheduleTime(c.at); !status.ok()) return status;
  const AgentId agent = (*contact)->agent;
  r_.EndSideWork(**contact, "passed_on");
  r_.Emit(ContactScheduled{.contact = c.contact,
                           .agent = agent,
                           .until = r_.OpenAt(r_.rules((*contact)->queue), c.at),
                           .reason = "agent",
                           .callback = true,
                           .first = agent,
                           .summary = c.summary});
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const CallbackFailed& c) {
  const auto held = Held(c.agent, c.contact, ContactState::kActive);
  if (!held.ok()) return held.status();
  const Contact& contact = **held;
  if (!contact.rare().callback) {
    return Error(StatusCode::kFailedPrecondition, "NOT_A_CALLBACK",
                 absl::StrCat("contacts/", Index(c.contact), " is no callback; complete it or pass it on"));
  }
  const QueueRules& queue = r_.rules(contact.queue);
  const int attempts = contact.rare().callback_attempts + 1;
  const AgentId agent = contact.agent;
  r_.EndSideWork(**held, "passed_on");
  if (attempts >= queue.policy.callback.attempts_max) {
    r_.Emit(ContactEnded{c.contact, agent, EndReason::kExpired, "", "not_reached", ""});
  } else {
    r_.Emit(ContactScheduled{.contact = c.contact,
                             .agent = agent,
                             .until = r_.OpenAt(queue, r_.now + queue.policy.callback.retry_after),
                             .reason = "not_reached",
                             .callback = true,
                             .attempts = attempts});
  }
  return Reply{c.contact};
}

}  // namespace routerd::core
