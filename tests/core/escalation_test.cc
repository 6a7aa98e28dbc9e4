// Raised by time, word or repeated contact; and priority that changes while somebody waits.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Three levels: after a minute ahead of those without standing, after two in the care of Bo's team, after three a
// supervisor is called.
Policy ThreeLevels() {
  Policy p = DemoPolicy();
  EscalationStep sooner, elsewhere, called;
  sooner.waited = minutes(1);
  sooner.head_start = minutes(10);
  elsewhere.waited = minutes(2);
  elsewhere.queue = "orders";
  called.waited = minutes(1);
  called.call_supervisor = true;
  p.queues[0].escalation = {sooner, elsewhere};
  p.queues[1].escalation = {called};
  return p;
}

TEST(Escalation, ThreeLevelsEachHaveTheirTimeLimit) {
  World w(ThreeLevels());
  const ContactId c = w.Create("billing");
  const Instant rank = w.router.FindContact(c)->rank;
  w.Wait(seconds(59));
  EXPECT_EQ(w.router.FindContact(c)->escalation_level, 0);
  w.Wait(seconds(1));
  EXPECT_EQ(w.router.FindContact(c)->escalation_level, 1);
  EXPECT_EQ(w.router.FindContact(c)->rank, rank - minutes(10));
  w.Wait(minutes(1));
  EXPECT_EQ(w.router.NameOf(w.router.FindContact(c)->queue), "orders");
  EXPECT_FALSE(w.router.FindContact(c)->supervisor_called);
  w.Wait(minutes(1));
  EXPECT_TRUE(w.router.FindContact(c)->supervisor_called);
  EXPECT_EQ(w.All<ContactEscalated>().size(), 3u);
}

TEST(Escalation, ATakeOverAnswersTheCall) {
  Policy p = ThreeLevels();
  EscalationStep called;
  called.label = "complaint";
  called.call_supervisor = true;
  p.queues[1].escalation = {called};
  World w(p);
  w.SignIn("bo");
  const ContactId c = w.Create("orders");
  w.Accept("bo", c);
  w.Do(UpdateContact{.contact = c, .labels = {"complaint"}});
  ASSERT_TRUE(w.router.FindContact(c)->supervisor_called);
  w.SignIn("ana");
  const Instant rank = w.router.FindContact(c)->rank;
  w.Do(TakeOverContact{c, "ana", "complaint"});
  EXPECT_EQ(w.Where(c), "active ana");
  EXPECT_FALSE(w.router.FindContact(c)->supervisor_called);
  EXPECT_EQ(w.router.FindContact(c)->rank, rank);
  EXPECT_TRUE(w.All<ContactReprioritized>().back().call_cleared);
  w.Do(TakeOverContact{c, "bo", "back"});
  EXPECT_EQ(w.All<ContactReprioritized>().size(), 1u) << "nobody was called any more";
}

TEST(Escalation, AWordActsAtOnceAndOnlyOnce) {
  Policy p = DemoPolicy();
  EscalationStep step;
  step.label = "complaint";
  step.lane = 2;
  p.queues[0].escalation = {step};
  World w(p);
  const ContactId first = w.Create("billing");
  const ContactId second = w.Create("billing");
  w.Do(UpdateContact{.contact = second, .head_start = {}, .vip = {}, .labels = {"complaint", "angry"}});
  w.Do(UpdateContact{.contact = second, .head_start = {}, .vip = {}, .labels = {"complaint"}});
  EXPECT_EQ(w.All<ContactEscalated>().size(), 1u);
  EXPECT_EQ(w.All<ContactLabeled>().size(), 1u) << "a label that it has already is no news";
  w.SignIn("ana");
  EXPECT_LT(w.OfferOf(second), w.OfferOf(first)) << "the complaint is offered first";
}

