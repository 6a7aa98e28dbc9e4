// Writes log lines through spdlog.
#include "routerd/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <charconv>
#include <memory>
#include <mutex>

namespace routerd::base {
namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error", "off"};
constexpr size_t kEventWidth = 16;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

// Hands formatted lines to a function.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_(std::string_view(line.data(), line.size()));
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

// The state behind the functions below. Loggers are replaced rather than changed, as spdlog's own settings may not
// change under a running call; never freed, so that the last threads of a program may still log.
struct LogState {
  std::atomic<LogLevel> level{LogLevel::kInfo};
  std::mutex mutex;
  LogOptions options;
  std::function<void(std::string_view)> sink;
  std::shared_ptr<spdlog::logger> logger = MakeLogger();

  // Requires: mutex is held, or nobody else can see *this.
  std::shared_ptr<spdlog::logger> MakeLogger() const {
    std::shared_ptr<spdlog::sinks::sink> target;
    if (sink) {
      target = std::make_shared<FunctionSink>(sink);
    } else {
      target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    }
    const char* pattern = options.with_time ? "%Y-%m-%dT%H:%M:%S.%fZ %L %v" : "%L %v";
    target->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc,
                                                                      sink ? "" : spdlog::details::os::default_eol));
    auto made = std::make_shared<spdlog::logger>("routerd", std::move(target));
    made->set_level(spdlog::level::trace);  // Filtered by `level`, before anything is formatted.
    return made;
  }
};

LogState& State() {
  static LogState* state = new LogState;
  return *state;
}

bool IsPlain(std::string_view text) {
  if (text.empty()) return false;
  for (const unsigned char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

// Quotes `text` as JSON does. Bytes above ASCII are left alone: they are letters in UTF-8.
void AppendQuoted(std::string_view text, std::string& line) {
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\r') {
      line += "\\r";
    } else if (c == '\t') {
      line += "\\t";
    } else if (byte < ' ' || byte == 0x7f) {
      constexpr char kHex[] = "0123456789abcdef";
      line += "\\u00";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

template <typename Number>
void AppendNumber(Number number, std::string& line) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  line.append(digits, end);
}

}  // namespace

void LogValue::AppendTo(std::string& line) const {
  switch (kind_) {
    case Kind::kText:
      if (IsPlain(text_)) {
        line += text_;
      } else {
        AppendQuoted(text_, line);
      }
      break;
    case Kind::kSigned:
      AppendNumber(signed_, line);
      break;
    case Kind::kUnsigned:
      AppendNumber(unsigned_, line);
      break;
    case Kind::kFloating:
      AppendNumber(floating_, line);
      break;
  }
}

void SetLogOptions(const LogOptions& options) {
  LogState& state = State();
  std::lock_guard lock(state.mutex);
  state.options = options;
  state.logger = state.MakeLogger();
  state.level = options.level;
}

void SetLogSink(std::function<void(std::string_view line)> sink) {
  LogState& state = State();
  std::lock_guard lock(state.mutex);
  state.sink = std::move(sink);
  state.logger = state.MakeLogger();
}

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (size_t index = 0; index < std::size(kLevelNames); ++index) {
    if (name == kLevelNames[index]) return static_cast<LogLevel>(index);
  }
  return std::nullopt;
}

bool LogEnabled(LogLevel level) {
  return level != LogLevel::kOff && level >= State().level.load(std::memory_order_relaxed);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  LogState& state = State();
  std::shared_ptr<spdlog::logger> logger;
  {
    std::lock_guard lock(state.mutex);
    logger = state.logger;
  }
  logger->log(ToSpdlog(level), FormatLogEvent(event, fields));
}

std::string FormatLogEvent(std::string_view event, std::initializer_list<LogField> fields) {
  std::string line(event);
  if (fields.size() == 0) return line;
  if (line.size() < kEventWidth) line.append(kEventWidth - line.size(), ' ');
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    field.value.AppendTo(line);
  }
  return line;
}

}  // namespace routerd::base
