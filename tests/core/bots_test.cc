// Bots: asked before people where the queue says so, and never again once one has passed a contact on.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Front asks Helper first, a bot with room for two chats; Ana and Bo are people. Orders asks people.
Policy WithHelper() {
  Policy p = DemoPolicy();
  QueuePolicy front;
  front.name = "front";
  front.requirements = {{"orders", Tier::kSenior}};
  front.bots_first = true;
  p.queues.push_back(front);
  p.agents.push_back({.name = "helper", .skills = {}, .channels = {{"webchat", 2}}, .capacity = 100, .bot = true});
  return p;
}

class BotsTest : public testing::Test {
 protected:
  BotsTest() {
    w.SignIn("ana");
    w.SignIn("bo");
    w.SignIn("helper");
  }
  ContactId Passed(const std::string& queue) {
    const ContactId c = w.Create("front");
    w.Accept("helper", c);
    w.Do(TransferContact{"helper", c, "", queue, {}, "a person is wished for", "wants a refund for order 12"});
    return c;
  }
  std::string Why(ContactId contact) const {
    std::string text;
    const Explanation e = w.router.Explain(contact, w.now, 10, *w.router.FindAgent("helper"));
    for (const FailedTest& test : e.agents.at(0).failed) text += std::string(test.test) + " " + test.text + "; ";
    return text;
  }

  World w{WithHelper()};
};

TEST_F(BotsTest, AreAskedBeforePeopleWhateverSkillIsAskedFor) {
  const ContactId c = w.Create("front");
  EXPECT_EQ(w.Where(c), "offered helper");
  EXPECT_EQ(w.All<OfferMade>().back().rule, OfferRule::kBotsFirst);
}

TEST_F(BotsTest, PeopleAreAskedWhenNoBotHasRoom) {
  w.Create("front");
  w.Create("front");
  EXPECT_EQ(w.Where(w.Create("front")), "offered bo") << "the helper holds two";
  EXPECT_EQ(w.Where(w.Create("front", "", "phone")), "queued")
      << "the helper takes no calls, and Bo has no room for one";
}

TEST_F(BotsTest, AreNotAskedInQueuesOfPeople) {
  w.Do(SignOut{"bo", true});
  w.Do(SignOut{"ana", true});
  const ContactId c = w.Create("orders");
  EXPECT_EQ(w.Where(c), "queued");
  EXPECT_EQ(Why(c), "BOT is a bot, and queue orders asks people; ");
}

TEST_F(BotsTest, APersonIsNotAskedBesideABot) {
  Policy policy = WithHelper();
  policy.queues[2].offer_count = 3;
  w.Load(policy);
  const ContactId c = w.Create("front");
  EXPECT_EQ(w.Where(c), "offered helper");
  EXPECT_TRUE(w.router.FindContact(c)->more_offers.empty());
}

TEST_F(BotsTest, WhatABotPassedOnGoesToPeopleInWhateverQueue) {
  w.Do(SignOut{"bo", true});
  const ContactId c = Passed("front");
  EXPECT_EQ(w.Where(c), "queued") << "Ana is no SENIOR";
  EXPECT_EQ(Why(c), "BOT is a bot, and a bot has passed it on already; ");
  w.Wait(minutes(10));
  EXPECT_EQ(w.Where(c), "queued");
  w.SignIn("bo");
  EXPECT_EQ(w.Where(c), "offered bo");
}

TEST_F(BotsTest, APersonWhoPassesItToAnotherQueueBeginsAnew) {
  const ContactId c = Passed("orders");
  w.Accept("bo", c);
  w.Wait(minutes(2));
  w.Do(TransferContact{"bo", c, "", "front", {}, "", ""});
  EXPECT_FALSE(w.router.FindContact(c)->bot_done);
  EXPECT_EQ(w.Where(c), "offered helper");
}

TEST_F(BotsTest, WhatIsDirectedToABotReachesIt) {
  const ContactId c = Passed("orders");
  w.Accept("bo", c);
  w.Do(TransferContact{"bo", c, "helper", "", {}, "", ""});
  EXPECT_EQ(w.Where(c), "offered helper");
}

TEST_F(BotsTest, ALostBotHasNotPassedOn) {
  const ContactId c = w.Create("front");
  w.Accept("helper", c);
  w.Do(SignOut{"helper", true});
  EXPECT_FALSE(w.router.FindContact(c)->bot_done);
  EXPECT_EQ(w.Where(c), "offered bo");
}

TEST_F(BotsTest, ASnapshotKnowsWhatABotPassedOn) {
  w.Do(SignOut{"bo", true});
  Passed("front");
  w.Create("front");
  const auto copy = Router::Import(w.router.Export());
  ASSERT_TRUE(copy.ok());
  ExpectSame(copy->Export(), w.router.Export());
}

// What a bot takes first is no work for people: a billing question goes to the one of two for whom the front's is none.
TEST(BotPrices, ABotOnDutyTakesDemandOffPeople) {
  for (const bool helped : {true, false}) {
    Policy policy = WithHelper();
    policy.queues[0].requirements = {{"billing", Tier::kJunior}};
    policy.queues[2].requirements = {{"orders", Tier::kJunior}};
    policy.agents = {{"ana", {{"billing", Tier::kJunior}, {"orders", Tier::kJunior}}, {}, 100},
                     {"bo", {{"billing", Tier::kJunior}}, {}, 100},
                     {.name = "helper", .skills = {}, .channels = {{"webchat", 100}}, .capacity = 10'000, .bot = true}};
    World w(policy);
    const std::string server = helped ? "helper" : "ana";
    w.SignIn("ana");
    if (helped) w.SignIn("helper");
    for (int i = 0; i < 5; ++i) {
      const ContactId c = w.Create("front");
      w.Accept(server, c);
      w.Wait(seconds(60));
      w.Do(CompleteContact{server, c, "", ""});
    }
    w.Wait(seconds(1));
    w.SignIn("bo");
    // Ana is idle longest; without a helper the front would miss her.
    EXPECT_EQ(w.Where(w.Create("billing")), helped ? "offered ana" : "offered bo");
  }
}

}  // namespace
}  // namespace routerd::core
