// Any bytes as a configuration file: it is refused with a message for people, or it loads, and then it can be
// described and compiled.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "routerd/config/load.h"
#include "routerd/engine/policy_compile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<routerd::config::Loaded> loaded = routerd::config::Parse("f.yaml", text);
  if (!loaded.ok()) {
    const absl::string_view message = loaded.status().message();
    const bool told = loaded.status().code() == absl::StatusCode::kInvalidArgument && message.substr(0, 7) == "f.yaml:";
    if (!told) std::abort();
    return 0;
  }
  if (routerd::config::Describe(loaded->config).empty()) std::abort();
  for (const routerd::v1::WorkspaceConfig& workspace : loaded->config.workspaces()) {
    const routerd::core::Policy policy = routerd::engine::CompilePolicy(workspace);
    if (policy.agents.empty() || policy.queues.empty() || policy.channels.empty()) std::abort();
  }
  return 0;
}
