#include "routerd/engine/dossier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/event_codec.h"
#include "routerd/engine/life.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

constexpr size_t kLifeStepsMax = 100;
constexpr size_t kTopicBytesMax = 200;

// Enters a state, and counts the time spent in the one before.
void Enter(ContactFile& file, v1::Contact::State state, const google::protobuf::Timestamp& time) {
  const core::Duration spent = FromProto(time) - file.state_at();
  switch (file.head.state()) {
    case v1::Contact::STATE_ACTIVE:
    case v1::Contact::STATE_DORMANT:
      file.talked += spent;
      break;
    case v1::Contact::STATE_WRAP_UP:
      file.wrapped += spent;
      break;
    case v1::Contact::STATE_SCHEDULED:  // Nobody waits.
      break;
    default:
      file.waited += spent;
      break;
  }
  file.head.set_state(state);
  *file.head.mutable_state_time() = time;
}

// The agent no longer has it.
void Release(ContactFile& file) {
  file.head.clear_agent();
  file.head.clear_offer();
  file.head.clear_offers();
  file.head.clear_on_hold();
  file.head.clear_wrap_up_expire_time();
  file.offers.clear();
}

// Shows the open offers in the contact.
void ShowOffers(ContactFile& file) {
  file.head.set_agent(file.offers.front().agent);
  file.head.set_offer(file.offers.front().name);
  file.head.clear_offers();
  if (file.offers.size() == 1) return;
  for (const ContactFile::OpenOffer& offer : file.offers) file.head.add_offers(offer.name);
}

void Merge(const google::protobuf::Struct& changes, google::protobuf::Struct& attributes) {
  for (const auto& [key, value] : changes.fields()) {
    if (value.kind_case() == google::protobuf::Value::kNullValue) {
      attributes.mutable_fields()->erase(key);
    } else {
      (*attributes.mutable_fields())[key] = value;
    }
  }
}

// Only for one agent, or for everybody again.
void Reserve(v1::Contact& head, const std::string& agent, const google::protobuf::Timestamp* until) {
  head.set_reserved_agent(agent);
  head.clear_reserved_until();
  if (until != nullptr) *head.mutable_reserved_until() = *until;
}

void AddLabels(const google::protobuf::RepeatedPtrField<std::string>& labels, v1::Contact& head) {
  head.mutable_labels()->MergeFrom(labels);
  std::sort(head.mutable_labels()->begin(), head.mutable_labels()->end());
}

// The one promise of its kind; none without a time.
void SetPromise(v1::Context& context, const std::string& kind, const google::protobuf::Timestamp* due) {
  auto& promises = *context.mutable_promises();
  promises.erase(std::remove_if(promises.begin(), promises.end(),
                                [&](const v1::Promise& promise) { return promise.kind() == kind; }),
                 promises.end());
  if (due == nullptr) return;
  v1::Promise& promise = *promises.Add();
  promise.set_kind(kind);
  *promise.mutable_due_time() = *due;
}

v1::ContactSummary Summarize(const ContactFile& file) {
  v1::ContactSummary summary;
  summary.set_contact(file.head.name());
  summary.set_channel(file.head.channel());
  summary.set_queue(file.head.queue());
  summary.set_agent(file.head.agent());
  summary.set_end_reason(v1::Contact::EndReason_Name(file.head.end_reason()));
  summary.set_disposition(file.head.disposition());
  *summary.mutable_end_time() = file.head.end_time();
  std::string_view topic = file.summary.empty() ? file.context.subject() : file.summary;
  if (topic.empty()) {
    for (const v1::Message& message : file.conversation->messages()) {
      if (message.contact() != file.head.name() || message.author() != v1::Message::AUTHOR_CUSTOMER) continue;
      topic = message.text();
      break;
    }
  }
  summary.set_topic(std::string(CutText(topic, kTopicBytesMax)));
  return summary;
}

}  // namespace

core::Instant ContactFile::state_at() const { return FromProto(head.state_time()); }

bool ContactFile::served() const {
  return head.state() == v1::Contact::STATE_ACTIVE || head.state() == v1::Contact::STATE_DORMANT;
}

const ContactFile::OpenOffer* ContactFile::OfferTo(std::string_view agent) const {
  const auto it = std::find_if(offers.begin(), offers.end(), [&](const OpenOffer& o) { return o.agent == agent; });
  return it == offers.end() ? nullptr : &*it;
}

