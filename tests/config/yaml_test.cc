// YAML into messages: what is read, and how each mistake is told.
#include "routerd/config/yaml.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {
namespace {

using testing::HasSubstr;

absl::Status StatusOfParsing(std::string_view text) {
  v1::RouterdConfig config;
  return ParseYaml("f.yaml", text, config).status();
}

TEST(ParseYamlTest, FillsEveryKindOfField) {
  v1::RouterdConfig config;
  const absl::StatusOr<SourceMap> source = ParseYaml("f.yaml", R"(
server:
  grpc_address: 127.0.0.1:7400   # Text needs no quotes.
  allowed_origins: ["https://desk.example", https://other.example]
  mailbox_limit: 12
  stream_buffer_bytes_max: 5000000000
security: {open_loopback: true, principals: []}
workspaces:
  - id: "007"
    agent_grace: 1m30s
    vip_levels:
      - {id: gold, head_start: 1.5s, weight: 2.5}
    queues:
      - id: billing
        strategy: BEST_FIT
        lane: -3
        wrap_up: {mode: UNTIL_DONE}
    agents:
      - id: ana
        skills:
          billing: SENIOR
          "two words": JUNIOR
        channels: {webchat: 2}
)",
                                                     config);
  ASSERT_TRUE(source.ok()) << source.status();
  v1::RouterdConfig expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"pb(
                                                              server {
                                                                grpc_address: "127.0.0.1:7400"
                                                                allowed_origins: "https://desk.example"
                                                                allowed_origins: "https://other.example"
                                                                mailbox_limit: 12
                                                                stream_buffer_bytes_max: 5000000000
                                                              }
                                                              security { open_loopback: true }
                                                              workspaces {
                                                                id: "007"
                                                                agent_grace { seconds: 90 }
                                                                vip_levels {
                                                                  id: "gold"
                                                                  head_start { seconds: 1 nanos: 500000000 }
                                                                  weight: 2.5
                                                                }
                                                                queues {
                                                                  id: "billing"
                                                                  strategy: BEST_FIT
                                                                  lane: -3
                                                                  wrap_up { mode: UNTIL_DONE }
                                                                }
                                                                agents {
                                                                  id: "ana"
                                                                  skills { key: "billing" value: SENIOR }
                                                                  skills { key: "two words" value: JUNIOR }
                                                                  channels { key: "webchat" value: 2 }
                                                                }
                                                              }
                                                            )pb",
                                                            &expected));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(config, expected)) << config.DebugString();
}

TEST(ParseYamlTest, KeepsWhatTheFileDoesNotGive) {
  v1::RouterdConfig config;
  config.mutable_server()->set_mailbox_limit(7);
  config.mutable_server()->set_log_level("warn");
  ASSERT_TRUE(ParseYaml("f.yaml", "server: {log_level: debug}", config).ok());
  EXPECT_EQ(config.server().mailbox_limit(), 7);
  EXPECT_EQ(config.server().log_level(), "debug");
}

TEST(ParseYamlTest, RemembersWhereEachFieldStands) {
  v1::RouterdConfig config;
  const absl::StatusOr<SourceMap> source = ParseYaml("f.yaml",
                                                     "workspaces:\n"
                                                     "  - id: main\n"
                                                     "    agents:\n"
                                                     "      - id: ana\n"
                                                     "        skills:\n"
                                                     "          billing: SENIOR\n",
                                                     config);
  ASSERT_TRUE(source.ok()) << source.status();
  const auto at = [&](std::string_view path) {
    const SourcePosition position = source->Find(path);
    return absl::StrCat(position.line, ":", position.column);
  };
  EXPECT_EQ(at("workspaces"), "1:1");
  EXPECT_EQ(at("workspaces[0]"), "2:5");
  EXPECT_EQ(at("workspaces[0].id"), "2:9");
  EXPECT_EQ(at("workspaces[0].agents[0].skills.billing"), "6:11");
  EXPECT_EQ(at("workspaces[0].agents[0].capacity"), "4:9") << "Not given: where its agent stands.";
  EXPECT_EQ(at("workspaces[0].queues[2].id"), "2:5");
  EXPECT_EQ(at("journal.kind"), "1:1");
}

struct BadCase {
  std::string_view name;
  std::string_view text;
  std::string_view message;  // The whole of it.
};

