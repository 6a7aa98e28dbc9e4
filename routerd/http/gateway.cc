#include "routerd/http/gateway.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "embedded/web_pages.h"
#include "google/protobuf/struct.pb.h"
#include "routerd/base/error.h"
#include "routerd/base/static_assets.h"
#include "routerd/http/json.h"
#include "routerd/http/metrics.h"
#include "routerd/http/origin.h"
#include "routerd/http/timer.h"
#include "routerd/http/wallboard_feed.h"
#include "routerd/http/work_socket.h"
#include "routerd/session/principal.h"

namespace routerd::http {
namespace {

using base::HttpRequest;
using base::HttpResponse;

// Nothing from elsewhere, nothing inline, no frames around it.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";
constexpr std::string_view kWorkProtocol = "routerd.work.v1";
constexpr std::string_view kWallboardProtocol = "routerd.wallboard.v1";
// A frame with the longest message or summary, every byte escaped, is well below.
constexpr size_t kFrameBytesMax = 128 << 10;
// Metrics tell of the workspaces that answer within it, and of the others nothing.
constexpr std::chrono::milliseconds kMetricsTimeout{2'000};
constexpr int kExplainAgentsMax = 50;

HttpResponse Json(std::string body) {
  return {.content_type = "application/json", .body = std::move(body), .headers = {{"Cache-Control", "no-store"}}};
}

HttpResponse Redirect(std::string to) { return {.status = 302, .body = "", .headers = {{"Location", std::move(to)}}}; }

// The figures of every workspace on their way to one answer.
class Scrape {
 public:
  Scrape(std::vector<WorkspaceFigures> figures, ProcessFigures process, base::HttpReply reply)
      : figures_(std::move(figures)), process_(std::move(process)), reply_(std::move(reply)) {
    answered_.resize(figures_.size());
  }

  void Take(size_t index, v1::Statistics statistics) {
    std::unique_lock lock(mutex_);
    figures_[index].statistics = std::move(statistics);
    answered_[index] = true;
    if (std::ranges::find(answered_, false) == answered_.end()) Finish(std::move(lock));
  }

  void GiveUp() { Finish(std::unique_lock(mutex_)); }

 private:
  void Finish(std::unique_lock<std::mutex> lock) {
    if (std::exchange(finished_, true)) return;
    std::vector<WorkspaceFigures> known;
    for (size_t i = 0; i < figures_.size(); ++i) {
      if (answered_[i]) known.push_back(std::move(figures_[i]));
    }
    lock.unlock();
    reply_({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = MetricsText(known, process_)});
  }

  std::mutex mutex_;
  std::vector<WorkspaceFigures> figures_;
  std::vector<bool> answered_;
  const ProcessFigures process_;
  const base::HttpReply reply_;
  bool finished_ = false;
};

class GatewayImpl final : public Gateway {
 public:
  GatewayImpl(GatewayOptions options, std::vector<engine::Workspace*> workspaces,
              const session::Authenticator& authenticator)
      : options_(std::move(options)),
        workspaces_(std::move(workspaces)),
        authenticator_(authenticator),
        origins_(options_.allowed_origins, authenticator.open()),
        assets_(embedded::WebPages(), base::PageSecurityHeaders(kContentSecurityPolicy)),
        server_(ServerOptions()) {
    for (engine::Workspace* workspace : workspaces_) {
      feeds_.push_back(std::make_shared<WallboardFeed>(*workspace, timer_));
    }
    RoutePages();
    RouteOperations();
    RouteApi();
  }
  ~GatewayImpl() override { Stop(); }

  absl::Status Listen() {
    absl::StatusOr<std::string> address = server_.Listen(options_.address, options_.tls);
    if (!address.ok()) return address.status();
    address_ = *std::move(address);
    server_.Start(options_.thread_count);
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

  void SetReady(bool ready) override { ready_ = ready; }

  void SetFailed(const absl::Status& why) override {
    std::lock_guard lock(mutex_);
    if (failure_.ok()) failure_ = why;
  }

  void Stop() override {
    SetReady(false);
    server_.Stop();
    timer_.Stop();
  }

 private:
  base::HttpServerOptions ServerOptions() const {
    base::HttpServerOptions options;
    options.message_bytes_max = kFrameBytesMax;
    options.outgoing_bytes_max = options_.stream_buffer_bytes_max;
    options.headers = {{"X-Content-Type-Options", "nosniff"}};
    return options;
  }

  void RoutePages() {
    const auto page = [this](const char* path, const char* file) {
      server_.Route("GET", path, [this, file](const HttpRequest& request) { return assets_.Serve(file, request); });
    };
    page("/desk", "desk.html");
    page("/wallboard", "wallboard.html");
    page("/favicon.ico", "icon.svg");
    server_.Route("GET", "/", [](const HttpRequest&) { return Redirect("/desk"); });
    server_.Route("GET", "/assets/*", [this](const HttpRequest& request) {
      return assets_.Serve(std::string_view(request.path).substr(std::string_view("/assets/").size()), request);
    });
  }

  void RouteOperations() {
    server_.Route("GET", "/healthz", [](const HttpRequest&) { return HttpResponse{.body = "ok\n"}; });
    server_.Route("GET", "/readyz", [this](const HttpRequest&) { return Readiness(); });
    server_.RouteAsync("GET", "/metrics", [this](HttpRequest, base::HttpReply reply) { Metrics(std::move(reply)); });
  }

  void RouteApi() {
    server_.Route("GET", "/v1/info", [this](const HttpRequest& request) { return Info(request); });
    server_.RouteAsync("GET", "/v1/explain",
                       [this](HttpRequest request, base::HttpReply reply) { Explain(request, std::move(reply)); });
    server_.RouteWebSocket("/v1/work", [this](const HttpRequest& upgrade) -> absl::StatusOr<base::WebSocketAccept> {
      const absl::StatusOr<size_t> index = Admit(upgrade, kWorkProtocol);
      if (!index.ok()) return index.status();
      return base::WebSocketAccept{std::make_shared<WorkSocket>(*workspaces_[*index], authenticator_, timer_,
                                                                std::string(upgrade.BearerToken())),
                                   std::string(kWorkProtocol)};
    });
    server_.RouteWebSocket(
        "/v1/wallboard", [this](const HttpRequest& upgrade) -> absl::StatusOr<base::WebSocketAccept> {
          const absl::StatusOr<size_t> index = Admit(upgrade, kWallboardProtocol);
          if (!index.ok()) return index.status();
          return base::WebSocketAccept{std::make_shared<WallboardSocket>(feeds_[*index], authenticator_, timer_,
                                                                         std::string(upgrade.BearerToken())),
                                       std::string(kWallboardProtocol)};
        });
  }

  // Which workspace an upgrade is for, if it may be made at all.
  absl::StatusOr<size_t> Admit(const HttpRequest& upgrade, std::string_view protocol) const {
    if (absl::Status status = origins_.Check(upgrade); !status.ok()) return status;
    if (!base::HeaderHasToken(upgrade, "Sec-WebSocket-Protocol", protocol)) {
      return base::Error(absl::StatusCode::kInvalidArgument, "SUBPROTOCOL_MISSING",
                         absl::StrCat("offer the WebSocket subprotocol ", std::string(protocol)));
    }
    return WorkspaceOf(upgrade);
  }

  absl::StatusOr<size_t> WorkspaceOf(const HttpRequest& request) const {
    const std::string id = request.Parameter("workspace").value_or("");
    if (id.empty()) return 0;
    const auto found = std::ranges::find(workspaces_, id, &engine::Workspace::id);
    if (found == workspaces_.end()) {
      return base::Error(absl::StatusCode::kNotFound, "WORKSPACE_UNKNOWN",
                         "no workspace of that name is configured here");
    }
    return found - workspaces_.begin();
  }

  HttpResponse Readiness() const {
    std::lock_guard lock(mutex_);
    if (!failure_.ok()) return {.status = 503, .body = absl::StrCat("failed: ", failure_.message(), "\n")};
    if (!ready_) return {.status = 503, .body = "not serving: starting or draining\n"};
    return {.body = "ready\n"};
  }

  bool IsReady() const { return Readiness().status == 200; }

  void Metrics(base::HttpReply reply) {
    std::vector<WorkspaceFigures> figures;
    for (engine::Workspace* workspace : workspaces_) figures.push_back({workspace->id(), {}});
    const auto scrape = std::make_shared<Scrape>(
        std::move(figures), ProcessFigures{options_.version, IsReady(), server_.stats()}, std::move(reply));
    for (size_t index = 0; index < workspaces_.size(); ++index) {
      workspaces_[index]->Query([scrape, index](const engine::View& view) -> std::function<void()> {
        return [scrape, index, statistics = view.Statistics()] { scrape->Take(index, statistics); };
      });
    }
    timer_.After(kMetricsTimeout, [scrape] { scrape->GiveUp(); });
  }

  HttpResponse Info(const HttpRequest& request) const {
    if (absl::Status status = origins_.Check(request); !status.ok()) return base::ErrorResponse(status);
    google::protobuf::Struct info;
    auto& fields = *info.mutable_fields();
    fields["version"].set_string_value(options_.version);
    fields["tokenRequired"].set_bool_value(!authenticator_.open());
    auto& ids = *fields["workspaces"].mutable_list_value();
    for (engine::Workspace* workspace : workspaces_) ids.add_values()->set_string_value(workspace->id());
    return Json(ToJson(info));
  }

  void Explain(const HttpRequest& request, base::HttpReply reply) {
    if (absl::Status status = CheckSupervisor(request); !status.ok()) return reply(base::ErrorResponse(status));
    const absl::StatusOr<size_t> index = WorkspaceOf(request);
    if (!index.ok()) return reply(base::ErrorResponse(index.status()));
    v1::ExplainContactRequest question;
    question.set_name(request.Parameter("contact").value_or(""));
    question.set_max_agents(kExplainAgentsMax);
    if (question.name().empty()) {
      return reply(base::ErrorResponse(base::Error(absl::StatusCode::kInvalidArgument, "FIELD_MISSING",
                                                   "name the contact: /v1/explain?contact=81")));
    }
    workspaces_[*index]->Query([question, reply](const engine::View& view) -> std::function<void()> {
      absl::StatusOr<v1::ExplainContactResponse> answer = view.Explain(question);
      if (!answer.ok()) return [reply, status = answer.status()] { reply(base::ErrorResponse(status)); };
      // Why it waits is no reason to show what was said.
      answer->mutable_contact()->clear_context();
      return [reply, said = *std::move(answer)] { reply(Json(ToJson(said))); };
    });
  }

  absl::Status CheckSupervisor(const HttpRequest& request) const {
    if (absl::Status status = origins_.Check(request); !status.ok()) return status;
    const absl::StatusOr<session::Principal> principal = authenticator_.Authenticate(request.BearerToken());
    if (!principal.ok()) return principal.status();
    return session::RequireRole(*principal, {v1::PrincipalConfig::SUPERVISOR}, "ask why a contact waits");
  }

  const GatewayOptions options_;
  const std::vector<engine::Workspace*> workspaces_;
  const session::Authenticator& authenticator_;
  const OriginPolicy origins_;
  const base::StaticAssets assets_;
  std::string address_;
  std::atomic<bool> ready_ = false;
  mutable std::mutex mutex_;
  absl::Status failure_;  // Under mutex_.
  Timer timer_;
  std::vector<std::shared_ptr<WallboardFeed>> feeds_;
  base::HttpServer server_;  // Last, so that its threads are gone before anything they use.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(GatewayOptions options,
                                                        std::vector<engine::Workspace*> workspaces,
                                                        const session::Authenticator& authenticator) {
  auto gateway = std::make_unique<GatewayImpl>(std::move(options), std::move(workspaces), authenticator);
  if (absl::Status status = gateway->Listen(); !status.ok()) return status;
  return gateway;
}

}  // namespace routerd::http
