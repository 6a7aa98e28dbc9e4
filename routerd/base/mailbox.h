// A bounded mailbox: many threads put in, one thread takes out everything at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace routerd::base {

// A Mailbox hands items from many producers to one consumer, in order: what one producer pushed first comes out
// first. However many items wait, the consumer is woken once and takes them all.
//   open --Close--> closed   (final; what is inside can still be taken)
//
// Threads: Push, Wake, Close, size and closed from any thread; Take from one thread at a time.
// Limits:  holds item_count_max items that have not been taken; when full, Push refuses.
template <typename T>
class Mailbox {
 public:
  explicit Mailbox(size_t item_count_max) : item_count_max_(item_count_max) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Puts `item` in. False if the mailbox is full or closed: then `item` is untouched and still the caller's to answer.
  bool Push(T&& item) {
    std::unique_lock lock(mutex_);
    if (closed_ || items_.size() >= item_count_max_) return false;
    items_.push_back(std::move(item));
    Notify(std::move(lock));
    return true;
  }

  // Makes a waiting Take, or else the next one, return even if there is nothing to take.
  void Wake() {
    std::unique_lock lock(mutex_);
    woken_ = true;
    Notify(std::move(lock));
  }

  // Refuses what comes from now on and lets Take return.
  void Close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    Notify(std::move(lock));
  }

  // Waits until there is an item, Wake, Close or, if given, `deadline`, then replaces what is in `batch` with all
  // items, which may be none. False once the mailbox is closed and everything in it has been taken. Passing the same
  // vector each time lets its memory be used again.
  bool Take(std::vector<T>& batch, std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt) {
    batch.clear();
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !items_.empty() || woken_ || closed_; };
    waiting_ = true;
    if (deadline && *deadline != std::chrono::steady_clock::time_point::max()) {
      wake_.wait_until(lock, *deadline, ready);
    } else {
      wake_.wait(lock, ready);
    }
    waiting_ = false;
    woken_ = false;
    std::swap(batch, items_);
    return !batch.empty() || !closed_;
  }

  size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }
  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  // Wakes the consumer if it waits and has not been woken yet. Unlocks first, so that it does not wake into a held
  // lock.
  void Notify(std::unique_lock<std::mutex> lock) {
    const bool wake = std::exchange(waiting_, false);
    lock.unlock();
    if (wake) wake_.notify_one();
  }

  const size_t item_count_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<T> items_;
  bool waiting_ = false;  // The consumer waits and nobody has called it yet.
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace routerd::base
