// Who gets whom.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

// How far an agent's tiers stand above what is asked, over all skills asked for.
int64_t Surplus(const Skills& skills, const Skills& asked) {
  int64_t surplus = 0;
  for (const SkillTier& want : asked) {
    surplus += static_cast<int64_t>(TierOf(skills, want.skill)) - static_cast<int64_t>(want.tier);
  }
  return surplus;
}

}  // namespace

const BackOff* Router::Impl::BackOffOf(const Contact& contact, AgentId agent, Instant at) const {
  for (const BackOff& b : contact.rare().back_offs) {
    if (b.agent == agent && b.until > at) return &b;
  }
  return nullptr;
}

bool Router::Impl::AllPassedOver(const Contact& contact, Instant at) const {
  const size_t channel = Index(contact.channel);
  int left = 0;
  class_profiles[contact.cls].ForEach(
      [&](size_t p) { left += roster.profile(static_cast<ProfileIx>(p)).taker_counts[channel]; });
  for (const BackOff& b : contact.rare().back_offs) {
    const Agent& agent = roster.at(b.agent);
    if (b.until > at && (agent.standing.takes >> channel & 1) != 0 && MayTake(agent, contact)) --left;
  }
  return left == 0;
}

// A contact never waits for agents who are all passed over for it: after a moment they are asked again. The moment
// keeps one who declines at once from being asked without end.
bool Router::Impl::BackedOff(const Contact& contact, AgentId agent) const {
  Prefetch(contact);
  if (OfferedInstead(contact) != nullptr) return true;
  return BackOffOf(contact, agent, now) != nullptr && contact.rare().reserved_agent != agent &&
         (now < AskAgainAt(contact) || !AllPassedOver(contact, now));
}

bool Router::Impl::MayTake(const Agent& agent, const Contact& contact) const {
  return agent.profile != kNoProfile && class_profiles[contact.cls].Test(agent.profile);
}

bool Router::Impl::MayExceed(const Agent& agent, const Contact& contact) const {
  return contact.rare().may_exceed && contact.rare().reserved_agent == agent.data.id && agent.offerable() &&
         agent.data.count_max[Index(contact.channel)] > 0;
}

int Router::Impl::PreferredCount(const Contact& contact, QueueId queue, const Skills& skills) const {
  int count = 0;
  for (const Skills* preferred : {&rules(queue).preferences, &contact.rare().preferences}) {
    for (const SkillTier& skill : *preferred) count += TierOf(skills, skill.skill) >= skill.tier;
  }
  return count;
}

void Router::Impl::MakeOffer(Contact& contact, AgentId agent, OfferRule rule, int candidates, bool by_preference) {
  const QueuePolicy& queue = rules(OfferingQueue(contact)).policy;
  Emit(OfferMade{.offer = OfferId{Index(last_offer) + 1},
                 .contact = contact.id,
                 .agent = agent,
                 .cost = roster.cost(contact.channel),
                 .expire_at = now + queue.offer_timeout,
                 .rule = rule,
                 .strategy = queue.strategy,
                 .candidates = candidates,
                 .warm = contact.state == ContactState::kActive,
                 .by_preference = by_preference});
}

// Offers a waiting contact to the best agents with room, to as many at once as its queue says.
void Router::Impl::MatchContact(Contact& contact) {
  if (OfferedInstead(contact) != nullptr) return;
  if (contact.rare().reserved_agent != kNoAgent) {
    const Agent& agent = roster.at(contact.rare().reserved_agent);
    const bool room = roster.HasRoom(agent, contact.channel) && !KeepsRoomFrom(agent, contact);
    if (room || MayExceed(agent, contact)) MakeOffer(contact, contact.rare().reserved_agent, OfferRule::kReserved, 1);
    return;
  }
  bool asks_bots = false;
  for (int count = rules(contact.queue).policy.offer_count; count > 0; --count) {
    const Choice choice = ChooseAgent(contact);
    if (choice.agent == kNoAgent) return;
    const bool bot = roster.IsBot(roster.at(choice.agent));
    if (asks_bots && !bot) return;  // People are asked when no bot has room.
    asks_bots = bot;
    const bool again = BackOffOf(contact, choice.agent, now) != nullptr;
    const OfferRule rule = again ? OfferRule::kAskedAgain : bot ? OfferRule::kBotsFirst : OfferRule::kStrategy;
    MakeOffer(contact, choice.agent, rule, choice.candidates, choice.by_preference);
  }
}

