// Traffic as it really was: what a journal tells, made into a trace, beside what really became of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "routerd/core/policy.h"
#include "routerd/simulate/run.h"
#include "routerd/simulate/trace.h"
#include "routerd/v1/config.pb.h"
#include "routerd/v1/event.pb.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::simulate {

namespace v1 = ::routerd::v1;

struct History {
  Trace trace;
  RunResult run;                   // What really happened, in the shape of a run of the trace.
  v1::WorkspaceConfig config;      // The rules in force at its end.
  std::vector<std::string> notes;  // What is left out or had to be taken for granted in this one, for people.
};

// Makes a history from the events of a journal. A journal does not know everything, so:
//   patience     of who left: the time until then. Who was served, or sent away by a rule, is taken to wait for ever.
//   handle time  the time in conversation with all its agents together, by one agent. Of who was not served: the mean
//                of those served in its queue by its channel, else by its channel, else of all, else 3 minutes. The
//                same for wrap-up. A conversation under way at the end takes that mean, or as long as it took so far.
//   answers      whoever takes a contact takes as long to accept it as it really took; of who was not served, as the
//                agent took on average. An agent's n-th offer goes unanswered or is declined if it really was.
//   agents       are there while they were AVAILABLE and connected, and no wish to go was noted. Who is in the middle
//   of
//                something when the events begin was there before.
//   contacts     from before the first event kept are left out, with the time that agents spent on them. One that was
//                put off before anybody took it comes when it was due.
// Transfers, take-overs, changes of priority and places shared or kept by a customer are not played again.
class HistoryReader {
 public:
  // The last snapshot: whom nobody has heard of since stands there.
  absl::Status TakeSnapshot(const v1::SnapshotRecord& record);
  // Events in their order.
  absl::Status Take(const v1::Event& event);
  // kFailedPrecondition (JOURNAL_EMPTY) when there is nothing to run: no event, rules or contact. Call it once.
  absl::StatusOr<History> Finish();

 private:
  struct Offer {
    size_t agent = 0;
    int number = 0;  // Among the agent's, from 0.
    int64_t made_ms = 0;
  };
  struct Contact {
    TraceContact traced;
    ContactRecord record;
    std::map<std::string, Offer, std::less<>> offers;  // Open ones, by name.
    std::optional<size_t> agent;                       // Who serves it or wraps it up.
    int64_t since_ms = 0;                              // When that began.
    bool wrapping_up = false;
    bool ended = false;
    bool put_off = false;  // Before anybody took it.
  };
  struct Agent {
    TraceAgent traced;
    AgentRecord record;
    bool known = false;  // An event has told how it stands.
    bool signed_in = false, connected = false, available = false, leaving = false;
    bool there = false;  // All of that; counted as staffed.
    int64_t there_since_ms = 0, counted_ms = 0;
    int busy = 0;
    int offer_count = 0;
    int64_t answer_ms = 0, answer_count = 0;
  };

  int64_t MsOf(const google::protobuf::Timestamp& time) const;
  size_t AgentAt(std::string_view name);
  void TakeRules(const v1::WorkspaceConfig& config);
  void TakeAgent(const v1::Event& event);
  void TakeContact(const v1::Event& event);
  void TakeOffer(const v1::Event& event, Contact& contact);
  void Create(const v1::Event& event);
  void Close(const v1::OfferClosedEvent& closed, Contact& contact);
  void End(const v1::ContactEnded& ended, Contact& contact);
  void Serve(Contact& contact, size_t agent);
  void LetGo(Contact& contact);
  // How an agent must have stood from the beginning of whom nothing was known so far.
  void Suppose(Agent& agent, bool connected, bool available);
  void Count(Agent& agent);
  void LookWhetherThere(Agent& agent);
  void FinishAgents();
  void FinishContacts();

  std::optional<int64_t> start_ns_;  // Of the trace, since 1970: a whole millisecond.
  int64_t first_sequence_ = 0;
  int64_t now_ms_ = 0;
  v1::WorkspaceConfig config_;
  core::Policy rules_;   // What it means.
  int rules_count_ = 0;  // Times that it was put in force.
  int passed_on_count_ = 0;
  std::map<std::string, v1::SnapshotAgent, std::less<>> snapshot_agents_;
  std::vector<Agent> agents_;
  std::map<std::string, size_t, std::less<>> agent_of_;
  std::vector<Contact> contacts_;
  std::map<std::string, size_t, std::less<>> contact_of_;
  std::set<std::string, std::less<>> earlier_;  // Contacts from before the first event.
};

// The history that the SQLite journal at `path` holds. Reads beside a running routerd and writes nothing. Errors of
// ReadSqliteJournal and of HistoryReader.
absl::StatusOr<History> ReadHistory(const std::string& path);

}  // namespace routerd::simulate
