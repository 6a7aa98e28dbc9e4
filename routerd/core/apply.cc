// How each event changes the router. Nothing here decides.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

// An event that names what does not exist can only come from a damaged journal or a bug: going on would damage more.
[[noreturn]] void Corrupt(const char* what, uint64_t id) {
  std::fprintf(stderr, "routerd: event names %s %llu, which does not exist\n", what,
               static_cast<unsigned long long>(id));
  std::abort();
}

void CountClosed(const OfferClosed& e, AgentData& agent) {
  if (e.outcome == OfferState::kLapsed) ++agent.lapsed_count;
  if (e.outcome == OfferState::kDeclined) ++agent.declined_count;
  const bool own_doing = e.cause == OfferCause::kAgentGone || e.cause == OfferCause::kUnreachable;
  if (e.outcome == OfferState::kRevoked && !own_doing) ++agent.revoked_count;
}

// Another queue, with its own clock and steps.
void EnterQueue(Contact& contact, QueueId queue, Instant at) {
  contact.queue = queue;
  contact.queued_at = at;
  contact.step = 0;
  if (contact.rare().escalation_done != 0) contact.edit_rare().escalation_done = 0;
  if (contact.rare().overflow_done != 0) contact.edit_rare().overflow_done = 0;
}

void EndReservation(Contact& contact) {
  if (contact.rare().reserved_agent == kNoAgent) return;
  contact.edit_rare().reserved_agent = kNoAgent;
  contact.edit_rare().reserved_until = kNever;
  contact.edit_rare().known_as = KnownAs::kNobody;
  contact.edit_rare().may_exceed = false;
}

}  // namespace

Contact& Router::Impl::Get(ContactId id) {
  Contact* contact = Find(id);
  if (contact == nullptr) Corrupt("contact", Index(id));
  return *contact;
}

Contact& Router::Impl::Add(const ContactCommon& common, const Skills& requirements, const ContactRare* rare) {
  Contact& contact = contacts.Add(common.id);
  static_cast<ContactCommon&>(contact) = common;
  if (rare != nullptr) contact.edit_rare() = *rare;
  SetClass(contact, requirements);
  return contact;
}

void Router::Impl::Remove(Contact& contact) {
  if (contact.wake != kNever) deadlines.erase(Deadline::Of(contact.wake, contact.id));
  DropBackOffs(contact, [](const BackOff&) { return true; });
  contacts.Remove(contact.id);
}

bool Router::Impl::MayServe(const Profile& profile, const Requirement& asked) const {
  return (profile.channels >> Index(asked.channel) & 1) != 0 &&
         (profile.bot ? asked.for_bots : Satisfies(profile.skills, asked.skills)) &&
         (asked.restricted_to == kNoQueue || profile.admitted.Test(Index(asked.restricted_to)));
}

// Works out which profiles may serve a class.
void Router::Impl::LinkClass(ClassIx c) {
  const Requirement& asked = line.requirement(c);
  for (ProfileIx p = 0; p < roster.profile_count(); ++p) {
    Profile& profile = roster.profile(p);
    const bool may = MayServe(profile, asked);
    class_profiles[c].Set(p, may);
    profile.classes.Set(c, may);
  }
}

ClassIx Router::Impl::InternClass(const Requirement& asked) {
  bool made = false;
  const ClassIx c = line.Intern(asked, made);
  if (made) {
    class_profiles.emplace_back();
    LinkClass(c);
    if (asked.hold_back_queue != kNoQueue) hold_back_classes.push_back(c);
    prices_stale = true;
  }
  return c;
}

void Router::Impl::SetClass(Contact& contact, const Skills& requirements) {
  contact.cls =
      InternClass(RequirementIn(contact.queue, contact.channel, contact.vip, requirements, contact.rare().bot_done));
}

void Router::Impl::JoinLine(Contact& contact, Instant at) {
  contact.state = ContactState::kQueued;
  contact.state_at = at;
  contact.on_hold = false;
  ++waiting_count;
  ++rules(contact.queue).waiting;
  if (contact.rare().reserved_agent != kNoAgent) {
    roster.at(contact.rare().reserved_agent).reserved.insert(contact.key());
  } else {
    line.Insert(contact.cls, contact.key());
  }
}

