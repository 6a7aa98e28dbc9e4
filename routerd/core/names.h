// Gives each name of one kind a number, once and for all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace routerd::core {

// Numbers run from 0 in the order of first mention; a name is never dropped, so that events of any age keep their
// meaning under any later policy.
template <typename Id>
class Names {
 public:
  Id Intern(std::string_view name) {
    const auto [it, fresh] = index_.try_emplace(std::string(name), static_cast<uint32_t>(names_.size()));
    if (fresh) names_.emplace_back(name);
    return Id{it->second};
  }
  std::optional<Id> Find(std::string_view name) const {
    const auto it = index_.find(absl::string_view(name.data(), name.size()));
    if (it == index_.end()) return std::nullopt;
    return Id{it->second};
  }
  std::string_view Of(Id id) const { return names_[static_cast<uint32_t>(id)]; }
  size_t size() const { return names_.size(); }
  const std::vector<std::string>& all() const { return names_; }

 private:
  absl::flat_hash_map<std::string, uint32_t> index_;
  std::vector<std::string> names_;
};

}  // namespace routerd::core
