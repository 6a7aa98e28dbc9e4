// Runs the line forward: who would be served when, if nobody else came.
#pragma once

#include <map>
#include <queue>
#include <vector>

#include "routerd/core/router_impl.h"

namespace routerd::core {

// Walks the waiting contacts in their order and gives each the slot that is free first among the agents on duty who
// may take it. A slot is room for one more contact of the channel; a busy one is taken to be free when its contact has
// lasted as long as its kind does on average. Each predicted wait is a sum of `place` such ends, so its spread is
// taken from a gamma distribution of that shape (Wilson and Hilferty's approximation).
//
// What it leaves out: later arrivals of better rank, relaxation, shifts, and that room of one channel is also room of
// another.
class Forecast {
 public:
  Forecast(const Router::Impl& router, Instant now) : r_(router), now_(now) {}

  // Places the next contact of a class; to be called in line order. `reserved_for`: only that agent's profile serves.
  WaitEstimate Add(ClassIx cls, AgentId reserved_for);

 private:
  using Slots = std::priority_queue<double, std::vector<double>, std::greater<>>;  // Seconds from now.

  const std::vector<ClassIx>& Rivals(ClassIx cls);
  Slots& SlotsOf(ProfileIx profile, ChannelId channel);
  void FillSlots(ChannelId channel);
  double HandleSeconds(ClassIx cls) const;

  const Router::Impl& r_;
  Instant now_;
  std::vector<int> placed_;                         // By class.
  std::map<ClassIx, std::vector<ClassIx>> rivals_;  // Classes that share an agent on duty.
  std::vector<std::vector<Slots>> slots_;           // By channel and profile; filled at first use.
};

}  // namespace routerd::core
