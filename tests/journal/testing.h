// What the journal's tests share: entries whose bytes tell their number, a folder of their own, and waiting.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "routerd/journal/journal.h"
#include "routerd/journal/sqlite_journal.h"

namespace routerd::journal {

// A new folder, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The bytes of entry `sequence`: different for each, some short and some longer than a page.
std::string BytesOf(int64_t sequence);

// Entries first..last.
Batch BatchOf(int64_t first, int64_t last);

// A contact that ended at `end_time_ns`, its record "record of NAME".
EndedContact Ended(std::string contact, int64_t end_time_ns);

// What a replay visited. Fails the test if entry bytes aren't BytesOf their sequence.
struct Recovered {
  Replayed replayed;
  std::vector<std::string> records;
  std::vector<int64_t> sequences;
};
absl::StatusOr<Recovered> Recover(Journal& journal);

// Calls `start` with a done callback and waits until that is called. `pump` runs in between.
absl::Status Await(
    const std::function<void(Journal::Done)>& start, const std::function<void()>& pump = [] {});
absl::Status AppendAndWait(Journal& journal, Batch batch);
absl::Status SnapshotAndWait(Journal& journal, Snapshot snapshot);

// Opens and replays. Fails the test if either fails.
std::unique_ptr<Journal> OpenAndReplay(const SqliteOptions& options);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, std::string_view bytes);

// Runs `work` in a child process that then dies without closing anything, as by kill -9.
void RunAndDie(const std::function<void()>& work);

}  // namespace routerd::journal
