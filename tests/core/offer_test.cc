// What may become of an offer, whose doing it was, and what follows for the agent and the contact.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

AgentId Id(const World& w, const std::string& agent) { return *w.router.FindAgent(agent); }
const AgentData& Data(const World& w, const std::string& agent) { return w.router.agent(Id(w, agent)); }
OfferClosed LastClosed(const World& w) { return w.All<OfferClosed>().back(); }

// A contact that Bo has been offered and Ana could take as well.
struct Offered {
  explicit Offered(Policy policy = DemoPolicy()) : w(std::move(policy)) {
    w.SignIn("bo");
    contact = w.Create("orders");
    EXPECT_EQ(w.Where(contact), "offered bo");
    w.SignIn("ana");
  }
  World w;
  ContactId contact;
};

// --- Outcomes ---

struct OutcomeCase {
  std::string name;
  std::function<void(World&, ContactId)> happens;
  OfferCause cause;
  OfferState outcome;
};
class Outcome : public testing::TestWithParam<OutcomeCase> {};
TEST_P(Outcome, SaysWhoseDoingItWas) {
  Offered o;
  GetParam().happens(o.w, o.contact);
  EXPECT_EQ(LastClosed(o.w).cause, GetParam().cause);
  EXPECT_EQ(LastClosed(o.w).outcome, GetParam().outcome);
  const AgentData& bo = Data(o.w, "bo");
  EXPECT_EQ(bo.lapsed_count, GetParam().cause == OfferCause::kNoAnswer);
  EXPECT_EQ(bo.missed_count, GetParam().cause == OfferCause::kNoAnswer);
  EXPECT_EQ(bo.declined_count, GetParam().cause == OfferCause::kDeclined);
  EXPECT_EQ(bo.revoked_count,
            GetParam().cause == OfferCause::kCustomerGone || GetParam().cause == OfferCause::kSupervisor);
}
INSTANTIATE_TEST_SUITE_P(
    Offer, Outcome,
    testing::Values(OutcomeCase{"NoAnswer", [](World& w, ContactId) { w.Wait(seconds(20)); }, OfferCause::kNoAnswer,
                                OfferState::kLapsed},
                    OutcomeCase{"Declined",
                                [](World& w, ContactId c) {
                                  w.Do(DeclineOffer{"bo", c, w.OfferOf(c), "busy"});
                                },
                                OfferCause::kDeclined, OfferState::kDeclined},
                    OutcomeCase{"TheDeviceCannotBeReached",
                                [](World& w, ContactId c) {
                                  w.Do(DeclineOffer{"bo", c, w.OfferOf(c), "486", /*unreachable=*/true});
                                },
                                OfferCause::kUnreachable, OfferState::kRevoked},
                    OutcomeCase{"TheAgentWentAway",
                                [](World& w, ContactId) {
                                  w.Do(SetPresence{.agent = "bo", .presence = Presence::kAway, .reason = "lunch"});
                                },
                                OfferCause::kAgentGone, OfferState::kRevoked},
                    OutcomeCase{"TheAgentLostItsConnection",
                                [](World& w, ContactId) {
                                  w.Do(SetConnected{"bo", false});
                                  w.Wait(seconds(20));
                                },
                                OfferCause::kAgentGone, OfferState::kRevoked},
                    OutcomeCase{"TheCustomerLeft",
                                [](World& w, ContactId c) {
                                  w.Do(EndContact{c, false, "hangup"});
                                },
                                OfferCause::kCustomerGone, OfferState::kRevoked},
                    OutcomeCase{"ASupervisorSteppedIn", [](World& w, ContactId c) { w.Do(RequeueContact{c}); },
                                OfferCause::kSupervisor, OfferState::kRevoked}),
    [](const auto& info) { return info.param.name; });