void Router::Impl::LeaveLine(Contact& contact) {
  --waiting_count;
  --rules(contact.queue).waiting;
  if (contact.room_due) StopWantingRoom(contact);
  if (contact.rare().reserved_agent != kNoAgent) {
    roster.at(contact.rare().reserved_agent).reserved.erase(contact.key());
  } else {
    line.Erase(contact.cls, contact.key());
  }
}

void Router::Impl::GiveTo(Contact& contact, AgentId agent, int cost) {
  contact.agent = agent;
  contact.cost = cost;
  roster.Take(agent, contact.id, contact.channel, cost);
}

void Router::Impl::TakeBack(Contact& contact) {
  const AgentId agent = contact.agent;
  if (agent == kNoAgent) return;
  roster.Release(agent, contact.id, contact.channel, contact.cost, contact.light ? 0 : 1);
  if (contact.rare().customer_at != Instant{}) contact.edit_rare().customer_at = Instant{};
  contact.agent = kNoAgent;
  contact.cost = 0;
  contact.light = false;
  contact.offer = kNoOffer;
  contact.until = kNever;
}

// Changes what a held contact takes of its agent.
void Router::Impl::Weigh(Contact& contact, int cost, bool light) {
  const int count_by = static_cast<int>(contact.light) - static_cast<int>(light);
  const int cost_by = cost - contact.cost;
  contact.cost = cost;
  contact.light = light;
  roster.Weigh(contact.agent, contact.channel, cost_by, count_by);
}

// It no longer shares a place.
void Router::Impl::Unlink(Contact& contact) {
  if (contact.rare().linked.empty()) return;
  for (const ContactId id : contact.rare().linked) {
    Contact& other = Get(id);
    LinkedContacts& linked = other.edit_rare().linked;
    linked.erase(std::remove(linked.begin(), linked.end(), contact.id), linked.end());
    other.TidyRare();
  }
  contact.edit_rare().linked.clear();
  contact.TidyRare();
}

Instant Router::Impl::DormantAt(const Contact& contact) const {
  const Duration after = channel_rules[Index(contact.channel)].dormant_after;
  if (after == Duration{0} || contact.state != ContactState::kActive || contact.light) return kNever;
  return std::max(contact.state_at, contact.rare().customer_at) + after;
}

// One of its open offers is over. If it was the first and there are others, one of them is the first from here on.
void Router::Impl::EndOffer(Contact& contact, OfferId offer) {
  const bool first = contact.offer == offer;
  if (first) TakeBack(contact);
  if (contact.rare().more_offers.empty()) return;
  std::vector<OpenOffer>& more = contact.edit_rare().more_offers;
  const auto it = std::find_if(more.begin(), more.end(), [&](const OpenOffer& o) { return first || o.offer == offer; });
  if (it == more.end()) Corrupt("offer", Index(offer));
  if (first) return PutFirst(contact, it);
  roster.Release(it->agent, contact.id, contact.channel, it->cost);
  more.erase(it);
}

// One of its other open offers is the first from here on.
void Router::Impl::PutFirst(Contact& contact, std::vector<OpenOffer>::iterator offer) {
  contact.offer = offer->offer;
  contact.agent = offer->agent;
  contact.cost = offer->cost;
  contact.until = offer->until;
  contact.edit_rare().more_offers.erase(offer);
}

void Router::Impl::PassOver(Contact& contact, AgentId agent, Instant until, Instant at) {
  if (until <= at) return;
  DropBackOffs(contact, [agent](const BackOff& b) { return b.agent == agent; });
  contact.edit_rare().back_offs.push_back({agent, until});
  passed_over.insert(contact.id);
}

template <typename Over>
void Router::Impl::DropBackOffs(Contact& contact, Over&& over) {
  if (contact.rare().back_offs.empty()) return;
  auto& all = contact.edit_rare().back_offs;
  all.erase(std::remove_if(all.begin(), all.end(), over), all.end());
  if (all.empty()) passed_over.erase(contact.id);
}

