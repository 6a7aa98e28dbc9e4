// When a calendar is open, and when that changes.
#include "routerd/core/calendar.h"

#include <gtest/gtest.h>

namespace routerd::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::year;

Instant At(int y, unsigned month, unsigned day, int hour, int minute = 0) {
  return std::chrono::sys_days(year(y) / static_cast<int>(month) / static_cast<int>(day)) + hours(hour) +
         minutes(minute);
}
int64_t Day(int y, unsigned month, unsigned day) { return At(y, month, day, 0).time_since_epoch() / hours(24); }

// Monday to Friday 09:00 to 12:00 and 13:00 to 17:00, Saturday to midnight from 20:00; 2026-11-23 is a Monday.
Calendar Office() {
  Calendar c;
  c.week.assign(5, {{hours(9), hours(12)}, {hours(13), hours(17)}});
  c.week.push_back({{hours(20), hours(24)}});
  c.week.push_back({});
  return c;
}

struct Case {
  const char* name;
  Instant at;
  bool open;
  Instant change;
};

class OfficeHours : public testing::TestWithParam<Case> {};
TEST_P(OfficeHours, Hold) {
  EXPECT_EQ(IsOpen(Office(), GetParam().at), GetParam().open);
  EXPECT_EQ(NextChange(Office(), GetParam().at), GetParam().change);
}
INSTANTIATE_TEST_SUITE_P(
    Times, OfficeHours,
    testing::Values(Case{"ClosedBeforeTheDay", At(2026, 11, 23, 8, 59), false, At(2026, 11, 23, 9)},
                    Case{"OpenFromTheFirstMoment", At(2026, 11, 23, 9), true, At(2026, 11, 23, 12)},
                    Case{"ClosedAtLunch", At(2026, 11, 23, 12), false, At(2026, 11, 23, 13)},
                    Case{"ClosedOverNight", At(2026, 11, 23, 17), false, At(2026, 11, 24, 9)},
                    Case{"OpenUntilMidnight", At(2026, 11, 28, 23, 59), true, At(2026, 11, 29, 0)},
                    Case{"ClosedOverSunday", At(2026, 11, 29, 0), false, At(2026, 11, 30, 9)}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Calendar, AHolidayHasHoursOfItsOwn) {
  Calendar c = Office();
  c.exceptions = {{Day(2026, 11, 24), {}}, {Day(2026, 11, 29), {{hours(10), hours(14)}}}};
  EXPECT_EQ(NextChange(c, At(2026, 11, 23, 17)), At(2026, 11, 25, 9)) << "closed on Tuesday";
  EXPECT_TRUE(IsOpen(c, At(2026, 11, 29, 10))) << "a working Sunday";
  EXPECT_EQ(NextChange(c, At(2026, 11, 29, 10)), At(2026, 11, 29, 14));
}

TEST(Calendar, WithoutHoursIsOpenButForTheHolidays) {
  Calendar c;
  EXPECT_TRUE(IsOpen(c, At(2026, 11, 23, 3)));
  EXPECT_EQ(NextChange(c, At(2026, 11, 23, 3)), kNever);
  c.exceptions = {{Day(2026, 12, 25), {}}};
  EXPECT_EQ(NextChange(c, At(2026, 11, 23, 3)), At(2026, 12, 25, 0));
  EXPECT_EQ(NextChange(c, At(2026, 12, 25, 3)), At(2026, 12, 26, 0));
  EXPECT_EQ(NextChange(c, At(2026, 12, 26, 0)), kNever);
}

TEST(Calendar, HoursAreLocal) {
  Calendar c = Office();
  c.offsets = {{At(1991, 9, 15, 0), hours(8)}};
  EXPECT_EQ(NextChange(c, At(2026, 11, 22, 23)), At(2026, 11, 23, 1)) << "09:00 in Shanghai";
}

// Clocks go back from +2 to +1 at 01:00 UTC on 2026-10-25, a Sunday, and forward at 01:00 UTC on 2027-03-28.
TEST(Calendar, FollowsTheClocksThroughTheYear) {
  Calendar c;
  c.week.assign(7, {{hours(9), hours(17)}});
  c.offsets = {{At(2026, 3, 29, 1), hours(2)}, {At(2026, 10, 25, 1), hours(1)}, {At(2027, 3, 28, 1), hours(2)}};
  EXPECT_EQ(NextChange(c, At(2026, 10, 24, 16)), At(2026, 10, 25, 8)) << "a night an hour longer";
  EXPECT_EQ(NextChange(c, At(2027, 3, 27, 17)), At(2027, 3, 28, 7)) << "a night an hour shorter";
}

TEST(Calendar, HoursThatTheClocksSkipAreNotOpenAndRepeatedOnesAreTwice) {
  Calendar c;
  c.week.assign(7, {{hours(2), hours(2) + minutes(30)}});
  c.offsets = {{At(2026, 3, 29, 1), hours(2)}, {At(2026, 10, 25, 1), hours(1)}, {At(2027, 3, 28, 1), hours(2)}};
  // 02:00 to 02:30 at +2, and again at +1.
  EXPECT_EQ(NextChange(c, At(2026, 10, 24, 12)), At(2026, 10, 25, 0));
  EXPECT_EQ(NextChange(c, At(2026, 10, 25, 0)), At(2026, 10, 25, 0, 30));
  EXPECT_EQ(NextChange(c, At(2026, 10, 25, 0, 30)), At(2026, 10, 25, 1));
  // 02:00 to 02:30 is skipped.
  EXPECT_EQ(NextChange(c, At(2027, 3, 27, 12)), At(2027, 3, 29, 0));
}

}  // namespace
}  // namespace routerd::core
