// Hours and limits: what becomes of a contact that comes while its queue is closed, that too many stand before, that
// waits too long, or that nobody is there to serve.
//
// A queue's hours say who may come, not who is served: who stands in line when it closes is served out, unless a rule
// on closing says otherwise. Who comes while it is closed waits outside the line (scheduled for the opening, at the
// rank of its coming), so closed queues cost matching nothing.
//
// Rules are looked at in their order, when a contact comes into the queue's line and at the times that the rules name;
// the first that holds acts. Each acts once on a contact as long as it is in the queue. An action that would move it
// into a queue that is closed or full does not: that is noted, and the next rule is looked at. A rule that would close
// a circle of queues has no effect, so moving on comes to an end; configuration refuses such rules anyway.
//
// The clock does not send away a contact that an agent of this queue had accepted (the agent was lost), nor one whose
// customer was promised a callback.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "routerd/core/router_impl.h"
#include "routerd/core/text.h"

namespace routerd::core {
namespace {

using When = OverflowRule::When;
using Kind = OverflowAction::Kind;

constexpr Duration kHeadStartMax = std::chrono::hours(24);

std::string Text(const OverflowRule& rule) {
  switch (rule.when) {
    case When::kWaitingAbove:
      return absl::StrCat("more than ", rule.count, " waiting");
    case When::kExpectedWaitAbove:
      return absl::StrCat("expected wait above ", DurationText(rule.time));
    case When::kWaited:
      return absl::StrCat("waited ", DurationText(rule.time));
    case When::kClosing:
      return "closing";
    case When::kUnstaffed:
      return "unstaffed";
  }
  return "";
}

bool Done(const Contact& contact, size_t rule) { return (contact.rare().overflow_done >> rule & 1) != 0; }

// Whether an agent accepted it since it came into this queue.
bool Served(const Contact& contact) {
  return contact.accepted_at != Instant{} && contact.accepted_at >= contact.queued_at;
}

// Whether an action means anything to the contact.
bool Concerns(const OverflowAction& action, const Contact& contact) {
  if (!contact.rare().callback) return true;
  return action.kind != Kind::kEnd && action.kind != Kind::kCallback && action.kind != Kind::kMessage;
}

bool IsFull(const QueueRules& queue) {
  return queue.policy.waiting_max > 0 && queue.waiting >= queue.policy.waiting_max;
}

}  // namespace

// --- The rules ---

void Router::Impl::LoadLimits(QueueRules& queue) {
  const auto resolve = [this](const OverflowAction& action) {
    QueueRules::Named named;
    named.requirements = Resolve(action.requirements);
    if (action.kind == Kind::kQueue) named.queue = queues.Find(action.queue).value_or(kNoQueue);
    return named;
  };
  const QueuePolicy& p = queue.policy;
  queue.overflow.clear();
  for (const OverflowRule& rule : p.overflow) queue.overflow.push_back(resolve(rule.action));
  queue.overflow.resize(std::min<size_t>(queue.overflow.size(), kOverflowRulesMax));
  queue.when_closed = p.when_closed ? resolve(*p.when_closed) : QueueRules::Named{};
  queue.calendar = nullptr;
  queue.hours_from = kNever;
  for (const Calendar& calendar : policy->calendars) {
    if (calendar.name == p.calendar) queue.calendar = {policy, &calendar};
  }
  queue.limited = queue.calendar != nullptr || !queue.overflow.empty() || p.wait_max > Duration{0};
}

// Cuts circles: seen from each queue in turn, what leads back to it leads nowhere.
void Router::Impl::CutOverflowCircles() {
  const auto leads_to = [this](QueueId from, QueueId target) {
    std::vector<QueueId> found = {from};
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i] == target) return true;
      const QueueRules& queue = rules(found[i]);
      const auto add = [&](QueueId next) {
        if (next != kNoQueue && std::find(found.begin(), found.end(), next) == found.end()) found.push_back(next);
      };
      for (const QueueRules::Named& named : queue.overflow) add(named.queue);
      add(queue.when_closed.queue);
    }
    return false;
  };
  for (QueueId q{0}; Index(q) < queue_rules.size(); q = QueueId{Index(q) + 1}) {
    const auto cut = [&](QueueId& next) {
      if (next != kNoQueue && leads_to(next, q)) next = kNoQueue;
    };
    for (QueueRules::Named& named : rules(q).overflow) cut(named.queue);
    cut(rules(q).when_closed.queue);
  }
}

