// What is lost or changed by restarting, reloading, failing over and load: pains 40 to 42 and 45 to 48 (README.md).
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/field/floor.h"

namespace routerd::core {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

// Ana serves a call, Bo is offered one, two wait, and Cy is at lunch.
struct Day {
  explicit Day(const Policy& policy = OneTeam({"ana", "bo", "cy"})) : w(policy) {
    w.SignIn("cy");
    w.Go("cy", Presence::kAway, "lunch");
    w.SignIn("ana");
    served = w.Call();
    w.Accept("ana", served);
    w.Wait(seconds(10));
    w.SignIn("bo");
    offered = w.Call();
    w.Wait(seconds(5));
    for (int i = 0; i < 2; ++i) waiting.push_back(w.Call());
  }
  Floor w;
  ContactId served, offered;
  std::vector<ContactId> waiting;
};

// Pain 40 (FreeSWITCH, Asterisk): loading the module marks all who wait as abandoned, or callers die with the process.
TEST(Restart, AbandonsNobody) {
  Day d;
  d.w.Restart(minutes(10));
  EXPECT_EQ(d.w.Where(d.served), "active ana");
  EXPECT_EQ(d.w.Where(d.offered), "offered bo");
  EXPECT_THAT(d.w.Line(), ElementsAreArray(d.waiting));
  d.w.SignIn("ana");
  d.w.SignIn("bo");
  d.w.Wait(seconds(19));
  EXPECT_EQ(d.w.Where(d.offered), "offered bo") << "with all of its time, counted from now";
  d.w.Accept("bo", d.offered);
  EXPECT_EQ(d.w.Data("bo").missed_count, 0) << "that the process was away is nobody's miss";
  d.w.Complete("ana", d.served);
  EXPECT_EQ(d.w.Where(d.waiting[0]), "offered ana");
  EXPECT_THAT(d.w.All<ContactEnded>(), testing::SizeIs(1));
}

// Pain 40 again: and whose agent does not come back is not forgotten.
TEST(Restart, WhoseAgentStaysAwayIsServedFirst) {
  Day d;
  d.w.Restart();
  d.w.SignIn("bo");
  d.w.Accept("bo", d.offered);
  d.w.Wait(seconds(30));  // Ana's desk never reconnects.
  EXPECT_EQ(d.w.Line().front(), d.served);
  d.w.Complete("bo", d.offered);
  EXPECT_EQ(d.w.Where(d.served), "offered bo");
}

// Pain 41 (FreeSWITCH): a reload logs out agents who were there.
TEST(Reload, SignsNobodyOut) {
  Day d;
  const RouterState before = d.w.router.Export();
  const size_t event_count = d.w.events.size();
  d.w.Load(OneTeam({"ana", "bo", "cy"}));
  EXPECT_EQ(d.w.router.Export().agents, before.agents);
  EXPECT_EQ(d.w.router.Export().contacts, before.contacts);
  EXPECT_EQ(d.w.events.size(), event_count + 1) << "nothing happened but the reload itself";
}

// Pain 41 (FreeSWITCH): old tiers survive a reload.
TEST(Reload, TakesOldTiersAway) {
  const Policy policy = OneTeam({"ana", "bo"});
  Floor w(policy);
  w.SignIn("ana");  // Bo, who could help as well, is at home.
  const auto call_for_a_senior = [&] { return w.Create("help", "", "webchat", {{"help", Tier::kSenior}}); };
  EXPECT_EQ(w.Where(call_for_a_senior()), "offered ana");
  Policy lowered = policy;
  lowered.agents[0].skills[0].tier = Tier::kJunior;
  w.Load(lowered);
  EXPECT_EQ(w.Where(call_for_a_senior()), "queued");
  EXPECT_EQ(w.Where(w.Chat()), "offered ana");
  w.Load(policy);
  EXPECT_TRUE(w.Line().empty()) << "and gives them back";
}

// Pain 41 (FreeSWITCH): a queue cannot be removed while it holds anything.
TEST(Reload, AQueueMayGoWhileContactsStandInIt) {
  Policy policy = OneTeam({"ana"});
  policy.queues.push_back(policy.queues[0]);
  policy.queues[1].name = "spring-sale";
  Floor w(policy);
  const ContactId call = w.Call("spring-sale");
  policy.queues.pop_back();
  w.Load(policy);
  EXPECT_EQ(w.Refusal(CreateContact{.queue = "spring-sale", .channel = "phone", .requirements = {}, .vip = ""}),
            "QUEUE_UNKNOWN");
  w.SignIn("ana");
  EXPECT_EQ(w.Where(call), "offered ana") << "who came in time is served";
  w.Accept("ana", call);
  w.Complete("ana", call);
}

// Pain 41 (FusionPBX): a queue that is renamed loses its agents.
TEST(Reload, ARenamedQueueKeepsItsAgents) {
  Policy policy = OneTeam({"ana", "bo"});
  Floor w(policy);
  w.SignInAll();
  policy.queues[0].name = "support";
  w.Load(policy);
  const ContactId first = w.Call("support");
  const ContactId second = w.Call("support");
  EXPECT_EQ(w.Where(first), "offered ana");
  EXPECT_EQ(w.Where(second), "offered bo");
}

// Pain 42 (Asterisk): after a reload or restart the time of the last call, the reason of a pause and when it began are
// gone, and a timed rule no longer fires.
TEST(Reload, KeepsClocksReasonsAndTimedRules) {
  Policy policy = OneTeam({"ana", "bo", "cy"});
  policy.queues[0].requirements = {{"help", Tier::kExpert}};
  policy.queues[0].steps = {{seconds(60), {{"help", Tier::kSenior}}}};
  for (const bool restart : {false, true}) {
    Floor w(policy);
    w.SignInAll();
    w.Wait(minutes(5));
    w.Go("cy", Presence::kAway, "lunch");
    const Instant lunch_at = w.now;
    const ContactId call = w.Call();
    w.Wait(seconds(50));
    const RouterState before = w.router.Export();
    if (restart) {
      w.router = w.Replayed(w.events.size());
    } else {
      Policy other = policy;
      other.queues[0].waiting_max = 50;  // Something that concerns nobody here.
      w.Load(other);
    }
    EXPECT_EQ(w.router.Export().agents, before.agents) << "idle times included";
    EXPECT_EQ(w.Data("cy").presence_reason, "lunch");
    EXPECT_EQ(w.Data("cy").presence_at, lunch_at);
    w.Wait(seconds(10) - Duration(1));
    EXPECT_EQ(w.Where(call), "queued");
    w.Wait(Duration(1));
    EXPECT_EQ(w.StateOf(call), ContactState::kOffered) << "sixty seconds after it came, not after the reload";
  }
}

// Pain 42 again: wrap-up, back-offs and reservations run on through snapshot and restart to the nanosecond.
TEST(Restart, EveryClockRunsOn) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(45);
  Floor w(policy);
  w.SignInAll();
  const ContactId wrapped = w.Call();
  w.Accept("ana", wrapped);
  w.Complete("ana", wrapped);
  const ContactId declined = w.Call();
  w.Decline("bo", declined);
  w.Accept("bo", w.Call());
  const ContactId kept = w.Call();
  w.Do(AssignContact{kept, "ana"});
  w.Wait(seconds(7));
  auto imported = Router::Import(w.router.Export());
  ASSERT_TRUE(imported.ok()) << imported.status();
  Router replayed = w.Replayed(w.events.size());
  std::vector<Event> missed;  // Looks at the clock that led to nothing are no events, so they are due once more.
  imported->Advance(w.now, missed);
  replayed.Advance(w.now, missed);
  ASSERT_TRUE(missed.empty());
  for (int i = 0; i < 20; ++i) {
    const Instant next = w.router.NextDeadline();
    ASSERT_EQ(imported->NextDeadline(), next);
    ASSERT_EQ(replayed.NextDeadline(), next);
    if (next == kNever) break;
    std::vector<Event> from_snapshot, from_replay;
    const size_t before = w.events.size();
    w.router.Advance(next, w.events);
    imported->Advance(next, from_snapshot);
    replayed.Advance(next, from_replay);
    EXPECT_EQ(from_snapshot.size(), w.events.size() - before);
    EXPECT_EQ(from_replay.size(), w.events.size() - before);
    ExpectSame(imported->Export(), w.router.Export());
    ExpectSame(replayed.Export(), w.router.Export());
  }
}

