// What the embedded journal does when its file, its folder or its disk is not well: real files, real limits.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/journal/sqlite.h"
#include "routerd/journal/sqlite_journal.h"
#include "tests/journal/testing.h"

namespace routerd::journal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteDamageTest : public testing::Test {
 protected:
  // Opens and replays; the first error of the two.
  absl::StatusOr<Recovered> OpenAndRecover() {
    absl::StatusOr<std::unique_ptr<Journal>> journal = OpenSqliteJournal({.path = path_});
    if (!journal.ok()) return journal.status();
    absl::StatusOr<Recovered> recovered = Recover(**journal);
    if (!recovered.ok()) {
      const absl::Status append = AppendAndWait(**journal, BatchOf(1, 1));
      EXPECT_TRUE(absl::IsFailedPrecondition(append)) << append;  // Nothing is written on top of damage.
    }
    return recovered;
  }

  // The journal is refused as damaged, with its path and `detail`, as often as it is tried, and left as it is.
  void ExpectDamaged(const std::string& detail) {
    const std::string file = ReadFile(path_);
    const std::string wal = ReadFile(path_ + "-wal");
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = OpenAndRecover().status();
      EXPECT_TRUE(absl::IsDataLoss(status)) << status;
      EXPECT_EQ(base::ReasonOf(status), "JOURNAL_DAMAGED");
      EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
      EXPECT_THAT(std::string(status.message()), HasSubstr(detail));
    }
    EXPECT_TRUE(ReadFile(path_) == file) << "the damaged file was changed";
    EXPECT_TRUE(ReadFile(path_ + "-wal") == wal) << "its -wal file was changed";
  }

  // Entries 1..last in the main file alone, closed in order.
  void WriteClosed(int64_t last) {
    auto journal = OpenAndReplay({.path = path_});
    ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, last)).ok());
  }
  // The first of them in the main file, the others acknowledged and in the -wal file, as after kill -9.
  void WriteAndDie(int64_t last) {
    WriteClosed(1);
    RunAndDie([&] {
      Journal* journal = OpenAndReplay({.path = path_}).release();  // Never closed.
      for (int64_t i = 2; i <= last; ++i) ASSERT_TRUE(AppendAndWait(*journal, BatchOf(i, i)).ok());
    });
    ASSERT_GT(ReadFile(path_ + "-wal").size(), 0u);
  }
  // Flips a bit in the middle of entry `sequence`, wherever it stands in `file`.
  void Flip(const std::string& file, int64_t sequence) {
    std::string bytes = ReadFile(file);
    const size_t at = bytes.find(absl::StrCat("entry ", sequence, " "));
    ASSERT_NE(at, std::string::npos);
    bytes[at + 7] ^= 1;
    WriteFile(file, bytes);
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.File("journal.db");
};

TEST_F(SqliteDamageTest, AFlippedBitIsNamedByItsEntry) {
  WriteClosed(500);
  Flip(path_, 321);
  ExpectDamaged("entry 321 fails its checksum");
}

TEST_F(SqliteDamageTest, AFlippedBitBehindTheSnapshotIsFoundWhenRead) {
  {
    auto journal = OpenAndReplay({.path = path_});
    ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 20)).ok());
    ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 20, .records = {"all"}}).ok());
  }
  Flip(path_, 15);
  auto journal = OpenAndReplay({.path = path_});  // Recovery doesn't need it.
  EXPECT_EQ(journal->Read(0, 14)->size(), 14u);
  const absl::Status status = journal->Read(10, 10).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("entry 15 is missing or fails its checksum"));
}

TEST_F(SqliteDamageTest, AFlippedBitInTheSnapshotIsNamedByItsRecord) {
  {
    auto journal = OpenAndReplay({.path = path_});
    ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 2)).ok());
    ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 2, .records = {"first record", "second record"}}).ok());
  }
  std::string bytes = ReadFile(path_);
  bytes[bytes.find("second record")] ^= 4;
  WriteFile(path_, bytes);
  ExpectDamaged("record 1 of 2 of the snapshot as of entry 2");
}

TEST_F(SqliteDamageTest, AFlippedBitInAnEndedContactIsFoundWhenRead) {
  {
    auto journal = OpenAndReplay({.path = path_});
    ASSERT_TRUE(
        AppendAndWait(*journal, {.entries = {}, .ended = {Ended("contacts/81", absl::GetCurrentTimeNanos())}}).ok());
  }
  std::string bytes = ReadFile(path_);
  const size_t at = bytes.find("record of contacts/81");
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 4;
  WriteFile(path_, bytes);
  auto journal = OpenAndReplay({.path = path_});
  EXPECT_TRUE(absl::IsDataLoss(journal->FindEnded("contacts/81").status()));
  EXPECT_TRUE(absl::IsDataLoss(journal->ListEnded({}).status()));
}

TEST_F(SqliteDamageTest, AMissingEntryIsNamed) {
  WriteClosed(30);
  ASSERT_TRUE(Database::Open(path_, SQLITE_OPEN_READWRITE, absl::Seconds(1))
                  ->Execute("DELETE FROM event WHERE sequence = 9")
                  .ok());
  ExpectDamaged("entry 9 is missing before entry 10");
}