bool Router::Impl::Passed(const Contact& contact, AgentId agent) const {
  if (contact.state == ContactState::kOffered) {
    if (contact.agent == agent) return true;
    for (const OpenOffer& other : contact.rare().more_offers) {
      if (other.agent == agent) return true;
    }
  }
  const bool kept = !room_keepers.empty() && KeepsRoomFrom(roster.at(agent), contact);
  // An agent who passes one on goes on serving it, and whoever declined is not asked again so soon.
  if (contact.state == ContactState::kActive) {
    return kept || contact.agent == agent || BackOffOf(contact, agent, now) != nullptr;
  }
  return kept || BackedOff(contact, agent);
}

// The best agent with room for a contact, of those to whom it is not offered already.
Router::Impl::Choice Router::Impl::ChooseAgent(const Contact& contact, QueueId queue, ClassIx cls) {
  const Strategy strategy = rules(queue).policy.strategy;
  const size_t order = static_cast<size_t>(OrderOf(strategy));
  const size_t channel = Index(contact.channel);
  const Skills& asked = line.requirement(cls).skills;
  if (strategy == Strategy::kLeastWanted) RefreshPrices();
  const bool prefers = !rules(queue).preferences.empty() || !contact.rare().preferences.empty();
  double best_score = std::numeric_limits<double>::infinity();
  int best_preferred = 0;
  PoolKey best;
  int candidates = 0;
  const uint8_t holds = hold_back_classes.empty() ? 0 : HoldsOn(cls, now, 0);
  bool by_preference = false;
  BitSet::ForEachInBoth(class_profiles[cls], roster.staffed(contact.channel), [&](size_t p) {
    const Profile& profile = roster.profile(static_cast<ProfileIx>(p));
    if (holds != 0 && HeldFrom(profile, cls, holds)) return;
    candidates += profile.room_counts[channel];
    double score = 0;
    if (strategy == Strategy::kLeastWanted) score = prefers ? std::round(profile.wanted * 10) / 10 : profile.wanted;
    if (strategy == Strategy::kBestFit) score = static_cast<double>(Surplus(profile.skills, asked));
    if (strategy == Strategy::kMostSkilled) {
      score = -static_cast<double>(Surplus(profile.skills, asked));
    }
    if (profile.bot) score = -std::numeric_limits<double>::infinity();  // Before all people.
    if (score > best_score) return;
    const int preferred = prefers ? PreferredCount(contact, queue, profile.skills) : 0;
    for (const Profile::Group& group : profile.groups) {
      if ((group.room >> channel & 1) == 0) continue;
      for (const PoolKey& key : group.pools[order]) {
        if (Passed(contact, key.agent)) continue;
        by_preference = score == best_score && (by_preference || preferred != best_preferred);
        if (std::tie(score, best_preferred, key) < std::tie(best_score, preferred, best)) {
          best_score = score;
          best_preferred = preferred;
          best = key;
        }
        break;
      }
    }
  });
  for (const BackOff& b : contact.rare().back_offs) {
    const Agent& agent = roster.at(b.agent);
    const bool could = (agent.standing.room >> channel & 1) != 0 && agent.profile != kNoProfile &&
                       class_profiles[cls].Test(agent.profile) &&
                       (holds == 0 || !HeldFrom(roster.profile(agent.profile), cls, holds));
    if (could && Passed(contact, b.agent)) --candidates;
  }
  if (!room_keepers.empty()) candidates -= KeptBackCount(contact, cls, holds);
  return {best.agent, candidates, by_preference};
}

