// The gateway over real sockets, in front of a real workspace whose journal is in memory.
#include "routerd/http/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "routerd/base/clock.h"
#include "routerd/base/error.h"
#include "routerd/config/load.h"
#include "routerd/http/work_socket.h"
#include "routerd/journal/memory_journal.h"
#include "routerd/session/principal.h"
#include "tests/base/http_client.h"

namespace routerd::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testkit::HttpAnswer;
using testkit::HttpGet;
using testkit::WebSocketClient;
using testkit::WebSocketFrame;

constexpr char kWorkspaces[] = R"(
workspaces:
  - id: main
    skills: [{id: orders}]
    channels: [{id: webchat, cost: 25}]
    vip_levels: [{id: gold, head_start: 180s}]
    queues:
      - id: orders
        requirements: [{skill: orders}]
        dispositions: [answered]
    agents: [{id: ana, display_name: Ana, skills: {orders: SENIOR}}]
  - id: second
    skills: [{id: sales}]
    channels: [{id: webchat}]
    queues: [{id: sales, requirements: [{skill: sales}]}]
    agents: [{id: eve, skills: {sales: JUNIOR}}]
)";
constexpr char kOpen[] = "security: {open_loopback: true}\njournal: {kind: memory}\n";
constexpr char kWithTokens[] = R"(
journal: {kind: memory}
security:
  principals:
    - {id: ana, role: AGENT, token: {value: ana-secret}}
    - {id: board, role: SUPERVISOR, token: {value: board-secret}}
)";

// JSON as a tree that tests can look into.
google::protobuf::Struct Tree(const std::string& json) {
  google::protobuf::Struct tree;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &tree).ok()) << json;
  return tree;
}

const google::protobuf::Value& At(const google::protobuf::Struct& tree, const std::string& key) {
  static const google::protobuf::Value nothing;
  const auto found = tree.fields().find(key);
  return found == tree.fields().end() ? nothing : found->second;
}

// A daemon's inside: workspaces that run, and the gateway before them.
class House {
 public:
  explicit House(const std::string& security, GatewayOptions options = {}) {
    absl::StatusOr<config::Loaded> loaded = config::Parse("test.yaml", security + kWorkspaces);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    absl::StatusOr<session::Authenticator> made = session::Authenticator::Create(loaded->config.security());
    EXPECT_TRUE(made.ok()) << made.status();
    authenticator_ = std::make_unique<session::Authenticator>(*std::move(made));
    std::vector<engine::Workspace*> pointers;
    for (const v1::WorkspaceConfig& config : loaded->config.workspaces()) {
      stores_.push_back(std::make_unique<journal::MemoryStore>());
      auto journal = std::make_unique<journal::MemoryJournal>(*stores_.back(), journal::MemoryJournal::Mode::kThreaded);
      auto workspace = engine::Workspace::Open(config, std::move(journal), clock_, {});
      EXPECT_TRUE(workspace.ok()) << workspace.status();
      workspaces_.push_back(*std::move(workspace));
      workspaces_.back()->Start();
      pointers.push_back(workspaces_.back().get());
    }
    options.address = "127.0.0.1:0";
    options.version = "9.9";
    auto gateway = Gateway::Start(std::move(options), std::move(pointers), *authenticator_);
    EXPECT_TRUE(gateway.ok()) << gateway.status();
    gateway_ = *std::move(gateway);
    gateway_->SetReady(true);
  }
  ~House() {
    gateway_->Stop();
    for (const auto& workspace : workspaces_) workspace->Stop();
  }

  Gateway& gateway() { return *gateway_; }
  const std::string& address() const { return gateway_->address(); }

