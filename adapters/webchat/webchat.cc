#include "adapters/webchat/webchat.h"

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "embedded/webchat_files.h"
#include "routerd/base/error.h"
#include "routerd/base/log.h"
#include "routerd/base/static_assets.h"
#include "routerd/base/token.h"

namespace adapters::webchat {
namespace {

using ::routerd::base::Error;
using ::routerd::base::HttpRequest;
using ::routerd::base::HttpResponse;
using ::routerd::base::HttpServer;
using ::routerd::base::Log;
using ::routerd::base::LogLevel;
using ::routerd::base::StaticAssets;
using ::routerd::base::WebSocketAccept;

constexpr size_t kMailboxMax = 1 << 20;  // What may never be refused (openings, ends, routerd's events) has room above
constexpr size_t kMailboxTextsMax = 64 << 10;  // what a page may say.

constexpr std::string_view kScripts = "default-src 'none'; script-src 'self'; style-src 'self'; ";

std::function<double()> Jitter() {
  auto generator = std::make_shared<std::mt19937>(std::random_device{}());
  return [generator] { return std::uniform_real_distribution<double>(0, 1)(*generator); };
}

// Whom the request comes from: the last address that no trusted proxy vouches for.
std::string RemoteOf(const HttpRequest& request, const std::set<std::string>& trusted_proxies) {
  std::string remote = request.remote;
  const std::string_view header = request.Header("X-Forwarded-For");
  std::vector<std::string> hops = absl::StrSplit(std::string(header), ',', absl::SkipWhitespace());
  while (trusted_proxies.contains(remote) && !hops.empty()) {
    remote = std::string(absl::StripAsciiWhitespace(hops.back()));
    hops.pop_back();
  }
  return remote;
}

}  // namespace

class WebChat::SocketHandler final : public routerd::base::WebSocketHandler {
 public:
  SocketHandler(WebChat& chat, SocketId id, SocketSource source) : chat_(chat), id_(id), source_(std::move(source)) {}

  void OnOpen(std::shared_ptr<routerd::base::WebSocket> socket) override {
    socket_ = std::move(socket);
    if (!chat_.mailbox_.Push(SocketOpened{id_, socket_, std::move(source_)})) socket_->Close(1013, "try again later");
  }
  void OnText(std::string_view text) override {
    const bool room = chat_.mailbox_.size() < kMailboxTextsMax;
    if (!room || !chat_.mailbox_.Push(SocketText{id_, std::string(text)})) socket_->Close(1013, "try again later");
  }
  void OnClosed(uint16_t) override { chat_.mailbox_.Push(SocketClosed{id_}); }

