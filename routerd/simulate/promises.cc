#include "routerd/simulate/promises.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"

namespace routerd::simulate {
namespace {

constexpr size_t kBrokenKeptMax = 20;

}  // namespace

Promises::Promises(const core::Policy& policy) {
  for (const core::QueuePolicy& queue : policy.queues) {
    Queue& rules = queues_.emplace_back(Queue{!queue.agents.empty(), queue.bots_first, {}});
    for (const core::HoldBackPolicy& hold_back : queue.hold_backs) {
      std::vector<core::VipId>& kept_for = rules.kept_for.emplace_back();
      for (size_t v = 0; v < policy.vips.size(); ++v) {
        const auto& names = hold_back.vips;
        if (std::find(names.begin(), names.end(), policy.vips[v].name) != names.end()) {
          kept_for.push_back(core::VipId{static_cast<uint32_t>(v)});
        }
      }
    }
  }
  for (const core::AgentPolicy& agent : policy.agents) {
    Holding& holding = agents_.emplace_back();
    holding.capacity = agent.capacity;
    holding.counts.resize(policy.channels.size());
    for (const core::ChannelPolicy& channel : policy.channels) {
      const auto max = std::find_if(agent.channels.begin(), agent.channels.end(),
                                    [&](const core::ChannelMax& m) { return m.channel == channel.name; });
      const int usual = channel.count_max > 0 ? channel.count_max : agent.capacity;
      const int unnamed = agent.channels.empty() ? usual : 0;
      holding.count_max.push_back(max != agent.channels.end() ? max->count_max : unnamed);
    }
  }
}

void Promises::Check(const core::Event& event) {
  std::visit(
      [&](const auto& e) {
        using Kind = std::decay_t<decltype(e)>;
        if constexpr (requires { e.contact; }) {
          Contact& contact = contacts_[e.contact];
          if constexpr (std::is_same_v<Kind, core::ContactCreated>) {
            contact.vip = e.vip;
            contact.asked.channel = e.channel;
            Enter(contact, e.queue, e.requirements);
            contact.order_shift = e.order_shift;
            contact.key = {-e.lane, e.rank - e.order_shift, e.contact};
            Wait(contact);
          } else if constexpr (std::is_same_v<Kind, core::RequirementsRelaxed>) {
            contact.asked.skills = e.requirements;
            Wait(contact);
          } else if constexpr (std::is_same_v<Kind, core::OfferMade>) {
            Offer(contact, e, event.at);
          } else if constexpr (std::is_same_v<Kind, core::OfferClosed>) {
            TakeBack(contact);
            if (e.back_off_until > event.at) contact.back_offs.push_back({e.agent, e.back_off_until});
            Wait(contact);
          } else if constexpr (std::is_same_v<Kind, core::ContactOverflowed> ||
                               std::is_same_v<Kind, core::ContactEscalated>) {
            if (contact.line != nullptr) contact.line->erase(contact.key);
            contact.line = nullptr;
            Enter(contact, e.queue, e.requirements);
            contact.key = {-e.lane, e.rank - contact.order_shift, e.contact};
            Wait(contact);
          } else if constexpr (std::is_same_v<Kind, core::ContactScheduled>) {
            TakeBack(contact);
            if (e.until != core::kNever && contact.line != nullptr) {
              contact.line->erase(contact.key);
              contact.line = nullptr;
            }
          } else if constexpr (std::is_same_v<Kind, core::ContactDue>) {
            contact.reserved = e.reserved_agent;
            Wait(contact);
          } else if constexpr (std::is_same_v<Kind, core::ContactReserved>) {
            contact.reserved = e.agent;
          } else if constexpr (std::is_same_v<Kind, core::ReservationEnded>) {
            contact.reserved = core::kNoAgent;
          } else if constexpr (std::is_same_v<Kind, core::ContactEnded>) {
            TakeBack(contact);
            if (contact.line != nullptr) contact.line->erase(contact.key);
            contacts_.erase(e.contact);
          }
        }
      },
      event.kind);
}

void Promises::Enter(Contact& contact, core::QueueId queue, const core::Skills& skills) const {
  const Queue& rules = queues_[core::Index(queue)];
  contact.queue = queue;
  contact.asked = {.skills = skills,
                   .channel = contact.asked.channel,
                   .restricted_to = rules.restricted ? queue : core::kNoQueue,
                   .hold_back_queue = rules.kept_for.empty() ? core::kNoQueue : queue,
                   .for_bots = rules.for_bots};
  for (size_t i = 0; i < rules.kept_for.size(); ++i) {
    const std::vector<core::VipId>& kept_for = rules.kept_for[i];
    const bool bound = std::find(kept_for.begin(), kept_for.end(), contact.vip) == kept_for.end();
    if (bound) contact.asked.held_back |= static_cast<uint8_t>(1u << i);
  }
}

void Promises::Wait(Contact& contact) {
  if (contact.line != nullptr) contact.line->erase(contact.key);
  auto& line = lines_[contact.asked];
  if (line == nullptr) line = std::make_unique<std::set<core::LineKey>>();
  contact.line = line.get();
  contact.line->insert(contact.key);
}

void Promises::TakeBack(Contact& contact) {
  if (contact.holder == core::kNoAgent) return;
  Holding& holding = agents_[core::Index(contact.holder)];
  holding.used -= contact.cost;
  --holding.counts[core::Index(contact.asked.channel)];
  contact.holder = core::kNoAgent;
}

void Promises::Offer(Contact& contact, const core::OfferMade& offer, core::Instant now) {
  if (contact.line != nullptr) {
    for (const core::LineKey& key : *contact.line) {
      if (offer.rule != core::OfferRule::kStrategy || !(key < contact.key)) break;
      const Contact& other = contacts_.at(key.contact);
      if (other.reserved != core::kNoAgent) continue;
      const bool passed_over = std::any_of(other.back_offs.begin(), other.back_offs.end(), [&](const core::BackOff& b) {
        return b.agent == offer.agent && b.until > now;
      });
      if (passed_over) continue;
      Broken(absl::StrCat("order: contact ", core::Index(offer.contact), " was offered before ",
                          core::Index(key.contact), ", which asks for the same and stands before it"));
      break;
    }
    contact.line->erase(contact.key);
    contact.line = nullptr;
  }
  Holding& holding = agents_[core::Index(offer.agent)];
  const size_t channel = core::Index(contact.asked.channel);
  holding.used += offer.cost;
  ++holding.counts[channel];
  contact.holder = offer.agent;
  contact.cost = offer.cost;
  if (holding.used > holding.capacity || holding.counts[channel] > holding.count_max[channel]) {
    Broken(absl::StrCat("capacity: agent ", core::Index(offer.agent), " was offered contact ",
                        core::Index(offer.contact), " and now holds ", holding.used, "/", holding.capacity));
  }
}

void Promises::Broken(std::string text) {
  ++broken_count_;
  if (broken_.size() < kBrokenKeptMax) broken_.push_back(std::move(text));
}

}  // namespace routerd::simulate