// Sets the contact's one entry among the deadlines to whatever comes first.
void Router::Impl::Rearm(Contact& contact) {
  contact.TidyRare();
  Instant wake = std::min(contact.until, DormantAt(contact));
  if (contact.state == ContactState::kQueued) {
    wake = contact.rare().reserved_until;
    const auto& steps = rules(contact.queue).steps;
    if (contact.step < static_cast<int>(steps.size())) {
      wake = std::min(wake, contact.queued_at + steps[contact.step].after);
    }
    wake = std::min(wake, EscalatesAt(contact));
    for (const BackOff& b : contact.rare().back_offs) {
      if (b.until > now)
        wake = std::min(wake, AskAgainAt(contact) > now ? std::min(b.until, AskAgainAt(contact)) : b.until);
    }
    if (rules(contact.queue).limited) wake = std::min(wake, NextLimit(contact));
    if (!hold_back_classes.empty()) wake = std::min(wake, LetsGoAt(contact));
    if (!contact.room_due) wake = std::min(wake, WantsRoomAt(contact));
  } else if (contact.state == ContactState::kScheduled) {
    wake = contact.rare().schedule_at;
  }
  for (const OpenOffer& offer : contact.rare().more_offers) wake = std::min(wake, offer.until);
  if (!warm_transfers.empty()) wake = std::min(wake, WarmWake(contact));
  if (wake == contact.wake) return;
  if (contact.wake != kNever) deadlines.erase(Deadline::Of(contact.wake, contact.id));
  contact.wake = wake;
  if (wake != kNever) deadlines.insert(Deadline::Of(wake, contact.id));
}

void Router::Impl::RearmAgent(Agent& agent) {
  const AgentId id = agent.data.id;
  Instant wake = agent.data.grace_until;
  if (agent.resting) wake = std::min(wake, agent.data.rest_until);
  if (wake == agent.wake) return;
  if (agent.wake != kNever) deadlines.erase(Deadline::Of(agent.wake, id));
  agent.wake = wake;
  if (wake != kNever) deadlines.insert(Deadline::Of(wake, id));
}

Skills Router::Impl::Resolve(const std::vector<NamedTier>& named) const {
  Skills resolved;
  for (const NamedTier& n : named) {
    if (const auto skill = skills.Find(n.skill)) resolved.push_back({*skill, n.tier});
  }
  std::sort(resolved.begin(), resolved.end());
  // A skill named twice counts once, at its higher tier.
  for (size_t i = 1; i < resolved.size();) {
    if (resolved[i].skill == resolved[i - 1].skill) {
      resolved.erase(resolved.begin() + static_cast<std::ptrdiff_t>(i) - 1);
    } else {
      ++i;
    }
  }
  return resolved;
}

