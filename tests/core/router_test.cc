// The routing rules, each told as what a contact-centre manager would see.
#include "routerd/core/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

// --- Order ---

TEST(Order, FirstComeIsFirstServed) {
  World w;
  const ContactId first = w.Create("billing");
  w.Wait(seconds(1));
  const ContactId second = w.Create("billing", "", "phone");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(first), "offered ana");
  EXPECT_EQ(w.Where(second), "queued");
}

struct HeadStartCase {
  std::string name;
  std::string vip;
  Duration later;
  bool overtakes;
};
class HeadStart : public testing::TestWithParam<HeadStartCase> {};
TEST_P(HeadStart, DecidesWhoIsServed) {
  World w;
  const ContactId plain = w.Create("billing", "", "phone");
  w.Wait(GetParam().later);
  const ContactId vip = w.Create("billing", GetParam().vip, "phone");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(GetParam().overtakes ? vip : plain), "offered ana");
  EXPECT_EQ(w.Where(GetParam().overtakes ? plain : vip), "queued");
}
INSTANTIATE_TEST_SUITE_P(Vip, HeadStart,
                         testing::Values(HeadStartCase{"GoldWithinItsHeadStartGoesFirst", "gold", seconds(179), true},
                                         HeadStartCase{"GoldAtItsHeadStartDoesNot", "gold", seconds(180), false},
                                         HeadStartCase{"SilverWithinItsHeadStartGoesFirst", "silver", seconds(59),
                                                       true},
                                         HeadStartCase{"SilverTooLateDoesNot", "silver", seconds(61), false},
                                         HeadStartCase{"NoStandingNeverOvertakes", "", seconds(1), false}),
                         [](const auto& info) { return info.param.name; });

TEST(Order, ALaneGoesBeforeAnyRank) {
  World w;
  const ContactId gold = w.Create("billing", "gold", "phone");
  w.Wait(minutes(10));
  const ContactId emergency =
      w.Do(CreateContact{.queue = "billing", .channel = "phone", .requirements = {}, .vip = "", .lane = 1}).contact;
  w.SignIn("ana");
  EXPECT_EQ(w.Where(emergency), "offered ana");
  EXPECT_EQ(w.Where(gold), "queued");
}

TEST(Order, AChangedStandingCountsAtOnceForThoseWhoWait) {
  World w;
  const ContactId first = w.Create("billing", "", "phone");
  w.Wait(seconds(30));
  const ContactId second = w.Create("billing", "", "phone");
  w.Do(UpdateContact{.contact = second, .head_start = {}, .vip = "gold"});
  w.SignIn("ana");
  EXPECT_EQ(w.Where(second), "offered ana");
  EXPECT_EQ(w.Where(first), "queued");
}

// --- Eligibility and the choice of an agent ---

TEST(Eligibility, TheQuestionGoesToWhoHasTheSkill) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  EXPECT_EQ(w.Where(w.Create("billing")), "offered ana");
  EXPECT_EQ(w.Where(w.Create("orders")), "offered bo");
}

TEST(Eligibility, ATierIsALowerBound) {
  Policy policy = DemoPolicy();
  policy.agents.push_back({"cy", {{"billing", Tier::kExpert}}, {}, 100});  // Not on duty.
  World w(policy);
  w.SignIn("ana");
  EXPECT_EQ(w.Where(w.Create("billing", "", "webchat", {{"billing", Tier::kSenior}})), "offered ana");
  EXPECT_EQ(w.Where(w.Create("billing", "", "webchat", {{"billing", Tier::kExpert}})), "queued");
}

TEST(Eligibility, StepsRelaxOnOneClockThatALapseDoesNotRestart) {
  Policy policy = DemoPolicy();
  policy.queues[0].requirements = {{"billing", Tier::kExpert}};
  policy.queues[0].steps = {{seconds(30), {{"billing", Tier::kSenior}}}, {seconds(60), {}}};
  World w(policy);
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Wait(seconds(30) - Duration(1));
  EXPECT_EQ(w.Where(contact), "queued");
  w.Wait(Duration(1));
  EXPECT_EQ(w.Where(contact), "offered ana");
  w.Wait(seconds(20));
  EXPECT_EQ(w.Where(contact), "queued") << "lapsed";
  w.Wait(seconds(25));
  EXPECT_TRUE(w.router.FindContact(contact)->requirements.empty())
      << "a minute after entering the queue, or once a second offer that was open by then has lapsed";
  EXPECT_EQ(w.All<RequirementsRelaxed>().size(), 2u);
}

