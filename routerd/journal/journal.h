// The durable memory of a workspace: what the engine appends, and what it gets back after a restart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace routerd::journal {

// One durable fact. The journal never looks inside.
struct Entry {
  int64_t sequence = 0;  // From 1, without gaps.
  std::string bytes;     // A serialized v1::Event.
};

// One ended contact: the columns that reports ask for, and the whole public record.
struct EndedContact {
  std::string contact;  // Resource name, `contacts/81`.
  std::string conversation;
  std::string customer;
  std::string customer_name;
  std::string queue;
  std::string channel;
  std::string adapter;
  std::string source_id;  // The adapter's own id of the contact.
  std::string vip;
  std::string end_reason;
  std::string agent;  // The last one who handled it; empty if none did.
  std::string disposition;
  int64_t create_time_ns = 0;
  int64_t accept_time_ns = 0;  // 0: never accepted.
  int64_t end_time_ns = 0;
  int64_t wait_ms = 0;
  int64_t talk_ms = 0;
  int64_t wrap_ms = 0;
  int offer_count = 0;
  int transfer_count = 0;
  std::string record;  // A serialized v1::Contact.
};

// What becomes durable together or not at all. Without entries and ended contacts it is a barrier: done once
// everything before it is durable.
struct Batch {
  std::vector<Entry> entries = {};
  std::vector<EndedContact> ended = {};  // A second row for the same contact replaces the first.
};

// The whole state as of one sequence number, in records whose order and meaning are the engine's.
struct Snapshot {
  int64_t sequence = 0;  // It holds the effect of every entry up to this one.
  std::vector<std::string> records;
};

// Which ended contacts to list. An empty name asks for any.
struct EndedFilter {
  std::string queue = {};
  std::string customer = {};
  std::string agent = {};
  // Only what ended before this instant, or at it with a contact name that sorts before `before_contact`: the end
  // time and name of a page's last contact ask for the next page.
  int64_t before_time_ns = std::numeric_limits<int64_t>::max();
  std::string before_contact = {};
  int limit = 100;
};

// What a replay found.
struct Replayed {
  int64_t snapshot_sequence = 0;  // 0: no snapshot.
  size_t record_count = 0;        // Records of the snapshot.
  int64_t last_sequence = 0;      // The next entry to append is one after it.
};

// Work handed over and not durable yet.
struct Pending {
  size_t batch_count = 0;
  size_t bytes = 0;  // Of entries and records of ended contacts; a snapshot being written isn't counted.
};

// Counters since the journal was opened.
struct Stats {
  int64_t commit_count = 0;       // Group commits.
  int64_t batch_count = 0;        // Batches in them.
  int64_t entry_count = 0;        // Entries in them.
  int64_t commit_ns_total = 0;    // Time spent in them, sync to disk included.
  int64_t commit_ns_max = 0;      // The slowest of them.
  int64_t snapshot_count = 0;     // Snapshots made durable.
  int64_t durable_sequence = 0;   // The newest durable entry.
  int64_t snapshot_sequence = 0;  // Of the newest durable snapshot; 0 if there is none.
};

// A Journal keeps entries, snapshots and ended contacts. Acknowledged means durable: what a crash may take back is
// never reported as done.
//   open --Replay ok--> ready      ready --an append fails--> failed      any --Close--> closed
//
// Time:      none in the contract; implementations take the wall clock for retention alone.
// Ownership: by whoever opened it. One process at a time owns the storage behind it.
// Threads:   Replay, Append, WriteSnapshot and Close come from one thread at a time; the rest from any thread. Every
//            `done` is called by the journal's own thread, without a lock held, and may call Append. It must not
//            block for long nor call Close, as the next commit waits for it.
// Errors:    a failed append fails the journal: that append and every later one report the same error, so nothing
//            after a gap is ever acknowledged. The engine stands down and a restart replays what is durable.
//              kResourceExhausted   the disk is full, with the path
//              kDataLoss            the storage is damaged, with what is damaged and the way out
//              kFailedPrecondition  not replayed yet, closed, or a file that this program does not read
//              kUnavailable         another process owns it, or the disk fails
//            Damaged storage is never deleted or overwritten.
// Limits:    Append never blocks and never refuses for length. Whoever accepts work asks pending() first and turns
//            work away (kUnavailable) above its limit, where the caller can still be told.
class Journal {
 public:
  using Done = std::function<void(absl::Status)>;
  using RecordVisitor = std::function<absl::Status(std::string_view record)>;
  using EntryVisitor = std::function<absl::Status(int64_t sequence, std::string_view bytes)>;

  virtual ~Journal() = default;

  // Recovers: visits the records of the last snapshot in order, then every entry after it in order. Stops at a
  // visitor's first error and returns it. Call it once, and before the first Append.
  virtual absl::StatusOr<Replayed> Replay(const RecordVisitor& record, const EntryVisitor& entry) = 0;

  // Hands over a batch. `done` is called once it is durable, in the order of the calls. Entries follow on the last
  // ones without a gap; a gap is kInvalidArgument and fails the journal like any other error.
  virtual void Append(Batch batch, Done done) = 0;

  // Hands over the state as of an entry already appended. Once it is durable it replaces the older snapshot, `done`
  // is called, and entries that it covers are trimmed as the retention says. Appends go on meanwhile, so `done` may
  // come after that of a later append. Kept apart from appends in failure too: a snapshot that fails for room leaves
  // the older one in place and the journal ready. kFailedPrecondition while another one is being written,
  // kInvalidArgument for a sequence number ahead of the entries or behind the last snapshot's.
  virtual void WriteSnapshot(Snapshot snapshot, Done done) = 0;

  // Durable entries after `after`, oldest first, at most `limit`; none when `after` is the newest or beyond.
  // kOutOfRange when the next one was trimmed; the message names the oldest that is kept.
  virtual absl::StatusOr<std::vector<Entry>> Read(int64_t after, int limit) = 0;

  // The record of an ended contact, if it is kept.
  virtual absl::StatusOr<std::optional<std::string>> FindEnded(std::string_view contact) = 0;

  // Records of ended contacts, newest first (by end time, then name).
  virtual absl::StatusOr<std::vector<std::string>> ListEnded(const EndedFilter& filter) = 0;

  virtual Pending pending() const = 0;
  virtual Stats stats() const = 0;

  // Makes everything handed over durable, calls what is to be called, and lets go of the storage. A snapshot under
  // way is finished. Later calls report kFailedPrecondition, on the caller's own thread. Idempotent; the destructor
  // does it too.
  virtual void Close() = 0;
};

}  // namespace routerd::journal
