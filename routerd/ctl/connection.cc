// Opens channels.
#include "routerd/ctl/connection.h"

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"

namespace routerd::ctl {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file && !content.empty()) return content;
  return absl::InvalidArgumentError(option + " " + path + " cannot be read or is empty");
}

}  // namespace

absl::StatusOr<Connection> Connection::Open(const Options& options) {
  Connection connection;
  connection.address_ = options.address;
  connection.workspace_ = options.workspace;
  connection.token_ = options.token;
  if (!options.token_file.empty()) {
    absl::StatusOr<std::string> token = ReadFile("--token-file", options.token_file);
    if (!token.ok()) return token.status();
    absl::StripAsciiWhitespace(&*token);
    connection.token_ = *std::move(token);
  }
  for (const char c : connection.token_) {
    // gRPC ends the process on metadata that a header cannot carry.
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("the token has a character that no token has; is it the right file?");
    }
  }
  for (const char c : connection.workspace_) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("--workspace takes letters, digits, `-`, `_` and `.`");
    }
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!options.tls_ca.empty()) {
    absl::StatusOr<std::string> roots = ReadFile("--tls-ca", options.tls_ca);
    if (!roots.ok()) return roots.status();
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = *std::move(roots);
    if (!options.tls_certificate.empty()) {
      absl::StatusOr<std::string> certificate = ReadFile("--tls-certificate", options.tls_certificate);
      if (!certificate.ok()) return certificate.status();
      absl::StatusOr<std::string> key = ReadFile("--tls-key", options.tls_key);
      if (!key.ok()) return key.status();
      ssl.pem_cert_chain = *std::move(certificate);
      ssl.pem_private_key = *std::move(key);
    }
    credentials = grpc::SslCredentials(ssl);
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  connection.channel_ = grpc::CreateCustomChannel(options.address, credentials, arguments);
  return connection;
}

void Connection::Prepare(grpc::ClientContext& context) const {
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
  if (!workspace_.empty()) context.AddMetadata("routerd-workspace", workspace_);
}

}  // namespace routerd::ctl
