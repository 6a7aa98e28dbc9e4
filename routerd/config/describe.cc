// What `routerd --check-config` says of a good file.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "routerd/config/bound.h"
#include "routerd/config/describe_rules.h"
#include "routerd/config/exit.h"
#include "routerd/config/load.h"
#include "routerd/config/requirement.h"
#include "routerd/config/staff.h"
#include "routerd/config/text.h"
#include "routerd/config/validate.h"

namespace routerd::config {
namespace {

std::string Text(absl::Duration duration) { return absl::FormatDuration(duration); }
std::string Text(const google::protobuf::Duration& duration) { return Text(ToAbsl(duration)); }

std::string Count(int64_t count, std::string_view noun) {
  return absl::StrCat(count, " ", std::string(noun), count == 1 ? "" : "s");
}

std::string WrapUpText(const v1::WrapUpConfig& wrap_up) {
  if (wrap_up.mode() == v1::WrapUpConfig::TIMED) return absl::StrCat("wrap-up ", Text(wrap_up.duration()));
  if (wrap_up.mode() == v1::WrapUpConfig::OPTIONAL) {
    return absl::StrCat("wrap-up ", Text(wrap_up.duration()), " beside other work");
  }
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

void DescribeQueue(const v1::WorkspaceConfig& workspace, int position, const Staff& staff, std::string& out) {
  const v1::QueueConfig& queue = workspace.queues(position);
  absl::StrAppend(&out, "  queue ", queue.id(), ": ", v1::AgentStrategy_Name(queue.strategy()), ", offers ",
                  Text(queue.offer_timeout()), ", ", WrapUpText(queue.wrap_up()),
                  queue.preferences().empty() ? "" : absl::StrCat(", prefers ", ToText(queue.preferences())),
                  queue.bots_first() ? ", bots first" : "",
                  queue.lane() > 0 ? absl::StrCat(", lane ", queue.lane()) : "",
                  queue.waiting_max() > 0 ? absl::StrCat(", at most ", queue.waiting_max(), " waiting") : "",
                  queue.calendar().empty() ? "" : absl::StrCat(", open by ", queue.calendar()),
                  queue.has_wait_max() ? absl::StrCat(", waits at most ", Text(queue.wait_max())) : "", "\n");
  const auto step = [&](const std::string& when, const Requirements& requirements) {
    const int64_t count = staff.AgentCount(staff.Servers(position, requirements));
    absl::StrAppend(&out, absl::StrFormat("    %-12s needs %s: %s\n", when, ToText(requirements),
                                          count == 0 ? std::string("no agent yet") : Count(count, "agent")));
  };
  step("at once", queue.requirements());
  for (const v1::RelaxationStep& relaxed : queue.relaxation()) {
    step(absl::StrCat("after ", Text(relaxed.after())), relaxed.requirements());
  }
  for (const v1::HoldBackConfig& hold_back : queue.hold_backs()) {
    const std::string kept = hold_back.percent() > 0 ? absl::StrCat(hold_back.percent(), "% on duty")
                                                     : absl::StrCat(hold_back.agent_count(), " with room");
    absl::StrAppend(
        &out, absl::StrFormat("    %-12s %s of %s and above for %s\n", "keeps", kept, v1::Tier_Name(hold_back.tier()),
                              NamesText({hold_back.vip_levels().begin(), hold_back.vip_levels().end()})));
  }
  std::vector<std::string> channels;
  const ProfileSet servers = staff.Servers(position, FinalRequirements(queue));
  for (int i = 0; i < workspace.channels_size(); ++i) {
    const int64_t count = staff.AgentCount(servers & staff.Takers(i));
    channels.push_back(absl::StrCat(workspace.channels(i).id(), " ", count == 0 ? "NOBODY" : absl::StrCat(count)));
  }
  absl::StrAppend(&out, "    by channel   ", absl::StrJoin(channels, ", "), "\n", RulesText(queue));
}

void DescribeOvertaking(const v1::WorkspaceConfig& workspace, std::string& out) {
  out += "  overtaken, where one agent could take either, at most by those who come later by\n";
  using Exception = std::pair<std::string_view, std::string>;  // How it relates to the bound, and what it is.
  std::vector<Exception> exceptions;
  absl::flat_hash_map<Exception, std::vector<std::string>> excepted;  // The queues that have it.
  for (const QueueBound& bound : Bounds(workspace)) {
    const std::string against =
        bound.rivals.empty() ? "" : absl::StrCat("; shares agents with ", NamesText(bound.rivals));
    absl::StrAppend(&out, absl::StrFormat("    %-12s %s%s\n", bound.queue, ToText(bound), against));
    const auto add = [&](const Exception& exception) {
      std::vector<std::string>& queues = excepted[exception];
      queues.push_back(bound.queue);
      if (queues.size() == 1) exceptions.push_back(exception);
    };
    for (const std::string& text : ExceptionTexts(bound)) add({"without bound", text});
    if (!bound.crowded.empty()) add({"beyond that", CrowdedText(bound)});
  }
  for (const Exception& exception : exceptions) {
    const bool all = static_cast<int>(excepted[exception].size()) == workspace.queues_size();
    absl::StrAppend(&out, "    ", Absl(exception.first), ", ", all ? "everywhere" : NamesText(excepted[exception]),
                    ": ", exception.second, "\n");
  }
  out +=
      "    On top comes a head start that an adapter gives to a contact (up to 24h). A contact that is passed on keeps "
      "the one its first queue gave.\n";
}

void DescribeWorkspace(const v1::WorkspaceConfig& workspace, std::string& out) {
  absl::StrAppend(&out, "workspace ", workspace.id(), ": ", Count(workspace.queues_size(), "queue"), ", ",
                  Count(workspace.agents_size(), "agent"), ", ", Count(workspace.skills_size(), "skill"), ", ",
                  Count(workspace.channels_size(), "channel"), ", ",
                  Count(workspace.customers_size(), "known customer"), "\n");
  for (const v1::InterruptionRule& rule : workspace.interruptions()) {
    if (rule.effect() != v1::InterruptionRule::INTERRUPT && rule.effect() != v1::InterruptionRule::BLOCK) continue;
    absl::StrAppend(&out, "  who holds ", rule.holding(),
                    rule.effect() == v1::InterruptionRule::BLOCK ? " is not offered " : " is offered on top of it ",
                    rule.ringing(), "\n");
  }
  const Staff staff(workspace);
  for (int i = 0; i < workspace.queues_size(); ++i) DescribeQueue(workspace, i, staff, out);
  DescribeOvertaking(workspace, out);
}

}  // namespace

std::string Describe(const v1::RouterdConfig& config) {
  std::string out;
  DescribeDaemon(config, out);
  for (const v1::PrincipalConfig& principal : config.security().principals()) {
    if (principal.lane_max() == 0) continue;
    absl::StrAppend(&out, "         adapter ", principal.id(), " may put contacts up to ", principal.lane_max(),
                    principal.lane_max() == 1 ? " lane" : " lanes",
                    " above their queue's, before all below whatever the bounds\n");
  }
  for (const v1::WorkspaceConfig& workspace : config.workspaces()) DescribeWorkspace(workspace, out);
  return out;
}

}  // namespace routerd::config
