// A growing set of small numbers, one bit each, for questions asked a million times a second.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace routerd::core {

class BitSet {
 public:
  void Set(size_t i, bool on = true) {
    if (i / 64 >= words_.size()) words_.resize(i / 64 + 1);
    const uint64_t bit = uint64_t{1} << (i % 64);
    words_[i / 64] = on ? words_[i / 64] | bit : words_[i / 64] & ~bit;
  }
  bool Test(size_t i) const { return i / 64 < words_.size() && (words_[i / 64] >> (i % 64) & 1) != 0; }
  auto operator<=>(const BitSet&) const = default;
  // The numbers from 64 * w on, lowest bit first.
  uint64_t word(size_t w) const { return words_[w]; }
  size_t word_count() const { return words_.size(); }

  // Calls `visit(i)` for each number that is in both sets, in increasing order.
  template <typename Visit>
  static void ForEachInBoth(const BitSet& a, const BitSet& b, Visit&& visit) {
    const size_t count = std::min(a.words_.size(), b.words_.size());
    for (size_t w = 0; w < count; ++w) {
      for (uint64_t word = a.words_[w] & b.words_[w]; word != 0; word &= word - 1) {
        visit(w * 64 + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    ForEachInBoth(*this, *this, visit);
  }

 private:
  std::vector<uint64_t> words_;
};

}  // namespace routerd::core
