#include "routerd/ctl/simulate.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/base/suggest.h"
#include "routerd/config/load.h"
#include "routerd/ctl/failure.h"
#include "routerd/engine/policy_compile.h"
#include "routerd/simulate/history.h"
#include "routerd/simulate/report.h"
#include "routerd/simulate/run.h"
#include "routerd/simulate/summary.h"
#include "routerd/simulate/trace.h"

namespace routerd::ctl {
namespace {

constexpr size_t kTraceBytesMax = size_t{1} << 30;
constexpr int kExitBroken = 1;

constexpr char kJournalEnding[] = ".sqlite";

void Note(const auto& text) { std::fprintf(stderr, "routerctl: %s\n", std::string(text).c_str()); }

// The rules of the workspace named `wanted`; if that is empty, of the one like `usual`, else of the first.
absl::StatusOr<v1::WorkspaceConfig> LoadRules(const std::string& path, const std::string& wanted,
                                              const std::string& usual) {
  const absl::StatusOr<config::Loaded> loaded = config::LoadRules(path);
  if (!loaded.ok()) return loaded.status();
  const auto& workspaces = loaded->config.workspaces();
  const auto find = [&](const std::string& id) {
    return std::find_if(workspaces.begin(), workspaces.end(),
                        [&](const v1::WorkspaceConfig& one) { return one.id() == id; });
  };
  auto found = find(wanted.empty() ? usual : wanted);
  if (found == workspaces.end() && wanted.empty()) found = workspaces.begin();
  if (found != workspaces.end()) return *found;
  std::vector<std::string> known;
  for (const v1::WorkspaceConfig& one : workspaces) known.push_back(one.id());
  return absl::NotFoundError(absl::StrCat(path, " has no workspace \"", wanted, "\"", base::DidYouMean(wanted, known)));
}

v1::KnownAgentConfig::Kind KindOf(core::KnownAs as) {
  switch (as) {
    case core::KnownAs::kDedicated:
      return v1::KnownAgentConfig::DEDICATED;
    case core::KnownAs::kOwner:
      return v1::KnownAgentConfig::OWNER;
    case core::KnownAs::kLast:
      return v1::KnownAgentConfig::LAST;
    default:
      return v1::KnownAgentConfig::KIND_UNSPECIFIED;
  }
}

// The traffic with those known agents alone for whom the contact's queue looks: the daemon asks the core for no others.
simulate::Trace WithoutUnaskedAgents(simulate::Trace trace, const v1::WorkspaceConfig& rules) {
  std::map<std::string, std::set<int>> kinds;  // By queue.
  for (const v1::QueueConfig& queue : rules.queues()) {
    kinds[queue.id()].insert(queue.known_agent().kinds().begin(), queue.known_agent().kinds().end());
  }
  for (simulate::TraceContact& contact : trace.contacts) {
    if (!kinds[contact.queue].contains(KindOf(contact.prefer_as))) contact.prefer_agent.clear();
  }
  return trace;
}

// Runs the traffic under one set of rules after another, and collects their figures.
class Comparison {
 public:
  Comparison(const simulate::Trace& trace, const Options& options) : trace_(trace), options_(options) {}

  // `name` heads its column. What the rules lack is told.
  absl::Status Run(const std::string& name, const v1::WorkspaceConfig& rules) {
    const simulate::Trace trace = WithoutUnaskedAgents(trace_, rules);
    std::vector<std::string> added_queues;
    const absl::StatusOr<core::Policy> policy = simulate::PolicyFor(trace, engine::CompilePolicy(rules), added_queues);
    if (!policy.ok()) return policy.status();
    for (const std::string& queue : added_queues) {
      Note(absl::StrCat(name, " has no queue \"", queue, "\"; it is run with the defaults"));
    }
    const absl::StatusOr<simulate::RunResult> run =
        simulate::RunTrace(trace, *policy, static_cast<uint64_t>(options_.seed));
    if (!run.ok()) return run.status();
    for (const std::string& what : run->broken) Note(absl::StrCat("broken: ", what));
    broken_ = broken_ || run->broken_count > 0;
    columns_.push_back({name, simulate::Summarize(trace, *policy, *run)});
    return std::exchange(written_, true) ? absl::OkStatus() : WriteOutcomes(*run);
  }

  // What really happened, under the rules that were in force.
  absl::Status Remember(const simulate::History& history) {
    std::vector<std::string> none;
    const absl::StatusOr<core::Policy> policy =
        simulate::PolicyFor(trace_, engine::CompilePolicy(history.config), none);
    if (!policy.ok()) return policy.status();
    columns_.push_back({"as it happened", simulate::Summarize(trace_, *policy, history.run)});
    return absl::OkStatus();
  }

