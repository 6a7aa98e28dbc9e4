// Protobuf's own JSON form, in and out of the gateway.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "routerd/v1/agent_service.pb.h"

namespace routerd::http {

namespace v1 = ::routerd::v1;

// One WorkRequest out of one frame. Fields that are not known are passed over, so that a newer desk gets on with an
// older router. On failure `request` keeps no more than the request's identifier, if that could be read, so that the
// refusal can be told apart: kInvalidArgument (JSON_MALFORMED), saying what is wrong and where.
absl::Status ParseWorkRequest(std::string_view json, v1::WorkRequest& request);

// `message` as one line of JSON: lowerCamelCase names, 64-bit integers as strings, fields at their default left out.
std::string ToJson(const google::protobuf::Message& message);

}  // namespace routerd::http
