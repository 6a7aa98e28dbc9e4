#include "adapters/webchat/codec.h"

#include <gtest/gtest.h>

namespace adapters::webchat {
namespace {

struct RefusedCase {
  std::string_view name;
  std::string text;
  std::string_view code;
};
const RefusedCase kRefusedCases[] = {
    {"NotJson", "hello", "bad_frame"},
    {"NoObject", "[1]", "bad_frame"},
    {"NoType", "{}", "bad_frame"},
    {"UnknownType", R"({"t":"drop"})", "bad_frame"},
    {"TypeIsANumber", R"({"t":7})", "bad_frame"},
    {"TooDeep", R"({"t":"ping","x":[[[[[[1]]]]]]})", "bad_frame"},
    {"InvalidUtf8", "{\"t\":\"msg\",\"cid\":\"a\",\"text\":\"\xff\"}", "bad_frame"},
    {"MessageWithoutCid", R"({"t":"msg","text":"x"})", "bad_frame"},
    {"CidWithASlash", R"({"t":"msg","cid":"a/b","text":"x"})", "bad_frame"},
    {"CidTooLong", R"({"t":"msg","cid":")" + std::string(65, 'a') + R"(","text":"x"})", "too_large"},
    {"BlankText", R"({"t":"msg","cid":"a","text":" \n"})", "bad_frame"},
    {"NulInText", R"({"t":"msg","cid":"a","text":"a\u0000b"})", "bad_frame"},
    {"TextIsANumber", R"({"t":"msg","cid":"a","text":1})", "bad_frame"},
    {"OneCharacterTooMuch", R"({"t":"msg","cid":"a","text":")" + std::string(4'001, 'x') + R"("})", "too_large"},
    {"OneByteOverAFrame", std::string((64 << 10) + 1, ' '), "too_large"},
    {"NegativeSeq", R"({"t":"seen","seq":-1})", "bad_frame"},
    {"FractionalSeq", R"({"t":"ack","seq":1.5})", "bad_frame"},
    {"TypingWithoutOn", R"({"t":"typing"})", "bad_frame"},
    {"FormOfNumbers", R"({"t":"start","cid":"a","topic":"b","form":{"x":1}})", "bad_frame"},
    {"IdentityIsText", R"({"t":"hello","site":"s","identity":"me"})", "bad_frame"},
    {"PageTitleIsAnObject", R"({"t":"hello","site":"s","page":{"title":{}}})", "bad_frame"},
};
class RefusedTest : public testing::TestWithParam<RefusedCase> {};
TEST_P(RefusedTest, IsRefused) {
  const std::variant<ClientFrame, FrameError> parsed = ParseFrame(GetParam().text, {});
  ASSERT_TRUE(std::holds_alternative<FrameError>(parsed));
  EXPECT_EQ(std::get<FrameError>(parsed).code, GetParam().code) << std::get<FrameError>(parsed).text;
}
INSTANTIATE_TEST_SUITE_P(Frames, RefusedTest, testing::ValuesIn(kRefusedCases),
                         [](const auto& info) { return std::string(info.param.name); });

template <typename Frame>
Frame Parsed(std::string_view text) {
  std::variant<ClientFrame, FrameError> parsed = ParseFrame(text, {});
  if (const FrameError* error = std::get_if<FrameError>(&parsed)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<Frame>(std::get<ClientFrame>(parsed));
}

TEST(CodecTest, ReadsHello) {
  const HelloFrame hello = Parsed<HelloFrame>(
      R"({"t":"hello","site":"s","resume":"r","after":7,"page":{"url":"u","title":"<b>"},"new":[1],
          "identity":{"id":"i","hash":"h"}})");
  EXPECT_EQ(hello.site, "s");
  EXPECT_EQ(hello.resume, "r");
  EXPECT_EQ(hello.after, 7);
  EXPECT_EQ(hello.page_title, "<b>");
  EXPECT_EQ(hello.identity->id, "i");
}

TEST(CodecTest, CountsCharactersNotBytes) {
  std::string smileys;
  for (int i = 0; i < 4'000; ++i) smileys += "\xf0\x9f\x99\x82";
  EXPECT_EQ(Parsed<MessageFrame>(R"({"t":"msg","cid":"a","text":")" + smileys + R"("})").text, smileys);
}

TEST(CodecTest, TellsWhichRequestIsRefused) {
  const auto parsed = ParseFrame(R"({"t":"msg","cid":"mine","text":""})", {});
  EXPECT_EQ(std::get<FrameError>(parsed).cid, "mine");
}

TEST(CodecTest, WritesTextThatStaysText) {
  ChatEvent event;
  event.seq = 3;
  event.kind = "msg";
  event.from = "agent";
  event.name = "A\"na";
  event.text = "</script><b>\n\xe2\x82\xac";
  EXPECT_EQ(EncodeEvent(event), R"({"t":"event","seq":3,"at":0,"kind":"msg","from":{"kind":"agent","name":"A\"na"},)"
                                "\"text\":\"</script><b>\\n\xe2\x82\xac\"}");
}

TEST(CodecTest, CutsBetweenCharacters) {
  EXPECT_EQ(CutToBytes("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(CutToBytes("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
}

}  // namespace
}  // namespace adapters::webchat
