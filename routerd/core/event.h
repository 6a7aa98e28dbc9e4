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
  Instant rank;  // Event time minus the head starts.
  Skills requirements;
};
struct ContactReprioritized {
  ContactId contact;
  VipId vip = kNoVip;
  Duration own_head_start{0};
  int lane = 0;
  Instant rank;
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
  kAskedAgain,  // Passed over for it, but nobody else on duty may take it.
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
};
struct ReservationEnded {
  ContactId contact;
  AgentId agent;
  std::string reason;
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
                 ReservationEnded, WrapUpStarted, WrapUpExtended, ContactEnded, AgentSignedIn, AgentSignedOut,
                 AgentPresenceChanged, AgentConnectionChanged, AgentRested>;

struct Event {
  Instant at;
  EventKind kind;
};

}  // namespace routerd::core
