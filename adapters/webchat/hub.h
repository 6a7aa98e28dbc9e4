// The web chat adapter as a machine: sockets and routerd's events in, frames and requests out.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/link/link_session.h"
#include "adapters/webchat/chat_store.h"
#include "adapters/webchat/codec.h"

namespace adapters::webchat {

namespace v1 = ::routerd::v1;
using Instant = ::routerd::base::WallTime;
using SocketId = uint64_t;

struct Topic {
  std::string label;
  std::string queue;
};

struct Site {
  std::string id;
  std::string title;
  std::string greeting;
  std::set<std::string> allowed_origins;
  std::vector<Topic> topics;
  std::string identity_secret;  // Empty: nobody is vouched for.
  bool identity_required = false;
};

struct Limits {
  CodecLimits codec;
  std::chrono::milliseconds hello_timeout{10'000};
  size_t messages_per_10s = 10;
  size_t frames_per_10s = 100;  // Of any kind; beyond: `slow_down`, and twice that closes the socket.
  int bad_frames_max = 10;      // Then the socket is closed.
  size_t sockets_per_address = 10;
  size_t sockets_per_visitor = 20;
  size_t visitors_per_address_hour = 30;
  size_t pending_per_conversation = 50;  // Messages that routerd has not confirmed.
  int64_t replay_events = 200;
  size_t replay_bytes = 512 << 10;
  std::chrono::milliseconds waiting_grace{180'000};
  std::chrono::milliseconds active_grace{600'000};
  std::chrono::milliseconds resume_lifetime{24 * 3'600'000};
  std::chrono::milliseconds away_after{5'000};  // Without a socket: routerd is told. A reload is shorter.
  std::chrono::milliseconds queue_interval{2'000};
};

struct HubOptions {
  std::string adapter = "webchat-1";
  std::string channel = "webchat";
  std::map<std::string, Site, std::less<>> sites;
  Limits limits;
};

// Where a socket comes from.
struct SocketSource {
  std::string remote;
  std::string origin;
  bool own_origin = false;  // A page of this server, which only the site's origins may embed.
};

// What the shell does: sends `text`, or, without one, closes.
struct HubAction {
  SocketId socket = 0;
  std::shared_ptr<const std::string> text;
  uint16_t close_code = 0;
  std::string close_reason;
};

struct HubStats {
  uint64_t visitors_total = 0;
  uint64_t resumes_total = 0;
  uint64_t conversations_total = 0;
  uint64_t frames_total = 0;
  uint64_t customer_messages_total = 0;
  uint64_t agent_messages_total = 0;
  std::map<std::string, uint64_t> errors_total;  // By code.
  size_t sockets_open = 0;
  size_t conversations_open = 0;  // Live ones, and ended ones that are looked at.
};

// A ChatHub is all of one adapter's visitors and conversations.
//   conversation: starting --routerd has it--> waiting --an agent accepts--> active --ends--> ended
//                 waiting <--requeued, transferred-- active;  active <-> dormant;  any --> ended
//
// Durability: what is kept goes into the store's open transaction. The owner commits, and only then performs
//             TakeActions and flushes the link, so a page and routerd are told nothing that a crash could take back.
//             A start is kept before routerd is asked, so that no contact stands in line of which nobody knows.
// Dedupe:     a start by (site, cid), a message by (conversation, cid), routerd's events by the link's cursor and
//             messages once more by their sequence.
// Time:       given with each call. Advance is due at NextDeadline.
// Threads:    one.
class ChatHub {
 public:
  // Takes up every live conversation in `store`. `token` makes unguessable tokens.
  ChatHub(HubOptions options, ChatStore& store, link::LinkSession& link, std::function<std::string()> token,
          Instant now);
  ~ChatHub();

  void OnSocketOpened(SocketId socket, SocketSource source, Instant now);
  void OnFrame(SocketId socket, std::string_view text, Instant now);
  void OnSocketClosed(SocketId socket, Instant now);

  // What the link made of `response`.
  void OnLink(const link::Received& received, const v1::ConnectResponse& response, Instant now);
  void OnLinkLost();

  void Advance(Instant now);
  std::optional<Instant> NextDeadline() const;

  // Tells every page that the server goes away for a while, and closes.
  void SayBye();

  std::vector<HubAction> TakeActions() { return std::exchange(actions_, {}); }
  HubStats stats() const;

 private:
  struct Socket;
  struct Visitor;
  struct Conversation;
  enum class TimerKind { kHello, kAway, kQueue, kRetry, kPrune };
  struct Timer {
    Instant at;
    TimerKind kind;
    SocketId socket;
    std::string conversation;
    bool operator>(const Timer& other) const { return at > other.at; }
  };
  // At most `count_max` in any ten seconds.
  struct Rate {
    std::deque<Instant> times;
    bool Take(size_t count_max, Instant now);
  };

  // Frames.
  void Handle(Socket& socket, const HelloFrame& hello, Instant now);
  void Handle(Socket& socket, const StartFrame& start, Instant now);
  void Handle(Socket& socket, const MessageFrame& message, Instant now);
  void Handle(Socket& socket, const TypingFrame& typing, Instant now);
  void Handle(Socket& socket, const SeenFrame& seen, Instant now);
  void Handle(Socket& socket, const AckFrame& ack, Instant now);
  void Handle(Socket& socket, const EndFrame& end, Instant now);
  void Handle(Socket& socket, const HistoryFrame& history, Instant now);
  void Handle(Socket& socket, const PingFrame& ping, Instant now);

  // Saying hello.
  std::optional<FrameError> CheckSite(const Socket& socket, const HelloFrame& hello, const Site*& site) const;
  std::optional<FrameError> CheckIdentity(const Site& site, const HelloFrame& hello) const;
  Visitor* Resume(const HelloFrame& hello, std::string& new_token, Instant now);
  Visitor* NewVisitor(const Socket& socket, const HelloFrame& hello, std::string& new_token, Instant now);
  void Attach(Socket& socket, Visitor& visitor, const HelloFrame& hello, std::string new_token, Instant now);
  void IssueToken(const Visitor& visitor, const std::string& parent, std::string& new_token, Instant now);

  // routerd.
  void OnAnswer(const link::Answer& answer, Instant now);
  void OnCreateAnswer(Conversation& conversation, const v1::RequestAck& ack, Instant now);
  void OnMessageAnswer(Conversation& conversation, const v1::PostMessageRequest& request, const v1::RequestAck& ack,
                       Instant now);
  void OnState(const v1::ConnectResponse& response, Instant now);
  void OnStateOf(Conversation& conversation, const v1::ConnectResponse::StateChanged& state, Instant now);
  void OnMessage(Conversation& conversation, const v1::Message& message, Instant now);
  void OnDelivery(Conversation& conversation, const v1::DeliveryReport& report);
  void OnEstimate(Conversation& conversation, const v1::WaitEstimate& estimate, Instant now);

  // Conversations.
  Conversation* Load(ConversationRow row);
  // The visitor in memory who sees this conversation.
  Visitor* VisitorOf(const Conversation& conversation) const;
  Conversation* FindBySource(const std::string& source_id);
  void Created(Conversation& conversation, const std::string& contact, Instant now);
  void Append(Conversation& conversation, ChatEvent event, Instant now);
  void PostCreate(Conversation& conversation, Instant now);
  bool PostMessage(Conversation& conversation, const std::string& cid, const std::string& text);
  void PostEnd(Conversation& conversation, Instant now);
  void PostConnected(Conversation& conversation);
  void PostDelivery(Conversation& conversation, int64_t message, v1::Message::Delivery delivery);
  // Ends it here and, if `tell` is set, at routerd.
  void End(Conversation& conversation, std::string_view reason, bool tell, Instant now);
  void CheckAway(Conversation& conversation, Instant now);
  void SendQueue(Conversation& conversation, Instant now);
  void Save(const Conversation& conversation);
  // Forgets what needs no place in memory.
  void Release(const std::string& conversation_id);
  void ReleaseVisitor(const std::string& visitor_id);

  // Out.
  void Send(SocketId socket, std::string text);
  void Broadcast(const Conversation& conversation, std::string text);
  void BroadcastError(const Conversation& conversation, const FrameError& error);
  void SendError(Socket& socket, FrameError error);
  void Close(SocketId socket, uint16_t code, std::string_view reason);
  void Arm(Instant at, TimerKind kind, SocketId socket, std::string conversation);

  const HubOptions options_;
  ChatStore& store_;
  link::LinkSession& link_;
  const std::function<std::string()> token_;

  std::unordered_map<SocketId, std::unique_ptr<Socket>> sockets_;
  std::unordered_map<std::string, std::unique_ptr<Visitor>> visitors_;
  std::unordered_map<std::string, std::unique_ptr<Conversation>> conversations_;
  std::unordered_map<std::string, Conversation*> by_source_;
  std::unordered_map<std::string, Conversation*> by_contact_;
  std::unordered_map<std::string, size_t> sockets_by_address_;
  struct AddressHour {
    Instant since;
    size_t visitors = 0;
  };
  std::unordered_map<std::string, AddressHour> visitors_by_address_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<HubAction> actions_;
  HubStats stats_;
};

}  // namespace adapters::webchat
