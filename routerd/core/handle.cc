// What each command means: checks first, then the events that make it so.
#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/base/error.h"
#include "routerd/base/suggest.h"
#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

using absl::StatusCode;
using base::DidYouMean;
using base::Error;

template <typename T>
std::string Quote(const T& name) {
  return absl::StrCat("\"", absl::string_view(name.data(), name.size()), "\"");
}

absl::Status Unknown(const char* kind, const char* reason, const std::string& name,
                     const std::vector<std::string>& known) {
  return Error(StatusCode::kNotFound, reason, absl::StrCat("no ", kind, " ", Quote(name), DidYouMean(name, known)));
}

absl::Status UnknownContact(ContactId id) {
  return Error(StatusCode::kNotFound, "CONTACT_UNKNOWN",
               absl::StrCat("contacts/", Index(id), " is not live; it ended or never was"));
}

std::string OfferName(ContactId contact, OfferId offer) {
  return absl::StrCat("contacts/", Index(contact), "/offers/", Index(offer));
}

}  // namespace

// Works out commands for a router. One method a command; each checks everything before its first Emit.
class Handler {
 public:
  explicit Handler(Router::Impl& r) : r_(r) {}
  using Result = absl::StatusOr<Reply>;

  Result operator()(const Configure& c) {
    if (c.policy->channels.size() > Roster::kChannelsMax) {
      return Error(StatusCode::kInvalidArgument, "TOO_MANY_CHANNELS",
                   absl::StrCat(c.policy->channels.size(), " channels; at most ", Roster::kChannelsMax));
    }
    // What profiles allowed before, to tell what each agent narrowed at sign-in.
    std::vector<absl::InlinedVector<int, 6>> counts_before(r_.roster.agent_count());
    for (size_t i = 0; i < counts_before.size(); ++i) {
      const AgentPolicy* policy = r_.PolicyOf(r_.agents.Of(AgentId{static_cast<uint32_t>(i)}));
      if (policy != nullptr) counts_before[i] = r_.CountsOf(*policy);
    }
    r_.Emit(PolicyLoaded{c.policy});
    for (size_t i = 0; i < r_.roster.agent_count(); ++i) {
      const AgentId id{static_cast<uint32_t>(i)};
      const Agent& agent = r_.roster.at(id);
      if (!agent.signed_in()) continue;
      const AgentPolicy* policy = r_.PolicyOf(r_.agents.Of(id));
      if (policy == nullptr) {
        r_.SignOutAgent(id, "removed");
        continue;
      }
      // What the agent narrowed at sign-in stays narrow; what was the profile's follows the profile.
      auto counts = r_.CountsOf(*policy);
      for (size_t ch = 0; i < counts_before.size() && ch < counts_before[i].size(); ++ch) {
        if (agent.data.count_max[ch] < counts_before[i][ch])
          counts[ch] = std::min(counts[ch], agent.data.count_max[ch]);
      }
      if (counts != agent.data.count_max) {
        r_.Emit(AgentSignedIn{id, agent.data.presence, std::move(counts)});
      }
      r_.dirty_agents.push_back(id);
    }
    return Reply{};
  }

  Result operator()(const Recover&) {
    for (size_t i = 0; i < r_.roster.agent_count(); ++i) {
      const AgentId id{static_cast<uint32_t>(i)};
      if (!r_.roster.at(id).signed_in()) continue;
      r_.Emit(AgentConnectionChanged{id, false, r_.now + r_.policy->agent_grace});
    }
    std::vector<ContactId> offered;
    r_.contacts.ForEach([&offered](const Contact& contact) {
      if (contact.state == ContactState::kOffered) offered.push_back(contact.id);
    });
    for (const ContactId id : offered) {
      const Contact& contact = r_.Get(id);
      r_.Emit(OfferExtended{contact.offer, id,
                            std::max(contact.until, r_.now + r_.rules(contact.queue).policy.offer_timeout)});
    }
    return Reply{};
  }