 private:
  WebChat& chat_;
  const SocketId id_;
  SocketSource source_;
  std::shared_ptr<routerd::base::WebSocket> socket_;
};

absl::StatusOr<std::unique_ptr<WebChat>> WebChat::Open(WebChatOptions options,
                                                       std::function<void(const absl::Status&)> failed) {
  absl::StatusOr<std::unique_ptr<ChatStore>> store = ChatStore::Open(options.store_path);
  if (!store.ok()) return store.status();
  return std::unique_ptr<WebChat>(new WebChat(std::move(options), *std::move(store), std::move(failed)));
}

WebChat::WebChat(WebChatOptions options, std::unique_ptr<ChatStore> store,
                 std::function<void(const absl::Status&)> failed)
    : options_(std::move(options)), failed_(std::move(failed)), mailbox_(kMailboxMax), store_(std::move(store)) {
  link_ = std::make_unique<link::Link>(options_.link, store_->base().cursor(), Jitter(),
                                       [this](link::LinkSignal signal) { mailbox_.Push(std::move(signal)); });
  hub_ = std::make_unique<ChatHub>(options_.hub, *store_, link_->session(), routerd::base::RandomToken, clock_.Now());
}

WebChat::~WebChat() { Stop(); }

void WebChat::Mount(HttpServer& server) {
  // Only pages of a site's own origins may embed its chat.
  std::map<std::string, StaticAssets, std::less<>> pages;
  for (const auto& [id, site] : options_.hub.sites) {
    const std::string policy =
        absl::StrCat(std::string(kScripts), "img-src 'self' blob: data:; connect-src 'self' wss:; form-action 'none'; ",
                     "base-uri 'none'; frame-ancestors 'self' ", absl::StrJoin(site.allowed_origins, " "));
    pages.emplace(id, StaticAssets(routerd::embedded::WebchatFiles(), routerd::base::PageSecurityHeaders(policy)));
  }
  server.Route("GET", "/chat.html", [pages](const HttpRequest& request) {
    const auto page = pages.find(request.Parameter("site").value_or(""));
    if (page == pages.end()) return HttpResponse{404, "text/plain; charset=utf-8", "unknown site\n", {}};
    return page->second.Serve("chat.html", request);
  });
  const StaticAssets files(routerd::embedded::WebchatFiles(),
                           routerd::base::PageSecurityHeaders(absl::StrCat(
                               std::string(kScripts), "img-src 'self' data:; connect-src 'self'; frame-src 'self'; ",
                               "base-uri 'none'; frame-ancestors 'none'")));
  for (const char* file : {"chat.js", "chat.css", "widget.js"}) {
    server.Route("GET", absl::StrCat("/", file),
                 [files, file](const HttpRequest& request) { return files.Serve(file, request); });
  }
  server.RouteWebSocket("/chat/v1", [this](const HttpRequest& upgrade) { return Accept(upgrade); });
  if (options_.demo_site.empty()) return;
  for (const char* file : {"demo.js", "demo.css"}) {
    server.Route("GET", absl::StrCat("/", file),
                 [files, file](const HttpRequest& request) { return files.Serve(file, request); });
  }
  server.Route("GET", "/", [files](const HttpRequest& request) { return files.Serve("demo.html", request); });
  MountDemo(server);
}

void WebChat::MountDemo(HttpServer& server) {
  namespace json = boost::json;
  const Site& site = options_.hub.sites.find(options_.demo_site)->second;
  json::array personas;
  for (const Persona& persona : options_.personas) {
    personas.push_back({{"id", persona.id},
                        {"name", persona.display_name},
                        {"note", persona.note},
                        {"hash", routerd::base::HmacSha256Hex(site.identity_secret, persona.id)}});
  }
  const std::string body = json::serialize(json::object{{"site", site.id}, {"personas", std::move(personas)}});
  server.Route("GET", "/demo/personas", [body](const HttpRequest&) {
    return HttpResponse{200, "application/json", body, {{"Cache-Control", "no-store"}}};
  });
}

absl::StatusOr<WebSocketAccept> WebChat::Accept(const HttpRequest& upgrade) {
  if (!routerd::base::HeaderHasToken(upgrade, "Sec-WebSocket-Protocol", kSubprotocol)) {
    return Error(absl::StatusCode::kInvalidArgument, "SUBPROTOCOL",
                 absl::StrCat("offer the subprotocol ", std::string(kSubprotocol)));
  }
  SocketSource source;
  source.remote = RemoteOf(upgrade, options_.trusted_proxies);
  source.origin = absl::AsciiStrToLower(std::string(upgrade.Header("Origin")));
  const std::string host =
      absl::StrCat(upgrade.secure ? "https://" : "http://", absl::AsciiStrToLower(std::string(upgrade.Header("Host"))));
  source.own_origin =
      options_.public_origins.empty() ? source.origin == host : options_.public_origins.contains(source.origin);
  const bool known = std::any_of(options_.hub.sites.begin(), options_.hub.sites.end(), [&](const auto& entry) {
    return entry.second.allowed_origins.contains(source.origin);
  });
  const bool missing = source.origin.empty();
  if (missing ? !options_.allow_missing_origin : !source.own_origin && !known) {
    return Error(absl::StatusCode::kPermissionDenied, "ORIGIN_REFUSED",
                 missing ? "a browser's Origin header is needed" : "pages of this origin may not open the chat");
  }
  const SocketId id = ++last_socket_;
  return WebSocketAccept{std::make_shared<SocketHandler>(*this, id, std::move(source)), std::string(kSubprotocol)};
}

void WebChat::Start() {
  thread_ = std::thread([this] { Run(); });
}

void WebChat::Stop() {
  if (thread_.joinable()) {
    mailbox_.Push(StopNow{});
    thread_.join();
  }
  mailbox_.Close();
  link_->Stop();
}

void WebChat::Run() {
  std::vector<Input> batch;
  while (!stopping_) {
    std::optional<Instant> deadline = hub_->NextDeadline();
    const std::optional<Instant> link_deadline = link_->session().NextDeadline();
    if (link_deadline && (!deadline || *link_deadline < *deadline)) deadline = link_deadline;
    std::optional<std::chrono::steady_clock::time_point> wake;
    if (deadline) wake = clock_.SteadyTimeOf(*deadline);
    if (!mailbox_.Take(batch, wake)) break;
    const Instant now = clock_.Now();
    for (Input& input : batch) Take(std::move(input), now);
    link_->session().Advance(now);
    hub_->Advance(now);
    if (const absl::Status kept = store_->base().Commit(); !kept.ok()) {
      Log(LogLevel::kError, "webchat.store_failed",
          {{"reason", routerd::base::ReasonOf(kept)}, {"detail", std::string(kept.message())}});
      failed_(kept);
      return;
    }
    link_->session().Kept();
    Perform();
    link_->Flush(now);
    PublishStats();
  }
}

void WebChat::Take(Input input, Instant now) {
  if (SocketOpened* opened = std::get_if<SocketOpened>(&input)) {
    sockets_.emplace(opened->id, std::move(opened->socket));
    hub_->OnSocketOpened(opened->id, std::move(opened->source), now);
  } else if (const SocketText* text = std::get_if<SocketText>(&input)) {
    hub_->OnFrame(text->id, text->text, now);
  } else if (const SocketClosed* closed = std::get_if<SocketClosed>(&input)) {
    sockets_.erase(closed->id);
    hub_->OnSocketClosed(closed->id, now);
  } else if (const link::LinkSignal* signal = std::get_if<link::LinkSignal>(&input)) {
    const bool was_open = link_->session().open();
    const link::Received received = link_->Handle(*signal, now);
    if (signal->response) hub_->OnLink(received, *signal->response, now);
    if (was_open && !link_->session().open()) hub_->OnLinkLost();
  } else {
    stopping_ = true;
    hub_->SayBye();
  }
}

void WebChat::Perform() {
  for (HubAction& action : hub_->TakeActions()) {
    const auto socket = sockets_.find(action.socket);
    if (socket == sockets_.end()) continue;
    if (action.text != nullptr) {
      socket->second->Send(std::move(action.text));
    } else {
      socket->second->Close(action.close_code, action.close_reason);
    }
  }
}

void WebChat::PublishStats() {
  WebChatStats stats;
  stats.hub = hub_->stats();
  stats.linked = link_->session().open();
  stats.outbox_requests = link_->session().outbox_requests();
  stats.outbox_bytes = link_->session().outbox_bytes();
  std::lock_guard lock(stats_mutex_);
  stats_ = std::move(stats);
}

WebChatStats WebChat::stats() const {
  std::lock_guard lock(stats_mutex_);
  return stats_;
}

}  // namespace adapters::webchat
