// Adapters' calls: let in, checked for shape, posted.
#include "routerd/rpc/contact_service.h"

#include "routerd/session/connect_session.h"
#include "routerd/session/requests.h"

namespace routerd::rpc {
namespace {

// Who calls, and the adapter that they call for.
struct AdapterCaller {
  Caller caller;
  std::string adapter;
};

template <typename Request>
absl::StatusOr<AdapterCaller> Enter(const CallGate& gate, const grpc::CallbackServerContext& context,
                                    const Request& request) {
  absl::StatusOr<Caller> caller = gate.Enter(context);
  if (!caller.ok()) return caller.status();
  absl::StatusOr<std::string> adapter = session::AdapterOf(caller->principal, request.adapter());
  if (!adapter.ok()) return adapter.status();
  return AdapterCaller{*std::move(caller), *std::move(adapter)};
}

auto FillContact(v1::Contact* response) {
  return [response](const engine::Outcome& outcome) {
    if (outcome.state) *response = *outcome.state;
  };
}

}  // namespace

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* ContactServiceImpl::Connect(
    grpc::CallbackServerContext* context) {
  using Reactor = grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>;
  absl::StatusOr<Caller> caller = gate_.Enter(*context);
  absl::Status status = caller.status();
  if (status.ok()) {
    status = session::RequireRole(caller->principal, {v1::PrincipalConfig::ADAPTER}, "bring contacts");
  }
  if (!status.ok()) return new RefusedReactor<Reactor>(status);
  return new SessionReactor<v1::ConnectRequest, v1::ConnectResponse, session::ConnectSession>(
      context, *std::move(caller), streams_, stream_buffer_bytes_max_);
}

grpc::ServerUnaryReactor* ContactServiceImpl::CreateContact(grpc::CallbackServerContext* context,
                                                            const v1::CreateContactRequest* request,
                                                            v1::Contact* response) {
  const auto entered = Enter(gate_, *context, *request);
  if (!entered.ok()) return Refuse(context, entered.status());
  return PostUnary(context, *entered->caller.workspace,
                   session::ToEngine(*request, entered->adapter, entered->caller.principal.lane_max),
                   FillContact(response));
}

grpc::ServerUnaryReactor* ContactServiceImpl::GetContact(grpc::CallbackServerContext* context,
                                                         const v1::GetContactRequest* request, v1::Contact* response) {
  const auto entered = Enter(gate_, *context, *request);
  if (!entered.ok()) return Refuse(context, entered.status());
  return PostUnary(context, *entered->caller.workspace, session::ToEngine(*request, entered->adapter),
                   FillContact(response));
}

grpc::ServerUnaryReactor* ContactServiceImpl::PostMessage(grpc::CallbackServerContext* context,
                                                          const v1::PostMessageRequest* request,
                                                          v1::Message* response) {
  const auto entered = Enter(gate_, *context, *request);
  if (!entered.ok()) return Refuse(context, entered.status());
  return PostUnary(context, *entered->caller.workspace, session::ToEngine(*request, entered->adapter),
                   [response](const engine::Outcome& outcome) {
                     if (outcome.message) *response = *outcome.message;
                   });
}

grpc::ServerUnaryReactor* ContactServiceImpl::EndContact(grpc::CallbackServerContext* context,
                                                         const v1::EndContactRequest* request, v1::Contact* response) {
  const auto entered = Enter(gate_, *context, *request);
  if (!entered.ok()) return Refuse(context, entered.status());
  return PostUnary(context, *entered->caller.workspace, session::ToEngine(*request, entered->adapter),
                   FillContact(response));
}

grpc::ServerUnaryReactor* ContactServiceImpl::RequestCallback(grpc::CallbackServerContext* context,
                                                              const v1::RequestCallbackRequest* request,
                                                              v1::Contact* response) {
  const auto entered = Enter(gate_, *context, *request);
  if (!entered.ok()) return Refuse(context, entered.status());
  return PostUnary(context, *entered->caller.workspace, session::ToEngine(*request, entered->adapter),
                   FillContact(response));
}

grpc::ServerUnaryReactor* ContactServiceImpl::QueryAdmission(grpc::CallbackServerContext* context,
                                                             const v1::QueryAdmissionRequest* request,
                                                             v1::QueryAdmissionResponse* response) {
  absl::StatusOr<Caller> caller = gate_.Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) { return view.Admission(*request); });
}

}  // namespace routerd::rpc