void Router::Impl::LoadPolicy(const std::shared_ptr<const Policy>& loaded) {
  policy = loaded;
  for (const std::string& s : policy->skills) skills.Intern(s);
  for (const ChannelPolicy& c : policy->channels) channels.Intern(c.name);
  for (const VipPolicy& v : policy->vips) vips.Intern(v.name);
  for (const QueuePolicy& q : policy->queues) queues.Intern(q.name);
  for (const AgentPolicy& a : policy->agents) agents.Intern(a.name);

  // What a policy no longer names keeps its last rules, for the contacts that still stand under them.
  channel_rules.resize(channels.size());
  for (const ChannelPolicy& c : policy->channels) {
    channel_rules[Index(*channels.Find(c.name))] = {c.cost, c.count_max, c.dormant_after, c.dormant_cost};
  }
  vip_rules.resize(vips.size());
  for (const VipPolicy& v : policy->vips) vip_rules[Index(*vips.Find(v.name))] = v;
  queue_rules.resize(queues.size());
  uint32_t orders = 0;
  for (QueueRules& r : queue_rules) r.live = false;
  for (const QueuePolicy& q : policy->queues) {
    QueueRules& r = rules(*queues.Find(q.name));
    const int waiting = r.waiting;
    r = {q, Resolve(q.requirements), {}, ResolveEscalation(q), {}, !q.agents.empty(), /*live=*/true, waiting};
    r.hold_backs = ResolveHoldBacks(q);
    r.preferences = Resolve(q.preferences);
    for (const SkillTier& s : r.requirements) r.named_skills.Set(Index(s.skill));
    for (const RelaxStep& step : q.steps) {
      r.steps.push_back({step.after, Resolve(step.requirements)});
      for (const SkillTier& s : r.steps.back().requirements) r.named_skills.Set(Index(s.skill));
    }
  }
  DropEscalationCycles();
  for (QueueRules& r : queue_rules) {
    if (r.live) LoadLimits(r);
  }
  CutOverflowCircles();
  for (const QueueRules& r : queue_rules) orders |= 1u << static_cast<int>(OrderOf(r.policy.strategy));

  std::vector<int> costs;
  for (const ChannelRules& c : channel_rules) costs.push_back(c.cost);
  std::vector<Roster::Interruptions> interruptions(channels.size());
  for (const Interruption& i : policy->interruptions) {
    const auto holding = channels.Find(i.holding);
    const auto ringing = channels.Find(i.ringing);
    if (!holding || !ringing) continue;
    Roster::Interruptions& rules = interruptions[Index(*ringing)];
    (i.effect == Interruption::Effect::kBlock ? rules.blocked_by : rules.on_top_of) |= uint64_t{1} << Index(*holding);
  }
  LoadCrowding(interruptions);
  roster.Configure(std::move(costs), std::move(interruptions), orders, agents.size());
  for (size_t i = 0; i < policy->agents.size(); ++i) {
    const AgentPolicy& a = policy->agents[i];
    BitSet admitted;
    for (QueueId q{0}; Index(q) < queue_rules.size(); q = QueueId{Index(q) + 1}) {
      const QueuePolicy& queue = rules(q).policy;
      if (std::find(queue.agents.begin(), queue.agents.end(), a.name) != queue.agents.end()) admitted.Set(Index(q));
    }
    uint64_t taken = 0;
    const auto counts = CountsOf(a);
    for (size_t ch = 0; ch < counts.size(); ++ch) taken |= uint64_t{counts[ch] > 0} << ch;
    roster.SetProfile(*agents.Find(a.name), Resolve(a.skills), std::move(admitted), taken, a.bot, a.capacity,
                      static_cast<int>(i));
  }
  for (size_t i = 0; i < roster.agent_count(); ++i) roster.Refresh(AgentId{static_cast<uint32_t>(i)});

  // Who may serve what, for new profiles and changed restrictions alike; then those who wait, by what they ask for now.
  class_profiles.assign(line.class_count(), {});
  for (ClassIx c = 0; c < line.class_count(); ++c) LinkClass(c);
  contacts.ForEach([this](Contact& contact) {
    const bool waits = contact.state == ContactState::kQueued;
    if (waits) LeaveLine(contact);
    SetClass(contact, Skills(RequirementsOf(contact)));
    if (waits) {
      const Instant since = contact.state_at;
      JoinLine(contact, since);
      Rearm(contact);
    }
  });
  for (auto& [id, warm] : warm_transfers) warm.cls = WarmClass(Get(id), warm);
  prices_stale = true;
  takers_changed = true;
}

