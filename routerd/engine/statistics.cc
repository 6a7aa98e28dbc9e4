#include "routerd/engine/statistics.h"

#include <algorithm>
#include <array>

#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

core::Duration TargetOf(const Directory& directory, std::string_view queue) {
  const v1::QueueConfig* config = directory.FindQueue(queue);
  if (config == nullptr || !config->has_service_level_target()) return core::Duration::max();
  return FromProto(config->service_level_target());
}

// Bounds of `wait_bucket_counts`.
constexpr std::array<int, 10> kWaitBounds = {5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600};

void CountWait(core::Duration waited, v1::SnapshotQueue& counters) {
  counters.set_wait_ns_total(counters.wait_ns_total() + waited.count());
  const auto bucket = std::lower_bound(kWaitBounds.begin(), kWaitBounds.end(), waited,
                                       [](int bound, core::Duration w) { return std::chrono::seconds(bound) < w; }) -
                      kWaitBounds.begin();
  auto& counts = *counters.mutable_wait_bucket_counts();
  while (counts.size() <= static_cast<int>(kWaitBounds.size())) counts.Add(0);
  counts.Set(static_cast<int>(bucket), counts.Get(static_cast<int>(bucket)) + 1);
}

// Holds what the customer was told on entering against the wait until somebody first accepted.
void ScoreEstimate(const v1::Contact& head, core::Instant at, v1::SnapshotQueue& counters) {
  if (head.has_accept_time() || !head.first_estimate().has_wait_p50()) return;
  const core::Duration waited = at - FromProto(head.create_time());
  const core::Duration p50 = FromProto(head.first_estimate().wait_p50());
  counters.set_estimated_count(counters.estimated_count() + 1);
  if (waited <= p50) counters.set_within_p50_count(counters.within_p50_count() + 1);
  if (waited <= FromProto(head.first_estimate().wait_p90())) {
    counters.set_within_p90_count(counters.within_p90_count() + 1);
  }
  counters.set_estimate_error_ns_total(counters.estimate_error_ns_total() + std::chrono::abs(waited - p50).count());
}

void CountRevoked(v1::OfferClosedEvent::Cause cause, v1::SnapshotQueue& counters) {
  if (cause == v1::OfferClosedEvent::AGENT_GONE) counters.set_agent_gone_count(counters.agent_gone_count() + 1);
  if (cause == v1::OfferClosedEvent::CUSTOMER_GONE) {
    counters.set_customer_gone_count(counters.customer_gone_count() + 1);
  }
  if (cause == v1::OfferClosedEvent::UNREACHABLE) counters.set_unreachable_count(counters.unreachable_count() + 1);
}

}  // namespace

Statistics::QueueCounts& Statistics::Of(std::string_view queue) {
  queue = BareName(queue, kQueues);
  const auto it = queues_.find(Sv(queue));
  if (it != queues_.end()) return it->second;
  QueueCounts& counts = queues_[std::string(queue)];
  counts.counters.set_queue(std::string(queue));
  return counts;
}

void Statistics::Place(const v1::Contact& head, core::ContactId id, int by) {
  QueueCounts& counts = Of(head.queue());
  switch (head.state()) {
    case v1::Contact::STATE_QUEUED: {
      const Key key{-head.lane(), FromProto(head.rank_time()), id};
      if (by > 0) {
        counts.waiting.insert(key);
      } else {
        counts.waiting.erase(key);
      }
      break;
    }
    case v1::Contact::STATE_OFFERED:
      counts.offered += by;
      break;
    case v1::Contact::STATE_DORMANT:
      counts.dormant += by;
      break;
    case v1::Contact::STATE_ACTIVE:
      counts.active += by;
      break;
    case v1::Contact::STATE_WRAP_UP:
      counts.wrap_up += by;
      break;
    case v1::Contact::STATE_SCHEDULED:
      counts.scheduled += by;
      break;
    default:
      break;
  }
}

