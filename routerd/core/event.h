// The facts of a workspace. Each holds its decision resolved in full, so applying it decides nothing.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "routerd/core/policy.h"
#include "routerd/core/types.h"

namespace routerd::core {

struct PolicyLoaded {
  std::shared_ptr<const Policy> policy;
};

struct ContactCreated {
  ContactId contact;
  QueueId queue;
  ChannelId channel;
  VipId vip = kNoVip;
  Duration own_head_start{0};
  int lane = 0;
  Instant rank;  // Event time minus the head starts, moved by the queue's order; the old one for who comes back.
  Skills requirements;
  Instant deadline = kNever;  // The channel's own.
  std::vector<std::string> labels = {};
  int contact_count = 0;
  Duration order_shift{0};               // By which the queue's order moved the rank; negative is forward.
  Instant queued_at = {};                // Entered the queue's line; before the event when it took a place up again.
  ContactId returned_from = kNoContact;  // Whose place that is.
  Skills preferences = {};               // Its own.
};
struct ContactReprioritized {
  ContactId contact;
  VipId vip = kNoVip;
  Duration own_head_start{0};
  int lane = 0;
  Instant rank;
  Instant deadline = kNever;
  Duration order_shift{0};
  bool call_cleared = false;  // A supervisor has acted.
};
// Shares one place with another contact of its customer.
struct ContactLinked {
  ContactId contact;
  ContactId with;  // kNoContact: with none any more.
  Instant rank;
};
struct ContactLabeled {
  ContactId contact;
  std::vector<std::string> labels;  // New ones.
};
struct ContactEscalated {
  ContactId contact;
  int level = 0;     // The step of its queue that acted, from 1.
  std::string rule;  // What held, in words.
  QueueId queue;
  bool queue_changed = false;  // Then its clock in the queue starts at the event.
  Skills requirements;
  Duration own_head_start{0};
  Instant rank;
  int lane = 0;
  bool call_supervisor = false;
};
struct RequirementsRelaxed {
  ContactId contact;
  int step = 0;  // Reached, from 1.
  Skills requirements;
};

// How an offer came about.
enum class OfferRule : uint8_t {
  kStrategy,
  kReserved,
  kClaim,
  kLinked,      // The agent accepted another contact of the customer.
  kAskedAgain,  // Passed over for it, but nobody else on duty may take it.
  kBotsFirst,   // A bot with room, whom the queue asks before people.
};
struct OfferMade {
  OfferId offer;
  ContactId contact;
  AgentId agent;
  int cost = 0;  // Taken of the agent's capacity until the contact leaves the agent.
  Instant expire_at;
  OfferRule rule = OfferRule::kStrategy;
  Strategy strategy = Strategy::kLeastWanted;
  // Agents with room who may take it, the chosen one included.
  int candidates = 0;
  bool warm = false;  // Another agent serves it meanwhile.
  // Among those whom the strategy scores alike it has the most of the preferred skills. Told in the reason only.
  bool by_preference = false;
};
struct OfferAccepted {
  OfferId offer;
  ContactId contact;
  AgentId agent;
};
struct OfferClosed {
  OfferId offer;
  ContactId contact;
  AgentId agent;
  OfferState outcome = OfferState::kLapsed;  // kDeclined, kLapsed or kRevoked.
  std::string reason;
  Instant back_off_until;  // This agent is passed over until then; the epoch for not at all.
  int missed_count = 0;    // The agent's consecutive misses, this one included.
  OfferCause cause = OfferCause::kNone;
  bool others_open = false;  // Other offers of the contact are: else it is back in line.
  bool warm = false;         // Another agent serves it.
};
struct OfferExtended {
  OfferId offer;
  ContactId contact;
  Instant expire_at;
  AgentId agent = kNoAgent;
};
struct ContactHeld {
  ContactId contact;
  AgentId agent;
  bool on = false;
};
// Back in line at its rank, with what it asks for now, perhaps reserved for one agent.
struct ContactTransferred {
  ContactId contact;
  AgentId from;
  QueueId queue;
  bool queue_changed = false;  // Then its clock in the queue starts at the event.
  Skills requirements;
  AgentId reserved_agent = kNoAgent;
  Instant reserved_until = kNever;
  Instant back_off_until;  // The agent who let go is passed over until then; the epoch for not at all.
  std::string reason;
  std::string summary;
  bool warm = false;      // Not in line: whoever has the warm offer open accepts it next.
  bool bot_done = false;  // A bot has passed it on: people alone are asked from here on.
};
// Offered on while its agent goes on serving it.
struct WarmTransferStarted {
  ContactId contact;
  AgentId agent;  // Who serves it.
  AgentId to_agent = kNoAgent;
  QueueId to_queue = kNoQueue;
  Skills requirements;
  Instant until;
  std::string reason;
  std::string summary;
};
// It is not passed on after all.
struct WarmTransferEnded {
  ContactId contact;
  AgentId agent;
  std::string reason;
};
struct ContactRequeued {
  ContactId contact;
  AgentId agent;  // Who held it.
  std::string reason;
  Instant back_off_until;  // That agent is passed over until then; the epoch for not at all.
};
struct ContactReserved {
  ContactId contact;
  AgentId agent;
  Instant until = kNever;
  std::string reason;
  KnownAs known_as = KnownAs::kNobody;
  bool may_exceed = false;  // That agent gets it beyond capacity.
};
struct ReservationEnded {
  ContactId contact;
  AgentId agent;
  std::string reason;
};
struct ConsultStarted {
  ContactId contact;
  AgentId colleague;
  std::string question;
};
struct ConsultEnded {
  ContactId contact;
  AgentId colleague;
  std::string reason;
};
// From one agent to another while it is being served.
struct ContactTakenOver {
  ContactId contact;
  AgentId from;
  AgentId agent;
  int cost = 0;
  std::string reason;
};
// The customer wrote; no record of its own, as the message is one.
struct CustomerSpoke {
  ContactId by;  // Whose customer. Nobody's turn changes with it.
};
struct ContactDormant {
  ContactId contact;
  AgentId agent;
  int cost = 0;  // What it takes from here on.
};
struct ContactWoke {
  ContactId contact;
  AgentId agent;
  int cost = 0;
};
struct WrapUpStarted {
  ContactId contact;
  AgentId agent;
  Instant until = kNever;  // kNever: until the agent says so.
  bool by_customer = false;
  std::string disposition;
  std::string summary;
  bool optional = false;  // Holds no capacity.
};
struct WrapUpExtended {
  ContactId contact;
  Instant until = kNever;
  int count = 0;  // Extensions taken, this one included.
};
struct ContactEnded {
  ContactId contact;
  AgentId agent = kNoAgent;  // Who held it, if anyone.
  EndReason reason = EndReason::kCompleted;
  std::string disposition;
  std::string detail;
  std::string summary;
};

// To come back into the line at a set time, or, a callback without one, when it is its turn: that one stays in line.
struct ContactScheduled {
  ContactId contact;
  AgentId agent = kNoAgent;  // Who held it, if anyone.
  Instant until = kNever;
  std::string reason;  // callback, closed, agent, not_reached, created.
  bool callback = false;
  int attempts = 0;          // To reach the customer, so far.
  AgentId first = kNoAgent;  // Asked first when it comes back.
  std::string summary{};
};
// Comes into the line, at its rank. Its clock in the queue starts at the event.
struct ContactDue {
  ContactId contact;
  AgentId reserved_agent = kNoAgent;
  Instant reserved_until = kNever;
};
// A limit of its queue acted; what it changed stands here as it is now.
struct ContactOverflowed {
  ContactId contact;
  int rule_number = 0;  // From 1; 0: what the queue does while it is closed.
  std::string rule;     // Why, e.g. `waited 5m`; and why nothing came of it, if so.
  QueueId queue;
  bool queue_changed = false;  // Then its clock in the queue starts at the event.
  Skills requirements;
  Duration own_head_start{0};
  Instant rank;
  int lane = 0;
  std::string message;  // Told to the customer; empty: nothing.
};

// The keeper takes nothing that stands behind the contact, until somebody has room for it.
struct RoomKept {
  ContactId contact;
  AgentId keeper;
};
struct RoomGivenBack {
  ContactId contact;
  AgentId keeper;
  std::string reason;  // served, left, agent_gone, changed.
};

struct AgentSignedIn {
  AgentId agent;
  Presence presence = Presence::kAvailable;
  absl::InlinedVector<int, 6> count_max;  // By channel, in the router's order.
};
struct AgentSignedOut {
  AgentId agent;
  std::string reason;
};
struct AgentPresenceChanged {
  AgentId agent;
  Presence presence = Presence::kAvailable;
  std::string reason;
  std::string by;
  // Only noted, to be applied once nothing is held; the presence in force takes a note back.
  bool pending = false;
};
struct AgentConnectionChanged {
  AgentId agent;
  bool connected = false;
  Instant grace_until = kNever;
};
// Gets no offers until then.
struct AgentRested {
  AgentId agent;
  Instant until;
};

using EventKind =
    std::variant<PolicyLoaded, ContactCreated, ContactReprioritized, RequirementsRelaxed, OfferMade, OfferAccepted,
                 OfferClosed, OfferExtended, ContactHeld, ContactTransferred, ContactRequeued, ContactReserved,
                 ReservationEnded, ConsultStarted, ConsultEnded, ContactTakenOver, CustomerSpoke, ContactDormant,
                 ContactWoke, WrapUpStarted, WrapUpExtended, ContactEnded, AgentSignedIn, AgentSignedOut,
                 AgentPresenceChanged, AgentConnectionChanged, AgentRested, ContactLabeled, ContactEscalated,
                 ContactLinked, ContactScheduled, ContactDue, ContactOverflowed, WarmTransferStarted, WarmTransferEnded,
                 RoomKept, RoomGivenBack>;

struct Event {
  Instant at;
  EventKind kind;
};

}  // namespace routerd::core
