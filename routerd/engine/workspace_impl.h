// The workspace's insides, shared by its own files: the loop in workspace.cc, requests in workspace_requests.cc, what
// it says itself in workspace_words.cc, recovery in workspace_open.cc.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "routerd/base/mailbox.h"
#include "routerd/core/router.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/feed.h"
#include "routerd/engine/intake.h"
#include "routerd/engine/outbox.h"
#include "routerd/engine/past.h"
#include "routerd/engine/statistics.h"
#include "routerd/engine/workspace.h"

namespace routerd::engine {

// The last batches' ended contacts: until a record is durable, the journal does not find it.
class EndedRecords {
 public:
  void Add(int64_t sequence, std::shared_ptr<const v1::Contact> record);
  void Forget(int64_t durable_sequence);
  // The record of an ended contact, from here or from the journal; null if there is none.
  std::shared_ptr<const v1::Contact> Find(const std::string& contact, journal::Journal& journal) const;

 private:
  std::deque<std::pair<int64_t, std::string>> order_;
  absl::flat_hash_map<std::string, std::shared_ptr<const v1::Contact>> records_;
};

class WorkspaceImpl final : public Workspace {
 public:
  WorkspaceImpl(std::unique_ptr<journal::Journal> journal, const base::Clock& clock, Options options);
  ~WorkspaceImpl() override;

  const std::string& id() const override { return id_; }
  void Start() override;
  bool Step() override;
  core::Instant NextDeadline() const override;
  void Post(Request request, Done done) override;
  void Query(Question question) override;
  void QueryPast(core::Instant time, PastQuestion question) override;
  void Drain() override { draining_ = true; }
  void Stop() override;
  size_t mailbox_depth() const override { return mailbox_.size(); }

  // Brings back what the journal holds and puts `config` in force.
  absl::Status Recover(const v1::WorkspaceConfig& config);

 private:
  struct Item {
    std::variant<Request, Question> what;
    Done done;
  };
  // A contact as a request names it.
  struct Found {
    core::ContactId id = core::kNoContact;
    const ContactFile* live = nullptr;
    std::shared_ptr<const v1::Contact> ended;  // When not live.
  };
  // What a continued conversation brings along.
  struct Earlier {
    std::string name;
    std::vector<v1::Message> messages;  // Not in memory any more.
    int64_t last_sequence = 0;
    std::string owner;  // Who first served it, as `agents/ana`; empty: nobody.
  };
  struct Told {
    int place = 0;
    std::optional<core::Duration> wait;
  };
  using Result = absl::StatusOr<Outcome>;

  // --- workspace.cc: the writer ---
  void Run();
  bool Work(std::vector<Item>& items);
  void Execute(Item& item);
  // Everything that is due, as events.
  void Advance();
  absl::StatusOr<core::Reply> Decide(const core::Command& command);
  void Record(std::vector<core::Event>& events);
  // Numbers an event, folds it in everywhere and adds it to the batch.
  void Write(v1::Event event);
  void Keep(const ContactFile& ended);
  // Hands the batch to the journal, and what it owes with it.
  void Flush();
  void Released(const absl::Status& status, int64_t sequence, Outbox& owed);
  void Fail(const absl::Status& status);
  void TakeSnapshot();
  void TellEstimates();
  // Notes in the event what the customer is told on entering, when it waits and somebody has time to work it out.
  void AddFirstEstimate(v1::Event& event);

  // --- workspace_requests.cc ---
  Result Handle(CreateContact& request, Done& done);
  Result Handle(UpdateContact& request, Done& done);
  Result Handle(EndContact& request, Done& done);
  Result Handle(RequestCallback& request, Done& done);
  Result Handle(GetContact& request, Done& done);
  Result Handle(AttachAdapter& request, Done& done);
  Result Handle(DetachAdapter& request, Done& done);
  Result Handle(AcknowledgeEvents& request, Done& done);
  Result Handle(PostMessage& request, Done& done);
  Result Handle(Typing& request, Done& done);
  Result Handle(ReportDelivery& request, Done& done);
  Result Handle(AttachAgent& request, Done& done);
  Result Handle(DetachAgent& request, Done& done);
  Result Handle(Route& request, Done& done);
  Result Handle(AttachWatcher& request, Done& done);
  Result Handle(DetachWatcher& request, Done& done);
  absl::StatusOr<Found> Find(const ContactRef& ref) const;
  absl::StatusOr<const ContactFile*> FindLive(const ContactRef& ref) const;
  // Of this agent, or of the customer when `agent` is empty: whether that side may speak now. Who is consulted may
  // speak among agents only.
  absl::Status CheckTalking(const ContactFile& file, const std::string& agent, bool internal = false) const;
  absl::StatusOr<Earlier> FindConversation(const std::string& name, const std::string& customer) const;
  // Adds to a new contact's event what the router does not know.
  void Complete(v1::Event& event, Admission& admission, const Earlier& earlier) const;
  v1::Event EventOf(const ContactFile& file) const;
  Outcome OutcomeOf(core::ContactId contact) const;
  void JournalAcknowledgement(const std::string& adapter);

  // --- workspace_words.cc ---
  void Say(core::ContactId contact, std::string text);
  void Note(core::ContactId contact, const std::string& agent, std::string text);
  void SayBefore(const v1::Event& event);
  void SayAfter(const v1::Event& event);

  const std::unique_ptr<journal::Journal> journal_;
  const base::Clock& clock_;
  const Options options_;
  std::string id_;
  base::Mailbox<Item> mailbox_;
  std::thread thread_;
  std::atomic<bool> draining_{false};
  bool stopped_ = false;

  // --- The writer's alone ---
  core::Router router_;
  Dossier dossier_;
  Statistics statistics_;
  Feed feed_;
  EndedRecords ended_;
  Past past_{*journal_};
  core::Instant now_;
  int64_t sequence_ = 0;  // Of the last event.
  bool behind_ = false;   // A reader is.
  bool closed_ = false;   // Everyone has been let go of after a failure.
  std::vector<Item> items_;
  std::vector<core::Event> events_;
  std::pair<Admission*, const Earlier*> admitting_{nullptr, nullptr};
  journal::Batch batch_;
  std::shared_ptr<Outbox> out_ = std::make_shared<Outbox>();
  absl::btree_map<std::string, int64_t> refusals_;          // By reason.
  absl::flat_hash_map<std::string, int64_t> acknowledged_;  // By adapter, as last told.
  absl::flat_hash_map<core::ContactId, Told> told_;         // Estimates.
  core::Instant estimate_at_;                               // Not before.
  core::Instant first_estimate_at_;                         // The same for one who enters.
  int64_t snapshot_sequence_ = 0;

  // --- Shared with the release thread ---
  std::atomic<size_t> queued_{0};  // Requests in the mailbox.
  std::atomic<size_t> pending_batches_{0};
  std::atomic<int64_t> durable_sequence_{0};
  std::atomic<bool> snapshotting_{false};
  std::atomic<bool> failed_{false};
};

}  // namespace routerd::engine
