// kill -9 at any instant loses nothing acknowledged: a child appends and reports, and is killed in the middle of it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <semaphore>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "routerd/journal/sqlite_journal.h"
#include "tests/journal/testing.h"

namespace routerd::journal {
namespace {

// Snapshots here say which entry they are as of, a thousand times.
std::vector<std::string> RecordsOf(int64_t sequence) {
  return std::vector<std::string>(1000, absl::StrCat("as of ", sequence));
}

// Appends batches of random size, and a snapshot now and then, until killed. Reports what is acknowledged to `pipe`.
[[noreturn]] void AppendForever(const std::string& path, uint64_t seed, int pipe) {
  std::mt19937_64 random(seed);
  auto journal = OpenAndReplay({.path = path, .retain_entries_max = 500, .slice_bytes_max = 2000});
  if (journal == nullptr) _exit(1);
  int64_t sequence = journal->stats().durable_sequence;
  std::counting_semaphore<> room(20);  // Batches that may wait for the disk.
  while (true) {
    const int64_t size = random() % 20;
    Batch batch = BatchOf(sequence + 1, sequence + size);
    sequence += size;
    if (random() % 4 == 0) batch.ended = {Ended(absl::StrCat("contacts/", sequence), sequence)};
    room.acquire();
    journal->Append(std::move(batch), [pipe, sequence, &room](absl::Status status) {
      if (!status.ok() || write(pipe, &sequence, sizeof(sequence)) != sizeof(sequence)) _exit(1);
      room.release();
    });
    if (random() % 50 == 0) {
      journal->WriteSnapshot({.sequence = sequence, .records = RecordsOf(sequence)}, [](absl::Status) {});
    }
  }
}

TEST(SqliteCrashTest, AKilledProcessLosesNothingAcknowledged) {
  const uint64_t seed = 42;
  std::mt19937_64 random(seed);
  TemporaryFolder folder;
  const std::string path = folder.File("journal.db");
  int64_t snapshots_seen = 0;
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, " round ", round));
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const uint64_t child_seed = random();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      AppendForever(path, child_seed, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    int64_t acknowledged = 0;
    int64_t last = 0;
    for (uint64_t reports = 1 + random() % 400; reports > 0; --reports) {
      ASSERT_EQ(read(pipe_ends[0], &last, sizeof(last)), static_cast<ssize_t>(sizeof(last)));
      acknowledged = last;
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) acknowledged = last;  // On their way when it died.
    close(pipe_ends[0]);

    auto journal = OpenSqliteJournal({.path = path, .retain_entries_max = 500});
    ASSERT_TRUE(journal.ok()) << journal.status();
    const absl::StatusOr<Recovered> recovered = Recover(**journal);  // Checks order, gaps, bytes.
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    ASSERT_GE(recovered->replayed.last_sequence, acknowledged);
    if (recovered->replayed.snapshot_sequence > 0) {
      ASSERT_EQ(recovered->records, RecordsOf(recovered->replayed.snapshot_sequence));
      ++snapshots_seen;
    }
    // Ended contacts came in the same batches.
    const auto newest = (*journal)->ListEnded({.limit = 1});
    ASSERT_TRUE(newest.ok()) << newest.status();
  }
  EXPECT_GT(snapshots_seen, 0);
}

}  // namespace
}  // namespace routerd::journal
