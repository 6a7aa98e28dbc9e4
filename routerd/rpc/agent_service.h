// AgentService on gRPC.
#pragma once

#include "routerd/rpc/call.h"
#include "routerd/rpc/stream.h"
#include "routerd/v1/agent_service.grpc.pb.h"

namespace routerd::rpc {

namespace v1 = ::routerd::v1;

// Threads: gRPC's. The gate and the streams outlive it.
class AgentServiceImpl final : public v1::AgentService::CallbackService {
 public:
  AgentServiceImpl(const CallGate& gate, OpenStreams& streams, size_t stream_buffer_bytes_max)
      : gate_(gate), streams_(streams), stream_buffer_bytes_max_(stream_buffer_bytes_max) {}

  grpc::ServerBidiReactor<v1::WorkRequest, v1::WorkResponse>* Work(grpc::CallbackServerContext* context) override;

 private:
  const CallGate& gate_;
  OpenStreams& streams_;
  const size_t stream_buffer_bytes_max_;
};

}  // namespace routerd::rpc