TEST(Eligibility, WhatTheContactItselfAsksForStaysWhenTheQueueRelaxes) {
  Policy policy = DemoPolicy();
  policy.queues[0].steps = {{seconds(30), {}}};
  World w(policy);
  const ContactId contact = w.Create("billing", "", "webchat", {{"orders", Tier::kSenior}});
  w.Wait(seconds(30));
  ASSERT_EQ(w.router.FindContact(contact)->requirements.size(), 1u);
  EXPECT_EQ(w.router.NameOf(w.router.FindContact(contact)->requirements[0].skill), "orders");
}

TEST(Eligibility, ARestrictedQueueAdmitsOnlyItsAgents) {
  Policy policy = DemoPolicy();
  policy.queues[1].agents = {"ana"};
  World w(policy);
  w.SignIn("bo");
  const ContactId contact = w.Create("orders");
  EXPECT_EQ(w.Where(contact), "queued");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(contact), "offered ana");
}

struct StrategyCase {
  std::string name;
  Strategy strategy;
  std::string chosen;
};
class Choice : public testing::TestWithParam<StrategyCase> {};
// Three who can: `low` idle for a minute with one chat, `high` (EXPERT) idle the longest, `mid` fresh and with nothing.
TEST_P(Choice, FollowsTheStrategy) {
  Policy policy = DemoPolicy();
  for (QueuePolicy& q : policy.queues) q.strategy = GetParam().strategy;
  policy.agents = {{"low", {{"orders", Tier::kJunior}}, {}, 100},
                   {"mid", {{"orders", Tier::kSenior}}, {}, 100},
                   {"high", {{"orders", Tier::kExpert}, {"billing", Tier::kExpert}}, {}, 100}};
  World w(policy);
  w.SignIn("high");
  w.Wait(seconds(10));
  w.SignIn("low");
  w.Wait(seconds(10));
  const ContactId first = w.Create("orders", "", "webchat");
  // Whoever got the first chat by the strategy under test, make sure that it is `low` who holds one.
  const AgentId holder = w.router.FindContact(first)->agent;
  w.Do(EndContact{.contact = first, .by_operator = true, .detail = ""});
  const ContactId busy = w.Create("orders");
  if (w.router.NameOf(w.router.FindContact(busy)->agent) != "low") {
    w.Do(DeclineOffer{std::string(w.router.NameOf(holder)), busy, w.OfferOf(busy), ""});
  }
  ASSERT_EQ(w.Where(busy), "offered low");
  w.Accept("low", busy);
  w.SignIn("mid");
  w.Create("billing");  // Waits for none but `high`: takes it.
  const ContactId contact = w.Create("orders");
  EXPECT_EQ(w.Where(contact), "offered " + GetParam().chosen);
}
INSTANTIATE_TEST_SUITE_P(Strategies, Choice,
                         testing::Values(StrategyCase{"BestFitKeepsExpertsFree", Strategy::kBestFit, "low"},
                                         StrategyCase{"LongestIdle", Strategy::kLongestIdle, "high"},
                                         StrategyCase{"MostSkilled", Strategy::kMostSkilled, "high"},
                                         StrategyCase{"LeastLoaded", Strategy::kLeastLoaded, "mid"},
                                         StrategyCase{"RoundRobin", Strategy::kRoundRobin, "mid"}),
                         [](const auto& info) { return info.param.name; });

TEST(Choice, LeastWantedKeepsFreeWhomOtherWorkNeeds) {
  Policy policy = DemoPolicy();
  policy.queues[1].strategy = Strategy::kLeastWanted;
  policy.agents = {{"both", {{"orders", Tier::kJunior}, {"billing", Tier::kJunior}}, {}, 200},
                   {"orders-only", {{"orders", Tier::kExpert}}, {}, 100}};
  World w(policy);
  w.SignIn("both");
  // Billing work comes all the time and takes a while, so `both` is wanted.
  for (int i = 0; i < 5; ++i) {
    const ContactId billing = w.Create("billing", "", "phone");
    w.Accept("both", billing);
    w.Wait(minutes(3));
    w.Do(CompleteContact{"both", billing, "", ""});
  }
  w.SignIn("orders-only");
  w.Wait(seconds(2));
  EXPECT_EQ(w.Where(w.Create("orders", "", "phone")), "offered orders-only");
}

