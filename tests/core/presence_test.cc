// A presence wished for while contacts are held, and the time that wrap-up takes.
#include "tests/core/world.h"

namespace routerd::core {
namespace {

SetPresence Wish(Presence presence, const std::string& by = "agent") { return {"ana", presence, "", by}; }

class PresenceTest : public testing::Test {
 protected:
  PresenceTest() {
    w.SignIn("ana");
    chat = w.Create("billing");
    w.Accept("ana", chat);
  }
  const AgentData& Ana() const { return w.router.agent(*w.router.FindAgent("ana")); }

  World w;
  ContactId chat;
};

TEST_F(PresenceTest, ABreakBeginsWithTheEndOfTheLastContact) {
  const ContactId offered = w.Create("billing");
  EXPECT_EQ(w.Where(offered), "offered ana");
  w.Do(Wish(Presence::kAway));
  EXPECT_EQ(w.Where(offered), "queued");
  EXPECT_EQ(w.Where(chat), "active ana");
  EXPECT_EQ(Ana().presence, Presence::kAvailable);
  EXPECT_EQ(Ana().pending(), Presence::kAway);

  w.Do(CompleteContact{"ana", chat, "", ""});
  EXPECT_EQ(Ana().presence, Presence::kAway);
  EXPECT_EQ(Ana().pending(), Presence::kOffline) << "nothing is noted any more";
  EXPECT_EQ(w.Where(offered), "queued");
}

TEST_F(PresenceTest, NobodyMayPickBeforeABreak) {
  Policy policy = DemoPolicy();
  policy.queues[0].picking_allowed = true;
  w.Load(policy);
  w.Do(Wish(Presence::kAway));
  const ContactId waiting = w.Create("billing");
  EXPECT_EQ(w.Refusal(ClaimContact{"ana", waiting}), "NOT_ELIGIBLE");
}

TEST_F(PresenceTest, WhoIsAlreadyAvailableTakesTheBreakBack) {
  w.Do(Wish(Presence::kAway));
  const ContactId waiting = w.Create("billing");
  w.Do(Wish(Presence::kAvailable));
  EXPECT_EQ(Ana().pending(), Presence::kOffline);
  EXPECT_EQ(w.Where(waiting), "offered ana");
  w.Do(CompleteContact{"ana", chat, "", ""});
  EXPECT_EQ(Ana().presence, Presence::kAvailable);
}

TEST_F(PresenceTest, AskingTwiceIsOneNote) {
  w.Do(Wish(Presence::kAway));
  w.Do(Wish(Presence::kAway));
  EXPECT_EQ(w.All<AgentPresenceChanged>().size(), 1u);
}

TEST_F(PresenceTest, AnAgentOffDutyNeverFlipsBack) {
  w.Do(Wish(Presence::kAway));
  w.Do(Wish(Presence::kOffline, "supervisor"));
  EXPECT_EQ(Ana().presence, Presence::kOffline);
  w.Wait(hours(1));
  EXPECT_EQ(Ana().presence, Presence::kOffline);
  w.SignIn("ana");
  w.Accept("ana", chat);
  w.Do(CompleteContact{"ana", chat, "", ""});
  EXPECT_EQ(Ana().presence, Presence::kAvailable) << "yesterday's wish is forgotten";
}

TEST_F(PresenceTest, ASnapshotHoldsTheNote) {
  w.Do(Wish(Presence::kAway));
  auto copy = Router::Import(w.router.Export());
  ASSERT_TRUE(copy.ok());
  std::vector<Event> events;
  ASSERT_TRUE(copy->Handle(CompleteContact{"ana", chat, "", ""}, w.now, events).ok());
  EXPECT_EQ(copy->agent(*copy->FindAgent("ana")).presence, Presence::kAway);
}

// Set away by the router for missed offers, Ana still serves a chat: she need not end it to be offered more.
TEST_F(PresenceTest, WhoIsBackIsBackAtOnceWhateverIsHeld) {
  const ContactId missed = w.Create("billing");
  w.Wait(seconds(60));
  EXPECT_EQ(Ana().presence, Presence::kAway);
  EXPECT_EQ(w.Where(chat), "active ana");
  EXPECT_EQ(w.Where(missed), "queued");

  w.Do(Wish(Presence::kAvailable));
  EXPECT_EQ(Ana().presence, Presence::kAvailable);
  EXPECT_EQ(Ana().pending(), Presence::kOffline) << "nothing is noted";
  w.Wait(seconds(5));
  EXPECT_EQ(w.Where(missed), "offered ana");
  EXPECT_EQ(w.Where(chat), "active ana");
}

struct WrapUpCase {
  std::string_view name;
  WrapUpMode mode;
  Duration queue, own, cap;
  Duration expected;
};
const WrapUpCase kWrapUpCases[] = {
    {"TheQueuesTime", WrapUpMode::kTimed, seconds(30), seconds(0), minutes(15), seconds(30)},
    {"TheAgentsOwn", WrapUpMode::kTimed, seconds(30), seconds(50), minutes(15), seconds(50)},
    {"AnOwnTimeMayBeShorter", WrapUpMode::kTimed, seconds(30), seconds(10), minutes(15), seconds(10)},
    {"CappedByTheQueue", WrapUpMode::kTimed, seconds(30), seconds(90), seconds(60), seconds(60)},
    {"OptionalAsTimed", WrapUpMode::kOptional, seconds(30), seconds(50), minutes(15), seconds(50)},
};
class WrapUpTest : public testing::TestWithParam<WrapUpCase> {};

TEST_P(WrapUpTest, Lasts) {
  Policy policy = DemoPolicy();
  policy.queues[0].wrap_up = GetParam().mode;
  policy.queues[0].wrap_up_time = GetParam().queue;
  policy.queues[0].wrap_up_max = GetParam().cap;
  policy.agents[0].wrap_up_time = GetParam().own;
  World w(policy);
  w.SignIn("ana");
  const ContactId chat = w.Create("billing");
  w.Accept("ana", chat);
  w.Do(CompleteContact{"ana", chat, "", ""});
  w.Wait(GetParam().expected - Duration(1));
  EXPECT_EQ(w.Where(chat), "in wrap-up ana");
  w.Wait(Duration(1));
  EXPECT_EQ(w.Where(chat), "ended");
}
INSTANTIATE_TEST_SUITE_P(Times, WrapUpTest, testing::ValuesIn(kWrapUpCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(WrapUp, HoldsTheAgentInEveryQueueUnlessOptional) {
  for (const WrapUpMode mode : {WrapUpMode::kUntilDone, WrapUpMode::kOptional}) {
    Policy policy = DemoPolicy();
    policy.queues[0].wrap_up = mode;
    policy.agents[0].capacity = 25;
    World w(policy);
    w.SignIn("ana");
    const ContactId chat = w.Create("billing");
    w.Accept("ana", chat);
    w.Do(CompleteContact{"ana", chat, "", ""});
    const ContactId other = w.Create("orders");
    EXPECT_EQ(w.Where(other), mode == WrapUpMode::kOptional ? "offered ana" : "queued");
    EXPECT_EQ(w.router.LoadOf(*w.router.FindAgent("ana")).used, 25);
  }
}

TEST(WrapUp, ExtensionsAreCountedAndCapped) {
  Policy policy = DemoPolicy();
  policy.queues[0].wrap_up = WrapUpMode::kTimed;
  policy.queues[0].wrap_up_time = seconds(30);
  policy.queues[0].wrap_up_max = seconds(75);
  policy.queues[0].extension_count_max = 3;
  World w(policy);
  w.SignIn("ana");
  const ContactId chat = w.Create("billing");
  w.Accept("ana", chat);
  EXPECT_EQ(w.Refusal(ExtendWrapUp{"ana", chat}), "CONTACT_WRONG_STATE");
  w.Do(CompleteContact{"ana", chat, "", ""});
  w.Do(ExtendWrapUp{"ana", chat});
  w.Do(ExtendWrapUp{"ana", chat});
  EXPECT_EQ(w.router.FindContact(chat)->until, w.now + seconds(75)) << "only up to the cap";
  EXPECT_EQ(w.Refusal(ExtendWrapUp{"ana", chat}), "EXTENSION_NOT_ALLOWED") << "one is left, but no time";
  w.Wait(seconds(75));
  EXPECT_EQ(w.Where(chat), "ended");
}

}  // namespace
}  // namespace routerd::core
