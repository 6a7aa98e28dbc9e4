// Hours, limits and what they make of a contact; callbacks and contacts that are put off.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

using Kind = OverflowAction::Kind;
using When = OverflowRule::When;

OverflowAction ToQueue(const std::string& queue) { return {.kind = Kind::kQueue, .queue = queue}; }
OverflowAction Tell(const std::string& message) { return {.kind = Kind::kMessage, .message = message}; }
OverflowAction Do(Kind kind) { return {.kind = kind}; }

// Billing with one rule; nobody is signed in.
World WithRule(OverflowRule rule) {
  Policy policy = DemoPolicy();
  policy.queues[0].overflow = {std::move(rule)};
  return World(std::move(policy));
}

// A day that begins at 09:00 and ends at 17:00, every day, in UTC. The clock stands at `time` of a day.
World WithHours(Duration time, Policy policy = DemoPolicy()) {
  Calendar calendar;
  calendar.name = "day";
  calendar.week.assign(7, {{hours(9), hours(17)}});
  policy.calendars = {calendar};
  policy.queues[0].calendar = "day";
  World world(std::move(policy));
  world.now = std::chrono::floor<std::chrono::days>(world.now) + std::chrono::days(1) + time;
  return world;
}

std::string QueueOf(const World& w, ContactId contact) {
  return std::string(w.router.NameOf(w.router.FindContact(contact)->queue));
}
EndReason ReasonOf(const World& w) { return w.All<ContactEnded>().back().reason; }

TEST(Overflow, TheNextOneGoesElsewhereWhenManyWait) {
  World w = WithRule({.when = When::kWaitingAbove, .count = 1, .action = ToQueue("orders")});
  w.Create("billing");
  w.Create("billing");
  const ContactId third = w.Create("billing");
  EXPECT_EQ(QueueOf(w, third), "orders");
  EXPECT_EQ(w.All<ContactOverflowed>().back().rule, "more than 1 waiting");
}

TEST(Overflow, MovingKeepsRankAndStartsTheClockOfTheNewQueue) {
  World w = WithRule({.when = When::kWaited, .time = minutes(5), .action = ToQueue("orders")});
  const ContactId c = w.Create("billing", "gold");
  const Instant rank = w.router.FindContact(c)->rank;
  w.Wait(minutes(5) - milliseconds(1));
  EXPECT_EQ(QueueOf(w, c), "billing");
  w.Wait(milliseconds(1));
  EXPECT_EQ(QueueOf(w, c), "orders");
  EXPECT_EQ(w.router.FindContact(c)->rank, rank);
  EXPECT_EQ(w.router.FindContact(c)->queued_at, w.now);
  w.SignIn("bo");
  EXPECT_EQ(w.Where(c), "offered bo");
}

TEST(Overflow, WhatTheContactItselfAsksForGoesAlong) {
  Policy policy = DemoPolicy();
  policy.skills.push_back("english");
  policy.queues[0].overflow = {{.when = When::kWaited, .time = minutes(1), .action = ToQueue("orders")}};
  World w(policy);
  const ContactId c = w.Create("billing", "", "webchat", {{"english", Tier::kSenior}});
  w.Wait(minutes(1));
  const Skills asked = w.router.FindContact(c)->requirements;
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(w.router.NameOf(asked[0].skill), "orders");
  EXPECT_EQ(w.router.NameOf(asked[1].skill), "english");
}

TEST(Overflow, AQueueThatIsFullIsNotGoneToAndTheNextRuleIsLookedAt) {
  Policy policy = DemoPolicy();
  policy.queues[1].waiting_max = 1;
  policy.queues[0].overflow = {{.when = When::kUnstaffed, .action = ToQueue("orders")},
                               {.when = When::kUnstaffed, .action = Tell("Nobody is here yet.")}};
  World w(policy);
  w.Create("orders");
  const ContactId c = w.Create("billing");
  EXPECT_EQ(QueueOf(w, c), "billing");
  const auto acted = w.All<ContactOverflowed>();
  ASSERT_EQ(acted.size(), 2u);
  EXPECT_EQ(acted[0].rule, "unstaffed, but queue orders is full");
  EXPECT_EQ(acted[1].message, "Nobody is here yet.");
}

TEST(Overflow, EachRuleActsOnceHoweverOftenItHolds) {
  World w = WithRule(
      {.when = When::kWaited, .time = minutes(1), .action = {.kind = Kind::kHeadStart, .head_start = minutes(3)}});
  const ContactId c = w.Create("billing");
  const Instant rank = w.router.FindContact(c)->rank;
  w.Wait(hours(1));
  EXPECT_EQ(w.router.FindContact(c)->rank, rank - minutes(3));
  EXPECT_EQ(w.All<ContactOverflowed>().size(), 1u);
}

