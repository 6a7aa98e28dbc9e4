// A gRPC server that plays routerd's ContactService.Connect, and misbehaves on demand.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "routerd/v1/contact_service.grpc.pb.h"

namespace adapters::link {

// Keeps what it is sent by source id, as routerd does, and answers. Ends a stream after `break_after` requests.
//
// Threads: everything may be called from any.
class FakeRouterd final : public ::routerd::v1::ContactService::Service {
 public:
  FakeRouterd() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeRouterd() override { server_->Shutdown(std::chrono::system_clock::now()); }

  const std::string& address() const { return address_; }
  void BreakAfter(int request_count) { break_after_ = request_count; }

  // The messages taken, in the order of their first coming.
  std::vector<std::string> taken() const {
    std::lock_guard lock(mutex_);
    return taken_;
  }
  std::vector<std::string> tokens() const {
    std::lock_guard lock(mutex_);
    return tokens_;
  }
  int stream_count() const { return streams_; }

 private:
  using Stream = grpc::ServerReaderWriter<::routerd::v1::ConnectResponse, ::routerd::v1::ConnectRequest>;

  grpc::Status Connect(grpc::ServerContext* context, Stream* stream) override {
    ++streams_;
    {
      std::lock_guard lock(mutex_);
      const auto token = context->client_metadata().find("authorization");
      tokens_.emplace_back(
          token == context->client_metadata().end() ? "" : std::string(token->second.data(), token->second.size()));
    }
    ::routerd::v1::ConnectRequest request;
    int count = 0;
    while (stream->Read(&request)) {
      if (break_after_ > 0 && ++count > break_after_) return {grpc::StatusCode::UNAVAILABLE, "broken on purpose"};
      ::routerd::v1::ConnectResponse response;
      if (request.has_hello()) {
        response.mutable_welcome();
      } else if (request.has_message()) {
        std::lock_guard lock(mutex_);
        if (known_.insert(request.message().source_id()).second) taken_.push_back(request.message().source_id());
        response.mutable_ack()->set_request_id(request.request_id());
        response.mutable_ack()->set_message_sequence(static_cast<int64_t>(taken_.size()));
      } else {
        continue;
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::atomic<int> break_after_{0};
  std::atomic<int> streams_{0};
  mutable std::mutex mutex_;
  std::set<std::string> known_;
  std::vector<std::string> taken_;
  std::vector<std::string> tokens_;
};

}  // namespace adapters::link
