#include "routerd/engine/kept_places.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

constexpr size_t kPlacesMax = 10'000;

// A queue's name holds no space.
std::string KeyOf(std::string_view customer, std::string_view queue) {
  return absl::StrCat(Sv(queue), " ", Sv(customer));
}

}  // namespace

void KeptPlaces::Keep(v1::SnapshotReturn place, core::Instant left_at) {
  Take(place.customer(), place.queue());
  std::string key = KeyOf(place.customer(), place.queue());
  by_key_.emplace(std::move(key), places_.insert(places_.end(), std::move(place)));
  const auto oldest_is_over = [&] {
    return places_.size() > kPlacesMax || places_.front().until_ns() < left_at.time_since_epoch().count();
  };
  while (oldest_is_over()) Take(std::string(places_.front().customer()), std::string(places_.front().queue()));
}

void KeptPlaces::Take(std::string_view customer, std::string_view queue) {
  const auto it = by_key_.find(KeyOf(customer, queue));
  if (it == by_key_.end()) return;
  places_.erase(it->second);
  by_key_.erase(it);
}

const v1::SnapshotReturn* KeptPlaces::Find(std::string_view customer, std::string_view queue, core::Instant now) const {
  const auto it = by_key_.find(KeyOf(customer, queue));
  if (it == by_key_.end() || it->second->until_ns() < now.time_since_epoch().count()) return nullptr;
  return &*it->second;
}

void KeptPlaces::Visit(const std::function<void(const v1::SnapshotReturn&)>& visit) const {
  for (const v1::SnapshotReturn& place : places_) visit(place);
}

}  // namespace routerd::engine
