// What `routerd --check-config` says of a good file.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "routerd/config/load.h"
#include "routerd/config/requirement.h"
#include "routerd/config/validate.h"

namespace routerd::config {
namespace {

// Agents alike: they can serve the same, so one look is enough for all of them.
struct Profile {
  const v1::AgentConfig* like = nullptr;
  int64_t count = 0;
};

using Signature = std::tuple<std::map<std::string, int>, std::map<std::string, int>, int>;

Signature SignatureOf(const v1::AgentConfig& agent) {
  return {{agent.skills().begin(), agent.skills().end()},
          {agent.channels().begin(), agent.channels().end()},
          agent.capacity()};
}

// The profiles of the agents that `queue` admits.
std::vector<Profile> ProfilesOf(const v1::WorkspaceConfig& workspace, const v1::QueueConfig& queue) {
  absl::flat_hash_map<std::string, bool> listed;
  for (const std::string& id : queue.agents()) listed[id] = true;
  std::map<Signature, Profile> profiles;
  for (const v1::AgentConfig& agent : workspace.agents()) {
    if (!listed.empty() && !listed.contains(agent.id())) continue;
    Profile& profile = profiles[SignatureOf(agent)];
    profile.like = &agent;
    ++profile.count;
  }
  std::vector<Profile> result;
  for (const auto& [signature, profile] : profiles) result.push_back(profile);
  return result;
}

template <typename Test>
int64_t CountWhere(const std::vector<Profile>& profiles, const Test& test) {
  int64_t count = 0;
  for (const Profile& profile : profiles) count += test(*profile.like) ? profile.count : 0;
  return count;
}

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string Text(absl::Duration duration) { return absl::FormatDuration(duration); }
std::string Text(const google::protobuf::Duration& duration) { return Text(ToAbsl(duration)); }

std::string Count(int64_t count, std::string_view noun) {
  return absl::StrCat(count, " ", std::string(noun), count == 1 ? "" : "s");
}

std::string WrapUpText(const v1::WrapUpConfig& wrap_up) {
  if (wrap_up.mode() == v1::WrapUpConfig::TIMED) return absl::StrCat("wrap-up ", Text(wrap_up.duration()));
  return wrap_up.mode() == v1::WrapUpConfig::UNTIL_DONE ? "wrap-up until done" : "no wrap-up";
}

void DescribeDaemon(const v1::RouterdConfig& config, std::string& out) {
  const v1::ServerConfig& server = config.server();
  const bool tls = server.has_tls();
  const bool loopback = IsLoopback(server.grpc_address()) && IsLoopback(server.http_address());
  absl::StrAppend(&out, "listens  gRPC ", server.grpc_address(), ", HTTP ", server.http_address(),
                  tls ? ", TLS" : ", plain text",
                  tls && !server.tls().client_ca_file().empty() ? ", client certificates required" : "", "\n");
  if (!tls && !loopback) {
    out += "         WARNING: without TLS, who is on the network path can read tokens and customers' messages\n";
  }
  std::map<std::string, int> roles;
  for (const v1::PrincipalConfig& principal : config.security().principals()) {
    ++roles[absl::AsciiStrToLower(v1::PrincipalConfig::Role_Name(principal.role()))];
  }
  std::vector<std::string> callers;
  if (config.security().open_loopback()) callers.push_back("EVERYBODY on this machine, without a token");
  for (const auto& [role, count] : roles) callers.push_back(Count(count, role));
  absl::StrAppend(&out, "callers  ", absl::StrJoin(callers, ", "), "\n");
  absl::StrAppend(&out, "journal  ", config.journal().kind(),
                  config.journal().kind() == "memory" ? "; LOSES everything at exit"
                                                      : absl::StrCat(" in ", config.journal().data_directory()),
                  "; ended contacts kept ", Text(config.journal().retain_ended()), "\n");
}

void DescribeQueue(const v1::WorkspaceConfig& workspace, const v1::QueueConfig& queue, std::string& out) {
  absl::StrAppend(&out, "  queue ", queue.id(), ": ", v1::AgentStrategy_Name(queue.strategy()), ", offers ",
                  Text(queue.offer_timeout()), ", ", WrapUpText(queue.wrap_up()),
                  queue.lane() > 0 ? absl::StrCat(", lane ", queue.lane()) : "",
                  queue.waiting_max() > 0 ? absl::StrCat(", at most ", queue.waiting_max(), " waiting") : "", "\n");
  const std::vector<Profile> profiles = ProfilesOf(workspace, queue);
  const auto step = [&](const std::string& when, const Requirements& requirements) {
    const int64_t count =
        CountWhere(profiles, [&](const v1::AgentConfig& agent) { return Shortfall(agent, requirements) == 0; });
    absl::StrAppend(&out, absl::StrFormat("    %-12s needs %s: %s\n", when, ToText(requirements),
                                          count == 0 ? std::string("no agent yet") : Count(count, "agent")));
  };
  step("at once", queue.requirements());
  for (const v1::RelaxationStep& relaxed : queue.relaxation()) {
    step(absl::StrCat("after ", Text(relaxed.after())), relaxed.requirements());
  }
  std::vector<std::string> channels;
  for (const v1::ChannelConfig& channel : workspace.channels()) {
    const int64_t count = CountWhere(profiles, [&](const v1::AgentConfig& agent) {
      return Shortfall(agent, FinalRequirements(queue)) == 0 && CanTake(agent, channel);
    });
    channels.push_back(absl::StrCat(channel.id(), " ", count == 0 ? "NOBODY" : absl::StrCat(count)));
  }
  absl::StrAppend(&out, "    by channel   ", absl::StrJoin(channels, ", "), "\n");
}

// Rank is the time of entering less the head start. So one who comes later goes first only if it comes within the
// difference of their head starts, and the greatest difference is a bound for all.
void DescribeOvertaking(const v1::WorkspaceConfig& workspace, std::string& out) {
  std::vector<std::pair<std::string, absl::Duration>> standings = {{"no standing", absl::ZeroDuration()}};
  for (const v1::VipConfig& vip : workspace.vip_levels()) standings.emplace_back(vip.id(), ToAbsl(vip.head_start()));
  absl::Duration vip_max, queue_max;
  for (const auto& [name, head_start] : standings) vip_max = std::max(vip_max, head_start);
  for (const v1::QueueConfig& queue : workspace.queues()) queue_max = std::max(queue_max, ToAbsl(queue.head_start()));

  out += "  served before one who waits, though they came later by at most\n";
  for (const v1::QueueConfig& queue : workspace.queues()) {
    std::vector<std::string> bounds;
    for (const auto& [name, head_start] : standings) {
      const absl::Duration bound = vip_max + queue_max - head_start - ToAbsl(queue.head_start());
      bounds.push_back(absl::StrCat(name, " ", Text(bound)));
    }
    absl::StrAppend(&out, absl::StrFormat("    %-12s %s\n", queue.id(), absl::StrJoin(bounds, ", ")));
    std::vector<std::string> higher;
    for (const v1::QueueConfig& other : workspace.queues()) {
      if (other.lane() > queue.lane()) higher.push_back(absl::StrCat(other.id(), " (lane ", other.lane(), ")"));
    }
    if (!higher.empty()) {
      absl::StrAppend(&out, "                 and, however late they came, those of ", absl::StrJoin(higher, ", "),
                      "\n");
    }
  }
  out += "    What adapters add to a contact's head start (up to 24h) comes on top.\n";
}

void DescribeWorkspace(const v1::WorkspaceConfig& workspace, std::string& out) {
  absl::StrAppend(&out, "workspace ", workspace.id(), ": ", Count(workspace.queues_size(), "queue"), ", ",
                  Count(workspace.agents_size(), "agent"), ", ", Count(workspace.skills_size(), "skill"), ", ",
                  Count(workspace.channels_size(), "channel"), ", ",
                  Count(workspace.customers_size(), "known customer"), "\n");
  for (const v1::QueueConfig& queue : workspace.queues()) DescribeQueue(workspace, queue, out);
  DescribeOvertaking(workspace, out);
}

}  // namespace

std::string Describe(const v1::RouterdConfig& config) {
  std::string out;
  DescribeDaemon(config, out);
  for (const v1::PrincipalConfig& principal : config.security().principals()) {
    if (principal.lane_max() == 0) continue;
    absl::StrAppend(&out, "         adapter ", principal.id(), " may put contacts up to ", principal.lane_max(),
                    principal.lane_max() == 1 ? " lane" : " lanes", " above their queue's\n");
  }
  for (const v1::WorkspaceConfig& workspace : config.workspaces()) DescribeWorkspace(workspace, out);
  return out;
}

}  // namespace routerd::config
