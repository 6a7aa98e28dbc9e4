// What the in-memory journal adds for tests: stepping, power cuts and failing disks.
#include "routerd/journal/memory_journal.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/journal/testing.h"

namespace routerd::journal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MemoryJournalTest : public testing::Test {
 protected:
  Journal::Done Note(int number) {
    return [this, number](absl::Status status) { (status.ok() ? done_ : failed_).push_back(number); };
  }

  MemoryStore store_;
  std::vector<int> done_;
  std::vector<int> failed_;
};

TEST_F(MemoryJournalTest, CommitsWhenTold) {
  MemoryJournal journal(store_);
  ASSERT_TRUE(Recover(journal).ok());
  for (int i = 1; i <= 3; ++i) journal.Append(BatchOf(i, i), Note(i));
  EXPECT_THAT(done_, IsEmpty());
  EXPECT_EQ(journal.pending().batch_count, 3u);
  EXPECT_EQ(journal.pending().bytes, BytesOf(1).size() + BytesOf(2).size() + BytesOf(3).size());
  EXPECT_THAT(*journal.Read(0, 10), IsEmpty());

  EXPECT_EQ(journal.Commit(2), 2u);
  EXPECT_THAT(done_, ElementsAre(1, 2));
  EXPECT_EQ(journal.Read(0, 10)->size(), 2u);
  EXPECT_EQ(journal.pending().batch_count, 1u);
  EXPECT_EQ(journal.Commit(), 1u);
  EXPECT_EQ(journal.Commit(), 0u);
  EXPECT_EQ(journal.stats().commit_count, 2);
}

TEST_F(MemoryJournalTest, ACrashTakesWhatIsNotDurable) {
  {
    MemoryJournal journal(store_);
    ASSERT_TRUE(Recover(journal).ok());
    for (int i = 1; i <= 5; ++i) journal.Append(BatchOf(i, i), Note(i));
    journal.Commit(2);
    journal.Crash(/*survivor_count=*/1);  // Entry 3 had reached the disk; nobody was told.
    journal.Append(BatchOf(9, 9), Note(9));
    EXPECT_EQ(journal.Commit(), 0u);
  }
  EXPECT_THAT(done_, ElementsAre(1, 2));
  EXPECT_THAT(failed_, IsEmpty());
  MemoryJournal journal(store_);
  EXPECT_THAT(Recover(journal)->sequences, ElementsAre(1, 2, 3));
}

TEST_F(MemoryJournalTest, AFailingDiskFailsTheJournalForGood) {
  {
    MemoryJournal journal(store_);
    ASSERT_TRUE(Recover(journal).ok());
    journal.Append(BatchOf(1, 1), Note(1));
    journal.Commit();
    store_.FailWith(absl::ResourceExhaustedError("full"));
    journal.WriteSnapshot({.sequence = 1, .records = {"a"}}, Note(2));
    journal.Commit();
    EXPECT_THAT(failed_, ElementsAre(2));
    journal.Append(BatchOf(2, 2), Note(3));
    journal.Append(BatchOf(3, 3), Note(4));
    journal.Commit();
    store_.FailWith(absl::OkStatus());
    journal.Append(BatchOf(4, 4), Note(5));
    journal.Commit();
    EXPECT_THAT(failed_, ElementsAre(2, 3, 4, 5));
    EXPECT_EQ(journal.pending().batch_count, 0u);
  }
  MemoryJournal journal(store_);
  EXPECT_THAT(Recover(journal)->sequences, ElementsAre(1));
}

}  // namespace
}  // namespace routerd::journal
