// How a workspace comes back: snapshot, events, then what changed while it was away.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/base/log.h"
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
    const absl::StatusOr<v1::Event> event = ParseEntry(sequence, bytes);
    if (!event.ok()) return event.status();
    if (absl::Status status = Fold(*event, router_, dossier_, statistics_); !status.ok()) return status;
    now_ = std::max(now_, FromProto(event->time()));
    return absl::OkStatus();
  };
  std::vector<std::string> records;
  const auto record = [&](std::string_view bytes) {
    records.emplace_back(bytes);
    return import.Take(bytes);
  };
  const absl::StatusOr<journal::Replayed> replayed = journal_->Replay(record, entry);
  if (!replayed.ok()) return replayed.status();
  if (!records.empty()) past_.Remember(replayed->snapshot_sequence, import.time(), records);
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
