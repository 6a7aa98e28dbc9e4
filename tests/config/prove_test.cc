// What is proved of a configuration before it loads: each story is a whole team, and what is found in it.
#include "routerd/config/prove.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/config/bound.h"
#include "routerd/config/defaults.h"
#include "routerd/config/text.h"
#include "routerd/config/yaml.h"

namespace routerd::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::WorkspaceConfig Workspace(std::string_view text) {
  v1::WorkspaceConfig workspace;
  const absl::StatusOr<SourceMap> source = ParseYaml("f.yaml", text, workspace);
  EXPECT_TRUE(source.ok()) << source.status();
  for (v1::QueueConfig& queue : *workspace.mutable_queues()) {  // So that the bounds below are small numbers.
    if (queue.order() == v1::QUEUE_ORDER_UNSPECIFIED) queue.set_order(v1::RANK);
  }
  FillDefaults(workspace);
  return workspace;
}

// Two channels for all stories; each brings its queues and agents, and of the list of skills what it needs.
constexpr std::string_view kTrade = "channels: [{id: chat, cost: 25}, {id: phone}]\n";

struct Story {
  std::string_view name;
  std::string_view text;      // Queues and agents.
  std::string_view findings;  // A line each: `REFUSED path: text` or `suspicious path: text`.
};

const Story kStories[] = {
    // Who waits for ever.
    {"ATeamForBothChannelsIsFine", R"(
queues: [{id: billing, requirements: [{skill: billing, tier: SENIOR}]}]
agents: [{id: ana, skills: {billing: EXPERT}}])",
     ""},
    {"AStepThatStopsShortOfTheBestIsRefused", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  relaxation: [{after: 1m, requirements: [{skill: billing, tier: SENIOR}]}]
- id: other
agents: [{id: ana, skills: {billing: INTERMEDIATE}}])",
     "REFUSED queues[0]: no agent can ever serve queue \"billing\": whoever comes, by chat say, waits for ever, as "
     "billing >= SENIOR is asked for even after the last step, at 1m; nearest is \"ana\", who has billing "
     "INTERMEDIATE; "
     "give \"ana\" billing >= SENIOR, or add a step that asks for less"},
    {"AQueueThatNamesTheWrongAgentsIsRefused", R"(
queues:
- {id: billing, requirements: [{skill: billing}], agents: [bo]}
- id: other
agents: [{id: ana, skills: {billing: EXPERT}}, {id: bo}])",
     "REFUSED queues[0]: no agent of those it names can ever serve queue \"billing\": whoever comes, by chat say, "
     "waits "
     "for ever, as billing >= JUNIOR is asked for; nearest is \"bo\", who lacks billing; give \"bo\" billing >= "
     "JUNIOR, "
     "or add a step that asks for less"},
    {"ACallerWhomOnlyJuniorsCouldTakeIsRefused", R"(
queues:
- {id: billing, requirements: [{skill: billing, tier: SENIOR}]}
- id: other
agents:
- {id: ana, skills: {billing: SENIOR}, channels: {chat: 3}}
- {id: bo, skills: {billing: JUNIOR}, channels: {phone: 1}})",
     "REFUSED queues[0]: no agent can ever serve queue \"billing\" by phone: a phone contact waits for ever, as "
     "billing "
     ">= SENIOR is asked for and of those who take phone the nearest, \"bo\", has billing JUNIOR; give \"bo\" billing "
     ">= "
     "SENIOR, let \"ana\" take phone, add a step that asks for less or, if none ever comes by phone, name the queue's "
     "agents"},
    {"NamingTheSeniorSaysThatNobodyCalls", R"(
queues:
- {id: billing, requirements: [{skill: billing, tier: SENIOR}], agents: [ana]}
- id: other
agents:
- {id: ana, skills: {billing: SENIOR}, channels: {chat: 3}}
- {id: bo, skills: {billing: JUNIOR}, channels: {phone: 1}})",
     ""},
    {"AStepForTheJuniorsServesTheCaller", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: SENIOR}]
  relaxation: [{after: 1m, requirements: [{skill: billing}]}]
