// Contacts and agents that hang in a state for ever: pains 12 to 21 (README.md).
#include <gmock/gmock.h>

#include <random>

#include "tests/field/floor.h"

namespace routerd::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Lets an agent or a customer do something with the contact, whatever state it is in.
void Meddle(Floor& w, ContactId contact, unsigned what) {
  const std::string agent = w.HolderOf(contact);
  const ContactState state = w.StateOf(contact);
  if (state == ContactState::kEnded) return;
  if (what == 0) return w.Leave(contact);
  if (state == ContactState::kOffered) {
    if (what == 1) return w.Decline(agent, contact);
    if (what == 2) return w.Go(agent, Presence::kAway, "lunch");
    if (what == 3) return w.Wait(seconds(20));
    return w.Accept(agent, contact);
  }
  if (state == ContactState::kActive) {
    if (what == 1) return w.ForceOut(agent);
    if (what == 2) w.Do(RequeueContact{contact});
    if (what == 3) w.Disconnect(agent);
    if (what == 4) {
      const std::string to = agent == "ana" ? "bo" : "ana";
      if (w.Data(to).presence != Presence::kOffline) w.TransferToAgent(agent, contact, to);
    }
    if (what > 4) w.Complete(agent, contact);
  }
}

// Pain 12 (FreeSWITCH): an agent stays reserved for ever when its phone starts to ring as another one answers.
TEST(Stuck, NobodyStaysReservedForNothing) {
  const std::vector<std::string> agents = {"ana", "bo", "cy"};
  Policy policy = OneTeam(agents);
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(10);
  Floor w(policy);
  std::mt19937 chance(12);
  std::vector<ContactId> contacts;
  for (int step = 0; step < 600; ++step) {
    w.SignInAll();
    for (const std::string& agent : agents) {
      if (w.Data(agent).presence == Presence::kAway) w.Go(agent, Presence::kAvailable);
    }
    contacts.push_back(chance() % 2 ? w.Call() : w.Chat());
    for (int i = 0; i < 3; ++i) Meddle(w, contacts[chance() % contacts.size()], chance() % 7);
    w.Wait(seconds(chance() % 10));
    for (const std::string& agent : agents) {
      const AgentLoad load = w.router.LoadOf(w.Id(agent));
      int held = 0;
      for (const ContactId contact : load.contacts) {
        ASSERT_EQ(w.HolderOf(contact), agent);
        held += w.router.FindContact(contact)->cost;
      }
      ASSERT_EQ(load.used, held) << "capacity is taken for what is held, and for nothing else";
    }
  }
  for (const ContactId contact : contacts) {
    if (w.StateOf(contact) != ContactState::kEnded) w.EndAsOperator(contact);
  }
  w.SignInAll();
  for (const std::string& agent : agents) {
    w.Go(agent, Presence::kAvailable);
    EXPECT_EQ(w.Used(agent), 0);
  }
  std::set<std::string> holders;
  for (size_t i = 0; i < agents.size(); ++i) holders.insert(w.HolderOf(w.Call()));
  EXPECT_EQ(holders, std::set<std::string>(agents.begin(), agents.end())) << "all of them can be called";
}

// Pain 13 (OpenSIPS): when the end of a call is lost the agent stays "in call" until rows are deleted and the process
// is restarted.
TEST(Stuck, OneCommandFreesAnAgentWhoseHangUpWasLost) {
  Floor w(OneTeam({"ana"}));
  w.SignInAll();
  const ContactId lost = w.Call();
  w.Accept("ana", lost);
  const ContactId next = w.Call();
  w.Wait(hours(3));
  ASSERT_EQ(w.Where(next), "queued");
  w.EndAsOperator(lost);
  EXPECT_EQ(w.Where(next), "offered ana");
  w.Accept("ana", next);
  w.Disconnect("ana");
  w.Leave(next);  // The caller's side tells of the end though hers is silent.
  w.SignIn("ana");
  EXPECT_EQ(w.Used("ana"), 0);
}

// Pain 14 (FreeSWITCH): callers are listed as answered for hours after they hung up.
TEST(Stuck, NobodyIsListedAsServedAfterTheEnd) {
  Policy policy = OneTeam({"ana"});
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(30);
  Floor w(policy);
  w.SignInAll();
  const ContactId call = w.Call();
  w.Accept("ana", call);
  w.Leave(call);
  EXPECT_EQ(w.Where(call), "in wrap-up ana");
  w.Wait(seconds(30));  // She says nothing more.
  EXPECT_EQ(w.Where(call), "ended");
  EXPECT_THAT(w.router.LoadOf(w.Id("ana")).contacts, IsEmpty());
  EXPECT_EQ(w.router.contact_count(), 0u);
  EXPECT_EQ(w.Refusal(CompleteContact{"ana", call, "", ""}), "CONTACT_UNKNOWN");
}

