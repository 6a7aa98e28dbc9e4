// A look into a journal's SQLite file beside the program that owns it, or without one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "routerd/journal/journal.h"

namespace routerd::journal {

struct JournalVisitors {
  Journal::RecordVisitor record;  // Each record of the last snapshot, in order.
  Journal::EntryVisitor entry;    // Each entry that is kept, oldest first: also those that the snapshot covers.
};

// What was found, by sequence; 0: none.
struct JournalExtent {
  int64_t snapshot = 0;
  int64_t oldest_entry = 0;
  int64_t newest_entry = 0;
};

// Visits what the journal at `path` recovers from, and the entries before, as of one moment. Writes nothing to it and
// does not ask for its lock, so its owner goes on meanwhile; the owner's -wal file may grow until it is done.
//   kNotFound            there is no such file
//   kPermissionDenied    it may not be read
//   kFailedPrecondition  a database of another program, or of a newer version
//   kDataLoss            damaged
//   kUnavailable         put to use while it was read: ask again
//   a visitor's error    as it is
absl::StatusOr<JournalExtent> ReadSqliteJournal(const std::string& path, const JournalVisitors& visitors);

}  // namespace routerd::journal
