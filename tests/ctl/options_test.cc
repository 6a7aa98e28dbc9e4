// The command line: what it means, and how mistakes are answered.
#include "routerd/ctl/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace routerd::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Unset(std::string_view) { return ""; }

Options Parsed(const std::vector<std::string>& arguments) {
  const absl::StatusOr<Options> options = ParseOptions(arguments, Unset);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.ok() ? *options : Options();
}

TEST(OptionsTest, StartFromTheDefaults) {
  const Options options = Parsed({"queues"});
  EXPECT_EQ(options.command, Command::kQueues);
  EXPECT_EQ(options.address, "127.0.0.1:7400");
  EXPECT_FALSE(options.json);
  EXPECT_FALSE(options.after.has_value());
}

TEST(OptionsTest, TakeTheEnvironmentBelowTheCommandLine) {
  const Environment environment = [](std::string_view name) {
    return std::string(name == "ROUTERD_ADDRESS" ? "env:1" : name == "ROUTERD_TOKEN" ? "secret" : "");
  };
  EXPECT_EQ(ParseOptions({"queues"}, environment)->address, "env:1");
  EXPECT_EQ(ParseOptions({"queues"}, environment)->token, "secret");
  EXPECT_EQ(ParseOptions({"--address", "flag:2", "queues"}, environment)->address, "flag:2");
}

TEST(OptionsTest, MayStandBeforeAndAfterTheCommand) {
  const Options options =
      Parsed({"--json", "contacts", "--queue=billing", "--agent", "ana", "--ended", "--limit", "5"});
  EXPECT_TRUE(options.json);
  EXPECT_EQ(options.queue, "billing");
  EXPECT_EQ(options.agent, "ana");
  EXPECT_TRUE(options.ended);
  EXPECT_EQ(options.limit, 5);
  EXPECT_EQ(Parsed({"watch", "--after", "0"}).after, 0);
}

