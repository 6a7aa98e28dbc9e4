// How a workspace comes back: snapshot, events, then what changed while it was away.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/base/log.h"
#include "routerd/engine/event_codec.h"
#include "routerd/engine/names.h"
#include "routerd/engine/policy_compile.h"
#include "routerd/engine/snapshot.h"
#include "routerd/engine/workspace_impl.h"

namespace routerd::engine {

absl::Status WorkspaceImpl::Recover(const v1::WorkspaceConfig& config) {
  id_ = config.id();
  SnapshotImport import(dossier_, statistics_);
  bool finished = false;
  const auto finish = [&]() -> absl::Status {
    if (std::exchange(finished, true) || import.empty()) return absl::OkStatus();
    absl::StatusOr<core::Router> router = import.Finish();
    if (!router.ok()) return router.status();
    router_ = *std::move(router);
    return absl::OkStatus();
  };
  const auto entry = [&](int64_t sequence, std::string_view bytes) -> absl::Status {
    if (absl::Status status = finish(); !status.ok()) return status;
    v1::Event event;
    if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return base::Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED",
                         absl::StrCat("event ", sequence, " can't be read"));
    }
    const absl::StatusOr<std::optional<core::Event>> decoded = Decode(event, router_);
    if (!decoded.ok()) return decoded.status();
    if (*decoded) router_.Apply(**decoded);
    statistics_.Apply(event, event.contact().empty() ? nullptr : dossier_.Find(event.contact()), dossier_.directory());
    dossier_.Apply(event);
    now_ = std::max(now_, FromProto(event.time()));
    return absl::OkStatus();
  };
  const absl::StatusOr<journal::Replayed> replayed =
      journal_->Replay([&](std::string_view record) { return import.Take(record); }, entry);
  if (!replayed.ok()) return replayed.status();
  if (absl::Status status = finish(); !status.ok()) return status;
  sequence_ = replayed->last_sequence;
  snapshot_sequence_ = replayed->snapshot_sequence;
  durable_sequence_ = sequence_;
  feed_.StartAfter(sequence_);
  now_ = std::max<core::Instant>({now_, import.time(), clock_.Now()});

  const core::Policy* before = router_.policy();
  const std::string source = before == nullptr ? std::string() : before->source;
  if (before != nullptr) {
    // Before anything else: what came due while nobody was here is nobody's fault.
    events_.clear();
    const absl::StatusOr<core::Reply> recovered = router_.Handle(core::Recover{}, now_, events_);
    Record(events_);
    if (!recovered.ok()) return recovered.status();
  }
  auto policy = std::make_shared<const core::Policy>(CompilePolicy(config));
  if (policy->source != source) {
    const absl::StatusOr<core::Reply> configured = Decide(core::Configure{std::move(policy)});
    if (!configured.ok()) return configured.status();
  }
  Flush();
  base::Log(base::LogLevel::kInfo, "workspace.recovered",
            {{"workspace", id_},
             {"event", replayed->last_sequence},
             {"snapshot", replayed->snapshot_sequence},
             {"contacts", dossier_.contact_count()}});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Workspace>> Workspace::Open(const v1::WorkspaceConfig& config,
                                                           std::unique_ptr<journal::Journal> journal,
                                                           const base::Clock& clock, Options options) {
  auto workspace = std::make_unique<WorkspaceImpl>(std::move(journal), clock, std::move(options));
  if (absl::Status status = workspace->Recover(config); !status.ok()) return status;
  return std::unique_ptr<Workspace>(std::move(workspace));
}

}  // namespace routerd::engine
