#include "routerd/simulate/run.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <queue>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "routerd/base/error.h"
#include "routerd/base/suggest.h"
#include "routerd/core/router.h"
#include "routerd/simulate/promises.h"

namespace routerd::simulate {
namespace {

using core::Index;
using core::Instant;

absl::string_view View(std::string_view s) { return {s.data(), s.size()}; }

// How long an agent stays away whom the router found not answering.
constexpr int64_t kAwayAfterMissesMs = 60'000;

int64_t Ms(core::Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

// Spreads the numbers evenly (splitmix64), for ties that `seed` decides.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// What people do, in the order in which it happens when it happens at once: who is done makes room before anybody asks
// for it, and who is served in the last moment is not lost.
enum class Deed : uint8_t {
  kAccept,
  kDecline,
  kComplete,
  kFinishWrapUp,
  kShiftStart,
  kComeBack,
  kArrive,
  kLabel,
  kLeave,
  kShiftEnd,
  kHorizon
};

struct Planned {
  int64_t at_ms;
  Deed deed;
  uint64_t tie;
  size_t who;  // Contact or agent of the trace, as the deed says.
  core::OfferId offer = core::kNoOffer;
  bool operator>(const Planned& other) const {
    return std::tie(at_ms, deed, tie) > std::tie(other.at_ms, other.deed, other.tie);
  }
};

class Runner {
 public:
  Runner(const Trace& trace, const core::Policy& policy, uint64_t seed)
      : trace_(trace), policy_(policy), seed_(seed), promises_(policy) {
    run_.contacts.resize(trace.contacts.size());
    run_.agents.resize(trace.agents.size());
    ids_.resize(trace.contacts.size(), core::kNoContact);
    staff_.resize(trace.agents.size());
  }

  absl::StatusOr<RunResult> Go() {
    auto started = router_.Handle(core::Configure{std::make_shared<const core::Policy>(policy_)}, At(0), events_);
    if (!started.ok()) return started.status();
    Digest();
    for (size_t i = 0; i < trace_.agents.size(); ++i) {
      for (const auto& [from, to] : trace_.agents[i].shifts) {
        Plan(from, Deed::kShiftStart, i);
        Plan(to, Deed::kShiftEnd, i);
      }
    }
    for (size_t i = 0; i < trace_.contacts.size(); ++i) Plan(trace_.contacts[i].at_ms, Deed::kArrive, i);
    Plan(trace_.horizon_ms, Deed::kHorizon, 0);
    while (!plans_.empty()) {
      const int64_t next_ms = plans_.top().at_ms;
      const Instant due = router_.NextDeadline();
      if (due < At(next_ms)) {
        now_ms_ = Ms(due - trace_.start);
        router_.Advance(due, events_);
        Digest();
        continue;
      }
      const Planned planned = plans_.top();
      plans_.pop();
      now_ms_ = next_ms;
      router_.Advance(At(now_ms_), events_);
      Digest();
      Do(planned);
    }
    for (size_t i = 0; i < staff_.size(); ++i) Count(i);
    run_.broken = promises_.broken();
    run_.broken_count = promises_.broken_count();
    return std::move(run_);
  }

 private:
  struct Staff {
    bool on_shift = false;
    bool signed_in = false;
    int held = 0;  // Offers included.
    int busy = 0;  // Conversations and wrap-ups.
    int offer_count = 0;
    size_t refused_count = 0;  // Of the agent's refusals, by number.
    int64_t counted_ms = 0;    // Its time is in the record up to then.
  };

  Instant At(int64_t ms) const { return trace_.start + std::chrono::milliseconds(ms); }

  void Plan(int64_t at_ms, Deed deed, size_t who, core::OfferId offer = core::kNoOffer) {
    const uint64_t order = ++planned_count_;
    plans_.push({at_ms, deed, seed_ == 0 ? order : Mix(seed_ ^ Mix(order)), who, offer});
  }

  // What people ask for may have become impossible in the meantime; a refusal changes nothing.
  bool Tell(core::Command command) {
    const bool done = router_.Handle(std::move(command), At(now_ms_), events_).ok();
    Digest();
    return done;
  }

  void Do(const Planned& planned) {
    const size_t who = planned.who;
    switch (planned.deed) {
      case Deed::kAccept:
        if (const auto* agent = Holder(who)) Tell(core::AcceptOffer{agent->id, ids_[who], planned.offer});
        break;
      case Deed::kDecline:
        if (const auto* agent = Holder(who)) Tell(core::DeclineOffer{agent->id, ids_[who], planned.offer, "", false});
        break;
      case Deed::kComplete:
        run_.contacts[who].end_ms = now_ms_;
        if (const auto* agent = Holder(who)) Tell(core::CompleteContact{agent->id, ids_[who], "", ""});
        break;
      case Deed::kFinishWrapUp:
        if (const auto* agent = Holder(who)) Tell(core::FinishWrapUp{agent->id, ids_[who], ""});
        break;
      case Deed::kShiftStart:
        StartShift(who);
        break;
      case Deed::kComeBack:
        if (staff_[who].on_shift) BeAvailable(who);
        break;
      case Deed::kArrive:
        Arrive(who);
        break;
      case Deed::kLabel:
        Tell(core::UpdateContact{.contact = ids_[who], .labels = LabelsNow(who)});
        break;
      case Deed::kLeave:
        if (!over_ && !run_.contacts[who].accept_ms) Leave(who);
        break;
      case Deed::kShiftEnd:
        Count(who);
        staff_[who].on_shift = false;
        SetPresence(who, core::Presence::kAway);
        GoHomeIfDone(who);
        break;
      case Deed::kHorizon:
        over_ = true;
        for (size_t i = 0; i < ids_.size(); ++i) {
          if (ids_[i] != core::kNoContact && !run_.contacts[i].accept_ms && !run_.contacts[i].end_ms) {
            Tell(core::EndContact{ids_[i], /*by_operator=*/true, "horizon"});
          }
        }
        break;
    }
  }

  void Arrive(size_t who) {
    if (over_) return;
    const TraceContact& contact = trace_.contacts[who];
    contact_of_.push_back(who);
    core::CreateContact create = {.queue = contact.queue,
                                  .channel = contact.channel,
                                  .requirements = contact.require,
                                  .vip = contact.vip,
                                  .head_start = std::chrono::milliseconds(contact.head_start_ms),
                                  .lane = contact.lane,
                                  .labels = LabelsNow(who),
                                  .contact_count = contact.contact_count};
    if (contact.deadline_ms) create.deadline = At(*contact.deadline_ms);
    if (!contact.prefer_agent.empty()) create.known_agents.push_back({contact.prefer_as, contact.prefer_agent});
    const auto reply = router_.Handle(std::move(create), At(now_ms_), events_);
    if (!reply.ok()) {  // A limit of the config: turned away.
      contact_of_.pop_back();
      Digest();
      return;
    }
    ids_[who] = reply->contact;
    Digest();
    const auto data = router_.FindContact(ids_[who]);
    if (data && data->state == core::ContactState::kQueued) {
      const core::WaitEstimate estimate = router_.Estimate(ids_[who], At(now_ms_));
      if (estimate.p50) run_.contacts[who].estimate_p50_ms = Ms(*estimate.p50);
      if (estimate.p90) run_.contacts[who].estimate_p90_ms = Ms(*estimate.p90);
    }
    for (const TraceContact::Label& label : contact.labels) {
      if (label.after_ms > 0) Plan(now_ms_ + label.after_ms, Deed::kLabel, who);
    }
    if (contact.patience_ms != kForEverMs) Plan(now_ms_ + contact.patience_ms, Deed::kLeave, who);
  }

  // What is noted on a contact by now.
  std::vector<std::string> LabelsNow(size_t who) const {
    const TraceContact& contact = trace_.contacts[who];
    std::vector<std::string> labels;
    for (const TraceContact::Label& label : contact.labels) {
      if (contact.at_ms + label.after_ms <= now_ms_) labels.push_back(label.label);
    }
    return labels;
  }

  void Leave(size_t who) {
    const auto contact = router_.FindContact(ids_[who]);
    if (!contact || contact->callback) return;  // Sent away by a limit; or waits for a callback, and need not hold.
    run_.contacts[who].outcome = Outcome::kAbandoned;
    run_.contacts[who].end_ms = now_ms_;
    Tell(core::EndContact{ids_[who], /*by_operator=*/false, "patience"});
  }

  void StartShift(size_t who) {
    Count(who);
    staff_[who].on_shift = true;
    BeAvailable(who);
  }

  void BeAvailable(size_t who) {
    if (staff_[who].signed_in) {
      SetPresence(who, core::Presence::kAvailable);
    } else {
      staff_[who].signed_in = true;
      const TraceAgent& agent = trace_.agents[who];
      Tell(core::SignIn{agent.id, core::Presence::kAvailable, agent.narrowed_channels});
    }
  }

  void SetPresence(size_t who, core::Presence presence) {
    Tell(core::SetPresence{trace_.agents[who].id, presence, presence == core::Presence::kAway ? "shift over" : "",
                           "agent"});
  }

  void GoHomeIfDone(size_t who) {
    Staff& staff = staff_[who];
    if (staff.on_shift || !staff.signed_in || staff.held > 0) return;
    staff.signed_in = false;
    Tell(core::SignOut{trace_.agents[who].id, false, "shift over"});
  }

  // Brings an agent's record up to now; to be called before any change of `on_shift` or `busy`.
  void Count(size_t who) {
    Staff& staff = staff_[who];
    const int64_t passed = now_ms_ - staff.counted_ms;
    staff.counted_ms = now_ms_;
    if (staff.busy > 0) run_.agents[who].busy_ms += passed;
    if (staff.busy > 0 || staff.on_shift) run_.agents[who].staff_ms += passed;
  }

  // Who was last offered the contact; null once it ended.
  const TraceAgent* Holder(size_t contact) const {
    const auto it = holders_.find(ids_[contact]);
    return it == holders_.end() ? nullptr : &trace_.agents[it->second];
  }

  // --- What the router made happen ---

  void Digest() {
    std::vector<core::Event> events = std::move(events_);
    events_.clear();
    std::set<size_t> relieved;
    for (const core::Event& event : events) {
      promises_.Check(event);
      std::visit([&](const auto& e) { On(e, relieved); }, event.kind);
    }
    for (const size_t agent : relieved) GoHomeIfDone(agent);
  }

  void On(const auto&, std::set<size_t>&) {}

  void On(const core::OfferMade& e, std::set<size_t>&) {
    const size_t who = contact_of_[Index(e.contact) - 1];
    const size_t agent = Index(e.agent);
    ContactRecord& record = run_.contacts[who];
    if (!record.first_offer_ms) record.first_offer_ms = now_ms_;
    ++record.offer_count;
    ++staff_[agent].held;
    holders_[e.contact] = agent;
    Answer(agent, who, e.offer);
  }

  // Plans what the agent does about an offer.
  void Answer(size_t agent, size_t who, core::OfferId offer) {
    const TraceAgent& traced = trace_.agents[agent];
    Staff& staff = staff_[agent];
    const int number = staff.offer_count++;
    if (staff.refused_count < traced.refusals.size() && traced.refusals[staff.refused_count].number == number) {
      const Refusal& refusal = traced.refusals[staff.refused_count++];
      if (refusal.declined_ms) Plan(now_ms_ + *refusal.declined_ms, Deed::kDecline, who, offer);
    } else if (number >= traced.misses) {
      Plan(now_ms_ + trace_.contacts[who].accept_ms.value_or(traced.accept_ms), Deed::kAccept, who, offer);
    }
  }

  void On(const core::OfferAccepted& e, std::set<size_t>&) {
    const size_t who = contact_of_[Index(e.contact) - 1];
    const size_t agent = Index(e.agent);
    run_.contacts[who].accept_ms = now_ms_;
    run_.contacts[who].agent = static_cast<int>(agent);
    run_.contacts[who].outcome = Outcome::kCompleted;
    Count(agent);
    ++staff_[agent].busy;
    Plan(now_ms_ + trace_.contacts[who].handle_ms, Deed::kComplete, who);
  }

  void On(const core::OfferClosed& e, std::set<size_t>& relieved) { Relieve(Index(e.agent), relieved); }

  void On(const core::WrapUpStarted& e, std::set<size_t>&) {
    const size_t who = contact_of_[Index(e.contact) - 1];
    Plan(now_ms_ + trace_.contacts[who].wrap_ms, Deed::kFinishWrapUp, who);
  }

  void On(const core::ContactEnded& e, std::set<size_t>& relieved) {
    holders_.erase(e.contact);
    ContactRecord& record = run_.contacts[contact_of_[Index(e.contact) - 1]];
    if (!record.end_ms && !over_) record.end_ms = now_ms_;  // Sent away by a limit.
    if (e.agent == core::kNoAgent) return;
    const size_t agent = Index(e.agent);
    Count(agent);
    --staff_[agent].busy;
    Relieve(agent, relieved);
  }

  void On(const core::AgentPresenceChanged& e, std::set<size_t>&) {
    if (e.by == "missed") Plan(now_ms_ + kAwayAfterMissesMs, Deed::kComeBack, Index(e.agent));
  }

  void On(const core::AgentSignedOut& e, std::set<size_t>&) {
    staff_[Index(e.agent)].signed_in = false;
    if (e.reason == "missed") Plan(now_ms_ + kAwayAfterMissesMs, Deed::kComeBack, Index(e.agent));
  }

  void Relieve(size_t agent, std::set<size_t>& relieved) {
    --staff_[agent].held;
    relieved.insert(agent);
  }

  const Trace& trace_;
  const core::Policy& policy_;
  const uint64_t seed_;
  core::Router router_;
  Promises promises_;
  RunResult run_;
  int64_t now_ms_ = 0;
  bool over_ = false;  // The horizon is reached.
  std::priority_queue<Planned, std::vector<Planned>, std::greater<>> plans_;
  uint64_t planned_count_ = 0;
  std::vector<core::Event> events_;
  std::vector<Staff> staff_;                              // By agent of the trace.
  std::vector<core::ContactId> ids_;                      // By contact of the trace.
  std::vector<size_t> contact_of_;                        // By number of the router's contact, from 1.
  absl::flat_hash_map<core::ContactId, size_t> holders_;  // Agents of the trace.
};

}  // namespace

const char* ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted:
      return "completed";
    case Outcome::kAbandoned:
      return "abandoned";
    default:
      return "unserved";
  }
}

