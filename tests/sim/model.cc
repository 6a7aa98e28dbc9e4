#include "tests/sim/model.h"

#include <algorithm>
#include <tuple>

namespace routerd::sim {
namespace {

int64_t Ns(const google::protobuf::Timestamp& t) { return t.seconds() * 1'000'000'000 + t.nanos(); }
int64_t Ns(const google::protobuf::Duration& d) { return d.seconds() * 1'000'000'000 + d.nanos(); }

std::map<std::string, int> ToMap(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
  std::map<std::string, int> map;
  for (const auto& r : requirements) map[r.skill()] = std::max(map[r.skill()], std::max(1, static_cast<int>(r.tier())));
  return map;
}

std::string Bare(const std::string& name) { return name.substr(name.find('/') + 1); }

}  // namespace

Model::Model(const v1::WorkspaceConfig& config) : config_(config) {
  int order = 0;
  for (const auto& a : config.agents()) {
    Agent& agent = agents_["agents/" + a.id()];
    for (const auto& [skill, tier] : a.skills()) agent.skills[skill] = tier;
    agent.capacity = a.capacity();
    agent.order = order++;
  }
}

const v1::QueueConfig& Model::QueueOf(const Contact& contact) const {
  return *std::find_if(config_.queues().begin(), config_.queues().end(),
                       [&](const auto& q) { return q.id() == Bare(contact.queue); });
}

std::vector<std::string> Model::HeldBy(const std::string& agent, Contact::State state) const {
  std::vector<std::string> held;
  for (const auto& [name, contact] : contacts_) {
    if (contact.agent == agent && contact.state == state) held.push_back(name);
  }
  return held;
}

void Model::Count() {
  for (auto& [name, agent] : agents_) {
    agent.used = 0;
    agent.counts.clear();
  }
  const auto add = [this](const std::string& name, const Contact& contact, int cost) {
    Agent& agent = agents_.at(name);
    agent.used += cost;
    if (!contact.light) ++agent.counts[contact.channel];
  };
  for (const auto& [name, contact] : contacts_) {
    if (!contact.agent.empty()) add(contact.agent, contact, contact.cost);
    for (const auto& [offer, open] : contact.offers) add(open.agent, contact, open.cost);
  }
}

bool Model::MayTake(const std::string& agent, const Contact& contact) const {
  if (!contact.reserved_agent.empty()) return contact.reserved_agent == agent;
  const Agent& a = agents_.at(agent);
  for (const auto& [skill, tier] : contact.requirements) {
    const auto it = a.skills.find(skill);
    if (it == a.skills.end() || it->second < tier) return false;
  }
  const auto& only = QueueOf(contact).agents();
  return only.empty() || std::find(only.begin(), only.end(), Bare(agent)) != only.end();
}

bool Model::OnDuty(const std::string& agent, const Contact& contact, int64_t now) const {
  const Agent& a = agents_.at(agent);
  const auto max = a.count_max.find(contact.channel);
  return a.available && a.connected && a.pending != "PRESENCE_AWAY" && a.rest_until <= now &&
         max != a.count_max.end() && max->second > 0;
}

bool Model::HasRoom(const std::string& agent, const Contact& contact, int64_t now) const {
  if (!OnDuty(agent, contact, now)) return false;
  const Agent& a = agents_.at(agent);
  const auto channel = std::find_if(config_.channels().begin(), config_.channels().end(),
                                    [&](const auto& c) { return c.id() == contact.channel; });
  const auto max = a.count_max.find(contact.channel);
  const auto count = a.counts.find(contact.channel);
  return max != a.count_max.end() && (count == a.counts.end() ? 0 : count->second) < max->second &&
         a.used + channel->cost() <= a.capacity;
}

bool Model::BackedOff(const std::string& agent, const Contact& contact, int64_t now) const {
  const auto passed_over = [&](const std::string& name) {
    const auto it = contact.back_offs.find(name);
    return it != contact.back_offs.end() && it->second > now;
  };
  if (!passed_over(agent) || contact.reserved_agent == agent) return false;
  if (now < contact.in_line_since + 5'000'000'000) return true;
  for (const auto& [name, other] : agents_) {
    if (OnDuty(name, contact, now) && MayTake(name, contact) && !passed_over(name)) return true;
  }
  return false;
}

bool Model::Before(const Contact& a, const Contact& b) {
  return std::make_tuple(-a.lane, a.rank, a.number) < std::make_tuple(-b.lane, b.rank, b.number);
}

void Model::Expect(bool holds, const v1::Event& event, const std::string& rule) {
  if (!holds) broken_.push_back("event " + event.ShortDebugString() + ": " + rule);
}

void Model::CheckOffer(const Contact& contact, const std::string& agent, const v1::OfferMade& offer, int64_t now) {
  const auto expect = [&](bool holds, const std::string& rule) {
    if (!holds) broken_.push_back("offer " + offer.offer() + " to " + agent + ": " + rule);
  };
  if (contact.state == Contact::kOffered) {
    expect(static_cast<int>(contact.offers.size()) < QueueOf(contact).offer_count(), "to no more at once");
    for (const auto& [name, open] : contact.offers) expect(open.agent != agent, "to an agent once");
  } else {
    expect(contact.state == Contact::kQueued, "only who waits is offered");
  }
  expect(MayTake(agent, contact), "the agent must be able to take it");
  expect(HasRoom(agent, contact, now), "the agent must have room");
  if (offer.rule() == "claim") return;
  expect(!BackedOff(agent, contact, now), "the agent is passed over for it");
  for (const auto& [name, other] : contacts_) {
    if (name == contact.name || other.state != Contact::kQueued || !Before(other, contact)) continue;
    const bool could = MayTake(agent, other) && HasRoom(agent, other, now) && !BackedOff(agent, other, now);
    expect(!could, name + " stands before it");
  }
  // Whom the strategy puts first, over everybody who could.
  if (offer.rule() == "reserved" || offer.rule() == "least_wanted" || offer.rule() == "asked_again") return;
  using Score = std::tuple<int64_t, int64_t, int64_t, int>;
  const auto score = [&](const std::string& name) -> Score {
    const Agent& a = agents_.at(name);
    int64_t surplus = 0;
    for (const auto& [skill, tier] : contact.requirements) surplus += a.skills.at(skill) - tier;
    const int64_t load = int64_t{1'000'000} * a.used / a.capacity;
    if (offer.rule() == "best_fit") return {surplus, a.idle_since, 0, a.order};
    if (offer.rule() == "most_skilled") return {-surplus, a.idle_since, 0, a.order};
    if (offer.rule() == "least_loaded") return {load, a.idle_since, 0, a.order};
    if (offer.rule() == "round_robin") return {a.last_offer, a.idle_since, 0, a.order};
    return {a.idle_since, 0, 0, a.order};
  };
  for (const auto& [name, other] : agents_) {
    if (name == agent || !MayTake(name, contact) || !HasRoom(name, contact, now) || BackedOff(name, contact, now)) {
      continue;
    }
    const bool asked = std::any_of(contact.offers.begin(), contact.offers.end(),
                                   [&](const auto& open) { return open.second.agent == name; });
    if (asked) continue;
    expect(!(score(name) < score(agent)), "by " + offer.rule() + " " + name + " comes first");
  }
}

void Model::Apply(const v1::Event& e) {
  const int64_t now = Ns(e.time());
  Expect(e.sequence() == last_sequence_ + 1, e, "sequence numbers have no gaps");
  Expect(now >= last_time_, e, "time does not run backward");
  last_sequence_ = e.sequence();
  last_time_ = now;
  Contact* c = nullptr;
  if (const auto it = contacts_.find(e.contact()); it != contacts_.end()) c = &it->second;
  Agent* a = agents_.contains(e.agent()) ? &agents_[e.agent()] : nullptr;
  const auto let_go = [&] {
    c->agent.clear();
    c->cost = 0;
    c->light = false;
    c->state = Contact::kQueued;
    c->in_line_since = now;
  };
  const auto holds_any = [&] {
    return std::any_of(contacts_.begin(), contacts_.end(), [&](const auto& one) {
      return one.second.agent == e.agent() && one.second.state != Contact::kOffered;
    });
  };
  const bool needs_contact = !e.contact().empty() && e.kind_case() != v1::Event::kContactCreated &&
                             e.kind_case() != v1::Event::kMessagePosted &&
                             e.kind_case() != v1::Event::kMessagesDelivered &&
                             e.kind_case() != v1::Event::kContextUpdated;
  if (needs_contact && c == nullptr) {
    Expect(false, e, "the contact lives");
    return;
  }
  switch (e.kind_case()) {
    case v1::Event::kContactCreated: {
      const v1::Contact& created = e.contact_created().contact();
      Expect(c == nullptr && !ended_.contains(e.contact()), e, "a contact is created once");
      Contact& contact = contacts_[e.contact()];
      contact.name = e.contact();
      contact.number = std::stoll(Bare(e.contact()));
      contact.queue = created.queue();
      contact.channel = created.channel();
      contact.lane = created.lane();
      contact.rank = Ns(created.rank_time());
      contact.queued_at = contact.in_line_since = now;
      contact.requirements = ToMap(created.requirements());
      break;
    }
    case v1::Event::kContactReprioritized:
      c->rank = Ns(e.contact_reprioritized().rank_time());
      c->lane = e.contact_reprioritized().lane();
      break;
    case v1::Event::kRequirementsRelaxed: {
      Expect(c->state == Contact::kQueued, e, "only who waits relaxes");
      const auto& step = QueueOf(*c).relaxation(e.requirements_relaxed().step() - 1);
      Expect(e.requirements_relaxed().step() == c->step + 1, e, "steps come one by one");
      Expect(c->queued_at + Ns(step.after()) <= now, e, "a step has its time");
      const auto relaxed = ToMap(e.requirements_relaxed().requirements());
      for (const auto& [skill, tier] : relaxed) {
        Expect(c->requirements.contains(skill) && tier <= c->requirements[skill], e, "a step only asks for less");
      }
      c->requirements = relaxed;
      c->step = e.requirements_relaxed().step();
      break;
    }
    case v1::Event::kOfferMade:
      Count();
      CheckOffer(*c, e.agent(), e.offer_made(), now);
      Expect(offers_seen_.insert(e.offer_made().offer()).second, e, "no offer has a number that another had");
      c->state = Contact::kOffered;
      c->offers[e.offer_made().offer()] = {e.agent(), e.offer_made().cost(), Ns(e.offer_made().expire_time())};
      a->last_offer = now;
      break;
    case v1::Event::kOfferAccepted:
      if (!c->offers.contains(e.offer_accepted().offer())) {
        Expect(false, e, "the offer is open");
        return;
      }
      Expect(c->offers.size() == 1, e, "one wins, after all others were taken back");
      Expect(c->offers.at(e.offer_accepted().offer()).agent == e.agent(), e, "who accepts is whom it was made to");
      Expect(now < c->offers.at(e.offer_accepted().offer()).until, e, "an offer is accepted before its deadline");
      c->state = Contact::kActive;
      c->agent = e.agent();
      c->cost = c->offers.at(e.offer_accepted().offer()).cost;
      c->offers.clear();
      c->served = 1;
      c->reserved_agent.clear();
      c->back_offs.clear();
      a->missed = 0;
      break;
    case v1::Event::kOfferClosed: {
      const auto& closed = e.offer_closed();
      if (!c->offers.contains(closed.offer())) {
        Expect(false, e, "the offer is open");
        return;
      }
      const bool lapsed = closed.state() == v1::Offer::STATE_LAPSED;
      if (lapsed) Expect(now >= c->offers.at(closed.offer()).until, e, "nothing lapses early");
      Expect(c->offers.at(closed.offer()).agent == e.agent(), e, "it was made to that agent");
      Expect(lapsed == (closed.cause() == v1::OfferClosedEvent::NO_ANSWER), e,
             "only who does not answer lets it lapse");
      Expect(closed.missed_count() == a->missed + (lapsed ? 1 : 0), e, "only a lapse is a miss");
      a->missed = closed.missed_count();
      if (closed.has_back_off_until()) c->back_offs[e.agent()] = Ns(closed.back_off_until());
      c->offers.erase(closed.offer());
      Expect(closed.others_open() == !c->offers.empty(), e, "it tells whether others are open");
      if (c->offers.empty()) let_go();
      break;
    }
    case v1::Event::kOfferExtended: {
      Contact::Offer& offer = c->offers[e.offer_extended().offer()];
      Expect(offer.agent == e.agent(), e, "who gets more time was offered it");
      Expect(Ns(e.offer_extended().expire_time()) >= offer.until, e, "an offer is only ever extended");
      offer.until = Ns(e.offer_extended().expire_time());
      break;
    }
    case v1::Event::kContactTransferred: {
      Expect(c->state == Contact::kActive && c->agent == e.agent(), e, "who serves it passes it on");
      const auto& moved = e.contact_transferred();
      let_go();
      if (moved.has_queue_time()) {
        c->queued_at = now;
        c->step = 0;
      }
      c->queue = moved.queue().empty() ? c->queue : moved.queue();
      c->requirements = ToMap(moved.requirements());
      c->reserved_agent = moved.reserved_agent();
      c->reserved_until = moved.has_reserved_until() ? Ns(moved.reserved_until()) : 0;
      if (moved.has_back_off_until()) c->back_offs[e.agent()] = Ns(moved.back_off_until());
      a->idle_since = now;
      break;
    }
    case v1::Event::kContactRequeued:
      Expect(c->state == Contact::kActive && c->agent == e.agent(), e, "only who is served is requeued");
      if (e.contact_requeued().has_back_off_until()) {
        c->back_offs[e.agent()] = Ns(e.contact_requeued().back_off_until());
      }
      let_go();
      break;
    case v1::Event::kContactReserved:
      Expect(c->state == Contact::kQueued, e, "only who waits is reserved");
      c->reserved_agent = e.contact_reserved().agent();
      c->reserved_until = Ns(e.contact_reserved().until());
      c->back_offs.erase(c->reserved_agent);
      break;
    case v1::Event::kReservationEnded:
      if (e.reservation_ended().reason() == "waited") Expect(c->reserved_until <= now, e, "a reservation has its time");
      c->reserved_agent.clear();
      break;
    case v1::Event::kWrapUpStarted:
      Expect(c->state == Contact::kActive, e, "wrap-up follows a conversation");
      c->state = Contact::kWrapUp;
      c->until = e.wrap_up_started().has_expire_time() ? Ns(e.wrap_up_started().expire_time()) : 0;
      c->wrap_up_at = now;
      c->extensions = 0;
      if (QueueOf(*c).wrap_up().has_duration_max() && c->until != 0) {
        Expect(c->until <= now + Ns(QueueOf(*c).wrap_up().duration_max()), e, "wrap-up is capped");
      }
      if (e.wrap_up_started().optional()) {
        c->light = true;
        c->cost = 0;
      }
      break;
    case v1::Event::kWrapUpExtended: {
      const auto& wrap_up = QueueOf(*c).wrap_up();
      const int64_t until = Ns(e.wrap_up_extended().expire_time());
      Expect(c->state == Contact::kWrapUp && until > c->until, e, "only wrap-up is extended, and only forward");
      Expect(++c->extensions <= wrap_up.extension_count_max(), e, "extensions are counted");
      Expect(until <= c->wrap_up_at + Ns(wrap_up.duration_max()), e, "extensions are capped");
      c->until = until;
      break;
    }
    case v1::Event::kContactEnded: {
      const auto& end = e.contact_ended();
      if (end.reason() == v1::Contact::END_REASON_ABANDONED) {
        Expect(c->served == 0 && c->agent.empty(), e, "who was served did not abandon");
      }
      if (end.reason() == v1::Contact::END_REASON_COMPLETED) Expect(c->served == 1, e, "who completed was served");
      if (end.detail() == "wrap_up_over") Expect(c->until != 0 && now >= c->until, e, "wrap-up has its time");
      if (!c->agent.empty()) agents_[c->agent].idle_since = now;
      ended_.insert(e.contact());
      contacts_.erase(e.contact());
      break;
    }
    case v1::Event::kAgentSignedIn:
      if (!a->signed_in) {
        a->idle_since = now;
        a->missed = 0;
        a->available = e.agent_signed_in().presence() == v1::PRESENCE_AVAILABLE;
      }
      a->signed_in = a->connected = true;
      a->count_max.clear();
      for (const auto& channel : e.agent_signed_in().channels()) a->count_max[channel.channel()] = channel.max_count();
      break;
    case v1::Event::kAgentSignedOut:
      for (const auto& [name, contact] : contacts_) {
        Expect(contact.agent != e.agent(), e, name + " would be left with nobody");
        for (const auto& [offer, open] : contact.offers) {
          Expect(open.agent != e.agent(), e, offer + " would be left with nobody");
        }
      }
      if (e.agent_signed_out().reason() == "lost") Expect(now >= a->grace_until, e, "grace has its time");
      a->signed_in = a->connected = a->available = false;
      a->pending.clear();
      break;
    case v1::Event::kAgentPresenceChanged: {
      const auto& change = e.agent_presence_changed();
      const bool available = change.presence() == v1::PRESENCE_AVAILABLE;
      Expect(a->signed_in, e, "who is off duty stays so");
      if (change.pending()) {
        Expect(holds_any(), e, "a change is noted only while something is held");
        a->pending = available == a->available ? "" : v1::Presence_Name(change.presence());
        break;
      }
      if (available != a->available && change.by() != "missed") {
        Expect(!holds_any(), e, "a change waits until nothing is held");
      }
      a->pending.clear();
      a->available = available;
      if (a->available) a->missed = 0;
      break;
    }
    case v1::Event::kAgentConnectionChanged:
      a->connected = e.agent_connection_changed().connected();
      a->grace_until =
          e.agent_connection_changed().has_grace_until() ? Ns(e.agent_connection_changed().grace_until()) : 0;
      break;
    case v1::Event::kAgentRested:
      a->rest_until = Ns(e.agent_rested().until());
      break;
    default:
      break;
  }
}

void Model::CheckSettled(int64_t now) {
  Count();
  for (const auto& [agent_name, agent] : agents_) {
    if (agent.used > agent.capacity) broken_.push_back(agent_name + " holds more than its capacity");
    const bool holds = std::any_of(contacts_.begin(), contacts_.end(),
                                   [&](const auto& one) { return one.second.agent == agent_name; });
    if (!agent.pending.empty() && !holds) broken_.push_back(agent_name + " still waits for its presence to change");
  }
  for (const auto& [name, contact] : contacts_) {
    const bool held = contact.state == Contact::kActive || contact.state == Contact::kWrapUp;
    if (contact.agent.empty() == held || contact.offers.empty() == (contact.state == Contact::kOffered)) {
      broken_.push_back(name + " has a holder in line, or none out of it");
    }
    for (const auto& [offer, open] : contact.offers) {
      if (open.until <= now) broken_.push_back(offer + " should have lapsed");
    }
    if (contact.state != Contact::kQueued) continue;
    for (const auto& [agent, data] : agents_) {
      if (MayTake(agent, contact) && HasRoom(agent, contact, now) && !BackedOff(agent, contact, now)) {
        broken_.push_back(name + " waits while " + agent + " has room and may take it");
      }
    }
  }
}

}  // namespace routerd::sim
