// Everything pushed comes out once, in order, and a full or closed mailbox says so.
#include "routerd/base/mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace routerd::base {
namespace {

using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(MailboxTest, HandsOverEverythingAtOnceInOrder) {
  Mailbox<int> mailbox(10);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(mailbox.Push(int{i}));
  EXPECT_EQ(mailbox.size(), 3u);
  std::vector<int> batch = {99};
  EXPECT_TRUE(mailbox.Take(batch));
  EXPECT_THAT(batch, ElementsAre(1, 2, 3));
  EXPECT_EQ(mailbox.size(), 0u);
}

TEST(MailboxTest, RefusesWhenFullAndLeavesTheItem) {
  Mailbox<std::unique_ptr<int>> mailbox(1);
  EXPECT_TRUE(mailbox.Push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(mailbox.Push(std::move(second)));
  ASSERT_NE(second, nullptr);  // NOLINT(bugprone-use-after-move): that is the promise.
  std::vector<std::unique_ptr<int>> batch;
  EXPECT_TRUE(mailbox.Take(batch));
  EXPECT_TRUE(mailbox.Push(std::move(second)));
}

TEST(MailboxTest, ReturnsAtTheDeadlineWithNothing) {
  Mailbox<int> mailbox(1);
  std::vector<int> batch;
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(5);
  EXPECT_TRUE(mailbox.Take(batch, deadline));
  EXPECT_THAT(batch, IsEmpty());
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(MailboxTest, APastDeadlineStillTakesWhatIsThere) {
  Mailbox<int> mailbox(1);
  EXPECT_TRUE(mailbox.Push(7));
  std::vector<int> batch;
  EXPECT_TRUE(mailbox.Take(batch, steady_clock::time_point()));
  EXPECT_THAT(batch, ElementsAre(7));
  EXPECT_TRUE(mailbox.Take(batch, steady_clock::time_point()));
  EXPECT_THAT(batch, IsEmpty());
}

TEST(MailboxTest, AWakeIsRememberedOnce) {
  Mailbox<int> mailbox(1);
  mailbox.Wake();
  mailbox.Wake();
  std::vector<int> batch;
  EXPECT_TRUE(mailbox.Take(batch));  // Would hang without the wake.
  EXPECT_THAT(batch, IsEmpty());
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(5);
  EXPECT_TRUE(mailbox.Take(batch, deadline));
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(MailboxTest, ClosingRefusesNewItemsAndGivesOutOldOnes) {
  Mailbox<int> mailbox(10);
  EXPECT_TRUE(mailbox.Push(1));
  mailbox.Close();
  EXPECT_TRUE(mailbox.closed());
  EXPECT_FALSE(mailbox.Push(2));
  std::vector<int> batch;
  EXPECT_TRUE(mailbox.Take(batch));
  EXPECT_THAT(batch, ElementsAre(1));
  EXPECT_FALSE(mailbox.Take(batch));
  EXPECT_THAT(batch, IsEmpty());
}

TEST(MailboxTest, CloseEndsAWait) {
  Mailbox<int> mailbox(1);
  std::thread closer([&] { mailbox.Close(); });
  std::vector<int> batch;
  EXPECT_FALSE(mailbox.Take(batch, steady_clock::time_point::max()));
  closer.join();
}

TEST(MailboxTest, KeepsEachProducersOrderUnderLoad) {
  constexpr int kProducers = 4, kItems = 5'000;
  Mailbox<std::pair<int, int>> mailbox(64);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&mailbox, p] {
      for (int i = 0; i < kItems; ++i) {
        std::pair<int, int> item(p, i);
        while (!mailbox.Push(std::move(item))) std::this_thread::yield();
      }
    });
  }
  std::vector<int> next(kProducers, 0);
  std::vector<std::pair<int, int>> batch;
  for (int taken = 0; taken < kProducers * kItems; taken += static_cast<int>(batch.size())) {
    ASSERT_TRUE(mailbox.Take(batch));
    ASSERT_LE(batch.size(), 64u);
    for (const auto& [producer, item] : batch) ASSERT_EQ(item, next[producer]++);
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_THAT(next, testing::Each(kItems));
}

}  // namespace
}  // namespace routerd::base