  // Lets a customer come; returns the contact's name.
  std::string Create(const std::string& source_id, const std::string& vip = "") {
    engine::CreateContact create;
    create.request.set_adapter("test");
    create.request.set_source_id(source_id);
    create.request.set_channel("webchat");
    create.request.set_queue("orders");
    create.request.set_subject("a private matter");
    create.request.mutable_customer()->set_id("customer-" + source_id);
    create.request.mutable_customer()->set_display_name("Secret Name");
    create.request.mutable_customer()->set_vip(vip);
    create.request.mutable_customer()->set_verified(!vip.empty());
    v1::PostMessageRequest& message = *create.request.add_messages();
    message.set_source_id("m1");
    message.set_text("my question");
    std::promise<std::string> contact;
    workspaces_[0]->Post(std::move(create), [&](const absl::StatusOr<engine::Outcome>& outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.status();
      contact.set_value(outcome.ok() ? outcome->contact : "");
    });
    return contact.get_future().get();
  }

  WebSocketClient Work(const std::string& headers = "", const std::string& query = "") {
    return WebSocketClient(address(), "/v1/work" + query, "Sec-WebSocket-Protocol: routerd.work.v1\r\n" + headers);
  }
  WebSocketClient Wallboard(const std::string& headers = "") {
    return WebSocketClient(address(), "/v1/wallboard", "Sec-WebSocket-Protocol: routerd.wallboard.v1\r\n" + headers);
  }

 private:
  const base::SystemClock clock_;
  std::unique_ptr<session::Authenticator> authenticator_;
  std::vector<std::unique_ptr<journal::MemoryStore>> stores_;
  std::vector<std::unique_ptr<engine::Workspace>> workspaces_;
  std::unique_ptr<Gateway> gateway_;
};

// The next frame that `wanted` accepts, as a WorkResponse.
v1::WorkResponse Await(WebSocketClient& socket, const std::function<bool(const v1::WorkResponse&)>& wanted) {
  while (true) {
    const WebSocketFrame frame = socket.ReceiveMessage();
    v1::WorkResponse response;
    if (!frame.is_text()) {
      ADD_FAILURE() << "the socket ended with " << frame.close_code() << " " << frame.payload;
      return response;
    }
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(frame.payload, &response).ok()) << frame.payload;
    if (wanted(response)) return response;
  }
}

v1::RequestAck AwaitResult(WebSocketClient& socket, const std::string& request_id) {
  return Await(socket, [&](const auto& response) { return response.result().request_id() == request_id; }).result();
}

// --- Operations

