// Requests decode the same however they are cut; bad ones are refused; nothing in a response can forge another.
#include "routerd/base/http_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "routerd/base/error.h"

namespace routerd::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = HttpRequestDecoder::State;

// Feeds `bytes` in pieces of `step` until something comes of it.
State Feed(HttpRequestDecoder& decoder, const std::string& bytes, size_t step) {
  std::string buffer;
  State state = State::kNeedMore;
  for (size_t at = 0; at < bytes.size() && state == State::kNeedMore; at += step) {
    buffer += bytes.substr(at, step);
    size_t used = 0;
    state = decoder.Put(buffer, used);
    buffer.erase(0, used);
  }
  return state;
}

std::string Render(const HttpResponse& response, const HttpResponseFraming& framing = {}) {
  std::string out;
  AppendHttpResponse(response, framing, out);
  return out;
}

TEST(HttpRequestDecoderTest, DecodesTheSameHoweverBytesArrive) {
  const std::string bytes =
      "POST /api/%E4%BD%A0?a=1&b=x+y%21 HTTP/1.1\r\nHost: h\r\nX-Twice: 1\r\nx-twice: 2\r\n"
      "Authorization: bearer  secret\r\nContent-Length: 5\r\n\r\nhello";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    HttpRequestDecoder decoder(1000, 1000);
    ASSERT_EQ(Feed(decoder, bytes, step), State::kDone);
    const std::optional<HttpRequest> request = decoder.Take();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->path, "/api/\xE4\xBD\xA0");
    EXPECT_EQ(request->query, "a=1&b=x+y%21");
    EXPECT_EQ(request->Parameter("b"), "x y!");
    EXPECT_EQ(request->Parameter("c"), std::nullopt);
    EXPECT_EQ(request->Header("X-TWICE"), "1");
    EXPECT_TRUE(HeaderHasToken(*request, "X-Twice", "2"));
    EXPECT_EQ(request->BearerToken(), "secret");
    EXPECT_EQ(request->body, "hello");
    EXPECT_TRUE(decoder.keep_alive());
  }
}

TEST(HttpRequestDecoderTest, JoinsChunksHoweverBytesArrive) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 7\r\n\r\n";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    HttpRequestDecoder decoder(1000, 1000);
    ASSERT_EQ(Feed(decoder, bytes, step), State::kDone) << step;
    EXPECT_EQ(decoder.Take()->body, "abcde");
  }
}

TEST(HttpRequestDecoderTest, LeavesTheNextRequestAlone) {
  HttpRequestDecoder decoder(1000, 1000);
  const std::string first = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", both = first + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  size_t used = 0;
  ASSERT_EQ(decoder.Put(both, used), State::kDone);
  EXPECT_EQ(used, first.size());
  EXPECT_EQ(decoder.Take()->path, "/1");
  EXPECT_FALSE(decoder.begun());
  ASSERT_EQ(decoder.Put(std::string_view(both).substr(used), used), State::kDone);
  EXPECT_EQ(decoder.Take()->path, "/2");
}

TEST(HttpRequestDecoderTest, AsksForABodyThatWaits) {
  HttpRequestDecoder decoder(1000, 1000);
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  size_t used = 0;
  ASSERT_EQ(decoder.Put(head, used), State::kContinue);
  EXPECT_EQ(used, head.size());
  ASSERT_EQ(decoder.Put("", used), State::kNeedMore);
  ASSERT_EQ(decoder.Put("ok", used), State::kDone);
  EXPECT_EQ(decoder.Take()->body, "ok");
}

TEST(HttpRequestDecoderTest, UnderstandsAProxysForm) {
  HttpRequestDecoder decoder(1000, 1000);
  ASSERT_EQ(Feed(decoder, "GET http://example.com/x?y HTTP/1.1\r\nHost: example.com\r\n\r\n", 100), State::kDone);
  const std::optional<HttpRequest> request = decoder.Take();
  EXPECT_EQ(request->path, "/x");
  EXPECT_EQ(request->query, "y");
}

struct RefusedCase {
  std::string_view name;
  std::string bytes;
  int status;
};
const RefusedCase kRefusedCases[] = {
    {"NotHttp", "\x16\x03\x01\x02whatever\r\n\r\n", 400},
    {"BadVersion", "GET / HTTP/3.0\r\n\r\n", 400},
    {"SpaceInAHeaderName", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
    {"TwoLengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
    {"LengthAndChunks", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"BadChunkSize", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", 400},
    {"HeadersTooLong", "GET / HTTP/1.1\r\nX: " + std::string(1000, 'x'), 431},
    {"BodyDeclaredTooLong", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", 413},
    {"ChunksTooLong",
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx",
     413},
};
class HttpRefusedTest : public ::testing::TestWithParam<RefusedCase> {};
TEST_P(HttpRefusedTest, HasItsStatus) {
  HttpRequestDecoder decoder(1000, 1000);
  ASSERT_EQ(Feed(decoder, GetParam().bytes, 50), State::kRefused);
  EXPECT_EQ(decoder.refusal(), GetParam().status);
}
INSTANTIATE_TEST_SUITE_P(Requests, HttpRefusedTest, ::testing::ValuesIn(kRefusedCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(HttpRequestDecoderTest, HasNothingForATargetItCannotDecode) {
  for (const std::string target : {"/%zz", "/%0", "/a%00b", "nowhere"}) {
    HttpRequestDecoder decoder(1000, 1000);
    ASSERT_EQ(Feed(decoder, "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", 100), State::kDone);
    EXPECT_FALSE(decoder.Take()) << target;
  }
  HttpRequestDecoder decoder(1000, 1000);
  ASSERT_EQ(Feed(decoder, "GET / HTTP/1.1\r\n\r\n", 100), State::kDone);
  EXPECT_FALSE(decoder.Take()) << "no Host";
}

TEST(HttpResponseTest, HasLengthTypeAndCommonHeaders) {
  const std::vector<HttpHeader> common = {{"X-Frame-Options", "DENY"}, {"Server", "routerd"}};
  HttpResponse response{.body = "hello", .headers = {{"x-frame-options", "SAMEORIGIN"}}};
  const std::string text = Render(response, {.common = &common});
  EXPECT_THAT(text, ::testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nServer: routerd\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nx-frame-options: SAMEORIGIN\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("DENY")));
  EXPECT_THAT(text, ::testing::EndsWith("\r\n\r\nhello"));
}

TEST(HttpResponseTest, TellsOnlyTheSizeToHead) {
  const std::string text = Render({.body = "hello"}, {.with_body = false});
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(text, ::testing::EndsWith("\r\n\r\n"));
}

TEST(HttpResponseTest, AHeaderCannotForgeAnother) {
  const std::string text = Render({.headers = {{"Location", "/x\r\nSet-Cookie: a=b"}}});
  EXPECT_THAT(text, HasSubstr("\r\nLocation: /x  Set-Cookie: a=b\r\n"));
}

TEST(HttpResponseTest, AnErrorIsJsonWithItsReason) {
  const HttpResponse response =
      ErrorResponse(Error(absl::StatusCode::kPermissionDenied, "ORIGIN_NOT_ALLOWED", "origin \"x\" may not"));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body,
            R"({"error":{"code":"PERMISSION_DENIED","reason":"ORIGIN_NOT_ALLOWED","message":"origin \"x\" may not"}})");
}

}  // namespace
}  // namespace routerd::base