TEST(Overflow, LessCanBeAskedFor) {
  Policy policy = DemoPolicy();
  policy.queues[0].requirements = {{"billing", Tier::kExpert}};
  policy.queues[0].overflow = {{.when = When::kWaited,
                                .time = minutes(1),
                                .action = {.kind = Kind::kRequirements, .requirements = {{"billing", Tier::kSenior}}}}};
  World w(policy);
  w.SignIn("ana");
  const ContactId c = w.Create("billing");
  EXPECT_EQ(w.Where(c), "queued");
  w.Wait(minutes(1));
  EXPECT_EQ(w.Where(c), "offered ana");
}

TEST(Overflow, WhoIsSentAwayBeforeEnteringIsRejectedAndLaterOverflowed) {
  World at_once = WithRule({.when = When::kUnstaffed, .action = Do(Kind::kEnd)});
  at_once.Create("billing");
  EXPECT_EQ(ReasonOf(at_once), EndReason::kRejected);
  World later = WithRule({.when = When::kWaited, .time = minutes(5), .action = Do(Kind::kEnd)});
  later.Create("billing");
  later.Wait(minutes(5));
  EXPECT_EQ(ReasonOf(later), EndReason::kOverflowed);
}

TEST(Overflow, TheLastAgentWhoLeavesLeavesNobodyStranded) {
  World w = WithRule({.when = When::kUnstaffed, .action = ToQueue("orders")});
  w.SignIn("ana");
  w.Do(SetPresence{"ana", Presence::kAway, "lunch", "agent"});
  const ContactId c = w.Create("billing");
  EXPECT_EQ(QueueOf(w, c), "billing") << "an agent at lunch comes back";
  w.Do(SignOut{"ana", true, "agent"});
  EXPECT_EQ(QueueOf(w, c), "orders");
}

TEST(Overflow, ALongExpectedWaitSendsTheNewcomerOn) {
  World w = WithRule({.when = When::kExpectedWaitAbove, .time = minutes(2), .action = ToQueue("orders")});
  w.SignIn("ana");
  const ContactId first = w.Create("billing", "", "phone");
  w.Accept("ana", first);
  const ContactId second = w.Create("billing", "", "phone");
  EXPECT_EQ(QueueOf(w, second), "orders") << "an unknown kind of work is taken to last three minutes";
}

TEST(Overflow, AnExpectedWaitIsThatOfThePlaceNotOfTheKindAlone) {
  Policy policy = DemoPolicy();
  policy.queues[0].order = Order::kRank;
  for (const char* name : {"filler", "urgent"}) {
    policy.queues.push_back(policy.queues[0]);
    policy.queues.back().name = name;
  }
  policy.queues[3].head_start = hours(1);
  for (const size_t queue : {size_t{0}, size_t{3}}) {
    policy.queues[queue].overflow = {
        {.when = When::kExpectedWaitAbove, .time = minutes(20), .action = ToQueue("orders")}};
  }
  World w(policy);
  w.SignIn("ana");
  w.Accept("ana", w.Create("filler", "", "phone"));
  for (int i = 0; i < 40; ++i) w.Create("filler", "", "phone");
  EXPECT_EQ(QueueOf(w, w.Create("billing", "", "phone")), "orders") << "two hours of calls stand before it";
  EXPECT_EQ(QueueOf(w, w.Create("urgent", "", "phone")), "urgent") << "asks for the same, but stands first";
  const ContactId own =
      w.Do(CreateContact{.queue = "billing", .channel = "phone", .requirements = {}, .vip = "", .head_start = hours(2)})
          .contact;
  EXPECT_EQ(QueueOf(w, own), "billing") << "so does one with a head start of its own";
}

TEST(Overflow, CirclesOfQueuesEnd) {
  Policy policy = DemoPolicy();
  policy.queues[0].overflow = {{.when = When::kUnstaffed, .action = ToQueue("orders")}};
  policy.queues[1].overflow = {{.when = When::kUnstaffed, .action = ToQueue("billing")}};
  World w(policy);
  const ContactId c = w.Create("billing");
  w.Wait(hours(1));
  EXPECT_EQ(w.Where(c), "queued");
}

TEST(Overflow, WaitMaxEndsTheWaitAsExpired) {
  Policy policy = DemoPolicy();
  policy.queues[0].wait_max = minutes(30);
  World w(policy);
  const ContactId c = w.Create("billing");
  w.Wait(minutes(30) - milliseconds(1));
  EXPECT_EQ(w.Where(c), "queued");
  w.Wait(milliseconds(1));
  EXPECT_EQ(w.Where(c), "ended");
  EXPECT_EQ(ReasonOf(w), EndReason::kExpired);
}

