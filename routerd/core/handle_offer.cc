// Offers are accepted, declined, closed; waiting contacts are picked.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const AcceptOffer& c) {
  const auto contact = OpenOffer(c.agent, c.contact, c.offer);
  if (!contact.ok()) return contact.status();
  const LinkedContacts linked = (*contact)->rare().linked;
  const AgentId agent = (*contact)->agent;
  r_.Emit(OfferAccepted{c.offer, c.contact, agent});
  r_.TakeAlong(linked, agent);
  return Reply{c.contact, c.offer};
}

Handler::Result Handler::operator()(const DeclineOffer& c) {
  const auto contact = OpenOffer(c.agent, c.contact, c.offer);
  if (!contact.ok()) return contact.status();
  const AgentId agent = (*contact)->agent;
  r_.CloseOffer(**contact, OfferState::kDeclined, c.reason,
                r_.now + r_.rules((*contact)->queue).policy.decline_back_off, r_.roster.at(agent).data.missed_count);
  return Reply{c.contact, c.offer};
}

Handler::Result Handler::operator()(const ClaimContact& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  const QueuePolicy& queue = r_.rules(contact->queue).policy;
  if (!queue.picking_allowed) {
    return Error(StatusCode::kFailedPrecondition, "PICKING_NOT_ALLOWED",
                 absl::StrCat("queue ", Quote(queue.name), " does not let agents pick; wait for an offer"));
  }
  if (contact->state != ContactState::kQueued) return NotWaiting(*contact);
  const Agent& a = r_.roster.at(*agent);
  const bool reserved_for_other =
      contact->rare().reserved_agent != kNoAgent && contact->rare().reserved_agent != *agent;
  if (reserved_for_other || r_.OfferedInstead(*contact) != nullptr || !r_.MayTake(a, *contact) ||
      !r_.roster.HasRoom(a, contact->channel)) {
    return Error(StatusCode::kFailedPrecondition, "NOT_ELIGIBLE",
                 absl::StrCat("agents/", c.agent, " may not take contacts/", Index(c.contact),
                              " now; explain tells which test fails"));
  }
  const LinkedContacts linked = contact->rare().linked;
  r_.MakeOffer(*contact, *agent, OfferRule::kClaim, 1);
  const OfferId offer = contact->offer;
  r_.Emit(OfferAccepted{offer, c.contact, *agent});
  r_.TakeAlong(linked, *agent);
  return Reply{c.contact, offer};
}

void Router::Impl::CloseOffer(Contact& contact, OfferState outcome, std::string reason, Instant back_off_until,
                              int missed) {
  const ContactId id = contact.id;
  const AgentId agent = contact.agent;
  // Whoever was reserved a contact and did not take it has had the chance.
  if (contact.rare().reserved_agent != kNoAgent)
    Emit(ReservationEnded{id, contact.rare().reserved_agent, ToString(outcome)});
  Emit(OfferClosed{contact.offer, id, agent, outcome, std::move(reason), back_off_until, missed});
  // Those that share its place need no longer wait for the outcome.
  for (const ContactId other : contact.rare().linked) dirty_contacts.push_back(other);
}

void Router::Impl::RevokeOffers(AgentId agent, const std::string& reason) {
  EndKnownReservations(agent, reason);
  const auto held = roster.at(agent).held;
  for (const ContactId id : held) {
    Contact& contact = Get(id);
    if (contact.state == ContactState::kOffered) {
      CloseOffer(contact, OfferState::kRevoked, reason, Instant{}, roster.at(agent).data.missed_count);
    }
  }
}

}  // namespace routerd::core
