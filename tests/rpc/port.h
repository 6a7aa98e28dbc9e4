// A gRPC port over a real workspace, and clients for it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "routerd/base/clock.h"
#include "routerd/engine/workspace.h"
#include "routerd/journal/memory_journal.h"
#include "routerd/rpc/server.h"
#include "routerd/session/principal.h"
#include "routerd/v1/agent_service.grpc.pb.h"
#include "routerd/v1/contact_service.grpc.pb.h"
#include "routerd/v1/supervisor_service.grpc.pb.h"

namespace routerd::rpc {

namespace v1 = ::routerd::v1;

// What an error's details say.
struct Details {
  std::string reason;
  std::string domain;
  bool retry = false;
  std::string field;
};
Details DetailsOf(const grpc::Status& status);
std::string ReasonOf(const grpc::Status& status);

// Serves a workspace on a port that the kernel picks. Tokens: t-chat (adapter chat-1), t-ana, t-bo (agents), t-sam
// (supervisor).
class Port {
 public:
  explicit Port(ServerOptions options = {});
  ~Port();

  std::shared_ptr<grpc::Channel> Channel(grpc::ChannelArguments arguments = {}) const;
  // Stops the server and the workspace, and starts another one on what is on disk and on another port.
  void Restart();

  journal::MemoryStore store;
  base::SystemClock clock;
  ServerOptions options;
  std::unique_ptr<engine::Workspace> workspace;
  std::unique_ptr<session::Authenticator> authenticator;
  std::unique_ptr<Server> server;

 private:
  void Open();
};

// Ten seconds, after which a test that hangs fails instead; and the token.
void Prepare(grpc::ClientContext& context, const std::string& token);

// A client's end of a bidirectional stream, read one message at a time.
template <typename Request, typename Response>
class Line {
 public:
  template <typename Open>
  Line(const std::string& token, Open open) {
    Prepare(context_, token);
    stream_ = open(&context_);
  }
  void Send(const Request& request) { stream_->Write(request); }
  // The next message that fits; those before it are dropped. Empty once the stream has ended.
  Response Next(const std::function<bool(const Response&)>& fits) {
    Response response;
    while (stream_->Read(&response)) {
      if (fits(response)) return response;
    }
    return {};
  }
  void Done() { stream_->WritesDone(); }
  // Reads what is left.
  grpc::Status End() {
    Response response;
    while (stream_->Read(&response)) {
    }
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
};

class DeskLine : public Line<v1::WorkRequest, v1::WorkResponse> {
 public:
  DeskLine(const std::shared_ptr<grpc::Channel>& channel, const std::string& token)
      : Line(token, [&](grpc::ClientContext* context) { return v1::AgentService::NewStub(channel)->Work(context); }) {}
  // Sends and waits for the answer.
  v1::RequestAck Ask(const std::string& text);
};

class AdapterLine : public Line<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  explicit AdapterLine(const std::shared_ptr<grpc::Channel>& channel, const std::string& token = "t-chat")
      : Line(token,
             [&](grpc::ClientContext* context) { return v1::ContactService::NewStub(channel)->Connect(context); }) {}
  v1::RequestAck Ask(const std::string& text);
};

// A contact of queue orders, by source id.
v1::CreateContactRequest OrdersContact(const std::string& source_id);

}  // namespace routerd::rpc
