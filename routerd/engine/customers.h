// The customers that are remembered, with what they came for before.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "routerd/core/types.h"
#include "routerd/v1/context.pb.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

inline constexpr int kEarlierContactsMax = 5;

// A CustomerBook remembers customers by id. At its limit the longest unseen is forgotten.
class CustomerBook {
 public:
  // The customer is here: remembered as now known, and the last to be forgotten.
  void See(const v1::Customer& customer, core::Instant at, size_t customers_max);
  // A contact of the customer has ended; nothing if the customer has been forgotten meanwhile.
  void AddContact(std::string_view customer, v1::ContactSummary summary);
  // Null if unknown. Valid until the next change.
  const v1::SnapshotCustomer* Find(std::string_view customer) const;

  size_t size() const { return by_id_.size(); }
  // Longest unseen first.
  void Visit(const std::function<void(const v1::SnapshotCustomer&)>& visit) const;
  // Requires: not known yet; later seen than all others.
  void Import(v1::SnapshotCustomer record);

 private:
  std::list<v1::SnapshotCustomer> customers_;  // Longest unseen first.
  absl::flat_hash_map<std::string, std::list<v1::SnapshotCustomer>::iterator> by_id_;
};

}  // namespace routerd::engine
