// Lists of names, for people.
#include "routerd/config/text.h"

#include <algorithm>

namespace routerd::config {

std::string NamesText(const std::vector<std::string>& names, std::string_view last) {
  constexpr size_t kNamedMax = 8;
  const bool all = names.size() <= kNamedMax;
  const size_t named = all ? names.size() : kNamedMax - 1;
  std::string text;
  for (size_t i = 0; i < named; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : all && i + 1 == named ? Absl(last) : ", ", names[i]);
  }
  if (!all) absl::StrAppend(&text, Absl(last), names.size() - named, " more");
  return text;
}

}  // namespace routerd::config
