// Hours, limits and callbacks as both sides, supervisors and the journal see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"
#include "routerd/base/error.h"
#include "routerd/engine/calendar_compile.h"
#include "routerd/engine/names.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

core::Calendar Compiled(const char* text) {
  v1::CalendarConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return CompileCalendar(config);
}

core::Instant At(int year, int month, int day, int hour, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + hours(hour) + minutes(minute);
}

TEST(CompileCalendarTest, HoursAreLocalAndFollowTheClocks) {
  const core::Calendar calendar = Compiled(R"pb(
    id: "office"
    time_zone: "Europe/Berlin"
    hours {
      days: [ "mon", "tue", "wed", "thu", "fri" ]
      from: "09:00"
      to: "12:00"
    }
    hours {
      days: [ "mon" ]
      from: "12:00"
      to: "17:30"
    }
    holidays { date: "2026-12-25" }
    holidays { date: "2026-12-26" from: "10:00" to: "14:00" }
  )pb");
  EXPECT_TRUE(core::IsOpen(calendar, At(2026, 7, 6, 7))) << "09:00 in summer";
  EXPECT_EQ(core::NextChange(calendar, At(2026, 7, 6, 7)), At(2026, 7, 6, 15, 30)) << "one span where they touch";
  EXPECT_EQ(core::NextChange(calendar, At(2026, 1, 5, 7)), At(2026, 1, 5, 8)) << "09:00 in winter";
  EXPECT_FALSE(core::IsOpen(calendar, At(2026, 12, 25, 9)));
  EXPECT_TRUE(core::IsOpen(calendar, At(2026, 12, 26, 9))) << "a Saturday";
}

TEST(CompileCalendarTest, AZoneWithoutSummerTimeHasOneOffset) {
  const core::Calendar calendar = Compiled("id: 'c' time_zone: 'Asia/Shanghai'");
  ASSERT_EQ(calendar.offsets.size(), 1u);
  EXPECT_EQ(calendar.offsets[0].offset, hours(8));
  EXPECT_EQ(core::NextChange(calendar, At(2026, 1, 1, 0)), core::kNever);
}

// Billing is open from 09:00 to 17:00 and calls back; the clock stands at 08:00.
class HoursTest : public testing::Test {
 protected:
  HoursTest() {
    v1::WorkspaceConfig config = DevConfig();
    EXPECT_TRUE(
        google::protobuf::TextFormat::MergeFromString(R"pb(
                                                        calendars {
                                                          id: "office"
                                                          hours {
                                                            days: [ "mon", "tue", "wed", "thu", "fri", "sat", "sun" ]
                                                            from: "09:00"
                                                            to: "17:00"
                                                          }
                                                        }
                                                      )pb",
                                                      &config));
    v1::QueueConfig& billing = *config.mutable_queues(0);
    billing.set_calendar("office");
    billing.mutable_callback()->set_allowed(true);
    billing.mutable_wait_max()->set_seconds(3600);
    office = std::make_unique<Office>(config);
    const core::Instant day = std::chrono::floor<std::chrono::days>(office->clock.Now());
    office->Advance(day + hours(24 + 8) - office->clock.Now());
  }
  std::string SummaryOf(const std::string& contact) {
    return office
        ->Ask<absl::StatusOr<v1::ExplainContactResponse>>([&](const View& view) {
          v1::ExplainContactRequest request;
          request.set_name(contact);
          return view.Explain(request);
        })
        ->summary();
  }
  v1::Queue Billing() {
    return *office->Ask<absl::StatusOr<v1::Queue>>([](const View& view) { return view.Queue("billing"); });
  }

  std::unique_ptr<Office> office;
};

TEST_F(HoursTest, WhoComesEarlyWaitsForTheOpeningAndIsToldSo) {
  const auto chat = office->Connect();
  const std::string contact = office->Create("s1");
  EXPECT_EQ(office->Get(contact).state(), v1::Contact::STATE_SCHEDULED);
  EXPECT_THAT(SummaryOf(contact), HasSubstr("billing is closed: comes into line when it opens, 09:00:00"));
  v1::Queue queue = Billing();
  EXPECT_FALSE(queue.open());
  EXPECT_EQ(queue.scheduled_count(), 1);
  EXPECT_EQ(queue.waiting_count(), 0);
  office->SignIn("ana");
  office->Advance(hours(1));
  EXPECT_EQ(office->Get(contact).state(), v1::Contact::STATE_OFFERED);
  queue = Billing();
  EXPECT_TRUE(queue.open());
  EXPECT_EQ(FromProto(queue.open_change_time()), office->clock.Now() + hours(8));
}

TEST_F(HoursTest, WhatIsPutOffSurvivesARestart) {
  office->Advance(hours(1));
  const std::string contact = office->Create("s1");
  ASSERT_TRUE(office->Do(RequestCallback{{contact, "", ""}, office->clock.Now() + hours(2)}).ok());
  const std::vector<std::string> live = office->State();
  office->Crash();
  EXPECT_EQ(office->State(), live);
  EXPECT_EQ(office->Get(contact).state(), v1::Contact::STATE_SCHEDULED);
  EXPECT_TRUE(office->Get(contact).callback());
  office->Advance(hours(2));
  EXPECT_EQ(office->Get(contact).state(), v1::Contact::STATE_QUEUED);
  EXPECT_EQ(Billing().callback_count(), 1);
}

TEST_F(HoursTest, WhoWaitsTooLongExpiresAndIsCounted) {
  office->Advance(hours(1));
  const std::string contact = office->Create("s1");
  office->Advance(hours(1));
  const v1::Contact ended = office->Get(contact);
  EXPECT_EQ(ended.end_reason(), v1::Contact::END_REASON_EXPIRED);
  EXPECT_THAT(ended.life(ended.life_size() - 1).text(), HasSubstr("longer than its queue lets anybody wait"));
  EXPECT_EQ(Billing().expired_count(), 1);
}

TEST_F(HoursTest, AnAgentPutsAContactOffAndGetsItBack) {
  office->Advance(hours(1));
  const auto desk = office->SignIn("ana");
  const std::string contact = office->Create("s1");
  ASSERT_TRUE(office->Accept("ana", contact + "/offers/1").ok());
  ASSERT_TRUE(office
                  ->Do(Route{core::ScheduleContact{"ana", ParseContact(contact), office->clock.Now() + hours(1),
                                                   "wants to find the invoice"}})
                  .ok());
  EXPECT_THAT(SummaryOf(contact), HasSubstr("put off by Ana: comes back 10:00:00 (wants to find the invoice)"));
  office->Advance(hours(1));
  EXPECT_EQ(office->Get(contact).agent(), "agents/ana");
}

TEST_F(HoursTest, JoiningIsAdvisedOnBeforehand) {
  const auto ask = [&](const std::string& queue) {
    return office->Ask<absl::StatusOr<v1::QueryAdmissionResponse>>([&](const View& view) {
      v1::QueryAdmissionRequest request;
      request.set_queue(queue);
      request.set_channel("webchat");
      return view.Admission(request);
    });
  };
  EXPECT_EQ(ask("billing")->advice(), v1::QueryAdmissionResponse::CLOSED);
  EXPECT_EQ(FromProto(ask("billing")->open_time()), office->clock.Now() + hours(1));
  EXPECT_TRUE(ask("billing")->callback_allowed());
  EXPECT_EQ(ask("orders")->advice(), v1::QueryAdmissionResponse::UNSTAFFED);
  EXPECT_EQ(base::ReasonOf(ask("biling").status()), "QUEUE_UNKNOWN");
}

}  // namespace
}  // namespace routerd::engine
