// "Did you mean ...?": the known name nearest to a mistyped one, for error messages. Uses the standard library only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace routerd::base {

// How many letters must be added, dropped, replaced or swapped with their neighbour to make `a` into `b`, upper and
// lower case (of ASCII) being the same. Cost: O(|a| * |b|).
size_t EditDistance(std::string_view a, std::string_view b);

// The greatest distance at which a name is still likely to be what was meant by `wrong`.
size_t SuggestDistanceMax(std::string_view wrong);

// The name in `known` nearest to `wrong`, the first of equals; "" if none is near. `known` is any range of strings.
template <typename Range>
std::string Suggest(std::string_view wrong, const Range& known) {
  size_t best_distance = SuggestDistanceMax(wrong) + 1;
  std::string_view best;
  for (const auto& name : known) {
    const size_t distance = EditDistance(wrong, name);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = name;
  }
  return std::string(best);
}

// The end of an error message about an unknown name: `; did you mean "billing"?`, or "" if no known name is near.
template <typename Range>
std::string DidYouMean(std::string_view wrong, const Range& known) {
  const std::string name = Suggest(wrong, known);
  return name.empty() ? std::string() : "; did you mean \"" + name + "\"?";
}

}  // namespace routerd::base
