// Hold-backs: agents of a tier kept free for customers of some standing, and no more of them than these are expected to
// need. Those who are bound ask for something else than those who are not, so they form classes of their own, all of
// which are held alike: an agent with room passes over classes, a contact over profiles.
//
// Held contacts need no polling: whatever gives a group more room or keeps less of it names an agent or a contact, so
// the match looks at the heads of bound classes; and when the forecast fades by the clock alone, at a time that is
// known.
#include <algorithm>
#include <cmath>

#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

// Customers who keep less than this of an agent busy are not waited for.
constexpr double kWorthKeeping = 0.05;
// By this much later the forecast is past its threshold by more than arithmetic can be wrong.
constexpr Duration kPast = std::chrono::milliseconds(1);

}  // namespace

std::vector<QueueRules::HoldBack> Router::Impl::ResolveHoldBacks(const QueuePolicy& queue) const {
  std::vector<QueueRules::HoldBack> resolved;
  for (const HoldBackPolicy& policy : queue.hold_backs) {
    QueueRules::HoldBack& hold_back = resolved.emplace_back();
    hold_back.policy = policy;
    hold_back.skills = Resolve(queue.requirements);
    for (SkillTier& skill : hold_back.skills) skill.tier = policy.tier;
    for (const std::string& name : policy.vips) {
      if (const auto vip = vips.Find(name)) hold_back.vips.Set(Index(*vip));
    }
  }
  return resolved;
}

Requirement Router::Impl::RequirementIn(QueueId id, ChannelId channel, VipId vip, const Skills& asked,
                                        bool bot_done) const {
  const QueueRules& queue = rules(id);
  Requirement requirement{.skills = asked, .channel = channel, .restricted_to = queue.restricted ? id : kNoQueue};
  requirement.for_bots = queue.policy.bots_first && !bot_done;
  if (queue.hold_backs.empty()) return requirement;
  requirement.hold_back_queue = id;
  for (size_t i = 0; i < queue.hold_backs.size(); ++i) {
    const bool kept_for = vip != kNoVip && queue.hold_backs[i].vips.Test(Index(vip));
    if (!kept_for) requirement.held_back |= static_cast<uint8_t>(1u << i);
  }
  return requirement;
}

bool Router::Impl::InGroup(const Profile& profile, const Requirement& asked, size_t hold_back) const {
  const QueueRules& queue = rules(asked.hold_back_queue);
  return (profile.channels >> Index(asked.channel) & 1) != 0 &&
         Satisfies(profile.skills, queue.hold_backs[hold_back].skills) &&
         (!queue.restricted || profile.admitted.Test(Index(asked.hold_back_queue)));
}

// In agents kept busy by those whom it does not bind; nothing until the first of them has come.
std::optional<double> Router::Impl::ForecastOf(QueueId queue, size_t hold_back, Instant at) const {
  std::optional<double> busy;
  for (const ClassIx c : hold_back_classes) {
    const Requirement& asked = line.requirement(c);
    const Learned& learned = line.learned(c);
    if (asked.hold_back_queue != queue || (asked.held_back >> hold_back & 1) != 0) continue;
    if (learned.arrival_at == Instant{}) continue;
    busy =
        busy.value_or(0) + learned.ArrivalsPerSecond(at) * learned.HandleSeconds() * roster.cost(asked.channel) / 100;
  }
  return busy;
}

Router::Impl::Group Router::Impl::GroupOf(const Requirement& asked, size_t hold_back, Instant at) const {
  const HoldBackPolicy& policy = rules(asked.hold_back_queue).hold_backs[hold_back].policy;
  const size_t channel = Index(asked.channel);
  Group group;
  int on_duty = 0;
  for (ProfileIx p = 0; p < roster.profile_count(); ++p) {
    const Profile& profile = roster.profile(p);
    if (profile.taker_counts[channel] == 0 || !InGroup(profile, asked, hold_back)) continue;
    on_duty += profile.taker_counts[channel];
    group.room += profile.room_counts[channel];
  }
  group.kept = policy.percent > 0 ? (policy.percent * on_duty + 99) / 100 : policy.count;
  const std::optional<double> busy = ForecastOf(asked.hold_back_queue, hold_back, at);
  if (!busy) return group;
  group.kept = static_cast<int>(std::min<double>(group.kept, *busy < kWorthKeeping ? 0 : std::ceil(*busy)));
  const double lets_go = group.room > 1 ? group.room - 1 : kWorthKeeping;
  if (*busy < lets_go) return group;
  const double fade_s = Learned::kArrivalWindowS * std::log(*busy / lets_go);
  group.opens_at = at + Duration(static_cast<int64_t>(fade_s * 1e9)) + kPast;
  return group;
}

uint8_t Router::Impl::HoldsOn(ClassIx c, Instant at, int more_room) const {
  const Requirement& asked = line.requirement(c);
  uint8_t holds = 0;
  if (asked.held_back == 0) return holds;
  for (size_t i = 0; i < rules(asked.hold_back_queue).hold_backs.size(); ++i) {
    if ((asked.held_back >> i & 1) == 0) continue;
    const Group group = GroupOf(asked, i, at);
    if (group.room + more_room <= group.kept) holds |= static_cast<uint8_t>(1u << i);
  }
  return holds;
}

bool Router::Impl::HeldFrom(const Profile& profile, ClassIx c, uint8_t holds) const {
  for (size_t i = 0; holds != 0; ++i, holds >>= 1) {
    if ((holds & 1) != 0 && InGroup(profile, line.requirement(c), i)) return true;
  }
  return false;
}

BitSet Router::Impl::OpenClasses(const Profile& profile) const {
  BitSet open = profile.classes;
  for (const ClassIx c : hold_back_classes) {
    if (!open.Test(c) || !line.busy().Test(c)) continue;
    const uint8_t holds = HoldsOn(c, now, 0);
    if (holds != 0 && HeldFrom(profile, c, holds)) open.Set(c, false);
  }
  return open;
}

Instant Router::Impl::LetsGoAt(const Contact& contact) const {
  const Requirement& asked = line.requirement(contact.cls);
  const bool first = line.busy().Test(contact.cls) && line.head(contact.cls).contact == contact.id;
  Instant at = kNever;
  if (!first) return at;
  const uint8_t holds = HoldsOn(contact.cls, now, 0);
  for (size_t i = 0; i < 8; ++i) {
    if ((holds >> i & 1) == 0) continue;
    const Group group = GroupOf(asked, i, now);
    if (group.room > 0) at = std::min(at, group.opens_at);
  }
  return at;
}

void Router::Impl::VisitBoundHeads(const std::function<void(Contact&)>& visit) {
  for (const ClassIx c : hold_back_classes) {
    if (line.requirement(c).held_back == 0 || !line.busy().Test(c)) continue;
    for (const LineKey& key : line.waiting(c)) {
      Contact& contact = Get(key.contact);
      visit(contact);
      if (contact.rare().back_offs.empty() && contact.rare().linked.empty())
        break;  // Whoever it may not have, nobody behind may.
    }
  }
}

}  // namespace routerd::core
