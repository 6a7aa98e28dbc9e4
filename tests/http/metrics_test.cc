#include "routerd/http/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace routerd::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Statistics SomeStatistics() {
  v1::Statistics statistics;
  statistics.set_sequence(42);
  statistics.set_mailbox_depth(3);
  statistics.set_journal_pending_count(2);
  (*statistics.mutable_refusals())["OFFER_NOT_OPEN"] = 5;
  v1::Queue& queue = *statistics.add_queues();
  queue.set_name("queues/billing");
  queue.set_waiting_count(7);
  queue.set_lapsed_count(4);
  queue.set_service_level(0.75);
  queue.mutable_longest_wait()->set_seconds(90);
  queue.mutable_longest_wait()->set_nanos(500'000'000);
  return statistics;
}

TEST(MetricsTextTest, LabelsEachQueueWithItsWorkspace) {
  const std::string text = MetricsText({{"main", SomeStatistics()}}, {"1.2.3", true, {}});
  EXPECT_THAT(text, HasSubstr("# TYPE routerd_offers_lapsed_total counter\n"));
  EXPECT_THAT(text, HasSubstr("routerd_offers_lapsed_total{workspace=\"main\",queue=\"billing\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("routerd_contacts{workspace=\"main\",queue=\"billing\",state=\"queued\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("routerd_wait_longest_seconds{workspace=\"main\",queue=\"billing\"} 90.5\n"));
  EXPECT_THAT(text, HasSubstr("routerd_service_level_ratio{workspace=\"main\",queue=\"billing\"} 0.75\n"));
  EXPECT_THAT(text, HasSubstr("routerd_refusals_total{workspace=\"main\",reason=\"OFFER_NOT_OPEN\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("routerd_mailbox_depth{workspace=\"main\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("routerd_journal_pending_batches{workspace=\"main\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("routerd_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(MetricsTextTest, CountsWaitsByLengthAndScoresEstimates) {
  v1::Statistics statistics;
  v1::Queue& queue = *statistics.add_queues();
  queue.set_name("queues/billing");
  queue.set_accepted_count(4);
  queue.mutable_mean_wait()->set_seconds(20);
  for (const int64_t count : {1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1}) queue.add_wait_bucket_counts(count);
  queue.set_estimated_count(3);
  queue.set_within_p50(0.5);
  queue.set_within_p90(0.875);
  const std::string text = MetricsText({{"main", statistics}}, {});
  const auto bucket = [](const char* bound, int count) {
    return HasSubstr(absl::StrCat("routerd_wait_seconds_bucket{workspace=\"main\",queue=\"billing\",le=\"", bound,
                                  "\"} ", count, "\n"));
  };
  EXPECT_THAT(text, bucket("5", 1));
  EXPECT_THAT(text, bucket("20", 3));
  EXPECT_THAT(text, bucket("+Inf", 4));
  EXPECT_THAT(text, HasSubstr("routerd_wait_seconds_sum{workspace=\"main\",queue=\"billing\"} 80\n"));
  EXPECT_THAT(text,
              HasSubstr("routerd_wait_estimate_within_ratio{workspace=\"main\",queue=\"billing\",quantile=\"0.9\"} "
                        "0.875\n"));
}

TEST(MetricsTextTest, NamesEachFamilyOnceForAllWorkspaces) {
  const std::string text = MetricsText({{"a", SomeStatistics()}, {"b", SomeStatistics()}}, {"1", false, {}});
  const std::string head = "# TYPE routerd_contacts gauge\n";
  ASSERT_THAT(text, HasSubstr(head));
  EXPECT_EQ(text.find(head, text.find(head) + 1), text.npos);
  EXPECT_THAT(text, HasSubstr("routerd_contacts{workspace=\"b\",queue=\"billing\",state=\"queued\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("routerd_ready 0\n"));
}

TEST(MetricsTextTest, TellsNoEstimateWhereNobodyCouldServe) {
  v1::Statistics statistics = SomeStatistics();
  EXPECT_THAT(MetricsText({{"main", statistics}}, {}), Not(HasSubstr("routerd_wait_estimate_seconds")));
  statistics.mutable_queues(0)->mutable_estimate()->mutable_wait_p50()->set_seconds(8);
  EXPECT_THAT(MetricsText({{"main", statistics}}, {}),
              HasSubstr("routerd_wait_estimate_seconds{workspace=\"main\",queue=\"billing\",quantile=\"0.5\"} 8\n"));
}

}  // namespace
}  // namespace routerd::http
