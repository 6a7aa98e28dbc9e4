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
    agent.bot = a.bot();
    agent.order = order++;
  }
}

const v1::QueueConfig& Model::QueueOf(const Contact& contact) const {
  return *std::find_if(config_.queues().begin(), config_.queues().end(),
                       [&](const auto& q) { return q.id() == Bare(contact.queue); });
}

const v1::ChannelConfig& Model::ChannelOf(const Contact& contact) const {
  return *std::find_if(config_.channels().begin(), config_.channels().end(),
                       [&](const auto& c) { return c.id() == contact.channel; });
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
  const auto add = [this](const std::string& name, const Contact& contact, int cost, bool light) {
    Agent& agent = agents_.at(name);
    agent.used += cost;
    if (!light) ++agent.counts[contact.channel];
  };
  for (const auto& [name, contact] : contacts_) {
    if (!contact.agent.empty()) add(contact.agent, contact, contact.cost, contact.light);
    for (const auto& [offer, open] : contact.offers) add(open.agent, contact, open.cost, false);
  }
}

bool Model::MayTake(const std::string& agent, const Contact& contact) const {
  if (!contact.reserved_agent.empty()) return contact.reserved_agent == agent;
  const Agent& a = agents_.at(agent);
  if (a.bot && (!QueueOf(contact).bots_first() || contact.bot_done)) return false;
  for (const auto& [skill, tier] : contact.requirements) {
    const auto it = a.skills.find(skill);
    if (!a.bot && (it == a.skills.end() || it->second < tier)) return false;
  }
  const auto& only = QueueOf(contact).agents();
  return only.empty() || std::find(only.begin(), only.end(), Bare(agent)) != only.end();
}

int Model::Welcome(const Agent& agent, const Contact& contact) const {
  int count = 0;
  for (const auto& preferred : {ToMap(QueueOf(contact).preferences()), contact.preferences}) {
    for (const auto& [skill, tier] : preferred) {
      const auto it = agent.skills.find(skill);
      if (it != agent.skills.end() && it->second >= tier) ++count;
    }
  }
  return count;
}

bool Model::OtherOffered(const Contact& contact) const {
  return std::any_of(contact.linked.begin(), contact.linked.end(),
                     [&](const std::string& other) { return contacts_.at(other).state == Contact::kOffered; });
}

void Model::Unlink(Contact& contact) {
  for (const std::string& other : contact.linked) contacts_.at(other).linked.erase(contact.name);
  contact.linked.clear();
}

bool Model::Holds(const v1::EscalationStep& step, const Contact& contact, int64_t now) const {
  return contact.queued_at + Ns(step.waited()) <= now && contact.contact_count >= step.contact_count() &&
         (step.label().empty() || contact.labels.contains(step.label()));
}

bool Model::OnDuty(const std::string& agent, const Contact& contact, int64_t now) const {
  const Agent& a = agents_.at(agent);
  const auto max = a.count_max.find(contact.channel);
  return a.available && a.connected && a.pending != "PRESENCE_AWAY" && a.rest_until <= now &&
         max != a.count_max.end() && max->second > 0;
}

std::optional<int> Model::Contact::CostTo(const std::string& name) const {
  if (agent == name) return cost;
  for (const auto& [offer, open] : offers) {
    if (open.agent == name) return open.cost;
  }
  return std::nullopt;
}

bool Model::HasRoom(const std::string& agent, const Contact& contact, int64_t now) const {
  if (!OnDuty(agent, contact, now)) return false;
  const Agent& a = agents_.at(agent);
  const auto max = a.count_max.find(contact.channel);
  const auto count = a.counts.find(contact.channel);
  if (max == a.count_max.end() || max->second == 0) return false;
  if (contact.may_exceed && contact.reserved_agent == agent) return true;
  if ((count == a.counts.end() ? 0 : count->second) >= max->second) return false;
  int used = a.used;
  for (const auto& rule : config_.interruptions()) {
    if (rule.ringing() != contact.channel) continue;
    for (const auto& [name, held] : contacts_) {
      const std::optional<int> cost = held.CostTo(agent);
      if (!cost || held.channel != rule.holding()) continue;
      if (rule.effect() == v1::InterruptionRule::BLOCK && !(held.light && held.agent == agent)) return false;
      if (rule.effect() == v1::InterruptionRule::INTERRUPT) used -= *cost;
    }
  }
  return used + ChannelOf(contact).cost() <= a.capacity;
}