TEST(Overflow, WhoWasServedIsNotSentAwayByTheClockWhenTheAgentIsLost) {
  Policy policy = DemoPolicy();
  policy.queues[0].wait_max = minutes(10);
  World w(policy);
  w.SignIn("ana");
  const ContactId c = w.Create("billing");
  w.Accept("ana", c);
  w.Wait(minutes(20));
  w.Do(SetConnected{"ana", false});
  w.Wait(hours(1));
  EXPECT_EQ(w.Where(c), "queued");
}

TEST(Overflow, TransfersGetInBeyondTheLimitByTheHeadroom) {
  Policy policy = DemoPolicy();
  policy.queues[0].waiting_max = 2;
  policy.queues[0].transfer_headroom_percent = 50;
  policy.queues[0].requirements = {{"billing", Tier::kExpert}};
  World w(policy);
  w.SignIn("bo");
  w.Create("billing");
  w.Create("billing");
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "billing", .channel = "webchat", .requirements = {}, .vip = ""}),
            "QUEUE_FULL");
  const auto transfer = [&](ContactId c) { return TransferContact{"bo", c, "", "billing", {}, "", ""}; };
  const ContactId one = w.Create("orders"), two = w.Create("orders");
  w.Accept("bo", one);
  w.Accept("bo", two);
  w.Do(transfer(one));
  EXPECT_EQ(w.Refusal(transfer(two)), "QUEUE_FULL");
  EXPECT_EQ(w.Where(two), "active bo");
}

// --- Hours ---

TEST(Hours, WhoComesWhileItIsClosedWaitsOutsideTheLineForTheOpening) {
  World w = WithHours(hours(7));
  w.SignIn("ana");
  const ContactId c = w.Create("billing");
  EXPECT_EQ(w.Where(c), "scheduled");
  EXPECT_EQ(w.router.waiting_count(), 0u);
  w.Wait(hours(2) - milliseconds(1));
  EXPECT_EQ(w.Where(c), "scheduled");
  w.Wait(milliseconds(1));
  EXPECT_EQ(w.Where(c), "offered ana");
  EXPECT_EQ(w.router.FindContact(c)->queued_at, w.now) << "its wait counts from the opening";
}

TEST(Hours, ThePlaceFromBeforeTheOpeningIsKept) {
  World w = WithHours(hours(8));
  const ContactId early = w.Create("billing", "", "phone");
  w.Wait(hours(1));
  const ContactId gold = w.Create("billing", "gold", "phone");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(early), "offered ana");
  EXPECT_EQ(w.Where(gold), "queued");
}

TEST(Hours, WhoStandsInLineAtClosingTimeIsServedOut) {
  World w = WithHours(hours(17) - minutes(1));
  const ContactId c = w.Create("billing");
  w.Wait(minutes(2));
  EXPECT_EQ(w.Where(c), "queued");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(c), "offered ana");
}

TEST(Hours, AClosingRuleActsWhenTheQueueCloses) {
  Policy policy = DemoPolicy();
  policy.queues[0].overflow = {{.when = When::kClosing, .action = ToQueue("orders")}};
  World w = WithHours(hours(17) - minutes(1), policy);
  const ContactId c = w.Create("billing");
  EXPECT_EQ(QueueOf(w, c), "billing");
  w.Wait(minutes(1));
  EXPECT_EQ(QueueOf(w, c), "orders");
}

TEST(Hours, AClosingRuleIsHonestToWhoWouldNotBeReached) {
  Policy policy = DemoPolicy();
  policy.queues[0].overflow = {{.when = When::kClosing, .action = Do(Kind::kEnd)}};
  World w = WithHours(hours(17) - minutes(2), policy);
  w.SignIn("ana");
  w.Accept("ana", w.Create("billing", "", "phone"));
  w.Create("billing", "", "phone");
  EXPECT_EQ(ReasonOf(w), EndReason::kRejected);
}