TEST_F(SqliteDamageTest, AMissingSnapshotIsNoticed) {
  {
    auto journal = OpenAndReplay({.path = path_, .retain_entries_max = 0});
    ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 20)).ok());
    ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 10, .records = {"all"}}).ok());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(AppendAndWait(*journal, {}).ok());
  }
  ASSERT_TRUE(Database::Open(path_, SQLITE_OPEN_READWRITE, absl::Seconds(1))->Execute("DELETE FROM snapshot").ok());
  ExpectDamaged("entry 1 is missing before entry 11");
}

TEST_F(SqliteDamageTest, OverwrittenPagesAreRefused) {
  WriteClosed(2000);
  std::string bytes = ReadFile(path_);
  ASSERT_GT(bytes.size(), 40u * 4096);
  std::fill(bytes.begin() + 20 * 4096, bytes.begin() + 22 * 4096, '\xa5');
  WriteFile(path_, bytes);
  ExpectDamaged("malformed");
}

TEST_F(SqliteDamageTest, ATruncatedFileIsRefused) {
  WriteClosed(2000);
  const std::string bytes = ReadFile(path_);
  for (const size_t size : {bytes.size() / 2, bytes.size() - 4096, size_t{5000}, size_t{60}}) {
    SCOPED_TRACE(size);
    WriteFile(path_, bytes.substr(0, size));
    ExpectDamaged("");
  }
  WriteFile(path_, "");
  ExpectDamaged("entries up to 2000 were acknowledged");
  WriteFile(path_, bytes);
  EXPECT_EQ(OpenAndRecover()->replayed.last_sequence, 2000);
}

TEST_F(SqliteDamageTest, AMissingFileIsNoticedUntilTheOperatorSaysSo) {
  WriteClosed(7);
  std::filesystem::remove(path_);
  const absl::Status status = OpenAndRecover().status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("entries up to 7 were acknowledged"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::remove(path_ + ".lock");
  EXPECT_EQ(OpenAndRecover()->replayed.last_sequence, 0);
}

TEST_F(SqliteDamageTest, ARemovedWalIsNoticedUntilTheOperatorSaysSo) {
  WriteAndDie(50);
  const std::string wal = ReadFile(path_ + "-wal");
  std::filesystem::remove(path_ + "-wal");
  ExpectDamaged("it ends at entry 1, but entries up to 50 were acknowledged");
  WriteFile(path_ + "-wal", wal);
  EXPECT_EQ(OpenAndRecover()->replayed.last_sequence, 50);

  WriteFile(path_ + "-wal", "");  // Folded into the main file by now.
  EXPECT_EQ(OpenAndRecover()->replayed.last_sequence, 50);
}

TEST_F(SqliteDamageTest, AnOlderCopyIsNoticedUntilTheOperatorSaysSo) {
  WriteClosed(5);
  const std::string backup = ReadFile(path_);
  ASSERT_TRUE(AppendAndWait(*OpenAndReplay({.path = path_}), BatchOf(6, 9)).ok());
  WriteFile(path_, backup);
  ExpectDamaged("it ends at entry 5, but entries up to 9 were acknowledged");
  std::filesystem::remove(path_ + ".lock");
  EXPECT_EQ(OpenAndRecover()->replayed.last_sequence, 5);
}

TEST_F(SqliteDamageTest, AWalAloneIsNotStartedOver) {
  WriteAndDie(50);
  std::filesystem::remove(path_);
  std::filesystem::remove(path_ + ".lock");
  ExpectDamaged("-wal holds data of it");
}

TEST_F(SqliteDamageTest, ATornTailThatNobodyWasToldOfIsDropped) {
  WriteAndDie(50);
  const std::string wal = ReadFile(path_ + "-wal");
  WriteFile(path_ + "-wal", wal.substr(0, wal.size() - 100));  // The last commit didn't quite reach the disk,
  WriteFile(path_ + ".lock", absl::StrCat("pid 1\nacknowledged ", 49, "\n"));  // so it was not acknowledged.
  const absl::StatusOr<Recovered> recovered = OpenAndRecover();
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->replayed.last_sequence, 49);
}

TEST_F(SqliteDamageTest, ATornTailThatWasAcknowledgedIsALoss) {
  WriteAndDie(50);
  Flip(path_ + "-wal", 40);
  ExpectDamaged("but entries up to 50 were acknowledged");
}

TEST_F(SqliteDamageTest, ANewerFormatIsLeftToANewerProgram) {
  WriteClosed(5);
  ASSERT_TRUE(Database::Open(path_, SQLITE_OPEN_READWRITE, absl::Seconds(1))->Execute("PRAGMA user_version = 7").ok());
  const std::string before = ReadFile(path_);
  const absl::Status status = OpenAndRecover().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(base::ReasonOf(status), "JOURNAL_VERSION");
  EXPECT_THAT(std::string(status.message()), HasSubstr("has format version 7 and this program reads version 1"));
  EXPECT_TRUE(ReadFile(path_) == before);
}

