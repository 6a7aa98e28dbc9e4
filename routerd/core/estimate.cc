// The router's answers about waiting: who stands where, and how long it will take.
#include <algorithm>
#include <bit>

#include "routerd/core/forecast.h"

namespace routerd::core {
namespace {

// Of those ahead of one contact so many are played; beyond them the wait is taken to grow as the place does.
constexpr size_t kPlayedMax = 256;
constexpr int kRunsMax = 16;
constexpr int kRunsMin = 4;

// The more wait and serve, the less chance matters to each, and the more a run costs.
int RunsFor(size_t waiting, size_t agents) {
  return std::clamp(static_cast<int>(40'000 / (waiting + 2 * agents + 1)), kRunsMin, kRunsMax);
}

// Counts places while everybody who waits is told of in line order.
class Places {
 public:
  explicit Places(const Router::Impl& r) : r_(r), placed_(r.line.class_count()), rivals_(r.line.class_count()) {}

  // The place of the next one: who was told before and shares an agent stands ahead.
  int Next(ClassIx cls) {
    if (rivals_[cls].empty()) {
      const BitSet servers = r_.ServersOf(r_.line.requirement(cls));
      r_.line.busy().ForEach([&](size_t other) {
        bool rival = other == cls;
        if (!rival) BitSet::ForEachInBoth(servers, r_.class_profiles[other], [&](size_t) { rival = true; });
        if (rival) rivals_[cls].push_back(static_cast<ClassIx>(other));
      });
      if (rivals_[cls].empty()) rivals_[cls].push_back(cls);
    }
    int place = 1;
    for (const ClassIx rival : rivals_[cls]) place += placed_[rival];
    ++placed_[cls];
    return place;
  }

 private:
  const Router::Impl& r_;
  std::vector<int> placed_;                   // By class.
  std::vector<std::vector<ClassIx>> rivals_;  // By class, worked out at first use.
};

}  // namespace

std::vector<const LineSet*> Router::Impl::AllLines() const {
  std::vector<const LineSet*> sets;
  line.busy().ForEach([&](size_t c) { sets.push_back(&line.waiting(static_cast<ClassIx>(c))); });
  for (size_t i = 0; i < roster.agent_count(); ++i) {
    const LineSet& reserved = roster.at(AgentId{static_cast<uint32_t>(i)}).reserved;
    if (!reserved.empty()) sets.push_back(&reserved);
  }
  return sets;
}

BitSet Router::Impl::ServersOf(const Requirement& asked) const {
  BitSet on_duty, all;
  for (ProfileIx p = 0; p < roster.profile_count(); ++p) {
    if (roster.profile(p).on_duty_count > 0 && MayServe(roster.profile(p), asked)) on_duty.Set(p);
  }
  if (on_duty != BitSet()) return on_duty;
  // Profiles outlive their agents, so that those who are there must be asked.
  for (size_t i = 0; i < roster.agent_count(); ++i) {
    const Agent& agent = roster.at(AgentId{static_cast<uint32_t>(i)});
    if (agent.policy_index < 0 || all.Test(agent.profile)) continue;
    if (MayServe(roster.profile(agent.profile), asked)) all.Set(agent.profile);
  }
  return all;
}

std::vector<const LineSet*> Router::Impl::RivalLines(const Requirement& asked, AgentId kept_for) const {
  std::vector<const LineSet*> sets;
  BitSet profiles;
  if (kept_for == kNoAgent) {
    profiles = ServersOf(asked);
  } else if (roster.at(kept_for).profile != kNoProfile) {
    profiles.Set(roster.at(kept_for).profile);
  }
  line.busy().ForEach([&](size_t c) {
    bool rival = line.requirement(static_cast<ClassIx>(c)) == asked;
    if (!rival) BitSet::ForEachInBoth(profiles, class_profiles[c], [&](size_t) { rival = true; });
    if (rival) sets.push_back(&line.waiting(static_cast<ClassIx>(c)));
  });
  for (size_t i = 0; i < roster.agent_count(); ++i) {
    const Agent& agent = roster.at(AgentId{static_cast<uint32_t>(i)});
    if (agent.reserved.empty()) continue;
    if (kept_for == kNoAgent ? profiles.Test(agent.profile) : Index(kept_for) == i) sets.push_back(&agent.reserved);
  }
  return sets;
}

void Router::VisitLine(const std::function<bool(const ContactCommon&)>& visit) const {
  VisitMerged(impl_->AllLines(), [&](const LineKey& key) { return visit(*impl_->Find(key.contact)); });
}

void Router::EstimateAll(Instant now,
                         const std::function<void(const ContactCommon&, const WaitEstimate&)>& visit) const {
  const Impl& r = *impl_;
  Forecast forecast(r, now);
  std::vector<const Contact*> line;
  VisitMerged(r.AllLines(), [&](const LineKey& key) {
    line.push_back(r.Find(key.contact));
    forecast.Add(*line.back());
    return true;
  });
  forecast.Run(RunsFor(line.size(), r.roster.agent_count()));
  Places places(r);
  for (size_t i = 0; i < line.size(); ++i) {
    const auto [p50, p90] = forecast.WaitOf(i);
    visit(*line[i], {places.Next(line[i]->cls), p50, p90});
  }
}

namespace {

// What one who stands at `key` is told: `add` puts it into the forecast.
template <typename Add>
WaitEstimate EstimateOne(const Router::Impl& r, const LineKey& key, const Requirement& asked, AgentId kept_for,
                         Instant now, Add&& add) {
  Forecast forecast(r, now);
  const std::vector<const LineSet*> lines = r.AllLines();
  size_t played = 0;
  VisitMerged(lines, [&](const LineKey& other) {
    if (!(other < key) || played == kPlayedMax) return false;
    forecast.Add(*r.Find(other.contact));
    ++played;
    return true;
  });
  const size_t mine = add(forecast);
  forecast.Run(RunsFor(played, r.roster.agent_count()), mine);
  auto [p50, p90] = forecast.WaitOf(mine);
  if (played == kPlayedMax) {
    const double share = (CountBefore(lines, key) + 1.0) / static_cast<double>(played + 1);
    const auto longer = [&](std::optional<Duration>& wait) {
      if (wait) wait = Duration(static_cast<int64_t>(static_cast<double>(wait->count()) * share));
    };
    longer(p50);
    longer(p90);
  }
  return {CountBefore(r.RivalLines(asked, kept_for), key) + 1, p50, p90};
}

}  // namespace

WaitEstimate Router::Impl::EstimateWaiting(const Contact& contact, Instant at) const {
  return EstimateOne(*this, contact.key(), line.requirement(contact.cls), contact.rare().reserved_agent, at,
                     [&](Forecast& forecast) { return forecast.Add(contact); });
}

WaitEstimate Router::Impl::OutlookFor(const Contact& contact) {
  Duration forward = rules(contact.queue).policy.head_start - contact.rare().order_shift;
  if (contact.vip != kNoVip) forward += vip_rules[Index(contact.vip)].head_start;
  if (contact.rank + forward != now) return EstimateWaiting(contact, now);
  constexpr Duration kGoodFor = std::chrono::seconds(1);
  constexpr size_t kShare = 16;  // Little is less than one in so many: of those who wait, of agents with a new offer.
  Outlook& outlook = outlooks[{contact.queue, contact.cls, contact.vip, contact.lane}];
  const size_t grown = std::max(waiting_count, outlook.waiting_count) - std::min(waiting_count, outlook.waiting_count);
  const uint64_t offered = Index(last_offer) - Index(outlook.last_offer);
  if (outlook.at + kGoodFor <= now || grown > outlook.waiting_count / kShare ||
      offered > roster.agent_count() / kShare) {
    outlook = {now, waiting_count, last_offer, EstimateWaiting(contact, now)};
  }
  return outlook.estimate;
}

WaitEstimate Router::Estimate(ContactId id, Instant now) const { return impl_->EstimateWaiting(*impl_->Find(id), now); }

WaitEstimate Router::EstimateNewcomer(QueueId queue, ChannelId channel, VipId vip, Instant now) const {
  const QueueRules& rules = impl_->rules(queue);
  const Requirement asked = impl_->RequirementIn(queue, channel, vip, rules.requirements);
  const Duration standing = vip == kNoVip ? Duration{0} : impl_->vip_rules[Index(vip)].head_start;
  const Instant rank = now - rules.policy.head_start - standing + impl_->ValueShift(asked, rules.policy);
  const LineKey key{-rules.policy.lane, rank, ContactId{Index(impl_->last_contact) + 1}};
  WaitEstimate estimate = EstimateOne(*impl_, key, asked, kNoAgent, now,
                                      [&](Forecast& forecast) { return forecast.AddNewcomer(asked, key); });
  const Hours hours = impl_->HoursOf(rules, now);
  if (!hours.open && hours.change_at != kNever) {
    if (estimate.p50) *estimate.p50 += hours.change_at - now;
    if (estimate.p90) *estimate.p90 += hours.change_at - now;
  }
  return estimate;
}

Router::Staffing Router::StaffingOf(QueueId queue) const {
  const Impl& r = *impl_;
  const QueueRules& rules = r.rules(queue);
  Staffing staffing;
  for (size_t i = 0; i < r.roster.agent_count(); ++i) {
    const Agent& agent = r.roster.at(AgentId{static_cast<uint32_t>(i)});
    if (!agent.standing.on_duty) continue;
    const bool able =
        r.roster.IsBot(agent) ? rules.policy.bots_first : Satisfies(r.roster.skills(agent), rules.requirements);
    if (!able) continue;
    if (rules.restricted && !r.roster.profile(agent.profile).admitted.Test(Index(queue))) continue;
    ++staffing.available;
    if (agent.standing.room != 0) ++staffing.free;
  }
  return staffing;
}

}  // namespace routerd::core
