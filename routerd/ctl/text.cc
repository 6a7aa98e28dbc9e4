// Widths, cutting and cleaning of text.
#include "routerd/ctl/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace routerd::ctl {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr char32_t kMalformed = 0xFFFFFFFF;

struct Decoded {
  char32_t code = kMalformed;
  size_t size = 1;
};

// The first code point of `text`, which is not empty; kMalformed and one byte if it is not UTF-8.
Decoded Decode(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t size = 0;
  char32_t code = 0;
  char32_t least = 0;
  if ((lead & 0xE0) == 0xC0) {
    size = 2, code = lead & 0x1F, least = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    size = 3, code = lead & 0x0F, least = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    size = 4, code = lead & 0x07, least = 0x10000;
  }
  if (size == 0 || text.size() < size) return {};
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, size};
}

bool IsHarmful(char32_t code) {
  if (code == '\n' || code == '\t') return false;
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == kMalformed;
}

size_t WidthOf(char32_t code) {
  const auto in = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  if (in(0x300, 0x36F) || in(0x200B, 0x200F) || in(0xFE00, 0xFE0F)) return 0;
  if (in(0x1100, 0x115F) || in(0x2E80, 0xA4CF) || in(0xAC00, 0xD7A3) || in(0xF900, 0xFAFF) || in(0xFE30, 0xFE6F) ||
      in(0xFF00, 0xFF60) || in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1FAFF) || in(0x20000, 0x3FFFD)) {
    return 2;
  }
  return 1;
}

std::string Two(const char* format, int64_t large, int64_t small) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, static_cast<long long>(large), static_cast<long long>(small));
  return buffer;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = Decode(text);
    out += IsHarmful(next.code) ? kReplacement : text.substr(0, next.size);
    text.remove_prefix(next.size);
  }
  return out;
}

std::string OneLine(std::string_view text, size_t width_max) {
  std::string line = Printable(text);
  for (char& c : line) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  if (width_max == 0 || DisplayWidth(line) <= width_max) return line;
  size_t width = 1;  // The ellipsis.
  size_t end = 0;
  while (end < line.size()) {
    const Decoded next = Decode(std::string_view(line).substr(end));
    width += WidthOf(next.code);
    if (width > width_max) break;
    end += next.size;
  }
  return line.substr(0, end) + "…";
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Decoded next = Decode(text);
    width += WidthOf(next.code);
    text.remove_prefix(next.size);
  }
  return width;
}

std::string ShortName(std::string_view name) {
  const size_t slash = name.rfind('/');
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

std::string DurationText(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  if (duration < absl::Seconds(10) && duration % absl::Seconds(1) >= absl::Milliseconds(100)) {
    const int64_t tenths = duration / absl::Milliseconds(100);
    return Two("%lld.%llds", tenths / 10, tenths % 10);
  }
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return Two("%lldm %02llds", seconds / 60, seconds % 60);
  if (seconds < 86400) return Two("%lldh %02lldm", seconds / 3600, seconds / 60 % 60);
  return Two("%lldd %02lldh", seconds / 86400, seconds / 3600 % 24);
}

std::string DurationText(const google::protobuf::Duration& duration) { return DurationText(DurationOf(duration)); }

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string ClockText(const google::protobuf::Timestamp& time, const absl::TimeZone& zone) {
  return absl::FormatTime("%H:%M:%S", TimeOf(time), zone);
}

std::string DateText(const google::protobuf::Timestamp& time, const absl::TimeZone& zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", TimeOf(time), zone);
}

Table::Table(std::vector<std::string> titles) {
  for (std::string& title : titles) {
    right_.push_back(title.starts_with('>'));
    if (right_.back()) title.erase(0, 1);
  }
  rows_.push_back(std::move(titles));
}

void Table::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = cell.empty() ? "-" : OneLine(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Text(std::string_view indent) const {
  std::vector<size_t> widths(right_.size());
  for (const std::vector<std::string>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string out;
  for (const std::vector<std::string>& row : rows_) {
    std::string line(indent);
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - DisplayWidth(row[i]), ' ');
      if (i > 0) line += "  ";
      line += right_[i] ? pad + row[i] : row[i] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace routerd::ctl
