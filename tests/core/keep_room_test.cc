// Cheap work that comes later does not fill the room a costly contact waits for without end.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Ana and Bo do the same work, chats at 25 of 100 and calls at 100, in the order of coming.
Policy Blended() {
  Policy p = DemoPolicy();
  p.queues[1].strategy = Strategy::kLongestIdle;
  for (QueuePolicy& queue : p.queues) queue.order = Order::kRank;
  return p;
}

// A chat that one agent accepts.
ContactId Chat(World& w, const std::string& agent) {
  const ContactId chat = w.Create("orders");
  EXPECT_EQ(w.Where(chat), "offered " + agent);
  w.Accept(agent, chat);
  return chat;
}

void Complete(World& w, const std::string& agent, ContactId contact) { w.Do(CompleteContact{agent, contact, "", ""}); }

// Bo serves two chats while a call waits; chats go on coming.
struct Busy {
  Busy() : w(Blended()) {
    w.SignIn("bo");
    first = Chat(w, "bo");
    second = Chat(w, "bo");
    call = w.Create("orders", "", "phone");
  }
  World w;
  ContactId first, second, call;
};

TEST(KeepRoom, LetsChatsPassOnlyUntilTheCallHasWaitedForAMinute) {
  Busy b;
  b.w.Wait(seconds(59));
  const ContactId early = b.w.Create("orders");
  EXPECT_EQ(b.w.Where(early), "offered bo");
  EXPECT_TRUE(b.w.All<RoomKept>().empty());
  b.w.Accept("bo", early);
  b.w.Wait(seconds(1));
  ASSERT_EQ(b.w.All<RoomKept>().size(), 1u);
  EXPECT_EQ(b.w.All<RoomKept>()[0].contact, b.call);
  const ContactId late = b.w.Create("orders");
  EXPECT_EQ(b.w.Where(late), "queued");
  for (const ContactId chat : {b.first, b.second, early}) {
    EXPECT_EQ(b.w.Where(b.call), "queued");
    Complete(b.w, "bo", chat);
  }
  EXPECT_EQ(b.w.Where(b.call), "offered bo");
  EXPECT_EQ(b.w.All<RoomGivenBack>().back().reason, "served");
  EXPECT_EQ(b.w.Where(late), "queued") << "the call takes all of bo";
}

TEST(KeepRoom, WhatStandsBeforeItStillComesThrough) {
  Busy b;
  b.w.Wait(seconds(61));
  const ContactId gold = b.w.Create("orders", "gold");
  EXPECT_EQ(b.w.Where(gold), "offered bo") << "three minutes of a head start put it before the call";
}

TEST(KeepRoom, WhoeverHasRoomFirstGetsTheCall) {
  Busy b;
  b.w.Wait(seconds(61));
  const ContactId late = b.w.Create("orders");
  b.w.SignIn("ana");
  EXPECT_EQ(b.w.Where(b.call), "offered ana");
  EXPECT_EQ(b.w.Where(late), "offered bo") << "bo keeps room for nobody any more";
}

TEST(KeepRoom, BeginsAnewForWhoComesToAnotherQueue) {
  Policy policy = Blended();
  policy.queues.push_back(policy.queues[1]);
  policy.queues.back().name = "late-orders";
  EscalationStep step;
  step.waited = seconds(90);
  step.queue = "late-orders";
  policy.queues[1].escalation = {step};
  World w(policy);
  w.SignIn("bo");
  Chat(w, "bo");
  const ContactId call = w.Create("orders", "", "phone");
  w.Wait(seconds(61));
  ASSERT_EQ(w.All<RoomKept>().size(), 1u);
  w.Wait(seconds(30));
  ASSERT_EQ(w.All<RoomGivenBack>().size(), 1u) << "it waits there since a second only";
  EXPECT_EQ(w.All<RoomGivenBack>()[0].reason, "changed");
  w.Wait(seconds(60));
  ASSERT_EQ(w.All<RoomKept>().size(), 2u);
  EXPECT_EQ(w.All<RoomKept>()[1].contact, call);
}

TEST(KeepRoom, IsGivenBackWhenTheCallerLeaves) {
  Busy b;
  b.w.Wait(seconds(61));
  const ContactId late = b.w.Create("orders");
  b.w.Do(EndContact{b.call, false, "left"});
  EXPECT_EQ(b.w.All<RoomGivenBack>().back().reason, "left");
  EXPECT_EQ(b.w.Where(late), "offered bo");
}

TEST(KeepRoom, PassesToAnotherWhenTheAgentGoes) {
  Busy b;
  b.w.SignIn("ana");
  const ContactId held = b.w.Create("orders");  // The call went to ana, who came with room.
  EXPECT_EQ(b.w.Where(b.call), "offered ana");
  b.w.Accept("ana", b.call);
  b.w.Accept("bo", held);
  const ContactId next = b.w.Create("orders", "", "phone");
  b.w.Wait(seconds(61));
  const AgentId keeper = b.w.All<RoomKept>().back().keeper;
  EXPECT_EQ(b.w.router.NameOf(keeper), "ana") << "one call is over before three chats are";
  b.w.Do(SetConnected{"ana", false});
  EXPECT_EQ(b.w.All<RoomGivenBack>().back().reason, "agent_gone");
  EXPECT_EQ(b.w.router.NameOf(b.w.All<RoomKept>().back().keeper), "bo");
  EXPECT_EQ(b.w.router.FindContact(next)->room_agent, *b.w.router.FindAgent("bo"));
}

