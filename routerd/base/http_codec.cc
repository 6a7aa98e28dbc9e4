// Decodes requests with Beast's parser and writes responses.
#include "routerd/base/http_codec.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "routerd/base/error.h"
#include "routerd/base/websocket_codec.h"

namespace routerd::base {
namespace {

namespace http = boost::beast::http;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }
bool SameName(std::string_view a, std::string_view b) { return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b)); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

void AppendHeader(std::string_view name, std::string_view value, std::string& out) {
  const size_t start = out.size();
  absl::StrAppend(&out, ToAbsl(name), ": ", ToAbsl(value));
  for (size_t index = start; index < out.size(); ++index) {
    if (static_cast<unsigned char>(out[index]) < ' ') out[index] = ' ';
  }
  out += "\r\n";
}

// The time now, as HTTP writes it.
std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc));
}

bool HasHeader(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (SameName(header.name, name)) return true;
  }
  return false;
}

std::string_view Reason(int status) {
  if (status == 426) return "Upgrade Required";
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

}  // namespace

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (SameName(header.name, name)) return header.value;
  }
  return "";
}

std::optional<std::string> HttpRequest::Parameter(std::string_view name) const {
  for (const absl::string_view part : absl::StrSplit(ToAbsl(query), '&')) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (PercentDecode(FromAbsl(pair.first), true) == name) return PercentDecode(FromAbsl(pair.second), true);
  }
  return std::nullopt;
}

