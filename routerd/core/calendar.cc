#include "routerd/core/calendar.h"

#include <algorithm>

namespace routerd::core {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

// A moment of local time: a day and the time since its midnight.
struct Local {
  int64_t day = 0;
  Duration time{0};
};

Local LocalOf(Instant at, Duration offset) {
  const Duration since_epoch = at.time_since_epoch() + offset;
  int64_t day = since_epoch / kDay;
  if (since_epoch < day * kDay) --day;
  return {day, since_epoch - day * kDay};
}

// The first offset that comes into force after `at`.
std::vector<Calendar::Offset>::const_iterator NextOffset(const Calendar& calendar, Instant at) {
  return std::upper_bound(calendar.offsets.begin(), calendar.offsets.end(), at,
                          [](Instant t, const Calendar::Offset& o) { return t < o.from; });
}

const Calendar::Spans& SpansOf(const Calendar& calendar, int64_t day) {
  static const Calendar::Spans kAllDay = {{Duration{0}, kDay}};
  const auto exception = std::lower_bound(calendar.exceptions.begin(), calendar.exceptions.end(), day,
                                          [](const Calendar::Exception& e, int64_t d) { return e.day < d; });
  if (exception != calendar.exceptions.end() && exception->day == day) return exception->spans;
  if (calendar.week.empty()) return kAllDay;
  constexpr int64_t kEpochWeekday = 3;  // 1970-01-01 was a Thursday.
  return calendar.week[static_cast<size_t>(((day + kEpochWeekday) % 7 + 7) % 7)];
}

// The first time after `time` at which the day's spans begin or end; midnight at the latest.
Duration NextBoundary(const Calendar::Spans& spans, Duration time) {
  for (const Calendar::Span& span : spans) {
    if (span.from > time) return span.from;
    if (span.to > time) return span.to;
  }
  return kDay;
}

}  // namespace

Duration OffsetAt(const Calendar& calendar, Instant at) {
  const auto next = NextOffset(calendar, at);
  return next == calendar.offsets.begin() ? Duration{0} : std::prev(next)->offset;
}

bool IsOpen(const Calendar& calendar, Instant at) {
  const Local local = LocalOf(at, OffsetAt(calendar, at));
  for (const Calendar::Span& span : SpansOf(calendar, local.day)) {
    if (local.time >= span.from && local.time < span.to) return true;
  }
  return false;
}

Instant NextChange(const Calendar& calendar, Instant at) {
  const bool open = IsOpen(calendar, at);
  // A week beyond the last exception shows whatever there is to come.
  int64_t last_day = LocalOf(at, OffsetAt(calendar, at)).day;
  if (!calendar.exceptions.empty()) last_day = std::max(last_day, calendar.exceptions.back().day);
  last_day += 8;
  while (true) {
    const Local local = LocalOf(at, OffsetAt(calendar, at));
    if (local.day > last_day) return kNever;
    const auto shift = NextOffset(calendar, at);
    at += NextBoundary(SpansOf(calendar, local.day), local.time) - local.time;
    if (shift != calendar.offsets.end()) at = std::min(at, shift->from);
    if (IsOpen(calendar, at) != open) return at;
  }
}

}  // namespace routerd::core
