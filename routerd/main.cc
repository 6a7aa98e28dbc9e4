// routerd, the daemon: loads its configuration, recovers its workspaces and serves them until it is told to stop.
#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "routerd/base/clock.h"
#include "routerd/base/error.h"
#include "routerd/base/log.h"
#include "routerd/base/suggest.h"
#include "routerd/config/bound.h"
#include "routerd/config/load.h"
#include "routerd/engine/workspace.h"
#include "routerd/http/gateway.h"
#include "routerd/journal/memory_journal.h"
#include "routerd/journal/sqlite_journal.h"
#include "routerd/rpc/server.h"
#include "routerd/session/principal.h"
#include "routerd/v1/config.pb.h"

namespace routerd {
namespace {

// Exit codes, for supervisors: kUsage will not pass by itself, kJournal may after a restart.
enum ExitCode { kOk = 0, kUsage = 2, kJournal = 3 };

constexpr char kHelp[] =
    R"(usage: routerd --config FILE [options]
       routerd --check-config FILE

Routes contacts from every channel to the right agent. Serves gRPC to adapters, desks and supervisors, and HTTP to
browsers: /desk, /wallboard, /healthz, /readyz, /metrics.

  --config FILE           serve as FILE says
  --check-config FILE     check FILE, print what it means, and exit
  --data DIR              where the journals are          (wins over journal.data_directory)
  --grpc-address ADDRESS  where to serve gRPC, HOST:PORT  (wins over server.grpc_address)
  --http-address ADDRESS  where to serve HTTP, HOST:PORT  (wins over server.http_address)
  --log-level LEVEL       debug, info, warn or error      (wins over server.log_level)
  --version               print the version, and exit
  --help                  print this, and exit

Port 0 lets the kernel pick. Once it serves, routerd prints `READY grpc=HOST:PORT http=HOST:PORT`; everything else is
logged to standard error. SIGTERM and SIGINT stop it after what it holds is on disk; a second one stops it at once.

Exit codes: 0 stopped as told, 2 cannot start (arguments, configuration, address or data directory), 3 a journal
failed: start it again, nothing acknowledged is lost.
)";

struct Arguments {
  std::string config_file;
  std::string check_file;
  config::Overrides overrides;
  bool version = false;
  bool help = false;
};

absl::StatusOr<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  struct Option {
    std::string_view name;
    std::string* value;
  };
  const Option options[] = {{"--config", &arguments.config_file},
                            {"--check-config", &arguments.check_file},
                            {"--data", &arguments.overrides.data_directory},
                            {"--grpc-address", &arguments.overrides.grpc_address},
                            {"--http-address", &arguments.overrides.http_address},
                            {"--log-level", &arguments.overrides.log_level}};
  std::vector<std::string_view> known = {"--version", "--help"};
  for (const Option& option : options) known.push_back(option.name);
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      arguments.help = true;
      continue;
    }
    if (argument == "--version") {
      arguments.version = true;
      continue;
    }
    std::optional<std::string> value;
    if (const size_t equals = argument.find('='); equals != std::string_view::npos) {
      value = std::string(argument.substr(equals + 1));
      argument = argument.substr(0, equals);
    }
    const auto option =
        std::find_if(std::begin(options), std::end(options), [&](const Option& o) { return o.name == argument; });
    if (option == std::end(options)) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown argument \"", std::string(argument), "\"", base::DidYouMean(argument, known)));
    }
    if (!value) {
      if (++i == argc) return absl::InvalidArgumentError(absl::StrCat(std::string(argument), " needs a value"));
      value = argv[i];
    }
    if (value->empty()) return absl::InvalidArgumentError(absl::StrCat(std::string(argument), " needs a value"));
    *option->value = *std::move(value);
  }
  return arguments;
}

// Tells the main thread, from signals and other threads, what to do next. Written to from signal handlers.
int wake_fd = -1;
std::atomic<int> stop_signal_count = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void OnStopSignal(int) {
  stop_signal_count = stop_signal_count + 1;
  if (stop_signal_count > 1) _exit(128 + SIGTERM);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd, &one, sizeof one);
}

void CatchSignals() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // A file over its limit is an error of the write, which the journal reports.
}

// The first journal failure, told by whichever workspace has it.
class Failure {
 public:
  void Set(absl::Status why) {
    {
      std::lock_guard lock(mutex_);
      if (!why_.ok()) return;
      why_ = std::move(why);
    }
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_fd, &one, sizeof one);
  }
  absl::Status Get() {
    std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  std::mutex mutex_;
  absl::Status why_;
};

// Each stream is a file; the usual soft limit is far below what the machine allows.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    base::Log(base::LogLevel::kWarning, "limit.kept", {{"limit", "open_files"}, {"error", strerror(errno)}});
  }
}