void Statistics::Move(const v1::Event& event, const ContactFile& before) {
  v1::Contact after;  // What decides where it is counted.
  after.set_queue(before.head.queue());
  after.set_state(before.head.state());
  after.set_lane(before.head.lane());
  *after.mutable_rank_time() = before.head.rank_time();
  switch (event.kind_case()) {
    case v1::Event::kContactReprioritized:
      after.set_lane(event.contact_reprioritized().lane());
      *after.mutable_rank_time() = event.contact_reprioritized().rank_time();
      break;
    case v1::Event::kContactLinked:
      *after.mutable_rank_time() = event.contact_linked().rank_time();
      break;
    case v1::Event::kContactEscalated:
      after.set_queue(event.contact_escalated().queue());
      after.set_lane(event.contact_escalated().lane());
      *after.mutable_rank_time() = event.contact_escalated().rank_time();
      break;
    case v1::Event::kOfferMade:
      if (event.offer_made().warm()) return;
      after.set_state(v1::Contact::STATE_OFFERED);
      break;
    case v1::Event::kOfferAccepted:
    case v1::Event::kContactTakenOver:
    case v1::Event::kContactWoke:
      after.set_state(v1::Contact::STATE_ACTIVE);
      break;
    case v1::Event::kContactDormant:
      after.set_state(v1::Contact::STATE_DORMANT);
      break;
    case v1::Event::kOfferClosed:
      if (event.offer_closed().warm()) return;
      if (!event.offer_closed().others_open()) after.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactRequeued:
      after.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactTransferred:
      after.set_state(event.contact_transferred().warm() ? v1::Contact::STATE_ACTIVE : v1::Contact::STATE_QUEUED);
      after.set_queue(event.contact_transferred().queue());
      break;
    case v1::Event::kContactScheduled:
      if (event.contact_scheduled().has_schedule_time()) after.set_state(v1::Contact::STATE_SCHEDULED);
      break;
    case v1::Event::kContactDue:
      after.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactOverflowed:
      after.set_queue(event.contact_overflowed().queue());
      after.set_lane(event.contact_overflowed().lane());
      *after.mutable_rank_time() = event.contact_overflowed().rank_time();
      break;
    case v1::Event::kWrapUpStarted:
      after.set_state(v1::Contact::STATE_WRAP_UP);
      break;
    case v1::Event::kContactEnded:
      after.set_state(v1::Contact::STATE_ENDED);
      break;
    default:
      return;
  }
  Place(before.head, before.id, -1);
  Place(after, before.id, +1);
}

void Statistics::Apply(const v1::Event& event, const ContactFile* before, const Directory& directory) {
  if (event.has_contact_created()) {
    const v1::Contact& contact = event.contact_created().contact();
    v1::SnapshotQueue& counters = Of(contact.queue()).counters;
    counters.set_created_count(counters.created_count() + 1);
    Place(contact, ParseContact(contact.name()), +1);
    return;
  }
  if (before == nullptr) return;
  v1::SnapshotQueue& counters = Of(before->head.queue()).counters;
  const core::Instant at = FromProto(event.time());
  const core::Duration waited = at - FromProto(before->head.queue_time());
  switch (event.kind_case()) {
    case v1::Event::kOfferAccepted:
      ScoreEstimate(before->head, at, counters);
      if (before->accept_counted) break;
      counters.set_accepted_count(counters.accepted_count() + 1);
      CountWait(waited, counters);
      if (waited <= TargetOf(directory, before->head.queue())) {
        counters.set_accepted_within_target_count(counters.accepted_within_target_count() + 1);
      }
      break;
    case v1::Event::kOfferClosed:
      switch (event.offer_closed().state()) {
        case v1::Offer::STATE_LAPSED:
          counters.set_lapsed_count(counters.lapsed_count() + 1);
          break;
        case v1::Offer::STATE_DECLINED:
          counters.set_declined_count(counters.declined_count() + 1);
          break;
        default:
          counters.set_revoked_count(counters.revoked_count() + 1);
          CountRevoked(event.offer_closed().cause(), counters);
          break;
      }
      break;
    case v1::Event::kContactEscalated:
      counters.set_escalated_count(counters.escalated_count() + 1);
      break;
    case v1::Event::kContactEnded:
      if (event.contact_ended().reason() == v1::Contact::END_REASON_COMPLETED) {
        counters.set_completed_count(counters.completed_count() + 1);
      } else if (event.contact_ended().reason() == v1::Contact::END_REASON_ABANDONED) {
        counters.set_abandoned_count(counters.abandoned_count() + 1);
        if (waited > TargetOf(directory, before->head.queue())) {
          counters.set_abandoned_after_target_count(counters.abandoned_after_target_count() + 1);
        }
      } else if (event.contact_ended().reason() == v1::Contact::END_REASON_EXPIRED) {
        counters.set_expired_count(counters.expired_count() + 1);
      } else if (event.contact_ended().reason() == v1::Contact::END_REASON_OVERFLOWED ||
                 event.contact_ended().reason() == v1::Contact::END_REASON_REJECTED) {
        counters.set_overflowed_count(counters.overflowed_count() + 1);
      }
      break;
    case v1::Event::kContactOverflowed:  // Went elsewhere.
      if (!event.contact_overflowed().has_queue_time()) break;
      counters.set_overflowed_count(counters.overflowed_count() + 1);
      break;
    case v1::Event::kContactScheduled:  // Became a callback.
      if (!event.contact_scheduled().callback() || before->head.callback()) break;
      counters.set_callback_count(counters.callback_count() + 1);
      break;
    default:
      break;
  }
  const bool leaves = event.has_contact_ended() || event.has_contact_transferred() || event.has_contact_requeued() ||
                      event.has_contact_scheduled() || event.has_contact_taken_over();
  if (leaves && before->held()) {
    counters.set_handled_count(counters.handled_count() + 1);
    counters.set_handle_ns_total(counters.handle_ns_total() + (at - before->accepted_at).count());
  }
  Move(event, *before);
}

