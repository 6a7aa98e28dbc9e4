// One connection of the HTTP server: its bytes, its timer, and the requests or the WebSocket on it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "routerd/base/http_codec.h"
#include "routerd/base/http_server.h"
#include "routerd/base/websocket_session.h"

namespace routerd::base {

// Where a request goes.
struct HttpRoute {
  std::map<std::string, HttpHandler, std::less<>> handlers;  // By method; a method is in one of these two.
  std::map<std::string, AsyncHttpHandler, std::less<>> async_handlers;
  WebSocketAcceptor acceptor;
};

// Routes by path. Constant once the server has started.
class HttpRouteTable {
 public:
  // The route for exactly `path`, which may end in "/*"; made if it is not there yet.
  HttpRoute& Add(std::string_view path);
  // The route of the longest path that fits, or null.
  const HttpRoute* Find(std::string_view path) const;

 private:
  std::unordered_map<std::string, HttpRoute> exact_;
  std::map<std::string, HttpRoute, std::less<>> prefixes_;  // Without their "*".
};

struct HttpCounts {
  std::atomic<uint64_t> connections_total{0};
  std::atomic<uint64_t> connections_refused_total{0};
  std::atomic<uint64_t> requests_total{0};
  std::atomic<uint64_t> writes_total{0};
};

// A thread's share of the work. Connections hold on to the one they are on, so that it outlives the server for as long
// as somebody's socket or reply may still want to post to it.
struct HttpThread {
  boost::asio::io_context context{1};
};

// A Connection carries one client.
//   handshaking --> reading --request--> handling --answer--> responding --> reading | lingering
//                   reading --upgrade--> websocket --both closed--> lingering
//   any --error, deadline, Close--> closed (final)
// Lingering: everything is sent and the client has been told that no more will come; what it still sends is thrown away
// for a moment, because closing at once could take back from it what it has not read yet.
//
// Ownership: the server's set holds it until it is closed; pending operations hold it, too. Sockets and replies kept by
//            the program only watch it.
// Threads:   all on its HttpThread, but for the constructor.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What a connection needs of its server; it outlives every connection that is not closed.
  class Server {
   public:
    virtual ~Server() = default;
    virtual const HttpServerOptions& options() const = 0;
    virtual const HttpRouteTable& routes() const = 0;
    virtual HttpCounts& counts() = 0;
    virtual std::shared_ptr<WebSocketCounts> websocket_counts() = 0;
    // The last call that `connection` makes.
    virtual void OnClosed(Connection* connection) = 0;
  };

  virtual ~Connection() = default;

  // Begins. With a `refusal` (an HTTP status), answers that to whatever comes and closes.
  void Start(int refusal);
  // Ends as the server's Stop says: at once if idle, else when what is under way is done.
  void Stop();
  // Ends now.
  void Close();

 protected:
  Connection(std::shared_ptr<HttpThread> thread, Server& server, std::string remote, bool secure);

  // The stream underneath; each ends in a call of the On... function of its name.
  virtual void DoHandshake() = 0;
  virtual void DoRead(char* bytes, size_t size) = 0;
  virtual void DoWrite(std::string_view bytes) = 0;  // May write less.
  virtual void DoShutdown() = 0;                     // Tells the peer that no more will come; nothing is called.
  virtual void DoClose() = 0;
  void OnHandshake(boost::system::error_code error);
  void OnRead(boost::system::error_code error, size_t size);
  void OnWrite(boost::system::error_code error, size_t size);

  boost::asio::io_context& context() { return thread_->context; }

 private:
  enum class State { kHandshaking, kReading, kHandling, kResponding, kWebSocket, kLingering, kClosed };

  // Reading.
  void Read();
  void DecodeRequest();
  void OnRequest(HttpRequest request);
  void Upgrade(const HttpRequest& request, const WebSocketAcceptor& acceptor);

  // Answering.
  HttpReply MakeReply();
  void OnReply(uint64_t request_number, const HttpResponse& response);
  void Respond(const HttpResponse& response);
  void RespondAndClose(int status);
  void Write();
  void OnWritten();
  void Linger();

  // WebSocket.
  void ReceiveMessages();
  void PumpSession();

  void SetDeadline(Time deadline);
  void WaitForDeadline();
  void OnDeadline();

  const std::shared_ptr<HttpThread> thread_;  // First, so that it is the last to go.
  Server& server_;
  const std::string remote_;
  const bool secure_;

  State state_ = State::kHandshaking;
  bool close_after_response_ = false;
  bool stopping_ = false;
  int refusal_ = 0;

  std::string input_;  // Bytes [input_begin_, input_end_) have arrived and are not done with.
  size_t input_begin_ = 0, input_end_ = 0;
  bool reading_ = false;

  std::string writing_;  // On its way; from writing_begin_ on not sent yet.
  size_t writing_begin_ = 0;
  bool write_pending_ = false;
  std::string pending_;  // To be written next.

  HttpRequestDecoder decoder_;
  uint64_t request_number_ = 0;
  HttpResponseFraming framing_;  // Of the request being answered.

  std::shared_ptr<WebSocketSession> session_;

  boost::asio::steady_timer timer_;
  Time deadline_ = Time::max();
  Time timer_at_ = Time::max();  // When the pending wait ends, max() if there is none.
};

// Takes over an accepted socket; with `tls`, expects a TLS handshake on it.
std::shared_ptr<Connection> MakeConnection(std::shared_ptr<HttpThread> thread, Connection::Server& server,
                                           std::string remote, boost::asio::ip::tcp::socket socket,
                                           boost::asio::ssl::context* tls);

}  // namespace routerd::base
