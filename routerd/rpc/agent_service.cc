// Desks' streams: let in, the rest is the session's.
#include "routerd/rpc/agent_service.h"

#include "routerd/session/work_session.h"

namespace routerd::rpc {

grpc::ServerBidiReactor<v1::WorkRequest, v1::WorkResponse>* AgentServiceImpl::Work(
    grpc::CallbackServerContext* context) {
  using Reactor = grpc::ServerBidiReactor<v1::WorkRequest, v1::WorkResponse>;
  absl::StatusOr<Caller> caller = gate_.Enter(*context);
  absl::Status status = caller.status();
  if (status.ok()) {
    status = session::RequireRole(caller->principal, {v1::PrincipalConfig::AGENT, v1::PrincipalConfig::SUPERVISOR},
                                  "work as an agent");
  }
  if (!status.ok()) return new RefusedReactor<Reactor>(status);
  return new SessionReactor<v1::WorkRequest, v1::WorkResponse, session::WorkSession>(
      context, *std::move(caller), streams_, stream_buffer_bytes_max_);
}

}  // namespace routerd::rpc