Router::Hours Router::Impl::HoursOf(const QueueRules& queue, Instant at) const {
  if (queue.calendar == nullptr) return {};
  if (at < queue.hours_from || at >= queue.hours_until) {
    queue.hours_from = at;
    queue.hours_until = NextChange(*queue.calendar, at);
    queue.hours_open = IsOpen(*queue.calendar, at);
  }
  return {queue.hours_open, queue.hours_until};
}

Instant Router::Impl::OpenAt(const QueueRules& queue, Instant at) const {
  if (queue.calendar == nullptr || IsOpen(*queue.calendar, at)) return at;
  const Instant opening = NextChange(*queue.calendar, at);
  return opening == kNever ? at : opening;
}

// What the contact would ask for in another queue: that queue's own, and what it asked for beyond this one's.
Skills Router::Impl::AskedIn(const QueueRules& target, const Contact& contact) const {
  const QueueRules& queue = rules(contact.queue);
  Skills asked = target.requirements;
  for (const SkillTier& current : RequirementsOf(contact)) {
    if (queue.named_skills.Test(Index(current.skill))) continue;
    const auto at = std::lower_bound(asked.begin(), asked.end(), SkillTier{current.skill, Tier::kNone});
    if (at != asked.end() && at->skill == current.skill) {
      at->tier = std::max(at->tier, current.tier);
    } else {
      asked.insert(at, current);
    }
  }
  return asked;
}

// --- When they hold ---

Instant Router::Impl::NextLimit(const Contact& contact) const {
  const QueueRules& queue = rules(contact.queue);
  const QueuePolicy& p = queue.policy;
  const bool clocked = !Served(contact);
  Instant next = kNever;
  if (clocked && p.wait_max > Duration{0} && !contact.rare().callback) next = contact.queued_at + p.wait_max;
  for (size_t i = 0; i < queue.overflow.size(); ++i) {
    const OverflowRule& rule = p.overflow[i];
    if (Done(contact, i) || !Concerns(rule.action, contact)) continue;
    if (rule.when == When::kWaited && clocked) next = std::min(next, contact.queued_at + rule.time);
    if (rule.when == When::kClosing) next = std::min(next, HoursOf(queue, now).change_at);
  }
  return next;
}

bool Router::Impl::Holds(const OverflowRule& rule, const Contact& contact, Occasion occasion) {
  const QueueRules& queue = rules(contact.queue);
  const bool enters = occasion == Occasion::kComes || occasion == Occasion::kReturns;
  switch (rule.when) {
    case When::kWaitingAbove:
      return occasion == Occasion::kComes && queue.waiting - 1 > rule.count;  // Itself apart.
    case When::kExpectedWaitAbove: {
      if (occasion != Occasion::kComes) return false;
      const WaitEstimate estimate = OutlookFor(contact);
      return estimate.p50 && *estimate.p50 > rule.time;
    }
    case When::kWaited:
      return !Served(contact) && contact.queued_at + rule.time <= now;
    case When::kClosing: {
      const Hours hours = HoursOf(queue, now);
      if (!hours.open) return true;
      if (!enters || hours.change_at == kNever) return false;
      const WaitEstimate estimate = OutlookFor(contact);
      return estimate.p90 && now + *estimate.p90 > hours.change_at;
    }
    case When::kUnstaffed:
      return (enters || occasion == Occasion::kAlone) && Unstaffed(contact);
  }
  return false;
}

bool Router::Impl::Unstaffed(const Contact& contact) const {
  if (contact.rare().reserved_agent != kNoAgent) return false;
  const QueueRules& queue = rules(contact.queue);
  Requirement asked = line.requirement(contact.cls);
  if (!queue.steps.empty()) asked.skills = Relaxed(queue, asked.skills, queue.steps.back().requirements);
  return Unstaffed(asked);
}