// Pain 15 (Kazoo): an agent who missed a few calls is logged out and cannot come back.
TEST(Stuck, MissedCallsSignNobodyOutForGood) {
  Floor w(OneTeam({"ana"}));
  w.SignInAll();
  const ContactId call = w.Call();
  w.Wait(minutes(5));
  ASSERT_EQ(w.Data("ana").presence, Presence::kAway) << "still signed in, only not called";
  EXPECT_EQ(w.Data("ana").presence_reason, "missed");
  w.Leave(call);
  w.Go("ana", Presence::kAvailable);
  EXPECT_EQ(w.Data("ana").missed_count, 0);
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
}

// Pain 16 (Kazoo): from the third transfer on an agent's state is wrong.
TEST(Stuck, TheTenthTransferLeavesAgentsAsTheFirstDoes) {
  const std::vector<std::string> agents = {"ana", "bo", "cy"};
  Floor w(OneTeam(agents));
  w.SignInAll();
  const ContactId call = w.Call();
  std::string holder = w.HolderOf(call);
  w.Accept(holder, call);
  for (int i = 1; i <= 10; ++i) {
    const std::string& to = agents[static_cast<size_t>(i) % 3];
    w.TransferToAgent(holder, call, to);
    w.Accept(to, call);
    holder = to;
    for (const std::string& agent : agents) {
      EXPECT_EQ(w.Used(agent), agent == holder ? 100 : 0) << agent << " after transfer " << i;
      EXPECT_EQ(w.Data(agent).presence, Presence::kAvailable);
    }
  }
  w.Complete(holder, call);
  for (size_t i = 0; i < agents.size(); ++i) EXPECT_FALSE(w.Waits(w.Call())) << "all three are there for others";
}

// Pain 17 (Rocket.Chat): a chat that nobody can accept, move, close or delete.
struct ReachCase {
  std::string name;
  std::function<void(Floor&, ContactId)> bring;
};
class Reach : public testing::TestWithParam<ReachCase> {};
TEST_P(Reach, NoContactIsBeyondASupervisor) {
  Policy policy = OneTeam({"ana"});
  policy.queues[0].wrap_up = WrapUpMode::kUntilDone;
  Floor w(policy);
  const ContactId chat = w.Chat();
  GetParam().bring(w, chat);
  w.EndAsOperator(chat);
  EXPECT_EQ(w.Where(chat), "ended");
  EXPECT_EQ(w.router.contact_count(), 0u);
  w.SignIn("ana");
  w.Go("ana", Presence::kAvailable);
  EXPECT_EQ(w.Where(w.Call()), "offered ana") << "nor does it leave anything with the agent";
}
void SignInAndAccept(Floor& w, ContactId chat) {
  w.SignIn("ana");
  w.Accept("ana", chat);
}
const ReachCase kReachCases[] = {
    {"Waiting", [](Floor&, ContactId) {}},
    {"Offered", [](Floor& w, ContactId) { w.SignIn("ana"); }},
    {"Declined",
     [](Floor& w, ContactId chat) {
       w.SignIn("ana");
       w.Decline("ana", chat);
     }},
    {"KeptForSomebodyAway",
     [](Floor& w, ContactId chat) {
       w.Do(SignIn{.agent = "ana", .presence = Presence::kAway, .channels = {}});
       w.Do(AssignContact{chat, "ana"});
     }},
    {"Served", SignInAndAccept},
    {"OnHold",
     [](Floor& w, ContactId chat) {
       SignInAndAccept(w, chat);
       w.Do(HoldContact{"ana", chat, true});
     }},
    {"HeldByADeadDesk",
     [](Floor& w, ContactId chat) {
       SignInAndAccept(w, chat);
       w.Disconnect("ana");
     }},
    {"InWrapUp",
     [](Floor& w, ContactId chat) {
       SignInAndAccept(w, chat);
       w.Complete("ana", chat);
     }},
};
INSTANTIATE_TEST_SUITE_P(Stuck, Reach, testing::ValuesIn(kReachCases),
                         [](const auto& info) { return info.param.name; });

// Pain 18 (Salesforce): what the only eligible agent declined is never offered again until that agent goes offline and
// comes back.
TEST(Stuck, TheOnlyAgentIsAskedAgainByTheClockAlone) {
  Floor w(OneTeam({"ana"}));
  w.SignInAll();
  const ContactId chat = w.Chat();
  w.Decline("ana", chat);
  w.Wait(seconds(60));
  EXPECT_GE(w.AskedFor(chat).size(), 2u);
}

