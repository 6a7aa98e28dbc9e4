// The whole state of a workspace as records, and back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/core/router.h"
#include "routerd/core/state.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/statistics.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::engine {

// The state as of event `sequence`, in serialized SnapshotRecords. Equal states make equal bytes.
std::vector<std::string> ExportSnapshot(const core::Router& router, const Dossier& dossier,
                                        const Statistics& statistics, int64_t sequence);

// Takes a snapshot's records one by one, in their order, into an empty dossier and empty statistics.
class SnapshotImport {
 public:
  SnapshotImport(Dossier& dossier, Statistics& statistics) : dossier_(dossier), statistics_(statistics) {}

  // kDataLoss if the record can't be read, kFailedPrecondition if a newer version wrote it.
  absl::Status Take(std::string_view bytes);
  bool empty() const { return !begun_; }
  // Of the last event that the snapshot holds.
  core::Instant time() const { return state_.now; }
  // The router that the records describe. Call it once, after the last of them.
  absl::StatusOr<core::Router> Finish();

 private:
  absl::Status Begin(const v1::SnapshotHeader& header);
  absl::Status TakeAgent(const v1::SnapshotAgent& record);
  absl::Status TakeContact(const v1::SnapshotContact& record);
  absl::Status TakeClass(const v1::SnapshotClass& record);

  // By the tables of the header; remember a name that is in none.
  core::AgentId Agent(std::string_view name);
  core::Skills Requirements(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements);

  Dossier& dossier_;
  Statistics& statistics_;
  absl::flat_hash_map<std::string, core::AgentId> agent_ids_;
  std::string unknown_;
  bool begun_ = false;
  core::RouterState state_;
};

}  // namespace routerd::engine
