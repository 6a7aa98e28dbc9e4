// Writes errors with their details.
#include "routerd/session/errors.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "routerd/base/error.h"

namespace routerd::session {
namespace {

// Keeps a serialized google.rpc.BadRequest.
constexpr absl::string_view kBadRequestPayloadUrl = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kDomain[] = "routerd";

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

std::string ReasonOrCode(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

}  // namespace

absl::Status FieldError(std::string_view reason, std::string_view field, std::string_view description) {
  absl::Status status =
      base::Error(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(ToAbsl(field), ": ", ToAbsl(description)));
  google::rpc::BadRequest bad_request;
  google::rpc::BadRequest::FieldViolation* violation = bad_request.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
  status.SetPayload(kBadRequestPayloadUrl, absl::Cord(bad_request.SerializeAsString()));
  return status;
}

absl::Status ShuttingDown() {
  return base::Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                     "the daemon is stopping; connect again, to another one or after its restart");
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  // As long as each usually takes to pass.
  static const auto& kDelays = *new absl::flat_hash_map<std::string, absl::Duration>({
      {"MAILBOX_FULL", absl::Milliseconds(100)},
      {"JOURNAL_BEHIND", absl::Milliseconds(250)},
      {"JOURNAL_FAILED", absl::Seconds(2)},
      {"SHUTTING_DOWN", absl::Seconds(1)},
      {"READER_TOO_SLOW", absl::Seconds(1)},
      {"QUEUE_FULL", absl::Seconds(10)},
      {"CONTACT_LIMIT", absl::Seconds(10)},
  });
  if (const auto it = kDelays.find(base::ReasonOf(status)); it != kDelays.end()) return it->second;
  if (absl::IsUnavailable(status)) return absl::Seconds(1);
  return std::nullopt;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(std::string(status.message()));
  if (status.ok()) return rpc;
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOrCode(status));
  info.set_domain(kDomain);
  rpc.add_details()->PackFrom(info);
  if (const auto delay = RetryDelay(status)) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = ToProto(*delay);
    rpc.add_details()->PackFrom(retry);
  }
  if (const auto payload = status.GetPayload(kBadRequestPayloadUrl)) {
    google::rpc::BadRequest bad_request;
    bad_request.ParseFromString(std::string(*payload));
    rpc.add_details()->PackFrom(bad_request);
  }
  return rpc;
}

v1::RequestAck ToAck(std::string_view request_id, const absl::Status& status) {
  v1::RequestAck ack;
  ack.set_request_id(std::string(request_id));
  if (status.ok()) return ack;
  ack.set_code(static_cast<int>(status.code()));
  ack.set_reason(ReasonOrCode(status));
  ack.set_message(std::string(status.message()));
  if (const auto delay = RetryDelay(status)) *ack.mutable_retry_delay() = ToProto(*delay);
  return ack;
}

}  // namespace routerd::session
