#include "adapters/link/link.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "routerd/base/log.h"
#include "routerd/v1/contact_service.grpc.pb.h"

namespace adapters::link {
namespace {

using ::routerd::base::Log;
using ::routerd::base::LogLevel;

constexpr size_t kUnhandledMax = 4'096;
constexpr int kMessageBytesMax = 16 << 20;

}  // namespace

// One call of Connect, from its start to its end.
//
// Ownership: the Link's, which destroys it on its own thread once OnDone has spoken. It must not die in OnDone: its
//            context holds a channel, and the last reference to a channel may not go on one of gRPC's callback threads,
//            as that would have the thread shut down and join itself.
class Link::Stream final : public grpc::ClientBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  Stream(uint64_t attempt, std::shared_ptr<grpc::Channel> channel, std::function<void(LinkSignal)> signal)
      : attempt_(attempt), stub_(v1::ContactService::NewStub(std::move(channel))), signal_(std::move(signal)) {}

  grpc::ClientContext& context() { return context_; }

  void Start() {
    stub_->async()->Connect(&context_, this);
    AddHold();  // Writes begin outside of reactions.
    StartRead(&response_);
    StartCall();
  }

  void Write(std::vector<v1::ConnectRequest> requests) {
    std::lock_guard lock(mutex_);
    if (broken_) return;  // The session sends them again on the next stream.
    for (v1::ConnectRequest& request : requests) queue_.push_back(std::move(request));
    if (!writing_) WriteNext();
  }

  void Cancel() {
    context_.TryCancel();
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (std::exchange(read_paused_, false)) StartRead(&response_);  // Without a read the end would go unseen.
  }

  // One signal has been handled.
  void Handled() {
    std::lock_guard lock(mutex_);
    --unhandled_;
    if (read_paused_ && unhandled_ < kUnhandledMax / 2) {
      read_paused_ = false;
      StartRead(&response_);
    }
  }

  void WaitUntilDone() {
    const std::shared_ptr<End> end = end_;
    std::unique_lock lock(end->mutex);
    end->changed.wait(lock, [&end] { return end->reached; });
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Break();
    signal_(LinkSignal{attempt_, std::move(response_), absl::OkStatus()});
    response_.Clear();
    std::lock_guard lock(mutex_);
    if (++unhandled_ < kUnhandledMax || broken_ || cancelled_) return StartRead(&response_);
    read_paused_ = true;
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Break();
    std::lock_guard lock(mutex_);
    queue_.pop_front();
    writing_ = false;
    if (!queue_.empty() && !broken_) WriteNext();
  }

  void OnDone(const grpc::Status& status) override {
    // Whoever gets the signal may destroy this stream at once: from then on only what is held here is touched.
    const std::shared_ptr<End> end = end_;
    const std::function<void(LinkSignal)> signal = signal_;
    signal(LinkSignal{attempt_, std::nullopt,
                      absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message())});
    std::lock_guard lock(end->mutex);
    end->reached = true;
    end->changed.notify_all();
  }

 private:
  // Outlives the stream, for OnDone's last words.
  struct End {
    std::mutex mutex;
    std::condition_variable changed;
    bool reached = false;
  };

  // Requires: mutex_ is held, nothing is being written.
  void WriteNext() {
    writing_ = true;
    StartWrite(&queue_.front());
  }

  void Break() {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(broken_, true)) return;
    }
    Cancel();
    RemoveHold();
  }

  const uint64_t attempt_;
  const std::unique_ptr<v1::ContactService::Stub> stub_;
  const std::function<void(LinkSignal)> signal_;
  grpc::ClientContext context_;
  const std::shared_ptr<End> end_ = std::make_shared<End>();
  v1::ConnectResponse response_;

  std::mutex mutex_;
  std::deque<v1::ConnectRequest> queue_;  // The first is being written if writing_.
  bool writing_ = false;
  bool broken_ = false;
  bool cancelled_ = false;
  bool read_paused_ = false;
  size_t unhandled_ = 0;
};

Link::Link(LinkOptions options, int64_t cursor, std::function<double()> random, std::function<void(LinkSignal)> signal)
    : options_(std::move(options)),
      signal_(std::move(signal)),
      session_(options_.session, cursor, std::move(random)),
      channels_(options_.addresses.size()) {}

Link::~Link() { Stop(); }

Received Link::Handle(const LinkSignal& signal, Instant now) {
  if (signal.attempt != session_.attempt()) return {};
  if (signal.response) {
    if (stream_ != nullptr) stream_->Handled();
    const bool was_open = session_.open();
    Received received = session_.OnResponse(*signal.response, now);
    if (!was_open && received.opened) {
      Log(LogLevel::kInfo, "link.opened",
          {{"adapter", options_.session.adapter},
           {"head", signal.response->welcome().head_sequence()},
           {"cursor", session_.cursor()},
           {"resync", received.resync},
           {"outbox", session_.outbox_requests()}});
    }
    return received;
  }
  Log(LogLevel::kWarning, session_.open() ? "link.lost" : "link.not_opened",
      {{"adapter", options_.session.adapter},
       {"attempt", signal.attempt},
       {"status", absl::StatusCodeToString(signal.ended.code())},
       {"detail", std::string(signal.ended.message())}});
  session_.OnStreamEnded(now);
  stream_ = nullptr;
  return {};
}

void Link::Flush(Instant now) {
  SessionActions actions = session_.TakeActions(now);
  if (actions.cancel && stream_ != nullptr) stream_->Cancel();
  if (actions.connect) stream_ = Connect(*actions.connect);
  if (!actions.writes.empty() && stream_ != nullptr) stream_->Write(std::move(actions.writes));
}

void Link::Stop() {
  if (stream_ == nullptr) return;
  stream_->Cancel();
  stream_->WaitUntilDone();
  stream_ = nullptr;
}

std::unique_ptr<Link::Stream> Link::Connect(size_t address) {
  auto stream = std::make_unique<Stream>(session_.attempt(), ChannelTo(address), signal_);
  if (!options_.token.empty()) stream->context().AddMetadata("authorization", "Bearer " + options_.token);
  if (!options_.workspace.empty()) stream->context().AddMetadata("routerd-workspace", options_.workspace);
  stream->Start();
  return stream;
}

// One channel an address, for as long as the link: making one for each attempt costs and gains nothing.
std::shared_ptr<grpc::Channel> Link::ChannelTo(size_t address) {
  std::shared_ptr<grpc::Channel>& channel = channels_[address];
  if (channel != nullptr) return channel;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);  // The session has the back-off.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (options_.tls) {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = options_.tls->ca_pem;
    ssl.pem_cert_chain = options_.tls->certificate_pem;
    ssl.pem_private_key = options_.tls->key_pem;
    credentials = grpc::SslCredentials(ssl);
  }
  channel = grpc::CreateCustomChannel(options_.addresses[address], credentials, arguments);
  return channel;
}

}  // namespace adapters::link
