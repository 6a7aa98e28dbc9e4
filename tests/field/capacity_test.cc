// Wrap-up, room and presence that say one thing and do another: pains 34 to 39 (README.md).
#include <gmock/gmock.h>

#include <functional>

#include "tests/field/floor.h"

namespace routerd::core {
namespace {

using testing::IsEmpty;

Policy TwoQueues() {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(60);
  policy.queues.push_back(policy.queues[0]);
  policy.queues[1].name = "sales";
  policy.queues[1].wrap_up = WrapUpMode::kNone;
  return policy;
}

// Pain 34 (Asterisk): wrap-up time is ignored for agents of several queues.
TEST(Capacity, WrapUpOfOneQueueHoldsBackTheOthers) {
  Floor w(TwoQueues());
  w.SignIn("ana");
  const ContactId call = w.Call("help");
  w.Accept("ana", call);
  const ContactId sale = w.Call("sales");
  w.Complete("ana", call);
  w.Wait(seconds(60) - Duration(1));
  EXPECT_EQ(w.Where(sale), "queued");
  w.Wait(Duration(1));
  EXPECT_EQ(w.Where(sale), "offered ana");
}

// Pain 34 (Asterisk), the other half: passing a call on clears the wrap-up of the one before.
TEST(Capacity, ATransferClearsNoWrapUp) {
  Policy policy = TwoQueues();
  policy.agents[0].capacity = 200;
  Floor w(policy);
  w.SignIn("ana");
  const ContactId first = w.Call("help");
  const ContactId second = w.Call("sales");
  w.Accept("ana", first);
  w.Accept("ana", second);
  w.Complete("ana", first);
  w.SignIn("bo");
  w.TransferToAgent("ana", second, "bo");
  w.Accept("bo", second);
  EXPECT_EQ(w.Where(first), "in wrap-up ana");
  EXPECT_EQ(w.Used("ana"), 100);
  EXPECT_EQ(w.router.FindContact(first)->until, w.now + seconds(60));
}

// Pain 35 (Asterisk): under load an agent's calls are counted twice, and who has had the fewest is chosen wrongly.
TEST(Capacity, ARepeatedCommandCountsOnce) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].strategy = Strategy::kRoundRobin;
  Floor w(policy);
  w.SignInAll();
  int offered_to_ana = 0;
  for (int i = 0; i < 10; ++i) {
    const ContactId call = w.Call();
    const std::string agent = w.HolderOf(call);
    offered_to_ana += agent == "ana";
    w.Accept(agent, call);
    EXPECT_EQ(w.Refusal(AcceptOffer{agent, call, w.OfferTo(agent, call)}), "OFFER_NOT_OPEN");
    EXPECT_EQ(w.Used(agent), 100);
    w.Wait(seconds(40));
    w.Complete(agent, call);
    EXPECT_EQ(w.Refusal(CompleteContact{agent, call, "", ""}), "CONTACT_UNKNOWN");
  }
  EXPECT_EQ(offered_to_ana, 5);
  const auto classes = w.router.Export().classes;
  ASSERT_EQ(classes.size(), 1u);
  EXPECT_EQ(classes[0].handle_count, 10);
  EXPECT_NEAR(classes[0].handle_s, 40, 0.001);
}

// Pain 37 (Salesforce): how much an agent can take hangs on the browser's tabs that are open.
TEST(Capacity, BelongsToTheAgentNotToTheTab) {
  Floor w(OneTeam({"ana"}));
  for (int tab = 0; tab < 3; ++tab) w.SignIn("ana");
  std::vector<ContactId> chats;
  for (int i = 0; i < 6; ++i) chats.push_back(w.Chat());
  EXPECT_EQ(w.router.LoadOf(w.Id("ana")).capacity, 100);
  EXPECT_EQ(w.Line().size(), 2u) << "four at a time, not twelve";
  for (int i = 0; i < 4; ++i) w.Accept("ana", chats[static_cast<size_t>(i)]);
  w.Disconnect("ana");
  w.SignIn("ana");
  EXPECT_EQ(w.Used("ana"), 100) << "closing the tab gave nothing back";
  EXPECT_EQ(w.Line().size(), 2u);
}

