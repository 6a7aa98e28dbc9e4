// What adapters ask: contacts come, change and leave.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const CreateContact& c) {
  const auto queue = LiveQueue(c.queue);
  if (!queue.ok()) return queue.status();
  const auto channel = r_.channels.Find(c.channel);
  if (!channel) return Unknown("channel", "CHANNEL_UNKNOWN", c.channel, r_.channels.all());
  VipId vip = kNoVip;
  if (absl::Status status = FindVip(c.vip, vip); !status.ok()) return status;
  Skills requirements = r_.rules(*queue).requirements;
  if (absl::Status status = AddRequirements(c.requirements, requirements); !status.ok()) return status;
  if (absl::Status status = CheckHeadStart(c.head_start); !status.ok()) return status;
  if (c.lane < 0 || c.lane > 9) {
    return Error(StatusCode::kInvalidArgument, "LANE_OUT_OF_RANGE", absl::StrCat("lane ", c.lane, "; 0 to 9"));
  }
  const QueueRules& rules = r_.rules(*queue);
  if (rules.policy.waiting_max > 0 && rules.waiting >= rules.policy.waiting_max) {
    return Error(StatusCode::kResourceExhausted, "QUEUE_FULL",
                 absl::StrCat("queue ", Quote(c.queue), " has ", rules.waiting, " waiting, its waiting_max"));
  }
  if (static_cast<int64_t>(r_.contacts.size()) >= r_.policy->contacts_max) {
    return Error(StatusCode::kResourceExhausted, "CONTACT_LIMIT",
                 absl::StrCat("the workspace has ", r_.contacts.size(), " live contacts, its contacts_max"));
  }
  const ContactId id{Index(r_.last_contact) + 1};
  Duration head_start = rules.policy.head_start + c.head_start;
  if (vip != kNoVip) head_start += r_.vip_rules[Index(vip)].head_start;
  r_.Emit(ContactCreated{.contact = id,
                         .queue = *queue,
                         .channel = *channel,
                         .vip = vip,
                         .own_head_start = c.head_start,
                         .lane = rules.policy.lane + c.lane,
                         .rank = r_.now - head_start,
                         .requirements = std::move(requirements)});
  return Reply{id};
}

Handler::Result Handler::operator()(const UpdateContact& c) {
  const Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  VipId vip = contact->vip;
  if (c.vip) {
    if (absl::Status status = FindVip(*c.vip, vip); !status.ok()) return status;
  }
  const Duration own = c.head_start.value_or(contact->rare().own_head_start);
  if (absl::Status status = CheckHeadStart(own); !status.ok()) return status;
  if (vip != contact->vip || own != contact->rare().own_head_start) {
    r_.Emit(ContactReprioritized{c.contact, vip, own, contact->lane, r_.RankOf(*contact, vip, own)});
  }
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const EndContact& c) {
  Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  if (contact->state == ContactState::kOffered) {
    r_.CloseOffers(*contact, c.by_operator ? OfferCause::kSupervisor : OfferCause::kCustomerGone,
                   c.by_operator ? "supervisor" : "customer_left", Duration{0});
  }
  if (c.by_operator) {
    r_.Emit(ContactEnded{c.contact, contact->agent, EndReason::kFailed, "", c.detail, ""});
  } else if (contact->state == ContactState::kQueued) {
    const bool served = contact->accepted_at != Instant{};
    r_.Emit(
        ContactEnded{c.contact, kNoAgent, served ? EndReason::kCompleted : EndReason::kAbandoned, "", c.detail, ""});
  } else if (contact->state == ContactState::kActive) {
    r_.FinishConversation(*contact, /*by_customer=*/true, "", c.detail, "");
  }
  return Reply{c.contact};
}

// The rank under other head starts of VIP level and contact; what the queue gave stays in it.
Instant Router::Impl::RankOf(const Contact& contact, VipId vip, Duration own_head_start) const {
  const auto standing = [this](VipId v) { return v == kNoVip ? Duration{0} : vip_rules[Index(v)].head_start; };
  return contact.rank + standing(contact.vip) + contact.rare().own_head_start - standing(vip) - own_head_start;
}

}  // namespace routerd::core
