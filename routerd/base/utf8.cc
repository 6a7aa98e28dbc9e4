// Checks UTF-8.
#include "routerd/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace routerd::base {
namespace {

// How many bytes follow the first byte of a character, and what the second may be; Unicode's table 3-7.
struct Lead {
  int tail_size;  // -1: cannot begin a character.
  unsigned char second_min, second_max;
};

Lead LeadOf(unsigned char first) {
  if (first < 0x80) return {0, 0, 0};
  if (first < 0xC2) return {-1, 0, 0};
  if (first < 0xE0) return {1, 0x80, 0xBF};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first < 0xF0) return {2, 0x80, 0xBF};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  if (first < 0xF4) return {3, 0x80, 0xBF};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {-1, 0, 0};
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  while (at < end) {
    if (end - at >= 8) {
      uint64_t eight;
      std::memcpy(&eight, at, 8);
      if ((eight & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    const Lead lead = LeadOf(*at++);
    if (lead.tail_size < 0 || end - at < lead.tail_size) return false;
    if (lead.tail_size > 0 && (*at < lead.second_min || *at > lead.second_max)) return false;
    for (int index = 1; index < lead.tail_size; ++index) {
      if ((at[index] & 0xC0) != 0x80) return false;
    }
    at += lead.tail_size;
  }
  return true;
}

}  // namespace routerd::base
