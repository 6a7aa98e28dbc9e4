// The router's whole state as plain values: what a snapshot keeps, and what tests compare.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "routerd/core/policy.h"
#include "routerd/core/types.h"

namespace routerd::core {

// An agent is passed over for a contact until then.
struct BackOff {
  AgentId agent = kNoAgent;
  Instant until;
  bool operator==(const BackOff&) const = default;
};

// An offer that waits for its answer, beside the first.
struct OpenOffer {
  OfferId offer = kNoOffer;
  AgentId agent = kNoAgent;
  int cost = 0;  // Held of that agent's capacity.
  Instant until;
  bool operator==(const OpenOffer&) const = default;
};

// Offered on while its agent goes on serving it.
struct WarmTransfer {
  AgentId to_agent = kNoAgent;  // Who alone is asked.
  QueueId to_queue = kNoQueue;  // Where it goes on; kNoQueue: where it is.
  Skills requirements;          // What it asks of the next agent.
  Instant until = kNever;       // Nobody is asked after that.
  std::string reason;
  std::string summary;
  bool operator==(const WarmTransfer&) const = default;
};

// What every contact has.
struct ContactCommon {
  ContactId id = kNoContact;
  Instant rank;
  int lane = 0;
  QueueId queue = kNoQueue;
  ChannelId channel{0};
  VipId vip = kNoVip;
  AgentId agent = kNoAgent;  // Offered to, served by, wrapped up by.
  int cost = 0;              // Held of that agent's capacity.
  OfferId offer = kNoOffer;  // Open one; the first, if there are several.
  Instant until = kNever;    // The open offer's deadline, or the end of wrap-up.
  Instant offered_at;
  Instant created_at;
  Instant queued_at;    // Entered this queue's line.
  Instant state_at;     // Entered this state.
  Instant accepted_at;  // Last accepted by an agent; the epoch while nobody has.
  int step = 0;         // Relaxation reached; 0: none.
  ContactState state = ContactState::kQueued;
  bool on_hold = false;
  // Held by its agent, but neither in the way of others nor counted for its channel: a conversation that is dormant,
  // wrap-up that is optional.
  bool light = false;
  bool operator==(const ContactCommon&) const = default;
};

// Other contacts of a customer.
using LinkedContacts = absl::InlinedVector<ContactId, 2>;

// What few contacts have at a time; one that has nothing of it pays nothing for it.
struct ContactRare {
  Duration own_head_start{0};
  AgentId reserved_agent = kNoAgent;
  Instant reserved_until = kNever;
  KnownAs known_as = KnownAs::kNobody;        // Why it is reserved, if for an agent whom the customer knows.
  absl::InlinedVector<BackOff, 1> back_offs;  // Each agent once.
  std::vector<OpenOffer> more_offers;         // Open beside the first, made with it; while it is served, warm ones.
  std::vector<OfferId> lost_offers;           // Of the last round: those to whose agents another was first.
  int extension_count = 0;                    // Of this wrap-up.
  Instant deadline = kNever;                  // The channel's own.
  Duration order_shift{0};                    // Of its rank, by its queue's order; negative is forward.
  std::vector<std::string> labels;            // Sorted.
  int contact_count = 0;                      // The customer's within a day, as told when it came.
  uint64_t escalation_done = 0;               // Steps of its queue that have acted, a bit each from the first.
  int escalation_level = 0;                   // Highest step that has acted, from 1.
  bool supervisor_called = false;
  LinkedContacts linked;       // Those that share its place, until it is accepted.
  uint64_t overflow_done = 0;  // Overflow rules of its queue that have acted, one bit each from the first.
  // While scheduled: when it comes into the line, and who is asked first then.
  Instant schedule_at = kNever;
  AgentId scheduled_agent = kNoAgent;
  bool callback = false;  // Whoever accepts it is to reach the customer, who no longer holds.
  int callback_attempts = 0;
  bool may_exceed = false;  // The agent it is reserved for gets it beyond capacity.
  // The customer's last word since acceptance, on channels whose conversations fall dormant; the epoch: none.
  Instant customer_at;
  AgentId consulted = kNoAgent;   // A colleague of the agent who serves it.
  AgentId room_agent = kNoAgent;  // Takes nothing that stands behind it.
  Skills preferences;             // Its own, beside its queue's.
  bool bot_done = false;          // A bot has passed it on: people alone are asked.
  bool operator==(const ContactRare&) const = default;
};

// The whole of a contact.
struct ContactData : ContactCommon, ContactRare {
  Skills requirements;  // Now.
  std::optional<WarmTransfer> warm;
  bool operator==(const ContactData&) const = default;
};

// A presence to be applied once the agent holds nothing.
struct PendingPresence {
  Presence presence = Presence::kAway;
  std::string reason;
  std::string by;
  bool operator==(const PendingPresence&) const = default;
};

struct AgentData {
  AgentId id = kNoAgent;
  Presence presence = Presence::kOffline;
  bool connected = false;
  int missed_count = 0;  // Consecutive.
  Instant idle_since;
  Instant last_offer_at;
  Instant rest_until;  // Gets no offers before.
  // Since sign-in, by what became of the offer; of those taken back, what was not the agent's going.
  int accepted_count = 0;
  int lapsed_count = 0;
  int declined_count = 0;
  int revoked_count = 0;
  absl::InlinedVector<int, 6> count_max;  // By channel.
  Instant presence_at;
  std::vector<PendingPresence> noted;  // One at most; a list, as most agents have none and pay less for it.
  Instant grace_until = kNever;
  std::string presence_reason;

  // kOffline when none is noted.
  Presence pending() const { return noted.empty() ? Presence::kOffline : noted.front().presence; }
  bool operator==(const AgentData&) const = default;
};

// What was learned of one kind of work.
struct ClassData {
  Skills requirements;
  ChannelId channel{0};
  QueueId restricted_to = kNoQueue;
  QueueId hold_back_queue = kNoQueue;
  uint8_t held_back = 0;
  bool for_bots = false;
  double handle_s = 0;  // Mean handle time, weighted to the recent.
  int64_t handle_count = 0;
  double arrivals_per_s = 0;
  Instant arrival_at;
  Duration value_shift{0};
  bool operator==(const ClassData&) const = default;
};

struct RouterState {
  std::shared_ptr<const Policy> policy;
  Instant now;
  ContactId last_contact = kNoContact;
  OfferId last_offer = kNoOffer;
  // Names in the order of their identifiers, those that the policy no longer has included.
  std::vector<std::string> skills, channels, vips, queues, agent_names;
  std::vector<AgentData> agents;
  std::vector<ContactData> contacts;  // By id.
  std::vector<ClassData> classes;
};

}  // namespace routerd::core
