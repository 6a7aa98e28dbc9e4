// The embedded journal: one SQLite file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "routerd/journal/journal.h"

namespace routerd::journal {

struct SqliteOptions {
  std::string path;  // Its folder must exist. `path`-wal, `path`-shm and `path`.lock stand beside it.

  // An entry that a snapshot covers is kept for this long, and only while fewer than so many are newer.
  absl::Duration retain_entries = absl::Hours(24);
  int64_t retain_entries_max = 1'000'000;
  absl::Duration retain_ended = absl::Hours(24) * 90;  // Ended contacts, from their end.

  absl::Duration busy_max = absl::Seconds(10);  // How long to wait for someone else who writes to the file.
  size_t commit_bytes_max = 4 << 20;            // A group commit takes batches until it holds this much.
  size_t slice_bytes_max = 256 << 10;           // How much of a snapshot is written between two commits.
  std::function<absl::Time()> now = absl::Now;  // Wall clock, for retention alone.
};

// Opens or creates the journal at `options.path`.
//   kNotFound            its folder does not exist
//   kPermissionDenied    the folder or file cannot be written
//   kUnavailable         another process holds it
//   kFailedPrecondition  a database of another program, or of a newer version
//   kDataLoss            no database, damaged, or older than what was acknowledged
absl::StatusOr<std::unique_ptr<Journal>> OpenSqliteJournal(SqliteOptions options);

}  // namespace routerd::journal
