// The agent whom the customer knows comes first, and never at the cost of starving.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Two who can do the same, and calls that fill either.
Policy Twins() {
  Policy p = DemoPolicy();
  p.queues[1].strategy = Strategy::kLongestIdle;
  p.queues[1].known_agent = {.wait_max = minutes(5), .worth = seconds(30)};
  return p;
}

ContactId CreateKnown(World& w, std::vector<CreateContact::KnownAgent> known) {
  return w.Do(CreateContact{.queue = "orders", .channel = "phone", .known_agents = std::move(known)}).contact;
}

TEST(KnownAgent, IsAskedFirstEvenWhenAnotherIsIdleForLonger) {
  World w(Twins());
  w.SignIn("ana");
  w.Wait(minutes(1));
  w.SignIn("bo");
  const ContactId c = CreateKnown(w, {{KnownAs::kLast, "bo"}});
  EXPECT_EQ(w.Where(c), "offered bo");
  EXPECT_EQ(w.All<ContactReserved>().back().reason, "last");
}

TEST(KnownAgent, TheFirstWhoIsThereAndCanIsTheOne) {
  World w(Twins());
  w.SignIn("ana");
  w.SignIn("bo");
  w.Do(SetPresence{"bo", Presence::kAway, "lunch", "agent"});
  const ContactId c = CreateKnown(w, {{KnownAs::kDedicated, "gone"}, {KnownAs::kOwner, "bo"}, {KnownAs::kLast, "ana"}});
  EXPECT_EQ(w.Where(c), "offered ana");
  EXPECT_EQ(w.All<ContactReserved>().back().known_as, KnownAs::kLast);
}

TEST(KnownAgent, MustBeAbleToTakeIt) {
  World w(Twins());
  w.SignIn("ana");
  w.SignIn("bo");
  const ContactId c =
      w.Do(CreateContact{.queue = "billing", .channel = "phone", .known_agents = {{KnownAs::kDedicated, "bo"}}})
          .contact;
  EXPECT_TRUE(w.All<ContactReserved>().empty()) << "bo knows nothing of billing";
  EXPECT_EQ(w.Where(c), "offered ana");
}

TEST(KnownAgent, IsNotWaitedForWhenOthersAreFreeAndThatOneIsNotForLong) {
  World w(Twins());
  w.SignIn("ana");
  const ContactId held = w.Create("orders", "", "phone");
  w.Accept("ana", held);
  w.SignIn("bo");
  const ContactId c = CreateKnown(w, {{KnownAs::kLast, "ana"}});
  EXPECT_EQ(w.Where(c), "offered bo") << "three minutes for ana are not worth it when bo is free";
}

TEST(KnownAgent, IsWaitedForWhenNearlyDoneAndNoLongerThanItIsWorth) {
  World w(Twins());
  w.SignIn("ana");
  const ContactId held = w.Create("orders", "", "phone");
  w.Accept("ana", held);
  w.Wait(seconds(160));  // Of 180 expected; a quarter of the mean is always taken to be left.
  w.SignIn("bo");
  Policy patient = Twins();
  patient.queues[1].known_agent.worth = seconds(60);
  w.Load(patient);
  const ContactId c = CreateKnown(w, {{KnownAs::kLast, "ana"}});
  EXPECT_EQ(w.Where(c), "queued") << "half a minute for ana against none for bo, and a minute is allowed";
  w.Wait(seconds(55));
  EXPECT_EQ(w.Where(c), "queued");
  w.Wait(seconds(10));
  EXPECT_EQ(w.Where(c), "offered bo") << "the guess was wrong; it costs no more than what was allowed";
}

TEST(KnownAgent, GoingAwayLetsGoAtOnce) {
  Policy p = Twins();
  p.queues[1].known_agent.worth = minutes(2);
  World w(p);
  w.SignIn("ana");
  w.Accept("ana", w.Create("orders", "", "phone"));
  const ContactId c = CreateKnown(w, {{KnownAs::kOwner, "ana"}});
  EXPECT_EQ(w.All<ContactReserved>().size(), 1u) << "nobody else is there, so ana is worth any wait up to the limit";
  w.SignIn("bo");
  EXPECT_EQ(w.Where(c), "queued");
  w.Do(SetPresence{"ana", Presence::kAway, "lunch", "agent"});
  EXPECT_EQ(w.Where(c), "offered bo") << "ana goes once the call is over, and takes no more until then";
}

TEST(KnownAgent, OfflineIsNotWaitedForAtAll) {
  World w(Twins());
  const ContactId c = CreateKnown(w, {{KnownAs::kDedicated, "ana"}});
  EXPECT_TRUE(w.All<ContactReserved>().empty());
  w.SignIn("bo");
  EXPECT_EQ(w.Where(c), "offered bo");
}

TEST(KnownAgent, WhoDeclinesHasHadTheChance) {
  World w(Twins());
  w.SignIn("ana");
  w.SignIn("bo");
  const ContactId c = CreateKnown(w, {{KnownAs::kLast, "bo"}});
  w.Do(DeclineOffer{"bo", c, w.OfferOf(c), "busy"});
  EXPECT_EQ(w.Where(c), "offered ana");
}

TEST(KnownAgent, SurvivesARestart) {
  World w(Twins());
  w.SignIn("ana");
  w.Accept("ana", w.Create("orders", "", "phone"));
  CreateKnown(w, {{KnownAs::kOwner, "ana"}});
  auto again = Router::Import(w.router.Export());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->Export().contacts, w.router.Export().contacts);
}

}  // namespace
}  // namespace routerd::core
