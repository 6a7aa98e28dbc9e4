// The embedded journal: group commits and snapshot slices take turns on one thread and one SQLite file.
#include "routerd/journal/sqlite_journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/journal/errors.h"
#include "routerd/journal/owner_lock.h"
#include "routerd/journal/sqlite.h"
#include "routerd/journal/sqlite_format.h"

namespace routerd::journal {
namespace {

using base::Error;

constexpr int64_t kSliceRows = 256;  // How much of a chore is done between two commits.

size_t BytesOf(const Batch& batch) {
  size_t bytes = 0;
  for (const Entry& entry : batch.entries) bytes += entry.bytes.size();
  for (const EndedContact& ended : batch.ended) bytes += ended.record.size();
  return bytes;
}

// Requires: the file is locked by us.
absl::Status CheckFiles(const std::string& path, int64_t acknowledged) {
  struct stat info;
  const bool is_missing = stat(path.c_str(), &info) != 0;
  if (!is_missing && !S_ISREG(info.st_mode)) {
    return Error(absl::StatusCode::kFailedPrecondition, "JOURNAL_FOREIGN",
                 absl::StrCat("journal ", path, " is not a file"));
  }
  if (!is_missing && info.st_size > 0) return absl::OkStatus();
  const std::string what = is_missing ? "the file is missing" : "the file is empty";
  if (acknowledged > 0) {
    return DamagedError(path, absl::StrCat(what, ", but ", path, ".lock says that entries up to ", acknowledged,
                                           " were acknowledged (to start afresh, remove that one too)"));
  }
  if (stat((path + "-wal").c_str(), &info) == 0 && info.st_size > 0) {
    return DamagedError(path, absl::StrCat(what, ", but ", path, "-wal holds data of it"));
  }
  return absl::OkStatus();
}

// SqliteJournal is a Journal over one SQLite file in WAL mode with synchronous=FULL.
//
// Durability: a group commit is one transaction of every batch that waits (up to commit_bytes_max), synced once. What
//             it acknowledges is noted in the lock file just before, so a later opening can tell that it is all there.
// Snapshots:  written in slices, each a small transaction, in turn with the commits; the last slice also swaps the
//             `snapshot` row, so a crash leaves the old snapshot or the new one. Then chores follow in slices: they
//             remove what no snapshot refers to, entries and ended contacts past their time, and give pages back to
//             the system when more than half of the file is free. The same chores run after opening.
// Threads:    the opening thread until the replay is done; then one writer thread owns writer_, its statements, the
//             lock file and chores_. What callers share with it is under mutex_. Readers have reader_, under its own
//             mutex, and SQLite's snapshot isolation; other programs may read the file too.
// Failure:    any error of a commit, and any error of a chore but a full disk, fails the journal. Damage is only
//             reported: the -wal file is not even folded into the main file unless every commit went well.
class SqliteJournal : public Journal {
 public:
  SqliteJournal(SqliteOptions options, OwnerLock lock) : options_(std::move(options)), lock_(std::move(lock)) {}
  ~SqliteJournal() override { Close(); }

  absl::Status Open();

  absl::StatusOr<Replayed> Replay(const RecordVisitor& record, const EntryVisitor& entry) override;
  void Append(Batch batch, Done done) override;
  void WriteSnapshot(Snapshot snapshot, Done done) override;
  absl::StatusOr<std::vector<Entry>> Read(int64_t after, int limit) override;
  absl::StatusOr<std::optional<std::string>> FindEnded(std::string_view contact) override;
  absl::StatusOr<std::vector<std::string>> ListEnded(const EndedFilter& filter) override;
  Pending pending() const override;
  Stats stats() const override;
  void Close() override;

 private:
  enum class State { kOpen, kReady, kClosed };

  struct Job {
    std::variant<Batch, Snapshot> work;
    Done done;
    absl::Status refusal;  // Not OK: what it comes to, whatever the file says.
    size_t bytes = 0;
  };

  // The snapshot being written: it takes the ids from first_id on.
  struct SnapshotWriter {
    Snapshot snapshot;
    Done done;
    size_t written_count = 0;
    int64_t first_id = 0;  // 0: not started.
  };

