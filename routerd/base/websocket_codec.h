// WebSocket frames (RFC 6455), as a server reads and writes them. No sockets here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace routerd::base {

enum class WebSocketOpcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// Appends one whole, unmasked frame to `out`.
void AppendWebSocketFrame(WebSocketOpcode opcode, std::string_view payload, std::string& out);
// Appends a close frame; code 1005 stands for "no code" and gives an empty one. `reason` is cut to fit, at a character.
void AppendWebSocketClose(uint16_t code, std::string_view reason, std::string& out);

// The Sec-WebSocket-Accept that answers a client's Sec-WebSocket-Key.
std::string WebSocketAcceptKey(std::string_view key);

// What the decoder found.
struct WebSocketItem {
  enum class Kind {
    kNeedMore,  // No whole frame yet.
    kText,      // A whole message, put together from its fragments; valid UTF-8.
    kPing,
    kPong,
    kClose,  // `code` is the peer's, 1005 if it gave none.
    kError,  // The peer broke a rule; close with `code`. Nothing after it can be decoded.
  };
  Kind kind = Kind::kNeedMore;
  std::string_view payload;  // Valid until the next call of Next; for kError, why, in our words.
  uint16_t code = 0;
};

// Decodes what a client sends. Fragments are joined; control frames between them come out at once.
//   1002 a broken frame, an unmasked one, a reserved bit or opcode, a bad close code
//   1003 a binary message       1007 text or close reason that is not UTF-8
//   1009 a frame or message of more than message_bytes_max
class WebSocketDecoder {
 public:
  explicit WebSocketDecoder(size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  // Takes the next item off the front of `input`, unmasking it in place, and moves `input` on. On kNeedMore nothing is
  // taken off: call again with the same bytes and more behind them.
  WebSocketItem Next(std::span<char>& input);

 private:
  WebSocketItem Control(WebSocketOpcode opcode, std::string_view payload) const;
  WebSocketItem Data(WebSocketOpcode opcode, bool final, std::string_view payload);

  const size_t message_bytes_max_;
  std::string message_;      // The fragments so far, while `in_message_`;
  bool in_message_ = false;  // else the last message, which a view may refer to.
};

}  // namespace routerd::base
