// HTTP/1.1 requests and responses as bytes. No sockets here.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routerd/base/http_server.h"

namespace routerd::base {

// Decodes the requests of one connection, one after the other.
class HttpRequestDecoder {
 public:
  enum class State {
    kNeedMore,
    kContinue,  // The client waits for a "100 Continue" before it sends the body.
    kDone,      // Take the request.
    kRefused,   // Not to be understood, or over a limit: answer refusal() and close.
  };

  HttpRequestDecoder(size_t header_bytes_max, size_t body_bytes_max);
  ~HttpRequestDecoder();

  // Decodes from `input` and adds to `used` how many bytes of it are done with; the rest belongs in front of what comes
  // next. After kContinue, call it again; after kDone, it takes the bytes of the next request only once Take was
  // called.
  State Put(std::string_view input, size_t& used);
  // The request, but for `remote` and `secure`, or nothing if its target cannot be decoded. Requires: kDone.
  std::optional<HttpRequest> Take();

  // Whether something of a request has been seen.
  bool begun() const { return begun_; }
  // Whether the connection can be used again after the last request taken.
  bool keep_alive() const { return keep_alive_; }
  // Whether the last request taken has more than HTTP/1.0's understanding of things.
  bool http_1_1() const { return http_1_1_; }
  int refusal() const { return refusal_; }

 private:
  struct Parser;  // Beast's.

  const size_t header_bytes_max_, body_bytes_max_;
  std::unique_ptr<Parser> parser_;
  bool begun_ = false;
  bool continued_ = false;
  bool keep_alive_ = false;
  bool http_1_1_ = false;
  int refusal_ = 0;
};

// `text` with its percent escapes decoded, and "+" too if `plus_is_space`. Nothing if an escape is broken or stands for
// a zero byte.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);

struct HttpResponseFraming {
  bool keep_alive = true;
  bool http_1_1 = true;
  bool with_body = true;                            // False for the answer to HEAD: only its size is told.
  const std::vector<HttpHeader>* common = nullptr;  // Headers that are added unless the response has them.
};
// Appends `response` as bytes.
void AppendHttpResponse(const HttpResponse& response, const HttpResponseFraming& framing, std::string& out);

// A short text response for a status, such as 404.
HttpResponse PlainResponse(int status);

// Whether `request` asks to become a WebSocket, in whatever version.
bool IsWebSocketUpgrade(const HttpRequest& request);
// Nothing if the upgrade is as RFC 6455 wants it; else the refusal.
std::optional<HttpResponse> CheckWebSocketUpgrade(const HttpRequest& request);
// Appends the 101 response to a checked upgrade.
void AppendWebSocketUpgrade(const HttpRequest& request, std::string_view subprotocol, std::string& out);

}  // namespace routerd::base
