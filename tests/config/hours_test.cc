// Opening hours and limits: what is good loads, and each mistake is told with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "routerd/config/load.h"

namespace routerd::config {
namespace {

using testing::HasSubstr;

// Two queues; `calendar` are the calendar's lines, `queue` the first queue's.
std::string File(const std::string& calendar, const std::string& queue) {
  return absl::StrCat(R"(security: {open_loopback: true}
workspaces:
- id: main
  channels: [{id: phone}]
  calendars:
  - id: office
)",
                      calendar, R"(  queues:
  - id: first
)",
                      queue, R"(  - id: second
  agents:
  - {id: ana}
)");
}

TEST(HoursTest, GoodOnesLoad) {
  const auto loaded = Parse("f.yaml", File(R"(    time_zone: Asia/Shanghai
    hours: [{days: [mon, tue], from: "09:00", to: "24:00"}]
    holidays: [{date: "2027-10-01"}, {date: "2027-10-09", from: "10:00", to: "12:00"}]
)",
                                           R"(    calendar: office
    when_closed: {message: We open at nine.}
    wait_max: 2h
    waiting_max: 50
    transfer_headroom_percent: 0
    callback: {allowed: true, attempts_max: 2, retry_after: 5m}
    overflow:
    - {waiting_above: 20, action: {queue: second}}
    - {closing: true, action: {callback: true}}
    - {waited: 5m, action: {head_start: 10m}}
)"));
  EXPECT_TRUE(loaded.ok()) << loaded.status();
}

struct Case {
  const char* name;
  const char* calendar;
  const char* queue;
  const char* told;
};

class HoursCase : public testing::TestWithParam<Case> {};
TEST_P(HoursCase, IsRefusedWithItsPlace) {
  const auto loaded = Parse("f.yaml", File(GetParam().calendar, GetParam().queue));
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, HoursCase,
    testing::Values(
        Case{"AnUnknownZone", "    time_zone: Asia/Shangai\n", "",
             "calendars[0].time_zone: unknown time zone \"Asia/Shangai\"; did you mean \"Asia/Shanghai\"?"},
        Case{"AnUnknownDay", "    hours: [{days: [tues], from: '09:00', to: '10:00'}]\n", "",
             "hours[0].days[0]: unknown day \"tues\"; did you mean \"tue\"?"},
        Case{"NoTimeOfDay", "    hours: [{days: [mon], from: '9:00', to: '24:01'}]\n", "",
             "hours[0].from: \"9:00\" is no time of day; write HH:MM"},
        Case{"HoursOverMidnight", "    hours: [{days: [mon], from: '22:00', to: '06:00'}]\n", "",
             "hours over midnight are two entries"},
        Case{"NoDate", "    holidays: [{date: '2027-02-30'}]\n", "", "\"2027-02-30\" is no date; write YYYY-MM-DD"},
        Case{"ADateTwice", "    holidays: [{date: '2027-02-01'}, {date: '2027-02-01'}]\n", "", "is given twice"},
        Case{"AnUnknownCalendar", "", "    calendar: ofice\n",
             "queues[0].calendar: unknown calendar \"ofice\"; did you mean \"office\"?"},
        Case{"AnUnknownQueue", "", "    overflow: [{waited: 5m, action: {queue: secnd}}]\n",
             "overflow[0].action.queue: unknown queue \"secnd\"; did you mean \"second\"?"},
        Case{"ACircle", "", "    overflow: [{waited: 5m, action: {queue: first}}]\n",
             "leads in a circle: first to first"},
        Case{"ARuleThatNeverActs", "",
             "    waiting_max: 10\n    overflow: [{waiting_above: 10, action: {end: true}}]\n",
             "can never act: who comes when 10 wait, waiting_max, is refused"},
        Case{"ClosingWithoutHours", "", "    overflow: [{closing: true, action: {end: true}}]\n",
             "can never act: without calendar it never closes"},
        Case{"NothingToDo", "", "    overflow: [{waited: 5m}]\n", "says not what to do"},
        Case{"NoTime", "", "    overflow: [{action: {end: true}}]\n", "says not when"},
        Case{"WaitsTooShort", "", "    wait_max: 500ms\n", "is out of range (1s to 720h)"},
        Case{"TooManyTries", "", "    callback: {allowed: true, attempts_max: 21}\n", "is out of range (1 to 20)"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace routerd::config
