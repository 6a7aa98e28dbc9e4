// Calls things later, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace routerd::http {

// Threads: After from any; the functions run on the timer's thread, one at a time, and must be short.
// Ownership: a function that has not run when Stop is called never will.
class Timer {
 public:
  Timer();
  ~Timer() { Stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void After(std::chrono::milliseconds wait, std::function<void()> function);
  // When it returns, no function is running or will be. Idempotent; not from within a function.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> due_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace routerd::http
