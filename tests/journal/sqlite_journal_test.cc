// What the embedded journal does on a healthy file: group commits, slices, compaction, other readers.
#include "routerd/journal/sqlite_journal.h"

#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/journal/sqlite.h"
#include "tests/journal/testing.h"

namespace routerd::journal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteJournalTest : public testing::Test {
 protected:
  // What another program reads from the file.
  int64_t Query(const std::string& sql) {
    absl::StatusOr<Database> database = Database::Open(path_, SQLITE_OPEN_READONLY, absl::ZeroDuration());
    EXPECT_TRUE(database.ok()) << database.status();
    const absl::StatusOr<int64_t> value = database->QueryInteger(sql);
    EXPECT_TRUE(value.ok()) << value.status();
    return *value;
  }
  // One turn of the journal's thread, and so at least one slice of what it has to do.
  static void Turn(Journal& journal) { ASSERT_TRUE(AppendAndWait(journal, {}).ok()); }

  TemporaryFolder folder_;
  const std::string path_ = folder_.File("journal.db");
};

TEST_F(SqliteJournalTest, CommitsWhatWaitsTogether) {
  auto journal = OpenAndReplay({.path = path_});
  std::promise<void> waiting;
  journal->Append(BatchOf(1, 1), [&](absl::Status) { waiting.get_future().wait(); });  // Holds the journal's thread.
  for (int i = 2; i <= 100; ++i) journal->Append(BatchOf(i, i), [](absl::Status) {});
  waiting.set_value();
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(101, 101)).ok());
  const Stats stats = journal->stats();
  EXPECT_EQ(stats.entry_count, 101);
  EXPECT_LE(stats.commit_count, 4);  // The first may have taken none or some of the others; 101 came last.
  EXPECT_GT(stats.commit_ns_max, 0);
  EXPECT_GE(stats.commit_ns_total, stats.commit_ns_max);
}

TEST_F(SqliteJournalTest, AppendsGoOnWhileASnapshotIsWritten) {
  auto journal = OpenAndReplay({.path = path_, .slice_bytes_max = 1000});
  std::promise<void> appended;
  std::vector<std::string> order;
  journal->Append(BatchOf(1, 1), [&](absl::Status) {
    journal->WriteSnapshot({.sequence = 1, .records = std::vector<std::string>(2000, "record")},
                           [&](absl::Status) { order.push_back("snapshot"); });
    journal->Append(BatchOf(2, 2), [&](absl::Status) {
      order.push_back("entry 2");
      journal->Append(BatchOf(3, 3), [&](absl::Status) {
        order.push_back("entry 3");
        appended.set_value();
      });
    });
  });
  appended.get_future().wait();
  journal->Close();
  EXPECT_THAT(order, ElementsAre("entry 2", "entry 3", "snapshot"));
  journal = nullptr;
  auto reopened = OpenSqliteJournal({.path = path_});
  const auto recovered = Recover(**reopened);
  EXPECT_EQ(recovered->records.size(), 2000u);
  EXPECT_THAT(recovered->sequences, ElementsAre(2, 3));
}

TEST_F(SqliteJournalTest, ASnapshotCutShortLeavesTheOlderOne) {
  RunAndDie([&] {
    Journal* journal = OpenAndReplay({.path = path_, .slice_bytes_max = 1000}).release();  // Never closed.
    ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 10)).ok());
    ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 5, .records = {"old"}}).ok());
    journal->WriteSnapshot({.sequence = 10, .records = std::vector<std::string>(2000, "new")}, [](absl::Status) {});
    // Dies on the journal's thread, which otherwise would go on with it.
    std::function<void(absl::Status)> turn = [&](absl::Status) {
      if (Query("SELECT count(*) FROM snapshot_record") > 100) raise(SIGKILL);
      journal->Append({}, turn);
    };
    turn(absl::OkStatus());
    std::promise<void>().get_future().wait();
  });
  auto journal = OpenSqliteJournal({.path = path_});
  ASSERT_TRUE(journal.ok()) << journal.status();
  const auto recovered = Recover(**journal);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_THAT(recovered->records, ElementsAre("old"));
  EXPECT_THAT(recovered->sequences, ElementsAre(6, 7, 8, 9, 10));
  for (int i = 0; i < 100; ++i) Turn(**journal);
  EXPECT_EQ(Query("SELECT count(*) FROM snapshot_record"), 1);  // The half written one was swept up.
}

TEST_F(SqliteJournalTest, KeepsCoveredEntriesForAWhile) {
  absl::Time now = absl::FromUnixSeconds(1'000'000);
  const SqliteOptions options{.path = path_, .retain_entries = absl::Hours(1), .now = [&now] { return now; }};
  auto journal = OpenAndReplay(options);
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 600)).ok());
  now += absl::Hours(1);
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(601, 700)).ok());
  ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 650, .records = {}}).ok());
  for (int i = 0; i < 20; ++i) Turn(*journal);
  EXPECT_EQ(Query("SELECT min(sequence) FROM event"), 601);  // An hour old is old enough to go.
  now += absl::Hours(2);
  ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 660, .records = {}}).ok());
  for (int i = 0; i < 20; ++i) Turn(*journal);
  EXPECT_EQ(Query("SELECT min(sequence) FROM event"), 661);  // What the snapshot doesn't hold never goes.
}