// --- Capacity ---

TEST(Capacity, IsTakenWhenTheOfferIsMade) {
  World w;
  w.SignIn("ana");
  std::vector<ContactId> contacts;
  for (int i = 0; i < 5; ++i) contacts.push_back(w.Create("billing"));
  EXPECT_EQ(w.Where(contacts[3]), "offered ana");
  EXPECT_EQ(w.Where(contacts[4]), "queued") << "four chats at 25 fill 100";
  EXPECT_EQ(w.router.LoadOf(*w.router.FindAgent("ana")).used, 100);
  w.Do(EndContact{contacts[1], false, "left"});
  EXPECT_EQ(w.Where(contacts[4]), "offered ana");
}

TEST(Capacity, ChannelsHaveAMaximumOfTheirOwn) {
  Policy policy = DemoPolicy();
  policy.agents[0].channels = {{"webchat", 2}};
  World w(policy);
  w.SignIn("ana");
  w.Create("billing");
  w.Create("billing");
  EXPECT_EQ(w.Where(w.Create("billing")), "queued");
  EXPECT_EQ(w.Where(w.Create("billing", "", "phone")), "queued") << "a channel that is not named is not taken";
}

TEST(Capacity, WrapUpHoldsIt) {
  Policy policy = DemoPolicy();
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(30);
  World w(policy);
  w.SignIn("ana");
  const ContactId call = w.Create("billing", "", "phone");
  const ContactId next = w.Create("billing", "", "phone");
  w.Accept("ana", call);
  w.Do(CompleteContact{"ana", call, "solved", ""});
  EXPECT_EQ(w.Where(call), "in wrap-up ana");
  EXPECT_EQ(w.Where(next), "queued");
  w.Wait(seconds(30));
  EXPECT_EQ(w.Where(call), "ended");
  EXPECT_EQ(w.Where(next), "offered ana");
}

TEST(Capacity, SignInMayNarrowButNotWidenIt) {
  World w;
  w.Do(SignIn{.agent = "ana", .presence = Presence::kAvailable, .channels = {{"webchat", 1}}});
  w.Create("billing");
  EXPECT_EQ(w.Where(w.Create("billing")), "queued");
  w.Do(SignIn{.agent = "ana", .presence = Presence::kAvailable, .channels = {{"webchat", 99}}});
  EXPECT_EQ(w.router.agent(*w.router.FindAgent("ana")).count_max[0], 4);
}

// --- Offers ---

TEST(Offer, UnansweredItReturnsToItsPlaceAndGoesToTheNext) {
  World w;
  w.SignIn("bo");
  w.SignIn("ana");
  const ContactId contact = w.Create("orders");
  const Instant rank = w.router.FindContact(contact)->rank;
  ASSERT_EQ(w.Where(contact), "offered bo");
  w.Wait(seconds(20));
  EXPECT_EQ(w.Where(contact), "offered ana");
  EXPECT_EQ(w.router.FindContact(contact)->rank, rank);
  ASSERT_EQ(w.All<OfferClosed>().size(), 1u);
  EXPECT_EQ(w.All<OfferClosed>()[0].outcome, OfferState::kLapsed);
  EXPECT_EQ(w.All<OfferClosed>()[0].missed_count, 1);
}

TEST(Offer, AfterTooManyMissesTheAgentIsAway) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Wait(seconds(20 + 30 + 20));
  EXPECT_EQ(w.Where(contact), "queued");
  EXPECT_EQ(w.router.agent(*w.router.FindAgent("ana")).presence, Presence::kAway);
  EXPECT_EQ(w.router.agent(*w.router.FindAgent("ana")).presence_reason, "missed");
  w.Do(SetPresence{.agent = "ana", .presence = Presence::kAvailable, .reason = ""});
  w.Wait(seconds(30));
  EXPECT_EQ(w.Where(contact), "offered ana");
}

