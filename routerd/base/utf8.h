// Whether a text is UTF-8.
#pragma once

#include <string_view>

namespace routerd::base {

// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF. Plain ASCII is passed
// over eight bytes at a time.
bool IsValidUtf8(std::string_view text);

}  // namespace routerd::base
