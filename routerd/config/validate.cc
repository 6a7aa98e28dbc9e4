// Semantic validation, in three passes: values one by one, then names, then what they prove.
#include "routerd/config/validate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "routerd/base/suggest.h"
#include "routerd/config/defaults.h"
#include "routerd/config/hold_backs.h"
#include "routerd/config/hours.h"
#include "routerd/config/prove.h"
#include "routerd/config/requirement.h"
#include "routerd/config/text.h"

namespace routerd::config {
namespace {

constexpr size_t kIdBytesMax = 63;
constexpr size_t kTextBytesMax = 200;
constexpr size_t kAddressBytesMax = 256;
constexpr size_t kKnownNamesMax = 10;
constexpr int kQueuesMax = 1'000;
constexpr int64_t kAgentsMax = 100'000;
constexpr int kLaneMax = 9;
constexpr int kEscalationStepsMax = 20;
constexpr size_t kLabelBytesMax = 64;
constexpr int kPreferencesMax = 16;

bool IsIdLetter(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_'; }

// The identifier that was probably meant by `text`; "" if nothing of it is left.
std::string NearestId(std::string_view text) {
  std::string id;
  for (const char c : text) {
    const char lower = absl::ascii_tolower(c);
    if (IsIdLetter(lower)) {
      id += lower;
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (!id.empty() && !absl::ascii_isalnum(id.back())) id.pop_back();
  while (!id.empty() && !absl::ascii_isalnum(id.front())) id.erase(0, 1);
  return id.substr(0, kIdBytesMax);
}

// Names of one kind, each with the path where it was first given.
using Names = std::map<std::string, std::string, std::less<>>;

std::vector<std::string> KeysOf(const Names& names) {
  std::vector<std::string> keys;
  for (const auto& [name, path] : names) keys.push_back(name);
  return keys;
}

class Checker {
 public:
  Checker(Purpose purpose, const SourceMap& source, Problems& problems)
      : purpose_(purpose), source_(source), problems_(problems) {}

  void CheckServer(const v1::RouterdConfig& config) {
    const v1::ServerConfig& server = config.server();
    CheckAddress("server.grpc_address", server.grpc_address());
    CheckAddress("server.http_address", server.http_address());
    CheckChoice("server.log_level", server.log_level(), {"debug", "info", "warn", "error"});
    CheckRange("server.mailbox_limit", server.mailbox_limit(), 1, 10'000'000);
    CheckRange("server.stream_buffer_bytes_max", server.stream_buffer_bytes_max(), 64 << 10, 1 << 30);
    for (int i = 0; i < server.allowed_origins_size(); ++i) {
      CheckOrigin(absl::StrCat("server.allowed_origins[", i, "]"), server.allowed_origins(i));
    }
    if (server.has_tls()) {
      if (server.tls().certificate_file().empty()) Add("server.tls.certificate_file", "is required for TLS");
      if (server.tls().key_file().empty()) Add("server.tls.key_file", "is required for TLS");
    }

    const v1::JournalConfig& journal = config.journal();
    CheckChoice("journal.kind", journal.kind(), {"sqlite", "memory"});
    CheckRange("journal.snapshot_every_events", journal.snapshot_every_events(), 1, 100'000'000);
    CheckRange("journal.retain_events", journal.retain_events(), 1, 1'000'000'000);
    CheckRange("journal.pending_batches_max", journal.pending_batches_max(), 1, 1'000'000);
    if (journal.has_retain_ended()) {
      CheckRange("journal.retain_ended", journal.retain_ended(), absl::Hours(1), absl::Hours(24 * 3660));
    }
  }

  // Values one by one.
  void CheckValues(const std::string& path, const v1::WorkspaceConfig& workspace) {
    CheckId(path, workspace.id());
    for (int i = 0; i < workspace.skills_size(); ++i) {
      const std::string skill_path = absl::StrCat(path, ".skills[", i, "]");
      CheckId(skill_path, workspace.skills(i).id());
      CheckText(skill_path + ".display_name", workspace.skills(i).display_name());
    }
    for (int i = 0; i < workspace.channels_size(); ++i) {
      const std::string channel_path = absl::StrCat(path, ".channels[", i, "]");
      CheckId(channel_path, workspace.channels(i).id());
      CheckRange(channel_path + ".cost", workspace.channels(i).cost(), 1, 1'000);
      CheckRange(channel_path + ".max_count", workspace.channels(i).max_count(), 1, 100'000);
      CheckDormancy(channel_path, workspace.channels(i));
    }
    for (int i = 0; i < workspace.vip_levels_size(); ++i) {
      const v1::VipConfig& vip = workspace.vip_levels(i);
      const std::string vip_path = absl::StrCat(path, ".vip_levels[", i, "]");
      CheckId(vip_path, vip.id());
      CheckRange(vip_path + ".head_start", vip.head_start(), absl::ZeroDuration(), absl::Hours(24));
      if (!(vip.weight() > 0 && vip.weight() <= 1'000) && (vip.weight() != 0 || source_.Has(vip_path + ".weight"))) {
        Add(vip_path + ".weight", absl::StrCat(vip.weight(), " is out of range (above 0, up to 1000)"));
      }
    }
    for (int i = 0; i < workspace.calendars_size(); ++i) {
      const std::string calendar_path = absl::StrCat(path, ".calendars[", i, "]");
      CheckId(calendar_path, workspace.calendars(i).id());
      CheckCalendar(calendar_path, workspace.calendars(i), problems_);
    }
    if (workspace.queues_size() > kQueuesMax) Add(path + ".queues", absl::StrCat("more than ", kQueuesMax, " queues"));
    for (int i = 0; i < workspace.queues_size(); ++i) {
      CheckQueueValues(absl::StrCat(path, ".queues[", i, "]"), workspace.queues(i));
    }
    for (int i = 0; i < workspace.agents_size(); ++i) {
      CheckAgentValues(absl::StrCat(path, ".agents[", i, "]"), workspace.agents(i));
    }
    for (int i = 0; i < workspace.customers_size(); ++i) {
      const std::string customer_path = absl::StrCat(path, ".customers[", i, "]");
      if (workspace.customers(i).id().empty()) {
        Add(customer_path + ".id", "is required");
      } else {
        CheckText(customer_path + ".id", workspace.customers(i).id(), kAddressBytesMax);
      }
      CheckText(customer_path + ".display_name", workspace.customers(i).display_name());
    }
    if (workspace.has_agent_grace()) {
      CheckRange(path + ".agent_grace", workspace.agent_grace(), absl::ZeroDuration(), absl::Hours(1));
    }
    if (workspace.has_transfer_wait()) {
      CheckRange(path + ".transfer_wait", workspace.transfer_wait(), absl::ZeroDuration(), absl::Hours(24));
    }
    if (workspace.has_keep_room_after()) {
      CheckRange(path + ".keep_room_after", workspace.keep_room_after(), absl::ZeroDuration(), absl::Hours(1));
    }
    const v1::LimitsConfig& limits = workspace.limits();
    CheckRange(path + ".limits.contacts_max", limits.contacts_max(), 1, 10'000'000);
    CheckRange(path + ".limits.message_bytes_max", limits.message_bytes_max(), 1, 1 << 20);
    CheckRange(path + ".limits.transcript_messages_max", limits.transcript_messages_max(), 1, 100'000);
    CheckRange(path + ".limits.customers_remembered_max", limits.customers_remembered_max(), 1, 10'000'000);
  }

  // Whether there are few enough agents to name each one of them.
  bool CheckAgentCount(const v1::RouterdConfig& config) {
    int64_t count = 0;
    for (const v1::WorkspaceConfig& workspace : config.workspaces()) {
      for (const v1::AgentConfig& agent : workspace.agents()) count += CountOf(agent);
    }
    if (count <= kAgentsMax) return true;
    Add("workspaces", absl::StrCat("the ranges make ", count, " agents; at most ", kAgentsMax, " in all workspaces"));
    return false;
  }

  // Names: each given once, and each that is used is given. Requires: defaults are filled in.
  void CheckNames(const std::string& path, const v1::WorkspaceConfig& workspace) {
    const Names skills = Collect(path + ".skills", "skill", workspace.skills());
    const Names channels = Collect(path + ".channels", "channel", workspace.channels());
    const Names vips = Collect(path + ".vip_levels", "VIP level", workspace.vip_levels());
    const Names queues = Collect(path + ".queues", "queue", workspace.queues());
    Collect(path + ".customers", "customer", workspace.customers());
    const Names calendars = Collect(path + ".calendars", "calendar", workspace.calendars());
    for (int i = 0; i < workspace.queues_size(); ++i) {
      const std::string& calendar = workspace.queues(i).calendar();
      if (calendar.empty()) continue;
      CheckKnown(absl::StrCat(path, ".queues[", i, "].calendar"), "calendar", calendar, calendars);
    }
    CheckLimits(path, workspace, problems_);
    CheckHoldBacks(path, workspace, problems_);
    const Names agents = CollectAgents(path + ".agents", workspace);
    if (channels.empty()) Add(path + ".channels", "at least one channel is needed");
    if (workspace.queues().empty()) Add(path + ".queues", "at least one queue is needed");
    if (agents.empty() && purpose_ == Purpose::kDaemon) {
      Add(path + ".agents", "at least one agent is needed: nobody could ever serve a contact");
    }

    for (int i = 0; i < workspace.queues_size(); ++i) {
      const std::string queue_path = absl::StrCat(path, ".queues[", i, "]");
      CheckQueueNames(queue_path, workspace.queues(i), skills, agents);
      CheckEscalationNames(queue_path, workspace.queues(i), skills, queues);
    }
    CheckEscalationCycles(path, workspace);
    for (int i = 0; i < workspace.agents_size(); ++i) {
      const std::string agent_path = absl::StrCat(path, ".agents[", i, "]");
      for (const auto& [skill, tier] : workspace.agents(i).skills()) {
        CheckKnown(EntryPath(agent_path + ".skills", skill), "skill", skill, skills);
      }
      for (const auto& [channel, count] : workspace.agents(i).channels()) {
        CheckKnown(EntryPath(agent_path + ".channels", channel), "channel", channel, channels);
      }
    }
    CheckInterruptions(path + ".interruptions", workspace, channels);
    for (int i = 0; i < workspace.customers_size(); ++i) {
      const std::string& vip = workspace.customers(i).vip();
      if (!vip.empty()) CheckKnown(absl::StrCat(path, ".customers[", i, "].vip"), "VIP level", vip, vips);
      const std::string& agent = workspace.customers(i).agent();
      if (!agent.empty()) CheckKnown(absl::StrCat(path, ".customers[", i, "].agent"), "agent", agent, agents);
    }
  }

  // Who serves whom. Requires: names are good, defaults are filled in.
  void CheckProofs(const std::string& path, const v1::WorkspaceConfig& workspace, Problems& suspicions) {
    for (const Finding& finding : Prove(workspace)) {
      (finding.kind == Finding::Kind::kRefused ? problems_ : suspicions)
          .Add(absl::StrCat(path, ".", finding.path), finding.text);
    }
  }

  // Requires: defaults are filled in.
  void CheckSecurity(const v1::RouterdConfig& config) {
    const v1::ServerConfig& server = config.server();
    std::string grpc_host, http_host;
    int grpc_port = 0, http_port = 0;
    if (SplitAddress(server.grpc_address(), grpc_host, grpc_port) &&
        SplitAddress(server.http_address(), http_host, http_port) && grpc_host == http_host && grpc_port == http_port &&
        grpc_port != 0) {
      Add("server.http_address", absl::StrCat(server.http_address(), " is the gRPC address already"));
    }
    const v1::SecurityConfig& security = config.security();
    if (security.open_loopback()) {
      const std::pair<const char*, const std::string&> addresses[] = {{"server.grpc_address", server.grpc_address()},
                                                                      {"server.http_address", server.http_address()}};
      for (const auto& [path, address] : addresses) {
        if (IsLoopback(address)) continue;
        Add("security.open_loopback", absl::StrCat("would let everybody who reaches ", path, " (", address,
                                                   ") do everything; use 127.0.0.1, or name principals instead"));
      }
    } else if (security.principals().empty()) {
      Add("security", "nobody could call: name principals, or set open_loopback for a trial on this machine");
    }
    CheckPrincipals(config);
  }

 private:
  void Add(std::string_view path, std::string_view what) { problems_.Add(path, what); }

  // --- Values ---

  // An int whose 0 means that it isn't given, unless the file says so.
  void CheckRange(const std::string& path, int64_t value, int64_t min, int64_t max) {
    if (value >= min && value <= max) return;
    if (value == 0 && !source_.Has(path)) return;
    Add(path, absl::StrCat(value, " is out of range (", min, " to ", max, ")"));
  }

  void CheckRange(const std::string& path, const google::protobuf::Duration& value, absl::Duration min,
                  absl::Duration max) {
    const absl::Duration duration = ToAbsl(value);
    if (duration >= min && duration <= max) return;
    Add(path, absl::StrCat(absl::FormatDuration(duration), " is out of range (", absl::FormatDuration(min), " to ",
                           absl::FormatDuration(max), ")"));
  }

  void CheckChoice(const std::string& path, const std::string& value, const std::vector<std::string>& choices) {
    if (value.empty() && !source_.Has(path)) return;
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
    Add(path, absl::StrCat("unknown value ", Quoted(value), base::DidYouMean(value, choices), "; one of ",
                           absl::StrJoin(choices, ", ")));
  }

  // The `id` of the thing at `path`.
  void CheckId(const std::string& path, const std::string& id) {
    if (id.empty()) {
      Add(path + ".id", "is required");
    } else if (id.size() > kIdBytesMax) {
      Add(path + ".id", absl::StrCat("longer than ", kIdBytesMax, " characters"));
    } else if (!std::all_of(id.begin(), id.end(), IsIdLetter) || !absl::ascii_isalnum(id.front())) {
      const std::string nearest = NearestId(id);
      Add(path + ".id",
          absl::StrCat(Quoted(id), " is no identifier: lower case letters, digits, - and _, a letter or digit first",
                       nearest.empty() ? "" : absl::StrCat("; did you mean ", Quoted(nearest), "?")));
    }
  }

  void CheckText(const std::string& path, const std::string& text, size_t bytes_max = kTextBytesMax) {
    if (text.size() > bytes_max) {
      Add(path, absl::StrCat("longer than ", bytes_max, " bytes"));
    } else if (std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); })) {
      Add(path, "holds a control character");
    }
  }

  void CheckAddress(const std::string& path, const std::string& address) {
    if (address.empty() && !source_.Has(path)) return;
    std::string host;
    int port = 0;
    if (SplitAddress(address, host, port)) return;
    Add(path, absl::StrCat(Quoted(address), " is no address; write host:port, e.g. 127.0.0.1:7400 or [::1]:7400"));
  }

  void CheckOrigin(const std::string& path, const std::string& origin) {
    const size_t scheme = absl::StartsWith(origin, "https://")  ? 8
                          : absl::StartsWith(origin, "http://") ? 7
                                                                : std::string::npos;
    const bool good = scheme != std::string::npos && origin.size() > scheme &&
                      origin.find_first_of("/?#*@, \t", scheme) == std::string::npos;
    if (!good) Add(path, absl::StrCat(Quoted(origin), " is no origin; write it as https://desk.example, with no path"));
  }

  void CheckQueueValues(const std::string& path, const v1::QueueConfig& queue) {
    CheckId(path, queue.id());
    CheckText(path + ".display_name", queue.display_name());
    CheckRange(path + ".head_start", queue.head_start(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".lane", queue.lane(), 0, kLaneMax);
    CheckRange(path + ".misses_max", queue.misses_max(), 0, 1'000);
    CheckRange(path + ".offer_count", queue.offer_count(), 1, 20);
    CheckRange(path + ".waiting_max", queue.waiting_max(), 0, std::numeric_limits<int32_t>::max());
    if (queue.has_offer_timeout()) {
      CheckRange(path + ".offer_timeout", queue.offer_timeout(), absl::Seconds(1), absl::Hours(1));
    }
    CheckRange(path + ".miss_back_off", queue.miss_back_off(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".decline_back_off", queue.decline_back_off(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".unreachable_back_off", queue.unreachable_back_off(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".lost_back_off", queue.lost_back_off(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".abandon_back_off", queue.abandon_back_off(), absl::ZeroDuration(), absl::Hours(1));
    if (queue.has_service_level_target()) {
      CheckRange(path + ".service_level_target", queue.service_level_target(), absl::Seconds(1), absl::Hours(240));
    }
    CheckWrapUp(path + ".wrap_up", queue.wrap_up());
    if (queue.has_value_bound()) {
      CheckRange(path + ".value_bound", queue.value_bound(), absl::Seconds(1), absl::Hours(24));
      if (queue.order() == v1::RANK) Add(path + ".value_bound", "means nothing with order RANK");
    }
    CheckRange(path + ".return_window", queue.return_window(), absl::ZeroDuration(), absl::Hours(1));
    CheckKnownAgentValues(path + ".known_agent", queue.known_agent());
    CheckEscalationValues(path + ".escalation", queue.escalation());
    if (queue.preferences_size() > kPreferencesMax) {
      Add(path + ".preferences", absl::StrCat("more than ", kPreferencesMax, " skills"));
    }
    std::set<std::string_view> dispositions;
    for (int i = 0; i < queue.dispositions_size(); ++i) {
      const std::string disposition_path = absl::StrCat(path, ".dispositions[", i, "]");
      if (queue.dispositions(i).empty()) Add(disposition_path, "is empty");
      CheckText(disposition_path, queue.dispositions(i));
      if (!dispositions.insert(queue.dispositions(i)).second) {
        Add(disposition_path, absl::StrCat(Quoted(queue.dispositions(i)), " is given twice"));
      }
    }
  }

  void CheckWrapUp(const std::string& path, const v1::WrapUpConfig& wrap_up) {
    const bool timed = wrap_up.mode() == v1::WrapUpConfig::TIMED || wrap_up.mode() == v1::WrapUpConfig::OPTIONAL;
    const auto check_time = [&](const std::string& key, const google::protobuf::Duration& time) {
      CheckRange(path + key, time, absl::Seconds(1), absl::Minutes(15));
      if (!timed) Add(path + key, "means nothing unless mode is TIMED or OPTIONAL");
    };
    if (wrap_up.has_duration()) check_time(".duration", wrap_up.duration());
    if (wrap_up.has_duration_max()) check_time(".duration_max", wrap_up.duration_max());
    if (wrap_up.has_duration() && wrap_up.has_duration_max() &&
        ToAbsl(wrap_up.duration()) > ToAbsl(wrap_up.duration_max())) {
      Add(path + ".duration",
          absl::StrCat(absl::FormatDuration(ToAbsl(wrap_up.duration())), " is more than duration_max, ",
                       absl::FormatDuration(ToAbsl(wrap_up.duration_max()))));
    }
    CheckRange(path + ".extension_count_max", wrap_up.extension_count_max(), 0, 100);
    if (wrap_up.has_extension()) {
      check_time(".extension", wrap_up.extension());
      if (wrap_up.extension_count_max() == 0) Add(path + ".extension", "means nothing without extension_count_max");
    } else if (wrap_up.extension_count_max() > 0 && !timed) {
      Add(path + ".extension_count_max", "means nothing unless mode is TIMED or OPTIONAL");
    }
  }

  // Requires: nothing. A cost of 0 is the default of 100.
  void CheckDormancy(const std::string& path, const v1::ChannelConfig& channel) {
    if (channel.has_dormant_after()) {
      CheckRange(path + ".dormant_after", channel.dormant_after(), absl::Seconds(10), absl::Hours(24));
    } else if (channel.dormant_cost() != 0) {
      Add(path + ".dormant_cost", "means nothing without dormant_after");
    }
    CheckRange(path + ".dormant_cost", channel.dormant_cost(), 0, channel.cost() == 0 ? 100 : channel.cost());
  }

  void CheckKnownAgentValues(const std::string& path, const v1::KnownAgentConfig& known) {
    std::set<int> seen;
    for (int i = 0; i < known.kinds_size(); ++i) {
      const std::string kind_path = absl::StrCat(path, ".kinds[", i, "]");
      if (known.kinds(i) == v1::KnownAgentConfig::KIND_UNSPECIFIED) Add(kind_path, "is DEDICATED, OWNER or LAST");
      if (!seen.insert(known.kinds(i)).second) {
        Add(kind_path, absl::StrCat(v1::KnownAgentConfig::Kind_Name(known.kinds(i)), " is given twice"));
      }
    }
    CheckRange(path + ".wait_max", known.wait_max(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".worth", known.worth(), absl::ZeroDuration(), absl::Hours(24));
    CheckRange(path + ".last_within", known.last_within(), absl::ZeroDuration(), absl::Hours(8784));
    if (seen.empty() && (known.has_wait_max() || known.has_worth() || known.has_last_within())) {
      Add(path + ".kinds", "is required: without it no known agent is looked for");
    }
  }

  void CheckEscalationValues(const std::string& path,
                             const google::protobuf::RepeatedPtrField<v1::EscalationStep>& steps) {
    if (steps.size() > kEscalationStepsMax) Add(path, absl::StrCat("more than ", kEscalationStepsMax, " steps"));
    for (int i = 0; i < steps.size(); ++i) {
      const v1::EscalationStep& step = steps[i];
      const std::string step_path = absl::StrCat(path, "[", i, "]");
      if (!step.has_waited() && step.label().empty() && step.contact_count() == 0) {
        Add(step_path, "says not when: give waited, label or contact_count");
      }
      if (!step.has_lane() && !step.has_head_start() && step.queue().empty() && step.requirements().empty() &&
          !step.call_supervisor()) {
        Add(step_path, "does nothing: give lane, head_start, queue, requirements or call_supervisor");
      }
      CheckRange(step_path + ".waited", step.waited(), absl::ZeroDuration(), absl::Hours(24));
      CheckText(step_path + ".label", step.label(), kLabelBytesMax);
      // Five earlier contacts are remembered of a customer.
      CheckRange(step_path + ".contact_count", step.contact_count(), 2, 6);
      CheckRange(step_path + ".lane", step.lane(), 0, kLaneMax);
      CheckRange(step_path + ".head_start", step.head_start(), absl::ZeroDuration(), absl::Hours(24));
    }
  }

  void CheckAgentValues(const std::string& path, const v1::AgentConfig& agent) {
    CheckId(path, agent.id());
    CheckText(path + ".display_name", agent.display_name());
    CheckRange(path + ".capacity", agent.capacity(), 1, 100'000);
    for (const auto& [channel, count_max] : agent.channels()) {
      if (count_max >= 1 && count_max <= 100'000) continue;
      Add(EntryPath(path + ".channels", channel),
          absl::StrCat(count_max, " is out of range (1 to 100000); a channel that is not named is not taken"));
    }
    if (agent.bot() && !agent.skills().empty()) {
      Add(path + ".skills", "means nothing for a bot: it is tier 0 in all; leave them out");
    }
    if (agent.has_wrap_up_duration()) {
      CheckRange(path + ".wrap_up_duration", agent.wrap_up_duration(), absl::Seconds(1), absl::Minutes(15));
    }
    if (!agent.has_range()) return;
    CheckRange(path + ".range.first", agent.range().first(), 0, std::numeric_limits<int32_t>::max());
    if (CountOf(agent) == 0) {
      Add(path + ".range.last", absl::StrCat(agent.range().last(), " comes before first, ", agent.range().first()));
    }
  }

  // --- Names ---

  void AddName(const std::string& path, std::string_view kind, const std::string& name, Names& names) {
    if (name.empty()) return;  // Told as a value.
    const auto [it, first] = names.emplace(name, path);
    if (first) return;
    Add(path,
        absl::StrCat(Absl(kind), " ", Quoted(name), " is given twice; first in line ", source_.Find(it->second).line));
  }

  template <typename List>
  Names Collect(const std::string& path, std::string_view kind, const List& list) {
    Names names;
    for (int i = 0; i < list.size(); ++i) AddName(absl::StrCat(path, "[", i, "].id"), kind, list[i].id(), names);
    return names;
  }

  // The names of all agents, ranges included.
  Names CollectAgents(const std::string& path, const v1::WorkspaceConfig& workspace) {
    Names names;
    for (int i = 0; i < workspace.agents_size(); ++i) {
      const v1::AgentConfig& agent = workspace.agents(i);
      const std::string id_path = absl::StrCat(path, "[", i, "].id");
      if (!agent.has_range()) {
        AddName(id_path, "agent", agent.id(), names);
        continue;
      }
      for (int64_t n = agent.range().first(); n <= agent.range().last(); ++n) {
        AddName(id_path, "agent", absl::StrCat(agent.id(), n), names);
      }
    }
    return names;
  }

  bool CheckKnown(const std::string& path, std::string_view kind, const std::string& name, const Names& known) {
    if (known.contains(name)) return true;
    std::string hint;
    if (!problems_.full()) hint = base::DidYouMean(name, KeysOf(known));
    if (hint.empty() && known.size() <= kKnownNamesMax && !known.empty()) {
      hint = absl::StrCat("; known: ", absl::StrJoin(KeysOf(known), ", "));
    }
    Add(path, absl::StrCat("unknown ", Absl(kind), " ", Quoted(name), hint));
    return false;
  }

  // Whether all skills are known and each is asked for once.
  bool CheckRequirements(const std::string& path, const Requirements& requirements, const Names& skills) {
    bool good = true;
    std::set<std::string_view> seen;
    for (int i = 0; i < requirements.size(); ++i) {
      const std::string skill_path = absl::StrCat(path, "[", i, "].skill");
      const std::string& skill = requirements[i].skill();
      if (skill.empty()) {
        Add(skill_path, "is required");
        good = false;
      } else if (!seen.insert(skill).second) {
        Add(skill_path, absl::StrCat("skill ", Quoted(skill), " is asked for twice"));
        good = false;
      } else {
        good = CheckKnown(skill_path, "skill", skill, skills) && good;
      }
    }
    return good;
  }

  void CheckInterruptions(const std::string& path, const v1::WorkspaceConfig& workspace, const Names& channels) {
    std::map<std::pair<std::string, std::string>, int> pairs;
    for (int i = 0; i < workspace.interruptions_size(); ++i) {
      const v1::InterruptionRule& rule = workspace.interruptions(i);
      const std::string rule_path = absl::StrCat(path, "[", i, "]");
      CheckKnown(rule_path + ".holding", "channel", rule.holding(), channels);
      CheckKnown(rule_path + ".ringing", "channel", rule.ringing(), channels);
      const auto [it, fresh] = pairs.emplace(std::pair(rule.holding(), rule.ringing()), i);
      if (!fresh) {
        Add(rule_path, absl::StrCat("holding ", Quoted(rule.holding()), ", ringing ", Quoted(rule.ringing()),
                                    " is ruled already, by interruptions[", it->second, "]"));
      }
    }
  }

  void CheckQueueNames(const std::string& path, const v1::QueueConfig& queue, const Names& skills,
                       const Names& agents) {
    CheckRequirements(path + ".preferences", queue.preferences(), skills);
    bool good = CheckRequirements(path + ".requirements", queue.requirements(), skills);
    const Requirements* before = &queue.requirements();
    absl::Duration after_before;
    for (int i = 0; i < queue.relaxation_size(); ++i) {
      const v1::RelaxationStep& step = queue.relaxation(i);
      const std::string step_path = absl::StrCat(path, ".relaxation[", i, "]");
      const absl::Duration after = ToAbsl(step.after());
      if (after > absl::Hours(24)) {
        Add(step_path + ".after", absl::StrCat(absl::FormatDuration(after), " is out of range (up to 24h)"));
      } else if (after <= after_before) {
        Add(step_path + ".after",
            i == 0 ? std::string("must be later than 0s; what holds from the start stands under requirements")
                   : absl::StrCat(absl::FormatDuration(after), " is not later than the step before, ",
                                  absl::FormatDuration(after_before)));
      }
      good = CheckRequirements(step_path + ".requirements", step.requirements(), skills) && good;
      if (good) CheckNoHarder(step_path, step.requirements(), *before);
      before = &step.requirements();
      after_before = after;
    }
    std::set<std::string_view> listed;
    for (int i = 0; i < queue.agents_size(); ++i) {
      const std::string agent_path = absl::StrCat(path, ".agents[", i, "]");
      CheckKnown(agent_path, "agent", queue.agents(i), agents);
      if (!listed.insert(queue.agents(i)).second) {
        Add(agent_path, absl::StrCat("agent ", Quoted(queue.agents(i)), " is given twice"));
      }
    }
  }

  void CheckEscalationNames(const std::string& path, const v1::QueueConfig& queue, const Names& skills,
                            const Names& queues) {
    for (int i = 0; i < queue.escalation_size(); ++i) {
      const v1::EscalationStep& step = queue.escalation(i);
      const std::string step_path = absl::StrCat(path, ".escalation[", i, "]");
      CheckRequirements(step_path + ".requirements", step.requirements(), skills);
      if (step.queue().empty()) continue;
      if (step.queue() == queue.id()) {
        Add(step_path + ".queue", "is the queue that it leaves");
      } else {
        CheckKnown(step_path + ".queue", "queue", step.queue(), queues);
      }
    }
  }

  // Escalation that leads back to where it began would chase a contact round.
  void CheckEscalationCycles(const std::string& path, const v1::WorkspaceConfig& workspace) {
    std::map<std::string_view, std::vector<std::string_view>> moves;
    for (const v1::QueueConfig& queue : workspace.queues()) {
      for (const v1::EscalationStep& step : queue.escalation()) {
        if (!step.queue().empty() && step.queue() != queue.id()) moves[queue.id()].push_back(step.queue());
      }
    }
    for (int i = 0; i < workspace.queues_size(); ++i) {
      const std::string& start = workspace.queues(i).id();
      std::vector<std::string_view> reached = moves[start];
      for (size_t k = 0; k < reached.size() && reached[k] != start; ++k) {
        for (const std::string_view next : std::vector<std::string_view>(moves[reached[k]])) {
          if (std::find(reached.begin(), reached.end(), next) == reached.end()) reached.push_back(next);
        }
      }
      if (std::find(reached.begin(), reached.end(), start) == reached.end()) continue;
      Add(absl::StrCat(path, ".queues[", i, "].escalation"),
          absl::StrCat("leads back to ", start, ": a contact would go round; leave out one of the moves"));
      return;
    }
  }

  void CheckNoHarder(const std::string& step_path, const Requirements& now, const Requirements& before) {
    std::map<std::string_view, v1::Tier> tiers;
    for (const v1::SkillRequirement& requirement : before) tiers.emplace(requirement.skill(), requirement.tier());
    bool same = now.size() == before.size();
    for (int i = 0; i < now.size(); ++i) {
      const auto it = tiers.find(now[i].skill());
      if (it == tiers.end() || now[i].tier() > it->second) {
        Add(absl::StrCat(step_path, ".requirements[", i, "]"),
            absl::StrCat("asks for ", now[i].skill(), " >= ", v1::Tier_Name(now[i].tier()),
                         ", which is harder than the step before (", ToText(before), ")"));
        return;
      }
      same = same && now[i].tier() == it->second;
    }
    if (same) Add(step_path, absl::StrCat("changes nothing: the step before asks for ", ToText(before), " already"));
  }

  // --- Security ---

  void CheckPrincipals(const v1::RouterdConfig& config) {
    Names ids, agents;
    for (const v1::WorkspaceConfig& workspace : config.workspaces()) {
      for (const v1::AgentConfig& agent : workspace.agents()) {
        if (!agent.has_range()) {
          agents.emplace(agent.id(), "");
          continue;
        }
        for (int64_t n = agent.range().first(); n <= agent.range().last(); ++n) {
          agents.emplace(absl::StrCat(agent.id(), n), "");
        }
      }
    }
    Names tokens;
    for (int i = 0; i < config.security().principals_size(); ++i) {
      const v1::PrincipalConfig& principal = config.security().principals(i);
      const std::string path = absl::StrCat("security.principals[", i, "]");
      CheckId(path, principal.id());
      AddName(path + ".id", "principal", principal.id(), ids);
      if (principal.role() == v1::PrincipalConfig::ROLE_UNSPECIFIED) {
        Add(path + ".role", "is required: ADAPTER, AGENT, SUPERVISOR or ADMIN");
      } else if (principal.role() == v1::PrincipalConfig::AGENT && !principal.id().empty()) {
        CheckKnown(path + ".id", "agent", principal.id(), agents);
      }
      CheckRange(path + ".lane_max", principal.lane_max(), 0, kLaneMax);
      if (principal.lane_max() != 0 && principal.role() != v1::PrincipalConfig::ADAPTER) {
        Add(path + ".lane_max", "means nothing unless role is ADAPTER");
      }
      CheckToken(path + ".token", principal.token(), tokens);
    }
  }

  // Tokens are compared by where they come from; that files and variables differ is checked when they are read.
  void CheckToken(const std::string& path, const v1::SecretConfig& token, Names& tokens) {
    const std::pair<const char*, const std::string&> places[] = {
        {"value", token.value()}, {"file", token.file()}, {"env", token.env()}};
    int given = 0;
    for (const auto& [kind, text] : places) {
      const std::string place_path = absl::StrCat(path, ".", kind);
      if (text.empty() && !source_.Has(place_path)) continue;
      ++given;
      if (text.empty()) {
        Add(place_path, "is empty");
        continue;
      }
      const auto [it, first] = tokens.emplace(absl::StrCat(kind, ":", text), place_path);
      if (!first) {
        Add(place_path, absl::StrCat("is the same token as in line ", source_.Find(it->second).line,
                                     "; each principal needs its own"));
      }
    }
    if (given != 1) Add(path, absl::StrCat("needs exactly one of value, file and env, has ", given));
  }

  const Purpose purpose_;
  const SourceMap& source_;
  Problems& problems_;
};

}  // namespace

bool SplitAddress(std::string_view address, std::string& host, int& port) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view name = address.substr(0, colon);
  const std::string_view digits = address.substr(colon + 1);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    name = name.substr(1, name.size() - 2);
  } else if (name.find_first_of(":[]") != std::string_view::npos) {
    return false;
  }
  const bool host_ok = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == ':' || c == '_' || c == '%';
  });
  const bool port_ok = !digits.empty() && digits.size() <= 5 &&
                       std::all_of(digits.begin(), digits.end(), [](char c) { return absl::ascii_isdigit(c); }) &&
                       absl::SimpleAtoi(Absl(digits), &port) && port <= 65535;
  if (!host_ok || !port_ok) return false;
  host = std::string(name);
  return true;
}

bool IsLoopback(std::string_view address) {
  std::string host;
  int port = 0;
  if (!SplitAddress(address, host, port)) return false;
  if (host == "localhost" || host == "::1") return true;
  // Four decimal numbers, the first of them 127: a name such as 127.evil.example is none.
  int dots = 0, digits = 0;
  for (const char c : host) {
    if (c == '.' ? digits == 0 : !absl::ascii_isdigit(c) || digits == 3) return false;
    dots += c == '.';
    digits = c == '.' ? 0 : digits + 1;
  }
  return dots == 3 && digits > 0 && absl::StartsWith(host, "127.");
}

void Validate(const v1::RouterdConfig& config, Purpose purpose, const SourceMap& source, Problems& problems,
              Problems& suspicions) {
  Checker checker(purpose, source, problems);
  const auto path_of = [](int i) { return absl::StrCat("workspaces[", i, "]"); };
  checker.CheckServer(config);
  for (int i = 0; i < config.workspaces_size(); ++i) checker.CheckValues(path_of(i), config.workspaces(i));
  if (!checker.CheckAgentCount(config)) return;

  v1::RouterdConfig filled = config;
  FillDefaults(filled);
  if (purpose == Purpose::kDaemon) checker.CheckSecurity(filled);
  if (filled.workspaces().empty()) problems.Add("workspaces", "at least one workspace is needed");
  std::map<std::string_view, std::string> ids;
  for (int i = 0; i < filled.workspaces_size(); ++i) {
    const std::string& id = filled.workspaces(i).id();
    const auto [it, first] = ids.emplace(id, path_of(i) + ".id");
    if (!first && !id.empty()) {
      problems.Add(path_of(i) + ".id", absl::StrCat("workspace ", Quoted(id), " is given twice; first in line ",
                                                    source.Find(it->second).line));
    }
    checker.CheckNames(path_of(i), filled.workspaces(i));
  }
  if (!problems.empty() || purpose == Purpose::kRules) return;
  for (int i = 0; i < filled.workspaces_size(); ++i) {
    checker.CheckProofs(path_of(i), filled.workspaces(i), suspicions);
  }
}

}  // namespace routerd::config
