// What a run amounts to, in the figures by which routers are compared.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "routerd/core/policy.h"
#include "routerd/simulate/run.h"
#include "routerd/simulate/trace.h"

namespace routerd::simulate {

// Accepted within this time counts as served in time.
inline constexpr int64_t kServiceTargetMs = 20'000;
// What losing a customer counts, on top of the time waited.
inline constexpr int64_t kAbandonedPenaltyMs = 60'000;

// Figures of a group of contacts. A wait goes from entering the line to acceptance, or until the customer left or the
// trace was over. Quantiles are nearest-rank.
struct GroupSummary {
  int64_t contacts = 0, completed = 0, abandoned = 0, unserved = 0;
  double wait_mean_s = 0, wait_p50_s = 0, wait_p90_s = 0, wait_max_s = 0;
  // Accepted within 20 s, over all that were accepted or left later than that. Absent without any of those.
  std::optional<double> service_level;
  // Share of the served by how far the agent's tiers stood above what was asked, at the skill where it was most.
  std::array<double, 4> tier_above{};
};

struct Summary {
  GroupSummary all;
  std::map<std::string, GroupSummary> by_vip, by_queue, by_channel;
  // Mean of wait, weighted by the VIP level's weight; who was not served counts a minute more than waited.
  double vip_weighted_wait_s = 0;
  double occupancy = 0;       // Time in conversations and wrap-up over time staffed, all agents together.
  double occupancy_gini = 0;  // Of the agents' own occupancies: 0 all alike.
  // Of those who were told an estimate and whose wait came to be known: share at or under it.
  int64_t estimated = 0;
  std::optional<double> within_p50, within_p90;
  int64_t broken = 0;  // Promises.
};

// Requires: `policy` is that of PolicyFor, so its agents are the trace's.
Summary Summarize(const Trace& trace, const core::Policy& policy, const RunResult& run);

}  // namespace routerd::simulate
