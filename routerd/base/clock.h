// Clocks: the one way the shells learn what time it is.
#pragma once

#include <atomic>
#include <chrono>

namespace routerd::base {

// UTC, to the nanosecond.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

// A Clock tells the time. It never runs backward.
//
// Threads: every function may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;
  // When, on the steady clock that waits are measured by, Now() will reach `time`. In the past if it has already;
  // time_point::max() if no one can say.
  virtual std::chrono::steady_clock::time_point SteadyTimeOf(WallTime time) const = 0;
};

// The machine's clock: reads the wall clock once, when made, and from then on advances by the steady clock. So a wall
// clock that is set or slewed while the program runs moves no deadline; the price is that Now() keeps the error (and
// the drift) that such a step would have corrected, until a restart.
class SystemClock final : public Clock {
 public:
  SystemClock() : wall_start_(std::chrono::system_clock::now()), steady_start_(std::chrono::steady_clock::now()) {}

  WallTime Now() const override { return wall_start_ + (std::chrono::steady_clock::now() - steady_start_); }
  std::chrono::steady_clock::time_point SteadyTimeOf(WallTime time) const override;

 private:
  const WallTime wall_start_;
  const std::chrono::steady_clock::time_point steady_start_;
};

// A clock for tests, which stands still until it is moved. It cannot wake those who wait for a time: after moving it,
// a test wakes them itself (Mailbox::Wake).
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime(std::chrono::hours(24 * 365 * 50))) : now_(start) {}

  WallTime Now() const override { return now_.load(); }
  std::chrono::steady_clock::time_point SteadyTimeOf(WallTime time) const override;

  // Requires: by >= 0.
  void Advance(std::chrono::nanoseconds by);
  // Requires: time >= Now().
  void Set(WallTime time) { now_ = time; }

 private:
  std::atomic<WallTime> now_;
};

}  // namespace routerd::base
