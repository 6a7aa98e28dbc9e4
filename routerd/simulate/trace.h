// Traffic written down: who works when, who comes when and for what. Format `routerd.trace.v1`, JSON Lines.
//
// All times are whole milliseconds from the trace's start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "routerd/core/policy.h"

namespace routerd::simulate {

inline constexpr int64_t kForEverMs = INT64_MAX;

// What becomes of one of an agent's offers that is not accepted.
struct Refusal {
  int number = 0;                        // Of the offer among the agent's, from 0.
  std::optional<int64_t> declined_ms{};  // Declined after so long; absent: not answered.
};

struct TraceAgent {
  std::string id;
  std::vector<core::NamedTier> skills;     // By name.
  std::vector<core::ChannelMax> channels;  // By name; what is not named is not taken.
  int capacity = 100;
  std::vector<std::pair<int64_t, int64_t>> shifts;  // [from, to), by time, apart from one another.
  int64_t accept_ms = 0;                            // From an offer to its acceptance.
  int misses = 0;                                   // So many of its first offers go unanswered.

  // What a file does not tell.
  std::vector<Refusal> refusals = {};                    // By number.
  std::vector<core::ChannelMax> narrowed_channels = {};  // What it signs in for; empty: all.
};

struct TraceContact {
  std::string id;
  int64_t at_ms = 0;
  std::string channel;
  std::string queue;
  std::vector<core::NamedTier> require;  // By name.
  std::string vip;                       // Empty: none.
  int64_t patience_ms = 0;               // Leaves if not accepted by then, from at_ms; kForEverMs: never.
  int64_t handle_ms = 0;                 // From acceptance to the end of the conversation.
  int64_t wrap_ms = 0;                   // From there until the agent is done with it.
  std::string customer;
  // The agent whom the customer knows, asked first; empty: none. It is on the caller to leave out whom the rules don't
  // look for.
  std::string prefer_agent;

  // What a file does not tell.
  core::KnownAs prefer_as = core::KnownAs::kDedicated;
  std::optional<int64_t> accept_ms = {};  // From its offer to acceptance, whoever takes it; absent: as the agent does.
  int64_t head_start_ms = 0;              // Its own.
  int lane = 0;                           // Its own.
  std::optional<int64_t> deadline_ms = {};  // Of the channel, from the trace's start.
  int contact_count = 0;                    // The customer's within a day; 0: nobody asked.
  struct Label {
    int64_t after_ms = 0;  // From at_ms.
    std::string label;
  };
  std::vector<Label> labels = {};
};

struct Trace {
  std::string name;
  int64_t horizon_ms = 0;
  int64_t seed = 0;       // Of whatever made the trace.
  core::Instant start{};  // When it began: opening hours count from there.
  // Agents whom the rules name have their skills, channels and capacity from there, not from here.
  bool agents_of_rules = false;
  std::vector<TraceAgent> agents;
  std::vector<TraceContact> contacts;  // By time, then in the order of the file.
};

// The trace in `text`. Pure and strict: an unknown or absent key, a value out of range, an id given twice or a name
// that points nowhere is kInvalidArgument (TRACE_INVALID), told with `file`, line and key.
absl::StatusOr<Trace> ParseTrace(std::string_view file, std::string_view text);

}  // namespace routerd::simulate