absl::StatusOr<core::Policy> PolicyFor(const Trace& trace, core::Policy base, std::vector<std::string>& added_queues) {
  const auto mismatch = [](const std::string& what) {
    return base::Error(absl::StatusCode::kInvalidArgument, "TRACE_CONFIG_MISMATCH", what);
  };
  std::vector<std::string> channels, vips;
  std::set<std::string> queues, skills(base.skills.begin(), base.skills.end());
  for (const core::ChannelPolicy& channel : base.channels) channels.push_back(channel.name);
  for (const core::VipPolicy& vip : base.vips) vips.push_back(vip.name);
  for (const core::QueuePolicy& queue : base.queues) queues.insert(queue.name);
  const auto add_skills = [&](const std::vector<core::NamedTier>& named) {
    for (const core::NamedTier& n : named) {
      if (skills.insert(n.skill).second) base.skills.push_back(n.skill);
    }
  };
  const auto known = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::map<std::string, core::AgentPolicy> named;  // By the rules, if they are to say how they work.
  for (core::AgentPolicy& agent : base.agents) {
    if (trace.agents_of_rules) named[agent.name] = std::move(agent);
  }
  base.agents.clear();
  for (const TraceAgent& agent : trace.agents) {
    if (auto by_rules = named.extract(agent.id)) {
      base.agents.push_back(std::move(by_rules.mapped()));
      continue;
    }
    add_skills(agent.skills);
    for (const core::ChannelMax& m : agent.channels) {
      if (known(channels, m.channel)) continue;
      return mismatch(absl::StrCat("agent ", agent.id, " takes channel \"", m.channel, "\", which the config lacks",
                                   View(base::DidYouMean(m.channel, channels))));
    }
    base.agents.push_back({agent.id, agent.skills, agent.channels, agent.capacity});
  }
  // The others never come, but a queue may name them.
  for (auto& [name, agent] : named) base.agents.push_back(std::move(agent));
  for (const TraceContact& contact : trace.contacts) {
    add_skills(contact.require);
    if (!known(channels, contact.channel)) {
      return mismatch(absl::StrCat("contact ", contact.id, " comes by channel \"", contact.channel,
                                   "\", which the config lacks", View(base::DidYouMean(contact.channel, channels))));
    }
    if (!contact.vip.empty() && !known(vips, contact.vip)) {
      return mismatch(absl::StrCat("contact ", contact.id, " has VIP level \"", contact.vip,
                                   "\", which the config lacks", View(base::DidYouMean(contact.vip, vips))));
    }
    if (queues.insert(contact.queue).second) {
      core::QueuePolicy queue;
      queue.name = contact.queue;
      queue.misses_max = 0;
      queue.wrap_up = core::WrapUpMode::kUntilDone;
      base.queues.push_back(std::move(queue));
      added_queues.push_back(contact.queue);
    }
  }
  return base;
}

absl::StatusOr<RunResult> RunTrace(const Trace& trace, const core::Policy& policy, uint64_t seed) {
  return Runner(trace, policy, seed).Go();
}

}  // namespace routerd::simulate
