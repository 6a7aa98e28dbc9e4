// The router of one workspace: who waits, who is there, who gets whom.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/core/command.h"
#include "routerd/core/event.h"
#include "routerd/core/state.h"
#include "routerd/core/types.h"

namespace routerd::core {

// Place in line and expected wait.
struct WaitEstimate {
  int place = 0;  // 1 is next.
  // Absent when no agent on duty could take the contact.
  std::optional<Duration> p50, p90;
};

// A test that an agent fails for a contact.
struct FailedTest {
  // SKILL, BOT, CHANNEL, CAPACITY, PRESENCE, CONNECTION, REST, BACK_OFF, QUEUE, RESERVED, ROOM_KEPT, HOLD_BACK.
  const char* test;
  std::string text;
  Instant opens_at = kNever;  // When the clock alone may let it pass.
};
struct AgentVerdict {
  AgentId agent = kNoAgent;
  std::vector<FailedTest> failed;  // Empty: the agent could take it now.
};
// One who stands before a contact and could take an agent from it.
struct Ahead {
  ContactId contact = kNoContact;
  std::string why;  // "came 20 s later but has 3 min more of a head start (gold)".
};
struct Explanation {
  // What keeps it, in one sentence: "3 agents could take it, all at capacity; 2 contacts stand before it".
  std::string cause;
  std::vector<Ahead> ahead;          // Who stands before it for the same agents, in order; at most 20.
  int ahead_count = 0;               // All of those.
  std::vector<AgentVerdict> agents;  // Fewest failed tests first.
};

// Work in hand, by agent.
struct AgentLoad {
  int used = 0;
  int capacity = 0;
  std::vector<ContactId> contacts;  // Held, offers included, oldest first.
  std::vector<ContactId> consults;  // On which it is consulted.
};

// Everything a workspace decides, as a state machine.
//
//   contact:  queued --offer--> offered --accept--> active --complete--> wrap-up --done--> ended
//                ^-----lapse, decline, revoke----'      '--transfer, requeue--> queued
//             queued, active --put off--> scheduled --due--> queued
//
// Handle works out what a command means and lets each resulting event through Apply as it goes; on an error nothing
// has changed. Apply is the only way in which state changes: replaying the events of any history gives the same
// state and decides nothing.
//
// Order:     lane (larger first), then rank (time entered minus head start), then id. No waiting contact is ever
//            rescored, so nobody is overtaken by one that came more than the greatest head start later.
// Matching:  after each command no eligible contact waits while an agent who may take it has room.
// Capacity:  taken when the offer is made, given back when the contact leaves the agent.
// Time:      passed in, never before the last; nothing here reads a clock.
// Threads:   none; one caller at a time.
// Cost:      a decision looks at the heads of the kinds of work an agent can do, or of the kinds of agents a contact
//            can go to; never at everybody who waits.
// Errors:    kInvalidArgument malformed, kNotFound unknown, kFailedPrecondition wrong state, kResourceExhausted at a
//            limit; each with a stable reason (routerd/base/error.h).
class Router {
 public:
  struct Impl;  // Named by the core's own files only.

  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // Carries out `command` at `now`, appending what happened to `events`. Requires: Advance(now) came before, so that
  // nothing is due.
  absl::StatusOr<Reply> Handle(const Command& command, Instant now, std::vector<Event>& events);

  // Makes happen what is due at `now`: lapses, relaxations, back-offs, ends of wrap-up, of grace and of reservations.
  void Advance(Instant now, std::vector<Event>& events);
  // When Advance has something to do next; kNever when nothing is set.
  Instant NextDeadline() const;

  // Folds one event in. Total over the events Handle and Advance ever made.
  void Apply(const Event& event);

  // --- Questions. None changes anything. ---

  const Policy* policy() const;  // Null before the first Configure.
  // Live contacts only; nothing for ended and unknown ones.
  std::optional<ContactData> FindContact(ContactId contact) const;
  // Whether it is live and in line.
  bool IsWaiting(ContactId contact) const;
  const AgentData& agent(AgentId agent) const;
  AgentLoad LoadOf(AgentId agent) const;
  size_t agent_count() const;
  size_t contact_count() const;
  size_t waiting_count() const;
  // Calls `visit` for each waiting contact in the order in which they are served, until it returns false.
  void VisitLine(const std::function<bool(const ContactCommon&)>& visit) const;

  // Estimates every waiting contact at once, in line order, by running the line forward over the agents on duty.
  void EstimateAll(Instant now, const std::function<void(const ContactCommon&, const WaitEstimate&)>& visit) const;
  // Requires: the contact waits.
  WaitEstimate Estimate(ContactId contact, Instant now) const;
  // What one of that standing who joined `queue` over `channel` now would be told. While the queue is closed, the time
  // to its opening is part of the wait.
  WaitEstimate EstimateNewcomer(QueueId queue, ChannelId channel, VipId vip, Instant now) const;
  // Requires: the contact lives. At most `agents_max` agents; `only`: that one alone. The cause is about all of them.
  Explanation Explain(ContactId contact, Instant now, size_t agents_max, AgentId only = kNoAgent) const;
  // Agents who may serve the queue's own requirement: available and connected, and those of them with room.
  struct Staffing {
    int available = 0;
    int free = 0;
  };
  Staffing StaffingOf(QueueId queue) const;

  // Whether the queue is open, and when that next changes; kNever: it stays so.
  struct Hours {
    bool open = true;
    Instant change_at = kNever;
  };
  Hours HoursOf(QueueId queue, Instant now) const;
  // What joining the queue now would mean.
  enum class Advice : uint8_t { kJoin, kNotToday, kClosed, kFull, kUnstaffed };
  struct Admission {
    Advice advice = Advice::kJoin;
    WaitEstimate estimate;
    Instant close_at = kNever;  // When it closes next; kNever also while it is closed.
    Instant open_at = kNever;   // When it opens next after that.
    bool callback_allowed = false;
  };
  Admission AdmissionTo(QueueId queue, ChannelId channel, VipId vip, Instant now) const;

  // --- Names ---

  std::string_view NameOf(SkillId skill) const;
  std::string_view NameOf(ChannelId channel) const;
  std::string_view NameOf(VipId vip) const;  // Empty for kNoVip.
  std::string_view NameOf(QueueId queue) const;
  std::string_view NameOf(AgentId agent) const;
  std::optional<SkillId> FindSkill(std::string_view name) const;
  std::optional<ChannelId> FindChannel(std::string_view name) const;
  std::optional<VipId> FindVip(std::string_view name) const;
  std::optional<QueueId> FindQueue(std::string_view name) const;
  std::optional<AgentId> FindAgent(std::string_view name) const;
  size_t queue_count() const;

  // --- Snapshots ---

  RouterState Export() const;
  // A router that goes on from `state` exactly as the exported one would.
  static absl::StatusOr<Router> Import(const RouterState& state);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace routerd::core
