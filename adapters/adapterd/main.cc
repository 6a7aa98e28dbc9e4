// adapterd: hosts channel adapters, as its configuration file says.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "adapters/adapterd/settings.h"
#include "adapters/webchat/webchat.h"
#include "routerd/base/http_server.h"
#include "routerd/base/log.h"

namespace adapters::adapterd {
namespace {

using ::routerd::base::HttpRequest;
using ::routerd::base::HttpResponse;
using ::routerd::base::HttpServer;
using ::routerd::base::Log;
using ::routerd::base::LogLevel;

constexpr char kVersion[] = "adapterd " ROUTERD_VERSION;
constexpr int kBadUse = 2;
constexpr int kFailed = 1;
constexpr int kHttpThreads = 2;

constexpr char kHelp[] = R"(usage: adapterd --config FILE [option...]

Hosts the channel adapters that FILE names and connects them to routerd.

  --config FILE         configuration; see config/adapters.dev.yaml
  --check-config FILE   say what is wrong with FILE, start nothing
  --data DIR            where the adapters keep their stores
  --routerd HOST:PORT   where routerd is
  --listen HOST:PORT    where pages connect; port 0 lets the kernel pick
  --version             print the version
  --help                print this

Prints "READY chat=HOST:PORT" once it listens. Exit codes: 0 stopped, 1 failed while running, 2 not started.
)";

struct Flags {
  std::string config;
  bool check_only = false;
  Overrides overrides;
};

// nullopt: `text` says why, or is what was asked for.
std::optional<Flags> ParseFlags(int argc, char** argv, std::string& text, int& exit_code) {
  Flags flags;
  exit_code = kBadUse;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help" || name == "--version") {
      text = name == "--help" ? std::string(kHelp) : absl::StrCat(kVersion, "\n");
      exit_code = 0;
      return std::nullopt;
    }
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    std::string* target = name == "--config" || name == "--check-config" ? &flags.config
                          : name == "--data"                             ? &flags.overrides.data_directory
                          : name == "--routerd"                          ? &flags.overrides.routerd_address
                          : name == "--listen"                           ? &flags.overrides.listen_address
                                                                         : nullptr;
    if (target == nullptr) {
      text = absl::StrCat("adapterd: unknown flag ", name, "; try --help\n");
      return std::nullopt;
    }
    if (!value && i + 1 < argc) value = argv[++i];
    if (!value || value->empty()) {
      text = absl::StrCat("adapterd: ", name, " needs a value\n");
      return std::nullopt;
    }
    *target = *value;
    flags.check_only |= name == "--check-config";
  }
  if (flags.config.empty()) {
    text = "adapterd: --config FILE is needed; try --help\n";
    return std::nullopt;
  }
  return flags;
}

prometheus::MetricFamily Family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::MetricFamily family{name, help, type, {}};
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(metric);
  return family;
}

std::string Metrics(const webchat::WebChatStats& chat, const routerd::base::HttpServerStats& http) {
  using enum prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&](const char* name, const char* help, prometheus::MetricType type, double value) {
    families.push_back(Family(name, help, type, value));
  };
  add("adapter_link_up", "Whether the stream to routerd is open.", Gauge, chat.linked);
  add("adapter_link_outbox_requests", "Requests that routerd has not answered.", Gauge, chat.outbox_requests);
  add("adapter_link_outbox_bytes", "Their bytes.", Gauge, chat.outbox_bytes);
  add("webchat_sockets_open", "Open sockets.", Gauge, chat.hub.sockets_open);
  add("webchat_conversations_open", "Conversations held in memory.", Gauge, chat.hub.conversations_open);
  add("webchat_visitors_total", "New visitors.", Counter, chat.hub.visitors_total);
  add("webchat_resumes_total", "Sockets that resumed.", Counter, chat.hub.resumes_total);
  add("webchat_conversations_total", "Conversations that routerd took.", Counter, chat.hub.conversations_total);
  add("webchat_frames_total", "Frames from pages.", Counter, chat.hub.frames_total);
  add("webchat_customer_messages_total", "Messages of customers.", Counter, chat.hub.customer_messages_total);
  add("webchat_agent_messages_total", "Messages to customers.", Counter, chat.hub.agent_messages_total);
  add("http_connections_open", "Open connections.", Gauge, http.connections_open);
  add("http_connections_total", "Connections.", Counter, http.connections_total);
  add("http_connections_refused_total", "Connections refused by a limit.", Counter, http.connections_refused_total);
  add("http_requests_total", "Requests.", Counter, http.requests_total);
  prometheus::MetricFamily errors{"webchat_errors_total", "Error frames sent, by code.", Counter, {}};
  for (const auto& [code, count] : chat.hub.errors_total) {
    prometheus::ClientMetric metric;
    metric.label.push_back({"code", code});
    metric.counter.value = static_cast<double>(count);
    errors.metric.push_back(metric);
  }
  families.push_back(std::move(errors));
  return prometheus::TextSerializer().Serialize(families);
}

