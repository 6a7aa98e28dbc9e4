// The thin shell around reading, checking and filling in.
#include "routerd/config/load.h"

#include "routerd/config/defaults.h"
#include "routerd/config/validate.h"

namespace routerd::config {
namespace {

void Override(const Overrides& overrides, v1::RouterdConfig& config) {
  v1::ServerConfig& server = *config.mutable_server();
  if (!overrides.grpc_address.empty()) server.set_grpc_address(overrides.grpc_address);
  if (!overrides.http_address.empty()) server.set_http_address(overrides.http_address);
  if (!overrides.log_level.empty()) server.set_log_level(overrides.log_level);
  if (!overrides.data_directory.empty()) config.mutable_journal()->set_data_directory(overrides.data_directory);
}

absl::StatusOr<Loaded> ParseFor(Purpose purpose, std::string_view file, std::string_view text,
                                const Overrides& overrides) {
  v1::RouterdConfig config;
  absl::StatusOr<SourceMap> source = ParseYaml(file, text, config);
  if (!source.ok()) return source.status();
  Override(overrides, config);
  Problems problems(*source), suspicions(*source);
  Validate(config, purpose, *source, problems, suspicions);
  if (absl::Status status = problems.ToStatus(); !status.ok()) return status;
  FillDefaults(config);
  for (v1::WorkspaceConfig& workspace : *config.mutable_workspaces()) ExpandRanges(workspace);
  std::vector<std::string> warnings = suspicions.Lines();
  return Loaded{std::move(config), *std::move(source), std::move(warnings)};
}

}  // namespace

absl::StatusOr<Loaded> Parse(std::string_view file, std::string_view text, const Overrides& overrides) {
  return ParseFor(Purpose::kDaemon, file, text, overrides);
}

absl::StatusOr<Loaded> LoadRules(const std::string& path) {
  absl::StatusOr<std::string> text = ReadTextFile(path, kYamlBytesMax);
  if (!text.ok()) return text.status();
  return ParseFor(Purpose::kRules, path, *text, {});
}

absl::StatusOr<Loaded> Load(const std::string& path, const Overrides& overrides) {
  absl::StatusOr<std::string> text = ReadTextFile(path, kYamlBytesMax);
  if (!text.ok()) return text.status();
  return Parse(path, *text, overrides);
}

}  // namespace routerd::config
