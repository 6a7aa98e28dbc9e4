#include "routerd/http/origin.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::http {
namespace {

// "LOCALHOST:7480" -> "localhost"; "[::1]:7480" -> "[::1]".
std::string HostName(std::string_view authority) {
  const size_t bracket = authority.find(']');
  const size_t end = authority.starts_with('[') && bracket != authority.npos ? bracket + 1 : authority.find(':');
  return absl::AsciiStrToLower(std::string(authority.substr(0, end)));
}

bool IsLoopback(std::string_view authority) {
  const std::string host = HostName(authority);
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

std::string Normal(std::string_view text) { return absl::AsciiStrToLower(std::string(text)); }

}  // namespace

absl::Status OriginPolicy::Check(const base::HttpRequest& request) const {
  const std::string_view host = request.Header("Host");
  if (open_ && !IsLoopback(host)) {
    return base::Error(absl::StatusCode::kPermissionDenied, "HOST_NOT_ALLOWED",
                       "an open development daemon is reached as 127.0.0.1 or localhost only; configure principals "
                       "with tokens to use it under another name");
  }
  const std::string origin = Normal(request.Header("Origin"));
  if (origin.empty()) return absl::OkStatus();
  // A proxy in front may speak TLS where the daemon doesn't, so only host and port must be ours.
  const size_t scheme_end = origin.find("://");
  if (scheme_end != origin.npos && origin.substr(scheme_end + 3) == Normal(host)) return absl::OkStatus();
  if (std::ranges::any_of(allowed_origins_, [&](const std::string& allowed) { return Normal(allowed) == origin; })) {
    return absl::OkStatus();
  }
  return base::Error(absl::StatusCode::kPermissionDenied, "ORIGIN_NOT_ALLOWED",
                     absl::StrCat("pages of ", origin, " may not connect; add it to server.allowed_origins"));
}

}  // namespace routerd::http
