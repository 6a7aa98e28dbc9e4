// Moves a connection's bytes and steps it through its states.
#include "routerd/base/http_connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace routerd::base {
namespace {

using boost::asio::ip::tcp;
using std::chrono::steady_clock;

constexpr size_t kReadBytesMin = 4 << 10;
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::chrono::milliseconds kLingerTimeStopping{200};  // A stop need not wait for slow clients.

// The answer to one request, shared by the copies of its HttpReply.
class ReplyState {
 public:
  explicit ReplyState(std::function<void(HttpResponse)> deliver) : deliver_(std::move(deliver)) {}
  ~ReplyState() { Answer(PlainResponse(500)); }

  void Answer(HttpResponse response) {
    if (!answered_.exchange(true)) deliver_(std::move(response));
  }

 private:
  std::atomic<bool> answered_{false};
  const std::function<void(HttpResponse)> deliver_;
};

}  // namespace

HttpRoute& HttpRouteTable::Add(std::string_view path) {
  if (path.ends_with("/*")) return prefixes_[std::string(path.substr(0, path.size() - 1))];
  return exact_[std::string(path)];
}

const HttpRoute* HttpRouteTable::Find(std::string_view path) const {
  const auto exact = exact_.find(std::string(path));
  if (exact != exact_.end()) return &exact->second;
  for (size_t size = path.rfind('/'); size != std::string_view::npos; size = path.rfind('/', size - 1)) {
    const auto prefix = prefixes_.find(path.substr(0, size + 1));
    if (prefix != prefixes_.end()) return &prefix->second;
    if (size == 0) break;
  }
  return nullptr;
}

Connection::Connection(std::shared_ptr<HttpThread> thread, Server& server, std::string remote, bool secure)
    : thread_(std::move(thread)),
      server_(server),
      remote_(std::move(remote)),
      secure_(secure),
      decoder_(server.options().header_bytes_max, server.options().body_bytes_max),
      timer_(thread_->context) {
  framing_.common = &server.options().headers;
}

void Connection::Start(int refusal) {
  if (state_ == State::kClosed) return;
  refusal_ = refusal;
  SetDeadline(steady_clock::now() + server_.options().request_timeout);
  DoHandshake();
}

void Connection::Stop() {
  stopping_ = true;
  if (state_ == State::kWebSocket) {
    session_->Close(1001, "server stops");
  } else if (state_ == State::kLingering) {
    SetDeadline(steady_clock::now() + kLingerTimeStopping);
  } else if (state_ == State::kHandshaking || (state_ == State::kReading && !decoder_.begun())) {
    Close();
  }
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  timer_.cancel();
  DoClose();
  if (session_) session_->Drop();
  server_.OnClosed(this);
}

void Connection::OnHandshake(boost::system::error_code error) {
  if (state_ == State::kClosed) return;
  if (error) return Close();
  state_ = State::kReading;
  if (refusal_ != 0) return RespondAndClose(refusal_);
  Read();
}

void Connection::Read() {
  if (reading_ || state_ == State::kClosed) return;
  if (input_begin_ == input_end_) {
    input_begin_ = input_end_ = 0;
    if (input_.size() > 4 * kReadBytesMin) std::string().swap(input_);  // A large message is no reason to stay large.
  } else if (input_begin_ > 0 && input_.size() - input_end_ < kReadBytesMin) {
    std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
    input_end_ -= std::exchange(input_begin_, 0);
  }
  if (input_.size() - input_end_ < kReadBytesMin) input_.resize(std::max(2 * input_.size(), kReadBytesMin));
  reading_ = true;
  DoRead(input_.data() + input_end_, input_.size() - input_end_);
}

void Connection::OnRead(boost::system::error_code error, size_t size) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (error) return Close();
  if (state_ == State::kLingering) return Read();  // Over what was there.
  input_end_ += size;
  if (state_ == State::kWebSocket) return ReceiveMessages();
  if (!decoder_.begun() && request_number_ > 0) {
    SetDeadline(steady_clock::now() + server_.options().request_timeout);
  }
  DecodeRequest();
}

void Connection::DecodeRequest() {
  using Decoded = HttpRequestDecoder::State;
  Decoded decoded;
  do {
    size_t used = 0;
    decoded = decoder_.Put({input_.data() + input_begin_, input_end_ - input_begin_}, used);
    input_begin_ += used;
    if (decoded == Decoded::kContinue) {
      pending_ += "HTTP/1.1 100 Continue\r\n\r\n";
      Write();
    }
  } while (decoded == Decoded::kContinue);

  if (decoded == Decoded::kNeedMore) return Read();
  if (decoded == Decoded::kRefused) return RespondAndClose(decoder_.refusal());
  std::optional<HttpRequest> request = decoder_.Take();
  ++request_number_;
  ++server_.counts().requests_total;
  framing_.keep_alive = decoder_.keep_alive() && !stopping_;
  framing_.http_1_1 = decoder_.http_1_1();
  if (!request) return RespondAndClose(400);
  request->remote = remote_;
  request->secure = secure_;
  OnRequest(*std::move(request));
}