TEST(GatewayTest, TellsWhetherItLivesAndWhetherItServes) {
  House house(kOpen);
  EXPECT_EQ(HttpGet(house.address(), "/healthz").status, 200);
  EXPECT_EQ(HttpGet(house.address(), "/readyz").status, 200);
  house.gateway().SetReady(false);
  EXPECT_EQ(HttpGet(house.address(), "/readyz").status, 503);
  house.gateway().SetReady(true);
  house.gateway().SetFailed(base::Error(absl::StatusCode::kUnavailable, "JOURNAL_FAILED", "the disk is full"));
  const HttpAnswer answer = HttpGet(house.address(), "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("the disk is full"));
  EXPECT_EQ(HttpGet(house.address(), "/healthz").status, 200);
}

TEST(GatewayTest, CountsForPrometheus) {
  House house(kOpen);
  house.Create("c1");
  const HttpAnswer answer = HttpGet(house.address(), "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.Header("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.body, HasSubstr("routerd_contacts_created_total{workspace=\"main\",queue=\"orders\"} 1\n"));
  EXPECT_THAT(answer.body, HasSubstr("routerd_contacts{workspace=\"second\",queue=\"sales\",state=\"queued\"} 0\n"));
  EXPECT_THAT(answer.body, HasSubstr("routerd_build_info{version=\"9.9\"} 1\n"));
}

TEST(GatewayTest, RefusesAnAddressThatIsTaken) {
  House house(kOpen);
  const absl::StatusOr<session::Authenticator> authenticator = session::Authenticator::Create({});
  ASSERT_TRUE(authenticator.ok());
  GatewayOptions options;
  options.address = house.address();
  EXPECT_EQ(base::ReasonOf(Gateway::Start(options, {}, *authenticator).status()), "ADDRESS_IN_USE");
}

// --- Pages

TEST(GatewayTest, ServesPagesThatLoadNothingFromElsewhere) {
  House house(kOpen);
  for (const char* path : {"/desk", "/wallboard"}) {
    const HttpAnswer answer = HttpGet(house.address(), path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_THAT(answer.Header("Content-Type"), HasSubstr("text/html"));
    EXPECT_THAT(answer.Header("Content-Security-Policy"), HasSubstr("default-src 'none'; script-src 'self'"));
    EXPECT_EQ(answer.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(answer.body, Not(HasSubstr("http"))) << path;
    EXPECT_THAT(answer.body, Not(HasSubstr("style="))) << path;
  }
  EXPECT_THAT(HttpGet(house.address(), "/assets/desk.js").Header("Content-Type"), HasSubstr("javascript"));
  EXPECT_EQ(HttpGet(house.address(), "/assets/../gateway.cc").status, 404);
  EXPECT_EQ(HttpGet(house.address(), "/").Header("Location"), "/desk");
}

TEST(GatewayTest, SaysWhatAPageMustKnowBeforeItSignsIn) {
  const google::protobuf::Struct open = Tree(HttpGet(House(kOpen).address(), "/v1/info").body);
  EXPECT_FALSE(At(open, "tokenRequired").bool_value());
  EXPECT_EQ(At(open, "workspaces").list_value().values_size(), 2);
  EXPECT_TRUE(At(Tree(HttpGet(House(kWithTokens).address(), "/v1/info").body), "tokenRequired").bool_value());
}

// --- Work

TEST(GatewayTest, ServesAWholeContactOverJson) {
  House house(kOpen);
  WebSocketClient desk = house.Work();
  EXPECT_EQ(desk.upgrade().Header("Sec-WebSocket-Protocol"), "routerd.work.v1");
  desk.SendText(R"({"requestId":"s","signIn":{"agent":"ana"}})");
  EXPECT_EQ(Await(desk, [](const auto& r) { return r.has_picture(); }).picture().agent().display_name(), "Ana");

  const std::string contact = house.Create("c1");
  const v1::Offer offer = Await(desk, [](const auto& r) { return r.has_offer(); }).offer();
  EXPECT_EQ(offer.contact().context().transcript(0).text(), "my question");
  desk.SendText(absl::StrCat(R"({"requestId":"a","accept":{"offer":")", offer.name(), R"("}})"));
  EXPECT_EQ(AwaitResult(desk, "a").code(), 0);
  desk.SendText(absl::StrCat(R"({"requestId":"m","message":{"contact":")", contact,
                             R"(","sourceId":"d1","text":"<b>Grüße</b> \ud83d\ude00"}})"));
  const v1::RequestAck stored = AwaitResult(desk, "m");
  EXPECT_EQ(stored.code(), 0) << stored.message();
  // The same message again is the same message.
  desk.SendText(absl::StrCat(R"({"requestId":"m2","message":{"contact":")", contact,
                             R"(","sourceId":"d1","text":"<b>Grüße</b> \ud83d\ude00"}})"));
  EXPECT_EQ(AwaitResult(desk, "m2").message_sequence(), stored.message_sequence());

  desk.SendText(
      absl::StrCat(R"({"requestId":"c","complete":{"contact":")", contact, R"(","disposition":"answered"}})"));
  EXPECT_EQ(AwaitResult(desk, "c").code(), 0);
  desk.SendText(absl::StrCat(R"({"requestId":"a2","accept":{"offer":")", offer.name(), R"("}})"));
  EXPECT_EQ(AwaitResult(desk, "a2").reason(), "OFFER_NOT_OPEN");
}

