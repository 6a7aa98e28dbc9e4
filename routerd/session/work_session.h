// One desk's stream: what AgentService.Work means, whatever carries it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "routerd/engine/request.h"
#include "routerd/engine/workspace.h"
#include "routerd/session/principal.h"
#include "routerd/v1/agent_service.pb.h"

namespace routerd::session {

// A WorkSession checks what a desk asks for, posts it to the workspace, and answers it on the desk's sink.
//
//   made --sign_in--> signed in --Close--> closed (final)     sign_out leaves the stream open for another sign_in
//
// The sink is the transport's end: it takes answers and everything that the workspace owes to the agent, on any thread,
// and a Close, at most once, that ends the stream with that status: because the session or the workspace wants it.
// What a transport does first of all when its stream ends, for whatever reason, is to call Close here.
//
// Errors:  a refused request is answered by a `result`, and the stream goes on. A stream that does not begin with a
//          sign_in, or whose first sign_in is refused, is closed with the reason, after the result.
// Threads: Receive from one thread at a time; Close from any.
class WorkSession {
 public:
  // Requires: `workspace` outlives the session.
  WorkSession(engine::Workspace& workspace, Principal principal, std::shared_ptr<engine::AgentSink> sink);
  ~WorkSession();  // Closes.
  WorkSession(const WorkSession&) = delete;
  WorkSession& operator=(const WorkSession&) = delete;

  void Receive(v1::WorkRequest request);
  // The stream is over: the agent's desk is no longer connected. Idempotent.
  void Close();

 private:
  void SignIn(std::string request_id, v1::SignIn sign_in);

  engine::Workspace& workspace_;
  const Principal principal_;
  const std::shared_ptr<engine::AgentSink> sink_;
  std::mutex mutex_;
  std::string agent_;  // Bare id; empty until the first sign_in.
  bool closed_ = false;
};

}  // namespace routerd::session
