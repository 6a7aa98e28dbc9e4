// A router with a clock in hand, for tests that tell stories.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "routerd/base/error.h"
#include "routerd/core/router.h"

namespace routerd::core {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Ana (billing SENIOR, orders JUNIOR) and Bo (orders EXPERT), chats at 25 of 100, calls at 100.
inline Policy DemoPolicy() {
  Policy p;
  p.skills = {"billing", "orders"};
  p.channels = {{"webchat", 25, 0}, {"phone", 100, 0}};
  p.vips = {{"silver", seconds(60), 2}, {"gold", seconds(180), 4}};
  QueuePolicy billing;
  billing.name = "billing";
  billing.requirements = {{"billing", Tier::kJunior}};
  QueuePolicy orders;
  orders.name = "orders";
  orders.requirements = {{"orders", Tier::kJunior}};
  orders.strategy = Strategy::kMostSkilled;
  p.queues = {billing, orders};
  p.agents = {{"ana", {{"billing", Tier::kSenior}, {"orders", Tier::kJunior}}, {}, 100},
              {"bo", {{"orders", Tier::kExpert}}, {}, 100}};
  return p;
}

class World {
 public:
  explicit World(Policy policy = DemoPolicy()) { Load(std::move(policy)); }

  void Load(Policy policy) { Do(Configure{std::make_shared<const Policy>(std::move(policy))}); }

  // Carries out a command now; it must succeed.
  Reply Do(Command command) {
    auto reply = Try(std::move(command));
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : Reply{};
  }
  absl::StatusOr<Reply> Try(Command command) {
    router.Advance(now, events);
    return router.Handle(command, now, events);
  }
  // The reason for which a command is refused; it must change nothing.
  std::string Refusal(Command command) {
    router.Advance(now, events);
    const size_t before = events.size();
    const auto reply = router.Handle(command, now, events);
    EXPECT_FALSE(reply.ok());
    EXPECT_EQ(events.size(), before) << "a refused command changed something";
    return base::ReasonOf(reply.status());
  }
  void Wait(Duration time) {
    const Instant until = now + time;
    while (router.NextDeadline() <= until) {
      now = std::max(now, router.NextDeadline());
      router.Advance(now, events);
    }
    now = until;
  }
  void SignIn(const std::string& agent) {
    Do(core::SignIn{.agent = agent, .presence = Presence::kAvailable, .channels = {}});
  }
  ContactId Create(const std::string& queue, const std::string& vip = "", const std::string& channel = "webchat",
                   std::vector<NamedTier> requirements = {}) {
    return Do(CreateContact{.queue = queue, .channel = channel, .requirements = std::move(requirements), .vip = vip})
        .contact;
  }
  OfferId OfferOf(ContactId contact) const { return router.FindContact(contact)->offer; }
  void Accept(const std::string& agent, ContactId contact) { Do(AcceptOffer{agent, contact, OfferOf(contact)}); }

  // Who holds the contact, with its state: "queued", "offered ana", "active bo"; "ended".
  std::string Where(ContactId contact) const {
    const auto c = router.FindContact(contact);
    if (!c) return "ended";
    std::string where = ToString(c->state);
    if (c->agent != kNoAgent) where.append(" ").append(router.NameOf(c->agent));
    return where;
  }
  // All events of one kind so far.
  template <typename Kind>
  std::vector<Kind> All() const {
    std::vector<Kind> all;
    for (const Event& e : events) {
      if (const Kind* kind = std::get_if<Kind>(&e.kind)) all.push_back(*kind);
    }
    return all;
  }

  Router router;
  Instant now{std::chrono::seconds(1'700'000'000)};
  std::vector<Event> events;
};

inline void ExpectSame(const RouterState& a, const RouterState& b) {
  EXPECT_EQ(a.agents, b.agents);
  EXPECT_EQ(a.contacts, b.contacts);
  EXPECT_EQ(a.last_offer, b.last_offer);
  EXPECT_EQ(a.classes, b.classes);
}

}  // namespace routerd::core
