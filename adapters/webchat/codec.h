// The frames of routerd.chat.v1: what a page may say, checked, and what it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace adapters::webchat {

inline constexpr std::string_view kSubprotocol = "routerd.chat.v1";
inline constexpr size_t kFrameBytesMax = 64 << 10;

struct Identity {
  std::string id;
  std::string hash;  // Lower-case hex of HMAC-SHA256(the site's secret, id).
};
struct HelloFrame {
  std::string site;
  std::string resume;
  std::string conversation;  // The one that `after` counts in.
  int64_t after = 0;
  std::string lang;
  std::string page_url;
  std::string page_title;
  std::optional<Identity> identity;
};
using Fields = std::vector<std::pair<std::string, std::string>>;
struct StartFrame {
  std::string cid;
  std::string topic;
  Fields form;
  Fields attributes;
  std::string text;
};
struct MessageFrame {
  std::string cid;
  std::string text;
};
struct TypingFrame {
  bool on = false;
};
struct SeenFrame {
  int64_t seq = 0;
};
struct AckFrame {
  int64_t seq = 0;
};
struct EndFrame {};
struct HistoryFrame {
  int64_t before = 0;
  int64_t limit = 50;
};
struct PingFrame {
  int64_t n = 0;
};
using ClientFrame = std::variant<HelloFrame, StartFrame, MessageFrame, TypingFrame, SeenFrame, AckFrame, EndFrame,
                                 HistoryFrame, PingFrame>;

// Why a frame is refused. `code` is one of the protocol's.
struct FrameError {
  std::string code;
  std::string text;
  std::string cid = {};    // Of the request it answers, where the frame had one.
  std::string about = {};  // `resume` or `identity`: which credential is meant.
  int64_t retry_after_ms = 0;
};

struct CodecLimits {
  size_t text_characters_max = 4'000;
};

// Reads one frame. Unknown fields are ignored; a known one of a wrong type or beyond its limit refuses the frame.
std::variant<ClientFrame, FrameError> ParseFrame(std::string_view text, const CodecLimits& limits);

enum class ChatState { kNone, kStarting, kWaiting, kActive, kDormant, kEnded };
std::string_view ToString(ChatState state);

// Something of a conversation that is kept and shown: what was said, who came and went.
struct ChatEvent {
  int64_t seq = 0;  // From 1, without gaps in a conversation.
  int64_t at_ms = 0;
  std::string kind;     // msg, joined, left, transferred, waiting, ended.
  std::string from;     // customer, agent, bot, system.
  std::string name;     // Of who it is from.
  std::string text;     // Of a message; the reason of `ended`.
  std::string cid;      // The page's own identifier of a customer's message.
  int64_t message = 0;  // routerd's sequence of the message in its conversation; 0 for the rest.
};

struct Welcome {
  std::string resume;  // Empty: the one used stays.
  std::string visitor;
  std::string conversation;
  ChatState state = ChatState::kNone;
  int64_t seq = 0;
  int64_t delivered = 0;  // Own messages up to here reached the agent's side,
  int64_t seen = 0;       // and were read.
  std::string agent;
  bool truncated = false;
  bool online = false;
  std::string title;
  std::string greeting;
  std::vector<std::string> topics;
  size_t text_characters_max = 0;
  int64_t server_time_ms = 0;
};

std::string EncodeWelcome(const Welcome& welcome);
std::string EncodeEvent(const ChatEvent& event);
std::string EncodeHistory(const std::vector<ChatEvent>& events, bool more);
// `conversation` is given with the receipt of a start.
std::string EncodeReceipt(std::string_view cid, int64_t seq, std::string_view status,
                          std::string_view conversation = "");
// Absent waits are left out.
std::string EncodeQueue(int64_t position, std::optional<int64_t> wait_s, std::optional<int64_t> wait_max_s);
std::string EncodeTyping(bool on, std::string_view name);
std::string EncodeStatus(bool online);
std::string EncodeError(const FrameError& error);
std::string EncodePong(int64_t n);
std::string EncodeBye(std::string_view reason, int64_t retry_after_ms);

// Characters (code points) of valid UTF-8.
size_t CharacterCount(std::string_view text);
// `text` cut to `bytes_max` bytes, between two characters.
std::string CutToBytes(std::string_view text, size_t bytes_max);

}  // namespace adapters::webchat
