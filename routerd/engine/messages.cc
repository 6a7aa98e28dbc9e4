#include "routerd/engine/messages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "routerd/engine/event_codec.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

// The contact as far as `event` tells; nothing if its state stays.
std::optional<v1::Contact> ContactToldBy(const v1::Event& event) {
  v1::Contact contact;
  switch (event.kind_case()) {
    case v1::Event::kContactCreated:
      contact = event.contact_created().contact();
      contact.mutable_context()->clear_transcript();
      contact.mutable_context()->clear_earlier_message_count();
      return contact;
    case v1::Event::kOfferMade:
      if (event.offer_made().warm()) return std::nullopt;
      contact.set_state(v1::Contact::STATE_OFFERED);
      contact.set_offer(event.offer_made().offer());
      contact.set_agent(event.agent());
      break;
    case v1::Event::kOfferAccepted:
    case v1::Event::kContactTakenOver:
      contact.set_state(v1::Contact::STATE_ACTIVE);
      contact.set_agent(event.agent());
      break;
    case v1::Event::kContactHeld:
      contact.set_state(v1::Contact::STATE_ACTIVE);
      contact.set_agent(event.agent());
      contact.set_on_hold(event.contact_held().on());
      break;
    case v1::Event::kOfferClosed:
      if (event.offer_closed().others_open() || event.offer_closed().warm()) return std::nullopt;
      contact.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactTransferred:
    case v1::Event::kContactRequeued:
      if (event.contact_transferred().warm()) return std::nullopt;  // The acceptance that follows says who has it.
      contact.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactOverflowed:
      if (!event.contact_overflowed().has_queue_time()) return std::nullopt;
      contact.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactDue:
      contact.set_state(v1::Contact::STATE_QUEUED);
      break;
    case v1::Event::kContactScheduled: {
      const v1::ContactScheduled& e = event.contact_scheduled();
      contact.set_state(e.has_schedule_time() ? v1::Contact::STATE_SCHEDULED : v1::Contact::STATE_QUEUED);
      if (e.has_schedule_time()) *contact.mutable_schedule_time() = e.schedule_time();
      contact.set_callback(e.callback());
      break;
    }
    case v1::Event::kWrapUpStarted:
      contact.set_state(v1::Contact::STATE_WRAP_UP);
      contact.set_agent(event.agent());
      contact.set_disposition(event.wrap_up_started().disposition());
      break;
    case v1::Event::kContactEnded:
      contact.set_state(v1::Contact::STATE_ENDED);
      contact.set_agent(event.agent());
      contact.set_end_reason(event.contact_ended().reason());
      contact.set_disposition(event.contact_ended().disposition());
      *contact.mutable_end_time() = event.time();
      break;
    default:
      return std::nullopt;
  }
  contact.set_name(event.contact());
  contact.set_adapter(event.adapter());
  contact.set_source_id(event.contact_source_id());
  contact.set_queue(event.queue());
  *contact.mutable_state_time() = event.time();
  return contact;
}

void SetState(v1::ConnectResponse& response, v1::Contact contact, std::string_view cause, const Directory& directory) {
  v1::ConnectResponse::StateChanged& state = *response.mutable_state();
  if (!contact.agent().empty()) {
    state.set_agent_display_name(std::string(directory.AgentDisplayName(contact.agent())));
  }
  state.set_cause(std::string(cause));
  *state.mutable_contact() = std::move(contact);
}

}  // namespace

std::shared_ptr<const v1::ConnectResponse> AdapterMessage(const v1::Event& event, const Directory& directory) {
  if (event.adapter().empty()) return nullptr;
  auto response = std::make_shared<v1::ConnectResponse>();
  switch (event.kind_case()) {
    case v1::Event::kMessagePosted:
      if (SideOf(event.message_posted().message().author()) == Side::kCustomer) return nullptr;
      if (event.message_posted().message().internal()) return nullptr;
      *response->mutable_message() = event.message_posted().message();
      break;
    case v1::Event::kMessagesDelivered: {
      const v1::MessagesDelivered& e = event.messages_delivered();
      if (e.by() == v1::Message::AUTHOR_CUSTOMER) return nullptr;
      v1::DeliveryReport& report = *response->mutable_delivery();
      report.set_contact(event.contact());
      report.set_contact_source_id(event.contact_source_id());
      report.set_sequence(e.message_sequence());
      report.set_delivery(e.delivery());
      break;
    }
    default: {
      std::optional<v1::Contact> contact = ContactToldBy(event);
      if (!contact) return nullptr;
      SetState(*response, *std::move(contact), KindName(event), directory);
      break;
    }
  }
  response->set_sequence(event.sequence());
  *response->mutable_time() = event.time();
  response->set_contact(event.contact());
  response->set_contact_source_id(event.contact_source_id());
  return response;
}

v1::ConnectResponse AdapterNote(const ContactFile& file) {
  v1::ConnectResponse note;
  note.set_contact(file.head.name());
  note.set_contact_source_id(file.head.source_id());
  return note;
}

v1::Contact ForAdapter(v1::Contact contact) {
  auto& transcript = *contact.mutable_context()->mutable_transcript();
  transcript.erase(std::remove_if(transcript.begin(), transcript.end(), [](const auto& m) { return m.internal(); }),
                   transcript.end());
  if (contact.state() == v1::Contact::STATE_DORMANT) contact.set_state(v1::Contact::STATE_ACTIVE);
  return contact;
}

std::shared_ptr<const v1::ConnectResponse> ResyncMessage(const ContactFile& file, const Directory& directory) {
  auto response = std::make_shared<v1::ConnectResponse>(AdapterNote(file));
  SetState(*response, ForAdapter(FullContact(file)), "resync", directory);
  return response;
}

