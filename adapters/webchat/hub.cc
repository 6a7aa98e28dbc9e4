// Sockets, time, and what goes out.
#include "adapters/webchat/hub.h"

#include <algorithm>
#include <utility>

#include "adapters/webchat/hub_state.h"

namespace adapters::webchat {
namespace {

constexpr std::chrono::milliseconds kPruneInterval(600'000);
constexpr int kPruneRows = 1'000;

}  // namespace

bool ChatHub::Rate::Take(size_t count_max, Instant now) {
  while (!times.empty() && times.front() <= now - std::chrono::seconds(10)) times.pop_front();
  if (times.size() >= count_max) return false;
  times.push_back(now);
  return true;
}

ChatHub::ChatHub(HubOptions options, ChatStore& store, link::LinkSession& link, std::function<std::string()> token,
                 Instant now)
    : options_(std::move(options)), store_(store), link_(link), token_(std::move(token)) {
  for (ConversationRow& row : store_.LiveConversations()) {
    Conversation& conversation = *Load(std::move(row));
    conversation.away_since = now;
    Arm(now + options_.limits.away_after, TimerKind::kAway, 0, conversation.row.id);
    if (conversation.row.state == ChatState::kStarting) PostCreate(conversation, now);
    if (!conversation.row.ending.empty()) PostEnd(conversation, now);
  }
  Arm(now + kPruneInterval, TimerKind::kPrune, 0, "");
}

ChatHub::~ChatHub() = default;

void ChatHub::OnSocketOpened(SocketId id, SocketSource source, Instant now) {
  auto socket = std::make_unique<Socket>();
  socket->id = id;
  socket->source = std::move(source);
  size_t& count = sockets_by_address_[socket->source.remote];
  ++count;
  Socket& opened = *sockets_.emplace(id, std::move(socket)).first->second;
  if (count > options_.limits.sockets_per_address) {
    SendError(opened, {"slow_down", "too many open chats from this address"});
    return Close(id, kTryLater, "too many sockets");
  }
  Arm(now + options_.limits.hello_timeout, TimerKind::kHello, id, "");
}

void ChatHub::OnSocketClosed(SocketId id, Instant now) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return;
  const std::unique_ptr<Socket> socket = std::move(found->second);
  sockets_.erase(found);
  const auto count = sockets_by_address_.find(socket->source.remote);
  if (--count->second == 0) sockets_by_address_.erase(count);
  if (socket->visitor == nullptr) return;
  Visitor& visitor = *socket->visitor;
  std::erase(visitor.sockets, id);
  if (!visitor.sockets.empty()) return;
  const std::string visitor_id = visitor.row.id;
  const std::string conversation_id = visitor.row.conversation;
  if (const auto live = conversations_.find(conversation_id); live != conversations_.end()) {
    live->second->away_since = now;
    Arm(now + options_.limits.away_after, TimerKind::kAway, 0, conversation_id);
    Release(conversation_id);
  }
  ReleaseVisitor(visitor_id);
}

void ChatHub::OnFrame(SocketId id, std::string_view text, Instant now) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end() || found->second->closing) return;
  Socket& socket = *found->second;
  ++stats_.frames_total;
  if (!socket.frames.Take(options_.limits.frames_per_10s * 2, now)) return Close(id, kPolicy, "too many frames");
  if (socket.frames.times.size() > options_.limits.frames_per_10s) {
    if (!std::exchange(socket.flooding, true)) {
      SendError(socket, {"slow_down", "too many frames", "", "", 10'000});
    }
    return;
  }
  socket.flooding = false;
  std::variant<ClientFrame, FrameError> parsed = ParseFrame(text, options_.limits.codec);
  if (FrameError* error = std::get_if<FrameError>(&parsed)) {
    SendError(socket, std::move(*error));
    if (++socket.bad_frames >= options_.limits.bad_frames_max) Close(id, kPolicy, "too many bad frames");
    return;
  }
  const ClientFrame& frame = std::get<ClientFrame>(parsed);
  const bool hello = std::holds_alternative<HelloFrame>(frame);
  if (socket.visitor == nullptr && !hello && !std::holds_alternative<PingFrame>(frame)) {
    SendError(socket, {"unauthorized", "say hello first"});
    return Close(id, kPolicy, "hello expected");
  }
  if (socket.visitor != nullptr && hello) return SendError(socket, {"conflict", "hello was said"});
  std::visit([&](const auto& known) { Handle(socket, known, now); }, frame);
}

void ChatHub::Advance(Instant now) {
  while (!timers_.empty() && timers_.top().at <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.kind == TimerKind::kHello) {
      const auto socket = sockets_.find(timer.socket);
      if (socket == sockets_.end() || socket->second->visitor != nullptr || socket->second->closing) continue;
      SendError(*socket->second, {"unauthorized", "hello did not come in time"});
      Close(timer.socket, kPolicy, "hello expected");
      continue;
    }
    if (timer.kind == TimerKind::kPrune) {
      store_.Prune(ToMs(now - options_.limits.resume_lifetime), ToMs(now), kPruneRows);
      std::erase_if(visitors_by_address_,
                    [&](const auto& entry) { return now - entry.second.since > std::chrono::hours(1); });
      Arm(now + kPruneInterval, TimerKind::kPrune, 0, "");
      continue;
    }
    const auto found = conversations_.find(timer.conversation);
    if (found == conversations_.end()) continue;
    Conversation& conversation = *found->second;
    if (timer.kind == TimerKind::kAway) CheckAway(conversation, now);
    if (timer.kind == TimerKind::kQueue) {
      conversation.queue_armed = false;
      if (conversation.estimate && conversation.row.state == ChatState::kWaiting) SendQueue(conversation, now);
    }
    if (timer.kind == TimerKind::kRetry) {
      if (conversation.row.state == ChatState::kStarting) PostCreate(conversation, now);
      if (!conversation.row.ending.empty()) PostEnd(conversation, now);
    }
  }
}