TEST(OptionsTest, ExplainTakesTheContactWithAndWithoutTheWord) {
  EXPECT_THAT(Parsed({"explain", "contact", "12"}).arguments, ElementsAre("12"));
  EXPECT_THAT(Parsed({"explain", "12"}).arguments, ElementsAre("12"));
  EXPECT_EQ(Parsed({"explain", "12", "--at", "2001-09-09T01:46:40Z"}).at, absl::FromUnixSeconds(1'000'000'000));
}

TEST(OptionsTest, ReasonsMayHaveSeveralWords) {
  EXPECT_THAT(Parsed({"presence", "ana", "away", "gone", "to", "lunch"}).arguments,
              ElementsAre("ana", "away", "gone to lunch"));
  EXPECT_THAT(Parsed({"end", "12", "--", "--json"}).arguments, ElementsAre("12", "--json"));
}

struct MistakeCase {
  std::string_view name;
  std::vector<std::string> arguments;
  std::string_view answer;
};
const MistakeCase kMistakes[] = {
    {"NoCommand", {}, "which command?"},
    {"MistypedCommand", {"quues"}, "there is no command \"quues\"; did you mean \"queues\"?"},
    {"StrangeCommand", {"xyzzy-plugh"}, "`routerctl --help` lists them"},
    {"MistypedOption", {"--jsn", "queues"}, "there is no option --jsn; did you mean \"--json\"?"},
    {"OptionWithoutValue", {"queues", "--address"}, "--address needs a value: --address HOST:PORT"},
    {"EmptyValue", {"queues", "--address="}, "--address needs a value"},
    {"SwitchWithValue", {"queues", "--json=yes"}, "--json takes no value"},
    {"OptionOfAnotherCommand", {"queues", "--ended"}, "`queues` has no option --ended"},
    {"CertificateWithoutKey", {"queues", "--tls-ca", "c", "--tls-certificate", "d"}, "go together"},
    {"CertificateWithoutTls", {"queues", "--tls-key", "k", "--tls-certificate", "d"}, "needs --tls-ca"},
    {"NotANumber", {"watch", "--after", "x"}, "--after takes a number from 0 up, not \"x\""},
    {"NegativeNumber", {"watch", "--after", "-1"}, "--after takes a number from 0 up"},
    {"TooFew", {"assign", "12"}, "too few arguments; usage: routerctl assign [--exceed] CONTACT AGENT"},
    {"TooMany", {"stats", "billing"}, "too many arguments; usage: routerctl stats"},
    {"ExplainsContactsOnly", {"explain", "agent", "ana"}, "only a contact can be explained"},
    {"TakesATime", {"explain", "12", "--at", "noon"}, "--at takes a time like 2026-03-01T14:02:10+08:00"},
    {"ExplainsWhich", {"explain", "contact"}, "too few arguments; usage: routerctl explain contact ID"},
    {"MistypedPresence", {"presence", "ana", "awya"}, "there is no presence \"awya\"; did you mean \"away\"?"},
};
class MistakeTest : public testing::TestWithParam<MistakeCase> {};
TEST_P(MistakeTest, IsAnsweredWithTheWayOut) {
  const absl::StatusOr<Options> options = ParseOptions(GetParam().arguments, Unset);
  ASSERT_FALSE(options.ok());
  EXPECT_THAT(std::string(options.status().message()), HasSubstr(std::string(GetParam().answer)));
}
INSTANTIATE_TEST_SUITE_P(Mistakes, MistakeTest, testing::ValuesIn(kMistakes),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(HelpTest, IsForTheProgramOrOneCommand) {
  EXPECT_EQ(Parsed({"--help"}).command, Command::kNone);
  EXPECT_TRUE(Parsed({"help", "watch"}).help);
  EXPECT_EQ(Parsed({"watch", "-h"}).command, Command::kWatch);
  const std::string program = HelpText(Command::kNone);
  for (const char* word : {"agent", "explain", "presence", "--token-file", "--workspace", "Exit status"}) {
    EXPECT_THAT(program, HasSubstr(word));
  }
  const std::string watch = HelpText(Command::kWatch);
  EXPECT_THAT(watch, HasSubstr("usage: routerctl [OPTION...] watch [--after N] [--subject NAME]"));
  EXPECT_THAT(watch, HasSubstr("Follow what happens, one event a line.\n"));
  EXPECT_THAT(watch, testing::Not(HasSubstr("--ended")));
}

TEST(HelpTest, NeedsNoArgumentsOfItsCommand) { EXPECT_TRUE(Parsed({"assign", "--help"}).help); }

TEST(PresenceTest, IsReadInAnyCase) {
  EXPECT_EQ(*ParsePresence("AWAY"), v1::PRESENCE_AWAY);
  EXPECT_EQ(*ParsePresence("available"), v1::PRESENCE_AVAILABLE);
  EXPECT_EQ(*ParsePresence("Offline"), v1::PRESENCE_OFFLINE);
  EXPECT_FALSE(ParsePresence("unspecified").ok());
}

TEST(OptionsTest, SimulateNeedsATraceAndAConfig) {
  const Options options = Parsed({"simulate", "--trace", "day.jsonl", "--config=a.yaml", "--seed", "7", "--json"});
  EXPECT_EQ(options.command, Command::kSimulate);
  EXPECT_EQ(options.trace, "day.jsonl");
  EXPECT_EQ(options.config, "a.yaml");
  EXPECT_EQ(options.config2, "");
  EXPECT_EQ(options.seed, 7);
  EXPECT_EQ(std::string(ParseOptions({"simulate", "--trace", "day.jsonl"}, Unset).status().message()),
            "`simulate` needs --config FILE");
  EXPECT_EQ(std::string(ParseOptions({"simulate", "--config", "a.yaml"}, Unset).status().message()),
            "`simulate` needs either --trace FILE and --config FILE, or --journal DIR");
}

TEST(OptionsTest, SimulateOfAJournalCanDoWithoutAConfig) {
  EXPECT_EQ(Parsed({"simulate", "--journal", "data"}).journal, "data");
  EXPECT_FALSE(ParseOptions({"simulate", "--journal", "data", "--config2", "b.yaml"}, Unset).ok());
  EXPECT_FALSE(ParseOptions({"simulate", "--journal", "data", "--trace", "day.jsonl"}, Unset).ok());
}

}  // namespace
}  // namespace routerd::ctl
