#include "routerd/config/hours.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "routerd/base/suggest.h"
#include "routerd/config/text.h"

namespace routerd::config {
namespace {

constexpr int kOverflowRulesMax = 32;
constexpr size_t kMessageBytesMax = 500;

const std::vector<std::string>& Days() {
  static const auto& days = *new std::vector<std::string>{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  return days;
}

// Names of the machine's time zones, for suggestions; none where they are not kept as files.
std::vector<std::string> ZoneNames() {
  const std::filesystem::path root = "/usr/share/zoneinfo";
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().lexically_relative(root).string();
    if (absl::ascii_isupper(name.front()) && it->is_regular_file(error)) names.push_back(name);
  }
  return names;
}

// Minutes since midnight of `HH:MM`, up to 24:00.
std::optional<int> MinutesOf(const std::string& text) {
  int hour = 0;
  int minute = 0;
  if (text.size() != 5 || text[2] != ':' || !absl::ascii_isdigit(text[0]) || !absl::ascii_isdigit(text[3])) return {};
  if (!absl::SimpleAtoi(text.substr(0, 2), &hour) || !absl::SimpleAtoi(text.substr(3), &minute)) return {};
  if (minute > 59 || hour * 60 + minute > 24 * 60) return {};
  return hour * 60 + minute;
}

void CheckSpan(const std::string& path, const std::string& from, const std::string& to, Problems& problems) {
  const auto begin = MinutesOf(from);
  const auto end = MinutesOf(to);
  const auto malformed = [](const std::string& text) {
    return absl::StrCat(Quoted(text), " is no time of day; write HH:MM, from 00:00 to 24:00");
  };
  if (!begin) problems.Add(path + ".from", malformed(from));
  if (!end) problems.Add(path + ".to", malformed(to));
  if (begin && end && *begin >= *end) {
    problems.Add(path + ".to", absl::StrCat(to, " is not later than from, ", from,
                                            "; hours over midnight are two entries, up to 24:00 and from 00:00"));
  }
}

class LimitsChecker {
 public:
  LimitsChecker(const std::string& path, const v1::WorkspaceConfig& workspace, Problems& problems)
      : path_(path), workspace_(workspace), problems_(problems) {
    for (int i = 0; i < workspace.queues_size(); ++i) {
      queues_.emplace(workspace.queues(i).id(), i);
      queue_names_.push_back(workspace.queues(i).id());
    }
    for (const v1::SkillConfig& skill : workspace.skills()) skill_names_.push_back(skill.id());
  }

  void Check() {
    for (int i = 0; i < workspace_.queues_size(); ++i) CheckQueue(absl::StrCat(path_, ".queues[", i, "]"), i);
  }

 private:
  void CheckQueue(const std::string& path, int position) {
    const v1::QueueConfig& queue = workspace_.queues(position);
    if (queue.has_wait_max()) CheckDuration(path + ".wait_max", queue.wait_max(), absl::Seconds(1), absl::Hours(720));
    if (queue.has_transfer_headroom_percent()) {
      CheckInt(path + ".transfer_headroom_percent", queue.transfer_headroom_percent(), 0, 100);
    }
    const v1::CallbackConfig& callback = queue.callback();
    if (callback.attempts_max() != 0) CheckInt(path + ".callback.attempts_max", callback.attempts_max(), 1, 20);
    if (callback.has_retry_after()) {
      CheckDuration(path + ".callback.retry_after", callback.retry_after(), absl::Minutes(1), absl::Hours(24));
    }
    if (queue.has_when_closed()) {
      if (queue.calendar().empty()) Add(path + ".when_closed", "means nothing without calendar: it is always open");
      CheckAction(path + ".when_closed", position, queue.when_closed());
    }
    if (queue.overflow_size() > kOverflowRulesMax) {
      Add(path + ".overflow", absl::StrCat("has ", queue.overflow_size(), " rules; at most ", kOverflowRulesMax));
    }
    for (int i = 0; i < queue.overflow_size(); ++i) {
      CheckRule(absl::StrCat(path, ".overflow[", i, "]"), position, queue.overflow(i));
    }
  }