TEST(GatewayTest, AnswersABadFrameAndGoesOn) {
  House house(kOpen);
  WebSocketClient desk = house.Work();
  desk.SendText(R"({"requestId":"s","signIn":{"agent":"ana"}})");
  EXPECT_EQ(AwaitResult(desk, "s").code(), 0);
  desk.SendText(R"({"requestId":"x","accept":{"offer":7.5}})");
  const v1::RequestAck refused = AwaitResult(desk, "x");
  EXPECT_EQ(refused.reason(), "JSON_MALFORMED");
  EXPECT_THAT(refused.message(), HasSubstr("offer"));
  desk.SendText(R"({"requestId":"y","accept":{}})");
  EXPECT_EQ(AwaitResult(desk, "y").code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
  desk.SendText(R"({"requestId":"z","presence":{"presence":"PRESENCE_AWAY","reason":"lunch"}})");
  const v1::RequestAck taken = AwaitResult(desk, "z");
  EXPECT_EQ(taken.code(), 0) << taken.message();
}

TEST(GatewayTest, ClosesOneWhoSendsNothingButBadFrames) {
  House house(kOpen);
  WebSocketClient desk = house.Work();
  for (int i = 0; i < WorkSocket::kBadFramesMax; ++i) desk.SendText("{");
  int refusals = 0;
  WebSocketFrame frame = desk.ReceiveMessage();
  for (; frame.is_text(); frame = desk.ReceiveMessage()) ++refusals;
  EXPECT_EQ(refusals, WorkSocket::kBadFramesMax);
  EXPECT_EQ(frame.close_code(), 1008);
}

TEST(GatewayTest, ClosesAFrameThatIsTooLong) {
  House house(kOpen);
  WebSocketClient desk = house.Work();
  desk.SendText(std::string(1 << 20, ' '));
  EXPECT_EQ(desk.ReceiveMessage().close_code(), 1009);
}

TEST(GatewayTest, LetsInNobodyWithoutAToken) {
  House house(kWithTokens);
  for (const char* sign_in : {R"({"requestId":"s","signIn":{"agent":"ana"}})",
                              R"({"requestId":"s","signIn":{"agent":"ana","token":"guess"}})"}) {
    WebSocketClient desk = house.Work();
    desk.SendText(sign_in);
    EXPECT_EQ(AwaitResult(desk, "s").reason(), "TOKEN_UNKNOWN");
    EXPECT_EQ(desk.ReceiveMessage().close_code(), 1008);
  }
}

TEST(GatewayTest, TakesTheTokenFromTheFirstFrameOrTheHeader) {
  House house(kWithTokens);
  WebSocketClient frame = house.Work();
  frame.SendText(R"({"requestId":"s","signIn":{"agent":"ana","token":"ana-secret"}})");
  EXPECT_EQ(AwaitResult(frame, "s").code(), 0);
  WebSocketClient header = house.Work("Authorization: Bearer ana-secret\r\n");
  header.SendText(R"({"requestId":"s","signIn":{"agent":"ana"}})");
  EXPECT_EQ(AwaitResult(header, "s").code(), 0);
}

TEST(GatewayTest, LetsAnAgentBeOnlyItself) {
  House house(kWithTokens);
  WebSocketClient desk = house.Work();
  desk.SendText(R"({"requestId":"s","signIn":{"agent":"bo","token":"ana-secret"}})");
  EXPECT_EQ(AwaitResult(desk, "s").reason(), "ROLE_NOT_ALLOWED");
}

TEST(GatewayTest, RefusesUpgradesThatItCannotMean) {
  GatewayOptions options;
  options.allowed_origins = {"https://desk.example"};
  House house(kOpen, options);
  EXPECT_EQ(house.Work("Origin: https://evil.example\r\n").upgrade().status, 403);
  EXPECT_EQ(house.Work("Origin: https://desk.example\r\n").upgrade().status, 101);
  EXPECT_EQ(house.Work("", "?workspace=nowhere").upgrade().status, 404);
  EXPECT_EQ(house.Work("", "?workspace=second").upgrade().status, 101);
  EXPECT_EQ(WebSocketClient(house.address(), "/v1/work").upgrade().status, 400);  // No subprotocol.
}

TEST(GatewayTest, ReachesTheWorkspaceThatWasNamed) {
  House house(kOpen);
  WebSocketClient desk = house.Work("", "?workspace=second");
  desk.SendText(R"({"requestId":"s","signIn":{"agent":"eve"}})");
  EXPECT_EQ(Await(desk, [](const auto& r) { return r.has_picture(); }).picture().agent().name(), "agents/eve");
}

// --- Wallboard

TEST(GatewayTest, PushesTheLineToWallboardsWithoutCustomersWords) {
  House house(kOpen);
  house.Create("c1");
  WebSocketClient board = house.Wallboard();
  board.SendText("{}");
  const std::string first = board.ReceiveMessage().payload;
  EXPECT_EQ(At(Tree(first), "waiting").list_value().values_size(), 1) << first;

  // A change follows by itself, and the gold customer stands before.
  const std::string gold = house.Create("c2", "gold");
  std::string frame;
  do {
    frame = board.ReceiveMessage().payload;
  } while (At(Tree(frame), "waiting").list_value().values_size() < 2);
  const google::protobuf::Struct head = At(Tree(frame), "waiting").list_value().values(0).struct_value();
  EXPECT_EQ(At(head, "name").string_value(), gold);
  EXPECT_THAT(frame, HasSubstr("\"vip\":\"gold\""));
  for (const char* private_text : {"Secret Name", "customer-c1", "my question", "a private matter"}) {
    EXPECT_THAT(frame, Not(HasSubstr(private_text)));
  }
}

TEST(GatewayTest, PushesAtMostOnceASecond) {
  House house(kOpen);
  WebSocketClient board = house.Wallboard();
  board.SendText("{}");
  EXPECT_TRUE(board.ReceiveMessage().is_text());
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) house.Create(absl::StrCat("c", i));
  // All fifty came within the one picture that was due a second after the first.
  const google::protobuf::Struct second = Tree(board.ReceiveMessage().payload);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
  EXPECT_EQ(At(second, "waiting").list_value().values_size(), 50);
}

