// Edit distance for suggestions.
#include "routerd/base/suggest.h"

#include <algorithm>
#include <vector>

namespace routerd::base {
namespace {

// A longer name is a pasted text rather than a slip; measuring it would only cost time.
constexpr size_t kNameSizeMax = 256;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  if (a.size() > kNameSizeMax || b.size() > kNameSizeMax) return std::max(a.size(), b.size());
  // Three rows of the table whose cell (i, j) is the distance of a's first i letters from b's first j.
  std::vector<size_t> two_up(b.size() + 1), up(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(two_up, up);
    std::swap(up, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
  }
  return row[b.size()];
}

size_t SuggestDistanceMax(std::string_view wrong) {
  if (wrong.size() <= 2) return wrong.empty() ? 0 : 1;
  return std::min<size_t>(1 + wrong.size() / 4, 4);
}

}  // namespace routerd::base
