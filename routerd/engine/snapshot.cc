#include "routerd/engine/snapshot.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "routerd/base/error.h"
#include "routerd/engine/names.h"
#include "routerd/engine/policy_compile.h"

namespace routerd::engine {
namespace {

constexpr int kFormat = 1;

// Maps in the order of their keys, so that equal records are equal bytes.
std::string Serialize(const v1::SnapshotRecord& record) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  record.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

int64_t Ns(core::Instant at) { return at.time_since_epoch().count(); }
core::Instant FromNs(int64_t ns) { return core::Instant(core::Duration(ns)); }

void AddNames(const std::vector<std::string>& names, google::protobuf::RepeatedPtrField<std::string>* out) {
  for (const std::string& name : names) *out->Add() = name;
}

void SetRequirements(const core::Skills& skills, const core::Router& names,
                     google::protobuf::RepeatedPtrField<v1::SkillRequirement>* out) {
  for (const core::SkillTier& skill : skills) {
    v1::SkillRequirement& requirement = *out->Add();
    requirement.set_skill(std::string(names.NameOf(skill.skill)));
    requirement.set_tier(ToProto(skill.tier));
  }
}

void ExportWarm(const core::WarmTransfer& warm, const core::Router& names, v1::SnapshotContact& record) {
  if (warm.to_agent != core::kNoAgent) record.set_warm_target_agent(std::string(names.NameOf(warm.to_agent)));
  if (warm.to_queue != core::kNoQueue) record.set_warm_target_queue(std::string(names.NameOf(warm.to_queue)));
  record.set_warm_until_ns(Ns(warm.until));
  SetRequirements(warm.requirements, names, record.mutable_warm_requirements());
  record.set_warm_reason(warm.reason);
  record.set_warm_summary(warm.summary);
}

void ExportRouterPart(const core::ContactData& data, const core::Router& names, v1::SnapshotContact& record) {
  record.set_own_head_start_ns(data.own_head_start.count());
  record.set_relax_step(data.step);
  if (data.reserved_agent != core::kNoAgent) record.set_reserved_agent(std::string(names.NameOf(data.reserved_agent)));
  record.set_reserved_until_ns(Ns(data.reserved_until));
  record.set_reserved_reason(core::ToString(data.known_as));
  if (data.deadline != core::kNever) record.set_deadline_ns(Ns(data.deadline));
  record.set_contact_count(data.contact_count);
  record.set_value_shift_ns(data.order_shift.count());
  record.set_escalation_done(data.escalation_done);
  for (const core::BackOff& back_off : data.back_offs) {
    v1::SnapshotBackOff& out = *record.add_back_offs();
    out.set_agent(std::string(names.NameOf(back_off.agent)));
    out.set_until_ns(Ns(back_off.until));
  }
  record.set_overflow_done(data.overflow_done);
  record.set_schedule_ns(Ns(data.schedule_at));
  if (data.scheduled_agent != core::kNoAgent) {
    record.set_scheduled_agent(std::string(names.NameOf(data.scheduled_agent)));
  }
  record.set_callback_attempt_count(data.callback_attempts);
  if (data.room_agent != core::kNoAgent) record.set_room_agent(std::string(names.NameOf(data.room_agent)));
  for (const core::OpenOffer& offer : data.more_offers) {
    v1::SnapshotOffer& out = *record.add_offers();
    out.set_offer(core::Index(offer.offer));
    out.set_agent(std::string(names.NameOf(offer.agent)));
    out.set_made_ns(Ns(data.offered_at));
    out.set_until_ns(Ns(offer.until));
    out.set_cost(offer.cost);
  }
  if (data.warm) ExportWarm(*data.warm, names, record);
  for (const core::OfferId lost : data.lost_offers) record.add_offers()->set_offer(core::Index(lost));
  record.set_cost(data.cost);
  record.set_until_ns(Ns(data.until));
  record.set_offered_ns(Ns(data.offered_at));
  record.set_accepted_ns(Ns(data.accepted_at));
  record.set_vip(std::string(names.NameOf(data.vip)));
  record.set_wrap_up_extension_count(data.extension_count);
  record.set_may_exceed_capacity(data.may_exceed);
  record.set_customer_active_ns(Ns(data.customer_at));
  record.set_bot_done(data.bot_done);
  if (data.consulted != core::kNoAgent) record.set_consulted_agent(std::string(names.NameOf(data.consulted)));
}

absl::Status Damaged(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "SNAPSHOT_DAMAGED", absl::StrCat("snapshot: ", Sv(what)));
}

// The number that a name has in a table of the header.
template <typename Id>
std::optional<Id> IndexOf(const std::vector<std::string>& names, std::string_view name) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return Id{static_cast<uint32_t>(i)};
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> ExportSnapshot(const core::Router& router, const Dossier& dossier,
                                        const Statistics& statistics, int64_t sequence) {
  const core::RouterState state = router.Export();
  std::vector<std::string> records;
  const auto add = [&records](const v1::SnapshotRecord& record) { records.push_back(Serialize(record)); };
  v1::SnapshotRecord record;

  v1::SnapshotHeader& header = *record.mutable_header();
  header.set_format(kFormat);
  header.set_sequence(sequence);
  *header.mutable_time() = ToProto(state.now);
  *header.mutable_workspace() = dossier.directory().config();
  header.set_last_contact_id(core::Index(state.last_contact));
  header.set_last_offer_id(core::Index(state.last_offer));
  AddNames(state.skills, header.mutable_skills());
  AddNames(state.channels, header.mutable_channels());
  AddNames(state.vips, header.mutable_vip_levels());
  AddNames(state.queues, header.mutable_queues());
  AddNames(state.agent_names, header.mutable_agents());
  add(record);

  for (const core::AgentData& data : state.agents) {
    v1::SnapshotAgent& agent = *record.mutable_agent();
    agent.Clear();
    agent.set_agent(std::string(router.NameOf(data.id)));
    agent.set_connected(data.connected);
    agent.set_presence(ToProto(data.presence));
    agent.set_presence_reason(data.presence_reason);
    agent.set_presence_time_ns(Ns(data.presence_at));
    agent.set_grace_until_ns(Ns(data.grace_until));
    agent.set_missed_count(data.missed_count);
    agent.set_idle_since_ns(Ns(data.idle_since));
    agent.set_last_offer_ns(Ns(data.last_offer_at));
    agent.set_rest_until_ns(Ns(data.rest_until));
    agent.set_accepted_count(data.accepted_count);
    agent.set_lapsed_count(data.lapsed_count);
    agent.set_declined_count(data.declined_count);
    agent.set_revoked_count(data.revoked_count);
    for (const int count_max : data.count_max) agent.add_channel_count_max(count_max);
    for (const core::PendingPresence& noted : data.noted) {
      agent.set_pending_presence(ToProto(noted.presence));
      agent.set_pending_presence_reason(noted.reason);
      agent.set_pending_presence_by(noted.by);
    }
    add(record);
  }

  for (const core::ClassData& data : state.classes) {
    v1::SnapshotClass& learned = *record.mutable_learned();
    learned.Clear();
    if (data.restricted_to != core::kNoQueue) learned.set_queue(std::string(router.NameOf(data.restricted_to)));
    learned.set_channel(std::string(router.NameOf(data.channel)));
    learned.set_for_bots(data.for_bots);
    SetRequirements(data.requirements, router, learned.mutable_requirements());
    if (data.hold_back_queue != core::kNoQueue) {
      learned.set_hold_back_queue(std::string(router.NameOf(data.hold_back_queue)));
      learned.set_held_back(data.held_back);
    }
    learned.set_handle_s_mean(data.handle_s);
    learned.set_handle_count(data.handle_count);
    learned.set_arrivals_per_s(data.arrivals_per_s);
    learned.set_arrival_ns(Ns(data.arrival_at));
    learned.set_value_shift_ns(data.value_shift.count());
    add(record);
  }

  absl::flat_hash_set<const Conversation*> written;
  for (const core::ContactData& data : state.contacts) {
    const ContactFile* file = dossier.Find(data.id);
    if (file == nullptr) continue;
    if (written.insert(file->conversation.get()).second) {
      record.mutable_conversation()->Clear();
      file->conversation->Export(*record.mutable_conversation());
      add(record);
    }
    record.mutable_contact()->Clear();
    ExportRouterPart(data, router, *record.mutable_contact());
    Dossier::Export(*file, *record.mutable_contact());
    add(record);
  }
  dossier.ExportRest(add);
  statistics.Export(add);
  return records;
}

absl::Status SnapshotImport::Take(std::string_view bytes) {
  v1::SnapshotRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Damaged("a record can't be read");
  if (!begun_ && !record.has_header()) return Damaged("it does not begin with its header");
  switch (record.record_case()) {
    case v1::SnapshotRecord::kHeader:
      return Begin(record.header());
    case v1::SnapshotRecord::kAgent:
      return TakeAgent(record.agent());
    case v1::SnapshotRecord::kLearned:
      return TakeClass(record.learned());
    case v1::SnapshotRecord::kContact: {
      absl::Status taken = TakeContact(record.contact());
      if (taken.ok()) taken = dossier_.Import(record);
      if (taken.ok()) statistics_.ImportContact(*dossier_.Find(record.contact().contact().name()));
      return taken;
    }
    case v1::SnapshotRecord::kQueue:
      statistics_.Import(record.queue());
      return absl::OkStatus();
    case v1::SnapshotRecord::RECORD_NOT_SET:
      return base::Error(absl::StatusCode::kFailedPrecondition, "SNAPSHOT_NEWER",
                         "snapshot: a record is of a kind that this version does not know; a newer version wrote it");
    default:
      return dossier_.Import(std::move(record));
  }
}

absl::Status SnapshotImport::Begin(const v1::SnapshotHeader& header) {
  if (header.format() != kFormat) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "SNAPSHOT_NEWER",
                       absl::StrCat("snapshot: format ", header.format(), "; this version reads ", kFormat));
  }
  begun_ = true;
  v1::Event loaded;
  *loaded.mutable_policy_loaded()->mutable_workspace() = header.workspace();
  dossier_.Apply(loaded);
  state_.policy = std::make_shared<const core::Policy>(CompilePolicy(header.workspace()));
  state_.now = FromProto(header.time());
  state_.last_contact = core::ContactId{header.last_contact_id()};
  state_.last_offer = core::OfferId{header.last_offer_id()};
  state_.skills = {header.skills().begin(), header.skills().end()};
  state_.channels = {header.channels().begin(), header.channels().end()};
  state_.vips = {header.vip_levels().begin(), header.vip_levels().end()};
  state_.queues = {header.queues().begin(), header.queues().end()};
  state_.agent_names = {header.agents().begin(), header.agents().end()};
  for (size_t i = 0; i < state_.agent_names.size(); ++i) {
    agent_ids_.emplace(state_.agent_names[i], core::AgentId{static_cast<uint32_t>(i)});
  }
  return absl::OkStatus();
}

