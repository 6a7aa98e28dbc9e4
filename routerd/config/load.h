// The daemon's configuration, ready for use: read, checked as a whole, defaults filled in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "routerd/config/yaml.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

struct Loaded {
  v1::RouterdConfig config;  // Every default filled in, every range of agents expanded.
  SourceMap source;          // Where the fields of the file stand; ranges count as one agent there.
  // What is hardly meant as it is written, as errors are told: `f.yaml:12:5: workspaces[0].queues[1]: ...`.
  std::vector<std::string> warnings{};
};

// Command line flags that win over the file; "" leaves what it says. They are checked with it.
struct Overrides {
  std::string grpc_address{};
  std::string http_address{};
  std::string data_directory{};
  std::string log_level{};
};

// The configuration in `text`. Pure. kInvalidArgument tells all that is wrong (up to 20 things), a line each, with
// file, line, column, key and what to do.
absl::StatusOr<Loaded> Parse(std::string_view file, std::string_view text, const Overrides& overrides = {});

// The rules in the file at `path` without a daemon or agents of its own, for simulations: as Load, but nobody need be
// able to call, and what no agent of the file could serve is good.
absl::StatusOr<Loaded> LoadRules(const std::string& path);

// Reads and parses the file at `path`. kNotFound or kPermissionDenied if it can't be read. Certificates and secrets
// are not looked at; whoever uses them does that.
absl::StatusOr<Loaded> Load(const std::string& path, const Overrides& overrides = {});

// What a checked configuration means, for people: where the daemon listens and who may call; for each queue who could
// serve it, step by step and by channel; and for each queue and VIP level how much later another contact may come and
// still go first. Lines, the last one ended. Requires: `config` comes from Load.
std::string Describe(const v1::RouterdConfig& config);

}  // namespace routerd::config