TEST(Outcome, EachHasABackOffOfItsOwn) {
  Policy policy = DemoPolicy();
  policy.queues[1].miss_back_off = seconds(31);
  policy.queues[1].decline_back_off = seconds(62);
  policy.queues[1].unreachable_back_off = seconds(11);
  policy.queues[1].lost_back_off = seconds(7);
  const auto back_off = [&](const std::function<void(World&, ContactId)>& happens) {
    Offered o(policy);
    happens(o.w, o.contact);
    return LastClosed(o.w).back_off_until - o.w.now;
  };
  EXPECT_EQ(back_off([](World& w, ContactId) { w.Wait(seconds(20)); }), seconds(31));
  EXPECT_EQ(back_off([](World& w, ContactId c) { w.Do(DeclineOffer{"bo", c, w.OfferOf(c), ""}); }), seconds(62));
  EXPECT_EQ(back_off([](World& w, ContactId c) {
              w.Do(DeclineOffer{"bo", c, w.OfferOf(c), "486", true});
            }),
            seconds(11));
  EXPECT_EQ(back_off([](World& w, ContactId) {
              w.Do(SetConnected{"bo", false});
              w.Wait(seconds(20));
            }),
            seconds(7));
}

TEST(Outcome, AnAgentWhoseCustomerLeftMayRestForAMoment) {
  Policy policy = DemoPolicy();
  policy.queues[0].abandon_back_off = seconds(4);
  World w(policy);
  w.SignIn("ana");
  w.Do(EndContact{w.Create("billing"), false, "hangup"});
  ASSERT_EQ(w.All<AgentRested>().size(), 1u);
  const ContactId next = w.Create("billing");
  EXPECT_EQ(w.Where(next), "queued");
  const Explanation e = w.router.Explain(next, w.now, 1);
  EXPECT_STREQ(e.agents[0].failed.at(0).test, "REST");
  EXPECT_EQ(e.agents[0].failed.at(0).opens_at, w.now + seconds(4));
  w.Wait(seconds(4) - Duration(1));
  EXPECT_EQ(w.Where(next), "queued");
  w.Wait(Duration(1));
  EXPECT_EQ(w.Where(next), "offered ana");
}

// --- Who is left alone, and for how long ---

TEST(BackOff, CountsWhileSomebodyElseMayComeToTakeIt) {
  Offered o;
  o.w.Accept("ana", o.w.Create("billing", "", "phone"));  // Fills Ana: she may take it later.
  o.w.Do(DeclineOffer{"bo", o.contact, o.w.OfferOf(o.contact), "not mine"});
  o.w.Wait(seconds(59));
  EXPECT_EQ(o.w.Where(o.contact), "queued");
  o.w.Wait(seconds(1));
  EXPECT_EQ(o.w.Where(o.contact), "offered bo");
}

TEST(BackOff, IsIgnoredAfterAMomentWhenNobodyElseIsThere) {
  World w;
  w.SignIn("bo");
  const ContactId contact = w.Create("orders");
  w.Do(DeclineOffer{"bo", contact, w.OfferOf(contact), "not mine"});
  EXPECT_EQ(w.Where(contact), "queued") << "asked again at once, it would be declined without end";
  const Explanation e = w.router.Explain(contact, w.now, 10);
  ASSERT_EQ(w.router.NameOf(e.agents[1].agent), "bo");
  EXPECT_EQ(e.agents[1].failed.at(0).text,
            "missed, declined or passed it on a moment ago; asked again, as nobody else on duty may take it");
  EXPECT_EQ(e.agents[1].failed.at(0).opens_at, w.now + seconds(5));
  w.Wait(seconds(5) - Duration(1));
  EXPECT_EQ(w.Where(contact), "queued");
  w.Wait(Duration(1));
  EXPECT_EQ(w.Where(contact), "offered bo");
  EXPECT_EQ(w.All<OfferMade>().back().rule, OfferRule::kAskedAgain);
}

TEST(BackOff, IsIgnoredOnceTheLastOtherAgentLeaves) {
  Offered o;
  o.w.Accept("ana", o.w.Create("billing", "", "phone"));
  o.w.Do(DeclineOffer{"bo", o.contact, o.w.OfferOf(o.contact), "not mine"});
  o.w.Wait(seconds(10));
  EXPECT_EQ(o.w.Where(o.contact), "queued");
  o.w.Do(SetPresence{.agent = "ana", .presence = Presence::kAway, .reason = "lunch"});
  EXPECT_EQ(o.w.Where(o.contact), "offered bo");
}

