// What a terminal is given to show.
#include "routerd/ctl/text.h"

#include <gtest/gtest.h>

namespace routerd::ctl {
namespace {

struct PrintableCase {
  std::string_view name;
  std::string_view text;
  std::string_view shown;
};
const PrintableCase kPrintableCases[] = {
    {"LeavesWords", "Grüße, 你好\n\tdone", "Grüße, 你好\n\tdone"}, {"DisarmsEscapes", "\x1b[2Jgone", "\uFFFD[2Jgone"},
    {"DisarmsCarriageReturns", "no\ryes", "no\uFFFDyes"},          {"DisarmsTheC1Escape", "a\u009B31m", "a\uFFFD31m"},
    {"DisarmsTurnedWriting", "ab\u202Ecd", "ab\uFFFDcd"},          {"MarksWhatIsNotUtf8", "a\xFFz", "a\uFFFDz"},
    {"MarksCutShortUtf8", "a\xE4\xBD", "a\uFFFD\uFFFD"},           {"MarksOverlongUtf8", "\xC0\xAF", "\uFFFD\uFFFD"},
};
class PrintableTest : public testing::TestWithParam<PrintableCase> {};
TEST_P(PrintableTest, Shows) { EXPECT_EQ(Printable(GetParam().text), GetParam().shown); }
INSTANTIATE_TEST_SUITE_P(Texts, PrintableTest, testing::ValuesIn(kPrintableCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(OneLineTest, JoinsLinesAndCutsByColumns) {
  EXPECT_EQ(OneLine("a\nb\tc"), "a b c");
  EXPECT_EQ(OneLine("exactly", 7), "exactly");
  EXPECT_EQ(OneLine("too long", 7), "too lo…");
  EXPECT_EQ(OneLine("你好世界", 6), "你好…");  // Two columns each: a third one would not fit beside the ellipsis.
}

struct DurationCase {
  std::string_view name;
  absl::Duration duration;
  std::string_view text;
};
const DurationCase kDurationCases[] = {
    {"Nothing", absl::ZeroDuration(), "0s"},
    {"NeverNegative", -absl::Seconds(3), "0s"},
    {"TenthsWhenShort", absl::Milliseconds(2'350), "2.3s"},
    {"NoTenthsFromTenSeconds", absl::Milliseconds(10'900), "10s"},
    {"JustBelowAMinute", absl::Seconds(59), "59s"},
    {"AMinute", absl::Seconds(60), "1m 00s"},
    {"AnHour", absl::Seconds(3'725), "1h 02m"},
    {"Days", absl::Hours(50), "2d 02h"},
};
class DurationTest : public testing::TestWithParam<DurationCase> {};
TEST_P(DurationTest, Reads) { EXPECT_EQ(DurationText(GetParam().duration), GetParam().text); }
INSTANTIATE_TEST_SUITE_P(Durations, DurationTest, testing::ValuesIn(kDurationCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(TableTest, AlignsByColumnsNotBytes) {
  Table table({"NAME", ">COUNT", "NOTE"});
  table.Add({"王芳", "7", "vip"});
  table.Add({"Ana", "1234", ""});
  EXPECT_EQ(table.Text("  "),
            "  NAME  COUNT  NOTE\n"
            "  王芳      7  vip\n"
            "  Ana    1234  -\n");
}

TEST(TableTest, KeepsEachRowInOneHarmlessLine) {
  Table table({"TOPIC"});
  table.Add({"first\nsecond \x1b[31m"});
  EXPECT_EQ(table.Text(), "TOPIC\nfirst second \uFFFD[31m\n");
}

TEST(ShortNameTest, IsWhatFollowsTheCollection) {
  EXPECT_EQ(ShortName("agents/ana"), "ana");
  EXPECT_EQ(ShortName("ana"), "ana");
  EXPECT_EQ(ShortName(""), "");
}

}  // namespace
}  // namespace routerd::ctl
