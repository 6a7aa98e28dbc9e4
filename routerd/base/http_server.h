// An HTTP/1.1 and WebSocket server, with optional TLS, behind plain interfaces: its users see neither Asio nor Beast.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace routerd::base {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method;  // As sent: "GET".
  std::string path;    // Percent-decoded; starts with "/".
  std::string query;   // What follows "?", as sent.
  std::string body;
  std::vector<HttpHeader> headers;  // In the order sent.
  std::string remote;               // The peer's address, without its port.
  bool secure = false;              // Came over TLS.

  // The value of the first header called `name` in any case; "" if there is none.
  std::string_view Header(std::string_view name) const;
  // The decoded value of the first query parameter called `name`.
  std::optional<std::string> Parameter(std::string_view name) const;
  // The token of an "Authorization: Bearer ..." header; "" if there is none.
  std::string_view BearerToken() const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  // Beside Content-Type, Content-Length, Connection and Date. Line ends in them become spaces.
  std::vector<HttpHeader> headers{};
};

// A response of `status` whose JSON body is {"error":{"code":...,"reason":...,"message":...}}, the reason being that of
// ReasonOf; kPermissionDenied is sent as 403, kUnavailable as 503 and so on.
HttpResponse ErrorResponse(const absl::Status& status);

// Answers one request, from any thread, at once or later. The first call answers and later ones do nothing; when every
// copy is gone without one, the answer is 500. After the client has left or handle_timeout has passed, an answer goes
// nowhere.
using HttpReply = std::function<void(HttpResponse response)>;

// Called on one of the server's threads; must not block, since other connections wait behind it.
using HttpHandler = std::function<HttpResponse(const HttpRequest& request)>;
using AsyncHttpHandler = std::function<void(HttpRequest request, HttpReply reply)>;

// The server's end of a WebSocket connection.
//   open --Close, the peer's close, an error, a limit--> closing --handshake done or close_timeout--> gone
// It may be kept for as long as one likes; once closing, Send returns false and nothing else happens.
//
// Threads: every function may be called from any thread, also from within a handler.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // Queues a text message, which must be valid UTF-8. The text is shared, not copied, so that one text can go to many
  // sockets. Messages queued while another is being written leave together. False if the socket is closing, or if the
  // message would bring what is queued over outgoing_bytes_max: then what is queued is dropped and the socket closes
  // with 1013 (try again later).
  virtual bool Send(std::shared_ptr<const std::string> text) = 0;
  bool Send(std::string text) { return Send(std::make_shared<const std::string>(std::move(text))); }
  // Begins closing, after what is queued has been sent. `reason` is cut to 123 bytes.
  virtual void Close(uint16_t code, std::string_view reason) = 0;
  // Bytes of messages queued and not yet given to the kernel.
  virtual size_t buffered_bytes() const = 0;
  // The peer's address, without its port.
  virtual const std::string& remote() const = 0;
};

// What the program does with one WebSocket. Each socket has a handler of its own.
//
// Threads: called on the server's threads, one call at a time. Must not block.
// Order:   OnOpen once, then OnText any number of times, then OnClosed once; nothing after it. The server lets go of
// the
//          handler after OnClosed, so a handler may hold its socket.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void OnOpen(std::shared_ptr<WebSocket> socket) = 0;
  // A whole text message, valid UTF-8. (A binary one closes the socket with 1003.) The next one is read after this
  // returns.
  virtual void OnText(std::string_view text) = 0;
  // No message will come or can be sent any more. `code` is the peer's close code (1005 if it sent none), or ours if we
  // closed first, or 1006 if the connection just ended.
  virtual void OnClosed(uint16_t code) = 0;
};

struct WebSocketAccept {
  std::shared_ptr<WebSocketHandler> handler;
  std::string subprotocol;  // One of those that the client offered (Sec-WebSocket-Protocol), or "".
};
// Decides about an upgrade by its Origin, subprotocols, cookies, address and so on. An error is sent as ErrorResponse.
using WebSocketAcceptor = std::function<absl::StatusOr<WebSocketAccept>(const HttpRequest& upgrade)>;

// Whether the comma-separated list in header `name` has `token`, in any case: for Sec-WebSocket-Protocol and the like.
bool HeaderHasToken(const HttpRequest& request, std::string_view name, std::string_view token);

