// Contacts given twice, to the wrong one, or to nobody: pains 1 to 11 (README.md).
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/field/floor.h"

namespace routerd::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Pain 1 (Asterisk): a call rings at two phones, both pick up, and both have it.
TEST(Assignment, TwoAgentsCannotBothAnswerOneContact) {
  Floor w(OneTeam({"ana", "bo"}));
  w.SignInAll();
  const ContactId call = w.Call();
  ASSERT_EQ(w.Where(call), "offered ana");
  const OfferId late = w.OfferTo("ana", call);
  w.Wait(seconds(20));
  ASSERT_EQ(w.Where(call), "offered bo");
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", call, late}), "OFFER_NOT_OPEN") << "in the very instant of the deadline";
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", call, w.OfferTo("bo", call)}), "OFFER_UNKNOWN");
  w.Accept("bo", call);
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", call, late}), "OFFER_NOT_OPEN");
  EXPECT_EQ(w.Where(call), "active bo");
  EXPECT_EQ(w.All<OfferAccepted>().size(), 1u);
  EXPECT_EQ(w.Used("ana"), 0);
}

// Pain 2 (Asterisk): the first to answer hangs up before speech is connected, and everybody else who was being rung is
// dropped with it; the caller needs several tries.
TEST(Assignment, AnAgentWhoHangsUpAtOnceDropsNobodyElse) {
  Floor w(OneTeam({"ana", "bo", "cy"}));
  w.SignInAll();
  const ContactId call = w.Call();
  const ContactId other = w.Call();
  w.Accept("ana", call);
  w.Wait(seconds(1));
  const auto before = w.router.FindContact(other);
  w.ForceOut("ana");
  EXPECT_EQ(w.Where(call), "offered cy") << "at once, without a try of the caller's";
  EXPECT_EQ(w.router.FindContact(other), before) << "Bo's offer, deadline included";
  w.Accept("bo", other);
  w.Accept("cy", call);
}

// Pain 3 (FreeSWITCH): the caller hangs up while the agent's phone is still being set up, and the agent answers
// silence.
TEST(Assignment, NobodyCanAnswerACallerWhoHasHungUp) {
  Floor w(OneTeam({"ana"}));
  w.SignInAll();
  const ContactId gone = w.Call();
  const ContactId next = w.Call();
  const OfferId offer = w.OfferTo("ana", gone);
  w.Leave(gone);
  EXPECT_EQ(w.Refusal(AcceptOffer{"ana", gone, offer}), "OFFER_NOT_OPEN");
  EXPECT_EQ(w.Where(next), "offered ana") << "her time goes to somebody who is there";
  EXPECT_EQ(w.Data("ana").missed_count, 0) << "and it was no miss";
  w.Accept("ana", next);
  w.Leave(next);
  EXPECT_EQ(w.Where(next), "ended") << "nor does she stay with one who hung up just after";
  EXPECT_EQ(w.Used("ana"), 0);
}

// Pain 4 (FreeSWITCH): ringing everybody dials one agent twice and leaves others out.
TEST(Assignment, NobodyIsAskedTwiceBeforeEverybodyWasAskedOnce) {
  Floor w(OneTeam({"ana", "bo", "cy"}));
  w.SignInAll();
  const ContactId call = w.Call();
  w.Wait(seconds(59));
  EXPECT_THAT(w.AskedFor(call), UnorderedElementsAre("ana", "bo", "cy"));
}

// Pain 5 (Kazoo): who logs in after the caller gave up is rung by a ghost.
TEST(Assignment, WhoComesAfterTheCallerGaveUpIsOfferedNothing) {
  Floor w(OneTeam({"ana", "bo"}));
  w.SignIn("bo");
  const ContactId declined = w.Call();
  w.Decline("bo", declined);  // A back-off runs.
  const ContactId busy = w.Call();
  w.Accept("bo", busy);
  const ContactId kept = w.Call();
  w.Do(AssignContact{kept, "bo"});  // A reservation runs.
  for (const ContactId contact : {declined, kept, busy}) w.Leave(contact);
  EXPECT_EQ(w.router.NextDeadline(), kNever) << "no clock runs for the gone";
  const size_t offer_count = w.All<OfferMade>().size();
  w.SignIn("ana");
  w.Wait(minutes(5));
  EXPECT_EQ(w.All<OfferMade>().size(), offer_count);
  EXPECT_EQ(w.router.contact_count(), 0u);
}

