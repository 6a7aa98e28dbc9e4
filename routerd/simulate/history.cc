#include "routerd/simulate/history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "routerd/base/error.h"
#include "routerd/engine/names.h"
#include "routerd/engine/past.h"
#include "routerd/engine/policy_compile.h"
#include "routerd/journal/sqlite_reader.h"

namespace routerd::simulate {
namespace {

using engine::BareName;

constexpr int64_t kNsPerMs = 1'000'000;
// Of a conversation when the journal has none to go by.
constexpr int64_t kUsualHandleMs = 180'000;

std::string BareAgent(std::string_view name) { return std::string(BareName(name, engine::kAgents)); }

int64_t NsOf(const google::protobuf::Timestamp& time) { return engine::FromProto(time).time_since_epoch().count(); }

std::string TimeText(int64_t ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

// What a contact asks for beyond its queue, which asks for that by itself under whatever rules.
std::vector<core::NamedTier> BeyondQueue(const v1::Contact& contact, const core::QueuePolicy* queue) {
  std::vector<core::NamedTier> own;
  for (const v1::SkillRequirement& asked : contact.requirements()) {
    const core::NamedTier want = {asked.skill(), engine::FromProto(asked.tier())};
    const bool by_queue = queue != nullptr && std::any_of(queue->requirements.begin(), queue->requirements.end(),
                                                          [&](const core::NamedTier& usual) {
                                                            return usual.skill == want.skill && usual.tier >= want.tier;
                                                          });
    if (!by_queue) own.push_back(want);
  }
  return own;
}

const core::QueuePolicy* FindQueue(const core::Policy& rules, std::string_view name) {
  const auto queue = std::find_if(rules.queues.begin(), rules.queues.end(),
                                  [name](const core::QueuePolicy& one) { return one.name == name; });
  return queue == rules.queues.end() ? nullptr : &*queue;
}

// Channels that an agent signed in for; empty when these are all that its profile allows.
std::vector<core::ChannelMax> Narrowed(const v1::AgentSignedIn& signed_in, const TraceAgent& agent,
                                       const core::Policy& rules) {
  std::vector<core::ChannelMax> chosen;
  for (const v1::ChannelCapacity& one : signed_in.channels()) {
    if (one.max_count() > 0) chosen.push_back({one.channel(), one.max_count()});
  }
  const size_t usual_count = agent.channels.empty() ? rules.channels.size() : agent.channels.size();
  if (chosen.size() >= usual_count) chosen.clear();
  return chosen;
}

// How long conversations of a kind took.
struct Mean {
  int64_t handle_ms = 0, wrap_ms = 0, count = 0;
  void Add(const TraceContact& contact) {
    handle_ms += contact.handle_ms;
    wrap_ms += contact.wrap_ms;
    ++count;
  }
};

class Means {
 public:
  void Add(const TraceContact& contact) {
    for (const std::string& kind : Kinds(contact)) means_[kind].Add(contact);
  }
  // Of the nearest kind that has any.
  Mean For(const TraceContact& contact) const {
    for (const std::string& kind : Kinds(contact)) {
      const auto it = means_.find(kind);
      if (it == means_.end()) continue;
      const Mean& sum = it->second;
      return {sum.handle_ms / sum.count, sum.wrap_ms / sum.count, sum.count};
    }
    return {kUsualHandleMs, 0, 0};
  }

 private:
  static std::vector<std::string> Kinds(const TraceContact& contact) {
    return {absl::StrCat(contact.channel, "\n", contact.queue), contact.channel, ""};
  }
  std::map<std::string, Mean> means_;
};

}  // namespace

// --- Rules ---

absl::Status HistoryReader::TakeSnapshot(const v1::SnapshotRecord& record) {
  if (record.has_header()) TakeRules(record.header().workspace());
  if (record.has_agent()) snapshot_agents_[BareAgent(record.agent().agent())] = record.agent();
  if (record.record_case() != v1::SnapshotRecord::RECORD_NOT_SET) return absl::OkStatus();
  return base::Error(absl::StatusCode::kFailedPrecondition, "SNAPSHOT_UNKNOWN",
                     "its snapshot has a record that this version does not know; a newer version wrote it");
}

void HistoryReader::TakeRules(const v1::WorkspaceConfig& config) {
  config_ = config;
  rules_ = engine::CompilePolicy(config);
  for (const core::AgentPolicy& agent : rules_.agents) {
    TraceAgent& traced = agents_[AgentAt(agent.name)].traced;
    traced.skills = agent.skills;
    traced.channels = agent.channels;
    traced.capacity = agent.capacity;
  }
}

// --- Events ---

int64_t HistoryReader::MsOf(const google::protobuf::Timestamp& time) const {
  return (NsOf(time) - *start_ns_) / kNsPerMs;
}

absl::Status HistoryReader::Take(const v1::Event& event) {
  if (!start_ns_) {
    start_ns_ = NsOf(event.time()) / kNsPerMs * kNsPerMs;
    first_sequence_ = event.sequence();
  }
  now_ms_ = MsOf(event.time());
  switch (event.kind_case()) {
    case v1::Event::KIND_NOT_SET:
      return base::Error(absl::StatusCode::kFailedPrecondition, "EVENT_UNKNOWN",
                         absl::StrCat("event ", event.sequence(),
                                      " is of a kind that this version does not know; a newer version wrote it"));
    case v1::Event::kPolicyLoaded:
      ++rules_count_;
      TakeRules(event.policy_loaded().workspace());
      break;
    case v1::Event::kContactCreated:
      Create(event);
      break;
    case v1::Event::kAgentSignedIn:
    case v1::Event::kAgentSignedOut:
    case v1::Event::kAgentPresenceChanged:
    case v1::Event::kAgentConnectionChanged:
      TakeAgent(event);
      break;
    default:
      if (!event.contact().empty()) TakeContact(event);
  }
  return absl::OkStatus();
}

// --- Agents ---

size_t HistoryReader::AgentAt(std::string_view name) {
  const std::string id = BareAgent(name);
  const auto [it, is_new] = agent_of_.emplace(id, agents_.size());
  if (is_new) agents_.emplace_back().traced.id = id;
  return it->second;
}

void HistoryReader::Suppose(Agent& agent, bool connected, bool available) {
  if (agent.known) return;
  agent.known = true;
  if (first_sequence_ == 1) return;  // All have been told.
  agent.signed_in = true;
  agent.connected = connected;
  agent.available = available;
  agent.there = connected && available;
}

void HistoryReader::TakeAgent(const v1::Event& event) {
  Agent& agent = agents_[AgentAt(event.agent())];
  switch (event.kind_case()) {
    case v1::Event::kAgentSignedIn: {
      agent.known = true;
      Count(agent);
      if (!agent.signed_in) agent.available = event.agent_signed_in().presence() == v1::PRESENCE_AVAILABLE;
      agent.signed_in = agent.connected = true;
      agent.traced.narrowed_channels = Narrowed(event.agent_signed_in(), agent.traced, rules_);
      break;
    }
    case v1::Event::kAgentSignedOut:
      Suppose(agent, true, true);
      Count(agent);
      agent.signed_in = agent.available = agent.leaving = false;
      break;
    case v1::Event::kAgentPresenceChanged: {
      const v1::AgentPresenceChanged& changed = event.agent_presence_changed();
      const bool available = changed.presence() == v1::PRESENCE_AVAILABLE;
      Suppose(agent, true, !available || changed.pending());
      Count(agent);
      agent.leaving = changed.pending() && !available;
      if (!changed.pending()) agent.available = available;
      break;
    }
    default:
      Suppose(agent, !event.agent_connection_changed().connected(), true);
      Count(agent);
      agent.connected = event.agent_connection_changed().connected();
  }
  LookWhetherThere(agent);
}

void HistoryReader::LookWhetherThere(Agent& agent) {
  const bool there = agent.signed_in && agent.connected && agent.available && !agent.leaving;
  if (there == agent.there) return;
  agent.there = there;
  if (there) {
    agent.there_since_ms = now_ms_;
    return;
  }
  auto& shifts = agent.traced.shifts;
  if (agent.there_since_ms == now_ms_) return;
  if (!shifts.empty() && shifts.back().second == agent.there_since_ms) {
    shifts.back().second = now_ms_;
  } else {
    shifts.emplace_back(agent.there_since_ms, now_ms_);
  }
}

void HistoryReader::Count(Agent& agent) {
  const int64_t passed_ms = now_ms_ - std::exchange(agent.counted_ms, now_ms_);
  if (agent.busy > 0) agent.record.busy_ms += passed_ms;
  if (agent.busy > 0 || agent.there) agent.record.staff_ms += passed_ms;
}

void HistoryReader::FinishAgents() {
  for (Agent& agent : agents_) {
    const auto snapshot = snapshot_agents_.find(agent.traced.id);
    if (!agent.known && snapshot != snapshot_agents_.end()) {
      const v1::SnapshotAgent& then = snapshot->second;
      if (then.presence() >= v1::PRESENCE_AVAILABLE && then.pending_presence() != v1::PRESENCE_AWAY) {
        Suppose(agent, then.connected(), then.presence() == v1::PRESENCE_AVAILABLE);
      }
    }
    if (agent.answer_count > 0) agent.traced.accept_ms = agent.answer_ms / agent.answer_count;
    Count(agent);
    agent.signed_in = false;
    LookWhetherThere(agent);
  }
}

// --- Contacts ---

void HistoryReader::Create(const v1::Event& event) {
  const v1::ContactCreated& created = event.contact_created();
  const v1::Contact& contact = created.contact();
  contact_of_[event.contact()] = contacts_.size();
  Contact& coming = contacts_.emplace_back();
  if (contact.first_estimate().has_wait_p50()) {
    coming.record.estimate_p50_ms = engine::Milliseconds(engine::FromProto(contact.first_estimate().wait_p50()));
    coming.record.estimate_p90_ms = engine::Milliseconds(engine::FromProto(contact.first_estimate().wait_p90()));
  }
  TraceContact& traced = coming.traced;
  traced.id = std::string(BareName(contact.name(), engine::kContacts));
  traced.at_ms = now_ms_;
  traced.channel = contact.channel();
  traced.queue = std::string(BareName(contact.queue(), engine::kQueues));
  const core::QueuePolicy* queue = FindQueue(rules_, traced.queue);
  traced.require = BeyondQueue(contact, queue);
  traced.vip = contact.context().customer().vip();
  traced.patience_ms = kForEverMs;
  traced.customer = contact.context().customer().id();
  traced.head_start_ms = created.own_head_start_ms();
  traced.lane = std::max(0, contact.lane() - (queue == nullptr ? 0 : queue->lane));
  if (contact.has_deadline_time()) traced.deadline_ms = MsOf(contact.deadline_time());
  traced.contact_count = created.contact_count();
  for (const std::string& label : contact.labels()) traced.labels.push_back({0, label});
}

void HistoryReader::TakeContact(const v1::Event& event) {
  const auto it = contact_of_.find(event.contact());
  if (it == contact_of_.end()) {  // From before; but it tells of its agent.
    earlier_.insert(event.contact());
    if (event.has_offer_made()) Suppose(agents_[AgentAt(event.agent())], true, true);
    return;
  }
  Contact& contact = contacts_[it->second];
  TraceContact& traced = contact.traced;
  switch (event.kind_case()) {
    case v1::Event::kOfferMade:
    case v1::Event::kOfferAccepted:
      TakeOffer(event, contact);
      break;
    case v1::Event::kOfferClosed:
      Close(event.offer_closed(), contact);
      break;
    case v1::Event::kContactTransferred:
      ++passed_on_count_;
      LetGo(contact);
      break;
    case v1::Event::kContactRequeued:
      LetGo(contact);
      break;
    case v1::Event::kContactTakenOver:
      ++passed_on_count_;
      LetGo(contact);
      Serve(contact, AgentAt(event.contact_taken_over().to_agent()));
      break;
    case v1::Event::kContactReserved: {
      const core::KnownAs as = engine::KnownAsFromText(event.contact_reserved().reason());
      if (as == core::KnownAs::kNobody || !traced.prefer_agent.empty()) break;
      traced.prefer_agent = BareAgent(event.contact_reserved().agent());
      traced.prefer_as = as;
      AgentAt(traced.prefer_agent);
      break;
    }
    case v1::Event::kContactLabeled:
      for (const std::string& label : event.contact_labeled().labels()) {
        traced.labels.push_back({now_ms_ - traced.at_ms, label});
      }
      break;
    case v1::Event::kContactScheduled:
      LetGo(contact);
      contact.put_off = !contact.record.accept_ms && event.contact_scheduled().reason() != "closed";
      break;
    case v1::Event::kContactDue:
      if (std::exchange(contact.put_off, false)) traced.at_ms = now_ms_;
      break;
    case v1::Event::kWrapUpStarted:
      LetGo(contact);
      contact.record.end_ms = now_ms_;
      contact.wrapping_up = true;
      Serve(contact, AgentAt(event.agent()));
      break;
    case v1::Event::kContactEnded:
      End(event.contact_ended(), contact);
      break;
    default:
      break;
  }
}

// Offers count until somebody takes the contact: what follows is not played again.
void HistoryReader::TakeOffer(const v1::Event& event, Contact& contact) {
  const size_t agent = AgentAt(event.agent());
  Suppose(agents_[agent], true, true);
  ContactRecord& record = contact.record;
  if (event.has_offer_made()) {
    if (record.accept_ms) return;
    if (!record.first_offer_ms) record.first_offer_ms = now_ms_;
    ++record.offer_count;
    contact.offers[event.offer_made().offer()] = {agent, agents_[agent].offer_count++, now_ms_};
    return;
  }
  const auto offer = contact.offers.find(event.offer_accepted().offer());
  if (offer != contact.offers.end() && !record.accept_ms) {
    record.accept_ms = now_ms_;
    record.agent = static_cast<int>(agent);
    record.outcome = Outcome::kCompleted;
    contact.traced.accept_ms = now_ms_ - offer->second.made_ms;
    agents_[agent].answer_ms += *contact.traced.accept_ms;
    ++agents_[agent].answer_count;
  }
  contact.offers.clear();
  Serve(contact, agent);
}

void HistoryReader::Close(const v1::OfferClosedEvent& closed, Contact& contact) {
  const auto it = contact.offers.find(closed.offer());
  if (it == contact.offers.end()) return;
  const Offer offer = it->second;
  contact.offers.erase(it);
  if (closed.state() == v1::Offer::STATE_REVOKED) return;
  Refusal refusal = {.number = offer.number};
  if (closed.state() == v1::Offer::STATE_DECLINED) refusal.declined_ms = now_ms_ - offer.made_ms;
  agents_[offer.agent].traced.refusals.push_back(refusal);
}

void HistoryReader::Serve(Contact& contact, size_t agent) {
  LetGo(contact);
  Count(agents_[agent]);
  ++agents_[agent].busy;
  contact.agent = agent;
  contact.since_ms = now_ms_;
}

void HistoryReader::LetGo(Contact& contact) {
  if (!contact.agent) return;
  Agent& agent = agents_[*contact.agent];
  Count(agent);
  --agent.busy;
  contact.agent.reset();
  (contact.wrapping_up ? contact.traced.wrap_ms : contact.traced.handle_ms) += now_ms_ - contact.since_ms;
}

void HistoryReader::End(const v1::ContactEnded& ended, Contact& contact) {
  LetGo(contact);
  contact.ended = true;
  ContactRecord& record = contact.record;
  if (!record.end_ms) record.end_ms = now_ms_;
  if (record.accept_ms) return;
  const bool by_rule = ended.reason() == v1::Contact::END_REASON_REJECTED ||
                       ended.reason() == v1::Contact::END_REASON_OVERFLOWED ||
                       ended.reason() == v1::Contact::END_REASON_EXPIRED;
  if (by_rule) return;
  record.outcome = Outcome::kAbandoned;
  contact.traced.patience_ms = now_ms_ - contact.traced.at_ms;
}

// Requires: the agents are still as at the last event.
void HistoryReader::FinishContacts() {
  std::erase_if(contacts_, [](const Contact& contact) { return contact.put_off && !contact.ended; });
  Means means;
  for (const Contact& contact : contacts_) {
    if (contact.record.accept_ms && contact.ended) means.Add(contact.traced);
  }
  for (Contact& contact : contacts_) {
    LetGo(contact);
    if (contact.record.accept_ms && contact.ended) continue;
    TraceContact& traced = contact.traced;
    const Mean usual = means.For(traced);
    if (!contact.wrapping_up) traced.handle_ms = std::max(traced.handle_ms, usual.handle_ms);
    traced.wrap_ms = std::max(traced.wrap_ms, usual.wrap_ms);
  }
  std::stable_sort(contacts_.begin(), contacts_.end(),
                   [](const Contact& a, const Contact& b) { return a.traced.at_ms < b.traced.at_ms; });
}

absl::StatusOr<History> HistoryReader::Finish() {
  if (!start_ns_ || contacts_.empty() || config_.id().empty()) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "JOURNAL_EMPTY",
                       "it tells of no contact yet, so there is nothing to simulate");
  }
  FinishContacts();
  FinishAgents();
  History history;
  const std::string since = TimeText(*start_ns_);
  if (first_sequence_ > 1) {
    history.notes.push_back(absl::StrCat("events are kept from ", first_sequence_, " (", since, ") on; ",
                                         earlier_.size(), " contacts that came before are left out"));
  }
  if (rules_count_ > 1) {
    history.notes.push_back(absl::StrCat("the rules were loaded ", rules_count_,
                                         " times meanwhile; its own are those in force at the end"));
  }
  if (passed_on_count_ > 0) {
    history.notes.push_back(absl::StrCat("contacts were passed on ", passed_on_count_,
                                         " times; in a run the first agent serves the whole conversation"));
  }
  history.trace.name = absl::StrCat(config_.id(), " since ", since);
  history.trace.horizon_ms = now_ms_ + 1;
  history.trace.start = core::Instant(core::Duration(*start_ns_));
  history.trace.agents_of_rules = true;
  for (Agent& agent : agents_) {
    std::sort(agent.traced.refusals.begin(), agent.traced.refusals.end(),
              [](const Refusal& a, const Refusal& b) { return a.number < b.number; });
    history.trace.agents.push_back(std::move(agent.traced));
    history.run.agents.push_back(agent.record);
  }
  for (Contact& contact : contacts_) {
    history.trace.contacts.push_back(std::move(contact.traced));
    history.run.contacts.push_back(contact.record);
  }
  history.config = std::move(config_);
  return history;
}

absl::StatusOr<History> ReadHistory(const std::string& path) {
  HistoryReader reader;
  const auto here = [&path](absl::Status status) {  // The reader knows no path.
    if (status.ok()) return status;
    return base::Error(status.code(), base::ReasonOf(status), absl::StrCat("journal ", path, ": ", status.message()));
  };
  journal::JournalVisitors visitors;
  visitors.record = [&](std::string_view bytes) {
    v1::SnapshotRecord record;
    if (record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return here(reader.TakeSnapshot(record));
    return here(base::Error(absl::StatusCode::kDataLoss, "JOURNAL_DAMAGED", "a record of its snapshot can't be read"));
  };
  visitors.entry = [&](int64_t sequence, std::string_view bytes) {
    const absl::StatusOr<v1::Event> event = engine::ParseEntry(sequence, bytes);
    return here(event.ok() ? reader.Take(*event) : event.status());
  };
  const absl::StatusOr<journal::JournalExtent> extent = journal::ReadSqliteJournal(path, visitors);
  if (!extent.ok()) return extent.status();
  absl::StatusOr<History> history = reader.Finish();
  if (!history.ok()) return here(history.status());
  return history;
}

}  // namespace routerd::simulate
