// Warm transfers: the agent goes on serving the contact until the next one has accepted.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Ana serves billing; Bo and Cy serve orders, and have room for one chat each.
Policy TwoTeams() {
  Policy p = DemoPolicy();
  p.queues[1].strategy = Strategy::kLongestIdle;
  p.queues[1].offer_timeout = seconds(20);
  p.queues[1].decline_back_off = seconds(30);
  p.agents[0].skills = {{"billing", Tier::kSenior}};
  p.agents[1].capacity = 25;
  p.agents.push_back({"cy", {{"orders", Tier::kSenior}}, {}, 25});
  return p;
}

class WarmTransferTest : public testing::Test {
 protected:
  WarmTransferTest() : w_(TwoTeams()) {
    for (const char* agent : {"ana", "bo", "cy"}) w_.SignIn(agent);
    contact_ = w_.Create("billing");
    w_.Accept("ana", contact_);
  }

  TransferContact To(const std::string& agent, const std::string& queue) const {
    return TransferContact{.agent = "ana",
                           .contact = contact_,
                           .to_agent = agent,
                           .to_queue = queue,
                           .requirements = {},
                           .reason = "late parcel",
                           .summary = "wants it today",
                           .warm = true};
  }
  // The open warm offer; kNoOffer when there is none.
  OpenOffer Open() const {
    const auto contact = w_.router.FindContact(contact_);
    return contact->more_offers.empty() ? OpenOffer{} : contact->more_offers.front();
  }
  std::string AskedNow() const { return Open().agent == kNoAgent ? "" : std::string(w_.router.NameOf(Open().agent)); }
  int Used(const std::string& agent) const { return w_.router.LoadOf(*w_.router.FindAgent(agent)).used; }
  // Why the last warm transfer came to nothing; empty while none did.
  std::string Ended() const {
    const auto all = w_.All<WarmTransferEnded>();
    return all.empty() ? "" : all.back().reason;
  }

  World w_;
  ContactId contact_;
};

TEST_F(WarmTransferTest, TheAgentKeepsItUntilTheNextOneAccepts) {
  w_.Do(To("", "orders"));
  EXPECT_EQ(w_.Where(contact_), "active ana");
  EXPECT_EQ(AskedNow(), "bo");
  EXPECT_EQ(Used("ana"), 25);
  EXPECT_EQ(Used("bo"), 25) << "taken with the offer";
  const size_t before = w_.events.size();
  w_.Do(AcceptOffer{"bo", contact_, Open().offer});
  EXPECT_EQ(w_.Where(contact_), "active bo");
  EXPECT_EQ(Used("ana"), 0);
  EXPECT_EQ(Used("bo"), 25);
  ASSERT_EQ(w_.events.size(), before + 2) << "handed over in one step";
  const auto& passed = std::get<ContactTransferred>(w_.events[before].kind);
  EXPECT_TRUE(passed.warm);
  EXPECT_EQ(passed.summary, "wants it today");
  EXPECT_TRUE(std::holds_alternative<OfferAccepted>(w_.events[before + 1].kind));
  const auto now = w_.router.FindContact(contact_);
  EXPECT_EQ(w_.router.NameOf(now->queue), "orders");
  EXPECT_EQ(now->queued_at, w_.now);
  EXPECT_FALSE(now->warm);
}

TEST_F(WarmTransferTest, TheNextOneIsAskedWhenSomebodyDeclines) {
  w_.Do(To("", "orders"));
  w_.Do(DeclineOffer{"bo", contact_, Open().offer, "busy"});
  EXPECT_EQ(Used("bo"), 0);
  EXPECT_EQ(AskedNow(), "cy");
  w_.Do(DeclineOffer{"cy", contact_, Open().offer, "busy"});
  EXPECT_EQ(AskedNow(), "");
  EXPECT_EQ(w_.Where(contact_), "active ana");
  w_.Wait(seconds(30));
  EXPECT_NE(AskedNow(), "") << "those who declined may be asked again after their back-off";
}

TEST_F(WarmTransferTest, AnOfferThatLapsesIsAMissLikeAnyOther) {
  w_.Do(To("", "orders"));
  w_.Wait(seconds(20));
  EXPECT_EQ(w_.router.agent(*w_.router.FindAgent("bo")).missed_count, 1);
  EXPECT_EQ(AskedNow(), "cy");
}

TEST_F(WarmTransferTest, WhenTheOneWhoIsMeantDeclinesItIsOver) {
  w_.Do(To("bo", ""));
  EXPECT_EQ(AskedNow(), "bo");
  w_.Do(DeclineOffer{"bo", contact_, Open().offer, "busy"});
  EXPECT_EQ(Ended(), "declined");
  EXPECT_EQ(AskedNow(), "");
  EXPECT_EQ(w_.Where(contact_), "active ana");
}

TEST_F(WarmTransferTest, WhoIsMeantIsAskedAsSoonAsThereIsRoom) {
  const ContactId other = w_.Create("orders");
  w_.Accept("bo", other);
  w_.Do(To("bo", ""));
  EXPECT_EQ(AskedNow(), "");
  w_.Wait(seconds(30));
  w_.Do(CompleteContact{"bo", other, "", ""});
  EXPECT_EQ(AskedNow(), "bo");
}

TEST_F(WarmTransferTest, ItEndsAfterTheTransferWait) {
  for (const char* agent : {"bo", "cy"}) w_.Accept(agent, w_.Create("orders"));
  w_.Do(To("", "orders"));
  w_.Wait(seconds(60) - milliseconds(1));
  EXPECT_EQ(Ended(), "");
  w_.Wait(milliseconds(1));
  EXPECT_EQ(Ended(), "waited");
  EXPECT_EQ(w_.Where(contact_), "active ana");
  EXPECT_EQ(w_.router.NextDeadline(), kNever);
}

