#include "adapters/link/link_session.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/status/status.h"

namespace adapters::link {
namespace {

constexpr size_t kPassingMax = 256;  // Beyond it typing notices are dropped.
constexpr std::chrono::milliseconds kRetryMin(50);

std::chrono::nanoseconds ToNanoseconds(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
}

}  // namespace

LinkSession::LinkSession(SessionOptions options, int64_t cursor, std::function<double()> random)
    : options_(std::move(options)),
      random_(std::move(random)),
      reconnect_after_(options_.reconnect_min),
      cursor_(cursor),
      kept_(cursor),
      acknowledged_(cursor) {}

std::optional<uint64_t> LinkSession::Post(v1::ConnectRequest request) {
  const uint64_t id = last_id_ + 1;
  request.set_request_id(std::to_string(id));
  const size_t bytes = request.ByteSizeLong();
  if (outbox_.size() >= options_.outbox_requests_max || outbox_bytes_ + bytes > options_.outbox_bytes_max) {
    return std::nullopt;
  }
  last_id_ = id;
  outbox_bytes_ += bytes;
  outbox_.emplace(id, Entry{std::move(request), bytes});
  return id;
}

void LinkSession::PostPassing(v1::ConnectRequest request) {
  if (state_ != State::kOpen || passing_.size() >= kPassingMax) return;
  request.clear_request_id();
  passing_.push_back(std::move(request));
}

void LinkSession::OnStreamEnded(Instant now) {
  // A stream that ends soon after it opened (two adapters with one id take turns) does not shorten the wait.
  if (state_ == State::kOpen && now >= opened_at_ + options_.reconnect_max) reconnect_after_ = options_.reconnect_min;
  state_ = State::kDown;
  address_ = (address_ + 1) % options_.address_count;
  // Half of the delay is fixed and half is drawn, so that a fleet does not come back at one instant.
  deadline_ = now + std::chrono::duration_cast<std::chrono::nanoseconds>(reconnect_after_ * (0.5 + random_() / 2));
  reconnect_after_ = std::min(reconnect_after_ * 2, options_.reconnect_max);
  for (auto& [id, entry] : outbox_) entry.sent = false;
  first_unsent_ = 1;
  paused_until_.reset();
  passing_.clear();
}

Received LinkSession::OnResponse(const v1::ConnectResponse& response, Instant now) {
  Received received;
  if (response.has_welcome() && state_ == State::kConnecting) {
    state_ = State::kOpen;
    const int64_t head = response.welcome().head_sequence();
    // A journal that ends before our cursor is not the one we knew: treat it as one that lost our events.
    resync_ = response.welcome().resync() || head < cursor_;
    if (resync_) cursor_ = head;
    kept_ = std::min(kept_, cursor_);
    opened_at_ = now;
    acknowledged_ = kept_;
    acknowledged_at_ = now;
    received.opened = true;
    received.resync = resync_;
    return received;
  }
  if (state_ != State::kOpen) return received;
  if (response.has_ack()) {
    Acknowledge(response.ack(), now, received);
    return received;
  }
  if (response.sequence() > cursor_) {
    cursor_ = response.sequence();
    received.event = true;
  } else {
    received.event = response.sequence() == 0 || (resync_ && response.has_state());
  }
  return received;
}

void LinkSession::Acknowledge(const v1::RequestAck& ack, Instant now, Received& received) {
  uint64_t id = 0;
  const std::string& text = ack.request_id();
  std::from_chars(text.data(), text.data() + text.size(), id);
  const auto found = outbox_.find(id);
  if (found == outbox_.end()) return;
  if (ack.code() == static_cast<int>(absl::StatusCode::kUnavailable)) {
    const auto delay = std::max<std::chrono::nanoseconds>(ToNanoseconds(ack.retry_delay()), kRetryMin);
    paused_until_ = std::max(paused_until_.value_or(now), now + delay);
    found->second.sent = false;
    first_unsent_ = std::min(first_unsent_, id);
    return;
  }
  outbox_bytes_ -= found->second.bytes;
  received.answer = Answer{id, std::move(found->second.request), ack};
  outbox_.erase(found);
}

void LinkSession::Advance(Instant now) {
  if (paused_until_ && now >= *paused_until_) paused_until_.reset();
  if (now < deadline_) return;
  if (state_ == State::kConnecting && !cancel_) {
    cancel_ = true;  // The end of the stream brings us on.
    deadline_ = now + options_.hello_timeout;
  }
}

std::optional<Instant> LinkSession::NextDeadline() const {
  if (state_ != State::kOpen) return deadline_;
  std::optional<Instant> next;
  if (kept_ > acknowledged_) next = acknowledged_at_ + options_.ack_interval;
  if (paused_until_ && (!next || *paused_until_ < *next)) next = paused_until_;
  return next;
}

SessionActions LinkSession::TakeActions(Instant now) {
  SessionActions actions;
  actions.cancel = std::exchange(cancel_, false);
  if (state_ == State::kDown && now >= deadline_) {
    state_ = State::kConnecting;
    ++attempt_;
    deadline_ = now + options_.hello_timeout;
    actions.connect = address_;
    v1::ConnectRequest& hello = actions.writes.emplace_back();
    hello.mutable_hello()->set_adapter(options_.adapter);
    hello.mutable_hello()->set_version(options_.version);
    if (kept_ > 0) hello.mutable_hello()->set_resume_after(kept_);
    cursor_ = kept_;  // What was handed over but not kept comes again.
  }
  if (state_ != State::kOpen) return actions;
  if (!paused_until_) {
    for (auto entry = outbox_.lower_bound(first_unsent_); entry != outbox_.end(); ++entry) {
      if (entry->second.sent) continue;
      entry->second.sent = true;
      actions.writes.push_back(entry->second.request);
    }
    first_unsent_ = last_id_ + 1;
  }
  for (v1::ConnectRequest& note : passing_) actions.writes.push_back(std::move(note));
  passing_.clear();
  if (kept_ > acknowledged_ &&
      (kept_ - acknowledged_ >= options_.ack_every || now >= acknowledged_at_ + options_.ack_interval)) {
    acknowledged_ = kept_;
    acknowledged_at_ = now;
    actions.writes.emplace_back().set_ack_sequence(kept_);
  }
  return actions;
}

}  // namespace adapters::link
