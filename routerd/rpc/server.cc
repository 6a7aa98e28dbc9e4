// Builds the gRPC server: addresses, TLS, limits, services, health.
#include "routerd/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/rpc/agent_service.h"
#include "routerd/rpc/call.h"
#include "routerd/rpc/contact_service.h"
#include "routerd/rpc/stream.h"
#include "routerd/rpc/supervisor_service.h"

namespace routerd::rpc {
namespace {

// A contact with its first messages and attributes fits many times.
constexpr int kRequestBytesMax = 1 << 20;
constexpr int kStreamsPerConnectionMax = 20'000;
// A peer that is silent for so long is pinged, and one that then stays silent is taken for gone: a desk whose network
// vanished is noticed well within the usual grace.
constexpr int kPingAfterMs = 10'000;
constexpr int kPongWithinMs = 10'000;
// How often a client may ping us without a call.
constexpr int kClientPingsEveryMs = 5'000;

absl::StatusOr<std::string> ReadPem(std::string_view what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file && text.find("-----BEGIN ") != std::string::npos) return text;
  return base::Error(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                     absl::StrCat("the ", std::string(what), " file ", path, " ",
                                  file ? "holds nothing in PEM form" : "cannot be read"));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(const std::optional<ServerTls>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  absl::StatusOr<std::string> certificate = ReadPem("certificate", tls->certificate_file);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadPem("key", tls->key_file);
  if (!key.ok()) return key.status();
  grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  if (!tls->client_ca_file.empty()) {
    absl::StatusOr<std::string> authority = ReadPem("client CA", tls->client_ca_file);
    if (!authority.ok()) return authority.status();
    options.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    options.pem_root_certs = *std::move(authority);
  }
  options.pem_key_cert_pairs.push_back({*std::move(key), *std::move(certificate)});
  return grpc::SslServerCredentials(options);
}

struct HostPort {
  std::string host;  // Without brackets.
  std::string port;
};
HostPort Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {address, ""};
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::move(host), address.substr(colon + 1)};
}

// Why `address` cannot be listened at. gRPC only says that it cannot, so we try for ourselves.
absl::Status WhyNotListening(const std::string& address) {
  const HostPort parts = Split(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found); error != 0) {
    return base::Error(absl::StatusCode::kInvalidArgument, "LISTEN_ADDRESS",
                       absl::StrCat("\"", address, "\" is no address to listen at: ", gai_strerror(error)));
  }
  int error = 0;
  const int socket_fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (socket_fd < 0 || bind(socket_fd, found->ai_addr, found->ai_addrlen) != 0 || listen(socket_fd, 1) != 0) {
    error = errno;
  }
  if (socket_fd >= 0) close(socket_fd);
  freeaddrinfo(found);
  if (error == EADDRINUSE) {
    return base::Error(absl::StatusCode::kAlreadyExists, "ADDRESS_IN_USE",
                       absl::StrCat("another program listens at ", address, "; stop it, or choose another address"));
  }
  if (error == EACCES) {
    return base::Error(absl::StatusCode::kPermissionDenied, "ADDRESS_DENIED",
                       absl::StrCat("listening at ", address, " needs a privilege; choose a port from 1024 on"));
  }
  return base::Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
                     absl::StrCat("cannot listen at ", address, error ? ": " : "", error ? strerror(error) : ""));
}

class ServerImpl final : public Server {
 public:
  ServerImpl(const ServerOptions& options, std::vector<engine::Workspace*> workspaces,
             const session::Authenticator& authenticator)
      : gate_(std::move(workspaces), authenticator),
        contacts_(gate_, streams_, options.stream_buffer_bytes_max),
        agents_(gate_, streams_, options.stream_buffer_bytes_max),
        supervisors_(gate_, streams_, options.stream_buffer_bytes_max) {}

  ~ServerImpl() override { Stop(std::chrono::milliseconds(0)); }

  absl::Status Start(const ServerOptions& options) {
    auto credentials = Credentials(options.tls);
    if (!credentials.ok()) return credentials.status();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(options.address, *credentials, &port);
    // Else two daemons would share a port, and each caller would meet either.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfterMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPongWithinMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kClientPingsEveryMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
    builder.SetMaxReceiveMessageSize(kRequestBytesMax);
    builder.SetMaxSendMessageSize(-1);
    builder.RegisterService(&contacts_);
    builder.RegisterService(&agents_);
    builder.RegisterService(&supervisors_);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0) {
      server_.reset();
      if (options.tls) {
        // The address may be fine: gRPC fails alike when it cannot use the key.
        const absl::Status why = WhyNotListening(options.address);
        if (base::ReasonOf(why) != "LISTEN_FAILED") return why;
        return base::Error(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                           absl::StrCat("the certificate ", options.tls->certificate_file, " and the key ",
                                        options.tls->key_file, " cannot be used together"));
      }
      return WhyNotListening(options.address);
    }
    address_ = absl::StrCat(options.address.substr(0, options.address.rfind(':')), ":", port);
    SetServing(true);
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

  void Drain() override { SetServing(false); }

  void Stop(std::chrono::milliseconds grace) override {
    if (!server_) return;
    SetServing(false);
    streams_.CloseAll();
    server_->Shutdown(std::chrono::system_clock::now() + grace);
    server_->Wait();
    server_.reset();
  }

 private:
  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    health->SetServingStatus(serving);
    for (const char* service : {v1::ContactService::service_full_name(), v1::AgentService::service_full_name(),
                                v1::SupervisorService::service_full_name()}) {
      health->SetServingStatus(service, serving);
    }
  }

  const CallGate gate_;
  OpenStreams streams_;
  ContactServiceImpl contacts_;
  AgentServiceImpl agents_;
  SupervisorServiceImpl supervisors_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::vector<engine::Workspace*> workspaces,
                                                      const session::Authenticator& authenticator) {
  auto server = std::make_unique<ServerImpl>(options, std::move(workspaces), authenticator);
  if (absl::Status status = server->Start(options); !status.ok()) return status;
  return server;
}

}  // namespace routerd::rpc
