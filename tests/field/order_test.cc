// Who waits too long, who is passed over, who never gets anything to do: pains 22 to 33 (README.md).
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "tests/field/floor.h"

namespace routerd::core {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

// Pain 22 (Chatwoot): chats that came while all were busy stay unassigned when agents have room again, and newer ones
// overtake them.
TEST(Order, ChatsThatCameWhileAllWereBusyGoFirst) {
  Floor w(OneTeam({"ana"}));
  w.SignInAll();
  std::vector<ContactId> chats;
  for (int i = 0; i < 12; ++i) {
    chats.push_back(w.Chat());
    w.Wait(seconds(1));
    if (i < 4) w.Accept("ana", chats.back());
  }
  for (size_t i = 4; i < 12; ++i) {
    w.Complete("ana", chats[i - 4]);
    chats.push_back(w.Chat());  // In the instant in which there is room.
    EXPECT_EQ(w.Where(chats[i]), "offered ana");
    w.Accept("ana", chats[i]);
  }
  EXPECT_THAT(w.Answered(), ElementsAreArray(chats.begin(), chats.begin() + 12));
}

// Pain 23 (Chatwoot): nothing is tried again when an agent comes online.
struct DrainCase {
  std::string name;
  std::function<void(Floor&)> before, comes;
};
class Drain : public testing::TestWithParam<DrainCase> {};
TEST_P(Drain, TheLineIsServedInTheSameInstant) {
  Floor w(OneTeam({"ana"}));
  GetParam().before(w);
  const std::vector<ContactId> chats = {w.Chat(), w.Chat()};
  ASSERT_EQ(w.Line().size(), 2u);
  GetParam().comes(w);
  for (const ContactId chat : chats) EXPECT_EQ(w.Where(chat), "offered ana");
}
void SignInAndAway(Floor& w) {
  w.SignInAll();
  w.Go("ana", Presence::kAway);
}
const DrainCase kDrainCases[] = {
    {"WhenSheSignsIn", [](Floor&) {}, [](Floor& w) { w.SignIn("ana"); }},
    {"WhenSheIsBackFromABreak", SignInAndAway, [](Floor& w) { w.Go("ana", Presence::kAvailable); }},
    {"WhenHerDeskReconnects",
     [](Floor& w) {
       w.SignInAll();
       w.Disconnect("ana");
     },
     [](Floor& w) { w.SignIn("ana"); }},
    {"WhenSheLearnsTheSkill",
     [](Floor& w) {
       Policy untrained = OneTeam({"ana"});
       untrained.agents[0].skills.clear();
       w.Load(untrained);
       w.SignInAll();
     },
     [](Floor& w) { w.Load(OneTeam({"ana"})); }},
};
INSTANTIATE_TEST_SUITE_P(Order, Drain, testing::ValuesIn(kDrainCases),
                         [](const auto& info) { return info.param.name; });

// Pain 24 (FreeSWITCH): the caller who stood eighth was answered first.
TEST(Order, TheEighthIsNotAnsweredBeforeTheFirst) {
  Floor w(OneTeam({"ana", "bo", "cy"}));
  std::vector<ContactId> calls;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(w.Call());
    w.Wait(seconds(2));
  }
  w.SignIn("ana");
  w.Go("ana", Presence::kAway);  // She lets the first caller down,
  w.SignIn("bo");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(w.Where(calls[i]), "offered bo");
    w.Accept("bo", calls[i]);
    w.Wait(minutes(1));
    if (i < 2) w.Complete("bo", calls[i]);
  }
  w.ForceOut("bo");  // and Bo the third, in mid-call.
  w.SignIn("cy");
  EXPECT_EQ(w.Where(calls[2]), "offered cy") << "before everybody who came later";
  for (size_t i = 2; i < 10; ++i) {
    w.Accept("cy", calls[i]);
    w.Complete("cy", calls[i]);
  }
  EXPECT_THAT(w.Answered(), ElementsAreArray(calls));
}

