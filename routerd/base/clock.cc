// Turns wall times into steady times.
#include "routerd/base/clock.h"

namespace routerd::base {

using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime SystemClock::SteadyTimeOf(WallTime time) const {
  if (time == WallTime::max()) return SteadyTime::max();  // Never.
  if (time < wall_start_) return SteadyTime();            // Long ago, without overflow.
  return steady_start_ + (time - wall_start_);
}

SteadyTime ManualClock::SteadyTimeOf(WallTime time) const { return time <= Now() ? SteadyTime() : SteadyTime::max(); }

void ManualClock::Advance(std::chrono::nanoseconds by) {
  WallTime now = now_;
  while (!now_.compare_exchange_weak(now, now + by)) {
  }
}

}  // namespace routerd::base