  void CheckRule(const std::string& path, int position, const v1::OverflowRule& rule) {
    const v1::QueueConfig& queue = workspace_.queues(position);
    switch (rule.when_case()) {
      case v1::OverflowRule::kWaitingAbove:
        if (rule.waiting_above() < 0) Add(path + ".waiting_above", "must not be negative");
        if (queue.waiting_max() > 0 && rule.waiting_above() >= queue.waiting_max()) {
          Add(path + ".waiting_above", absl::StrCat("can never act: who comes when ", queue.waiting_max(),
                                                    " wait, waiting_max, is refused; let it be less"));
        }
        break;
      case v1::OverflowRule::kExpectedWaitAbove:
        CheckDuration(path + ".expected_wait_above", rule.expected_wait_above(), absl::ZeroDuration(),
                      absl::Hours(720));
        break;
      case v1::OverflowRule::kWaited:
        CheckDuration(path + ".waited", rule.waited(), absl::Milliseconds(1), absl::Hours(720));
        break;
      case v1::OverflowRule::kClosing:
        if (!rule.closing()) Add(path + ".closing", "is false; leave the rule out");
        if (queue.calendar().empty()) Add(path + ".closing", "can never act: without calendar it never closes");
        break;
      case v1::OverflowRule::kUnstaffed:
        if (!rule.unstaffed()) Add(path + ".unstaffed", "is false; leave the rule out");
        break;
      case v1::OverflowRule::WHEN_NOT_SET:
        Add(path, "says not when: one of waiting_above, expected_wait_above, waited, closing, unstaffed");
        break;
    }
    CheckAction(path + ".action", position, rule.action());
  }

  void CheckAction(const std::string& path, int position, const v1::OverflowAction& action) {
    switch (action.action_case()) {
      case v1::OverflowAction::kQueue:
        CheckTarget(path + ".queue", position, action.queue());
        break;
      case v1::OverflowAction::kRequirements:
        for (int i = 0; i < action.requirements().requirements_size(); ++i) {
          const std::string& skill = action.requirements().requirements(i).skill();
          if (std::find(skill_names_.begin(), skill_names_.end(), skill) != skill_names_.end()) continue;
          Add(absl::StrCat(path, ".requirements.requirements[", i, "].skill"),
              absl::StrCat("unknown skill ", Quoted(skill), base::DidYouMean(skill, skill_names_)));
        }
        break;
      case v1::OverflowAction::kHeadStart:
        CheckDuration(path + ".head_start", action.head_start(), absl::Milliseconds(1), absl::Hours(24));
        break;
      case v1::OverflowAction::kMessage:
        if (action.message().empty()) Add(path + ".message", "is empty");
        if (action.message().size() > kMessageBytesMax) {
          Add(path + ".message", absl::StrCat("longer than ", kMessageBytesMax, " bytes"));
        }
        break;
      case v1::OverflowAction::kCallback:
        if (!action.callback()) Add(path + ".callback", "is false; leave the action out");
        break;
      case v1::OverflowAction::kEnd:
        if (!action.end()) Add(path + ".end", "is false; leave the action out");
        break;
      case v1::OverflowAction::ACTION_NOT_SET:
        Add(path, "says not what to do: one of queue, requirements, head_start, callback, message, end");
        break;
    }
  }

  void CheckTarget(const std::string& path, int position, const std::string& target) {
    const auto at = queues_.find(target);
    if (at == queues_.end()) {
      Add(path, absl::StrCat("unknown queue ", Quoted(target), base::DidYouMean(target, queue_names_)));
      return;
    }
    std::vector<int> way = {position};
    std::set<int> seen;
    if (!LeadsBack(at->second, position, way, seen)) return;
    std::vector<std::string> names;
    for (const int queue : way) names.push_back(queue_names_[static_cast<size_t>(queue)]);
    Add(path, absl::StrCat("leads in a circle: ", absl::StrJoin(names, " to "), "; let one of these rules go"));
  }

