// Room kept for costly contacts. What takes less of the capacity fits into every gap, however late it came: agents who
// chat and phone would have room for a call only by chance. So once a contact has waited for keep_room_after, one agent
// takes nothing that stands behind it until there is room. The contact is not reserved: whoever has room first gets it.
//
// Who wants room and finds nobody is looked at again when somebody could begin to keep it: an agent who comes, or whose
// own contact is served. Nothing is polled, and the first moment is the contact's one deadline.
#include <algorithm>

#include "routerd/core/router_impl.h"

namespace routerd::core {

void Router::Impl::LoadCrowding(const std::vector<Roster::Interruptions>& interruptions) {
  for (size_t ch = 0; ch < channel_rules.size(); ++ch) {
    channel_rules[ch].crowded_by = interruptions[ch].blocked_by & ~(uint64_t{1} << ch);
    for (size_t other = 0; other < channel_rules.size(); ++other) {
      const bool on_top = (interruptions[ch].on_top_of >> other & 1) != 0;
      if (channel_rules[other].cost < channel_rules[ch].cost && !on_top) {
        channel_rules[ch].crowded_by |= uint64_t{1} << other;
      }
    }
  }
}

Instant Router::Impl::WaitsSince(const Contact& contact) {
  return contact.accepted_at >= contact.queued_at ? contact.state_at : contact.queued_at;
}

Instant Router::Impl::WantsRoomAt(const Contact& contact) const {
  if (channel_rules[Index(contact.channel)].crowded_by == 0) return kNever;
  if (contact.rare().reserved_agent != kNoAgent || contact.rare().room_agent != kNoAgent) return kNever;
  return WaitsSince(contact) + policy->keep_room_after;
}

bool Router::Impl::KeepsRoomFrom(const Agent& agent, const Contact& contact) const {
  if (agent.room_for == kNoContact) return false;
  const ContactRare& rare = contact.rare();
  const WarmUnderWay* warm = contact.state == ContactState::kActive ? WarmOf(contact.id) : nullptr;
  const bool directed = warm != nullptr ? warm->to_agent == agent.data.id
                                        : rare.reserved_agent == agent.data.id && rare.known_as == KnownAs::kNobody;
  return !directed && Find(agent.room_for)->key() < contact.key();
}

int Router::Impl::KeptBackCount(const Contact& contact, ClassIx c, uint8_t holds) const {
  const auto& passed = contact.rare().back_offs;
  int count = 0;
  for (const AgentId id : room_keepers) {
    const Agent& agent = roster.at(id);
    const bool room = (agent.standing.room >> Index(contact.channel) & 1) != 0;
    if (!room || !class_profiles[c].Test(agent.profile) || !KeepsRoomFrom(agent, contact)) continue;
    if (holds != 0 && HeldFrom(roster.profile(agent.profile), c, holds)) continue;
    if (std::none_of(passed.begin(), passed.end(), [id](const BackOff& b) { return b.agent == id; })) ++count;
  }
  return count;
}

// Keeping room is of use where the agent takes what could fill it, and lacks nothing but room.
bool Router::Impl::MayKeepRoom(const Agent& agent, ClassIx c, uint8_t holds) const {
  const ChannelId channel = line.requirement(c).channel;
  const uint64_t takes = agent.standing.takes;
  return agent.room_for == kNoContact && (takes >> Index(channel) & 1) != 0 &&
         (takes & channel_rules[Index(channel)].crowded_by) != 0 && (agent.standing.room >> Index(channel) & 1) == 0 &&
         roster.cost(channel) <= agent.capacity && class_profiles[c].Test(agent.profile) &&
         (holds == 0 || !HeldFrom(roster.profile(agent.profile), c, holds));
}

// An agent who could keep room keeps it for the first in line of those who want it.
void Router::Impl::KeepRoomAt(AgentId id) {
  const Agent& agent = roster.at(id);
  std::optional<LineKey> first;
  for (const auto& [c, wanting] : room_wanted) {
    if (!MayKeepRoom(agent, c, HoldsOn(c, now, 1))) continue;
    for (const LineKey& key : wanting) {
      if (first && !(key < *first)) break;
      if (BackedOff(*Find(key.contact), id)) continue;
      first = key;
      break;
    }
  }
  if (first) Emit(RoomKept{first->contact, id});
}

// Whoever is expected to have room first.
void Router::Impl::KeepRoomFor(const Contact& contact) {
  const uint8_t holds = HoldsOn(contact.cls, now, 1);
  AgentId keeper = kNoAgent;
  Duration least{0};
  for (AgentId id{0}; Index(id) < roster.agent_count(); id = AgentId{Index(id) + 1}) {
    const Agent& agent = roster.at(id);
    if (!MayKeepRoom(agent, contact.cls, holds) || BackedOff(contact, id)) continue;
    const Duration expected = ExpectedWaitFor(agent, contact);
    if (keeper != kNoAgent && expected >= least) continue;
    keeper = id;
    least = expected;
  }
  if (keeper != kNoAgent) Emit(RoomKept{contact.id, keeper});
}

// What was just looked at and still waits, in line order: so the first gets who has room first.
void Router::Impl::KeepRooms() {
  std::vector<LineKey> wanting;
  for (const ContactId id : dirty_contacts) {
    const Contact* contact = Find(id);
    if (contact == nullptr || contact->state != ContactState::kQueued || WantsRoomAt(*contact) > now) continue;
    wanting.push_back(contact->key());
  }
  std::sort(wanting.begin(), wanting.end());
  wanting.erase(std::unique(wanting.begin(), wanting.end()), wanting.end());
  // Of those for whom nothing but their class decides who may keep room, the first stands for all. One who is looked at
  // again has become such a one only now, perhaps.
  const auto plain = [](const Contact& c) { return c.rare().back_offs.empty() && c.rare().linked.empty(); };
  for (const LineKey& key : wanting) {
    Contact& contact = Get(key.contact);
    const auto alike = room_wanted.find(contact.cls);
    const bool in_vain = alike != room_wanted.end() && !alike->second.contains(key) && plain(contact) &&
                         plain(*Find(alike->second.begin()->contact));
    if (!in_vain) KeepRoomFor(contact);
    if (contact.rare().room_agent != kNoAgent) continue;
    contact.room_due = true;
    room_wanted[contact.cls].insert(key);
    Rearm(contact);
  }
}

void Router::Impl::StopWantingRoom(Contact& contact) {
  contact.room_due = false;
  const auto it = room_wanted.find(contact.cls);
  if (it == room_wanted.end()) return;
  it->second.erase(contact.key());
  if (it->second.empty()) room_wanted.erase(it);
}

void Router::Impl::GiveBackRoom(const Contact& contact, const char* reason) {
  const AgentId keeper = contact.rare().room_agent;
  if (keeper == kNoAgent) return;
  freed_agents.push_back(keeper);
  Emit(RoomGivenBack{contact.id, keeper, reason});
}

void Router::Impl::GiveBackRoomOf(ContactId id) {
  const Contact* contact = Find(id);
  if (contact == nullptr || contact->state == ContactState::kQueued) return;
  GiveBackRoom(*contact, contact->state == ContactState::kScheduled ? "left" : "served");
}

// Ends what has lost its sense by what just happened to contacts and agents.
void Router::Impl::ReviewRooms() {
  const auto review = [this](const Contact& contact) {
    const Agent& keeper = roster.at(contact.rare().room_agent);
    if (!keeper.standing.on_duty) return GiveBackRoom(contact, "agent_gone");
    const bool takes = (keeper.standing.takes >> Index(contact.channel) & 1) != 0;
    const bool fits = roster.cost(contact.channel) <= keeper.capacity;
    const bool room = (keeper.standing.room >> Index(contact.channel) & 1) != 0;
    const uint8_t holds = HoldsOn(contact.cls, now, room ? 0 : 1);
    const bool held = holds != 0 && HeldFrom(roster.profile(keeper.profile), contact.cls, holds);
    const bool due = WaitsSince(contact) + policy->keep_room_after <= now;  // No longer once it came to another queue.
    if (!due || !takes || !fits || held || !MayTake(keeper, contact) || contact.rare().reserved_agent != kNoAgent) {
      GiveBackRoom(contact, "changed");
    }
  };
  std::vector<AgentId> concerned = dirty_agents;
  if (!hold_back_classes.empty()) concerned.assign(room_keepers.begin(), room_keepers.end());  // Others decide, too.
  for (const AgentId id : concerned) {
    if (const ContactId kept = roster.at(id).room_for; kept != kNoContact) review(Get(kept));
  }
  for (size_t i = 0; i < dirty_contacts.size(); ++i) {  // Giving back adds to them.
    const Contact* contact = Find(dirty_contacts[i]);
    if (contact == nullptr || contact->rare().room_agent == kNoAgent) continue;
    freed_agents.push_back(contact->rare().room_agent);  // It may stand behind others now.
    review(*contact);
  }
}

void Router::Impl::Keep(Contact& contact, AgentId keeper) {
  if (contact.room_due) StopWantingRoom(contact);
  contact.edit_rare().room_agent = keeper;
  roster.at(keeper).room_for = contact.id;
  room_keepers.insert(keeper);
  Rearm(contact);
}

void Router::Impl::GiveBack(Contact& contact, AgentId keeper) {
  contact.edit_rare().room_agent = kNoAgent;
  roster.at(keeper).room_for = kNoContact;
  room_keepers.erase(keeper);
  Rearm(contact);
}

}  // namespace routerd::core
