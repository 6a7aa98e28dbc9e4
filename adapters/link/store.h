// What an adapter keeps on disk: its own tables, and how far it has come in routerd's events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace adapters::link {

class Store;

// A prepared statement of a Store, made once and run many times. Values are bound in the order of their placeholders:
//   find.Run(id); while (find.Next()) use(find.Text(0));
//
// Errors: remembered by the store; Next is then false and columns are empty.
class Statement {
 public:
  Statement(Store& store, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds `values` and makes ready for Next. Text is copied.
  template <typename... Values>
  Statement& Run(const Values&... values) {
    Start();
    int index = 0;
    (Bind(++index, values), ...);
    return *this;
  }
  // Runs to the end, for statements that return nothing.
  template <typename... Values>
  void Do(const Values&... values) {
    Run(values...);
    while (Next()) {
    }
  }
  // Goes to the next row; false when there is none, and the statement is free again.
  bool Next();
  // Lets go of the rows that were not read.
  void Reset();

  std::string Text(int column) const;
  int64_t Integer(int column) const;

 private:
  void Start();
  void Bind(int index, std::string_view text);
  void Bind(int index, const std::string& text) { Bind(index, std::string_view(text)); }
  void Bind(int index, const char* text) { Bind(index, std::string_view(text)); }
  void Bind(int index, int64_t value);
  void Bind(int index, int value) { Bind(index, static_cast<int64_t>(value)); }

  Store& store_;
  sqlite3_stmt* statement_ = nullptr;
};

// A Store is one SQLite file of one adapter. All changes between two Commits become durable together, the cursor
// among them: the effects of routerd's events and the sequence of the last one can never part.
//
// Threads: one.
// Errors:  the first one stays: all that follows does nothing and Commit returns it. What was not committed is as if
//          it had never been, so the owner stops and starts anew.
class Store {
 public:
  // Opens or creates `path` (":memory:" for tests) and brings it to `schema`, the adapter's own tables as SQL.
  // `version` is the schema's; a file of a lower one is brought up by `schema`, which must therefore keep what exists.
  //   kUnavailable         another process holds the file
  //   kFailedPrecondition  the file was written by a newer version
  //   kDataLoss            no database, or a damaged one
  //   kPermissionDenied    it cannot be opened or written
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path, int version, std::string_view schema);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Sequence of the last event of routerd whose effects are here; 0 for none.
  int64_t cursor() const { return cursor_; }
  void SetCursor(int64_t sequence);

  // Makes all changes since the last one durable. Costs nothing when there are none.
  absl::Status Commit();
  const absl::Status& status() const { return status_; }

 private:
  friend class Statement;
  explicit Store(sqlite3* database) : database_(database) {}
  // Begins the transaction that Commit ends, unless one is open.
  void Begin();
  void Fail(std::string_view what);

  sqlite3* database_;
  absl::Status status_;
  bool in_transaction_ = false;
  int64_t cursor_ = 0;
  std::unique_ptr<Statement> set_cursor_;
};

}  // namespace adapters::link
