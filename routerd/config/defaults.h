// The defaults of the configuration, in one place.
#pragma once

#include "routerd/v1/config.pb.h"

namespace routerd::config {

// Fills in what is not given. Filling twice changes nothing.
void FillDefaults(v1::RouterdConfig& config);
void FillDefaults(v1::WorkspaceConfig& config);

// Replaces each agent that stands for a range by those it stands for, in their order. Requires: ranges are valid.
void ExpandRanges(v1::WorkspaceConfig& config);

// Agents that `agent` stands for: 1 without a range, 0 if its range is backwards.
int64_t CountOf(const v1::AgentConfig& agent);

}  // namespace routerd::config
