// Embedded files are served byte for byte, and again only when they changed.
#include "routerd/base/static_assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "embedded/base_test_files.h"
#include "tests/base/http_client.h"

namespace routerd::base {
namespace {

using routerd::testkit::HttpAnswer;
using routerd::testkit::HttpClient;
using ::testing::HasSubstr;

std::string ReadFile(std::string_view path) {
  std::ifstream file(std::string(ROUTERD_SOURCE_DIR "/tests/base/web/") + std::string(path), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(EmbedTest, HoldsEachFileByteForByte) {
  const auto files = embedded::BaseTestFiles();
  ASSERT_EQ(files.size(), 4u);
  for (const EmbeddedFile& file : files) EXPECT_EQ(file.bytes, ReadFile(file.path)) << file.path;
  EXPECT_EQ(files[0].path, "index.html");
  EXPECT_EQ(files[2].path, "empty.txt");
  EXPECT_EQ(files[2].bytes, "");
}

class StaticAssetsTest : public ::testing::Test {
 protected:
  StaticAssetsTest() {
    const StaticAssets assets(embedded::BaseTestFiles(), PageSecurityHeaders("default-src 'self'"));
    assets.MountOn(server_, "/app");
    address_ = *server_.Listen("127.0.0.1:0");
    server_.Start(1);
  }

  HttpServer server_{{}};
  std::string address_;
};

TEST_F(StaticAssetsTest, ServesFilesWithTypeAndSecurityHeaders) {
  HttpClient client(address_);
  const HttpAnswer page = client.Get("/app/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, ReadFile("index.html"));
  EXPECT_EQ(page.Header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.Header("Content-Security-Policy"), "default-src 'self'");
  EXPECT_EQ(page.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.Header("Referrer-Policy"), "no-referrer");
  const HttpAnswer script = client.Get("/app/js/app.js");
  EXPECT_EQ(script.Header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.body, ReadFile("js/app.js"));
  EXPECT_EQ(client.Get("/app/logo.svg").Header("Content-Type"), "image/svg+xml");
}

TEST_F(StaticAssetsTest, SaysThatAKeptCopyIsStillGood) {
  HttpClient client(address_);
  const std::string etag = client.Get("/app/index.html").Header("ETag");
  ASSERT_THAT(etag, ::testing::MatchesRegex("\"[0-9a-f]+\""));
  for (const std::string& known : {etag, "W/" + etag, "\"old\", " + etag}) {
    const HttpAnswer answer = client.Get("/app/index.html", "If-None-Match: " + known + "\r\n");
    EXPECT_EQ(answer.status, 304);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.Header("ETag"), etag);
  }
  EXPECT_EQ(client.Get("/app/index.html", "If-None-Match: \"old\"\r\n").status, 200);
  EXPECT_NE(client.Get("/app/logo.svg").Header("ETag"), etag);
}

TEST_F(StaticAssetsTest, HasNothingElse) {
  HttpClient client(address_);
  EXPECT_EQ(client.Get("/app/js/").status, 404);
  EXPECT_EQ(client.Get("/app/../../../etc/passwd").status, 404);
  EXPECT_EQ(client.Get("/app/%2e%2e/CMakeLists.txt").status, 404);
  const HttpAnswer moved = client.Get("/app");
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(moved.Header("Location"), "/app/");
}

}  // namespace
}  // namespace routerd::base