// Pain 6 (Rocket.Chat): under load agents get more chats than their maximum, as room is checked in one step and taken
// in another.
TEST(Assignment, NoAgentIsEverOverCapacityHoweverManyChatsComeAtOnce) {
  Policy policy = OneTeam({"ana", "bo", "cy"});
  policy.queues[0].misses_max = 0;
  Floor w(policy);
  w.SignInAll();
  std::mt19937 chance(6);
  std::vector<ContactId> chats;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 5; ++i) chats.push_back(w.Chat());
    for (const ContactId chat : chats) {
      const ContactState state = w.StateOf(chat);
      const auto what = chance() % 4;
      if (what == 0 && state == ContactState::kOffered) w.Accept(w.HolderOf(chat), chat);
      if (what == 1 && state == ContactState::kActive) w.Complete(w.HolderOf(chat), chat);
      if (what == 2 && chance() % 8 == 0 && state != ContactState::kEnded) w.Leave(chat);
    }
    w.Wait(seconds(chance() % 15));
  }
  size_t most = 0;
  w.BeforeEachEvent([&](const Router& router, const Event&) {
    for (const char* agent : {"ana", "bo", "cy"}) {
      const AgentLoad load = router.LoadOf(*router.FindAgent(agent));
      EXPECT_LE(load.contacts.size(), 4u);
      EXPECT_EQ(load.used, static_cast<int>(25 * load.contacts.size()));
      most = std::max(most, load.contacts.size());
    }
  });
  EXPECT_EQ(most, 4u) << "and yet they were full";
}

// Pain 7 (LibreDesk): the automaton gave to somebody else what a person had just assigned.
TEST(Assignment, TheRulesCannotOverwriteAPersonsChoice) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].picking_allowed = true;
  Floor w(policy);
  w.SignIn("bo");
  const ContactId busy = w.Call();
  w.Accept("bo", busy);
  const ContactId call = w.Call();
  w.Do(AssignContact{call, "bo"});
  w.SignIn("ana");  // Free, and just as able.
  w.Load(policy);
  EXPECT_EQ(w.Where(call), "queued");
  EXPECT_EQ(w.Refusal(ClaimContact{"ana", call}), "NOT_ELIGIBLE");
  w.Complete("bo", busy);
  EXPECT_EQ(w.Where(call), "offered bo");
  w.Accept("bo", call);
  EXPECT_EQ(w.Refusal(AssignContact{call, "ana"}), "CONTACT_NOT_WAITING") << "nor one person another's, unawares";
  EXPECT_EQ(w.Where(call), "active bo");
}

// Pain 8 (Chatwoot): an assignment and another rule race, and most of a day's assignments are overwritten seconds
// later.
TEST(Assignment, NoOtherRuleMovesAContactThatSomebodyHas) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].steps = {{seconds(5), {}}};
  Floor w(policy);
  w.SignIn("ana");
  const ContactId chat = w.Chat();
  w.SignIn("bo");
  const auto let_rules_loose = [&](const char* vip) {
    w.Do(UpdateContact{.contact = chat, .head_start = {}, .vip = vip});
    w.Wait(seconds(6));  // The step of relaxation is due.
    w.Load(policy);
    EXPECT_EQ(w.Refusal(AssignContact{chat, "bo"}), "CONTACT_NOT_WAITING");
  };
  let_rules_loose("silver");
  EXPECT_EQ(w.Where(chat), "offered ana");
  w.Accept("ana", chat);
  let_rules_loose("gold");
  w.Wait(hours(1));
  EXPECT_EQ(w.Where(chat), "active ana");
  EXPECT_THAT(w.AskedFor(chat), ElementsAre("ana"));
}

