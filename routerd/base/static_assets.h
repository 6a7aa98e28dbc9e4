// Serves the web files that the build put into the program.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routerd/base/embedded_file.h"
#include "routerd/base/http_server.h"

namespace routerd::base {

// The headers that a page of ours should carry: a Content-Security-Policy, no sniffing of types, no referrer.
std::vector<HttpHeader> PageSecurityHeaders(std::string_view content_security_policy);

// StaticAssets answers requests for embedded files, each with its content type, an ETag (a hash of its bytes) and the
// headers given. A browser keeps its copy and asks whether it is still good; 304 says that it is.
//
// Threads: constant once made; Serve may be called from any thread.
class StaticAssets {
 public:
  StaticAssets(std::span<const EmbeddedFile> files, std::vector<HttpHeader> headers);

  // The file at `path` (relative; "" or one ending in "/" stands for the index.html there): 200, 304 or 404.
  HttpResponse Serve(std::string_view path, const HttpRequest& request) const;

  // Routes everything under `prefix` ("" or such as "/wallboard") to a copy of this.
  void MountOn(HttpServer& server, const std::string& prefix) const;

 private:
  struct Asset {
    std::string_view bytes;
    std::string_view content_type;
    std::string etag;
  };
  std::map<std::string, Asset, std::less<>> assets_;
  std::vector<HttpHeader> headers_;
};

}  // namespace routerd::base