void MountOperations(HttpServer& server, const webchat::WebChat& chat) {
  server.Route("GET", "/healthz", [](const HttpRequest&) { return HttpResponse{200, "text/plain", "ok\n", {}}; });
  server.Route("GET", "/readyz", [&chat](const HttpRequest&) {
    const bool linked = chat.stats().linked;
    return HttpResponse{linked ? 200 : 503, "text/plain", linked ? "ready\n" : "no stream to routerd\n", {}};
  });
  server.Route("GET", "/metrics", [&chat, &server](const HttpRequest&) {
    return HttpResponse{200, "text/plain; version=0.0.4", Metrics(chat.stats(), server.stats()), {}};
  });
}

int Refuse(const absl::Status& status) {
  std::cerr << "adapterd: " << status.message() << "\n";
  return kBadUse;
}

int Run(const Settings& settings) {
  routerd::base::SetLogOptions({settings.log_level, false});
  std::error_code failed;
  std::filesystem::create_directories(settings.data_directory, failed);
  if (failed) {
    return Refuse(
        absl::PermissionDeniedError(absl::StrCat("data directory ", settings.data_directory, ": ", failed.message())));
  }
  // Signals are taken by sigwait below; a failing store raises SIGTERM for itself.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  std::atomic<bool> broken = false;
  absl::StatusOr<std::unique_ptr<webchat::WebChat>> chat =
      webchat::WebChat::Open(settings.webchat, [&broken](const absl::Status&) {
        broken = true;
        kill(getpid(), SIGTERM);
      });
  if (!chat.ok()) return Refuse(chat.status());
  routerd::base::HttpServerOptions options;
  options.message_bytes_max = webchat::kFrameBytesMax;
  options.connection_count_max = settings.sockets_max;
  HttpServer server(options);
  (*chat)->Mount(server);
  MountOperations(server, **chat);
  const absl::StatusOr<std::string> address = server.Listen(settings.listen_address, settings.tls);
  if (!address.ok()) return Refuse(address.status());
  (*chat)->Start();
  server.Start(kHttpThreads);
  Log(LogLevel::kInfo, "adapterd.started", {{"chat", *address}, {"adapter", settings.webchat.hub.adapter}});
  std::cout << "READY chat=" << *address << std::endl;

  int received = 0;
  sigwait(&signals, &received);
  Log(LogLevel::kInfo, "adapterd.stopping", {{"signal", received}});
  (*chat)->Stop();
  server.Stop();
  Log(LogLevel::kInfo, "adapterd.stopped");
  return broken ? kFailed : 0;
}

int Main(int argc, char** argv) {
  std::string text;
  int exit_code = 0;
  const std::optional<Flags> flags = ParseFlags(argc, argv, text, exit_code);
  if (!flags) {
    (exit_code == 0 ? std::cout : std::cerr) << text;
    return exit_code;
  }
  const absl::StatusOr<Settings> settings = LoadSettings(flags->config, flags->overrides);
  if (!settings.ok()) {
    std::cerr << settings.status().message() << "\n";
    return kBadUse;
  }
  if (flags->check_only) {
    std::cout << flags->config << ": ok\n";
    return 0;
  }
  return Run(*settings);
}

}  // namespace
}  // namespace adapters::adapterd

int main(int argc, char** argv) { return adapters::adapterd::Main(argc, argv); }
