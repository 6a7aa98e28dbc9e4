// The agent whom a customer knows: asked first and alone, while that is worth the wait.
#include <algorithm>
#include <utility>

#include "routerd/core/router_impl.h"

namespace routerd::core {

// The contact waits until the customer has waited `worth` longer than it was expected to take anybody, so a wrong guess
// about the agent costs no more than a right one. An agent with room needs no guess at all.
void Router::Impl::ReserveForKnownAgent(const Contact& contact, const std::vector<CreateContact::KnownAgent>& known) {
  if (contact.state != ContactState::kQueued || contact.rare().reserved_agent != kNoAgent) return;
  const size_t channel = Index(contact.channel);
  for (const CreateContact::KnownAgent& candidate : known) {
    const auto id = agents.Find(candidate.agent);
    if (!id) continue;
    const Agent& agent = roster.at(*id);
    const bool there = agent.data.presence == Presence::kAvailable && agent.data.connected && agent.data.noted.empty();
    if (!there || KeepsRoomFrom(agent, contact) || agent.data.count_max[channel] == 0 || !MayTake(agent, contact))
      continue;
    if (roster.IsBot(agent)) continue;  // Nobody waits for one, as any other would do.
    const KnownAgentPolicy& policy = rules(contact.queue).policy.known_agent;
    Duration patience = policy.wait_max;
    if (const Duration expected = ExpectedWaitFor(agent, contact); expected > Duration{0}) {
      if (policy.worth < policy.wait_max) {
        if (const auto anybody = OutlookFor(contact).p50) patience = std::min(patience, *anybody + policy.worth);
      }
      if (expected > patience) return;
    }
    Emit(ContactReserved{contact.id, *id, now + patience, ToString(candidate.as), candidate.as});
    return;
  }
}

void Router::Impl::EndKnownReservations(AgentId agent, const std::string& reason) {
  const std::vector<LineKey> reserved(roster.at(agent).reserved.begin(), roster.at(agent).reserved.end());
  for (const LineKey& key : reserved) {
    if (Get(key.contact).rare().known_as != KnownAs::kNobody) Emit(ReservationEnded{key.contact, agent, reason});
  }
}

// Runs what the agent holds to its expected end, until there is room for those reserved before and then the contact.
Duration Router::Impl::ExpectedWaitFor(const Agent& agent, const Contact& contact) const {
  const size_t channel = Index(contact.channel);
  int used = agent.used;
  int count = agent.counts[channel];
  double reserved_s = 0;
  for (const LineKey& key : agent.reserved) {
    if (contact.key() < key) break;
    const Contact& before = *Find(key.contact);
    used += roster.cost(before.channel);
    if (before.channel == contact.channel) ++count;
    reserved_s += line.learned(before.cls).HandleSeconds();
  }
  if (agent.reserved.empty() && roster.HasRoom(agent, contact.channel)) return Duration{0};
  struct End {
    double after_s;
    const Contact* held;
  };
  std::vector<End> ends;
  for (const ContactId id : agent.held) {
    const Contact& held = *Find(id);
    const double mean_s = line.learned(held.cls).HandleSeconds();
    const double elapsed_s = std::chrono::duration<double>(now - held.offered_at).count();
    ends.push_back({std::max(mean_s - elapsed_s, mean_s / 4), &held});
  }
  std::stable_sort(ends.begin(), ends.end(), [](const End& a, const End& b) { return a.after_s < b.after_s; });
  const auto has_room = [&] {
    return used + roster.cost(contact.channel) <= agent.capacity && count < agent.data.count_max[channel];
  };
  double after_s = 0;
  for (auto end = ends.begin(); end != ends.end() && !has_room(); ++end) {
    after_s = end->after_s;
    used -= end->held->cost;
    if (end->held->channel == contact.channel) --count;
  }
  if (!has_room()) after_s += reserved_s;  // Those reserved before must come and go, too.
  return Duration(static_cast<int64_t>(after_s * 1e9));
}

}  // namespace routerd::core
