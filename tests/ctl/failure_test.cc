// How failed calls are told, and what the program ends with.
#include "routerd/ctl/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace routerd::ctl {
namespace {

using testing::HasSubstr;

grpc::Status WithReason(grpc::StatusCode code, const std::string& message, const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  google::rpc::Status details;
  details.set_code(code);
  details.add_details()->PackFrom(info);
  return {code, message, details.SerializeAsString()};
}

TEST(FailureTest, FindsTheReasonInTheDetails) {
  EXPECT_EQ(ReasonOf(WithReason(grpc::StatusCode::NOT_FOUND, "no", "CONTACT_UNKNOWN")), "CONTACT_UNKNOWN");
  EXPECT_EQ(ReasonOf(grpc::Status(grpc::StatusCode::NOT_FOUND, "no")), "");
  EXPECT_EQ(ReasonOf(grpc::Status(grpc::StatusCode::NOT_FOUND, "no", "not a message \xFF")), "");
}

TEST(FailureTest, TellsAnUnreachableRouterFromOneThatIsStopping) {
  const Failure away = Describe(
      {grpc::StatusCode::UNAVAILABLE, "failed to connect; last error: ipv4:host:1: Connection refused"}, "host:1");
  EXPECT_EQ(away.exit_code, kExitUnreachable);
  EXPECT_THAT(away.text, HasSubstr("cannot reach routerd at host:1 (Connection refused); is it running there?"));
  const Failure stopping = Describe(WithReason(grpc::StatusCode::UNAVAILABLE, "stopping", "SHUTTING_DOWN"), "host:1");
  EXPECT_EQ(stopping.exit_code, kExitRefused);
  EXPECT_EQ(stopping.text, "stopping (SHUTTING_DOWN); try again in a moment");
  EXPECT_TRUE(stopping.passes);
}

TEST(FailureTest, GivesAdviceByReasonAndCode) {
  EXPECT_THAT(Describe(WithReason(grpc::StatusCode::NOT_FOUND, "no contact 9", "CONTACT_UNKNOWN"), "").text,
              HasSubstr("`routerctl contacts`"));
  EXPECT_THAT(Describe(WithReason(grpc::StatusCode::UNAUTHENTICATED, "who?", "TOKEN_UNKNOWN"), "").text,
              HasSubstr("--token-file"));
  const Failure wrong_state =
      Describe(WithReason(grpc::StatusCode::FAILED_PRECONDITION, "contact 9 is active", "CONTACT_NOT_WAITING"), "");
  EXPECT_EQ(wrong_state.text, "contact 9 is active (CONTACT_NOT_WAITING)");
  EXPECT_EQ(wrong_state.exit_code, kExitRefused);
  EXPECT_FALSE(wrong_state.passes);
}

TEST(FailureTest, IsOneLineWhateverTheMessage) {
  const Failure failure = Describe({grpc::StatusCode::INTERNAL, "first\nsecond"}, "");
  EXPECT_EQ(failure.text, "first second");
  EXPECT_EQ(Describe({grpc::StatusCode::INTERNAL, ""}, "").text, "refused with code 13");
}

}  // namespace
}  // namespace routerd::ctl
