// Tokens are unguessable, digests are the published ones, and secrets never show in errors.
#include "routerd/base/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "routerd/base/error.h"

namespace routerd::base {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TempFile(std::string_view content) {
  std::string path = testing::TempDir() + "token_test_XXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string Message(const absl::StatusOr<std::string>& secret) { return std::string(secret.status().message()); }

TEST(TokenTest, RandomTokensDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string token = RandomToken();
    EXPECT_EQ(token.size(), 43u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST(TokenTest, Base64UrlMatchesRfc4648) {
  EXPECT_EQ(Base64Url(""), "");
  EXPECT_EQ(Base64Url("f"), "Zg");
  EXPECT_EQ(Base64Url("fo"), "Zm8");
  EXPECT_EQ(Base64Url("foo"), "Zm9v");
  EXPECT_EQ(Base64Url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64Url("\xff\xef\xbf"), "_--_");
}

TEST(TokenTest, Sha256MatchesFips180) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(TokenTest, HmacMatchesRfc4231) {
  EXPECT_EQ(HmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HmacSha256Hex("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(TokenTest, ComparesWhole) {
  EXPECT_TRUE(ConstantTimeEquals("secret", "secret"));
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secreT"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secret "));
  EXPECT_FALSE(ConstantTimeEquals("secret", ""));
}

TEST(SecretTest, ComesFromItsValue) { EXPECT_EQ(*LoadSecret("key", {.value = "hunter2"}), "hunter2"); }

TEST(SecretTest, ComesFromAFileWithoutItsLineEnd) {
  EXPECT_EQ(*LoadSecret("key", {.file = TempFile("hunter2")}), "hunter2");
  EXPECT_EQ(*LoadSecret("key", {.file = TempFile("hunter2\n")}), "hunter2");
  EXPECT_EQ(*LoadSecret("key", {.file = TempFile("hunter2\r\n")}), "hunter2");
  EXPECT_EQ(*LoadSecret("key", {.file = TempFile(" two words \n\n")}), " two words \n");
}

TEST(SecretTest, ComesFromTheEnvironment) {
  setenv("ROUTERD_TOKEN_TEST", "hunter2", 1);
  EXPECT_EQ(*LoadSecret("key", {.env = "ROUTERD_TOKEN_TEST"}), "hunter2");
}

TEST(SecretTest, NeedsExactlyOneSource) {
  const auto none = LoadSecret("webchat.key", {});
  EXPECT_EQ(ReasonOf(none.status()), "SECRET_SOURCE");
  EXPECT_THAT(Message(none), HasSubstr("webchat.key has no source"));
  const auto both = LoadSecret("webchat.key", {.value = "hunter2", .env = "HOME"});
  EXPECT_EQ(ReasonOf(both.status()), "SECRET_SOURCE");
  EXPECT_THAT(Message(both), Not(HasSubstr("hunter2")));
}

TEST(SecretTest, NamesAMissingFile) {
  const auto secret = LoadSecret("webchat.key", {.file = "/nonexistent/key"});
  EXPECT_EQ(secret.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(secret.status()), "SECRET_MISSING");
  EXPECT_EQ(Message(secret), "secret webchat.key: cannot read file /nonexistent/key: No such file or directory");
}

TEST(SecretTest, CannotBeADirectory) {
  const auto secret = LoadSecret("webchat.key", {.file = "/"});
  EXPECT_EQ(ReasonOf(secret.status()), "SECRET_MISSING");
  EXPECT_THAT(Message(secret), HasSubstr("Is a directory"));
}

TEST(SecretTest, NamesAMissingVariable) {
  unsetenv("ROUTERD_TOKEN_TEST");
  const auto secret = LoadSecret("webchat.key", {.env = "ROUTERD_TOKEN_TEST"});
  EXPECT_EQ(ReasonOf(secret.status()), "SECRET_MISSING");
  EXPECT_EQ(Message(secret), "secret webchat.key: environment variable ROUTERD_TOKEN_TEST is not set");
}

TEST(SecretTest, IsNeitherEmptyNorHuge) {
  EXPECT_EQ(ReasonOf(LoadSecret("key", {.file = TempFile("\n")}).status()), "SECRET_EMPTY");
  setenv("ROUTERD_TOKEN_TEST", "", 1);
  EXPECT_EQ(ReasonOf(LoadSecret("key", {.env = "ROUTERD_TOKEN_TEST"}).status()), "SECRET_EMPTY");
  EXPECT_EQ(LoadSecret("key", {.file = TempFile(std::string(64 << 10, 'x') + "\n")})->size(), size_t{64 << 10});
  EXPECT_EQ(ReasonOf(LoadSecret("key", {.file = TempFile(std::string((64 << 10) + 1, 'x'))}).status()),
            "SECRET_TOO_LONG");
}

}  // namespace
}  // namespace routerd::base
