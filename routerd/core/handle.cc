// How a command is carried out: the shared checks, what the operator asks, and the router's public face.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "routerd/base/suggest.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::DidYouMean;
using base::Error;

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

Handler::Result Handler::operator()(const Configure& c) {
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
      if (agent.data.count_max[ch] < counts_before[i][ch]) counts[ch] = std::min(counts[ch], agent.data.count_max[ch]);
    }
    if (counts != agent.data.count_max) {
      r_.Emit(AgentSignedIn{id, agent.data.presence, std::move(counts)});
    }
    r_.dirty_agents.push_back(id);
  }
  std::vector<ContactId> stranded;
  for (const auto& [id, warm] : r_.warm_transfers) {
    if (warm.to_queue != kNoQueue && !r_.rules(warm.to_queue).live) stranded.push_back(id);
  }
  for (const ContactId id : stranded) r_.EndWarmTransfer(r_.Get(id), "queue_removed", OfferCause::kSupervisor);
  return Reply{};
}

Handler::Result Handler::operator()(const Recover&) {
  for (size_t i = 0; i < r_.roster.agent_count(); ++i) {
    const AgentId id{static_cast<uint32_t>(i)};
    if (!r_.roster.at(id).signed_in()) continue;
    r_.Emit(AgentConnectionChanged{id, false, r_.now + r_.policy->agent_grace});
  }
  std::vector<ContactId> offered;
  r_.contacts.ForEach([&offered](const Contact& contact) {
    if (contact.state == ContactState::kOffered || !contact.rare().more_offers.empty()) offered.push_back(contact.id);
  });
  for (const ContactId id : offered) {
    const Contact& contact = r_.Get(id);
    std::vector<OpenOffer> open = contact.rare().more_offers;
    if (contact.state == ContactState::kOffered) {
      open.insert(open.begin(), {contact.offer, contact.agent, contact.cost, contact.until});
    }
    const Instant anew = r_.now + r_.rules(r_.OfferingQueue(contact)).policy.offer_timeout;
    for (const OpenOffer& o : open) r_.Emit(OfferExtended{o.offer, id, std::max(o.until, anew), o.agent});
  }
  return Reply{};
}

absl::StatusOr<QueueId> Handler::LiveQueue(const std::string& name) const {
  const auto queue = r_.queues.Find(name);
  if (!queue || !r_.rules(*queue).live) return Unknown("queue", "QUEUE_UNKNOWN", name, r_.queues.all());
  return *queue;
}

absl::StatusOr<AgentId> Handler::SignedIn(const std::string& name) const {
  const auto agent = r_.agents.Find(name);
  if (!agent) return Unknown("agent", "AGENT_UNKNOWN", name, r_.agents.all());
  Prefetch(r_.roster.at(*agent));
  if (!r_.roster.at(*agent).signed_in()) {
    return Error(StatusCode::kFailedPrecondition, "AGENT_OFFLINE", absl::StrCat("agents/", name, " is not signed in"));
  }
  return *agent;
}

absl::Status Handler::FindVip(const std::string& name, VipId& vip) const {
  vip = kNoVip;
  if (name.empty()) return absl::OkStatus();
  const auto found = r_.vips.Find(name);
  if (!found) return Unknown("VIP level", "VIP_UNKNOWN", name, r_.vips.all());
  vip = *found;
  return absl::OkStatus();
}