// Whether nobody is signed in who takes the channel, is admitted, and has the skills.
bool Router::Impl::Unstaffed(const Requirement& asked) const {
  for (size_t i = 0; i < roster.agent_count(); ++i) {
    const Agent& agent = roster.at(AgentId{static_cast<uint32_t>(i)});
    const auto& counts = agent.data.count_max;
    if (!agent.signed_in() || agent.profile == kNoProfile) continue;
    if (Index(asked.channel) >= counts.size() || counts[Index(asked.channel)] == 0) continue;
    if (MayServe(roster.profile(agent.profile), asked)) return false;
  }
  return true;
}

// --- What they do ---

void Router::Impl::Enter(ContactId id, bool newcomer) {
  Contact& contact = Get(id);
  const QueueId came_to = contact.queue;
  const QueueRules& queue = rules(came_to);
  if (!queue.limited) return;
  const Hours hours = HoursOf(queue, now);
  if (hours.open) return ActOnLimits(id, newcomer ? Occasion::kComes : Occasion::kReturns);

  bool callback = contact.rare().callback;
  const auto& when_closed = queue.policy.when_closed;
  if (when_closed && when_closed->kind == Kind::kCallback) {
    callback = true;
  } else if (when_closed && Concerns(*when_closed, contact)) {
    Act(contact, *when_closed, queue.when_closed, 0, "closed");
    if (Find(id) == nullptr) return;
    if (contact.queue != came_to) return ActOnLimits(id, Occasion::kComes);
  }
  if (hours.change_at == kNever) return;  // It never opens again: whoever can may take it.
  Emit(ContactScheduled{.contact = id,
                        .until = hours.change_at,
                        .reason = "closed",
                        .callback = callback,
                        .attempts = contact.rare().callback_attempts});
}

void Router::Impl::ActOnLimits(ContactId id, Occasion occasion) {
  Contact& contact = Get(id);
  for (size_t i = 0; i < rules(contact.queue).overflow.size(); ++i) {
    const QueueId was_in = contact.queue;
    const QueueRules& queue = rules(was_in);
    const OverflowRule& rule = queue.policy.overflow[i];
    if (Done(contact, i) || !Concerns(rule.action, contact) || !Holds(rule, contact, occasion)) continue;
    const bool acted = Act(contact, rule.action, queue.overflow[i], static_cast<int>(i) + 1, Text(rule));
    if (Find(id) == nullptr) return;
    if (contact.queue != was_in) return ActOnLimits(id, Occasion::kComes);  // Ends, as there are no circles.
    if (acted) return;
  }
  const Duration wait_max = rules(contact.queue).policy.wait_max;
  if (wait_max > Duration{0} && !Served(contact) && !contact.rare().callback && contact.queued_at + wait_max <= now) {
    Emit(ContactEnded{id, kNoAgent, EndReason::kExpired, "", absl::StrCat("wait_max ", DurationText(wait_max)), ""});
  }
}

// Does what a limit says; false when it could not, which is noted.
bool Router::Impl::Act(Contact& contact, const OverflowAction& action, const QueueRules::Named& named, int number,
                       const std::string& rule) {
  const ContactId id = contact.id;
  ContactOverflowed e;
  e.contact = id;
  e.rule_number = number;
  e.rule = rule;
  e.queue = contact.queue;
  e.requirements = RequirementsOf(contact);
  e.own_head_start = contact.rare().own_head_start;
  e.rank = contact.rank;
  e.lane = contact.lane;
  bool acted = true;
  switch (action.kind) {
    case Kind::kQueue: {
      const char* obstacle = nullptr;
      if (named.queue == kNoQueue || !rules(named.queue).live) {
        obstacle = "can't be gone to";
      } else if (!HoursOf(rules(named.queue), now).open) {
        obstacle = "is closed";
      } else if (IsFull(rules(named.queue))) {
        obstacle = "is full";
      }
      if (obstacle != nullptr) {
        absl::StrAppend(&e.rule, ", but queue ", action.queue, " ", obstacle);
        acted = false;
        break;
      }
      e.queue = named.queue;
      e.queue_changed = true;
      e.requirements = AskedIn(rules(named.queue), contact);
      break;
    }
    case Kind::kRequirements:
      e.requirements = Relaxed(rules(contact.queue), RequirementsOf(contact), named.requirements);
      break;
    case Kind::kHeadStart: {
      const Duration added = std::clamp(kHeadStartMax - e.own_head_start, Duration{0}, action.head_start);
      e.own_head_start += added;
      e.rank -= added;
      break;
    }
    case Kind::kMessage:
      e.message = action.message;
      break;
    case Kind::kCallback:
      Emit(std::move(e));
      Emit(ContactScheduled{.contact = id, .reason = "callback", .callback = true});
      return true;
    case Kind::kEnd: {
      const bool newcomer = contact.created_at == now;
      Emit(ContactEnded{id, kNoAgent, newcomer ? EndReason::kRejected : EndReason::kOverflowed, "", rule, ""});
      return true;
    }
  }
  Emit(std::move(e));
  return acted;
}