TEST(BackOff, WhoDoesNotTakeTheChannelIsNobodyToWaitFor) {
  Policy policy = DemoPolicy();
  policy.agents[0].channels = {{"phone", 1}};
  Offered o(policy);
  o.w.Do(DeclineOffer{"bo", o.contact, o.w.OfferOf(o.contact), "not mine"});
  o.w.Wait(seconds(5));
  EXPECT_EQ(o.w.Where(o.contact), "offered bo");
}

TEST(BackOff, ThatIsShorterThanTheMomentEndsAsItSays) {
  Policy policy = DemoPolicy();
  policy.queues[1].decline_back_off = seconds(2);
  Offered o(policy);
  o.w.Do(SignOut{.agent = "ana", .force = true});
  o.w.Do(DeclineOffer{"bo", o.contact, o.w.OfferOf(o.contact), "not mine"});
  o.w.Wait(seconds(2));
  EXPECT_EQ(o.w.Where(o.contact), "offered bo");
}

// --- Misses in a row ---

struct MissedCase {
  std::string name;
  MissedAction action;
  Presence then;
};
class Missed : public testing::TestWithParam<MissedCase> {};
TEST_P(Missed, TooOftenBringsTheConfiguredAction) {
  Policy policy = DemoPolicy();
  policy.queues[0].missed_action = GetParam().action;
  World w(policy);
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Wait(seconds(20 + 5 + 20));
  EXPECT_EQ(w.Where(contact), "queued");
  EXPECT_EQ(Data(w, "ana").presence, GetParam().then);
}
INSTANTIATE_TEST_SUITE_P(Offer, Missed,
                         testing::Values(MissedCase{"Away", MissedAction::kAway, Presence::kAway},
                                         MissedCase{"SignedOut", MissedAction::kSignOut, Presence::kOffline},
                                         MissedCase{"Nothing", MissedAction::kNothing, Presence::kAvailable}),
                         [](const auto& info) { return info.param.name; });

TEST(Missed, AnAcceptanceForgetsThem) {
  World w;
  w.SignIn("ana");
  const ContactId contact = w.Create("billing");
  w.Wait(seconds(25));
  w.Accept("ana", contact);
  EXPECT_EQ(Data(w, "ana").missed_count, 0);
  EXPECT_EQ(Data(w, "ana").lapsed_count, 1) << "the counter of the day stays";
  EXPECT_EQ(Data(w, "ana").accepted_count, 1);
}

// --- Several at once ---

Policy Parallel(int offer_count) {
  Policy policy = DemoPolicy();
  policy.queues[1].offer_count = offer_count;
  policy.agents.push_back({"cy", {{"orders", Tier::kJunior}}, {}, 100});
  return policy;
}
struct Round {
  explicit Round(int offer_count = 2) : w(Parallel(offer_count)) {
    for (const char* agent : {"bo", "ana", "cy"}) w.SignIn(agent);
    contact = w.Create("orders");
    for (const OfferMade& e : w.All<OfferMade>()) offers[std::string(w.router.NameOf(e.agent))] = e.offer;
  }
  int Used(const std::string& agent) const { return w.router.LoadOf(Id(w, agent)).used; }
  World w;
  ContactId contact;
  std::map<std::string, OfferId> offers;
};

TEST(Parallel, TheBestAreAskedAtOnceAndEachHoldsTheCapacity) {
  Round r;
  EXPECT_EQ(r.offers.size(), 2u);
  EXPECT_TRUE(r.offers.contains("bo") && r.offers.contains("ana")) << "the most skilled, then the longest idle";
  EXPECT_EQ(r.Used("bo"), 25);
  EXPECT_EQ(r.Used("ana"), 25);
  EXPECT_EQ(r.Used("cy"), 0);
}