// The contact that comes first among those that an agent may take and has room for.
std::optional<LineKey> Router::Impl::FirstFor(AgentId id) const {
  const Agent& agent = roster.at(id);
  std::optional<LineKey> first;
  if (agent.profile == kNoProfile || (agent.standing.room == 0 && agent.reserved.empty())) return first;
  const auto consider = [&](const LineSet& waiting) {
    for (const LineKey& key : waiting) {
      if (first && !(key < *first)) return;
      const Contact& contact = *Find(key.contact);
      const bool room = (agent.standing.room >> Index(contact.channel) & 1) != 0 || MayExceed(agent, contact);
      if (!room || BackedOff(contact, id)) continue;
      if (KeepsRoomFrom(agent, contact)) {
        if (&waiting != &agent.reserved) return;  // As from all behind it.
        continue;
      }
      first = key;
      return;
    }
  };
  BitSet open;
  if (!hold_back_classes.empty()) open = OpenClasses(roster.profile(agent.profile));
  const BitSet& classes = hold_back_classes.empty() ? roster.profile(agent.profile).classes : open;
  const ClassIx c = agent.standing.room == 0 ? kNoClass : line.First(classes, agent.standing.room);
  if (c != kNoClass && !BackedOff(*Find(line.head(c).contact), id)) {
    first = line.head(c);
  } else if (c != kNoClass) {  // Not for this agent now: look behind it.
    BitSet::ForEachInBoth(classes, line.busy(), [&](size_t i) { consider(line.waiting(static_cast<ClassIx>(i))); });
  }
  if (first && agent.room_for != kNoContact && Find(agent.room_for)->key() < *first) first.reset();
  consider(agent.reserved);
  if (!warm_transfers.empty()) FirstWarmFor(agent, first);
  return first;
}

// Leaves no eligible contact waiting while an agent who may take it has room. Whatever a command freed or put back, the
// contact that stands first is served first, by whichever agent its queue's strategy prefers: so neither the line nor
// the choice depends on the order in which things happened within one command.
void Router::Impl::Match() {
  const auto later = [](const Turn& a, const Turn& b) { return b.key < a.key; };
  const auto push = [&](const LineKey& key, AgentId agent) {
    turns.push_back({key, agent});
    std::push_heap(turns.begin(), turns.end(), later);
  };
  const auto look = [&](AgentId agent) {
    if (!room_wanted.empty()) KeepRoomAt(agent);
    if (const auto first = FirstFor(agent)) push(*first, agent);
  };
  const auto look_at_freed = [&] {
    for (; !freed_agents.empty(); freed_agents.pop_back()) look(freed_agents.back());
  };
  ApplyPending();
  if (!room_keepers.empty()) ReviewRooms();
  for (const AgentId agent : dirty_agents) look(agent);
  look_at_freed();
  if (std::exchange(takers_changed, false)) {  // Nobody else may be left for those for whom agents are passed over.
    for (const ContactId id : passed_over) {
      if (AllPassedOver(*Find(id), now)) dirty_contacts.push_back(id);
    }
  }
  for (const ContactId id : dirty_contacts) {
    const Contact* contact = Find(id);
    if (contact != nullptr && SeeksAgent(*contact)) push(contact->key(), kNoAgent);
  }
  const auto look_at_bound = [&] {
    if (!hold_back_classes.empty()) VisitBoundHeads([&](const Contact& head) { push(head.key(), kNoAgent); });
  };
  look_at_bound();
  while (!turns.empty()) {
    std::pop_heap(turns.begin(), turns.end(), later);
    const Turn turn = turns.back();
    turns.pop_back();
    Contact* contact = Find(turn.key.contact);
    if (contact->state == ContactState::kQueued) {
      MatchContact(*contact);
    } else if (SeeksAgent(*contact)) {
      OfferWarmly(*contact);
    }
    look_at_freed();
    const bool waits = contact->state == ContactState::kQueued;
    const bool bound = !hold_back_classes.empty() && line.requirement(contact->cls).held_back != 0;
    if (bound && !waits) look_at_bound();  // The next of its class.
    if (turn.agent == kNoAgent) continue;
    // What an agent may still have room for only comes later in line, as nobody joins it meanwhile. An agent from whom
    // it is held back since that was seen may have room for others.
    const auto next = waits && bound ? FirstFor(turn.agent) : std::nullopt;
    if (next && turn.key < *next) push(*next, turn.agent);
    if (waits && OfferedInstead(*contact) == nullptr) continue;
    look(turn.agent);
  }
  if (!hold_back_classes.empty()) VisitBoundHeads([this](Contact& head) { Rearm(head); });
  KeepRooms();
  dirty_agents.clear();
  dirty_contacts.clear();
}

}  // namespace routerd::core