  int Report() const {
    std::fputs((options_.json ? ReportJson(trace_, columns_) : ReportText(trace_, columns_)).c_str(), stdout);
    return broken_ ? kExitBroken : 0;
  }

 private:
  absl::Status WriteOutcomes(const simulate::RunResult& run) const {
    if (options_.outcomes.empty()) return absl::OkStatus();
    std::ofstream file(options_.outcomes, std::ios::binary);
    file << simulate::OutcomeLines(trace_, run) << std::flush;
    return file ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write ", options_.outcomes));
  }

  const simulate::Trace& trace_;
  const Options& options_;
  std::vector<simulate::Column> columns_;
  bool written_ = false;
  bool broken_ = false;
};

absl::Status RunConfigs(const Options& options, const std::string& usual_workspace, Comparison& comparison) {
  for (const std::string& path : {options.config, options.config2}) {
    if (path.empty()) continue;
    const absl::StatusOr<v1::WorkspaceConfig> rules = LoadRules(path, options.workspace, usual_workspace);
    if (!rules.ok()) return rules.status();
    if (absl::Status status = comparison.Run(path, *rules); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<int> SimulateTrace(const Options& options) {
  const absl::StatusOr<std::string> text = config::ReadTextFile(options.trace, kTraceBytesMax);
  if (!text.ok()) return text.status();
  const absl::StatusOr<simulate::Trace> trace = simulate::ParseTrace(options.trace, *text);
  if (!trace.ok()) return trace.status();
  Comparison comparison(*trace, options);
  if (absl::Status status = RunConfigs(options, "", comparison); !status.ok()) return status;
  return comparison.Report();
}

// The journal that `options` mean: DIR itself if that is a file, else the workspace's in it.
absl::StatusOr<std::string> FindJournal(const Options& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path path = options.journal;
  if (!fs::is_directory(path, error)) {
    if (fs::exists(path, error)) return path.string();
    return absl::NotFoundError(absl::StrCat("there is no ", path.string(),
                                            "; --journal takes routerd's data directory (journal.data_directory)"));
  }
  std::vector<std::string> workspaces;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == kJournalEnding) workspaces.push_back(entry.path().stem());
  }
  std::sort(workspaces.begin(), workspaces.end());
  if (error) return absl::PermissionDeniedError(absl::StrCat(path.string(), " cannot be read: ", error.message()));
  if (workspaces.empty()) {
    return absl::NotFoundError(absl::StrCat(path.string(), " holds no journal (WORKSPACE", kJournalEnding,
                                            "); --journal takes routerd's data directory (journal.data_directory)"));
  }
  const std::string& wanted = options.workspace;
  if (wanted.empty() && workspaces.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " holds the journals of ", workspaces.size(),
                                                   " workspaces (", absl::StrJoin(workspaces, ", "),
                                                   "); choose one by --workspace"));
  }
  if (!wanted.empty() && std::find(workspaces.begin(), workspaces.end(), wanted) == workspaces.end()) {
    return absl::NotFoundError(absl::StrCat(path.string(), " holds no journal of workspace \"", wanted, "\"",
                                            base::DidYouMean(wanted, workspaces)));
  }
  return (path / (wanted.empty() ? workspaces[0] : wanted)).string() + kJournalEnding;
}

absl::StatusOr<int> SimulateJournal(const Options& options) {
  const absl::StatusOr<std::string> path = FindJournal(options);
  if (!path.ok()) return path.status();
  const absl::StatusOr<simulate::History> history = simulate::ReadHistory(*path);
  if (!history.ok()) return history.status();
  for (const std::string& note : history->notes) Note(absl::StrCat(*path, ": ", note));
  Comparison comparison(history->trace, options);
  if (options.config2.empty()) {
    if (absl::Status status = comparison.Remember(*history); !status.ok()) return status;
  }
  const absl::Status status = options.config.empty() ? comparison.Run("its own rules", history->config)
                                                     : RunConfigs(options, history->config.id(), comparison);
  if (!status.ok()) return status;
  return comparison.Report();
}

}  // namespace

int RunSimulation(const Options& options) {
  const absl::StatusOr<int> exit_code = options.trace.empty() ? SimulateJournal(options) : SimulateTrace(options);
  if (exit_code.ok()) return *exit_code;
  Note(exit_code.status().message());
  return kExitUsage;
}

}  // namespace routerd::ctl