void Connection::OnRequest(HttpRequest request) {
  state_ = State::kHandling;
  framing_.with_body = request.method != "HEAD";
  const std::string_view method = framing_.with_body ? std::string_view(request.method) : "GET";
  const HttpRoute* route = server_.routes().Find(request.path);
  if (route == nullptr) return Respond(PlainResponse(404));
  if (route->acceptor && IsWebSocketUpgrade(request)) return Upgrade(request, route->acceptor);
  const auto handler = route->handlers.find(method);
  if (handler != route->handlers.end()) return Respond(handler->second(request));
  const auto async_handler = route->async_handlers.find(method);
  if (async_handler != route->async_handlers.end()) {
    SetDeadline(steady_clock::now() + server_.options().handle_timeout);
    return async_handler->second(std::move(request), MakeReply());
  }
  if (route->acceptor && method == "GET") {
    HttpResponse response = PlainResponse(426);
    response.headers.push_back({"Upgrade", "websocket"});
    return Respond(response);
  }
  HttpResponse response = PlainResponse(405);
  std::string allow = route->acceptor ? "GET" : "";
  for (const auto& [name, unused] : route->handlers) absl::StrAppend(&allow, allow.empty() ? "" : ", ", name);
  for (const auto& [name, unused] : route->async_handlers) absl::StrAppend(&allow, allow.empty() ? "" : ", ", name);
  response.headers.push_back({"Allow", allow});
  Respond(response);
}

void Connection::Upgrade(const HttpRequest& request, const WebSocketAcceptor& acceptor) {
  if (const std::optional<HttpResponse> refusal = CheckWebSocketUpgrade(request)) return Respond(*refusal);
  if (stopping_) return Respond(PlainResponse(503));
  absl::StatusOr<WebSocketAccept> accepted = acceptor(request);
  if (!accepted.ok()) return Respond(ErrorResponse(accepted.status()));
  state_ = State::kWebSocket;
  const auto pump = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->PumpSession();
  };
  // The posted call only watches the connection, so that one never run keeps nothing alive.
  const auto wake = [weak = weak_from_this(), pump] {
    if (const auto self = weak.lock()) boost::asio::post(self->context(), pump);
  };
  session_ = std::make_shared<WebSocketSession>(server_.options(), remote_, std::move(accepted->handler),
                                                server_.websocket_counts(), wake);
  AppendWebSocketUpgrade(request, accepted->subprotocol, pending_);
  session_->Open(steady_clock::now());
  ReceiveMessages();
}

void Connection::ReceiveMessages() {
  input_begin_ += session_->Receive({input_.data() + input_begin_, input_end_ - input_begin_}, steady_clock::now());
  PumpSession();
  Read();
}

void Connection::PumpSession() {
  if (state_ != State::kWebSocket) return;
  session_->Check(steady_clock::now());
  if (!write_pending_) {
    session_->Collect(pending_);
    if (!pending_.empty()) {
      Write();
    } else if (session_->finished()) {
      return Linger();
    }
  }
  SetDeadline(session_->deadline());
}

HttpReply Connection::MakeReply() {
  const auto deliver = [weak = weak_from_this(), number = request_number_](HttpResponse response) {
    const auto self = weak.lock();
    if (!self) return;
    // Only watches, like a WebSocket's wake.
    boost::asio::dispatch(self->context(), [weak, number, response = std::move(response)] {
      if (const auto self = weak.lock()) self->OnReply(number, response);
    });
  };
  return [state = std::make_shared<ReplyState>(deliver)](HttpResponse response) { state->Answer(std::move(response)); };
}

void Connection::OnReply(uint64_t request_number, const HttpResponse& response) {
  if (state_ != State::kHandling || request_number != request_number_) return;  // Too late.
  Respond(response);
}

void Connection::Respond(const HttpResponse& response) {
  state_ = State::kResponding;
  if (stopping_ || !framing_.keep_alive) close_after_response_ = true;
  framing_.keep_alive = !close_after_response_;
  AppendHttpResponse(response, framing_, pending_);
  Write();
}

void Connection::RespondAndClose(int status) {
  framing_.keep_alive = false;
  if (state_ == State::kReading) framing_.http_1_1 = framing_.with_body = true;  // Nothing is known of this request.
  Respond(PlainResponse(status));
}

void Connection::Write() {
  if (write_pending_ || state_ == State::kClosed) return;
  if (writing_begin_ == writing_.size()) {
    writing_.clear();
    writing_begin_ = 0;
    if (writing_.capacity() > 4 * kReadBytesMin) std::string().swap(writing_);
    std::swap(writing_, pending_);
  }
  if (state_ == State::kResponding) SetDeadline(steady_clock::now() + server_.options().request_timeout);
  write_pending_ = true;
  DoWrite(std::string_view(writing_).substr(writing_begin_));
}

