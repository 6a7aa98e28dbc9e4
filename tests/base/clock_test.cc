// Clocks never run backward and know when a time will come.
#include "routerd/base/clock.h"

#include <gtest/gtest.h>

namespace routerd::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(SystemClockTest, StartsAtTheWallClock) {
  const auto before = std::chrono::system_clock::now();
  const SystemClock clock;
  const WallTime now = clock.Now();
  EXPECT_GE(now, before);
  EXPECT_LT(now - before, std::chrono::minutes(1));
}

TEST(SystemClockTest, NeverRunsBackward) {
  const SystemClock clock;
  WallTime last = clock.Now();
  for (int i = 0; i < 10'000; ++i) {
    const WallTime now = clock.Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClockTest, TurnsWallTimeIntoSteadyTime) {
  const SystemClock clock;
  const steady_clock::time_point earliest = steady_clock::now() + milliseconds(500);
  const steady_clock::time_point at = clock.SteadyTimeOf(clock.Now() + milliseconds(500));
  EXPECT_GE(at, earliest);
  EXPECT_LE(at, steady_clock::now() + milliseconds(500));
}

TEST(SystemClockTest, KnowsNeverAndLongAgo) {
  const SystemClock clock;
  EXPECT_EQ(clock.SteadyTimeOf(WallTime::max()), steady_clock::time_point::max());
  EXPECT_LT(clock.SteadyTimeOf(WallTime::min()), steady_clock::now());
}

TEST(ManualClockTest, StandsStillUntilMoved) {
  ManualClock clock;
  const WallTime start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(milliseconds(15));
  EXPECT_EQ(clock.Now(), start + milliseconds(15));
  clock.Set(start + std::chrono::hours(1));
  EXPECT_EQ(clock.Now(), start + std::chrono::hours(1));
}

TEST(ManualClockTest, KnowsOnlyThatATimeHasCome) {
  ManualClock clock;
  EXPECT_LE(clock.SteadyTimeOf(clock.Now()), steady_clock::now());
  EXPECT_EQ(clock.SteadyTimeOf(clock.Now() + std::chrono::nanoseconds(1)), steady_clock::time_point::max());
}

}  // namespace
}  // namespace routerd::base
