// Which web pages may talk to the daemon.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "routerd/base/http_server.h"

namespace routerd::http {

// Decides by the Origin and Host that browsers send and pages cannot forge.
//
// The daemon's own pages may, as may those of the origins configured; clients that are no browsers send no Origin and
// may too. While everybody may do everything without a token, the Host must be this machine itself: else any web page
// whose name is made to resolve to 127.0.0.1 would pass for one of ours.
class OriginPolicy {
 public:
  OriginPolicy(std::vector<std::string> allowed_origins, bool open)
      : allowed_origins_(std::move(allowed_origins)), open_(open) {}

  // OK, or kPermissionDenied with ORIGIN_NOT_ALLOWED or HOST_NOT_ALLOWED.
  absl::Status Check(const base::HttpRequest& request) const;

 private:
  const std::vector<std::string> allowed_origins_;
  const bool open_;
};

}  // namespace routerd::http
