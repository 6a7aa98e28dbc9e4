// One adapter's stream: what ContactService.Connect means, whatever carries it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "routerd/engine/request.h"
#include "routerd/engine/workspace.h"
#include "routerd/session/principal.h"
#include "routerd/v1/contact_service.pb.h"

namespace routerd::session {

// A ConnectSession checks what an adapter asks for, posts it to the workspace, and answers it on the adapter's sink.
//
//   made --hello--> open --Close--> closed (final)
//
// Sink, errors and threads are as WorkSession has them; the first request must be a `hello`, and there is only one.
class ConnectSession {
 public:
  // Requires: `workspace` outlives the session.
  ConnectSession(engine::Workspace& workspace, Principal principal, std::shared_ptr<engine::AdapterSink> sink);
  ~ConnectSession();  // Closes.
  ConnectSession(const ConnectSession&) = delete;
  ConnectSession& operator=(const ConnectSession&) = delete;

  void Receive(v1::ConnectRequest request);
  // The stream is over. Idempotent.
  void Close();

 private:
  void Hello(std::string request_id, const v1::AdapterHello& hello);

  engine::Workspace& workspace_;
  const Principal principal_;
  const std::shared_ptr<engine::AdapterSink> sink_;
  std::mutex mutex_;
  std::string adapter_;  // Empty until hello.
  bool closed_ = false;
};

}  // namespace routerd::session
