// The port as a whole: who is let in, health, reflection, start and stop.
#include "routerd/rpc/server.h"

#include <grpcpp/generic/generic_stub.h>

#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "tests/rpc/port.h"

namespace routerd::rpc {
namespace {

// Calls that have no stubs here, as bytes: one request, one response.
struct RawAnswer {
  grpc::Status status;
  std::string bytes;
};
RawAnswer RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  Prepare(context, "");
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  wait();
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  wait();
  RawAnswer answer;
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  if (wait()) {
    std::vector<grpc::Slice> slices;
    if (response.Dump(&slices).ok()) {
      for (const grpc::Slice& part : slices) answer.bytes.append(part.begin(), part.end());
    }
  }
  call->Finish(&answer.status, nullptr);
  wait();
  return answer;
}

constexpr char kServing[] = "\x08\x01";     // HealthCheckResponse{status: SERVING}
constexpr char kNotServing[] = "\x08\x02";  // HealthCheckResponse{status: NOT_SERVING}

// HealthCheckRequest{service: name}; names are shorter than 128 bytes.
std::string HealthRequest(const std::string& name) {
  return name.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(name.size())) + name;
}

std::string Health(const Port& port, const std::string& service) {
  return RawCall(port.Channel(), "/grpc.health.v1.Health/Check", HealthRequest(service)).bytes;
}

const char* const kHealthNames[] = {"", "routerd.v1.ContactService", "routerd.v1.AgentService",
                                    "routerd.v1.SupervisorService"};

TEST(ServerTest, TellsItsHealthAsAWholeAndByService) {
  Port port;
  for (const char* name : kHealthNames) EXPECT_EQ(Health(port, name), kServing) << name;
  port.server->Drain();
  for (const char* name : kHealthNames) EXPECT_EQ(Health(port, name), kNotServing) << name;
  EXPECT_EQ(RawCall(port.Channel(), "/grpc.health.v1.Health/Check", HealthRequest("x")).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(ServerTest, DescribesItsServices) {
  Port port;
  // ServerReflectionRequest{list_services: "*"}
  const RawAnswer answer =
      RawCall(port.Channel(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");
  for (const char* name : {"routerd.v1.ContactService", "routerd.v1.AgentService", "routerd.v1.SupervisorService",
                           "grpc.health.v1.Health"}) {
    EXPECT_NE(answer.bytes.find(name), std::string::npos) << name;
  }
}

grpc::Status ListQueues(const Port& port, const std::string& token, const std::string& workspace = "") {
  grpc::ClientContext context;
  Prepare(context, token);
  if (!workspace.empty()) context.AddMetadata("routerd-workspace", workspace);
  v1::ListQueuesResponse response;
  return v1::SupervisorService::NewStub(port.Channel())->ListQueues(&context, {}, &response);
}

TEST(ServerTest, LetsInWhoShowsAToken) {
  Port port;
  EXPECT_TRUE(ListQueues(port, "t-sam").ok());
  const grpc::Status nobody = ListQueues(port, "");
  EXPECT_EQ(nobody.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(DetailsOf(nobody).reason, "TOKEN_UNKNOWN");
  EXPECT_EQ(DetailsOf(nobody).domain, "routerd");
  EXPECT_FALSE(DetailsOf(nobody).retry);
  const grpc::Status agent = ListQueues(port, "t-ana");
  EXPECT_EQ(agent.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOf(agent), "ROLE_NOT_ALLOWED");
}

TEST(ServerTest, FindsTheWorkspaceThatACallNames) {
  Port port;
  EXPECT_TRUE(ListQueues(port, "t-sam", "main").ok());
  const grpc::Status unknown = ListQueues(port, "t-sam", "mian");
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(unknown), "WORKSPACE_UNKNOWN");
  EXPECT_NE(unknown.error_message().find("did you mean \"main\"?"), std::string::npos) << unknown.error_message();
}

TEST(ServerTest, RefusesAStreamOfTheWrongRole) {
  Port port;
  AdapterLine adapter(port.Channel(), "t-ana");
  EXPECT_EQ(ReasonOf(adapter.End()), "ROLE_NOT_ALLOWED");
  DeskLine desk(port.Channel(), "t-chat");
  EXPECT_EQ(ReasonOf(desk.End()), "ROLE_NOT_ALLOWED");
}

TEST(ServerTest, RefusesARequestThatIsTooLarge) {
  Port port;
  grpc::ClientContext context;
  Prepare(context, "t-chat");
  v1::CreateContactRequest request = OrdersContact("s");
  request.set_subject(std::string(2 << 20, 'x'));
  v1::Contact contact;
  EXPECT_EQ(v1::ContactService::NewStub(port.Channel())->CreateContact(&context, request, &contact).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(ServerTest, DoesNotShareItsPort) {
  Port port;
  ServerOptions options;
  options.address = port.server->address();
  const auto second = Server::Start(options, {port.workspace.get()}, *port.authenticator);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
  EXPECT_EQ(base::ReasonOf(second.status()), "ADDRESS_IN_USE");
}

TEST(ServerTest, SaysWhatIsWrongWithAnAddress) {
  Port port;
  ServerOptions options;
  options.address = "no such host:1";
  EXPECT_EQ(base::ReasonOf(Server::Start(options, {port.workspace.get()}, *port.authenticator).status()),
            "LISTEN_ADDRESS");
  options.address = "192.0.2.1:0";  // Of a network that is kept for documentation.
  EXPECT_EQ(base::ReasonOf(Server::Start(options, {port.workspace.get()}, *port.authenticator).status()),
            "LISTEN_FAILED");
}

TEST(ServerTest, SendsStreamsAwayWhenItStopsToComeBackLater) {
  Port port;
  DeskLine desk(port.Channel(), "t-ana");
  EXPECT_EQ(desk.Ask("sign_in { agent: 'ana' }").code(), 0);
  DeskLine silent(port.Channel(), "t-bo");  // Has not signed in.
  AdapterLine adapter(port.Channel());
  EXPECT_EQ(adapter.Ask("hello {}").code(), 0);
  port.server->Stop(std::chrono::seconds(5));
  for (const grpc::Status& status : {desk.End(), adapter.End()}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    EXPECT_EQ(DetailsOf(status).reason, "SHUTTING_DOWN");
    EXPECT_TRUE(DetailsOf(status).retry);
  }
  EXPECT_FALSE(silent.End().ok());
}

}  // namespace
}  // namespace routerd::rpc
