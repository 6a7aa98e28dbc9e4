// Runs the router over a trace in virtual time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "routerd/core/policy.h"
#include "routerd/simulate/trace.h"

namespace routerd::simulate {

enum class Outcome : uint8_t { kUnserved, kAbandoned, kCompleted };
const char* ToString(Outcome outcome);

// What became of one contact of the trace. Times in milliseconds from the trace's start.
struct ContactRecord {
  Outcome outcome = Outcome::kUnserved;
  int agent = -1;  // Position in the trace; who accepted it. -1: nobody.
  std::optional<int64_t> first_offer_ms, accept_ms;
  std::optional<int64_t> end_ms;  // Of the conversation, or when the customer left.
  int offer_count = 0;
  // What the customer was told on entering the line; absent when offered at once or when nobody on duty could serve.
  std::optional<int64_t> estimate_p50_ms, estimate_p90_ms;
};

// How one agent's time went, in milliseconds. Contacts at the same time count once.
struct AgentRecord {
  int64_t busy_ms = 0;   // In conversations and wrap-up.
  int64_t staff_ms = 0;  // On shift, or still busy after it.
};

struct RunResult {
  std::vector<ContactRecord> contacts;  // As in the trace.
  std::vector<AgentRecord> agents;      // As in the trace.
  std::vector<std::string> broken;      // Promises that were broken, in words; at most 20 are kept.
  int64_t broken_count = 0;
};

// The rules of `base` with the agents of the trace, in its order, their skills, and whatever skills its contacts need.
// A queue that `base` lacks is added with the defaults, and named in `added_queues`; an unknown channel or VIP level is
// kInvalidArgument (TRACE_CONFIG_MISMATCH).
absl::StatusOr<core::Policy> PolicyFor(const Trace& trace, core::Policy base, std::vector<std::string>& added_queues);

// Runs the whole trace. Agents sign in at the start of a shift; at its end they go AWAY, finish what they have and sign
// out. An agent whom the router sets AWAY for not answering comes back after a minute. At the horizon who still waits
// is unserved; conversations are finished.
//
// Deterministic: equal arguments give equal results. `seed` orders what happens within the same millisecond; 0 keeps
// the order of the trace. Every offer is held against the promises: nobody over capacity, nobody overtaken by one of
// equal requirement who stands later in line.
absl::StatusOr<RunResult> RunTrace(const Trace& trace, const core::Policy& policy, uint64_t seed);

}  // namespace routerd::simulate
