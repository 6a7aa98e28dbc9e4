// The router's state as plain values and back, and its small questions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/core/router_impl.h"

namespace routerd::core {

RouterState Router::Export() const {
  const Impl& r = *impl_;
  RouterState state;
  state.policy = r.policy;
  state.now = r.last_at;
  state.last_contact = r.last_contact;
  state.last_offer = r.last_offer;
  state.skills = r.skills.all();
  state.channels = r.channels.all();
  state.vips = r.vips.all();
  state.queues = r.queues.all();
  state.agent_names = r.agents.all();
  for (size_t i = 0; i < r.roster.agent_count(); ++i) {
    state.agents.push_back(r.roster.at(AgentId{static_cast<uint32_t>(i)}).data);
  }
  r.contacts.ForEach([&](const Contact& contact) { state.contacts.push_back(r.DataOf(contact)); });
  for (ClassIx c = 0; c < r.line.class_count(); ++c) {
    const Requirement& asked = r.line.requirement(c);
    const Learned& l = r.line.learned(c);
    state.classes.push_back({asked.skills, asked.channel, asked.restricted_to, asked.hold_back_queue, asked.held_back,
                             asked.for_bots, l.handle_s, l.handle_count, l.arrivals_per_s, l.arrival_at,
                             l.value_shift});
  }
  return state;
}

ContactData Router::Impl::DataOf(const Contact& contact) const {
  ContactData data{contact, contact.rare(), RequirementsOf(contact), {}};
  if (const WarmUnderWay* warm = WarmOf(contact.id)) data.warm = *warm;
  return data;
}

absl::StatusOr<Router> Router::Import(const RouterState& state) {
  Router router;
  Impl& r = *router.impl_;
  if (state.policy == nullptr) return router;
  for (const std::string& s : state.skills) r.skills.Intern(s);
  for (const std::string& s : state.channels) r.channels.Intern(s);
  for (const std::string& s : state.vips) r.vips.Intern(s);
  for (const std::string& s : state.queues) r.queues.Intern(s);
  for (const std::string& s : state.agent_names) r.agents.Intern(s);
  r.now = r.last_at = state.now;
  r.last_contact = state.last_contact;
  r.last_offer = state.last_offer;
  r.LoadPolicy(state.policy);
  for (const ClassData& c : state.classes) {
    const ClassIx cls =
        r.InternClass({c.requirements, c.channel, c.restricted_to, c.hold_back_queue, c.held_back, c.for_bots});
    r.line.learned(cls) = {c.handle_s, c.handle_count, c.arrivals_per_s, c.arrival_at, c.value_shift};
  }
  for (const AgentData& data : state.agents) {
    Agent& agent = r.roster.at(data.id);
    agent.data = data;
    agent.data.count_max.resize(r.channels.size());
    agent.resting = data.rest_until > state.now;
    r.RearmAgent(agent);
    r.roster.Refresh(data.id);
  }
  for (const ContactData& data : state.contacts) {
    if (Index(data.queue) >= r.queues.size() || Index(data.channel) >= r.channels.size() ||
        (data.agent != kNoAgent && Index(data.agent) >= r.agents.size()) ||
        (data.room_agent != kNoAgent && Index(data.room_agent) >= r.agents.size())) {
      return base::Error(
          absl::StatusCode::kDataLoss, "SNAPSHOT_DAMAGED",
          absl::StrCat("contacts/", Index(data.id), " names a queue, channel or agent that the snapshot lacks"));
    }
    Contact& contact = r.Add(data, data.requirements, &data);
    if (!data.back_offs.empty()) r.passed_over.insert(data.id);
    if (data.agent != kNoAgent) r.roster.Take(data.agent, data.id, data.channel, data.cost, data.light ? 0 : 1);
    if (data.room_agent != kNoAgent) r.Keep(contact, data.room_agent);
    if (data.consulted != kNoAgent) r.roster.at(data.consulted).consults.push_back(data.id);
    for (const OpenOffer& offer : data.more_offers) r.roster.Take(offer.agent, data.id, data.channel, offer.cost);
    if (data.warm) r.warm_transfers[data.id] = {*data.warm, r.WarmClass(contact, *data.warm)};
    if (data.state == ContactState::kQueued) r.JoinLine(contact, data.state_at);
    r.Rearm(contact);
  }
  return router;
}

const Policy* Router::policy() const { return impl_->policy.get(); }
std::optional<ContactData> Router::FindContact(ContactId id) const {
  const Contact* contact = impl_->Find(id);
  if (contact == nullptr) return std::nullopt;
  return impl_->DataOf(*contact);
}
bool Router::IsWaiting(ContactId id) const {
  const Contact* contact = impl_->Find(id);
  return contact != nullptr && contact->state == ContactState::kQueued;
}
const AgentData& Router::agent(AgentId agent) const { return impl_->roster.at(agent).data; }
AgentLoad Router::LoadOf(AgentId id) const {
  const Agent& agent = impl_->roster.at(id);
  return {agent.used,
          agent.capacity,
          {agent.held.begin(), agent.held.end()},
          {agent.consults.begin(), agent.consults.end()}};
}
size_t Router::agent_count() const { return impl_->roster.agent_count(); }
size_t Router::contact_count() const { return impl_->contacts.size(); }
size_t Router::waiting_count() const { return impl_->waiting_count; }
size_t Router::queue_count() const { return impl_->queues.size(); }

std::string_view Router::NameOf(SkillId skill) const { return impl_->skills.Of(skill); }
std::string_view Router::NameOf(ChannelId channel) const { return impl_->channels.Of(channel); }
std::string_view Router::NameOf(VipId vip) const { return vip == kNoVip ? std::string_view() : impl_->vips.Of(vip); }
std::string_view Router::NameOf(QueueId queue) const { return impl_->queues.Of(queue); }
std::string_view Router::NameOf(AgentId agent) const { return impl_->agents.Of(agent); }
std::optional<SkillId> Router::FindSkill(std::string_view name) const { return impl_->skills.Find(name); }
std::optional<ChannelId> Router::FindChannel(std::string_view name) const { return impl_->channels.Find(name); }
std::optional<VipId> Router::FindVip(std::string_view name) const { return impl_->vips.Find(name); }
std::optional<QueueId> Router::FindQueue(std::string_view name) const { return impl_->queues.Find(name); }
std::optional<AgentId> Router::FindAgent(std::string_view name) const { return impl_->agents.Find(name); }

}  // namespace routerd::core
