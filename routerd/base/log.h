// Structured logs: one event, one line, as fields that people can read and programs can search.
//
//   Log(LogLevel::kInfo, "offer.lapsed", {{"contact", contact}, {"agent", agent}, {"misses", 1}});
//   I offer.lapsed     contact=c-81 agent=a-7 misses=1
//
// A field is an id, a count, a time or a state. What a customer said or is called is never a field, at any level: logs
// are kept longer and read by more people than conversations are. Neither are secrets.
//
// Threads: everything here may be called from any thread. A line is written whole, to standard error.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace routerd::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// A field's value. Refers to text without copying it, so it lives no longer than the call it is an argument of.
class LogValue {
 public:
  LogValue(std::string_view text) : kind_(Kind::kText), text_(text) {}                       // NOLINT
  LogValue(const std::string& text) : LogValue(std::string_view(text)) {}                    // NOLINT
  LogValue(const char* text) : LogValue(std::string_view(text)) {}                           // NOLINT
  LogValue(bool value) : LogValue(std::string_view(value ? "true" : "false")) {}             // NOLINT
  LogValue(std::signed_integral auto value) : kind_(Kind::kSigned), signed_(value) {}        // NOLINT
  LogValue(std::unsigned_integral auto value) : kind_(Kind::kUnsigned), unsigned_(value) {}  // NOLINT
  LogValue(std::floating_point auto value) : kind_(Kind::kFloating), floating_(value) {}     // NOLINT

  void AppendTo(std::string& line) const;

 private:
  enum class Kind { kText, kSigned, kUnsigned, kFloating };
  Kind kind_;
  union {
    std::string_view text_;
    int64_t signed_;
    uint64_t unsigned_;
    double floating_;
  };
};

struct LogField {
  std::string_view key;
  LogValue value;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // Events below it are dropped.
  bool with_time = false;            // Starts each line with the UTC time; off where the supervisor adds its own.
};

// Takes effect for all later events. Without it, the defaults above hold.
void SetLogOptions(const LogOptions& options);
// Sends lines to `sink` instead of standard error, one call a line (without its end), one at a time; nullptr undoes it.
void SetLogSink(std::function<void(std::string_view line)> sink);
// "debug", "info", "warning", "error" or "off", as a config file says it.
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// Whether an event of `level` would be written: to skip work that is done only for the log.
bool LogEnabled(LogLevel level);

// Writes an event. `event` is a lower-case noun and what happened to it ("journal.refused"). A value with spaces,
// quotes or anything unprintable is quoted and escaped, so no value can begin a line or forge a field. Costs one atomic
// read if the level is filtered out.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// The line of an event after its level letter; what Log writes.
std::string FormatLogEvent(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace routerd::base
