// Overtaking, bounded.
#include "routerd/config/bound.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/config/requirement.h"
#include "routerd/config/staff.h"
#include "routerd/config/text.h"

namespace routerd::config {
namespace {

// Whether contacts of cheaper channels can take so much of `agent`'s capacity that one of `channel` finds no room.
bool CanBeCrowded(const v1::AgentConfig& agent, const v1::ChannelConfig& channel,
                  const v1::WorkspaceConfig& workspace) {
  int64_t cheaper = 0;
  for (const v1::ChannelConfig& other : workspace.channels()) {
    if (other.cost() >= channel.cost() || !CanTake(agent, other)) continue;
    const auto own = agent.channels().find(other.id());
    const int count_max = own != agent.channels().end() ? own->second : other.max_count();
    const int64_t fitting = agent.capacity() / other.cost();
    cheaper += other.cost() * (count_max == 0 ? fitting : std::min<int64_t>(count_max, fitting));
  }
  return cheaper > agent.capacity() - channel.cost();
}

std::vector<std::string> CrowdedChannels(const v1::WorkspaceConfig& workspace, const Staff& staff,
                                         const ProfileSet& servers) {
  std::vector<std::string> crowded;
  for (int i = 0; i < workspace.channels_size(); ++i) {
    const ProfileSet takers = servers & staff.Takers(i);
    bool safe = takers.empty();  // Nobody to be crowded.
    for (size_t p = 0; p < staff.profiles().size() && !safe; ++p) {
      safe = takers.Has(p) && !CanBeCrowded(*staff.profiles()[p].like, workspace.channels(i), workspace);
    }
    if (!safe) crowded.push_back(workspace.channels(i).id());
  }
  return crowded;
}

}  // namespace

std::vector<QueueBound> Bounds(const v1::WorkspaceConfig& workspace) {
  const Staff staff(workspace);
  std::vector<ProfileSet> servers;  // By queue, in the end.
  for (int i = 0; i < workspace.queues_size(); ++i) {
    servers.push_back(staff.Servers(i, FinalRequirements(workspace.queues(i))));
  }
  absl::Duration vip_max;
  for (const v1::VipConfig& vip : workspace.vip_levels()) vip_max = std::max(vip_max, ToAbsl(vip.head_start()));

  std::vector<QueueBound> bounds;
  for (int i = 0; i < workspace.queues_size(); ++i) {
    const v1::QueueConfig& queue = workspace.queues(i);
    const absl::Duration own = ToAbsl(queue.head_start());
    QueueBound& bound = bounds.emplace_back();
    bound.queue = queue.id();
    absl::Duration queue_max = own;
    for (int k = 0; k < workspace.queues_size(); ++k) {
      const v1::QueueConfig& other = workspace.queues(k);
      if (!servers[i].Intersects(servers[k])) continue;
      if (other.picking_allowed()) bound.picked.push_back(other.id());
      if (other.lane() > queue.lane()) bound.higher.push_back(other.id());
      if (k == i || other.lane() != queue.lane()) continue;
      bound.rivals.push_back(other.id());
      queue_max = std::max(queue_max, ToAbsl(other.head_start()));
    }
    bound.standings.push_back({"", vip_max + queue_max - own});
    for (const v1::VipConfig& vip : workspace.vip_levels()) {
      bound.standings.push_back({vip.id(), vip_max + queue_max - own - ToAbsl(vip.head_start())});
    }
    bound.crowded = CrowdedChannels(workspace, staff, servers[i]);
  }
  return bounds;
}

std::string ToText(const QueueBound& bound) {
  return absl::StrJoin(bound.standings, ", ", [](std::string* out, const QueueBound::ByStanding& standing) {
    absl::StrAppend(out, standing.vip.empty() ? "no standing" : standing.vip, " ",
                    absl::FormatDuration(standing.later_max));
  });
}

std::vector<std::string> ExceptionTexts(const QueueBound& bound) {
  std::vector<std::string> texts;
  if (!bound.higher.empty()) {
    texts.push_back(absl::StrCat("contacts of ", NamesText(bound.higher), ", whose lane is higher"));
  }
  if (!bound.picked.empty()) {
    texts.push_back(absl::StrCat("contacts that agents pick from ", NamesText(bound.picked)));
  }
  if (!bound.crowded.empty()) {
    texts.push_back(absl::StrCat("before one by ", NamesText(bound.crowded, " or "),
                                 ": contacts of cheaper channels, while these fill every agent who could take it"));
  }
  return texts;
}

}  // namespace routerd::config
