#include "routerd/config/describe_rules.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "routerd/config/requirement.h"
#include "routerd/config/text.h"

namespace routerd::config {
namespace {

std::string Text(const google::protobuf::Duration& duration) { return absl::FormatDuration(ToAbsl(duration)); }

void AddLine(const std::string& title, const std::string& text, std::string& out) {
  if (!text.empty()) absl::StrAppend(&out, absl::StrFormat("    %-12s %s\n", title, text));
}

std::string OrderText(const v1::QueueConfig& queue) {
  switch (queue.order()) {
    case v1::VALUE:
      return absl::StrCat("short work that few can do is moved forward, by at most ", Text(queue.value_bound()));
    case v1::EARLIEST_DEADLINE:
      return absl::StrCat("by the channel's deadline, moved back by at most ", Text(queue.value_bound()));
    default:
      return "by rank alone";
  }
}

const char* MissedText(v1::MissedAction action) {
  if (action == v1::MISSED_SIGN_OUT) return "signed out";
  return action == v1::MISSED_NOTHING ? "nothing happens" : "AWAY";
}

std::string OffersText(const v1::QueueConfig& queue) {
  const auto pause = [](const google::protobuf::Duration& time, const char* after) {
    return ToAbsl(time) > absl::ZeroDuration() ? absl::StrCat(Text(time), " after ", after) : std::string();
  };
  std::vector<std::string> parts;
  if (queue.offer_count() > 1) parts.push_back(absl::StrCat("to ", queue.offer_count(), " agents at once"));
  std::vector<std::string> pauses = {
      pause(queue.miss_back_off(), "a miss"), pause(queue.decline_back_off(), "a decline"),
      pause(queue.unreachable_back_off(), "being unreachable"), pause(queue.lost_back_off(), "a lost connection")};
  std::erase(pauses, "");
  if (!pauses.empty()) parts.push_back(absl::StrCat("not again for ", absl::StrJoin(pauses, ", ")));
  if (const std::string rest = pause(queue.abandon_back_off(), "a customer left"); !rest.empty()) {
    parts.push_back(absl::StrCat("no other for ", rest));
  }
  if (queue.misses_max() > 0) {
    parts.push_back(absl::StrCat(MissedText(queue.missed_action()), " after ", queue.misses_max(),
                                 queue.misses_max() == 1 ? " miss" : " misses in a row"));
  }
  return absl::StrJoin(parts, "; ");
}

std::string WrapUpText(const v1::WrapUpConfig& wrap_up) {
  if (wrap_up.extension_count_max() == 0) return "";
  return absl::StrCat("extended up to ", wrap_up.extension_count_max(), " times by ", Text(wrap_up.extension()),
                      ", to ", Text(wrap_up.duration_max()), " in all");
}

std::string KnownAgentText(const v1::KnownAgentConfig& known) {
  if (known.kinds().empty()) return "";
  std::vector<std::string> kinds;
  for (const int kind : known.kinds()) {
    kinds.push_back(
        absl::AsciiStrToLower(v1::KnownAgentConfig::Kind_Name(static_cast<v1::KnownAgentConfig::Kind>(kind))));
    if (kind == v1::KnownAgentConfig::LAST) absl::StrAppend(&kinds.back(), " within ", Text(known.last_within()));
  }
  return absl::StrCat(absl::StrJoin(kinds, ", then "), ": waited for up to ", Text(known.wait_max()),
                      ", if that is at most ", Text(known.worth()), " longer than for anybody");
}

std::string ActionText(const v1::OverflowAction& action) {
  switch (action.action_case()) {
    case v1::OverflowAction::kQueue:
      return absl::StrCat("goes on in ", action.queue());
    case v1::OverflowAction::kRequirements:
      return absl::StrCat("needs no more than ", ToText(action.requirements().requirements()));
    case v1::OverflowAction::kHeadStart:
      return absl::StrCat("counts as waited ", Text(action.head_start()), " longer");
    case v1::OverflowAction::kCallback:
      return "is called back";
    case v1::OverflowAction::kMessage:
      return "is told something, and waits on";
    default:
      return "is sent away";
  }
}

std::string WhenText(const v1::OverflowRule& rule) {
  switch (rule.when_case()) {
    case v1::OverflowRule::kWaitingAbove:
      return absl::StrCat("more than ", rule.waiting_above(), " waiting");
    case v1::OverflowRule::kExpectedWaitAbove:
      return absl::StrCat("expected wait over ", Text(rule.expected_wait_above()));
    case v1::OverflowRule::kWaited:
      return absl::StrCat("waited ", Text(rule.waited()));
    case v1::OverflowRule::kClosing:
      return "too late before closing";
    default:
      return "nobody signed in who could take it";
  }
}

std::string EscalationText(const v1::EscalationStep& step) {
  std::vector<std::string> when, what;
  if (step.has_waited()) when.push_back(absl::StrCat("waited ", Text(step.waited())));
  if (!step.label().empty()) when.push_back(absl::StrCat("label ", step.label()));
  if (step.contact_count() > 0) when.push_back(absl::StrCat(step.contact_count(), " contacts within a day"));
  if (step.has_lane()) what.push_back(absl::StrCat(step.lane(), step.lane() == 1 ? " lane up" : " lanes up"));
  if (step.has_head_start()) what.push_back(absl::StrCat("counts as waited ", Text(step.head_start()), " longer"));
  if (!step.queue().empty()) what.push_back(absl::StrCat("goes on in ", step.queue()));
  if (!step.requirements().empty()) what.push_back(absl::StrCat("needs ", ToText(step.requirements())));
  if (step.call_supervisor()) what.push_back("a supervisor is called");
  return absl::StrCat(absl::StrJoin(when, " and "), ": ", absl::StrJoin(what, ", "));
}

std::string CallbackText(const v1::CallbackConfig& callback) {
  if (!callback.allowed()) return "";
  return absl::StrCat("tried up to ", callback.attempts_max(), " times, ", Text(callback.retry_after()), " apart");
}

}  // namespace

std::string RulesText(const v1::QueueConfig& queue) {
  std::string out;
  AddLine("order", OrderText(queue), out);
  AddLine("offers", OffersText(queue), out);
  AddLine("wrap-up", WrapUpText(queue.wrap_up()), out);
  AddLine("known agent", KnownAgentText(queue.known_agent()), out);
  if (queue.has_return_window() && ToAbsl(queue.return_window()) > absl::ZeroDuration()) {
    AddLine("comes back", absl::StrCat("within ", Text(queue.return_window()), ": takes the old place"), out);
  }
  if (queue.has_when_closed()) AddLine("closed", ActionText(queue.when_closed()), out);
  for (int i = 0; i < queue.overflow_size(); ++i) {
    const v1::OverflowRule& rule = queue.overflow(i);
    AddLine(absl::StrCat("overflow ", i + 1), absl::StrCat(WhenText(rule), ": ", ActionText(rule.action())), out);
  }
  for (int i = 0; i < queue.escalation_size(); ++i) {
    AddLine(absl::StrCat("escalation ", i + 1), EscalationText(queue.escalation(i)), out);
  }
  AddLine("callback", CallbackText(queue.callback()), out);
  return out;
}

}  // namespace routerd::config
