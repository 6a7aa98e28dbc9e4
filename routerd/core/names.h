// Gives each name of one kind a number, once and for all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace routerd::core {

// Numbers run from 0 in the order of first mention; a name is never dropped, so that events of any age keep their
// meaning under any later policy.
template <typename Id>
class Names {
 public:
  Id Intern(std::string_view name) {
    if (2 * (names_.size() + 1) > places_.size()) Grow();
    Place& place = places_[Seek(name)];
    if (place.number == kNone) {
      place = {Tag(name), static_cast<uint32_t>(names_.size())};
      names_.emplace_back(name);
    }
    return Id{place.number};
  }
  std::optional<Id> Find(std::string_view name) const {
    if (places_.empty()) return std::nullopt;
    const uint32_t number = places_[Seek(name)].number;
    if (number == kNone) return std::nullopt;
    return Id{number};
  }
  std::string_view Of(Id id) const { return names_[static_cast<uint32_t>(id)]; }
  size_t size() const { return names_.size(); }
  const std::vector<std::string>& all() const { return names_; }

 private:
  // A name is kept once, and a look-up reads one place and the name: most commands name an agent, and among many
  // agents each is far from the cache.
  static constexpr uint32_t kNone = ~0u;
  struct Place {
    uint32_t tag = 0;  // Of the name's hash.
    uint32_t number = kNone;
  };

  static uint32_t Tag(std::string_view name) {
    return static_cast<uint32_t>(absl::HashOf(absl::string_view(name.data(), name.size())));
  }
  // Where the name is, or where it would go.
  size_t Seek(std::string_view name) const {
    const uint32_t tag = Tag(name);
    size_t at = tag & (places_.size() - 1);
    while (places_[at].number != kNone && (places_[at].tag != tag || names_[places_[at].number] != name)) {
      at = (at + 1) & (places_.size() - 1);
    }
    return at;
  }
  void Grow() {
    places_.assign(std::max<size_t>(16, 2 * places_.size()), {});
    for (uint32_t i = 0; i < names_.size(); ++i) places_[Seek(names_[i])] = {Tag(names_[i]), i};
  }

  std::vector<std::string> names_;
  std::vector<Place> places_;  // A power of two of them, at most half in use.
};

}  // namespace routerd::core