- id: other
agents:
- {id: ana, skills: {billing: SENIOR}}
- {id: bo, skills: {billing: JUNIOR}, channels: {phone: 1}})",
     ""},
    {"ANamedAgentOnThePhoneWithoutTheSkillIsRefused", R"(
queues:
- {id: billing, requirements: [{skill: billing}], agents: [ana, bo]}
- id: other
agents:
- {id: ana, skills: {billing: SENIOR}, channels: {chat: 3}}
- {id: bo, channels: {phone: 1}})",
     "REFUSED queues[0]: no agent can ever serve queue \"billing\" by phone: a phone contact waits for ever, as "
     "billing "
     ">= JUNIOR is asked for and of those who take phone the nearest, \"bo\", lacks billing; give \"bo\" billing >= "
     "JUNIOR, let \"ana\" take phone, add a step that asks for less or, if none ever comes by phone, name only those "
     "who serve it\n"
     "suspicious queues[0].agents[1]: names agent \"bo\", who lacks billing, in vain: billing >= JUNIOR is asked "
     "for"},
    {"ATeamThatOnlyChatsIsSuspicious", R"(
queues:
- {id: billing, requirements: [{skill: billing}]}
- id: other
agents:
- {id: ana, skills: {billing: SENIOR}, channels: {chat: 3}}
- {id: bo, channels: {phone: 1}})",
     "suspicious queues[0]: nobody who meets billing >= JUNIOR takes phone: such a contact sent to queue \"billing\" "
     "waits for ever; let \"ana\" take it or, if none ever comes, name the queue's agents"},
    {"ACallThatCostsMoreThanTheExpertHasIsNotTaken", R"(
queues:
- {id: billing, requirements: [{skill: billing}]}
- id: other
agents:
- {id: ana, skills: {billing: SENIOR}, capacity: 50}
- {id: bo})",
     "suspicious queues[0]: nobody who meets billing >= JUNIOR takes phone: such a contact sent to queue \"billing\" "
     "waits for ever; let \"ana\" take it or, if none ever comes, name the queue's agents"},

    // Steps.
    {"AStepThatLetsNobodyInIsSuspicious", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  relaxation:
  - {after: 1m, requirements: [{skill: billing, tier: SENIOR}]}
  - {after: 2m, requirements: [{skill: billing}]}
- id: other
agents: [{id: ana, skills: {billing: EXPERT}}, {id: bo, skills: {billing: JUNIOR}}])",
     "suspicious queues[0].relaxation[0]: lets nobody in: whoever meets billing >= SENIOR meets billing >= EXPERT "
     "already; leave the step out, or let it ask for less"},
    {"AStartThatNobodyMeetsIsSuspicious", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  relaxation:
  - {after: 1m, requirements: [{skill: billing, tier: SENIOR}]}
  - {after: 2m, requirements: [{skill: billing}]}
agents: [{id: ana, skills: {billing: JUNIOR}}])",
     "suspicious queues[0].relaxation[1]: until then nobody can serve queue \"billing\": each such contact waits 2m "
     "even "
     "when all agents are idle; let a step before it ask for less\n"
     "suspicious queues[0].relaxation[0]: lets nobody in: no agent meets billing >= SENIOR either; leave the step out, "
     "or let it ask for less"},
    {"AStartThatNobodyMeetsOnThePhoneIsSuspicious", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  relaxation: [{after: 1m, requirements: [{skill: billing}]}]
agents:
- {id: ana, skills: {billing: EXPERT}, channels: {chat: 3}}
- {id: bo, skills: {billing: JUNIOR}})",
     "suspicious queues[0].relaxation[0]: until then nobody can serve queue \"billing\" by phone: each such contact "
     "waits "
     "1m even when all agents are idle; let a step before it ask for less"},

    // Ways out of the line.
    {"AnOverflowToThoseWhoServeItSavesTheContact", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  overflow: [{waited: 2m, action: {queue: other}}]
- id: other
agents: [{id: ana, skills: {billing: SENIOR}}])",
     "suspicious queues[0]: no agent can ever serve queue \"billing\": whoever comes, by chat say, waits in vain until "
     "overflow[0] acts, at 2m, and goes on in \"other\", as billing >= EXPERT is asked for; nearest is \"ana\", who "
     "has "
     "billing SENIOR; give \"ana\" billing >= EXPERT, or add a step that asks for less"},
    {"OverflowInACircleSavesNobody", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  overflow: [{waited: 2m, action: {queue: claims}}]
- id: claims
  requirements: [{skill: billing, tier: EXPERT}]
  overflow: [{waited: 2m, action: {queue: billing}}]
- id: other
agents: [{id: ana, skills: {billing: SENIOR}}])",
     "REFUSED queues[0]: no agent can ever serve queue \"billing\": whoever comes, by chat say, waits for ever, as "
     "billing "
     ">= EXPERT is asked for; nearest is \"ana\", who has billing SENIOR; give \"ana\" billing >= EXPERT, or add a "
     "step "
     "that asks for less\n"
     "REFUSED queues[1]: no agent can ever serve queue \"claims\": whoever comes, by chat say, waits for ever, as "
     "billing "
     ">= EXPERT is asked for; nearest is \"ana\", who has billing SENIOR; give \"ana\" billing >= EXPERT, or add a "
     "step "
     "that asks for less"},
    {"OverflowThatAsksForLessServesTheContact", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: EXPERT}]
  overflow: [{waited: 2m, action: {requirements: {requirements: [{skill: billing, tier: JUNIOR}]}}}]
