// Overtaking, bounded.
#include "routerd/config/bound.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/config/exit.h"
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

// Most by which the queue's order moves a place back.
absl::Duration BackMax(const v1::QueueConfig& queue) {
  if (queue.order() != v1::EARLIEST_DEADLINE) return absl::ZeroDuration();
  return queue.has_value_bound() ? ToAbsl(queue.value_bound()) : absl::Minutes(2);
}

// Most by which it moves one forward.
absl::Duration ForwardMax(const v1::QueueConfig& queue) {
  if (queue.order() == v1::EARLIEST_DEADLINE) return ToAbsl(queue.service_level_target());
  return queue.order() == v1::VALUE ? ToAbsl(queue.value_bound()) : absl::ZeroDuration();
}

// Most by which a contact of `queue` can come to stand before its time of entering, standing aside.
absl::Duration AheadMax(const v1::QueueConfig& queue) {
  absl::Duration ahead = ToAbsl(queue.head_start());
  for (const v1::OverflowRule& rule : queue.overflow()) ahead += ToAbsl(rule.action().head_start());
  for (const v1::EscalationStep& step : queue.escalation()) ahead += ToAbsl(step.head_start());
  return ahead + ForwardMax(queue);
}

// Whether an escalation may raise a contact of `queue` above `lane`. Steps count from the queue's own.
bool MayRaiseAbove(const v1::QueueConfig& queue, int lane) {
  return std::any_of(queue.escalation().begin(), queue.escalation().end(),
                     [&](const v1::EscalationStep& step) { return queue.lane() + step.lane() > lane; });
}

}  // namespace

std::vector<QueueBound> Bounds(const v1::WorkspaceConfig& workspace) {
  const Staff staff(workspace);
  std::vector<ProfileSet> servers;  // By queue, in the end.
  for (int i = 0; i < workspace.queues_size(); ++i) {
    servers.push_back(staff.Servers(i, FinalRequirements(workspace.queues(i), /*possible=*/true)));
  }
  absl::Duration vip_max;
  for (const v1::VipConfig& vip : workspace.vip_levels()) vip_max = std::max(vip_max, ToAbsl(vip.head_start()));

  std::vector<QueueBound> bounds;
  for (int i = 0; i < workspace.queues_size(); ++i) {
    const v1::QueueConfig& queue = workspace.queues(i);
    // What it can be sure of: its head start, less what its order may take.
    const absl::Duration own = ToAbsl(queue.head_start()) - BackMax(queue);
    QueueBound& bound = bounds.emplace_back();
    bound.queue = queue.id();
    absl::Duration ahead_max;
    bound.held_back = !queue.hold_backs().empty();
    for (int k = 0; k < workspace.queues_size(); ++k) {
      const v1::QueueConfig& other = workspace.queues(k);
      if (!servers[i].Intersects(servers[k])) continue;
      if (other.picking_allowed()) bound.picked.push_back(other.id());
      if (other.lane() > queue.lane()) bound.higher.push_back(other.id());
      if (other.lane() <= queue.lane() && MayRaiseAbove(other, queue.lane())) bound.raised.push_back(other.id());
      if (other.lane() != queue.lane()) continue;
      if (k != i) bound.rivals.push_back(other.id());
      ahead_max = std::max(ahead_max, AheadMax(other));
    }
    bound.standings.push_back({"", vip_max + ahead_max - own});
    for (const v1::VipConfig& vip : workspace.vip_levels()) {
      bound.standings.push_back({vip.id(), vip_max + ahead_max - own - ToAbsl(vip.head_start())});
    }
    bound.crowded = CrowdedChannels(workspace, staff, servers[i]);
    bound.keep_room_after = ToAbsl(workspace.keep_room_after());
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
  if (!bound.raised.empty()) {
    texts.push_back(
        absl::StrCat("contacts of ", NamesText(bound.raised), " that an escalation raises to a higher lane"));
  }
  if (!bound.picked.empty()) {
    texts.push_back(absl::StrCat("contacts that agents pick from ", NamesText(bound.picked)));
  }
  if (bound.held_back) texts.push_back("whoever gets an agent that its hold_backs keep from it");
  return texts;
}

std::string CrowdedText(const QueueBound& bound) {
  if (bound.crowded.empty()) return "";
  return absl::StrCat("one by ", NamesText(bound.crowded, " or "),
                      " also by contacts of cheaper channels that fill the room it needs, until it has waited for ",
                      absl::FormatDuration(bound.keep_room_after),
                      " and the conversations that one agent then has in hand are over");
}

}  // namespace routerd::config
