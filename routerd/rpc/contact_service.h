// ContactService on gRPC.
#pragma once

#include "routerd/rpc/call.h"
#include "routerd/rpc/stream.h"
#include "routerd/v1/contact_service.grpc.pb.h"

namespace routerd::rpc {

namespace v1 = ::routerd::v1;

// Threads: gRPC's. The gate and the streams outlive it.
class ContactServiceImpl final : public v1::ContactService::CallbackService {
 public:
  ContactServiceImpl(const CallGate& gate, OpenStreams& streams, size_t stream_buffer_bytes_max)
      : gate_(gate), streams_(streams), stream_buffer_bytes_max_(stream_buffer_bytes_max) {}

  grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* CreateContact(grpc::CallbackServerContext* context, const v1::CreateContactRequest* request,
                                          v1::Contact* response) override;
  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* context, const v1::GetContactRequest* request,
                                       v1::Contact* response) override;
  grpc::ServerUnaryReactor* PostMessage(grpc::CallbackServerContext* context, const v1::PostMessageRequest* request,
                                        v1::Message* response) override;
  grpc::ServerUnaryReactor* EndContact(grpc::CallbackServerContext* context, const v1::EndContactRequest* request,
                                       v1::Contact* response) override;
  grpc::ServerUnaryReactor* RequestCallback(grpc::CallbackServerContext* context,
                                            const v1::RequestCallbackRequest* request, v1::Contact* response) override;
  grpc::ServerUnaryReactor* QueryAdmission(grpc::CallbackServerContext* context,
                                           const v1::QueryAdmissionRequest* request,
                                           v1::QueryAdmissionResponse* response) override;

 private:
  const CallGate& gate_;
  OpenStreams& streams_;
  const size_t stream_buffer_bytes_max_;
};

}  // namespace routerd::rpc