agents: [{id: ana, skills: {billing: SENIOR}}])",
     ""},
    {"AnOverflowForNobodyOnDutyIsAWayOutForCalls", R"(
queues:
- id: billing
  requirements: [{skill: billing}]
  overflow: [{unstaffed: true, action: {end: true}}]
- id: other
agents: [{id: ana, skills: {billing: SENIOR}, channels: {chat: 3}}, {id: bo}])",
     ""},
    {"AStepAfterTheLongestWaitCanNeverBeReached", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: SENIOR}]
  relaxation: [{after: 5m, requirements: [{skill: billing}]}]
  wait_max: 5m
agents: [{id: ana, skills: {billing: SENIOR}}, {id: bo, skills: {billing: JUNIOR}}])",
     "REFUSED queues[0].relaxation[0].after: can never be reached: wait_max takes whoever still waits out of queue "
     "\"billing\" after 5m; let it come earlier, or that later"},
    {"WhatComesAfterAnOverflowCanNeverBeReached", R"(
queues:
- id: billing
  requirements: [{skill: billing, tier: SENIOR}]
  relaxation: [{after: 1m, requirements: [{skill: billing}]}]
  overflow:
  - {waited: 2m, action: {queue: other}}
  - {waited: 3m, action: {message: "Still there?"}}
  escalation: [{waited: 4m, lane: 1}]
  wait_max: 10m
- id: other
agents: [{id: ana, skills: {billing: SENIOR}}, {id: bo, skills: {billing: JUNIOR}}])",
     "REFUSED queues[0].overflow[1].waited: can never be reached: overflow[0] takes whoever still waits out of queue "
     "\"billing\" after 2m; let it come earlier, or that later\n"
     "REFUSED queues[0].escalation[0].waited: can never be reached: overflow[0] takes whoever still waits out of queue "
     "\"billing\" after 2m; let it come earlier, or that later"},
    {"AnEscalationToAskForMoreThanThereIsIsRefused", R"(
queues:
- id: billing
  requirements: [{skill: billing}]
  escalation: [{label: complaint, requirements: [{skill: billing, tier: EXPERT}]}]
agents: [{id: ana, skills: {billing: SENIOR}}])",
     "REFUSED queues[0].escalation[0].requirements: no agent can ever serve whom this raises, by chat say: in queue "
     "\"billing\" it asks for billing >= EXPERT in addition; nearest is \"ana\", who has billing SENIOR; ask for less"},
    {"AnEscalationForTwoSkillsNeedsOneWhoHasBoth", R"(
queues:
- {id: front, escalation: [{waited: 1m, queue: billing, requirements: [{skill: english}]}]}
- {id: billing, requirements: [{skill: billing}]}
agents: [{id: ana, skills: {billing: SENIOR}}, {id: bo, skills: {english: SENIOR}}])",
     "REFUSED queues[0].escalation[0].requirements: no agent can ever serve whom this raises, by chat say: in queue "
     "\"billing\" it asks for english >= JUNIOR in addition; nearest is \"ana\", who lacks english; ask for less"},
    {"HoldingEverybodyBackIsRefused", R"(
queues:
- id: billing
  requirements: [{skill: billing}]
  hold_backs: [{tier: SENIOR, agent_count: 2, vip_levels: [gold]}]
agents: [{id: ana, skills: {billing: SENIOR}}, {id: bo, skills: {billing: EXPERT}}])",
     "REFUSED queues[0].hold_backs[0]: keeps all who can serve queue \"billing\" by chat, 2 in number, for gold: "
     "whoever has no such standing waits for ever, with all of them idle, until one who has it comes; keep fewer"},
    {"HoldingSomeBackIsFine", R"(
queues:
- id: billing
  requirements: [{skill: billing}]
  hold_backs: [{tier: EXPERT, percent: 100, vip_levels: [gold]}, {tier: SENIOR, agent_count: 1, vip_levels: [gold]}]
agents: [{id: ana, skills: {billing: SENIOR}}, {id: bo, skills: {billing: EXPERT}}])",
     ""},
    {"HoldingNobodyBackIsRefused", R"(
queues:
- id: billing
  requirements: [{skill: billing}]
  hold_backs: [{tier: EXPERT, agent_count: 1, vip_levels: [gold]}]
agents: [{id: ana, skills: {billing: SENIOR}}])",
     "REFUSED queues[0].hold_backs[0]: keeps nobody: no agent whom queue \"billing\" admits has billing >= EXPERT; "
     "ask for a lower tier"},

    // Bots.
    {"ABotWithoutSkillsServesAQueueWithBotsFirst", R"(
queues: [{id: billing, requirements: [{skill: billing}], bots_first: true}]
agents: [{id: ana, skills: {billing: SENIOR}}, {id: helper, bot: true}])",
     ""},
    {"ABotWithoutAQueueForBotsIsRefused", R"(
queues: [{id: all}]
agents: [{id: ana}, {id: helper, bot: true}])",
     "REFUSED agents[1]: agent \"helper\" can never serve any queue: a bot serves those with bots_first, and none of "
     "these admits it; set that, or leave it out"},
    {"BotsFirstWithoutABotIsRefused", R"(
queues: [{id: all, bots_first: true}]
agents: [{id: ana}])",
     "REFUSED queues[0].bots_first: means nothing: whoever comes to queue \"all\", by chat say, finds no bot, as no "
     "agent "
     "that it admits is one; give it a bot, or leave this out"},
    {"ABotNamedWhereNoneIsAskedIsSuspicious", R"(
queues: [{id: desk, agents: [ana, helper]}, {id: front, bots_first: true}]
agents: [{id: ana}, {id: helper, bot: true}])",
     "suspicious queues[0].agents[1]: names agent \"helper\", a bot, in vain: the queue sends nothing to bots; set "
     "bots_first"},

    // Agents.
    {"AnAgentBelowEveryQueueIsRefused", R"(
queues: [{id: billing, requirements: [{skill: billing, tier: SENIOR}]}]
agents: [{id: ana, skills: {billing: EXPERT}}, {id: bo, skills: {billing: JUNIOR}}])",
     "REFUSED agents[1]: agent \"bo\" can never serve any queue; nearest is \"billing\", where billing >= SENIOR is "
     "asked "
     "for: the agent has billing JUNIOR; give it billing >= SENIOR, or leave it out"},
    {"AgentsAlikeAreToldOnce", R"(
queues: [{id: billing, requirements: [{skill: billing, tier: SENIOR}]}]
agents:
- {id: ana, skills: {billing: EXPERT}}
- {id: bo, skills: {billing: JUNIOR}}
- {id: load-, skills: {billing: JUNIOR}, range: {first: 1, last: 9}})",
     "REFUSED agents[1]: 10 agents like \"bo\" can never serve any queue; nearest is \"billing\", where billing >= "
     "SENIOR "
     "is asked for: the agent has billing JUNIOR; give it billing >= SENIOR, or leave it out"},
    {"TheRestOfARangeIsOfNoUse", R"(
queues: [{id: billing, agents: [load-1, load-2]}]
agents: [{id: load-, range: {first: 1, last: 4}}])",
     "REFUSED agents[0]: 2 agents like \"load-\" can never serve any queue; every queue names its agents, and none "
     "names "
     "this one; name it in one, or leave it out"},
    {"AnAgentWithRoomForNothingIsRefused", R"(
queues: [{id: all}]
agents: [{id: ana}, {id: bo, capacity: 10}])",
     "REFUSED agents[1].capacity: agent \"bo\" can never be used: every channel costs more than its capacity of 10"},
    {"AnAgentWithoutRoomForItsChannelIsRefused", R"(
queues: [{id: all}]
agents: [{id: ana}, {id: bo, capacity: 50, channels: {chat: 1, phone: 1}}])",
     "REFUSED agents[1].channels.phone: can never be taken: costs 100 of the agent's capacity of 50; raise the "
     "capacity, "
     "or take the channel out"},

    // Channels and skills.
    {"AChannelThatNobodyTakesIsRefusedOnce", R"(
queues: [{id: all}]
agents: [{id: ana, channels: {chat: 3}, skills: {billing: JUNIOR}}])",
     "REFUSED channels[1]: channel \"phone\" can never be taken: no agent with room for it names it under channels"},
    {"ASkillThatNobodyHasIsSuspicious", R"(
skills: [{id: billing}]
queues: [{id: all}]
agents: [{id: ana}])",
     "suspicious skills[0]: no agent has billing: a contact that asks for it is refused"},
};