core::AgentId SnapshotImport::Agent(std::string_view name) {
  const auto it = agent_ids_.find(Sv(BareName(name, kAgents)));
  if (it != agent_ids_.end()) return it->second;
  if (!name.empty()) unknown_ = name;
  return core::kNoAgent;
}

core::Skills SnapshotImport::Requirements(
    const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
  core::Skills skills;
  for (const v1::SkillRequirement& requirement : requirements) {
    const auto skill = IndexOf<core::SkillId>(state_.skills, requirement.skill());
    if (!skill) unknown_ = requirement.skill();
    skills.push_back({skill.value_or(core::SkillId{0}), FromProto(requirement.tier())});
  }
  return skills;
}

absl::Status SnapshotImport::TakeAgent(const v1::SnapshotAgent& record) {
  core::AgentData& agent = state_.agents.emplace_back();
  agent.id = Agent(record.agent());
  if (agent.id == core::kNoAgent) return Damaged("an agent is not in its own table");
  agent.connected = record.connected();
  agent.presence = FromProto(record.presence());
  agent.presence_reason = record.presence_reason();
  agent.presence_at = FromNs(record.presence_time_ns());
  agent.grace_until = FromNs(record.grace_until_ns());
  agent.missed_count = record.missed_count();
  agent.idle_since = FromNs(record.idle_since_ns());
  agent.last_offer_at = FromNs(record.last_offer_ns());
  agent.rest_until = FromNs(record.rest_until_ns());
  agent.accepted_count = record.accepted_count();
  agent.lapsed_count = record.lapsed_count();
  agent.declined_count = record.declined_count();
  agent.revoked_count = record.revoked_count();
  agent.count_max.assign(record.channel_count_max().begin(), record.channel_count_max().end());
  if (record.pending_presence() != v1::PRESENCE_UNSPECIFIED) {
    agent.noted = {
        {FromProto(record.pending_presence()), record.pending_presence_reason(), record.pending_presence_by()}};
  }
  return absl::OkStatus();
}