void LogFromGrpc(gpr_log_func_args* args) {
  const bool error = args->severity == GPR_LOG_SEVERITY_ERROR;
  base::Log(error ? base::LogLevel::kWarning : base::LogLevel::kDebug, "grpc.said", {{"detail", args->message}});
}

void LogError(std::string_view event, const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  base::Log(base::LogLevel::kError, event,
            {{"status", absl::StatusCodeToString(status.code())},
             {"reason", reason.empty() ? "-" : reason},
             {"detail", std::string(status.message())}});
}

// What the rules prove, and what in them is hardly meant: once, when they come into force.
void LogProofs(const v1::RouterdConfig& config, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    base::Log(base::LogLevel::kWarning, "config.suspicious", {{"detail", warning}});
  }
  for (const v1::WorkspaceConfig& workspace : config.workspaces()) {
    for (const config::QueueBound& bound : config::Bounds(workspace)) {
      base::Log(base::LogLevel::kInfo, "config.bound",
                {{"workspace", workspace.id()},
                 {"queue", bound.queue},
                 {"overtaken_by_later", config::ToText(bound)},
                 {"beyond_that", config::CrowdedText(bound)},
                 {"without_bound", absl::StrJoin(config::ExceptionTexts(bound), "; ")}});
    }
  }
}

base::LogLevel LevelOf(const std::string& name) {
  if (name == "warn") return base::LogLevel::kWarning;
  return base::ParseLogLevel(name).value_or(base::LogLevel::kInfo);
}

// A stopped daemon's order is the reverse of its start: nothing that is still called goes first.
class Daemon {
 public:
  Daemon(v1::RouterdConfig config, session::Authenticator authenticator)
      : config_(std::move(config)), authenticator_(std::move(authenticator)) {}

  absl::Status Start() {
    if (absl::Status status = OpenWorkspaces(); !status.ok()) return status;
    if (absl::Status status = Serve(); !status.ok()) return status;
    for (const auto& workspace : workspaces_) workspace->Start();
    gateway_->SetReady(true);
    return absl::OkStatus();
  }

