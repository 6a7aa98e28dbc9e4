// What any web page or script may send to the gateway: reads a frame as a WorkRequest and checks its shape.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "routerd/base/error.h"
#include "routerd/http/json.h"
#include "routerd/session/errors.h"
#include "routerd/session/requests.h"

namespace {

namespace v1 = ::routerd::v1;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  v1::WorkRequest request;
  const absl::Status read = routerd::http::ParseWorkRequest(frame, request);
  if (!read.ok()) {
    // Every refusal can be told to the desk: it has a reason, a bounded text and a JSON form.
    Require(routerd::base::ReasonOf(read) == "JSON_MALFORMED");
    Require(read.message().size() < 400);
    Require(request.request_id().size() <= 64);
    v1::WorkResponse refusal;
    *refusal.mutable_result() = routerd::session::ToAck(request.request_id(), read);
    Require(routerd::http::ToJson(refusal) != "{}");
    return 0;
  }
  // What was read can be written, and means the same when read again.
  v1::WorkRequest again;
  Require(routerd::http::ParseWorkRequest(routerd::http::ToJson(request), again).ok());
  Require(again.SerializeAsString() == request.SerializeAsString());
  if (request.has_sign_in()) {
    (void)routerd::session::CheckShape(request.sign_in());
  } else if (const auto command = routerd::session::ToEngine(request, "ana"); !command.ok()) {
    Require(!routerd::base::ReasonOf(command.status()).empty());
  }
  return 0;
}
