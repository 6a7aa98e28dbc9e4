// Experts are kept free for those customers for whom they are worth most, and no longer than these are expected.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Three experts and a junior for orders, on the phone alone; one expert is kept for gold.
Policy Kept(HoldBackPolicy hold_back = {Tier::kExpert, 1, 0, {"gold"}}) {
  Policy p = DemoPolicy();
  p.channels = {{"phone", 100, 0}};
  p.agents.clear();
  for (const char* name : {"ana", "bo", "cy"}) p.agents.push_back({name, {{"orders", Tier::kExpert}}, {}, 100});
  p.agents.push_back({"di", {{"orders", Tier::kJunior}}, {}, 100});
  p.queues[1].strategy = Strategy::kMostSkilled;
  p.queues[1].order = Order::kRank;
  p.queues[1].hold_backs = {std::move(hold_back)};
  return p;
}

struct Desk : World {
  explicit Desk(Policy policy = Kept()) : World(std::move(policy)) {
    for (const char* name : {"ana", "bo", "cy"}) SignIn(name);
  }
  ContactId Call(const std::string& vip = "") { return Create("orders", vip, "phone"); }
};

TEST(HoldBack, TheLastExpertIsKeptForGold) {
  Desk w;
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
  EXPECT_EQ(w.Where(w.Call("silver")), "offered bo");
  const ContactId plain = w.Call();
  EXPECT_EQ(w.Where(plain), "queued");
  EXPECT_EQ(w.Where(w.Call("gold")), "offered cy");
}

TEST(HoldBack, ConcernsNobodyBelowTheTier) {
  Desk w;
  w.Call();
  w.Call();
  const ContactId plain = w.Call();
  w.SignIn("di");
  EXPECT_EQ(w.Where(plain), "offered di");
}

TEST(HoldBack, BindsNoContactOfAnotherQueue) {
  Policy p = Kept();
  p.queues.push_back(p.queues[1]);
  p.queues[2].name = "returns";
  p.queues[2].hold_backs.clear();
  Desk w(p);
  for (const char* agent : {"ana", "bo", "cy"}) {
    EXPECT_EQ(w.Where(w.Create("returns", "", "phone")), std::string("offered ") + agent);
  }
}

TEST(HoldBack, DoesNotBindWhatIsDirectedOrPicked) {
  Policy p = Kept({Tier::kExpert, 2, 0, {"gold"}});
  p.queues[1].picking_allowed = true;
  Desk w(p);
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
  const ContactId directed = w.Call(), picked = w.Call();
  w.Do(AssignContact{directed, "bo"});
  EXPECT_EQ(w.Where(directed), "offered bo");
  w.Do(ClaimContact{"cy", picked});
  EXPECT_EQ(w.Where(picked), "active cy");
}

TEST(HoldBack, OneMoreWithRoomLetsTheFirstWhoWaitsGo) {
  Desk w;
  const ContactId served = w.Call();
  w.Accept("ana", served);
  w.Accept("bo", w.Call());
  const ContactId first = w.Call(), second = w.Call();
  w.Do(CompleteContact{"ana", served, "", ""});
  EXPECT_EQ(w.Where(first).substr(0, 7), "offered");
  EXPECT_EQ(w.Where(second), "queued");
}

TEST(HoldBack, AShareIsOfThoseOnDutyRoundedUp) {
  Desk w(Kept({Tier::kExpert, 0, 34, {"gold"}}));  // Of three, two.
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
  const ContactId plain = w.Call();
  EXPECT_EQ(w.Where(plain), "queued");
  w.Do(SetPresence{"cy", Presence::kAway, "lunch", "agent"});  // Of two, one.
  EXPECT_EQ(w.Where(plain), "queued");
}

TEST(HoldBack, KeepsNoMoreThanTheForecastNeedsAndLetsGoByTheClock) {
  Desk w(Kept({Tier::kExpert, 2, 0, {"gold"}}));
  w.Do(EndContact{w.Call("gold"), false, "left"});  // One in ten minutes, of three minutes each: a third of an agent.
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
  EXPECT_EQ(w.Where(w.Call()), "offered bo") << "one is enough for what is expected";
  w.Accept("ana", ContactId{2});
  w.Accept("bo", ContactId{3});
  const ContactId plain = w.Call();
  EXPECT_EQ(w.Where(plain), "queued");
  const Explanation why = w.router.Explain(plain, w.now, 1, *w.router.FindAgent("cy"));
  ASSERT_EQ(why.agents.at(0).failed.size(), 1u);
  EXPECT_STREQ(why.agents[0].failed[0].test, "HOLD_BACK");
  EXPECT_EQ(why.agents[0].failed[0].text, "1 of 1 with room are kept for gold");
  const Duration opens = why.agents[0].failed[0].opens_at - w.now;
  EXPECT_GT(opens, minutes(10));
  EXPECT_LT(opens, minutes(20));
  w.Wait(opens - seconds(1));
  EXPECT_EQ(w.Where(plain), "queued");
  w.Wait(seconds(1));
  EXPECT_EQ(w.Where(plain), "offered cy");
}

TEST(HoldBack, AnotherStandingIsAnotherKindOfWork) {
  Desk w;
  w.Call();
  w.Call();
  const ContactId raised = w.Call();
  EXPECT_EQ(w.Where(raised), "queued");
  w.Do(UpdateContact{.contact = raised, .vip = "gold"});
  EXPECT_EQ(w.Where(raised), "offered cy");
}

TEST(HoldBack, SurvivesASnapshotAndReplay) {
  Desk w;
  w.Call("gold");
  w.Call();
  w.Call();
  Router replayed;
  for (const Event& e : w.events) replayed.Apply(e);
  auto imported = Router::Import(w.router.Export());
  ASSERT_TRUE(imported.ok());
  ExpectSame(replayed.Export(), w.router.Export());
  ExpectSame(imported->Export(), w.router.Export());
  EXPECT_EQ(w.router.Export().classes.size(), 2u) << "those who are bound, and those who are not";
}

}  // namespace
}  // namespace routerd::core