class EachStrategy : public testing::TestWithParam<Strategy> {
 protected:
  Policy With(Policy policy) const {
    for (QueuePolicy& queue : policy.queues) queue.strategy = GetParam();
    return policy;
  }
};
INSTANTIATE_TEST_SUITE_P(Order, EachStrategy, testing::ValuesIn(kStrategies), [](const auto& info) {
  std::string name;
  for (const char c : std::string(ToString(info.param))) {
    if (c != '_') name += c;
  }
  return name;
});

// Pain 25 (FreeSWITCH): in top-down mode the whole queue stands still because the last agent is not available.
TEST_P(EachStrategy, OneAbsentAgentHaltsNobody) {
  for (const std::string absent : {"ana", "bo", "cy"}) {
    Floor w(With(OneTeam({"ana", "bo", "cy"})));
    w.SignInAll();
    w.Go(absent, Presence::kAway);
    const std::vector<ContactId> calls = {w.Call(), w.Call()};
    for (const ContactId call : calls) {
      EXPECT_EQ(w.StateOf(call), ContactState::kOffered) << absent << " is away";
      EXPECT_NE(w.HolderOf(call), absent);
    }
  }
}

// Pain 26 (Asterisk): a queue of higher weight keeps an agent from the lower one though its own rules exclude the
// agent.
TEST(Order, AnUrgentQueueThatExcludesAnAgentKeepsNothingFromThatAgent) {
  Policy policy = OneTeam({"ana", "bo"});
  QueuePolicy urgent = policy.queues[0];
  urgent.name = "urgent";
  urgent.lane = 5;
  urgent.agents = {"bo"};
  policy.queues.push_back(urgent);
  Floor w(policy);
  std::vector<ContactId> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(w.Call("urgent"));
  const ContactId call = w.Call();
  w.SignIn("ana");
  EXPECT_EQ(w.Where(call), "offered ana");
  EXPECT_THAT(w.Line(), ElementsAreArray(waiting));
  w.SignIn("bo");
  EXPECT_EQ(w.Where(waiting[0]), "offered bo");
}

