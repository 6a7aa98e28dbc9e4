// Times and spans as people read them, for sentences.
#pragma once

#include <string>

#include "routerd/core/types.h"

namespace routerd::core {

// `10:02:20`, in UTC.
std::string ClockText(Instant at);
// `20 s`, `1 min 30 s`, `250 ms`.
std::string DurationText(Duration duration);

}  // namespace routerd::core
