// Looks up embedded files and answers for them.
#include "routerd/base/static_assets.h"

#include <utility>

#include "routerd/base/token.h"

namespace routerd::base {
namespace {

struct ContentType {
  std::string_view suffix, type;
};
constexpr ContentType kContentTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".txt", "text/plain; charset=utf-8"},
};

std::string_view ContentTypeOf(std::string_view path) {
  for (const ContentType& known : kContentTypes) {
    if (path.ends_with(known.suffix)) return known.type;
  }
  return "application/octet-stream";
}

}  // namespace

std::vector<HttpHeader> PageSecurityHeaders(std::string_view content_security_policy) {
  return {{"Content-Security-Policy", std::string(content_security_policy)},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"}};
}

StaticAssets::StaticAssets(std::span<const EmbeddedFile> files, std::vector<HttpHeader> headers)
    : headers_(std::move(headers)) {
  headers_.push_back({"Cache-Control", "no-cache"});  // Keep it, but ask each time.
  for (const EmbeddedFile& file : files) {
    assets_[std::string(file.path)] = {file.bytes, ContentTypeOf(file.path),
                                       "\"" + Sha256Hex(file.bytes).substr(0, 32) + "\""};
  }
}

HttpResponse StaticAssets::Serve(std::string_view path, const HttpRequest& request) const {
  std::string name(path);
  if (name.empty() || name.ends_with('/')) name += "index.html";
  HttpResponse response;
  response.headers = headers_;
  const auto found = assets_.find(name);
  if (found == assets_.end()) {
    response.status = 404;
    response.body = "Not Found\n";
    return response;
  }
  const Asset& asset = found->second;
  response.headers.push_back({"ETag", asset.etag});
  if (HeaderHasToken(request, "If-None-Match", asset.etag) ||
      HeaderHasToken(request, "If-None-Match", "W/" + asset.etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = asset.content_type;
  response.body = asset.bytes;
  return response;
}

void StaticAssets::MountOn(HttpServer& server, const std::string& prefix) const {
  const size_t path_begin = prefix.size() + 1;
  server.Route("GET", prefix + "/*", [assets = *this, path_begin](const HttpRequest& request) {
    return assets.Serve(std::string_view(request.path).substr(path_begin), request);
  });
  if (prefix.empty()) return;
  // Without the slash, a page's relative links would lead beside it.
  server.Route("GET", prefix, [to = prefix + "/"](const HttpRequest&) {
    HttpResponse response;
    response.status = 308;
    response.headers.push_back({"Location", to});
    return response;
  });
}

}  // namespace routerd::base
