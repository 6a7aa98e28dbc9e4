// The state of a workspace at a past moment, brought back from its journal.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/core/router.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/statistics.h"
#include "routerd/engine/workspace.h"
#include "routerd/journal/journal.h"

namespace routerd::engine {

// Folds one entry of a journal into the state before it.
absl::Status Fold(const v1::Event& event, core::Router& router, Dossier& dossier, Statistics& statistics);
absl::StatusOr<v1::Event> ParseEntry(int64_t sequence, std::string_view bytes);

// Past answers questions about earlier moments: it begins at the last snapshot that it remembers from before, or where
// the journal begins, and folds the events up to the moment.
//
// Threads: Remember, Ask and Stop come from the workspace's writer. One question at a time is worked out on a thread
//          of its own, so nobody who is routed waits for it.
// Limits:  64 MiB of snapshots are remembered; one question at a time, else kUnavailable (PAST_BUSY).
class Past {
 public:
  explicit Past(journal::Journal& journal) : journal_(journal) {}
  ~Past() { Stop(); }

  // A snapshot as of an event, and that event's time.
  void Remember(int64_t sequence, core::Instant time, const std::vector<std::string>& records);
  // Calls `question` with the state as it was at `time`, or with the error: kOutOfRange (EVENTS_TRIMMED) when the
  // events are no longer kept.
  void Ask(core::Instant time, PastQuestion question);
  // Gives up what is under way; its question is destroyed without being called.
  void Stop();

 private:
  struct Base {
    int64_t sequence = 0;
    core::Instant time;
    std::shared_ptr<const std::vector<std::string>> records;  // Null: the beginning.
    size_t bytes = 0;
  };
  void Answer(const Base& base, core::Instant time, const PastQuestion& question);
  // Brings the state back; the sequence of the last event in it.
  absl::StatusOr<int64_t> Rebuild(const Base& base, core::Instant time, core::Router& router, Dossier& dossier,
                                  Statistics& statistics);

  journal::Journal& journal_;
  std::deque<Base> bases_;  // Oldest first.
  size_t bytes_ = 0;
  std::thread thread_;
  std::atomic<bool> busy_{false};
  std::atomic<bool> stop_{false};
};

}  // namespace routerd::engine
