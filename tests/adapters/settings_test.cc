#include "adapters/adapterd/settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace adapters::adapterd {
namespace {

constexpr char kGood[] = R"(webchat:
  sites:
    - id: demo
      topics:
        - {label: Billing, queue: billing}
)";

absl::StatusOr<Settings> Load(const std::string& text, const Overrides& overrides = {}) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / ("settings-" + std::to_string(getpid()) + ".yaml");
  std::ofstream(path) << text;
  absl::StatusOr<Settings> settings = LoadSettings(path.string(), overrides);
  std::filesystem::remove(path);
  return settings;
}

TEST(SettingsTest, TakesTheDevelopmentFile) {
  const absl::StatusOr<Settings> settings = LoadSettings(ROUTERD_SOURCE_DIR "/config/adapters.dev.yaml", {});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->listen_address, "127.0.0.1:7490");
  EXPECT_EQ(settings->webchat.demo_site, "demo");
  EXPECT_EQ(settings->webchat.personas.size(), 3u);
}

TEST(SettingsTest, FillsDefaults) {
  const absl::StatusOr<Settings> settings = Load(kGood);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->webchat.link.addresses, std::vector<std::string>{"127.0.0.1:7400"});
  EXPECT_EQ(settings->webchat.hub.adapter, "webchat-1");
  EXPECT_EQ(settings->webchat.hub.limits.codec.text_characters_max, 4'000u);
  EXPECT_EQ(settings->webchat.store_path, "var/adapterd/webchat-1.sqlite3");
  EXPECT_EQ(settings->webchat.demo_site, "");
}

TEST(SettingsTest, LetsFlagsWin) {
  const absl::StatusOr<Settings> settings = Load(kGood, {"/data", "router:1", "127.0.0.1:0"});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->data_directory, "/data");
  EXPECT_EQ(settings->webchat.link.addresses, std::vector<std::string>{"router:1"});
  EXPECT_EQ(settings->listen_address, "127.0.0.1:0");
}

struct WrongCase {
  std::string_view name;
  std::string text;
  std::string_view said;
};
const WrongCase kWrongCases[] = {
    {"NoAdapter", "log_level: info\n", "hosts no adapter"},
    {"UnknownKey", std::string(kGood) + "listen_adress: x\n", "did you mean \"listen_address\""},
    {"BadOrigin", std::string(kGood) + "      allowed_origins: [shop.example]\n", "must be an origin"},
    {"OriginWithAPath", std::string(kGood) + "      allowed_origins: [\"https://a.example/x\"]\n", "must be an origin"},
    {"RequiredWithoutSecret", std::string(kGood) + "      identity_required: true\n", "needs identity_secret"},
    {"BadLevel", "log_level: loud\n" + std::string(kGood), "must be debug"},
    {"BadAddress", "routerd: {addresses: [nowhere]}\n" + std::string(kGood), "must be host:port"},
    {"NoTopics", "webchat: {sites: [{id: demo}]}\n", "needs at least one topic"},
    {"PersonasWithoutSecret", std::string(kGood) + "  demo: true\n  personas: [{id: x}]\n", "identity_secret"},
    {"ZeroGrace", std::string(kGood) + "  limits: {waiting_grace: 0s}\n", "longer than 0s"},
};
class WrongSettingsTest : public testing::TestWithParam<WrongCase> {};
TEST_P(WrongSettingsTest, IsRefusedWithFileAndLine) {
  const absl::StatusOr<Settings> settings = Load(GetParam().text);
  ASSERT_FALSE(settings.ok());
  const std::string message(settings.status().message());
  EXPECT_NE(message.find(GetParam().said), std::string::npos) << message;
  EXPECT_NE(message.find(".yaml:"), std::string::npos) << message;
}
INSTANTIATE_TEST_SUITE_P(Files, WrongSettingsTest, testing::ValuesIn(kWrongCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace adapters::adapterd