// Pain 27 (Asterisk): serving the longest waiter worked the wrong way round, and once mended offered no call at all.
TEST_P(EachStrategy, WhoeverIsFreeGetsTheLongestWaiterTheyCanServe) {
  Policy policy = With(DemoPolicy());  // Ana serves billing and orders, Bo orders.
  for (QueuePolicy& queue : policy.queues) queue.order = Order::kRank;
  Floor w(policy);
  w.SignInAll();
  std::mt19937 chance(27);
  std::vector<ContactId> calls;
  std::map<std::string, Instant> until;
  for (int second = 0; second < 3'000; ++second) {
    if (second < 2'400 && second % 24 == 0) calls.push_back(w.Call(chance() % 3 == 0 ? "billing" : "orders"));
    for (const ContactId call : calls) {
      const std::string agent = w.HolderOf(call);
      if (w.StateOf(call) == ContactState::kOffered) {
        w.Accept(agent, call);
        until[agent] = w.now + seconds(20 + chance() % 50);
      } else if (w.StateOf(call) == ContactState::kActive && w.now >= until[agent]) {
        w.Complete(agent, call);
      }
    }
    w.Wait(seconds(1));
  }
  EXPECT_EQ(w.router.contact_count(), 0u) << "and all of them were served";
  w.BeforeEachEvent([&](const Router& router, const Event& event) {
    const OfferMade* made = std::get_if<OfferMade>(&event.kind);
    if (made == nullptr) return;
    const bool serves_billing = router.NameOf(made->agent) == "ana";
    ContactId longest = kNoContact;
    for (const ContactId call : calls) {  // In the order in which they came.
      const auto data = router.FindContact(call);
      if (!data || data->state != ContactState::kQueued) continue;
      if (router.NameOf(data->queue) == "billing" && !serves_billing) continue;
      longest = call;
      break;
    }
    EXPECT_EQ(made->contact, longest);
  });
}

// Pain 28 (OpenSIPS): a freed agent gets nothing until the last one of the group has wrapped up.
TEST(Order, AFreedAgentDoesNotWaitForTheWrapUpOfOthers) {
  Policy policy = OneTeam({"ana", "bo", "cy"});
  policy.queues[0].wrap_up = WrapUpMode::kUntilDone;
  Floor w(policy);
  w.SignInAll();
  for (const std::string agent : {"ana", "bo", "cy"}) {
    const ContactId call = w.Call();
    w.Accept(agent, call);
    w.Complete(agent, call);
  }
  const ContactId next = w.Call();
  ASSERT_EQ(w.Where(next), "queued");
  w.Do(FinishWrapUp{"bo", ContactId{2}, ""});
  EXPECT_EQ(w.Where(next), "offered bo");
  EXPECT_EQ(w.Where(ContactId{3}), "in wrap-up cy");
}

// Pain 29 (OpenSIPS): it is always the same first agent who gets the call.
TEST_P(EachStrategy, EqualAgentsGetEqualShares) {
  Floor w(With(OneTeam({"ana", "bo", "cy", "dee"})));
  w.SignInAll();
  std::map<std::string, int> shares;
  for (int i = 0; i < 20; ++i) {
    const ContactId call = w.Call();
    const std::string agent = w.HolderOf(call);
    ++shares[agent];
    w.Accept(agent, call);
    w.Wait(seconds(30));
    w.Complete(agent, call);
    w.Wait(seconds(30));
  }
  EXPECT_THAT(shares, ElementsAre(testing::Pair("ana", 5), testing::Pair("bo", 5), testing::Pair("cy", 5),
                                  testing::Pair("dee", 5)));
}

// Pain 30 (Chatwoot, Genesys): limits are set and yet one agent fills up while another has nothing.
TEST(Order, NobodyIdlesWhileColleaguesFillUp) {
  const std::vector<std::string> agents = {"ana", "bo", "cy", "dee"};
  Policy policy = OneTeam(agents);
  policy.queues[0].strategy = Strategy::kLeastLoaded;
  Floor w(policy);
  w.SignInAll();
  for (int i = 0; i < 16; ++i) {
    const ContactId chat = w.Chat();
    w.Accept(w.HolderOf(chat), chat);
    const auto [least, most] = std::minmax({w.Used("ana"), w.Used("bo"), w.Used("cy"), w.Used("dee")});
    EXPECT_LE(most - least, 25) << "one chat, after " << i + 1;
  }
}

// Pain 30 again: whatever the strategy, nobody waits while an agent with room could help.
TEST_P(EachStrategy, NobodyWaitsWhileSomebodyHasRoom) {
  Floor w(With(OneTeam({"ana", "bo", "cy"})));
  w.SignInAll();
  std::vector<ContactId> chats;
  for (int i = 0; i < 12; ++i) {
    chats.push_back(w.Chat());
    EXPECT_EQ(w.StateOf(chats.back()), ContactState::kOffered);
    w.Accept(w.HolderOf(chats.back()), chats.back());
  }
  EXPECT_TRUE(w.Waits(w.Chat())) << "twelve fill the three of them";
}

// Pain 31 (Live Helper Chat): who gets a chat depends on whose browser asks first, agents get around it by opening what
// waits, and silence moves nothing on.
TEST(Order, WhoAsksFirstDecidesNothing) {
  for (const bool junior_first : {true, false}) {
    Policy policy = OneTeam({"junior", "expert"});
    policy.queues[0].strategy = Strategy::kMostSkilled;
    policy.agents[1].skills[0].tier = Tier::kExpert;
    Floor w(policy);
    for (int i = 0; i < 2; ++i) w.SignIn((i == 0) == junior_first ? "junior" : "expert");
    w.Wait(minutes(1));
    const std::string eager = junior_first ? "junior" : "expert";
    for (int i = 0; i < 5; ++i) w.SignIn(eager);  // One browser asks again and again.
    const ContactId chat = w.Chat();
    EXPECT_EQ(w.Where(chat), "offered expert");
    EXPECT_EQ(w.Refusal(ClaimContact{"junior", chat}), "PICKING_NOT_ALLOWED");
    w.Wait(seconds(20));
    EXPECT_EQ(w.Where(chat), "offered junior") << "silence is an answer too";
  }
}

// Pain 32 (Genesys): a ring of the bullseye was skipped, and nobody could tell why.
TEST(Order, NoStepOfRelaxationIsSkipped) {
  Policy policy = OneTeam({"junior", "senior"});
  policy.agents[0].skills[0].tier = Tier::kJunior;
  policy.queues[0].requirements = {{"help", Tier::kExpert}};
  policy.queues[0].steps = {{seconds(30), {{"help", Tier::kSenior}}}, {seconds(60), {{"help", Tier::kJunior}}}};
  Floor w(policy);
  w.SignInAll();
  const ContactId call = w.Call();
  const Explanation e = w.router.Explain(call, w.now, 10);
  for (const AgentVerdict& verdict : e.agents) {
    const bool senior = w.router.NameOf(verdict.agent) == "senior";
    ASSERT_EQ(verdict.failed.size(), 1u);
    EXPECT_STREQ(verdict.failed[0].test, "SKILL");
    EXPECT_EQ(verdict.failed[0].opens_at, w.now + seconds(senior ? 30 : 60)) << "each knows when it is their turn";
  }
  w.Wait(seconds(30));
  EXPECT_EQ(w.Where(call), "offered senior");
  w.Wait(minutes(2));
  const auto relaxed = w.All<RequirementsRelaxed>();
  ASSERT_EQ(relaxed.size(), 2u);
  EXPECT_EQ(relaxed[0].step, 1);
  EXPECT_EQ(relaxed[1].step, 2);
  const auto asked = w.AskedFor(call);
  EXPECT_NE(std::find(asked.begin(), asked.end(), "junior"), asked.end());

  // Even when the clock jumps over both.
  const ContactId later = w.Create("help", "", "phone");
  w.Leave(call);
  w.now += minutes(5);
  w.router.Advance(w.now, w.events);
  std::vector<int> steps;
  for (const RequirementsRelaxed& e2 : w.All<RequirementsRelaxed>()) {
    if (e2.contact == later) steps.push_back(e2.step);
  }
  EXPECT_THAT(steps, ElementsAre(1, 2));
}

// Pain 33 (Asterisk): a changed priority counted only against who came afterwards, not against who waited already.
TEST(Order, AChangedPriorityCountsAgainstAllWhoWait) {
  Floor w(OneTeam({"ana"}));
  std::vector<ContactId> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(w.Call());
    w.Wait(seconds(10));
  }
  w.Do(UpdateContact{.contact = calls[2], .head_start = {}, .vip = "silver"});
  EXPECT_THAT(w.Line(), ElementsAre(calls[2], calls[0], calls[1], calls[3]));
  w.Do(UpdateContact{.contact = calls[3], .head_start = seconds(25), .vip = {}});
  EXPECT_THAT(w.Line(), ElementsAre(calls[2], calls[0], calls[3], calls[1]));
  w.Do(UpdateContact{.contact = calls[2], .head_start = {}, .vip = ""});
  EXPECT_THAT(w.Line(), ElementsAre(calls[0], calls[3], calls[1], calls[2])) << "and what was given can be taken back";
  w.SignIn("ana");
  EXPECT_EQ(w.Where(calls[0]), "offered ana");
}

}  // namespace
}  // namespace routerd::core
