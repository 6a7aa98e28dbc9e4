#include "routerd/core/forecast.h"

#include <algorithm>
#include <cmath>

namespace routerd::core {
namespace {

// Taken for a kind of work of which nothing has been learned yet.
constexpr double kHandleSecondsDefault = 180;
// The 90th percentile of the standard normal distribution.
constexpr double kZ90 = 1.2815515655446004;

Duration FromSeconds(double s) { return Duration(static_cast<int64_t>(s * 1e9)); }

// Quantile of a gamma distribution by its mean, shape and the normal quantile z.
double GammaQuantile(double mean, double shape, double z) {
  const double t = 1 - 1 / (9 * shape) + z / (3 * std::sqrt(shape));
  return t <= 0 ? 0 : mean * t * t * t;
}

}  // namespace

double Forecast::HandleSeconds(ClassIx cls) const {
  const Learned& learned = r_.line.learned(cls);
  return learned.handle_count > 0 ? learned.handle_s : kHandleSecondsDefault;
}

void Forecast::FillSlots(ChannelId channel) {
  slots_.resize(std::max(slots_.size(), size_t{Index(channel)} + 1));
  std::vector<Slots>& by_profile = slots_[Index(channel)];
  if (!by_profile.empty()) return;
  by_profile.resize(r_.roster.profile_count());
  for (size_t i = 0; i < r_.roster.agent_count(); ++i) {
    const Agent& agent = r_.roster.at(AgentId{static_cast<uint32_t>(i)});
    if (!agent.standing.on_duty) continue;
    const int cost = std::max(1, r_.roster.cost(channel));
    const size_t ch = Index(channel);
    const int total = std::min(agent.data.count_max[ch], agent.capacity / cost);
    int free = std::min(agent.data.count_max[ch] - agent.counts[ch], (agent.capacity - agent.used) / cost);
    free = std::clamp(free, 0, total);
    Slots& slots = by_profile[agent.profile];
    for (int n = 0; n < free; ++n) slots.push(0);
    int busy = total - free;
    for (const ContactId id : agent.held) {
      if (busy-- <= 0) break;
      const Contact& contact = *r_.Find(id);
      const double mean = HandleSeconds(contact.cls);
      const double elapsed = std::chrono::duration<double>(now_ - contact.offered_at).count();
      slots.push(std::max(mean - elapsed, mean / 4));
    }
  }
}

Forecast::Slots& Forecast::SlotsOf(ProfileIx profile, ChannelId channel) {
  FillSlots(channel);
  return slots_[Index(channel)][profile];
}

const std::vector<ClassIx>& Forecast::Rivals(ClassIx cls) {
  const auto [it, fresh] = rivals_.try_emplace(cls);
  if (!fresh) return it->second;
  for (ClassIx other = 0; other < r_.line.class_count(); ++other) {
    bool shared = other == cls;
    BitSet::ForEachInBoth(r_.class_profiles[cls], r_.class_profiles[other], [&](size_t p) {
      shared = shared || r_.roster.profile(static_cast<ProfileIx>(p)).on_duty_count > 0;
    });
    if (shared) it->second.push_back(other);
  }
  return it->second;
}

WaitEstimate Forecast::Add(ClassIx cls, AgentId reserved_for) {
  placed_.resize(std::max(placed_.size(), r_.line.class_count()));
  WaitEstimate estimate;
  estimate.place = 1;
  for (const ClassIx rival : Rivals(cls)) estimate.place += placed_[rival];
  ++placed_[cls];
  const ChannelId channel = r_.line.requirement(cls).channel;
  Slots* first = nullptr;
  const auto consider = [&](ProfileIx p) {
    Slots& slots = SlotsOf(p, channel);
    if (!slots.empty() && (first == nullptr || slots.top() < first->top())) first = &slots;
  };
  if (reserved_for != kNoAgent) {
    if (r_.roster.at(reserved_for).profile != kNoProfile) consider(r_.roster.at(reserved_for).profile);
  } else {
    r_.class_profiles[cls].ForEach([&](size_t p) { consider(static_cast<ProfileIx>(p)); });
  }
  if (first == nullptr) return estimate;
  const double wait = first->top();
  first->pop();
  first->push(wait + HandleSeconds(cls));
  estimate.p50 = FromSeconds(GammaQuantile(wait, estimate.place, 0));
  estimate.p90 = FromSeconds(GammaQuantile(wait, estimate.place, kZ90));
  return estimate;
}

// --- The router's questions about waiting ---

std::vector<const LineSet*> Router::Impl::AllLines() const {
  std::vector<const LineSet*> sets;
  line.busy().ForEach([&](size_t c) { sets.push_back(&line.waiting(static_cast<ClassIx>(c))); });
  for (size_t i = 0; i < roster.agent_count(); ++i) {
    const LineSet& reserved = roster.at(AgentId{static_cast<uint32_t>(i)}).reserved;
    if (!reserved.empty()) sets.push_back(&reserved);
  }
  return sets;
}

std::vector<const LineSet*> Router::Impl::RivalLines(const Contact& contact) const {
  std::vector<const LineSet*> sets;
  const AgentId kept_for = contact.rare().reserved_agent;
  BitSet profiles = class_profiles[contact.cls];
  if (kept_for != kNoAgent) {
    profiles = {};
    if (roster.at(kept_for).profile != kNoProfile) profiles.Set(roster.at(kept_for).profile);
  }
  line.busy().ForEach([&](size_t c) {
    bool rival = kept_for == kNoAgent && c == contact.cls;
    if (!rival) BitSet::ForEachInBoth(profiles, class_profiles[c], [&](size_t) { rival = true; });
    if (rival) sets.push_back(&line.waiting(static_cast<ClassIx>(c)));
  });
  for (size_t i = 0; i < roster.agent_count(); ++i) {
    const Agent& agent = roster.at(AgentId{static_cast<uint32_t>(i)});
    if (agent.reserved.empty()) continue;
    const bool rival = kept_for != kNoAgent ? Index(kept_for) == i : profiles.Test(agent.profile);
    if (rival) sets.push_back(&agent.reserved);
  }
  return sets;
}

void Router::VisitLine(const std::function<bool(const ContactCommon&)>& visit) const {
  VisitMerged(impl_->AllLines(), [&](const LineKey& key) { return visit(*impl_->Find(key.contact)); });
}

void Router::EstimateAll(Instant now,
                         const std::function<void(const ContactCommon&, const WaitEstimate&)>& visit) const {
  Forecast forecast(*impl_, now);
  VisitLine([&](const ContactCommon& contact) {
    const Contact& full = *impl_->Find(contact.id);
    visit(contact, forecast.Add(full.cls, full.rare().reserved_agent));
    return true;
  });
}

WaitEstimate Router::Estimate(ContactId contact, Instant now) const {
  Forecast forecast(*impl_, now);
  WaitEstimate estimate;
  VisitLine([&](const ContactCommon& other) {
    const Contact& full = *impl_->Find(other.id);
    estimate = forecast.Add(full.cls, full.rare().reserved_agent);
    return other.id != contact;
  });
  return estimate;
}

WaitEstimate Router::EstimateNewcomer(QueueId queue, ChannelId channel, Instant now) const {
  const Impl& r = *impl_;
  Forecast forecast(r, now);
  ClassIx cls = kNoClass;
  const QueueRules& rules = r.rules(queue);
  const Requirement asked{rules.requirements, channel, rules.restricted ? queue : kNoQueue};
  for (ClassIx c = 0; c < r.line.class_count() && cls == kNoClass; ++c) {
    if (r.line.requirement(c) == asked) cls = c;
  }
  if (cls == kNoClass) {  // Nobody ever asked for just this: as long as agents are free nobody waits.
    WaitEstimate estimate{.place = 1, .p50 = {}, .p90 = {}};
    const Staffing staffing = StaffingOf(queue);
    if (staffing.free > 0) estimate.p50 = estimate.p90 = Duration{0};
    return estimate;
  }
  const LineKey mine{-rules.policy.lane, now - rules.policy.head_start, ContactId{Index(r.last_contact) + 1}};
  VisitMerged(r.AllLines(), [&](const LineKey& key) {
    if (mine < key) return false;
    const Contact& contact = *r.Find(key.contact);
    forecast.Add(contact.cls, contact.rare().reserved_agent);
    return true;
  });
  return forecast.Add(cls, kNoAgent);
}

Router::Staffing Router::StaffingOf(QueueId queue) const {
  const Impl& r = *impl_;
  const QueueRules& rules = r.rules(queue);
  Staffing staffing;
  for (size_t i = 0; i < r.roster.agent_count(); ++i) {
    const Agent& agent = r.roster.at(AgentId{static_cast<uint32_t>(i)});
    if (!agent.standing.on_duty || !Satisfies(r.roster.skills(agent), rules.requirements)) continue;
    if (rules.restricted && !r.roster.profile(agent.profile).admitted.Test(Index(queue))) continue;
    ++staffing.available;
    if (agent.standing.room != 0) ++staffing.free;
  }
  return staffing;
}

}  // namespace routerd::core
