// Listens, admits connections within the limits, and starts and stops the threads.
#include "routerd/base/http_server.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/base/http_connection.h"
#include "routerd/base/log.h"

namespace routerd::base {
namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using std::chrono::steady_clock;

// Refusing takes a moment of lingering; beyond so many at a time, connections over the limit are just closed.
constexpr size_t kRefusalCountMax = 256;
constexpr std::chrono::milliseconds kAcceptRetryTime{100};
constexpr std::chrono::seconds kRefusalLogInterval{10};

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

std::optional<tcp::endpoint> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon), port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  if (host == "localhost") host = "127.0.0.1";
  uint16_t port = 0;
  const auto [end, port_error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error || port_error != std::errc() || end != port_text.data() + port_text.size()) return std::nullopt;
  return tcp::endpoint(address, port);
}

std::string ToString(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? absl::StrCat("[", host, "]:", endpoint.port())
                                    : absl::StrCat(host, ":", endpoint.port());
}

// The address alone; an IPv4 one that came in over an IPv6 port as IPv4.
std::string RemoteOf(const tcp::socket& socket) {
  boost::system::error_code error;
  const boost::asio::ip::address address = socket.remote_endpoint(error).address();
  if (error) return "unknown";
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

absl::Status ListenError(std::string_view address, const boost::system::error_code& error) {
  const std::string start = absl::StrCat("cannot listen on ", ToAbsl(address), ": ");
  if (error == boost::asio::error::address_in_use) {
    return Error(absl::StatusCode::kAlreadyExists, "ADDRESS_IN_USE",
                 absl::StrCat(start, "another program listens there; stop it or choose another port"));
  }
  if (error == boost::asio::error::access_denied) {
    return Error(absl::StatusCode::kPermissionDenied, "ADDRESS_DENIED",
                 absl::StrCat(start, "not permitted; choose a port from 1024 on or grant CAP_NET_BIND_SERVICE"));
  }
  return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED", absl::StrCat(start, error.message()));
}

absl::StatusOr<std::shared_ptr<ssl::context>> LoadTls(const TlsFiles& files) {
  auto tls = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(tls->native_handle(), SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code error;
  tls->use_certificate_chain_file(files.certificate_chain_file, error);
  if (error) {
    return Error(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                 absl::StrCat("cannot use TLS certificate file ", files.certificate_chain_file, ": ", error.message()));
  }
  tls->use_private_key_file(files.private_key_file, ssl::context::pem, error);
  if (error) {
    return Error(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                 absl::StrCat("cannot use TLS key file ", files.private_key_file, " with certificate file ",
                              files.certificate_chain_file, ": ", error.message()));
  }
  return tls;
}

}  // namespace

class HttpServer::Impl final : public Connection::Server {
 public:
  explicit Impl(HttpServerOptions options) : options_(std::move(options)) {
    threads_.push_back(std::make_shared<HttpThread>());
  }

  HttpRouteTable& route_table() { return routes_; }
  absl::StatusOr<std::string> Listen(std::string_view address, const std::optional<TlsFiles>& tls);
  void Start(int thread_count);
  void Stop(std::chrono::milliseconds grace);
  HttpServerStats stats() const;

  const HttpServerOptions& options() const override { return options_; }
  const HttpRouteTable& routes() const override { return routes_; }
  HttpCounts& counts() override { return counts_; }
  std::shared_ptr<WebSocketCounts> websocket_counts() override { return websocket_counts_; }
  void OnClosed(Connection* connection) override;

 private:
  // A port that is listened on. Its acceptor lives on the first thread.
  struct Listener {
    Listener(boost::asio::io_context& context, std::shared_ptr<ssl::context> tls)
        : acceptor(context), retry(context), tls(std::move(tls)) {}
    tcp::acceptor acceptor;
    boost::asio::steady_timer retry;
    std::shared_ptr<ssl::context> tls;  // Null for plain HTTP.
  };
  struct Entry {
    std::shared_ptr<Connection> connection;
    std::shared_ptr<HttpThread> thread;
    std::string remote;
    bool refused = false;
  };

  void Accept(Listener& listener);
  void Admit(Listener& listener, tcp::socket socket, const std::shared_ptr<HttpThread>& thread);
  // The status to refuse a connection from `remote` with, or 0. Requires: mutex_ is held.
  int RefusalFor(const std::string& remote);
  // Calls `function` for each connection on its own thread.
  void ForEachConnection(void (Connection::*function)());

  const HttpServerOptions options_;
  HttpRouteTable routes_;
  HttpCounts counts_;
  const std::shared_ptr<WebSocketCounts> websocket_counts_ = std::make_shared<WebSocketCounts>();

  std::vector<std::shared_ptr<HttpThread>> threads_;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::vector<std::thread> running_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // Used on the first thread once started.
  size_t next_thread_ = 0;
  bool stopped_ = false;

  mutable std::mutex mutex_;
  std::condition_variable all_closed_;
  std::unordered_map<Connection*, Entry> connections_;       // Guarded by mutex_, as are those below.
  std::unordered_map<std::string, size_t> count_by_remote_;  // Kept only if there is a limit.
  size_t refused_count_ = 0;                                 // Of those in connections_.
  steady_clock::time_point refusal_logged_at_{};
};

absl::StatusOr<std::string> HttpServer::Impl::Listen(std::string_view address, const std::optional<TlsFiles>& tls) {
  const std::optional<tcp::endpoint> endpoint = ParseAddress(address);
  if (!endpoint) {
    return Error(
        absl::StatusCode::kInvalidArgument, "LISTEN_ADDRESS",
        absl::StrCat("\"", ToAbsl(address), "\" is not an IP address and port, like 127.0.0.1:8080 or [::1]:8080"));
  }
  std::shared_ptr<ssl::context> tls_context;
  if (tls) {
    absl::StatusOr<std::shared_ptr<ssl::context>> loaded = LoadTls(*tls);
    if (!loaded.ok()) return loaded.status();
    tls_context = *std::move(loaded);
  }
  auto listener = std::make_unique<Listener>(threads_[0]->context, std::move(tls_context));
  tcp::acceptor& acceptor = listener->acceptor;
  boost::system::error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) return ListenError(address, error);
  std::string bound = ToString(acceptor.local_endpoint());
  Listener& added = *listeners_.emplace_back(std::move(listener));
  if (!running_.empty()) boost::asio::post(threads_[0]->context, [this, &added] { Accept(added); });
  return bound;
}

