// The line to routerd: channel, credentials and metadata.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "routerd/ctl/options.h"

namespace routerd::ctl {

class Connection {
 public:
  // Reads the files that `options` names. kInvalidArgument if one cannot be read. Connects with the first call.
  static absl::StatusOr<Connection> Open(const Options& options);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& address() const { return address_; }
  // Adds token and workspace.
  void Prepare(grpc::ClientContext& context) const;

 private:
  std::string address_;
  std::string token_;
  std::string workspace_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace routerd::ctl