struct HttpServerOptions {
  // HTTP. A request over a limit is answered as said and its connection closed.
  size_t header_bytes_max = 16 << 10;                 // Request line and headers; beyond: 431.
  size_t body_bytes_max = 1 << 20;                    // Beyond: 413.
  std::chrono::milliseconds request_timeout{10'000};  // From a request's first byte (or the connection's start) to its
                                                      // last; beyond: 408. Also for a response that makes no headway.
  std::chrono::milliseconds handle_timeout{30'000};   // For a handler's answer; beyond: 504.
  std::chrono::milliseconds idle_timeout{75'000};     // Between requests; beyond: closed.
  // Connections. 0 means no limit.
  size_t connection_count_max = 20'000;         // Beyond: 503.
  size_t connection_count_per_address_max = 0;  // Beyond: 429. Leave at 0 behind a proxy.
  // WebSockets.
  size_t message_bytes_max = 256 << 10;             // An incoming frame or message beyond it: 1009.
  size_t outgoing_bytes_max = 4 << 20;              // Queued for one socket; beyond: 1013.
  std::chrono::milliseconds ping_interval{20'000};  // A peer silent for so long is pinged (0: never);
  std::chrono::milliseconds dead_after{60'000};     // one silent for so long is taken for gone: 1006.
  std::chrono::milliseconds close_timeout{5'000};   // How long the peer may take to answer our close.
  // Added to every response that the server makes.
  std::vector<HttpHeader> headers{};
};

struct TlsFiles {
  std::string certificate_chain_file;  // PEM, the server's own certificate first.
  std::string private_key_file;        // PEM.
};

// Counts since the server was made.
struct HttpServerStats {
  uint64_t connections_open = 0;
  uint64_t websockets_open = 0;
  uint64_t connections_total = 0;
  uint64_t connections_refused_total = 0;  // By a connection limit.
  uint64_t requests_total = 0;
  uint64_t messages_received_total = 0;
  uint64_t messages_sent_total = 0;
  uint64_t writes_total = 0;  // System calls that sent something; messages_sent_total over it is how well they share.
};

// Serves HTTP and WebSockets on a few threads of its own. Each connection stays on one of them.
//   made --Route, RouteWebSocket, Listen--> made --Start--> serving --Stop--> stopped (final)
//
// Threads: Route...(), Listen, Start and Stop from one thread, not one of the server's; stats from any.
class HttpServer {
 public:
  explicit HttpServer(HttpServerOptions options);
  ~HttpServer();  // Stops.
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Sends requests for `path` to `handler`; before Start. A path that ends in "/*" stands for everything below it, and
  // the longest path that fits wins. HEAD goes where GET goes. A path with no route for the method gives 405, one with
  // no route at all 404. Requires: no route for this method and path yet.
  void Route(std::string_view method, std::string_view path, HttpHandler handler);
  void RouteAsync(std::string_view method, std::string_view path, AsyncHttpHandler handler);
  // Sends WebSocket upgrades for `path` to `acceptor`. A plain GET goes to the path's GET route, else gets 426.
  void RouteWebSocket(std::string_view path, WebSocketAcceptor acceptor);

  // Opens a listening port: "127.0.0.1:8080", "[::1]:8080", or port 0 for one that the kernel picks. With `tls`, it
  // speaks TLS only. Returns the address with the port it got. Connections queue until Start.
  //   kInvalidArgument (LISTEN_ADDRESS)  not an IP address and port
  //   kAlreadyExists   (ADDRESS_IN_USE)  another program listens there
  //   kPermissionDenied (ADDRESS_DENIED) a port that needs a privilege
  //   kUnavailable     (LISTEN_FAILED)   anything else, such as an address that the machine does not have
  //   kInvalidArgument (TLS_FILES)       the certificate or key cannot be used
  absl::StatusOr<std::string> Listen(std::string_view address, const std::optional<TlsFiles>& tls = std::nullopt);

  // Begins to serve. Requires: thread_count > 0.
  void Start(int thread_count);
  // Stops accepting, closes WebSockets with 1001 and idle connections at once, lets requests being handled finish, and
  // after `grace` drops what is left. When it returns, no handler is running or will be called again, and every socket
  // has had its OnClosed.
  void Stop(std::chrono::milliseconds grace = std::chrono::milliseconds(5'000));

  HttpServerStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace routerd::base
