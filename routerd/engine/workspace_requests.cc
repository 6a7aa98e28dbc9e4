// What each request means.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/messages.h"
#include "routerd/engine/names.h"
#include "routerd/engine/workspace_impl.h"

namespace routerd::engine {
namespace {

using absl::StatusCode;
using base::Error;

// An acknowledgement is written when it is this much further than the last one written.
constexpr int64_t kAcknowledgeEvery = 1'000;

absl::Status UnknownContact(const ContactRef& ref) {
  return Error(StatusCode::kNotFound, "CONTACT_UNKNOWN",
               ref.name.empty() ? absl::StrCat("adapter ", ref.adapter, " brought no contact \"", ref.source_id,
                                               "\", or it ended more than a day ago")
                                : absl::StrCat("no contact ", ref.name));
}

absl::Status Ended(const std::string& name, const char* how) {
  return Error(StatusCode::kFailedPrecondition, "CONTACT_ENDED",
               absl::StrCat(name, " ", how, "; open a new contact to go on, in the same conversation if you like"));
}

std::shared_ptr<const v1::Contact> Shared(v1::Contact contact) {
  return std::make_shared<const v1::Contact>(std::move(contact));
}

// An ended contact as calls that change things return it.
std::shared_ptr<const v1::Contact> WithoutLife(const v1::Contact& record) {
  v1::Contact contact = record;
  contact.clear_life();
  contact.mutable_context()->clear_transcript();
  contact.mutable_context()->clear_earlier_message_count();
  return Shared(std::move(contact));
}

}  // namespace

// --- Finding contacts ---

absl::StatusOr<WorkspaceImpl::Found> WorkspaceImpl::Find(const ContactRef& ref) const {
  Found found;
  if (ref.name.empty()) {
    found.id = dossier_.sources().Find(ref.adapter, ref.source_id).value_or(core::kNoContact);
  } else {
    found.id = ParseContact(ref.name);
  }
  if (found.id == core::kNoContact) return UnknownContact(ref);
  found.live = dossier_.Find(found.id);
  if (found.live == nullptr) found.ended = ended_.Find(ContactName(found.id), *journal_);
  if (found.live == nullptr && found.ended == nullptr) return UnknownContact(ref);
  const std::string& adapter = found.live != nullptr ? found.live->head.adapter() : found.ended->adapter();
  if (!ref.adapter.empty() && adapter != ref.adapter) return UnknownContact(ref);
  return found;
}

absl::StatusOr<const ContactFile*> WorkspaceImpl::FindLive(const ContactRef& ref) const {
  const absl::StatusOr<Found> found = Find(ref);
  if (!found.ok()) return found.status();
  if (found->live == nullptr) return Ended(found->ended->name(), "has ended");
  return found->live;
}

absl::Status WorkspaceImpl::CheckTalking(const ContactFile& file, const std::string& agent, bool internal) const {
  if (file.head.state() == v1::Contact::STATE_WRAP_UP) {
    return Ended(file.head.name(), "is in wrap-up: its conversation is over");
  }
  if (agent.empty()) return absl::OkStatus();
  if (file.head.consulted_agent() == AgentName(agent)) {
    if (internal) return absl::OkStatus();
    return Error(StatusCode::kFailedPrecondition, "CONSULTED_ONLY",
                 absl::StrCat("agents/", agent, " is only consulted on ", file.head.name(),
                              "; it can write internal messages, to its colleague"));
  }
  if (file.head.agent() != AgentName(agent)) {
    return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_YOURS",
                 absl::StrCat(file.head.name(), " is not held by agents/", agent));
  }
  if (!file.served()) {
    return Error(StatusCode::kFailedPrecondition, "CONTACT_WRONG_STATE",
                 absl::StrCat(file.head.name(), " is only offered to agents/", agent, "; accept it first"));
  }
  return absl::OkStatus();
}