void Router::Impl::Apply(const Event& event) {
  const Instant at = event.at;
  now = std::max(now, at);
  last_at = at;
  std::visit(Overloaded{
                 [&](const PolicyLoaded& e) { LoadPolicy(e.policy); },
                 [&](const ContactCreated& e) {
                   ContactCommon data;
                   data.id = last_contact = e.contact;
                   data.queue = e.queue;
                   data.channel = e.channel;
                   data.vip = e.vip;
                   data.lane = e.lane;
                   data.rank = e.rank;
                   data.created_at = at;
                   data.queued_at = e.queued_at;
                   Contact& contact = Add(data, e.requirements);
                   if (e.own_head_start != Duration{0}) contact.edit_rare().own_head_start = e.own_head_start;
                   if (e.deadline != kNever) contact.edit_rare().deadline = e.deadline;
                   if (e.order_shift != Duration{0}) contact.edit_rare().order_shift = e.order_shift;
                   if (!e.labels.empty()) contact.edit_rare().labels = e.labels;
                   if (!e.preferences.empty()) contact.edit_rare().preferences = e.preferences;
                   if (e.contact_count != 0) contact.edit_rare().contact_count = e.contact_count;
                   line.learned(contact.cls).AddArrival(at);
                   // Other queues that ask for the same may order by deadline.
                   if (rules(e.queue).policy.order == Order::kValue) {
                     line.learned(contact.cls).value_shift = e.order_shift;
                   }
                   JoinLine(contact, at);
                   Rearm(contact);
                 },
                 [&](const ContactReprioritized& e) {
                   Contact& contact = Get(e.contact);
                   const bool waits = contact.state == ContactState::kQueued;
                   const Instant since = contact.state_at;
                   if (waits) LeaveLine(contact);
                   contact.vip = e.vip;
                   SetClass(contact, Skills(RequirementsOf(contact)));
                   contact.edit_rare().own_head_start = e.own_head_start;
                   contact.edit_rare().deadline = e.deadline;
                   contact.edit_rare().order_shift = e.order_shift;
                   if (e.call_cleared) contact.edit_rare().supervisor_called = false;
                   contact.TidyRare();
                   contact.lane = e.lane;
                   contact.rank = e.rank;
                   if (waits) JoinLine(contact, since);
                 },
                 [&](const ContactLinked& e) {
                   Contact& contact = Get(e.contact);
                   const bool waits = contact.state == ContactState::kQueued;
                   const Instant since = contact.state_at;
                   if (waits) LeaveLine(contact);
                   if (e.with == kNoContact) {
                     Unlink(contact);
                   } else {
                     contact.edit_rare().linked.push_back(e.with);
                   }
                   contact.rank = e.rank;
                   if (waits) JoinLine(contact, since);
                 },
                 [&](const ContactLabeled& e) {
                   Contact& contact = Get(e.contact);
                   std::vector<std::string>& labels = contact.edit_rare().labels;
                   labels.insert(labels.end(), e.labels.begin(), e.labels.end());
                   std::sort(labels.begin(), labels.end());
                   Rearm(contact);
                 },
                 [&](const ContactEscalated& e) {
                   Contact& contact = Get(e.contact);
                   const bool waits = contact.state == ContactState::kQueued;
                   const Instant since = contact.state_at;
                   if (waits) LeaveLine(contact);
                   ContactRare& rare = contact.edit_rare();
                   rare.escalation_done |= uint64_t{1} << (e.level - 1);
                   rare.escalation_level = std::max(rare.escalation_level, e.level);
                   rare.supervisor_called = rare.supervisor_called || e.call_supervisor;
                   rare.own_head_start = e.own_head_start;
                   contact.rank = e.rank;
                   contact.lane = e.lane;
                   if (e.queue_changed) EnterQueue(contact, e.queue, at);
                   SetClass(contact, e.requirements);
                   if (waits) JoinLine(contact, since);
                   Rearm(contact);
                 },
                 [&](const RequirementsRelaxed& e) {
                   Contact& contact = Get(e.contact);
                   const Instant since = contact.state_at;
                   LeaveLine(contact);
                   contact.step = e.step;
                   SetClass(contact, e.requirements);
                   JoinLine(contact, since);
                   Rearm(contact);
                 },
                 [&](const OfferMade& e) {
                   Contact& contact = Get(e.contact);
                   last_offer = e.offer;
                   roster.at(e.agent).data.last_offer_at = at;
                   if (contact.state == ContactState::kOffered || e.warm) {  // Another of the same round.
                     contact.edit_rare().more_offers.push_back({e.offer, e.agent, e.cost, e.expire_at});
                     roster.Take(e.agent, e.contact, contact.channel, e.cost);
                     Rearm(contact);
                     return;
                   }
                   LeaveLine(contact);
                   if (!contact.rare().lost_offers.empty()) contact.edit_rare().lost_offers.clear();
                   contact.state = ContactState::kOffered;
                   contact.state_at = contact.offered_at = at;
                   contact.offer = e.offer;
                   contact.until = e.expire_at;
                   DropBackOffs(contact, [at](const BackOff& b) { return b.until <= at; });
                   GiveTo(contact, e.agent, e.cost);
                   Rearm(contact);
                 },
                 [&](const OfferAccepted& e) {
                   Contact& contact = Get(e.contact);
                   contact.state = ContactState::kActive;
                   contact.state_at = contact.accepted_at = at;
                   contact.offer = kNoOffer;
                   contact.until = kNever;
                   EndReservation(contact);
                   Unlink(contact);
                   DropBackOffs(contact, [](const BackOff&) { return true; });
                   AgentData& data = roster.at(e.agent).data;
                   data.missed_count = 0;
                   ++data.accepted_count;
                   Rearm(contact);
                 },
                 [&](const OfferClosed& e) {
                   Contact& contact = Get(e.contact);
                   AgentData& data = roster.at(e.agent).data;
                   data.missed_count = e.missed_count;
                   CountClosed(e, data);
                   EndOffer(contact, e.offer);
                   PassOver(contact, e.agent, e.back_off_until, at);
                   if (e.cause == OfferCause::kOtherAgent) contact.edit_rare().lost_offers.push_back(e.offer);
                   if (contact.agent == kNoAgent) JoinLine(contact, at);
                   Rearm(contact);
                 },
                 [&](const OfferExtended& e) {
                   Contact& contact = Get(e.contact);
                   if (contact.offer == e.offer) contact.until = e.expire_at;
                   for (size_t i = 0; i < contact.rare().more_offers.size(); ++i) {
                     OpenOffer& other = contact.edit_rare().more_offers[i];
                     if (other.offer == e.offer) other.until = e.expire_at;
                   }
                   Rearm(contact);
                 },
                 [&](const ContactHeld& e) { Get(e.contact).on_hold = e.on; },
                 [&](const ContactTransferred& e) {
                   Contact& contact = Get(e.contact);
                   TakeBack(contact);
                   if (e.queue_changed) EnterQueue(contact, e.queue, at);
                   ContactRare& rare = contact.edit_rare();
                   const bool comes_to_people = e.bot_done && !rare.bot_done;
                   rare.bot_done = e.bot_done;
                   rare.callback = false;  // The customer has been reached.
                   SetClass(contact, e.requirements);
                   if (comes_to_people) line.learned(contact.cls).AddArrival(at);
                   roster.at(e.from).data.idle_since = at;
                   roster.Refresh(e.from);
                   if (e.warm) {
                     if (contact.rare().more_offers.empty()) Corrupt("an open offer of contact", Index(e.contact));
                     warm_transfers.erase(e.contact);
                     contact.state = ContactState::kOffered;
                     contact.state_at = contact.offered_at = at;
                     contact.on_hold = false;
                     PutFirst(contact, contact.edit_rare().more_offers.begin());
                   } else {
                     contact.edit_rare().reserved_agent = e.reserved_agent;
                     contact.edit_rare().reserved_until = e.reserved_until;
                     PassOver(contact, e.from, e.back_off_until, at);
                     JoinLine(contact, at);
                   }
                   Rearm(contact);
                 },
                 [&](const WarmTransferStarted& e) {
                   Contact& contact = Get(e.contact);
                   WarmTransfer warm{e.to_agent, e.to_queue, e.requirements, e.until, e.reason, e.summary};
                   const ClassIx cls = WarmClass(contact, warm);
                   warm_transfers[e.contact] = {std::move(warm), cls};
                   Rearm(contact);
                 },
                 [&](const WarmTransferEnded& e) {
                   warm_transfers.erase(e.contact);
                   Rearm(Get(e.contact));
                 },
                 [&](const ContactRequeued& e) {
                   Contact& contact = Get(e.contact);
                   TakeBack(contact);
                   PassOver(contact, e.agent, e.back_off_until, at);
                   JoinLine(contact, at);
                   Rearm(contact);
                 },
                 [&](const ContactReserved& e) {
                   Contact& contact = Get(e.contact);
                   const Instant since = contact.state_at;
                   LeaveLine(contact);
                   contact.edit_rare().reserved_agent = e.agent;
                   contact.edit_rare().reserved_until = e.until;
                   contact.edit_rare().known_as = e.known_as;
                   contact.edit_rare().may_exceed = e.may_exceed;
                   DropBackOffs(contact, [&](const BackOff& b) { return b.agent == e.agent; });
                   JoinLine(contact, since);
                   Rearm(contact);
                 },
                 [&](const ReservationEnded& e) {
                   Contact& contact = Get(e.contact);
                   const bool waits = contact.state == ContactState::kQueued;
                   const Instant since = contact.state_at;
                   if (waits) LeaveLine(contact);
                   EndReservation(contact);
                   if (waits) JoinLine(contact, since);
                   Rearm(contact);
                 },
                 [&](const ConsultStarted& e) {
                   Get(e.contact).edit_rare().consulted = e.colleague;
                   auto& consults = roster.at(e.colleague).consults;
                   consults.insert(std::lower_bound(consults.begin(), consults.end(), e.contact), e.contact);
                 },
                 [&](const ConsultEnded& e) {
                   Contact& contact = Get(e.contact);
                   contact.edit_rare().consulted = kNoAgent;
                   contact.TidyRare();
                   auto& consults = roster.at(e.colleague).consults;
                   consults.erase(std::remove(consults.begin(), consults.end(), e.contact), consults.end());
                 },
                 [&](const ContactTakenOver& e) {
                   Contact& contact = Get(e.contact);
                   TakeBack(contact);
                   roster.at(e.from).data.idle_since = at;
                   roster.Refresh(e.from);
                   GiveTo(contact, e.agent, e.cost);
                   contact.state_at = contact.offered_at = contact.accepted_at = at;
                   Rearm(contact);
                 },
                 [&](const CustomerSpoke& e) {
                   // Its deadline stays; when that comes, it is seen that the customer was not silent.
                   Contact* contact = Find(e.by);
                   if (contact == nullptr || DormantAt(*contact) == kNever) return;
                   contact->edit_rare().customer_at = at;
                 },
                 [&](const ContactDormant& e) {
                   Contact& contact = Get(e.contact);
                   Weigh(contact, e.cost, /*light=*/true);
                   Rearm(contact);
                 },
                 [&](const ContactWoke& e) {
                   Contact& contact = Get(e.contact);
                   Weigh(contact, e.cost, /*light=*/false);
                   contact.edit_rare().customer_at = at;
                   Rearm(contact);
                 },
                 [&](const WrapUpStarted& e) {
                   Contact& contact = Get(e.contact);
                   contact.state = ContactState::kWrapUp;
                   contact.state_at = at;
                   contact.on_hold = false;
                   contact.until = e.until;
                   if (e.optional) Weigh(contact, 0, /*light=*/true);
                   Rearm(contact);
                 },
                 [&](const WrapUpExtended& e) {
                   Contact& contact = Get(e.contact);
                   contact.until = e.until;
                   contact.edit_rare().extension_count = e.count;
                   Rearm(contact);
                 },
                 [&](const ContactEnded& e) {
                   Contact& contact = Get(e.contact);
                   if (contact.state == ContactState::kQueued) LeaveLine(contact);
                   Unlink(contact);
                   if (contact.agent != kNoAgent) {
                     const AgentId agent = contact.agent;
                     if (e.reason == EndReason::kCompleted) {
                       line.learned(contact.cls).AddHandleTime(at - contact.offered_at);
                     }
                     roster.at(agent).data.idle_since = at;
                     TakeBack(contact);
                   }
                   Remove(contact);
                 },
                 [&](const ContactScheduled& e) {
                   Contact& contact = Get(e.contact);
                   contact.edit_rare().callback = e.callback;
                   if (contact.state == ContactState::kQueued && e.until == kNever) return Rearm(contact);
                   if (contact.state == ContactState::kQueued) LeaveLine(contact);
                   Unlink(contact);
                   EndReservation(contact);
                   if (contact.agent != kNoAgent) {
                     const AgentId agent = contact.agent;
                     roster.at(agent).data.idle_since = at;
                     TakeBack(contact);
                     roster.Refresh(agent);
                   }
                   contact.state = ContactState::kScheduled;
                   contact.state_at = at;
                   contact.on_hold = false;
                   ContactRare& rare = contact.edit_rare();
                   rare.schedule_at = e.until;
                   rare.scheduled_agent = e.first;
                   rare.callback_attempts = e.attempts;
                   Rearm(contact);
                 },
                 [&](const ContactDue& e) {
                   Contact& contact = Get(e.contact);
                   ContactRare& rare = contact.edit_rare();
                   rare.schedule_at = kNever;
                   rare.scheduled_agent = kNoAgent;
                   rare.reserved_agent = e.reserved_agent;
                   rare.reserved_until = e.reserved_until;
                   contact.queued_at = at;
                   JoinLine(contact, at);
                   Rearm(contact);
                 },
                 [&](const ContactOverflowed& e) {
                   Contact& contact = Get(e.contact);
                   const Instant since = e.queue_changed ? at : contact.state_at;
                   LeaveLine(contact);
                   ContactRare& rare = contact.edit_rare();
                   if (e.rule_number > 0) rare.overflow_done |= uint64_t{1} << (e.rule_number - 1);
                   rare.own_head_start = e.own_head_start;
                   if (e.queue_changed) EnterQueue(contact, e.queue, at);
                   contact.rank = e.rank;
                   contact.lane = e.lane;
                   SetClass(contact, e.requirements);
                   JoinLine(contact, since);
                   Rearm(contact);
                 },
                 [&](const RoomKept& e) { Keep(Get(e.contact), e.keeper); },
                 [&](const RoomGivenBack& e) { GiveBack(Get(e.contact), e.keeper); },
                 [&](const AgentSignedIn& e) {
                   Agent& agent = roster.at(e.agent);
                   takers_changed = true;
                   if (!agent.signed_in()) {
                     agent.data.idle_since = agent.data.presence_at = at;
                     agent.data.presence = e.presence;
                     agent.data.presence_reason.clear();
                     agent.data.missed_count = 0;
                     agent.data.noted.clear();
                     agent.data.accepted_count = agent.data.lapsed_count = 0;
                     agent.data.declined_count = agent.data.revoked_count = 0;
                   }
                   agent.data.connected = true;
                   agent.data.grace_until = kNever;
                   agent.data.count_max = e.count_max;
                   agent.data.count_max.resize(channels.size());
                   RearmAgent(agent);
                   roster.Refresh(e.agent);
                 },
                 [&](const AgentSignedOut& e) {
                   Agent& agent = roster.at(e.agent);
                   takers_changed = true;
                   agent.data.presence = Presence::kOffline;
                   agent.data.presence_reason = e.reason;
                   agent.data.presence_at = at;
                   agent.data.connected = false;
                   agent.data.noted.clear();
                   agent.data.grace_until = kNever;
                   RearmAgent(agent);
                   roster.Refresh(e.agent);
                 },
                 [&](const AgentPresenceChanged& e) {
                   Agent& agent = roster.at(e.agent);
                   takers_changed = true;
                   agent.data.noted.clear();
                   if (e.pending) {
                     if (e.presence != agent.data.presence) agent.data.noted = {{e.presence, e.reason, e.by}};
                     roster.Refresh(e.agent);
                     return;
                   }
                   agent.data.presence = e.presence;
                   agent.data.presence_reason = e.reason;
                   agent.data.presence_at = at;
                   if (e.presence == Presence::kAvailable) agent.data.missed_count = 0;
                   roster.Refresh(e.agent);
                 },
                 [&](const AgentConnectionChanged& e) {
                   Agent& agent = roster.at(e.agent);
                   takers_changed = true;
                   agent.data.connected = e.connected;
                   agent.data.grace_until = e.grace_until;
                   RearmAgent(agent);
                   roster.Refresh(e.agent);
                 },
                 [&](const AgentRested& e) {
                   Agent& agent = roster.at(e.agent);
                   takers_changed = true;
                   agent.data.rest_until = e.until;
                   agent.resting = e.until > at;
                   RearmAgent(agent);
                   roster.Refresh(e.agent);
                 },
             },
             event.kind);
}

}  // namespace routerd::core
