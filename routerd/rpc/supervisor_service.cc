// Supervisors' calls: questions are put to the workspace, commands posted to it.
#include "routerd/rpc/supervisor_service.h"

#include <optional>

#include "routerd/engine/names.h"
#include "routerd/session/names.h"
#include "routerd/session/requests.h"

namespace routerd::rpc {
namespace {

constexpr int kPageSizeMax = 1'000;
constexpr int kExplainedAgentsMax = 1'000;

absl::Status CheckRange(std::string_view field, int value, int max) {
  if (value >= 0 && value <= max) return absl::OkStatus();
  return session::FieldError("FIELD_OUT_OF_RANGE", field,
                             absl::StrCat("must be from 1 to ", max, ", or 0 for the default"));
}

auto FillContact(v1::Contact* response) {
  return [response](const engine::Outcome& outcome) {
    if (outcome.state) *response = *outcome.state;
  };
}

// Streams a workspace's events to one watcher. Deletes itself when the call is over.
class WatchReactor final : public grpc::ServerWriteReactor<v1::Event> {
 public:
  WatchReactor(grpc::CallbackServerContext* context, engine::Workspace& workspace,
               const v1::WatchEventsRequest& request, OpenStreams& streams, size_t bytes_max)
      : streams_(streams), sink_(std::make_shared<Sink>(this, context, bytes_max)) {
    std::optional<int64_t> after;
    if (request.has_after_sequence()) after = request.after_sequence();
    StartSendInitialMetadata();
    // Weak, as the workspace's own hold is what it gives up.
    sink_->OnClosed([&workspace, weak = std::weak_ptr<engine::EventSink>(sink_)] {
      if (auto sink = weak.lock()) {
        workspace.Post(engine::DetachWatcher{std::move(sink)}, [](const absl::StatusOr<engine::Outcome>&) {});
      }
    });
    workspace.Post(engine::AttachWatcher{after, request.subject(), sink_},
                   [sink = sink_](const absl::StatusOr<engine::Outcome>& outcome) {
                     if (!outcome.ok()) sink->Close(outcome.status());
                   });
    streams_.Add(sink_);
  }

  void OnWriteDone(bool ok) override { sink_->Written(ok); }
  void OnCancel() override { sink_->Close(absl::CancelledError("the client has gone")); }
  void OnDone() override {
    streams_.Remove(sink_.get());
    sink_->Done();
    delete this;
  }

 private:
  using Sink = StreamSink<v1::Event, WatchReactor>;

