// One person, one place: on several channels, and after a short absence.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

ContactId CreateAlso(World& w, ContactId with, const std::string& channel, const std::string& queue = "orders") {
  return w.Do(CreateContact{.queue = queue, .channel = channel, .linked_with = with}).contact;
}

TEST(OnePlace, IsTheBetterOneOfBoth) {
  World w;
  const ContactId call = w.Create("orders", "", "phone");
  w.Wait(minutes(1));
  const ContactId other = w.Create("orders", "", "webchat");
  w.Wait(minutes(1));
  const ContactId chat = CreateAlso(w, call, "webchat");
  EXPECT_EQ(w.router.FindContact(chat)->rank, w.router.FindContact(call)->rank);
  EXPECT_LT(w.router.FindContact(chat)->rank, w.router.FindContact(other)->rank);
}

TEST(OnePlace, NoSecondAgentIsAskedWhileOneIs) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  const ContactId call = w.Create("orders", "", "phone");
  ASSERT_EQ(w.Where(call), "offered bo");
  const ContactId chat = CreateAlso(w, call, "webchat");
  EXPECT_EQ(w.Where(chat), "queued");
  const Explanation why = w.router.Explain(chat, w.now, 10);
  ASSERT_FALSE(why.agents.empty());
  EXPECT_STREQ(why.agents[0].failed.at(0).test, "LINKED");
  // Who stands behind is not kept waiting by it.
  EXPECT_EQ(w.Where(w.Create("orders", "", "webchat")), "offered ana");
}

TEST(OnePlace, WhoeverAcceptsTakesBothEvenBeyondCapacity) {
  World w;
  w.SignIn("bo");
  const ContactId call = w.Create("orders", "", "phone");
  const ContactId chat = CreateAlso(w, call, "webchat");
  w.Accept("bo", call);
  EXPECT_EQ(w.Where(call), "active bo");
  EXPECT_EQ(w.Where(chat), "active bo");
  EXPECT_EQ(w.router.LoadOf(*w.router.FindAgent("bo")).used, 125);
  EXPECT_TRUE(w.router.FindContact(chat)->linked.empty());
}

TEST(OnePlace, WhatTheAgentCannotDoWaitsOnAlone) {
  World w;
  w.SignIn("bo");
  const ContactId call = w.Create("orders", "", "phone");
  const ContactId chat = CreateAlso(w, call, "webchat", "billing");
  w.Accept("bo", call);
  EXPECT_EQ(w.Where(chat), "queued") << "bo knows nothing of billing";
  w.SignIn("ana");
  EXPECT_EQ(w.Where(chat), "offered ana");
}

TEST(OnePlace, WhatTheAgentCannotDoGoesAtOnceToWhoCan) {
  World w;
  w.SignIn("bo");
  const ContactId call = w.Create("orders", "", "phone");
  w.SignIn("ana");
  const ContactId chat = CreateAlso(w, call, "webchat", "billing");
  EXPECT_EQ(w.Where(chat), "queued");
  w.Accept("bo", call);
  EXPECT_EQ(w.Where(chat), "offered ana");
}

TEST(OnePlace, IsLetGoOfWithWhoLeaves) {
  World w;
  const ContactId call = w.Create("orders", "", "phone");
  const ContactId chat = CreateAlso(w, call, "webchat");
  w.Do(EndContact{call, false, "hung up"});
  EXPECT_TRUE(w.router.FindContact(chat)->linked.empty());
  w.SignIn("bo");
  EXPECT_EQ(w.Where(chat), "offered bo");
}

TEST(OnePlace, AnUnansweredOfferLeavesBothToOthers) {
  World w;
  w.SignIn("bo");
  const ContactId call = w.Create("orders", "", "phone");
  const ContactId chat = CreateAlso(w, call, "webchat");
  w.Do(DeclineOffer{"bo", call, w.OfferOf(call), "no"});
  EXPECT_EQ(w.Where(chat), "offered bo") << "a chat is another matter";
  EXPECT_EQ(w.Where(call), "queued");
}

TEST(OnePlace, SurvivesARestart) {
  World w;
  CreateAlso(w, w.Create("orders", "", "phone"), "webchat");
  auto again = Router::Import(w.router.Export());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->Export().contacts, w.router.Export().contacts);
}

TEST(ComingBack, TakesTheOldPlaceAndItsClock) {
  Policy p = DemoPolicy();
  p.queues[1].requirements = {{"orders", Tier::kExpert}};
  p.queues[1].steps = {{minutes(1), {{"orders", Tier::kJunior}}}};
  World w(p);
  const ContactId first = w.Create("orders");
  const auto left = *w.router.FindContact(first);
  w.Wait(seconds(50));
  const ContactId second = w.Create("orders");
  w.Do(EndContact{first, false, "dropped"});
  w.Wait(seconds(20));
  const ContactId back = w.Do(CreateContact{.queue = "orders",
                                            .channel = "webchat",
                                            .returned = CreateContact::ReturnedPlace{first, left.queued_at, left.rank}})
                             .contact;
  EXPECT_EQ(w.router.FindContact(back)->rank, left.rank);
  EXPECT_EQ(w.router.FindContact(back)->step, 1) << "it waited a minute in all";
  EXPECT_EQ(w.All<ContactCreated>().back().returned_from, first);
  w.SignIn("ana");
  EXPECT_EQ(w.Where(back), "offered ana");
  EXPECT_EQ(w.Where(second), "queued");
}

TEST(EarliestDeadline, GoesFirstWithinItsBounds) {
  Policy p = DemoPolicy();
  p.queues[1].order = Order::kEarliestDeadline;
  p.queues[1].value_bound = minutes(2);
  p.queues[1].service_target = seconds(30);
  World w(p);
  const auto come = [&](Duration within) {
    return w.Do(CreateContact{.queue = "orders", .channel = "phone", .deadline = w.now + within}).contact;
  };
  const Instant begin = w.now;
  const ContactId plain = w.Create("orders", "", "phone");
  const ContactId soon = come(seconds(10));
  const ContactId late = come(hours(48));
  EXPECT_EQ(w.router.FindContact(plain)->rank, begin);
  EXPECT_EQ(w.router.FindContact(soon)->rank, begin - seconds(20)) << "due 20 s before the target";
  EXPECT_EQ(w.router.FindContact(late)->rank, begin + minutes(2)) << "two days are no reason to wait for ever";
  EXPECT_EQ(w.router.FindContact(come(seconds(-99)))->rank, begin - seconds(30)) << "too late is as urgent as now";
  // A new deadline counts at once; the head start stays.
  w.Do(UpdateContact{.contact = late, .vip = "gold", .deadline = begin + seconds(5)});
  EXPECT_EQ(w.router.FindContact(late)->rank, begin - seconds(25) - minutes(3));
}

}  // namespace
}  // namespace routerd::core