TEST(Parallel, TheFirstToAcceptWinsAndTheOthersAreTold) {
  for (const char* winner : {"bo", "ana"}) {
    Round r;
    const std::string loser = winner == std::string("bo") ? "ana" : "bo";
    r.w.Do(AcceptOffer{winner, r.contact, r.offers[winner]});
    EXPECT_EQ(r.w.Where(r.contact), std::string("active ") + winner);
    ASSERT_EQ(r.w.All<OfferClosed>().size(), 1u);
    EXPECT_EQ(LastClosed(r.w).cause, OfferCause::kOtherAgent);
    EXPECT_TRUE(LastClosed(r.w).others_open) << "it never was back in line";
    EXPECT_EQ(r.Used(loser), 0);
    EXPECT_EQ(Data(r.w, loser).missed_count, 0);
    EXPECT_EQ(Data(r.w, loser).revoked_count, 1);
    EXPECT_EQ(r.w.Refusal(AcceptOffer{loser, r.contact, r.offers[loser]}), "OFFER_TAKEN");
    r.w.Do(CompleteContact{winner, r.contact, "", ""});
    EXPECT_EQ(r.w.Refusal(AcceptOffer{loser, r.contact, r.offers[loser]}), "OFFER_NOT_OPEN") << "it has ended";
  }
}

TEST(Parallel, ItReturnsToTheLineOnlyWhenNobodyIsLeftWhoMayAccept) {
  Round r;
  r.w.Do(DeclineOffer{"bo", r.contact, r.offers["bo"], "no"});
  EXPECT_EQ(r.w.Where(r.contact), "offered ana");
  EXPECT_EQ(r.w.All<OfferMade>().size(), 2u) << "the round goes on with those who were asked";
  EXPECT_EQ(r.w.Refusal(AcceptOffer{"bo", r.contact, r.offers["bo"]}), "OFFER_NOT_OPEN");
  r.w.Wait(seconds(20));
  EXPECT_EQ(r.w.Where(r.contact), "offered cy") << "both are backed off";
  EXPECT_EQ(Data(r.w, "ana").missed_count, 1);
}

TEST(Parallel, AllLapseTogether) {
  Round r(3);
  r.w.Wait(seconds(20));
  EXPECT_EQ(r.w.All<OfferClosed>().size(), 3u);
  EXPECT_FALSE(LastClosed(r.w).others_open);
  EXPECT_EQ(r.w.Where(r.contact), "queued");
}

TEST(Parallel, ACustomerWhoLeavesTakesAllBack) {
  Round r;
  r.w.Do(EndContact{r.contact, false, "hangup"});
  EXPECT_EQ(r.w.All<OfferClosed>().size(), 2u);
  EXPECT_EQ(r.Used("bo") + r.Used("ana"), 0);
  EXPECT_EQ(r.w.All<ContactEnded>().back().reason, EndReason::kAbandoned);
}

TEST(Parallel, AnAgentWhoGoesLeavesTheOffersOfTheOthersOpen) {
  for (const char* leaver : {"bo", "ana"}) {
    Round r;
    const std::string stayer = leaver == std::string("bo") ? "ana" : "bo";
    r.w.Do(SignOut{.agent = leaver, .force = true});
    EXPECT_EQ(r.w.Where(r.contact), "offered " + stayer);
    r.w.Do(AcceptOffer{stayer, r.contact, r.offers[stayer]});
    EXPECT_EQ(r.w.Where(r.contact), "active " + stayer);
  }
}

TEST(Parallel, ARestartExtendsThemAllAndASnapshotKeepsThem) {
  Round r;
  r.w.now += minutes(10);
  ASSERT_TRUE(r.w.router.Handle(Recover{}, r.w.now, r.w.events).ok());
  EXPECT_EQ(r.w.All<OfferExtended>().size(), 2u);
  for (const char* agent : {"bo", "ana"}) r.w.SignIn(agent);
  auto imported = Router::Import(r.w.router.Export());
  ASSERT_TRUE(imported.ok()) << imported.status();
  Router replayed;
  for (const Event& e : r.w.events) replayed.Apply(e);
  EXPECT_EQ(replayed.Export().contacts, r.w.router.Export().contacts);
  std::vector<Event> after;
  ASSERT_TRUE(imported->Handle(AcceptOffer{"ana", r.contact, r.offers["ana"]}, r.w.now, after).ok());
  EXPECT_EQ(imported->LoadOf(Id(r.w, "bo")).used, 0);
  EXPECT_EQ(imported->FindContact(r.contact)->agent, Id(r.w, "ana"));
}

}  // namespace
}  // namespace routerd::core
