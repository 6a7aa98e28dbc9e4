// A file of two lines of fixed width, so that it is overwritten in place.
#include "routerd/journal/owner_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::journal {
namespace {

using base::Error;

constexpr char kFormat[] = "pid %010d\nacknowledged %020lld\n";

absl::Status SystemError(const std::string& path, int system_errno) {
  const bool full = system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
  const bool forbidden = system_errno == EACCES || system_errno == EPERM || system_errno == EROFS;
  const auto code = full        ? absl::StatusCode::kResourceExhausted
                    : forbidden ? absl::StatusCode::kPermissionDenied
                                : absl::StatusCode::kUnavailable;
  const char* reason = full ? "JOURNAL_FULL" : forbidden ? "JOURNAL_PERMISSION" : "JOURNAL_IO";
  return Error(code, reason,
               absl::StrCat("journal lock ", path, ": ", std::strerror(system_errno),
                            "; the journal's folder must be writable and have room"));
}

struct Content {
  int pid = 0;
  long long acknowledged = 0;
};

Content ReadContent(int file) {
  char text[128] = {};
  Content content;
  if (pread(file, text, sizeof(text) - 1, 0) <= 0) return content;
  if (std::sscanf(text, "pid %d\nacknowledged %lld", &content.pid, &content.acknowledged) != 2) return Content();
  return content;
}

bool WriteContent(int file, int64_t acknowledged) {
  char text[128];
  const int size = std::snprintf(text, sizeof(text), kFormat, getpid(), static_cast<long long>(acknowledged));
  return pwrite(file, text, size, 0) == size;
}

// False if someone removed or replaced the file between our open and our lock: then the lock is worth nothing.
bool IsStillAt(const std::string& path, int file) {
  struct stat there, ours;
  return stat(path.c_str(), &there) == 0 && fstat(file, &ours) == 0 && there.st_ino == ours.st_ino &&
         there.st_dev == ours.st_dev;
}

}  // namespace

absl::StatusOr<OwnerLock> OwnerLock::Acquire(const std::string& journal_path) {
  const std::string path = journal_path + ".lock";
  while (true) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0) return SystemError(path, errno);
    OwnerLock lock(file, 0);  // Closes it on every way out.
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return SystemError(path, errno);
      return Error(absl::StatusCode::kUnavailable, "JOURNAL_HELD",
                   absl::StrCat("journal ", journal_path, " is held by another process (pid ", ReadContent(file).pid,
                                ", by ", path, "); stop that one, or give this one a file of its own"));
    }
    if (!IsStillAt(path, file)) continue;
    lock.acknowledged_ = ReadContent(file).acknowledged;
    errno = 0;
    if (!WriteContent(file, lock.acknowledged_)) return SystemError(path, errno != 0 ? errno : ENOSPC);
    return lock;
  }
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)), acknowledged_(other.acknowledged_) {}

OwnerLock::~OwnerLock() {
  if (file_ >= 0) close(file_);
}

void OwnerLock::Note(int64_t sequence) {
  acknowledged_ = sequence;
  WriteContent(file_, sequence);
}

}  // namespace routerd::journal
