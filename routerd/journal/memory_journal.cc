// A journal over a map and a deque, and the power cut.
#include "routerd/journal/memory_journal.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "routerd/journal/errors.h"

namespace routerd::journal {
namespace {

size_t BytesOf(const Batch& batch) {
  size_t bytes = 0;
  for (const Entry& entry : batch.entries) bytes += entry.bytes.size();
  for (const EndedContact& ended : batch.ended) bytes += ended.record.size();
  return bytes;
}

bool Matches(const EndedContact& contact, const EndedFilter& filter) {
  const auto admits = [](const std::string& asked, const std::string& actual) {
    return asked.empty() || asked == actual;
  };
  return admits(filter.queue, contact.queue) && admits(filter.customer, contact.customer) &&
         admits(filter.agent, contact.agent) &&
         std::tie(contact.end_time_ns, contact.contact) < std::tie(filter.before_time_ns, filter.before_contact);
}

}  // namespace

MemoryStore::MemoryStore(int64_t retain_entries_max) : retain_entries_max_(retain_entries_max) {}

void MemoryStore::FailWith(absl::Status status) {
  std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

absl::Status MemoryStore::Store(Batch& batch) {
  if (!failure_.ok()) return failure_;
  for (Entry& entry : batch.entries) {
    last_sequence_ = entry.sequence;
    entries_.push_back(std::move(entry));
  }
  for (EndedContact& ended : batch.ended) {
    std::string contact = ended.contact;
    ended_.insert_or_assign(std::move(contact), std::move(ended));
  }
  return absl::OkStatus();
}

absl::Status MemoryStore::Store(Snapshot& snapshot) {
  if (!failure_.ok()) return failure_;
  if (snapshot_ && snapshot.sequence < snapshot_->sequence) {
    return SnapshotBehindError(snapshot.sequence, snapshot_->sequence);
  }
  snapshot_ = std::move(snapshot);
  while (!entries_.empty() && entries_.front().sequence <= snapshot_->sequence &&
         static_cast<int64_t>(entries_.size()) > retain_entries_max_) {
    entries_.pop_front();
  }
  return absl::OkStatus();
}

MemoryJournal::MemoryJournal(MemoryStore& store, Mode mode) : store_(store), mode_(mode) {
  if (mode_ == Mode::kThreaded) thread_ = std::thread([this] { Run(); });
}

MemoryJournal::~MemoryJournal() { Close(); }

absl::StatusOr<Replayed> MemoryJournal::Replay(const RecordVisitor& record, const EntryVisitor& entry) {
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::kReady) return ReplayedTwiceError();
    if (state_ != State::kOpen) return ClosedError();
  }
  Replayed replayed;
  std::vector<std::string> records;
  std::vector<Entry> entries;
  {  // Copies, so that a visitor may read the journal.
    std::lock_guard lock(store_.mutex_);
    if (store_.snapshot_) {
      replayed.snapshot_sequence = store_.snapshot_->sequence;
      records = store_.snapshot_->records;
    }
    for (const Entry& each : store_.entries_) {
      if (each.sequence > replayed.snapshot_sequence) entries.push_back(each);
    }
    replayed.record_count = records.size();
    replayed.last_sequence = store_.last_sequence_;
  }
  for (const std::string& each : records) {
    if (absl::Status status = record(each); !status.ok()) return status;
  }
  for (const Entry& each : entries) {
    if (absl::Status status = entry(each.sequence, each.bytes); !status.ok()) return status;
  }
  std::lock_guard lock(mutex_);
  state_ = State::kReady;
  last_appended_ = replayed.last_sequence;
  stats_.durable_sequence = replayed.last_sequence;
  stats_.snapshot_sequence = replayed.snapshot_sequence;
  return replayed;
}