v1::WaitEstimate ToProto(const core::WaitEstimate& estimate) {
  v1::WaitEstimate proto;
  proto.set_place(estimate.place);
  if (estimate.p50) *proto.mutable_wait_p50() = ToProto(*estimate.p50);
  if (estimate.p90) *proto.mutable_wait_p90() = ToProto(*estimate.p90);
  return proto;
}

v1::Agent AgentOf(const core::Router& router, const Directory& directory, core::AgentId id) {
  const core::AgentData& data = router.agent(id);
  v1::Agent agent;
  agent.set_name(AgentName(router.NameOf(id)));
  agent.set_display_name(std::string(directory.AgentDisplayName(agent.name())));
  agent.set_presence(ToProto(data.presence));
  agent.set_presence_reason(data.presence_reason);
  if (data.presence_at != core::Instant()) *agent.mutable_presence_time() = ToProto(data.presence_at);
  agent.set_connected(data.connected);
  agent.set_missed_count(data.missed_count);
  for (const core::PendingPresence& noted : data.noted) {
    agent.set_pending_presence(ToProto(noted.presence));
    agent.set_pending_presence_reason(noted.reason);
  }
  agent.set_accepted_count(data.accepted_count);
  agent.set_lapsed_count(data.lapsed_count);
  agent.set_declined_count(data.declined_count);
  agent.set_revoked_count(data.revoked_count);
  for (size_t i = 0; i < data.count_max.size(); ++i) {
    v1::ChannelCapacity& channel = *agent.add_channels();
    channel.set_channel(std::string(router.NameOf(core::ChannelId{static_cast<uint32_t>(i)})));
    channel.set_max_count(data.count_max[i]);
  }
  if (const v1::AgentConfig* config = directory.FindAgent(agent.name())) {
    agent.set_bot(config->bot());
    for (const v1::SkillConfig& skill : directory.config().skills()) {  // In the order of the configuration.
      const auto tier = config->skills().find(skill.id());
      if (tier == config->skills().end()) continue;
      v1::SkillRequirement& has = *agent.add_skills();
      has.set_skill(skill.id());
      has.set_tier(tier->second);
    }
  }
  const core::AgentLoad load = router.LoadOf(id);
  agent.set_used_capacity(load.used);
  agent.set_capacity(load.capacity);
  for (const core::ContactId contact : load.contacts) agent.add_contacts(ContactName(contact));
  for (const core::ContactId contact : load.consults) agent.add_consults(ContactName(contact));
  return agent;
}

v1::Contact BriefContactForAgent(const ContactFile& file, const Directory& directory) {
  v1::Contact contact = file.head;
  if (const v1::QueueConfig* queue = directory.FindQueue(contact.queue())) {
    *contact.mutable_dispositions() = queue->dispositions();
  }
  return contact;
}

v1::Contact FullContactForAgent(const ContactFile& file, const Directory& directory) {
  v1::Contact contact = BriefContactForAgent(file, directory);
  *contact.mutable_context() = file.context;
  file.conversation->FillTranscript(*contact.mutable_context());
  return contact;
}

v1::Offer OfferOf(const ContactFile& file, const ContactFile::OpenOffer& open, const Directory& directory) {
  v1::Offer offer;
  offer.set_name(open.name);
  offer.set_state(v1::Offer::STATE_OPEN);
  offer.set_agent(open.agent);
  v1::Contact& contact = *offer.mutable_contact();
  contact = FullContactForAgent(file, directory);
  contact.set_agent(open.agent);
  contact.set_offer(open.name);
  contact.clear_offers();  // Who else was asked is not this agent's business.
  if (file.warm) {
    contact.set_state(v1::Contact::STATE_OFFERED);
    contact.clear_on_hold();
    v1::TransferNote& note = *contact.mutable_context()->add_transfers();
    note = *file.warm;
    *note.mutable_time() = ToProto(file.offered_at);
  }
  *offer.mutable_expire_time() = ToProto(open.expire_at);
  *offer.mutable_timeout() = ToProto(open.expire_at - file.offered_at);
  offer.set_reason(open.reason);
  return offer;
}

v1::Picture PictureOf(const core::Router& router, const Dossier& dossier, core::AgentId agent, core::Instant now) {
  const Directory& directory = dossier.directory();
  v1::Picture picture;
  *picture.mutable_agent() = AgentOf(router, directory, agent);
  for (const std::string& name : picture.agent().contacts()) {
    const ContactFile* file = dossier.Find(name);
    if (file == nullptr) continue;
    if (const ContactFile::OpenOffer* offer = file->OfferTo(picture.agent().name())) {
      *picture.add_offers() = OfferOf(*file, *offer, directory);
    } else {
      *picture.add_contacts() = FullContactForAgent(*file, directory);
    }
  }
  for (const std::string& name : picture.agent().consults()) {
    const ContactFile* file = dossier.Find(name);
    if (file == nullptr) continue;
    v1::Consult& consult = *picture.add_consults();
    *consult.mutable_contact() = FullContactForAgent(*file, directory);
    consult.set_from_agent(file->head.agent());
    consult.set_to_agent(picture.agent().name());
    consult.set_open(true);
  }
  *picture.mutable_server_time() = ToProto(now);
  for (const v1::AgentConfig& other : directory.config().agents()) picture.add_agents(AgentName(other.id()));
  for (const v1::QueueConfig& queue : directory.config().queues()) picture.add_queues(QueueName(queue.id()));
  return picture;
}

}  // namespace routerd::engine
