// Who may serve what, as far as the configuration alone can tell: shared by
// validation, proofs and description.
#pragma once

#include <string>

#include "routerd/v1/config.pb.h"

namespace routerd::config {

using Requirements = google::protobuf::RepeatedPtrField<v1::SkillRequirement>;

// `billing >= SENIOR, orders >= JUNIOR`; `nothing` if there is none.
std::string ToText(const Requirements& requirements);

// What `agent` falls short of: `has billing JUNIOR, lacks orders`; "" if it meets all.
std::string ShortfallText(const v1::AgentConfig& agent, const Requirements& requirements);

// What of `requirements` `agent` doesn't meet: `billing >= SENIOR, orders >= JUNIOR`; "" if it meets all.
std::string MissingText(const v1::AgentConfig& agent, const Requirements& requirements);

// Tiers that `agent` lacks in all; 0 if it meets `requirements`.
int Shortfall(const v1::AgentConfig& agent, const Requirements& requirements);

// Whether `agent` could ever hold a contact of `channel`. Requires: defaults are filled in.
bool CanTake(const v1::AgentConfig& agent, const v1::ChannelConfig& channel);

}  // namespace routerd::config
