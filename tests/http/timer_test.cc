#include "routerd/http/timer.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace routerd::http {
namespace {

using std::chrono::milliseconds;

TEST(TimerTest, CallsInTheOrderInWhichThingsFallDue) {
  Timer timer;
  std::vector<int> order;
  std::promise<void> done;
  timer.After(milliseconds(40), [&] {
    order.push_back(2);
    done.set_value();
  });
  timer.After(milliseconds(1), [&] { order.push_back(1); });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(TimerTest, MayBeSetFromWithinItself) {
  Timer timer;
  std::promise<void> done;
  timer.After(milliseconds(0), [&] { timer.After(milliseconds(0), [&] { done.set_value(); }); });
  done.get_future().wait();
}

TEST(TimerTest, DropsWhatIsNotDueWhenStopped) {
  Timer timer;
  const auto held = std::make_shared<int>(0);
  timer.After(std::chrono::hours(1), [held] { ADD_FAILURE() << "called after Stop"; });
  timer.Stop();
  EXPECT_EQ(held.use_count(), 1);
  timer.After(milliseconds(0), [] { ADD_FAILURE() << "taken after Stop"; });
}

}  // namespace
}  // namespace routerd::http
