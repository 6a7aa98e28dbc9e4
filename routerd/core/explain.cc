// Why a contact waits: what stands before it, and agent by agent the value of each failed test.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "routerd/core/router_impl.h"
#include "routerd/core/text.h"

namespace routerd::core {
namespace {

constexpr size_t kAheadMax = 20;

absl::string_view View(std::string_view s) { return {s.data(), s.size()}; }

// What can keep a contact and an agent apart.
struct Test {
  const char* name;
  // What it says of an agent whom nothing else keeps: "3 agents could take it: 2 AT CAPACITY, 1 AWAY". Null for what
  // makes somebody no candidate at all.
  const char* keeps;
};
constexpr Test kOffline{"PRESENCE", "offline"};
constexpr Test kAway{"PRESENCE", "away"};
constexpr Test kConnection{"CONNECTION", "disconnected"};
constexpr Test kRest{"REST", "resting for a moment"};
constexpr Test kSkill{"SKILL", nullptr};
constexpr Test kBot{"BOT", nullptr};
constexpr Test kQueue{"QUEUE", nullptr};
constexpr Test kReserved{"RESERVED", nullptr};
constexpr Test kNoChannel{"CHANNEL", nullptr};
constexpr Test kChannel{"CHANNEL", "at the limit of its channel"};
constexpr Test kCapacity{"CAPACITY", "at capacity"};
constexpr Test kLinked{"LINKED", "waiting with the customer's other contact, which is being offered"};
constexpr Test kRoomKept{"ROOM_KEPT", "keeping room for one who stands before"};
constexpr Test kHoldBack{"HOLD_BACK", "held back for others"};
constexpr Test kBackOff{"BACK_OFF", "passed over for a while"};

// How one agent fared.
struct Result {
  int failed_count = 0;
  const Test* bar = nullptr;     // First failed test that makes it no candidate.
  const Test* keeper = nullptr;  // First failed test of the others.
  Instant bar_opens_at;          // When all bars have opened by the clock alone; kNever.
};

// The tests of one contact against one agent, in the order in which people think of them. Everybody is counted, but
// sentences are made only for those whom somebody will read about.
class Examiner {
 public:
  Examiner(const Router::Impl& r, const Contact& contact, Instant now) : r_(r), contact_(contact), now_(now) {}

  Result Count(AgentId id) {
    result_ = {};
    told_ = nullptr;
    Run(id);
    return result_;
  }

  std::vector<FailedTest> Tell(AgentId id) {
    std::vector<FailedTest> failed;
    told_ = &failed;
    Run(id);
    return failed;
  }

 private:
  void Run(AgentId id) {
    const Agent& agent = r_.roster.at(id);
    const ContactRare& rare = contact_.rare();
    const bool bot = r_.roster.IsBot(agent);
    const bool barred = bot && !r_.line.requirement(contact_.cls).for_bots;
    Presence(agent);
    if (rare.reserved_agent != id) {
      if (barred) Bot();
      if (!bot) Skill(agent);  // Of a bot none is asked.
      Admission(agent);
      if (rare.reserved_agent != kNoAgent) {
        Fail(kReserved, rare.reserved_until, [&] {
          return absl::StrCat("kept for agents/", View(r_.agents.Of(rare.reserved_agent)), Known(rare.known_as));
        });
      }
    }
    if (const Contact* other = r_.OfferedInstead(contact_)) {
      Fail(kLinked, kNever, [&] {
        return absl::StrCat("contacts/", Index(other->id), " of the same customer is being offered to agents/",
                            View(r_.agents.Of(other->agent)), ", who would take both");
      });
    }
    Room(agent);
    RoomKept(agent);
    if (rare.reserved_agent == kNoAgent) HeldBack(agent);
    if (rare.reserved_agent != id && !barred) PassedOver(id);
  }

  static const char* Known(KnownAs as) {
    constexpr const char* kWho[] = {"", ", the customer's own agent", ", who first took the case",
                                    ", who served the customer last"};
    return kWho[static_cast<int>(as)];
  }

  // `text` makes the sentence; `opens_at`: when the clock alone may let the test pass.
  template <typename Text>
  void Fail(const Test& test, Instant opens_at, Text&& text) {
    if (told_ != nullptr) {
      told_->push_back({test.name, text(), opens_at});
      return;
    }
    ++result_.failed_count;
    if (test.keeps != nullptr) {
      if (result_.keeper == nullptr) result_.keeper = &test;
      return;
    }
    if (result_.bar == nullptr) result_.bar = &test;
    result_.bar_opens_at = std::max(result_.bar_opens_at, opens_at);
  }

