// Small stories in virtual time, and the sample hour as a whole.
#include "routerd/simulate/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "routerd/config/load.h"
#include "routerd/engine/policy_compile.h"
#include "routerd/simulate/promises.h"
#include "routerd/simulate/report.h"
#include "routerd/simulate/summary.h"

namespace routerd::simulate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

core::Policy ReferenceRules() {
  const auto loaded = config::LoadRules(absl::StrCat(ROUTERD_SOURCE_DIR, "/config/trace.yaml"));
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return engine::CompilePolicy(loaded->config.workspaces(0));
}

TraceAgent Ana() {
  TraceAgent ana;
  ana.id = "ana";
  ana.skills = {{"orders", core::Tier::kSenior}};
  ana.channels = {{"phone", 1}, {"webchat", 2}};
  ana.shifts = {{0, 600'000}};
  ana.accept_ms = 3'000;
  return ana;
}

TraceContact Call(std::string id, int64_t at_ms) {
  TraceContact call;
  call.id = std::move(id);
  call.at_ms = at_ms;
  call.channel = "phone";
  call.queue = "orders";
  call.require = {{"orders", core::Tier::kJunior}};
  call.patience_ms = 120'000;
  call.handle_ms = 60'000;
  call.wrap_ms = 10'000;
  return call;
}

Trace TraceOf(std::vector<TraceAgent> agents, std::vector<TraceContact> contacts) {
  Trace trace;
  trace.name = "story";
  trace.horizon_ms = 1'000'000;
  trace.agents = std::move(agents);
  trace.contacts = std::move(contacts);
  return trace;
}

RunResult Played(const Trace& trace, uint64_t seed = 0) {
  std::vector<std::string> added;
  const auto policy = PolicyFor(trace, ReferenceRules(), added);
  EXPECT_TRUE(policy.ok()) << policy.status();
  auto run = RunTrace(trace, *policy, seed);
  EXPECT_TRUE(run.ok()) << run.status();
  EXPECT_THAT(run->broken, IsEmpty());
  return *std::move(run);
}

TEST(RunTest, ACallIsOfferedAcceptedHandledAndWrappedUp) {
  const RunResult run = Played(TraceOf({Ana()}, {Call("c1", 1'000)}));
  const ContactRecord& c1 = run.contacts[0];
  EXPECT_EQ(c1.outcome, Outcome::kCompleted);
  EXPECT_EQ(c1.agent, 0);
  EXPECT_THAT(c1.first_offer_ms, Optional(1'000));
  EXPECT_THAT(c1.accept_ms, Optional(4'000));
  EXPECT_THAT(c1.end_ms, Optional(64'000));
  EXPECT_EQ(c1.offer_count, 1);
  EXPECT_EQ(run.agents[0].busy_ms, 70'000);
  EXPECT_EQ(run.agents[0].staff_ms, 600'000);
}

TEST(RunTest, TheNextCallWaitsForTheEndOfWrapUp) {
  const RunResult run = Played(TraceOf({Ana()}, {Call("c1", 0), Call("c2", 10'000)}));
  EXPECT_THAT(run.contacts[1].first_offer_ms, Optional(73'000));
  EXPECT_THAT(run.contacts[1].accept_ms, Optional(76'000));
  EXPECT_TRUE(run.contacts[1].estimate_p50_ms.has_value());
  EXPECT_FALSE(run.contacts[0].estimate_p50_ms.has_value()) << "offered at once, so nothing was told";
}

TEST(RunTest, WhoLosesPatienceLeaves) {
  Trace trace = TraceOf({Ana()}, {Call("c1", 0), Call("c2", 10'000)});
  trace.contacts[1].patience_ms = 20'000;
  const RunResult run = Played(trace);
  EXPECT_EQ(run.contacts[1].outcome, Outcome::kAbandoned);
  EXPECT_THAT(run.contacts[1].end_ms, Optional(30'000));
  EXPECT_EQ(run.contacts[1].offer_count, 0);
}

TEST(RunTest, PatienceAlsoEndsWhileTheAgentsDeskRings) {
  Trace trace = TraceOf({Ana()}, {Call("c1", 0)});
  trace.contacts[0].patience_ms = 2'999;
  const RunResult run = Played(trace);
  EXPECT_EQ(run.contacts[0].outcome, Outcome::kAbandoned);
  EXPECT_EQ(run.contacts[0].offer_count, 1);
  EXPECT_EQ(run.agents[0].busy_ms, 0);
}

TEST(RunTest, WhoIsAcceptedInTheLastMomentIsServed) {
  Trace trace = TraceOf({Ana()}, {Call("c1", 0)});
  trace.contacts[0].patience_ms = 3'000;
  EXPECT_EQ(Played(trace).contacts[0].outcome, Outcome::kCompleted);
}

TEST(RunTest, AMissedOfferGoesToTheNextAgent) {
  TraceAgent bo = Ana();
  bo.id = "bo";
  TraceAgent ana = Ana();
  ana.misses = 1;
  const RunResult run = Played(TraceOf({ana, bo}, {Call("c1", 0)}));
  EXPECT_EQ(run.contacts[0].agent, 1);
  EXPECT_EQ(run.contacts[0].offer_count, 2);
  EXPECT_THAT(run.contacts[0].accept_ms, Optional(23'000));
}

TEST(RunTest, TheAgentWhomTheCustomerKnowsIsAskedFirst) {
  TraceAgent bo = Ana();
  bo.id = "bo";
  Trace trace = TraceOf({Ana(), bo}, {Call("c1", 0)});
  EXPECT_EQ(Played(trace).contacts[0].agent, 0);
  trace.contacts[0].prefer_agent = "bo";
  EXPECT_EQ(Played(trace).contacts[0].agent, 1);
}

TEST(RunTest, ADeclinedOfferGoesToTheNextAgentAtOnce) {
  TraceAgent bo = Ana();
  bo.id = "bo";
  TraceAgent ana = Ana();
  ana.refusals = {{0, 2'000}};
  const RunResult run = Played(TraceOf({ana, bo}, {Call("c1", 0)}));
  EXPECT_EQ(run.contacts[0].agent, 1);
  EXPECT_THAT(run.contacts[0].accept_ms, Optional(5'000));
}

TEST(RunTest, AShiftThatEndsLetsTheConversationFinish) {
  TraceAgent ana = Ana();
  ana.shifts = {{0, 30'000}};
  const RunResult run = Played(TraceOf({ana}, {Call("c1", 0), Call("c2", 40'000)}));
  EXPECT_THAT(run.contacts[0].end_ms, Optional(63'000));
  EXPECT_EQ(run.contacts[1].outcome, Outcome::kAbandoned);
  EXPECT_EQ(run.agents[0].staff_ms, 73'000) << "30 s of shift, then busy until 73 s";
}

TEST(RunTest, AnAgentComesBackForTheNextShift) {
  TraceAgent ana = Ana();
  ana.shifts = {{0, 30'000}, {50'000, 200'000}};
  const RunResult run = Played(TraceOf({ana}, {Call("c1", 40'000)}));
  EXPECT_THAT(run.contacts[0].first_offer_ms, Optional(50'000));
}

TEST(RunTest, WhoStillWaitsAtTheHorizonIsUnserved) {
  Trace trace = TraceOf({Ana()}, {Call("c1", 0)});
  trace.agents[0].shifts.clear();
  trace.contacts[0].patience_ms = 60'000;
  trace.horizon_ms = 50'000;
  const RunResult run = Played(trace);
  EXPECT_EQ(run.contacts[0].outcome, Outcome::kUnserved);
  EXPECT_FALSE(run.contacts[0].end_ms.has_value());
}

TEST(RunTest, WhatTheConfigLacksIsToldOrAdded) {
  Trace trace = TraceOf({Ana()}, {Call("c1", 0)});
  std::vector<std::string> added;
  trace.contacts[0].queue = "returns";
  ASSERT_TRUE(PolicyFor(trace, ReferenceRules(), added).ok());
  EXPECT_THAT(added, ElementsAre("returns"));
  trace.contacts[0].vip = "dimond";
  EXPECT_EQ(std::string(PolicyFor(trace, ReferenceRules(), added).status().message()),
            "contact c1 has VIP level \"dimond\", which the config lacks; did you mean \"diamond\"?");
}

class SampleTest : public testing::Test {
 protected:
  SampleTest() {
    const auto text =
        config::ReadTextFile(absl::StrCat(ROUTERD_SOURCE_DIR, "/tests/simulate/data/small.jsonl"), 1 << 20);
    EXPECT_TRUE(text.ok()) << text.status();
    auto trace = ParseTrace("small.jsonl", *text);
    EXPECT_TRUE(trace.ok()) << trace.status();
    trace_ = *std::move(trace);
  }
  Trace trace_;
};

TEST_F(SampleTest, KeepsEveryPromiseAndLosesNobody) {
  const RunResult run = Played(trace_);
  std::vector<std::string> added;
  const Summary summary = Summarize(trace_, *PolicyFor(trace_, ReferenceRules(), added), run);
  EXPECT_EQ(summary.all.contacts, 318);
  EXPECT_EQ(summary.all.completed + summary.all.abandoned + summary.all.unserved, 318);
  EXPECT_EQ(summary.broken, 0);
}

TEST_F(SampleTest, GivesTheSameBytesEachTime) {
  EXPECT_EQ(OutcomeLines(trace_, Played(trace_, 7)), OutcomeLines(trace_, Played(trace_, 7)));
}

// --- The watch itself ---

core::Event Made(uint64_t offer, uint64_t contact, int cost) {
  core::OfferMade e;
  e.offer = core::OfferId{offer};
  e.contact = core::ContactId{contact};
  e.agent = core::AgentId{0};
  e.cost = cost;
  return {core::Instant{}, e};
}
core::Event Created(uint64_t contact, int64_t rank_s) {
  core::ContactCreated e{};
  e.contact = core::ContactId{contact};
  e.queue = core::QueueId{0};
  e.channel = core::ChannelId{0};
  e.rank = core::Instant(std::chrono::seconds(rank_s));
  return {core::Instant{}, e};
}

TEST(PromisesTest, SeeWhoWasOvertaken) {
  std::vector<std::string> added;
  Promises promises(*PolicyFor(TraceOf({Ana()}, {}), ReferenceRules(), added));
  promises.Check(Created(1, 10));
  promises.Check(Created(2, 5));
  promises.Check(Made(1, 1, 100));
  ASSERT_EQ(promises.broken_count(), 1);
  EXPECT_EQ(promises.broken()[0],
            "order: contact 1 was offered before 2, which asks for the same and stands before it");
}

TEST(PromisesTest, SeeWhoHoldsTooMuch) {
  std::vector<std::string> added;
  Promises promises(*PolicyFor(TraceOf({Ana()}, {}), ReferenceRules(), added));
  promises.Check(Created(1, 1));
  promises.Check(Created(2, 2));
  promises.Check(Made(1, 1, 100));
  EXPECT_EQ(promises.broken_count(), 0);
  promises.Check(Made(2, 2, 100));
  EXPECT_EQ(promises.broken_count(), 1);
}

}  // namespace
}  // namespace routerd::simulate
