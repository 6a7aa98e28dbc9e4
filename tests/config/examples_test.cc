// The example files are good, and say all there is to say.
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "routerd/config/load.h"

namespace routerd::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::IsEmpty;

std::string ExamplePath(const std::string& name) { return absl::StrCat(ROUTERD_SOURCE_DIR, "/config/", name); }

Loaded LoadExample(const std::string& name) {
  absl::StatusOr<Loaded> loaded = Load(ExamplePath(name));
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *std::move(loaded) : Loaded{{}, SourceMap(name), {}};
}

TEST(ExamplesTest, DevTellsTheStoryOfAnaAndBo) {
  const v1::RouterdConfig config = LoadExample("dev.yaml").config;
  EXPECT_TRUE(config.security().open_loopback());
  ASSERT_EQ(config.workspaces_size(), 1);
  EXPECT_EQ(
      Describe(config),
      "listens  gRPC 127.0.0.1:7400, HTTP 127.0.0.1:7480, plain text\n"
      "callers  EVERYBODY on this machine, without a token\n"
      "journal  sqlite in var/routerd; ended contacts kept 2160h\n"
      "workspace main: 2 queues, 2 agents, 2 skills, 5 channels, 3 known customers\n"
      "  queue billing: MOST_SKILLED, offers 20s, wrap-up 30s\n"
      "    at once      needs billing >= INTERMEDIATE: 1 agent\n"
      "    after 3m     needs nothing: 2 agents\n"
      "    by channel   webchat 2, phone 2, video 2, wechat 2, weibo 2\n"
      "    order        by rank alone\n"
      "    offers       not again for 30s after a miss, 1m after a decline, 10s after being unreachable; AWAY after 2 "
      "misses in a row\n"
      "  queue orders: MOST_SKILLED, offers 20s, wrap-up 30s\n"
      "    at once      needs orders >= JUNIOR: 2 agents\n"
      "    by channel   webchat 2, phone 2, video 2, wechat 2, weibo 2\n"
      "    order        by rank alone\n"
      "    offers       not again for 30s after a miss, 1m after a decline, 10s after being unreachable; AWAY after 2 "
      "misses in a row\n"
      "  overtaken, where one agent could take either, at most by those who come later by\n"
      "    billing      no standing 10m, silver 9m, gold 7m, diamond 0; shares agents with orders\n"
      "    orders       no standing 10m, silver 9m, gold 7m, diamond 0; shares agents with billing\n"
      "    without bound, everywhere: contacts that agents pick from orders\n"
      "    beyond that, everywhere: one by webchat, phone or video also by contacts of cheaper channels that fill the "
      "room it needs, until it has waited for 1m and the conversations that one agent then has in hand are over\n"
      "    On top comes a head start that an adapter gives to a contact (up to 24h). A contact that is passed on "
      "keeps the one its first queue gave.\n");
}

TEST(ExamplesTest, TraceHoldsRulesButNobodyToWorkByThem) {
  const absl::StatusOr<Loaded> rules = LoadRules(ExamplePath("trace.yaml"));
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(rules->config.workspaces(0).queues_size(), 6);
  EXPECT_EQ(rules->config.workspaces(0).queues(0).offer_timeout().seconds(), 20);
  EXPECT_THAT(std::string(Load(ExamplePath("trace.yaml")).status().message()),
              HasSubstr("at least one agent is needed"));
}

TEST(ExamplesTest, ProductionIsDurableAndClosed) {
  const v1::RouterdConfig config = LoadExample("production.yaml").config;
  EXPECT_TRUE(config.server().has_tls());
  EXPECT_FALSE(config.security().open_loopback());
  EXPECT_EQ(config.journal().kind(), "sqlite");
  for (const v1::PrincipalConfig& principal : config.security().principals()) {
    EXPECT_EQ(principal.token().value(), "") << principal.id() << ": a token in the file would be copied with it";
  }
  const std::string text = Describe(config);
  EXPECT_THAT(text, HasSubstr("listens  gRPC 0.0.0.0:7400, HTTP 0.0.0.0:7480, TLS\n"));
  EXPECT_THAT(text, HasSubstr("callers  2 adapters, 1 admin, 4 agents, 1 supervisor\n"));
  EXPECT_THAT(text, HasSubstr("adapter sip-1 may put contacts up to 1 lane above their queue's, before all below "
                              "whatever the bounds\n"));
  EXPECT_THAT(text, HasSubstr("    after 45s    needs billing >= JUNIOR, english >= JUNIOR: 2 agents\n"));
  EXPECT_THAT(text, HasSubstr("    by channel   phone NOBODY, video NOBODY, webchat 1, wechat 1, weibo NOBODY\n"));
}

// Adds the names of all keys that a message can hold, however deep.
void CollectKeys(const Descriptor& type, std::set<std::string>& keys) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    keys.insert(field.name());
    if (field.message_type() != nullptr && !field.is_map() &&
        field.message_type()->full_name() != "google.protobuf.Duration") {
      CollectKeys(*field.message_type(), keys);
    }
  }
}

TEST(ExamplesTest, ProductionShowsEveryKey) {
  const absl::StatusOr<std::string> text = ReadTextFile(ExamplePath("production.yaml"), kYamlBytesMax);
  ASSERT_TRUE(text.ok()) << text.status();
  std::set<std::string> keys;
  CollectKeys(*v1::RouterdConfig::descriptor(), keys);
  EXPECT_GT(keys.size(), 60u);
  for (const std::string& key : keys) {
    const bool shown =
        text->find(" " + key + ": ") != std::string::npos || text->find(" " + key + ":\n") != std::string::npos ||
        text->find("\n" + key + ":\n") != std::string::npos || text->find("{" + key + ": ") != std::string::npos;
    EXPECT_TRUE(shown) << key;
  }
}

// An example shows nothing that it would take an explanation to keep.
TEST(ExamplesTest, GiveNoCauseForSuspicion) {
  for (const char* name : {"dev.yaml", "production.yaml"}) EXPECT_THAT(LoadExample(name).warnings, IsEmpty());
}

// What was filled in is valid itself, and filling in again changes nothing.
TEST(ExamplesTest, SurviveASecondLook) {
  for (const char* name : {"dev.yaml", "production.yaml"}) {
    const Loaded first = LoadExample(name);
    v1::RouterdConfig copy;
    ASSERT_TRUE(copy.ParseFromString(first.config.SerializeAsString()));
    EXPECT_TRUE(MessageDifferencer::Equals(copy, first.config));
    const absl::StatusOr<Loaded> second = Load(ExamplePath(name));
    ASSERT_TRUE(second.ok());
    EXPECT_TRUE(MessageDifferencer::Equals(second->config, first.config));
  }
}

}  // namespace
}  // namespace routerd::config
