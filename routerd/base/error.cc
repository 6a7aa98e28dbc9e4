// Keeps an error's reason as a status payload.
#include "routerd/base/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace routerd::base {
namespace {

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message) {
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(ToAbsl(kReasonPayloadUrl), absl::Cord(ToAbsl(reason)));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(ToAbsl(kReasonPayloadUrl));
  return payload ? std::string(*payload) : std::string();
}

}  // namespace routerd::base
