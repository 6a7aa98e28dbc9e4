// The configuration of a workspace becomes the core's policy.
#include "routerd/engine/policy_compile.h"

#include <chrono>
#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace routerd::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

v1::WorkspaceConfig Parse(const char* text) {
  v1::WorkspaceConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

TEST(CompilePolicyTest, TakesWhatIsGiven) {
  const core::Policy policy = CompilePolicy(Parse(R"pb(
    id: "main"
    skills { id: "billing" }
    skills { id: "orders" }
    channels { id: "webchat" cost: 25 max_count: 3 }
    vip_levels {
      id: "gold"
      head_start { seconds: 180 }
      weight: 4
    }
    queues {
      id: "billing"
      requirements { skill: "billing" tier: SENIOR }
      relaxation {
        after { seconds: 30 }
        requirements { skill: "billing" }
      }
      head_start { nanos: 500000000 }
      lane: 2
      strategy: ROUND_ROBIN
      offer_timeout { seconds: 10 }
      miss_back_off { seconds: 11 }
      decline_back_off { seconds: 12 }
      misses_max: 0
      wrap_up {
        mode: TIMED
        duration { seconds: 40 }
      }
      picking_allowed: true
      waiting_max: 50
      dispositions: "solved"
      agents: "ana"
    }
    agents {
      id: "ana"
      skills { key: "orders" value: JUNIOR }
      skills { key: "billing" value: EXPERT }
      channels { key: "webchat" value: 2 }
      capacity: 200
    }
    agent_grace { seconds: 0 }
    transfer_wait { seconds: 90 }
    limits { contacts_max: 1000 }
  )pb"));

  EXPECT_THAT(policy.skills, ElementsAre("billing", "orders"));
  ASSERT_EQ(policy.channels.size(), 1u);
  EXPECT_EQ(policy.channels[0].name, "webchat");
  EXPECT_EQ(policy.channels[0].cost, 25);
  EXPECT_EQ(policy.channels[0].count_max, 3);
  ASSERT_EQ(policy.vips.size(), 1u);
  EXPECT_EQ(policy.vips[0].name, "gold");
  EXPECT_EQ(policy.vips[0].head_start, minutes(3));
  EXPECT_EQ(policy.vips[0].weight, 4);

  ASSERT_EQ(policy.queues.size(), 1u);
  const core::QueuePolicy& queue = policy.queues[0];
  EXPECT_EQ(queue.name, "billing");
  EXPECT_THAT(queue.requirements, ElementsAre(core::NamedTier{"billing", core::Tier::kSenior}));
  ASSERT_EQ(queue.steps.size(), 1u);
  EXPECT_EQ(queue.steps[0].after, seconds(30));
  EXPECT_THAT(queue.steps[0].requirements, ElementsAre(core::NamedTier{"billing", core::Tier::kJunior}));
  EXPECT_EQ(queue.head_start, milliseconds(500));
  EXPECT_EQ(queue.lane, 2);
  EXPECT_EQ(queue.strategy, core::Strategy::kRoundRobin);
  EXPECT_EQ(queue.offer_timeout, seconds(10));
  EXPECT_EQ(queue.miss_back_off, seconds(11));
  EXPECT_EQ(queue.decline_back_off, seconds(12));
  EXPECT_EQ(queue.misses_max, 0);
  EXPECT_EQ(queue.wrap_up, core::WrapUpMode::kTimed);
  EXPECT_EQ(queue.wrap_up_time, seconds(40));
  EXPECT_TRUE(queue.picking_allowed);
  EXPECT_EQ(queue.waiting_max, 50);
  EXPECT_THAT(queue.dispositions, ElementsAre("solved"));
  EXPECT_THAT(queue.agents, ElementsAre("ana"));

  ASSERT_EQ(policy.agents.size(), 1u);
  EXPECT_EQ(policy.agents[0].name, "ana");
  EXPECT_THAT(policy.agents[0].skills, ElementsAre(core::NamedTier{"billing", core::Tier::kExpert},
                                                   core::NamedTier{"orders", core::Tier::kJunior}));
  ASSERT_EQ(policy.agents[0].channels.size(), 1u);
  EXPECT_EQ(policy.agents[0].channels[0].channel, "webchat");
  EXPECT_EQ(policy.agents[0].channels[0].count_max, 2);
  EXPECT_EQ(policy.agents[0].capacity, 200);
  EXPECT_EQ(policy.agent_grace, seconds(0));
  EXPECT_EQ(policy.transfer_wait, seconds(90));
  EXPECT_EQ(policy.contacts_max, 1000);
}

TEST(CompilePolicyTest, FillsWhatIsAbsent) {
  const core::Policy policy = CompilePolicy(Parse(R"pb(
    channels { id: "phone" }
    vip_levels { id: "gold" }
    queues { id: "billing" }
    agents { id: "ana" }
  )pb"));
  EXPECT_EQ(policy.channels.at(0).cost, 100);
  EXPECT_EQ(policy.channels[0].count_max, 0);
  EXPECT_EQ(policy.vips.at(0).weight, 1);
  const core::QueuePolicy& queue = policy.queues.at(0);
  EXPECT_THAT(queue.requirements, IsEmpty());
  EXPECT_EQ(queue.strategy, core::Strategy::kLeastWanted);
  EXPECT_EQ(queue.offer_timeout, seconds(20));
  EXPECT_EQ(queue.miss_back_off, seconds(30));
  EXPECT_EQ(queue.decline_back_off, seconds(60));
  EXPECT_EQ(queue.misses_max, 2);
  EXPECT_EQ(queue.wrap_up, core::WrapUpMode::kNone);
  EXPECT_EQ(queue.wrap_up_time, seconds(30));
  EXPECT_EQ(policy.agents.at(0).capacity, 100);
  EXPECT_EQ(policy.agent_grace, seconds(30));
  EXPECT_EQ(policy.transfer_wait, seconds(60));
  EXPECT_EQ(policy.contacts_max, 1'000'000);
}

TEST(CompilePolicyTest, SurvivesValuesOfALaterVersion) {
  v1::WorkspaceConfig config;
  config.mutable_agent_grace()->set_seconds(std::numeric_limits<int64_t>::max());
  v1::QueueConfig& queue = *config.add_queues();
  queue.set_strategy(static_cast<v1::AgentStrategy>(99));
  queue.mutable_wrap_up()->set_mode(static_cast<v1::WrapUpConfig::Mode>(99));
  (*config.add_agents()->mutable_skills())["x"] = static_cast<v1::Tier>(99);
  const core::Policy policy = CompilePolicy(config);
  EXPECT_GT(policy.agent_grace, std::chrono::hours(24 * 365 * 99));
  EXPECT_EQ(policy.queues.at(0).strategy, core::Strategy::kLeastWanted);
  EXPECT_EQ(policy.queues[0].wrap_up, core::WrapUpMode::kNone);
  EXPECT_EQ(policy.agents.at(0).skills.at(0).tier, core::Tier::kExpert);
}

TEST(CompilePolicyTest, KeepsItsSourceIndependentOfMapOrder) {
  v1::WorkspaceConfig up, down;
  v1::AgentConfig& first = *up.add_agents();
  v1::AgentConfig& second = *down.add_agents();
  for (int i = 0; i < 20; ++i) (*first.mutable_skills())["skill" + std::to_string(i)] = v1::JUNIOR;
  for (int i = 19; i >= 0; --i) (*second.mutable_skills())["skill" + std::to_string(i)] = v1::JUNIOR;
  EXPECT_EQ(CompilePolicy(up).source, CompilePolicy(down).source);
  v1::WorkspaceConfig back;
  ASSERT_TRUE(back.ParseFromString(CompilePolicy(up).source));
  EXPECT_EQ(back.agents(0).skills_size(), 20);
}

}  // namespace
}  // namespace routerd::engine