void Router::Impl::ActOnSignOut() {
  const auto has_rule = [](const QueueRules& queue) {
    return std::any_of(queue.policy.overflow.begin(), queue.policy.overflow.end(),
                       [](const OverflowRule& rule) { return rule.when == When::kUnstaffed; });
  };
  // Few queues have such a rule; where none of them has anybody waiting there is nothing to look at.
  if (std::none_of(queue_rules.begin(), queue_rules.end(),
                   [&](const QueueRules& queue) { return queue.waiting > 0 && has_rule(queue); })) {
    return;
  }
  std::vector<ContactId> alone;
  line.busy().ForEach([&](size_t c) {
    absl::flat_hash_map<QueueId, bool> unstaffed;  // Who asks for the same in the same queue finds the same.
    for (const LineKey& key : line.waiting(static_cast<ClassIx>(c))) {
      const Contact& contact = *Find(key.contact);
      const auto [it, fresh] = unstaffed.try_emplace(contact.queue, false);
      if (fresh) it->second = has_rule(rules(contact.queue)) && Unstaffed(contact);
      if (it->second) alone.push_back(contact.id);
    }
  });
  std::sort(alone.begin(), alone.end());
  for (const ContactId id : alone) ActOnLimits(id, Occasion::kAlone);
}

// What was put off comes back, unless its queue is closed.
void Router::Impl::ComeDue(Contact& contact) {
  const ContactId id = contact.id;
  const AgentId first = contact.rare().scheduled_agent;
  const Instant opening = OpenAt(rules(contact.queue), now);
  if (opening > now) {
    Emit(ContactScheduled{.contact = id,
                          .until = opening,
                          .reason = "closed",
                          .callback = contact.rare().callback,
                          .attempts = contact.rare().callback_attempts,
                          .first = first});
    return;
  }
  ContactDue due{.contact = id};
  if (first != kNoAgent && roster.at(first).signed_in()) {
    due.reserved_agent = first;
    due.reserved_until = now + policy->transfer_wait;
  }
  Emit(std::move(due));
  Escalate(contact);
  if (rules(contact.queue).limited) ActOnLimits(id, Occasion::kReturns);
}

// --- Questions ---

Router::Hours Router::HoursOf(QueueId queue, Instant now) const { return impl_->HoursOf(impl_->rules(queue), now); }

Router::Admission Router::AdmissionTo(QueueId id, ChannelId channel, VipId vip, Instant now) const {
  const Impl& r = *impl_;
  const QueueRules& queue = r.rules(id);
  const Hours hours = r.HoursOf(queue, now);
  Admission admission;
  admission.callback_allowed = queue.policy.callback.allowed;
  if (hours.open) admission.close_at = hours.change_at;
  if (hours.change_at != kNever) {
    admission.open_at = hours.open ? NextChange(*queue.calendar, hours.change_at) : hours.change_at;
  }
  admission.estimate = EstimateNewcomer(id, channel, vip, now);
  if (!hours.open) {
    admission.advice = Advice::kClosed;
    return admission;
  }
  if (IsFull(queue)) {
    admission.advice = Advice::kFull;
  } else if (r.Unstaffed(r.RequirementIn(id, channel, kNoVip,
                                         queue.steps.empty() ? queue.requirements : queue.steps.back().requirements))) {
    admission.advice = Advice::kUnstaffed;
  } else if (admission.estimate.p90 && admission.close_at != kNever &&
             now + *admission.estimate.p90 > admission.close_at) {
    admission.advice = Advice::kNotToday;
  }
  return admission;
}

}  // namespace routerd::core