std::string_view HttpRequest::BearerToken() const {
  const std::string_view value = Header("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(ToAbsl(value), ToAbsl(kScheme))) return "";
  return FromAbsl(absl::StripAsciiWhitespace(ToAbsl(value.substr(kScheme.size()))));
}

bool HeaderHasToken(const HttpRequest& request, std::string_view name, std::string_view token) {
  for (const HttpHeader& header : request.headers) {
    if (!SameName(header.name, name)) continue;
    for (const absl::string_view part : absl::StrSplit(ToAbsl(header.value), ',')) {
      if (SameName(FromAbsl(absl::StripAsciiWhitespace(part)), token)) return true;
    }
  }
  return false;
}

HttpResponse ErrorResponse(const absl::Status& status) {
  HttpResponse response;
  response.status = HttpStatusOf(status.code());
  response.content_type = "application/json";
  response.body = boost::json::serialize(boost::json::value{{"error",
                                                             {{"code", absl::StatusCodeToString(status.code())},
                                                              {"reason", ReasonOf(status)},
                                                              {"message", std::string(status.message())}}}});
  return response;
}

HttpResponse PlainResponse(int status) {
  HttpResponse response;
  response.status = status;
  response.body = absl::StrCat(ToAbsl(Reason(status)), "\n");
  return response;
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t index = 0; index < text.size(); ++index) {
    char c = text[index];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      if (text.size() - index < 3) return std::nullopt;
      const int high = HexDigit(text[index + 1]), low = HexDigit(text[index + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      index += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

struct HttpRequestDecoder::Parser : http::request_parser<http::string_body> {};

HttpRequestDecoder::HttpRequestDecoder(size_t header_bytes_max, size_t body_bytes_max)
    : header_bytes_max_(header_bytes_max), body_bytes_max_(body_bytes_max) {}

HttpRequestDecoder::~HttpRequestDecoder() = default;

HttpRequestDecoder::State HttpRequestDecoder::Put(std::string_view input, size_t& used) {
  if (refusal_ != 0) return State::kRefused;
  if (input.empty() && parser_ == nullptr) return State::kNeedMore;
  if (parser_ == nullptr) {
    parser_ = std::make_unique<Parser>();
    parser_->header_limit(static_cast<uint32_t>(header_bytes_max_));
    parser_->body_limit(body_bytes_max_);
    begun_ = true;
    continued_ = false;
  }
  // What is left of a chunked body is at least its last chunk. Beast 1.81 asserts that it is given all of that at once.
  constexpr std::string_view kLastChunk = "0\r\n\r\n";
  while (!parser_->is_done()) {
    if (parser_->is_header_done() && parser_->chunked() && input.size() < kLastChunk.size()) return State::kNeedMore;
    boost::system::error_code error;
    const size_t taken = parser_->put(boost::asio::const_buffer(input.data(), input.size()), error);
    input.remove_prefix(taken);
    used += taken;
    if (error == http::error::need_more) return State::kNeedMore;
    if (error) {
      refusal_ = error == http::error::header_limit ? 431 : error == http::error::body_limit ? 413 : 400;
      return State::kRefused;
    }
    if (parser_->is_header_done() && !continued_) {  // Seen once: from here on the body is read, too.
      continued_ = true;
      parser_->eager(true);
      const auto expect = parser_->get()[http::field::expect];
      if (!parser_->is_done() && SameName({expect.data(), expect.size()}, "100-continue")) return State::kContinue;
    }
    if (input.empty() && !parser_->is_done()) return State::kNeedMore;
  }
  return State::kDone;
}

std::optional<HttpRequest> HttpRequestDecoder::Take() {
  const std::unique_ptr<Parser> parser = std::move(parser_);
  parser_ = nullptr;
  begun_ = false;
  keep_alive_ = parser->keep_alive();
  auto& message = parser->get();
  http_1_1_ = message.version() >= 11;

  HttpRequest request;
  request.method = std::string(message.method_string());
  request.body = std::move(message.body());
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  std::string_view target(message.target().data(), message.target().size());
  for (const std::string_view scheme : {"http://", "https://"}) {  // A proxy's form, with the host in front.
    if (!absl::StartsWithIgnoreCase(ToAbsl(target), ToAbsl(scheme))) continue;
    const size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    break;
  }
  const size_t question = target.find('?');
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  std::optional<std::string> path = PercentDecode(target.substr(0, question));
  const bool has_host = !http_1_1_ || message.count(http::field::host) == 1;
  if (!path || !absl::StartsWith(*path, "/") || !has_host) return std::nullopt;
  request.path = *std::move(path);
  return request;
}

void AppendHttpResponse(const HttpResponse& response, const HttpResponseFraming& framing, std::string& out) {
  absl::StrAppend(&out, framing.http_1_1 ? "HTTP/1.1 " : "HTTP/1.0 ", response.status, " ",
                  ToAbsl(Reason(response.status)), "\r\n");
  AppendHeader("Date", HttpDate(), out);
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  if (!bodiless) {
    if (!response.content_type.empty()) AppendHeader("Content-Type", response.content_type, out);
    AppendHeader("Content-Length", absl::StrCat(response.body.size()), out);
  }
  if (framing.keep_alive != framing.http_1_1)
    AppendHeader("Connection", framing.keep_alive ? "keep-alive" : "close", out);
  for (const HttpHeader& header : response.headers) AppendHeader(header.name, header.value, out);
  if (framing.common != nullptr) {
    for (const HttpHeader& header : *framing.common) {
      if (!HasHeader(response.headers, header.name)) AppendHeader(header.name, header.value, out);
    }
  }
  out += "\r\n";
  if (framing.with_body && !bodiless) out += response.body;
}

bool IsWebSocketUpgrade(const HttpRequest& request) {
  return request.method == "GET" && HeaderHasToken(request, "Connection", "Upgrade") &&
         HeaderHasToken(request, "Upgrade", "websocket");
}

std::optional<HttpResponse> CheckWebSocketUpgrade(const HttpRequest& request) {
  if (request.Header("Sec-WebSocket-Version") != "13") {
    HttpResponse response = PlainResponse(426);
    response.headers.push_back({"Sec-WebSocket-Version", "13"});
    return response;
  }
  // 16 bytes in base64.
  const std::string_view key = request.Header("Sec-WebSocket-Key");
  const bool is_key = key.size() == 24 && key.substr(22) == "==";
  if (!is_key) return PlainResponse(400);
  return std::nullopt;
}

void AppendWebSocketUpgrade(const HttpRequest& request, std::string_view subprotocol, std::string& out) {
  out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  AppendHeader("Sec-WebSocket-Accept", WebSocketAcceptKey(request.Header("Sec-WebSocket-Key")), out);
  if (!subprotocol.empty()) AppendHeader("Sec-WebSocket-Protocol", subprotocol, out);
  out += "\r\n";
}

}  // namespace routerd::base
