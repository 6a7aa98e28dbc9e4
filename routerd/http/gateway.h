// The daemon's HTTP port: pages, health, metrics, and the JSON gateway for agents' desks and wallboards.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/base/http_server.h"
#include "routerd/engine/workspace.h"

namespace routerd::session {
class Authenticator;
}  // namespace routerd::session

namespace routerd::http {

struct GatewayOptions {
  std::string address = "127.0.0.1:7480";  // Port 0 lets the kernel pick.
  // Whose pages may open WebSockets beside the daemon's own: "https://desk.example".
  std::vector<std::string> allowed_origins;
  std::optional<base::TlsFiles> tls;
  // Bytes that may wait for one slow page before its socket is closed.
  size_t stream_buffer_bytes_max = 4 << 20;
  int thread_count = 1;
  // Shown in /metrics and to pages.
  std::string version;
};

// Serves, on one address:
//   /healthz              200 while the process lives
//   /readyz               200 while it serves; 503 with the reason before, while draining, and once a journal failed
//   /metrics              Prometheus text
//   /desk, /wallboard     pages for agents and supervisors
//   /v1/info              what a page must know before it signs in
//   /v1/work              WebSocket: AgentService.Work, one JSON object a frame (README.md)
//   /v1/wallboard         WebSocket: statistics, agents and the head of the line, on change, at most once a second
//   /v1/explain?contact=  ExplainContactResponse as JSON
//
// States:    serving (not ready) --SetReady(true)--> ready --SetReady(false)--> not ready; SetFailed is final.
// Ownership: the workspaces and the authenticator must outlive it.
// Threads:   its server's own; every function may be called from any other.
class Gateway {
 public:
  // Listens and begins to serve, not ready yet. Requires: at least one workspace; the first is meant where a client
  // names none. Errors are those of base::HttpServer::Listen.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(GatewayOptions options,
                                                        std::vector<engine::Workspace*> workspaces,
                                                        const session::Authenticator& authenticator);
  virtual ~Gateway() = default;

  // Where it listens, with the port it got.
  virtual const std::string& address() const = 0;
  virtual void SetReady(bool ready) = 0;
  // Not ready any more, for good: a journal failed. /healthz goes on saying that the process lives.
  virtual void SetFailed(const absl::Status& why) = 0;
  // Closes every socket and stops serving. No handler runs after it returns.
  virtual void Stop() = 0;
};

}  // namespace routerd::http
