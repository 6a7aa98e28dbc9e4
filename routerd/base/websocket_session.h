// The server's side of one WebSocket, between its handler and the bytes of its connection. No sockets here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "routerd/base/http_server.h"
#include "routerd/base/websocket_codec.h"

namespace routerd::base {

// What the sessions of a server have counted.
struct WebSocketCounts {
  std::atomic<uint64_t> open{0};
  std::atomic<uint64_t> received_total{0};
  std::atomic<uint64_t> sent_total{0};
};

// A WebSocketSession is a WebSocket without its connection: the connection gives it what arrives and takes from it what
// is to be sent.
//   open --Close, peer's close, broken rule, limit--> closing --both close frames out and in--> finished
//     any --Drop (connection ended, deadline)--> finished
// The handler hears OnClosed as soon as the session begins closing.
//
// Time:    passed in; after each call the connection waits until deadline().
// Threads: what WebSocket has, from any thread; all else on the connection's thread.
class WebSocketSession final : public WebSocket, public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `wake` is called, on any thread, when there is something to Collect that the connection does not know of yet.
  WebSocketSession(const HttpServerOptions& options, std::string remote, std::shared_ptr<WebSocketHandler> handler,
                   std::shared_ptr<WebSocketCounts> counts, std::function<void()> wake);

  using WebSocket::Send;
  bool Send(std::shared_ptr<const std::string> text) override;
  void Close(uint16_t code, std::string_view reason) override;
  size_t buffered_bytes() const override { return buffered_bytes_.load(std::memory_order_relaxed); }
  const std::string& remote() const override { return remote_; }

  // Introduces the session to its handler.
  void Open(Time now);
  // Takes what arrived and returns how many bytes of it are done with; the rest belongs in front of what comes next.
  size_t Receive(std::span<char> input, Time now);
  // Sees whether somebody wants it closed. Call it after Receive and when woken.
  void Check(Time now);
  // Appends what is to be sent to `out`: as many messages as fit a good write. Call it when woken, after Receive and
  // after what was collected has been written, but not while it is being written.
  void Collect(std::string& out);
  // Closes or pings, if that is what the deadline was for. Drop is due if this returns false.
  bool OnDeadline(Time now);
  // The connection has ended or is about to.
  void Drop();

  // When OnDeadline is to be called.
  Time deadline() const;
  // Both close frames are out and in (or none will come): end the connection once all that was collected is written.
  bool finished() const { return close_sent_ && close_received_; }

 private:
  // These two require that mutex_ is held.
  void BeginClose(uint16_t code, std::string_view reason);
  void DropQueue();
  // Begins closing for a reason found while reading: what is queued is dropped, as the peer will not read it.
  void CloseNow(uint16_t code, std::string_view reason);
  void TellClosed(Time now);

  const size_t outgoing_bytes_max_;
  const std::chrono::milliseconds ping_interval_, dead_after_, close_timeout_;
  const std::string remote_;
  const std::shared_ptr<WebSocketCounts> counts_;
  const std::function<void()> wake_;

  std::mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> queue_;  // Guarded by mutex_, as are the six below.
  bool woken_ = false;                                    // The connection knows that there is something.
  bool closing_ = false;
  uint16_t close_code_ = 0;
  std::string close_reason_;
  size_t collected_bytes_ = 0;             // Of messages, in the last Collect.
  std::atomic<size_t> buffered_bytes_{0};  // In the queue and collected. Only written under mutex_.

  std::shared_ptr<WebSocketHandler> handler_;  // Null once it was told OnClosed.
  WebSocketDecoder decoder_;
  std::string control_;  // Pings and pongs to send.
  Time last_received_{};
  Time close_deadline_ = Time::max();
  bool pinged_ = false;  // Since last_received_.
  bool close_sent_ = false;
  bool close_received_ = false;
};

}  // namespace routerd::base
