// Why a contact waits, as a supervisor would read it.
#include <gmock/gmock.h>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

using testing::ElementsAre;

std::vector<std::string> TextsOf(const World& w, const Explanation& e, const std::string& agent) {
  std::vector<std::string> texts;
  for (const AgentVerdict& verdict : e.agents) {
    if (w.router.NameOf(verdict.agent) != agent) continue;
    for (const FailedTest& failed : verdict.failed) texts.push_back(failed.text);
  }
  return texts;
}

TEST(Explain, NamesEachFailedTestWithItsValueAndWhenItOpens) {
  Policy policy = DemoPolicy();
  policy.queues[0].requirements = {{"billing", Tier::kExpert}};
  policy.queues[0].steps = {{seconds(90), {{"billing", Tier::kSenior}}}, {seconds(180), {}}};
  World w(policy);
  w.SignIn("ana");
  w.Create("billing");
  const Explanation e = w.router.Explain(w.Create("billing"), w.now, 10);
  ASSERT_EQ(e.agents.size(), 2u);
  EXPECT_EQ(w.router.NameOf(e.agents[0].agent), "ana") << "who fails the fewest tests comes first";
  EXPECT_THAT(TextsOf(w, e, "ana"), ElementsAre("needs billing >= EXPERT, has SENIOR; step 1 asks for SENIOR"));
  EXPECT_EQ(e.agents[0].failed[0].opens_at, w.now + seconds(90));
  EXPECT_THAT(TextsOf(w, e, "bo"), ElementsAre("is OFFLINE", "needs billing >= EXPERT, has NONE; step 2 drops it"));
  EXPECT_EQ(e.agents[1].failed[1].opens_at, w.now + seconds(180));
  EXPECT_EQ(e.cause, "no agent may take it as things stand; from 22:14:50 on 1 agent may; 1 contact stands before it");
}

TEST(Explain, SaysThatAllWhoCouldAreAtCapacity) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  for (int i = 0; i < 2; ++i) w.Create("orders", "", "phone");
  w.Create("orders", "", "phone");
  const Explanation e = w.router.Explain(w.Create("orders", "", "phone"), w.now, 10);
  EXPECT_EQ(e.cause, "2 agents could take it, all at capacity; 1 contact stands before it");
  EXPECT_THAT(TextsOf(w, e, "bo"), ElementsAre("capacity 100/100, cost 100", "holds 1 of at most 1 phone"));
}

TEST(Explain, TellsApartWhoIsBusyAwayAndAtHome) {
  World w;
  w.SignIn("ana");
  w.Create("orders", "", "phone");
  EXPECT_EQ(w.router.Explain(w.Create("orders", "", "phone"), w.now, 10).cause,
            "2 agents could take it: 1 at capacity, 1 offline");
  w.SignIn("bo");
  w.Do(SetPresence{"bo", Presence::kAway, "lunch", "agent"});
  const Explanation e = w.router.Explain(w.Create("billing", "", "phone"), w.now, 10);
  EXPECT_EQ(e.cause, "1 agent could take it, at capacity; 1 contact stands before it")
      << "Bo lacks billing, and is no candidate however free he may be";
  EXPECT_THAT(TextsOf(w, e, "bo"), ElementsAre("is AWAY (lunch)", "needs billing >= JUNIOR, has NONE"));
}

TEST(Explain, SaysWhyEachStandsBefore) {
  World w;
  const ContactId first = w.Create("billing");
  w.Wait(seconds(40));
  const ContactId contact = w.Create("billing");
  w.Wait(seconds(20));
  const ContactId gold = w.Create("billing", "gold");
  w.Wait(seconds(60));
  const ContactId urgent =
      w.Do(CreateContact{.queue = "orders", .channel = "webchat", .requirements = {}, .vip = "", .lane = 1}).contact;
  w.Create("billing", "silver");  // A minute is too little to come before.
  const Explanation e = w.router.Explain(contact, w.now, 0);
  ASSERT_EQ(e.ahead.size(), 3u);
  EXPECT_EQ(e.ahead[0].contact, urgent) << "for orders, but Ana serves both";
  EXPECT_EQ(e.ahead[0].why, "lane 1 goes before lane 0");
  EXPECT_EQ(e.ahead[1].contact, gold);
  EXPECT_EQ(e.ahead[1].why, "came 20 s later but has 3 min more of a head start (gold)");
  EXPECT_EQ(e.ahead[2].contact, first);
  EXPECT_EQ(e.ahead[2].why, "came 40 s earlier");
  EXPECT_EQ(e.ahead_count, 3);
}

TEST(Explain, CountsAllAheadAndNamesTwenty) {
  World w;
  for (int i = 0; i < 30; ++i) w.Create("billing");
  const ContactId contact = w.Create("billing");
  for (int i = 0; i < 5; ++i) w.Create("billing");
  const Explanation e = w.router.Explain(contact, w.now, 0);
  EXPECT_EQ(e.ahead.size(), 20u);
  EXPECT_EQ(e.ahead[0].why, "came at the same time with a lower number");
  EXPECT_EQ(e.ahead_count, 30);
}

TEST(Explain, SaysForWhomItIsKept) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  w.Create("billing", "", "phone");
  const ContactId contact = w.Create("billing", "", "phone");
  w.Do(AssignContact{contact, "ana"});
  const Explanation e = w.router.Explain(contact, w.now, 10);
  EXPECT_EQ(e.cause, "kept for agents/ana until 22:14:20; 1 agent could take it, at capacity");
  EXPECT_THAT(TextsOf(w, e, "bo"), ElementsAre("needs billing >= JUNIOR, has NONE", "kept for agents/ana"));
}

TEST(Explain, AnswersForOneAgent) {
  World w;
  const Explanation e = w.router.Explain(w.Create("billing"), w.now, 10, *w.router.FindAgent("bo"));
  ASSERT_EQ(e.agents.size(), 1u);
  EXPECT_EQ(w.router.NameOf(e.agents[0].agent), "bo");
  EXPECT_EQ(e.cause, "1 agent could take it, offline") << "the cause is about everybody";
}

}  // namespace
}  // namespace routerd::core