TEST(Offer, AnsweringLateIsAClearErrorNeverADoubleAssignment) {
  World w;
  w.SignIn("bo");
  w.SignIn("ana");
  const ContactId contact = w.Create("orders");
  const OfferId first = w.OfferOf(contact);
  w.Wait(seconds(20));
  EXPECT_EQ(w.Refusal(AcceptOffer{"bo", contact, first}), "OFFER_NOT_OPEN");
  EXPECT_EQ(w.Refusal(AcceptOffer{"bo", contact, w.OfferOf(contact)}), "OFFER_UNKNOWN") << "made to ana";
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", contact, OfferId{99}}), "OFFER_UNKNOWN");
  w.Accept("ana", contact);
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", contact, first}), "OFFER_NOT_OPEN");
  EXPECT_EQ(w.Where(contact), "active ana");
}

TEST(Offer, ACustomerWhoLeavesRevokesItWithoutAMiss) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  const OfferId offer = w.OfferOf(contact);
  w.Do(EndContact{contact, false, "hangup"});
  EXPECT_EQ(w.Where(contact), "ended");
  EXPECT_EQ(w.All<OfferClosed>()[0].outcome, OfferState::kRevoked);
  EXPECT_EQ(w.All<ContactEnded>()[0].reason, EndReason::kAbandoned);
  EXPECT_EQ(w.router.agent(*w.router.FindAgent("ana")).missed_count, 0);
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", contact, offer}), "OFFER_NOT_OPEN");
}

TEST(Offer, GoingAwayTakesItBackAndItGoesToTheNext) {
  World w;
  w.SignIn("bo");
  w.SignIn("ana");
  const ContactId contact = w.Create("orders");
  w.Do(SetPresence{.agent = "bo", .presence = Presence::kAway, .reason = "lunch"});
  EXPECT_EQ(w.Where(contact), "offered ana");
  EXPECT_EQ(w.router.agent(*w.router.FindAgent("bo")).missed_count, 0);
}

// --- Disconnects ---

TEST(Disconnect, AnAgentWhoComesBackInTimeKeepsTheContacts) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Accept("ana", contact);
  w.Do(SetConnected{"ana", false});
  EXPECT_EQ(w.Where(w.Create("billing")), "queued") << "no new offers meanwhile";
  w.Wait(seconds(29));
  w.SignIn("ana");
  w.Wait(minutes(5));
  EXPECT_EQ(w.Where(contact), "active ana");
}

TEST(Disconnect, AfterTheGraceTheContactReturnsAtItsOldRank) {
  World w;
  w.SignIn("bo");
  const ContactId contact = w.Create("orders");
  w.Accept("bo", contact);
  w.Do(SetConnected{"bo", false});
  w.Wait(seconds(10));
  const ContactId later = w.Create("orders", "", "phone");
  w.Wait(seconds(20));
  EXPECT_EQ(w.Where(contact), "queued");
  EXPECT_EQ(w.router.agent(*w.router.FindAgent("bo")).presence, Presence::kOffline);
  w.SignIn("ana");
  EXPECT_EQ(w.Where(contact), "offered ana");
  EXPECT_EQ(w.Where(later), "queued");
}

TEST(Disconnect, ADaemonThatWasDownChargesNobodyWithAMiss) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.now += minutes(10);
  w.router.Handle(Recover{}, w.now, w.events).IgnoreError();
  w.router.Advance(w.now, w.events);
  EXPECT_EQ(w.Where(contact), "offered ana");
  w.SignIn("ana");
  w.Wait(seconds(19));
  w.Accept("ana", contact);
  EXPECT_EQ(w.Where(contact), "active ana");
}

// --- Transfers ---

TEST(Transfer, ToAnAgentWhoIsAskedAlone) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Accept("ana", contact);
  w.SignIn("bo");
  w.Do(TransferContact{.agent = "ana",
                       .contact = contact,
                       .to_agent = "bo",
                       .to_queue = "",
                       .requirements = {},
                       .reason = "orders after all",
                       .summary = "wants a refund"});
  EXPECT_EQ(w.Where(contact), "offered bo") << "though bo has no billing skill: a person chose";
  w.Accept("bo", contact);
  EXPECT_EQ(w.All<ContactTransferred>()[0].summary, "wants a refund");
}

TEST(Transfer, ToAnAgentWhoDoesNotAnswerItGoesToEverybody) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  const ContactId contact = w.Create("orders");
  w.Accept("bo", contact);
  w.Do(TransferContact{.agent = "bo",
                       .contact = contact,
                       .to_agent = "ana",
                       .to_queue = "",
                       .requirements = {},
                       .reason = "",
                       .summary = ""});
  w.Wait(seconds(20));
  EXPECT_EQ(w.Where(contact), "queued") << "ana missed it, bo just passed it on";
  w.Wait(seconds(40));
  EXPECT_NE(w.Where(contact), "queued");
}

