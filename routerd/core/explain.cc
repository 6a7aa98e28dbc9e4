// Why a contact waits, agent by agent, with the value of each failed test.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

absl::string_view View(std::string_view s) { return {s.data(), s.size()}; }

// The tests of one contact against one agent, in the order in which people think of them.
class Examiner {
 public:
  Examiner(const Router::Impl& r, const Contact& contact, Instant now) : r_(r), contact_(contact), now_(now) {}

  std::vector<FailedTest> Examine(AgentId id) {
    failed_.clear();
    const Agent& agent = r_.roster.at(id);
    Presence(agent);
    const bool reserved_for_it = contact_.rare().reserved_agent == id;
    if (!reserved_for_it) {
      Skill(agent);
      Admission(agent);
    }
    if (contact_.rare().reserved_agent != kNoAgent && !reserved_for_it) {
      Fail("RESERVED", absl::StrCat("kept for agents/", View(r_.agents.Of(contact_.rare().reserved_agent))),
           contact_.rare().reserved_until);
    }
    Room(agent);
    for (const BackOff& b : contact_.rare().back_offs) {
      if (b.agent == id && b.until > now_) Fail("BACK_OFF", "missed, declined or passed it on a while ago", b.until);
    }
    return std::move(failed_);
  }

 private:
  void Fail(const char* test, std::string text, Instant opens_at = kNever) {
    failed_.push_back({test, std::move(text), opens_at});
  }

  void Presence(const Agent& agent) {
    const AgentData& data = agent.data;
    if (data.presence != core::Presence::kAvailable) {
      Fail("PRESENCE", absl::StrCat("is ", ToString(data.presence),
                                    data.presence_reason.empty() ? "" : absl::StrCat(" (", data.presence_reason, ")")));
    } else if (!data.connected) {
      Fail("CONNECTION", "lost its connection; signed out unless it comes back", data.grace_until);
    }
  }

  void Skill(const Agent& agent) {
    for (const SkillTier& want : r_.RequirementsOf(contact_)) {
      const Tier has = TierOf(r_.roster.skills(agent), want.skill);
      if (has >= want.tier) continue;
      Fail("SKILL",
           absl::StrCat("needs ", View(r_.skills.Of(want.skill)), " >= ", ToString(want.tier), ", has ", ToString(has)),
           RelaxesAt(want.skill, has));
    }
  }

  // When a step of relaxation asks no more of the skill than the agent has.
  Instant RelaxesAt(SkillId skill, Tier has) const {
    const QueueRules& queue = r_.rules(contact_.queue);
    if (contact_.state != ContactState::kQueued || !queue.named_skills.Test(Index(skill))) return kNever;
    for (size_t i = static_cast<size_t>(contact_.step); i < queue.steps.size(); ++i) {
      if (TierOf(queue.steps[i].requirements, skill) <= has) return contact_.queued_at + queue.steps[i].after;
    }
    return kNever;
  }

  void Admission(const Agent& agent) {
    if (!r_.rules(contact_.queue).restricted) return;
    if (agent.profile != kNoProfile && r_.roster.profile(agent.profile).admitted.Test(Index(contact_.queue))) return;
    Fail("QUEUE", absl::StrCat("is not among the agents of queue ", View(r_.queues.Of(contact_.queue))));
  }

  void Room(const Agent& agent) {
    if (!agent.signed_in()) return;
    const size_t ch = Index(contact_.channel);
    const absl::string_view channel = View(r_.channels.Of(contact_.channel));
    if (agent.data.count_max[ch] == 0) {
      Fail("CHANNEL", absl::StrCat("does not take ", channel));
    } else if (agent.counts[ch] >= agent.data.count_max[ch]) {
      Fail("CHANNEL", absl::StrCat("holds ", agent.counts[ch], " of at most ", agent.data.count_max[ch], " ", channel));
    }
    const int cost = r_.roster.cost(contact_.channel);
    if (agent.used + cost > agent.capacity) {
      Fail("CAPACITY", absl::StrCat("capacity ", agent.used, "/", agent.capacity, ", cost ", cost));
    }
  }

  const Router::Impl& r_;
  const Contact& contact_;
  Instant now_;
  std::vector<FailedTest> failed_;
};

}  // namespace

Explanation Router::Explain(ContactId id, Instant now, size_t agents_max) const {
  constexpr size_t kAheadMax = 20;
  const Impl& r = *impl_;
  const Contact& contact = *r.Find(id);
  Explanation explanation;
  Examiner examiner(r, contact, now);
  for (size_t i = 0; i < r.roster.agent_count(); ++i) {
    const AgentId agent{static_cast<uint32_t>(i)};
    if (r.roster.at(agent).policy_index < 0) continue;
    explanation.agents.push_back({agent, examiner.Examine(agent)});
  }
  std::stable_sort(explanation.agents.begin(), explanation.agents.end(),
                   [](const AgentVerdict& a, const AgentVerdict& b) { return a.failed.size() < b.failed.size(); });
  if (explanation.agents.size() > agents_max) explanation.agents.resize(agents_max);
  if (contact.state != ContactState::kQueued) return explanation;
  VisitLine([&](const ContactCommon& other) {
    if (other.id == id || explanation.ahead.size() >= kAheadMax) return false;
    bool rival = r.Find(other.id)->cls == contact.cls;
    BitSet::ForEachInBoth(r.class_profiles[contact.cls], r.class_profiles[r.Find(other.id)->cls],
                          [&](size_t) { rival = true; });
    if (rival) explanation.ahead.push_back(other.id);
    return true;
  });
  return explanation;
}

}  // namespace routerd::core