absl::StatusOr<WorkspaceImpl::Earlier> WorkspaceImpl::FindConversation(const std::string& name,
                                                                       const std::string& customer) const {
  const auto not_theirs = [&] {
    return Error(StatusCode::kPermissionDenied, "CONVERSATION_NOT_YOURS",
                 absl::StrCat(name, " is another customer's; leave it empty to open a new one"));
  };
  Earlier earlier{name, {}, 0, ""};
  if (const auto live = dossier_.FindConversation(name)) {
    if (live->customer() != customer) return not_theirs();
    earlier.last_sequence = live->last_sequence();
    earlier.owner = live->owner();
    return earlier;
  }
  const v1::SnapshotSource* last = dossier_.sources().FindConversation(name);
  const auto record = last == nullptr ? nullptr : ended_.Find(last->contact(), *journal_);
  if (record == nullptr) {
    return Error(StatusCode::kNotFound, "CONVERSATION_UNKNOWN",
                 absl::StrCat("no conversation ", name, " within the last day; leave it empty to open a new one"));
  }
  if (last->customer() != customer) return not_theirs();
  earlier.messages.assign(record->context().transcript().begin(), record->context().transcript().end());
  earlier.owner = record->owner_agent();
  if (!earlier.messages.empty()) earlier.last_sequence = earlier.messages.back().sequence();
  return earlier;
}

// --- Events that the engine makes itself ---

v1::Event WorkspaceImpl::EventOf(const ContactFile& file) const {
  v1::Event event;
  *event.mutable_time() = ToProto(now_);
  event.set_contact(file.head.name());
  event.set_agent(file.head.agent());
  event.set_queue(file.head.queue());
  event.set_adapter(file.head.adapter());
  event.set_contact_source_id(file.head.source_id());
  return event;
}

void WorkspaceImpl::Complete(v1::Event& event, Admission& admission, const Earlier& earlier) const {
  v1::Contact& contact = *event.mutable_contact_created()->mutable_contact();
  v1::Context context = std::move(*admission.contact.mutable_context());
  context.mutable_customer()->set_vip(contact.context().customer().vip());
  contact.set_adapter(admission.contact.adapter());
  contact.set_source_id(admission.contact.source_id());
  contact.set_customer_connected(admission.contact.customer_connected());
  // A conversation is called after the contact that began it.
  contact.set_conversation(
      earlier.name.empty() ? absl::StrCat(Sv(kConversations), Sv(BareName(contact.name(), kContacts))) : earlier.name);
  contact.set_owner_agent(earlier.owner);
  event.set_adapter(contact.adapter());
  event.set_contact_source_id(contact.source_id());

  google::protobuf::RepeatedPtrField<v1::Message> transcript;
  for (const v1::Message& message : earlier.messages) *transcript.Add() = message;
  int64_t sequence = earlier.last_sequence;
  for (v1::Message& message : *context.mutable_transcript()) {
    message.set_sequence(++sequence);
    *message.mutable_create_time() = event.time();
    message.set_contact(contact.name());
    *transcript.Add() = std::move(message);
  }
  *context.mutable_transcript() = std::move(transcript);
  const v1::QueueConfig* queue = dossier_.directory().FindQueue(contact.queue());
  if (queue != nullptr && queue->has_service_level_target()) {
    v1::Promise& promise = *context.add_promises();
    promise.set_kind("answer");
    *promise.mutable_due_time() = ToProto(now_ + FromProto(queue->service_level_target()));
  }
  if (contact.has_deadline_time()) {
    v1::Promise& promise = *context.add_promises();
    promise.set_kind("reply");
    *promise.mutable_due_time() = contact.deadline_time();
  }
  *contact.mutable_context() = std::move(context);
}

// A contact as it stands now, ended or not.
Outcome WorkspaceImpl::OutcomeOf(core::ContactId contact) const {
  std::string name = ContactName(contact);
  if (const ContactFile* file = dossier_.Find(contact)) return {name, Shared(ContactOf(*file)), nullptr, nullptr};
  const auto record = ended_.Find(name, *journal_);
  return {name, record == nullptr ? nullptr : WithoutLife(*record), nullptr, nullptr};
}

// --- From adapters ---