  void Presence(const Agent& agent) {
    const AgentData& data = agent.data;
    if (data.presence != core::Presence::kAvailable) {
      Fail(agent.signed_in() ? kAway : kOffline, kNever, [&] {
        return absl::StrCat("is ", ToString(data.presence),
                            data.presence_reason.empty() ? "" : absl::StrCat(" (", data.presence_reason, ")"));
      });
    } else if (data.pending() == core::Presence::kAway) {
      Fail(kAway, kNever, [&] {
        return absl::StrCat(
            "goes AWAY once it holds nothing",
            data.noted.front().reason.empty() ? "" : absl::StrCat(" (", data.noted.front().reason, ")"));
      });
    } else if (!data.connected) {
      Fail(kConnection, data.grace_until,
           [] { return std::string("lost its connection; signed out unless it comes back"); });
    } else if (data.rest_until > now_) {
      Fail(kRest, data.rest_until,
           [] { return std::string("rests for a moment, as a customer left during its offer"); });
    }
  }

  void Bot() {
    Fail(kBot, kNever, [&] {
      if (contact_.rare().bot_done) return std::string("is a bot, and a bot has passed it on already");
      return absl::StrCat("is a bot, and queue ", View(r_.queues.Of(contact_.queue)), " asks people");
    });
  }

  void Skill(const Agent& agent) {
    for (const SkillTier& want : r_.RequirementsOf(contact_)) {
      const Tier has = TierOf(r_.roster.skills(agent), want.skill);
      if (has >= want.tier) continue;
      const QueueRules::Step* step = RelaxingStep(want.skill, has);
      Fail(kSkill, step == nullptr ? kNever : contact_.queued_at + step->after, [&] {
        std::string text = absl::StrCat("needs ", View(r_.skills.Of(want.skill)), " >= ", ToString(want.tier), ", has ",
                                        ToString(has));
        if (step == nullptr) return text;
        const Tier then = TierOf(step->requirements, want.skill);
        return absl::StrCat(text, "; step ", step - r_.rules(contact_.queue).steps.data() + 1,
                            then == Tier::kNone ? " drops it" : absl::StrCat(" asks for ", ToString(then)));
      });
    }
  }

  // The step of relaxation from which on no more of the skill is asked than the agent has.
  const QueueRules::Step* RelaxingStep(SkillId skill, Tier has) const {
    const QueueRules& queue = r_.rules(contact_.queue);
    if (contact_.state != ContactState::kQueued || !queue.named_skills.Test(Index(skill))) return nullptr;
    for (size_t i = static_cast<size_t>(contact_.step); i < queue.steps.size(); ++i) {
      if (TierOf(queue.steps[i].requirements, skill) <= has) return &queue.steps[i];
    }
    return nullptr;
  }

  void Admission(const Agent& agent) {
    if (!r_.rules(contact_.queue).restricted) return;
    if (agent.profile != kNoProfile && r_.roster.profile(agent.profile).admitted.Test(Index(contact_.queue))) return;
    Fail(kQueue, kNever,
         [&] { return absl::StrCat("is not among the agents of queue ", View(r_.queues.Of(contact_.queue))); });
  }

  void Room(const Agent& agent) {
    const size_t ch = Index(contact_.channel);
    const auto channel = [&] { return View(r_.channels.Of(contact_.channel)); };
    const int count = agent.counts[ch];
    const int count_max = agent.signed_in()
                              ? agent.data.count_max[ch]
                              : r_.CountsOf(r_.policy->agents[static_cast<size_t>(agent.policy_index)])[ch];
    if (count_max == 0) Fail(kNoChannel, kNever, [&] { return absl::StrCat("does not take ", channel()); });
    if (!agent.signed_in()) return;
    if (r_.MayExceed(agent, contact_)) return;
    const int cost = r_.roster.cost(contact_.channel);
    const int taken = r_.roster.InTheWay(agent, contact_.channel);
    if (taken == Roster::kBlocked) {
      Fail(kCapacity, kNever,
           [&] { return absl::StrCat("holds what keeps ", channel(), " from ringing, by the interruption rules"); });
    } else if (taken + cost > agent.capacity) {
      Fail(kCapacity, kNever, [&] { return absl::StrCat("capacity ", taken, "/", agent.capacity, ", cost ", cost); });
    }
    if (count_max > 0 && count >= count_max) {
      Fail(kChannel, kNever, [&] { return absl::StrCat("holds ", count, " of at most ", count_max, " ", channel()); });
    }
  }