  // One slice of work; true when there is no more of it.
  using Chore = absl::StatusOr<bool> (SqliteJournal::*)();

  absl::Status PrepareStatements();
  absl::Status ReplaySnapshot(const RecordVisitor& record, Replayed& replayed);
  absl::Status ReplayEntries(const EntryVisitor& entry, Replayed& replayed);

  absl::StatusOr<std::vector<Entry>> ReadKept(int64_t after, int limit);

  // The writer thread.
  void Run();
  std::vector<Job> TakeJobs();
  void Settle(std::vector<Job> jobs);
  absl::Status Commit(const std::vector<Job>& jobs);
  absl::Status Insert(const Batch& batch, int64_t now_ns);
  absl::Status InsertEnded(const EndedContact& ended);
  void DoChore();
  void FinishSnapshot(absl::Status status);
  void Fail(absl::Status status);
  void StartSnapshot(Job job);
  absl::Status InTransaction(const std::function<absl::Status()>& work);

  absl::StatusOr<bool> WriteSnapshotSlice();
  absl::StatusOr<bool> DropOldRecords();
  absl::StatusOr<bool> TrimEntries();
  absl::StatusOr<bool> TrimEnded();
  absl::StatusOr<bool> GiveBackPages();
  void QueueTidying();

  int64_t NowNs() const { return absl::ToUnixNanos(options_.now()); }

  const SqliteOptions options_;
  std::optional<OwnerLock> lock_;  // Until closed.

  // The writer thread's, once it runs.
  Database writer_;
  Statement insert_event_;
  Statement insert_record_;
  Statement insert_ended_;
  std::deque<Chore> chores_;
  std::optional<SnapshotWriter> snapshot_writer_;
  int64_t durable_sequence_ = 0;
  int64_t snapshot_sequence_ = 0;
  absl::Status failure_;

