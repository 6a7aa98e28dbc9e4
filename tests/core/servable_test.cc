// Who asks for what nobody could ever give is told so at once, and does not wait for ever.
#include <gtest/gtest.h>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

// Billing and orders with Ana (billing SENIOR, orders JUNIOR) and Bo (orders EXPERT); nobody speaks French.
Policy NoFrench() {
  Policy p = DemoPolicy();
  p.skills.push_back("french");
  return p;
}

CreateContact Asking(const std::string& queue, std::vector<NamedTier> requirements) {
  return {.queue = queue, .channel = "webchat", .requirements = std::move(requirements)};
}

std::string Words(World& w, Command command) {
  const auto reply = w.Try(std::move(command));
  return std::string(reply.status().message());
}

TEST(ServableTest, WhatNobodyHasIsRefused) {
  World w(NoFrench());
  EXPECT_EQ(w.Refusal(Asking("billing", {{"french", Tier::kJunior}})), "NOBODY_CAN_SERVE");
  EXPECT_EQ(
      Words(w, Asking("billing", {{"french", Tier::kJunior}})),
      "nobody could ever serve it in queue \"billing\": it asks for french >= JUNIOR, and nobody there has any; ask "
      "for less, or choose another queue");
  EXPECT_EQ(Words(w, Asking("billing", {{"billing", Tier::kExpert}})),
            "nobody could ever serve it in queue \"billing\": it asks for billing >= EXPERT, and the most that anybody "
            "there has is SENIOR; ask for less, or choose another queue");
}

TEST(ServableTest, WhatNobodyHasTogetherIsRefused) {
  World w(NoFrench());
  EXPECT_EQ(
      Words(w, Asking("billing", {{"orders", Tier::kExpert}})),
      "nobody could ever serve it in queue \"billing\": it asks for billing >= JUNIOR, orders >= EXPERT, and nobody "
      "there has all of it; ask for less, or choose another queue");
}

TEST(ServableTest, WhoeverIsConfiguredCountsOnDutyOrNot) {
  World w(NoFrench());
  EXPECT_EQ(w.Where(w.Do(Asking("billing", {{"billing", Tier::kSenior}})).contact), "queued");
}

TEST(ServableTest, WhoLeftTheConfigurationCountsNoMore) {
  World w(NoFrench());
  w.Do(Asking("orders", {{"orders", Tier::kExpert}}));
  Policy without_bo = NoFrench();
  without_bo.agents.pop_back();
  w.Load(without_bo);
  EXPECT_EQ(w.Refusal(Asking("orders", {{"orders", Tier::kExpert}})), "NOBODY_CAN_SERVE");
}

// What relaxes in the end is waited for, and so is what a rule may yet change.
TEST(ServableTest, WhatTheQueueMayYetChangeIsLetIn) {
  Policy policy = NoFrench();
  policy.queues[0].steps = {{seconds(60), {}}};
  World relaxes(policy);
  EXPECT_EQ(relaxes.Where(relaxes.Do(Asking("billing", {{"billing", Tier::kExpert}})).contact), "queued");

  policy = NoFrench();
  policy.queues[0].overflow = {
      {.time = seconds(60), .action = {.kind = OverflowAction::Kind::kQueue, .queue = "orders"}}};
  World moves_on(policy);
  EXPECT_EQ(moves_on.Where(moves_on.Do(Asking("billing", {{"french", Tier::kJunior}})).contact), "queued");
}

TEST(ServableTest, ATransferAsksForWhatSomebodyHas) {
  World w(NoFrench());
  w.SignIn("ana");
  const ContactId c = w.Create("billing");
  w.Accept("ana", c);
  EXPECT_EQ(w.Refusal(TransferContact{"ana", c, "", "orders", {{"french", Tier::kJunior}}, "", ""}),
            "NOBODY_CAN_SERVE");
  EXPECT_EQ(w.Where(c), "active ana");
}

TEST(ServableTest, ABotPassesOnToPeople) {
  Policy policy = NoFrench();
  QueuePolicy front;
  front.name = "front";
  front.bots_first = true;
  front.agents = {"helper"};
  policy.queues.push_back(front);
  policy.agents.push_back({.name = "helper", .skills = {}, .channels = {}, .capacity = 100, .bot = true});
  World w(policy);
  w.SignIn("helper");
  const ContactId c = w.Create("front");
  w.Accept("helper", c);
  EXPECT_EQ(w.Refusal(TransferContact{"helper", c, "", "front", {}, "", ""}), "NOBODY_CAN_SERVE");
  w.Do(TransferContact{"helper", c, "", "billing", {}, "", ""});
  EXPECT_EQ(w.Where(c), "queued");
}

}  // namespace
}  // namespace routerd::core
