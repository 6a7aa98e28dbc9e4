#include "routerd/http/work_socket.h"

#include <utility>

#include "routerd/base/error.h"
#include "routerd/http/json.h"
#include "routerd/session/errors.h"

namespace routerd::http {
namespace {

constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kPolicyViolation = 1008;
constexpr uint16_t kTryAgainLater = 1013;

}  // namespace

uint16_t CloseCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return kGoingAway;
    case absl::StatusCode::kResourceExhausted:
      return kTryAgainLater;
    default:
      return kPolicyViolation;
  }
}

// What the session and the workspace owe to this desk. Outlives the handler for as long as they hold it.
class WorkSocket::Sink final : public engine::AgentSink {
 public:
  explicit Sink(std::shared_ptr<base::WebSocket> socket) : socket_(std::move(socket)) {}
  void Deliver(std::shared_ptr<const v1::WorkResponse> message) override { socket_->Send(ToJson(*message)); }
  void Close(absl::Status why) override {
    socket_->Close(CloseCodeOf(why), {why.message().data(), why.message().size()});
  }

 private:
  const std::shared_ptr<base::WebSocket> socket_;
};

WorkSocket::WorkSocket(engine::Workspace& workspace, const session::Authenticator& authenticator, Timer& timer,
                       std::string bearer)
    : workspace_(workspace), authenticator_(authenticator), timer_(timer), bearer_(std::move(bearer)) {}

void WorkSocket::OnOpen(std::shared_ptr<base::WebSocket> socket) {
  socket_ = std::move(socket);
  sink_ = std::make_shared<Sink>(socket_);
  timer_.After(kSignInTimeout, [begun = begun_, socket = std::weak_ptr(socket_)] {
    if (*begun) return;
    if (const auto open = socket.lock()) open->Close(kPolicyViolation, "nobody signed in");
  });
}

void WorkSocket::OnText(std::string_view text) {
  v1::WorkRequest request;
  if (const absl::Status status = ParseWorkRequest(text, request); !status.ok()) {
    Refuse(request.request_id(), status);
    return CountBadFrame();
  }
  if (!session_) Begin(request);
  if (!session_) return;
  if (request.has_sign_in()) request.mutable_sign_in()->clear_token();
  session_->Receive(std::move(request));
}

void WorkSocket::OnClosed(uint16_t) {
  if (session_) session_->Close();
  session_.reset();
  sink_.reset();
  socket_.reset();
}

void WorkSocket::Begin(const v1::WorkRequest& request) {
  const std::string& shown = request.sign_in().token().empty() ? bearer_ : request.sign_in().token();
  absl::StatusOr<session::Principal> principal = authenticator_.Authenticate(shown);
  if (!principal.ok()) {
    Refuse(request.request_id(), principal.status());
    return sink_->Close(principal.status());
  }
  *begun_ = true;
  bearer_.clear();
  session_ = std::make_unique<session::WorkSession>(workspace_, *std::move(principal), sink_);
}

// Unlike a session's answers, this one is given even if nobody asked for it: a desk that writes frames which cannot be
// read must get to know.
void WorkSocket::Refuse(const std::string& request_id, const absl::Status& status) {
  v1::WorkResponse response;
  *response.mutable_result() = session::ToAck(request_id, status);
  socket_->Send(ToJson(response));
}

void WorkSocket::CountBadFrame() {
  const auto now = std::chrono::steady_clock::now();
  if (now - window_start_ > kBadFramesWindow) {
    window_start_ = now;
    bad_frames_ = 0;
  }
  if (++bad_frames_ >= kBadFramesMax) socket_->Close(kPolicyViolation, "too many frames that cannot be read");
}

}  // namespace routerd::http