  std::mutex reader_mutex_;
  Database reader_;
  Statement select_kept_;
  Statement select_events_;
  Statement select_ended_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  State state_ = State::kOpen;
  bool closing_ = false;
  bool snapshot_under_way_ = false;
  int64_t last_appended_ = 0;
  std::deque<Job> jobs_;
  Pending pending_;
  Stats stats_;
  std::thread thread_;
};

absl::Status SqliteJournal::Open() {
  if (absl::Status status = CheckFiles(options_.path, lock_->acknowledged()); !status.ok()) return status;
  // It holds what customers said: others on the machine have no business in it. SQLite gives its side files the same
  // mode, and says why if the file could not be made.
  if (const int file = open(options_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640); file >= 0) close(file);
  absl::StatusOr<Database> writer =
      Database::Open(options_.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options_.busy_max);
  if (!writer.ok()) return writer.status();
  writer_ = *std::move(writer);
  // Closing leaves the -wal file alone until Close has seen that all went well.
  sqlite3_db_config(writer_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const absl::StatusOr<bool> is_new = CheckFormat(writer_, options_.path);
  if (!is_new.ok()) return is_new.status();
  if (*is_new) {
    // The first must come before anything is in the file; the rest of a half made file is made again.
    if (absl::Status status = writer_.Execute("PRAGMA auto_vacuum = INCREMENTAL"); !status.ok()) return status;
  }
  absl::Status status = writer_.Execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST;"
      "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384");
  if (!status.ok()) return status;
  if (*is_new) {
    status = writer_.Execute(absl::StrCat("BEGIN IMMEDIATE; PRAGMA application_id = ", kApplicationId,
                                          "; PRAGMA user_version = ", kFormatVersion, ";", kSchema, "COMMIT"));
    if (!status.ok()) return status;
  }
  if (status = PrepareStatements(); !status.ok()) return status;

  const absl::StatusOr<int64_t> newest_event = writer_.QueryInteger("SELECT max(sequence) FROM event");
  if (!newest_event.ok()) return newest_event.status();
  const absl::StatusOr<int64_t> snapshot = writer_.QueryInteger("SELECT max(sequence) FROM snapshot");
  if (!snapshot.ok()) return snapshot.status();
  snapshot_sequence_ = *snapshot;
  durable_sequence_ = std::max(*newest_event, snapshot_sequence_);
  if (durable_sequence_ < lock_->acknowledged()) {
    return DamagedError(
        options_.path,
        absl::StrCat(
            "it ends at entry ", durable_sequence_, ", but entries up to ", lock_->acknowledged(),
            " were acknowledged: its -wal file was removed or cut, or an older copy was put in its place (to go "
            "on without the lost entries, remove ",
            options_.path, ".lock)"));
  }
  return absl::OkStatus();
}

absl::Status SqliteJournal::PrepareStatements() {
  absl::StatusOr<Database> reader = Database::Open(options_.path, SQLITE_OPEN_READONLY, options_.busy_max);
  if (!reader.ok()) return reader.status();
  reader_ = *std::move(reader);
  const auto prepare = [](Database& database, Statement& statement, const char* sql) {
    absl::StatusOr<Statement> prepared = database.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    statement = *std::move(prepared);
    return absl::OkStatus();
  };
  absl::Status status;
  status.Update(prepare(writer_, insert_event_,
                        "INSERT INTO event (sequence, append_time_ns, checksum, bytes) VALUES (?, ?, ?, ?)"));
  status.Update(prepare(writer_, insert_record_, "INSERT INTO snapshot_record (id, checksum, bytes) VALUES (?, ?, ?)"));
  status.Update(prepare(writer_, insert_ended_,
                        "INSERT OR REPLACE INTO ended_contact (contact, conversation, customer, customer_name, queue, "
                        "channel, adapter, source_id, vip, end_reason, agent, disposition, create_time_ns, "
                        "accept_time_ns, end_time_ns, wait_ms, talk_ms, wrap_ms, offer_count, transfer_count, "
                        "checksum, record) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  status.Update(prepare(reader_, select_kept_,
                        "SELECT (SELECT min(sequence) FROM event), (SELECT max(sequence) FROM event), "
                        "(SELECT max(sequence) FROM snapshot)"));
  status.Update(prepare(reader_, select_events_,
                        "SELECT sequence, checksum, bytes FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?"));
  status.Update(prepare(reader_, select_ended_, "SELECT checksum, record FROM ended_contact WHERE contact = ?"));
  return status;
}

absl::StatusOr<Replayed> SqliteJournal::Replay(const RecordVisitor& record, const EntryVisitor& entry) {
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::kReady) return ReplayedTwiceError();
    if (state_ == State::kClosed) return ClosedError();
  }
  Replayed replayed;
  if (absl::Status status = ReplaySnapshot(record, replayed); !status.ok()) return status;
  if (absl::Status status = ReplayEntries(entry, replayed); !status.ok()) return status;
  std::lock_guard lock(mutex_);
  state_ = State::kReady;
  last_appended_ = durable_sequence_;
  stats_.durable_sequence = durable_sequence_;
  stats_.snapshot_sequence = snapshot_sequence_;
  QueueTidying();  // What a crash, or a shorter retention, left over.
  thread_ = std::thread([this] { Run(); });
  return replayed;
}

absl::Status SqliteJournal::ReplaySnapshot(const RecordVisitor& record, Replayed& replayed) {
  absl::StatusOr<Statement> snapshot =
      writer_.Prepare("SELECT sequence, first_id, record_count FROM snapshot ORDER BY sequence DESC");
  if (!snapshot.ok()) return snapshot.status();
  const absl::StatusOr<bool> exists = snapshot->Step();
  if (!exists.ok()) return exists.status();
  if (!*exists) return absl::OkStatus();
  replayed.snapshot_sequence = snapshot->Integer(0);
  const int64_t first_id = snapshot->Integer(1);
  const int64_t record_count = snapshot->Integer(2);

  absl::StatusOr<Statement> records =
      writer_.Prepare("SELECT id, checksum, bytes FROM snapshot_record WHERE id >= ? AND id < ? ORDER BY id");
  if (!records.ok()) return records.status();
  records->Bind(1, first_id).Bind(2, first_id + record_count);
  for (int64_t i = 0; i < record_count; ++i) {
    const absl::StatusOr<bool> row = records->Step();
    if (!row.ok()) return row.status();
    if (!*row || records->Integer(0) != first_id + i ||
        records->Integer(1) != Checksum(first_id + i, records->Blob(2))) {
      return DamagedError(options_.path,
                          absl::StrCat("record ", i, " of ", record_count, " of the snapshot as of entry ",
                                       replayed.snapshot_sequence, " is missing or fails its checksum"));
    }
    if (absl::Status status = record(records->Blob(2)); !status.ok()) return status;
    ++replayed.record_count;
  }
  return absl::OkStatus();
}

