// Helpers of the journal's tests.
#include "tests/journal/testing.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace routerd::journal {

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "routerd_journal_XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) std::abort();
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string BytesOf(int64_t sequence) {
  const size_t size = sequence % 97 == 0 ? 6000 : 20 + sequence % 200;
  std::string bytes = absl::StrCat("entry ", sequence, " ");
  while (bytes.size() < size) bytes.push_back(static_cast<char>(sequence * 31 + bytes.size()));
  return bytes;
}

Batch BatchOf(int64_t first, int64_t last) {
  Batch batch;
  for (int64_t sequence = first; sequence <= last; ++sequence) batch.entries.push_back({sequence, BytesOf(sequence)});
  return batch;
}

EndedContact Ended(std::string contact, int64_t end_time_ns) {
  EndedContact ended;
  ended.record = "record of " + contact;
  ended.contact = std::move(contact);
  ended.end_time_ns = end_time_ns;
  return ended;
}

absl::StatusOr<Recovered> Recover(Journal& journal) {
  Recovered recovered;
  absl::StatusOr<Replayed> replayed = journal.Replay(
      [&](std::string_view record) {
        recovered.records.emplace_back(record);
        return absl::OkStatus();
      },
      [&](int64_t sequence, std::string_view bytes) {
        EXPECT_EQ(bytes, BytesOf(sequence));
        recovered.sequences.push_back(sequence);
        return absl::OkStatus();
      });
  if (!replayed.ok()) return replayed.status();
  recovered.replayed = *replayed;
  return recovered;
}

absl::Status Await(const std::function<void(Journal::Done)>& start, const std::function<void()>& pump) {
  std::promise<absl::Status> promise;
  start([&promise](absl::Status status) { promise.set_value(std::move(status)); });
  pump();
  return promise.get_future().get();
}

absl::Status AppendAndWait(Journal& journal, Batch batch) {
  return Await([&](Journal::Done done) { journal.Append(std::move(batch), std::move(done)); });
}

absl::Status SnapshotAndWait(Journal& journal, Snapshot snapshot) {
  return Await([&](Journal::Done done) { journal.WriteSnapshot(std::move(snapshot), std::move(done)); });
}

std::unique_ptr<Journal> OpenAndReplay(const SqliteOptions& options) {
  absl::StatusOr<std::unique_ptr<Journal>> journal = OpenSqliteJournal(options);
  EXPECT_TRUE(journal.ok()) << journal.status();
  if (!journal.ok()) return nullptr;
  const absl::StatusOr<Recovered> recovered = Recover(**journal);
  EXPECT_TRUE(recovered.ok()) << recovered.status();
  return *std::move(journal);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void WriteFile(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

void RunAndDie(const std::function<void()>& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work();
    if (!testing::Test::HasFailure()) raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

}  // namespace routerd::journal