TEST(Hours, WhatIsDoneWhileClosedIsConfigured) {
  Policy policy = DemoPolicy();
  policy.queues[0].when_closed = ToQueue("orders");
  World elsewhere = WithHours(hours(7), policy);
  EXPECT_EQ(QueueOf(elsewhere, elsewhere.Create("billing")), "orders");

  policy.queues[0].when_closed = Do(Kind::kEnd);
  World away = WithHours(hours(7), policy);
  away.Create("billing");
  EXPECT_EQ(ReasonOf(away), EndReason::kRejected);

  policy.queues[0].when_closed = Tell("We open at nine.");
  World told = WithHours(hours(7), policy);
  EXPECT_EQ(told.Where(told.Create("billing")), "scheduled");
  EXPECT_EQ(told.All<ContactOverflowed>().back().message, "We open at nine.");

  policy.queues[0].when_closed = Do(Kind::kCallback);
  World called = WithHours(hours(7), policy);
  EXPECT_TRUE(called.router.FindContact(called.Create("billing"))->callback);
}

TEST(Hours, OneWhoIsNotInLineTakesNoRoomInIt) {
  Policy policy = DemoPolicy();
  policy.queues[0].waiting_max = 1;
  World w = WithHours(hours(7), policy);
  w.Create("billing");
  w.Create("billing");
  w.Wait(hours(2));
  EXPECT_EQ(w.router.waiting_count(), 2u) << "the place was promised";
}

// --- Put off ---

TEST(Scheduled, ComesIntoTheLineAtItsTimeAtTheRankOfItsCreation) {
  World w;
  const Instant created = w.now;
  const ContactId c =
      w
          .Do(CreateContact{
              .queue = "billing", .channel = "webchat", .requirements = {}, .vip = "", .schedule_at = w.now + hours(2)})
          .contact;
  w.SignIn("ana");
  EXPECT_EQ(w.Where(c), "scheduled");
  w.Wait(hours(2));
  EXPECT_EQ(w.Where(c), "offered ana");
  EXPECT_EQ(w.router.FindContact(c)->rank, created);
}

TEST(Scheduled, OnlyWithinNinetyDays) {
  World w;
  CreateContact create{.queue = "billing", .channel = "webchat", .requirements = {}, .vip = "", .schedule_at = w.now};
  EXPECT_EQ(w.Refusal(create), "SCHEDULE_OUT_OF_RANGE");
  create.schedule_at = w.now + hours(24 * 90) + milliseconds(1);
  EXPECT_EQ(w.Refusal(create), "SCHEDULE_OUT_OF_RANGE");
}

TEST(Scheduled, ComesBackToTheAgentWhoPutItOff) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  const ContactId c = w.Create("orders");
  w.Accept("bo", c);
  w.Do(ScheduleContact{"bo", c, w.now + hours(3), "wants the invoice first"});
  EXPECT_EQ(w.Where(c), "scheduled");
  EXPECT_EQ(w.router.LoadOf(*w.router.FindAgent("bo")).used, 0);
  w.Wait(hours(3));
  EXPECT_EQ(w.Where(c), "offered bo");
  EXPECT_EQ(w.All<OfferMade>().back().rule, OfferRule::kReserved);
}

TEST(Scheduled, GoesToAnybodyWhenThatAgentIsGone) {
  World w;
  w.SignIn("bo");
  const ContactId c = w.Create("orders");
  w.Accept("bo", c);
  w.Do(ScheduleContact{"bo", c, w.now + hours(3), ""});
  w.Do(SignOut{"bo", true, "agent"});
  w.SignIn("ana");
  w.Wait(hours(3));
  EXPECT_EQ(w.Where(c), "offered ana");
}

Policy WithCallbacks() {
  Policy policy = DemoPolicy();
  policy.queues[0].callback = {.allowed = true, .attempts_max = 2, .retry_after = minutes(10)};
  policy.queues[0].wait_max = minutes(30);
  return policy;
}

TEST(Callback, KeepsItsPlaceInLineAndIsNotSentAwayByTheClock) {
  World w(WithCallbacks());
  const ContactId first = w.Create("billing", "", "phone");
  w.Do(RequestCallback{first});
  const ContactId second = w.Create("billing", "gold", "phone");
  w.Wait(minutes(40));
  EXPECT_EQ(w.Where(first), "queued");
  EXPECT_EQ(w.Where(second), "ended");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(first), "offered ana");
  EXPECT_TRUE(w.router.FindContact(first)->callback);
}

TEST(Callback, IsAskedForOnlyWhereItIsAllowedAndBySomebodyWhoWaits) {
  World w(WithCallbacks());
  EXPECT_EQ(w.Refusal(RequestCallback{w.Create("orders")}), "CALLBACK_NOT_ALLOWED");
  w.SignIn("ana");
  EXPECT_EQ(w.Refusal(RequestCallback{w.Create("billing")}), "CONTACT_NOT_WAITING");
}

