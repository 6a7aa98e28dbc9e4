// A whole workspace under random work, faults and crashes, held against the model after each step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace routerd::sim {

struct SimOptions {
  uint64_t seed = 1;
  int commands = 10'000;
};

struct SimResult {
  int64_t commands = 0;
  int64_t events = 0;
  int crashes = 0;
  std::vector<std::string> broken;  // Empty: every promise held.
};

// Runs core, engine and journal from `seed` alone: the same seed gives the same run. Stops at the first step that
// breaks a promise.
SimResult Simulate(const SimOptions& options);

}  // namespace routerd::sim