bool ContactFile::held() const { return served() || head.state() == v1::Contact::STATE_WRAP_UP; }

v1::Contact ContactOf(const ContactFile& file) {
  v1::Contact contact = file.head;
  *contact.mutable_context() = file.context;
  return contact;
}

v1::Contact FullContact(const ContactFile& file) {
  v1::Contact contact = ContactOf(file);
  file.conversation->FillTranscript(*contact.mutable_context());
  return contact;
}

v1::Contact RecordOf(const ContactFile& file) {
  v1::Contact contact = FullContact(file);
  for (const v1::LifeStep& step : file.life) *contact.add_life() = step;
  return contact;
}

Dossier::Dossier() : directory_(std::make_shared<Directory>()) {}

std::unique_ptr<ContactFile> Dossier::Apply(const v1::Event& event) {
  switch (event.kind_case()) {
    case v1::Event::kPolicyLoaded:
      directory_ = std::make_shared<Directory>(event.policy_loaded().workspace());
      return nullptr;
    case v1::Event::kAdapterAcknowledged: {
      int64_t& sequence = acknowledged_[event.adapter_acknowledged().adapter()];
      sequence = std::max(sequence, event.adapter_acknowledged().sequence());
      return nullptr;
    }
    case v1::Event::kContactCreated:
      Create(event);
      return nullptr;
    default:
      break;
  }
  if (event.contact().empty()) return nullptr;  // Of an agent alone.
  const auto it = contacts_.find(ParseContact(event.contact()));
  if (it == contacts_.end()) return nullptr;
  ContactFile& file = *it->second;
  std::string text = LifeText(event, &file, *directory_);
  if (!text.empty()) {
    v1::LifeStep& step = file.life.emplace_back();
    *step.mutable_time() = event.time();
    step.set_event(std::string(KindName(event)));
    step.set_text(std::move(text));
    step.set_sequence(event.sequence());
    if (file.life.size() > kLifeStepsMax) file.life.pop_front();
  }
  if (event.kind_case() == v1::Event::kContactEnded) return End(event, file);
  Change(event, file);
  return nullptr;
}

void Dossier::Create(const v1::Event& event) {
  const v1::Contact& created = event.contact_created().contact();
  auto file = std::make_unique<ContactFile>();
  file->id = ParseContact(created.name());
  file->head = created;
  file->context = created.context();
  file->context.clear_transcript();
  file->context.clear_earlier_message_count();
  file->head.clear_context();
  file->conversation = ConversationOf(created.conversation(), created.context().customer().id());
  file->conversation->SetOwner(created.owner_agent());
  if (!event.contact_created().returned_from().empty()) {
    kept_places_.Take(created.context().customer().id(), created.queue());
  }
  for (const v1::Message& message : created.context().transcript()) {
    file->conversation->Add(message, directory_->limits().transcript_messages_max);
  }
  v1::LifeStep& step = file->life.emplace_back();
  *step.mutable_time() = event.time();
  step.set_event(std::string(KindName(event)));
  step.set_text(LifeText(event, nullptr, *directory_));
  step.set_sequence(event.sequence());
  sources_.Add(created.adapter(), created.source_id(), file->id);
  customers_.See(created.context().customer(), FromProto(event.time()), directory_->limits().customers_remembered_max);
  Insert(std::move(file));
}

void Dossier::Insert(std::unique_ptr<ContactFile> file) {
  by_customer_[file->context.customer().id()].push_back(file->id);
  contacts_.insert_or_assign(file->id, std::move(file));
}

std::unique_ptr<ContactFile> Dossier::End(const v1::Event& event, ContactFile& file) {
  const v1::ContactEnded& ended = event.contact_ended();
  Enter(file, v1::Contact::STATE_ENDED, event.time());
  Release(file);
  file.head.set_agent(file.served_by);
  file.head.set_owner_agent(file.conversation->owner());
  Reserve(file.head, "", nullptr);
  file.head.set_end_reason(ended.reason());
  *file.head.mutable_end_time() = event.time();
  if (!ended.disposition().empty()) file.head.set_disposition(ended.disposition());
  if (!ended.summary().empty()) file.summary = ended.summary();
  customers_.AddContact(file.context.customer().id(), Summarize(file));
  Unlink(file);
  if (ended.reason() == v1::Contact::END_REASON_ABANDONED) KeepPlace(file, FromProto(event.time()));

  v1::SnapshotSource source;
  source.set_adapter(file.head.adapter());
  source.set_source_id(file.head.source_id());
  source.set_contact(file.head.name());
  source.set_end_time_ns(FromProto(event.time()).time_since_epoch().count());
  source.set_conversation(file.head.conversation());
  source.set_customer(file.context.customer().id());
  sources_.End(std::move(source));

  const auto live = by_customer_.find(file.context.customer().id());
  live->second.erase(std::find(live->second.begin(), live->second.end(), file.id));
  if (live->second.empty()) by_customer_.erase(live);
  const auto it = contacts_.find(file.id);
  std::unique_ptr<ContactFile> out = std::move(it->second);
  contacts_.erase(it);
  // Its conversation goes with the last contact that holds it; the index entry must not outlive it.
  if (out->conversation.use_count() == 1) conversations_.erase(out->head.conversation());
  return out;
}