  void RoomKept(const Agent& agent) {
    if (!r_.KeepsRoomFrom(agent, contact_)) return;
    const Contact& kept = *r_.Find(agent.room_for);
    Fail(kRoomKept, kNever, [&] {
      return absl::StrCat("keeps its room for contacts/", Index(kept.id), ", which has waited since ",
                          ClockText(r_.WaitsSince(kept)), " for more of the capacity");
    });
  }

  // Who has room, but not for this one.
  void HeldBack(const Agent& agent) {
    const Requirement& asked = r_.line.requirement(contact_.cls);
    if (asked.held_back == 0 || (agent.standing.room >> Index(contact_.channel) & 1) == 0) return;
    const uint8_t holds = r_.HoldsOn(contact_.cls, now_, 0);
    for (size_t i = 0; i < 8; ++i) {
      if ((holds >> i & 1) == 0 || !r_.InGroup(r_.roster.profile(agent.profile), asked, i)) continue;
      const Router::Impl::Group group = r_.GroupOf(asked, i, now_);
      Fail(kHoldBack, group.opens_at, [&] {
        const auto& vips = r_.rules(contact_.queue).hold_backs[i].policy.vips;
        return absl::StrCat(std::min(group.kept, group.room), " of ", group.room, " with room are kept for ",
                            absl::StrJoin(vips, ", "));
      });
    }
  }

  void PassedOver(AgentId id) {
    const BackOff* b = r_.BackOffOf(contact_, id, now_);
    if (b == nullptr) return;
    if (!r_.AllPassedOver(contact_, now_)) {
      Fail(kBackOff, b->until, [] { return std::string("missed, declined or passed it on a while ago"); });
    } else if (const Instant at = std::min(b->until, r_.AskAgainAt(contact_)); at > now_) {
      Fail(kBackOff, at, [] {
        return std::string(
            "missed, declined or passed it on a moment ago; asked again, as nobody else on duty may take it");
      });
    }
  }

  const Router::Impl& r_;
  const Contact& contact_;
  Instant now_;
  Result result_;
  std::vector<FailedTest>* told_ = nullptr;
};

std::string Agents(int count) { return absl::StrCat(count, count == 1 ? " agent" : " agents"); }

// How all agents fared together, as one sentence.
class Tally {
 public:
  void Add(const Result& result) {
    ++agents_;
    if (result.failed_count == 0) ++able_;
    if (result.bar != nullptr) {
      if (result.bar_opens_at != kNever) ++opens_[result.bar_opens_at];
      return;
    }
    ++candidates_;
    if (result.keeper != nullptr) ++keepers_[result.keeper->keeps];
  }

  std::string Text() const {
    if (agents_ == 0) return "there are no agents";
    if (able_ > 0) return absl::StrCat(Agents(able_), " could take it now");
    std::string text = "no agent may take it as things stand";
    if (candidates_ > 0) {
      text = absl::StrCat(Agents(candidates_), " could take it");
      if (keepers_.size() == 1) {
        absl::StrAppend(&text, candidates_ == 1 ? ", " : ", all ", keepers_.begin()->first);
      } else {
        const char* separator = ": ";
        for (const auto& [keeps, count] : keepers_) {
          absl::StrAppend(&text, std::exchange(separator, ", "), count, " ", keeps);
        }
      }
    }
    if (opens_.empty()) return text;
    const auto& [at, count] = *opens_.begin();
    return absl::StrCat(text, "; from ", ClockText(at), " on ", Agents(count), candidates_ > 0 ? " more" : "", " may");
  }