std::optional<Instant> ChatHub::NextDeadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.top().at;
}

void ChatHub::SayBye() {
  for (const auto& [id, socket] : sockets_) {
    Send(id, EncodeBye("restart", 500));
    Close(id, kGoingAway, "server restarts");
  }
}

void ChatHub::Send(SocketId socket, std::string text) {
  actions_.push_back({socket, std::make_shared<const std::string>(std::move(text)), 0, ""});
}

void ChatHub::Broadcast(const Conversation& conversation, std::string text) {
  const Visitor* visitor = VisitorOf(conversation);
  if (visitor == nullptr) return;
  const auto shared = std::make_shared<const std::string>(std::move(text));
  for (const SocketId socket : visitor->sockets) actions_.push_back({socket, shared, 0, ""});
}

void ChatHub::BroadcastError(const Conversation& conversation, const FrameError& error) {
  const Visitor* visitor = VisitorOf(conversation);
  if (visitor == nullptr) return;
  for (const SocketId socket : visitor->sockets) SendError(*sockets_.at(socket), error);
}

void ChatHub::SendError(Socket& socket, FrameError error) {
  ++stats_.errors_total[error.code];
  Send(socket.id, EncodeError(error));
}

void ChatHub::Close(SocketId socket, uint16_t code, std::string_view reason) {
  if (const auto found = sockets_.find(socket); found != sockets_.end()) found->second->closing = true;
  actions_.push_back({socket, nullptr, code, std::string(reason)});
}

void ChatHub::Arm(Instant at, TimerKind kind, SocketId socket, std::string conversation) {
  timers_.push({at, kind, socket, std::move(conversation)});
}

HubStats ChatHub::stats() const {
  HubStats stats = stats_;
  stats.sockets_open = sockets_.size();
  stats.conversations_open = conversations_.size();
  return stats;
}

}  // namespace adapters::webchat