const BadCase kBadCases[] = {
    {"AnUnknownKey", "server:\n  grpc_adress: x\n",
     "f.yaml:2:3: server.grpc_adress: unknown key; did you mean \"grpc_address\"?"},
    {"AnUnknownKeyLikeNone", "server:\n  tls:\n    zzzzzz: x\n",
     "f.yaml:3:5: server.tls.zzzzzz: unknown key; known here: certificate_file, key_file, client_ca_file"},
    {"ADashForAnUnderscore", "journal:\n  data-directory: x\n",
     "f.yaml:2:3: journal.data-directory: unknown key; did you mean \"data_directory\"?"},
    {"AKeyWithOddLetters", "\"a.b\\nc\": 1\n",
     "f.yaml:1:1: [\"a.b\\nc\"]: unknown key; known here: server, security, journal, workspaces"},
    {"AKeyGivenTwice", "server:\n  log_level: info\n  log_level: warn\n",
     "f.yaml:3:3: server.log_level: given twice; first in line 2"},
    {"AnEntryGivenTwice", "workspaces:\n- agents:\n  - skills:\n      a: JUNIOR\n      a: SENIOR\n",
     "f.yaml:5:7: workspaces[0].agents[0].skills.a: given twice; first in line 4"},
    {"AKeyWithoutValue", "server:\n  tls:\n",
     "f.yaml:2:3: server.tls: has no value; give one, or leave the key out for its default"},
    {"TextForANumber", "server: {mailbox_limit: many}",
     "f.yaml:1:25: server.mailbox_limit: expected a whole number, got \"many\""},
    {"QuotesForANumber", "server: {mailbox_limit: \"5\"}",
     "f.yaml:1:25: server.mailbox_limit: expected a whole number, got \"5\""},
    {"AFractionForAWholeNumber", "server: {mailbox_limit: 1.5}",
     "f.yaml:1:25: server.mailbox_limit: expected a whole number, got \"1.5\""},
    {"ANumberOutOfRange", "server: {mailbox_limit: 2147483648}",
     "f.yaml:1:25: server.mailbox_limit: 2147483648 is out of range (-2147483648 to 2147483647)"},
    {"ALongNumberOutOfRange", "server: {stream_buffer_bytes_max: 9223372036854775808}",
     "f.yaml:1:35: server.stream_buffer_bytes_max: 9223372036854775808 is out of range (-9223372036854775808 to "
     "9223372036854775807)"},
    {"NotANumber", "workspaces: [{vip_levels: [{weight: .nan}]}]",
     "f.yaml:1:37: workspaces[0].vip_levels[0].weight: expected a number, got \".nan\""},
    {"AnEndlessNumber", "workspaces: [{vip_levels: [{weight: 1e999}]}]",
     "f.yaml:1:37: workspaces[0].vip_levels[0].weight: expected a number, got \"1e999\""},
    {"YesForTrue", "security: {open_loopback: yes}",
     "f.yaml:1:27: security.open_loopback: expected true or false, got \"yes\""},
    {"AnUnknownTier", "workspaces:\n- agents:\n  - skills: {billing: SENOIR}\n",
     "f.yaml:3:23: workspaces[0].agents[0].skills.billing: unknown value \"SENOIR\"; did you mean \"SENIOR\"?; one of "
     "JUNIOR, INTERMEDIATE, SENIOR, EXPERT"},
    {"ATierByNumber", "workspaces:\n- agents:\n  - skills: {billing: 3}\n",
     "f.yaml:3:23: workspaces[0].agents[0].skills.billing: unknown value \"3\"; one of JUNIOR, INTERMEDIATE, SENIOR, "
     "EXPERT"},
    {"TheUnspecifiedValue", "security: {principals: [{role: ROLE_UNSPECIFIED}]}",
     "f.yaml:1:32: security.principals[0].role: unknown value \"ROLE_UNSPECIFIED\"; one of ADAPTER, AGENT, SUPERVISOR, "
     "ADMIN"},
    {"ADurationWithoutUnit", "workspaces: [{agent_grace: 30}]",
     "f.yaml:1:28: workspaces[0].agent_grace: a duration needs its unit; did you mean \"30s\"?"},
    {"ADurationInDays", "workspaces: [{agent_grace: 2d}]",
     "f.yaml:1:28: workspaces[0].agent_grace: expected a duration such as 20s, 1m30s, 500ms or 48h, got \"2d\""},
    {"ANegativeDuration", "workspaces: [{agent_grace: -1s}]",
     "f.yaml:1:28: workspaces[0].agent_grace: a duration can't be negative"},
    {"AnEndlessDuration", "workspaces: [{agent_grace: inf}]",
     "f.yaml:1:28: workspaces[0].agent_grace: a duration of more than 100 years"},
    {"ABlockForADuration", "workspaces: [{agent_grace: {seconds: 3}}]",
     "f.yaml:1:28: workspaces[0].agent_grace: expected a duration such as 20s, 1m30s or 500ms, got a block of keys"},
    {"ABlockForAList", "workspaces: {id: main}",
     "f.yaml:1:13: workspaces: expected a list (items start with `- `), got "
     "a block of keys"},
    {"AListForText", "server: {log_level: [info]}",
     "f.yaml:1:21: server.log_level: expected a single value, got a list"},
    {"TextForABlockAndItIsNotRepeated", "security: {principals: [{token: hunter2}]}",
     "f.yaml:1:33: security.principals[0].token: expected a block of keys (value, file, env), got a single value"},
    {"AListAtTheTop", "- a\n- b\n",
     "f.yaml:1:1: expected a block of keys (server, security, journal, workspaces), got a list"},
    {"AnEmptyFile", "# Nothing.\n", "f.yaml:1:1: the file says nothing"},
    {"AnAlias", "server: &s {log_level: info}\n", "f.yaml:1:9: an anchor (&name) is not read here"},
    {"ATag", "server: !!map {log_level: info}\n", "f.yaml:1:9: a tag (!name) is not read here"},
    {"ASecondDocument", "server: {}\n---\nserver: {}\n", "f.yaml:2:1: more than one document; only one is read"},
    {"AListAsKey", "[a, b]: c\n", "f.yaml:1:1: a key must be plain text"},
    {"AnOpenBracket", "server: {\n", "f.yaml:2:1: end of map flow not found"},
    {"ATabForIndentation", "server:\n\tlog_level: info\n",
     "f.yaml:2:11: illegal map value; line 2 is indented with a tab, use spaces"},
    {"BytesThatAreNotUtf8", "server:\n  log_level: \xC3\x28\n", "f.yaml:2:14: not UTF-8 text"},
    {"ANulByte", std::string_view("a\0b", 3), "f.yaml:1:2: not UTF-8 text"},
    {"SeveralAtOnceInFileOrder", "server: {mailbox_limit: x}\njournal: {knid: sqlite}\n",
     "f.yaml:1:25: server.mailbox_limit: expected a whole number, got \"x\"\n"
     "f.yaml:2:11: journal.knid: unknown key; did you mean \"kind\"?"},
};

class BadYamlTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadYamlTest, IsRefused) {
  const absl::Status status = StatusOfParsing(GetParam().text);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(ParseYaml, BadYamlTest, testing::ValuesIn(kBadCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ParseYamlTest, TakesOnlyOneMemberOfAOneof) {
  google::protobuf::Value value;
  EXPECT_EQ(ParseYaml("f.yaml", "{string_value: a, bool_value: true}", value).status().message(),
            "f.yaml:1:19: bool_value: excludes string_value; give only one");
  google::protobuf::Value one;
  ASSERT_TRUE(ParseYaml("f.yaml", "{struct_value: {fields: {a: {number_value: 2}}}}", one).ok());
  EXPECT_EQ(one.struct_value().fields().at("a").number_value(), 2);
}

TEST(ParseYamlTest, TellsTwentyProblemsAndCountsTheRest) {
  std::string text;
  for (int i = 0; i < 25; ++i) absl::StrAppend(&text, "wrong_key_", i, ": 1\n");
  const absl::Status status = StatusOfParsing(text);
  EXPECT_THAT(std::string(status.message()), HasSubstr("wrong_key_19: unknown key"));
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("wrong_key_20")));
  EXPECT_THAT(std::string(status.message()), testing::EndsWith("\nf.yaml: and 5 more"));
}

TEST(ParseYamlTest, StaysCheapOnHostileFiles) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    absl::StrAppend(&bomb, std::string(1, c), ": &", std::string(1, c), " [*", std::string(1, c - 1), ", *",
                    std::string(1, c - 1), "]\n");
  }
  EXPECT_THAT(std::string(StatusOfParsing(bomb).message()), HasSubstr("an anchor (&name) is not read here"));
  EXPECT_THAT(std::string(StatusOfParsing(std::string(100'000, '[')).message()), HasSubstr("nested deeper than 32"));
  EXPECT_THAT(std::string(StatusOfParsing(std::string(kYamlBytesMax + 1, ' ')).message()),
              HasSubstr("larger than 8388608 bytes"));
  std::string many;
  for (size_t i = 0; i <= kYamlNodesMax; ++i) many += "- 1\n";
  EXPECT_THAT(std::string(StatusOfParsing(many).message()), HasSubstr("more than 500000 values"));
}

TEST(LoadYamlTest, NamesAFileThatIsNotThere) {
  v1::RouterdConfig config;
  const absl::Status status = LoadYaml("/nonexistent/x.yaml", config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(status.message()), "/nonexistent/x.yaml: can't be read: No such file or directory");
}

TEST(LoadYamlTest, RefusesADirectory) {
  v1::RouterdConfig config;
  EXPECT_EQ(LoadYaml("/", config).status().code(), absl::StatusCode::kUnavailable);
}

TEST(LoadYamlTest, ReadsAFile) {
  const std::string path = testing::TempDir() + "/load_yaml_test.yaml";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs("server: {log_level: warn}\n", file);
  std::fclose(file);
  v1::RouterdConfig config;
  const absl::StatusOr<SourceMap> source = LoadYaml(path, config);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(config.server().log_level(), "warn");
  EXPECT_EQ(source->file(), path);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace routerd::config