WorkspaceImpl::Result WorkspaceImpl::Handle(CreateContact& r, Done&) {
  if (const auto known = dossier_.sources().Find(r.request.adapter(), r.request.source_id())) {
    Outcome outcome{ContactName(*known), nullptr, nullptr, nullptr};
    if (const ContactFile* file = dossier_.Find(*known)) {
      outcome.state = Shared(ContactOf(*file));
    } else if (const auto record = ended_.Find(outcome.contact, *journal_)) {
      outcome.state = WithoutLife(*record);
    } else {  // Its record is no longer kept.
      v1::Contact contact;
      contact.set_name(outcome.contact);
      contact.set_state(v1::Contact::STATE_ENDED);
      contact.set_adapter(r.request.adapter());
      contact.set_source_id(r.request.source_id());
      outcome.state = Shared(std::move(contact));
    }
    return outcome;
  }
  if (draining_) {
    return Error(StatusCode::kUnavailable, "SHUTTING_DOWN", "the daemon is stopping and takes no new contacts");
  }
  absl::StatusOr<Admission> admission = Admit(r.request, r.lane_max, dossier_);
  if (!admission.ok()) return admission.status();
  Earlier earlier;
  if (!r.request.conversation().empty()) {
    auto found = FindConversation(r.request.conversation(), admission->contact.context().customer().id());
    if (!found.ok()) return found.status();
    earlier = *std::move(found);
  }
  admission->command.known_agents = KnownAgentsOf(*admission, earlier.owner, dossier_, now_);
  admission->command.returned = PlaceLeft(*admission, dossier_, now_);
  admission->command.linked_with = SharesPlaceWith(*admission, dossier_);
  admission->command.contact_count = RecentContactCount(*admission, dossier_, now_);
  admitting_ = {&*admission, &earlier};
  const absl::StatusOr<core::Reply> reply = Decide(admission->command);
  admitting_ = {nullptr, nullptr};
  if (!reply.ok()) return reply.status();
  return OutcomeOf(reply->contact);
}

WorkspaceImpl::Result WorkspaceImpl::Handle(UpdateContact& r, Done&) {
  const absl::StatusOr<const ContactFile*> file = FindLive(r.contact);
  if (!file.ok()) return file.status();
  const core::ContactId id = (*file)->id;
  if (r.request.has_vip() && !r.request.vip().empty() && !(*file)->context.customer().verified()) {
    return Error(StatusCode::kFailedPrecondition, "CUSTOMER_NOT_VERIFIED",
                 absl::StrCat((*file)->head.name(), " is of a customer whom nobody verified; VIP levels are for those ",
                              "whose identity is known"));
  }
  if (r.request.has_attributes()) {
    google::protobuf::Struct merged = (*file)->context.attributes();
    for (const auto& [key, value] : r.request.attributes().fields()) (*merged.mutable_fields())[key] = value;
    if (const absl::Status status = CheckAttributes(merged); !status.ok()) return status;
  }
  if (r.request.has_lane()) {
    // Who has no say in lanes has none in taking one back, either.
    const absl::Status status = CheckLane(std::max(r.request.lane(), 1), r.lane_max);
    if (!status.ok()) return status;
  }
  if (r.request.has_head_start() || r.request.has_vip() || r.request.has_lane() || r.request.labels_size() > 0 ||
      r.request.has_deadline_time()) {
    core::UpdateContact command{.contact = id};
    if (r.request.has_lane()) command.lane = r.request.lane();
    if (r.request.has_deadline_time()) command.deadline = FromProto(r.request.deadline_time());
    command.labels.assign(r.request.labels().begin(), r.request.labels().end());
    if (r.request.has_head_start()) {
      command.head_start = std::chrono::floor<std::chrono::milliseconds>(FromProto(r.request.head_start()));
    }
    if (r.request.has_vip()) command.vip = r.request.vip();
    const absl::StatusOr<core::Reply> reply = Decide(command);
    if (!reply.ok()) return reply.status();
  }
  const ContactFile* now = dossier_.Find(id);
  const bool connects =
      r.request.has_customer_connected() && r.request.customer_connected() != now->head.customer_connected();
  if (r.request.has_attributes() || connects) {
    v1::Event event = EventOf(*now);
    if (r.request.has_attributes()) *event.mutable_context_updated()->mutable_attributes() = r.request.attributes();
    if (connects) event.mutable_context_updated()->set_customer_connected(r.request.customer_connected());
    Write(std::move(event));
  }
  return Outcome{now->head.name(), Shared(ContactOf(*now)), nullptr, nullptr};
}

