#include "routerd/engine/calendar_compile.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace routerd::engine {
namespace {

using Spans = core::Calendar::Spans;

constexpr int kYearFirst = 2020;
constexpr int kYearLast = 2070;

core::Instant ToCore(absl::Time time) { return core::Instant(core::Duration(absl::ToUnixNanos(time))); }

// `09:30`
core::Duration TimeOfDay(absl::string_view text) {
  int hour = 0;
  int minute = 0;
  const size_t colon = std::min(text.find(':'), text.size() - 1);
  if (!absl::SimpleAtoi(text.substr(0, colon), &hour) || !absl::SimpleAtoi(text.substr(colon + 1), &minute)) return {};
  return std::chrono::hours(hour) + std::chrono::minutes(minute);
}

void Add(const std::string& from, const std::string& to, Spans& spans) {
  if (!from.empty() && !to.empty()) spans.push_back({TimeOfDay(from), TimeOfDay(to)});
}

// Puts spans in order and makes one of those that touch.
void Tidy(Spans& spans) {
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  Spans tidy;
  for (const core::Calendar::Span& span : spans) {
    if (!tidy.empty() && span.from <= tidy.back().to) {
      tidy.back().to = std::max(tidy.back().to, span.to);
    } else {
      tidy.push_back(span);
    }
  }
  spans = std::move(tidy);
}

std::vector<core::Calendar::Offset> OffsetsOf(const std::string& zone_name) {
  absl::TimeZone zone;
  if (zone_name.empty() || !absl::LoadTimeZone(zone_name, &zone)) return {};
  const absl::Time first = absl::FromCivil(absl::CivilYear(kYearFirst), absl::UTCTimeZone());
  const absl::Time last = absl::FromCivil(absl::CivilYear(kYearLast), absl::UTCTimeZone());
  const auto offset_at = [&](absl::Time time) { return core::Duration(std::chrono::seconds(zone.At(time).offset)); };
  // What holds at the beginning is taken to have held before.
  std::vector<core::Calendar::Offset> offsets = {{core::Instant::min(), offset_at(first)}};
  absl::TimeZone::CivilTransition transition;
  for (absl::Time at = first; zone.NextTransition(at, &transition);) {
    at = zone.At(transition.to).trans;
    if (at >= last) break;
    if (const core::Duration offset = offset_at(at); offset != offsets.back().offset) {
      offsets.push_back({ToCore(at), offset});
    }
  }
  return offsets;
}

}  // namespace

core::Calendar CompileCalendar(const v1::CalendarConfig& config) {
  constexpr std::array<absl::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  core::Calendar calendar;
  calendar.name = config.id();
  calendar.offsets = OffsetsOf(config.time_zone());
  if (!config.hours().empty()) calendar.week.resize(kDays.size());
  for (const v1::OpenHours& hours : config.hours()) {
    for (const std::string& day : hours.days()) {
      const auto at = std::find(kDays.begin(), kDays.end(), day);
      if (at != kDays.end()) Add(hours.from(), hours.to(), calendar.week[static_cast<size_t>(at - kDays.begin())]);
    }
  }
  for (Spans& spans : calendar.week) Tidy(spans);
  for (const v1::Holiday& holiday : config.holidays()) {
    absl::CivilDay day;
    if (!absl::ParseCivilTime(holiday.date(), &day)) continue;
    core::Calendar::Exception& exception = calendar.exceptions.emplace_back();
    exception.day = day - absl::CivilDay(1970, 1, 1);
    Add(holiday.from(), holiday.to(), exception.spans);
  }
  std::sort(calendar.exceptions.begin(), calendar.exceptions.end(),
            [](const auto& a, const auto& b) { return a.day < b.day; });
  return calendar;
}

}  // namespace routerd::engine
