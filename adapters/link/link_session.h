// The adapter's end of the stream to routerd, as a machine without I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "routerd/base/clock.h"
#include "routerd/v1/contact_service.pb.h"

namespace adapters::link {

namespace v1 = ::routerd::v1;
using Instant = ::routerd::base::WallTime;

struct SessionOptions {
  std::string adapter;  // Identifier at routerd.
  std::string version;  // For people.
  size_t address_count = 1;
  size_t outbox_requests_max = 10'000;
  size_t outbox_bytes_max = 16 << 20;
  std::chrono::milliseconds reconnect_min{200};
  std::chrono::milliseconds reconnect_max{5'000};
  std::chrono::milliseconds hello_timeout{5'000};  // From connecting to routerd's welcome.
  std::chrono::milliseconds ack_interval{1'000};   // Between two acknowledgements of events,
  int64_t ack_every = 256;                         // unless so many have taken effect.
};

// What the shell has to do. A list of writes belongs to the attempt that was current when it was taken.
struct SessionActions {
  std::optional<size_t> connect;           // Open a stream to this address; it is attempt() from now on.
  bool cancel = false;                     // Drop the current stream.
  std::vector<v1::ConnectRequest> writes;  // Send these, in order.
};

// routerd's final answer to a request that was posted.
struct Answer {
  uint64_t id = 0;
  v1::ConnectRequest request;
  v1::RequestAck ack;
};

// What a response means for the adapter.
struct Received {
  bool opened = false;           // The welcome came: requests flow.
  bool resync = false;           // With it: events were lost, so what the adapter believes must be checked anew.
  std::optional<Answer> answer;  // A request is done.
  bool event = false;            // The response is an event that has not taken effect yet.
};

// A LinkSession keeps one stream to routerd alive and what was posted through it until it is answered.
//   down --time to connect--> connecting --welcome--> open --stream ends--> down
//   connecting --stream ends, no welcome in time--> down
//
// Requests: kept until answered, sent again in their order on every new stream; routerd knows a repeat by the
//           source id in it. An answer of kUnavailable is not one: the request is sent again after the given delay.
// Events:   handed over once and in order. The cursor moves as they are; whoever keeps their effects keeps the cursor
//           with them, and says so by Kept.
// Time:     given with each call. Advance is due at NextDeadline.
// Threads:  one.
class LinkSession {
 public:
  // `cursor` is the sequence of the last event whose effects were kept. `random` gives values in [0, 1).
  LinkSession(SessionOptions options, int64_t cursor, std::function<double()> random);

  // Takes a request for delivery and returns its id; nothing if the outbox is full.
  std::optional<uint64_t> Post(v1::ConnectRequest request);
  // Sends a note that is worthless later (typing); forgotten if the stream is not open.
  void PostPassing(v1::ConnectRequest request);

  // The current stream ended.
  void OnStreamEnded(Instant now);
  // A response on the current stream.
  Received OnResponse(const v1::ConnectResponse& response, Instant now);
  // The effects of all events handed over so far are durable.
  void Kept() { kept_ = cursor_; }

  // Does what time asks for.
  void Advance(Instant now);
  // When Advance has something to do next.
  std::optional<Instant> NextDeadline() const;
  // Hands out what is to be done; call it after every change, once effects are durable.
  SessionActions TakeActions(Instant now);

  bool open() const { return state_ == State::kOpen; }
  int64_t cursor() const { return cursor_; }
  // Counts streams; a signal of an earlier one is to be dropped.
  uint64_t attempt() const { return attempt_; }
  size_t outbox_requests() const { return outbox_.size(); }
  size_t outbox_bytes() const { return outbox_bytes_; }

 private:
  enum class State { kDown, kConnecting, kOpen };
  struct Entry {
    v1::ConnectRequest request;
    size_t bytes = 0;
    bool sent = false;  // On the current stream.
  };

  void Acknowledge(const v1::RequestAck& ack, Instant now, Received& received);

  const SessionOptions options_;
  const std::function<double()> random_;
  State state_ = State::kDown;
  uint64_t attempt_ = 0;
  size_t address_ = 0;
  std::chrono::milliseconds reconnect_after_;
  Instant deadline_{};  // Of connecting, or of the welcome.
  Instant opened_at_{};
  std::optional<Instant> paused_until_;  // routerd asked to wait.
  bool cancel_ = false;
  bool resync_ = false;

  int64_t cursor_;  // Last event handed over.
  int64_t kept_;    // Last event whose effects are durable.
  int64_t acknowledged_ = 0;
  Instant acknowledged_at_{};

  uint64_t last_id_ = 0;
  std::map<uint64_t, Entry> outbox_;
  uint64_t first_unsent_ = 1;  // No entry before it waits to be sent.
  size_t outbox_bytes_ = 0;
  std::vector<v1::ConnectRequest> passing_;
};

}  // namespace adapters::link