  Result operator()(const CreateContact& c) {
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

  Result operator()(const UpdateContact& c) {
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

  Result operator()(const EndContact& c) {
    Contact* contact = r_.Find(c.contact);
    if (contact == nullptr) return UnknownContact(c.contact);
    if (contact->state == ContactState::kOffered) {
      r_.CloseOffer(*contact, OfferState::kRevoked, c.by_operator ? "supervisor" : "customer_left", Instant{},
                    r_.roster.at(contact->agent).data.missed_count);
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

  Result operator()(const SignIn& c) {
    const auto agent = r_.agents.Find(c.agent);
    const AgentPolicy* policy = agent ? r_.PolicyOf(c.agent) : nullptr;
    if (policy == nullptr) return Unknown("agent", "AGENT_UNKNOWN", c.agent, r_.agents.all());
    if (c.presence == Presence::kOffline) {
      return Error(StatusCode::kInvalidArgument, "PRESENCE_INVALID",
                   "sign-in takes AVAILABLE or AWAY; to leave, sign out");
    }
    auto counts = r_.CountsOf(*policy);
    if (!c.channels.empty()) {
      absl::InlinedVector<int, 6> narrowed(counts.size(), 0);
      for (const ChannelMax& m : c.channels) {
        const auto channel = r_.channels.Find(m.channel);
        if (!channel) return Unknown("channel", "CHANNEL_UNKNOWN", m.channel, r_.channels.all());
        narrowed[Index(*channel)] = std::clamp(m.count_max, 0, counts[Index(*channel)]);
      }
      counts = std::move(narrowed);
    }
    const AgentData& data = r_.roster.at(*agent).data;
    const bool signed_in = data.presence != Presence::kOffline;
    if (!signed_in || data.count_max != counts) {
      r_.Emit(AgentSignedIn{*agent, signed_in ? data.presence : c.presence, std::move(counts)});
    } else if (!data.connected) {
      r_.Emit(AgentConnectionChanged{*agent, true, kNever});
    }
    return Reply{};
  }

  Result operator()(const SignOut& c) {
    const auto agent = SignedIn(c.agent);
    if (!agent.ok()) return agent.status();
    if (!c.force) {
      for (const ContactId id : r_.roster.at(*agent).held) {
        if (r_.Get(id).state == ContactState::kOffered) continue;
        return Error(StatusCode::kFailedPrecondition, "AGENT_BUSY",
                     absl::StrCat("agents/", c.agent, " still holds contacts/", Index(id),
                                  "; complete or pass on what is held, or sign out with force"));
      }
    }
    r_.SignOutAgent(*agent, c.reason);
    return Reply{};
  }

  Result operator()(const SetPresence& c) {
    const auto agent = SignedIn(c.agent);
    if (!agent.ok()) return agent.status();
    if (c.presence == Presence::kOffline) {
      r_.SignOutAgent(*agent, c.by);
      return Reply{};
    }
    const AgentData& data = r_.roster.at(*agent).data;
    if (data.presence == c.presence && data.presence_reason == c.reason) return Reply{};
    if (c.presence == Presence::kAway) r_.RevokeOffers(*agent, "agent_away");
    r_.Emit(AgentPresenceChanged{*agent, c.presence, c.reason, c.by});
    return Reply{};
  }

  Result operator()(const SetConnected& c) {
    const auto agent = SignedIn(c.agent);
    if (!agent.ok()) return agent.status();
    if (r_.roster.at(*agent).data.connected != c.connected) {
      r_.Emit(AgentConnectionChanged{*agent, c.connected, c.connected ? kNever : r_.now + r_.policy->agent_grace});
    }
    return Reply{};
  }

  Result operator()(const AcceptOffer& c) {
    const auto contact = OpenOffer(c.agent, c.contact, c.offer);
    if (!contact.ok()) return contact.status();
    r_.Emit(OfferAccepted{c.offer, c.contact, (*contact)->agent});
    return Reply{c.contact, c.offer};
  }

  Result operator()(const DeclineOffer& c) {
    const auto contact = OpenOffer(c.agent, c.contact, c.offer);
    if (!contact.ok()) return contact.status();
    const AgentId agent = (*contact)->agent;
    r_.CloseOffer(**contact, OfferState::kDeclined, c.reason,
                  r_.now + r_.rules((*contact)->queue).policy.decline_back_off, r_.roster.at(agent).data.missed_count);
    return Reply{c.contact, c.offer};
  }

  Result operator()(const HoldContact& c) {
    const auto contact = Held(c.agent, c.contact, ContactState::kActive);
    if (!contact.ok()) return contact.status();
    if ((*contact)->on_hold != c.on) r_.Emit(ContactHeld{c.contact, (*contact)->agent, c.on});
    return Reply{c.contact};
  }

  Result operator()(const TransferContact& c) {
    const auto held = Held(c.agent, c.contact, ContactState::kActive);
    if (!held.ok()) return held.status();
    const Contact& contact = **held;
    if (c.to_agent.empty() == c.to_queue.empty()) {
      return Error(StatusCode::kInvalidArgument, "TARGET_MISSING", "a transfer goes to exactly one agent or queue");
    }
    ContactTransferred e;
    e.contact = c.contact;
    e.from = contact.agent;
    e.queue = contact.queue;
    e.requirements = r_.RequirementsOf(contact);
    e.reason = c.reason;
    e.summary = c.summary;
    if (!c.to_agent.empty()) {
      const auto target = SignedIn(c.to_agent);
      if (!target.ok()) return target.status();
      if (*target == contact.agent) {
        return Error(StatusCode::kInvalidArgument, "TARGET_IS_SELF",
                     absl::StrCat("agents/", c.to_agent, " already serves contacts/", Index(c.contact)));
      }
      e.reserved_agent = *target;
      e.reserved_until = r_.now + r_.policy->transfer_wait;
    } else {
      const auto queue = LiveQueue(c.to_queue);
      if (!queue.ok()) return queue.status();
      e.queue_changed = *queue != contact.queue;
      e.queue = *queue;
      e.requirements = r_.rules(*queue).requirements;
    }
    if (!c.requirements.empty()) {
      e.requirements.clear();
      if (absl::Status status = AddRequirements(c.requirements, e.requirements); !status.ok()) return status;
    }
    e.back_off_until = r_.now + r_.rules(e.queue).policy.decline_back_off;
    r_.Emit(std::move(e));
    return Reply{c.contact};
  }

  Result operator()(const CompleteContact& c) {
    const auto contact = Held(c.agent, c.contact, ContactState::kActive);
    if (!contact.ok()) return contact.status();
    if (absl::Status status = CheckDisposition(**contact, c.disposition); !status.ok()) return status;
    r_.FinishConversation(**contact, /*by_customer=*/false, c.disposition, "agent", c.summary);
    return Reply{c.contact};
  }

  Result operator()(const FinishWrapUp& c) {
    const auto contact = Held(c.agent, c.contact, ContactState::kWrapUp);
    if (!contact.ok()) return contact.status();
    if (absl::Status status = CheckDisposition(**contact, c.disposition); !status.ok()) return status;
    r_.Emit(ContactEnded{c.contact, (*contact)->agent, EndReason::kCompleted, c.disposition, "wrap_up_done", ""});
    return Reply{c.contact};
  }

  Result operator()(const ClaimContact& c) {
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
    if (reserved_for_other || !r_.MayTake(a, *contact) || !r_.roster.HasRoom(a, contact->channel)) {
      return Error(StatusCode::kFailedPrecondition, "NOT_ELIGIBLE",
                   absl::StrCat("agents/", c.agent, " may not take contacts/", Index(c.contact),
                                " now; explain tells which test fails"));
    }
    r_.MakeOffer(*contact, *agent, OfferRule::kClaim, 1);
    const OfferId offer = contact->offer;
    r_.Emit(OfferAccepted{offer, c.contact, *agent});
    return Reply{c.contact, offer};
  }

  Result operator()(const AssignContact& c) {
    const auto agent = SignedIn(c.agent);
    if (!agent.ok()) return agent.status();
    const Contact* contact = r_.Find(c.contact);
    if (contact == nullptr) return UnknownContact(c.contact);
    if (contact->state != ContactState::kQueued) return NotWaiting(*contact);
    r_.Emit(ContactReserved{c.contact, *agent, r_.now + r_.policy->transfer_wait, "supervisor"});
    return Reply{c.contact};
  }

  Result operator()(const RequeueContact& c) {
    Contact* contact = r_.Find(c.contact);
    if (contact == nullptr) return UnknownContact(c.contact);
    const Instant back_off = r_.now + r_.rules(contact->queue).policy.decline_back_off;
    if (contact->state == ContactState::kOffered) {
      r_.CloseOffer(*contact, OfferState::kRevoked, "supervisor", back_off,
                    r_.roster.at(contact->agent).data.missed_count);
    } else if (contact->state == ContactState::kActive) {
      r_.Emit(ContactRequeued{c.contact, contact->agent, "supervisor", back_off});
    } else if (contact->state != ContactState::kQueued) {
      return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_SERVED",
                   absl::StrCat("contacts/", Index(c.contact), " is ", ToString(contact->state),
                                "; only an offered or active contact can return to the line"));
    }
    return Reply{c.contact};
  }

 private:
  absl::StatusOr<QueueId> LiveQueue(const std::string& name) const {
    const auto queue = r_.queues.Find(name);
    if (!queue || !r_.rules(*queue).live) return Unknown("queue", "QUEUE_UNKNOWN", name, r_.queues.all());
    return *queue;
  }

  absl::StatusOr<AgentId> SignedIn(const std::string& name) const {
    const auto agent = r_.agents.Find(name);
    if (!agent) return Unknown("agent", "AGENT_UNKNOWN", name, r_.agents.all());
    if (!r_.roster.at(*agent).signed_in()) {
      return Error(StatusCode::kFailedPrecondition, "AGENT_OFFLINE",
                   absl::StrCat("agents/", name, " is not signed in"));
    }
    return *agent;
  }

  absl::Status FindVip(const std::string& name, VipId& vip) const {
    vip = kNoVip;
    if (name.empty()) return absl::OkStatus();
    const auto found = r_.vips.Find(name);
    if (!found) return Unknown("VIP level", "VIP_UNKNOWN", name, r_.vips.all());
    vip = *found;
    return absl::OkStatus();
  }

  // Raises `into` to what is asked; where both name a skill the higher tier counts.
  absl::Status AddRequirements(const std::vector<NamedTier>& asked, Skills& into) const {
    for (const NamedTier& want : asked) {
      const auto skill = r_.skills.Find(want.skill);
      if (!skill) return Unknown("skill", "SKILL_UNKNOWN", want.skill, r_.skills.all());
      if (want.tier < Tier::kJunior || want.tier > Tier::kExpert) {
        return Error(StatusCode::kInvalidArgument, "TIER_OUT_OF_RANGE",
                     absl::StrCat("skill ", Quote(want.skill), " at tier ", static_cast<int>(want.tier),
                                  "; JUNIOR 1 to EXPERT 4"));
      }
      const auto at = std::lower_bound(into.begin(), into.end(), SkillTier{*skill, Tier::kNone});
      if (at != into.end() && at->skill == *skill) {
        at->tier = std::max(at->tier, want.tier);
      } else {
        into.insert(at, {*skill, want.tier});
      }
    }
    return absl::OkStatus();
  }

  static absl::Status CheckHeadStart(Duration head_start) {
    if (head_start >= Duration{0} && head_start <= std::chrono::hours(24)) return absl::OkStatus();
    return Error(StatusCode::kInvalidArgument, "HEAD_START_OUT_OF_RANGE",
                 absl::StrCat("head start of ", std::chrono::duration_cast<std::chrono::seconds>(head_start).count(),
                              " s; 0 to 24 h"));
  }

  absl::Status CheckDisposition(const Contact& contact, const std::string& disposition) const {
    const auto& known = r_.rules(contact.queue).policy.dispositions;
    if (disposition.empty() || known.empty() || std::find(known.begin(), known.end(), disposition) != known.end()) {
      return absl::OkStatus();
    }
    return Error(StatusCode::kInvalidArgument, "DISPOSITION_UNKNOWN",
                 absl::StrCat("no disposition ", Quote(disposition), " in queue ",
                              Quote(r_.rules(contact.queue).policy.name), "; one of ", absl::StrJoin(known, ", ")));
  }

  static absl::Status NotWaiting(const Contact& contact) {
    return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_WAITING",
                 absl::StrCat("contacts/", Index(contact.id), " is ", ToString(contact.state),
                              "; only a waiting contact can be taken"));
  }

  absl::StatusOr<Contact*> OpenOffer(const std::string& agent_name, ContactId id, OfferId offer) {
    const auto agent = SignedIn(agent_name);
    if (!agent.ok()) return agent.status();
    if (offer == kNoOffer || offer > r_.last_offer || id > r_.last_contact) {
      return Error(StatusCode::kNotFound, "OFFER_UNKNOWN", absl::StrCat("no offer ", OfferName(id, offer)));
    }
    Contact* contact = r_.Find(id);
    if (contact == nullptr || contact->offer != offer || contact->until <= r_.now) {
      return Error(StatusCode::kFailedPrecondition, "OFFER_NOT_OPEN",
                   absl::StrCat(OfferName(id, offer), " is no longer open: it lapsed, was answered or taken back"));
    }
    if (contact->agent != *agent) {
      return Error(StatusCode::kNotFound, "OFFER_UNKNOWN",
                   absl::StrCat(OfferName(id, offer), " was not made to agents/", agent_name));
    }
    return contact;
  }

  absl::StatusOr<Contact*> Held(const std::string& agent_name, ContactId id, ContactState state) {
    const auto agent = SignedIn(agent_name);
    if (!agent.ok()) return agent.status();
    Contact* contact = r_.Find(id);
    if (contact == nullptr) return UnknownContact(id);
    if (contact->agent != *agent) {
      return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_YOURS",
                   absl::StrCat("contacts/", Index(id), " is not held by agents/", agent_name));
    }
    if (contact->state != state) {
      return Error(StatusCode::kFailedPrecondition, "CONTACT_WRONG_STATE",
                   absl::StrCat("contacts/", Index(id), " is ", ToString(contact->state), ", not ", ToString(state)));
    }
    return contact;
  }

  Router::Impl& r_;
};

// --- Steps that several commands and deadlines share ---

const AgentPolicy* Router::Impl::PolicyOf(std::string_view agent) const {
  const auto id = agents.Find(agent);
  if (!id || roster.at(*id).policy_index < 0) return nullptr;
  return &policy->agents[static_cast<size_t>(roster.at(*id).policy_index)];
}

// How many of each channel the agent's profile allows at once.
absl::InlinedVector<int, 6> Router::Impl::CountsOf(const AgentPolicy& agent) const {
  absl::InlinedVector<int, 6> counts(channels.size(), 0);
  for (size_t ch = 0; ch < counts.size(); ++ch) {
    const int fits = agent.capacity / std::max(1, channel_rules[ch].cost);
    const int usual = channel_rules[ch].count_max > 0 ? channel_rules[ch].count_max : fits;
    if (agent.channels.empty()) counts[ch] = usual;
  }
  for (const ChannelMax& m : agent.channels) {
    if (const auto channel = channels.Find(m.channel)) counts[Index(*channel)] = m.count_max;
  }
  return counts;
}

// The rank under other head starts of VIP level and contact; what the queue gave stays in it.
Instant Router::Impl::RankOf(const Contact& contact, VipId vip, Duration own_head_start) const {
  const auto standing = [this](VipId v) { return v == kNoVip ? Duration{0} : vip_rules[Index(v)].head_start; };
  return contact.rank + standing(contact.vip) + contact.rare().own_head_start - standing(vip) - own_head_start;
}

void Router::Impl::CloseOffer(Contact& contact, OfferState outcome, std::string reason, Instant back_off_until,
                              int missed) {
  const ContactId id = contact.id;
  const AgentId agent = contact.agent;
  // Whoever was reserved a contact and did not take it has had the chance.
  if (contact.rare().reserved_agent != kNoAgent)
    Emit(ReservationEnded{id, contact.rare().reserved_agent, ToString(outcome)});
  Emit(OfferClosed{contact.offer, id, agent, outcome, std::move(reason), back_off_until, missed});
}

void Router::Impl::RevokeOffers(AgentId agent, const std::string& reason) {
  const std::vector<ContactId> held = roster.at(agent).held;
  for (const ContactId id : held) {
    Contact& contact = Get(id);
    if (contact.state == ContactState::kOffered) {
      CloseOffer(contact, OfferState::kRevoked, reason, Instant{}, roster.at(agent).data.missed_count);
    }
  }
}

void Router::Impl::SignOutAgent(AgentId agent, const std::string& reason) {
  // Nothing is matched before all of this has happened, so nothing comes back to the leaving agent.
  const std::vector<ContactId> held = roster.at(agent).held;
  const std::vector<LineKey> reserved(roster.at(agent).reserved.begin(), roster.at(agent).reserved.end());
  RevokeOffers(agent, reason == "lost" ? "agent_lost" : "agent_signed_out");
  for (const ContactId id : held) {
    Contact* contact = Find(id);
    if (contact == nullptr || contact->agent != agent) continue;
    if (contact->state == ContactState::kWrapUp) {
      Emit(ContactEnded{id, agent, EndReason::kCompleted, "", "agent_signed_out", ""});
    } else {
      Emit(ContactRequeued{id, agent, reason == "lost" ? "agent_lost" : "agent_signed_out", Instant{}});
    }
  }
  for (const LineKey& key : reserved) Emit(ReservationEnded{key.contact, agent, "agent_signed_out"});
  Emit(AgentSignedOut{agent, reason});
}

void Router::Impl::FinishConversation(Contact& contact, bool by_customer, const std::string& disposition,
                                      const std::string& detail, const std::string& summary) {
  const QueuePolicy& queue = rules(contact.queue).policy;
  if (queue.wrap_up == WrapUpMode::kNone) {
    Emit(ContactEnded{contact.id, contact.agent, EndReason::kCompleted, disposition, detail, summary});
    return;
  }
  const Instant until = queue.wrap_up == WrapUpMode::kTimed ? now + queue.wrap_up_time : kNever;
  Emit(WrapUpStarted{contact.id, contact.agent, until, by_customer, disposition, summary});
}

// --- Deadlines ---

void Router::Impl::AdvanceContact(Contact& contact) {
  const ContactId id = contact.id;
  if (contact.state == ContactState::kWrapUp) {
    Emit(ContactEnded{id, contact.agent, EndReason::kCompleted, "", "wrap_up_over", ""});
    return;
  }
  if (contact.state == ContactState::kOffered) {
    const AgentId agent = contact.agent;
    AgentData& data = roster.at(agent).data;
    if (!data.connected) {  // An agent whose stream broke can't answer: nobody's miss.
      CloseOffer(contact, OfferState::kRevoked, "agent_lost", Instant{}, data.missed_count);
      return;
    }
    const QueuePolicy& queue = rules(contact.queue).policy;
    CloseOffer(contact, OfferState::kLapsed, "lapsed", now + queue.miss_back_off, data.missed_count + 1);
    if (queue.misses_max > 0 && data.missed_count >= queue.misses_max && data.presence == Presence::kAvailable) {
      RevokeOffers(agent, "agent_away");
      Emit(AgentPresenceChanged{agent, Presence::kAway, "missed", "missed"});
    }
    return;
  }
  // Waiting: a reservation, a step of relaxation, a back-off.
  if (contact.rare().reserved_until <= now) Emit(ReservationEnded{id, contact.rare().reserved_agent, "waited"});
  const QueueRules& queue = rules(contact.queue);
  while (contact.step < static_cast<int>(queue.steps.size()) &&
         contact.queued_at + queue.steps[contact.step].after <= now) {
    // A step speaks of the skills that the queue itself names, and only ever asks for less; what the contact asked for
    // beyond them stays.
    const Skills& step = queue.steps[contact.step].requirements;
    Skills relaxed;
    for (const SkillTier& current : RequirementsOf(contact)) {
      if (!queue.named_skills.Test(Index(current.skill))) {
        relaxed.push_back(current);
      } else if (const Tier tier = TierOf(step, current.skill); tier != Tier::kNone) {
        relaxed.push_back({current.skill, std::min(tier, current.tier)});
      }
    }
    Emit(RequirementsRelaxed{id, contact.step + 1, std::move(relaxed)});
  }
  Rearm(contact);
  dirty_contacts.push_back(id);
}

void Router::Impl::Advance() {
  while (!deadlines.empty() && deadlines.begin()->at <= now) {
    const uint64_t who = deadlines.begin()->who;
    if ((who & Deadline::kAgent) != 0) {
      SignOutAgent(AgentId{static_cast<uint32_t>(who)}, "lost");
    } else {
      AdvanceContact(Get(ContactId{who}));
    }
  }
}

// --- The public face ---

Router::Router() : impl_(std::make_unique<Impl>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

absl::StatusOr<Reply> Router::Handle(const Command& command, Instant now, std::vector<Event>& events) {
  Impl& r = *impl_;
  if (r.policy == nullptr && !std::holds_alternative<Configure>(command)) {
    return Error(StatusCode::kFailedPrecondition, "NOT_CONFIGURED", "the workspace has no policy yet");
  }
  r.now = std::max(r.now, now);
  r.out = &events;
  absl::StatusOr<Reply> reply = std::visit(Handler(r), command);
  r.Match();
  return reply;
}

void Router::Advance(Instant now, std::vector<Event>& events) {
  impl_->now = std::max(impl_->now, now);
  impl_->out = &events;
  impl_->Advance();
  impl_->Match();
}

Instant Router::NextDeadline() const { return impl_->deadlines.empty() ? kNever : impl_->deadlines.begin()->at; }

void Router::Apply(const Event& event) { impl_->Apply(event); }

}  // namespace routerd::core
