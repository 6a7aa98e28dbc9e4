// Defaults, as the proto's comments state them.
#include "routerd/config/defaults.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace routerd::config {
namespace {

constexpr int kSecond = 1;
constexpr int kMinute = 60 * kSecond;
constexpr int kHour = 60 * kMinute;

void AtLeastJunior(v1::SkillRequirement& requirement) {
  if (requirement.tier() == v1::TIER_UNSPECIFIED) requirement.set_tier(v1::JUNIOR);
}

void FillDefaults(v1::QueueConfig& queue) {
  if (queue.display_name().empty()) queue.set_display_name(queue.id());
  for (v1::SkillRequirement& requirement : *queue.mutable_requirements()) AtLeastJunior(requirement);
  for (v1::SkillRequirement& preference : *queue.mutable_preferences()) AtLeastJunior(preference);
  for (v1::RelaxationStep& step : *queue.mutable_relaxation()) {
    for (v1::SkillRequirement& requirement : *step.mutable_requirements()) AtLeastJunior(requirement);
  }
  for (v1::OverflowRule& rule : *queue.mutable_overflow()) {
    if (!rule.action().has_requirements()) continue;
    v1::Requirements& most = *rule.mutable_action()->mutable_requirements();
    for (v1::SkillRequirement& requirement : *most.mutable_requirements()) AtLeastJunior(requirement);
  }
  for (v1::EscalationStep& step : *queue.mutable_escalation()) {
    for (v1::SkillRequirement& requirement : *step.mutable_requirements()) AtLeastJunior(requirement);
  }
  if (queue.strategy() == v1::AGENT_STRATEGY_UNSPECIFIED) queue.set_strategy(v1::LEAST_WANTED);
  if (queue.order() == v1::QUEUE_ORDER_UNSPECIFIED) queue.set_order(v1::VALUE);
  if (queue.order() == v1::VALUE && !queue.has_value_bound()) queue.mutable_value_bound()->set_seconds(20 * kMinute);
  if (queue.order() == v1::EARLIEST_DEADLINE && !queue.has_value_bound()) {
    queue.mutable_value_bound()->set_seconds(2 * kMinute);
  }
  if (!queue.has_offer_timeout()) queue.mutable_offer_timeout()->set_seconds(20 * kSecond);
  if (!queue.has_miss_back_off()) queue.mutable_miss_back_off()->set_seconds(30 * kSecond);
  if (!queue.has_decline_back_off()) queue.mutable_decline_back_off()->set_seconds(60 * kSecond);
  if (!queue.has_unreachable_back_off()) queue.mutable_unreachable_back_off()->set_seconds(10 * kSecond);
  if (!queue.has_lost_back_off()) queue.mutable_lost_back_off();
  if (!queue.has_abandon_back_off()) queue.mutable_abandon_back_off();
  if (!queue.has_misses_max()) queue.set_misses_max(2);
  if (queue.known_agent().kinds_size() > 0) {
    v1::KnownAgentConfig& known = *queue.mutable_known_agent();
    if (!known.has_wait_max()) known.mutable_wait_max()->set_seconds(60 * kSecond);
    if (!known.has_worth()) known.mutable_worth()->set_seconds(60 * kSecond);
    if (!known.has_last_within()) known.mutable_last_within()->set_seconds(24 * kHour);
  }
  if (queue.callback().allowed()) {
    v1::CallbackConfig& callback = *queue.mutable_callback();
    if (callback.attempts_max() == 0) callback.set_attempts_max(3);
    if (!callback.has_retry_after()) callback.mutable_retry_after()->set_seconds(10 * kMinute);
  }
  if (queue.offer_count() == 0) queue.set_offer_count(1);
  if (queue.missed_action() == v1::MISSED_ACTION_UNSPECIFIED) queue.set_missed_action(v1::MISSED_AWAY);
  v1::WrapUpConfig& wrap_up = *queue.mutable_wrap_up();
  if (wrap_up.mode() == v1::WrapUpConfig::MODE_UNSPECIFIED) wrap_up.set_mode(v1::WrapUpConfig::NONE);
  if (wrap_up.mode() == v1::WrapUpConfig::TIMED || wrap_up.mode() == v1::WrapUpConfig::OPTIONAL) {
    if (!wrap_up.has_duration_max()) wrap_up.mutable_duration_max()->set_seconds(15 * kMinute);
    if (!wrap_up.has_duration()) {
      wrap_up.mutable_duration()->set_seconds(std::min<int64_t>(30 * kSecond, wrap_up.duration_max().seconds()));
    }
    if (!wrap_up.has_extension()) wrap_up.mutable_extension()->set_seconds(30 * kSecond);
  }
}

void FillDefaults(v1::ServerConfig& server) {
  if (server.grpc_address().empty()) server.set_grpc_address("127.0.0.1:7400");
  if (server.http_address().empty()) server.set_http_address("127.0.0.1:7480");
  if (server.log_level().empty()) server.set_log_level("info");
  if (server.mailbox_limit() == 0) server.set_mailbox_limit(65'536);
  if (server.stream_buffer_bytes_max() == 0) server.set_stream_buffer_bytes_max(4 << 20);
}

void FillDefaults(v1::JournalConfig& journal) {
  if (journal.kind().empty()) journal.set_kind("sqlite");
  if (journal.data_directory().empty()) journal.set_data_directory("var/routerd");
  if (journal.snapshot_every_events() == 0) journal.set_snapshot_every_events(50'000);
  if (journal.retain_events() == 0) journal.set_retain_events(100'000);
  if (!journal.has_retain_ended()) journal.mutable_retain_ended()->set_seconds(2160 * kHour);
  if (journal.pending_batches_max() == 0) journal.set_pending_batches_max(4'096);
}

void FillDefaults(v1::LimitsConfig& limits) {
  if (limits.contacts_max() == 0) limits.set_contacts_max(1'000'000);
  if (limits.message_bytes_max() == 0) limits.set_message_bytes_max(16'000);
  if (limits.transcript_messages_max() == 0) limits.set_transcript_messages_max(1'000);
  if (limits.customers_remembered_max() == 0) limits.set_customers_remembered_max(100'000);
}

}  // namespace

void FillDefaults(v1::WorkspaceConfig& config) {
  for (v1::SkillConfig& skill : *config.mutable_skills()) {
    if (skill.display_name().empty()) skill.set_display_name(skill.id());
  }
  for (v1::ChannelConfig& channel : *config.mutable_channels()) {
    if (channel.cost() == 0) channel.set_cost(100);
  }
  for (v1::VipConfig& vip : *config.mutable_vip_levels()) {
    if (vip.weight() == 0) vip.set_weight(1);
  }
  for (v1::QueueConfig& queue : *config.mutable_queues()) FillDefaults(queue);
  for (v1::AgentConfig& agent : *config.mutable_agents()) {
    if (agent.display_name().empty()) agent.set_display_name(agent.id());
    if (agent.capacity() == 0) agent.set_capacity(100);
  }
  if (!config.has_agent_grace()) config.mutable_agent_grace()->set_seconds(30 * kSecond);
  if (!config.has_transfer_wait()) config.mutable_transfer_wait()->set_seconds(60 * kSecond);
  if (!config.has_keep_room_after()) config.mutable_keep_room_after()->set_seconds(60 * kSecond);
  FillDefaults(*config.mutable_limits());
}

void FillDefaults(v1::RouterdConfig& config) {
  FillDefaults(*config.mutable_server());
  FillDefaults(*config.mutable_journal());
  for (v1::WorkspaceConfig& workspace : *config.mutable_workspaces()) FillDefaults(workspace);
}

int64_t CountOf(const v1::AgentConfig& agent) {
  if (!agent.has_range()) return 1;
  return std::max<int64_t>(0, int64_t{agent.range().last()} - agent.range().first() + 1);
}

void ExpandRanges(v1::WorkspaceConfig& config) {
  google::protobuf::RepeatedPtrField<v1::AgentConfig> agents;
  for (v1::AgentConfig& agent : *config.mutable_agents()) {
    if (!agent.has_range()) {
      *agents.Add() = std::move(agent);
      continue;
    }
    const v1::AgentRange range = agent.range();
    agent.clear_range();
    for (int64_t n = range.first(); n <= range.last(); ++n) {
      v1::AgentConfig& one = *agents.Add();
      one = agent;
      one.set_id(absl::StrCat(agent.id(), n));
      // A name of its own reads better with a space: `Load agent 7`.
      one.set_display_name(agent.display_name() == agent.id() ? one.id() : absl::StrCat(agent.display_name(), " ", n));
    }
  }
  config.mutable_agents()->Swap(&agents);
}

}  // namespace routerd::config
