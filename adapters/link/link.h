// The adapter's stream to routerd over gRPC: LinkSession with a channel around it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adapters/link/link_session.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace adapters::link {

struct LinkTls {
  std::string ca_pem;  // Empty: the system's authorities.
  std::string certificate_pem;
  std::string key_pem;
};

struct LinkOptions {
  SessionOptions session;
  std::vector<std::string> addresses;  // `host:port`, tried in turn. At least one.
  std::string token;                   // Empty: none is sent.
  std::string workspace;               // Empty: the daemon's first.
  std::optional<LinkTls> tls;
};

// Something that came from a stream: a response, or its end.
struct LinkSignal {
  uint64_t attempt = 0;
  std::optional<v1::ConnectResponse> response;
  absl::Status ended;  // Why, when there is no response.
};

// A Link is driven by its owner's one thread:
//   signal called (on any thread) -> owner's thread: Handle, act on what was received, commit, Kept, Flush.
// Flush is also due at session().NextDeadline(), after session().Advance.
//
// Threads: `signal` is called on gRPC's threads and must hand the signal over without blocking; every function belongs
//          to the owner's thread. After Stop, and so after the destructor, `signal` is not called any more.
// Limits:  reading pauses while thousands of signals wait to be handled, so a slow owner slows routerd down.
class Link {
 public:
  Link(LinkOptions options, int64_t cursor, std::function<double()> random, std::function<void(LinkSignal)> signal);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  LinkSession& session() { return session_; }
  const LinkSession& session() const { return session_; }

  // What a signal means for the adapter; one of an earlier stream means nothing.
  Received Handle(const LinkSignal& signal, Instant now);
  // Connects, writes and drops as the session asks.
  void Flush(Instant now);
  // Ends the stream and waits until it is gone.
  void Stop();

 private:
  class Stream;
  std::unique_ptr<Stream> Connect(size_t address);
  std::shared_ptr<grpc::Channel> ChannelTo(size_t address);

  const LinkOptions options_;
  const std::function<void(LinkSignal)> signal_;
  LinkSession session_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;  // By address; made when first needed.
  std::unique_ptr<Stream> stream_;
};

}  // namespace adapters::link