void Dossier::Unlink(ContactFile& file) {
  for (const std::string& name : file.head.linked_contacts()) {
    const auto other = contacts_.find(ParseContact(name));
    if (other == contacts_.end()) continue;
    auto& linked = *other->second->head.mutable_linked_contacts();
    linked.erase(std::remove(linked.begin(), linked.end(), file.head.name()), linked.end());
  }
  file.head.clear_linked_contacts();
}

void Dossier::KeepPlace(const ContactFile& file, core::Instant left_at) {
  const v1::QueueConfig* queue = directory_->FindQueue(file.head.queue());
  if (queue == nullptr || FromProto(queue->return_window()) <= core::Duration(0)) return;
  const auto ns = [](core::Instant at) { return at.time_since_epoch().count(); };
  v1::SnapshotReturn place;
  place.set_customer(file.context.customer().id());
  place.set_queue(file.head.queue());
  place.set_contact(file.head.name());
  place.set_rank_ns(ns(FromProto(file.head.rank_time())));
  place.set_queued_ns(ns(FromProto(file.head.queue_time())));
  place.set_until_ns(ns(left_at + FromProto(queue->return_window())));
  kept_places_.Keep(std::move(place), left_at);
}

void Dossier::Change(const v1::Event& event, ContactFile& file) {
  v1::Contact& head = file.head;
  switch (event.kind_case()) {
    case v1::Event::kContactReprioritized: {
      const v1::ContactReprioritized& e = event.contact_reprioritized();
      file.context.mutable_customer()->set_vip(e.vip());
      *head.mutable_rank_time() = e.rank_time();
      *head.mutable_head_start() = ToProto(core::Duration(std::chrono::milliseconds(e.head_start_ms())));
      head.set_lane(e.lane());
      if (e.has_deadline_time()) *head.mutable_deadline_time() = e.deadline_time();
      SetPromise(file.context, "reply", e.has_deadline_time() ? &e.deadline_time() : nullptr);
      if (e.call_cleared()) head.set_supervisor_called(false);
      break;
    }
    case v1::Event::kContactLinked: {
      const v1::ContactLinked& e = event.contact_linked();
      if (e.with().empty()) {
        Unlink(file);
      } else {
        head.add_linked_contacts(e.with());
      }
      *head.mutable_rank_time() = e.rank_time();
      *head.mutable_head_start() = ToProto(FromProto(head.create_time()) - FromProto(e.rank_time()));
      break;
    }
    case v1::Event::kContactLabeled:
      AddLabels(event.contact_labeled().labels(), head);
      break;
    case v1::Event::kContactEscalated: {
      const v1::ContactEscalated& e = event.contact_escalated();
      head.set_escalation_level(std::max(head.escalation_level(), e.level()));
      if (e.call_supervisor()) head.set_supervisor_called(true);
      head.set_queue(e.queue());
      if (e.has_queue_time()) {
        *head.mutable_queue_time() = e.queue_time();
        file.accept_counted = false;
      }
      *head.mutable_requirements() = e.requirements();
      *head.mutable_rank_time() = e.rank_time();
      *head.mutable_head_start() = ToProto(FromProto(head.create_time()) - FromProto(e.rank_time()));
      head.set_lane(e.lane());
      break;
    }
    case v1::Event::kContactReserved: {
      const v1::ContactReserved& e = event.contact_reserved();
      Reserve(head, e.agent(), e.has_until() ? &e.until() : nullptr);
      break;
    }
    case v1::Event::kReservationEnded:
      Reserve(head, "", nullptr);
      break;
    case v1::Event::kRequirementsRelaxed:
      *head.mutable_requirements() = event.requirements_relaxed().requirements();
      break;
    case v1::Event::kOfferMade:
      if (file.offers.empty() && !event.offer_made().warm()) Enter(file, v1::Contact::STATE_OFFERED, event.time());
      head.set_offer_count(head.offer_count() + 1);
      file.offered_at = FromProto(event.time());
      file.offers.push_back({event.offer_made().offer(), event.agent(), FromProto(event.offer_made().expire_time()),
                             event.offer_made().reason()});
      if (!event.offer_made().warm()) ShowOffers(file);
      break;
    case v1::Event::kOfferAccepted:
      Enter(file, v1::Contact::STATE_ACTIVE, event.time());
      head.clear_offer();
      head.set_agent(event.agent());
      file.offers.clear();
      file.accepted_at = FromProto(event.time());
      file.served_by = event.agent();
      if (!directory_->IsBot(event.agent())) file.conversation->SetOwner(event.agent());  // A case has a person.
      head.set_owner_agent(file.conversation->owner());
      Reserve(head, "", nullptr);
      Unlink(file);
      file.accept_counted = true;
      if (!head.has_accept_time()) *head.mutable_accept_time() = event.time();
      break;
    case v1::Event::kOfferClosed:
      std::erase_if(file.offers, [&](const auto& offer) { return offer.name == event.offer_closed().offer(); });
      if (event.offer_closed().warm()) break;
      if (!file.offers.empty()) {
        ShowOffers(file);
        break;
      }
      Enter(file, v1::Contact::STATE_QUEUED, event.time());
      Release(file);
      break;
    case v1::Event::kOfferExtended:
      for (ContactFile::OpenOffer& offer : file.offers) {
        if (offer.name == event.offer_extended().offer()) {
          offer.expire_at = FromProto(event.offer_extended().expire_time());
        }
      }
      break;
    case v1::Event::kContactHeld:
      head.set_on_hold(event.contact_held().on());
      break;
    case v1::Event::kContactTransferred: {
      const v1::ContactTransferred& e = event.contact_transferred();
      if (e.warm()) {
        Enter(file, v1::Contact::STATE_ACTIVE, event.time());
        head.clear_on_hold();
        file.warm.reset();
      } else {
        Enter(file, v1::Contact::STATE_QUEUED, event.time());
        Release(file);
      }
      head.set_queue(e.queue());
      *head.mutable_requirements() = e.requirements();
      head.set_transfer_count(head.transfer_count() + 1);
      *file.context.add_transfers() = e.note();
      Reserve(head, e.warm() ? "" : e.reserved_agent(), e.has_reserved_until() ? &e.reserved_until() : nullptr);
      head.clear_callback();  // The customer has been reached.
      if (e.has_queue_time()) {
        *head.mutable_queue_time() = e.queue_time();
        file.accept_counted = e.warm();  // Who never waited there is none of those answered.
      }
      break;
    }
    case v1::Event::kWarmTransferStarted: {
      const v1::WarmTransferStarted& e = event.warm_transfer_started();
      file.warm = e.note();
      Reserve(head, e.target_agent(), &e.expire_time());
      break;
    }
    case v1::Event::kWarmTransferEnded:
      file.warm.reset();
      Reserve(head, "", nullptr);
      break;
    case v1::Event::kContactRequeued:
      Enter(file, v1::Contact::STATE_QUEUED, event.time());
      Release(file);
      break;
    case v1::Event::kContactScheduled: {
      const v1::ContactScheduled& e = event.contact_scheduled();
      head.set_callback(e.callback());
      if (!e.summary().empty()) file.summary = e.summary();
      if (!e.has_schedule_time() && head.state() == v1::Contact::STATE_QUEUED) break;  // Stands in line as before.
      Enter(file, v1::Contact::STATE_SCHEDULED, event.time());
      Release(file);
      Unlink(file);
      Reserve(head, "", nullptr);
      if (e.has_schedule_time()) *head.mutable_schedule_time() = e.schedule_time();
      break;
    }
    case v1::Event::kContactDue:
      Enter(file, v1::Contact::STATE_QUEUED, event.time());
      head.clear_schedule_time();
      Reserve(head, event.contact_due().reserved_agent(),
              event.contact_due().has_reserved_until() ? &event.contact_due().reserved_until() : nullptr);
      *head.mutable_queue_time() = event.time();
      file.accept_counted = false;
      break;
    case v1::Event::kContactOverflowed: {
      const v1::ContactOverflowed& e = event.contact_overflowed();
      head.set_queue(e.queue());
      *head.mutable_requirements() = e.requirements();
      *head.mutable_rank_time() = e.rank_time();
      *head.mutable_head_start() = ToProto(FromProto(head.create_time()) - FromProto(e.rank_time()));
      head.set_lane(e.lane());
      if (e.has_queue_time()) {
        Enter(file, v1::Contact::STATE_QUEUED, event.time());
        *head.mutable_queue_time() = e.queue_time();
        file.accept_counted = false;
      }
      break;
    }
    case v1::Event::kWrapUpStarted: {
      const v1::WrapUpStarted& e = event.wrap_up_started();
      Enter(file, v1::Contact::STATE_WRAP_UP, event.time());
      head.clear_on_hold();
      if (e.has_expire_time()) *head.mutable_wrap_up_expire_time() = e.expire_time();
      if (!e.disposition().empty()) head.set_disposition(e.disposition());
      if (!e.summary().empty()) file.summary = e.summary();
      break;
    }
    case v1::Event::kConsultStarted:
      head.set_consulted_agent(event.consult_started().agent());
      break;
    case v1::Event::kConsultEnded:
      head.clear_consulted_agent();
      break;
    case v1::Event::kContactTakenOver:
      Enter(file, v1::Contact::STATE_ACTIVE, event.time());
      head.set_agent(event.agent());
      head.clear_on_hold();
      file.served_by = event.agent();
      file.accepted_at = FromProto(event.time());
      break;
    case v1::Event::kContactDormant:
      Enter(file, v1::Contact::STATE_DORMANT, event.time());
      break;
    case v1::Event::kContactWoke:
      Enter(file, v1::Contact::STATE_ACTIVE, event.time());
      break;
    case v1::Event::kWrapUpExtended:
      *head.mutable_wrap_up_expire_time() = event.wrap_up_extended().expire_time();
      head.set_wrap_up_extension_count(event.wrap_up_extended().count());
      break;
    case v1::Event::kMessagePosted:
      file.conversation->Add(event.message_posted().message(), directory_->limits().transcript_messages_max);
      break;
    case v1::Event::kMessagesDelivered: {
      const v1::MessagesDelivered& e = event.messages_delivered();
      const Side reader = SideOf(e.by());
      ReadMarks& marks = reader == Side::kCustomer ? file.customer_marks : file.agent_marks;
      marks.delivered = std::max(marks.delivered, e.message_sequence());
      if (e.delivery() == v1::Message::DELIVERY_SEEN) marks.seen = std::max(marks.seen, e.message_sequence());
      file.conversation->Mark(e.message_sequence(), e.delivery(), reader);
      break;
    }
    case v1::Event::kContextUpdated: {
      const v1::ContextUpdated& e = event.context_updated();
      if (e.has_attributes()) Merge(e.attributes(), *file.context.mutable_attributes());
      if (e.has_customer_connected()) head.set_customer_connected(e.customer_connected());
      break;
    }
    default:
      break;
  }
}

