// Small words that messages about a configuration are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace routerd::config {

inline absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

inline std::string Quoted(std::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(Absl(text)), "\""); }

inline absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// `a, b or c`, for `last` of ` or `; of many names only the first few, and how many more there are.
std::string NamesText(const std::vector<std::string>& names, std::string_view last = " and ");

}  // namespace routerd::config
