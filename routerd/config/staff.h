// Who works under a configuration. Agents alike stand for each other, so that looking at ten thousand of them costs no
// more than looking at the ways in which they differ.
#pragma once

#include <cstdint>
#include <vector>

#include "routerd/v1/config.pb.h"

namespace routerd::config {

// Agents alike: of equal skills, channels and capacity, and named by the same queues.
struct Profile {
  const v1::AgentConfig* like = nullptr;  // The first of them; a range, if it is part of one.
  int position = 0;                       // Of that one among the workspace's agents.
  int64_t count = 0;
  std::vector<int> named_by;  // The positions of the queues that name these agents, in order.
};

// The profiles of all agents of `workspace`, in the order of the first of each; a range counts as the agents that it
// stands for. `workspace` must outlive them. Requires: names are good, defaults are filled in.
std::vector<Profile> ProfilesOf(const v1::WorkspaceConfig& workspace);

// Whether the queue at position `queue` admits these agents: it names them, or names nobody.
bool Admits(const v1::WorkspaceConfig& workspace, int queue, const Profile& profile);

}  // namespace routerd::config
