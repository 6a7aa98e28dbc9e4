// SupervisorService on gRPC.
#pragma once

#include "routerd/rpc/call.h"
#include "routerd/rpc/stream.h"
#include "routerd/v1/supervisor_service.grpc.pb.h"

namespace routerd::rpc {

namespace v1 = ::routerd::v1;

// Threads: gRPC's. The gate and the streams outlive it.
class SupervisorServiceImpl final : public v1::SupervisorService::CallbackService {
 public:
  SupervisorServiceImpl(const CallGate& gate, OpenStreams& streams, size_t stream_buffer_bytes_max)
      : gate_(gate), streams_(streams), stream_buffer_bytes_max_(stream_buffer_bytes_max) {}

  grpc::ServerUnaryReactor* ListQueues(grpc::CallbackServerContext* context, const v1::ListQueuesRequest* request,
                                       v1::ListQueuesResponse* response) override;
  grpc::ServerUnaryReactor* GetQueue(grpc::CallbackServerContext* context, const v1::GetQueueRequest* request,
                                     v1::Queue* response) override;
  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context, const v1::ListAgentsRequest* request,
                                       v1::ListAgentsResponse* response) override;
  grpc::ServerUnaryReactor* GetAgent(grpc::CallbackServerContext* context, const v1::GetAgentRequest* request,
                                     v1::Agent* response) override;
  grpc::ServerUnaryReactor* ListContacts(grpc::CallbackServerContext* context, const v1::ListContactsRequest* request,
                                         v1::ListContactsResponse* response) override;
  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* context, const v1::GetContactByNameRequest* request,
                                       v1::Contact* response) override;
  grpc::ServerUnaryReactor* ExplainContact(grpc::CallbackServerContext* context,
                                           const v1::ExplainContactRequest* request,
                                           v1::ExplainContactResponse* response) override;
  grpc::ServerUnaryReactor* GetStatistics(grpc::CallbackServerContext* context, const v1::GetStatisticsRequest* request,
                                          v1::Statistics* response) override;
  grpc::ServerUnaryReactor* AssignContact(grpc::CallbackServerContext* context, const v1::AssignContactRequest* request,
                                          v1::Contact* response) override;
  grpc::ServerUnaryReactor* TakeOverContact(grpc::CallbackServerContext* context,
                                            const v1::TakeOverContactRequest* request, v1::Contact* response) override;
  grpc::ServerUnaryReactor* RequeueContact(grpc::CallbackServerContext* context,
                                           const v1::RequeueContactRequest* request, v1::Contact* response) override;
  grpc::ServerUnaryReactor* TerminateContact(grpc::CallbackServerContext* context,
                                             const v1::TerminateContactRequest* request,
                                             v1::Contact* response) override;
  grpc::ServerUnaryReactor* PrioritizeContact(grpc::CallbackServerContext* context,
                                              const v1::PrioritizeContactRequest* request,
                                              v1::Contact* response) override;
  grpc::ServerUnaryReactor* SetAgentPresence(grpc::CallbackServerContext* context,
                                             const v1::SetAgentPresenceRequest* request, v1::Agent* response) override;
  grpc::ServerWriteReactor<v1::Event>* WatchEvents(grpc::CallbackServerContext* context,
                                                   const v1::WatchEventsRequest* request) override;

 private:
  absl::StatusOr<Caller> Enter(const grpc::CallbackServerContext& context) const;

  const CallGate& gate_;
  OpenStreams& streams_;
  const size_t stream_buffer_bytes_max_;
};

}  // namespace routerd::rpc
