// Maps SQLite's result codes, and what the system said beneath them, to errors an operator can act on.
#include "routerd/journal/sqlite.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::journal {
namespace {

using base::Error;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

bool IsFull(int code, int system_errno) {
  if (code == SQLITE_FULL) return true;
  return code == SQLITE_IOERR && (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG);
}

absl::Status PermissionError(std::string_view path, std::string_view detail) {
  return Error(absl::StatusCode::kPermissionDenied, "JOURNAL_PERMISSION",
               absl::StrCat("journal ", ToAbsl(path), ": cannot be opened for writing: ", ToAbsl(detail),
                            "; it and its folder must be writable"));
}

absl::Status LastError(sqlite3* connection, std::string_view path) {
  const int extended = sqlite3_extended_errcode(connection);
  const int code = extended & 0xff;
  // SQLite keeps no errno of a failed commit, so callers clear errno before they call it.
  const int system_errno = errno != 0 ? errno : sqlite3_system_errno(connection);
  const std::string journal = absl::StrCat("journal ", ToAbsl(path), ": ");
  const std::string said = absl::StrCat(sqlite3_errmsg(connection), " (sqlite ", extended, ")");
  if (IsFull(code, system_errno)) {
    return Error(absl::StatusCode::kResourceExhausted, "JOURNAL_FULL",
                 absl::StrCat(journal,
                              "no room left on its disk, in its quota or under the file size limit; "
                              "nothing acknowledged is lost: make room, then start again"));
  }
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || extended == SQLITE_IOERR_SHORT_READ ||
      extended == SQLITE_IOERR_CORRUPTFS || extended == SQLITE_IOERR_DATA) {
    return DamagedError(path, said);
  }
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(absl::StatusCode::kUnavailable, "JOURNAL_BUSY",
                   absl::StrCat(journal,
                                "another program kept it locked for writing; end that program, then start "
                                "again"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return PermissionError(path, code == SQLITE_CANTOPEN ? std::strerror(system_errno) : said);
    case SQLITE_IOERR:
      return Error(absl::StatusCode::kUnavailable, "JOURNAL_IO",
                   absl::StrCat(journal, said, ": ", std::strerror(system_errno),
                                "; check the disk and the system log, then start again"));
    default:
      return Error(absl::StatusCode::kInternal, "JOURNAL_INTERNAL", absl::StrCat(journal, said));
  }
}

}  // namespace

absl::Status DamagedError(std::string_view path, std::string_view detail) {
  return Error(absl::StatusCode::kDataLoss, "JOURNAL_DAMAGED",
               absl::StrCat("journal ", ToAbsl(path), ": ", ToAbsl(detail),
                            "; it was left as it is: restore a backup in its place, or save what can be read from a "
                            "copy with sqlite3's .recover"));
}

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::BindText(int index, std::string_view value) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view value) {
  sqlite3_bind_blob64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  errno = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  absl::Status status = LastError(sqlite3_db_handle(statement_.get()), path_);
  Reset();  // Reports the same error again.
  return status;
}

absl::Status Statement::Run() {
  absl::Status status = Step().status();
  Reset();
  return status;
}

std::string_view Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  if (data == nullptr) return "";  // An empty one; never a null pointer, which zlib takes for "start anew".
  return {static_cast<const char*>(data), static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

absl::StatusOr<Database> Database::Open(const std::string& path, int flags, absl::Duration busy_max) {
  Database database;
  database.path_ = path;
  sqlite3* connection = nullptr;
  errno = 0;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database.connection_.reset(connection);
  if (code != SQLITE_OK) return LastError(connection, path);
  if ((flags & SQLITE_OPEN_READWRITE) != 0 && sqlite3_db_readonly(connection, "main") == 1) {
    return PermissionError(path, "it is read-only");  // SQLite would make do with that.
  }
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, static_cast<int>(absl::ToInt64Milliseconds(busy_max)));
  return database;
}

absl::StatusOr<Database> Database::OpenAtRest(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {  // What a URI would take for its own.
    if (c == '%' || c == '?' || c == '#') {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      uri.push_back(c);
    }
  }
  absl::StatusOr<Database> database =
      Open(absl::StrCat(uri, "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, absl::ZeroDuration());
  if (database.ok()) database->path_ = path;
  return database;
}

absl::Status Database::Execute(const std::string& sql) {
  errno = 0;
  if (sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return absl::OkStatus();
  return LastError(get(), path_);
}

absl::StatusOr<Statement> Database::Prepare(const std::string& sql) {
  Statement statement;
  statement.path_ = path_;
  sqlite3_stmt* prepared = nullptr;
  errno = 0;
  const int code = sqlite3_prepare_v3(get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return LastError(get(), path_);
  statement.statement_.reset(prepared);
  return statement;
}

absl::StatusOr<int64_t> Database::QueryInteger(const std::string& sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Integer(0) : 0;
}

}  // namespace routerd::journal