// Pain 38 (LibreDesk, Chatwoot): who is idle or off duty still gets work, and who is on duty without touching the desk
// counts as gone.
struct OffDutyCase {
  std::string name;
  std::function<void(Floor&)> bring;
};
class OffDuty : public testing::TestWithParam<OffDutyCase> {};
TEST_P(OffDuty, GetsNoOffers) {
  Policy policy = OneTeam({"ana"});
  policy.agent_grace = hours(2);
  Floor w(policy);
  w.SignIn("ana");
  GetParam().bring(w);
  const size_t offer_count = w.All<OfferMade>().size();
  const ContactId chat = w.Chat();
  w.Wait(hours(1));
  EXPECT_EQ(w.Where(chat), "queued");
  EXPECT_EQ(w.All<OfferMade>().size(), offer_count);
}
const OffDutyCase kOffDutyCases[] = {
    {"Away", [](Floor& w) { w.Go("ana", Presence::kAway, "lunch"); }},
    {"SignedOut", [](Floor& w) { w.ForceOut("ana"); }},
    {"Disconnected", [](Floor& w) { w.Disconnect("ana"); }},
    {"AboutToGo",
     [](Floor& w) {
       const ContactId last = w.Chat();
       w.Accept("ana", last);
       w.Go("ana", Presence::kAway, "end of shift");
     }},
    {"SetAwayByASupervisor",
     [](Floor& w) {
       w.Do(SetPresence{.agent = "ana", .presence = Presence::kAway, .reason = "training", .by = "supervisor"});
     }},
};
INSTANTIATE_TEST_SUITE_P(Capacity, OffDuty, testing::ValuesIn(kOffDutyCases),
                         [](const auto& info) { return info.param.name; });

// Pain 38 (Chatwoot), the other half: presence is what the agent said, however long nothing moved.
TEST(Presence, WhoSitsStillOnDutyGetsWork) {
  Floor w(OneTeam({"ana"}));
  w.SignInAll();
  w.Wait(hours(10));
  EXPECT_EQ(w.Where(w.Chat()), "offered ana");
}

// Pain 38 (Chatwoot), again: a conversation that is taken up anew goes back to its agent, who has gone home.
TEST(Presence, NothingIsKeptForWhoWentHome) {
  Floor w(OneTeam({"ana", "bo"}));
  w.SignInAll();
  w.Accept("ana", w.Call());
  w.Accept("bo", w.Call());
  const ContactId kept = w.Call();
  w.Do(AssignContact{kept, "ana"});
  w.Complete("bo", ContactId{2});
  ASSERT_EQ(w.Where(kept), "queued") << "for Ana";
  w.Go("ana", Presence::kOffline);
  w.Go("bo", Presence::kAway);
  w.Go("bo", Presence::kAvailable);
  const ContactId call = ContactId{1};
  EXPECT_EQ(w.Where(call), "offered bo") << "she left it, and it came first";
  w.Accept("bo", call);
  w.Complete("bo", call);
  EXPECT_EQ(w.Where(kept), "offered bo");
  EXPECT_EQ(w.Refusal(AssignContact{w.Call(), "ana"}), "AGENT_OFFLINE");
}

// Pain 38 (Chatwoot), once more, by the rule itself: the customer's last agent is asked first, but only while on duty.
TEST(Presence, TheLastAgentIsAskedOnlyWhileOnDuty) {
  Floor w(OneTeam({"ana", "bo"}));
  w.SignIn("ana");
  w.SignIn("bo");
  const CreateContact again{.queue = "help", .channel = "webchat", .known_agents = {{KnownAs::kLast, "bo"}}};
  EXPECT_EQ(w.Where(w.Do(again).contact), "offered bo") << "though Ana would be next";
  w.ForceOut("bo");
  EXPECT_EQ(w.Where(w.Do(again).contact), "offered ana") << "at once: nobody waits for who went home";
}

// Pain 39 (Amazon Connect): nobody knows whether after-call work is the contact's or the agent's, so clients guess.
TEST(Presence, WrapUpIsTheContactsAndPresenceTheAgents) {
  Policy policy = OneTeam({"ana"});
  policy.queues[0].wrap_up = WrapUpMode::kUntilDone;
  Floor w(policy);
  w.SignInAll();
  std::vector<ContactId> chats;
  for (int i = 0; i < 4; ++i) {
    chats.push_back(w.Chat());
    w.Accept("ana", chats.back());
  }
  w.Complete("ana", chats[0]);
  w.Leave(chats[1]);
  EXPECT_EQ(w.Where(chats[0]), "in wrap-up ana");
  EXPECT_EQ(w.Where(chats[1]), "in wrap-up ana") << "whoever ended it";
  EXPECT_EQ(w.Where(chats[2]), "active ana");
  EXPECT_EQ(w.Data("ana").presence, Presence::kAvailable);
  const ContactId next = w.Chat();
  EXPECT_EQ(w.Where(next), "queued") << "each holds its own room";
  w.Do(FinishWrapUp{"ana", chats[1], ""});
  EXPECT_EQ(w.Where(next), "offered ana");
  EXPECT_EQ(w.Where(chats[0]), "in wrap-up ana");
}

}  // namespace
}  // namespace routerd::core