// Pain 45 (FreeSWITCH): for years two nodes could not share the work, as the state was in one process. Here whoever has
// the events has the state: another node takes over and decides what the first would have decided.
TEST(Failover, AnotherNodeDecidesTheSameFromTheEventsAlone) {
  Day d;
  Router other = d.w.Replayed(d.w.events.size());
  ExpectSame(other.Export(), d.w.router.Export());
  const std::vector<Command> commands = {
      AcceptOffer{"bo", d.offered, d.w.OfferTo("bo", d.offered)},
      CompleteContact{"ana", d.served, "", ""},
      SetPresence{.agent = "cy", .presence = Presence::kAvailable, .reason = ""},
      EndContact{d.waiting[1], false, "left"},
  };
  for (const Command& command : commands) {
    std::vector<Event> here, there;
    ASSERT_TRUE(d.w.router.Handle(command, d.w.now, here).ok());
    ASSERT_TRUE(other.Handle(command, d.w.now, there).ok());
    ASSERT_EQ(here.size(), there.size());
    for (size_t i = 0; i < here.size(); ++i) EXPECT_EQ(here[i].kind.index(), there[i].kind.index());
    ExpectSame(other.Export(), d.w.router.Export());
  }
}

// Pain 46 (OpenSIPS): an agent's refusal drops the caller.
TEST(Load, ARefusalNeverDropsTheCaller) {
  Policy policy = OneTeam({"ana", "bo", "cy"});
  policy.queues[0].misses_max = 0;
  Floor w(policy);
  w.SignInAll();
  const ContactId call = w.Call();
  const auto rank = w.router.FindContact(call)->rank;
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    if (w.StateOf(call) == ContactState::kOffered) {
      w.Decline(w.HolderOf(call), call);
      ++refused;
    }
    w.Wait(seconds(5));
  }
  EXPECT_GE(refused, 30);
  ASSERT_NE(w.StateOf(call), ContactState::kEnded);
  EXPECT_EQ(w.router.FindContact(call)->rank, rank) << "nor costs the place";
  w.Call();
  EXPECT_EQ(w.router.Estimate(call, w.now).place, 1);
}

