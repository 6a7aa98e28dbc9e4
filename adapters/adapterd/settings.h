// adapterd's configuration file, checked and made into what the adapters take.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "adapters/webchat/webchat.h"
#include "routerd/base/http_server.h"
#include "routerd/base/log.h"

namespace adapters::adapterd {

struct Settings {
  std::string listen_address;
  std::string data_directory;
  routerd::base::LogLevel log_level = routerd::base::LogLevel::kInfo;
  std::optional<routerd::base::TlsFiles> tls;
  size_t sockets_max = 20'000;
  webchat::WebChatOptions webchat;
};

// What flags put in place of the file's values; empty: the file's.
struct Overrides {
  std::string data_directory;
  std::string routerd_address;
  std::string listen_address;
};

// Loads `path`. kInvalidArgument with a line for each problem, naming file, line and key; kNotFound or
// kPermissionDenied for the file or one that it names.
absl::StatusOr<Settings> LoadSettings(const std::string& path, const Overrides& overrides);

}  // namespace adapters::adapterd
