// Holds what a router does against what it promises, from the outside.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "routerd/core/event.h"
#include "routerd/core/line.h"
#include "routerd/core/policy.h"
#include "routerd/core/state.h"

namespace routerd::simulate {

// Is told each event in its order, works out by itself who waits and what each agent holds, and says what was broken:
//   Order     of those who ask for the same, nobody is offered while one who stands before could be: by lane, time
//             entered minus head start, and id, whatever order is in force
//   Capacity  nobody holds more than the capacity, or more of a channel than the maximum
class Promises {
 public:
  // Requires: the events are those of a router that was started under `policy` and kept it.
  explicit Promises(const core::Policy& policy);

  void Check(const core::Event& event);

  const std::vector<std::string>& broken() const { return broken_; }  // The first 20.
  int64_t broken_count() const { return broken_count_; }

 private:
  struct Contact {
    core::Requirement asked;
    core::QueueId queue = core::kNoQueue;
    core::VipId vip = core::kNoVip;
    core::LineKey key;
    core::Duration order_shift{0};            // What its rank has beyond the key's.
    std::set<core::LineKey>* line = nullptr;  // Where it waits; null: it doesn't.
    core::AgentId reserved = core::kNoAgent;
    core::AgentId holder = core::kNoAgent;
    int cost = 0;
    std::vector<core::BackOff> back_offs;
  };
  struct Holding {
    int capacity = 0;
    std::vector<int> count_max;  // By channel.
    int used = 0;
    std::vector<int> counts;  // By channel.
  };

  // What sets contacts apart in a queue, beside skills and channel.
  struct Queue {
    bool restricted = false;
    bool for_bots = false;
    std::vector<std::vector<core::VipId>> kept_for;  // By hold-back.
  };

  // Goes on in that queue, asking for these skills.
  void Enter(Contact& contact, core::QueueId queue, const core::Skills& skills) const;
  void Wait(Contact& contact);
  void TakeBack(Contact& contact);
  void Offer(Contact& contact, const core::OfferMade& offer, core::Instant now);
  void Broken(std::string text);

  std::vector<Queue> queues_;
  std::vector<Holding> agents_;
  absl::flat_hash_map<core::ContactId, Contact> contacts_;
  absl::flat_hash_map<core::Requirement, std::unique_ptr<std::set<core::LineKey>>> lines_;
  std::vector<std::string> broken_;
  int64_t broken_count_ = 0;
};

}  // namespace routerd::simulate
