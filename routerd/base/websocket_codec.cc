// Encodes and decodes WebSocket frames.
#include "routerd/base/websocket_codec.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "routerd/base/utf8.h"

namespace routerd::base {
namespace {

using Kind = WebSocketItem::Kind;

constexpr size_t kControlPayloadMax = 125;
constexpr size_t kCloseReasonMax = kControlPayloadMax - 2;
constexpr uint16_t kNoCode = 1005;

WebSocketItem Broken(uint16_t code, std::string_view why) { return {Kind::kError, why, code}; }

uint64_t BigEndian(const char* bytes, int size) {
  uint64_t value = 0;
  for (int index = 0; index < size; ++index) value = (value << 8) | static_cast<unsigned char>(bytes[index]);
  return value;
}

bool IsCloseCode(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

void AppendWebSocketFrame(WebSocketOpcode opcode, std::string_view payload, std::string& out) {
  out += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  const int length_size = payload.size() <= kControlPayloadMax ? 0 : payload.size() <= 0xFFFF ? 2 : 8;
  out += static_cast<char>(length_size == 0 ? payload.size() : length_size == 2 ? 126 : 127);
  for (int index = length_size - 1; index >= 0; --index) {
    out += static_cast<char>(static_cast<uint64_t>(payload.size()) >> (8 * index));
  }
  out += payload;
}

void AppendWebSocketClose(uint16_t code, std::string_view reason, std::string& out) {
  std::string payload;
  if (code != kNoCode) {
    if (reason.size() > kCloseReasonMax) {
      size_t size = kCloseReasonMax;
      while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80) --size;
      reason = reason.substr(0, size);
    }
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xFF);
    payload += reason;
  }
  AppendWebSocketFrame(WebSocketOpcode::kClose, payload, out);
}

std::string WebSocketAcceptKey(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) std::abort();
  std::string accept(4 * ((size + 2) / 3) + 1, '\0');
  accept.resize(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(accept.data()), digest, static_cast<int>(size)));
  return accept;
}

WebSocketItem WebSocketDecoder::Next(std::span<char>& input) {
  while (true) {
    if (input.size() < 2) return {};
    const auto first = static_cast<unsigned char>(input[0]);
    const auto second = static_cast<unsigned char>(input[1]);
    const bool final = first & 0x80;
    const auto opcode = static_cast<WebSocketOpcode>(first & 0x0F);
    const bool control = first & 0x08;
    if (first & 0x70) return Broken(1002, "reserved bit set");
    if ((first & 0x07) > 2) return Broken(1002, "unknown opcode");
    if (!(second & 0x80)) return Broken(1002, "frame not masked");

    const int length_code = second & 0x7F;
    const int length_size = length_code < 126 ? 0 : length_code == 126 ? 2 : 8;
    if (control && (!final || length_size > 0)) return Broken(1002, "control frame too long or in fragments");
    const size_t header_size = 2 + length_size + 4;
    if (input.size() < header_size) return {};
    const uint64_t size = length_size == 0 ? length_code : BigEndian(&input[2], length_size);
    if (!control) {
      // By the header alone, before any of a large payload is read.
      if (opcode == WebSocketOpcode::kBinary) return Broken(1003, "text messages only");
      if ((opcode == WebSocketOpcode::kContinuation) != in_message_) return Broken(1002, "fragment out of order");
      const size_t joined_size = in_message_ ? message_.size() : 0;
      if (size > message_bytes_max_ - joined_size) return Broken(1009, "message too big");
    }
    if (input.size() - header_size < size) return {};

    const char* const mask = &input[header_size - 4];
    const std::span<char> payload = input.subspan(header_size, size);
    for (size_t index = 0; index < payload.size(); ++index) payload[index] ^= mask[index & 3];
    input = input.subspan(header_size + size);

    const std::string_view text(payload.data(), payload.size());
    if (control) return Control(opcode, text);
    const WebSocketItem item = Data(opcode, final, text);
    if (item.kind != Kind::kNeedMore) return item;
  }
}

WebSocketItem WebSocketDecoder::Control(WebSocketOpcode opcode, std::string_view payload) const {
  if (opcode == WebSocketOpcode::kPing) return {Kind::kPing, payload, 0};
  if (opcode == WebSocketOpcode::kPong) return {Kind::kPong, payload, 0};
  if (payload.empty()) return {Kind::kClose, payload, kNoCode};
  if (payload.size() < 2) return Broken(1002, "close code cut short");
  const auto code = static_cast<uint16_t>(BigEndian(payload.data(), 2));
  if (!IsCloseCode(code)) return Broken(1002, "bad close code");
  if (!IsValidUtf8(payload.substr(2))) return Broken(1007, "close reason is not UTF-8");
  return {Kind::kClose, payload.substr(2), code};
}

WebSocketItem WebSocketDecoder::Data(WebSocketOpcode opcode, bool final, std::string_view payload) {
  if (opcode == WebSocketOpcode::kText && !final) message_.clear();
  if (opcode == WebSocketOpcode::kContinuation || !final) {
    message_ += payload;
    in_message_ = !final;
    if (!final) return {};
    payload = message_;
  }
  if (!IsValidUtf8(payload)) return Broken(1007, "text is not UTF-8");
  return {Kind::kText, payload, 0};
}

}  // namespace routerd::base
