// Three threads: one reads lines, one reads the stream, and the caller's drives the desk from one queue of both.
#include "routerd/ctl/work.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <variant>

#include "routerd/ctl/desk.h"
#include "routerd/ctl/failure.h"
#include "routerd/v1/agent_service.grpc.pb.h"

namespace routerd::ctl {
namespace {

using std::chrono::steady_clock;
constexpr auto kAnswerWithin = std::chrono::seconds(15);
constexpr auto kRetryFirst = std::chrono::milliseconds(200);
constexpr auto kRetryMax = std::chrono::milliseconds(3'000);
constexpr int kInputPollMs = 100;

struct Typed {
  std::string line;
};
struct InputOver {};
struct Received {
  v1::WorkResponse response;
};
struct StreamOver {};
using Input = std::variant<Typed, InputOver, Received, StreamOver>;

// What the two readers have for the desk, in order. Any thread.
class Inbox {
 public:
  void Put(Input input) {
    std::lock_guard lock(mutex_);
    inputs_.push_back(std::move(input));
    arrived_.notify_one();
  }
  // Waits up to `until`; nothing if nothing came.
  std::optional<Input> Next(steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, until, [this] { return !inputs_.empty(); })) return std::nullopt;
    Input input = std::move(inputs_.front());
    inputs_.pop_front();
    return input;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Input> inputs_;
};

// Reads standard input's lines until its end or until destroyed.
class LineReader {
 public:
  explicit LineReader(Inbox& inbox) : thread_([this, &inbox] { Run(inbox); }) {}
  ~LineReader() {
    stop_ = true;
    thread_.join();
  }

 private:
  void Run(Inbox& inbox) {
    std::string pending;
    char buffer[4096];
    while (!stop_) {
      pollfd ready{STDIN_FILENO, POLLIN, 0};
      if (poll(&ready, 1, kInputPollMs) <= 0) continue;
      const ssize_t size = read(STDIN_FILENO, buffer, sizeof buffer);
      if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (size <= 0) break;
      pending.append(buffer, static_cast<size_t>(size));
      for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
        inbox.Put(Typed{pending.substr(0, end)});
        pending.erase(0, end + 1);
      }
    }
    if (!pending.empty()) inbox.Put(Typed{std::move(pending)});
    inbox.Put(InputOver{});
  }

  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// One stream, with its reader. Destroying it cancels what still goes on.
class Stream {
 public:
  Stream(const Connection& connection, Inbox& inbox) : stub_(v1::AgentService::NewStub(connection.channel())) {
    connection.Prepare(context_);
    stream_ = stub_->Work(&context_);
    reader_ = std::thread([this, &inbox] {
      v1::WorkResponse response;
      while (stream_->Read(&response)) inbox.Put(Received{std::exchange(response, {})});
      inbox.Put(StreamOver{});
    });
  }
  ~Stream() {
    if (!reader_.joinable()) return;
    context_.TryCancel();
    Finish();
  }
  // A broken stream shows as StreamOver, so nothing is told here.
  void Write(const v1::WorkRequest& request) { stream_->Write(request); }
  void Cancel() { context_.TryCancel(); }
  // Says to the router that nothing more comes. What was asked has been answered by then.
  void Close() {
    stream_->WritesDone();
    context_.TryCancel();
  }
  grpc::Status Finish() {
    reader_.join();
    return stream_->Finish();
  }

 private:
  std::unique_ptr<v1::AgentService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WorkRequest, v1::WorkResponse>> stream_;
  std::thread reader_;
};

std::string RandomId() {
  std::random_device device;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "ctl-%08x%08x", device(), device());
  return buffer;
}

class DeskLoop {
 public:
  DeskLoop(const Connection& connection, Desk desk) : connection_(connection), desk_(std::move(desk)) {}

  int Run() {
    LineReader lines(inbox_);
    Open();
    while (!exit_code_) {
      const std::optional<Input> input = inbox_.Next(WakeAt());
      if (!input) {
        Wake();
      } else if (const auto* typed = std::get_if<Typed>(&*input)) {
        Perform(desk_.Line(typed->line));
      } else if (std::holds_alternative<InputOver>(*input)) {
        Perform(desk_.InputEnded());
      } else if (const auto* received = std::get_if<Received>(&*input)) {
        heard_at_ = steady_clock::now();
        Perform(desk_.Receive(received->response));
        if (desk_.was_ready()) retry_ = kRetryFirst;
      } else {
        Broken();
      }
    }
    return *exit_code_;
  }

 private:
  void Open() {
    stream_ = std::make_unique<Stream>(connection_, inbox_);
    heard_at_ = steady_clock::now();
    Perform(desk_.Connected());
  }

  steady_clock::time_point WakeAt() const {
    if (!stream_) return retry_at_;
    return desk_.awaits_answer() ? heard_at_ + kAnswerWithin : steady_clock::now() + std::chrono::hours(1);
  }

  void Wake() {
    if (!stream_) {
      Open();
    } else if (desk_.awaits_answer() && steady_clock::now() >= heard_at_ + kAnswerWithin) {
      stream_->Cancel();  // It no longer answers; StreamOver follows.
    }
  }

  void Broken() {
    const grpc::Status status = stream_->Finish();
    stream_ = nullptr;
    const bool silent = status.error_code() == grpc::StatusCode::CANCELLED;
    if (!status.ok() && !silent) {
      const Failure failure = Describe(status, connection_.address());
      // One that never got in has a wrong address, or no right to: trying again would not tell.
      const bool hopeless = failure.exit_code == kExitRefused && !failure.passes;
      if (!desk_.was_ready() ? !(failure.passes && failure.exit_code == kExitRefused) : hopeless) {
        std::fprintf(stderr, "routerctl: %s\n", failure.text.c_str());
        exit_code_ = failure.exit_code;
        return;
      }
      const bool away = failure.exit_code == kExitUnreachable;
      Perform(desk_.Disconnected(away ? "the connection to " + connection_.address() + " broke" : failure.text));
    } else {
      Perform(desk_.Disconnected(silent ? "the router does not answer" : "the router closed the connection"));
    }
    retry_at_ = steady_clock::now() + retry_;
    retry_ = std::min<std::chrono::milliseconds>(retry_ * 2, kRetryMax);
  }

  void Perform(const DeskStep& step) {
    if (!step.text.empty()) {
      std::fputs(step.text.c_str(), stdout);
      if (step.alert && isatty(STDOUT_FILENO)) std::fputc('\a', stdout);
      std::fflush(stdout);
    }
    if (stream_) {
      for (const v1::WorkRequest& request : step.requests) {
        // The answer is due from the asking, not from the last thing heard.
        heard_at_ = std::max(heard_at_, steady_clock::now());
        stream_->Write(request);
      }
      if (step.exit_code) stream_->Close();
      if (step.drop) stream_->Cancel();
    }
    if (step.exit_code) exit_code_ = step.exit_code;
  }

  const Connection& connection_;
  Desk desk_;
  Inbox inbox_;
  std::unique_ptr<Stream> stream_;  // Null between two tries.
  steady_clock::time_point heard_at_;
  steady_clock::time_point retry_at_;
  std::chrono::milliseconds retry_ = kRetryFirst;
  std::optional<int> exit_code_;
};

}  // namespace

int RunDesk(const Connection& connection, const std::string& agent, const std::string& version) {
  Desk desk({.agent = agent, .run_id = RandomId(), .version = "routerctl " + version, .zone = absl::LocalTimeZone()});
  return DeskLoop(connection, std::move(desk)).Run();
}

}  // namespace routerd::ctl