  // Whether overflow can lead from one queue to another; then `way` holds the queues between, both included.
  bool LeadsBack(int from, int to, std::vector<int>& way, std::set<int>& seen) const {
    way.push_back(from);
    if (from == to) return true;
    if (seen.insert(from).second) {
      const v1::QueueConfig& queue = workspace_.queues(from);
      const auto follow = [&](const v1::OverflowAction& action) {
        const auto next = queues_.find(action.queue());
        return next != queues_.end() && LeadsBack(next->second, to, way, seen);
      };
      if (follow(queue.when_closed())) return true;
      for (const v1::OverflowRule& rule : queue.overflow()) {
        if (follow(rule.action())) return true;
      }
    }
    way.pop_back();
    return false;
  }

  void CheckDuration(const std::string& path, const google::protobuf::Duration& value, absl::Duration min,
                     absl::Duration max) {
    const absl::Duration duration = ToAbsl(value);
    if (duration >= min && duration <= max) return;
    Add(path, absl::StrCat(absl::FormatDuration(duration), " is out of range (", absl::FormatDuration(min), " to ",
                           absl::FormatDuration(max), ")"));
  }

  void CheckInt(const std::string& path, int value, int min, int max) {
    if (value < min || value > max) Add(path, absl::StrCat(value, " is out of range (", min, " to ", max, ")"));
  }

  void Add(const std::string& path, const std::string& what) { problems_.Add(path, what); }

  const std::string path_;
  const v1::WorkspaceConfig& workspace_;
  Problems& problems_;
  absl::flat_hash_map<std::string, int> queues_;
  std::vector<std::string> queue_names_;
  std::vector<std::string> skill_names_;
};

}  // namespace

void CheckCalendar(const std::string& path, const v1::CalendarConfig& calendar, Problems& problems) {
  absl::TimeZone zone;
  if (!calendar.time_zone().empty() && !absl::LoadTimeZone(calendar.time_zone(), &zone)) {
    problems.Add(path + ".time_zone", absl::StrCat("unknown time zone ", Quoted(calendar.time_zone()),
                                                   base::DidYouMean(calendar.time_zone(), ZoneNames()),
                                                   "; an IANA name such as Asia/Shanghai"));
  }
  for (int i = 0; i < calendar.hours_size(); ++i) {
    const v1::OpenHours& hours = calendar.hours(i);
    const std::string hours_path = absl::StrCat(path, ".hours[", i, "]");
    if (hours.days().empty()) problems.Add(hours_path + ".days", "at least one day is needed");
    for (int k = 0; k < hours.days_size(); ++k) {
      if (std::find(Days().begin(), Days().end(), hours.days(k)) != Days().end()) continue;
      problems.Add(absl::StrCat(hours_path, ".days[", k, "]"),
                   absl::StrCat("unknown day ", Quoted(hours.days(k)), base::DidYouMean(hours.days(k), Days()),
                                "; one of ", absl::StrJoin(Days(), ", ")));
    }
    CheckSpan(hours_path, hours.from(), hours.to(), problems);
  }
  std::set<std::string> dates;
  for (int i = 0; i < calendar.holidays_size(); ++i) {
    const v1::Holiday& holiday = calendar.holidays(i);
    const std::string holiday_path = absl::StrCat(path, ".holidays[", i, "]");
    absl::CivilDay day;
    if (!absl::ParseCivilTime(holiday.date(), &day) || absl::FormatCivilTime(day) != holiday.date()) {
      problems.Add(holiday_path + ".date", absl::StrCat(Quoted(holiday.date()), " is no date; write YYYY-MM-DD"));
    } else if (!dates.insert(holiday.date()).second) {
      problems.Add(holiday_path + ".date", absl::StrCat(holiday.date(), " is given twice"));
    }
    if (!holiday.from().empty() || !holiday.to().empty()) {
      CheckSpan(holiday_path, holiday.from(), holiday.to(), problems);
    }
  }
}

void CheckLimits(const std::string& path, const v1::WorkspaceConfig& workspace, Problems& problems) {
  LimitsChecker(path, workspace, problems).Check();
}

}  // namespace routerd::config
