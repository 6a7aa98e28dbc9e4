// Traffic is read strictly: what is wrong is told with its line and key.
#include "routerd/simulate/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::simulate {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kHeader[] = R"({"trace":"routerd.trace.v1","horizon_ms":60000,"name":"t","seed":1})"
                           "\n";
constexpr char kAna[] =
    R"({"agent":"ana","skills":{"orders":2,"billing":4},"channels":{"webchat":3},"shifts":[[5000,9000],[0,2000]],"accept_ms":1500})"
    "\n";
constexpr char kContact[] =
    R"({"contact":"c1","at_ms":10,"channel":"webchat","queue":"orders","require":{"orders":1},"vip":"none","patience_ms":9,"handle_ms":8,"wrap_ms":7,"customer":"u1"})"
    "\n";

TEST(TraceTest, HoldsAgentsAndContacts) {
  const auto trace = ParseTrace("t.jsonl", absl::StrCat(kHeader, kAna, kContact));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->name, "t");
  EXPECT_EQ(trace->horizon_ms, 60000);
  ASSERT_EQ(trace->agents.size(), 1u);
  const TraceAgent& ana = trace->agents[0];
  EXPECT_EQ(ana.skills[0].skill, "billing");
  EXPECT_EQ(ana.skills[0].tier, core::Tier::kExpert);
  EXPECT_EQ(ana.capacity, 100);
  EXPECT_EQ(ana.misses, 0);
  EXPECT_THAT(ana.shifts,
              testing::ElementsAre(std::pair<int64_t, int64_t>{0, 2000}, std::pair<int64_t, int64_t>{5000, 9000}));
  ASSERT_EQ(trace->contacts.size(), 1u);
  EXPECT_EQ(trace->contacts[0].vip, "");
  EXPECT_EQ(trace->contacts[0].wrap_ms, 7);
}

TEST(TraceTest, TakesLinesInAnyOrderAfterTheHeader) {
  std::string later = kContact;
  later.replace(later.find("c1"), 2, "c2").replace(later.find("\"at_ms\":10"), 10, "\"at_ms\":1");
  const auto trace = ParseTrace("t.jsonl", absl::StrCat(kHeader, kContact, "\n", later, kAna));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->contacts[0].id, "c2");
}

TEST(TraceTest, ShiftsThatTouchAreOne) {
  std::string agent = kAna;
  agent.replace(agent.find("[[5000,9000],[0,2000]]"), 22, "[[0,2000],[2000,3000]]");
  const auto trace = ParseTrace("t.jsonl", absl::StrCat(kHeader, agent));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->agents[0].shifts.size(), 1u);
}

struct BadCase {
  const char* name;
  std::string text;
  std::string message;
};
std::string Changed(const char* line, const char* from, const char* to) {
  std::string text = line;
  return text.replace(text.find(from), std::string(from).size(), to);
}

class BadTraceTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadTraceTest, IsRefusedWithItsPlace) {
  const auto trace = ParseTrace("t.jsonl", GetParam().text);
  ASSERT_FALSE(trace.ok());
  EXPECT_EQ(base::ReasonOf(trace.status()), "TRACE_INVALID");
  EXPECT_EQ(std::string(trace.status().message()), GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(
    Lines, BadTraceTest,
    testing::Values(
        BadCase{"Empty", "", "t.jsonl:1: is empty"}, BadCase{"HeaderNotFirst", kAna, "t.jsonl:1: trace is missing"},
        BadCase{"OtherFormat", Changed(kHeader, ".v1", ".v2"), "t.jsonl:1: trace is not \"routerd.trace.v1\""},
        BadCase{"UnknownKey", absl::StrCat(kHeader, Changed(kAna, "accept_ms\":1500", "accept_ms\":1,\"capacty\":9")),
                "t.jsonl:2: capacty is unknown; did you mean \"capacity\"?"},
        BadCase{"MissingKey", absl::StrCat(kHeader, kAna, Changed(kContact, "\"queue\":\"orders\",", "")),
                "t.jsonl:3: queue is missing"},
        BadCase{"NegativeTime", absl::StrCat(kHeader, Changed(kContact, "\"handle_ms\":8", "\"handle_ms\":-8")),
                "t.jsonl:2: handle_ms is a whole number from 0 to 31622400000"},
        BadCase{"FractionOfAMillisecond", absl::StrCat(kHeader, Changed(kContact, "\"wrap_ms\":7", "\"wrap_ms\":7.5")),
                "t.jsonl:2: wrap_ms is a whole number from 0 to 31622400000"},
        BadCase{"TierOutOfRange", absl::StrCat(kHeader, Changed(kAna, "\"orders\":2", "\"orders\":5")),
                "t.jsonl:2: skills.orders is a whole number from 1 to 4"},
        BadCase{"ShiftBackwards", absl::StrCat(kHeader, Changed(kAna, "[0,2000]", "[2000,0]")),
                "t.jsonl:2: shifts is a list of [from_ms, to_ms], from before to, none over another"},
        BadCase{"IdTwice", absl::StrCat(kHeader, kAna, kAna), "t.jsonl:3: agent ana is given twice"},
        BadCase{"NoJson", absl::StrCat(kHeader, "{\"agent\":\n"), "t.jsonl:2: line is not one JSON object"},
        BadCase{"NeitherAgentNorContact", absl::StrCat(kHeader, "{\"at_ms\":1}\n"),
                "t.jsonl:2: line is about neither an agent nor a contact"},
        BadCase{"PreferredAgentUnknown",
                absl::StrCat(kHeader, kAna, Changed(kContact, "\"u1\"", "\"u1\",\"prefer_agent\":\"bo\"")),
                "t.jsonl:3: prefer_agent names no agent of the trace, \"bo\""}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace routerd::simulate