const ContactFile* Dossier::Find(core::ContactId contact) const {
  const auto it = contacts_.find(contact);
  return it == contacts_.end() ? nullptr : it->second.get();
}

const ContactFile* Dossier::Find(std::string_view name) const { return Find(ParseContact(name)); }

std::vector<core::ContactId> Dossier::LiveContactsOf(std::string_view customer) const {
  const auto it = by_customer_.find(Sv(customer));
  return it == by_customer_.end() ? std::vector<core::ContactId>() : it->second;
}

std::shared_ptr<const Conversation> Dossier::FindConversation(std::string_view name) const {
  const auto it = conversations_.find(Sv(name));
  return it == conversations_.end() ? nullptr : it->second.lock();
}

std::shared_ptr<Conversation> Dossier::ConversationOf(const std::string& name, const std::string& customer) {
  std::weak_ptr<Conversation>& known = conversations_[name];
  std::shared_ptr<Conversation> found = known.lock();
  if (!found) known = found = std::make_shared<Conversation>(name, customer);
  return found;
}

int64_t Dossier::AcknowledgedBy(std::string_view adapter) const {
  const auto it = acknowledged_.find(Sv(adapter));
  return it == acknowledged_.end() ? 0 : it->second;
}

void Dossier::VisitContacts(const std::function<void(const ContactFile&)>& visit) const {
  for (const auto& [id, file] : contacts_) visit(*file);
}

}  // namespace routerd::engine