bool Model::BackedOff(const std::string& agent, const Contact& contact, int64_t now) const {
  const auto passed_over = [&](const std::string& name) {
    const auto it = contact.back_offs.find(name);
    return it != contact.back_offs.end() && it->second > now;
  };
  if (contact.warm) return passed_over(agent) || contact.agent == agent;  // Never asked again before its time.
  if (!passed_over(agent) || contact.reserved_agent == agent) return false;
  if (now < contact.in_line_since + 5'000'000'000) return true;
  for (const auto& [name, other] : agents_) {
    if (OnDuty(name, contact, now) && MayTake(name, contact) && !passed_over(name)) return true;
  }
  return false;
}

std::optional<Model::Contact> Model::Sought(const Contact& contact, int64_t now) const {
  if (contact.state == Contact::kQueued) return contact;
  if (!contact.warm || !contact.offers.empty() || contact.warm->until < now) return std::nullopt;
  Contact asking = contact;
  asking.state = Contact::kQueued;
  asking.reserved_agent = contact.warm->to_agent;
  asking.may_exceed = asking.known = false;
  asking.requirements = contact.warm->requirements;
  if (!contact.warm->to_queue.empty()) asking.queue = contact.warm->to_queue;
  asking.bot_done = agents_.at(contact.agent).bot || (contact.bot_done && asking.queue == contact.queue);
  return asking;
}

bool Model::Before(const Contact& a, const Contact& b) {
  return std::make_tuple(-a.lane, a.rank, a.number) < std::make_tuple(-b.lane, b.rank, b.number);
}

bool Model::Binds(const v1::HoldBackConfig& hold_back, const Contact& contact) const {
  return std::find(hold_back.vip_levels().begin(), hold_back.vip_levels().end(), contact.vip) ==
         hold_back.vip_levels().end();
}

bool Model::HeldFrom(const std::string& agent, const Contact& contact, int64_t now, bool surely) const {
  const v1::QueueConfig& queue = QueueOf(contact);
  if (!contact.reserved_agent.empty()) return false;
  for (int i = 0; i < queue.hold_backs_size(); ++i) {
    const v1::HoldBackConfig& hold_back = queue.hold_backs(i);
    if (!Binds(hold_back, contact) || (surely && expected_.contains({contact.queue, i}))) continue;
    Contact like_it = contact;  // One that every agent of the group could take.
    like_it.requirements = ToMap(queue.requirements());
    for (auto& [skill, tier] : like_it.requirements) tier = hold_back.tier();
    like_it.bot_done = true;  // Bots have no tier.
    if (!MayTake(agent, like_it)) continue;
    int on_duty = 0, room = 0;
    for (const auto& [name, other] : agents_) {
      if (!MayTake(name, like_it)) continue;
      on_duty += OnDuty(name, like_it, now);
      room += HasRoom(name, like_it, now);
    }
    const int kept = hold_back.percent() > 0 ? (hold_back.percent() * on_duty + 99) / 100 : hold_back.agent_count();
    if (room <= kept) return true;
  }
  return false;
}

bool Model::KeepsRoomFrom(const std::string& agent, const Contact& contact) const {
  const std::string& kept = agents_.at(agent).room_for;
  const bool directed = contact.reserved_agent == agent && !contact.known;
  return !kept.empty() && !directed && Before(contacts_.at(kept), contact);
}

bool Model::CouldKeepRoom(const std::string& agent, const Contact& contact, int64_t now) const {
  if (!OnDuty(agent, contact, now) || !MayTake(agent, contact) || HasRoom(agent, contact, now) ||
      BackedOff(agent, contact, now) || OtherOffered(contact)) {
    return false;
  }
  const Agent& a = agents_.at(agent);
  const int cost = ChannelOf(contact).cost();
  return cost <= a.capacity &&
         std::any_of(config_.channels().begin(), config_.channels().end(), [&](const auto& other) {
           const auto max = a.count_max.find(other.id());
           if (other.id() == contact.channel || max == a.count_max.end() || max->second == 0) return false;
           bool crowds = other.cost() < cost, blocks = false;
           for (const auto& rule : config_.interruptions()) {
             if (rule.ringing() != contact.channel || rule.holding() != other.id()) continue;
             if (rule.effect() == v1::InterruptionRule::INTERRUPT) crowds = false;
             if (rule.effect() == v1::InterruptionRule::BLOCK) blocks = true;
           }
           return crowds || blocks;
         });
}

bool Model::WantsRoom(const Contact& contact, int64_t now) const {
  const int64_t since = contact.served_here() ? contact.in_line_since : contact.queued_at;
  return contact.state == Contact::kQueued && contact.reserved_agent.empty() &&
         since + Ns(config_.keep_room_after()) <= now;
}

void Model::CheckRoomKept(const std::string& name, const Contact& contact, int64_t now) {
  if (!contact.room_agent.empty()) {
    const bool holds = WantsRoom(contact, now) && MayTake(contact.room_agent, contact) &&
                       OnDuty(contact.room_agent, contact, now) && agents_.at(contact.room_agent).room_for == name;
    if (!holds) broken_.push_back(contact.room_agent + " keeps room for " + name + " for no reason");
    return;
  }
  if (!WantsRoom(contact, now)) return;
  for (const auto& [agent, data] : agents_) {
    const bool bound = std::any_of(QueueOf(contact).hold_backs().begin(), QueueOf(contact).hold_backs().end(),
                                   [&](const auto& hold_back) { return Binds(hold_back, contact); });
    if (!bound && data.room_for.empty() && CouldKeepRoom(agent, contact, now)) {
      broken_.push_back(name + " has waited long, and " + agent + " could keep room for it");
    }
  }
}

// The order of a queue may move who joins it forward, by no more than its bound; and never past one of its own kind.
void Model::CheckShift(const Contact& contact, const v1::Event& event, int64_t unmoved) {
  const v1::QueueConfig& queue = QueueOf(contact);
  const bool by_value = queue.order() == v1::VALUE || queue.order() == v1::QUEUE_ORDER_UNSPECIFIED;
  const int64_t usual = int64_t{20 * 60} * 1'000'000'000;
  const int64_t bound = !by_value ? 0 : queue.has_value_bound() ? Ns(queue.value_bound()) : usual;
  Expect(contact.shift <= 0 && contact.shift >= -bound, event, "a place is moved forward by at most the bound");
  for (const auto& [name, other] : contacts_) {
    const bool alike = other.queue == contact.queue && other.channel == contact.channel &&
                       other.requirements == contact.requirements && other.lane == contact.lane &&
                       (queue.hold_backs().empty() || other.vip == contact.vip);
    if (name == contact.name || !alike || !other.as_created || other.state != Contact::kQueued) continue;
    if (!other.reserved_agent.empty() || other.rank - other.shift > unmoved) continue;
    Expect(other.rank <= contact.rank, event, name + " is overtaken by one of its own kind");
  }
}

void Model::Expect(bool holds, const v1::Event& event, const std::string& rule) {
  if (!holds) broken_.push_back("event " + event.ShortDebugString() + ": " + rule);
}

void Model::CheckOffer(const Contact& contact, const std::string& agent, const v1::OfferMade& offer, int64_t now) {
  const auto expect = [&](bool holds, const std::string& rule) {
    if (!holds) broken_.push_back("offer " + offer.offer() + " (" + offer.rule() + ") to " + agent + ": " + rule);
  };
  if (contact.state == Contact::kOffered) {
    expect(static_cast<int>(contact.offers.size()) < QueueOf(contact).offer_count(), "to no more at once");
    for (const auto& [name, open] : contact.offers) expect(open.agent != agent, "to an agent once");
  } else {
    expect(contact.state == Contact::kQueued, "only who waits is offered");
  }
  expect(MayTake(agent, contact), "the agent must be able to take it; kept for \"" + contact.reserved_agent + "\"");
  if (offer.rule() == "linked") return;
  expect(!OtherOffered(contact), "another contact of its customer is being offered");
  expect(HasRoom(agent, contact, now), "the agent must have room");
  if (offer.rule() == "claim") return;
  expect(!BackedOff(agent, contact, now), "the agent is passed over for it");
  expect(!KeepsRoomFrom(agent, contact), "the agent keeps its room for one who stands before it");
  for (const auto& [name, one] : contacts_) {
    if (name == contact.name || !Before(one, contact)) continue;
    const std::optional<Contact> other = Sought(one, now);
    if (!other) continue;
    const bool could = MayTake(agent, *other) && !OtherOffered(*other) && HasRoom(agent, *other, now) &&
                       !BackedOff(agent, *other, now) && !KeepsRoomFrom(agent, *other) &&
                       !HeldFrom(agent, *other, now, /*surely=*/false);
    expect(!could, name + " stands before it");
  }
  expect(!HeldFrom(agent, contact, now, /*surely=*/true), "the agent is held back from it");
  const bool asks_bot = agents_.at(agent).bot;
  expect(asks_bot || offer.rule() != "bots_first", "only a bot is asked as one");
  for (const auto& [name, open] : contact.offers) {
    expect(agents_.at(open.agent).bot == asks_bot, "people and bots are not asked at once");
  }
  for (const auto& [name, other] : agents_) {
    if (asks_bot || offer.rule() == "reserved" || !other.bot) continue;
    expect(!MayTake(name, contact) || !HasRoom(name, contact, now) || BackedOff(name, contact, now) ||
               KeepsRoomFrom(name, contact),
           "bot " + name + " is asked before people");
  }
  // Whom the strategy puts first, over everybody who could.
  if (asks_bot || offer.rule() == "reserved" || offer.rule() == "least_wanted" || offer.rule() == "asked_again") return;
  using Score = std::tuple<int64_t, int, int64_t, int64_t, int>;
  const auto score = [&](const std::string& name) -> Score {
    const Agent& a = agents_.at(name);
    int64_t surplus = 0;
    for (const auto& [skill, tier] : contact.requirements) surplus += a.skills.at(skill) - tier;
    const int64_t load = int64_t{1'000'000} * a.used / a.capacity;
    const int unwelcome = -Welcome(a, contact);
    if (offer.rule() == "best_fit") return {surplus, unwelcome, a.idle_since, 0, a.order};
    if (offer.rule() == "most_skilled") return {-surplus, unwelcome, a.idle_since, 0, a.order};
    if (offer.rule() == "least_loaded") return {0, unwelcome, load, a.idle_since, a.order};
    if (offer.rule() == "round_robin") return {0, unwelcome, a.last_offer, a.idle_since, a.order};
    return {0, unwelcome, a.idle_since, 0, a.order};
  };
  for (const auto& [name, other] : agents_) {
    if (name == agent || !MayTake(name, contact) || !HasRoom(name, contact, now) || BackedOff(name, contact, now) ||
        KeepsRoomFrom(name, contact) || HeldFrom(name, contact, now, /*surely=*/false)) {
      continue;
    }
    const bool asked = std::any_of(contact.offers.begin(), contact.offers.end(),
                                   [&](const auto& open) { return open.second.agent == name; });
    if (asked) continue;
    expect(!(score(name) < score(agent)), "by " + offer.rule() + " " + name + " comes first");
  }
}

bool Model::IsOpen(const v1::QueueConfig& queue, int64_t now) const {
  if (queue.calendar().empty()) return true;
  const int minutes_open = std::stoi(config_.calendars(0).hours(0).to().substr(3));
  return now / 60'000'000'000 % 60 < minutes_open;
}

int Model::WaitingIn(const std::string& queue, const std::string& but) const {
  return static_cast<int>(std::count_if(contacts_.begin(), contacts_.end(), [&](const auto& entry) {
    return entry.second.state == Contact::kQueued && entry.second.queue == queue && entry.first != but;
  }));
}

Model::Contact Model::Relaxed(const Contact& contact) const {
  Contact relaxed = contact;
  const v1::QueueConfig& queue = QueueOf(contact);
  if (!queue.relaxation().empty()) {
    const auto last = ToMap(queue.relaxation().rbegin()->requirements());
    std::set<std::string> named;
    for (const auto& r : queue.requirements()) named.insert(r.skill());
    for (const std::string& skill : named) {
      if (!relaxed.requirements.contains(skill)) continue;
      const auto it = last.find(skill);
      if (it == last.end()) {
        relaxed.requirements.erase(skill);
      } else {
        relaxed.requirements[skill] = std::min(relaxed.requirements[skill], it->second);
      }
    }
  }
  return relaxed;
}

bool Model::Servable(const Contact& contact) const {
  const auto changes = [](const v1::OverflowAction& action) {
    return action.has_requirements() || !action.queue().empty();
  };
  const v1::QueueConfig& queue = QueueOf(contact);
  if (queue.has_when_closed() && changes(queue.when_closed())) return true;
  for (const v1::OverflowRule& rule : queue.overflow()) {
    if (changes(rule.action())) return true;
  }
  for (const v1::EscalationStep& step : queue.escalation()) {
    if (!step.queue().empty() || !step.requirements().empty()) return true;
  }
  const Contact relaxed = Relaxed(contact);
  return std::any_of(config_.agents().begin(), config_.agents().end(), [&](const v1::AgentConfig& agent) {
    return (agent.channels().empty() || agent.channels().contains(contact.channel)) &&
           MayTake("agents/" + agent.id(), relaxed);
  });
}

// Whether somebody signed in could take it in the end.
bool Model::Staffed(const Contact& contact) const {
  if (!contact.reserved_agent.empty()) return true;
  const Contact relaxed = Relaxed(contact);
  return std::any_of(agents_.begin(), agents_.end(), [&](const auto& entry) {
    const auto max = entry.second.count_max.find(contact.channel);
    return entry.second.signed_in && max != entry.second.count_max.end() && max->second > 0 &&
           MayTake(entry.first, relaxed);
  });
}

void Model::CheckOverflow(const Contact& c, const v1::Event& event, int64_t now) {
  const v1::ContactOverflowed& e = event.contact_overflowed();
  const v1::QueueConfig& queue = QueueOf(c);
  Expect(c.state == Contact::kQueued, event, "only who waits overflows");
  if (e.rule_number() == 0) {
    Expect(!IsOpen(queue, now), event, "what is done while closed is done while closed");
  } else {
    const v1::OverflowRule& rule = queue.overflow(e.rule_number() - 1);
    Expect(!c.overflowed.contains(e.rule_number()), event, "a rule acts once");
    if (rule.has_waiting_above()) Expect(WaitingIn(c.queue, c.name) > rule.waiting_above(), event, "so many wait");
    if (rule.has_waited()) {
      Expect(c.queued_at + Ns(rule.waited()) <= now && !c.served_here(), event, "it has waited so long");
    }
    if (rule.unstaffed()) Expect(!Staffed(c), event, "nobody is there");
    if (rule.action().end() || rule.action().has_message()) Expect(!c.callback, event, "a callback is promised");
  }
  if (!e.has_queue_time()) return;
  Expect(Ns(e.rank_time()) == c.rank, event, "it goes on at its rank");
  Contact there = c;
  there.queue = e.queue();
  const v1::QueueConfig& target = QueueOf(there);
  Expect(IsOpen(target, now), event, "nobody is sent to a closed queue");
  Expect(target.waiting_max() == 0 || WaitingIn(e.queue(), c.name) < target.waiting_max(), event,
         "nobody is sent to a full queue");
}

void Model::CheckNobodyOverstays(const Contact& c, int64_t now) {
  if (c.state == Contact::kScheduled && c.schedule_at <= now) broken_.push_back(c.name + " should have come due");
  if (c.state != Contact::kQueued || c.served_here() || c.callback) return;
  const v1::QueueConfig& queue = QueueOf(c);
  if (queue.has_wait_max() && c.queued_at + Ns(queue.wait_max()) <= now) {
    broken_.push_back(c.name + " has waited for too long");
  }
  for (int i = 0; i < queue.overflow_size(); ++i) {
    const v1::OverflowRule& rule = queue.overflow(i);
    if (rule.has_waited() && c.queued_at + Ns(rule.waited()) <= now && !c.overflowed.contains(i + 1)) {
      broken_.push_back(c.name + " should have overflowed");
    }
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
    if (!c->consulted.empty()) broken_.push_back(c->name + " leaves its agent while a colleague is still asked");
    if (c->warm || !c->offers.empty()) broken_.push_back(c->name + " leaves its agent while it is passed on");
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
  if (c != nullptr && e.kind_case() != v1::Event::kOfferClosed) c->as_created = false;
  if (!handed_over_.empty()) {
    Expect(e.has_offer_accepted() && e.contact() == handed_over_, e, handed_over_ + " is accepted as it is let go");
    handed_over_.clear();
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
      contact.queued_at = Ns(created.queue_time());
      contact.in_line_since = now;
      Expect(
          contact.queued_at <= now && contact.rank <= now + std::max<int64_t>(0, e.contact_created().value_shift_ns()),
          e, "nobody stands behind who comes later");
      contact.vip = created.context().customer().vip();
      for (int i = 0; i < QueueOf(contact).hold_backs_size(); ++i) {
        if (!Binds(QueueOf(contact).hold_backs(i), contact)) expected_.insert({contact.queue, i});
      }
      contact.labels.insert(created.labels().begin(), created.labels().end());
      contact.contact_count = e.contact_created().contact_count();
      contact.requirements = ToMap(created.requirements());
      Expect(contact.requirements == ToMap(QueueOf(contact).requirements()) || Servable(contact), e,
             "nobody is let in whom nobody could ever serve");
      contact.preferences = ToMap(created.preferences());
      contact.shift = e.contact_created().value_shift_ns();
      contact.as_created = e.contact_created().returned_from().empty();
      if (QueueOf(contact).order() != v1::EARLIEST_DEADLINE && e.contact_created().returned_from().empty()) {
        CheckShift(contact, e, contact.rank - contact.shift);
      }
      break;
    }
    case v1::Event::kContactReprioritized:
      c->vip = e.contact_reprioritized().vip();
      c->rank = Ns(e.contact_reprioritized().rank_time());
      c->lane = e.contact_reprioritized().lane();
      break;
    case v1::Event::kContactLabeled:
      for (const std::string& label : e.contact_labeled().labels()) {
        Expect(c->labels.insert(label).second, e, "a label is new");
      }
      break;
    case v1::Event::kContactEscalated: {
      const v1::ContactEscalated& raised = e.contact_escalated();
      const v1::EscalationStep& step = QueueOf(*c).escalation(raised.level() - 1);
      Expect(Holds(step, *c, now), e, "a step acts when all of it holds");
      Expect(c->escalated.insert(raised.level()).second, e, "a step acts once");
      Expect(Ns(raised.rank_time()) == c->rank - Ns(step.head_start()), e, "a step gives its head start");
      Expect(raised.lane() >= c->lane, e, "a step lowers no lane");
      const bool moves = !step.queue().empty() || !step.requirements().empty();
      Expect(c->state == Contact::kQueued || !moves, e, "who is served is not moved");
      c->rank = Ns(raised.rank_time());
      c->lane = raised.lane();
      c->requirements = ToMap(raised.requirements());
      if (raised.has_queue_time()) {
        c->queue = raised.queue();
        c->queued_at = now;
        c->overflowed.clear();
        c->step = 0;
        c->escalated.clear();
      }
      break;
    }
    case v1::Event::kContactLinked: {
      const Contact& with = contacts_.at(e.contact_linked().with());
      Expect(with.channel != c->channel, e, "contacts of one channel stay apart");
      Expect(c->state != Contact::kActive && with.state != Contact::kActive, e, "only who waits shares a place");
      Expect(Ns(e.contact_linked().rank_time()) <= std::min(c->rank, with.rank), e, "they share the better rank");
      c->linked.insert(with.name);
      c->rank = Ns(e.contact_linked().rank_time());
      break;
    }
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
      if (e.offer_made().warm()) {
        const std::optional<Contact> asking = Sought(*c, now);
        Expect(c->warm && asking, e, "only who is passed on warm is offered beside its agent, one at a time, in time");
        if (asking) CheckOffer(*asking, e.agent(), e.offer_made(), now);
      } else {
        CheckOffer(*c, e.agent(), e.offer_made(), now);
      }
      if (a->used + e.offer_made().cost() > a->capacity) a->beyond = true;  // By a rule, as it had room.
      Expect(offers_seen_.insert(e.offer_made().offer()).second, e, "no offer has a number that another had");
      if (!e.offer_made().warm()) c->state = Contact::kOffered;
      c->offers[e.offer_made().offer()] = {e.agent(), e.offer_made().cost(), Ns(e.offer_made().expire_time())};
      if (!e.offer_made().warm()) c->taken_along = e.offer_made().rule() == "linked";
      a->last_offer = now;
      break;
    case v1::Event::kOfferAccepted:
      if (!c->offers.contains(e.offer_accepted().offer())) {
        Expect(false, e, "the offer is open");
        return;
      }
      Expect(c->offers.size() == 1, e, "one wins, after all others were taken back");
      Expect(c->agent.empty(), e, "nobody else has it any more");
      Expect(c->offers.at(e.offer_accepted().offer()).agent == e.agent(), e, "who accepts is whom it was made to");
      Expect(now < c->offers.at(e.offer_accepted().offer()).until, e, "an offer is accepted before its deadline");
      c->state = Contact::kActive;
      c->agent = e.agent();
      c->cost = c->offers.at(e.offer_accepted().offer()).cost;
      c->offers.clear();
      c->served = 1;
      c->accepted_at = now;
      c->heard_at = now;
      c->reserved_agent.clear();
      c->may_exceed = false;
      Unlink(*c);
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
      Expect(closed.warm() == !c->agent.empty(), e, "it tells whether an agent serves it");
      if (c->offers.empty() && !closed.warm()) let_go();
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
      if (moved.warm()) {
        Expect(c->warm && c->offers.size() == 1 && c->consulted.empty(), e, "who takes it has it offered");
        handed_over_ = c->name;
        c->agent.clear();
        c->cost = 0;
        c->light = c->taken_along = false;
        c->state = Contact::kOffered;
        c->warm.reset();
      } else {
        let_go();
      }
      c->callback = false;
      Expect(moved.bot_done() == (a->bot || (c->bot_done && !moved.has_queue_time())), e,
             "a bot passes on to people, and a person to whoever another queue asks first");
      c->bot_done = moved.bot_done();
      if (moved.has_queue_time()) {
        c->overflowed.clear();
        c->queued_at = now;
        c->step = 0;
        c->escalated.clear();
      }
      c->known = false;
      c->queue = moved.queue().empty() ? c->queue : moved.queue();
      c->requirements = ToMap(moved.requirements());
      Expect(!moved.bot_done() || !moved.reserved_agent().empty() || Servable(*c), e, "a bot passes on to somebody");
      c->reserved_agent = moved.warm() ? "" : moved.reserved_agent();
      c->may_exceed = false;
      c->reserved_until = moved.has_reserved_until() ? Ns(moved.reserved_until()) : 0;
      if (moved.has_back_off_until()) c->back_offs[e.agent()] = Ns(moved.back_off_until());
      a->idle_since = now;
      break;
    }
    case v1::Event::kWarmTransferStarted: {
      const auto& started = e.warm_transfer_started();
      Expect(c->state == Contact::kActive && c->agent == e.agent() && !c->warm, e, "who serves it passes it on, once");
      c->warm = {started.target_agent(), started.target_queue(), ToMap(started.requirements()),
                 Ns(started.expire_time())};
      break;
    }
    case v1::Event::kWarmTransferEnded:
      Expect(c->warm && c->agent == e.agent(), e, "it was being passed on, and is where it was");
      if (e.warm_transfer_ended().reason() == "waited" && c->warm->to_agent.empty()) {
        Expect(c->warm->until <= now, e, "it has its time");
      }
      c->warm.reset();
      break;
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
      c->may_exceed = e.contact_reserved().may_exceed_capacity();
      c->reserved_until = Ns(e.contact_reserved().until());
      c->back_offs.erase(c->reserved_agent);
      c->known = e.contact_reserved().reason() != "supervisor" && e.contact_reserved().reason() != "directed";
      if (c->known) {
        c->reserved_agent.clear();
        Expect(MayTake(e.agent(), *c) && a->available, e, "a known agent is there and can take it");
        Expect(!a->bot, e, "nobody waits for a certain bot");
        c->reserved_agent = e.agent();
      }
      break;
    case v1::Event::kReservationEnded:
      if (e.reservation_ended().reason() == "waited") Expect(c->reserved_until <= now, e, "a reservation has its time");
      c->reserved_agent.clear();
      break;
    case v1::Event::kContactScheduled: {
      const auto& scheduled = e.contact_scheduled();
      const bool by_agent = scheduled.reason() == "agent" || scheduled.reason() == "not_reached";
      Expect(by_agent ? c->state == Contact::kActive && c->agent == e.agent()
                      : c->state == Contact::kQueued || c->state == Contact::kScheduled,
             e, "who serves it puts it off, or it waits");
      if (scheduled.reason() == "not_reached") {
        Expect(c->callback && scheduled.attempt_count() == c->attempts + 1, e, "each try counts");
      }
      if (!c->agent.empty()) agents_[c->agent].idle_since = now;
      c->callback = scheduled.callback();
      if (!scheduled.has_schedule_time()) {
        Expect(c->callback, e, "only a callback stays in line");
        break;
      }
      c->attempts = scheduled.attempt_count();
      let_go();
      Unlink(*c);
      c->reserved_agent.clear();
      c->state = Contact::kScheduled;
      c->schedule_at = Ns(scheduled.schedule_time());
      Expect(c->schedule_at > now, e, "it is put off to the future");
      Expect(IsOpen(QueueOf(*c), c->schedule_at), e, "it is put off to a time at which the queue is open");
      break;
    }
    case v1::Event::kContactDue: {
      Expect(c->state == Contact::kScheduled && c->schedule_at <= now, e, "it comes back at its time");
      Expect(IsOpen(QueueOf(*c), now), e, "nobody comes into a closed queue's line");
      c->state = Contact::kQueued;
      c->queued_at = c->in_line_since = now;
      c->known = c->may_exceed = false;
      c->reserved_agent = e.contact_due().reserved_agent();
      c->reserved_until = Ns(e.contact_due().reserved_until());
      break;
    }
    case v1::Event::kContactOverflowed: {
      CheckOverflow(*c, e, now);
      const auto& overflowed = e.contact_overflowed();
      c->overflowed.insert(overflowed.rule_number());
      c->requirements = ToMap(overflowed.requirements());
      c->rank = Ns(overflowed.rank_time());
      c->lane = overflowed.lane();
      if (!overflowed.has_queue_time()) break;
      c->queue = overflowed.queue();
      c->queued_at = c->in_line_since = now;
      c->step = 0;
      c->overflowed.clear();
      c->escalated.clear();
      break;
    }
    case v1::Event::kConsultStarted:
      Expect(c->state == Contact::kActive && c->consulted.empty(), e, "one colleague is asked at a time");
      c->consulted = e.consult_started().agent();
      Expect(c->consulted != c->agent && agents_.at(c->consulted).signed_in, e, "somebody else who is there is asked");
      break;
    case v1::Event::kConsultEnded:
      Expect(c->consulted == e.consult_ended().agent(), e, "who is asked no longer was asked");
      c->consulted.clear();
      break;
    case v1::Event::kContactTakenOver: {
      const auto& taken = e.contact_taken_over();
      Expect(c->state == Contact::kActive && c->agent == taken.from_agent(), e, "what is served is taken over");
      Expect(c->consulted.empty(), e, "a consultation ends before its agent lets go");
      Expect(!c->warm && c->offers.empty(), e, "it is no longer passed on");
      agents_.at(c->agent).idle_since = now;
      c->agent = taken.to_agent();
      c->cost = taken.cost();
      c->light = false;
      c->heard_at = now;
      agents_.at(c->agent).beyond = true;
      break;
    }
    case v1::Event::kContactDormant: {
      const auto& rules = ChannelOf(*c);
      Expect(c->state == Contact::kActive && !c->light, e, "only who is served falls dormant, once");
      Expect(now >= c->heard_at + Ns(rules.dormant_after()), e, "nobody falls dormant early");
      c->light = true;
      c->cost = e.contact_dormant().cost();
      break;
    }
    case v1::Event::kContactWoke:
      Expect(c->light, e, "only a dormant one wakes");
      c->light = false;
      c->cost = e.contact_woke().cost();
      agents_.at(c->agent).beyond = true;
      break;
    case v1::Event::kMessagePosted:
      if (c != nullptr && e.message_posted().message().author() == v1::Message::AUTHOR_CUSTOMER) c->heard_at = now;
      break;
    case v1::Event::kWrapUpStarted:
      Expect(c->state == Contact::kActive, e, "wrap-up follows a conversation");
      Expect(!c->warm && c->offers.empty(), e, "it is no longer passed on");
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
      if (end.reason() == v1::Contact::END_REASON_EXPIRED && end.detail() != "not_reached") {
        Expect(c->state == Contact::kQueued && !c->callback && !c->served_here() &&
                   c->queued_at + Ns(QueueOf(*c).wait_max()) <= now,
               e, "only who waited for too long expires");
      }
      if (end.detail() == "wrap_up_over") Expect(c->until != 0 && now >= c->until, e, "wrap-up has its time");
      if (!c->agent.empty()) agents_[c->agent].idle_since = now;
      Expect(!c->warm && c->offers.empty(), e, "nobody is asked to take what is over");
      ended_.insert(e.contact());
      Expect(c->room_agent.empty(), e, "nobody keeps room for who has left");
      Unlink(*c);
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
        Expect(!available || a->available, e, "who comes back need not wait");
        a->pending = available == a->available ? "" : v1::Presence_Name(change.presence());
        break;
      }
      if (a->available && !available && change.by() != "missed") {
        Expect(!holds_any(), e, "going away waits until nothing is held");
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
    case v1::Event::kRoomKept: {
      Count();
      const std::string& keeper = e.room_kept().agent();
      Expect(WantsRoom(*c, now) && c->room_agent.empty(), e, "who has waited long wants room kept, once");
      Expect(agents_.at(keeper).room_for.empty(), e, "an agent keeps room for one at a time");
      Expect(CouldKeepRoom(keeper, *c, now), e, "who keeps room lacks nothing but room");
      c->room_agent = keeper;
      agents_.at(keeper).room_for = e.contact();
      break;
    }
    case v1::Event::kRoomGivenBack:
      Expect(c->room_agent == e.room_given_back().agent(), e, "who gives room back kept it");
      agents_.at(c->room_agent).room_for.clear();
      c->room_agent.clear();
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
    const bool beyond = std::any_of(contacts_.begin(), contacts_.end(), [&](const auto& held) {
      return held.second.agent == agent_name && held.second.taken_along;
    });
    if (agent.used <= agent.capacity) agents_[agent_name].beyond = false;
    if (agent.used > agent.capacity && !beyond && !agent.beyond)
      broken_.push_back(agent_name + " holds more than its capacity");
    const bool holds = std::any_of(contacts_.begin(), contacts_.end(),
                                   [&](const auto& one) { return one.second.agent == agent_name; });
    if (!agent.pending.empty() && !holds) broken_.push_back(agent_name + " still waits for its presence to change");
  }
  for (const auto& [name, contact] : contacts_) {
    CheckNobodyOverstays(contact, now);
    CheckRoomKept(name, contact, now);
    const bool held = contact.state == Contact::kActive || contact.state == Contact::kWrapUp;
    const bool offered = contact.state == Contact::kOffered;
    if (contact.agent.empty() == held || (!contact.warm && contact.offers.empty() == offered)) {
      broken_.push_back(name + " has a holder in line, or none out of it");
    }
    if (contact.warm && contact.offers.empty() && contact.warm->until <= now) {
      broken_.push_back(name + " is passed on for too long");
    }
    for (const auto& [offer, open] : contact.offers) {
      if (open.until <= now) broken_.push_back(offer + " should have lapsed");
    }
    if (const auto asking = contact.warm ? Sought(contact, now) : std::nullopt) {
      for (const auto& [agent, data] : agents_) {
        const bool could = MayTake(agent, *asking) && HasRoom(agent, *asking, now) && !BackedOff(agent, *asking, now) &&
                           !KeepsRoomFrom(agent, *asking) && !HeldFrom(agent, *asking, now, /*surely=*/false);
        if (could) broken_.push_back(name + " is passed on and " + agent + " has room, but is not asked");
      }
    }
    if (contact.state != Contact::kQueued) continue;
    if (contact.known && !contact.reserved_agent.empty() && !agents_.at(contact.reserved_agent).available) {
      broken_.push_back(name + " is kept for a known agent who has gone");
    }
    for (int i = 0; i < QueueOf(contact).escalation_size(); ++i) {
      if (!contact.escalated.contains(i + 1) && Holds(QueueOf(contact).escalation(i), contact, now)) {
        broken_.push_back(name + " should have been raised by step " + std::to_string(i + 1));
      }
    }
    if (OtherOffered(contact)) continue;
    for (const auto& [agent, data] : agents_) {
      if (MayTake(agent, contact) && HasRoom(agent, contact, now) && !BackedOff(agent, contact, now) &&
          !KeepsRoomFrom(agent, contact) && !HeldFrom(agent, contact, now, /*surely=*/false)) {
        std::string about = contact.reserved_agent.empty() ? "" : "; kept for it";
        if (!contact.back_offs.empty()) about += "; passed over by " + std::to_string(contact.back_offs.size());
        if (!contact.linked.empty()) about += "; linked with " + *contact.linked.begin();
        broken_.push_back(name + " waits while " + agent + " has room and may take it" + about);
      }
    }
  }
}

}  // namespace routerd::sim
