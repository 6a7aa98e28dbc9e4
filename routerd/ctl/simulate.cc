#include "routerd/ctl/simulate.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/base/suggest.h"
#include "routerd/config/load.h"
#include "routerd/ctl/failure.h"
#include "routerd/engine/policy_compile.h"
#include "routerd/simulate/report.h"
#include "routerd/simulate/run.h"
#include "routerd/simulate/summary.h"
#include "routerd/simulate/trace.h"

namespace routerd::ctl {
namespace {

constexpr size_t kTraceBytesMax = size_t{1} << 30;
constexpr int kExitBroken = 1;

int Refuse(const absl::Status& status) {
  std::fprintf(stderr, "routerctl: %s\n", std::string(status.message()).c_str());
  return kExitUsage;
}

absl::StatusOr<core::Policy> LoadPolicy(const std::string& path, const std::string& workspace) {
  const absl::StatusOr<config::Loaded> loaded = config::LoadRules(path);
  if (!loaded.ok()) return loaded.status();
  std::vector<std::string> known;
  for (const v1::WorkspaceConfig& one : loaded->config.workspaces()) {
    if (workspace.empty() || one.id() == workspace) return engine::CompilePolicy(one);
    known.push_back(one.id());
  }
  return absl::NotFoundError(
      absl::StrCat(path, " has no workspace \"", workspace, "\"", base::DidYouMean(workspace, known)));
}

}  // namespace

int RunSimulation(const Options& options) {
  const absl::StatusOr<std::string> text = config::ReadTextFile(options.trace, kTraceBytesMax);
  if (!text.ok()) return Refuse(text.status());
  const absl::StatusOr<simulate::Trace> trace = simulate::ParseTrace(options.trace, *text);
  if (!trace.ok()) return Refuse(trace.status());

  std::vector<std::string> configs = {options.config};
  if (!options.config2.empty()) configs.push_back(options.config2);
  std::vector<simulate::Column> columns;
  bool broken = false;
  for (const std::string& path : configs) {
    absl::StatusOr<core::Policy> rules = LoadPolicy(path, options.workspace);
    if (!rules.ok()) return Refuse(rules.status());
    std::vector<std::string> added_queues;
    const absl::StatusOr<core::Policy> policy = simulate::PolicyFor(*trace, *std::move(rules), added_queues);
    if (!policy.ok()) return Refuse(policy.status());
    for (const std::string& queue : added_queues) {
      std::fprintf(stderr, "routerctl: %s has no queue \"%s\"; it is run with the defaults\n", path.c_str(),
                   queue.c_str());
    }
    const absl::StatusOr<simulate::RunResult> run =
        simulate::RunTrace(*trace, *policy, static_cast<uint64_t>(options.seed));
    if (!run.ok()) return Refuse(run.status());
    for (const std::string& what : run->broken) std::fprintf(stderr, "routerctl: broken: %s\n", what.c_str());
    broken = broken || run->broken_count > 0;
    if (columns.empty() && !options.outcomes.empty()) {
      std::ofstream file(options.outcomes, std::ios::binary);
      file << simulate::OutcomeLines(*trace, *run) << std::flush;
      if (!file) return Refuse(absl::UnavailableError(absl::StrCat("cannot write ", options.outcomes)));
    }
    columns.push_back({path, simulate::Summarize(*trace, *policy, *run)});
  }
  std::fputs((options.json ? ReportJson(*trace, columns) : ReportText(*trace, columns)).c_str(), stdout);
  return broken ? kExitBroken : 0;
}

}  // namespace routerd::ctl