TEST_F(SqliteDamageTest, AnotherProgramsDatabaseIsLeftAlone) {
  ASSERT_TRUE(Database::Open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, absl::Seconds(1))
                  ->Execute("CREATE TABLE song (title TEXT)")
                  .ok());
  const std::string before = ReadFile(path_);
  const absl::Status status = OpenAndRecover().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(base::ReasonOf(status), "JOURNAL_FOREIGN");
  EXPECT_TRUE(ReadFile(path_) == before);
}

TEST_F(SqliteDamageTest, AFileThatIsNoDatabaseIsLeftAlone) {
  WriteFile(path_, std::string(10'000, 'x'));
  ExpectDamaged("not a database");
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(base::ReasonOf(OpenAndRecover().status()), "JOURNAL_FOREIGN");
}

TEST_F(SqliteDamageTest, AMissingFolderIsNamed) {
  const absl::Status status = OpenSqliteJournal({.path = folder_.File("none/journal.db")}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder_.File("none")));
}

// Runs `work` in a child without root's powers, which would overrule the permissions under test.
void RunUnprivileged(const std::function<void()>& work) {
  RunAndDie([&] {
    if (geteuid() == 0) {
      ASSERT_EQ(setuid(65534), 0);
    }
    work();
  });
}

TEST_F(SqliteDamageTest, AFolderThatCannotBeWrittenIsNamed) {
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  RunUnprivileged([&] {
    const absl::Status status = OpenAndRecover().status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_EQ(base::ReasonOf(status), "JOURNAL_PERMISSION");
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  });
  chmod(folder_.path().c_str(), 0755);
}

TEST_F(SqliteDamageTest, AFileThatCannotBeWrittenIsNamed) {
  WriteClosed(5);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  ASSERT_EQ(chmod((path_ + ".lock").c_str(), 0666), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  RunUnprivileged([&] {
    const absl::Status status = OpenAndRecover().status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  });
}

// Appends until that fails for room, then checks that the failure stands and that a restart with room has it all.
void FillUpAndRecover(const std::string& path, const std::function<void()>& make_room) {
  int64_t acknowledged = 0;
  {
    auto journal = OpenAndReplay({.path = path});
    absl::Status status;
    while (status.ok() && acknowledged < 1'000'000) {
      status = AppendAndWait(*journal, BatchOf(acknowledged + 1, acknowledged + 100));
      if (status.ok()) acknowledged += 100;
    }
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_EQ(base::ReasonOf(status), "JOURNAL_FULL");
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_GT(acknowledged, 100);
    EXPECT_EQ(AppendAndWait(*journal, {}), status);
    EXPECT_EQ(journal->Read(acknowledged - 1, 10)->size(), 1u);  // What is there can still be read.
    make_room();
    EXPECT_EQ(AppendAndWait(*journal, BatchOf(acknowledged + 1, acknowledged + 1)), status);
  }
  auto journal = OpenSqliteJournal({.path = path});
  ASSERT_TRUE(journal.ok()) << journal.status();
  const absl::StatusOr<Recovered> recovered = Recover(**journal);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_GE(recovered->replayed.last_sequence, acknowledged);
  const int64_t next = recovered->replayed.last_sequence + 1;
  EXPECT_TRUE(AppendAndWait(**journal, BatchOf(next, next)).ok());
}

TEST_F(SqliteDamageTest, TheFileSizeLimitFailsAppendsAndLosesNothing) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = 300'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  FillUpAndRecover(path_, [&] { setrlimit(RLIMIT_FSIZE, &before); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
}

// A small file system of its own, gone with the test's process.
class FullDiskTest : public SqliteDamageTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder_.path().c_str(), "tmpfs", 0, "size=4m") != 0) {
      GTEST_SKIP() << "mounting a small disk takes root";
    }
  }
  void TearDown() override { umount(folder_.path().c_str()); }
  void GrowDisk() { ASSERT_EQ(mount("none", folder_.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0); }
};

TEST_F(FullDiskTest, FailsAppendsAndLosesNothing) {
  FillUpAndRecover(path_, [this] { GrowDisk(); });
}

TEST_F(FullDiskTest, FailsASnapshotAndLeavesTheOlderOne) {
  auto journal = OpenAndReplay({.path = path_});
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(1, 100)).ok());
  ASSERT_TRUE(SnapshotAndWait(*journal, {.sequence = 50, .records = {"small"}}).ok());
  const absl::Status status =
      SnapshotAndWait(*journal, {.sequence = 100, .records = std::vector<std::string>(10'000, std::string(1000, 'r'))});
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  GrowDisk();
  ASSERT_TRUE(AppendAndWait(*journal, BatchOf(101, 200)).ok());  // The journal is as ready as before.
  journal->Close();
  const absl::StatusOr<Recovered> recovered = OpenAndRecover();
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_THAT(recovered->records, ElementsAre("small"));
  EXPECT_EQ(recovered->replayed.last_sequence, 200);
}

}  // namespace
}  // namespace routerd::journal