void HttpServer::Impl::Start(int thread_count) {
  while (threads_.size() < static_cast<size_t>(thread_count)) threads_.push_back(std::make_shared<HttpThread>());
  for (const auto& listener : listeners_) Accept(*listener);
  for (const std::shared_ptr<HttpThread>& thread : threads_) {
    work_.push_back(boost::asio::make_work_guard(thread->context));
    running_.emplace_back([thread] { thread->context.run(); });
  }
}

void HttpServer::Impl::Stop(std::chrono::milliseconds grace) {
  if (std::exchange(stopped_, true)) return;
  if (running_.empty()) {
    listeners_.clear();
    return;
  }
  // Listeners are closed on their thread, and after the last of what that thread had accepted was admitted.
  std::mutex closed_mutex;
  std::condition_variable closed_changed;
  bool closed = false;
  boost::asio::post(threads_[0]->context, [&] {
    for (const auto& listener : listeners_) {
      boost::system::error_code ignored;
      listener->acceptor.close(ignored);
      listener->retry.cancel();
    }
    std::lock_guard lock(closed_mutex);
    closed = true;
    closed_changed.notify_one();
  });
  {
    std::unique_lock lock(closed_mutex);
    closed_changed.wait(lock, [&] { return closed; });
  }
  ForEachConnection(&Connection::Stop);
  {
    std::unique_lock lock(mutex_);
    all_closed_.wait_for(lock, grace, [this] { return connections_.empty(); });
  }
  ForEachConnection(&Connection::Close);
  work_.clear();
  for (std::thread& thread : running_) thread.join();
  listeners_.clear();
}

void HttpServer::Impl::ForEachConnection(void (Connection::*function)()) {
  std::lock_guard lock(mutex_);
  for (const auto& [unused, entry] : connections_) {
    boost::asio::post(entry.thread->context, [connection = entry.connection, function] { (*connection.*function)(); });
  }
}

HttpServerStats HttpServer::Impl::stats() const {
  HttpServerStats stats;
  {
    std::lock_guard lock(mutex_);
    stats.connections_open = connections_.size() - refused_count_;
  }
  stats.websockets_open = websocket_counts_->open;
  stats.connections_total = counts_.connections_total;
  stats.connections_refused_total = counts_.connections_refused_total;
  stats.requests_total = counts_.requests_total;
  stats.messages_received_total = websocket_counts_->received_total;
  stats.messages_sent_total = websocket_counts_->sent_total;
  stats.writes_total = counts_.writes_total;
  return stats;
}