// Raises `into` to what is asked; where both name a skill the higher tier counts.
absl::Status Handler::AddRequirements(const std::vector<NamedTier>& asked, Skills& into) const {
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

absl::Status Handler::CheckHeadStart(Duration head_start) {
  if (head_start >= Duration{0} && head_start <= std::chrono::hours(24)) return absl::OkStatus();
  return Error(StatusCode::kInvalidArgument, "HEAD_START_OUT_OF_RANGE",
               absl::StrCat("head start of ", std::chrono::duration_cast<std::chrono::seconds>(head_start).count(),
                            " s; 0 to 24 h"));
}

absl::Status Handler::CheckLane(int lane) {
  if (lane >= 0 && lane <= 9) return absl::OkStatus();
  return Error(StatusCode::kInvalidArgument, "LANE_OUT_OF_RANGE", absl::StrCat("lane ", lane, "; 0 to 9"));
}

absl::StatusOr<std::vector<std::string>> Handler::NewLabels(const std::vector<std::string>& known,
                                                            const std::vector<std::string>& labels) {
  constexpr size_t kLabelsMax = 16;
  constexpr size_t kLabelBytesMax = 64;
  std::vector<std::string> fresh(labels);
  std::sort(fresh.begin(), fresh.end());
  fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
  fresh.erase(std::remove_if(fresh.begin(), fresh.end(),
                             [&](const std::string& l) { return std::binary_search(known.begin(), known.end(), l); }),
              fresh.end());
  for (const std::string& label : fresh) {
    if (!label.empty() && label.size() <= kLabelBytesMax) continue;
    return Error(StatusCode::kInvalidArgument, "LABEL_MALFORMED",
                 absl::StrCat("label ", Quote(label), " has ", label.size(), " bytes; 1 to ", kLabelBytesMax));
  }
  if (known.size() + fresh.size() > kLabelsMax) {
    return Error(StatusCode::kResourceExhausted, "LABEL_LIMIT",
                 absl::StrCat("the contact would have ", known.size() + fresh.size(), " labels; at most ", kLabelsMax));
  }
  return fresh;
}

absl::Status Handler::CheckDisposition(const Contact& contact, const std::string& disposition) const {
  const auto& known = r_.rules(contact.queue).policy.dispositions;
  if (disposition.empty() || known.empty() || std::find(known.begin(), known.end(), disposition) != known.end()) {
    return absl::OkStatus();
  }
  return Error(StatusCode::kInvalidArgument, "DISPOSITION_UNKNOWN",
               absl::StrCat("no disposition ", Quote(disposition), " in queue ",
                            Quote(r_.rules(contact.queue).policy.name), "; one of ", absl::StrJoin(known, ", ")));
}

absl::Status Handler::NotWaiting(const Contact& contact) {
  return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_WAITING",
               absl::StrCat("contacts/", Index(contact.id), " is ", ToString(contact.state),
                            "; only a waiting contact can be taken"));
}

absl::StatusOr<Contact*> Handler::WithOpenOffer(const std::string& agent_name, ContactId id, OfferId offer) {
  const auto agent = SignedIn(agent_name);
  if (!agent.ok()) return agent.status();
  if (offer == kNoOffer || offer > r_.last_offer || id > r_.last_contact) {
    return Error(StatusCode::kNotFound, "OFFER_UNKNOWN", absl::StrCat("no offer ", OfferName(id, offer)));
  }
  Contact* contact = r_.Find(id);
  const AgentId offered_to = contact == nullptr ? kNoAgent : r_.OfferedTo(*contact, offer);
  if (offered_to == kNoAgent) {
    const bool lost = contact != nullptr &&
                      std::find(contact->rare().lost_offers.begin(), contact->rare().lost_offers.end(), offer) !=
                          contact->rare().lost_offers.end();
    if (lost) {
      return Error(StatusCode::kFailedPrecondition, "OFFER_TAKEN",
                   absl::StrCat("another agent was first: ", OfferName(id, offer), " was taken back"));
    }
    return Error(StatusCode::kFailedPrecondition, "OFFER_NOT_OPEN",
                 absl::StrCat(OfferName(id, offer), " is no longer open: it lapsed, was answered or taken back"));
  }
  if (offered_to != *agent) {
    return Error(StatusCode::kNotFound, "OFFER_UNKNOWN",
                 absl::StrCat(OfferName(id, offer), " was not made to agents/", agent_name));
  }
  return contact;
}

absl::StatusOr<Contact*> Handler::Held(const std::string& agent_name, ContactId id, ContactState state) {
  Contact* contact = r_.Find(id);
  if (contact != nullptr) Prefetch(*contact);
  const auto agent = SignedIn(agent_name);
  if (!agent.ok()) return agent.status();
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
