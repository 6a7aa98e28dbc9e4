// Turns an adapter's requests into the workspace's and answers them.
#include "routerd/session/connect_session.h"

#include <optional>
#include <utility>

#include "routerd/base/error.h"
#include "routerd/session/errors.h"
#include "routerd/session/names.h"
#include "routerd/session/requests.h"

namespace routerd::session {
namespace {

constexpr size_t kRequestIdBytesMax = 64;

// An empty request id asks for no answer.
void Answer(engine::AdapterSink& sink, const std::string& request_id, const absl::Status& status,
            const engine::Outcome& outcome = {}) {
  if (request_id.empty()) return;
  auto response = std::make_shared<v1::ConnectResponse>();
  v1::RequestAck& ack = *response->mutable_ack();
  ack = ToAck(request_id, status);
  ack.set_contact(outcome.contact);
  if (outcome.message) ack.set_message_sequence(outcome.message->sequence());
  sink.Deliver(std::move(response));
}

void Answer(engine::AdapterSink& sink, const std::string& request_id, const absl::StatusOr<engine::Outcome>& outcome) {
  outcome.ok() ? Answer(sink, request_id, absl::OkStatus(), *outcome) : Answer(sink, request_id, outcome.status());
}

}  // namespace

ConnectSession::ConnectSession(engine::Workspace& workspace, Principal principal,
                               std::shared_ptr<engine::AdapterSink> sink)
    : workspace_(workspace), principal_(std::move(principal)), sink_(std::move(sink)) {}

ConnectSession::~ConnectSession() { Close(); }

void ConnectSession::Receive(v1::ConnectRequest request) {
  if (request.request_id().size() > kRequestIdBytesMax) {
    return sink_->Close(FieldError("FIELD_TOO_LONG", "request_id", "at most 64 bytes are taken"));
  }
  std::string request_id = request.request_id();
  if (request.has_hello()) return Hello(std::move(request_id), request.hello());
  std::string adapter;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    adapter = adapter_;
  }
  if (adapter.empty()) {
    const absl::Status status = base::Error(absl::StatusCode::kFailedPrecondition, "HELLO_FIRST",
                                            "the adapter is not known yet; the first request must be hello");
    Answer(*sink_, request_id, status);
    return sink_->Close(status);
  }
  absl::StatusOr<engine::Request> command = ToEngine(std::move(request), adapter, principal_.lane_max);
  if (!command.ok()) return Answer(*sink_, request_id, command.status());
  workspace_.Post(*std::move(command),
                  [sink = sink_, request_id = std::move(request_id)](const absl::StatusOr<engine::Outcome>& outcome) {
                    Answer(*sink, request_id, outcome);
                  });
}

void ConnectSession::Hello(std::string request_id, const v1::AdapterHello& hello) {
  const absl::StatusOr<std::string> adapter = AdapterOf(principal_, hello.adapter());
  absl::Status status = adapter.status();
  if (status.ok() && !IsIdentifier(*adapter)) {
    status = adapter->empty() ? FieldError("FIELD_MISSING", "hello.adapter", "required")
                              : FieldError("FIELD_MALFORMED", "hello.adapter",
                                           "not an identifier; use 1 to 64 letters, digits, `-`, `_`, `.`");
  }
  if (status.ok() && hello.resume_after() < 0) {
    status = FieldError("FIELD_OUT_OF_RANGE", "hello.resume_after", "must not be negative");
  }
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    if (status.ok() && !adapter_.empty()) {
      status = base::Error(absl::StatusCode::kFailedPrecondition, "HELLO_ALREADY",
                           "adapter " + adapter_ + " has opened this stream; hello comes once");
    }
    if (status.ok()) adapter_ = *adapter;
  }
  if (!status.ok()) {
    Answer(*sink_, request_id, status);
    return sink_->Close(status);
  }
  std::optional<int64_t> resume_after;
  if (hello.resume_after() > 0) resume_after = hello.resume_after();
  workspace_.Post(engine::AttachAdapter{*adapter, resume_after, sink_},
                  [sink = sink_, request_id = std::move(request_id)](const absl::StatusOr<engine::Outcome>& outcome) {
                    Answer(*sink, request_id, outcome);
                    if (!outcome.ok()) sink->Close(outcome.status());
                  });
  // Close may have come in between, and its detach before our attach.
  std::lock_guard lock(mutex_);
  if (closed_) workspace_.Post(engine::DetachAdapter{*adapter, sink_}, [](const absl::StatusOr<engine::Outcome>&) {});
}

void ConnectSession::Close() {
  std::string adapter;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    adapter = adapter_;
  }
  if (adapter.empty()) return;
  workspace_.Post(engine::DetachAdapter{std::move(adapter), sink_}, [](const absl::StatusOr<engine::Outcome>&) {});
}

}  // namespace routerd::session
