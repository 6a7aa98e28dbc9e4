// Agents, grouped by what they can do.
#include "routerd/config/staff.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "routerd/config/defaults.h"

namespace routerd::config {
namespace {

using Signature = std::tuple<std::map<std::string, int>, std::map<std::string, int>, int, std::vector<int>>;

Signature SignatureOf(const v1::AgentConfig& agent, std::vector<int> named_by) {
  return {{agent.skills().begin(), agent.skills().end()},
          {agent.channels().begin(), agent.channels().end()},
          agent.capacity(),
          std::move(named_by)};
}

}  // namespace

std::vector<Profile> ProfilesOf(const v1::WorkspaceConfig& workspace) {
  absl::flat_hash_map<std::string, std::vector<int>> naming;  // By agent, the queues that name it.
  for (int i = 0; i < workspace.queues_size(); ++i) {
    for (const std::string& id : workspace.queues(i).agents()) naming[id].push_back(i);
  }
  std::vector<Profile> profiles;
  std::map<Signature, size_t> places;
  const auto add = [&](int position, std::vector<int> named_by, int64_t count) {
    const v1::AgentConfig& agent = workspace.agents(position);
    const auto [it, first] = places.emplace(SignatureOf(agent, named_by), profiles.size());
    if (first) profiles.push_back({&agent, position, 0, std::move(named_by)});
    profiles[it->second].count += count;
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
  return profiles;
}

bool Admits(const v1::WorkspaceConfig& workspace, int queue, const Profile& profile) {
  return workspace.queues(queue).agents().empty() ||
         std::binary_search(profile.named_by.begin(), profile.named_by.end(), queue);
}

}  // namespace routerd::config
