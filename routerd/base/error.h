// Errors that carry a stable, machine-readable reason beside their code and text.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace routerd::base {

// The payload under which a status keeps its reason. It holds the bare reason text; whoever sends the status over
// the wire wraps it into the message that this URL names.
inline constexpr std::string_view kReasonPayloadUrl = "type.googleapis.com/google.rpc.ErrorInfo";

// An error with a reason such as "OFFER_NOT_OPEN". Callers branch on the reason and show the message; the reason
// never changes once released, the message may. Requires: code is not kOk.
absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message);

// The reason given to Error, or "" if `status` has none.
std::string ReasonOf(const absl::Status& status);

}  // namespace routerd::base
