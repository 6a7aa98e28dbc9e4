#include "tests/rpc/port.h"

#include "google/protobuf/text_format.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/engine/office.h"

namespace routerd::rpc {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::SecurityConfig Security() {
  return Parse<v1::SecurityConfig>(R"pb(
    principals {
      id: "chat-1"
      role: ADAPTER
      token { value: "t-chat" }
    }
    principals {
      id: "ana"
      role: AGENT
      token { value: "t-ana" }
    }
    principals {
      id: "bo"
      role: AGENT
      token { value: "t-bo" }
    }
    principals {
      id: "sam"
      role: SUPERVISOR
      token { value: "t-sam" }
    })pb");
}

}  // namespace

Details DetailsOf(const grpc::Status& status) {
  Details details;
  google::rpc::Status rpc;
  EXPECT_TRUE(rpc.ParseFromString(status.error_details()));
  EXPECT_EQ(rpc.code(), status.error_code());
  for (const auto& detail : rpc.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&info)) details.reason = info.reason(), details.domain = info.domain();
    if (detail.UnpackTo(&retry)) details.retry = true;
    if (detail.UnpackTo(&bad)) details.field = bad.field_violations(0).field();
  }
  return details;
}

std::string ReasonOf(const grpc::Status& status) { return DetailsOf(status).reason; }

Port::Port(ServerOptions server_options) : options(std::move(server_options)) {
  options.address = "127.0.0.1:0";
  authenticator = std::make_unique<session::Authenticator>(*session::Authenticator::Create(Security()));
  Open();
}

Port::~Port() {
  if (server) server->Stop(std::chrono::seconds(1));
  if (workspace) workspace->Stop();
}

void Port::Open() {
  auto opened = engine::Workspace::Open(
      engine::DevConfig(), std::make_unique<journal::MemoryJournal>(store, journal::MemoryJournal::Mode::kThreaded),
      clock, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  workspace = *std::move(opened);
  auto started = Server::Start(options, {workspace.get()}, *authenticator);
  ASSERT_TRUE(started.ok()) << started.status();
  server = *std::move(started);
  workspace->Start();
}

void Port::Restart() {
  server->Stop(std::chrono::seconds(1));
  workspace->Stop();
  server.reset();
  workspace.reset();
  Open();
}

std::shared_ptr<grpc::Channel> Port::Channel(grpc::ChannelArguments arguments) const {
  return grpc::CreateCustomChannel(server->address(), grpc::InsecureChannelCredentials(), arguments);
}

void Prepare(grpc::ClientContext& context, const std::string& token) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
}

v1::RequestAck DeskLine::Ask(const std::string& text) {
  auto request = Parse<v1::WorkRequest>(text);
  request.set_request_id("r");
  Send(request);
  return Next([](const v1::WorkResponse& response) { return response.has_result(); }).result();
}

v1::RequestAck AdapterLine::Ask(const std::string& text) {
  auto request = Parse<v1::ConnectRequest>(text);
  request.set_request_id("r");
  Send(request);
  return Next([](const v1::ConnectResponse& response) { return response.has_ack(); }).ack();
}

v1::CreateContactRequest OrdersContact(const std::string& source_id) {
  auto request = Parse<v1::CreateContactRequest>(R"pb(
    channel: "webchat"
    queue: "orders"
    subject: "Parcel"
    customer { addresses { channel: "webchat" value: "v" } }
    messages { source_id: "m1" text: "Where is it?" })pb");
  request.set_source_id(source_id);
  return request;
}

}  // namespace routerd::rpc
