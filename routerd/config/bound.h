// How long a contact can be overtaken, by its queue and its customer's standing: the bound that rank gives, worked out
// from the configuration alone, and whatever is outside of it.
//
// Rank is the time of entering less the head start. So, whenever an agent has room for either of two contacts, the one
// who came later goes first only if it came within the difference of their head starts. Only queues of which some agent
// can serve both compete; the greatest head start among them, less the contact's own, bounds it for good. What overflow
// and escalation may add counts with it, and so does what a queue's order, by value or deadline, may move a place by.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

struct QueueBound {
  struct ByStanding {
    std::string vip;           // "" for none.
    absl::Duration later_max;  // Who goes first comes at most this much later.
  };
  std::string queue;
  std::vector<ByStanding> standings;  // None first, then as configured.
  std::vector<std::string> rivals;    // Other queues of its lane with an agent in common: the bound is against these.
  // Against these there is no bound, by what the rules mean.
  std::vector<std::string> higher;  // Queues of a higher lane with an agent in common.
  std::vector<std::string> raised;  // Queues with an agent in common that may raise a contact above this one's lane.
  std::vector<std::string> picked;  // Queues with an agent in common whose agents may pick out of turn, maybe itself.
  bool held_back = false;           // Agents may be kept from it, for customers of some standing.
  // Channels for which no agent of the queue is safe from being filled by cheaper contacts: these fit into what room
  // there is, so that what a costlier one needs is not free at once until an agent keeps room for it.
  std::vector<std::string> crowded;
  absl::Duration keep_room_after;  // When one does: from then on nobody behind it fills that agent.
};

// The bounds for each queue of `workspace`, in its order. Pure. Requires: as Prove of prove.h, which found nothing to
// refuse. What adapters give a contact of its own, a head start or a lane, comes on top; so does the head start that
// another queue gave to a contact before it was passed on.
std::vector<QueueBound> Bounds(const v1::WorkspaceConfig& workspace);

// The bounds by standing: `no standing 10m, gold 7m`.
std::string ToText(const QueueBound& bound);

// Who goes first without bound, a line each: `contacts of emergency, whose lane is higher`.
std::vector<std::string> ExceptionTexts(const QueueBound& bound);

// How long cheaper channels may go before a costly one, beyond the bounds by standing; empty: they can't.
std::string CrowdedText(const QueueBound& bound);

}  // namespace routerd::config
