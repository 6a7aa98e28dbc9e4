// Text for terminals: aligned tables, times and durations, and other people's words made safe to print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace routerd::ctl {

// `text` without what could steer a terminal: control characters, and those that turn the direction of writing, become
// U+FFFD, and so does what is not UTF-8. Line feeds and tabs stay.
std::string Printable(std::string_view text);

// The same in one line (line feeds and tabs become spaces), cut to `width_max` columns with an ellipsis; 0: not cut.
std::string OneLine(std::string_view text, size_t width_max = 0);

// Columns that `text` takes on a terminal: Chinese, Japanese, Korean and emoji are two wide, combining marks none.
size_t DisplayWidth(std::string_view text);

// `name` after its last `/`: "agents/ana" is "ana".
std::string ShortName(std::string_view name);

// "0.4s", "45s", "2m 05s", "1h 03m", "2d 04h".
std::string DurationText(absl::Duration duration);
std::string DurationText(const google::protobuf::Duration& duration);

absl::Time TimeOf(const google::protobuf::Timestamp& time);
absl::Duration DurationOf(const google::protobuf::Duration& duration);
// "14:03:59", and with the day before it "2026-11-23 14:03:59".
std::string ClockText(const google::protobuf::Timestamp& time, const absl::TimeZone& zone);
std::string DateText(const google::protobuf::Timestamp& time, const absl::TimeZone& zone);

// Rows under a heading, each column as wide as its widest cell; cells are made printable. Numbers go to the right.
class Table {
 public:
  // A title that starts with `>` (not shown) puts its column to the right.
  explicit Table(std::vector<std::string> titles);
  // Requires: as many cells as titles. An empty cell is shown as `-`.
  void Add(std::vector<std::string> cells);
  // Each line after `indent`, ended by a line feed, without spaces at its end.
  std::string Text(std::string_view indent = "") const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace routerd::ctl