WorkspaceImpl::Result WorkspaceImpl::Handle(EndContact& r, Done&) {
  const absl::StatusOr<Found> found = Find(r.contact);
  if (!found.ok()) return found.status();
  const std::string name = ContactName(found->id);
  if (found->live == nullptr) return Outcome{name, WithoutLife(*found->ended), nullptr, nullptr};
  const absl::StatusOr<core::Reply> reply = Decide(core::EndContact{found->id, r.by_operator, r.reason});
  if (!reply.ok()) return reply.status();
  return OutcomeOf(found->id);
}

WorkspaceImpl::Result WorkspaceImpl::Handle(RequestCallback& r, Done&) {
  const absl::StatusOr<const ContactFile*> file = FindLive(r.contact);
  if (!file.ok()) return file.status();
  const absl::StatusOr<core::Reply> reply = Decide(core::RequestCallback{(*file)->id, r.at});
  if (!reply.ok()) return reply.status();
  return OutcomeOf(reply->contact);
}

WorkspaceImpl::Result WorkspaceImpl::Handle(GetContact& r, Done&) {
  const absl::StatusOr<Found> found = Find(r.contact);
  if (!found.ok()) return found.status();
  return Outcome{ContactName(found->id),
                 Shared(ForAdapter(found->live != nullptr ? RecordOf(*found->live) : *found->ended)), nullptr, nullptr};
}

WorkspaceImpl::Result WorkspaceImpl::Handle(AttachAdapter& r, Done& done) {
  int64_t after = r.resume_after.value_or(0);
  if (after == 0) after = std::max(dossier_.AcknowledgedBy(r.adapter), acknowledged_[r.adapter]);
  out_->Answer(std::exchange(done, nullptr), Outcome());
  feed_.AttachAdapter(r.adapter, std::move(r.sink), after, *journal_, *out_);
  estimate_at_ = now_;  // It has been told none.
  told_.clear();
  return Outcome();
}

WorkspaceImpl::Result WorkspaceImpl::Handle(DetachAdapter& r, Done&) {
  feed_.DetachAdapter(r.adapter, r.sink);
  JournalAcknowledgement(r.adapter);
  return Outcome();
}

WorkspaceImpl::Result WorkspaceImpl::Handle(AcknowledgeEvents& r, Done&) {
  int64_t& acknowledged = acknowledged_[r.adapter];
  acknowledged = std::max(acknowledged, std::min(r.sequence, sequence_));
  if (acknowledged - dossier_.AcknowledgedBy(r.adapter) >= kAcknowledgeEvery) JournalAcknowledgement(r.adapter);
  return Outcome();
}

void WorkspaceImpl::JournalAcknowledgement(const std::string& adapter) {
  const auto acknowledged = acknowledged_.find(adapter);
  if (acknowledged == acknowledged_.end() || acknowledged->second <= dossier_.AcknowledgedBy(adapter)) return;
  v1::Event event;
  *event.mutable_time() = ToProto(now_);
  event.mutable_adapter_acknowledged()->set_adapter(adapter);
  event.mutable_adapter_acknowledged()->set_sequence(acknowledged->second);
  Write(std::move(event));
}

// --- From both sides ---