// Pain 46 (OpenSIPS): handing over at the end of wrap-up crashes. Whatever ends it, it ends once.
TEST(Load, WrapUpEndsOnceHoweverManyEndItAtOnce) {
  Policy policy = OneTeam({"ana"});
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(30);
  Floor w(policy);
  w.SignInAll();
  const ContactId call = w.Call();
  w.Accept("ana", call);
  const ContactId next = w.Call();
  w.Complete("ana", call);
  w.now += seconds(30);  // In this instant the time runs out, she says she is done, and her desk signs out.
  EXPECT_FALSE(w.Try(FinishWrapUp{"ana", call, ""}).ok());
  EXPECT_EQ(w.Where(next), "offered ana");
  w.ForceOut("ana");
  EXPECT_EQ(w.Where(next), "queued");
  EXPECT_THAT(w.All<ContactEnded>(), testing::SizeIs(1));
}

// Pain 47 (Open Match): the state store is the bottleneck, now and then a query finds nothing, and a caller must poll
// to learn what became of its ticket.
TEST(Load, TheAnswerComesWithWhatMadeItPossible) {
  Floor w(OneTeam({"ana"}));
  std::vector<ContactId> chats;
  for (int i = 0; i < 200; ++i) chats.push_back(w.Chat());
  size_t before = w.events.size();
  w.SignIn("ana");
  EXPECT_EQ(w.events.size(), before + 5) << "her coming and all four offers are one step";
  for (int i = 0; i < 196; ++i) {
    const ContactId chat = chats[static_cast<size_t>(i)];
    w.Accept("ana", chat);
    before = w.events.size();
    w.Complete("ana", chat);
    EXPECT_EQ(w.events.size(), before + 2) << "an end and the next offer";
    size_t found = w.Line().size();
    for (const ContactId held : w.router.LoadOf(w.Id("ana")).contacts) found += w.router.FindContact(held).has_value();
    ASSERT_EQ(found, w.router.contact_count()) << "whoever lives is found, and in one place";
  }
}

// Pain 48 (Genesys Cloud): the vendor thins out its own best-skill matching under load, so the harder the day the worse
// the match. Here each of thousands gets the best of all who are free.
TEST(Load, TheBestSkilledIsFoundHoweverManyThereAre) {
  Policy policy = OneTeam({});
  policy.queues[0].strategy = Strategy::kMostSkilled;
  for (int i = 0; i < 300; ++i) {
    AgentPolicy agent;
    agent.name = absl::StrCat("a", i);
    agent.skills = {{"help", static_cast<Tier>(1 + i * 7 % 4)}};
    policy.agents.push_back(agent);
  }
  Floor w(policy);
  w.SignInAll();
  std::mt19937 chance(48);
  std::vector<ContactId> served;
  const auto tier_of = [&](const std::string& agent) { return policy.agents[Index(w.Id(agent))].skills[0].tier; };
  for (int i = 0; i < 2'000; ++i) {
    Tier best = Tier::kNone;
    for (const AgentPolicy& agent : policy.agents) {
      if (w.Used(agent.name) == 0) best = std::max(best, agent.skills[0].tier);
    }
    const ContactId call = w.Call();
    if (best == Tier::kNone) {
      ASSERT_TRUE(w.Waits(call));
      w.Leave(call);
    } else {
      ASSERT_EQ(tier_of(w.HolderOf(call)), best);
      w.Accept(w.HolderOf(call), call);
      served.push_back(call);
    }
    while (served.size() > 250) {  // Most are busy at any time.
      const size_t at = chance() % served.size();
      w.Complete(w.HolderOf(served[at]), served[at]);
      served.erase(served.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
}

}  // namespace
}  // namespace routerd::core
