// From the configuration of a workspace to the rules that the core goes by.
#pragma once

#include "routerd/core/policy.h"
#include "routerd/v1/config.pb.h"

namespace routerd::engine {

// The policy that `config` describes. Total, since it also reads what older versions wrote to a journal: what is
// absent gets its default, unknown enum values too. Ranges of agents have been expanded by the loader. Pure: equal
// configs give equal policies, `source` (the config in its wire form, map keys in order) included.
core::Policy CompilePolicy(const v1::WorkspaceConfig& config);

}  // namespace routerd::engine