absl::Status SqliteJournal::ReplayEntries(const EntryVisitor& entry, Replayed& replayed) {
  absl::StatusOr<Statement> events =
      writer_.Prepare("SELECT sequence, checksum, bytes FROM event WHERE sequence > ? ORDER BY sequence");
  if (!events.ok()) return events.status();
  events->Bind(1, replayed.snapshot_sequence);
  replayed.last_sequence = replayed.snapshot_sequence;
  while (true) {
    const absl::StatusOr<bool> row = events->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const int64_t sequence = replayed.last_sequence + 1;
    if (events->Integer(0) != sequence) {
      return DamagedError(options_.path,
                          absl::StrCat("entry ", sequence, " is missing before entry ", events->Integer(0)));
    }
    if (events->Integer(1) != Checksum(sequence, events->Blob(2))) {
      return DamagedError(options_.path, absl::StrCat("entry ", sequence, " fails its checksum"));
    }
    if (absl::Status status = entry(sequence, events->Blob(2)); !status.ok()) return status;
    replayed.last_sequence = sequence;
  }
  if (replayed.last_sequence == durable_sequence_) return absl::OkStatus();
  return DamagedError(options_.path,
                      absl::StrCat("it ends at entry ", replayed.last_sequence, " instead of ", durable_sequence_));
}

void SqliteJournal::Append(Batch batch, Done done) {
  std::unique_lock lock(mutex_);
  if (state_ != State::kReady) {
    absl::Status status = state_ == State::kOpen ? NotReplayedError() : ClosedError();
    lock.unlock();
    return done(std::move(status));
  }
  Job job{.work = Batch(), .done = std::move(done), .refusal = absl::OkStatus(), .bytes = BytesOf(batch)};
  for (const Entry& entry : batch.entries) {
    if (entry.sequence != last_appended_ + 1) {
      job.refusal = GapError(entry.sequence, last_appended_);
      break;
    }
    last_appended_ = entry.sequence;
  }
  job.work = std::move(batch);
  ++pending_.batch_count;
  pending_.bytes += job.bytes;
  jobs_.push_back(std::move(job));
  wake_.notify_one();
}

void SqliteJournal::WriteSnapshot(Snapshot snapshot, Done done) {
  std::unique_lock lock(mutex_);
  if (state_ != State::kReady) {
    absl::Status status = state_ == State::kOpen ? NotReplayedError() : ClosedError();
    lock.unlock();
    return done(std::move(status));
  }
  absl::Status refusal;
  if (snapshot.sequence > last_appended_) refusal = SnapshotAheadError(snapshot.sequence, last_appended_);
  if (snapshot_under_way_) refusal = SnapshotUnderWayError();
  snapshot_under_way_ |= refusal.ok();
  jobs_.push_back({.work = std::move(snapshot), .done = std::move(done), .refusal = std::move(refusal), .bytes = 0});
  wake_.notify_one();
}

void SqliteJournal::Run() {
  while (true) {
    std::vector<Job> jobs = TakeJobs();
    if (!jobs.empty()) {
      Settle(std::move(jobs));
      if (!chores_.empty()) DoChore();
      continue;
    }
    // Nothing waits. On closing, only a snapshot is worth finishing.
    std::unique_lock lock(mutex_);
    if (!jobs_.empty()) continue;
    if (closing_) std::erase_if(chores_, [](Chore chore) { return chore != &SqliteJournal::WriteSnapshotSlice; });
    if (chores_.empty()) return;
    lock.unlock();
    DoChore();
  }
}

// Waits for something to do. None: a chore is due, or it is time to end. A refused job comes alone.
std::vector<SqliteJournal::Job> SqliteJournal::TakeJobs() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !jobs_.empty() || !chores_.empty() || closing_; });
  std::vector<Job> jobs;
  size_t bytes = 0;
  while (!jobs_.empty()) {
    Job& next = jobs_.front();
    const bool fits = next.refusal.ok() && bytes + next.bytes <= options_.commit_bytes_max;
    if (!jobs.empty() && !fits) break;
    bytes += next.bytes;
    jobs.push_back(std::move(next));
    jobs_.pop_front();
    if (!fits) break;
  }
  return jobs;
}

