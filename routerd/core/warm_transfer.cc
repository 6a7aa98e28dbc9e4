// Warm transfer: the agent goes on serving the contact, which is offered on meanwhile, until somebody accepts it.
//
// The contact stays ACTIVE with its agent; the offer is one beside it (ContactRare::more_offers), and takes the next
// agent's capacity as any other does. One is asked at a time: the target agent, or the best who may serve what is asked
// in the target queue. It competes by its own rank with those who wait in line, though it does not stand there. From
// the end of the workspace's transfer wait on nobody is asked any more; an offer that is open then is still good.
//
// Acceptance is one step: the first agent lets go (ContactTransferred) and the next one has it (OfferAccepted).
// Everything else that ends it leaves the contact where it is.
#include <algorithm>

#include "routerd/core/router_impl.h"

namespace routerd::core {

const Router::Impl::WarmUnderWay* Router::Impl::WarmOf(ContactId contact) const {
  const auto it = warm_transfers.find(contact);
  return it == warm_transfers.end() ? nullptr : &it->second;
}

QueueId Router::Impl::OfferingQueue(const Contact& contact) const {
  if (contact.state != ContactState::kActive) return contact.queue;
  const WarmUnderWay* warm = WarmOf(contact.id);
  return warm == nullptr || warm->to_queue == kNoQueue ? contact.queue : warm->to_queue;
}

ClassIx Router::Impl::WarmClass(const Contact& contact, const WarmTransfer& warm) {
  const QueueId queue = warm.to_queue == kNoQueue ? contact.queue : warm.to_queue;
  return InternClass(RequirementIn(queue, contact.channel, contact.vip, warm.requirements,
                                   BotDoneAfter(contact, queue != contact.queue)));
}

bool Router::Impl::SeeksWarmly(const Contact& contact) const {
  if (contact.state != ContactState::kActive || !contact.rare().more_offers.empty()) return false;
  const WarmUnderWay* warm = WarmOf(contact.id);
  return warm != nullptr && now <= warm->until;
}

bool Router::Impl::MayTakeWarmly(const Agent& agent, const Contact& contact, const WarmUnderWay& warm) const {
  if (Passed(contact, agent.data.id)) return false;
  if (warm.to_agent != kNoAgent) return warm.to_agent == agent.data.id;
  if (agent.profile == kNoProfile || !class_profiles[warm.cls].Test(agent.profile)) return false;
  const uint8_t holds = hold_back_classes.empty() ? 0 : HoldsOn(warm.cls, now, 0);
  return holds == 0 || !HeldFrom(roster.profile(agent.profile), warm.cls, holds);
}

// Few are passed on at a time, so each is looked at.
void Router::Impl::FirstWarmFor(const Agent& agent, std::optional<LineKey>& first) const {
  for (const auto& [id, warm] : warm_transfers) {
    const Contact& contact = *Find(id);
    if (!SeeksWarmly(contact) || (first && !(contact.key() < *first))) continue;
    const bool room = (agent.standing.room >> Index(contact.channel) & 1) != 0;
    if (room && MayTakeWarmly(agent, contact, warm)) first = contact.key();
  }
}

void Router::Impl::OfferWarmly(Contact& contact) {
  const WarmUnderWay& warm = *WarmOf(contact.id);
  if (warm.to_agent != kNoAgent) {
    const Agent& agent = roster.at(warm.to_agent);
    if (roster.HasRoom(agent, contact.channel) && MayTakeWarmly(agent, contact, warm)) {
      MakeOffer(contact, warm.to_agent, OfferRule::kReserved, 1);
    }
    return;
  }
  Choice choice = ChooseAgent(contact, OfferingQueue(contact), warm.cls);
  if (choice.agent == kNoAgent) return;
  const Agent& giver = roster.at(contact.agent);
  const bool counted = (giver.standing.room >> Index(contact.channel) & 1) != 0 && giver.profile != kNoProfile &&
                       class_profiles[warm.cls].Test(giver.profile);
  const OfferRule rule = roster.IsBot(roster.at(choice.agent)) ? OfferRule::kBotsFirst : OfferRule::kStrategy;
  MakeOffer(contact, choice.agent, rule, choice.candidates - (counted ? 1 : 0), choice.by_preference);
}

void Router::Impl::GoOnWarmly(Contact& contact, AgentId agent, OfferCause cause) {
  const WarmUnderWay* warm = WarmOf(contact.id);
  if (warm == nullptr) return;
  if (warm->to_agent == agent) {
    const bool declined = cause == OfferCause::kDeclined || cause == OfferCause::kUnreachable;
    EndWarmTransfer(contact,
                    declined                          ? "declined"
                    : cause == OfferCause::kAgentGone ? "target_gone"
                                                      : "waited",
                    OfferCause::kNone);
  } else if (warm->until <= now) {
    EndWarmTransfer(contact, "waited", OfferCause::kNone);
  }
}

Instant Router::Impl::WarmWake(const Contact& contact) const {
  const WarmUnderWay* warm = WarmOf(contact.id);
  if (warm == nullptr || !contact.rare().more_offers.empty()) return kNever;
  Instant wake = warm->until;
  for (const BackOff& b : contact.rare().back_offs) {
    if (b.until > now) wake = std::min(wake, b.until);
  }
  return wake;
}

bool Router::Impl::AdvanceWarmTransfer(Contact& contact) {
  const auto& open = contact.rare().more_offers;
  if (std::any_of(open.begin(), open.end(), [&](const OpenOffer& o) { return o.until <= now; })) {
    LapseOffer(contact);
    return true;
  }
  const WarmUnderWay* warm = WarmOf(contact.id);
  if (warm == nullptr || !open.empty()) return false;
  if (warm->until <= now) {
    EndWarmTransfer(contact, "waited", OfferCause::kNone);
    return true;
  }
  dirty_contacts.push_back(contact.id);  // Somebody is no longer passed over.
  return false;
}

void Router::Impl::HandOver(Contact& contact, OfferId offer) {
  const WarmUnderWay& warm = *WarmOf(contact.id);
  const AgentId next = OfferedTo(contact, offer);
  ContactTransferred e;
  e.contact = contact.id;
  e.from = contact.agent;
  e.queue = OfferingQueue(contact);
  e.queue_changed = e.queue != contact.queue;
  e.requirements = warm.requirements;
  e.reserved_agent = warm.to_agent;
  e.reason = warm.reason;
  e.summary = warm.summary;
  e.warm = true;
  e.bot_done = BotDoneAfter(contact, e.queue_changed);
  EndConsultation(contact, "passed_on");
  Emit(std::move(e));
  Emit(OfferAccepted{offer, contact.id, next});
}

void Router::Impl::EndWarmTransfer(Contact& contact, const char* reason, OfferCause cause) {
  if (WarmOf(contact.id) == nullptr) return;
  Emit(WarmTransferEnded{contact.id, contact.agent, reason});
  const std::vector<OpenOffer> open = contact.rare().more_offers;
  for (const OpenOffer& o : open) {
    const char* why = cause == OfferCause::kCustomerGone ? "customer_left"
                      : cause == OfferCause::kSupervisor ? "supervisor"
                                                         : "transfer_ended";
    CloseOffer(contact, o.offer, cause, why, Duration{0});
  }
}

void Router::Impl::EndWarmTransfersTo(AgentId agent) {
  std::vector<ContactId> meant;
  for (const auto& [id, warm] : warm_transfers) {
    if (warm.to_agent == agent) meant.push_back(id);
  }
  for (const ContactId id : meant) EndWarmTransfer(Get(id), "target_gone", OfferCause::kAgentGone);
}

}  // namespace routerd::core
