// Skills that are welcome but not asked for: they break ties and keep nobody from being served.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Ana without French, idle longest; Bo and Cy with it, Cy at a higher tier; all do orders.
Policy Polyglots(Strategy strategy) {
  Policy p;
  p.skills = {"orders", "french"};
  p.channels = {{"webchat", 25, 0}, {"phone", 100, 0}};
  QueuePolicy orders;
  orders.name = "orders";
  orders.requirements = {{"orders", Tier::kJunior}};
  orders.preferences = {{"french", Tier::kJunior}};
  orders.strategy = strategy;
  p.queues = {orders};
  p.agents = {{"ana", {{"orders", Tier::kJunior}}, {}, 100},
              {"bo", {{"orders", Tier::kJunior}, {"french", Tier::kJunior}}, {}, 100},
              {"cy", {{"orders", Tier::kJunior}, {"french", Tier::kExpert}}, {}, 100}};
  return p;
}

class PreferenceTest : public testing::TestWithParam<Strategy> {};

TEST_P(PreferenceTest, ComesBeforeWhoIsIdleLongest) {
  World w(Polyglots(GetParam()));
  for (const char* agent : {"ana", "bo", "cy"}) {
    w.SignIn(agent);
    w.Wait(seconds(1));
  }
  const ContactId c = w.Create("orders", "", "phone");
  EXPECT_EQ(w.Where(c), "offered bo");
  EXPECT_TRUE(w.All<OfferMade>().back().by_preference);
}

TEST_P(PreferenceTest, KeepsNobodyWaiting) {
  World w(Polyglots(GetParam()));
  w.SignIn("ana");
  const ContactId c = w.Create("orders", "", "phone");
  EXPECT_EQ(w.Where(c), "offered ana");
  EXPECT_FALSE(w.All<OfferMade>().back().by_preference) << "nobody else was there";
}

// Both lists count: Bo has what the queue likes, Cy what the contact likes, too.
TEST_P(PreferenceTest, OfContactAndQueueCountTogether) {
  World w(Polyglots(GetParam()));
  for (const char* agent : {"ana", "bo", "cy"}) {
    w.SignIn(agent);
    w.Wait(seconds(1));
  }
  const auto reply =
      w.Do(CreateContact{.queue = "orders", .channel = "phone", .preferences = {{"french", Tier::kSenior}}});
  EXPECT_EQ(w.Where(reply.contact), "offered cy");
  const auto copy = Router::Import(w.router.Export());
  ASSERT_TRUE(copy.ok());
  ExpectSame(copy->Export(), w.router.Export());
}

INSTANTIATE_TEST_SUITE_P(Strategies, PreferenceTest,
                         testing::Values(Strategy::kLeastWanted, Strategy::kBestFit, Strategy::kLongestIdle,
                                         Strategy::kLeastLoaded, Strategy::kRoundRobin),
                         [](const auto& info) {
                           std::string name = ToString(info.param);
                           std::replace(name.begin(), name.end(), '_', 'X');
                           return name;
                         });

// The closest fit is found first; what is welcome chooses only among those who fit alike.
TEST(PreferenceTest, NeverGoesBeforeTheStrategy) {
  Policy policy = Polyglots(Strategy::kBestFit);
  policy.agents[1].skills[0].tier = Tier::kSenior;
  policy.agents[2].skills[0].tier = Tier::kSenior;
  World w(policy);
  for (const char* agent : {"bo", "cy", "ana"}) w.SignIn(agent);
  EXPECT_EQ(w.Where(w.Create("orders", "", "phone")), "offered ana");
}

TEST(PreferenceTest, OfAnUnknownSkillIsRefused) {
  World w(Polyglots(Strategy::kBestFit));
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "orders", .channel = "phone", .preferences = {{"frensh"}}}),
            "SKILL_UNKNOWN");
}

}  // namespace
}  // namespace routerd::core
