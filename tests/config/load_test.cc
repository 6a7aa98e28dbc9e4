// The daemon's configuration as a whole: defaults, and each mistake with its line.
#include "routerd/config/load.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/config/validate.h"

namespace routerd::config {
namespace {

using testing::HasSubstr;

// A good file. Each bad case changes one piece of it.
constexpr std::string_view kGood = R"(security: {open_loopback: true}
workspaces:
- id: main
  skills: [{id: billing}, {id: orders}]
  channels: [{id: webchat, cost: 25}, {id: phone}]
  vip_levels: [{id: gold, head_start: 60s}]
  queues:
  - id: billing
    requirements: [{skill: billing, tier: SENIOR}]
    relaxation:
    - {after: 30s, requirements: [{skill: billing}]}
  - id: orders
    requirements: [{skill: orders}]
  agents:
  - {id: ana, skills: {billing: SENIOR, orders: JUNIOR}}
  - {id: bo, skills: {orders: EXPERT}}
  customers: [{id: c-1, vip: gold}]
)";

// kGood with `piece`, which it must hold, replaced by `by`.
std::string Changed(std::string_view piece, std::string_view by) {
  std::string text(kGood);
  const size_t at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  if (at != std::string::npos) text.replace(at, piece.size(), by);
  return text;
}

TEST(ParseTest, FillsEveryDefault) {
  const absl::StatusOr<Loaded> loaded = Parse("f.yaml", kGood);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const v1::RouterdConfig& config = loaded->config;
  EXPECT_EQ(config.server().grpc_address(), "127.0.0.1:7400");
  EXPECT_EQ(config.server().http_address(), "127.0.0.1:7480");
  EXPECT_EQ(config.server().log_level(), "info");
  EXPECT_EQ(config.server().mailbox_limit(), 65'536);
  EXPECT_EQ(config.server().stream_buffer_bytes_max(), 4 << 20);
  EXPECT_FALSE(config.server().has_tls());
  EXPECT_EQ(config.journal().kind(), "sqlite");
  EXPECT_EQ(config.journal().data_directory(), "var/routerd");
  EXPECT_EQ(config.journal().snapshot_every_events(), 50'000);
  EXPECT_EQ(config.journal().retain_events(), 100'000);
  EXPECT_EQ(config.journal().retain_ended().seconds(), 2160 * 3600);
  EXPECT_EQ(config.journal().pending_batches_max(), 4'096);
  const v1::WorkspaceConfig& workspace = config.workspaces(0);
  EXPECT_EQ(workspace.agent_grace().seconds(), 30);
  EXPECT_EQ(workspace.transfer_wait().seconds(), 60);
  EXPECT_EQ(workspace.limits().contacts_max(), 1'000'000);
  EXPECT_EQ(workspace.limits().message_bytes_max(), 16'000);
  EXPECT_EQ(workspace.limits().transcript_messages_max(), 1'000);
  EXPECT_EQ(workspace.limits().customers_remembered_max(), 100'000);
  EXPECT_EQ(workspace.skills(0).display_name(), "billing");
  EXPECT_EQ(workspace.channels(1).cost(), 100);
  EXPECT_EQ(workspace.vip_levels(0).weight(), 1);
  const v1::QueueConfig& queue = workspace.queues(0);
  EXPECT_EQ(queue.display_name(), "billing");
  EXPECT_EQ(queue.relaxation(0).requirements(0).tier(), v1::JUNIOR);
  EXPECT_EQ(queue.strategy(), v1::LEAST_WANTED);
  EXPECT_EQ(queue.offer_timeout().seconds(), 20);
  EXPECT_EQ(queue.miss_back_off().seconds(), 30);
  EXPECT_EQ(queue.decline_back_off().seconds(), 60);
  EXPECT_EQ(queue.misses_max(), 2);
  EXPECT_EQ(queue.wrap_up().mode(), v1::WrapUpConfig::NONE);
  EXPECT_EQ(workspace.agents(1).display_name(), "bo");
  EXPECT_EQ(workspace.agents(1).capacity(), 100);
  EXPECT_EQ(workspace.customers(0).display_name(), "") << "What the customer typed counts.";
}

TEST(ParseTest, KeepsZeroWhereItMeansSomething) {
  const absl::StatusOr<Loaded> loaded =
      Parse("f.yaml", Changed("  - id: orders\n", "  - id: orders\n    misses_max: 0\n    miss_back_off: 0s\n"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.workspaces(0).queues(1).misses_max(), 0);
  EXPECT_EQ(loaded->config.workspaces(0).queues(1).miss_back_off().seconds(), 0);
}

TEST(ParseTest, ExpandsRangesOfAgents) {
  const absl::StatusOr<Loaded> loaded = Parse(
      "f.yaml", Changed("  customers",
                        "  - {id: load-, display_name: Load, skills: {orders: JUNIOR}, range: {first: 9, last: 11}}\n"
                        "  - {id: x, skills: {orders: JUNIOR}, range: {first: 0, last: 0}}\n  customers"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const v1::WorkspaceConfig& workspace = loaded->config.workspaces(0);
  std::string agents;
  for (const v1::AgentConfig& agent : workspace.agents()) {
    absl::StrAppend(&agents, agent.id(), "=", agent.display_name(), ";");
    EXPECT_FALSE(agent.has_range());
  }
  EXPECT_EQ(agents, "ana=ana;bo=bo;load-9=Load 9;load-10=Load 10;load-11=Load 11;x0=x0;");
  EXPECT_EQ(workspace.agents(4).skills().at("orders"), v1::JUNIOR);
}

TEST(ParseTest, LetsAQueueNameOneAgentOfARange) {
  const std::string text = Changed("  customers",
                                   "  - {id: load-, skills: {billing: JUNIOR, orders: JUNIOR}, range: {first: 1, last: "
                                   "3}}\n  customers");
  const size_t orders = text.find("    requirements: [{skill: orders}]\n");
  const absl::StatusOr<Loaded> loaded =
      Parse("f.yaml", std::string(text).insert(orders, "    agents: [load-2, bo, ana]\n"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.workspaces(0).queues(1).agents(0), "load-2");
  const absl::Status status =
      Parse("f.yaml", std::string(text).insert(orders, "    agents: [load-4, bo, ana]\n")).status();
  EXPECT_EQ(status.message(),
            "f.yaml:13:14: workspaces[0].queues[1].agents[0]: unknown agent \"load-4\"; did you mean "
            "\"load-1\"?");
}

TEST(ParseTest, LetsFlagsWin) {
  const absl::StatusOr<Loaded> loaded = Parse(
      "f.yaml", kGood,
      {.grpc_address = "127.0.0.1:0", .http_address = "[::1]:0", .data_directory = "/tmp/x", .log_level = "debug"});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.server().grpc_address(), "127.0.0.1:0");
  EXPECT_EQ(loaded->config.server().http_address(), "[::1]:0");
  EXPECT_EQ(loaded->config.server().log_level(), "debug");
  EXPECT_EQ(loaded->config.journal().data_directory(), "/tmp/x");
}

TEST(ParseTest, ChecksFlagsToo) {
  EXPECT_EQ(
      Parse("f.yaml", kGood, {.grpc_address = "0.0.0.0:7400"}).status().message(),
      "f.yaml:1:27: security.open_loopback: would let everybody who reaches server.grpc_address (0.0.0.0:7400) do "
      "everything; use 127.0.0.1, or name principals instead");
  EXPECT_THAT(std::string(Parse("f.yaml", kGood, {.http_address = "nowhere"}).status().message()),
              HasSubstr("server.http_address: \"nowhere\" is no address"));
}

TEST(LoadTest, NamesAFileThatIsNotThere) {
  EXPECT_EQ(Load("/nonexistent.yaml").status().code(), absl::StatusCode::kNotFound);
}

struct BadCase {
  std::string_view name;
  std::string_view piece;
  std::string_view by;
  std::string_view message;  // The whole of it, after `f.yaml:`.
};

const BadCase kBadCases[] = {
    // Names that point nowhere.
    {"AQueueAsksForAnUnknownSkill", "{skill: billing, tier: SENIOR}", "{skill: biling, tier: SENIOR}",
     "9:28: workspaces[0].queues[0].requirements[0].skill: unknown skill \"biling\"; did you mean \"billing\"?"},
    {"AnAgentHasAnUnknownSkill", "{orders: EXPERT}", "{ordres: EXPERT}",
     "16:23: workspaces[0].agents[1].skills.ordres: unknown skill \"ordres\"; did you mean \"orders\"?"},
    {"AnAgentHasASkillLikeNone", "{orders: EXPERT}", "{french: EXPERT}",
     "16:23: workspaces[0].agents[1].skills.french: unknown skill \"french\"; known: billing, orders"},
    {"AnAgentTakesAnUnknownChannel", "{orders: EXPERT}}", "{orders: EXPERT}, channels: {webcaht: 1}}",
     "16:51: workspaces[0].agents[1].channels.webcaht: unknown channel \"webcaht\"; did you mean \"webchat\"?"},
    {"AQueueAdmitsAnUnknownAgent", "  - id: orders\n", "  - id: orders\n    agents: [anna]\n",
     "13:14: workspaces[0].queues[1].agents[0]: unknown agent \"anna\"; did you mean \"ana\"?"},
    {"ACustomerHasAnUnknownStanding", "vip: gold}", "vip: glod}",
     "17:30: workspaces[0].customers[0].vip: unknown VIP level \"glod\"; did you mean \"gold\"?"},

    // Names given twice, or not at all.
    {"TwoSkillsAlike", "{id: orders}]", "{id: orders}, {id: billing}]",
     "4:46: workspaces[0].skills[2].id: skill \"billing\" is given twice; first in line 4"},
    {"TwoQueuesAlike", "  - id: orders", "  - id: billing",
     "12:9: workspaces[0].queues[1].id: queue \"billing\" is given twice; first in line 8"},
    {"TwoAgentsAlike", "{id: bo", "{id: ana",
     "16:10: workspaces[0].agents[1].id: agent \"ana\" is given twice; first in line 15"},
    {"AnAgentLikeOneOfARange", "  customers",
     "  - {id: b, skills: {orders: JUNIOR}, range: {first: 1, last: 2}}\n"
     "  - {id: b2, skills: {orders: JUNIOR}}\n  customers",
     "18:10: workspaces[0].agents[3].id: agent \"b2\" is given twice; first in line 17"},
    {"ASkillAskedForTwice", "[{skill: orders}]", "[{skill: orders}, {skill: orders, tier: EXPERT}]",
     "13:45: workspaces[0].queues[1].requirements[1].skill: skill \"orders\" is asked for twice"},
    {"AnAgentAdmittedTwice", "  - id: orders\n", "  - id: orders\n    agents: [bo, ana, bo]\n",
     "13:23: workspaces[0].queues[1].agents[2]: agent \"bo\" is given twice"},
    {"ADispositionGivenTwice", "  - id: orders\n", "  - id: orders\n    dispositions: [done, done]\n",
     "13:26: workspaces[0].queues[1].dispositions[1]: \"done\" is given twice"},
    {"TwoWorkspacesAlike", "workspaces:\n- id: main", "workspaces:\n- {id: main}\n- id: main",
     "3:3: workspaces[0].channels: at least one channel is needed\n"
     "f.yaml:3:3: workspaces[0].queues: at least one queue is needed\n"
     "f.yaml:3:3: workspaces[0].agents: at least one agent is needed: nobody could ever serve a contact\n"
     "f.yaml:4:7: workspaces[1].id: workspace \"main\" is given twice; first in line 3"},
    {"AnIdIsMissing", "{id: bo, ", "{", "16:5: workspaces[0].agents[1].id: is required"},
    {"ASkillIsMissing", "[{skill: orders}]", "[{tier: SENIOR}]",
     "13:20: workspaces[0].queues[1].requirements[0].skill: is required"},

    // Identifiers and texts.
    {"AnIdInUpperCase", "{id: bo,", "{id: Bo Li,",
     "16:10: workspaces[0].agents[1].id: \"Bo Li\" is no identifier: lower case letters, digits, - and _, a letter or "
     "digit first; did you mean \"bo-li\"?"},
    {"AnIdOfOtherLetters", "{id: bo,", "{id: \"\\u00e4\",",
     "16:10: workspaces[0].agents[1].id: \"\xC3\xA4\" is no identifier: lower case letters, digits, - and _, a letter "
     "or "
     "digit first"},
    {"AnIdThatStartsWithADash", "{id: bo,", "{id: -bo,",
     "16:10: workspaces[0].agents[1].id: \"-bo\" is no identifier: lower case letters, digits, - and _, a letter or "
     "digit first; did you mean \"bo\"?"},
    {"AnIdTooLong", "{id: bo,", "{id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,",
     "16:10: workspaces[0].agents[1].id: longer than 63 characters"},
    {"AControlCharacterInAName", "{id: bo,", "{id: bo, display_name: \"B\\to\",",
     "16:28: workspaces[0].agents[1].display_name: holds a control character"},

    // Ranges.
    {"AnExplicitZeroCost", "cost: 25", "cost: 0",
     "5:34: workspaces[0].channels[0].cost: 0 is out of range (1 to 1000)"},
    {"ACostTooHigh", "cost: 25", "cost: 1001",
     "5:34: workspaces[0].channels[0].cost: 1001 is out of range (1 to 1000)"},
    {"ACapacityTooHigh", "{id: bo,", "{id: bo, capacity: 100001,",
     "16:24: workspaces[0].agents[1].capacity: 100001 is out of range (1 to 100000)"},
    {"AChannelTakenNoTimes", "{orders: EXPERT}}", "{orders: EXPERT}, channels: {webchat: 0}}",
     "16:51: workspaces[0].agents[1].channels.webchat: 0 is out of range (1 to 100000); a channel that is not named is "
     "not taken"},
    {"AHeadStartTooLong", "head_start: 60s", "head_start: 25h",
     "6:39: workspaces[0].vip_levels[0].head_start: 25h is out of range (0 to 24h)"},
    {"AWeightOfZero", "head_start: 60s", "weight: 0",
     "6:35: workspaces[0].vip_levels[0].weight: 0 is out of range (above 0, up to 1000)"},
    {"AnOfferTooShort", "  - id: orders\n", "  - id: orders\n    offer_timeout: 500ms\n",
     "13:20: workspaces[0].queues[1].offer_timeout: 500ms is out of range (1s to 1h)"},
    {"ALaneTooHigh", "  - id: orders\n", "  - id: orders\n    lane: 10\n",
     "13:11: workspaces[0].queues[1].lane: 10 is out of range (0 to 9)"},
    {"AGraceTooLong",
     "  skills:", "  agent_grace: 61m\n  skills:", "4:16: workspaces[0].agent_grace: 1h1m is out of range (0 to 1h)"},
    {"AHoldBackOfNobody", "  - id: orders\n", "  - id: orders\n    hold_backs: [{tier: SENIOR, vip_levels: [gold]}]\n",
     "13:18: workspaces[0].queues[1].hold_backs[0]: needs one of agent_count and percent: how many agents are kept"},
    {"AHoldBackForAnUnknownLevel", "  - id: orders\n",
     "  - id: orders\n    hold_backs: [{tier: SENIOR, agent_count: 1, vip_levels: [gild]}]\n",
     "13:62: workspaces[0].queues[1].hold_backs[0].vip_levels[0]: unknown VIP level \"gild\"; did you mean \"gold\"?"},
    {"RoomKeptTooLate", "  skills:", "  keep_room_after: 61m\n  skills:",
     "4:20: workspaces[0].keep_room_after: 1h1m is out of range (0 to 1h)"},
    {"AWrapUpTooLong", "  - id: orders\n", "  - id: orders\n    wrap_up: {mode: TIMED, duration: 16m}\n",
     "13:38: workspaces[0].queues[1].wrap_up.duration: 16m is out of range (1s to 15m)"},
    {"AWrapUpTimeWithoutTimer", "  - id: orders\n", "  - id: orders\n    wrap_up: {mode: UNTIL_DONE, duration: 1m}\n",
     "13:43: workspaces[0].queues[1].wrap_up.duration: means nothing unless mode is TIMED or OPTIONAL"},
    {"ARangeBackwards", "{id: bo,", "{id: bo, range: {first: 3, last: 2},",
     "16:38: workspaces[0].agents[1].range.last: 2 comes before first, 3"},
    {"ARangeTooLarge", "{id: bo,", "{id: bo, range: {first: 0, last: 2147483647},",
     "2:1: workspaces: the ranges make 2147483649 agents; at most 100000 in all workspaces"},
    {"AContactLimitTooHigh", "  skills:", "  limits: {contacts_max: 10000001}\n  skills:",
     "4:26: workspaces[0].limits.contacts_max: 10000001 is out of range (1 to 10000000)"},
    {"AJournalOfAnUnknownKind", "security:", "journal: {kind: sqlit}\nsecurity:",
     "1:17: journal.kind: unknown value \"sqlit\"; did you mean \"sqlite\"?; one of sqlite, memory"},
    {"ASnapshotAfterNoEvents", "security:", "journal: {snapshot_every_events: 0}\nsecurity:",
     "1:34: journal.snapshot_every_events: 0 is out of range (1 to 100000000)"},
    {"ALogLevelOfAnotherProgram", "security:", "server: {log_level: warning}\nsecurity:",
     "1:21: server.log_level: unknown value \"warning\"; one of debug, info, warn, error"},

    // Steps.
    {"AStepAtTheStart", "after: 30s", "after: 0s",
     "11:15: workspaces[0].queues[0].relaxation[0].after: must be later than 0s; what holds from the start stands "
     "under "
     "requirements"},
    {"AStepBeforeTheLast", "    - {after: 30s, requirements: [{skill: billing}]}\n",
     "    - {after: 30s, requirements: [{skill: billing}]}\n    - {after: 20s, requirements: []}\n",
     "12:15: workspaces[0].queues[0].relaxation[1].after: 20s is not later than the step before, 30s"},
    {"AStepAfterMoreThanADay", "after: 30s", "after: 25h",
     "11:15: workspaces[0].queues[0].relaxation[0].after: 25h is out of range (up to 24h)"},
    {"AStepToAHigherTier", "requirements: [{skill: billing}]}", "requirements: [{skill: billing, tier: EXPERT}]}",
     "11:35: workspaces[0].queues[0].relaxation[0].requirements[0]: asks for billing >= EXPERT, which is harder than "
     "the step before (billing >= SENIOR)"},
    {"AStepToAnotherSkill", "requirements: [{skill: billing}]}", "requirements: [{skill: orders}]}",
     "11:35: workspaces[0].queues[0].relaxation[0].requirements[0]: asks for orders >= JUNIOR, which is harder than "
     "the "
     "step before (billing >= SENIOR)"},
    {"AStepThatChangesNothing", "requirements: [{skill: billing}]}", "requirements: [{skill: billing, tier: SENIOR}]}",
     "11:7: workspaces[0].queues[0].relaxation[0]: changes nothing: the step before asks for billing >= SENIOR "
     "already"},

    // Coverage.
    {"AQueueThatNobodyCanServe", "[{skill: orders}]", "[{skill: orders, tier: EXPERT}, {skill: billing}]",
     "12:5: workspaces[0].queues[1]: no agent can ever serve queue \"orders\": whoever comes, by webchat say, waits "
     "for "
     "ever, as orders >= EXPERT, billing >= JUNIOR is asked for; nearest is \"bo\", who lacks billing; give \"bo\" "
     "billing >= JUNIOR, or add a step that asks for less\n"
     "f.yaml:16:5: workspaces[0].agents[1]: agent \"bo\" can never serve any queue; nearest is \"billing\", where "
     "billing >= JUNIOR is asked for even after the last step, at 30s: the agent lacks billing; give it billing >= "
     "JUNIOR, or leave it out"},
    {"AQueueThatNobodyCanServeEvenRelaxed", "billing: SENIOR, orders", "orders",
     "8:5: workspaces[0].queues[0]: no agent can ever serve queue \"billing\": whoever comes, by webchat say, waits "
     "for "
     "ever, as billing >= JUNIOR is asked for even after the last step, at 30s; nearest is \"ana\", who lacks billing; "
     "give \"ana\" billing >= JUNIOR, or add a step that asks for less"},
    {"AQueueWhoseAgentsCannotServeIt", "  - id: orders\n", "  - id: orders\n    agents: [carl]\n",
     "13:14: workspaces[0].queues[1].agents[0]: unknown agent \"carl\"; known: ana, bo"},
    {"AnAgentWhoseTierIsTooLow", "{orders: EXPERT}}", "{billing: JUNIOR}}", ""},  // Good: billing relaxes to JUNIOR.
    {"AnAgentWithoutAQueue", "{orders: EXPERT}}", "{}}",
     "16:5: workspaces[0].agents[1]: agent \"bo\" can never serve any queue; nearest is \"billing\", where billing >= "
     "JUNIOR is asked for even after the last step, at 30s: the agent lacks billing; give it billing >= JUNIOR, or "
     "leave it out"},
    {"AnAgentWhomNoQueueAdmits",
     "  - id: billing\n    requirements: [{skill: billing, tier: SENIOR}]\n    relaxation:\n"
     "    - {after: 30s, requirements: [{skill: billing}]}\n  - id: orders\n",
     "  - id: orders\n    agents: [ana]\n",
     "13:5: workspaces[0].agents[1]: agent \"bo\" can never serve any queue; every queue names its agents, and none "
     "names this one; name it in one, or leave it out"},
    {"AChannelCostlierThanAnyAgent", "{id: phone}", "{id: phone, cost: 200}",
     "5:57: workspaces[0].channels[1].cost: channel \"phone\" can never be taken: it costs 200 and no agent has more "
     "capacity than 100"},
    {"AChannelCostlierThanItsAgent", "{orders: EXPERT}}", "{orders: EXPERT}, channels: {phone: 1}, capacity: 50}",
     "16:51: workspaces[0].agents[1].channels.phone: can never be taken: costs 100 of the agent's capacity of 50; "
     "raise the capacity, or take the channel out"},
    {"AnAgentWithoutRoomForAnything", "{orders: EXPERT}}", "{orders: EXPERT}, capacity: 10}",
     "16:50: workspaces[0].agents[1].capacity: agent \"bo\" can never be used: every channel costs more than its "
     "capacity of 10"},
    {"AChannelThatNobodyNames",
     "  - {id: ana, skills: {billing: SENIOR, orders: JUNIOR}}\n  - {id: bo, skills: {orders: EXPERT}}\n",
     "  - {id: ana, skills: {billing: SENIOR, orders: JUNIOR}, channels: {webchat: 1}}\n",
     "5:39: workspaces[0].channels[1]: channel \"phone\" can never be taken: no agent with room for it names it under "
     "channels"},
    {"NoAgents",
     "  agents:\n  - {id: ana, skills: {billing: SENIOR, orders: JUNIOR}}\n  - {id: bo, skills: {orders: EXPERT}}\n",
     "", "3:3: workspaces[0].agents: at least one agent is needed: nobody could ever serve a contact"},

    // Who may call, and where.
    {"NobodyMayCall", "{open_loopback: true}", "{}",
     "1:1: security: nobody could call: name principals, or set open_loopback for a trial on this machine"},
    {"OpenToTheWorld", "security:", "server: {http_address: \"0.0.0.0:80\"}\nsecurity:",
     "2:27: security.open_loopback: would let everybody who reaches server.http_address (0.0.0.0:80) do everything; "
     "use "
     "127.0.0.1, or name principals instead"},
    {"AnAddressWithoutPort", "security:", "server: {grpc_address: 127.0.0.1}\nsecurity:",
     "1:24: server.grpc_address: \"127.0.0.1\" is no address; write host:port, e.g. 127.0.0.1:7400 or [::1]:7400\n"
     "f.yaml:2:27: security.open_loopback: would let everybody who reaches server.grpc_address (127.0.0.1) do "
     "everything; use 127.0.0.1, or name principals instead"},
    {"OneAddressForBoth", "security:", "server: {http_address: \"127.0.0.1:7400\"}\nsecurity:",
     "1:24: server.http_address: 127.0.0.1:7400 is the gRPC address already"},
    {"ACertificateWithoutKey", "security:", "server: {tls: {certificate_file: a.crt}}\nsecurity:",
     "1:10: server.tls.key_file: is required for TLS"},
    {"AnOriginWithAPath", "security:", "server: {allowed_origins: [\"https://a.example/desk\"]}\nsecurity:",
     "1:28: server.allowed_origins[0]: \"https://a.example/desk\" is no origin; write it as https://desk.example, with "
     "no path"},
    {"APrincipalWithoutToken", "{open_loopback: true}", "{principals: [{id: chat, role: ADAPTER}]}",
     "1:25: security.principals[0].token: needs exactly one of value, file and env, has 0"},
    {"APrincipalWithTwoTokens", "{open_loopback: true}",
     "{principals: [{id: chat, role: ADAPTER, token: {env: X, file: y}}]}",
     "1:51: security.principals[0].token: needs exactly one of value, file and env, has 2"},
    {"APrincipalWithAnEmptyToken", "{open_loopback: true}",
     "{principals: [{id: chat, role: ADAPTER, token: {value: \"\"}}]}",
     "1:66: security.principals[0].token.value: is empty"},
    {"TwoPrincipalsWithOneToken", "{open_loopback: true}",
     "\n  principals:\n  - {id: chat, role: ADAPTER, token: {value: hunter2}}\n"
     "  - {id: sip, role: ADAPTER, token: {value: hunter2}}",
     "4:45: security.principals[1].token.value: is the same token as in line 3; each principal needs its own"},
    {"APrincipalWithoutRole", "{open_loopback: true}", "{principals: [{id: chat, token: {env: X}}]}",
     "1:25: security.principals[0].role: is required: ADAPTER, AGENT, SUPERVISOR or ADMIN"},
    {"APrincipalForAnUnknownAgent", "{open_loopback: true}", "{principals: [{id: anna, role: AGENT, token: {env: X}}]}",
     "1:30: security.principals[0].id: unknown agent \"anna\"; did you mean \"ana\"?"},
    {"ALaneForASupervisor", "{open_loopback: true}",
     "{principals: [{id: boss, role: SUPERVISOR, token: {env: X}, lane_max: 1}]}",
     "1:81: security.principals[0].lane_max: means nothing unless role is ADAPTER"},
    {"AKnownAgentOfNoKind", "  - id: orders\n", "  - id: orders\n    known_agent: {wait_max: 5s}\n",
     "13:5: workspaces[0].queues[1].known_agent.kinds: is required: without it no known agent is looked for"},
    {"AKnownAgentTwice", "  - id: orders\n", "  - id: orders\n    known_agent: {kinds: [LAST, LAST]}\n",
     "13:33: workspaces[0].queues[1].known_agent.kinds[1]: LAST is given twice"},
    {"AnEscalationThatSaysNotWhen", "  - id: orders\n", "  - id: orders\n    escalation: [{lane: 1}]\n",
     "13:18: workspaces[0].queues[1].escalation[0]: says not when: give waited, label or contact_count"},
    {"AnEscalationThatDoesNothing", "  - id: orders\n", "  - id: orders\n    escalation: [{waited: 5m}]\n",
     "13:18: workspaces[0].queues[1].escalation[0]: does nothing: give lane, head_start, queue, requirements or "
     "call_supervisor"},
    {"AnEscalationToNowhere", "  - id: orders\n", "  - id: orders\n    escalation: [{waited: 5m, queue: biling}]\n",
     "13:38: workspaces[0].queues[1].escalation[0].queue: unknown queue \"biling\"; did you mean \"billing\"?"},
    {"AnUnknownDedicatedAgent", "{id: c-1, vip: gold}", "{id: c-1, agent: anna}",
     "17:32: workspaces[0].customers[0].agent: unknown agent \"anna\"; did you mean \"ana\"?"},
    {"AValueBoundWithoutOrder", "  - id: orders\n", "  - id: orders\n    order: RANK\n    value_bound: 5m\n",
     "14:18: workspaces[0].queues[1].value_bound: means nothing with order RANK"},
    {"NoWorkspaces", std::string_view(kGood.data() + kGood.find("workspaces"), kGood.size() - kGood.find("workspaces")),
     "", "1:1: workspaces: at least one workspace is needed"},
};

class BadFileTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadFileTest, IsToldWithItsLine) {
  const absl::Status status = Parse("f.yaml", Changed(GetParam().piece, GetParam().by)).status();
  if (GetParam().message.empty()) {
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), absl::StrCat("f.yaml:", std::string(GetParam().message)));
}
INSTANTIATE_TEST_SUITE_P(Load, BadFileTest, testing::ValuesIn(kBadCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ParseTest, NeverPrintsAToken) {
  const absl::Status status =
      Parse("f.yaml", Changed("{open_loopback: true}",
                              "\n  principals:\n  - {id: chat, role: ADAPTER, token: {value: hunter2}}\n"
                              "  - {id: sip, role: ADAPTER, token: {value: hunter2}}"))
          .status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("hunter2")));
}

// 100,000 agents, each told once: a large file must not make loading slow.
TEST(ParseTest, LoadsTheLargestWorkspace) {
  std::string text =
      Changed("  customers", "  - {id: load-, skills: {orders: JUNIOR}, range: {first: 1, last: 99998}}\n  customers");
  const absl::StatusOr<Loaded> loaded = Parse("f.yaml", text);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.workspaces(0).agents_size(), 100'000);
  EXPECT_THAT(Describe(loaded->config), HasSubstr("needs orders >= JUNIOR: 100000 agents"));
}

TEST(DescribeTest, NamesHigherLanesAndUnservedChannels) {
  std::string text = Changed("  - id: orders\n", "  - id: orders\n    lane: 2\n    head_start: 10s\n");
  text.replace(text.find("{orders: EXPERT}}"), 17, "{orders: EXPERT}, channels: {webchat: 2}}");
  const absl::StatusOr<Loaded> loaded = Parse("f.yaml", text);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(
      Describe(loaded->config),
      "listens  gRPC 127.0.0.1:7400, HTTP 127.0.0.1:7480, plain text\n"
      "callers  EVERYBODY on this machine, without a token\n"
      "journal  sqlite in var/routerd; ended contacts kept 2160h\n"
      "workspace main: 2 queues, 2 agents, 2 skills, 2 channels, 1 known customer\n"
      "  queue billing: LEAST_WANTED, offers 20s, no wrap-up\n"
      "    at once      needs billing >= SENIOR: 1 agent\n"
      "    after 30s    needs billing >= JUNIOR: 1 agent\n"
      "    by channel   webchat 1, phone 1\n"
      "    order        short work that few can do is moved forward, by at most 20m\n"
      "    offers       not again for 30s after a miss, 1m after a decline, 10s after being unreachable; AWAY after 2 "
      "misses in a row\n"
      "  queue orders: LEAST_WANTED, offers 20s, no wrap-up, lane 2\n"
      "    at once      needs orders >= JUNIOR: 2 agents\n"
      "    by channel   webchat 2, phone 1\n"
      "    order        short work that few can do is moved forward, by at most 20m\n"
      "    offers       not again for 30s after a miss, 1m after a decline, 10s after being unreachable; AWAY after 2 "
      "misses in a row\n"
      "  overtaken, where one agent could take either, at most by those who come later by\n"
      "    billing      no standing 21m, gold 20m\n"
      "    orders       no standing 21m, gold 20m\n"
      "    without bound, billing: contacts of orders, whose lane is higher\n"
      "    beyond that, everywhere: one by phone also by contacts of cheaper channels that fill the room it needs, "
      "until it has waited for 1m and the conversations that one agent then has in hand are over\n"
      "    On top comes a head start that an adapter gives to a contact (up to 24h). A contact that is passed on "
      "keeps the one its first queue gave.\n");
}

TEST(DescribeTest, NamesTheRulesThatAreSet) {
  const std::string rules =
      "  - id: orders\n"
      "    order: EARLIEST_DEADLINE\n"
      "    offer_count: 3\n"
      "    misses_max: 1\n"
      "    missed_action: MISSED_SIGN_OUT\n"
      "    abandon_back_off: 5s\n"
      "    unreachable_back_off: 0s\n"
      "    wrap_up: {mode: TIMED, extension_count_max: 2}\n"
      "    known_agent: {kinds: [OWNER, LAST]}\n"
      "    return_window: 2m\n"
      "    overflow:\n"
      "      - {waiting_above: 50, action: {queue: billing}}\n"
      "      - {waited: 5m, action: {head_start: 1m}}\n"
      "    escalation:\n"
      "      - {waited: 3m, label: complaint, lane: 1, call_supervisor: true}\n"
      "    callback: {allowed: true}\n";
  const absl::StatusOr<Loaded> loaded = Parse("f.yaml", Changed("  - id: orders\n", rules));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(
      Describe(loaded->config),
      HasSubstr(
          "    order        by the channel's deadline, moved back by at most 2m\n"
          "    offers       to 3 agents at once; not again for 30s after a miss, 1m after a decline; no other for "
          "5s after a customer left; signed out after 1 miss\n"
          "    wrap-up      extended up to 2 times by 30s, to 15m in all\n"
          "    known agent  owner, then last within 24h: waited for up to 1m, if that is at most 1m longer than for "
          "anybody\n"
          "    comes back   within 2m: takes the old place\n"
          "    overflow 1   more than 50 waiting: goes on in billing\n"
          "    overflow 2   waited 5m: counts as waited 1m longer\n"
          "    escalation 1 waited 3m and label complaint: 1 lane up, a supervisor is called\n"
          "    callback     tried up to 3 times, 10m apart\n"));
}

TEST(AddressTest, TellsLoopbackFromTheRest) {
  for (const char* address : {"127.0.0.1:80", "127.1.2.3:0", "localhost:65535", "[::1]:7400"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address :
       {"0.0.0.0:80", "[::]:80", "10.0.0.1:80", "127.evil.example:80", "127.0.0.1.example:80", "127.1:80", "127...1:80",
        "1270.0.0.1:80", "::1:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ":80", ""}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace routerd::config
