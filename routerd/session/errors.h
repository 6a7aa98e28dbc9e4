// Errors on their way out: which field was wrong, when to try again, and how the API writes it.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "routerd/v1/contact_service.pb.h"

namespace routerd::session {

namespace v1 = ::routerd::v1;

// A request's field is wrong: kInvalidArgument with one of the reasons FIELD_MISSING, FIELD_TOO_LONG, FIELD_MALFORMED,
// FIELD_OUT_OF_RANGE. `field` is its path ("create.queue"), `description` says what is wrong and what would be right.
absl::Status FieldError(std::string_view reason, std::string_view field, std::string_view description);

// The error with which everything is refused or ended once the daemon stops: kUnavailable (SHUTTING_DOWN).
absl::Status ShuttingDown();

// Least time to wait before trying again; nothing where trying again cannot help.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// `status` with all its details: ErrorInfo always (an error without a reason gets its code's name), RetryInfo where
// waiting helps, BadRequest where a field was wrong.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The answer to one request of a stream.
v1::RequestAck ToAck(std::string_view request_id, const absl::Status& status);

}  // namespace routerd::session
