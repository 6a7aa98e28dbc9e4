#include "routerd/http/timer.h"

#include <utility>

namespace routerd::http {

Timer::Timer() : thread_([this] { Run(); }) {}

void Timer::After(std::chrono::milliseconds wait, std::function<void()> function) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    due_.emplace(std::chrono::steady_clock::now() + wait, std::move(function));
  }
  changed_.notify_one();
}

void Timer::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  due_.clear();
}

void Timer::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (due_.empty()) {
      changed_.wait(lock);
    } else if (due_.begin()->first > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due_.begin()->first);
    } else {
      auto next = due_.extract(due_.begin());
      lock.unlock();
      next.mapped()();
      next = {};  // What it holds is let go of outside the lock too.
      lock.lock();
    }
  }
}

}  // namespace routerd::http