class ProveTest : public testing::TestWithParam<Story> {};
TEST_P(ProveTest, Finds) {
  const std::vector<Finding> findings = Prove(Workspace(absl::StrCat(Absl(kTrade), Absl(GetParam().text))));
  std::vector<std::string> lines;
  for (const Finding& finding : findings) {
    lines.push_back(absl::StrCat(finding.kind == Finding::Kind::kRefused ? "REFUSED " : "suspicious ", finding.path,
                                 ": ", finding.text));
  }
  EXPECT_EQ(absl::StrJoin(lines, "\n"), std::string(GetParam().findings));
}
INSTANTIATE_TEST_SUITE_P(Stories, ProveTest, testing::ValuesIn(kStories),
                         [](const auto& info) { return std::string(info.param.name); });

// --- Bounds ---

QueueBound BoundOf(const v1::WorkspaceConfig& workspace, std::string_view queue) {
  for (QueueBound& bound : Bounds(workspace)) {
    if (bound.queue == queue) return bound;
  }
  ADD_FAILURE() << queue;
  return {};
}

constexpr std::string_view kStanding = R"(
channels: [{id: chat, cost: 25}, {id: phone}]
skills: [{id: sales}, {id: repair}]
vip_levels: [{id: silver, head_start: 1m}, {id: gold, head_start: 10m}]
queues:
- {id: sales, requirements: [{skill: sales}], head_start: 2m}
- {id: leads, requirements: [{skill: sales, tier: SENIOR}]}
- {id: repair, requirements: [{skill: repair}], head_start: 30m}
- {id: outage, requirements: [{skill: repair}], lane: 3}
)";