WorkspaceImpl::Result WorkspaceImpl::Handle(PostMessage& r, Done&) {
  const absl::StatusOr<Found> found = Find(r.contact);
  if (!found.ok()) return found.status();
  const std::string name = ContactName(found->id);
  const Side side = r.agent.empty() ? Side::kCustomer : Side::kAgent;
  if (found->live == nullptr) {  // A repeat of one that was taken in time is still a repeat.
    for (const v1::Message& message : found->ended->context().transcript()) {
      if (message.contact() == name && SideOf(message.author()) == side && message.source_id() == r.source_id) {
        return Outcome{name, nullptr, std::make_shared<const v1::Message>(message), nullptr};
      }
    }
    return Ended(name, "has ended");
  }
  const ContactFile& file = *found->live;
  if (const v1::Message* known = file.conversation->Find(name, side, r.source_id)) {
    return Outcome{name, nullptr, std::make_shared<const v1::Message>(*known), nullptr};
  }
  if (const absl::Status status = CheckTalking(file, r.agent, r.internal); !status.ok()) return status;
  if (const absl::Status status = CheckText(r.text, dossier_.directory().limits()); !status.ok()) return status;
  v1::Event event = EventOf(file);
  v1::Message& message = *event.mutable_message_posted()->mutable_message();
  message.set_sequence(file.conversation->last_sequence() + 1);
  message.set_source_id(std::move(r.source_id));
  if (side == Side::kCustomer) {
    message.set_author(v1::Message::AUTHOR_CUSTOMER);
    message.set_author_id(file.context.customer().id());
    message.set_author_display_name(file.context.customer().display_name());
  } else {
    message.set_author(dossier_.directory().IsBot(r.agent) ? v1::Message::AUTHOR_BOT : v1::Message::AUTHOR_AGENT);
    message.set_author_id(AgentName(r.agent));
    message.set_author_display_name(std::string(dossier_.directory().AgentDisplayName(r.agent)));
  }
  message.set_text(std::move(r.text));
  message.set_internal(r.internal);
  *message.mutable_create_time() = event.time();
  message.set_delivery(v1::Message::DELIVERY_STORED);
  message.set_contact(name);
  message.set_channel(file.head.channel());
  auto taken = std::make_shared<const v1::Message>(message);
  const core::ContactId contact = file.id;
  Write(std::move(event));
  if (side == Side::kCustomer) {
    const absl::StatusOr<core::Reply> reply = Decide(core::CustomerActive{contact});
    if (!reply.ok()) return reply.status();
  }
  return Outcome{name, nullptr, std::move(taken), nullptr};
}

WorkspaceImpl::Result WorkspaceImpl::Handle(Typing& r, Done&) {
  const absl::StatusOr<const ContactFile*> found = FindLive(r.contact);
  if (!found.ok()) return found.status();
  const ContactFile& file = **found;
  if (const absl::Status status = CheckTalking(file, r.agent); !status.ok()) return status;
  if (r.agent.empty()) {
    if (!file.held()) return Outcome{file.head.name(), nullptr, nullptr, nullptr};
    v1::WorkResponse response;
    response.mutable_typing()->set_contact(file.head.name());
    response.mutable_typing()->set_on(r.on);
    feed_.TellAgent(std::string(BareName(file.head.agent(), kAgents)), std::move(response), *out_);
  } else {
    v1::ConnectResponse note = AdapterNote(file);
    *note.mutable_time() = ToProto(now_);
    note.mutable_typing()->set_contact(file.head.name());
    note.mutable_typing()->set_contact_source_id(file.head.source_id());
    note.mutable_typing()->set_on(r.on);
    feed_.TellAdapter(file.head.adapter(), std::move(note), *out_);
  }
  return Outcome{file.head.name(), nullptr, nullptr, nullptr};
}

WorkspaceImpl::Result WorkspaceImpl::Handle(ReportDelivery& r, Done&) {
  const absl::StatusOr<Found> found = Find(r.contact);
  if (!found.ok()) return found.status();
  const std::string name = ContactName(found->id);
  if (found->live == nullptr) return Outcome{name, nullptr, nullptr, nullptr};  // Late; nobody asks any more.
  const ContactFile& file = *found->live;
  if (!r.agent.empty() && (file.head.agent() != AgentName(r.agent) || !file.held())) {
    return Error(StatusCode::kFailedPrecondition, "CONTACT_NOT_YOURS",
                 absl::StrCat(name, " is not held by agents/", r.agent));
  }
  const int64_t sequence = std::min(r.sequence, file.conversation->last_sequence());
  const ReadMarks& marks = r.agent.empty() ? file.customer_marks : file.agent_marks;
  const bool seen = r.delivery == v1::Message::DELIVERY_SEEN;
  if (sequence <= (seen ? marks.seen : marks.delivered)) return Outcome{name, nullptr, nullptr, nullptr};
  v1::Event event = EventOf(file);
  v1::MessagesDelivered& delivered = *event.mutable_messages_delivered();
  delivered.set_message_sequence(sequence);
  delivered.set_delivery(seen ? v1::Message::DELIVERY_SEEN : v1::Message::DELIVERY_DELIVERED);
  delivered.set_by(r.agent.empty() ? v1::Message::AUTHOR_CUSTOMER : v1::Message::AUTHOR_AGENT);
  Write(std::move(event));
  return Outcome{name, nullptr, nullptr, nullptr};
}

