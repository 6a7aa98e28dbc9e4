#include "adapters/link/store.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace adapters::link {
namespace {

using ::routerd::base::Error;

constexpr int kApplicationId = 0x72746161;  // "rtaa": an adapter's store.
constexpr char kOwnTables[] =
    "CREATE TABLE IF NOT EXISTS link (one INTEGER PRIMARY KEY CHECK (one = 1), cursor INTEGER NOT NULL) STRICT;"
    "INSERT OR IGNORE INTO link VALUES (1, 0);";

absl::Status OpenError(sqlite3* database, const std::string& path) {
  const std::string text = absl::StrCat("store ", path, ": ", sqlite3_errmsg(database));
  switch (sqlite3_errcode(database) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(absl::StatusCode::kUnavailable, "STORE_IN_USE",
                   absl::StrCat("store ", path, " is held by another process; stop it or choose another --data"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED", text);
    case SQLITE_FULL:
      return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL", text);
    default:
      return Error(absl::StatusCode::kPermissionDenied, "STORE_NOT_OPENED", text);
  }
}

absl::StatusOr<int64_t> Pragma(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int64_t value = 0;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    value = sqlite3_column_int64(statement, 0);
  }
  if (sqlite3_finalize(statement) != SQLITE_OK) return absl::UnknownError(sqlite3_errmsg(database));
  return value;
}

}  // namespace

Statement::Statement(Store& store, std::string_view sql) : store_(store) {
  if (sqlite3_prepare_v3(store.database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement_, nullptr) != SQLITE_OK) {
    store.Fail("prepare");
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::Reset() { sqlite3_reset(statement_); }

void Statement::Start() {
  if (statement_ == nullptr) return;
  Reset();
  sqlite3_clear_bindings(statement_);
  if (sqlite3_stmt_readonly(statement_) == 0) store_.Begin();
}

void Statement::Bind(int index, std::string_view text) {
  sqlite3_bind_text(statement_, index, text.data() == nullptr ? "" : text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
}

void Statement::Bind(int index, int64_t value) { sqlite3_bind_int64(statement_, index, value); }

bool Statement::Next() {
  if (statement_ == nullptr || !store_.status_.ok()) return false;
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      break;
    default:
      store_.Fail("step");
  }
  sqlite3_reset(statement_);
  return false;
}

std::string Statement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  return text == nullptr ? ""
                         : std::string(reinterpret_cast<const char*>(text), sqlite3_column_bytes(statement_, column));
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& path, int version, std::string_view schema) {
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &database,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Store> store(new Store(database));
  if (result != SQLITE_OK) return OpenError(database, path);
  sqlite3_extended_result_codes(database, 1);
  // Exclusive: taken with the first read and held to the end, so that a second process is refused. Full: what was
  // acknowledged to a customer survives a power cut too.
  for (const char* sql :
       {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"}) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return OpenError(database, path);
  }
  const absl::StatusOr<int64_t> found = Pragma(database, "PRAGMA user_version");
  const absl::StatusOr<int64_t> application = Pragma(database, "PRAGMA application_id");
  const absl::StatusOr<int64_t> tables = Pragma(database, "SELECT count(*) FROM sqlite_master");
  if (!found.ok() || !application.ok() || !tables.ok()) return OpenError(database, path);
  if (*tables > 0 && *application != kApplicationId) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_FOREIGN",
                 absl::StrCat("store ", path, " is a database of another program"));
  }
  if (*found > version) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_NEWER",
                 absl::StrCat("store ", path, " has version ", *found, ", this program knows up to ", version,
                              "; run the newer program"));
  }
  const std::string sql =
      absl::StrCat(kOwnTables, absl::string_view(schema.data(), schema.size()),
                   "; PRAGMA application_id=", kApplicationId, "; PRAGMA user_version=", version, "; COMMIT");
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return OpenError(database, path);
  Statement cursor(*store, "SELECT cursor FROM link");
  if (cursor.Run().Next()) store->cursor_ = cursor.Integer(0);
  store->set_cursor_ = std::make_unique<Statement>(*store, "UPDATE link SET cursor = ?");
  if (!store->status_.ok()) return store->status_;
  return store;
}

Store::~Store() {
  set_cursor_.reset();
  sqlite3_close_v2(database_);  // Whatever was not committed is rolled back.
}

void Store::SetCursor(int64_t sequence) {
  if (sequence == cursor_) return;
  cursor_ = sequence;
  set_cursor_->Do(sequence);
}

absl::Status Store::Commit() {
  if (!status_.ok() || !in_transaction_) return status_;
  in_transaction_ = false;
  if (sqlite3_exec(database_, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) Fail("commit");
  return status_;
}

void Store::Begin() {
  if (in_transaction_ || !status_.ok()) return;
  in_transaction_ = true;
  if (sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) Fail("begin");
}

void Store::Fail(std::string_view what) {
  if (!status_.ok()) return;
  const int code = sqlite3_errcode(database_) & 0xff;
  status_ = Error(code == SQLITE_FULL ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kInternal,
                  code == SQLITE_FULL ? "DISK_FULL" : "STORE_FAILED",
                  absl::StrCat("store: ", std::string(what), ": ", sqlite3_errmsg(database_)));
}

}  // namespace adapters::link
