// What the chat hub keeps of sockets, visitors and conversations, for its own files: sockets, time and what goes out in
// hub.cc, what pages say in hub_pages.cc, what routerd says in hub_routerd.cc, conversations in hub_conversations.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/webchat/hub.h"

namespace adapters::webchat {

constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kTryLater = 1013;
constexpr uint16_t kReplaced = 4001;

inline int64_t ToMs(Instant time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

struct ChatHub::Socket {
  SocketId id = 0;
  SocketSource source;
  const Site* site = nullptr;
  Visitor* visitor = nullptr;  // Once it has said hello.
  std::string lang;
  std::string page_url;
  std::string page_title;
  int hello_attempts = 0;
  int bad_frames = 0;
  bool closing = false;
  bool flooding = false;
  Rate frames;
  Rate messages;
  Instant typed_at{};
};

struct ChatHub::Visitor {
  VisitorRow row;
  std::vector<SocketId> sockets;  // Oldest first.
};

struct ChatHub::Conversation {
  ConversationRow row;
  std::map<std::string, std::string> pending;  // Text by cid, of messages that routerd has not confirmed.
  std::vector<std::string> early;              // Their cids in order, while the contact is not created.
  std::optional<Instant> away_since;           // No socket since then.
  std::optional<bool> connected_told;          // What routerd believes.
  std::optional<v1::WaitEstimate> estimate;
  Instant queue_sent_at{};
  bool queue_armed = false;

  bool ended() const { return row.state == ChatState::kEnded; }
};

}  // namespace adapters::webchat