void HttpServer::Impl::Accept(Listener& listener) {
  const std::shared_ptr<HttpThread> thread = threads_[next_thread_++ % threads_.size()];
  listener.acceptor.async_accept(thread->context,
                                 [this, &listener, thread](boost::system::error_code error, tcp::socket socket) {
                                   if (!listener.acceptor.is_open()) return;
                                   if (!error) {
                                     Admit(listener, std::move(socket), thread);
                                     return Accept(listener);
                                   }
                                   // Most likely out of file descriptors: let some connections end.
                                   Log(LogLevel::kWarning, "http.accept_failed", {{"error", error.message()}});
                                   listener.retry.expires_after(kAcceptRetryTime);
                                   listener.retry.async_wait([this, &listener](boost::system::error_code cancelled) {
                                     if (!cancelled && listener.acceptor.is_open()) Accept(listener);
                                   });
                                 });
}

void HttpServer::Impl::Admit(Listener& listener, tcp::socket socket, const std::shared_ptr<HttpThread>& thread) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const std::string remote = RemoteOf(socket);
  ++counts_.connections_total;
  const std::shared_ptr<Connection> connection =
      MakeConnection(thread, *this, remote, std::move(socket), listener.tls.get());
  int refusal = 0;
  {
    std::lock_guard lock(mutex_);
    refusal = RefusalFor(remote);
    if (refusal != 0 && refused_count_ >= kRefusalCountMax) return;
    if (refusal != 0) {
      ++refused_count_;
    } else if (options_.connection_count_per_address_max > 0) {
      ++count_by_remote_[remote];
    }
    connections_[connection.get()] = {connection, thread, remote, refusal != 0};
  }
  boost::asio::post(thread->context, [connection, refusal] { connection->Start(refusal); });
}

int HttpServer::Impl::RefusalFor(const std::string& remote) {
  int refusal = 0;
  if (options_.connection_count_max > 0 && connections_.size() - refused_count_ >= options_.connection_count_max) {
    refusal = 503;
  } else if (options_.connection_count_per_address_max > 0) {
    const auto count = count_by_remote_.find(remote);
    if (count != count_by_remote_.end() && count->second >= options_.connection_count_per_address_max) refusal = 429;
  }
  if (refusal == 0) return 0;
  const uint64_t refused_total = ++counts_.connections_refused_total;
  if (const auto now = steady_clock::now(); now - refusal_logged_at_ >= kRefusalLogInterval) {
    refusal_logged_at_ = now;
    Log(LogLevel::kWarning, "http.refused",
        {{"limit", refusal == 503 ? "connection_count_max" : "connection_count_per_address_max"},
         {"refused_total", refused_total}});
  }
  return refusal;
}

void HttpServer::Impl::OnClosed(Connection* connection) {
  std::shared_ptr<Connection> last;  // Goes after the lock does.
  std::lock_guard lock(mutex_);
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  last = std::move(found->second.connection);
  if (found->second.refused) {
    --refused_count_;
  } else if (const auto count = count_by_remote_.find(found->second.remote); count != count_by_remote_.end()) {
    if (--count->second == 0) count_by_remote_.erase(count);
  }
  connections_.erase(found);
  if (connections_.empty()) all_closed_.notify_all();
}

HttpServer::HttpServer(HttpServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpServer::~HttpServer() { Stop(); }

void HttpServer::Route(std::string_view method, std::string_view path, HttpHandler handler) {
  impl_->route_table().Add(path).handlers[std::string(method)] = std::move(handler);
}

void HttpServer::RouteAsync(std::string_view method, std::string_view path, AsyncHttpHandler handler) {
  impl_->route_table().Add(path).async_handlers[std::string(method)] = std::move(handler);
}

void HttpServer::RouteWebSocket(std::string_view path, WebSocketAcceptor acceptor) {
  impl_->route_table().Add(path).acceptor = std::move(acceptor);
}

absl::StatusOr<std::string> HttpServer::Listen(std::string_view address, const std::optional<TlsFiles>& tls) {
  return impl_->Listen(address, tls);
}

void HttpServer::Start(int thread_count) { impl_->Start(thread_count); }

void HttpServer::Stop(std::chrono::milliseconds grace) { impl_->Stop(grace); }

HttpServerStats HttpServer::stats() const { return impl_->stats(); }

}  // namespace routerd::base
