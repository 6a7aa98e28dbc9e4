// Agents, grouped by what they can do.
#include "routerd/config/staff.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "routerd/config/defaults.h"

namespace routerd::config {
namespace {

using Signature = std::tuple<std::map<std::string, int>, std::map<std::string, int>, int, bool, std::vector<int>>;

Signature SignatureOf(const v1::AgentConfig& agent, std::vector<int> named_by) {
  return {{agent.skills().begin(), agent.skills().end()},
          {agent.channels().begin(), agent.channels().end()},
          agent.capacity(),
          agent.bot(),
          std::move(named_by)};
}

}  // namespace

ProfileSet::ProfileSet(size_t profile_count, bool all) : words_((profile_count + 63) / 64) {
  for (size_t i = 0; i < profile_count && all; ++i) Add(i);
}

bool ProfileSet::empty() const {
  return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

size_t ProfileSet::first() const {
  const auto it = std::find_if(words_.begin(), words_.end(), [](uint64_t word) { return word != 0; });
  return static_cast<size_t>(it - words_.begin()) * 64 + static_cast<size_t>(std::countr_zero(*it));
}

bool ProfileSet::IsWithin(const ProfileSet& other) const {
  for (size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & ~other.words_[i]) != 0) return false;
  }
  return true;
}

bool ProfileSet::Intersects(const ProfileSet& other) const {
  for (size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & other.words_[i]) != 0) return true;
  }
  return false;
}

ProfileSet& ProfileSet::operator&=(const ProfileSet& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  return *this;
}

ProfileSet& ProfileSet::operator|=(const ProfileSet& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

Staff::Staff(const v1::WorkspaceConfig& workspace) {
  Group(workspace);
  for (size_t i = 0; i < profiles_.size(); ++i) {
    for (const auto& [skill, tier] : profiles_[i].like->skills()) {
      skilled_[skill].push_back({i, static_cast<v1::Tier>(tier)});
    }
  }
  for (int i = 0; i < workspace.queues_size(); ++i) {
    admitted_.emplace_back(profiles_.size(), workspace.queues(i).agents().empty());
  }
  for (size_t i = 0; i < profiles_.size(); ++i) {
    for (const int queue : profiles_[i].named_by) admitted_[queue].Add(i);
  }
  people_ = ProfileSet(profiles_.size());
  ProfileSet bots(profiles_.size());
  for (size_t i = 0; i < profiles_.size(); ++i) (profiles_[i].like->bot() ? bots : people_).Add(i);
  for (int i = 0; i < workspace.queues_size(); ++i) {
    serving_bots_.push_back(workspace.queues(i).bots_first() ? bots & admitted_[i] : ProfileSet(profiles_.size()));
  }
  for (const v1::ChannelConfig& channel : workspace.channels()) {
    ProfileSet& takers = takers_.emplace_back(profiles_.size());
    for (size_t i = 0; i < profiles_.size(); ++i) {
      if (CanTake(*profiles_[i].like, channel)) takers.Add(i);
    }
  }
}

ProfileSet Staff::Servers(int queue, const Requirements& requirements) const {
  ProfileSet servers = Meeting(requirements) & people_ & admitted_[queue];
  servers |= serving_bots_[queue];
  return servers;
}

ProfileSet Staff::Meeting(const Requirements& requirements) const {
  ProfileSet meeting(profiles_.size(), /*all=*/true);
  for (const v1::SkillRequirement& requirement : requirements) {
    ProfileSet skilled(profiles_.size());
    if (const auto it = skilled_.find(requirement.skill()); it != skilled_.end()) {
      for (const auto& [profile, tier] : it->second) {
        if (tier >= requirement.tier()) skilled.Add(profile);
      }
    }
    meeting &= skilled;
  }
  return meeting;
}

int64_t Staff::AgentCount(const ProfileSet& profiles) const {
  int64_t count = 0;
  for (size_t i = 0; i < profiles_.size(); ++i) count += profiles.Has(i) ? profiles_[i].count : 0;
  return count;
}

void Staff::Group(const v1::WorkspaceConfig& workspace) {
  absl::flat_hash_map<std::string, std::vector<int>> naming;  // By agent, the queues that name it.
  for (int i = 0; i < workspace.queues_size(); ++i) {
    for (const std::string& id : workspace.queues(i).agents()) naming[id].push_back(i);
  }
  std::map<Signature, size_t> places;
  const auto add = [&](int position, std::vector<int> named_by, int64_t count) {
    const v1::AgentConfig& agent = workspace.agents(position);
    const auto [it, first] = places.emplace(SignatureOf(agent, named_by), profiles_.size());
    if (first) profiles_.push_back({&agent, position, 0, std::move(named_by)});
    profiles_[it->second].count += count;
  };
  for (int i = 0; i < workspace.agents_size(); ++i) {
    const v1::AgentConfig& agent = workspace.agents(i);
    if (!agent.has_range()) {
      const auto it = naming.find(agent.id());
      add(i, it == naming.end() ? std::vector<int>{} : it->second, 1);
      continue;
    }
    std::map<std::vector<int>, int64_t> counts{{{}, CountOf(agent)}};  // Of the range, by who names them.
    for (int64_t n = agent.range().first(); n <= agent.range().last() && !naming.empty(); ++n) {
      const auto it = naming.find(absl::StrCat(agent.id(), n));
      if (it == naming.end()) continue;
      ++counts[it->second];
      --counts[{}];
    }
    for (const auto& [named_by, count] : counts) {
      if (count > 0) add(i, named_by, count);
    }
  }
}

}  // namespace routerd::config
