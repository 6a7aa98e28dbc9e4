#include "routerd/simulate/trace.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/base/suggest.h"

namespace routerd::simulate {
namespace {

namespace json = boost::json;

constexpr int64_t kMsMax = int64_t{366} * 24 * 3600 * 1000;
constexpr int kCapacityMax = 100'000;
constexpr std::string_view kFormat = "routerd.trace.v1";

absl::string_view View(std::string_view s) { return {s.data(), s.size()}; }
std::string_view Std(json::string_view s) { return {s.data(), s.size()}; }

// Takes the keys of one line apart. Remembers the first thing that is wrong; from then on every value is empty.
class Line {
 public:
  Line(std::string_view file, int64_t number, const json::object& object)
      : file_(file), number_(number), object_(object) {}

  bool Has(std::string_view key) const { return object_.contains(json::string_view(key.data(), key.size())); }

  std::string Text(std::string_view key, bool required = true) {
    const json::value* value = Find(key, required);
    if (value == nullptr) return {};
    if (const json::string* text = value->if_string(); text != nullptr && !text->empty())
      return std::string(Std(*text));
    Fail(key, "is a text that isn't empty");
    return {};
  }

  int64_t Number(std::string_view key, int64_t min, int64_t max, std::optional<int64_t> otherwise = std::nullopt) {
    const json::value* value = Find(key, !otherwise);
    return value == nullptr ? otherwise.value_or(min) : Whole(key, *value, min, max);
  }

