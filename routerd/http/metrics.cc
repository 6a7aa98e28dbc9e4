#include "routerd/http/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <map>
#include <span>
#include <utility>

#include "google/protobuf/duration.pb.h"

namespace routerd::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
}

std::string_view Id(const std::string& name) { return std::string_view(name).substr(name.rfind('/') + 1); }

// Collects samples into families, in the order in which their names first come.
class Families {
 public:
  void Counter(const char* name, const char* help, Labels labels, double value) {
    Add(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
  }
  void Gauge(const char* name, const char* help, Labels labels, double value) {
    Add(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
  }
  // `counts` by bucket, not cumulative; the last is for what is beyond all bounds.
  void Histogram(const char* name, const char* help, Labels labels, std::span<const double> bounds,
                 std::span<const int64_t> counts, double sum) {
    auto& histogram = Add(name, help, MetricType::Histogram, std::move(labels)).histogram;
    for (size_t i = 0; i < counts.size(); ++i) {
      histogram.sample_count += static_cast<uint64_t>(counts[i]);
      histogram.bucket.push_back(
          {.cumulative_count = histogram.sample_count, .upper_bound = i < bounds.size() ? bounds[i] : HUGE_VAL});
    }
    histogram.sample_sum = sum;
  }
  std::string Text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  ClientMetric& Add(const char* name, const char* help, MetricType type, Labels labels) {
    const auto [at, news] = index_.try_emplace(name, families_.size());
    if (news) families_.push_back({name, help, type, {}});
    ClientMetric& metric = families_[at->second].metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::map<std::string, size_t> index_;
  std::vector<MetricFamily> families_;
};

void AddQueue(const std::string& workspace, const v1::Queue& queue, Families& families) {
  const Labels labels = {{"workspace", workspace}, {"queue", std::string(Id(queue.name()))}};
  const auto with = [&](const char* name, const char* value) {
    Labels more = labels;
    more.push_back({name, value});
    return more;
  };
  const auto counter = [&](const char* name, const char* help, int64_t value) {
    families.Counter(name, help, labels, static_cast<double>(value));
  };
  counter("routerd_contacts_created_total", "Contacts that entered the queue.", queue.created_count());
  counter("routerd_contacts_accepted_total", "Contacts accepted by an agent.", queue.accepted_count());
  counter("routerd_contacts_abandoned_total", "Contacts whose customer left unserved.", queue.abandoned_count());
  counter("routerd_contacts_completed_total", "Contacts served to the end.", queue.completed_count());
  counter("routerd_offers_lapsed_total", "Offers not answered in time.", queue.lapsed_count());
  counter("routerd_offers_declined_total", "Offers refused by the agent.", queue.declined_count());
  counter("routerd_offers_revoked_total", "Offers taken back.", queue.revoked_count());
  counter("routerd_offers_agent_gone_total", "Of those, as the agent went or lost its connection.",
          queue.agent_gone_count());
  counter("routerd_offers_customer_gone_total", "Of those, as the customer left.", queue.customer_gone_count());
  counter("routerd_offers_unreachable_total", "Of those, as the agent's device could not be reached.",
          queue.unreachable_count());

  constexpr char kContacts[] = "routerd_contacts";
  constexpr char kContactsHelp[] = "Live contacts by state.";
  families.Gauge(kContacts, kContactsHelp, with("state", "queued"), queue.waiting_count());
  families.Gauge(kContacts, kContactsHelp, with("state", "offered"), queue.offered_count());
  families.Gauge(kContacts, kContactsHelp, with("state", "active"), queue.active_count());
  families.Gauge(kContacts, kContactsHelp, with("state", "wrap_up"), queue.wrap_up_count());
  const auto gauge = [&](const char* name, const char* help, double value) {
    families.Gauge(name, help, labels, value);
  };
  gauge("routerd_wait_longest_seconds", "How long the first in line has waited.", Seconds(queue.longest_wait()));
  gauge("routerd_wait_mean_seconds", "Mean wait of accepted contacts.", Seconds(queue.mean_wait()));
  static constexpr double kWaitBounds[] = {5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600};  // As in Queue.
  families.Histogram(
      "routerd_wait_seconds", "Waits of accepted contacts.", labels, kWaitBounds,
      std::span(queue.wait_bucket_counts().data(), static_cast<size_t>(queue.wait_bucket_counts().size())),
      Seconds(queue.mean_wait()) * static_cast<double>(queue.accepted_count()));
  counter("routerd_wait_estimates_scored_total", "Accepted contacts that had been told an estimate on entering.",
          queue.estimated_count());
  if (queue.estimated_count() > 0) {
    constexpr char kWithin[] = "routerd_wait_estimate_within_ratio";
    constexpr char kWithinHelp[] = "Share of waits that stayed within what was told; perfect is the quantile itself.";
    families.Gauge(kWithin, kWithinHelp, with("quantile", "0.5"), queue.within_p50());
    families.Gauge(kWithin, kWithinHelp, with("quantile", "0.9"), queue.within_p90());
    gauge("routerd_wait_estimate_error_seconds", "Mean absolute difference of waits from the median told.",
          Seconds(queue.mean_estimate_error()));
  }
  gauge("routerd_handle_mean_seconds", "Mean conversation and wrap-up.", Seconds(queue.mean_handle_time()));
  gauge("routerd_service_level_ratio", "Accepted within target, of all accepted and those who left after it.",
        queue.service_level());
  gauge("routerd_queue_agents_available", "Available agents who could serve the queue.",
        queue.agents_available_count());
  gauge("routerd_queue_agents_free", "Those of them with room.", queue.agents_free_count());
  if (queue.estimate().has_wait_p50()) {
    constexpr char kEstimate[] = "routerd_wait_estimate_seconds";
    constexpr char kEstimateHelp[] = "What someone who joined now would be told.";
    families.Gauge(kEstimate, kEstimateHelp, with("quantile", "0.5"), Seconds(queue.estimate().wait_p50()));
    families.Gauge(kEstimate, kEstimateHelp, with("quantile", "0.9"), Seconds(queue.estimate().wait_p90()));
  }
}

}  // namespace

std::string MetricsText(const std::vector<WorkspaceFigures>& workspaces, const ProcessFigures& process) {
  Families families;
  families.Gauge("routerd_build_info", "1, with the version as a label.", {{"version", process.version}}, 1);
  families.Gauge("routerd_ready", "1 while /readyz says so.", {}, process.ready ? 1 : 0);
  families.Gauge("routerd_http_connections", "Open HTTP connections.", {},
                 static_cast<double>(process.http.connections_open));
  families.Gauge("routerd_http_websockets", "Open WebSockets: desks and wallboards.", {},
                 static_cast<double>(process.http.websockets_open));
  families.Counter("routerd_http_requests_total", "HTTP requests answered.", {},
                   static_cast<double>(process.http.requests_total));
  families.Counter("routerd_http_refused_connections_total", "Connections over a limit.", {},
                   static_cast<double>(process.http.connections_refused_total));
  for (const auto& [workspace, statistics] : workspaces) {
    const Labels labels = {{"workspace", workspace}};
    families.Gauge("routerd_contacts_live", "Contacts that have not ended.", labels,
                   static_cast<double>(statistics.live_contact_count()));
    families.Gauge("routerd_agents_signed_in", "Agents signed in.", labels, statistics.agents_signed_in_count());
    families.Gauge("routerd_agents_available", "Agents who take offers.", labels, statistics.agents_available_count());
    families.Gauge("routerd_mailbox_depth", "Requests waiting for the workspace.", labels,
                   static_cast<double>(statistics.mailbox_depth()));
    families.Gauge("routerd_journal_pending_batches", "Batches waiting for the disk.", labels,
                   static_cast<double>(statistics.journal_pending_count()));
    families.Counter("routerd_journal_events_total", "Events made durable.", labels,
                     static_cast<double>(statistics.sequence()));
    const std::map<std::string, int64_t> refusals(statistics.refusals().begin(), statistics.refusals().end());
    for (const auto& [reason, count] : refusals) {
      families.Counter("routerd_refusals_total", "Requests refused, by reason.",
                       {{"workspace", workspace}, {"reason", reason}}, static_cast<double>(count));
    }
    for (const v1::Queue& queue : statistics.queues()) AddQueue(workspace, queue, families);
  }
  return families.Text();
}

}  // namespace routerd::http
