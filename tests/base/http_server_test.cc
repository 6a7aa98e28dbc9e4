// The server on real sockets: every limit has the outcome that its option names.
#include "routerd/base/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "routerd/base/error.h"
#include "routerd/base/log.h"
#include "tests/base/http_client.h"

namespace routerd::base {
namespace {

using routerd::testkit::ClientCloseFrame;
using routerd::testkit::ClientFrame;
using routerd::testkit::HttpAnswer;
using routerd::testkit::HttpClient;
using routerd::testkit::HttpGet;
using routerd::testkit::WebSocketClient;
using routerd::testkit::WebSocketFrame;
using routerd::testkit::WebSocketUpgradeRequest;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What happened to the sockets of a server, for a test to wait for.
class Events {
 public:
  void Add(std::string event) {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  // The next event, or "nothing" after 20 seconds.
  std::string Next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !events_.empty(); })) return "nothing";
    std::string event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  bool empty() {
    std::lock_guard lock(mutex_);
    return events_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> events_;
};

// Sends back what it gets, and obeys a few words.
class EchoHandler final : public WebSocketHandler {
 public:
  EchoHandler(Events& events, std::promise<std::shared_ptr<WebSocket>>* opened) : events_(events), opened_(opened) {}

  void OnOpen(std::shared_ptr<WebSocket> socket) override {
    socket_ = std::move(socket);
    events_.Add("open " + socket_->remote());
    if (opened_ != nullptr) opened_->set_value(socket_);
  }
  void OnText(std::string_view text) override {
    if (text == "close") return socket_->Close(4001, "as you wish");
    if (text == "burst") {
      for (int i = 0; i < 1'000; ++i) socket_->Send(std::to_string(i));
      return;
    }
    socket_->Send("echo " + std::string(text));
  }
  void OnClosed(uint16_t code) override { events_.Add("closed " + std::to_string(code)); }

 private:
  Events& events_;
  std::promise<std::shared_ptr<WebSocket>>* const opened_;
  std::shared_ptr<WebSocket> socket_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  // Starts a server with a few routes and `options`.
  void Serve(const HttpServerOptions& options, const std::optional<TlsFiles>& tls = std::nullopt) {
    server_ = std::make_unique<HttpServer>(options);
    server_->Route("GET", "/hello", [](const HttpRequest& request) {
      return HttpResponse{.body = "hello " + request.Parameter("name").value_or("you") + " at " + request.remote};
    });
    server_->Route("POST", "/size", [](const HttpRequest& request) {
      return HttpResponse{.body = std::to_string(request.body.size())};
    });
    server_->Route("GET", "/files/*", [](const HttpRequest& request) { return HttpResponse{.body = request.path}; });
    server_->Route("GET", "/files/deep/*", [](const HttpRequest&) { return HttpResponse{.body = "deep"}; });
    server_->RouteAsync("GET", "/later", [this](HttpRequest, HttpReply reply) {
      std::lock_guard lock(replies_mutex_);
      replies_.push_back(std::move(reply));
      events_.Add("asked");
    });
    server_->RouteAsync("GET", "/never", [](HttpRequest, const HttpReply&) {});
    server_->RouteWebSocket("/ws", [this](const HttpRequest& upgrade) -> absl::StatusOr<WebSocketAccept> {
      if (upgrade.Header("Origin") == "https://evil.example") {
        return Error(absl::StatusCode::kPermissionDenied, "ORIGIN_NOT_ALLOWED", "not from there");
      }
      WebSocketAccept accept{std::make_shared<EchoHandler>(events_, std::exchange(opened_, nullptr)), ""};
      if (HeaderHasToken(upgrade, "Sec-WebSocket-Protocol", "chat.v2")) accept.subprotocol = "chat.v2";
      return accept;
    });
    const absl::StatusOr<std::string> bound = server_->Listen("127.0.0.1:0", tls);
    ASSERT_TRUE(bound.ok()) << bound.status();
    address_ = *bound;
    server_->Start(2);
  }

  HttpReply TakeReply() {
    EXPECT_EQ(events_.Next(), "asked");
    std::lock_guard lock(replies_mutex_);
    HttpReply reply = std::move(replies_.front());
    replies_.clear();
    return reply;
  }

  // The server's end of the next socket that opens.
  std::future<std::shared_ptr<WebSocket>> NextSocket() {
    next_ = {};
    opened_ = &next_;
    return next_.get_future();
  }

  Events events_;
  std::mutex replies_mutex_;
  std::vector<HttpReply> replies_;
  std::promise<std::shared_ptr<WebSocket>> next_;
  std::promise<std::shared_ptr<WebSocket>>* opened_ = nullptr;
  std::string address_;
  std::unique_ptr<HttpServer> server_;  // Goes first: it still calls what is above.
};

TEST_F(HttpServerTest, AnswersManyRequestsOnOneConnection) {
  Serve({.headers = {{"X-Frame-Options", "DENY"}}});
  HttpClient client(address_);
  const HttpAnswer first = client.Get("/hello?name=Ana%20B");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "hello Ana B at 127.0.0.1");
  EXPECT_EQ(first.Header("X-Frame-Options"), "DENY");
  EXPECT_EQ(client.Post("/size", std::string(100'000, 'x')).body, "100000");
  EXPECT_EQ(client.Get("/files/a/b.txt").body, "/files/a/b.txt");
  EXPECT_EQ(client.Get("/files/deep/b.txt").body, "deep");
  EXPECT_EQ(client.Get("/files").status, 404);
  EXPECT_EQ(server_->stats().requests_total, 5u);
  EXPECT_EQ(server_->stats().connections_total, 1u);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Serve({});
  HttpClient client(address_);
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += "GET /hello?name=" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.Send(requests);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.Receive().body, "hello " + std::to_string(i) + " at 127.0.0.1");
}

TEST_F(HttpServerTest, TellsMethodsAndPathsThatItHasNot) {
  Serve({});
  HttpClient client(address_);
  EXPECT_EQ(client.Get("/nowhere").status, 404);
  const HttpAnswer answer = client.Post("/hello", "");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.Header("Allow"), "GET");
  EXPECT_EQ(client.Get("/ws").status, 426);
}

TEST_F(HttpServerTest, HeadIsGetWithoutItsBody) {
  Serve({});
  HttpClient client(address_);
  client.Send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  const HttpAnswer answer = client.Receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Length"), "22");
  EXPECT_EQ(client.Get("/hello").body, "hello you at 127.0.0.1");
}

TEST_F(HttpServerTest, ClosesWhenAskedTo) {
  Serve({});
  HttpClient client(address_);
  EXPECT_EQ(client.Get("/hello", "Connection: close\r\n").Header("Connection"), "close");
  EXPECT_EQ(client.ReceiveAll(), "");
  HttpClient old(address_);
  old.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.Receive().status, 200);
  EXPECT_EQ(old.ReceiveAll(), "");
}

TEST_F(HttpServerTest, AsksForABodyThatWaits) {
  Serve({});
  HttpClient client(address_);
  client.Send("POST /size HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("abc");
  EXPECT_EQ(client.Receive().body, "3");
}

TEST_F(HttpServerTest, AnswersLaterFromAnotherThread) {
  Serve({});
  HttpClient client(address_);
  std::thread answerer([this] {
    const HttpReply reply = TakeReply();
    reply({.body = "first"});
    reply({.body = "second"});  // Goes nowhere.
  });
  EXPECT_EQ(client.Get("/later").body, "first");
  answerer.join();
  EXPECT_EQ(client.Get("/hello").body, "hello you at 127.0.0.1");
}

TEST_F(HttpServerTest, AForgottenAnswerIs500) {
  Serve({});
  EXPECT_EQ(HttpGet(address_, "/never").status, 500);
}

TEST_F(HttpServerTest, ALateAnswerIs504) {
  Serve({.handle_timeout = milliseconds(20)});
  HttpClient client(address_);
  EXPECT_EQ(client.Get("/later").status, 504);
  TakeReply()({.body = "too late"});
  EXPECT_EQ(client.ReceiveAll(), "");
}

TEST_F(HttpServerTest, AnAnswerMayOutliveItsClientAndTheServer) {
  Serve({});
  {
    HttpClient client(address_);
    client.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    const HttpReply reply = TakeReply();
    replies_.push_back(reply);
  }
  server_->Stop(milliseconds(0));
  server_.reset();
  replies_.front()({.body = "to nobody"});
}

TEST_F(HttpServerTest, RefusesABodyTooLarge) {
  Serve({.body_bytes_max = 1000});
  HttpClient declared(address_);
  EXPECT_EQ(declared.Post("/size", std::string(500'000, 'x')).status, 413);
  EXPECT_EQ(declared.ReceiveAll(), "");
  HttpClient chunked(address_);
  chunked.Send("POST /size HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'));
  EXPECT_EQ(chunked.Receive().status, 413);
  EXPECT_EQ(HttpClient(address_).Post("/size", std::string(1000, 'x')).body, "1000");
}

TEST_F(HttpServerTest, RefusesHeadersTooLarge) {
  Serve({.header_bytes_max = 500});
  HttpClient client(address_);
  EXPECT_EQ(client.Get("/hello", "X-Long: " + std::string(100'000, 'x') + "\r\n").status, 431);
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequest) {
  Serve({});
  HttpClient client(address_);
  client.Send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_EQ(HttpGet(address_, "/%zz").status, 400);
}

TEST_F(HttpServerTest, ASlowRequestIs408) {
  Serve({.request_timeout = milliseconds(50)});
  HttpClient slow_header(address_);
  slow_header.Send("GET /hello HTTP/1.1\r\nHo");
  EXPECT_EQ(slow_header.Receive().status, 408);
  EXPECT_EQ(slow_header.ReceiveAll(), "");
  HttpClient slow_body(address_);
  EXPECT_EQ(slow_body.Get("/hello").status, 200);
  slow_body.Send("POST /size HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(slow_body.Receive().status, 408);
}

TEST_F(HttpServerTest, ClosesSilentAndIdleConnections) {
  Serve({.request_timeout = milliseconds(30), .idle_timeout = milliseconds(30)});
  HttpClient silent(address_);
  EXPECT_EQ(silent.ReceiveAll(), "");
  HttpClient idle(address_);
  EXPECT_EQ(idle.Get("/hello").status, 200);
  EXPECT_EQ(idle.ReceiveAll(), "");
}

TEST_F(HttpServerTest, RefusesConnectionsOverTheLimit) {
  std::vector<std::string> lines;
  std::mutex lines_mutex;
  SetLogSink([&](std::string_view line) {
    std::lock_guard lock(lines_mutex);
    lines.emplace_back(line);
  });
  Serve({.connection_count_max = 10});
  std::vector<HttpClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(address_);
    EXPECT_EQ(clients.back().Get("/hello").status, 200);
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(HttpGet(address_, "/hello").status, 503);
  EXPECT_EQ(server_->stats().connections_open, 10u);
  EXPECT_EQ(server_->stats().connections_refused_total, 50u);
  EXPECT_EQ(clients[0].Get("/hello", "Connection: close\r\n").status, 200);
  clients.erase(clients.begin());
  while (server_->stats().connections_open == 10) std::this_thread::yield();
  EXPECT_EQ(HttpGet(address_, "/hello").status, 200);
  server_->Stop();
  SetLogSink(nullptr);
  EXPECT_THAT(lines, ElementsAre("W http.refused     limit=connection_count_max refused_total=1"));
}

TEST_F(HttpServerTest, RefusesConnectionsOverTheLimitOfAnAddress) {
  SetLogOptions({.level = LogLevel::kOff});
  Serve({.connection_count_per_address_max = 2});
  HttpClient first(address_), second(address_);
  EXPECT_EQ(first.Get("/hello").status, 200);
  EXPECT_EQ(second.Get("/hello").status, 200);
  EXPECT_EQ(HttpGet(address_, "/hello").status, 429);
  SetLogOptions({});
}

TEST_F(HttpServerTest, ServesManyClientsAtOnce) {
  Serve({});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 20; ++i) {
        HttpClient client(address_);
        WebSocketClient socket(address_);
        for (int j = 0; j < 5; ++j) {
          EXPECT_EQ(client.Get("/hello").status, 200);
          socket.SendText("x");
          EXPECT_EQ(socket.ReceiveMessage().payload, "echo x");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (server_->stats().connections_open > 0) std::this_thread::yield();
  EXPECT_EQ(server_->stats().websockets_open, 0u);
}

TEST_F(HttpServerTest, NamesWhatIsWrongWithAnAddress) {
  Serve({});
  HttpServer other({});
  const absl::Status taken = other.Listen(address_).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(taken), "ADDRESS_IN_USE");
  EXPECT_EQ(taken.message(),
            "cannot listen on " + address_ + ": another program listens there; stop it or choose another port");
  for (const std::string_view bad :
       {"", "8080", "example.com:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:8x", "::1:80"}) {
    EXPECT_EQ(ReasonOf(other.Listen(bad).status()), "LISTEN_ADDRESS") << bad;
  }
  EXPECT_EQ(ReasonOf(other.Listen("203.0.113.7:0").status()), "LISTEN_FAILED");
  EXPECT_EQ(ReasonOf(other.Listen("127.0.0.1:0", TlsFiles{"/nonexistent", "/nonexistent"}).status()), "TLS_FILES");
}

TEST_F(HttpServerTest, EchoesOverAWebSocket) {
  Serve({});
  WebSocketClient client(address_);
  EXPECT_EQ(client.upgrade().status, 101);
  EXPECT_EQ(client.upgrade().Header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  for (const size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 200'000u}) {
    const std::string text(size, 'x');
    client.SendText(text);
    const WebSocketFrame frame = client.ReceiveMessage();
    EXPECT_TRUE(frame.is_text());
    EXPECT_EQ(frame.payload, "echo " + text);
  }
  client.Send(ClientCloseFrame(1000, "done"));
  EXPECT_EQ(client.Receive().close_code(), 1000);
  EXPECT_EQ(client.Receive().opcode, -1);
  EXPECT_EQ(events_.Next(), "closed 1000");
}

TEST_F(HttpServerTest, TakesMessagesThatCameWithTheUpgrade) {
  Serve({});
  HttpClient client(address_);
  client.Send(WebSocketUpgradeRequest("/ws") + ClientFrame(1, "early"));
  EXPECT_EQ(client.Receive().status, 101);
  EXPECT_EQ(client.ReceiveBytes(12),
            "\x81\x0A"
            "echo early");
}

TEST_F(HttpServerTest, JoinsFragmentsAndAnswersPingsBetweenThem) {
  Serve({});
  WebSocketClient client(address_);
  client.Send(ClientFrame(1, "one ", false) + ClientFrame(9, "still there?") + ClientFrame(0, "two ", false));
  const WebSocketFrame pong = client.Receive();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "still there?");
  client.Send(ClientFrame(0, "three"));
  EXPECT_EQ(client.ReceiveMessage().payload, "echo one two three");
}

TEST_F(HttpServerTest, ManyMessagesShareAWrite) {
  Serve({});
  WebSocketClient client(address_);
  client.SendText("burst");
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(client.ReceiveMessage().payload, std::to_string(i));
  EXPECT_EQ(server_->stats().messages_sent_total, 1'000u);
  EXPECT_LE(server_->stats().writes_total, 4u);
}

TEST_F(HttpServerTest, LetsTheAcceptorDecide) {
  Serve({});
  const WebSocketClient refused(address_, "/ws", "Origin: https://evil.example\r\n");
  EXPECT_EQ(refused.upgrade().status, 403);
  EXPECT_THAT(refused.upgrade().body, HasSubstr("ORIGIN_NOT_ALLOWED"));
  const WebSocketClient chosen(address_, "/ws", "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n");
  EXPECT_EQ(chosen.upgrade().status, 101);
  EXPECT_EQ(chosen.upgrade().Header("Sec-WebSocket-Protocol"), "chat.v2");
}

TEST_F(HttpServerTest, RefusesABadUpgrade) {
  Serve({});
  HttpClient client(address_);
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const HttpAnswer old = client.Get("/ws", upgrade + "Sec-WebSocket-Version: 8\r\n");
  EXPECT_EQ(old.status, 426);
  EXPECT_EQ(old.Header("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(client.Get("/ws", upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n").status, 400);
  EXPECT_EQ(client.Get("/hello", upgrade + "Sec-WebSocket-Version: 13\r\n").status, 200);
}

struct CloseCase {
  std::string_view name;
  std::string bytes;
  int code;
};
const CloseCase kCloseCases[] = {
    {"InvalidUtf8", ClientFrame(1, "\xC3\x28"), 1007},
    {"BinaryMessage", ClientFrame(2, "x"), 1003},
    {"FrameTooBig", ClientFrame(1, std::string(300'000, 'x')), 1009},
    {"UnmaskedFrame", "\x81\x02hi", 1002},
    {"HandlersWish", ClientFrame(1, "close"), 4001},
    {"PeersWish", ClientCloseFrame(3000), 3000},
    {"PeersWishWithoutACode", ClientFrame(8, ""), 1005},
};
class WebSocketCloseTest : public HttpServerTest, public ::testing::WithParamInterface<CloseCase> {};
TEST_P(WebSocketCloseTest, HasItsCodeOnBothSides) {
  Serve({});
  WebSocketClient client(address_);
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  client.Send(GetParam().bytes);
  EXPECT_EQ(client.Receive().close_code(), GetParam().code);
  client.Send(ClientCloseFrame(1000));
  EXPECT_EQ(client.Receive().opcode, -1);
  EXPECT_EQ(events_.Next(), "closed " + std::to_string(GetParam().code));
}
INSTANTIATE_TEST_SUITE_P(Causes, WebSocketCloseTest, ::testing::ValuesIn(kCloseCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(HttpServerTest, TellsTheHandlerThatAConnectionJustEnded) {
  Serve({});
  { const WebSocketClient client(address_); }
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  EXPECT_EQ(events_.Next(), "closed 1006");
}

TEST_F(HttpServerTest, ASlowReaderIsClosedWith1013) {
  Serve({.outgoing_bytes_max = 1 << 20});
  auto opened = NextSocket();
  WebSocketClient client(address_, "/ws", "", 4096);
  const std::shared_ptr<WebSocket> socket = opened.get();
  const auto text = std::make_shared<const std::string>(10'000, 'x');
  size_t sent_count = 0;
  while (socket->Send(text)) {  // Nobody reads: what the kernel holds fills up, then our own buffer.
    ++sent_count;
    ASSERT_LE(socket->buffered_bytes(), size_t{1 << 20});
  }
  EXPECT_GE(sent_count, 104u);
  EXPECT_FALSE(socket->Send("more"));
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  EXPECT_EQ(events_.Next(), "closed 1013");  // At once, though the peer has not read of it yet.
  size_t received_count = 0;
  WebSocketFrame frame = client.Receive();
  for (; frame.is_text(); frame = client.Receive()) {
    EXPECT_EQ(frame.payload, *text);
    ++received_count;
  }
  EXPECT_EQ(frame.close_code(), 1013);
  EXPECT_LT(received_count, sent_count);
}

TEST_F(HttpServerTest, DropsAPeerThatNeverAnswersAClose) {
  Serve({.close_timeout = milliseconds(30)});
  WebSocketClient client(address_);
  client.SendText("close");
  EXPECT_EQ(client.Receive().close_code(), 4001);
  EXPECT_EQ(client.Receive().opcode, -1);
}

TEST_F(HttpServerTest, PingsASilentPeerAndDropsADeadOne) {
  Serve({.ping_interval = milliseconds(20), .dead_after = milliseconds(80)});
  WebSocketClient client(address_);
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Receive().opcode, 9);
    client.Send(ClientFrame(10, ""));
  }
  EXPECT_EQ(client.Receive().opcode, 9);
  EXPECT_EQ(client.Receive().opcode, -1);  // Not answered.
  EXPECT_EQ(events_.Next(), "closed 1006");
}

TEST_F(HttpServerTest, SendsFromManyThreadsWhole) {
  Serve({});
  auto opened = NextSocket();
  WebSocketClient client(address_);
  const std::shared_ptr<WebSocket> socket = opened.get();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([socket, t] {
      for (int i = 0; i < 500; ++i) EXPECT_TRUE(socket->Send(std::to_string(t) + " " + std::to_string(i)));
    });
  }
  std::vector<int> next(4, 0);
  for (int i = 0; i < 2'000; ++i) {
    const std::string text = client.ReceiveMessage().payload;
    const int thread = text.at(0) - '0';
    ASSERT_EQ(text.substr(2), std::to_string(next.at(thread)++));
  }
  for (std::thread& thread : threads) thread.join();
  socket->Close(1000, "done");
  EXPECT_EQ(client.ReceiveMessage().close_code(), 1000);
}

TEST_F(HttpServerTest, StopsWith1001AndLetsRequestsFinish) {
  Serve({});
  WebSocketClient socket(address_);
  HttpClient idle(address_), busy(address_);
  EXPECT_EQ(idle.Get("/hello").status, 200);
  busy.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  HttpReply reply = TakeReply();
  std::thread stopper([this] { server_->Stop(); });
  EXPECT_EQ(socket.Receive().close_code(), 1001);
  socket.Send(ClientCloseFrame(1001));
  EXPECT_EQ(socket.Receive().opcode, -1);
  EXPECT_EQ(idle.ReceiveAll(), "");
  reply({.body = "done"});
  const HttpAnswer answer = busy.Receive();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_EQ(busy.ReceiveAll(), "");
  { const HttpClient gone = std::move(busy); }
  stopper.join();
  EXPECT_EQ(events_.Next(), "closed 1001");
  EXPECT_EQ(server_->stats().connections_open, 0u);
}

TEST_F(HttpServerTest, DropsWhatIsLeftAfterTheGrace) {
  Serve({});
  auto opened = NextSocket();
  WebSocketClient deaf(address_);
  HttpClient busy(address_);
  busy.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::shared_ptr<WebSocket> socket = opened.get();
  EXPECT_EQ(events_.Next(), "open 127.0.0.1");
  const HttpReply reply = TakeReply();
  server_->Stop(milliseconds(10));
  EXPECT_EQ(events_.Next(), "closed 1001");
  EXPECT_EQ(busy.ReceiveAll(), "");
  server_.reset();
  EXPECT_FALSE(socket->Send("to nobody"));
  socket->Close(1000, "again");
  EXPECT_EQ(socket->remote(), "127.0.0.1");
}

TEST_F(HttpServerTest, MayBeMadeAndNeverStarted) {
  HttpServer server({});
  EXPECT_TRUE(server.Listen("127.0.0.1:0").ok());
  server.Stop();
}

}  // namespace
}  // namespace routerd::base
