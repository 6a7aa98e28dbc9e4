// The router's whole state as plain values: what a snapshot keeps, and what tests compare.
#pragma once

#include <memory>
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
  // Held by its agent, but neither in the way of others nor counted for its channel: wrap-up that is optional.
  bool light = false;
  bool operator==(const ContactCommon&) const = default;
};

// What few contacts have at a time; one that has nothing of it pays nothing for it.
struct ContactRare {
  Duration own_head_start{0};
  AgentId reserved_agent = kNoAgent;
  Instant reserved_until = kNever;
  absl::InlinedVector<BackOff, 1> back_offs;  // Each agent once.
  std::vector<OpenOffer> more_offers;         // Open beside the first, made with it.
  std::vector<OfferId> lost_offers;           // Of the last round: those to whose agents another was first.
  int extension_count = 0;                    // Of this wrap-up.
  bool operator==(const ContactRare&) const = default;
};

// The whole of a contact.
struct ContactData : ContactCommon, ContactRare {
  Skills requirements;  // Now.
  bool operator==(const ContactData&) const = default;
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
  // To be applied once no contact is held; kOffline: nothing is noted.
  Presence pending = Presence::kOffline;
  std::string pending_reason;
  std::string pending_by;
  Instant grace_until = kNever;
  std::string presence_reason;
  bool operator==(const AgentData&) const = default;
};

// What was learned of one kind of work.
struct ClassData {
  Skills requirements;
  ChannelId channel{0};
  QueueId restricted_to = kNoQueue;
  double handle_s = 0;  // Mean handle time, weighted to the recent.
  int64_t handle_count = 0;
  double arrivals_per_s = 0;
  Instant arrival_at;
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