TEST(Transfer, ToAQueueKeepsTheRankAndAsksForWhatThatQueueAsks) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  const Instant rank = w.router.FindContact(contact)->rank;
  w.Accept("ana", contact);
  w.SignIn("bo");
  w.Wait(minutes(5));
  w.Do(TransferContact{.agent = "ana",
                       .contact = contact,
                       .to_agent = "",
                       .to_queue = "orders",
                       .requirements = {},
                       .reason = "",
                       .summary = ""});
  EXPECT_EQ(w.Where(contact), "offered bo");
  EXPECT_EQ(w.router.FindContact(contact)->rank, rank);
}

TEST(Transfer, Refusals) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Accept("ana", contact);
  const auto transfer = [&](std::string agent, std::string queue) {
    return TransferContact{.agent = "ana",
                           .contact = contact,
                           .to_agent = std::move(agent),
                           .to_queue = std::move(queue),
                           .requirements = {},
                           .reason = "",
                           .summary = ""};
  };
  EXPECT_EQ(w.Refusal(transfer("bo", "")), "AGENT_OFFLINE");
  EXPECT_EQ(w.Refusal(transfer("ana", "")), "TARGET_IS_SELF");
  EXPECT_EQ(w.Refusal(transfer("", "")), "TARGET_MISSING");
  EXPECT_EQ(w.Refusal(transfer("", "biling")), "QUEUE_UNKNOWN");
  EXPECT_EQ(w.Where(contact), "active ana");
}

TEST(Transfer, ACustomerWhoLeavesAfterHavingBeenServedDidNotAbandon) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Accept("ana", contact);
  w.Do(TransferContact{.agent = "ana",
                       .contact = contact,
                       .to_agent = "",
                       .to_queue = "orders",
                       .requirements = {},
                       .reason = "",
                       .summary = ""});
  w.Do(EndContact{contact, false, "left"});
  EXPECT_EQ(w.All<ContactEnded>()[0].reason, EndReason::kCompleted);
}

// --- Picking and stepping in ---

TEST(Claim, OnlyWhereTheQueueAllowsIt) {
  Policy policy = DemoPolicy();
  policy.queues[0].picking_allowed = true;
  World w(policy);
  const ContactId billing = w.Create("billing");
  const ContactId orders = w.Create("orders");
  w.Do(SignIn{.agent = "ana", .presence = Presence::kAway, .channels = {}});
  EXPECT_EQ(w.Refusal(ClaimContact{"ana", orders}), "PICKING_NOT_ALLOWED");
  EXPECT_EQ(w.Refusal(ClaimContact{"ana", billing}), "NOT_ELIGIBLE") << "away";
  w.Do(SetPresence{.agent = "ana", .presence = Presence::kAvailable, .reason = ""});
  w.Do(DeclineOffer{"ana", billing, w.OfferOf(billing), ""});
  w.Do(ClaimContact{"ana", billing});
  EXPECT_EQ(w.Where(billing), "active ana");
}

TEST(Supervisor, AssignsAWaitingContact) {
  World w;
  w.SignIn("bo");
  const ContactId contact = w.Create("billing");
  EXPECT_EQ(w.Where(contact), "queued");
  w.Do(AssignContact{contact, "bo"});
  EXPECT_EQ(w.Where(contact), "offered bo");
}

TEST(Supervisor, RequeuesAnActiveContact) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  const ContactId contact = w.Create("orders");
  w.Accept("bo", contact);
  w.Do(RequeueContact{contact});
  EXPECT_EQ(w.Where(contact), "offered ana");
}

TEST(Supervisor, EndsAtOnceFromAnyState) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Accept("ana", contact);
  w.Do(EndContact{contact, true, "spam"});
  EXPECT_EQ(w.Where(contact), "ended");
  EXPECT_EQ(w.router.LoadOf(*w.router.FindAgent("ana")).used, 0);
}

TEST(SignOut, IsRefusedWhileContactsAreHeldUnlessForced) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Accept("ana", contact);
  EXPECT_EQ(w.Refusal(SignOut{.agent = "ana"}), "AGENT_BUSY");
  w.Do(SignOut{.agent = "ana", .force = true});
  EXPECT_EQ(w.Where(contact), "queued");
}