TEST_F(SqliteJournalTest, ForgetsEndedContactsAfterTheRetention) {
  absl::Time now = absl::FromUnixSeconds(1'000'000'000);
  const SqliteOptions options{.path = path_, .retain_ended = absl::Hours(24), .now = [&now] { return now; }};
  auto journal = OpenAndReplay(options);
  Batch batch = BatchOf(1, 1);
  for (int i = 0; i < 1000; ++i) {
    batch.ended.push_back(Ended(absl::StrCat("contacts/", i), absl::ToUnixNanos(now + absl::Minutes(i))));
  }
  ASSERT_TRUE(AppendAndWait(*journal, std::move(batch)).ok());
  now += absl::Hours(24) + absl::Minutes(900);
  ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 1, .records = {}}).ok());
  for (int i = 0; i < 20; ++i) Turn(*journal);
  EXPECT_EQ(Query("SELECT count(*) FROM ended_contact"), 100);
  EXPECT_EQ(*journal->FindEnded("contacts/899"), std::nullopt);
  EXPECT_EQ(*journal->FindEnded("contacts/900"), "record of contacts/900");
}

TEST_F(SqliteJournalTest, ReusesTheRoomOfWhatItTrims) {
  const SqliteOptions options{.path = path_, .retain_entries_max = 0};
  int64_t sequence = 0;
  std::vector<uintmax_t> sizes;
  for (int round = 0; round < 12; ++round) {
    auto journal = OpenAndReplay(options);
    ASSERT_TRUE(AppendAndWait(*journal, BatchOf(sequence + 1, sequence + 3000)).ok());
    sequence += 3000;
    ASSERT_TRUE(SnapshotAndWait(
                    *journal, {.sequence = sequence, .records = std::vector<std::string>(1000, std::string(500, 'r'))})
                    .ok());
    for (int i = 0; i < 50; ++i) Turn(*journal);
    journal->Close();
    sizes.push_back(std::filesystem::file_size(path_));
  }
  EXPECT_LE(*std::max_element(sizes.begin() + 3, sizes.end()), sizes[2] * 5 / 4);

  // And gives it back when most of it is free.
  auto journal = OpenAndReplay(options);
  ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = sequence, .records = {}}).ok());
  for (int i = 0; i < 50; ++i) Turn(*journal);
  journal->Close();
  EXPECT_LT(std::filesystem::file_size(path_), sizes[2] / 2);
}

TEST_F(SqliteJournalTest, OthersReadReportsWhileItRuns) {
  auto journal = OpenAndReplay({.path = path_, .retain_ended = absl::InfiniteDuration()});
  EndedContact ended = Ended("contacts/81", absl::ToUnixNanos(absl::FromUnixSeconds(1'700'000'000)));
  ended.queue = "queues/billing";
  ended.wait_ms = 1234;
  ASSERT_TRUE(AppendAndWait(*journal, {.entries = BatchOf(1, 1).entries, .ended = {ended}}).ok());
  EXPECT_EQ(Query("SELECT wait_ms FROM ended_contact WHERE queue = 'queues/billing'"), 1234);
  EXPECT_EQ(Query("SELECT end_time = '2023-11-14 22:13:20' AND accept_time IS NULL FROM ended_contact"), 1);
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(2, 2)).ok());  // The reader held nothing up.
}

TEST_F(SqliteJournalTest, ASecondProcessIsTurnedAway) {
  auto journal = OpenAndReplay({.path = path_});
  RunAndDie([&] {
    const absl::Status status = OpenSqliteJournal({.path = path_}).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(base::ReasonOf(status), "JOURNAL_HELD");
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("pid ", getppid())));
  });
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 1)).ok());
  journal->Close();
  EXPECT_TRUE(OpenSqliteJournal({.path = path_}).ok());
}

TEST_F(SqliteJournalTest, AnotherProgramsWriteLockIsWaitedForThenReported) {
  auto journal = OpenAndReplay({.path = path_, .busy_max = absl::Milliseconds(20)});
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 1)).ok());
  absl::StatusOr<Database> other = Database::Open(path_, SQLITE_OPEN_READWRITE, absl::Seconds(5));
  ASSERT_TRUE(other->Execute("BEGIN IMMEDIATE").ok());
  const absl::Status status = AppendAndWait(*journal, BatchOf(2, 2));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(base::ReasonOf(status), "JOURNAL_BUSY");
  ASSERT_TRUE(other->Execute("ROLLBACK").ok());
  EXPECT_EQ(AppendAndWait(*journal, {}), status);  // Failed for good: what came between may be missing.
}

TEST_F(SqliteJournalTest, IsNoOneElsesToRead) {
  auto journal = OpenAndReplay({.path = path_});
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 1)).ok());
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info;
    ASSERT_EQ(stat((path_ + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 07, 0u) << suffix;
  }
}

TEST_F(SqliteJournalTest, LeavesOneFileWhenClosed) {
  auto journal = OpenAndReplay({.path = path_});
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 10)).ok());
  EXPECT_TRUE(std::filesystem::exists(path_ + "-wal"));
  journal->Close();
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  // A copy of that one file is a backup.
  std::filesystem::copy(path_, folder_.File("copy.db"));
  auto copy = OpenSqliteJournal({.path = folder_.File("copy.db")});
  EXPECT_EQ(Recover(**copy)->replayed.last_sequence, 10);
}

TEST_F(SqliteJournalTest, AcceptsAPathInTheWorkingFolder) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  EXPECT_NE(OpenAndReplay({.path = "journal.db"}), nullptr);
  std::filesystem::current_path(before);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace routerd::journal
