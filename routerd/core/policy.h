// The rules of one workspace, by name, as configured. A policy is a plain value; the router resolves its names once,
// when it is loaded, and keeps tables of its own.
#pragma once

#include <string>
#include <vector>

#include "routerd/core/types.h"

namespace routerd::core {

struct ChannelPolicy {
  std::string name;
  int cost = 100;     // Capacity one contact takes, 1 or more.
  int count_max = 0;  // Most at once for agents who don't say; 0: as many as fit.
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

struct QueuePolicy {
  std::string name;
  std::vector<NamedTier> requirements;
  std::vector<RelaxStep> steps;  // By time; each no harder than the one before.
  Duration head_start{0};
  int lane = 0;
  Strategy strategy = Strategy::kLeastWanted;
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
  std::vector<std::string> agents;  // Only these; empty: all.
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
};

struct Policy {
  std::vector<std::string> skills;
  std::vector<ChannelPolicy> channels;
  std::vector<VipPolicy> vips;
  std::vector<QueuePolicy> queues;
  std::vector<AgentPolicy> agents;
  Duration agent_grace = std::chrono::seconds(30);
  Duration transfer_wait = std::chrono::seconds(60);
  int64_t contacts_max = 1'000'000;
  // What this was made from, opaque to the core; kept so that the journal can hold it.
  std::string source;
};

const char* ToString(Strategy strategy);

}  // namespace routerd::core
