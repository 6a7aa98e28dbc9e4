// Agents kept free for customers of some standing.
#pragma once

#include <string>

#include "routerd/config/yaml.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

// Checks the hold-backs of the workspace's queues: that each says of whom, how many and for whom. `path` is the
// workspace's.
void CheckHoldBacks(const std::string& path, const v1::WorkspaceConfig& workspace, Problems& problems);

}  // namespace routerd::config
