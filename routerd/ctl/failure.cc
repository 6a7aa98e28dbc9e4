// Explains errors and gives advice by code and reason.
#include "routerd/ctl/failure.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "routerd/ctl/text.h"

namespace routerd::ctl {
namespace {

std::string Advice(grpc::StatusCode code, std::string_view reason) {
  if (reason == "CONTACT_UNKNOWN") return "`routerctl contacts` and `routerctl contacts --ended` list them";
  if (reason == "AGENT_UNKNOWN") return "`routerctl agents --all` lists them";
  if (reason == "QUEUE_UNKNOWN") return "`routerctl queues` lists them";
  if (reason == "EVENTS_TRIMMED") return "leave --after out to watch from now on; explain takes a later --at";
  switch (code) {
    case grpc::StatusCode::UNAUTHENTICATED:
      return "give a token with --token-file or ROUTERD_TOKEN";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "use a token whose role allows it";
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "try again in a moment";
    default:
      return "";
  }
}

}  // namespace

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "";
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

Failure Describe(const grpc::Status& status, std::string_view address) {
  const std::string reason = ReasonOf(status);
  const std::string message = OneLine(status.error_message());
  const std::string where(address);
  const grpc::StatusCode code = status.error_code();
  // An answer of the router's own has a reason; without one the call did not get there.
  if (reason.empty() && code == grpc::StatusCode::UNAVAILABLE) {
    // gRPC wraps the one thing that tells anything into what it tried.
    const size_t last = message.rfind(": ");
    const std::string cause = last == std::string::npos ? message : message.substr(last + 2);
    return {"cannot reach routerd at " + where + " (" + cause +
                "); is it running there? --address or ROUTERD_ADDRESS names another place, --tls-ca speaks TLS",
            kExitUnreachable, true};
  }
  if (reason.empty() && code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return {"no answer from " + where + " in time; is it routerd that listens there?", kExitUnreachable, true};
  }
  if (reason.empty() && code == grpc::StatusCode::UNIMPLEMENTED) {
    return {"what listens at " + where + " does not know this call; is it a routerd of this version?", kExitRefused,
            false};
  }
  Failure failure;
  failure.text = message.empty() ? "refused with code " + std::to_string(code) : message;
  if (!reason.empty()) failure.text += " (" + reason + ")";
  if (const std::string advice = Advice(code, reason); !advice.empty()) failure.text += "; " + advice;
  failure.passes = code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED ||
                   code == grpc::StatusCode::ABORTED;
  return failure;
}

}  // namespace routerd::ctl
