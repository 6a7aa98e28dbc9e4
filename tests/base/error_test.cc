// An error keeps its code, its message and its reason.
#include "routerd/base/error.h"

#include <gtest/gtest.h>

namespace routerd::base {
namespace {

TEST(ErrorTest, KeepsCodeMessageAndReason) {
  const absl::Status status = Error(absl::StatusCode::kFailedPrecondition, "OFFER_NOT_OPEN", "offer o-1 is lapsed");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "offer o-1 is lapsed");
  EXPECT_EQ(ReasonOf(status), "OFFER_NOT_OPEN");
}

TEST(ErrorTest, HasNoReasonWithoutOne) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::NotFoundError("no such contact")), "");
}

}  // namespace
}  // namespace routerd::base
