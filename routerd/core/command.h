// What the world may ask of the router. Names are as callers give them; the router resolves them or refuses with
// the nearest name it knows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "routerd/core/policy.h"
#include "routerd/core/types.h"

namespace routerd::core {

// --- From operators ---

// Puts a policy in force. Live contacts keep what they were promised; who waits is matched anew.
struct Configure {
  std::shared_ptr<const Policy> policy;
};
// The daemon was down: nobody is connected, and open offers get their full time again, so that no agent is charged
// with a miss for it. Comes first after recovery, before Advance.
struct Recover {};

// --- From adapters ---

struct CreateContact {
  std::string queue;
  std::string channel;
  std::vector<NamedTier> requirements = {};  // Beyond the queue's; the higher tier counts.
  std::vector<NamedTier> preferences = {};   // Welcome beside the queue's, not asked for; at most 16.
  std::string vip = {};                      // Empty: none.
  Duration head_start{0};                    // Its own, 0 to 24 h.
  int lane = 0;                              // Added to the queue's, 0 to 9.
  Instant deadline = kNever;                 // The channel's own.
  std::vector<std::string> labels = {};
  int contact_count = 0;  // The customer's within a day, this one included; 0: nobody asked.
  // Agents whom the customer knows, in the order in which they are looked for. Names that are gone are passed over.
  struct KnownAgent {
    KnownAs as = KnownAs::kLast;
    std::string agent;
  };
  std::vector<KnownAgent> known_agents = {};
  // The place of one who left while waiting and is back: a contact that ended, when it entered, and its rank.
  struct ReturnedPlace {
    ContactId from = kNoContact;
    Instant queued_at;
    Instant rank;
  };
  std::optional<ReturnedPlace> returned = {};
  ContactId linked_with = kNoContact;       // Waits for the same customer on another channel.
  std::optional<Instant> schedule_at = {};  // Comes into the line only then, at the rank of one who came now.
  std::string agent = {};                   // Who alone is to take it at first; empty: nobody in particular.
  Duration agent_wait{0};                   // For how long; 0: the workspace's transfer wait. Up to 24 h.
  bool may_exceed_capacity = false;         // That agent gets it beyond capacity.
};
struct UpdateContact {
  ContactId contact;
  std::optional<Duration> head_start = {};  // In place of its own.
  std::optional<std::string> vip = {};
  std::optional<int> lane = {};          // In place of its own; the queue's stays.
  std::optional<Instant> deadline = {};  // The channel's own.
  std::vector<std::string> labels = {};  // To add.
  bool clear_call = false;               // A supervisor has acted.
};
// The customer wrote.
struct CustomerActive {
  ContactId contact;
};
// The customer left, or an operator ends it.
struct EndContact {
  ContactId contact;
  bool by_operator = false;  // Ends at once as FAILED; else abandoned or, once served, wrapped up.
  std::string detail;
};

// The customer no longer holds and is called back, when it is the contact's turn or at a set time. Its place is kept.
struct RequestCallback {
  ContactId contact;
  std::optional<Instant> at{};
};

// --- From agents ---

struct SignIn {
  std::string agent;
  Presence presence = Presence::kAvailable;  // Taken when not signed in yet.
  std::vector<ChannelMax> channels;          // Narrows the profile's; empty: as the profile.
};
struct SignOut {
  std::string agent;
  bool force = false;  // Contacts held return to the line; else refused while any is held.
  std::string reason = "agent";
};
// AWAY is noted while contacts are held, and applied once they are not; AVAILABLE takes effect at once.
struct SetPresence {
  std::string agent;
  Presence presence = Presence::kAvailable;  // OFFLINE signs out with force.
  std::string reason;
  std::string by = "agent";
};
// An agent's last desk disconnected, or the first one came back.
struct SetConnected {
  std::string agent;
  bool connected = false;
};
struct AcceptOffer {
  std::string agent;
  ContactId contact;
  OfferId offer;
};
struct DeclineOffer {
  std::string agent;
  ContactId contact;
  OfferId offer;
  std::string reason;
  bool unreachable = false;  // Not the agent's word: its device was busy or could not be reached.
};
struct HoldContact {
  std::string agent;
  ContactId contact;
  bool on = false;
};
struct TransferContact {
  std::string agent;
  ContactId contact;
  std::string to_agent;  // At most one of these two; with neither, whoever has what is required, in the same queue.
  std::string to_queue;
  std::vector<NamedTier> requirements;  // Empty: the target queue's own.
  std::string reason;
  std::string summary;
  bool warm = false;  // The agent serves it until the next one has accepted.
};
// Asks a colleague about a contact that the agent serves. Takes no capacity; one at a time.
struct ConsultAgent {
  std::string agent;
  ContactId contact;
  std::string colleague;
  std::string question;
};
// Said by who serves the contact or by who is consulted.
struct EndConsult {
  std::string agent;
  ContactId contact;
};
struct CompleteContact {
  std::string agent;
  ContactId contact;
  std::string disposition;
  std::string summary;
};
struct FinishWrapUp {
  std::string agent;
  ContactId contact;
  std::string disposition;
};
struct ExtendWrapUp {
  std::string agent;
  ContactId contact;
};
struct ClaimContact {
  std::string agent;
  ContactId contact;
};

// The agent puts what it serves off: it comes back at that time, to this agent first, who then reaches the customer.
struct ScheduleContact {
  std::string agent;
  ContactId contact;
  Instant at;
  std::string summary;
};
// The agent could not reach the customer of a callback.
struct CallbackFailed {
  std::string agent;
  ContactId contact;
};

// --- From supervisors ---

struct AssignContact {
  ContactId contact;
  std::string agent;
  bool may_exceed_capacity = false;
};
// Gives a contact that is being served to another agent, at once and beyond capacity if need be.
struct TakeOverContact {
  ContactId contact;
  std::string agent;
  std::string reason;
};
struct RequeueContact {
  ContactId contact;
};

using Command =
    std::variant<Configure, Recover, CreateContact, UpdateContact, CustomerActive, EndContact, SignIn, SignOut,
                 SetPresence, SetConnected, AcceptOffer, DeclineOffer, HoldContact, TransferContact, ConsultAgent,
                 EndConsult, CompleteContact, FinishWrapUp, ExtendWrapUp, ClaimContact, AssignContact, TakeOverContact,
                 RequeueContact, RequestCallback, ScheduleContact, CallbackFailed>;

// What a command brought about, for its caller.
struct Reply {
  ContactId contact = kNoContact;
  OfferId offer = kNoOffer;
};

}  // namespace routerd::core
