#include "routerd/simulate/run.h"

#include <algorithm>
#include <chrono>
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

// Engine time 0 is the trace's start.
Instant At(int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }
int64_t Ms(core::Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }
int64_t Ms(Instant at) { return Ms(at.time_since_epoch()); }

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
  kComplete,
  kFinishWrapUp,
  kShiftStart,
  kComeBack,
  kArrive,
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
      staff_[i].misses_left = trace_.agents[i].misses;
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
        now_ms_ = Ms(due);
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
    int misses_left = 0;
    int64_t counted_ms = 0;  // Its time is in the record up to then.
  };

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
        if (staff_[who].on_shift) SetPresence(who, core::Presence::kAvailable);
        break;
      case Deed::kArrive:
        Arrive(who);
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
    const auto reply = router_.Handle(
        core::CreateContact{
            .queue = contact.queue, .channel = contact.channel, .requirements = contact.require, .vip = contact.vip},
        At(now_ms_), events_);
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
    Plan(now_ms_ + contact.patience_ms, Deed::kLeave, who);
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
    if (staff_[who].signed_in) {
      SetPresence(who, core::Presence::kAvailable);
    } else {
      staff_[who].signed_in = true;
      Tell(core::SignIn{trace_.agents[who].id, core::Presence::kAvailable, {}});
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
    if (staff_[agent].misses_left > 0) {
      --staff_[agent].misses_left;
    } else {
      Plan(now_ms_ + trace_.agents[agent].accept_ms, Deed::kAccept, who, e.offer);
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
    if (e.agent == core::kNoAgent) return;
    const size_t agent = Index(e.agent);
    Count(agent);
    --staff_[agent].busy;
    Relieve(agent, relieved);
  }

  void On(const core::AgentPresenceChanged& e, std::set<size_t>&) {
    if (e.by == "missed") Plan(now_ms_ + kAwayAfterMissesMs, Deed::kComeBack, Index(e.agent));
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
  base.agents.clear();
  for (const TraceAgent& agent : trace.agents) {
    add_skills(agent.skills);
    for (const core::ChannelMax& m : agent.channels) {
      if (known(channels, m.channel)) continue;
      return mismatch(absl::StrCat("agent ", agent.id, " takes channel \"", m.channel, "\", which the config lacks",
                                   View(base::DidYouMean(m.channel, channels))));
    }
    base.agents.push_back({agent.id, agent.skills, agent.channels, agent.capacity});
  }
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
