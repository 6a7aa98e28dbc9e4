// Exits, from rules that look at waiting alone: whether others ever hold, the configuration can't tell.
#include "routerd/config/exit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/config/text.h"

namespace routerd::config {
namespace {

// Whether `step` acts on everybody who has waited long enough.
bool LooksAtWaitingAlone(const v1::EscalationStep& step) {
  return step.has_waited() && step.label().empty() && step.contact_count() == 0;
}

}  // namespace

std::optional<Exit> FirstExit(const v1::QueueConfig& queue, bool unserved) {
  std::optional<Exit> first;
  const auto consider = [&](Exit exit) {
    if (!first || exit.after < first->after) first = std::move(exit);
  };
  for (int i = 0; i < queue.overflow_size(); ++i) {
    const v1::OverflowRule& rule = queue.overflow(i);
    const bool leaves = rule.action().has_queue() || rule.action().end();
    if (!leaves || !(rule.has_waited() || (unserved && rule.unstaffed()))) continue;
    consider({ToAbsl(rule.waited()), absl::StrCat("overflow[", i, "]"), rule.action().queue()});
  }
  for (int i = 0; i < queue.escalation_size(); ++i) {
    const v1::EscalationStep& step = queue.escalation(i);
    if (step.queue().empty() || !LooksAtWaitingAlone(step)) continue;
    consider({ToAbsl(step.waited()), absl::StrCat("escalation[", i, "]"), step.queue()});
  }
  if (queue.has_wait_max()) consider({ToAbsl(queue.wait_max()), "wait_max", ""});
  return first;
}

Requirements FinalRequirements(const v1::QueueConfig& queue, bool possible) {
  Requirements asked = queue.relaxation().empty() ? queue.requirements() : queue.relaxation().rbegin()->requirements();
  for (const v1::OverflowRule& rule : queue.overflow()) {
    if (!rule.action().has_requirements() || !(possible || rule.has_waited() || rule.unstaffed())) continue;
    Requirements less;
    for (const v1::SkillRequirement& now : asked) {
      for (const v1::SkillRequirement& most : rule.action().requirements().requirements()) {
        if (most.skill() != now.skill()) continue;
        v1::SkillRequirement& requirement = *less.Add();
        requirement = now;
        requirement.set_tier(std::min(now.tier(), most.tier()));
      }
    }
    asked.Swap(&less);
  }
  return asked;
}

}  // namespace routerd::config