void MemoryJournal::Append(Batch batch, Done done) {
  std::unique_lock lock(mutex_);
  if (state_ == State::kCrashed) return;
  if (state_ != State::kReady) {
    const absl::Status status = state_ == State::kOpen ? NotReplayedError() : ClosedError();
    lock.unlock();
    return done(status);
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
  wake_.notify_all();
}

void MemoryJournal::WriteSnapshot(Snapshot snapshot, Done done) {
  std::unique_lock lock(mutex_);
  if (state_ == State::kCrashed) return;
  if (state_ != State::kReady) {
    const absl::Status status = state_ == State::kOpen ? NotReplayedError() : ClosedError();
    lock.unlock();
    return done(status);
  }
  absl::Status refusal;
  if (snapshot.sequence > last_appended_) refusal = SnapshotAheadError(snapshot.sequence, last_appended_);
  if (snapshot_under_way_) refusal = SnapshotUnderWayError();
  snapshot_under_way_ |= refusal.ok();
  jobs_.push_back({.work = std::move(snapshot), .done = std::move(done), .refusal = std::move(refusal), .bytes = 0});
  wake_.notify_all();
}

size_t MemoryJournal::Commit(size_t count_max) {
  std::vector<std::pair<Done, absl::Status>> results;
  {
    std::lock_guard lock(mutex_);
    std::lock_guard store_lock(store_.mutex_);
    const int64_t batches_before = stats_.batch_count;
    while (results.size() < count_max && !jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      absl::Status status = Settle(job);
      results.emplace_back(std::move(job.done), std::move(status));
    }
    stats_.commit_count += stats_.batch_count > batches_before;
  }
  for (auto& [done, status] : results) done(std::move(status));
  return results.size();
}

absl::Status MemoryJournal::Settle(Job& job) {
  if (Batch* batch = std::get_if<Batch>(&job.work)) {
    --pending_.batch_count;
    pending_.bytes -= job.bytes;
    const int64_t entry_count = batch->entries.size();
    if (failure_.ok()) failure_ = job.refusal;
    if (failure_.ok()) failure_ = store_.Store(*batch);
    if (!failure_.ok()) return failure_;
    ++stats_.batch_count;
    stats_.entry_count += entry_count;
    stats_.durable_sequence = store_.last_sequence_;
    return absl::OkStatus();
  }
  if (!job.refusal.ok()) return job.refusal;
  snapshot_under_way_ = false;
  if (!failure_.ok()) return failure_;
  if (absl::Status status = store_.Store(std::get<Snapshot>(job.work)); !status.ok()) return status;
  ++stats_.snapshot_count;
  stats_.snapshot_sequence = store_.snapshot_->sequence;
  return absl::OkStatus();
}

void MemoryJournal::Crash(size_t survivor_count) {
  StopThread();
  std::lock_guard lock(mutex_);
  std::lock_guard store_lock(store_.mutex_);
  survivor_count = std::min(survivor_count, jobs_.size());
  for (size_t i = 0; i < survivor_count; ++i) std::ignore = Settle(jobs_[i]);
  jobs_.clear();
  pending_ = {};
  state_ = State::kCrashed;
}

void MemoryJournal::Close() {
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::kClosed || state_ == State::kCrashed) return;
  }
  StopThread();
  while (Commit() > 0) {
  }
  std::lock_guard lock(mutex_);
  state_ = State::kClosed;
}

absl::Status MemoryJournal::Readable() const {
  std::lock_guard lock(mutex_);
  return state_ == State::kOpen || state_ == State::kReady ? absl::OkStatus() : ClosedError();
}

absl::StatusOr<std::vector<Entry>> MemoryJournal::Read(int64_t after, int limit) {
  if (absl::Status status = Readable(); !status.ok()) return status;
  std::lock_guard lock(store_.mutex_);
  const int64_t oldest = store_.last_sequence_ + 1 - static_cast<int64_t>(store_.entries_.size());
  after = std::max<int64_t>(after, 0);
  if (after >= store_.last_sequence_) return std::vector<Entry>();
  if (after + 1 < oldest) return TrimmedError(after, oldest);
  const auto begin = store_.entries_.begin() + (after + 1 - oldest);
  const int64_t count = std::min<int64_t>(std::max(limit, 0), store_.entries_.end() - begin);
  return std::vector<Entry>(begin, begin + count);
}

absl::StatusOr<std::optional<std::string>> MemoryJournal::FindEnded(std::string_view contact) {
  if (absl::Status status = Readable(); !status.ok()) return status;
  std::lock_guard lock(store_.mutex_);
  const auto found = store_.ended_.find(contact);
  if (found == store_.ended_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second.record);
}

absl::StatusOr<std::vector<std::string>> MemoryJournal::ListEnded(const EndedFilter& filter) {
  if (absl::Status status = Readable(); !status.ok()) return status;
  std::lock_guard lock(store_.mutex_);
  std::vector<const EndedContact*> found;
  for (const auto& [name, contact] : store_.ended_) {
    if (Matches(contact, filter)) found.push_back(&contact);
  }
  std::sort(found.begin(), found.end(), [](const EndedContact* a, const EndedContact* b) {
    return std::tie(a->end_time_ns, a->contact) > std::tie(b->end_time_ns, b->contact);
  });
  if (static_cast<int64_t>(found.size()) > filter.limit) found.resize(std::max(filter.limit, 0));
  std::vector<std::string> records;
  for (const EndedContact* contact : found) records.push_back(contact->record);
  return records;
}

Pending MemoryJournal::pending() const {
  std::lock_guard lock(mutex_);
  return pending_;
}

Stats MemoryJournal::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void MemoryJournal::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    lock.unlock();
    Commit();
    lock.lock();
  }
}

void MemoryJournal::StopThread() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace routerd::journal