void Connection::OnWrite(boost::system::error_code error, size_t size) {
  write_pending_ = false;
  if (state_ == State::kClosed) return;
  if (error) return Close();
  ++server_.counts().writes_total;
  writing_begin_ += size;
  if (writing_begin_ < writing_.size() || !pending_.empty()) return Write();
  OnWritten();
}

void Connection::OnWritten() {
  if (state_ == State::kWebSocket) return PumpSession();
  if (state_ != State::kResponding) return;
  if (close_after_response_) return Linger();
  state_ = State::kReading;
  if (stopping_ && input_begin_ == input_end_) return Close();
  SetDeadline(steady_clock::now() +
              (input_begin_ == input_end_ ? server_.options().idle_timeout : server_.options().request_timeout));
  DecodeRequest();  // The next request may be here already.
}

void Connection::Linger() {
  state_ = State::kLingering;
  if (session_) session_->Drop();  // Finished already; it has nothing more to hear of.
  input_begin_ = input_end_ = 0;
  SetDeadline(steady_clock::now() + (stopping_ ? kLingerTimeStopping : kLingerTime));
  DoShutdown();
  Read();
}

void Connection::SetDeadline(Time deadline) {
  deadline_ = deadline;
  if (deadline_ < timer_at_) WaitForDeadline();  // Else the wait under way ends early enough to look again.
}

void Connection::WaitForDeadline() {
  timer_at_ = deadline_;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->state_ == State::kClosed) return;
    self->timer_at_ = Time::max();
    if (steady_clock::now() >= self->deadline_) return self->OnDeadline();
    if (self->deadline_ != Time::max()) self->WaitForDeadline();
  });
}

void Connection::OnDeadline() {
  deadline_ = Time::max();
  switch (state_) {
    case State::kReading:
      if (decoder_.begun()) return RespondAndClose(408);
      return Close();
    case State::kHandling:
      return RespondAndClose(504);
    case State::kWebSocket:
      if (!session_->OnDeadline(steady_clock::now())) return Close();
      return PumpSession();
    case State::kHandshaking:
    case State::kResponding:
    case State::kLingering:
      return Close();
    case State::kClosed:
      return;
  }
}

namespace {

class PlainConnection final : public Connection {
 public:
  PlainConnection(std::shared_ptr<HttpThread> thread, Server& server, std::string remote, tcp::socket socket)
      : Connection(std::move(thread), server, std::move(remote), false), socket_(std::move(socket)) {}

 private:
  std::shared_ptr<PlainConnection> Self() { return std::static_pointer_cast<PlainConnection>(shared_from_this()); }

  void DoHandshake() override { OnHandshake({}); }
  void DoRead(char* bytes, size_t size) override {
    socket_.async_read_some(
        boost::asio::buffer(bytes, size),
        [self = Self()](boost::system::error_code error, size_t read) { self->OnRead(error, read); });
  }
  void DoWrite(std::string_view bytes) override {
    socket_.async_write_some(
        boost::asio::buffer(bytes.data(), bytes.size()),
        [self = Self()](boost::system::error_code error, size_t written) { self->OnWrite(error, written); });
  }
  void DoShutdown() override {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  void DoClose() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
};

class TlsConnection final : public Connection {
 public:
  TlsConnection(std::shared_ptr<HttpThread> thread, Server& server, std::string remote, tcp::socket socket,
                boost::asio::ssl::context& tls)
      : Connection(std::move(thread), server, std::move(remote), true), stream_(std::move(socket), tls) {}

 private:
  std::shared_ptr<TlsConnection> Self() { return std::static_pointer_cast<TlsConnection>(shared_from_this()); }

  void DoHandshake() override {
    stream_.async_handshake(boost::asio::ssl::stream_base::server,
                            [self = Self()](boost::system::error_code error) { self->OnHandshake(error); });
  }
  void DoRead(char* bytes, size_t size) override {
    stream_.async_read_some(
        boost::asio::buffer(bytes, size),
        [self = Self()](boost::system::error_code error, size_t read) { self->OnRead(error, read); });
  }
  void DoWrite(std::string_view bytes) override {
    stream_.async_write_some(
        boost::asio::buffer(bytes.data(), bytes.size()),
        [self = Self()](boost::system::error_code error, size_t written) { self->OnWrite(error, written); });
  }
  void DoShutdown() override {
    stream_.async_shutdown([self = Self()](boost::system::error_code) {
      boost::system::error_code ignored;
      self->stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }
  void DoClose() override {
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
  }

  boost::asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace

std::shared_ptr<Connection> MakeConnection(std::shared_ptr<HttpThread> thread, Connection::Server& server,
                                           std::string remote, tcp::socket socket, boost::asio::ssl::context* tls) {
  if (tls == nullptr) {
    return std::make_shared<PlainConnection>(std::move(thread), server, std::move(remote), std::move(socket));
  }
  return std::make_shared<TlsConnection>(std::move(thread), server, std::move(remote), std::move(socket), *tls);
}

}  // namespace routerd::base
