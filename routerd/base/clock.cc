// Turns wall times into steady times.
#include "routerd/base/clock.h"

namespace routerd::base {

using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime SystemClock::SteadyTimeOf(WallTime time) const {
  // Far-off times ("never") are held at the ends of the scale instead of overflowing it.
  if (time > wall_start_ && time - wall_start_ > SteadyTime::max() - steady_start_) return SteadyTime::max();
  if (time < WallTime()) return SteadyTime();
  return steady_start_ + (time - wall_start_);
}

SteadyTime ManualClock::SteadyTimeOf(WallTime time) const { return time <= Now() ? SteadyTime() : SteadyTime::max(); }

void ManualClock::Advance(std::chrono::nanoseconds by) {
  WallTime now = now_;
  while (!now_.compare_exchange_weak(now, now + by)) {
  }
}

}  // namespace routerd::base
