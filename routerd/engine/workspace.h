// One workspace at work: its mailbox, its one writer, its journal and its readers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/base/clock.h"
#include "routerd/core/router.h"
#include "routerd/engine/request.h"
#include "routerd/journal/journal.h"
#include "routerd/v1/config.pb.h"
#include "routerd/v1/supervisor_service.pb.h"

namespace routerd::engine {

// Answers for supervisors and wallboards, as of one instant. Valid only inside a Query.
class View {
 public:
  virtual ~View() = default;
  virtual const core::Router& router() const = 0;
  virtual std::vector<v1::Queue> Queues() const = 0;
  virtual absl::StatusOr<v1::Queue> Queue(const std::string& name) const = 0;
  virtual std::vector<v1::Agent> Agents(bool all) const = 0;
  virtual absl::StatusOr<v1::Agent> Agent(const std::string& name) const = 0;
  virtual absl::StatusOr<v1::ListContactsResponse> Contacts(const v1::ListContactsRequest& request) const = 0;
  // Live ones, and ended ones from history; with context and life.
  virtual absl::StatusOr<v1::Contact> Contact(const std::string& name) const = 0;
  virtual absl::StatusOr<v1::ExplainContactResponse> Explain(const v1::ExplainContactRequest& request) const = 0;
  // What joining a queue now would mean. Standing is not looked at: a VIP may wait less.
  virtual absl::StatusOr<v1::QueryAdmissionResponse> Admission(const v1::QueryAdmissionRequest& request) const = 0;
  virtual v1::Statistics Statistics() const = 0;
  // The whole state as a snapshot's records: equal states give equal bytes. For tests and the simulation.
  virtual std::vector<std::string> State() const = 0;
};

// Told the state as of a past moment, valid inside the call alone, or why it can't be known any more.
using PastQuestion = std::function<void(absl::StatusOr<const View*>)>;

// A workspace takes requests from any thread and carries them out one by one.
//
//   Post --> mailbox --> writer: core decides, dossier records --> journal (group commit) --> release: answers,
//                                                                                             readers' messages
//
// Nothing leaves before the events it tells of are durable, and everything leaves in the order in which it was
// decided. While the disk works, the writer goes on deciding.
//
// States:   open --Start--> running --Stop--> stopped;  running --journal fails--> failed (refuses everything with
//           kUnavailable, JOURNAL_FAILED, and tells `on_failure`: the process restarts and recovers).
// Limits:   mailbox_limit requests waiting, else kUnavailable, MAILBOX_FULL; pending_batches_max batches waiting for
//           the disk, else kUnavailable, JOURNAL_BEHIND; nothing was done. Detaching is never refused.
// Threads:  Post and Query from any. `done`, sinks and queries' results run on the journal's thread, but for a refusal
//           of Post itself (full, behind, failed, stopped): that calls `done` before Post returns.
class Workspace {
 public:
  struct Options {
    size_t mailbox_limit = 65'536;
    size_t pending_batches_max = 4'096;
    // Least number of events between two snapshots; more while the state has more records than that.
    int snapshot_every_events = 50'000;
    // Least time between two estimates told for one contact, and how often they are looked at.
    core::Duration estimate_interval = std::chrono::seconds(1);
    // Told once, when the journal failed for good.
    std::function<void(absl::Status)> on_failure;
  };

  // Recovers from `journal` (last snapshot, then the events after it), puts `config` in force if it differs from the
  // policy in force, and gives open offers their time again. Returns before anything is served. `config` has its
  // defaults filled in.
  static absl::StatusOr<std::unique_ptr<Workspace>> Open(const v1::WorkspaceConfig& config,
                                                         std::unique_ptr<journal::Journal> journal,
                                                         const base::Clock& clock, Options options);
  virtual ~Workspace() = default;

  virtual const std::string& id() const = 0;

  // Starts the writer's thread. Tests and the simulation call Step instead.
  virtual void Start() = 0;
  // Carries out what is in the mailbox and what is due, and hands one batch to the journal. Returns whether there was
  // anything to do.
  virtual bool Step() = 0;
  // When Step has something to do without a request; kNever when nothing is set.
  virtual core::Instant NextDeadline() const = 0;

  virtual void Post(Request request, Done done) = 0;
  // Runs `question` on the writer between two requests, and the answer it returns on the release thread after
  // everything that it may have seen is durable. Once the workspace has failed or stopped, the question or its answer
  // is destroyed without being called: who waits for it must hold something that notices.
  using Question = std::function<std::function<void()>(const View&)>;
  virtual void Query(Question question) = 0;
  // Calls `question` with the state as it was at `time`, from a thread of its own: it is worked out from the journal.
  // kOutOfRange (EVENTS_TRIMMED) when the journal no longer reaches so far back, kUnavailable (PAST_BUSY) while another
  // such question is worked out. Once failed or stopped as with Query.
  virtual void QueryPast(core::Instant time, PastQuestion question) = 0;

  // Refuses new contacts from here on with kUnavailable, SHUTTING_DOWN; the rest goes on.
  virtual void Drain() = 0;
  // Finishes what was posted, closes every sink with kUnavailable, SHUTTING_DOWN, flushes and closes the journal.
  virtual void Stop() = 0;

  // For /metrics and tests.
  virtual size_t mailbox_depth() const = 0;
};

}  // namespace routerd::engine
