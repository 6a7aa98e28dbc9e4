// Frames decode the same however they are cut, and every broken rule has its close code.
#include "routerd/base/websocket_codec.h"

#include <gtest/gtest.h>

#include <vector>

#include "routerd/base/utf8.h"
#include "tests/base/http_client.h"

namespace routerd::base {
namespace {

using Kind = WebSocketItem::Kind;
using routerd::testkit::ClientCloseFrame;
using routerd::testkit::ClientFrame;

struct Decoded {
  Kind kind;
  std::string payload;
  uint16_t code;
  bool operator==(const Decoded&) const = default;
};

// Feeds `bytes` in pieces of `step` and collects what comes out, up to the first error.
std::vector<Decoded> DecodeAll(const std::string& bytes, size_t step, size_t message_bytes_max = 1000) {
  WebSocketDecoder decoder(message_bytes_max);
  std::vector<Decoded> items;
  std::string buffer;
  for (size_t at = 0; at < bytes.size(); at += step) {
    buffer += bytes.substr(at, step);
    std::span<char> rest(buffer);
    while (true) {
      const WebSocketItem item = decoder.Next(rest);
      if (item.kind == Kind::kNeedMore) break;
      items.push_back({item.kind, std::string(item.payload), item.code});
      if (item.kind == Kind::kError) return items;
    }
    buffer.erase(0, buffer.size() - rest.size());
  }
  EXPECT_TRUE(buffer.empty());
  return items;
}

TEST(WebSocketDecoderTest, DecodesTheSameHoweverBytesArrive) {
  const std::string bytes = ClientFrame(1, "hello") + ClientFrame(1, "ni\xE4", false) +
                            ClientFrame(9, "are you there") + ClientFrame(0, "\xBD\xA0 h", false) +
                            ClientFrame(0, "ao", true) + ClientFrame(10, "") + ClientFrame(1, std::string(300, 'x')) +
                            ClientFrame(1, "") + ClientCloseFrame(1000, "bye");
  const std::vector<Decoded> expected = {
      {Kind::kText, "hello", 0},  {Kind::kPing, "are you there", 0},       {Kind::kText, "ni\xE4\xBD\xA0 hao", 0},
      {Kind::kPong, "", 0},       {Kind::kText, std::string(300, 'x'), 0}, {Kind::kText, "", 0},
      {Kind::kClose, "bye", 1000}};
  for (size_t step = 1; step <= bytes.size(); ++step) EXPECT_EQ(DecodeAll(bytes, step), expected) << "step " << step;
}

TEST(WebSocketDecoderTest, ReadsALengthOfEightBytes) {
  const std::string text(70'000, 'y');
  const std::vector<Decoded> items = DecodeAll(ClientFrame(1, text), 4096, 70'000);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].payload, text);
}

struct BrokenCase {
  std::string_view name;
  std::string bytes;
  uint16_t code;
};
const BrokenCase kBrokenCases[] = {
    {"UnmaskedFrame", std::string("\x81\x02hi"), 1002},
    {"ReservedBit", std::string("\xC1\x80\0\0\0\0", 6), 1002},
    {"UnknownDataOpcode", ClientFrame(3, "x"), 1002},
    {"UnknownControlOpcode", ClientFrame(11, "x"), 1002},
    {"FragmentedPing", ClientFrame(9, "x", false), 1002},
    {"LongPing", ClientFrame(9, std::string(126, 'x')), 1002},
    {"ContinuationOfNothing", ClientFrame(0, "x"), 1002},
    {"TextWithinAMessage", ClientFrame(1, "x", false) + ClientFrame(1, "y"), 1002},
    {"BinaryMessage", ClientFrame(2, "x"), 1003},
    {"TextNotUtf8", ClientFrame(1, "\xC3\x28"), 1007},
    {"TextCutWithinACharacter", ClientFrame(1, "\xE4\xBD"), 1007},
    {"FragmentsNotUtf8", ClientFrame(1, "\xE4", false) + ClientFrame(0, "x"), 1007},
    {"FrameTooBig", ClientFrame(1, std::string(1001, 'x')).substr(0, 8), 1009},
    {"FragmentsTooBig", ClientFrame(1, std::string(600, 'x'), false) + ClientFrame(0, std::string(401, 'x')), 1009},
    {"HugeLength", std::string("\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0", 14), 1009},
    {"CloseCodeCutShort", ClientFrame(8, "x"), 1002},
    {"CloseCodeNotForTheWire", ClientCloseFrame(1006), 1002},
    {"CloseCodeOutOfRange", ClientCloseFrame(5000), 1002},
    {"CloseReasonNotUtf8", ClientCloseFrame(1000, "\xFF"), 1007},
};
class WebSocketDecoderBrokenTest : public ::testing::TestWithParam<BrokenCase> {};
TEST_P(WebSocketDecoderBrokenTest, ClosesWithItsCode) {
  for (const size_t step : {size_t{1}, size_t{7}, GetParam().bytes.size()}) {
    const std::vector<Decoded> items = DecodeAll(GetParam().bytes, step);
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0].kind, Kind::kError);
    EXPECT_EQ(items[0].code, GetParam().code);
  }
}
INSTANTIATE_TEST_SUITE_P(Frames, WebSocketDecoderBrokenTest, ::testing::ValuesIn(kBrokenCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(WebSocketDecoderTest, AMessageOfExactlyTheLimitPasses) {
  EXPECT_EQ(DecodeAll(ClientFrame(1, std::string(1000, 'x')), 100).size(), 1u);
  EXPECT_EQ(DecodeAll(ClientFrame(1, std::string(600, 'x'), false) + ClientFrame(0, std::string(400, 'x')), 100).size(),
            1u);
}

TEST(WebSocketEncoderTest, ChoosesTheShortestLength) {
  const auto header = [](size_t size) {
    std::string out;
    AppendWebSocketFrame(WebSocketOpcode::kText, std::string(size, 'x'), out);
    return out.substr(0, out.size() - size);
  };
  EXPECT_EQ(header(0), std::string("\x81\x00", 2));
  EXPECT_EQ(header(125), "\x81\x7D");
  EXPECT_EQ(header(126), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(header(65535), "\x81\x7E\xFF\xFF");
  EXPECT_EQ(header(65536), std::string("\x81\x7F\0\0\0\0\0\x01\0\0", 10));
}

TEST(WebSocketEncoderTest, CutsACloseReasonAtACharacter) {
  std::string out;
  AppendWebSocketClose(1000, std::string(122, 'x') + "\xE4\xBD\xA0", out);
  EXPECT_EQ(out.size(), 2u + 2u + 122u);
  out.clear();
  AppendWebSocketClose(1005, "never sent", out);
  EXPECT_EQ(out, std::string("\x88\x00", 2));
}

TEST(WebSocketEncoderTest, AnswersTheKeyOfTheRfc) {
  EXPECT_EQ(WebSocketAcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

struct Utf8Case {
  std::string_view name, text;
  bool valid;
};
const Utf8Case kUtf8Cases[] = {
    {"Empty", "", true},
    {"Ascii", "plain text, longer than eight bytes", true},
    {"TwoThreeFourBytes", "\xC2\xA9 \xE4\xBD\xA0 \xF0\x9F\x98\x80", true},
    {"LastCodePoint", "\xF4\x8F\xBF\xBF", true},
    {"BeyondTheLast", "\xF4\x90\x80\x80", false},
    {"AroundTheSurrogates", "\xED\x9F\xBF\xEE\x80\x80", true},
    {"Surrogate", "\xED\xA0\x80", false},
    {"OverlongTwo", "\xC0\xAF", false},
    {"OverlongThree", "\xE0\x9F\xBF", false},
    {"OverlongFour", "\xF0\x8F\xBF\xBF", false},
    {"LoneTail", "abc\x80", false},
    {"CutShort", "12345678\xE4\xBD", false},
    {"BadThirdByte", "\xE4\xBDx", false},
    {"FiveBytes", "\xF8\x88\x80\x80\x80", false},
    {"Fe", "\xFE", false},
};
class Utf8Test : public ::testing::TestWithParam<Utf8Case> {};
TEST_P(Utf8Test, IsJudged) { EXPECT_EQ(IsValidUtf8(GetParam().text), GetParam().valid); }
INSTANTIATE_TEST_SUITE_P(Texts, Utf8Test, ::testing::ValuesIn(kUtf8Cases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace routerd::base
