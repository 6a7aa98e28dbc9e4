#include "routerd/core/text.h"

#include "absl/strings/str_cat.h"

namespace routerd::core {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string ClockText(Instant at) {
  const auto of_day = std::chrono::floor<seconds>(at - std::chrono::floor<std::chrono::days>(at)).count();
  const auto two = [](int64_t number) { return absl::StrCat(number < 10 ? "0" : "", number); };
  return absl::StrCat(two(of_day / 3600), ":", two(of_day / 60 % 60), ":", two(of_day % 60));
}

std::string DurationText(Duration duration) {
  const auto ms = std::chrono::duration_cast<milliseconds>(duration).count();
  if (ms > -1000 && ms < 1000 && ms != 0) return absl::StrCat(ms, " ms");
  const auto s = ms / 1000;
  if (s < 60) return absl::StrCat(s, " s");
  if (s < 3600) return s % 60 == 0 ? absl::StrCat(s / 60, " min") : absl::StrCat(s / 60, " min ", s % 60, " s");
  const auto min = s / 60;
  return min % 60 == 0 ? absl::StrCat(min / 60, " h") : absl::StrCat(min / 60, " h ", min % 60, " min");
}

}  // namespace routerd::core
