// What every call has in common: who makes it, which workspace it means, and how it ends.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/engine/workspace.h"
#include "routerd/session/errors.h"
#include "routerd/session/principal.h"

namespace routerd::rpc {

// `status` as gRPC sends it, with its details.
grpc::Status ToGrpc(const absl::Status& status);

// A call that was let in.
struct Caller {
  session::Principal principal;
  engine::Workspace* workspace = nullptr;
};

// Reads the metadata of calls. Threads: immutable; any.
class CallGate {
 public:
  // Requires: at least one workspace; they and the authenticator outlive the gate.
  CallGate(std::vector<engine::Workspace*> workspaces, const session::Authenticator& authenticator)
      : workspaces_(std::move(workspaces)), authenticator_(authenticator) {}

  // By `authorization: Bearer ...` and `routerd-workspace`.
  //   kUnauthenticated (TOKEN_UNKNOWN), kNotFound (WORKSPACE_UNKNOWN)
  absl::StatusOr<Caller> Enter(const grpc::ServerContextBase& context) const;

 private:
  const std::vector<engine::Workspace*> workspaces_;
  const session::Authenticator& authenticator_;
};

// The end of a unary call, shared by those who may bring it about. Whoever finishes it fills the response in before;
// if all let go without, the daemon is stopping and the call says so.
class UnaryEnd {
 public:
  explicit UnaryEnd(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  ~UnaryEnd() {
    if (reactor_) Finish(session::ShuttingDown());
  }
  UnaryEnd(const UnaryEnd&) = delete;
  UnaryEnd& operator=(const UnaryEnd&) = delete;

  // Requires: not finished yet.
  void Finish(const absl::Status& status) { std::exchange(reactor_, nullptr)->Finish(ToGrpc(status)); }

 private:
  grpc::ServerUnaryReactor* reactor_;
};

// Refuses a unary call at once.
inline grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

// Posts a command and answers with what `fill` makes of its outcome: void(const engine::Outcome&).
template <typename Fill>
grpc::ServerUnaryReactor* PostUnary(grpc::CallbackServerContext* context, engine::Workspace& workspace,
                                    absl::StatusOr<engine::Request> request, Fill fill) {
  if (!request.ok()) return Refuse(context, request.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  workspace.Post(*std::move(request), [end = std::make_shared<UnaryEnd>(reactor),
                                       fill = std::move(fill)](const absl::StatusOr<engine::Outcome>& outcome) {
    if (outcome.ok()) fill(*outcome);
    end->Finish(outcome.status());
  });
  return reactor;
}

// Puts a question to the workspace and answers with what `ask` makes of it: absl::StatusOr<Response>(const View&).
template <typename Response, typename Ask>
grpc::ServerUnaryReactor* QueryUnary(grpc::CallbackServerContext* context, engine::Workspace& workspace,
                                     Response* response, Ask ask) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  workspace.Query([end = std::make_shared<UnaryEnd>(reactor), response,
                   ask = std::move(ask)](const engine::View& view) -> std::function<void()> {
    return [end, response, answer = std::make_shared<absl::StatusOr<Response>>(ask(view))] {
      if (answer->ok()) *response = *std::move(*answer);
      end->Finish(answer->status());
    };
  });
  return reactor;
}

}  // namespace routerd::rpc
