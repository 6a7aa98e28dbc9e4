// Whether anybody could ever serve what a contact asks for of its own, so that nobody is let in to wait for ever.
//
// What a queue asks for is proved when the configuration loads, and only what a contact brings beyond that is looked at
// here, on its coming and when it is passed on: it is refused when nobody configured, on duty or not, could take it
// once it has relaxed as far as its queue goes. A queue with rules that change what is asked for, or move contacts on,
// is given the benefit of the doubt.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {
namespace {

// Whether a rule of the queue may change what a contact asks for, or where it waits.
bool ChangesDemands(const QueueRules& queue) {
  using Kind = OverflowAction::Kind;
  const auto changes = [](const OverflowAction& action) {
    return action.kind == Kind::kQueue || action.kind == Kind::kRequirements;
  };
  const QueuePolicy& p = queue.policy;
  return std::any_of(p.overflow.begin(), p.overflow.end(),
                     [&](const OverflowRule& rule) { return changes(rule.action); }) ||
         (p.when_closed && changes(*p.when_closed)) ||
         std::any_of(queue.escalation.begin(), queue.escalation.end(),
                     [](const QueueRules::Escalation& step) { return step.moves(); });
}

}  // namespace

// Cost: as a rule the first profile looked at could; all are looked at for what is refused.
absl::Status Handler::CheckServable(QueueId id, Requirement asked) const {
  const auto somebody = [&](ProfileIx p) { return r_.roster.profile(p).agent_count > 0; };
  if (const ClassIx c = r_.line.Find(asked); c != kNoClass) {
    bool served = false;
    r_.class_profiles[c].ForEach([&](size_t p) { served = served || somebody(static_cast<ProfileIx>(p)); });
    if (served) return absl::OkStatus();
  }
  const QueueRules& queue = r_.rules(id);
  if (ChangesDemands(queue)) return absl::OkStatus();
  if (!queue.steps.empty()) asked.skills = r_.Relaxed(queue, asked.skills, queue.steps.back().requirements);
  for (ProfileIx p = 0; p < r_.roster.profile_count(); ++p) {
    if (somebody(p) && r_.MayServe(r_.roster.profile(p), asked)) return absl::OkStatus();
  }
  return base::Error(
      absl::StatusCode::kFailedPrecondition, "NOBODY_CAN_SERVE",
      absl::StrCat("nobody could ever serve it in queue ", Quote(queue.policy.name), ": ", Lacking(asked)));
}

// What stands between everybody and the demand: the first skill of which nobody has enough, with the most there is.
std::string Handler::Lacking(const Requirement& asked) const {
  const auto name = [](std::string_view s) { return absl::string_view(s.data(), s.size()); };
  Requirement any = asked;
  any.skills.clear();
  any.for_bots = false;
  BitSet people;
  for (ProfileIx p = 0; p < r_.roster.profile_count(); ++p) {
    if (r_.roster.profile(p).agent_count > 0 && r_.MayServe(r_.roster.profile(p), any)) people.Set(p);
  }
  if (people == BitSet()) {
    return absl::StrCat("no person of its agents takes ", name(r_.channels.Of(asked.channel)),
                        "; choose another queue or channel");
  }
  std::string all;
  for (const SkillTier& want : asked.skills) {
    Tier most = Tier::kNone;
    people.ForEach([&](size_t p) {
      most = std::max(most, TierOf(r_.roster.profile(static_cast<ProfileIx>(p)).skills, want.skill));
    });
    const std::string text = absl::StrCat(name(r_.skills.Of(want.skill)), " >= ", ToString(want.tier));
    if (most < want.tier) {
      return absl::StrCat("it asks for ", text, ", and ",
                          most == Tier::kNone ? "nobody there has any"
                                              : absl::StrCat("the most that anybody there has is ", ToString(most)),
                          "; ask for less, or choose another queue");
    }
    absl::StrAppend(&all, all.empty() ? "" : ", ", text);
  }
  return absl::StrCat("it asks for ", all, ", and nobody there has all of it; ask for less, or choose another queue");
}

}  // namespace routerd::core
