// One event is one line, whatever is in its values.
#include "routerd/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace routerd::base {
namespace {

using testing::ElementsAre;

// Collects lines for as long as it lives.
class LogTest : public testing::Test {
 protected:
  LogTest() {
    SetLogSink([this](std::string_view line) {
      std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    });
  }
  ~LogTest() override {
    SetLogSink(nullptr);
    SetLogOptions({});
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, WritesLevelEventAndFields) {
  Log(LogLevel::kInfo, "offer.lapsed",
      {{"contact", "c-81"},
       {"agent", std::string("a-7")},
       {"queue", "billing"},
       {"offered_ms", 15000},
       {"misses", 1u}});
  Log(LogLevel::kWarning, "journal.slow", {{"share", 0.5}, {"behind", -3}, {"synced", true}});
  Log(LogLevel::kError, "journal.refused.for.good", {{"detail", "checksum mismatch"}});
  Log(LogLevel::kInfo, "stopped");
  EXPECT_THAT(lines_, ElementsAre("I offer.lapsed     contact=c-81 agent=a-7 queue=billing offered_ms=15000 misses=1",
                                  "W journal.slow     share=0.5 behind=-3 synced=true",
                                  "E journal.refused.for.good detail=\"checksum mismatch\"", "I stopped"));
}

TEST_F(LogTest, NoValueCanForgeALineOrAField) {
  Log(LogLevel::kInfo, "x", {{"a", "1\nE journal.lost"}, {"b", "x y=\"z\""}, {"c", "tab\t\x01\x7f\\"}, {"d", ""}});
  EXPECT_THAT(lines_, ElementsAre("I x                a=\"1\\nE journal.lost\" b=\"x y=\\\"z\\\"\" "
                                  "c=\"tab\\t\\u0001\\u007f\\\\\" d=\"\""));
}

TEST_F(LogTest, BracesInAValueAreNoFormat) {
  Log(LogLevel::kInfo, "x", {{"a", "{}{0}%v"}});
  EXPECT_THAT(lines_, ElementsAre("I x                a={}{0}%v"));
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  Log(LogLevel::kDebug, "dropped");
  EXPECT_FALSE(LogEnabled(LogLevel::kDebug));
  SetLogOptions({.level = LogLevel::kDebug});
  EXPECT_TRUE(LogEnabled(LogLevel::kDebug));
  Log(LogLevel::kDebug, "kept");
  SetLogOptions({.level = LogLevel::kOff});
  EXPECT_FALSE(LogEnabled(LogLevel::kError));
  Log(LogLevel::kError, "dropped");
  EXPECT_FALSE(LogEnabled(LogLevel::kOff));
  EXPECT_THAT(lines_, ElementsAre("D kept"));
}

TEST_F(LogTest, CanStartWithTheTime) {
  SetLogOptions({.with_time = true});
  Log(LogLevel::kInfo, "started");
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], testing::MatchesRegex("20..-..-..T..:..:..\\.......Z I started"));
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) Log(LogLevel::kInfo, "beat", {{"n", 7}});
    });
  }
  SetLogOptions({.level = LogLevel::kInfo});
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lines_.size(), 400u);
  EXPECT_THAT(lines_, testing::Each("I beat             n=7"));
}

TEST(LogLevelTest, IsReadByItsName) {
  EXPECT_EQ(ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("off"), LogLevel::kOff);
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
}

}  // namespace
}  // namespace routerd::base
