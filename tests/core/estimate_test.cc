// What those who wait are told, against what they could know themselves by watching the agents.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

double Seconds(std::optional<Duration> wait) {
  return wait ? std::chrono::duration<double>(*wait).count() : std::numeric_limits<double>::quiet_NaN();
}

TEST(Estimate, GrowsWithThePlaceAndKnowsWhenNobodyIsThere) {
  World w;
  const ContactId first = w.Create("billing", "", "phone");
  const ContactId second = w.Create("billing", "", "phone");
  EXPECT_EQ(w.router.Estimate(first, w.now).place, 1);
  EXPECT_EQ(w.router.Estimate(second, w.now).place, 2);
  EXPECT_FALSE(w.router.Estimate(second, w.now).p50.has_value()) << "no agent on duty could take it";
  w.SignIn("ana");
  const ContactId third = w.Create("billing", "", "phone");
  const WaitEstimate next = w.router.Estimate(second, w.now);
  const WaitEstimate after = w.router.Estimate(third, w.now);
  EXPECT_EQ(next.place, 1);
  EXPECT_LT(*next.p50, *after.p50);
  EXPECT_LT(*next.p50, *next.p90);
}

TEST(Estimate, KnowsThatACallAndChatsShareOneAgent) {
  World w;
  w.SignIn("ana");
  const ContactId call = w.Create("billing", "", "phone");
  w.Accept("ana", call);
  const ContactId chat = w.Create("billing");
  const double wait_s = Seconds(w.router.Estimate(chat, w.now).p50);
  EXPECT_GT(wait_s, 60) << "no chat fits while she talks";
  EXPECT_LT(wait_s, 200) << "a call lasts three minutes or so";
  const double behind_s = Seconds(w.router.Estimate(w.Create("billing"), w.now).p50);
  EXPECT_NEAR(behind_s, wait_s, 1) << "once she has hung up four chats fit at once";
}

TEST(Estimate, TellsACallThatAllChatsMustEndFirst) {
  World w;
  w.SignIn("ana");
  for (int i = 0; i < 3; ++i) w.Create("billing");
  const double call_s = Seconds(w.router.Estimate(w.Create("billing", "", "phone"), w.now).p50);
  for (int i = 0; i < 1; ++i) w.Create("billing");
  const double chat_s = Seconds(
      w.router.EstimateNewcomer(*w.router.FindQueue("billing"), *w.router.FindChannel("webchat"), kNoVip, w.now).p50);
  EXPECT_GT(call_s, 1.5 * chat_s) << "the last of three ends later than the first";
}

TEST(Estimate, SeesTheStepThatWillOpenItToOthers) {
  Policy policy = DemoPolicy();
  policy.queues[1].requirements = {{"orders", Tier::kExpert}};
  policy.queues[1].steps = {{seconds(40), {{"orders", Tier::kJunior}}}};
  World w(policy);
  w.SignIn("ana");
  const ContactId contact = w.Create("orders");
  EXPECT_NEAR(Seconds(w.router.Estimate(contact, w.now).p50), 40, 5) << "Ana may take it from then on";
  w.Wait(seconds(30));
  EXPECT_NEAR(Seconds(w.router.Estimate(contact, w.now).p50), 10, 5);
  w.Wait(seconds(10));
  EXPECT_EQ(w.Where(contact), "offered ana");
}

TEST(Estimate, SeesTheEndOfAReservationAndOfABackOff) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  w.Accept("ana", w.Create("billing", "", "phone"));
  w.Accept("bo", w.Create("orders", "", "phone"));
  const ContactId kept = w.Create("orders");
  w.Do(AssignContact{kept, "ana"});
  w.Do(CompleteContact{"bo", ContactId{2}, "", ""});
  EXPECT_NEAR(Seconds(w.router.Estimate(kept, w.now).p50), 60, 5) << "or sooner, should Ana come free";

  World alone;
  alone.SignIn("ana");
  const ContactId declined = alone.Create("billing");
  alone.Do(DeclineOffer{"ana", declined, alone.OfferOf(declined), "busy"});
  EXPECT_NEAR(Seconds(alone.router.Estimate(declined, alone.now).p50), 60, 5) << "the back-off after a refusal";
}

TEST(Estimate, TellsANewcomerThatThereIsRoom) {
  World w;
  w.SignIn("ana");
  const WaitEstimate estimate =
      w.router.EstimateNewcomer(*w.router.FindQueue("billing"), *w.router.FindChannel("phone"), kNoVip, w.now);
  EXPECT_EQ(estimate.place, 1);
  EXPECT_LT(Seconds(estimate.p90), 5) << "the time it takes to answer";
}

// To be told on entering must not mean to walk over everybody; what is left out follows from those who are looked at.
TEST(Estimate, IsTheSameForOneAsForAllHoweverManyStandAhead) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  ContactId last = kNoContact;
  for (int i = 0; i < 3'000; ++i) last = w.Create(i % 3 ? "orders" : "billing", i % 50 ? "" : "gold", "phone");
  const WaitEstimate one = w.router.Estimate(last, w.now);
  WaitEstimate among_all;
  w.router.EstimateAll(w.now, [&](const ContactCommon& contact, const WaitEstimate& estimate) {
    if (contact.id == last) among_all = estimate;
  });
  EXPECT_EQ(one.place, among_all.place);
  EXPECT_NEAR(Seconds(one.p50) / Seconds(among_all.p50), 1, 0.15);
}

TEST(Estimate, ChangesByWhatHappensAndNotByChance) {
  World w;
  w.SignIn("ana");
  w.Create("billing", "", "phone");
  const ContactId contact = w.Create("billing", "", "phone");
  const double before_s = Seconds(w.router.Estimate(contact, w.now).p50);
  EXPECT_EQ(before_s, Seconds(w.router.Estimate(contact, w.now).p50));
  w.Wait(seconds(1));
  EXPECT_NEAR(Seconds(w.router.Estimate(contact, w.now).p50), before_s, 2);
}

}  // namespace
}  // namespace routerd::core