void SqliteJournal::Settle(std::vector<Job> jobs) {
  size_t batch_count = 0;
  size_t bytes = 0;
  for (const Job& job : jobs) {
    batch_count += std::holds_alternative<Batch>(job.work);
    bytes += job.bytes;
  }
  if (failure_.ok() && batch_count > 0) {
    const absl::Status& refusal = jobs.front().refusal;
    absl::Status status = refusal.ok() ? Commit(jobs) : refusal;
    if (!status.ok()) Fail(std::move(status));
  }
  {
    std::lock_guard lock(mutex_);
    pending_.batch_count -= batch_count;
    pending_.bytes -= bytes;
  }
  for (Job& job : jobs) {
    if (std::holds_alternative<Batch>(job.work)) {
      job.done(failure_);
    } else {
      StartSnapshot(std::move(job));
    }
  }
}

absl::Status SqliteJournal::Commit(const std::vector<Job>& jobs) {
  const auto start = std::chrono::steady_clock::now();
  const int64_t now_ns = NowNs();
  int64_t batch_count = 0;
  int64_t entry_count = 0;
  size_t row_count = 0;
  for (const Job& job : jobs) {
    const Batch* batch = std::get_if<Batch>(&job.work);
    if (batch == nullptr) continue;
    ++batch_count;
    entry_count += batch->entries.size();
    row_count += batch->entries.size() + batch->ended.size();
  }
  if (row_count > 0) {
    absl::Status status = InTransaction([&] {
      for (const Job& job : jobs) {
        const Batch* batch = std::get_if<Batch>(&job.work);
        if (batch == nullptr) continue;
        if (absl::Status status = Insert(*batch, now_ns); !status.ok()) return status;
      }
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    durable_sequence_ += entry_count;
    lock_->Note(durable_sequence_);
  }
  const int64_t took_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
  std::lock_guard lock(mutex_);
  stats_.batch_count += batch_count;
  stats_.entry_count += entry_count;
  stats_.durable_sequence = durable_sequence_;
  if (row_count == 0) return absl::OkStatus();
  ++stats_.commit_count;
  stats_.commit_ns_total += took_ns;
  stats_.commit_ns_max = std::max(stats_.commit_ns_max, took_ns);
  return absl::OkStatus();
}

absl::Status SqliteJournal::InTransaction(const std::function<absl::Status()>& work) {
  absl::Status status = writer_.Execute("BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  status = work();
  if (status.ok()) status = writer_.Execute("COMMIT");
  if (!status.ok()) writer_.Execute("ROLLBACK").IgnoreError();  // SQLite may have done it already.
  return status;
}

absl::Status SqliteJournal::Insert(const Batch& batch, int64_t now_ns) {
  for (const Entry& entry : batch.entries) {
    insert_event_.Bind(1, entry.sequence).Bind(2, now_ns).Bind(3, Checksum(entry.sequence, entry.bytes));
    if (absl::Status status = insert_event_.BindBlob(4, entry.bytes).Run(); !status.ok()) return status;
  }
  for (const EndedContact& ended : batch.ended) {
    if (absl::Status status = InsertEnded(ended); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SqliteJournal::InsertEnded(const EndedContact& ended) {
  int index = 0;
  for (const std::string* text :
       {&ended.contact, &ended.conversation, &ended.customer, &ended.customer_name, &ended.queue, &ended.channel,
        &ended.adapter, &ended.source_id, &ended.vip, &ended.end_reason, &ended.agent, &ended.disposition}) {
    insert_ended_.BindText(++index, *text);
  }
  for (const int64_t number :
       {ended.create_time_ns, ended.accept_time_ns, ended.end_time_ns, ended.wait_ms, ended.talk_ms, ended.wrap_ms,
        int64_t{ended.offer_count}, int64_t{ended.transfer_count}, RecordChecksum(ended.record)}) {
    insert_ended_.Bind(++index, number);
  }
  return insert_ended_.BindBlob(++index, ended.record).Run();
}

void SqliteJournal::Fail(absl::Status status) {
  failure_ = std::move(status);
  chores_.clear();
  if (snapshot_writer_) FinishSnapshot(failure_);
}

void SqliteJournal::StartSnapshot(Job job) {
  Snapshot& snapshot = std::get<Snapshot>(job.work);
  if (!job.refusal.ok()) return job.done(job.refusal);  // One under way stays so.
  snapshot_writer_ = SnapshotWriter{.snapshot = std::move(snapshot), .done = std::move(job.done)};
  if (!failure_.ok()) return FinishSnapshot(failure_);
  const int64_t sequence = snapshot_writer_->snapshot.sequence;
  if (sequence < snapshot_sequence_) return FinishSnapshot(SnapshotBehindError(sequence, snapshot_sequence_));
  chores_.push_back(&SqliteJournal::WriteSnapshotSlice);
}

void SqliteJournal::FinishSnapshot(absl::Status status) {
  const Done done = std::move(snapshot_writer_->done);
  if (status.ok()) snapshot_sequence_ = snapshot_writer_->snapshot.sequence;
  snapshot_writer_.reset();
  {
    std::lock_guard lock(mutex_);
    snapshot_under_way_ = false;
    stats_.snapshot_count += status.ok();
    stats_.snapshot_sequence = snapshot_sequence_;
  }
  done(std::move(status));
}

void SqliteJournal::DoChore() {
  const Chore chore = chores_.front();
  bool finished = false;
  const absl::Status status = InTransaction([&] {
    const absl::StatusOr<bool> result = (this->*chore)();
    finished = result.ok() && *result;
    return result.status();
  });
  const bool is_snapshot = chore == &SqliteJournal::WriteSnapshotSlice;
  if (absl::IsResourceExhausted(status)) {  // Appends may still fit, and what the snapshot took is theirs again.
    chores_.clear();
    if (is_snapshot) chores_.push_back(&SqliteJournal::DropOldRecords);
    if (snapshot_writer_) FinishSnapshot(status);
    return;
  }
  if (!status.ok()) return Fail(status);
  if (!finished) return;
  chores_.pop_front();
  if (!is_snapshot) return;
  QueueTidying();
  FinishSnapshot(absl::OkStatus());
}

void SqliteJournal::QueueTidying() {
  for (const Chore chore : {&SqliteJournal::DropOldRecords, &SqliteJournal::TrimEntries, &SqliteJournal::TrimEnded,
                            &SqliteJournal::GiveBackPages}) {
    chores_.push_back(chore);
  }
}

absl::StatusOr<bool> SqliteJournal::WriteSnapshotSlice() {
  SnapshotWriter& writer = *snapshot_writer_;
  std::vector<std::string>& records = writer.snapshot.records;
  if (writer.first_id == 0) {
    const absl::StatusOr<int64_t> newest = writer_.QueryInteger("SELECT max(id) FROM snapshot_record");
    if (!newest.ok()) return newest.status();
    writer.first_id = *newest + 1;
  }
  for (size_t bytes = 0; writer.written_count < records.size() && bytes < options_.slice_bytes_max;) {
    const int64_t id = writer.first_id + static_cast<int64_t>(writer.written_count);
    std::string& record = records[writer.written_count];
    absl::Status status = insert_record_.Bind(1, id).Bind(2, Checksum(id, record)).BindBlob(3, record).Run();
    if (!status.ok()) return status;
    bytes += record.size() + 16;
    std::string().swap(record);  // A snapshot is large: give its memory back as it goes.
    ++writer.written_count;
  }
  if (writer.written_count < records.size()) return false;
  absl::Status status = writer_.Execute(absl::StrCat(
      "DELETE FROM snapshot; INSERT INTO snapshot (sequence, first_id, record_count, write_time_ns) VALUES (",
      writer.snapshot.sequence, ",", writer.first_id, ",", records.size(), ",", NowNs(), ")"));
  if (!status.ok()) return status;
  return true;
}

absl::StatusOr<bool> SqliteJournal::DropOldRecords() {
  absl::Status status = writer_.Execute(absl::StrCat(
      "DELETE FROM snapshot_record WHERE id IN ("
      "SELECT id FROM snapshot_record WHERE id < (SELECT first_id FROM snapshot) UNION ALL "
      "SELECT id FROM snapshot_record WHERE id >= coalesce((SELECT first_id + record_count FROM snapshot), 0) LIMIT ",
      kSliceRows, ")"));
  if (!status.ok()) return status;
  return sqlite3_changes64(writer_.get()) < kSliceRows;
}

absl::StatusOr<bool> SqliteJournal::TrimEntries() {
  const absl::StatusOr<int64_t> oldest = writer_.QueryInteger("SELECT min(sequence) FROM event");
  if (!oldest.ok()) return oldest.status();
  if (*oldest == 0) return true;
  int64_t last = std::min(snapshot_sequence_, *oldest + kSliceRows - 1);
  const absl::StatusOr<int64_t> kept = writer_.QueryInteger(
      absl::StrCat("SELECT min(sequence) FROM event WHERE sequence BETWEEN ",
                   std::max(*oldest, durable_sequence_ - options_.retain_entries_max + 1), " AND ", last,
                   " AND append_time_ns > ", absl::ToUnixNanos(options_.now() - options_.retain_entries)));
  if (!kept.ok()) return kept.status();
  if (*kept != 0) last = *kept - 1;
  absl::Status status = writer_.Execute(absl::StrCat("DELETE FROM event WHERE sequence <= ", last));
  if (!status.ok()) return status;
  return *kept != 0 || last == snapshot_sequence_;
}

absl::StatusOr<bool> SqliteJournal::TrimEnded() {
  absl::Status status = writer_.Execute(absl::StrCat(
      "DELETE FROM ended_contact WHERE contact IN (SELECT contact FROM ended_contact WHERE end_time_ns < ",
      absl::ToUnixNanos(options_.now() - options_.retain_ended), " ORDER BY end_time_ns LIMIT ", kSliceRows, ")"));
  if (!status.ok()) return status;
  return sqlite3_changes64(writer_.get()) < kSliceRows;
}

absl::StatusOr<bool> SqliteJournal::GiveBackPages() {
  const absl::StatusOr<int64_t> page_count = writer_.QueryInteger("PRAGMA page_count");
  if (!page_count.ok()) return page_count.status();
  const absl::StatusOr<int64_t> free_count = writer_.QueryInteger("PRAGMA freelist_count");
  if (!free_count.ok()) return free_count.status();
  if (*free_count <= *page_count / 2) return true;  // The next entries and snapshot will use them.
  absl::Status status = writer_.Execute(absl::StrCat("PRAGMA incremental_vacuum(", kSliceRows, ")"));
  if (!status.ok()) return status;
  return false;
}

absl::StatusOr<std::vector<Entry>> SqliteJournal::Read(int64_t after, int limit) {
  std::lock_guard lock(reader_mutex_);
  if (!reader_.is_open()) return ClosedError();
  // One transaction, so that nothing is trimmed between the question what is kept and the answer.
  if (absl::Status status = reader_.Execute("BEGIN"); !status.ok()) return status;
  absl::StatusOr<std::vector<Entry>> entries = ReadKept(std::max<int64_t>(after, 0), std::max(limit, 0));
  select_kept_.Reset();
  select_events_.Reset();
  reader_.Execute("ROLLBACK").IgnoreError();
  return entries;
}

absl::StatusOr<std::vector<Entry>> SqliteJournal::ReadKept(int64_t after, int limit) {
  absl::StatusOr<bool> row = select_kept_.Step();
  if (!row.ok()) return row.status();
  const int64_t snapshot = select_kept_.Integer(2);
  const int64_t oldest = select_kept_.IsNull(0) ? snapshot + 1 : select_kept_.Integer(0);
  const int64_t newest = std::max(select_kept_.Integer(1), snapshot);
  std::vector<Entry> entries;
  if (after >= newest) return entries;
  if (after + 1 < oldest) return TrimmedError(after, oldest);
  select_events_.Bind(1, after).Bind(2, limit);
  for (row = select_events_.Step(); row.ok() && *row; row = select_events_.Step()) {
    const int64_t sequence = after + 1 + static_cast<int64_t>(entries.size());
    const std::string_view bytes = select_events_.Blob(2);
    if (select_events_.Integer(0) != sequence || select_events_.Integer(1) != Checksum(sequence, bytes)) {
      return DamagedError(options_.path, absl::StrCat("entry ", sequence, " is missing or fails its checksum"));
    }
    entries.push_back({sequence, std::string(bytes)});
  }
  if (!row.ok()) return row.status();
  return entries;
}

absl::StatusOr<std::optional<std::string>> SqliteJournal::FindEnded(std::string_view contact) {
  std::lock_guard lock(reader_mutex_);
  if (!reader_.is_open()) return ClosedError();
  absl::StatusOr<std::optional<std::string>> found = std::optional<std::string>();
  const absl::StatusOr<bool> row = select_ended_.BindText(1, contact).Step();
  if (!row.ok()) {
    found = row.status();
  } else if (*row) {
    const std::string_view record = select_ended_.Blob(1);
    if (select_ended_.Integer(0) == RecordChecksum(record)) {
      found = std::optional<std::string>(record);
    } else {
      found = DamagedError(options_.path,
                           absl::StrCat("the record of ended ", std::string(contact), " fails its checksum"));
    }
  }
  select_ended_.Reset();
  return found;
}

absl::StatusOr<std::vector<std::string>> SqliteJournal::ListEnded(const EndedFilter& filter) {
  std::lock_guard lock(reader_mutex_);
  if (!reader_.is_open()) return ClosedError();
  std::string sql = "SELECT contact, checksum, record FROM ended_contact WHERE (end_time_ns, contact) < (?1, ?2)";
  if (!filter.customer.empty()) sql += " AND customer = ?3";
  if (!filter.queue.empty()) sql += " AND queue = ?4";
  if (!filter.agent.empty()) sql += " AND agent = ?5";
  sql += " ORDER BY end_time_ns DESC, contact DESC LIMIT ?6";
  absl::StatusOr<Statement> statement = reader_.Prepare(sql);
  if (!statement.ok()) return statement.status();
  statement->Bind(1, filter.before_time_ns).BindText(2, filter.before_contact).BindText(3, filter.customer);
  statement->BindText(4, filter.queue).BindText(5, filter.agent).Bind(6, std::max(filter.limit, 0));
  std::vector<std::string> records;
  absl::StatusOr<bool> row = statement->Step();
  for (; row.ok() && *row; row = statement->Step()) {
    const std::string_view record = statement->Blob(2);
    if (statement->Integer(1) != RecordChecksum(record)) {
      return DamagedError(options_.path,
                          absl::StrCat("the record of ended ", std::string(statement->Blob(0)), " fails its checksum"));
    }
    records.emplace_back(record);
  }
  if (!row.ok()) return row.status();
  return records;
}

Pending SqliteJournal::pending() const {
  std::lock_guard lock(mutex_);
  return pending_;
}

Stats SqliteJournal::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void SqliteJournal::Close() {
  bool was_ready = false;
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::kClosed) return;
    was_ready = state_ == State::kReady;
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  {
    std::lock_guard lock(mutex_);
    state_ = State::kClosed;
  }
  {
    std::lock_guard lock(reader_mutex_);
    for (Statement* statement : {&select_kept_, &select_events_, &select_ended_}) *statement = Statement();
    reader_.Close();
  }
  for (Statement* statement : {&insert_event_, &insert_record_, &insert_ended_}) *statement = Statement();
  // All went well: the last connection to close folds the -wal file into the main file and removes it.
  if (was_ready && failure_.ok()) sqlite3_db_config(writer_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  writer_.Close();
  lock_.reset();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> OpenSqliteJournal(SqliteOptions options) {
  const std::filesystem::path folder = std::filesystem::path(options.path).parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return Error(absl::StatusCode::kNotFound, "JOURNAL_NO_FOLDER",
                 absl::StrCat("journal ", options.path, ": its folder ", folder.string(),
                              " does not exist; create it, writable for this program"));
  }
  absl::StatusOr<OwnerLock> lock = OwnerLock::Acquire(options.path);
  if (!lock.ok()) return lock.status();
  auto journal = std::make_unique<SqliteJournal>(std::move(options), *std::move(lock));
  if (absl::Status status = journal->Open(); !status.ok()) return status;
  return journal;
}

}  // namespace routerd::journal
