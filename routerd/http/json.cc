#include "routerd/http/json.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "routerd/base/error.h"

namespace routerd::http {
namespace {

constexpr size_t kDetailBytesMax = 300;
constexpr size_t kRequestIdBytesMax = 64;

google::protobuf::stringpiece_internal::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

// The identifier of a request that is JSON but not a WorkRequest; "" if there is none that could be sent back.
std::string RequestIdOf(std::string_view json) {
  google::protobuf::Struct object;
  if (!google::protobuf::util::JsonStringToMessage(Piece(json), &object).ok()) return "";
  for (const char* name : {"requestId", "request_id"}) {
    const auto field = object.fields().find(name);
    if (field == object.fields().end()) continue;
    const std::string& id = field->second.string_value();
    if (!id.empty() && id.size() <= kRequestIdBytesMax) return id;
  }
  return "";
}

}  // namespace

absl::Status ParseWorkRequest(std::string_view json, v1::WorkRequest& request) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  request.Clear();
  const auto parsed = google::protobuf::util::JsonStringToMessage(Piece(json), &request, options);
  if (parsed.ok()) return absl::OkStatus();
  request.Clear();
  request.set_request_id(RequestIdOf(json));
  std::string detail(parsed.message().data(), parsed.message().size());
  std::replace(detail.begin(), detail.end(), '\n', ' ');
  if (detail.size() > kDetailBytesMax) {
    size_t end = kDetailBytesMax;  // Not within a character.
    while (end > 0 && (static_cast<unsigned char>(detail[end]) & 0xC0) == 0x80) --end;
    detail.resize(end);
  }
  return base::Error(absl::StatusCode::kInvalidArgument, "JSON_MALFORMED",
                     absl::StrCat("the frame is not a WorkRequest in JSON: ", detail));
}

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  // Fails only for an Any or a Timestamp out of range; no message of ours has the first, nor the router's clock the
  // other.
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "{}";
  return json;
}

}  // namespace routerd::http
