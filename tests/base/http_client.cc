// The tests' HTTP and WebSocket client, on plain sockets.
#include "tests/base/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace routerd::testkit {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string HttpAnswer::Header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (SameName(header, name)) return value;
  }
  return "";
}

HttpClient::HttpClient(std::string_view address, std::optional<int> receive_buffer_bytes) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::atoi(std::string(address.substr(colon + 1)).c_str())));
  inet_pton(AF_INET, std::string(address.substr(0, colon)).c_str(), &to.sin_addr);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_bytes) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &*receive_buffer_bytes, sizeof(int));
  const timeval timeout{.tv_sec = 20, .tv_usec = 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
  const int no_delay = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
  EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0) << address << ": " << std::strerror(errno);
}

HttpClient::~HttpClient() {
  if (fd_ >= 0) close(fd_);
}

bool HttpClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::Fill() {
  char bytes[16 << 10];
  const ssize_t size = recv(fd_, bytes, sizeof(bytes), 0);
  EXPECT_FALSE(size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing came for 20 seconds";
  if (size <= 0) return false;
  input_.append(bytes, static_cast<size_t>(size));
  return true;
}

std::string HttpClient::ReceiveBytes(size_t size) {
  while (input_.size() < size && Fill()) {
  }
  size = std::min(size, input_.size());
  std::string bytes = input_.substr(0, size);
  input_.erase(0, size);
  return bytes;
}

std::string HttpClient::ReceiveAll() {
  while (Fill()) {
  }
  return std::exchange(input_, {});
}

HttpAnswer HttpClient::Receive(bool to_head) {
  size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  const std::string head = ReceiveBytes(end + 4);
  HttpAnswer answer;
  answer.status = std::atoi(head.c_str() + std::min(head.size(), std::strlen("HTTP/1.1 ")));
  for (size_t at = head.find("\r\n") + 2; at < end;) {
    const size_t line_end = head.find("\r\n", at), colon = head.find(": ", at);
    answer.headers.emplace_back(head.substr(at, colon - at), head.substr(colon + 2, line_end - colon - 2));
    at = line_end + 2;
  }
  if (!to_head) answer.body = ReceiveBytes(static_cast<size_t>(std::atoll(answer.Header("Content-Length").c_str())));
  return answer;
}

HttpAnswer HttpClient::Get(std::string_view path, std::string_view headers) {
  Send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n");
  return Receive();
}

HttpAnswer HttpClient::Post(std::string_view path, std::string_view body, std::string_view headers) {
  Send("POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  return Receive();
}

HttpAnswer HttpGet(std::string_view address, std::string_view path, std::string_view headers) {
  return HttpClient(address).Get(path, headers);
}

int WebSocketFrame::close_code() const {
  if (opcode != 8) return 0;
  if (payload.size() < 2) return 1005;
  return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

std::string WebSocketUpgradeRequest(std::string_view path, std::string_view headers) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(headers) + "\r\n";
}

std::string ClientFrame(int opcode, std::string_view payload, bool final) {
  std::string frame;
  frame += static_cast<char>((final ? 0x80 : 0) | opcode);
  const int length_size = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
  frame += static_cast<char>(0x80 | (length_size == 0 ? payload.size() : length_size == 2 ? 126 : 127));
  for (int index = length_size - 1; index >= 0; --index) {
    frame += static_cast<char>(static_cast<uint64_t>(payload.size()) >> (8 * index));
  }
  const std::string mask = "\x12\x34\x56\x78";
  frame += mask;
  for (size_t index = 0; index < payload.size(); ++index) frame += static_cast<char>(payload[index] ^ mask[index % 4]);
  return frame;
}

std::string ClientCloseFrame(uint16_t code, std::string_view reason) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return ClientFrame(8, payload + std::string(reason));
}

WebSocketClient::WebSocketClient(std::string_view address, std::string_view path, std::string_view headers,
                                 std::optional<int> receive_buffer_bytes)
    : client_(address, receive_buffer_bytes) {
  client_.Send(WebSocketUpgradeRequest(path, headers));
  upgrade_ = client_.Receive();
}

WebSocketFrame WebSocketClient::Receive() {
  const std::string head = client_.ReceiveBytes(2);
  if (head.size() < 2) return {};
  EXPECT_EQ(head[1] & 0x80, 0) << "a server does not mask";
  size_t size = head[1] & 0x7F;
  if (size >= 126) {
    const std::string length = client_.ReceiveBytes(size == 126 ? 2 : 8);
    size = 0;
    for (const char byte : length) size = size * 256 + static_cast<unsigned char>(byte);
  }
  EXPECT_EQ(head[0] & 0xF0, 0x80) << "frames of ours are whole";
  return {head[0] & 0x0F, client_.ReceiveBytes(size)};
}

WebSocketFrame WebSocketClient::ReceiveMessage() {
  while (true) {
    WebSocketFrame frame = Receive();
    if (frame.opcode != 9) return frame;
  }
}

}  // namespace routerd::testkit
