// The latest events, in memory, for readers who have just fallen behind.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "routerd/v1/event.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// An EventRing holds every event that is not durable yet and some that are, so that together with the journal no event
// is ever out of reach.
class EventRing {
 public:
  explicit EventRing(size_t count_max) : count_max_(count_max) {}

  // Requires: follows on the last one.
  void Add(std::shared_ptr<const v1::Event> event) { events_.push_back(std::move(event)); }
  void Trim(int64_t durable_sequence) {
    while (events_.size() > count_max_ && events_.front()->sequence() <= durable_sequence) events_.pop_front();
  }
  bool Holds(int64_t sequence) const { return !events_.empty() && events_.front()->sequence() <= sequence; }
  // Requires: Holds(sequence), and sequence is not after the last.
  const std::shared_ptr<const v1::Event>& At(int64_t sequence) const {
    return events_[static_cast<size_t>(sequence - events_.front()->sequence())];
  }

 private:
  const size_t count_max_;
  std::deque<std::shared_ptr<const v1::Event>> events_;  // Sequences without gaps.
};

}  // namespace routerd::engine
