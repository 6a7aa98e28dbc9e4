// Places of customers who left while they waited, kept for those who come back soon.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "routerd/core/types.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// One place a customer and queue, the last one left. Beyond 10,000 the one left longest ago is given up.
class KeptPlaces {
 public:
  // Gives up those whose time was over by `left_at`. Requires: none was left later.
  void Keep(v1::SnapshotReturn place, core::Instant left_at);
  // The customer has taken it up.
  void Take(std::string_view customer, std::string_view queue);
  // Null if there is none, or its time is over. Valid until the next change.
  const v1::SnapshotReturn* Find(std::string_view customer, std::string_view queue, core::Instant now) const;
  // The one left longest ago first.
  void Visit(const std::function<void(const v1::SnapshotReturn&)>& visit) const;

 private:
  std::list<v1::SnapshotReturn> places_;  // The one left longest ago first.
  absl::flat_hash_map<std::string, std::list<v1::SnapshotReturn>::iterator> by_key_;
};

}  // namespace routerd::engine