 private:
  int agents_ = 0;
  int able_ = 0;
  int candidates_ = 0;                  // Who has all it takes, if only they were free.
  std::map<std::string, int> keepers_;  // Candidates by what keeps them.
  std::map<Instant, int> opens_;        // Who becomes a candidate by the clock alone.
};

// Why `other` is served before `contact`, from which both came and what moved them forward.
std::string WhyAhead(const Router::Impl& r, const Contact& other, const Contact& contact) {
  if (other.lane != contact.lane) return absl::StrCat("lane ", other.lane, " goes before lane ", contact.lane);
  const Duration earlier = contact.created_at - other.created_at;
  const auto standing = [&r](const Contact& c) {
    const Duration vip = c.vip == kNoVip ? Duration{0} : r.vip_rules[Index(c.vip)].head_start;
    return vip + r.rules(c.queue).policy.head_start + c.rare().own_head_start;
  };
  const Duration forward = standing(other) - standing(contact);
  // What else the ranks hold: the order of value.
  const Duration moved = contact.rank - other.rank - earlier - forward;
  std::string text;
  if (earlier != Duration{0}) {
    text =
        absl::StrCat("came ", DurationText(std::chrono::abs(earlier)), earlier > Duration{0} ? " earlier" : " later");
  }
  if (forward != Duration{0}) {
    absl::StrAppend(&text,
                    text.empty()                                         ? ""
                    : (earlier > Duration{0}) == (forward > Duration{0}) ? " and "
                                                                         : " but ",
                    "has ", DurationText(std::chrono::abs(forward)), forward > Duration{0} ? " more" : " less",
                    " of a head start");
    if (other.vip != kNoVip && forward > Duration{0}) absl::StrAppend(&text, " (", View(r.vips.Of(other.vip)), ")");
  }
  if (moved != Duration{0}) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", "its kind of work stands ", DurationText(std::chrono::abs(moved)),
                    moved > Duration{0} ? " further forward" : " further back");
  }
  if (text.empty()) text = "came at the same time with a lower number";
  if (other.rare().reserved_agent != kNoAgent) {
    absl::StrAppend(&text, "; kept for agents/", View(r.agents.Of(other.rare().reserved_agent)));
  }
  return text;
}

}  // namespace

Explanation Router::Explain(ContactId id, Instant now, size_t agents_max, AgentId only) const {
  const Impl& r = *impl_;
  const Contact& contact = *r.Find(id);
  Explanation explanation;
  Examiner examiner(r, contact, now);
  Tally tally;
  std::vector<std::pair<int, AgentId>> nearest;
  for (size_t i = 0; i < r.roster.agent_count(); ++i) {
    const AgentId agent{static_cast<uint32_t>(i)};
    if (r.roster.at(agent).policy_index < 0) continue;
    const Result result = examiner.Count(agent);
    tally.Add(result);
    if (only == kNoAgent || only == agent) nearest.emplace_back(result.failed_count, agent);
  }
  const size_t told = std::min(agents_max, nearest.size());
  std::partial_sort(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(told), nearest.end());
  for (size_t i = 0; i < told; ++i) {
    explanation.agents.push_back({nearest[i].second, examiner.Tell(nearest[i].second)});
  }
  if (const AgentId kept_for = contact.rare().reserved_agent; kept_for != kNoAgent) {
    explanation.cause = absl::StrCat("kept for agents/", View(r.agents.Of(kept_for)));
    if (contact.rare().reserved_until != kNever) {
      absl::StrAppend(&explanation.cause, " until ", ClockText(contact.rare().reserved_until));
    }
    absl::StrAppend(&explanation.cause, "; ");
  }
  if (const AgentId keeper = contact.rare().room_agent; keeper != kNoAgent) {
    absl::StrAppend(&explanation.cause, "agents/", View(r.agents.Of(keeper)), " keeps room for it; ");
  }
  absl::StrAppend(&explanation.cause, tally.Text());
  if (contact.state != ContactState::kQueued) return explanation;

  const std::vector<const LineSet*> rivals =
      r.RivalLines(r.line.requirement(contact.cls), contact.rare().reserved_agent);
  VisitMerged(rivals, [&](const LineKey& key) {
    if (!(key < contact.key()) || explanation.ahead.size() >= kAheadMax) return false;
    explanation.ahead.push_back({key.contact, WhyAhead(r, *r.Find(key.contact), contact)});
    return true;
  });
  explanation.ahead_count = CountBefore(rivals, contact.key());
  if (explanation.ahead_count > 0) {
    absl::StrAppend(&explanation.cause, "; ", explanation.ahead_count,
                    explanation.ahead_count == 1 ? " contact stands before it" : " contacts stand before it");
  }
  return explanation;
}

}  // namespace routerd::core