TEST(BoundTest, CountsOnlyQueuesWithAnAgentInCommon) {
  const v1::WorkspaceConfig workspace = Workspace(absl::StrCat(Absl(kStanding), R"(
agents:
- {id: ana, skills: {sales: EXPERT}, channels: {phone: 1}}
- {id: bo, skills: {repair: EXPERT}, channels: {phone: 1}}
)"));
  const QueueBound sales = BoundOf(workspace, "sales"), leads = BoundOf(workspace, "leads");
  EXPECT_EQ(ToText(sales), "no standing 10m, silver 9m, gold 0") << "Its own head start counts for all of it.";
  EXPECT_EQ(ToText(leads), "no standing 12m, silver 11m, gold 2m") << "Half an hour of repair's is another team's.";
  EXPECT_THAT(sales.rivals, ElementsAre("leads"));
  EXPECT_THAT(ExceptionTexts(sales), IsEmpty());
}

TEST(BoundTest, CountsAnAgentWhoWouldBeAskedInTheEnd) {
  v1::WorkspaceConfig workspace = Workspace(absl::StrCat(Absl(kStanding), R"(
agents:
- {id: ana, skills: {sales: EXPERT}, channels: {phone: 1}}
- {id: bo, skills: {repair: EXPERT}, channels: {phone: 1}}
)"));
  workspace.mutable_queues(0)->add_relaxation()->mutable_after()->set_seconds(60);  // Then anybody.
  const QueueBound sales = BoundOf(workspace, "sales");
  EXPECT_EQ(ToText(sales), "no standing 38m, silver 37m, gold 28m");
  EXPECT_THAT(sales.rivals, ElementsAre("leads", "repair"));
}

TEST(BoundTest, HasNoneAgainstAHigherLane) {
  const v1::WorkspaceConfig workspace = Workspace(absl::StrCat(Absl(kStanding), R"(
agents:
- {id: ana, skills: {sales: EXPERT}, channels: {phone: 1}}
- {id: bo, skills: {repair: EXPERT}, channels: {phone: 1}}
)"));
  const QueueBound repair = BoundOf(workspace, "repair"), outage = BoundOf(workspace, "outage");
  EXPECT_THAT(repair.rivals, IsEmpty());
  EXPECT_THAT(ExceptionTexts(repair), ElementsAre("contacts of outage, whose lane is higher"));
  EXPECT_EQ(ToText(outage), "no standing 10m, silver 9m, gold 0") << "A lower lane's head start never counts.";
  EXPECT_THAT(ExceptionTexts(outage), IsEmpty());
}

TEST(BoundTest, HasNoneAgainstWhatAgentsPick) {
  v1::WorkspaceConfig workspace = Workspace(absl::StrCat(Absl(kStanding), R"(
agents:
- {id: ana, skills: {sales: EXPERT}, channels: {phone: 1}}
- {id: bo, skills: {repair: EXPERT}, channels: {phone: 1}}
)"));
  workspace.mutable_queues(1)->set_picking_allowed(true);
  EXPECT_THAT(ExceptionTexts(BoundOf(workspace, "sales")), ElementsAre("contacts that agents pick from leads"));
  EXPECT_THAT(ExceptionTexts(BoundOf(workspace, "leads")), ElementsAre("contacts that agents pick from leads"));
  EXPECT_THAT(BoundOf(workspace, "repair").picked, IsEmpty());
}

constexpr std::string_view kOneTeam = "channels: [{id: chat}]\nagents: [{id: ana}]\n";

struct OrderCase {
  std::string_view name;
  std::string_view queues;
  std::string_view bound;      // Of the first queue.
  std::string_view exception;  // The only one, if any.
};
const OrderCase kOrderCases[] = {
    {"ValueMovesForwardOnly", "[{id: a, order: VALUE, value_bound: 1m}, {id: b, order: VALUE, value_bound: 3m}]",
     "no standing 3m", ""},
    {"ValueOfAnotherQueueCounts", "[{id: a, order: RANK, head_start: 30s}, {id: b, order: VALUE, value_bound: 3m}]",
     "no standing 2m30s", ""},
    {"HeadStartsOfOverflowAndEscalationAddUp",
     "[{id: a}, {id: b, head_start: 1m, overflow: [{waited: 5m, action: {head_start: 10m}}], "
     "escalation: [{waited: 9m, head_start: 20m}]}]",
     "no standing 31m", ""},
    {"ADeadlineMovesForwardByTheTarget",
     "[{id: a}, {id: b, order: EARLIEST_DEADLINE, service_level_target: 90s, value_bound: 5m}]", "no standing 1m30s",
     ""},
    {"ADeadlineMovesBackByTheBound",
     "[{id: a, order: EARLIEST_DEADLINE, service_level_target: 20s, value_bound: 5m}, {id: b}]", "no standing 5m20s",
     ""},
    {"AnEscalationMayChangeLanes", "[{id: a, lane: 2}, {id: b, lane: 1, escalation: [{waited: 9m, lane: 2}]}]",
     "no standing 0", "contacts of b that an escalation raises to a higher lane"},
    {"AnEscalationToALaneNoHigherDoesNotMatter", "[{id: a, lane: 1}, {id: b, escalation: [{waited: 9m, lane: 1}]}]",
     "no standing 0", ""},
};
class OrderTest : public testing::TestWithParam<OrderCase> {};
TEST_P(OrderTest, Bounds) {
  const QueueBound bound = Bounds(Workspace(absl::StrCat(Absl(kOneTeam), "queues: ", Absl(GetParam().queues))))[0];
  EXPECT_EQ(ToText(bound), std::string(GetParam().bound));
  EXPECT_EQ(absl::StrJoin(ExceptionTexts(bound), "; "), std::string(GetParam().exception));
}
INSTANTIATE_TEST_SUITE_P(Orders, OrderTest, testing::ValuesIn(kOrderCases),
                         [](const auto& info) { return std::string(info.param.name); });

// A call needs all of an agent. Three chats that come one by one leave a quarter free, never the whole.
struct CrowdCase {
  std::string_view name;
  std::string_view agents;
  std::vector<std::string> crowded;
};
const CrowdCase kCrowdCases[] = {
    {"ACallWaitsForAnAgentWhomChatsMayFill", "[{id: ana, channels: {phone: 1, chat: 1}}]", {"phone"}},
    {"ACallIsSafeWithOneWhoOnlyCalls",
     "[{id: ana, channels: {phone: 1, chat: 3}}, {id: bo, channels: {phone: 1}}]",
     {}},
    {"ACallIsSafeWhereChatsLeaveItsRoom", "[{id: ana, channels: {phone: 1, chat: 2}, capacity: 150}]", {}},
    {"ACallIsNotSafeWhereChatsMayBeAsManyAsFit", "[{id: ana, capacity: 10000}]", {"phone"}},
    {"AChatIsNeverCrowdedByCalls", "[{id: ana, channels: {chat: 3}}, {id: bo, channels: {phone: 1}}]", {}},
};
class CrowdTest : public testing::TestWithParam<CrowdCase> {};
TEST_P(CrowdTest, NamesTheChannels) {
  const v1::WorkspaceConfig workspace =
      Workspace(absl::StrCat(Absl(kTrade), "queues: [{id: all}]\nagents: ", Absl(GetParam().agents)));
  EXPECT_EQ(Bounds(workspace)[0].crowded, GetParam().crowded);
}
INSTANTIATE_TEST_SUITE_P(Crowds, CrowdTest, testing::ValuesIn(kCrowdCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(BoundTest, SaysWhatACrowdedCallWaitsFor) {
  const v1::WorkspaceConfig workspace =
      Workspace(absl::StrCat(Absl(kTrade), "queues: [{id: all}]\nagents: [{id: ana}]"));
  EXPECT_EQ(CrowdedText(Bounds(workspace)[0]),
            "one by phone also by contacts of cheaper channels that fill the room it needs, until it has waited for 1m "
            "and the conversations that one agent then has in hand are over");
}

TEST(NamesTextTest, CountsWhatItLeavesOut) {
  EXPECT_EQ(NamesText({}), "");
  EXPECT_EQ(NamesText({"a"}), "a");
  EXPECT_EQ(NamesText({"a", "b"}, " or "), "a or b");
  EXPECT_EQ(NamesText({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(NamesText({"a", "b", "c", "d", "e", "f", "g", "h"}), "a, b, c, d, e, f, g and h");
  EXPECT_EQ(NamesText({"a", "b", "c", "d", "e", "f", "g", "h", "i"}), "a, b, c, d, e, f, g and 2 more");
}

}  // namespace
}  // namespace routerd::config
