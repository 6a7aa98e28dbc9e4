// One person, one place: contacts of a customer who waits on several channels share the best rank, and whoever is
// served takes the others along.
#include <algorithm>

#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

constexpr size_t kGroupMax = 8;  // Contacts that share a place.

bool Waits(const Contact& contact) {
  return contact.state == ContactState::kQueued || contact.state == ContactState::kOffered;
}

}  // namespace

void Router::Impl::Link(Contact& contact, ContactId with) {
  const Contact* other = Find(with);
  if (other == nullptr || !Waits(*other) || !Waits(contact) || other->rare().linked.size() + 1 >= kGroupMax) return;
  LinkedContacts group = other->rare().linked;
  group.push_back(with);
  Instant best = contact.rank;
  for (const ContactId id : group) best = std::min(best, Get(id).rank);
  for (const ContactId id : group) {
    Emit(ContactLinked{contact.id, id, best});
    Emit(ContactLinked{id, contact.id, best});
  }
}

const Contact* Router::Impl::OfferedInstead(const Contact& contact) const {
  for (const ContactId id : contact.rare().linked) {
    const Contact* other = Find(id);
    if (other->state == ContactState::kOffered) return other;
  }
  return nullptr;
}

// The agent has agreed to serve this customer, so is not asked again, and gets the contact even beyond capacity: two
// agents with one person would be worse. What the agent lacks the skill or the channel for, or is kept for another
// agent, waits on, alone.
void Router::Impl::TakeAlong(const LinkedContacts& linked, AgentId id) {
  const Agent& agent = roster.at(id);
  for (const ContactId other : linked) {
    Contact& contact = Get(other);
    if (contact.state != ContactState::kQueued) continue;
    const AgentId kept_for = contact.rare().reserved_agent;
    if (agent.data.count_max[Index(contact.channel)] == 0 || !MayTake(agent, contact) ||
        (kept_for != kNoAgent && kept_for != id)) {
      dirty_contacts.push_back(other);  // It held back while the other was offered.
      continue;
    }
    MakeOffer(contact, id, OfferRule::kLinked, 1);
    Emit(OfferAccepted{contact.offer, other, id});
  }
}

}  // namespace routerd::core
