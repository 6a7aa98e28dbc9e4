// Streams: what the workspace owes to a reader, put on gRPC's callback interface.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "routerd/engine/request.h"
#include "routerd/rpc/call.h"
#include "routerd/session/errors.h"
#include "routerd/session/outgoing.h"

namespace routerd::rpc {

// Something that can be told to end.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  virtual void Close(absl::Status why) = 0;
};

// The streams that are open, so that a stopping server can end them. Threads: any.
class OpenStreams {
 public:
  // Closes `stream` at once if everything is being closed.
  void Add(const std::shared_ptr<OpenStream>& stream) {
    {
      std::lock_guard lock(mutex_);
      if (!closing_) {
        streams_[stream.get()] = stream;
        return;
      }
    }
    stream->Close(session::ShuttingDown());
  }

  void Remove(const OpenStream* stream) {
    std::lock_guard lock(mutex_);
    streams_.erase(stream);
  }

  // Ends all streams, and those that come later.
  void CloseAll() {
    std::unordered_map<const OpenStream*, std::weak_ptr<OpenStream>> streams;
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
      streams.swap(streams_);
    }
    for (const auto& [key, weak] : streams) {
      if (const auto stream = weak.lock()) stream->Close(session::ShuttingDown());
    }
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const OpenStream*, std::weak_ptr<OpenStream>> streams_;
  bool closing_ = false;
};

// A StreamSink writes what it is given to a reactor, one message at a time, and finishes it once.
//
// Ownership: shared by the reactor and whoever feeds it, and may outlive the reactor. It touches the reactor only
//            while that must be alive: it alone finishes it, and never while a write is under way.
// Limits:    as Outgoing has them. A stream that was closed and whose last messages are not read within
//            kLingerSeconds is cut off.
// Threads:   any.
template <typename Message, typename Reactor>
class StreamSink final : public engine::Sink<Message>,
                         public OpenStream,
                         public std::enable_shared_from_this<StreamSink<Message, Reactor>> {
 public:
  StreamSink(Reactor* reactor, grpc::CallbackServerContext* context, size_t bytes_max)
      : outgoing_(bytes_max), reactor_(reactor), context_(context) {}

  // Called once, when the stream begins to close, for whatever reason. Set before anything is delivered.
  void OnClosed(std::function<void()> on_closed) { on_closed_ = std::move(on_closed); }

  void Deliver(std::shared_ptr<const Message> message) override { Do(outgoing_.Push(std::move(message))); }
  void Close(absl::Status why) override { Do(outgoing_.Close(std::move(why))); }

  // The reactor's: OnWriteDone, OnDone.
  void Written(bool ok) { Do(outgoing_.Written(ok)); }
  void Done() {
    std::lock_guard lock(context_mutex_);
    context_ = nullptr;
    alarm_.Cancel();
  }

 private:
  using Outgoing = session::Outgoing<Message>;
  static constexpr int kLingerSeconds = 10;

  void Do(typename Outgoing::Next next) {
    if (next.closed) {
      if (!next.finish) CutOffLater();
      // Moved out, so that it can be the one that keeps the session that keeps this sink.
      if (const auto on_closed = std::exchange(on_closed_, nullptr)) on_closed();
    }
    if (next.write) {
      current_ = std::move(next.write);
      grpc::WriteOptions options;
      if (next.more) options.set_buffer_hint();
      reactor_->StartWrite(current_.get(), options);
    } else if (next.finish) {
      reactor_->Finish(ToGrpc(*next.finish));
    }
  }

  void CutOffLater() {
    std::lock_guard lock(context_mutex_);
    if (!context_) return;
    const gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kLingerSeconds, GPR_TIMESPAN));
    // Weak: an alarm keeps its callback even after it has called it, and this keeps the alarm.
    alarm_.Set(deadline, [weak = this->weak_from_this()](bool) {
      if (const auto self = weak.lock()) self->CutOff();
    });
  }

  void CutOff() {
    std::lock_guard lock(context_mutex_);
    if (context_) context_->TryCancel();
  }

  Outgoing outgoing_;
  Reactor* const reactor_;
  std::function<void()> on_closed_;
  std::shared_ptr<const Message> current_;  // Being written: its owner is whoever Outgoing gave it to.
  std::mutex context_mutex_;
  grpc::CallbackServerContext* context_;  // Null once the call is over.
  grpc::Alarm alarm_;
};

// A bidirectional stream that a Session (session::WorkSession, session::ConnectSession) gives its meaning.
// Deletes itself when the call is over.
template <typename Request, typename Response, typename Session>
class SessionReactor final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  SessionReactor(grpc::CallbackServerContext* context, Caller caller, OpenStreams& streams, size_t bytes_max)
      : streams_(streams),
        sink_(std::make_shared<Sink>(this, context, bytes_max)),
        session_(std::make_shared<Session>(*caller.workspace, std::move(caller.principal), sink_)) {
    sink_->OnClosed([session = session_] { session->Close(); });
    this->StartSendInitialMetadata();
    this->StartRead(&request_);
    streams_.Add(sink_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return sink_->Close(absl::OkStatus());  // The client has finished, or is gone.
    session_->Receive(std::move(request_));
    request_.Clear();
    this->StartRead(&request_);
  }
  void OnWriteDone(bool ok) override { sink_->Written(ok); }
  void OnCancel() override { sink_->Close(absl::CancelledError("the client has gone")); }
  void OnDone() override {
    streams_.Remove(sink_.get());
    sink_->Done();
    delete this;
  }

 private:
  using Sink = StreamSink<Response, SessionReactor>;

  OpenStreams& streams_;
  Request request_;
  const std::shared_ptr<Sink> sink_;
  const std::shared_ptr<Session> session_;
};

// A call refused at once. Deletes itself when the call is over.
template <typename Reactor>
class RefusedReactor final : public Reactor {
 public:
  explicit RefusedReactor(const absl::Status& status) { this->Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace routerd::rpc
