// When a queue is open, without a time zone database: what one says for the years ahead is part of the calendar.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "routerd/core/types.h"

namespace routerd::core {

// A calendar is a plain value, made from the configuration by whoever has the time zones.
//
// Local time is UTC plus the offset in force. Hours that the clocks skip in spring are not open, hours that they repeat
// in autumn are open twice.
struct Calendar {
  struct Offset {
    Instant from;
    Duration offset{0};
    bool operator==(const Offset&) const = default;
  };
  // Open from `from` to just before `to`, counted in local time from midnight; at most 24 h.
  struct Span {
    Duration from{0};
    Duration to{0};
    bool operator==(const Span&) const = default;
  };
  using Spans = std::vector<Span>;  // By time, apart from each other.
  struct Exception {
    int64_t day = 0;  // Since 1970-01-01, local.
    Spans spans;      // Empty: closed.
    bool operator==(const Exception&) const = default;
  };

  std::string name;
  std::vector<Offset> offsets;  // By time. Before the first one, UTC.
  // From Monday; seven, or none: open around the clock but for the exceptions.
  std::vector<Spans> week;
  std::vector<Exception> exceptions;  // By day, each once.
};

bool IsOpen(const Calendar& calendar, Instant at);

// When it next opens, if it is closed at `at`, or closes; kNever when it stays as it is. Cost: a few steps for each day
// until then.
Instant NextChange(const Calendar& calendar, Instant at);

// The offset of local time from UTC.
Duration OffsetAt(const Calendar& calendar, Instant at);

}  // namespace routerd::core
