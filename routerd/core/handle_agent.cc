// Agents come, go away and leave.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const SignIn& c) {
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

Handler::Result Handler::operator()(const SignOut& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  if (!c.force) {
    for (const ContactId id : r_.roster.at(*agent).held) {
      if (Router::Impl::OfferTo(r_.Get(id), *agent) != kNoOffer) continue;
      return Error(StatusCode::kFailedPrecondition, "AGENT_BUSY",
                   absl::StrCat("agents/", c.agent, " still holds contacts/", Index(id),
                                "; complete or pass on what is held, or sign out with force"));
    }
  }
  r_.SignOutAgent(*agent, c.reason);
  return Reply{};
}

Handler::Result Handler::operator()(const SetPresence& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  if (c.presence == Presence::kOffline) {
    r_.SignOutAgent(*agent, c.by);
    return Reply{};
  }
  const Agent& a = r_.roster.at(*agent);
  const AgentData& data = a.data;
  if (data.presence == c.presence) {
    if (!data.noted.empty()) {
      r_.Emit(AgentPresenceChanged{*agent, c.presence, data.presence_reason, c.by, /*pending=*/true});
    }
    if (data.presence_reason != c.reason) r_.Emit(AgentPresenceChanged{*agent, c.presence, c.reason, c.by});
    return Reply{};
  }
  if (c.presence == Presence::kAvailable) {  // Whatever is held, there is nothing to wait for.
    r_.Emit(AgentPresenceChanged{*agent, c.presence, c.reason, c.by});
    return Reply{};
  }
  const bool serves = std::any_of(a.held.begin(), a.held.end(),
                                  [&](ContactId id) { return Router::Impl::OfferTo(r_.Get(id), *agent) == kNoOffer; });
  if (serves && data.pending() == c.presence && data.noted.front().reason == c.reason) return Reply{};
  r_.RevokeOffers(*agent, "agent_away");
  r_.Emit(AgentPresenceChanged{*agent, c.presence, c.reason, c.by, serves});
  return Reply{};
}

Handler::Result Handler::operator()(const SetConnected& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  if (r_.roster.at(*agent).data.connected != c.connected) {
    r_.Emit(AgentConnectionChanged{*agent, c.connected, c.connected ? kNever : r_.now + r_.policy->agent_grace});
  }
  return Reply{};
}

// What agents wished for while they held contacts comes true for those who hold none any more.
void Router::Impl::ApplyPending() {
  for (size_t i = 0; i < dirty_agents.size(); ++i) {
    const Agent& agent = roster.at(dirty_agents[i]);
    if (agent.data.noted.empty() || !agent.held.empty()) continue;
    const PendingPresence noted = agent.data.noted.front();
    Emit(AgentPresenceChanged{agent.data.id, noted.presence, noted.reason, noted.by});
  }
}

void Router::Impl::SignOutAgent(AgentId agent, const std::string& reason) {
  // Nothing is matched before all of this has happened, so nothing comes back to the leaving agent.
  const auto held = roster.at(agent).held;
  RevokeOffers(agent, reason == "lost" ? "agent_lost" : "agent_signed_out");
  const std::vector<LineKey> reserved(roster.at(agent).reserved.begin(), roster.at(agent).reserved.end());
  const auto consults = roster.at(agent).consults;
  for (const ContactId id : consults) Emit(ConsultEnded{id, agent, "agent_signed_out"});
  for (const ContactId id : held) {
    Contact* contact = Find(id);
    if (contact == nullptr || contact->agent != agent) continue;
    if (contact->state == ContactState::kWrapUp) {
      Emit(ContactEnded{id, agent, EndReason::kCompleted, "", "agent_signed_out", ""});
    } else {
      EndSideWork(*contact, "agent_signed_out");
      Emit(ContactRequeued{id, agent, reason == "lost" ? "agent_lost" : "agent_signed_out", Instant{}});
    }
  }
  for (const LineKey& key : reserved) Emit(ReservationEnded{key.contact, agent, "agent_signed_out"});
  Emit(AgentSignedOut{agent, reason});
  ActOnSignOut();
}

}  // namespace routerd::core
