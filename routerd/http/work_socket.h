// A desk's WebSocket: AgentService.Work as JSON.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "routerd/base/http_server.h"
#include "routerd/engine/workspace.h"
#include "routerd/http/timer.h"
#include "routerd/session/principal.h"
#include "routerd/session/work_session.h"

namespace routerd::http {

// Turns frames into WorkRequests for a WorkSession, and WorkResponses into frames.
//
//   open --sign_in with a good token--> working --the session or the peer closes--> closed (final)
//
// Errors: a frame that cannot be read is answered by a `result` that says why, and the socket stays; one that sends
//         kBadFramesMax of them within kBadFramesWindow, or does not sign in within kSignInTimeout, is closed (1008).
class WorkSocket final : public base::WebSocketHandler {
 public:
  static constexpr int kBadFramesMax = 20;
  static constexpr std::chrono::seconds kBadFramesWindow{10};
  static constexpr std::chrono::seconds kSignInTimeout{30};

  // `bearer` is the token that the upgrade itself carried, "" for none. Everything outlives the socket.
  WorkSocket(engine::Workspace& workspace, const session::Authenticator& authenticator, Timer& timer,
             std::string bearer);

  void OnOpen(std::shared_ptr<base::WebSocket> socket) override;
  void OnText(std::string_view text) override;
  void OnClosed(uint16_t code) override;

 private:
  class Sink;

  void Begin(const v1::WorkRequest& request);
  void Refuse(const std::string& request_id, const absl::Status& status);
  void CountBadFrame();

  engine::Workspace& workspace_;
  const session::Authenticator& authenticator_;
  Timer& timer_;
  std::string bearer_;
  std::shared_ptr<base::WebSocket> socket_;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<std::atomic<bool>> begun_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<session::WorkSession> session_;
  std::chrono::steady_clock::time_point window_start_{};
  int bad_frames_ = 0;
};

// The WebSocket close code that says the same as `status`.
uint16_t CloseCodeOf(const absl::Status& status);

}  // namespace routerd::http