// Pain 8 (Chatwoot), the earlier form: contacts of one team went to agents of another.
TEST(Assignment, AContactCannotLeakToAnotherTeam) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].agents = {"ana"};
  policy.queues[0].picking_allowed = true;
  Floor w(policy);
  w.SignIn("bo");  // Has the skill and nothing to do, but is not of the team.
  const ContactId chat = w.Chat();
  w.Wait(hours(1));
  EXPECT_EQ(w.Refusal(ClaimContact{"bo", chat}), "NOT_ELIGIBLE");
  EXPECT_THAT(w.AskedFor(chat), IsEmpty());
  w.SignIn("ana");
  EXPECT_EQ(w.Where(chat), "offered ana");
}

// Pain 9 (Rocket.Chat): taking a chat from the list leaves a second copy of it, which nobody can write in.
TEST(Assignment, PickingAContactLeavesNoCopyInTheList) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].picking_allowed = true;
  Floor w(policy);
  w.SignInAll();
  const ContactId chat = w.Chat();
  w.Decline(w.HolderOf(chat), chat);
  w.Decline(w.HolderOf(chat), chat);
  ASSERT_THAT(w.Line(), ElementsAre(chat));
  w.Do(ClaimContact{"ana", chat});
  EXPECT_THAT(w.Line(), IsEmpty());
  EXPECT_EQ(w.router.contact_count(), 1u);
  EXPECT_EQ(w.Refusal(ClaimContact{"bo", chat}), "CONTACT_NOT_WAITING");
  w.Wait(minutes(5));
  EXPECT_THAT(w.AskedFor(chat), testing::SizeIs(3)) << "two refusals and the picking; never again";
  w.Complete("ana", chat);
  EXPECT_EQ(w.router.contact_count(), 0u);
}

// Pain 10 (OpenACD, LiveKit): calls that are given out together all choose the same first agent, as each reads the list
// before any other has taken from it.
TEST(Assignment, CallsGivenOutTogetherGoToAgentsOfTheirOwn) {
  const Policy policy = OneTeam({"ana", "bo", "cy", "dee", "eli"});
  Policy untrained = policy;
  for (AgentPolicy& agent : untrained.agents) agent.skills.clear();
  Floor w(untrained);
  w.SignInAll();
  std::vector<ContactId> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(w.Call());
  ASSERT_EQ(w.Line().size(), 5u);
  w.Load(policy);  // One command: now all may take all.
  std::set<std::string> holders;
  for (const ContactId call : calls) holders.insert(w.HolderOf(call));
  EXPECT_THAT(holders, UnorderedElementsAre("ana", "bo", "cy", "dee", "eli"));
}

// Pain 11 (Chatwoot): an assignment is only advice, so two agents answer the same customer.
TEST(Assignment, OnlyWhoHoldsAContactCanActOnIt) {
  Policy policy = OneTeam({"ana", "bo"});
  policy.queues[0].wrap_up = WrapUpMode::kUntilDone;
  Floor w(policy);
  w.SignIn("ana");
  const ContactId chat = w.Chat();
  w.Accept("ana", chat);
  w.SignIn("bo");
  EXPECT_EQ(w.Refusal(HoldContact{"bo", chat, true}), "CONTACT_NOT_YOURS");
  EXPECT_EQ(w.Refusal(CompleteContact{"bo", chat, "", ""}), "CONTACT_NOT_YOURS");
  EXPECT_EQ(w.Refusal(TransferContact{.agent = "bo",
                                      .contact = chat,
                                      .to_agent = "bo",
                                      .to_queue = "",
                                      .requirements = {},
                                      .reason = "",
                                      .summary = ""}),
            "CONTACT_NOT_YOURS");
  w.Complete("ana", chat);
  EXPECT_EQ(w.Refusal(FinishWrapUp{"bo", chat, ""}), "CONTACT_NOT_YOURS");
  EXPECT_EQ(w.Where(chat), "in wrap-up ana");
}

}  // namespace
}  // namespace routerd::core