TEST_F(WarmTransferTest, AnOpenOfferOutlivesTheTransferWait) {
  const ContactId other = w_.Create("orders");
  w_.Accept("bo", other);
  w_.Do(To("bo", ""));
  w_.Wait(seconds(50));
  w_.Do(CompleteContact{"bo", other, "", ""});
  ASSERT_EQ(AskedNow(), "bo");
  w_.Wait(seconds(15));
  EXPECT_EQ(AskedNow(), "bo");
  w_.Do(AcceptOffer{"bo", contact_, Open().offer});
  EXPECT_EQ(w_.Where(contact_), "active bo");
}

TEST_F(WarmTransferTest, OneIsUnderWayAtATime) {
  w_.Do(To("", "orders"));
  EXPECT_EQ(w_.Refusal(To("cy", "")), "TRANSFER_OPEN");
  TransferContact blind = To("cy", "");
  blind.warm = false;
  w_.Do(blind);
  EXPECT_EQ(Ended(), "passed_on");
  EXPECT_EQ(w_.Where(contact_), "offered cy");
  EXPECT_EQ(Used("bo"), 0);
}

struct Interruption {
  const char* name;
  Command command;
  const char* reason;
  const char* where;
};

TEST_F(WarmTransferTest, WhateverTakesItAwayCallsItOff) {
  const std::vector<Interruption> all = {
      {"the agent completes it", CompleteContact{"ana", ContactId{1}, "", ""}, "contact_ended", "ended"},
      {"the customer leaves", EndContact{ContactId{1}, false, "left"}, "contact_ended", "ended"},
      {"an operator ends it", EndContact{ContactId{1}, true, "ended"}, "contact_ended", "ended"},
      {"the agent signs out", SignOut{"ana", true, "agent"}, "agent_signed_out", "queued"},
      {"a supervisor gives it to another", TakeOverContact{ContactId{1}, "cy", "help"}, "taken_over", "active cy"},
      {"a supervisor sends it back", RequeueContact{ContactId{1}}, "requeued", "queued"},
      {"the one who is asked goes away", SetPresence{"bo", Presence::kAway, "lunch"}, "target_gone", "active ana"},
      {"the one who is asked signs out", SignOut{"bo", true, "agent"}, "target_gone", "active ana"},
  };
  for (const Interruption& one : all) {
    SCOPED_TRACE(one.name);
    World w(TwoTeams());
    for (const char* agent : {"ana", "bo", "cy"}) w.SignIn(agent);
    const ContactId contact = w.Create("billing");
    w.Accept("ana", contact);
    w.Do(To("bo", ""));
    const OfferId offer = w.router.FindContact(contact)->more_offers.at(0).offer;
    w.Do(one.command);
    ASSERT_EQ(w.All<WarmTransferEnded>().size(), 1u);
    EXPECT_EQ(w.All<WarmTransferEnded>().front().reason, one.reason);
    EXPECT_EQ(w.All<OfferClosed>().size(), 1u);
    EXPECT_EQ(w.Where(contact), one.where);
    EXPECT_EQ(w.router.LoadOf(*w.router.FindAgent("bo")).used, 0);
    if (!w.router.FindContact(contact) || std::holds_alternative<SignOut>(one.command)) continue;
    EXPECT_EQ(w.Refusal(AcceptOffer{"bo", contact, offer}), "OFFER_NOT_OPEN");
  }
}

TEST_F(WarmTransferTest, ItEndsWithTheQueueThatItWasToGoTo) {
  for (const char* agent : {"bo", "cy"}) w_.Accept(agent, w_.Create("orders"));
  w_.Do(To("", "orders"));
  Policy p = TwoTeams();
  p.queues.pop_back();
  w_.Load(p);
  EXPECT_EQ(Ended(), "queue_removed");
}

TEST_F(WarmTransferTest, AQuietConversationCanBePassedOn) {
  Policy p = TwoTeams();
  p.channels[0].dormant_after = seconds(10);
  p.channels[0].dormant_cost = 5;
  w_ = World(p);
  for (const char* agent : {"ana", "bo", "cy"}) w_.SignIn(agent);
  contact_ = w_.Create("billing");
  w_.Accept("ana", contact_);
  w_.Wait(seconds(10));
  ASSERT_EQ(Used("ana"), 5);
  w_.Do(To("", "orders"));
  EXPECT_EQ(Used("bo"), 25);
  w_.Do(AcceptOffer{"bo", contact_, Open().offer});
  EXPECT_EQ(Used("ana"), 0);
  EXPECT_EQ(Used("bo"), 25);
}

TEST_F(WarmTransferTest, ItOutlivesARestart) {
  w_.Do(To("", "orders"));
  auto restored = Router::Import(w_.router.Export());
  ASSERT_TRUE(restored.ok());
  ExpectSame(restored->Export(), w_.router.Export());
  w_.router = *std::move(restored);
  w_.Wait(seconds(10));
  w_.Do(Recover{});
  EXPECT_EQ(Open().until, w_.now + seconds(20)) << "nobody is charged with the outage";
  w_.SignIn("bo");
  w_.Do(AcceptOffer{"bo", contact_, Open().offer});
  EXPECT_EQ(w_.Where(contact_), "active bo");

  World replayed;
  Router again;
  for (const Event& event : w_.events) again.Apply(event);
  ExpectSame(again.Export(), w_.router.Export());
}

}  // namespace
}  // namespace routerd::core
