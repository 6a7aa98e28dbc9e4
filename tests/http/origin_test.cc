#include "routerd/http/origin.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "routerd/base/error.h"

namespace routerd::http {
namespace {

struct OriginCase {
  std::string_view name;
  bool open;
  std::string_view host;
  std::string_view origin;
  std::string_view reason;  // "" is let in.
};
const OriginCase kOriginCases[] = {
    {"OwnPage", true, "127.0.0.1:7480", "http://127.0.0.1:7480", ""},
    {"OwnPageByName", true, "LocalHost:7480", "http://localhost:7480", ""},
    {"OwnPageOverIpv6", true, "[::1]:7480", "http://[::1]:7480", ""},
    {"NoBrowser", true, "127.0.0.1:7480", "", ""},
    {"OtherPortOfThisMachine", true, "127.0.0.1:7480", "http://127.0.0.1:3000", "ORIGIN_NOT_ALLOWED"},
    {"OtherSite", true, "127.0.0.1:7480", "https://evil.example", "ORIGIN_NOT_ALLOWED"},
    {"NameMadeToResolveHere", true, "evil.example:7480", "http://evil.example:7480", "HOST_NOT_ALLOWED"},
    {"NameThatOnlyBeginsLikeOurs", true, "localhost.evil.example", "http://localhost.evil.example", "HOST_NOT_ALLOWED"},
    {"Sandboxed", true, "127.0.0.1:7480", "null", "ORIGIN_NOT_ALLOWED"},
    {"ConfiguredOrigin", false, "router.example", "https://desk.example", ""},
    {"ConfiguredOriginInOtherCase", false, "router.example", "https://Desk.Example", ""},
    {"ConfiguredHostOfOtherScheme", false, "router.example", "http://desk.example", "ORIGIN_NOT_ALLOWED"},
    {"BehindATlsProxy", false, "router.example", "https://router.example", ""},
    {"OtherSiteWithTokens", false, "router.example", "https://evil.example", "ORIGIN_NOT_ALLOWED"},
};
class OriginTest : public testing::TestWithParam<OriginCase> {};

TEST_P(OriginTest, LetsInOurOwnPagesAndThoseConfigured) {
  const OriginPolicy policy({"https://desk.example"}, GetParam().open);
  base::HttpRequest request;
  request.headers = {{"Host", std::string(GetParam().host)}};
  if (!GetParam().origin.empty()) request.headers.push_back({"Origin", std::string(GetParam().origin)});
  const absl::Status status = policy.Check(request);
  EXPECT_EQ(base::ReasonOf(status), GetParam().reason) << status;
}
INSTANTIATE_TEST_SUITE_P(Origins, OriginTest, testing::ValuesIn(kOriginCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace routerd::http
