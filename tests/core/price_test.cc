// Value order: short work that few can do goes first, within a bound, and never past one of its own kind.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

// One agent who does both: quick questions, and claims that take long.
Policy OneDesk(Order order) {
  Policy p;
  p.channels = {{"phone", 100, 0}};
  p.vips = {{"gold", seconds(180), 4}};
  p.skills = {"quick", "claims"};
  for (const char* name : {"quick", "claims"}) {
    QueuePolicy queue;
    queue.name = name;
    queue.requirements = {{name, Tier::kJunior}};
    queue.order = order;
    queue.value_bound = minutes(20);
    p.queues.push_back(queue);
  }
  p.agents = {{"ana", {{"claims", Tier::kJunior}, {"quick", Tier::kJunior}}, {}, 100},
              {"bo", {{"claims", Tier::kJunior}}, {}, 100}};
  return p;
}

class ValueTest : public testing::Test {
 protected:
  ContactId Come(const std::string& queue, const std::string& vip = "") { return world_.Create(queue, vip, "phone"); }
  void Serve(ContactId contact, Duration time) {
    world_.Accept("ana", contact);
    world_.Wait(time);
    world_.Do(CompleteContact{"ana", contact, "", ""});
  }
  // Twenty of each kind, after which ana is busy with one more claim.
  void Learn(Order order) {
    world_.Load(OneDesk(order));
    world_.SignIn("ana");
    for (int i = 0; i < 20; ++i) {
      Serve(Come("quick"), seconds(60));
      Serve(Come("claims"), minutes(15));
    }
    busy_with_ = Come("claims");
    world_.Accept("ana", busy_with_);
  }
  void Finish() { world_.Do(CompleteContact{"ana", busy_with_, "", ""}); }

  World world_;
  ContactId busy_with_{};
};

TEST_F(ValueTest, ShortWorkGoesFirst) {
  Learn(Order::kValue);
  const ContactId claim = Come("claims");
  world_.Wait(seconds(30));
  const ContactId quick = Come("quick");
  Finish();
  EXPECT_EQ(world_.Where(quick), "offered ana");
  EXPECT_EQ(world_.Where(claim), "queued");
}

TEST_F(ValueTest, NotWhereTheQueuesOrderIsRank) {
  Learn(Order::kRank);
  const ContactId claim = Come("claims");
  world_.Wait(seconds(30));
  Come("quick");
  Finish();
  EXPECT_EQ(world_.Where(claim), "offered ana");
}

TEST_F(ValueTest, NobodyIsOvertakenByOneWhoComesAfterTheBound) {
  Learn(Order::kValue);
  const ContactId claim = Come("claims");
  world_.Wait(minutes(20));
  Come("quick");
  Finish();
  EXPECT_EQ(world_.Where(claim), "offered ana");
}

TEST_F(ValueTest, ThoseOfOneKindKeepTheirOrderWhateverIsLearnedMeanwhile) {
  Learn(Order::kValue);
  const ContactId first = Come("quick");
  world_.SignIn("bo");  // Does claims alone, and in no time: so a quick question is now not so quick beside them.
  for (int i = 0; i < 30; ++i) {
    const ContactId claim = Come("claims");
    world_.Accept("bo", claim);
    world_.Wait(seconds(1));
    world_.Do(CompleteContact{"bo", claim, "", ""});
  }
  const ContactId second = Come("quick");
  EXPECT_EQ(world_.router.FindContact(second)->rank - world_.router.FindContact(first)->rank, seconds(30));
}

TEST_F(ValueTest, StandingStillCountsAmongThoseOfOneKind) {
  Learn(Order::kValue);
  const ContactId plain = Come("quick");
  world_.Wait(seconds(60));
  const ContactId gold = Come("quick", "gold");
  Finish();
  EXPECT_EQ(world_.Where(gold), "offered ana");
  EXPECT_EQ(world_.Where(plain), "queued");
}

TEST_F(ValueTest, TheEventTellsByHowMuchAPlaceWasMoved) {
  Learn(Order::kValue);
  const ContactId quick = Come("quick");
  const ContactCreated created = world_.All<ContactCreated>().back();
  EXPECT_EQ(created.contact, quick);
  EXPECT_LT(created.order_shift, Duration{0});
  EXPECT_GE(created.order_shift, -minutes(20));
  EXPECT_EQ(created.rank, world_.now + created.order_shift);
}

TEST_F(ValueTest, NothingIsMovedBeforeAnythingIsKnown) {
  world_.Load(OneDesk(Order::kValue));
  Come("quick");
  EXPECT_EQ(world_.All<ContactCreated>().back().order_shift, Duration{0});
}

// An expert is wanted by what experts alone can do, not by what everybody can: so easy work goes past the one whom hard
// work wants, even when hard work is rare.
TEST(LeastWantedTest, EasyWorkSparesWhomHardWorkNeeds) {
  Policy p;
  p.channels = {{"phone", 100, 0}};
  p.skills = {"easy", "hard"};
  for (const char* name : {"easy", "hard"}) {
    QueuePolicy queue;
    queue.name = name;
    queue.requirements = {{name, Tier::kJunior}};
    p.queues.push_back(queue);
  }
  p.agents = {{"expert", {{"easy", Tier::kExpert}, {"hard", Tier::kExpert}}, {}, 100},
              {"novice", {{"easy", Tier::kJunior}}, {}, 100}};
  World world(p);
  world.SignIn("expert");
  world.SignIn("novice");
  const ContactId hard = world.Create("hard", "", "phone");
  world.Accept("expert", hard);
  world.Wait(seconds(300));
  world.Do(CompleteContact{"expert", hard, "", ""});
  world.Wait(seconds(10));
  EXPECT_EQ(world.Where(world.Create("easy", "", "phone")), "offered novice");
}

}  // namespace
}  // namespace routerd::core
