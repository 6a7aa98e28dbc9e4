#include "routerd/engine/customers.h"

#include <algorithm>
#include <utility>

#include "routerd/engine/names.h"

namespace routerd::engine {

void CustomerBook::See(const v1::Customer& customer, core::Instant at, size_t customers_max) {
  if (customer.id().empty()) return;
  const auto [it, fresh] = by_id_.try_emplace(customer.id());
  if (fresh) {
    it->second = customers_.emplace(customers_.end());
  } else {
    customers_.splice(customers_.end(), customers_, it->second);
  }
  *it->second->mutable_customer() = customer;
  it->second->set_last_seen_ns(at.time_since_epoch().count());
  while (by_id_.size() > std::max<size_t>(customers_max, 1)) {
    by_id_.erase(customers_.front().customer().id());
    customers_.pop_front();
  }
}

void CustomerBook::AddContact(std::string_view customer, v1::ContactSummary summary) {
  const auto it = by_id_.find(Sv(customer));
  if (it == by_id_.end()) return;
  auto& earlier = *it->second->mutable_earlier();
  *earlier.Add() = std::move(summary);
  std::rotate(earlier.begin(), earlier.end() - 1, earlier.end());  // Newest first.
  if (earlier.size() > kEarlierContactsMax) earlier.RemoveLast();
}

const v1::SnapshotCustomer* CustomerBook::Find(std::string_view customer) const {
  const auto it = by_id_.find(Sv(customer));
  return it == by_id_.end() ? nullptr : &*it->second;
}

void CustomerBook::Visit(const std::function<void(const v1::SnapshotCustomer&)>& visit) const {
  for (const v1::SnapshotCustomer& customer : customers_) visit(customer);
}

void CustomerBook::Import(v1::SnapshotCustomer record) {
  std::string id = record.customer().id();
  by_id_.insert_or_assign(std::move(id), customers_.insert(customers_.end(), std::move(record)));
}

}  // namespace routerd::engine