// --- From agents ---

WorkspaceImpl::Result WorkspaceImpl::Handle(AttachAgent& r, Done& done) {
  core::SignIn command;
  command.agent = r.sign_in.agent();
  if (r.sign_in.presence() != v1::PRESENCE_UNSPECIFIED) command.presence = FromProto(r.sign_in.presence());
  for (const v1::ChannelCapacity& channel : r.sign_in.channels()) {
    command.channels.push_back({channel.channel(), channel.max_count()});
  }
  // A second desk joins: what the first one narrowed stays.
  const auto known = router_.FindAgent(command.agent);
  if (known && command.channels.empty() && router_.agent(*known).presence != core::Presence::kOffline) {
    const core::AgentData& data = router_.agent(*known);
    for (size_t i = 0; i < data.count_max.size(); ++i) {
      const core::ChannelId channel{static_cast<uint32_t>(i)};
      command.channels.push_back({std::string(router_.NameOf(channel)), data.count_max[i]});
    }
  }
  const absl::StatusOr<core::Reply> reply = Decide(command);
  if (!reply.ok()) return reply.status();
  const absl::StatusOr<core::Reply> connected = Decide(core::SetConnected{command.agent, true});
  if (!connected.ok()) return connected.status();

  const core::AgentId agent = *router_.FindAgent(command.agent);
  auto picture = std::make_shared<v1::WorkResponse>();
  *picture->mutable_picture() = PictureOf(router_, dossier_, agent, now_);
  Outcome outcome;
  outcome.agent = std::make_shared<const v1::Agent>(picture->picture().agent());
  out_->Answer(std::exchange(done, nullptr), outcome);
  out_->Deliver<v1::WorkResponse>(r.sink, std::move(picture));
  feed_.AttachDesk(command.agent, std::move(r.sink));
  return outcome;
}

WorkspaceImpl::Result WorkspaceImpl::Handle(DetachAgent& r, Done&) {
  if (!feed_.DetachDesk(r.agent, r.sink)) return Outcome();
  const auto agent = router_.FindAgent(r.agent);
  if (!agent || router_.agent(*agent).presence == core::Presence::kOffline) return Outcome();
  const absl::StatusOr<core::Reply> reply = Decide(core::SetConnected{r.agent, false});
  if (!reply.ok()) return reply.status();
  return Outcome();
}

WorkspaceImpl::Result WorkspaceImpl::Handle(Route& r, Done&) {
  if (std::holds_alternative<core::CreateContact>(r.command) || std::holds_alternative<core::Recover>(r.command)) {
    return Error(StatusCode::kInvalidArgument, "NOT_ROUTED", "contacts come by CreateContact, recovery by Open");
  }
  const absl::StatusOr<core::Reply> reply = Decide(r.command);
  if (!reply.ok()) return reply.status();
  Outcome outcome;
  if (reply->contact != core::kNoContact) outcome.contact = ContactName(reply->contact);
  const bool by_supervisor = std::holds_alternative<core::AssignContact>(r.command) ||
                             std::holds_alternative<core::TakeOverContact>(r.command) ||
                             std::holds_alternative<core::RequeueContact>(r.command) ||
                             std::holds_alternative<core::UpdateContact>(r.command);
  if (by_supervisor) {
    if (const ContactFile* file = dossier_.Find(reply->contact)) outcome.state = Shared(ContactOf(*file));
  }
  if (const auto* presence = std::get_if<core::SetPresence>(&r.command)) {
    if (const auto agent = router_.FindAgent(presence->agent)) {
      outcome.agent = std::make_shared<const v1::Agent>(AgentOf(router_, dossier_.directory(), *agent));
    }
  }
  return outcome;
}

// --- From watchers ---

WorkspaceImpl::Result WorkspaceImpl::Handle(AttachWatcher& r, Done&) {
  const absl::Status status = feed_.AttachWatcher(r.after, std::move(r.subject), std::move(r.sink), *journal_, *out_);
  if (!status.ok()) return status;
  return Outcome();
}

WorkspaceImpl::Result WorkspaceImpl::Handle(DetachWatcher& r, Done&) {
  feed_.DetachWatcher(r.sink);
  return Outcome();
}

}  // namespace routerd::engine