  // The entries of an object of numbers, by name.
  std::vector<std::pair<std::string, int>> Numbers(std::string_view key, int64_t min, int64_t max) {
    std::vector<std::pair<std::string, int>> numbers;
    const json::value* value = Find(key, /*required=*/true);
    if (value == nullptr) return numbers;
    const json::object* object = value->if_object();
    if (object == nullptr) {
      Fail(key, "is an object");
      return numbers;
    }
    for (const auto& entry : *object) {
      const std::string path = absl::StrCat(View(key), ".", View(Std(entry.key())));
      numbers.emplace_back(Std(entry.key()), static_cast<int>(Whole(path, entry.value(), min, max)));
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  std::vector<std::pair<int64_t, int64_t>> Spans(std::string_view key) {
    std::vector<std::pair<int64_t, int64_t>> spans;
    const json::value* value = Find(key, /*required=*/true);
    if (value == nullptr) return spans;
    const json::array* array = value->if_array();
    bool good = array != nullptr;
    for (size_t i = 0; good && i < array->size(); ++i) {
      const json::array* span = (*array)[i].if_array();
      good = span != nullptr && span->size() == 2;
      if (good) spans.emplace_back(Whole(key, (*span)[0], 0, kMsMax), Whole(key, (*span)[1], 0, kMsMax));
    }
    std::sort(spans.begin(), spans.end());
    for (size_t i = 0; i < spans.size(); ++i) {
      good = good && spans[i].first < spans[i].second && (i == 0 || spans[i - 1].second <= spans[i].first);
    }
    if (!good) Fail(key, "is a list of [from_ms, to_ms], from before to, none over another");
    std::vector<std::pair<int64_t, int64_t>> merged;  // Those that touch are one.
    for (const auto& span : spans) {
      if (!merged.empty() && merged.back().second == span.first) {
        merged.back().second = span.second;
      } else {
        merged.push_back(span);
      }
    }
    return merged;
  }

  // To be called last: what was not asked for by then is unknown.
  absl::Status Done() {
    if (!status_.ok() || seen_.size() == object_.size()) return status_;
    for (const auto& entry : object_) {
      const std::string_view key = Std(entry.key());
      if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) continue;
      Fail(key, absl::StrCat("is unknown", base::DidYouMean(key, asked_)));
      break;
    }
    return status_;
  }

  void Fail(std::string_view key, std::string_view what) {
    if (!status_.ok()) return;
    status_ = base::Error(absl::StatusCode::kInvalidArgument, "TRACE_INVALID",
                          absl::StrCat(View(file_), ":", number_, ": ", View(key), " ", View(what)));
  }

 private:
  const json::value* Find(std::string_view key, bool required) {
    asked_.push_back(key);
    const json::value* value = object_.if_contains(json::string_view(key.data(), key.size()));
    if (value != nullptr) {
      seen_.push_back(key);
    } else if (required) {
      Fail(key, "is missing");
    }
    return status_.ok() ? value : nullptr;
  }

  int64_t Whole(std::string_view path, const json::value& value, int64_t min, int64_t max) {
    if (value.is_int64() && value.get_int64() >= min && value.get_int64() <= max) return value.get_int64();
    Fail(path, absl::StrCat("is a whole number from ", min, " to ", max));
    return min;
  }

  std::string_view file_;
  int64_t number_;
  const json::object& object_;
  std::vector<std::string_view> asked_, seen_;
  absl::Status status_;
};

std::vector<core::NamedTier> Tiers(Line& line, std::string_view key) {
  std::vector<core::NamedTier> tiers;
  for (auto& [skill, tier] : line.Numbers(key, 1, 4)) tiers.push_back({skill, static_cast<core::Tier>(tier)});
  return tiers;
}

absl::Status ReadHeader(Line& line, Trace& trace) {
  if (line.Text("trace") != kFormat) line.Fail("trace", absl::StrCat("is not \"", View(kFormat), "\""));
  trace.horizon_ms = line.Number("horizon_ms", 1, kMsMax);
  trace.name = line.Text("name");
  trace.seed = line.Number("seed", INT64_MIN, INT64_MAX, 0);
  return line.Done();
}

absl::Status ReadAgent(Line& line, TraceAgent& agent) {
  agent.id = line.Text("agent");
  agent.skills = Tiers(line, "skills");
  for (auto& [channel, count] : line.Numbers("channels", 1, kCapacityMax)) agent.channels.push_back({channel, count});
  if (agent.channels.empty()) line.Fail("channels", "names none, so the agent could never work");
  agent.capacity = static_cast<int>(line.Number("capacity", 1, kCapacityMax, 100));
  agent.shifts = line.Spans("shifts");
  agent.accept_ms = line.Number("accept_ms", 0, kMsMax);
  agent.misses = static_cast<int>(line.Number("misses", 0, 1'000'000, 0));
  return line.Done();
}

absl::Status ReadContact(Line& line, TraceContact& contact) {
  contact.id = line.Text("contact");
  contact.at_ms = line.Number("at_ms", 0, kMsMax);
  contact.channel = line.Text("channel");
  contact.queue = line.Text("queue");
  contact.require = Tiers(line, "require");
  contact.vip = line.Text("vip");
  if (contact.vip == "none") contact.vip.clear();
  contact.patience_ms = line.Number("patience_ms", 0, kMsMax);
  contact.handle_ms = line.Number("handle_ms", 0, kMsMax);
  contact.wrap_ms = line.Number("wrap_ms", 0, kMsMax);
  contact.customer = line.Text("customer", /*required=*/false);
  contact.prefer_agent = line.Text("prefer_agent", /*required=*/false);
  return line.Done();
}

}  // namespace

absl::StatusOr<Trace> ParseTrace(std::string_view file, std::string_view text) {
  Trace trace;
  std::unordered_set<std::string> ids;  // `agent x` and `contact x`.
  std::vector<std::pair<int64_t, std::string>> preferred;
  bool begun = false;
  int64_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view bytes = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (bytes.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    json::error_code code;
    const json::value value = json::parse(json::string_view(bytes.data(), bytes.size()), code);
    const json::object nothing;
    Line line(file, number, value.is_object() ? value.get_object() : nothing);
    if (code || !value.is_object()) {
      line.Fail("line", "is not one JSON object");
      return line.Done();
    }
    absl::Status status;
    std::string id;
    if (!begun) {
      begun = true;
      status = ReadHeader(line, trace);
    } else if (line.Has("agent")) {
      status = ReadAgent(line, trace.agents.emplace_back());
      id = absl::StrCat("agent ", trace.agents.back().id);
    } else if (line.Has("contact")) {
      status = ReadContact(line, trace.contacts.emplace_back());
      id = absl::StrCat("contact ", trace.contacts.back().id);
      const std::string& agent = trace.contacts.back().prefer_agent;
      if (!agent.empty()) preferred.emplace_back(number, agent);
    } else {
      line.Fail("line", "is about neither an agent nor a contact");
      status = line.Done();
    }
    if (status.ok() && !id.empty() && !ids.insert(id).second) {
      line.Fail(id, "is given twice");
      status = line.Done();
    }
    if (!status.ok()) return status;
  }
  if (!begun) {
    return base::Error(absl::StatusCode::kInvalidArgument, "TRACE_INVALID", absl::StrCat(View(file), ":1: is empty"));
  }
  for (const auto& [at, agent] : preferred) {
    if (ids.contains(absl::StrCat("agent ", agent))) continue;
    return base::Error(
        absl::StatusCode::kInvalidArgument, "TRACE_INVALID",
        absl::StrCat(View(file), ":", at, ": prefer_agent names no agent of the trace, \"", agent, "\""));
  }
  std::stable_sort(trace.contacts.begin(), trace.contacts.end(),
                   [](const TraceContact& a, const TraceContact& b) { return a.at_ms < b.at_ms; });
  return trace;
}

}  // namespace routerd::simulate
