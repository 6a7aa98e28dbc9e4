// What the workspace knows of a customer decides: who is asked first, which place is whose, and what raises a contact.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

using base::ReasonOf;
using std::chrono::seconds;
using testing::ElementsAre;

// Queue orders: known agents, escalation and a return window; c-1 has Bo for a dedicated agent.
v1::WorkspaceConfig Config() {
  v1::WorkspaceConfig config = DevConfig();
  v1::QueueConfig& orders = *config.mutable_queues(1);
  orders.set_strategy(v1::LONGEST_IDLE);
  v1::KnownAgentConfig& known = *orders.mutable_known_agent();
  for (const auto kind : {v1::KnownAgentConfig::DEDICATED, v1::KnownAgentConfig::OWNER, v1::KnownAgentConfig::LAST}) {
    known.add_kinds(kind);
  }
  orders.mutable_return_window()->set_seconds(60);
  v1::EscalationStep& third = *orders.add_escalation();
  third.set_contact_count(3);
  third.set_call_supervisor(true);
  v1::CustomerConfig& customer = *config.add_customers();
  customer.set_id("c-1");
  customer.set_agent("bo");
  return config;
}

// A contact of one customer, verified, over a channel.
std::string Come(Office& office, const std::string& customer, const std::string& channel = "webchat",
                 const std::string& conversation = "") {
  static int source = 0;
  v1::CreateContactRequest request = office.Contact("known-" + std::to_string(++source), "orders");
  request.set_channel(channel);
  request.set_conversation(conversation);
  request.mutable_customer()->set_id(customer);
  request.mutable_customer()->set_verified(true);
  const auto outcome = office.Do(CreateContact{request});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? outcome->contact : "";
}

void ServeBy(Office& office, const std::string& agent, const std::string& contact) {
  ASSERT_TRUE(office.Accept(agent, office.Get(contact).offer()).ok());
  const core::ContactId id{std::stoull(contact.substr(contact.find('/') + 1))};
  ASSERT_TRUE(office.Do(Route{core::CompleteContact{agent, id, "", ""}}).ok());
  office.Advance(seconds(60));
}

TEST(CustomerRules, TheDedicatedAgentIsAskedFirst) {
  Office office(Config());
  office.SignIn("ana");
  office.Advance(seconds(5));
  office.SignIn("bo");
  EXPECT_EQ(office.Get(Come(office, "c-1")).agent(), "agents/bo");
  EXPECT_EQ(office.Get(Come(office, "c-2")).agent(), "agents/ana");
}

TEST(CustomerRules, WhoFirstTookTheCaseIsAskedAgainAndAfterARestart) {
  Office office(Config());
  office.SignIn("bo");
  const std::string first = Come(office, "c-2");
  ServeBy(office, "bo", first);
  EXPECT_EQ(office.Get(first).owner_agent(), "agents/bo");
  office.SignIn("ana");
  office.Crash(100);
  office.SignIn("ana");
  office.SignIn("bo");
  const v1::Contact again = office.Get(Come(office, "c-2", "webchat", office.Get(first).conversation()));
  EXPECT_EQ(again.agent(), "agents/bo");
  EXPECT_EQ(again.owner_agent(), "agents/bo");
}

TEST(CustomerRules, OnePersonHoldsOnePlaceOnTwoChannels) {
  Office office(Config());
  const std::string call = Come(office, "c-2", "phone");
  office.Advance(seconds(30));
  const std::string chat = Come(office, "c-2");
  const std::string second_chat = Come(office, "c-2");
  EXPECT_THAT(office.Get(chat).linked_contacts(), ElementsAre(call));
  EXPECT_EQ(office.Get(chat).rank_time().seconds(), office.Get(call).rank_time().seconds());
  EXPECT_TRUE(office.Get(second_chat).linked_contacts().empty()) << "contacts of one channel may be two people's";
  office.SignIn("bo");
  ASSERT_EQ(office.Get(call).agent(), "agents/bo");
  EXPECT_EQ(office.Get(chat).state(), v1::Contact::STATE_QUEUED);
  const auto live = office.State();
  office.Crash(100);
  EXPECT_THAT(office.Get(chat).linked_contacts(), ElementsAre(call));
  office.SignIn("bo");
  ASSERT_TRUE(office.Accept("bo", office.Get(call).offer()).ok());
  EXPECT_EQ(office.Get(chat).state(), v1::Contact::STATE_ACTIVE);
  EXPECT_TRUE(office.Get(chat).linked_contacts().empty());
}

TEST(CustomerRules, WhoComesBackInTimeTakesTheOldPlace) {
  Office office(Config());
  const std::string first = Come(office, "c-2", "phone");
  const auto rank = office.Get(first).rank_time();
  ASSERT_TRUE(office.Do(EndContact{{first, "", ""}, "customer_closed"}).ok());
  office.Advance(seconds(30));
  office.Crash(100);
  const v1::Contact back = office.Get(Come(office, "c-2", "phone"));
  EXPECT_EQ(back.rank_time().seconds(), rank.seconds());
  EXPECT_EQ(back.queue_time().seconds(), rank.seconds());
  // Taken up once; and not for ever.
  ASSERT_TRUE(office.Do(EndContact{{back.name(), "", ""}, "customer_closed"}).ok());
  office.Advance(seconds(61));
  EXPECT_NE(office.Get(Come(office, "c-2", "phone")).rank_time().seconds(), rank.seconds());
}

TEST(CustomerRules, TheThirdContactWithinADayCallsASupervisor) {
  Office office(Config());
  office.SignIn("bo");
  ServeBy(office, "bo", Come(office, "c-2"));
  const std::string second = Come(office, "c-2");
  EXPECT_FALSE(office.Get(second).supervisor_called());
  ServeBy(office, "bo", second);
  const std::string third = Come(office, "c-2");
  EXPECT_TRUE(office.Get(third).supervisor_called());
  EXPECT_EQ(office.Get(third).escalation_level(), 1);
  core::UpdateContact seen{.contact = core::ContactId{3}};
  seen.clear_call = true;
  ASSERT_TRUE(office.Do(Route{seen}).ok());
  EXPECT_FALSE(office.Get(third).supervisor_called());
}

TEST(CustomerRules, AnAdapterSetsLaneLabelsAndReplyWindow) {
  Office office(Config());
  const std::string contact = Come(office, "c-2");
  UpdateContact update{{contact, "", ""}, {}};
  update.request.set_lane(1);
  EXPECT_EQ(ReasonOf(office.Do(update).status()), "LANE_NOT_ALLOWED");
  update.lane_max = 1;
  update.request.add_labels("complaint");
  update.request.mutable_deadline_time()->set_seconds(1'900'000'000);
  const auto outcome = office.Do(update);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const v1::Contact now = office.Get(contact);
  EXPECT_EQ(now.lane(), 1);
  EXPECT_THAT(now.labels(), ElementsAre("complaint"));
  EXPECT_EQ(now.deadline_time().seconds(), 1'900'000'000);
  EXPECT_EQ(now.context().promises(now.context().promises_size() - 1).kind(), "reply");
}

}  // namespace
}  // namespace routerd::engine
