#include "routerd/core/roster.h"

#include <algorithm>
#include <bit>
#include <utility>

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

namespace {

PoolKey KeyIn(PoolOrder order, const Agent::Standing& standing, AgentId id) {
  const int64_t idle = standing.idle_since.time_since_epoch().count();
  switch (order) {
    case PoolOrder::kIdle:
      return {idle, 0, id};
    case PoolOrder::kLeastLoaded:
      return {standing.load, idle, id};
    case PoolOrder::kFullest:
      return {-standing.load, idle, id};
    case PoolOrder::kRoundRobin:
      break;
  }
  return {standing.last_offer_at.time_since_epoch().count(), idle, id};
}

}  // namespace

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

void Roster::Configure(std::vector<int> channel_costs, std::vector<Interruptions> interruptions, uint32_t orders_in_use,
                       size_t agent_count) {
  for (Agent& agent : agents_) Stand(agent, {});
  costs_ = std::move(channel_costs);
  interruptions_ = std::move(interruptions);
  orders_ = orders_in_use;
  agents_.resize(agent_count);
  staffed_.resize(costs_.size());
  for (size_t i = 0; i < agents_.size(); ++i) {
    agents_[i].data.id = AgentId{static_cast<uint32_t>(i)};
    agents_[i].policy_index = -1;
    agents_[i].counts.resize(costs_.size());
    agents_[i].taken.resize(costs_.size());
    agents_[i].data.count_max.resize(costs_.size());
  }
  for (Profile& profile : profiles_) {
    profile.SetChannelCount(costs_.size());
    profile.agent_count = 0;
  }
}

void Roster::SetProfile(AgentId id, Skills skills, BitSet admitted, uint64_t channels, bool bot, int capacity,
                        int policy_index) {
  Agent& agent = at(id);
  Stand(agent, {});
  std::string key;
  for (const SkillTier& s : skills) {
    key.append(std::to_string(Index(s.skill))).append(":").append(std::to_string(static_cast<int>(s.tier)));
    key.push_back(' ');
  }
  key.append(bot ? "bot@" : "@").append(std::to_string(channels));
  admitted.ForEach([&key](size_t queue) { key.append("|").append(std::to_string(queue)); });
  const auto [it, fresh] = profile_index_.try_emplace(key, static_cast<ProfileIx>(profiles_.size()));
  if (fresh) {
    Profile& profile = profiles_.emplace_back();
    profile.skills = std::move(skills);
    profile.admitted = std::move(admitted);
    profile.channels = channels;
    profile.bot = bot;
    profile.SetChannelCount(costs_.size());
  }
  agent.profile = it->second;
  ++profiles_[it->second].agent_count;
  agent.capacity = capacity;
  agent.policy_index = policy_index;
}

void Roster::Take(AgentId id, ContactId contact, ChannelId channel, int cost, int count) {
  Agent& agent = at(id);
  agent.held.insert(std::lower_bound(agent.held.begin(), agent.held.end(), contact), contact);
  Weigh(id, channel, cost, count);
}

void Roster::Release(AgentId id, ContactId contact, ChannelId channel, int cost, int count) {
  Agent& agent = at(id);
  agent.held.erase(std::find(agent.held.begin(), agent.held.end(), contact));
  Weigh(id, channel, -cost, -count);
}

void Roster::Weigh(AgentId id, ChannelId channel, int cost_by, int count_by) {
  Agent& agent = at(id);
  agent.used += cost_by;
  agent.taken[Index(channel)] += cost_by;
  agent.counts[Index(channel)] += count_by;
  Refresh(id);
}

bool Roster::HasRoom(const Agent& agent, ChannelId channel) const {
  const size_t ch = Index(channel);
  return agent.offerable() && agent.counts[ch] < agent.data.count_max[ch] &&
         InTheWay(agent, channel) <= agent.capacity - costs_[ch];
}

int Roster::InTheWay(const Agent& agent, ChannelId channel) const {
  const Interruptions& rules = interruptions_[Index(channel)];
  int taken = agent.used;
  for (uint64_t ruled = rules.blocked_by | rules.on_top_of; ruled != 0; ruled &= ruled - 1) {
    const auto held = static_cast<size_t>(std::countr_zero(ruled));
    if (agent.counts[held] > 0 && (rules.blocked_by >> held & 1) != 0) return kBlocked;
    if ((rules.on_top_of >> held & 1) != 0) taken -= agent.taken[held];
  }
  return taken;
}

const Skills& Roster::skills(const Agent& agent) const {
  static const Skills kNone;
  return agent.profile == kNoProfile ? kNone : profiles_[agent.profile].skills;
}

void Roster::Refresh(AgentId id) {
  Agent& agent = at(id);
  if (agent.profile != kNoProfile) Stand(agent, StandingOf(agent));
}

Agent::Standing Roster::StandingOf(const Agent& agent) const {
  if (!agent.offerable()) return {};
  Agent::Standing standing{
      true, 0, 0, agent.data.idle_since, agent.data.last_offer_at, int64_t{1'000'000} * agent.used / agent.capacity};
  for (uint32_t ch = 0; ch < costs_.size(); ++ch) {
    if (agent.data.count_max[ch] > 0) standing.takes |= uint64_t{1} << ch;
    if (HasRoom(agent, ChannelId{ch})) standing.room |= uint64_t{1} << ch;
  }
  return standing;
}

// Moves an agent from where it stood to where it stands now, touching only the pools in which that differs.
void Roster::Stand(Agent& agent, const Agent::Standing& standing) {
  const Agent::Standing was = std::exchange(agent.standing, standing);
  if (was == standing) return;
  Profile& profile = profiles_[agent.profile];
  profile.on_duty_count += standing.on_duty - was.on_duty;
  for (int i = 0; i < kPoolOrderCount; ++i) {
    if ((orders_ >> i & 1) == 0) continue;
    const PoolOrder order = static_cast<PoolOrder>(i);
    const PoolKey before = KeyIn(order, was, agent.data.id);
    const PoolKey after = KeyIn(order, standing, agent.data.id);
    if (was.room == standing.room && before == after) continue;
    if (was.room != 0) profile.PoolsFor(was.room)[i].erase(before);
    if (standing.room != 0) profile.PoolsFor(standing.room)[i].insert(after);
  }
  for (uint64_t changed = was.room ^ standing.room; changed != 0; changed &= changed - 1) {
    const size_t ch = static_cast<size_t>(std::countr_zero(changed));
    profile.room_counts[ch] += (standing.room >> ch & 1) != 0 ? 1 : -1;
    staffed_[ch].Set(agent.profile, profile.room_counts[ch] > 0);
  }
  for (uint64_t changed = was.takes ^ standing.takes; changed != 0; changed &= changed - 1) {
    const size_t ch = static_cast<size_t>(std::countr_zero(changed));
    profile.taker_counts[ch] += (standing.takes >> ch & 1) != 0 ? 1 : -1;
  }
}

void Profile::SetChannelCount(size_t count) {
  room_counts.resize(count);
  taker_counts.resize(count);
}

std::array<Pool, kPoolOrderCount>& Profile::PoolsFor(uint64_t room) {
  for (Group& group : groups) {
    if (group.room == room) return group.pools;
  }
  groups.push_back({room, {}});
  return groups.back().pools;
}

}  // namespace routerd::core
