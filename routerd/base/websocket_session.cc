// Keeps one WebSocket's queue, heartbeat and closing.
#include "routerd/base/websocket_session.h"

#include <utility>

namespace routerd::base {
namespace {

// Messages are gathered until a write has about this size: large enough that the system call no longer matters.
constexpr size_t kWriteBytes = 64 << 10;
// Pings that a peer sends faster than it reads our pongs are not all answered.
constexpr size_t kControlBytesMax = 4 << 10;

}  // namespace

WebSocketSession::WebSocketSession(const HttpServerOptions& options, std::string remote,
                                   std::shared_ptr<WebSocketHandler> handler, std::shared_ptr<WebSocketCounts> counts,
                                   std::function<void()> wake)
    : outgoing_bytes_max_(options.outgoing_bytes_max),
      ping_interval_(options.ping_interval),
      dead_after_(options.dead_after),
      close_timeout_(options.close_timeout),
      remote_(std::move(remote)),
      counts_(std::move(counts)),
      wake_(std::move(wake)),
      handler_(std::move(handler)),
      decoder_(options.message_bytes_max) {
  ++counts_->open;
}

bool WebSocketSession::Send(std::shared_ptr<const std::string> text) {
  bool queued = false, wake = false;
  {
    std::lock_guard lock(mutex_);
    if (closing_) return false;
    const size_t buffered_bytes = buffered_bytes_ + text->size();
    if (buffered_bytes <= outgoing_bytes_max_) {
      queue_.push_back(std::move(text));
      buffered_bytes_ = buffered_bytes;
      queued = true;
    } else {
      DropQueue();
      BeginClose(1013, "reads too slowly");
    }
    wake = !std::exchange(woken_, true) || !queued;
  }
  if (wake) wake_();
  return queued;
}

void WebSocketSession::Close(uint16_t code, std::string_view reason) {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    BeginClose(code, reason);
    woken_ = true;
  }
  wake_();  // Even if woken: a write may hang, and the close's deadline begins now.
}

void WebSocketSession::Open(Time now) {
  last_received_ = now;
  handler_->OnOpen(shared_from_this());
}

size_t WebSocketSession::Receive(std::span<char> input, Time now) {
  using Kind = WebSocketItem::Kind;
  last_received_ = now;
  pinged_ = false;
  std::span<char> rest = input;
  while (!close_received_) {
    const WebSocketItem item = decoder_.Next(rest);
    switch (item.kind) {
      case Kind::kNeedMore:
        return input.size() - rest.size();
      case Kind::kText:
        ++counts_->received_total;
        if (handler_) handler_->OnText(item.payload);
        break;
      case Kind::kPing:
        if (control_.size() < kControlBytesMax) AppendWebSocketFrame(WebSocketOpcode::kPong, item.payload, control_);
        break;
      case Kind::kPong:
        break;
      case Kind::kClose:
        close_received_ = true;
        CloseNow(item.code, "");
        break;
      case Kind::kError:
        close_received_ = true;  // If a close frame comes, it cannot be told from the rest.
        CloseNow(item.code, item.payload);
        break;
    }
  }
  return input.size();
}

void WebSocketSession::Check(Time now) {
  bool closing = false;
  {
    std::lock_guard lock(mutex_);
    closing = closing_;
  }
  if (closing) TellClosed(now);
}

void WebSocketSession::Collect(std::string& out) {
  std::lock_guard lock(mutex_);
  woken_ = false;
  buffered_bytes_ -= std::exchange(collected_bytes_, 0);
  if (close_sent_) return;
  out += std::exchange(control_, {});
  while (!queue_.empty() && out.size() < kWriteBytes) {
    AppendWebSocketFrame(WebSocketOpcode::kText, *queue_.front(), out);
    collected_bytes_ += queue_.front()->size();
    queue_.pop_front();
    ++counts_->sent_total;
  }
  if (closing_ && queue_.empty()) {
    AppendWebSocketClose(close_code_, close_reason_, out);
    close_sent_ = true;
  }
}

bool WebSocketSession::OnDeadline(Time now) {
  if (now < deadline()) return true;
  if (close_deadline_ != Time::max() || pinged_) return false;
  pinged_ = true;
  AppendWebSocketFrame(WebSocketOpcode::kPing, "", control_);
  return true;
}

void WebSocketSession::Drop() {
  {
    std::lock_guard lock(mutex_);
    if (!closing_) BeginClose(1006, "");
    collected_bytes_ = 0;
    DropQueue();
  }
  close_sent_ = close_received_ = true;
  TellClosed({});
}

WebSocketSession::Time WebSocketSession::deadline() const {
  if (close_deadline_ != Time::max()) return close_deadline_;
  if (ping_interval_.count() == 0) return Time::max();
  return last_received_ + (pinged_ ? dead_after_ : ping_interval_);
}

void WebSocketSession::BeginClose(uint16_t code, std::string_view reason) {
  closing_ = true;
  close_code_ = code;
  close_reason_ = reason;
}

void WebSocketSession::DropQueue() {
  queue_.clear();
  buffered_bytes_ = collected_bytes_;
}

void WebSocketSession::CloseNow(uint16_t code, std::string_view reason) {
  std::lock_guard lock(mutex_);
  DropQueue();
  if (!closing_) BeginClose(code, reason);
}

void WebSocketSession::TellClosed(Time now) {
  if (!handler_) return;
  close_deadline_ = now + close_timeout_;
  --counts_->open;
  // Let go of it first: what it holds may be the last thing that holds this session, and it may call back.
  const std::shared_ptr<WebSocketHandler> handler = std::move(handler_);
  handler_ = nullptr;
  handler->OnClosed(close_code_);
}

}  // namespace routerd::base
