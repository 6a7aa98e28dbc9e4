// The floor of a contact centre, for tests that show what cannot go wrong on it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/core/world.h"

namespace routerd::core {

// One queue, "help", that asks for the one skill which all agents have.
inline Policy OneTeam(const std::vector<std::string>& agents, int capacity = 100) {
  Policy policy = DemoPolicy();
  policy.skills = {"help"};
  QueuePolicy help;
  help.name = "help";
  help.requirements = {{"help", Tier::kJunior}};
  policy.queues = {help};
  policy.agents.clear();
  for (const std::string& name : agents) {
    AgentPolicy agent;
    agent.name = name;
    agent.skills = {{"help", Tier::kSenior}};
    agent.capacity = capacity;
    policy.agents.push_back(agent);
  }
  return policy;
}

inline const Strategy kStrategies[] = {Strategy::kLeastWanted, Strategy::kBestFit,     Strategy::kLongestIdle,
                                       Strategy::kMostSkilled, Strategy::kLeastLoaded, Strategy::kRoundRobin};

class Floor : public World {
 public:
  explicit Floor(Policy policy) : World(std::move(policy)) {}

  void SignInAll() {
    for (const AgentPolicy& agent : router.policy()->agents) SignIn(agent.name);
  }
  ContactId Call(const std::string& queue = "help") { return Create(queue, "", "phone"); }
  ContactId Chat(const std::string& queue = "help") { return Create(queue); }

  // The latest offer of the contact to the agent, whatever became of it.
  OfferId OfferTo(const std::string& agent, ContactId contact) const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      const OfferMade* made = std::get_if<OfferMade>(&event->kind);
      if (made != nullptr && made->contact == contact && router.NameOf(made->agent) == agent) return made->offer;
    }
    return kNoOffer;
  }
  void Accept(const std::string& agent, ContactId contact) { Do(AcceptOffer{agent, contact, OfferTo(agent, contact)}); }
  void Decline(const std::string& agent, ContactId contact) {
    Do(DeclineOffer{agent, contact, OfferTo(agent, contact), "busy"});
  }
  void Complete(const std::string& agent, ContactId contact) { Do(CompleteContact{agent, contact, "", ""}); }
  void Leave(ContactId contact) { Do(EndContact{contact, false, "left"}); }
  void EndAsOperator(ContactId contact) { Do(EndContact{contact, true, "cleared"}); }
  void Go(const std::string& agent, Presence presence, const std::string& reason = "") {
    Do(SetPresence{.agent = agent, .presence = presence, .reason = reason});
  }
  void Disconnect(const std::string& agent) { Do(SetConnected{agent, false}); }
  void ForceOut(const std::string& agent) { Do(SignOut{.agent = agent, .force = true}); }
  void TransferToAgent(const std::string& from, ContactId contact, const std::string& to) {
    Do(TransferContact{.agent = from,
                       .contact = contact,
                       .to_agent = to,
                       .to_queue = "",
                       .requirements = {},
                       .reason = "",
                       .summary = ""});
  }

  AgentId Id(const std::string& agent) const { return *router.FindAgent(agent); }
  const AgentData& Data(const std::string& agent) const { return router.agent(Id(agent)); }
  int Used(const std::string& agent) const { return router.LoadOf(Id(agent)).used; }
  // Who has the contact, offered or served; empty: nobody.
  std::string HolderOf(ContactId contact) const {
    const auto data = router.FindContact(contact);
    return data && data->agent != kNoAgent ? std::string(router.NameOf(data->agent)) : std::string();
  }
  ContactState StateOf(ContactId contact) const {
    const auto data = router.FindContact(contact);
    return data ? data->state : ContactState::kEnded;
  }
  bool Waits(ContactId contact) const { return StateOf(contact) == ContactState::kQueued; }
  // The line as it stands.
  std::vector<ContactId> Line() const {
    std::vector<ContactId> line;
    router.VisitLine([&](const ContactCommon& contact) {
      line.push_back(contact.id);
      return true;
    });
    return line;
  }
  // Everybody to whom the contact was ever offered, in order.
  std::vector<std::string> AskedFor(ContactId contact) const {
    std::vector<std::string> asked;
    for (const OfferMade& made : All<OfferMade>()) {
      if (made.contact == contact) asked.emplace_back(router.NameOf(made.agent));
    }
    return asked;
  }
  // Contacts in the order in which they were first accepted.
  std::vector<ContactId> Answered() const {
    std::vector<ContactId> answered;
    std::set<ContactId> seen;
    for (const OfferAccepted& accepted : All<OfferAccepted>()) {
      if (seen.insert(accepted.contact).second) answered.push_back(accepted.contact);
    }
    return answered;
  }

  // A router that knows nothing but the first `count` events.
  Router Replayed(size_t count) const {
    Router replayed;
    for (size_t i = 0; i < count; ++i) replayed.Apply(events[i]);
    return replayed;
  }
  // Walks through all that happened: each event with the router as it stood just before it.
  void BeforeEachEvent(const std::function<void(const Router&, const Event&)>& look) const {
    Router replayed;
    for (const Event& event : events) {
      if (replayed.policy() != nullptr) look(replayed, event);
      replayed.Apply(event);
    }
  }
  // The process dies; `down` later another one goes on from the events. Nobody's desk is connected yet.
  void Restart(Duration down = seconds(5)) {
    router = Replayed(events.size());
    now += down;
    EXPECT_TRUE(router.Handle(Recover{}, now, events).ok());
    router.Advance(now, events);
  }
};

}  // namespace routerd::core