  OpenStreams& streams_;
  const std::shared_ptr<Sink> sink_;
};

}  // namespace

absl::StatusOr<Caller> SupervisorServiceImpl::Enter(const grpc::CallbackServerContext& context) const {
  absl::StatusOr<Caller> caller = gate_.Enter(context);
  if (!caller.ok()) return caller;
  const absl::Status status =
      session::RequireRole(caller->principal, {v1::PrincipalConfig::SUPERVISOR}, "supervise a workspace");
  if (!status.ok()) return status;
  return caller;
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::ListQueues(grpc::CallbackServerContext* context,
                                                            const v1::ListQueuesRequest*,
                                                            v1::ListQueuesResponse* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return QueryUnary(context, *caller->workspace, response,
                    [](const engine::View& view) -> absl::StatusOr<v1::ListQueuesResponse> {
                      v1::ListQueuesResponse answer;
                      for (v1::Queue& queue : view.Queues()) *answer.add_queues() = std::move(queue);
                      return answer;
                    });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::GetQueue(grpc::CallbackServerContext* context,
                                                          const v1::GetQueueRequest* request, v1::Queue* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) { return view.Queue(request->name()); });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::ListAgents(grpc::CallbackServerContext* context,
                                                            const v1::ListAgentsRequest* request,
                                                            v1::ListAgentsResponse* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) -> absl::StatusOr<v1::ListAgentsResponse> {
                      v1::ListAgentsResponse answer;
                      for (v1::Agent& agent : view.Agents(request->all())) *answer.add_agents() = std::move(agent);
                      return answer;
                    });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::GetAgent(grpc::CallbackServerContext* context,
                                                          const v1::GetAgentRequest* request, v1::Agent* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) { return view.Agent(request->name()); });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::ListContacts(grpc::CallbackServerContext* context,
                                                              const v1::ListContactsRequest* request,
                                                              v1::ListContactsResponse* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  if (const absl::Status status = CheckRange("page_size", request->page_size(), kPageSizeMax); !status.ok()) {
    return Refuse(context, status);
  }
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) { return view.Contacts(*request); });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::GetContact(grpc::CallbackServerContext* context,
                                                            const v1::GetContactByNameRequest* request,
                                                            v1::Contact* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  if (const auto name = session::ParseContactName("name", request->name()); !name.ok()) {
    return Refuse(context, name.status());
  }
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) { return view.Contact(request->name()); });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::ExplainContact(grpc::CallbackServerContext* context,
                                                                const v1::ExplainContactRequest* request,
                                                                v1::ExplainContactResponse* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  if (const auto name = session::ParseContactName("name", request->name()); !name.ok()) {
    return Refuse(context, name.status());
  }
  if (const absl::Status status = CheckRange("max_agents", request->max_agents(), kExplainedAgentsMax); !status.ok()) {
    return Refuse(context, status);
  }
  if (request->has_time()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    caller->workspace->QueryPast(
        engine::FromProto(request->time()),
        [end = std::make_shared<UnaryEnd>(reactor), request, response](absl::StatusOr<const engine::View*> view) {
          absl::Status status = view.status();
          if (view.ok()) {
            absl::StatusOr<v1::ExplainContactResponse> answer = (*view)->Explain(*request);
            if (answer.ok()) *response = *std::move(answer);
            status = answer.status();
          }
          end->Finish(status);
        });
    return reactor;
  }
  return QueryUnary(context, *caller->workspace, response,
                    [request](const engine::View& view) { return view.Explain(*request); });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::GetStatistics(grpc::CallbackServerContext* context,
                                                               const v1::GetStatisticsRequest*,
                                                               v1::Statistics* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return QueryUnary(context, *caller->workspace, response,
                    [](const engine::View& view) -> absl::StatusOr<v1::Statistics> { return view.Statistics(); });
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::AssignContact(grpc::CallbackServerContext* context,
                                                               const v1::AssignContactRequest* request,
                                                               v1::Contact* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return PostUnary(context, *caller->workspace, session::ToEngine(*request), FillContact(response));
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::TakeOverContact(grpc::CallbackServerContext* context,
                                                                 const v1::TakeOverContactRequest* request,
                                                                 v1::Contact* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return PostUnary(context, *caller->workspace, session::ToEngine(*request), FillContact(response));
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::RequeueContact(grpc::CallbackServerContext* context,
                                                                const v1::RequeueContactRequest* request,
                                                                v1::Contact* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return PostUnary(context, *caller->workspace, session::ToEngine(*request), FillContact(response));
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::TerminateContact(grpc::CallbackServerContext* context,
                                                                  const v1::TerminateContactRequest* request,
                                                                  v1::Contact* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return PostUnary(context, *caller->workspace, session::ToEngine(*request), FillContact(response));
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::PrioritizeContact(grpc::CallbackServerContext* context,
                                                                   const v1::PrioritizeContactRequest* request,
                                                                   v1::Contact* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return PostUnary(context, *caller->workspace, session::ToEngine(*request), FillContact(response));
}

grpc::ServerUnaryReactor* SupervisorServiceImpl::SetAgentPresence(grpc::CallbackServerContext* context,
                                                                  const v1::SetAgentPresenceRequest* request,
                                                                  v1::Agent* response) {
  const auto caller = Enter(*context);
  if (!caller.ok()) return Refuse(context, caller.status());
  return PostUnary(context, *caller->workspace, session::ToEngine(*request),
                   [response](const engine::Outcome& outcome) {
                     if (outcome.agent) *response = *outcome.agent;
                   });
}

grpc::ServerWriteReactor<v1::Event>* SupervisorServiceImpl::WatchEvents(grpc::CallbackServerContext* context,
                                                                        const v1::WatchEventsRequest* request) {
  using Reactor = grpc::ServerWriteReactor<v1::Event>;
  const auto caller = Enter(*context);
  if (!caller.ok()) return new RefusedReactor<Reactor>(caller.status());
  if (request->after_sequence() < 0) {
    return new RefusedReactor<Reactor>(
        session::FieldError("FIELD_OUT_OF_RANGE", "after_sequence", "must not be negative"));
  }
  return new WatchReactor(context, *caller->workspace, *request, streams_, stream_buffer_bytes_max_);
}

}  // namespace routerd::rpc