TEST(KeepRoom, OneAgentKeepsItForOneAndThenForTheNext) {
  Busy b;
  const ContactId next = b.w.Create("orders", "", "phone");
  b.w.Wait(seconds(61));
  ASSERT_EQ(b.w.All<RoomKept>().size(), 1u);
  b.w.Do(EndContact{b.call, false, "left"});
  EXPECT_EQ(b.w.All<RoomKept>().back().contact, next);
  EXPECT_EQ(b.w.Where(b.w.Create("orders")), "queued");
}

TEST(KeepRoom, AnAgentWhoComesBackKeepsItAtOnce) {
  Busy b;
  b.w.Do(SetConnected{"bo", false});
  b.w.Wait(seconds(20));
  b.w.Do(SetConnected{"bo", true});
  b.w.Do(SetConnected{"bo", false});
  b.w.Wait(seconds(29));
  b.w.Do(SetConnected{"bo", true});
  b.w.Do(SetConnected{"bo", false});
  b.w.Wait(seconds(20));  // Nobody is there when the minute is over.
  EXPECT_TRUE(b.w.All<RoomKept>().empty());
  b.w.Do(SetConnected{"bo", true});
  EXPECT_EQ(b.w.All<RoomKept>().size(), 1u);
}

TEST(KeepRoom, IsNotKeptByWhoTakesNothingElse) {
  Policy p = Blended();
  p.agents[1].channels = {{"phone", 1}};
  World w(p);
  w.SignIn("bo");
  w.Accept("bo", w.Create("orders", "", "phone"));
  w.Create("orders", "", "phone");
  w.Wait(minutes(5));
  EXPECT_TRUE(w.All<RoomKept>().empty()) << "nothing cheaper can fill bo";
}

TEST(KeepRoom, DoesNotBindWhatIsDirectedToTheAgentOrPicked) {
  Policy p = Blended();
  p.queues[1].picking_allowed = true;
  World w(p);
  w.SignIn("bo");
  w.Accept("bo", w.Create("orders"));
  w.Create("orders", "", "phone");
  w.Wait(seconds(61));
  const ContactId directed = w.Create("orders"), picked = w.Create("orders");
  w.Do(AssignContact{directed, "bo"});
  EXPECT_EQ(w.Where(directed), "offered bo");
  w.Do(ClaimContact{"bo", picked});
  EXPECT_EQ(w.Where(picked), "active bo");
}

TEST(KeepRoom, IsExplainedToBothSides) {
  Busy b;
  b.w.Wait(seconds(61));
  const ContactId late = b.w.Create("orders");
  const Explanation call = b.w.router.Explain(b.call, b.w.now, 10);
  EXPECT_EQ(call.cause, "agents/bo keeps room for it; 2 agents could take it: 1 at capacity, 1 offline");
  const Explanation chat = b.w.router.Explain(late, b.w.now, 1, *b.w.router.FindAgent("bo"));
  ASSERT_FALSE(chat.agents.empty());
  const FailedTest& test = chat.agents[0].failed.at(0);
  EXPECT_STREQ(test.test, "ROOM_KEPT");
  EXPECT_EQ(test.text, "keeps its room for contacts/3, which has waited since 22:13:20 for more of the capacity");
}

TEST(KeepRoom, SurvivesASnapshotAndReplay) {
  Busy b;
  b.w.Create("orders", "", "phone");  // Wants room, and nobody is left to keep it.
  b.w.Wait(seconds(61));
  Router replayed;
  for (const Event& e : b.w.events) replayed.Apply(e);
  auto imported = Router::Import(b.w.router.Export());
  ASSERT_TRUE(imported.ok());
  ExpectSame(replayed.Export(), b.w.router.Export());
  ExpectSame(imported->Export(), b.w.router.Export());
  std::vector<Event> live, again, anew;
  const auto leave = [&](Router& router, std::vector<Event>& events) {
    router.Advance(b.w.now, events);
    EXPECT_TRUE(router.Handle(EndContact{b.call, false, "left"}, b.w.now, events).ok());
  };
  leave(b.w.router, live);
  leave(replayed, again);
  leave(*imported, anew);
  ASSERT_EQ(live.size(), 3u) << "given back, ended, kept for the next";
  for (const auto* events : {&again, &anew}) {
    ASSERT_EQ(events->size(), live.size());
    for (size_t i = 0; i < live.size(); ++i) EXPECT_EQ((*events)[i].kind.index(), live[i].kind.index());
  }
}

}  // namespace
}  // namespace routerd::core
