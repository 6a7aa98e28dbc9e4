// The side file that keeps a second process away from a journal, and remembers how far it was acknowledged.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace routerd::journal {

// An OwnerLock holds `PATH.lock` by flock for as long as it lives, so the system itself lets go when the process dies.
// The file says who holds it, and the newest entry that was acknowledged. That is written without a sync: a killed
// process leaves it exact, a power cut leaves it exact or low, and it is never high. A journal that ends before it has
// lost acknowledged entries: its -wal file was removed, or an older copy put in its place.
//
// Threads: one at a time.
class OwnerLock {
 public:
  // kUnavailable (JOURNAL_HELD) while another process holds it; kPermissionDenied, kResourceExhausted, kUnavailable
  // when the file cannot be written.
  static absl::StatusOr<OwnerLock> Acquire(const std::string& journal_path);

  OwnerLock(OwnerLock&& other) noexcept;
  OwnerLock& operator=(OwnerLock&&) = delete;
  ~OwnerLock();

  int64_t acknowledged() const { return acknowledged_; }
  // Notes that entries up to `sequence` are about to be acknowledged. A failure is of no consequence but that a loss
  // would go unnoticed.
  void Note(int64_t sequence);

 private:
  OwnerLock(int file, int64_t acknowledged) : file_(file), acknowledged_(acknowledged) {}

  int file_;
  int64_t acknowledged_;
};

}  // namespace routerd::journal
