#include "routerd/journal/sqlite_reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/journal/sqlite.h"
#include "routerd/journal/sqlite_format.h"

namespace routerd::journal {
namespace {

using base::Error;

constexpr absl::Duration kBusyMax = absl::Seconds(10);

absl::Status CheckReadable(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    return Error(absl::StatusCode::kNotFound, "JOURNAL_MISSING", absl::StrCat("there is no journal ", path));
  }
  if (access(path.c_str(), R_OK) != 0) {
    return Error(absl::StatusCode::kPermissionDenied, "JOURNAL_PERMISSION",
                 absl::StrCat("journal ", path, " cannot be read: ", std::strerror(errno)));
  }
  if (info.st_size > 0) return absl::OkStatus();
  return DamagedError(path, "the file is empty");
}

// Nobody has the file open: all is in the main file, and no side file needs to be made to read it.
bool IsAtRest(const std::string& path) {
  struct stat info;
  return stat((path + "-wal").c_str(), &info) != 0 && errno == ENOENT;
}

// One reading of an open file, within a transaction.
class Reading {
 public:
  Reading(Database& database, const std::string& path, const JournalVisitors& visitors)
      : database_(database), path_(path), visitors_(visitors) {}

  absl::StatusOr<JournalExtent> Go() {
    if (absl::Status status = database_.Execute("BEGIN"); !status.ok()) return status;
    const absl::StatusOr<bool> is_new = CheckFormat(database_, path_);
    if (!is_new.ok()) return is_new.status();
    if (*is_new) return JournalExtent();
    absl::Status status = ReadSnapshot();
    if (status.ok()) status = ReadEntries();
    if (!status.ok()) return status;
    return extent_;
  }

 private:
  absl::Status ReadSnapshot() {
    absl::StatusOr<Statement> snapshot =
        database_.Prepare("SELECT sequence, first_id, record_count FROM snapshot ORDER BY sequence DESC");
    if (!snapshot.ok()) return snapshot.status();
    const absl::StatusOr<bool> exists = snapshot->Step();
    if (!exists.ok() || !*exists) return exists.status();
    extent_.snapshot = snapshot->Integer(0);
    const int64_t first_id = snapshot->Integer(1);
    const int64_t end_id = first_id + snapshot->Integer(2);
    int64_t next_id = first_id;
    absl::Status status = Visit(absl::StrCat("SELECT id, checksum, bytes FROM snapshot_record WHERE id >= ", first_id,
                                             " AND id < ", end_id, " ORDER BY id"),
                                [&](const Statement& row) -> absl::Status {
                                  if (row.Integer(0) != next_id || row.Integer(1) != Checksum(next_id, row.Blob(2)))
                                    return SnapshotDamaged();
                                  ++next_id;
                                  return visitors_.record(row.Blob(2));
                                });
    if (!status.ok()) return status;
    return next_id == end_id ? absl::OkStatus() : SnapshotDamaged();
  }

  absl::Status ReadEntries() {
    return Visit("SELECT sequence, checksum, bytes FROM event ORDER BY sequence",
                 [&](const Statement& row) -> absl::Status {
                   const int64_t sequence = extent_.oldest_entry == 0 ? row.Integer(0) : extent_.newest_entry + 1;
                   if (row.Integer(0) != sequence || row.Integer(1) != Checksum(sequence, row.Blob(2))) {
                     return DamagedError(path_, absl::StrCat("entry ", sequence, " is missing or fails its checksum"));
                   }
                   if (extent_.oldest_entry == 0) extent_.oldest_entry = sequence;
                   extent_.newest_entry = sequence;
                   return visitors_.entry(sequence, row.Blob(2));
                 });
  }

  absl::Status Visit(const std::string& sql, const std::function<absl::Status(const Statement&)>& visitor) {
    absl::StatusOr<Statement> statement = database_.Prepare(sql);
    if (!statement.ok()) return statement.status();
    absl::StatusOr<bool> row = statement->Step();
    for (; row.ok() && *row; row = statement->Step()) {
      if (absl::Status status = visitor(*statement); !status.ok()) return status;
    }
    return row.status();
  }

  absl::Status SnapshotDamaged() const {
    return DamagedError(path_, absl::StrCat("a record of the snapshot as of entry ", extent_.snapshot,
                                            " is missing or fails its checksum"));
  }

  Database& database_;
  const std::string& path_;
  const JournalVisitors& visitors_;
  JournalExtent extent_;
};

}  // namespace

absl::StatusOr<JournalExtent> ReadSqliteJournal(const std::string& path, const JournalVisitors& visitors) {
  if (absl::Status status = CheckReadable(path); !status.ok()) return status;
  const bool was_at_rest = IsAtRest(path);
  absl::StatusOr<Database> database =
      was_at_rest ? Database::OpenAtRest(path) : Database::Open(path, SQLITE_OPEN_READONLY, kBusyMax);
  if (!database.ok()) return database.status();
  absl::StatusOr<JournalExtent> extent = Reading(*database, path, visitors).Go();
  if (was_at_rest && !IsAtRest(path)) {
    return Error(absl::StatusCode::kUnavailable, "JOURNAL_BUSY",
                 absl::StrCat("journal ", path, " was put to use while it was read; ask again"));
  }
  return extent;
}

}  // namespace routerd::journal
