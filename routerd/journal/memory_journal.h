// A journal in memory, for tests: they decide when a batch becomes durable, and what a crash takes away.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "routerd/journal/journal.h"

namespace routerd::journal {

// The disk behind memory journals: what is in it outlives them. Give it to one open journal at a time.
// Threads: guards itself.
class MemoryStore {
 public:
  // Entries that a snapshot covers are kept while fewer than `retain_entries_max` are newer.
  explicit MemoryStore(int64_t retain_entries_max = std::numeric_limits<int64_t>::max());

  // From now on nothing can be stored: a commit, and so its journal, fails with `status`. OK takes it back.
  void FailWith(absl::Status status);

 private:
  friend class MemoryJournal;

  absl::Status Store(Batch& batch);  // Requires: mutex_ held.
  absl::Status Store(Snapshot& snapshot);

  mutable std::mutex mutex_;
  const int64_t retain_entries_max_;
  absl::Status failure_;
  std::deque<Entry> entries_;  // Without gaps; the last is last_sequence_.
  int64_t last_sequence_ = 0;
  std::optional<Snapshot> snapshot_;
  std::map<std::string, EndedContact, std::less<>> ended_;
};

// A Journal over a MemoryStore.
//
// Threads: kThreaded has one of its own that commits as soon as there is work, like a real journal. kManual has none:
//          Commit calls `done` itself, so a seeded run is the same every time.
class MemoryJournal : public Journal {
 public:
  enum class Mode { kManual, kThreaded };

  // Requires: `store` outlives the journal and no other open journal uses it.
  explicit MemoryJournal(MemoryStore& store, Mode mode = Mode::kManual);
  ~MemoryJournal() override;

  absl::StatusOr<Replayed> Replay(const RecordVisitor& record, const EntryVisitor& entry) override;
  void Append(Batch batch, Done done) override;
  void WriteSnapshot(Snapshot snapshot, Done done) override;
  absl::StatusOr<std::vector<Entry>> Read(int64_t after, int limit) override;
  absl::StatusOr<std::optional<std::string>> FindEnded(std::string_view contact) override;
  absl::StatusOr<std::vector<std::string>> ListEnded(const EndedFilter& filter) override;
  Pending pending() const override;
  Stats stats() const override;
  void Close() override;

  // Makes up to `count_max` of the oldest pending batches and snapshots durable, then calls their `done` in order.
  // Returns how many there were. What a `done` appends is left for the next call. Requires: kManual.
  size_t Commit(size_t count_max = std::numeric_limits<size_t>::max());

  // Ends the journal as a power cut does: the oldest `survivor_count` of what is pending had just reached the disk, the
  // rest is gone, and no `done` is called, then or later. What is appended later is swallowed, as the calls of a dead
  // process are.
  void Crash(size_t survivor_count = 0);

 private:
  struct Job {
    std::variant<Batch, Snapshot> work;
    Done done;
    absl::Status refusal;  // Not OK: what it comes to, whatever the store says.
    size_t bytes = 0;
  };
  enum class State { kOpen, kReady, kClosed, kCrashed };

  absl::Status Settle(Job& job);  // Requires: both mutexes held.
  absl::Status Readable() const;
  void Run();
  void StopThread();

  MemoryStore& store_;
  const Mode mode_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  State state_ = State::kOpen;
  absl::Status failure_;
  int64_t last_appended_ = 0;
  bool snapshot_under_way_ = false;
  bool stopping_ = false;
  std::deque<Job> jobs_;
  Pending pending_;
  Stats stats_;
  std::thread thread_;
};

}  // namespace routerd::journal
