// Turns a desk's requests into the workspace's and answers them.
#include "routerd/session/work_session.h"

#include <utility>

#include "routerd/base/error.h"
#include "routerd/session/errors.h"
#include "routerd/session/names.h"
#include "routerd/session/requests.h"

namespace routerd::session {
namespace {

constexpr size_t kRequestIdBytesMax = 64;

// An empty request id asks for no answer.
void Answer(engine::AgentSink& sink, const std::string& request_id, const absl::Status& status,
            const engine::Outcome& outcome = {}) {
  if (request_id.empty()) return;
  auto response = std::make_shared<v1::WorkResponse>();
  v1::RequestAck& result = *response->mutable_result();
  result = ToAck(request_id, status);
  result.set_contact(outcome.contact);
  if (outcome.message) result.set_message_sequence(outcome.message->sequence());
  sink.Deliver(std::move(response));
}

void Answer(engine::AgentSink& sink, const std::string& request_id, const absl::StatusOr<engine::Outcome>& outcome) {
  outcome.ok() ? Answer(sink, request_id, absl::OkStatus(), *outcome) : Answer(sink, request_id, outcome.status());
}

}  // namespace

WorkSession::WorkSession(engine::Workspace& workspace, Principal principal, std::shared_ptr<engine::AgentSink> sink)
    : workspace_(workspace), principal_(std::move(principal)), sink_(std::move(sink)) {}

WorkSession::~WorkSession() { Close(); }

void WorkSession::Receive(v1::WorkRequest request) {
  if (request.request_id().size() > kRequestIdBytesMax) {
    return sink_->Close(FieldError("FIELD_TOO_LONG", "request_id", "at most 64 bytes are taken"));
  }
  std::string request_id = request.request_id();
  if (request.has_sign_in()) return SignIn(std::move(request_id), std::move(*request.mutable_sign_in()));
  std::string agent;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    agent = agent_;
  }
  if (agent.empty()) {
    const absl::Status status = base::Error(absl::StatusCode::kFailedPrecondition, "SIGN_IN_FIRST",
                                            "nobody has signed in; the first request must be sign_in");
    Answer(*sink_, request_id, status);
    return sink_->Close(status);
  }
  absl::StatusOr<engine::Request> command = ToEngine(request, agent);
  if (!command.ok()) return Answer(*sink_, request_id, command.status());
  workspace_.Post(*std::move(command),
                  [sink = sink_, request_id = std::move(request_id)](const absl::StatusOr<engine::Outcome>& outcome) {
                    Answer(*sink, request_id, outcome);
                  });
}

void WorkSession::SignIn(std::string request_id, v1::SignIn sign_in) {
  absl::Status status = CheckShape(sign_in);
  if (status.ok()) {
    const absl::StatusOr<std::string> agent = AgentOf(principal_, sign_in.agent());
    if (agent.ok()) sign_in.set_agent(*agent);
    status = agent.status();
  }
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    first = agent_.empty();
    if (status.ok() && !first && agent_ != sign_in.agent()) {
      status = base::Error(absl::StatusCode::kFailedPrecondition, "SIGNED_IN_ALREADY",
                           "this stream is agent " + agent_ + "'s; open another one for agent " + sign_in.agent());
    }
    if (status.ok()) agent_ = sign_in.agent();
  }
  if (!status.ok()) {
    Answer(*sink_, request_id, status);
    if (first) sink_->Close(status);
    return;
  }
  const std::string agent = sign_in.agent();
  sign_in.clear_token();
  workspace_.Post(
      engine::AttachAgent{std::move(sign_in), sink_},
      [sink = sink_, request_id = std::move(request_id), first](const absl::StatusOr<engine::Outcome>& outcome) {
        Answer(*sink, request_id, outcome);
        if (first && !outcome.ok()) sink->Close(outcome.status());
      });
  // Close may have come in between, and its detach before our attach.
  std::lock_guard lock(mutex_);
  if (closed_) workspace_.Post(engine::DetachAgent{agent, sink_}, [](const absl::StatusOr<engine::Outcome>&) {});
}

void WorkSession::Close() {
  std::string agent;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    agent = agent_;
  }
  if (agent.empty()) return;
  workspace_.Post(engine::DetachAgent{std::move(agent), sink_}, [](const absl::StatusOr<engine::Outcome>&) {});
}

}  // namespace routerd::session
