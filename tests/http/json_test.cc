#include "routerd/http/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "routerd/base/error.h"

namespace routerd::http {
namespace {

using ::testing::HasSubstr;

TEST(ParseWorkRequestTest, TakesProtobufsJsonInBothSpellings) {
  v1::WorkRequest camel, snake;
  ASSERT_TRUE(ParseWorkRequest(R"({"requestId":"r1","signIn":{"agent":"ana"}})", camel).ok());
  ASSERT_TRUE(ParseWorkRequest(R"({"request_id":"r1","sign_in":{"agent":"ana"}})", snake).ok());
  EXPECT_EQ(camel.sign_in().agent(), "ana");
  EXPECT_EQ(camel.SerializeAsString(), snake.SerializeAsString());
}

TEST(ParseWorkRequestTest, PassesOverFieldsOfANewerDesk) {
  v1::WorkRequest request;
  ASSERT_TRUE(
      ParseWorkRequest(R"({"requestId":"r1","mood":{"is":["good"]},"accept":{"offer":"o","why":1}})", request).ok());
  EXPECT_EQ(request.accept().offer(), "o");
}

TEST(ParseWorkRequestTest, SaysWhatIsWrongAndKeepsTheRequestId) {
  v1::WorkRequest request;
  const absl::Status status = ParseWorkRequest(R"({"requestId":"r7","delivery":{"sequence":"many"}})", request);
  EXPECT_EQ(base::ReasonOf(status), "JSON_MALFORMED");
  EXPECT_THAT(std::string(status.message()), HasSubstr("sequence"));
  EXPECT_EQ(request.request_id(), "r7");
  EXPECT_EQ(request.action_case(), v1::WorkRequest::ACTION_NOT_SET);
}

TEST(ParseWorkRequestTest, RefusesWhatIsNoJsonAtAll) {
  v1::WorkRequest request;
  for (const char* frame : {"", "{", "null garbage", "[1,2]", "\"text\"", "{\"requestId\":\"r1\""}) {
    const absl::Status status = ParseWorkRequest(frame, request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << frame;
    EXPECT_EQ(request.request_id(), "") << frame;
  }
}

TEST(ParseWorkRequestTest, SurvivesNestingWithoutEnd) {
  v1::WorkRequest request;
  const std::string deep = R"({"requestId":"r1","x":)" + std::string(50'000, '[');
  EXPECT_FALSE(ParseWorkRequest(deep, request).ok());
}

TEST(ParseWorkRequestTest, CutsALongComplaintBetweenCharacters) {
  v1::WorkRequest request;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "语";
  const absl::Status status = ParseWorkRequest(R"({"delivery":{"sequence":")" + text + "\"}}", request);
  ASSERT_FALSE(status.ok());
  EXPECT_LT(status.message().size(), 400u);
  v1::WorkResponse response;
  response.mutable_result()->set_message(std::string(status.message()));
  EXPECT_TRUE(
      v1::WorkResponse().ParseFromString(response.SerializeAsString()));  // Proto3 strings are checked for UTF-8.
}

TEST(ToJsonTest, WritesWhatBrowsersRead) {
  v1::WorkResponse response;
  response.set_sequence(12);
  response.mutable_message()->set_sequence(3);
  response.mutable_message()->set_text("</script> \"quoted\"\n");
  response.mutable_message()->set_author(v1::Message::AUTHOR_CUSTOMER);
  EXPECT_EQ(
      ToJson(response),
      R"({"sequence":"12","message":{"sequence":"3","author":"AUTHOR_CUSTOMER","text":"\u003c/script\u003e \"quoted\"\n"}})");
}

}  // namespace
}  // namespace routerd::http
