// The agents, kept apart by what they can do, and those with room in the order in which they would be chosen.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "routerd/core/bit_set.h"
#include "routerd/core/line.h"
#include "routerd/core/policy.h"
#include "routerd/core/state.h"
#include "routerd/core/types.h"

namespace routerd::core {

// In what order agents of one profile stand, when any would do. The smaller key is chosen.
enum class PoolOrder : uint8_t { kIdle, kLeastLoaded, kFullest, kRoundRobin };
inline constexpr int kPoolOrderCount = 4;
PoolOrder OrderOf(Strategy strategy);

struct PoolKey {
  int64_t first = 0;
  int64_t second = 0;
  AgentId agent = kNoAgent;
  auto operator<=>(const PoolKey&) const = default;
};
using Pool = absl::btree_set<PoolKey>;

using ProfileIx = uint32_t;
inline constexpr ProfileIx kNoProfile = ~0u;

// Agents with the same skills, channels and admissions to restricted queues, all people or all bots.
struct Profile {
  // Those with room for the same channels stand together, in each order in use. Few sets of channels ever occur, as
  // room goes from the dearest channel down.
  struct Group {
    uint64_t room = 0;  // By channel; never 0.
    std::array<Pool, kPoolOrderCount> pools;
  };

  Skills skills;
  BitSet admitted;        // By queue: restricted queues that admit it.
  uint64_t channels = 0;  // By channel: what its agents take.
  int agent_count = 0;    // That the policy in force has.
  bool bot = false;
  BitSet classes;  // By class: what it may serve.
  std::vector<Group> groups;
  absl::InlinedVector<int, 6> room_counts;   // By channel: agents with room for it.
  absl::InlinedVector<int, 6> taker_counts;  // By channel: agents on duty who take it at all.
  int on_duty_count = 0;                     // Available and connected.
  double wanted = 0;                         // How much work wants each of its agents; see price.cc.

  std::array<Pool, kPoolOrderCount>& PoolsFor(uint64_t room);
  void SetChannelCount(size_t count);
};

struct alignas(64) Agent {
  // What decides where it stands among those of its profile.
  struct Standing {
    bool on_duty = false;
    uint64_t takes = 0;  // By channel: some of it, were there room.
    uint64_t room = 0;   // By channel; 0: in no pool.
    Instant idle_since;
    Instant last_offer_at;
    int64_t load = 0;  // Share of its capacity in use, in millionths.
    bool operator==(const Standing&) const = default;
  };

  AgentData data;
  ProfileIx profile = kNoProfile;
  int policy_index = -1;  // Position in the policy in force; -1: it has no such agent.
  int capacity = 100;
  int used = 0;
  absl::InlinedVector<int, 6> counts;          // Held, by channel.
  absl::InlinedVector<int, 6> taken;           // Of the capacity, by channel.
  absl::InlinedVector<ContactId, 2> held;      // Offers included, by id: oldest contact first.
  LineSet reserved;                            // Waiting contacts reserved for it.
  ContactId room_for = kNoContact;             // Waiting contact for which it keeps its room.
  absl::InlinedVector<ContactId, 1> consults;  // On which it is consulted.
  Standing standing;                           // As the pools have it.
  bool resting = false;                        // Until data.rest_until.
  Instant wake = kNever;                       // Its entry among the deadlines.

  bool signed_in() const { return data.presence != Presence::kOffline; }
  bool offerable() const {
    return data.presence == Presence::kAvailable && data.pending() != Presence::kAway && data.connected && !resting;
  }
};

// Knows who has room. It does not choose and does not know contacts beyond their cost.
class Roster {
 public:
  static constexpr size_t kChannelsMax = 64;

  // What held contacts mean for one of a channel that could ring; a bit for each channel that is held.
  struct Interruptions {
    uint64_t blocked_by = 0;
    uint64_t on_top_of = 0;  // What these take of the capacity does not count.
  };

  // Lays out the costs of channels, what interrupts what, and the orders that the queues' strategies need, and makes
  // room for agents.
  void Configure(std::vector<int> channel_costs, std::vector<Interruptions> interruptions, uint32_t orders_in_use,
                 size_t agent_count);
  // Gives an agent its profile.
  void SetProfile(AgentId agent, Skills skills, BitSet admitted, uint64_t channels, bool bot, int capacity,
                  int policy_index);

  Agent& at(AgentId agent) { return agents_[Index(agent)]; }
  const Agent& at(AgentId agent) const { return agents_[Index(agent)]; }
  size_t agent_count() const { return agents_.size(); }
  size_t profile_count() const { return profiles_.size(); }
  Profile& profile(ProfileIx p) { return profiles_[p]; }
  const Profile& profile(ProfileIx p) const { return profiles_[p]; }
  // Empty for an agent whom no policy ever described.
  const Skills& skills(const Agent& agent) const;
  bool IsBot(const Agent& agent) const { return agent.profile != kNoProfile && profiles_[agent.profile].bot; }
  // Profiles with somebody who has room for the channel.
  const BitSet& staffed(ChannelId channel) const { return staffed_[Index(channel)]; }
  int cost(ChannelId channel) const { return costs_[Index(channel)]; }
  size_t channel_count() const { return costs_.size(); }

  // The agent takes up or gives back a contact of the channel; `count` is 0 for one that is light.
  void Take(AgentId agent, ContactId contact, ChannelId channel, int cost, int count = 1);
  void Release(AgentId agent, ContactId contact, ChannelId channel, int cost, int count = 1);
  // What a held contact takes changes, and by how much it counts for its channel.
  void Weigh(AgentId agent, ChannelId channel, int cost_by, int count_by);
  // Puts the agent into the pools where it has room now. To be called after any change of its data.
  void Refresh(AgentId agent);
  // Whether presence, connection, capacity and count leave room for one more of the channel.
  bool HasRoom(const Agent& agent, ChannelId channel) const;
  // Capacity that one more of the channel finds taken; kBlocked when it may not ring beside what is held.
  int InTheWay(const Agent& agent, ChannelId channel) const;
  static constexpr int kBlocked = std::numeric_limits<int>::max();

 private:
  Agent::Standing StandingOf(const Agent& agent) const;
  void Stand(Agent& agent, const Agent::Standing& standing);

  std::vector<int> costs_;
  std::vector<Interruptions> interruptions_;  // By channel that could ring.
  uint32_t orders_ = 0;
  std::vector<Agent> agents_;
  std::vector<Profile> profiles_;
  absl::flat_hash_map<std::string, ProfileIx> profile_index_;
  std::vector<BitSet> staffed_;
};

// Whether skills reach what is asked, each at its tier or better. Both are sorted by skill.
bool Satisfies(const Skills& skills, const Skills& asked);
// The tier of one skill; kNone when it is not there.
Tier TierOf(const Skills& skills, SkillId skill);

}  // namespace routerd::core
