// Escalation: a waiting time, a word or a repeated contact raises a contact, as its queue's steps say.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/core/router_impl.h"
#include "routerd/core/text.h"

namespace routerd::core {
namespace {

constexpr size_t kStepsMax = 64;  // Bits of ContactRare::escalation_done.

// What holds, in words: `waited 5 min, label complaint`.
std::string RuleText(const EscalationStep& step) {
  std::vector<std::string> parts;
  if (step.waited) {
    parts.push_back("waited " + DurationText(*step.waited));
  }
  if (!step.label.empty()) parts.push_back("label " + step.label);
  if (step.contact_count > 0) parts.push_back(absl::StrCat("contact ", step.contact_count, " within a day"));
  return absl::StrJoin(parts, ", ");
}

void RaiseTo(const Skills& asked, Skills& into) {
  for (const SkillTier& want : asked) {
    const auto at = std::lower_bound(into.begin(), into.end(), SkillTier{want.skill, Tier::kNone});
    if (at != into.end() && at->skill == want.skill) {
      at->tier = std::max(at->tier, want.tier);
    } else {
      into.insert(at, want);
    }
  }
}

}  // namespace

// Whether a step has not acted yet, and all but the waiting time holds.
bool Router::Impl::MayEscalate(const Contact& contact, size_t step) const {
  const EscalationStep& policy = rules(contact.queue).escalation[step].policy;
  const ContactRare& rare = contact.rare();
  if ((rare.escalation_done >> step & 1) != 0) return false;
  if (!policy.label.empty() && !std::binary_search(rare.labels.begin(), rare.labels.end(), policy.label)) return false;
  return rare.contact_count >= policy.contact_count;
}

Instant Router::Impl::EscalatesAt(const Contact& contact) const {
  Instant at = kNever;
  const auto& steps = rules(contact.queue).escalation;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (MayEscalate(contact, i)) at = std::min(at, contact.queued_at + steps[i].policy.waited.value_or(Duration{0}));
  }
  return at;
}

// What moves a contact or counts its wait acts while it stands in line; for who is offered or served it waits until
// the contact is back.
void Router::Impl::Escalate(Contact& contact) {
  for (size_t i = 0; i < rules(contact.queue).escalation.size(); ++i) {
    const QueueRules::Escalation& step = rules(contact.queue).escalation[i];
    const EscalationStep& policy = step.policy;
    const bool waits = contact.state == ContactState::kQueued;
    if (!MayEscalate(contact, i) || (!waits && (step.moves() || policy.waited))) continue;
    if (policy.waited && contact.queued_at + *policy.waited > now) continue;
    ContactEscalated e;
    e.contact = contact.id;
    e.level = static_cast<int>(i) + 1;
    e.rule = RuleText(policy);
    e.queue = step.queue == kNoQueue ? contact.queue : step.queue;
    e.queue_changed = e.queue != contact.queue;
    e.requirements = e.queue_changed ? rules(e.queue).requirements : RequirementsOf(contact);
    RaiseTo(step.requirements, e.requirements);
    e.own_head_start = contact.rare().own_head_start + policy.head_start;
    e.rank = contact.rank - policy.head_start;
    e.lane = contact.lane;
    if (policy.lane) e.lane = std::max(e.lane, rules(e.queue).policy.lane + *policy.lane);
    e.call_supervisor = policy.call_supervisor;
    const bool moved = e.queue_changed;
    Emit(std::move(e));
    if (moved) return Escalate(contact);  // The new queue has steps of its own; moves have no cycles.
  }
}

std::vector<QueueRules::Escalation> Router::Impl::ResolveEscalation(const QueuePolicy& queue) const {
  std::vector<QueueRules::Escalation> steps;
  for (const EscalationStep& step : queue.escalation) {
    if (steps.size() == kStepsMax) break;
    QueueId to = kNoQueue;
    if (!step.queue.empty() && step.queue != queue.name) to = queues.Find(step.queue).value_or(kNoQueue);
    steps.push_back({step, to, Resolve(step.requirements)});
  }
  return steps;
}

// A move that could lead back to where it began never acts: else a label could chase a contact round for ever. A
// configuration with such a move is refused before it gets here.
void Router::Impl::DropEscalationCycles() {
  const auto leads = [this](QueueId from, QueueId to) {
    std::vector<QueueId> reached = {from};
    for (size_t i = 0; i < reached.size(); ++i) {
      if (reached[i] == to) return true;
      for (const QueueRules::Escalation& step : rules(reached[i]).escalation) {
        if (step.queue != kNoQueue && std::find(reached.begin(), reached.end(), step.queue) == reached.end()) {
          reached.push_back(step.queue);
        }
      }
    }
    return false;
  };
  for (QueueId q{0}; Index(q) < queue_rules.size(); q = QueueId{Index(q) + 1}) {
    for (QueueRules::Escalation& step : rules(q).escalation) {
      if (step.queue != kNoQueue && leads(step.queue, q)) step.queue = kNoQueue;
    }
  }
}

}  // namespace routerd::core
