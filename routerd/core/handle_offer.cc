// Offers are accepted, declined, closed; waiting contacts are picked.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const AcceptOffer& c) {
  const auto contact = WithOpenOffer(c.agent, c.contact, c.offer);
  if (!contact.ok()) return contact.status();
  if ((*contact)->state == ContactState::kActive) {
    r_.HandOver(**contact, c.offer);
    return Reply{c.contact, c.offer};
  }
  r_.CloseOffers(**contact, OfferCause::kOtherAgent, "other_agent", Duration{0}, /*except=*/c.offer);
  const LinkedContacts linked = (*contact)->rare().linked;
  const AgentId agent = (*contact)->agent;
  r_.Emit(OfferAccepted{c.offer, c.contact, agent});
  r_.TakeAlong(linked, agent);
  return Reply{c.contact, c.offer};
}

Handler::Result Handler::operator()(const DeclineOffer& c) {
  const auto contact = WithOpenOffer(c.agent, c.contact, c.offer);
  if (!contact.ok()) return contact.status();
  const QueuePolicy& queue = r_.rules(r_.OfferingQueue(**contact)).policy;
  if (c.unreachable) {
    r_.CloseOffer(**contact, c.offer, OfferCause::kUnreachable, c.reason, queue.unreachable_back_off);
  } else {
    r_.CloseOffer(**contact, c.offer, OfferCause::kDeclined, c.reason, queue.decline_back_off);
  }
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

AgentId Router::Impl::OfferedTo(const Contact& contact, OfferId offer) {
  if (contact.state == ContactState::kOffered && contact.offer == offer) return contact.agent;
  for (const OpenOffer& other : contact.rare().more_offers) {
    if (other.offer == offer) return other.agent;
  }
  return kNoAgent;
}

OfferId Router::Impl::OfferTo(const Contact& contact, AgentId agent) {
  if (contact.state == ContactState::kOffered && contact.agent == agent) return contact.offer;
  for (const OpenOffer& other : contact.rare().more_offers) {
    if (other.agent == agent) return other.offer;
  }
  return kNoOffer;
}

void Router::Impl::CloseOffer(Contact& contact, OfferId offer, OfferCause cause, std::string reason,
                              Duration back_off) {
  const ContactId id = contact.id;
  const AgentId agent = OfferedTo(contact, offer);
  const OfferState outcome = OutcomeOf(cause);
  const bool warm = contact.state == ContactState::kActive;
  const int missed = roster.at(agent).data.missed_count + (cause == OfferCause::kNoAnswer ? 1 : 0);
  // Whoever was reserved a contact and did not take it has had the chance.
  if (contact.rare().reserved_agent != kNoAgent)
    Emit(ReservationEnded{id, contact.rare().reserved_agent, ToString(outcome)});
  Emit(OfferClosed{.offer = offer,
                   .contact = id,
                   .agent = agent,
                   .outcome = outcome,
                   .reason = std::move(reason),
                   .back_off_until = back_off > Duration{0} ? now + back_off : Instant{},
                   .missed_count = missed,
                   .cause = cause,
                   .others_open = !warm && !contact.rare().more_offers.empty(),
                   .warm = warm});
  // Those that share its place need no longer wait for the outcome.
  for (const ContactId other : contact.rare().linked) dirty_contacts.push_back(other);
  const Duration rest = rules(contact.queue).policy.abandon_back_off;
  if (cause == OfferCause::kCustomerGone && rest > Duration{0}) Emit(AgentRested{agent, now + rest});
  if (warm) GoOnWarmly(contact, agent, cause);
}

void Router::Impl::CloseOffers(Contact& contact, OfferCause cause, const std::string& reason, Duration back_off,
                               OfferId except) {
  std::vector<OfferId> open = {contact.offer};
  for (const OpenOffer& other : contact.rare().more_offers) open.push_back(other.offer);
  std::sort(open.begin(), open.end());
  for (const OfferId offer : open) {
    if (offer != except) CloseOffer(contact, offer, cause, reason, back_off);
  }
}

void Router::Impl::RevokeOffers(AgentId agent, const std::string& reason) {
  EndKnownReservations(agent, reason);
  const auto held = roster.at(agent).held;
  for (const ContactId id : held) {
    Contact& contact = Get(id);
    const OfferId offer = OfferTo(contact, agent);
    if (offer == kNoOffer) continue;
    const bool lost = reason == "agent_lost";
    CloseOffer(contact, offer, OfferCause::kAgentGone, reason,
               lost ? rules(contact.queue).policy.lost_back_off : Duration{0});
  }
  EndWarmTransfersTo(agent);
}

}  // namespace routerd::core
