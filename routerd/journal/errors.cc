// The words of errors.h.
#include "routerd/journal/errors.h"

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::journal {

using base::Error;

absl::Status NotReplayedError() {
  return Error(absl::StatusCode::kFailedPrecondition, "JOURNAL_NOT_REPLAYED",
               "the journal takes nothing before it was replayed; call Replay first");
}

absl::Status ReplayedTwiceError() {
  return Error(absl::StatusCode::kFailedPrecondition, "JOURNAL_REPLAYED",
               "the journal was replayed already; open it again to replay it again");
}

absl::Status ClosedError() {
  return Error(absl::StatusCode::kFailedPrecondition, "JOURNAL_CLOSED", "the journal is closed");
}

absl::Status GapError(int64_t sequence, int64_t last_sequence) {
  return Error(absl::StatusCode::kInvalidArgument, "JOURNAL_GAP",
               absl::StrCat("entry ", sequence, " cannot follow entry ", last_sequence, "; entry ", last_sequence + 1,
                            " must come next"));
}

absl::Status SnapshotUnderWayError() {
  return Error(absl::StatusCode::kFailedPrecondition, "SNAPSHOT_UNDER_WAY",
               "another snapshot is still being written; wait until it is done");
}

absl::Status SnapshotAheadError(int64_t sequence, int64_t last_sequence) {
  return Error(absl::StatusCode::kInvalidArgument, "SNAPSHOT_AHEAD",
               absl::StrCat("a snapshot as of entry ", sequence, " is ahead of the last entry, ", last_sequence));
}

absl::Status SnapshotBehindError(int64_t sequence, int64_t snapshot_sequence) {
  return Error(absl::StatusCode::kInvalidArgument, "SNAPSHOT_BEHIND",
               absl::StrCat("a snapshot as of entry ", sequence, " is behind the last one, as of entry ",
                            snapshot_sequence, "; entries between them may be gone"));
}

absl::Status TrimmedError(int64_t after, int64_t oldest_sequence) {
  return Error(absl::StatusCode::kOutOfRange, "JOURNAL_TRIMMED",
               absl::StrCat("entry ", after + 1, " is no longer kept; the oldest that is kept is ", oldest_sequence));
}

}  // namespace routerd::journal