void Statistics::Fill(std::string_view queue, v1::Queue& out) const {
  const auto it = queues_.find(Sv(BareName(queue, kQueues)));
  if (it == queues_.end()) return;
  const QueueCounts& counts = it->second;
  const v1::SnapshotQueue& counters = counts.counters;
  out.set_waiting_count(static_cast<int32_t>(counts.waiting.size()));
  out.set_offered_count(counts.offered);
  out.set_active_count(counts.active);
  out.set_wrap_up_count(counts.wrap_up);
  out.set_scheduled_count(counts.scheduled);
  out.set_overflowed_count(counters.overflowed_count());
  out.set_expired_count(counters.expired_count());
  out.set_callback_count(counters.callback_count());
  out.set_dormant_count(counts.dormant);
  out.set_created_count(counters.created_count());
  out.set_accepted_count(counters.accepted_count());
  out.set_abandoned_count(counters.abandoned_count());
  out.set_completed_count(counters.completed_count());
  out.set_lapsed_count(counters.lapsed_count());
  out.set_declined_count(counters.declined_count());
  out.set_revoked_count(counters.revoked_count());
  out.set_escalated_count(counters.escalated_count());
  out.set_agent_gone_count(counters.agent_gone_count());
  out.set_customer_gone_count(counters.customer_gone_count());
  out.set_unreachable_count(counters.unreachable_count());
  const int64_t counted = counters.accepted_count() + counters.abandoned_after_target_count();
  out.set_service_level(
      counted == 0 ? 1 : static_cast<double>(counters.accepted_within_target_count()) / static_cast<double>(counted));
  if (counters.accepted_count() > 0) {
    *out.mutable_mean_wait() = ToProto(core::Duration(counters.wait_ns_total() / counters.accepted_count()));
  }
  *out.mutable_wait_bucket_counts() = counters.wait_bucket_counts();
  out.set_estimated_count(counters.estimated_count());
  if (const auto estimated = static_cast<double>(counters.estimated_count()); estimated > 0) {
    out.set_within_p50(static_cast<double>(counters.within_p50_count()) / estimated);
    out.set_within_p90(static_cast<double>(counters.within_p90_count()) / estimated);
    *out.mutable_mean_estimate_error() =
        ToProto(core::Duration(counters.estimate_error_ns_total() / counters.estimated_count()));
  }
  if (counters.handled_count() > 0) {
    *out.mutable_mean_handle_time() = ToProto(core::Duration(counters.handle_ns_total() / counters.handled_count()));
  }
}

core::ContactId Statistics::FirstWaiting(std::string_view queue) const {
  const auto it = queues_.find(Sv(BareName(queue, kQueues)));
  if (it == queues_.end() || it->second.waiting.empty()) return core::kNoContact;
  return std::get<core::ContactId>(*it->second.waiting.begin());
}

void Statistics::Export(const std::function<void(const v1::SnapshotRecord&)>& visit) const {
  v1::SnapshotRecord record;
  for (const auto& [queue, counts] : queues_) {
    *record.mutable_queue() = counts.counters;
    visit(record);
  }
}

void Statistics::Import(const v1::SnapshotQueue& record) { Of(record.queue()).counters = record; }

}  // namespace routerd::engine
