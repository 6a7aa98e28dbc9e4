// The figures, worked out by hand from a few contacts.
#include "routerd/simulate/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "routerd/simulate/report.h"

namespace routerd::simulate {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;
using testing::Optional;

class SummaryTest : public testing::Test {
 protected:
  SummaryTest() {
    policy_.vips = {{"gold", {}, 4}};
    trace_.name = "hand";
    trace_.horizon_ms = 100'000;
    trace_.agents.resize(2);
    trace_.agents[0].id = "ana";
    policy_.agents = {{.name = "ana", .skills = {{"orders", core::Tier::kSenior}}, .channels = {}}};
  }

  ContactRecord& Add(std::string vip, int64_t at_ms) {
    TraceContact contact;
    contact.id = "c";
    contact.at_ms = at_ms;
    contact.channel = "phone";
    contact.queue = "orders";
    contact.vip = std::move(vip);
    contact.require = {{"orders", core::Tier::kJunior}};
    trace_.contacts.push_back(contact);
    return run_.contacts.emplace_back();
  }
  void Accepted(std::string vip, int64_t at_ms, int64_t accept_ms) {
    ContactRecord& record = Add(std::move(vip), at_ms);
    record.outcome = Outcome::kCompleted;
    record.agent = 0;
    record.accept_ms = accept_ms;
  }
  void Left(std::string vip, int64_t at_ms, int64_t end_ms) {
    ContactRecord& record = Add(std::move(vip), at_ms);
    record.outcome = Outcome::kAbandoned;
    record.end_ms = end_ms;
  }
  Summary Summed() const { return Summarize(trace_, policy_, run_); }

  core::Policy policy_;
  Trace trace_;
  RunResult run_;
};

TEST_F(SummaryTest, ServiceLevelLeavesOutWhoLeftSoon) {
  Accepted("", 0, 20'000);
  Accepted("", 0, 20'001);
  Left("", 0, 20'000);
  Left("", 0, 20'001);
  EXPECT_THAT(Summed().all.service_level, Optional(DoubleNear(1.0 / 3, 1e-9)));
}

TEST_F(SummaryTest, VipWeightedWaitCountsALostCustomerAMinuteMore) {
  Accepted("", 0, 10'000);
  Left("gold", 0, 20'000);
  EXPECT_DOUBLE_EQ(Summed().vip_weighted_wait_s, (10 + 4 * 80) / 5.0);
}

TEST_F(SummaryTest, WhoNeverGotAnythingWaitedUntilTheHorizon) {
  Add("", 40'000);
  const Summary summary = Summed();
  EXPECT_EQ(summary.all.unserved, 1);
  EXPECT_DOUBLE_EQ(summary.all.wait_mean_s, 60);
}

TEST_F(SummaryTest, QuantilesAreWaitsThatOccurred) {
  for (const int64_t s : {1, 2, 3, 4, 50}) Accepted("", 0, s * 1'000);
  EXPECT_DOUBLE_EQ(Summed().all.wait_p50_s, 3);
  EXPECT_DOUBLE_EQ(Summed().all.wait_p90_s, 50);
}

TEST_F(SummaryTest, SaysHowFarAgentsStandAboveWhatWasAsked) {
  Accepted("", 0, 0);
  EXPECT_DOUBLE_EQ(Summed().all.tier_above[2], 1);
}

TEST_F(SummaryTest, WhatTheQueueAsksIsAskedToo) {
  policy_.queues.emplace_back().name = "orders";
  policy_.queues[0].requirements = {{"orders", core::Tier::kIntermediate}};
  Accepted("", 0, 0);
  EXPECT_DOUBLE_EQ(Summed().all.tier_above[1], 1);
}

TEST_F(SummaryTest, GiniIsZeroWhenAllAreAlikeAndGrowsWithTheDifference) {
  run_.agents = {{50, 100}, {50, 100}};
  EXPECT_DOUBLE_EQ(Summed().occupancy_gini, 0);
  run_.agents = {{100, 100}, {0, 100}};
  EXPECT_DOUBLE_EQ(Summed().occupancy_gini, 0.5);
  EXPECT_DOUBLE_EQ(Summed().occupancy, 0.5);
}

TEST_F(SummaryTest, CalibrationCountsWhoLeftLaterThanTold) {
  Accepted("", 0, 10'000);
  Left("", 0, 30'000);  // Would have waited longer than the 20 s told.
  Left("", 0, 15'000);  // Nobody knows.
  for (ContactRecord& record : run_.contacts) {
    record.estimate_p50_ms = 10'000;
    record.estimate_p90_ms = 20'000;
  }
  EXPECT_EQ(Summed().estimated, 2);
  EXPECT_THAT(Summed().within_p50, Optional(0.5));
  EXPECT_THAT(Summed().within_p90, Optional(0.5));
}

TEST_F(SummaryTest, TwoConfigsStandSideBySideWithTheirDifference) {
  Accepted("", 0, 10'000);
  const Summary slow = Summed();
  run_.contacts[0].accept_ms = 4'000;
  const Column columns[] = {{"slow.yaml", slow}, {"fast.yaml", Summed()}};
  EXPECT_THAT(
      ReportText(trace_, columns),
      HasSubstr("VIP-weighted wait, s                              10.00                 4.00                -6.00"));
  EXPECT_THAT(ReportJson(trace_, columns), HasSubstr("\"difference\":{\"vip_weighted_wait_s\":-6.00,"));
}

TEST_F(SummaryTest, OutcomesAreALineEach) {
  Accepted("", 0, 10'000);
  EXPECT_EQ(
      OutcomeLines(trace_, run_),
      "{\"contact\":\"c\",\"outcome\":\"completed\",\"agent\":\"ana\",\"first_offer_ms\":null,\"accept_ms\":10000,"
      "\"end_ms\":null,\"offers\":0,\"estimate_p50_ms\":null,\"estimate_p90_ms\":null}\n");
}

}  // namespace
}  // namespace routerd::simulate
