// SQLite's C interface as values: a connection, a statement, and errors that say what to do.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace routerd::journal {

// A prepared statement. Bound text and blobs must outlive the step that uses them.
class Statement {
 public:
  Statement() = default;

  Statement& Bind(int index, int64_t value);
  Statement& BindText(int index, std::string_view value);
  Statement& BindBlob(int index, std::string_view value);

  // True: a row is there; its columns count from 0.
  absl::StatusOr<bool> Step();
  // Steps a statement that returns no rows, and makes it ready for the next time.
  absl::Status Run();
  void Reset() { sqlite3_reset(statement_.get()); }

  bool IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  // Valid until the next step or reset.
  std::string_view Blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string path_;
};

// A connection to the journal's file.
//
// Threads: one at a time. Its statements go before it.
// Errors:  every function's, with the path and the way out:
//            kResourceExhausted (JOURNAL_FULL)    no room on the disk, in the quota or under the file size limit
//            kDataLoss          (JOURNAL_DAMAGED) damaged, truncated or no database
//            kUnavailable       (JOURNAL_BUSY, JOURNAL_IO) someone else writes to it for too long; the disk fails
//            kPermissionDenied  (JOURNAL_PERMISSION)
class Database {
 public:
  Database() = default;
  // `flags` as of sqlite3_open_v2.
  static absl::StatusOr<Database> Open(const std::string& path, int flags, absl::Duration busy_max);
  // For reading alone a file that nobody writes to meanwhile: takes no lock and makes no side file, so it works in a
  // folder that can't be written, too.
  static absl::StatusOr<Database> OpenAtRest(const std::string& path);

  absl::Status Execute(const std::string& sql);
  absl::StatusOr<Statement> Prepare(const std::string& sql);
  // The first column of the first row; 0 if that is NULL or there is no row.
  absl::StatusOr<int64_t> QueryInteger(const std::string& sql);

  sqlite3* get() const { return connection_.get(); }
  bool is_open() const { return connection_ != nullptr; }
  void Close() { connection_.reset(); }

 private:
  struct CloseConnection {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  std::unique_ptr<sqlite3, CloseConnection> connection_;
  std::string path_;
};

// The error for a damaged journal: `detail` says what is wrong. The advice follows it.
absl::Status DamagedError(std::string_view path, std::string_view detail);

}  // namespace routerd::journal
