// A plain, blocking HTTP and WebSocket client for tests. It shows exactly what came over the wire, and can send what a
// well-behaved client never would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace routerd::testkit {

struct HttpAnswer {
  int status = 0;  // 0: the server closed the connection instead of answering.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The value of the first header called `name` in any case; "" if there is none.
  std::string Header(std::string_view name) const;
};

// A TCP connection. Every read fails the test after 20 seconds rather than hang it.
class HttpClient {
 public:
  // `address` is host and port as HttpServer::Listen returns them.
  explicit HttpClient(std::string_view address, std::optional<int> receive_buffer_bytes = std::nullopt);
  ~HttpClient();
  HttpClient(HttpClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), input_(std::move(other.input_)) {}
  HttpClient& operator=(HttpClient&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(input_, other.input_);
    return *this;
  }

  // False if the server no longer takes it.
  bool Send(std::string_view bytes);
  // The next response. `to_head`: it has no body, whatever its Content-Length says.
  HttpAnswer Receive(bool to_head = false);
  HttpAnswer Get(std::string_view path, std::string_view headers = "");
  HttpAnswer Post(std::string_view path, std::string_view body, std::string_view headers = "");
  // Reads until the server closes, and returns what came.
  std::string ReceiveAll();
  // Exactly `size` bytes, or fewer at the end.
  std::string ReceiveBytes(size_t size);

 private:
  bool Fill();

  int fd_ = -1;
  std::string input_;
};

// One request on a connection of its own.
HttpAnswer HttpGet(std::string_view address, std::string_view path, std::string_view headers = "");

struct WebSocketFrame {
  int opcode = -1;  // -1: the connection ended.
  std::string payload;

  bool is_text() const { return opcode == 1; }
  // The code of a close frame; 1005 if it has none; 0 if this is none.
  int close_code() const;
};

// The opening request for a WebSocket at `path`; `headers` are whole lines, each with its "\r\n".
std::string WebSocketUpgradeRequest(std::string_view path, std::string_view headers = "");
// A frame as a client sends it, masked.
std::string ClientFrame(int opcode, std::string_view payload, bool final = true);
std::string ClientCloseFrame(uint16_t code, std::string_view reason = "");

class WebSocketClient {
 public:
  explicit WebSocketClient(std::string_view address, std::string_view path = "/ws", std::string_view headers = "",
                           std::optional<int> receive_buffer_bytes = std::nullopt);

  // The answer to the upgrade: 101 if the socket is open.
  const HttpAnswer& upgrade() const { return upgrade_; }
  bool SendText(std::string_view text) { return client_.Send(ClientFrame(1, text)); }
  bool Send(std::string_view bytes) { return client_.Send(bytes); }
  WebSocketFrame Receive();
  // The next frame that is not a ping.
  WebSocketFrame ReceiveMessage();

 private:
  HttpClient client_;
  HttpAnswer upgrade_;
};

}  // namespace routerd::testkit