TEST(Callback, AtATimeComesThenAndBeforeThoseWhoCameLater) {
  World w(WithCallbacks());
  const ContactId c = w.Create("billing", "", "phone");
  w.Do(RequestCallback{c, w.now + minutes(20)});
  EXPECT_EQ(w.Where(c), "scheduled");
  w.Wait(minutes(1));
  const ContactId later = w.Create("billing", "", "phone");
  w.Wait(minutes(19));
  w.SignIn("ana");
  EXPECT_EQ(w.Where(c), "offered ana");
  EXPECT_EQ(w.Where(later), "queued");
}

TEST(Callback, WhoIsNotReachedIsTriedAgainAndInTheEndExpires) {
  World w(WithCallbacks());
  const ContactId c = w.Create("billing", "", "phone");
  w.Do(RequestCallback{c});
  w.SignIn("ana");
  w.Accept("ana", c);
  w.Do(CallbackFailed{"ana", c});
  EXPECT_EQ(w.Where(c), "scheduled");
  w.Wait(minutes(10));
  w.Accept("ana", c);
  w.Do(CallbackFailed{"ana", c});
  EXPECT_EQ(w.Where(c), "ended");
  EXPECT_EQ(ReasonOf(w), EndReason::kExpired);
  EXPECT_EQ(w.All<ContactEnded>().back().detail, "not_reached");
}

TEST(Callback, IsNoneAnyMoreOnceTheCustomerWasPassedOn) {
  World w(WithCallbacks());
  const ContactId c = w.Create("billing", "", "phone");
  w.Do(RequestCallback{c});
  w.SignIn("ana");
  w.Accept("ana", c);
  w.Do(TransferContact{"ana", c, "", "orders", {}, "", ""});
  EXPECT_FALSE(w.router.FindContact(c)->callback);
}

TEST(Callback, InAClosedQueueIsPutOffToTheOpening) {
  World w = WithHours(hours(16), WithCallbacks());
  const ContactId c = w.Create("billing", "", "phone");
  w.Do(RequestCallback{c, w.now + hours(4)});
  EXPECT_EQ(w.router.FindContact(c)->schedule_at, w.now + hours(17));
}

TEST(Callback, WishIsTakenBackByEndingTheContact) {
  World w(WithCallbacks());
  const ContactId c = w.Create("billing");
  w.Do(RequestCallback{c, w.now + hours(1)});
  w.Do(EndContact{c, false, "changed my mind"});
  EXPECT_EQ(w.Where(c), "ended");
  EXPECT_EQ(w.router.NextDeadline(), kNever);
}

// --- What joining would mean ---

TEST(Admission, SaysWhatJoiningNowWouldMean) {
  Policy policy = DemoPolicy();
  policy.queues[0].waiting_max = 2;
  World w = WithHours(hours(8), policy);
  const QueueId billing = *w.router.FindQueue("billing");
  const ChannelId phone = *w.router.FindChannel("phone");
  const auto ask = [&](VipId vip = kNoVip) { return w.router.AdmissionTo(billing, phone, vip, w.now); };
  EXPECT_EQ(ask().advice, Router::Advice::kClosed);
  EXPECT_EQ(ask().open_at, w.now + hours(1));
  w.SignIn("ana");
  EXPECT_GT(*ask().estimate.p50, hours(1)) << "waits for the opening first";
  w.Do(SignOut{.agent = "ana"});
  w.Wait(hours(1));
  EXPECT_EQ(ask().advice, Router::Advice::kUnstaffed);
  EXPECT_EQ(ask().close_at, w.now + hours(8));
  EXPECT_EQ(ask().open_at, w.now + hours(24));
  w.SignIn("ana");
  EXPECT_EQ(ask().advice, Router::Advice::kJoin);
  w.Accept("ana", w.Create("billing", "", "phone"));
  w.Wait(hours(8) - minutes(1));
  EXPECT_EQ(ask().advice, Router::Advice::kNotToday);
  w.Create("billing", "", "phone");
  w.Create("billing", "", "phone");
  EXPECT_EQ(ask().advice, Router::Advice::kFull);
  EXPECT_EQ(ask().estimate.place, 3);
  EXPECT_EQ(ask(*w.router.FindVip("gold")).estimate.place, 1) << "would stand before them";
}

TEST(Overflow, AllOfItSurvivesASnapshot) {
  World w = WithHours(hours(16), WithCallbacks());
  const ContactId c = w.Create("billing");
  w.Do(RequestCallback{c, w.now + hours(4)});
  const RouterState state = w.router.Export();
  auto copy = Router::Import(state);
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(copy->FindContact(c), w.router.FindContact(c));
  EXPECT_EQ(copy->NextDeadline(), w.router.NextDeadline());
}

}  // namespace
}  // namespace routerd::core
