#include "routerd/engine/past.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/event_codec.h"
#include "routerd/engine/life.h"
#include "routerd/engine/names.h"
#include "routerd/engine/snapshot.h"
#include "routerd/engine/view.h"
#include "routerd/engine/workspace_impl.h"

namespace routerd::engine {
namespace {

constexpr size_t kRememberedBytesMax = size_t{64} << 20;
constexpr int kSliceEntries = 1'000;

}  // namespace

absl::StatusOr<v1::Event> ParseEntry(int64_t sequence, std::string_view bytes) {
  v1::Event event;
  if (event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return event;
  return base::Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED", absl::StrCat("event ", sequence, " can't be read"));
}

absl::Status Fold(const v1::Event& event, core::Router& router, Dossier& dossier, Statistics& statistics) {
  const absl::StatusOr<std::optional<core::Event>> decoded = Decode(event, router);
  if (!decoded.ok()) return decoded.status();
  if (*decoded) router.Apply(**decoded);
  statistics.Apply(event, event.contact().empty() ? nullptr : dossier.Find(event.contact()), dossier.directory());
  dossier.Apply(event);
  return absl::OkStatus();
}

void Past::Remember(int64_t sequence, core::Instant time, const std::vector<std::string>& records) {
  size_t bytes = 0;
  for (const std::string& record : records) bytes += record.size();
  if (bytes > kRememberedBytesMax) return;
  for (; !bases_.empty() && bytes_ + bytes > kRememberedBytesMax; bases_.pop_front()) bytes_ -= bases_.front().bytes;
  bytes_ += bytes;
  bases_.push_back({sequence, time, std::make_shared<const std::vector<std::string>>(records), bytes});
}

void Past::Ask(core::Instant time, PastQuestion question) {
  if (busy_.exchange(true)) {
    return question(base::Error(absl::StatusCode::kUnavailable, "PAST_BUSY",
                                "another question about the past is being worked out; ask again"));
  }
  if (thread_.joinable()) thread_.join();  // It has answered, or is about to.
  Base base;
  for (const Base& remembered : bases_) {
    if (remembered.time <= time) base = remembered;
  }
  thread_ = std::thread(
      [this, base = std::move(base), time, question = std::move(question)] { Answer(base, time, question); });
}

void Past::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Past::Answer(const Base& base, core::Instant time, const PastQuestion& question) {
  core::Router router;
  Dossier dossier;
  Statistics statistics;
  const absl::StatusOr<int64_t> sequence = Rebuild(base, time, router, dossier, statistics);
  if (stop_) return;
  busy_ = false;  // The long part is over; whoever hears the answer may ask again at once.
  if (!sequence.ok()) return question(sequence.status());
  const EndedRecords ended;
  const absl::btree_map<std::string, int64_t> refusals;
  const ViewImpl view({router, dossier, statistics, ended, journal_, refusals, time, *sequence, 0, 0});
  question(&view);
}

absl::StatusOr<int64_t> Past::Rebuild(const Base& base, core::Instant time, core::Router& router, Dossier& dossier,
                                      Statistics& statistics) {
  if (base.records != nullptr) {
    SnapshotImport import(dossier, statistics);
    for (const std::string& record : *base.records) {
      if (absl::Status status = import.Take(record); !status.ok()) return status;
    }
    absl::StatusOr<core::Router> imported = import.Finish();
    if (!imported.ok()) return imported.status();
    router = *std::move(imported);
  }
  int64_t sequence = base.sequence;
  while (!stop_) {
    const absl::StatusOr<std::vector<journal::Entry>> entries = journal_.Read(sequence, kSliceEntries);
    if (absl::IsOutOfRange(entries.status())) {
      return base::Error(absl::StatusCode::kOutOfRange, "EVENTS_TRIMMED",
                         absl::StrCat("the journal no longer reaches back to ", ClockText(time),
                                      " (UTC): ", entries.status().message()));
    }
    if (!entries.ok()) return entries.status();
    if (entries->empty()) return sequence;
    for (const journal::Entry& entry : *entries) {
      const absl::StatusOr<v1::Event> event = ParseEntry(entry.sequence, entry.bytes);
      if (!event.ok()) return event.status();
      if (FromProto(event->time()) > time) return sequence;
      if (absl::Status status = Fold(*event, router, dossier, statistics); !status.ok()) return status;
      sequence = entry.sequence;
    }
  }
  return sequence;
}

}  // namespace routerd::engine