  // Until a stop signal (OK) or a journal's failure.
  absl::Status Wait() {
    while (stop_signal_count == 0 && failure_.Get().ok()) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = read(wake_fd, &count, sizeof count);
    }
    return failure_.Get();
  }

  void Stop() {
    for (const auto& workspace : workspaces_) workspace->Drain();
    if (gateway_) gateway_->SetReady(false);
    if (server_) server_->Drain();
    if (server_) server_->Stop(std::chrono::seconds(2));
    if (gateway_) gateway_->Stop();
    for (const auto& workspace : workspaces_) workspace->Stop();
  }

  // Who waits for an answer is told at once that there will be none.
  void Fail(const absl::Status& why) {
    gateway_->SetFailed(why);
    for (const auto& workspace : workspaces_) workspace->Stop();
  }

  std::string ReadyLine() const {
    return absl::StrCat("READY grpc=", server_->address(), " http=", gateway_->address(), "\n");
  }

 private:
  absl::Status OpenWorkspaces() {
    const bool in_memory = config_.journal().kind() == "memory";
    if (!in_memory) {
      std::error_code error;
      std::filesystem::create_directories(config_.journal().data_directory(), error);
      if (error) {
        return absl::PermissionDeniedError(
            absl::StrCat("cannot make the data directory ", config_.journal().data_directory(), ": ", error.message()));
      }
    }
    for (const v1::WorkspaceConfig& config : config_.workspaces()) {
      absl::StatusOr<std::unique_ptr<journal::Journal>> journal = in_memory ? OpenMemory() : OpenSqlite(config.id());
      if (!journal.ok()) return journal.status();
      engine::Workspace::Options options;
      options.mailbox_limit = config_.server().mailbox_limit();
      options.pending_batches_max = config_.journal().pending_batches_max();
      options.snapshot_every_events = config_.journal().snapshot_every_events();
      options.on_failure = [this](absl::Status why) { failure_.Set(std::move(why)); };
      auto workspace = engine::Workspace::Open(config, *std::move(journal), clock_, std::move(options));
      if (!workspace.ok()) return workspace.status();
      workspaces_.push_back(*std::move(workspace));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<journal::Journal>> OpenSqlite(const std::string& workspace) {
    journal::SqliteOptions options;
    options.path = std::filesystem::path(config_.journal().data_directory()) / (workspace + ".sqlite");
    options.retain_entries_max = config_.journal().retain_events();
    options.retain_ended = absl::Seconds(config_.journal().retain_ended().seconds());
    return journal::OpenSqliteJournal(std::move(options));
  }

  std::unique_ptr<journal::Journal> OpenMemory() {
    base::Log(base::LogLevel::kWarning, "journal.in_memory", {{"consequence", "everything is lost at exit"}});
    stores_.push_back(std::make_unique<journal::MemoryStore>(config_.journal().retain_events()));
    return std::make_unique<journal::MemoryJournal>(*stores_.back(), journal::MemoryJournal::Mode::kThreaded);
  }

  absl::Status Serve() {
    std::vector<engine::Workspace*> workspaces;
    for (const auto& workspace : workspaces_) workspaces.push_back(workspace.get());
    const v1::ServerConfig& config = config_.server();

    rpc::ServerOptions rpc_options;
    rpc_options.address = config.grpc_address();
    rpc_options.stream_buffer_bytes_max = config.stream_buffer_bytes_max();
    http::GatewayOptions http_options;
    http_options.address = config.http_address();
    http_options.allowed_origins = {config.allowed_origins().begin(), config.allowed_origins().end()};
    http_options.stream_buffer_bytes_max = config.stream_buffer_bytes_max();
    http_options.version = ROUTERD_VERSION;
    if (config.has_tls()) {
      const v1::TlsConfig& tls = config.tls();
      rpc_options.tls = rpc::ServerTls{tls.certificate_file(), tls.key_file(), tls.client_ca_file()};
      http_options.tls = base::TlsFiles{tls.certificate_file(), tls.key_file()};
    }
    auto server = rpc::Server::Start(rpc_options, workspaces, authenticator_);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    auto gateway = http::Gateway::Start(std::move(http_options), workspaces, authenticator_);
    if (!gateway.ok()) return gateway.status();
    gateway_ = *std::move(gateway);
    return absl::OkStatus();
  }

  const v1::RouterdConfig config_;
  const session::Authenticator authenticator_;
  const base::SystemClock clock_;
  Failure failure_;
  std::vector<std::unique_ptr<journal::MemoryStore>> stores_;
  std::vector<std::unique_ptr<engine::Workspace>> workspaces_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<http::Gateway> gateway_;
};

int Usage(const absl::Status& status) {
  fprintf(stderr, "routerd: %s\n", std::string(status.message()).c_str());
  return kUsage;
}

int Run(const Arguments& arguments) {
  absl::StatusOr<config::Loaded> loaded = config::Load(arguments.config_file, arguments.overrides);
  if (!loaded.ok()) return Usage(loaded.status());
  v1::RouterdConfig config = std::move(loaded->config);
  base::SetLogOptions({LevelOf(config.server().log_level()), /*with_time=*/false});
  gpr_set_log_function(LogFromGrpc);
  LogProofs(config, loaded->warnings);

  wake_fd = eventfd(0, EFD_CLOEXEC);
  CatchSignals();
  RaiseFileLimit();
  absl::StatusOr<session::Authenticator> authenticator = session::Authenticator::Create(config.security());
  if (!authenticator.ok()) return Usage(authenticator.status());
  if (authenticator->open()) {
    base::Log(base::LogLevel::kWarning, "security.open",
              {{"consequence", "whoever reaches this machine's loopback may do everything"},
               {"setting", "security.open_loopback"}});
  }

  Daemon daemon(std::move(config), *std::move(authenticator));
  if (absl::Status status = daemon.Start(); !status.ok()) {
    daemon.Stop();
    return Usage(status);
  }
  const std::string ready = daemon.ReadyLine();
  fputs(ready.c_str(), stdout);
  fflush(stdout);
  base::Log(base::LogLevel::kInfo, "daemon.ready", {{"version", ROUTERD_VERSION}});

  const absl::Status status = daemon.Wait();
  if (!status.ok()) {
    LogError("daemon.failed", status);
    daemon.Fail(status);
  } else {
    base::Log(base::LogLevel::kInfo, "daemon.stopping");
  }
  daemon.Stop();
  base::Log(base::LogLevel::kInfo, "daemon.stopped");
  return status.ok() ? kOk : kJournal;
}

}  // namespace

int Main(int argc, char** argv) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) {
    Usage(arguments.status());
    fputs("Try `routerd --help`.\n", stderr);
    return kUsage;
  }
  if (arguments->help) {
    fputs(kHelp, stdout);
    return kOk;
  }
  if (arguments->version) {
    puts("routerd " ROUTERD_VERSION);
    return kOk;
  }
  if (!arguments->check_file.empty()) {
    const absl::StatusOr<config::Loaded> loaded = config::Load(arguments->check_file, arguments->overrides);
    if (!loaded.ok()) return Usage(loaded.status());
    fputs(config::Describe(loaded->config).c_str(), stdout);
    for (const std::string& warning : loaded->warnings) printf("WARNING  %s\n", warning.c_str());
    return kOk;
  }
  if (arguments->config_file.empty()) {
    return Usage(absl::InvalidArgumentError("no --config FILE was given; try `routerd --help`"));
  }
  return Run(*arguments);
}

}  // namespace routerd

int main(int argc, char** argv) { return routerd::Main(argc, argv); }
