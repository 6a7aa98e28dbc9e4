// What is owed to the outside and waits for the disk.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/engine/request.h"

namespace routerd::engine {

// An Outbox collects, in order, what one batch owes to readers and callers. Released once, when the batch is durable
// or has failed.
//
// Threads: filled by the workspace's writer, then handed over whole to the release thread.
class Outbox {
 public:
  template <typename Message>
  void Deliver(std::shared_ptr<Sink<Message>> sink, std::shared_ptr<const Message> message) {
    owed_.push_back(Delivery<Message>{std::move(sink), std::move(message)});
  }
  template <typename Message>
  void Close(std::shared_ptr<Sink<Message>> sink, absl::Status why) {
    owed_.push_back(Closing<Message>{std::move(sink), std::move(why)});
  }
  void Answer(Done done, absl::StatusOr<Outcome> result) {
    if (done) owed_.push_back(Reply{std::move(done), std::move(result)});
  }
  void Run(std::function<void()> answer) {
    if (answer) owed_.push_back(std::move(answer));
  }
  bool empty() const { return owed_.empty(); }
  size_t size() const { return owed_.size(); }

  // Pays everything in order. When the batch was not made durable, nothing of it is told: callers get `durable`, and
  // only what closes is closed.
  void Release(const absl::Status& durable);

 private:
  template <typename Message>
  struct Delivery {
    std::shared_ptr<Sink<Message>> sink;
    std::shared_ptr<const Message> message;
    void Release(const absl::Status& durable) {
      if (durable.ok()) sink->Deliver(std::move(message));
    }
  };
  template <typename Message>
  struct Closing {
    std::shared_ptr<Sink<Message>> sink;
    absl::Status why;
    void Release(const absl::Status& durable) { sink->Close(durable.ok() ? why : durable); }
  };
  struct Reply {
    Done done;
    absl::StatusOr<Outcome> result;
    void Release(const absl::Status& durable) {
      if (!durable.ok()) result = durable;
      done(result);
    }
  };
  using Owed = std::variant<Delivery<v1::WorkResponse>, Delivery<v1::ConnectResponse>, Delivery<v1::Event>,
                            Closing<v1::WorkResponse>, Closing<v1::ConnectResponse>, Closing<v1::Event>, Reply,
                            std::function<void()>>;

  std::vector<Owed> owed_;
};

}  // namespace routerd::engine
