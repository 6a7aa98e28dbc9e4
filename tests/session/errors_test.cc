#include "routerd/session/errors.h"

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"

namespace routerd::session {
namespace {

using absl::StatusCode;

TEST(ErrorsTest, AnErrorTellsItsReasonAndNothingOfWaitingWhereWaitingCannotHelp) {
  const auto rpc = ToRpcStatus(base::Error(StatusCode::kFailedPrecondition, "OFFER_NOT_OPEN", "too late"));
  EXPECT_EQ(rpc.code(), 9);
  EXPECT_EQ(rpc.message(), "too late");
  ASSERT_EQ(rpc.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "OFFER_NOT_OPEN");
  EXPECT_EQ(info.domain(), "routerd");
}

TEST(ErrorsTest, AnErrorWithoutAReasonGetsItsCodesName) {
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(ToRpcStatus(absl::InternalError("oops")).details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "INTERNAL");
}

TEST(ErrorsTest, AFieldErrorNamesTheField) {
  const auto rpc = ToRpcStatus(FieldError("FIELD_MISSING", "create.queue", "required"));
  ASSERT_EQ(rpc.details_size(), 2);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(rpc.details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).field(), "create.queue");
  EXPECT_EQ(bad.field_violations(0).description(), "required");
}

struct RetryCase {
  std::string_view name;
  absl::Status status;
  absl::Duration delay;
};
const RetryCase kRetryCases[] = {
    {"AFullMailboxEmptiesFast", base::Error(StatusCode::kUnavailable, "MAILBOX_FULL", ""), absl::Milliseconds(100)},
    {"ADiskCatchesUp", base::Error(StatusCode::kUnavailable, "JOURNAL_BEHIND", ""), absl::Milliseconds(250)},
    {"ARestartTakesASecond", ShuttingDown(), absl::Seconds(1)},
    {"AFullQueueMovesOn", base::Error(StatusCode::kResourceExhausted, "QUEUE_FULL", ""), absl::Seconds(10)},
    {"WhateverIsUnavailableMayComeBack", absl::UnavailableError(""), absl::Seconds(1)},
};
class RetryTest : public testing::TestWithParam<RetryCase> {};
TEST_P(RetryTest, SaysHowLongToWait) {
  EXPECT_EQ(RetryDelay(GetParam().status), GetParam().delay);
  const v1::RequestAck ack = ToAck("r", GetParam().status);
  EXPECT_EQ(absl::Seconds(ack.retry_delay().seconds()) + absl::Nanoseconds(ack.retry_delay().nanos()),
            GetParam().delay);
  bool told = false;
  const google::rpc::Status rpc = ToRpcStatus(GetParam().status);
  for (const auto& detail : rpc.details()) told |= detail.Is<google::rpc::RetryInfo>();
  EXPECT_TRUE(told);
}
INSTANTIATE_TEST_SUITE_P(Errors, RetryTest, testing::ValuesIn(kRetryCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ErrorsTest, AnAckOfSuccessIsBare) {
  const v1::RequestAck ack = ToAck("r-1", absl::OkStatus());
  EXPECT_EQ(ack.ShortDebugString(), "request_id: \"r-1\"");
}

}  // namespace
}  // namespace routerd::session