TEST(GatewayTest, ShowsTheWallboardToSupervisorsOnly) {
  House house(kWithTokens);
  for (const auto& [token, code] : std::vector<std::pair<std::string, std::string>>{
           {"guess", "TOKEN_UNKNOWN"}, {"ana-secret", "ROLE_NOT_ALLOWED"}}) {
    WebSocketClient board = house.Wallboard();
    board.SendText(absl::StrCat(R"({"token":")", token, R"("})"));
    EXPECT_THAT(board.ReceiveMessage().payload, HasSubstr(code));
    EXPECT_EQ(board.ReceiveMessage().close_code(), 1008);
  }
  WebSocketClient board = house.Wallboard();
  board.SendText(R"({"token":"board-secret"})");
  EXPECT_THAT(board.ReceiveMessage().payload, HasSubstr("\"statistics\""));
}

// --- Explain

TEST(GatewayTest, ExplainsAWaitToSupervisors) {
  House house(kWithTokens);
  const std::string contact = house.Create("c1");
  const std::string path = "/v1/explain?contact=" + contact;
  EXPECT_EQ(HttpGet(house.address(), path).status, 401);
  EXPECT_EQ(HttpGet(house.address(), path, "Authorization: Bearer ana-secret\r\n").status, 403);
  const std::string supervisor = "Authorization: Bearer board-secret\r\n";
  const HttpAnswer answer = HttpGet(house.address(), path, supervisor);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(At(At(Tree(answer.body), "contact").struct_value(), "name").string_value(), contact);
  EXPECT_THAT(answer.body, HasSubstr("PRESENCE"));  // Why Ana has not got it.
  EXPECT_THAT(answer.body, Not(HasSubstr("my question")));
  EXPECT_EQ(HttpGet(house.address(), "/v1/explain?contact=999", supervisor).status, 404);
  EXPECT_EQ(HttpGet(house.address(), "/v1/explain", supervisor).status, 400);
}

}  // namespace
}  // namespace routerd::http
