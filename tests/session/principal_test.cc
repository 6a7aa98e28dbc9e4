#include "routerd/session/principal.h"

#include "gtest/gtest.h"
#include "routerd/base/error.h"

namespace routerd::session {
namespace {

using v1::PrincipalConfig;

v1::SecurityConfig Config() {
  v1::SecurityConfig config;
  const auto add = [&](const char* id, Role role, const char* token) {
    PrincipalConfig& principal = *config.add_principals();
    principal.set_id(id);
    principal.set_role(role);
    principal.mutable_token()->set_value(token);
  };
  add("chat-1", PrincipalConfig::ADAPTER, "t-chat");
  add("ana", PrincipalConfig::AGENT, "t-ana");
  add("sam", PrincipalConfig::SUPERVISOR, "t-sam");
  add("root", PrincipalConfig::ADMIN, "t-root");
  config.mutable_principals(0)->set_lane_max(3);
  return config;
}

Principal Who(std::string_view token) { return *Authenticator::Create(Config())->Authenticate(token); }

TEST(AuthenticatorTest, KnowsPrincipalsByTheirTokens) {
  const Principal chat = Who("t-chat");
  EXPECT_EQ(chat.id, "chat-1");
  EXPECT_EQ(chat.role, PrincipalConfig::ADAPTER);
  EXPECT_EQ(chat.lane_max, 3);
  EXPECT_EQ(Who("t-ana").id, "ana");
}

TEST(AuthenticatorTest, RefusesOthers) {
  const auto authenticator = Authenticator::Create(Config());
  for (const char* token : {"", "t-", "t-chat ", "T-CHAT"}) {
    const auto principal = authenticator->Authenticate(token);
    EXPECT_EQ(principal.status().code(), absl::StatusCode::kUnauthenticated) << token;
    EXPECT_EQ(base::ReasonOf(principal.status()), "TOKEN_UNKNOWN");
  }
}

TEST(AuthenticatorTest, LetsEverybodyDoEverythingWhileOpen) {
  v1::SecurityConfig config = Config();
  config.set_open_loopback(true);
  const auto authenticator = Authenticator::Create(config);
  EXPECT_TRUE(authenticator->open());
  EXPECT_EQ(authenticator->Authenticate("")->role, PrincipalConfig::ADMIN);
  EXPECT_EQ(authenticator->Authenticate("whatever")->role, PrincipalConfig::ADMIN);
  EXPECT_EQ(authenticator->Authenticate("t-ana")->role, PrincipalConfig::AGENT) << "who shows a token is held to it";
}

TEST(AuthenticatorTest, RefusesAConfigurationThatTellsNobodyApart) {
  v1::SecurityConfig config = Config();
  config.mutable_principals(1)->mutable_token()->set_value("t-chat");
  EXPECT_EQ(base::ReasonOf(Authenticator::Create(config).status()), "TOKEN_SHARED");
  config.mutable_principals(1)->mutable_token()->clear_value();
  EXPECT_EQ(base::ReasonOf(Authenticator::Create(config).status()), "SECRET_SOURCE");
}

TEST(PrincipalTest, AdaptersActForThemselvesAdminsForAnybody) {
  EXPECT_EQ(*AdapterOf(Who("t-chat"), ""), "chat-1");
  EXPECT_EQ(*AdapterOf(Who("t-chat"), "chat-1"), "chat-1");
  EXPECT_EQ(base::ReasonOf(AdapterOf(Who("t-chat"), "chat-2").status()), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(*AdapterOf(Who("t-root"), "chat-2"), "chat-2");
  for (const char* token : {"t-ana", "t-sam"}) {
    EXPECT_EQ(AdapterOf(Who(token), "").status().code(), absl::StatusCode::kPermissionDenied) << token;
  }
}

TEST(PrincipalTest, AgentsWorkAsThemselvesSupervisorsAsAnybody) {
  EXPECT_EQ(*AgentOf(Who("t-ana"), "agents/ana"), "ana");
  EXPECT_EQ(base::ReasonOf(AgentOf(Who("t-ana"), "bo").status()), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(*AgentOf(Who("t-sam"), "bo"), "bo");
  EXPECT_EQ(*AgentOf(Who("t-root"), "agents/bo"), "bo");
  EXPECT_EQ(base::ReasonOf(AgentOf(Who("t-chat"), "ana").status()), "ROLE_NOT_ALLOWED");
}

}  // namespace
}  // namespace routerd::session
