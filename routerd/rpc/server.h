// The daemon's gRPC port.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "routerd/engine/workspace.h"
#include "routerd/session/principal.h"

namespace routerd::rpc {

// PEM files.
struct ServerTls {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // When set, clients must show a certificate of this authority.
};

struct ServerOptions {
  std::string address = "127.0.0.1:7400";  // Port 0 lets the kernel pick.
  std::optional<ServerTls> tls;
  size_t stream_buffer_bytes_max = 4 << 20;  // Bytes that may wait for one slow reader.
};

// Serves ContactService, AgentService, SupervisorService, grpc.health.v1 (as a whole and by service) and reflection.
//
//   serving --Drain--> draining (health says NOT_SERVING, the rest goes on) --Stop--> stopped
//
// Ownership: the workspaces and the authenticator outlive it. Stop it before the workspaces: calls under way are
//            answered by them.
// Threads:   gRPC's own; every function may be called from any other.
class Server {
 public:
  // Listens and serves.
  //   kAlreadyExists (ADDRESS_IN_USE), kPermissionDenied (ADDRESS_DENIED), kUnavailable (LISTEN_FAILED)
  //   kInvalidArgument (TLS_FILES)  a certificate, key or authority cannot be used
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::vector<engine::Workspace*> workspaces,
                                                       const session::Authenticator& authenticator);
  virtual ~Server() = default;

  // Where it listens, with the port it got.
  virtual const std::string& address() const = 0;
  virtual void Drain() = 0;
  // Refuses new calls, ends all streams with kUnavailable (SHUTTING_DOWN) and lets the other calls finish, for `grace`
  // at most. No call runs after it returns. Idempotent.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace routerd::rpc
