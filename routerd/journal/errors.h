// What every journal says when it is used wrongly or asked for what it no longer has.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace routerd::journal {

absl::Status NotReplayedError();
absl::Status ReplayedTwiceError();
absl::Status ClosedError();
absl::Status GapError(int64_t sequence, int64_t last_sequence);
absl::Status SnapshotUnderWayError();
// The entry `sequence` is not in the journal yet.
absl::Status SnapshotAheadError(int64_t sequence, int64_t last_sequence);
absl::Status SnapshotBehindError(int64_t sequence, int64_t snapshot_sequence);
absl::Status TrimmedError(int64_t after, int64_t oldest_sequence);

}  // namespace routerd::journal
