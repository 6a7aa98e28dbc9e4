// What waits to be sent to one reader, and what a transport does about it next.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::session {

// An Outgoing holds the messages on their way to one reader, for a transport that has one write under way at a time.
//
//   open --Close--> closing --everything sent--> finished (final)
//        --more than bytes_max wait--> closing, with kResourceExhausted (READER_TOO_SLOW)
//
// What was taken before it closed is still sent, in order; what comes later is dropped. So a reader who resumes gets
// on by what fits at least, however slow.
//
// Each call returns what the transport must do next; a call that changes nothing returns nothing to do. A message is
// never handed out while another one is being written, and nothing after `finish`.
//
// Limits:  bytes_max bytes wait, and one message that alone is larger.
// Threads: any.
template <typename Message>
class Outgoing {
 public:
  struct Next {
    std::shared_ptr<const Message> write;  // Write this; then call Written.
    bool more = false;                     // Another one follows it at once.
    std::optional<absl::Status> finish;    // End the stream so.
    bool closed = false;                   // This call closed it: let go of what feeds it.
  };

  explicit Outgoing(size_t bytes_max) : bytes_max_(bytes_max) {}

  Next Push(std::shared_ptr<const Message> message) {
    const size_t size = message->ByteSizeLong();
    std::lock_guard lock(mutex_);
    if (why_) return {};
    if (!queue_.empty() && bytes_ + size > bytes_max_) {
      return CloseLocked(base::Error(absl::StatusCode::kResourceExhausted, "READER_TOO_SLOW",
                                     absl::StrCat("more than ", bytes_max_,
                                                  " bytes wait to be read; read faster, or "
                                                  "go on from where you are on a new stream")));
    }
    bytes_ += size;
    queue_.push_back({std::move(message), size});
    return Pump();
  }

  Next Close(absl::Status why) {
    std::lock_guard lock(mutex_);
    if (why_) return {};
    return CloseLocked(std::move(why));
  }

  // The write under way is done. Not ok: the reader is gone, and what waits with it.
  Next Written(bool ok) {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) return Pump();
    queue_.clear();
    bytes_ = 0;
    return why_ ? Pump() : CloseLocked(absl::CancelledError("the reader is gone"));
  }

  // Bytes that wait, without those being written.
  size_t bytes() const {
    std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  struct Waiting {
    std::shared_ptr<const Message> message;
    size_t size;
  };

  Next CloseLocked(absl::Status why) {
    why_ = std::move(why);
    Next next = Pump();
    next.closed = true;
    return next;
  }

  Next Pump() {
    Next next;
    if (writing_ || finished_) return next;
    if (!queue_.empty()) {
      writing_ = true;
      bytes_ -= queue_.front().size;
      next.write = std::move(queue_.front().message);
      queue_.pop_front();
      next.more = !queue_.empty();
    } else if (why_) {
      finished_ = true;
      next.finish = why_;
    }
    return next;
  }

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<Waiting> queue_;
  size_t bytes_ = 0;
  bool writing_ = false;
  bool finished_ = false;
  std::optional<absl::Status> why_;  // Set once closed.
};

}  // namespace routerd::session
