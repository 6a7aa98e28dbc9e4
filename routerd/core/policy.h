// The rules of one workspace, by name, as configured. A policy is a plain value; the router resolves its names once,
// when it is loaded, and keeps tables of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "routerd/core/calendar.h"
#include "routerd/core/types.h"

namespace routerd::core {

struct ChannelPolicy {
  std::string name;
  int cost = 100;     // Capacity one contact takes, 1 or more.
  int count_max = 0;  // Most at once for agents who don't say; 0: as many as fit.
  // A conversation whose customer has been silent for so long falls dormant and takes only dormant_cost; 0: never.
  Duration dormant_after{0};
  int dormant_cost = 0;
};

// What holding a contact of one channel means for another that could ring. Pairs that are not named share the capacity.
// Contacts that are light (dormant, or in wrap-up that is optional) neither block nor are interrupted.
struct Interruption {
  std::string holding, ringing;
  enum class Effect : uint8_t {
    kInterrupt,  // May ring on top: what the held contacts take does not count.
    kBlock,      // May not ring, whatever capacity is left.
  } effect = Effect::kBlock;
};

struct VipPolicy {
  std::string name;
  Duration head_start{0};
  double weight = 1;
};

// How a queue picks among the agents with room who may take a contact. Ties go to the longest idle, then to the
// agent named first.
enum class Strategy : uint8_t {
  kLeastWanted,  // Whom other work, waiting or expected, could want least; then the fullest.
  kBestFit,      // Least skilled beyond what is asked.
  kLongestIdle,  // Whose last contact ended longest ago.
  kMostSkilled,  // Most skilled beyond what is asked.
  kLeastLoaded,  // Smallest share of capacity in use.
  kRoundRobin,   // Whose last offer is longest ago.
};

// What becomes of an agent who misses too many offers in a row.
enum class MissedAction : uint8_t { kAway, kSignOut, kNothing };

enum class WrapUpMode : uint8_t {
  kNone,
  kTimed,
  kUntilDone,
  kOptional,  // As kTimed, but holds no capacity.
};

struct RelaxStep {
  Duration after{0};  // Since the contact entered the queue.
  std::vector<NamedTier> requirements;
};

// In which order a queue's contacts are served among those of equal lane.
enum class Order : uint8_t {
  kRank,              // Time entered minus head start.
  kValue,             // Rank, moved forward by up to `value_bound` for short work that few can do; see price.cc.
  kEarliestDeadline,  // A rank that counts from the contact's deadline, where it has one; see DeadlineShift.
};

// Raises a contact for which all that is given holds; acts once for each contact that comes to the queue.
struct EscalationStep {
  std::optional<Duration> waited;  // Since the contact entered the queue.
  std::string label;               // Empty: any.
  int contact_count = 0;           // The customer's within a day; 0: any.
  // What then.
  std::optional<int> lane;              // Above the queue's own; never lowers it.
  Duration head_start{0};               // In addition.
  std::string queue;                    // Goes on there; empty: stays.
  std::vector<NamedTier> requirements;  // At least, in addition.
  bool call_supervisor = false;
};

// Agents kept free for some of a queue's customers: others get them only while more than so many have room.
struct HoldBackPolicy {
  Tier tier = Tier::kJunior;  // At least, in every skill that the queue asks for.
  int count = 0;              // So many, or
  int percent = 0;            // this share of those on duty, rounded up.
  std::vector<std::string> vips;
};
inline constexpr int kHoldBacksMax = 8;

// Whether a contact waits for the agent whom its customer knows.
struct KnownAgentPolicy {
  Duration wait_max = std::chrono::seconds(60);  // Longest wait for that agent alone.
  Duration worth = std::chrono::seconds(60);     // Longest expected wait beyond that for anybody.
};

// What is done with a contact beyond a limit of its queue.
struct OverflowAction {
  enum class Kind : uint8_t { kQueue, kRequirements, kHeadStart, kCallback, kMessage, kEnd };
  Kind kind = Kind::kEnd;
  std::string queue{};                    // kQueue: goes on there, at its rank.
  std::vector<NamedTier> requirements{};  // kRequirements: asks for no more than this from now on.
  Duration head_start{0};                 // kHeadStart: counts as waited in addition.
  std::string message{};                  // kMessage: is told to the customer.
};

// Acts once a contact, on the first occasion on which it holds.
struct OverflowRule {
  enum class When : uint8_t {
    kWaitingAbove,       // As the contact comes: more than `count` wait in the queue already.
    kExpectedWaitAbove,  // As the contact comes: half of those like it would wait longer than `time`.
    kWaited,             // It has waited in this queue for `time`.
    kClosing,            // One in ten like it would still wait when the queue closes; or the queue has closed.
    kUnstaffed,          // Nobody who could take it, relaxed as far as it goes, is signed in.
  };
  When when = When::kWaited;
  int count = 0;
  Duration time{0};
  OverflowAction action{};
};

struct CallbackPolicy {
  bool allowed = false;
  int attempts_max = 3;
  Duration retry_after = std::chrono::minutes(10);
};

inline constexpr int kOverflowRulesMax = 32;

struct QueuePolicy {
  std::string name;
  std::vector<NamedTier> requirements;
  std::vector<RelaxStep> steps;        // By time; each no harder than the one before.
  std::vector<NamedTier> preferences;  // Welcome, not asked for.
  Duration head_start{0};
  int lane = 0;
  Strategy strategy = Strategy::kLeastWanted;
  Order order = Order::kValue;
  Duration value_bound =
      std::chrono::minutes(20);  // Most that the order moves a place: forward, or back to a deadline.
  Duration offer_timeout = std::chrono::seconds(20);
  Duration miss_back_off = std::chrono::seconds(30);
  Duration decline_back_off = std::chrono::seconds(60);
  Duration unreachable_back_off = std::chrono::seconds(10);
  Duration lost_back_off{0};     // After an agent's connection broke during the offer.
  Duration abandon_back_off{0};  // Rest from all offers after a customer left during one.
  int misses_max = 2;            // Consecutive misses after which missed_action is taken; 0 never.
  MissedAction missed_action = MissedAction::kAway;
  int offer_count = 1;  // Agents to whom a contact is offered at once.
  WrapUpMode wrap_up = WrapUpMode::kNone;
  Duration wrap_up_time = std::chrono::seconds(30);
  Duration wrap_up_max = std::chrono::minutes(15);  // Counted from its start: caps agents' own times and extensions.
  int extension_count_max = 0;
  Duration extension_time = std::chrono::seconds(30);
  bool picking_allowed = false;
  int waiting_max = 0;  // 0: no limit.
  std::vector<std::string> dispositions;
  std::vector<std::string> agents;         // Only these; empty: all.
  Duration service_target{0};              // To be answered within; 0: none.
  std::vector<HoldBackPolicy> hold_backs;  // At most kHoldBacksMax.
  KnownAgentPolicy known_agent;
  std::vector<EscalationStep> escalation;
  std::string calendar;                       // Empty: always open.
  std::optional<OverflowAction> when_closed;  // Absent: who comes waits for the opening.
  std::vector<OverflowRule> overflow;         // In the order in which they are looked at; at most kOverflowRulesMax.
  Duration wait_max{0};                       // 0: no limit.
  int transfer_headroom_percent = 20;         // By which transfers get in beyond waiting_max.
  CallbackPolicy callback;
  bool bots_first = false;  // Bots with room are asked before people, whatever skills are asked for.
};

struct ChannelMax {
  std::string channel;
  int count_max = 0;
};

struct AgentPolicy {
  std::string name;
  std::vector<NamedTier> skills;
  std::vector<ChannelMax> channels;  // Empty: every channel.
  int capacity = 100;
  Duration wrap_up_time{0};  // In place of the queue's, capped by its wrap_up_max; 0: the queue's.
  bool bot = false;          // A program: no skill, and takes what queues with bots_first bring.
};

struct Policy {
  std::vector<Calendar> calendars;
  std::vector<std::string> skills;
  std::vector<ChannelPolicy> channels;
  std::vector<VipPolicy> vips;
  std::vector<QueuePolicy> queues;
  std::vector<Interruption> interruptions;
  std::vector<AgentPolicy> agents;
  Duration agent_grace = std::chrono::seconds(30);
  Duration transfer_wait = std::chrono::seconds(60);
  Duration keep_room_after = std::chrono::seconds(60);  // Waited, where cheaper channels can fill the room it needs.
  int64_t contacts_max = 1'000'000;
  // What this was made from, opaque to the core; kept so that the journal can hold it.
  std::string source;
};

const char* ToString(Strategy strategy);

}  // namespace routerd::core