absl::Status SnapshotImport::TakeClass(const v1::SnapshotClass& record) {
  core::ClassData& data = state_.classes.emplace_back();
  const auto channel = IndexOf<core::ChannelId>(state_.channels, record.channel());
  const auto queue = IndexOf<core::QueueId>(state_.queues, record.queue());
  const auto hold_back_queue = IndexOf<core::QueueId>(state_.queues, record.hold_back_queue());
  if (!channel || (!queue && !record.queue().empty()) || (!hold_back_queue && !record.hold_back_queue().empty()))
    return Damaged("a kind of work names an unknown channel or queue");
  data.channel = *channel;
  data.restricted_to = queue.value_or(core::kNoQueue);
  data.hold_back_queue = hold_back_queue.value_or(core::kNoQueue);
  data.held_back = static_cast<uint8_t>(record.held_back());
  data.for_bots = record.for_bots();
  data.requirements = Requirements(record.requirements());
  data.handle_s = record.handle_s_mean();
  data.handle_count = record.handle_count();
  data.arrivals_per_s = record.arrivals_per_s();
  data.arrival_at = FromNs(record.arrival_ns());
  data.value_shift = core::Duration(record.value_shift_ns());
  return absl::OkStatus();
}

absl::Status SnapshotImport::TakeContact(const v1::SnapshotContact& record) {
  const v1::Contact& contact = record.contact();
  core::ContactData& data = state_.contacts.emplace_back();
  data.id = ParseContact(contact.name());
  switch (contact.state()) {
    case v1::Contact::STATE_OFFERED:
      data.state = core::ContactState::kOffered;
      break;
    case v1::Contact::STATE_ACTIVE:
    case v1::Contact::STATE_DORMANT:
      data.state = core::ContactState::kActive;
      break;
    case v1::Contact::STATE_WRAP_UP:
      data.state = core::ContactState::kWrapUp;
      break;
    case v1::Contact::STATE_SCHEDULED:
      data.state = core::ContactState::kScheduled;
      break;
    default:
      data.state = core::ContactState::kQueued;
      break;
  }
  const auto queue = IndexOf<core::QueueId>(state_.queues, BareName(contact.queue(), kQueues));
  const auto channel = IndexOf<core::ChannelId>(state_.channels, contact.channel());
  const auto vip = IndexOf<core::VipId>(state_.vips, record.vip());
  if (!queue || !channel || (!vip && !record.vip().empty())) {
    return Damaged(absl::StrCat(contact.name(), " names an unknown queue, channel or VIP level"));
  }
  data.on_hold = contact.on_hold();
  data.queue = *queue;
  data.channel = *channel;
  data.vip = vip.value_or(core::kNoVip);
  data.lane = contact.lane();
  data.step = record.relax_step();
  data.rank = FromProto(contact.rank_time());
  data.created_at = FromProto(contact.create_time());
  data.queued_at = FromProto(contact.queue_time());
  data.state_at = FromProto(contact.state_time());
  data.accepted_at = FromNs(record.accepted_ns());
  data.own_head_start = core::Duration(record.own_head_start_ns());
  data.requirements = Requirements(contact.requirements());
  data.agent = Agent(contact.agent());
  data.cost = record.cost();
  data.light =
      contact.state() == v1::Contact::STATE_DORMANT || (data.state == core::ContactState::kWrapUp && data.cost == 0);
  data.may_exceed = record.may_exceed_capacity();
  data.customer_at = FromNs(record.customer_active_ns());
  data.bot_done = record.bot_done();
  data.consulted = Agent(record.consulted_agent());
  data.offer = ParseOffer(contact.offer());
  data.offered_at = FromNs(record.offered_ns());
  data.until = FromNs(record.until_ns());
  data.reserved_agent = Agent(record.reserved_agent());
  data.reserved_until = FromNs(record.reserved_until_ns());
  data.extension_count = record.wrap_up_extension_count();
  data.known_as = KnownAsFromText(record.reserved_reason());
  if (record.deadline_ns() != 0) data.deadline = FromNs(record.deadline_ns());
  data.labels.assign(contact.labels().begin(), contact.labels().end());
  data.preferences = Requirements(contact.preferences());
  data.contact_count = record.contact_count();
  data.order_shift = core::Duration(record.value_shift_ns());
  data.escalation_done = record.escalation_done();
  data.escalation_level = contact.escalation_level();
  data.supervisor_called = contact.supervisor_called();
  for (const std::string& linked : contact.linked_contacts()) data.linked.push_back(ParseContact(linked));
  data.overflow_done = record.overflow_done();
  if (record.schedule_ns() != 0) data.schedule_at = FromNs(record.schedule_ns());
  data.scheduled_agent = Agent(record.scheduled_agent());
  data.callback = contact.callback();
  data.callback_attempts = record.callback_attempt_count();
  data.room_agent = Agent(record.room_agent());
  for (const v1::SnapshotBackOff& back_off : record.back_offs()) {
    data.back_offs.push_back({Agent(back_off.agent()), FromNs(back_off.until_ns())});
  }
  for (const v1::SnapshotOffer& offer : record.offers()) {
    const core::OfferId id{offer.offer()};
    if (offer.agent().empty()) {
      data.lost_offers.push_back(id);
    } else {
      data.more_offers.push_back({id, Agent(offer.agent()), offer.cost(), FromNs(offer.until_ns())});
    }
  }
  if (record.warm_until_ns() != 0) {
    const auto to_queue = IndexOf<core::QueueId>(state_.queues, record.warm_target_queue());
    if (!to_queue && !record.warm_target_queue().empty()) unknown_ = record.warm_target_queue();
    data.warm = core::WarmTransfer{.to_agent = Agent(record.warm_target_agent()),
                                   .to_queue = to_queue.value_or(core::kNoQueue),
                                   .requirements = Requirements(record.warm_requirements()),
                                   .until = FromNs(record.warm_until_ns()),
                                   .reason = record.warm_reason(),
                                   .summary = record.warm_summary()};
  }
  if (!unknown_.empty()) return Damaged(absl::StrCat(contact.name(), " names ", unknown_, ", which is in no table"));
  return absl::OkStatus();
}

absl::StatusOr<core::Router> SnapshotImport::Finish() { return core::Router::Import(state_); }

}  // namespace routerd::engine