// --- Bad input ---

TEST(BadInput, NamesWhatIsWrongAndWhatWouldBeRight) {
  World w;
  const auto refused = w.Try(CreateContact{.queue = "bilingg", .channel = "webchat", .requirements = {}, .vip = ""});
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("did you mean \"billing\"?"));
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "billing", .channel = "fax", .requirements = {}, .vip = ""}),
            "CHANNEL_UNKNOWN");
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "billing", .channel = "phone", .requirements = {}, .vip = "platinum"}),
            "VIP_UNKNOWN");
  EXPECT_EQ(w.Refusal(CreateContact{
                .queue = "billing", .channel = "phone", .requirements = {{"golf", Tier::kJunior}}, .vip = ""}),
            "SKILL_UNKNOWN");
  EXPECT_EQ(w.Refusal(CreateContact{
                .queue = "billing", .channel = "phone", .requirements = {{"billing", Tier{7}}}, .vip = ""}),
            "TIER_OUT_OF_RANGE");
  EXPECT_EQ(w.Refusal(CreateContact{
                .queue = "billing", .channel = "phone", .requirements = {}, .vip = "", .head_start = seconds(-1)}),
            "HEAD_START_OUT_OF_RANGE");
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "billing", .channel = "phone", .requirements = {}, .vip = "", .lane = 10}),
            "LANE_OUT_OF_RANGE");
  EXPECT_EQ(w.Refusal(SignIn{.agent = "anna", .presence = Presence::kAvailable, .channels = {}}), "AGENT_UNKNOWN");
  EXPECT_EQ(w.Refusal(EndContact{ContactId{5}, false, ""}), "CONTACT_UNKNOWN");
}

TEST(Limits, AFullQueueSaysSo) {
  Policy policy = DemoPolicy();
  policy.queues[0].waiting_max = 1;
  World w(policy);
  w.Create("billing");
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "billing", .channel = "phone", .requirements = {}, .vip = ""}),
            "QUEUE_FULL");
}

// --- A changed policy ---

TEST(Policy, AChangeKeepsTheLineAndServesWhomItNowMay) {
  World w;
  const ContactId contact = w.Create("billing");
  w.SignIn("bo");
  Policy changed = DemoPolicy();
  changed.agents[1].skills.push_back({"billing", Tier::kJunior});
  w.Load(changed);
  EXPECT_EQ(w.Where(contact), "offered bo");
}

TEST(Policy, AnAgentWhoIsNoLongerNamedLeavesAndTheContactsGoOn) {
  World w;
  w.SignIn("bo");
  w.SignIn("ana");
  const ContactId contact = w.Create("orders");
  w.Accept("bo", contact);
  Policy changed = DemoPolicy();
  changed.agents.pop_back();
  w.Load(changed);
  EXPECT_EQ(w.Where(contact), "offered ana");
}

// --- Replay ---

TEST(Replay, GivesTheSameStateAndASnapshotGoesOnAlike) {
  World w;
  w.SignIn("ana");
  w.SignIn("bo");
  for (int i = 0; i < 30; ++i) {
    const ContactId c = w.Create(i % 3 ? "orders" : "billing", i % 4 ? "" : "gold", i % 2 ? "webchat" : "phone");
    w.Wait(seconds(7));
    const auto data = w.router.FindContact(c);
    if (data && data->state == ContactState::kOffered) w.Accept(std::string(w.router.NameOf(data->agent)), c);
    w.Wait(seconds(5));
    if (i % 5 == 0) w.Do(EndContact{c, false, "left"});
  }
  Router replayed;
  for (const Event& e : w.events) replayed.Apply(e);
  ExpectSame(replayed.Export(), w.router.Export());
  auto imported = Router::Import(w.router.Export());
  ASSERT_TRUE(imported.ok()) << imported.status();
  ExpectSame(imported->Export(), w.router.Export());
  std::vector<Event> live, copy;
  w.router.Advance(w.now + hours(1), live);
  imported->Advance(w.now + hours(1), copy);
  ExpectSame(imported->Export(), w.router.Export());
  EXPECT_EQ(live.size(), copy.size());
}

}  // namespace
}  // namespace routerd::core