TEST(Escalation, WhoComesForTheThirdTimeGetsAnExpert) {
  Policy p = DemoPolicy();
  EscalationStep step;
  step.contact_count = 3;
  step.requirements = {{"orders", Tier::kExpert}};
  p.queues[1].escalation = {step};
  World w(p);
  w.SignIn("ana");
  const auto come = [&](int count) {
    return w.Do(CreateContact{.queue = "orders", .channel = "webchat", .contact_count = count}).contact;
  };
  EXPECT_EQ(w.Where(come(2)), "offered ana");
  const ContactId third = come(3);
  EXPECT_EQ(w.Where(third), "queued");
  w.SignIn("bo");
  EXPECT_EQ(w.Where(third), "offered bo");
}

TEST(Escalation, WhatHasAnAgentStaysThereAndCallsASupervisor) {
  Policy p = DemoPolicy();
  EscalationStep move, call;
  move.label = call.label = "complaint";
  move.queue = "orders";
  call.call_supervisor = true;
  p.queues[0].escalation = {move, call};
  World w(p);
  w.SignIn("ana");
  const ContactId c = w.Create("billing");
  w.Accept("ana", c);
  w.Do(UpdateContact{.contact = c, .head_start = {}, .vip = {}, .labels = {"complaint"}});
  EXPECT_EQ(w.Where(c), "active ana");
  EXPECT_TRUE(w.router.FindContact(c)->supervisor_called);
  w.Do(UpdateContact{.contact = c, .head_start = {}, .vip = {}, .clear_call = true});
  EXPECT_FALSE(w.router.FindContact(c)->supervisor_called);
  // Once back in line it goes on to where the step sends it.
  w.Do(RequeueContact{c});
  w.Wait(Duration{0});
  EXPECT_EQ(w.router.NameOf(w.router.FindContact(c)->queue), "orders");
}

TEST(Escalation, AMoveThatWouldLeadBackNeverActs) {
  Policy p = DemoPolicy();
  EscalationStep there, back;
  there.label = back.label = "complaint";
  there.queue = "orders";
  back.queue = "billing";
  p.queues[0].escalation = {there};
  p.queues[1].escalation = {back};
  World w(p);
  const ContactId c = w.Do(CreateContact{.queue = "billing", .channel = "webchat", .labels = {"complaint"}}).contact;
  w.Wait(minutes(1));
  EXPECT_LE(w.All<ContactEscalated>().size(), 2u);
  EXPECT_EQ(w.Where(c), "queued");
}

TEST(Escalation, SurvivesARestart) {
  World w(ThreeLevels());
  w.Do(CreateContact{.queue = "billing", .channel = "webchat", .labels = {"b", "a"}, .contact_count = 2});
  w.Wait(minutes(1));
  auto again = Router::Import(w.router.Export());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->Export().contacts, w.router.Export().contacts);
  EXPECT_EQ(again->NextDeadline(), w.router.NextDeadline());
}

TEST(Priority, ALaneTakesEffectForWhoWaitsAlready) {
  World w;
  const ContactId first = w.Create("billing", "", "phone");
  const ContactId second = w.Create("billing", "", "phone");
  w.Do(UpdateContact{.contact = second, .head_start = {}, .vip = {}, .lane = 1});
  w.SignIn("ana");
  EXPECT_EQ(w.Where(second), "offered ana");
  EXPECT_EQ(w.Where(first), "queued");
  EXPECT_EQ(w.Refusal(UpdateContact{.contact = first, .head_start = {}, .vip = {}, .lane = 10}), "LANE_OUT_OF_RANGE");
}

TEST(Labels, AreFewAndShort) {
  World w;
  const ContactId c = w.Create("billing");
  EXPECT_EQ(w.Refusal(UpdateContact{.contact = c, .head_start = {}, .vip = {}, .labels = {""}}), "LABEL_MALFORMED");
  std::vector<std::string> many;
  for (int i = 0; i < 17; ++i) many.push_back("label-" + std::to_string(i));
  EXPECT_EQ(w.Refusal(UpdateContact{.contact = c, .head_start = {}, .vip = {}, .labels = many}), "LABEL_LIMIT");
}

}  // namespace
}  // namespace routerd::core