// Pain 18 (Salesforce), the other half: an offered item stays with an agent who went busy.
TEST(Stuck, AnOfferDoesNotStayWithWhoGoesAway) {
  Floor w(OneTeam({"ana", "bo"}));
  w.SignInAll();
  const ContactId chat = w.Chat();
  ASSERT_EQ(w.Where(chat), "offered ana");
  w.Go("ana", Presence::kAway, "lunch");
  EXPECT_EQ(w.Where(chat), "offered bo");
  EXPECT_EQ(w.Data("ana").missed_count, 0);
}

// Pain 19 (Amazon Connect): a missed contact blocks a slot until a person clears it.
TEST(Stuck, AMissedContactBlocksNoRoom) {
  Floor w(OneTeam({"ana"}, /*capacity=*/25));
  w.SignInAll();
  const ContactId missed = w.Chat();
  const ContactId next = w.Chat();
  ASSERT_EQ(w.Where(next), "queued");
  w.Wait(seconds(20));
  EXPECT_EQ(w.Where(missed), "queued");
  EXPECT_EQ(w.Where(next), "offered ana") << "in the instant of the miss";
}

// Pain 19 (Amazon Connect): the state an agent asked for next cannot be taken back, and asking for it ends wrap-up.
TEST(Stuck, AWishForABreakCanBeTakenBackAndEndsNoWrapUp) {
  Policy policy = OneTeam({"ana"});
  policy.queues[0].wrap_up = WrapUpMode::kUntilDone;
  Floor w(policy);
  w.SignInAll();
  const ContactId call = w.Call();
  w.Accept("ana", call);
  w.Complete("ana", call);
  w.Go("ana", Presence::kAway, "lunch");
  EXPECT_EQ(w.Where(call), "in wrap-up ana");
  w.Go("ana", Presence::kAvailable);
  EXPECT_EQ(w.Where(call), "in wrap-up ana");
  w.Do(FinishWrapUp{"ana", call, ""});
  EXPECT_EQ(w.Data("ana").presence, Presence::kAvailable);
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
}

// Pain 20 (Twilio): a desk's socket dies while the machine sleeps; the worker never comes back, and nobody can set what
// it is to be meanwhile.
TEST(Stuck, ADeadDeskHoldsNeitherItsContactsNorItsSeat) {
  Floor w(OneTeam({"ana", "bo"}));
  w.SignIn("ana");
  const ContactId call = w.Call();
  const Instant rank = w.router.FindContact(call)->rank;
  w.Accept("ana", call);
  w.SignIn("bo");
  w.Disconnect("ana");
  w.Go("ana", Presence::kAway, "asleep");  // A supervisor may, though nobody is at the desk.
  EXPECT_EQ(w.Where(call), "active ana") << "within her grace";
  w.Wait(seconds(30));
  EXPECT_EQ(w.Where(call), "offered bo");
  EXPECT_EQ(w.router.FindContact(call)->rank, rank) << "the caller keeps the place";
  EXPECT_EQ(w.Data("ana").presence, Presence::kOffline);
  w.SignIn("ana");
  EXPECT_EQ(w.Data("ana").presence, Presence::kAvailable);
  EXPECT_EQ(w.Where(w.Call()), "offered ana");
}

// Pain 21 (Twilio Flex): a change noted for later makes an agent available who has gone home meanwhile.
TEST(Stuck, AWishNeverBringsBackWhoWentHome) {
  for (const bool lost : {false, true}) {
    Floor w(OneTeam({"ana"}));
    w.SignInAll();
    const ContactId chat = w.Chat();
    w.Accept("ana", chat);
    const ContactId missed = w.Call();
    w.Leave(missed);
    w.Go("ana", Presence::kAway, "lunch");
    EXPECT_EQ(w.Data("ana").pending(), Presence::kAway);
    if (lost) {
      w.Disconnect("ana");
      w.Wait(seconds(30));
    } else {
      w.ForceOut("ana");
    }
    w.Leave(chat);
    w.Wait(hours(1));
    EXPECT_EQ(w.Data("ana").presence, Presence::kOffline);
    w.SignIn("ana");
    const ContactId today = w.Chat();
    w.Accept("ana", today);
    w.Complete("ana", today);
    EXPECT_EQ(w.Data("ana").presence, Presence::kAvailable) << "the wish of the last shift is forgotten";
  }
}

}  // namespace
}  // namespace routerd::core
