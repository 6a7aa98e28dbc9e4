// What happens by the clock alone.
#include <algorithm>

#include "routerd/core/router_impl.h"

namespace routerd::core {

// A step speaks of the skills that the queue itself names, and only ever asks for less; what the contact asked for
// beyond them stays.
Skills Router::Impl::Relaxed(const QueueRules& queue, const Skills& asked, const Skills& step) const {
  Skills relaxed;
  for (const SkillTier& current : asked) {
    if (!queue.named_skills.Test(Index(current.skill))) {
      relaxed.push_back(current);
    } else if (const Tier tier = TierOf(step, current.skill); tier != Tier::kNone) {
      relaxed.push_back({current.skill, std::min(tier, current.tier)});
    }
  }
  return relaxed;
}

void Router::Impl::AdvanceContact(Contact& contact) {
  const ContactId id = contact.id;
  if (contact.state == ContactState::kWrapUp) {
    Emit(ContactEnded{id, contact.agent, EndReason::kCompleted, "", "wrap_up_over", ""});
    return;
  }
  if (contact.state == ContactState::kActive) {
    if (AdvanceWarmTransfer(contact)) return;
    if (DormantAt(contact) > now) return Rearm(contact);  // The customer wrote meanwhile.
    const int cost = std::min(channel_rules[Index(contact.channel)].dormant_cost, contact.cost);
    Emit(ContactDormant{id, contact.agent, cost});
    return;
  }
  if (contact.state == ContactState::kOffered) return LapseOffer(contact);
  if (contact.state == ContactState::kScheduled) return ComeDue(contact);
  // Waiting: a reservation, a step of relaxation, a back-off, a limit of its queue.
  if (contact.rare().reserved_until <= now) Emit(ReservationEnded{id, contact.rare().reserved_agent, "waited"});
  Relax(contact);
  Escalate(contact);
  if (rules(contact.queue).limited) {
    ActOnLimits(id, Occasion::kWaits);
    if (Find(id) == nullptr || contact.state != ContactState::kQueued) return;
  }
  if (WantsRoomAt(contact) <= now) contact.room_due = true;  // Once nobody has taken it now.
  Rearm(contact);
  dirty_contacts.push_back(id);
}

void Router::Impl::Relax(Contact& contact) {
  const QueueRules& queue = rules(contact.queue);
  while (contact.step < static_cast<int>(queue.steps.size()) &&
         contact.queued_at + queue.steps[contact.step].after <= now) {
    const Skills& step = queue.steps[static_cast<size_t>(contact.step)].requirements;
    Emit(RequirementsRelaxed{contact.id, contact.step + 1, Relaxed(queue, RequirementsOf(contact), step)});
  }
}

// One of its offers has run out of time.
void Router::Impl::LapseOffer(Contact& contact) {
  OfferId offer = contact.offer;
  if (contact.until > now) {
    const auto& more = contact.rare().more_offers;
    offer = std::find_if(more.begin(), more.end(), [&](const OpenOffer& o) { return o.until <= now; })->offer;
  }
  const AgentId agent = OfferedTo(contact, offer);
  const AgentData& data = roster.at(agent).data;
  const QueuePolicy& queue = rules(OfferingQueue(contact)).policy;
  if (!data.connected) {  // An agent whose stream broke can't answer: nobody's miss.
    return CloseOffer(contact, offer, OfferCause::kAgentGone, "agent_lost", queue.lost_back_off);
  }
  CloseOffer(contact, offer, OfferCause::kNoAnswer, "lapsed", queue.miss_back_off);
  if (queue.misses_max == 0 || data.missed_count < queue.misses_max) return;
  if (queue.missed_action == MissedAction::kSignOut) {
    SignOutAgent(agent, "missed");
  } else if (queue.missed_action == MissedAction::kAway && data.presence == Presence::kAvailable) {
    RevokeOffers(agent, "agent_away");
    Emit(AgentPresenceChanged{agent, Presence::kAway, "missed", "missed"});
  }
}

void Router::Impl::AdvanceAgent(Agent& agent) {
  const AgentId id = agent.data.id;
  if (agent.data.grace_until <= now) return SignOutAgent(id, "lost");
  agent.resting = false;  // By the time that its event told already.
  RearmAgent(agent);
  roster.Refresh(id);
  dirty_agents.push_back(id);
}

void Router::Impl::Advance() {
  while (!deadlines.empty() && deadlines.begin()->at <= now) {
    const uint64_t who = deadlines.begin()->who;
    if ((who & Deadline::kAgent) != 0) {
      AdvanceAgent(roster.at(AgentId{static_cast<uint32_t>(who)}));
    } else {
      AdvanceContact(Get(ContactId{who}));
    }
  }
}

}  // namespace routerd::core
