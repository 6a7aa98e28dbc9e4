// Proto to core, field by field. The defaults stand in core/policy.h; only what is given replaces them.
#include "routerd/engine/policy_compile.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "routerd/engine/calendar_compile.h"

namespace routerd::engine {
namespace {

// Far more than any rule means, and far from overflow.
constexpr int64_t kSecondsMax = int64_t{100} * 366 * 24 * 3600;

core::Duration Compile(const google::protobuf::Duration& duration) {
  const int64_t seconds = std::clamp<int64_t>(duration.seconds(), -kSecondsMax, kSecondsMax);
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(duration.nanos());
}

// An int32 whose 0 means that it isn't given.
void SetIfGiven(int32_t value, int& out) {
  if (value != 0) out = value;
}

core::Tier Compile(v1::Tier tier) {
  return static_cast<core::Tier>(std::clamp<int>(tier, v1::TIER_UNSPECIFIED, v1::EXPERT));
}

core::Strategy Compile(v1::AgentStrategy strategy) {
  switch (strategy) {
    case v1::BEST_FIT:
      return core::Strategy::kBestFit;
    case v1::LONGEST_IDLE:
      return core::Strategy::kLongestIdle;
    case v1::MOST_SKILLED:
      return core::Strategy::kMostSkilled;
    case v1::LEAST_LOADED:
      return core::Strategy::kLeastLoaded;
    case v1::ROUND_ROBIN:
      return core::Strategy::kRoundRobin;
    default:
      return core::Strategy::kLeastWanted;
  }
}

core::MissedAction Compile(v1::MissedAction action) {
  switch (action) {
    case v1::MISSED_SIGN_OUT:
      return core::MissedAction::kSignOut;
    case v1::MISSED_NOTHING:
      return core::MissedAction::kNothing;
    default:
      return core::MissedAction::kAway;
  }
}

core::WrapUpMode Compile(v1::WrapUpConfig::Mode mode) {
  switch (mode) {
    case v1::WrapUpConfig::TIMED:
      return core::WrapUpMode::kTimed;
    case v1::WrapUpConfig::UNTIL_DONE:
      return core::WrapUpMode::kUntilDone;
    case v1::WrapUpConfig::OPTIONAL:
      return core::WrapUpMode::kOptional;
    default:
      return core::WrapUpMode::kNone;
  }
}

std::vector<core::NamedTier> Compile(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
  std::vector<core::NamedTier> result;
  for (const v1::SkillRequirement& requirement : requirements) {
    const bool given = requirement.tier() != v1::TIER_UNSPECIFIED;
    result.push_back({requirement.skill(), given ? Compile(requirement.tier()) : core::Tier::kJunior});
  }
  return result;
}

core::ChannelPolicy Compile(const v1::ChannelConfig& config) {
  core::ChannelPolicy channel;
  channel.name = config.id();
  SetIfGiven(config.cost(), channel.cost);
  SetIfGiven(config.max_count(), channel.count_max);
  channel.dormant_after = Compile(config.dormant_after());
  channel.dormant_cost = config.dormant_cost();
  return channel;
}

core::VipPolicy Compile(const v1::VipConfig& config) {
  core::VipPolicy vip;
  vip.name = config.id();
  vip.head_start = Compile(config.head_start());
  if (config.weight() > 0) vip.weight = config.weight();
  return vip;
}

core::Order Compile(v1::QueueOrder order) {
  if (order == v1::RANK) return core::Order::kRank;
  return order == v1::EARLIEST_DEADLINE ? core::Order::kEarliestDeadline : core::Order::kValue;
}

core::EscalationStep Compile(const v1::EscalationStep& config) {
  core::EscalationStep step;
  if (config.has_waited()) step.waited = Compile(config.waited());
  step.label = config.label();
  step.contact_count = config.contact_count();
  if (config.has_lane()) step.lane = config.lane();
  step.head_start = Compile(config.head_start());
  step.queue = config.queue();
  step.requirements = Compile(config.requirements());
  step.call_supervisor = config.call_supervisor();
  return step;
}

core::OverflowAction Compile(const v1::OverflowAction& config) {
  using Kind = core::OverflowAction::Kind;
  core::OverflowAction action;
  switch (config.action_case()) {
    case v1::OverflowAction::kQueue:
      action.kind = Kind::kQueue;
      action.queue = config.queue();
      break;
    case v1::OverflowAction::kRequirements:
      action.kind = Kind::kRequirements;
      action.requirements = Compile(config.requirements().requirements());
      break;
    case v1::OverflowAction::kHeadStart:
      action.kind = Kind::kHeadStart;
      action.head_start = Compile(config.head_start());
      break;
    case v1::OverflowAction::kCallback:
      action.kind = Kind::kCallback;
      break;
    case v1::OverflowAction::kMessage:
      action.kind = Kind::kMessage;
      action.message = config.message();
      break;
    case v1::OverflowAction::kEnd:
    case v1::OverflowAction::ACTION_NOT_SET:
      break;
  }
  return action;
}

core::OverflowRule Compile(const v1::OverflowRule& config) {
  using When = core::OverflowRule::When;
  core::OverflowRule rule;
  switch (config.when_case()) {
    case v1::OverflowRule::kWaitingAbove:
      rule.when = When::kWaitingAbove;
      rule.count = config.waiting_above();
      break;
    case v1::OverflowRule::kExpectedWaitAbove:
      rule.when = When::kExpectedWaitAbove;
      rule.time = Compile(config.expected_wait_above());
      break;
    case v1::OverflowRule::kWaited:
    case v1::OverflowRule::WHEN_NOT_SET:
      rule.time = Compile(config.waited());
      break;
    case v1::OverflowRule::kClosing:
      rule.when = When::kClosing;
      break;
    case v1::OverflowRule::kUnstaffed:
      rule.when = When::kUnstaffed;
      break;
  }
  rule.action = Compile(config.action());
  return rule;
}

core::QueuePolicy Compile(const v1::QueueConfig& config) {
  core::QueuePolicy queue;
  queue.name = config.id();
  queue.requirements = Compile(config.requirements());
  queue.preferences = Compile(config.preferences());
  queue.head_start = Compile(config.head_start());
  queue.lane = config.lane();
  queue.strategy = Compile(config.strategy());
  for (const v1::RelaxationStep& step : config.relaxation()) {
    queue.steps.push_back({Compile(step.after()), Compile(step.requirements())});
  }
  if (config.has_offer_timeout()) queue.offer_timeout = Compile(config.offer_timeout());
  if (config.has_miss_back_off()) queue.miss_back_off = Compile(config.miss_back_off());
  if (config.has_decline_back_off()) queue.decline_back_off = Compile(config.decline_back_off());
  if (config.has_unreachable_back_off()) queue.unreachable_back_off = Compile(config.unreachable_back_off());
  if (config.has_lost_back_off()) queue.lost_back_off = Compile(config.lost_back_off());
  if (config.has_abandon_back_off()) queue.abandon_back_off = Compile(config.abandon_back_off());
  if (config.has_misses_max()) queue.misses_max = config.misses_max();
  queue.missed_action = Compile(config.missed_action());
  SetIfGiven(config.offer_count(), queue.offer_count);
  queue.wrap_up = Compile(config.wrap_up().mode());
  if (config.wrap_up().has_duration()) queue.wrap_up_time = Compile(config.wrap_up().duration());
  if (config.wrap_up().has_duration_max()) queue.wrap_up_max = Compile(config.wrap_up().duration_max());
  queue.extension_count_max = config.wrap_up().extension_count_max();
  if (config.wrap_up().has_extension()) queue.extension_time = Compile(config.wrap_up().extension());
  queue.picking_allowed = config.picking_allowed();
  queue.waiting_max = config.waiting_max();
  queue.dispositions.assign(config.dispositions().begin(), config.dispositions().end());
  queue.agents.assign(config.agents().begin(), config.agents().end());
  queue.order = Compile(config.order());
  if (queue.order == core::Order::kEarliestDeadline) queue.value_bound = std::chrono::minutes(2);
  if (config.has_value_bound()) queue.value_bound = Compile(config.value_bound());
  queue.service_target = Compile(config.service_level_target());
  if (config.known_agent().has_wait_max()) queue.known_agent.wait_max = Compile(config.known_agent().wait_max());
  if (config.known_agent().has_worth()) queue.known_agent.worth = Compile(config.known_agent().worth());
  for (const v1::HoldBackConfig& hold_back : config.hold_backs()) {
    queue.hold_backs.push_back({Compile(hold_back.tier()),
                                hold_back.agent_count(),
                                hold_back.percent(),
                                {hold_back.vip_levels().begin(), hold_back.vip_levels().end()}});
  }
  for (const v1::EscalationStep& step : config.escalation()) queue.escalation.push_back(Compile(step));
  queue.calendar = config.calendar();
  if (config.has_when_closed()) queue.when_closed = Compile(config.when_closed());
  for (const v1::OverflowRule& rule : config.overflow()) queue.overflow.push_back(Compile(rule));
  queue.wait_max = Compile(config.wait_max());
  queue.bots_first = config.bots_first();
  if (config.has_transfer_headroom_percent()) queue.transfer_headroom_percent = config.transfer_headroom_percent();
  queue.callback.allowed = config.callback().allowed();
  SetIfGiven(config.callback().attempts_max(), queue.callback.attempts_max);
  if (config.callback().has_retry_after()) queue.callback.retry_after = Compile(config.callback().retry_after());
  return queue;
}

core::AgentPolicy Compile(const v1::AgentConfig& config) {
  core::AgentPolicy agent;
  agent.name = config.id();
  // Maps of protobuf have an order that changes from run to run.
  for (const auto& [skill, tier] : config.skills()) agent.skills.push_back({skill, Compile(tier)});
  for (const auto& [channel, count_max] : config.channels()) agent.channels.push_back({channel, count_max});
  std::sort(agent.skills.begin(), agent.skills.end());
  std::sort(agent.channels.begin(), agent.channels.end(),
            [](const core::ChannelMax& a, const core::ChannelMax& b) { return a.channel < b.channel; });
  SetIfGiven(config.capacity(), agent.capacity);
  agent.bot = config.bot();
  agent.wrap_up_time = Compile(config.wrap_up_duration());
  return agent;
}

std::string Serialize(const v1::WorkspaceConfig& config) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  config.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

core::Policy CompilePolicy(const v1::WorkspaceConfig& config) {
  core::Policy policy;
  for (const v1::CalendarConfig& calendar : config.calendars()) policy.calendars.push_back(CompileCalendar(calendar));
  for (const v1::SkillConfig& skill : config.skills()) policy.skills.push_back(skill.id());
  for (const v1::ChannelConfig& channel : config.channels()) policy.channels.push_back(Compile(channel));
  for (const v1::InterruptionRule& rule : config.interruptions()) {
    using Effect = core::Interruption::Effect;
    if (rule.effect() == v1::InterruptionRule::INTERRUPT) {
      policy.interruptions.push_back({rule.holding(), rule.ringing(), Effect::kInterrupt});
    } else if (rule.effect() == v1::InterruptionRule::BLOCK) {
      policy.interruptions.push_back({rule.holding(), rule.ringing(), Effect::kBlock});
    }
  }
  for (const v1::VipConfig& vip : config.vip_levels()) policy.vips.push_back(Compile(vip));
  for (const v1::QueueConfig& queue : config.queues()) policy.queues.push_back(Compile(queue));
  for (const v1::AgentConfig& agent : config.agents()) policy.agents.push_back(Compile(agent));
  if (config.has_agent_grace()) policy.agent_grace = Compile(config.agent_grace());
  if (config.has_transfer_wait()) policy.transfer_wait = Compile(config.transfer_wait());
  if (config.has_keep_room_after()) policy.keep_room_after = Compile(config.keep_room_after());
  if (config.limits().contacts_max() != 0) policy.contacts_max = config.limits().contacts_max();
  policy.source = Serialize(config);
  return policy;
}

}  // namespace routerd::engine
