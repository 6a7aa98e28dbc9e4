// What supervisors and wallboards see.
#pragma once

#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/statistics.h"
#include "routerd/engine/workspace.h"

namespace routerd::engine {

class EndedRecords;

class ViewImpl final : public View {
 public:
  struct Sources {
    const core::Router& router_state;
    const Dossier& dossier;
    const class Statistics& statistics;
    const EndedRecords& ended;
    journal::Journal& journal;
    const absl::btree_map<std::string, int64_t>& refusals;
    core::Instant now;
    int64_t sequence;
    size_t mailbox_depth;
    size_t pending_batches;
  };
  explicit ViewImpl(const Sources& sources) : s_(sources) {}

  const core::Router& router() const override { return s_.router_state; }
  std::vector<v1::Queue> Queues() const override;
  absl::StatusOr<v1::Queue> Queue(const std::string& name) const override;
  std::vector<v1::Agent> Agents(bool all) const override;
  absl::StatusOr<v1::Agent> Agent(const std::string& name) const override;
  absl::StatusOr<v1::ListContactsResponse> Contacts(const v1::ListContactsRequest& request) const override;
  absl::StatusOr<v1::Contact> Contact(const std::string& name) const override;
  absl::StatusOr<v1::ExplainContactResponse> Explain(const v1::ExplainContactRequest& request) const override;
  absl::StatusOr<v1::QueryAdmissionResponse> Admission(const v1::QueryAdmissionRequest& request) const override;
  v1::Statistics Statistics() const override;
  std::vector<std::string> State() const override;

 private:
  v1::Queue QueueOf(const v1::QueueConfig& config) const;
  absl::Status UnknownQueue(const std::string& name) const;
  absl::StatusOr<v1::ListContactsResponse> LiveContacts(const v1::ListContactsRequest& request, size_t size) const;
  absl::StatusOr<v1::ListContactsResponse> EndedContacts(const v1::ListContactsRequest& request, size_t size) const;
  void ExplainWaiting(const ContactFile& file, size_t agents_max, core::AgentId only,
                      v1::ExplainContactResponse& out) const;

  const Sources s_;
};

}  // namespace routerd::engine
