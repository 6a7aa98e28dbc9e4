// A slip of the finger finds the name that was meant; another word finds none.
#include "routerd/base/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace routerd::base {
namespace {

struct DistanceCase {
  std::string_view name, a, b;
  size_t distance;
};
const DistanceCase kDistanceCases[] = {
    {"EqualNames", "billing", "billing", 0},      {"CaseIsNoDifference", "BILLING", "billing", 0},
    {"ALetterDropped", "biling", "billing", 1},   {"ALetterAdded", "billling", "billing", 1},
    {"ALetterReplaced", "bulling", "billing", 1}, {"NeighboursSwapped", "blilnig", "billing", 2},
    {"OneSwap", "billign", "billing", 1},         {"EmptyToAny", "", "vip", 3},
    {"NothingInCommon", "abc", "xyz", 3},
};
class EditDistanceTest : public testing::TestWithParam<DistanceCase> {};
TEST_P(EditDistanceTest, CountsSlipsTheSameBothWays) {
  EXPECT_EQ(EditDistance(GetParam().a, GetParam().b), GetParam().distance);
  EXPECT_EQ(EditDistance(GetParam().b, GetParam().a), GetParam().distance);
}
INSTANTIATE_TEST_SUITE_P(Names, EditDistanceTest, testing::ValuesIn(kDistanceCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SuggestTest, FindsTheNearestName) {
  const std::vector<std::string> known = {"sales", "billing", "bill"};
  EXPECT_EQ(Suggest("biling", known), "billing");
  EXPECT_EQ(Suggest("Sales", known), "sales");
  EXPECT_EQ(Suggest("bil", known), "bill");
}

TEST(SuggestTest, PrefersTheFirstOfEquals) {
  const std::string_view known[] = {"tier1", "tier2"};
  EXPECT_EQ(Suggest("tier3", known), "tier1");
}

TEST(SuggestTest, StaysSilentWhenNothingIsNear) {
  const std::vector<std::string> known = {"sales", "billing"};
  EXPECT_EQ(Suggest("fraud", known), "");
  EXPECT_EQ(Suggest("", known), "");
  EXPECT_EQ(Suggest(std::string(100'000, 'x'), known), "");
  EXPECT_EQ(Suggest("sales", std::vector<std::string>()), "");
}

TEST(SuggestTest, EndsAnErrorMessage) {
  const std::vector<std::string> known = {"billing"};
  EXPECT_EQ("unknown skill \"biling\"" + DidYouMean("biling", known),
            "unknown skill \"biling\"; did you mean \"billing\"?");
  EXPECT_EQ(DidYouMean("fraud", known), "");
}

}  // namespace
}  // namespace routerd::base
