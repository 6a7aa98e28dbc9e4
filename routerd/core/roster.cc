#include "routerd/core/roster.h"

#include <algorithm>

namespace routerd::core {

PoolOrder OrderOf(Strategy strategy) {
  switch (strategy) {
    case Strategy::kLeastWanted:
      return PoolOrder::kFullest;
    case Strategy::kLeastLoaded:
      return PoolOrder::kLeastLoaded;
    case Strategy::kRoundRobin:
      return PoolOrder::kRoundRobin;
    default:
      return PoolOrder::kIdle;
  }
}

bool Satisfies(const Skills& skills, const Skills& asked) {
  auto have = skills.begin();
  for (const SkillTier& want : asked) {
    while (have != skills.end() && have->skill < want.skill) ++have;
    if (have == skills.end() || have->skill != want.skill || have->tier < want.tier) return false;
  }
  return true;
}

Tier TierOf(const Skills& skills, SkillId skill) {
  const auto it = std::lower_bound(skills.begin(), skills.end(), SkillTier{skill, Tier::kNone});
  return it != skills.end() && it->skill == skill ? it->tier : Tier::kNone;
}

void Roster::Configure(std::vector<int> channel_costs, uint32_t orders_in_use, size_t agent_count) {
  for (Agent& agent : agents_) Leave(agent);
  costs_ = std::move(channel_costs);
  orders_ = orders_in_use;
  agents_.resize(agent_count);
  staffed_.resize(costs_.size());
  for (size_t i = 0; i < agents_.size(); ++i) {
    agents_[i].data.id = AgentId{static_cast<uint32_t>(i)};
    agents_[i].policy_index = -1;
    agents_[i].counts.resize(costs_.size());
    agents_[i].data.count_max.resize(costs_.size());
  }
  for (Profile& profile : profiles_) profile.pools.resize(costs_.size());
}

void Roster::SetProfile(AgentId id, Skills skills, BitSet admitted, int capacity, int policy_index) {
  Agent& agent = at(id);
  Leave(agent);
  std::string key;
  for (const SkillTier& s : skills) {
    key.append(std::to_string(Index(s.skill))).append(":").append(std::to_string(static_cast<int>(s.tier)));
    key.push_back(' ');
  }
  admitted.ForEach([&key](size_t queue) { key.append("|").append(std::to_string(queue)); });
  const auto [it, fresh] = profile_index_.try_emplace(key, static_cast<ProfileIx>(profiles_.size()));
  if (fresh) {
    Profile& profile = profiles_.emplace_back();
    profile.skills = skills;
    profile.admitted = std::move(admitted);
    profile.pools.resize(costs_.size());
  }
  agent.skills = std::move(skills);
  agent.profile = it->second;
  agent.capacity = capacity;
  agent.policy_index = policy_index;
}

void Roster::Take(AgentId id, ContactId contact, ChannelId channel, int cost) {
  Agent& agent = at(id);
  agent.used += cost;
  ++agent.counts[Index(channel)];
  agent.held.insert(std::lower_bound(agent.held.begin(), agent.held.end(), contact), contact);
  Refresh(id);
}

void Roster::Release(AgentId id, ContactId contact, ChannelId channel, int cost) {
  Agent& agent = at(id);
  agent.used -= cost;
  --agent.counts[Index(channel)];
  agent.held.erase(std::find(agent.held.begin(), agent.held.end(), contact));
  Refresh(id);
}

bool Roster::HasRoom(const Agent& agent, ChannelId channel) const {
  const size_t ch = Index(channel);
  return agent.offerable() && agent.counts[ch] < agent.data.count_max[ch] && agent.used + costs_[ch] <= agent.capacity;
}

void Roster::Leave(Agent& agent) {
  if (agent.profile == kNoProfile) return;
  Profile& profile = profiles_[agent.profile];
  if (agent.on_duty) --profile.on_duty_count;
  agent.on_duty = false;
  for (size_t ch = 0; agent.room >> ch != 0; ++ch) {
    if ((agent.room >> ch & 1) == 0) continue;
    bool empty = true;
    for (int order = 0; order < kPoolOrderCount; ++order) {
      if ((orders_ >> order & 1) == 0) continue;
      profile.pools[ch][order].erase(agent.keys[order]);
      empty = profile.pools[ch][order].empty();
    }
    if (empty) staffed_[ch].Set(agent.profile, false);
  }
  agent.room = 0;
}

void Roster::Refresh(AgentId id) {
  Agent& agent = at(id);
  Leave(agent);
  if (agent.profile == kNoProfile || !agent.offerable()) return;
  Profile& profile = profiles_[agent.profile];
  ++profile.on_duty_count;
  agent.on_duty = true;
  const int64_t idle = agent.data.idle_since.time_since_epoch().count();
  const int64_t load = int64_t{1'000'000} * agent.used / agent.capacity;
  agent.keys = {PoolKey{idle, 0, id}, PoolKey{load, idle, id}, PoolKey{-load, idle, id},
                PoolKey{agent.data.last_offer_at.time_since_epoch().count(), idle, id}};
  for (size_t ch = 0; ch < costs_.size(); ++ch) {
    if (!HasRoom(agent, ChannelId{static_cast<uint32_t>(ch)})) continue;
    agent.room |= uint64_t{1} << ch;
    for (int order = 0; order < kPoolOrderCount; ++order) {
      if ((orders_ >> order & 1) != 0) profile.pools[ch][order].insert(agent.keys[order]);
    }
    staffed_[ch].Set(agent.profile);
  }
}

}  // namespace routerd::core
