// The writer's loop: take requests, decide, hand batches to the journal, and release what they owe.
#include "routerd/engine/workspace.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "routerd/base/error.h"
#include "routerd/base/log.h"
#include "routerd/engine/event_codec.h"
#include "routerd/engine/messages.h"
#include "routerd/engine/names.h"
#include "routerd/engine/snapshot.h"
#include "routerd/engine/view.h"
#include "routerd/engine/workspace_impl.h"

namespace routerd::engine {
namespace {

// A batch is handed over once it holds this much, so that the disk is busy while the rest is worked out.
constexpr size_t kBatchEntriesMax = 512;
constexpr size_t kBatchOwedMax = 4'096;
// Estimating may take one part in so many of the writer's time.
constexpr int kEstimateShare = 10;

absl::Status JournalFailed() {
  return base::Error(absl::StatusCode::kUnavailable, "JOURNAL_FAILED",
                     "the journal failed; whether this was done shows once the workspace is back");
}

absl::Status ShuttingDown() {
  return base::Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "the daemon is stopping; nothing was done");
}

// Maps in the order of their keys, so that equal events are equal bytes.
std::string Serialize(const v1::Event& event) {
  std::string bytes(event.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  event.SerializeWithCachedSizes(&coded);
  return bytes;
}

// What must be heard even by a full mailbox: otherwise readers that are gone would be served forever.
bool IsFarewell(const Request& request) {
  return std::holds_alternative<DetachAdapter>(request) || std::holds_alternative<DetachAgent>(request) ||
         std::holds_alternative<DetachWatcher>(request);
}

core::ContactId ContactOf(const core::EventKind& kind) {
  return std::visit(
      [](const auto& event) {
        if constexpr (requires { event.contact; }) {
          return event.contact;
        } else {
          return core::kNoContact;
        }
      },
      kind);
}

}  // namespace

WorkspaceImpl::WorkspaceImpl(std::unique_ptr<journal::Journal> journal, const base::Clock& clock, Options options)
    : journal_(std::move(journal)),
      clock_(clock),
      options_(std::move(options)),
      mailbox_(std::numeric_limits<size_t>::max()),
      feed_(dossier_, router_) {}

WorkspaceImpl::~WorkspaceImpl() { Stop(); }

void WorkspaceImpl::Start() {
  thread_ = std::thread([this] { Run(); });
}

void WorkspaceImpl::Post(Request request, Done done) {
  // A refusal that comes here tells of nothing that could be taken back, so it need not wait.
  const auto refuse = [&done](const absl::Status& why) {
    if (done) done(why);
  };
  if (failed_) return refuse(JournalFailed());
  if (!IsFarewell(request)) {
    if (queued_ >= options_.mailbox_limit) {
      return refuse(base::Error(absl::StatusCode::kUnavailable, "MAILBOX_FULL",
                                absl::StrCat(options_.mailbox_limit, " requests wait for the workspace; try again")));
    }
    if (pending_batches_ >= options_.pending_batches_max) {
      return refuse(base::Error(
          absl::StatusCode::kUnavailable, "JOURNAL_BEHIND",
          absl::StrCat(options_.pending_batches_max, " batches wait for the disk; nothing was done, try again")));
    }
  }
  ++queued_;
  Item item{std::move(request), std::move(done)};
  if (mailbox_.Push(std::move(item))) return;
  --queued_;
  if (item.done) item.done(ShuttingDown());
}

void WorkspaceImpl::Query(Question question) {
  ++queued_;
  Item item{std::move(question), nullptr};
  if (!mailbox_.Push(std::move(item))) --queued_;
}

void WorkspaceImpl::QueryPast(core::Instant time, PastQuestion question) {
  Query([this, time, question = std::move(question)](const View&) {
    past_.Ask(time, question);
    return [] {};
  });
}

void WorkspaceImpl::Run() {
  while (true) {
    std::optional<std::chrono::steady_clock::time_point> until;
    if (behind_) {
      until = std::chrono::steady_clock::time_point();
    } else if (const core::Instant deadline = NextDeadline(); deadline != core::kNever) {
      until = clock_.SteadyTimeOf(deadline);
    }
    if (!mailbox_.Take(items_, until)) return;
    Work(items_);
  }
}

bool WorkspaceImpl::Step() {
  mailbox_.Take(items_, std::chrono::steady_clock::time_point());
  return Work(items_);
}

core::Instant WorkspaceImpl::NextDeadline() const {
  if (failed_) return core::kNever;
  const core::Instant due = router_.NextDeadline();
  if (router_.waiting_count() == 0 || !feed_.HasAdapter()) return due;
  return std::min(due, estimate_at_);
}

bool WorkspaceImpl::Work(std::vector<Item>& items) {
  queued_ -= items.size();
  if (failed_) {  // The journal answers each batch with its error, so nothing of this is told.
    for (Item& item : items) out_->Answer(std::move(item.done), JournalFailed());
    if (!std::exchange(closed_, true)) feed_.CloseAll(JournalFailed(), *out_);
    behind_ = false;
    Flush();
    return !items.empty();
  }
  now_ = std::max<core::Instant>(now_, clock_.Now());
  ended_.Forget(durable_sequence_);
  feed_.Trim(durable_sequence_);

  Advance();
  for (Item& item : items) {
    Execute(item);
    if (batch_.entries.size() >= kBatchEntriesMax || out_->size() >= kBatchOwedMax) Flush();
  }
  feed_.TellLoads(*out_);
  behind_ = feed_.CatchUp(*journal_, *out_);
  TellEstimates();
  const bool worked = !items.empty() || !batch_.entries.empty() || !out_->empty();
  items.clear();
  Flush();
  TakeSnapshot();
  return worked;
}

void WorkspaceImpl::Execute(Item& item) {
  if (Question* question = std::get_if<Question>(&item.what)) {
    const ViewImpl view(
        {router_, dossier_, statistics_, ended_, *journal_, refusals_, now_, sequence_, queued_, pending_batches_});
    out_->Run((*question)(view));
    return;
  }
  Result result = std::visit([&](auto& request) { return Handle(request, item.done); }, std::get<Request>(item.what));
  if (!result.ok()) {
    std::string reason = base::ReasonOf(result.status());
    ++refusals_[reason.empty() ? absl::StatusCodeToString(result.status().code()) : std::move(reason)];
  }
  out_->Answer(std::move(item.done), std::move(result));
}

void WorkspaceImpl::Advance() {
  if (router_.NextDeadline() > now_) return;
  events_.clear();
  router_.Advance(now_, events_);
  Record(events_);
}

absl::StatusOr<core::Reply> WorkspaceImpl::Decide(const core::Command& command) {
  Advance();
  events_.clear();
  absl::StatusOr<core::Reply> reply = router_.Handle(command, now_, events_);
  Record(events_);
  return reply;
}

void WorkspaceImpl::Record(std::vector<core::Event>& events) {
  for (const core::Event& decided : events) {
    if (std::holds_alternative<core::CustomerSpoke>(decided.kind)) continue;  // The message is in the journal.
    const ContactFile* file = dossier_.Find(ContactOf(decided.kind));
    v1::Event event = Encode(decided, router_, file == nullptr ? nullptr : &file->head);
    if (event.has_contact_created()) {
      Complete(event, *admitting_.first, *admitting_.second);
      AddFirstEstimate(event);
    }
    SayBefore(event);
    Write(event);
    SayAfter(event);
  }
}

void WorkspaceImpl::Write(v1::Event event) {
  event.set_sequence(++sequence_);
  const auto shared = std::make_shared<const v1::Event>(std::move(event));
  const ContactFile* before = shared->contact().empty() ? nullptr : dossier_.Find(shared->contact());
  statistics_.Apply(*shared, before, dossier_.directory());
  const std::unique_ptr<ContactFile> ended = dossier_.Apply(*shared);
  feed_.Publish(shared, *out_);
  batch_.entries.push_back({sequence_, Serialize(*shared)});
  if (ended != nullptr) Keep(*ended);
}

void WorkspaceImpl::Keep(const ContactFile& ended) {
  const v1::Contact& head = ended.head;
  auto record = std::make_shared<const v1::Contact>(RecordOf(ended));
  journal::EndedContact& row = batch_.ended.emplace_back();
  row.contact = head.name();
  row.conversation = head.conversation();
  row.customer = ended.context.customer().id();
  row.customer_name = ended.context.customer().display_name();
  row.queue = head.queue();
  row.channel = head.channel();
  row.adapter = head.adapter();
  row.source_id = head.source_id();
  row.vip = ended.context.customer().vip();
  row.end_reason = v1::Contact::EndReason_Name(head.end_reason());
  row.agent = head.agent();
  row.disposition = head.disposition();
  row.create_time_ns = FromProto(head.create_time()).time_since_epoch().count();
  if (head.has_accept_time()) row.accept_time_ns = FromProto(head.accept_time()).time_since_epoch().count();
  row.end_time_ns = FromProto(head.end_time()).time_since_epoch().count();
  row.wait_ms = Milliseconds(ended.waited);
  row.talk_ms = Milliseconds(ended.talked);
  row.wrap_ms = Milliseconds(ended.wrapped);
  row.offer_count = head.offer_count();
  row.transfer_count = head.transfer_count();
  row.record = record->SerializeAsString();
  ended_.Add(sequence_, std::move(record));
}

void WorkspaceImpl::Flush() {
  if (batch_.entries.empty() && batch_.ended.empty() && out_->empty()) return;
  ++pending_batches_;
  journal_->Append(std::exchange(batch_, {}),
                   [this, sequence = sequence_, owed = std::exchange(out_, std::make_shared<Outbox>())](
                       const absl::Status& status) { Released(status, sequence, *owed); });
}

void WorkspaceImpl::Released(const absl::Status& status, int64_t sequence, Outbox& owed) {
  if (status.ok()) {
    durable_sequence_ = sequence;
  } else {
    Fail(status);
  }
  --pending_batches_;
  owed.Release(status.ok() ? absl::OkStatus() : JournalFailed());
}

void WorkspaceImpl::Fail(const absl::Status& status) {
  if (failed_.exchange(true)) return;
  base::Log(base::LogLevel::kError, "journal.failed",
            {{"workspace", id_},
             {"status", absl::StatusCodeToString(status.code())},
             {"detail", std::string(status.message())}});
  if (options_.on_failure) options_.on_failure(status);
  mailbox_.Wake();
}

void WorkspaceImpl::TakeSnapshot() {
  // A large state is written less often, so that a snapshot costs no more than the events it stands for.
  const auto due = std::max<int64_t>(options_.snapshot_every_events, static_cast<int64_t>(dossier_.record_count()));
  if (sequence_ - snapshot_sequence_ < due || snapshotting_.exchange(true)) return;
  snapshot_sequence_ = sequence_;
  std::vector<std::string> records = ExportSnapshot(router_, dossier_, statistics_, sequence_);
  past_.Remember(sequence_, now_, records);
  journal_->WriteSnapshot({sequence_, std::move(records)}, [this, sequence = sequence_](const absl::Status& status) {
    snapshotting_ = false;
    if (status.ok()) return;
    base::Log(base::LogLevel::kWarning, "snapshot.failed",
              {{"workspace", id_}, {"event", sequence}, {"detail", std::string(status.message())}});
  });
}

void WorkspaceImpl::AddFirstEstimate(v1::Event& event) {
  v1::Contact& contact = *event.mutable_contact_created()->mutable_contact();
  const core::ContactId id = ParseContact(contact.name());
  if (now_ < first_estimate_at_ || !router_.IsWaiting(id)) return;
  const core::Instant begun_at = clock_.Now();
  *contact.mutable_first_estimate() = ToProto(router_.Estimate(id, now_));
  // In a rush not everybody can be told at once; the adapter hears of the others with the next round.
  first_estimate_at_ = now_ + (clock_.Now() - begun_at) * kEstimateShare;
}

void WorkspaceImpl::TellEstimates() {
  if (router_.waiting_count() == 0 || !feed_.HasAdapter()) {
    told_.clear();
    return;
  }
  if (now_ < estimate_at_) return;
  const core::Instant begun_at = clock_.Now();
  absl::flat_hash_map<core::ContactId, Told> told;
  router_.EstimateAll(now_, [&](const core::ContactCommon& data, const core::WaitEstimate& estimate) {
    const ContactFile* file = dossier_.Find(data.id);
    if (file == nullptr || !feed_.HasAdapter(file->head.adapter())) return;
    const auto last = told_.find(data.id);
    if (last != told_.end() && last->second.place == estimate.place &&
        last->second.wait.has_value() == estimate.p50.has_value()) {
      const core::Duration was = last->second.wait.value_or(core::Duration(0));
      const core::Duration change = std::chrono::abs(estimate.p50.value_or(core::Duration(0)) - was);
      if (change <= std::chrono::seconds(5) && change * 10 <= was) {
        told.insert(*last);
        return;
      }
    }
    told.insert({data.id, {estimate.place, estimate.p50}});
    v1::ConnectResponse note;
    note.set_contact(file->head.name());
    note.set_contact_source_id(file->head.source_id());
    *note.mutable_time() = ToProto(now_);
    *note.mutable_estimate() = ToProto(estimate);
    feed_.TellAdapter(file->head.adapter(), std::move(note), *out_);
  });
  told_ = std::move(told);
  estimate_at_ =
      now_ + std::max<core::Duration>(options_.estimate_interval, (clock_.Now() - begun_at) * kEstimateShare);
}

void WorkspaceImpl::Stop() {
  if (std::exchange(stopped_, true)) return;
  mailbox_.Close();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Step();
  }
  past_.Stop();
  feed_.CloseAll(failed_ ? JournalFailed() : ShuttingDown(), *out_);
  Flush();
  journal_->Close();
}

void EndedRecords::Add(int64_t sequence, std::shared_ptr<const v1::Contact> record) {
  order_.emplace_back(sequence, record->name());
  records_[record->name()] = std::move(record);
}

void EndedRecords::Forget(int64_t durable_sequence) {
  for (; !order_.empty() && order_.front().first <= durable_sequence; order_.pop_front()) {
    records_.erase(order_.front().second);
  }
}

std::shared_ptr<const v1::Contact> EndedRecords::Find(const std::string& contact, journal::Journal& journal) const {
  if (const auto it = records_.find(contact); it != records_.end()) return it->second;
  const auto bytes = journal.FindEnded(contact);
  if (!bytes.ok() || !*bytes) return nullptr;
  auto record = std::make_shared<v1::Contact>();
  if (!record->ParseFromString(**bytes)) return nullptr;
  return record;
}

}  // namespace routerd::engine
