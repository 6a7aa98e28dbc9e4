#include "routerd/simulate/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace routerd::simulate {
namespace {

double Seconds(int64_t ms) { return static_cast<double>(ms) / 1000; }

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Nearest rank: the smallest value that at least `q` of all don't exceed. Requires: sorted, not empty.
int64_t Quantile(const std::vector<int64_t>& sorted, double q) {
  const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

int64_t WaitMs(const Trace& trace, const RunResult& run, size_t i) {
  const ContactRecord& record = run.contacts[i];
  const int64_t until = record.accept_ms ? *record.accept_ms : record.end_ms.value_or(trace.horizon_ms);
  return std::max<int64_t>(0, until - trace.contacts[i].at_ms);
}

// By how much the agent stands above what the contact and its queue ask for, where that is most.
int TierAbove(const core::AgentPolicy& agent, const TraceContact& contact, const core::Policy& policy) {
  std::map<std::string_view, core::Tier> asked;
  const auto ask = [&](const core::NamedTier& want) {
    core::Tier& tier = asked[want.skill];
    tier = std::max(tier, want.tier);
  };
  for (const core::NamedTier& want : contact.require) ask(want);
  for (const core::QueuePolicy& queue : policy.queues) {
    if (queue.name != contact.queue) continue;
    for (const core::NamedTier& want : queue.requirements) ask(want);
  }
  int above = 0;
  for (const core::NamedTier& has : agent.skills) {
    const auto want = asked.find(has.skill);
    if (want == asked.end()) continue;
    above = std::max(above, static_cast<int>(has.tier) - static_cast<int>(want->second));
  }
  return std::min(above, 3);
}

// Adds contacts up, then turns sums into figures.
class Group {
 public:
  void Add(const Trace& trace, const core::Policy& policy, const RunResult& run, size_t i) {
    const ContactRecord& record = run.contacts[i];
    const int64_t wait = WaitMs(trace, run, i);
    ++summary_.contacts;
    waits_.push_back(wait);
    if (record.accept_ms) {
      ++summary_.completed;
      ++above_[TierAbove(policy.agents[record.agent], trace.contacts[i], policy)];
      in_time_ += wait <= kServiceTargetMs;
    } else if (record.outcome == Outcome::kAbandoned) {
      ++summary_.abandoned;
      left_late_ += wait > kServiceTargetMs;
    } else {
      ++summary_.unserved;
      left_late_ += wait > kServiceTargetMs;
    }
  }

  GroupSummary Finish() {
    if (waits_.empty()) return summary_;
    std::sort(waits_.begin(), waits_.end());
    int64_t sum = 0;
    for (const int64_t wait : waits_) sum += wait;
    summary_.wait_mean_s = Seconds(sum) / static_cast<double>(waits_.size());
    summary_.wait_p50_s = Seconds(Quantile(waits_, 0.5));
    summary_.wait_p90_s = Seconds(Quantile(waits_, 0.9));
    summary_.wait_max_s = Seconds(waits_.back());
    if (const int64_t judged = summary_.completed + left_late_; judged > 0) {
      summary_.service_level = Share(in_time_, judged);
    }
    for (size_t t = 0; t < above_.size(); ++t) summary_.tier_above[t] = Share(above_[t], summary_.completed);
    return summary_;
  }

 private:
  GroupSummary summary_;
  std::vector<int64_t> waits_;
  int64_t in_time_ = 0, left_late_ = 0;
  std::array<int64_t, 4> above_{};
};

std::map<std::string, GroupSummary> Finish(std::map<std::string, Group>& groups) {
  std::map<std::string, GroupSummary> result;
  for (auto& [name, group] : groups) result[name] = group.Finish();
  return result;
}

// Half the mean difference between any two, over the mean.
double Gini(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double sum = 0, weighted = 0;
  const auto n = static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    weighted += (2 * static_cast<double>(i + 1) - n - 1) * values[i];
  }
  return sum == 0 ? 0 : weighted / (n * sum);
}

void AddStaff(const RunResult& run, Summary& summary) {
  int64_t busy = 0, staffed = 0;
  std::vector<double> occupancies;
  for (const AgentRecord& agent : run.agents) {
    busy += agent.busy_ms;
    staffed += agent.staff_ms;
    if (agent.staff_ms > 0) occupancies.push_back(Share(agent.busy_ms, agent.staff_ms));
  }
  summary.occupancy = Share(busy, staffed);
  summary.occupancy_gini = Gini(std::move(occupancies));
}

// A customer who left tells only that the wait would have been longer than that.
void AddCalibration(const Trace& trace, const RunResult& run, Summary& summary) {
  int64_t within_p50 = 0, within_p90 = 0;
  for (size_t i = 0; i < run.contacts.size(); ++i) {
    const ContactRecord& record = run.contacts[i];
    if (!record.estimate_p50_ms || !record.estimate_p90_ms) continue;
    const int64_t wait = WaitMs(trace, run, i);
    if (!record.accept_ms && wait <= *record.estimate_p90_ms) continue;
    ++summary.estimated;
    within_p50 += wait <= *record.estimate_p50_ms;
    within_p90 += wait <= *record.estimate_p90_ms;
  }
  if (summary.estimated == 0) return;
  summary.within_p50 = Share(within_p50, summary.estimated);
  summary.within_p90 = Share(within_p90, summary.estimated);
}

}  // namespace

Summary Summarize(const Trace& trace, const core::Policy& policy, const RunResult& run) {
  std::map<std::string, double> weights;
  for (const core::VipPolicy& vip : policy.vips) weights[vip.name] = vip.weight;
  Group all;
  std::map<std::string, Group> by_vip, by_queue, by_channel;
  double weight_sum = 0, weighted_s = 0;
  for (size_t i = 0; i < run.contacts.size(); ++i) {
    const TraceContact& contact = trace.contacts[i];
    all.Add(trace, policy, run, i);
    by_vip[contact.vip.empty() ? "none" : contact.vip].Add(trace, policy, run, i);
    by_queue[contact.queue].Add(trace, policy, run, i);
    by_channel[contact.channel].Add(trace, policy, run, i);
    const double weight = contact.vip.empty() ? 1 : weights[contact.vip];
    const bool lost = !run.contacts[i].accept_ms;
    weighted_s += weight * Seconds(WaitMs(trace, run, i) + (lost ? kAbandonedPenaltyMs : 0));
    weight_sum += weight;
  }
  Summary summary;
  summary.all = all.Finish();
  summary.by_vip = Finish(by_vip);
  summary.by_queue = Finish(by_queue);
  summary.by_channel = Finish(by_channel);
  summary.vip_weighted_wait_s = weight_sum == 0 ? 0 : weighted_s / weight_sum;
  AddStaff(run, summary);
  AddCalibration(trace, run, summary);
  summary.broken = run.broken_count;
  return summary;
}

}  // namespace routerd::simulate
