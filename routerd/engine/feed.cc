#include "routerd/engine/feed.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/messages.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

constexpr int kSliceEvents = 512;
// An adapter further behind than this is told how things stand instead of how they came about.
constexpr int64_t kReplayEventsMax = 200'000;

bool Concerns(const v1::Event& event, const std::string& subject) {
  if (subject.empty() || event.contact() == subject || event.agent() == subject || event.queue() == subject)
    return true;
  if (event.has_warm_transfer_started()) return event.warm_transfer_started().note().target() == subject;
  return event.has_contact_transferred() && event.contact_transferred().note().target() == subject;
}

// Whether the event's agent holds other contacts than before, or other capacity.
bool ChangesLoad(const v1::Event& event) {
  switch (event.kind_case()) {
    case v1::Event::kOfferMade:
    case v1::Event::kOfferClosed:
    case v1::Event::kContactTransferred:
    case v1::Event::kContactRequeued:
    case v1::Event::kContactEnded:
    case v1::Event::kContactTakenOver:
    case v1::Event::kContactDormant:
    case v1::Event::kContactWoke:
      return true;
    case v1::Event::kWrapUpStarted:
      return event.wrap_up_started().optional();
    default:
      return false;
  }
}

// Whether it is the event's agent who is told, whoever holds the contact: an offer may be made beside that.
bool OfItsAgent(const v1::Event& event) {
  return event.has_offer_made() || event.has_offer_extended() || event.has_offer_closed() ||
         event.has_contact_transferred();
}

template <typename Sinks, typename S>
bool Erase(Sinks& sinks, const S& sink) {
  const auto it = std::find(sinks.begin(), sinks.end(), sink);
  if (it == sinks.end()) return false;
  sinks.erase(it);
  return true;
}

}  // namespace

void Feed::Publish(const std::shared_ptr<const v1::Event>& event, Outbox& out) {
  head_ = event->sequence();
  ring_.Add(event);
  TellDesks(*event, out);
  TellOthers(*event, out);
  if (ChangesLoad(*event)) NoteLoad(event->agent());
  if (const auto reader = adapters_.find(event->adapter()); reader != adapters_.end()) {
    if (!reader->second.cursor.behind()) {
      if (auto message = AdapterMessage(*event, dossier_.directory())) {
        out.Deliver(reader->second.sink, std::move(message));
      }
    }
  }
  for (const Watcher& watcher : watchers_) {
    if (!watcher.cursor.behind() && Concerns(*event, watcher.subject)) out.Deliver(watcher.sink, event);
  }
}

void Feed::TellDesks(const v1::Event& event, Outbox& out) const {
  if (desks_.empty()) return;
  const ContactFile* file = event.contact().empty() ? nullptr : dossier_.Find(event.contact());
  const bool held = file != nullptr && file->held();
  const std::string agent(BareName(held && !OfItsAgent(event) ? file->head.agent() : event.agent(), kAgents));
  if (agent.empty() || !HasDesk(agent)) return;
  const Directory& directory = dossier_.directory();

  v1::WorkResponse response;
  response.set_sequence(event.sequence());
  switch (event.kind_case()) {
    case v1::Event::kOfferMade:
    case v1::Event::kOfferExtended:
      if (const ContactFile::OpenOffer* offer = file->OfferTo(event.agent())) {
        *response.mutable_offer() = OfferOf(*file, *offer, directory);
      }
      break;
    case v1::Event::kOfferClosed: {
      v1::OfferClosed& closed = *response.mutable_offer_closed();
      closed.set_offer(event.offer_closed().offer());
      closed.set_contact(event.contact());
      closed.set_state(event.offer_closed().state());
      closed.set_reason(event.offer_closed().reason());
      break;
    }
    case v1::Event::kOfferAccepted: {
      v1::OfferClosed& closed = *response.mutable_offer_closed();  // For the agent's other desks.
      closed.set_offer(event.offer_accepted().offer());
      closed.set_contact(event.contact());
      closed.set_state(v1::Offer::STATE_ACCEPTED);
      closed.set_reason("accepted");
      TellAgent(agent, std::move(response), out);
      response = {};
      response.set_sequence(event.sequence());
      *response.mutable_contact() = FullContactForAgent(*file, directory);
      break;
    }
    case v1::Event::kContactTransferred:
    case v1::Event::kContactRequeued:
    case v1::Event::kContactScheduled:
    case v1::Event::kContactEnded: {
      v1::ContactReleased& released = *response.mutable_released();
      released.set_contact(event.contact());
      released.set_reason(event.has_contact_ended()         ? "ended"
                          : event.has_contact_scheduled()   ? "scheduled"
                          : event.has_contact_transferred() ? "transferred"
                                                            : event.contact_requeued().reason());
      break;
    }
    case v1::Event::kContactTakenOver:
      *response.mutable_contact() = FullContactForAgent(*file, directory);
      break;
    case v1::Event::kWarmTransferStarted:
    case v1::Event::kWarmTransferEnded:
      *response.mutable_contact() = BriefContactForAgent(*file, directory);
      *response.mutable_contact()->add_life() = file->life.back();
      break;
    case v1::Event::kConsultStarted:
    case v1::Event::kConsultEnded:
    case v1::Event::kContactDormant:
    case v1::Event::kContactWoke:
    case v1::Event::kContactHeld:
    case v1::Event::kWrapUpStarted:
    case v1::Event::kWrapUpExtended:
    case v1::Event::kContactReprioritized:
    case v1::Event::kContextUpdated:
      if (!held) return;
      *response.mutable_contact() = event.context_updated().has_attributes() ? FullContactForAgent(*file, directory)
                                                                             : BriefContactForAgent(*file, directory);
      break;
    case v1::Event::kMessagePosted:
      if (!held) return;
      *response.mutable_message() = event.message_posted().message();
      break;
    case v1::Event::kMessagesDelivered: {
      const v1::MessagesDelivered& e = event.messages_delivered();
      if (!held || e.by() != v1::Message::AUTHOR_CUSTOMER) return;
      v1::DeliveryReport& report = *response.mutable_delivery();
      report.set_contact(event.contact());
      report.set_sequence(e.message_sequence());
      report.set_delivery(e.delivery());
      break;
    }
    case v1::Event::kAgentSignedIn:
    case v1::Event::kAgentSignedOut:
    case v1::Event::kAgentPresenceChanged:
    case v1::Event::kAgentConnectionChanged:
      if (const auto id = router_.FindAgent(agent)) *response.mutable_agent() = AgentOf(router_, directory, *id);
      break;
    default:
      return;
  }
  TellAgent(agent, std::move(response), out);
}

void Feed::TellLoads(Outbox& out) {
  for (const std::string& agent : changed_loads_) {
    const auto id = router_.FindAgent(agent);
    if (!id) continue;
    v1::WorkResponse response;
    response.set_sequence(head_);
    *response.mutable_agent() = AgentOf(router_, dossier_.directory(), *id);
    TellAgent(agent, std::move(response), out);
  }
  changed_loads_.clear();
}

void Feed::NoteLoad(const std::string& agent) {
  if (std::string id(BareName(agent, kAgents)); HasDesk(id)) changed_loads_.insert(std::move(id));
}

void Feed::TellOthers(const v1::Event& event, Outbox& out) {
  const auto tell = [&](const std::string& agent, v1::WorkResponse response) {
    response.set_sequence(event.sequence());
    TellAgent(std::string(BareName(agent, kAgents)), std::move(response), out);
  };
  v1::WorkResponse response;
  switch (event.kind_case()) {
    case v1::Event::kContactTakenOver: {
      const std::string& from = event.contact_taken_over().from_agent();
      response.mutable_released()->set_contact(event.contact());
      response.mutable_released()->set_reason("taken_over");
      tell(from, std::move(response));
      return NoteLoad(from);
    }
    case v1::Event::kConsultStarted:
    case v1::Event::kConsultEnded: {
      const bool open = event.has_consult_started();
      const ContactFile* file = dossier_.Find(event.contact());
      v1::Consult& consult = *response.mutable_consult();
      consult.set_from_agent(event.agent());
      consult.set_to_agent(open ? event.consult_started().agent() : event.consult_ended().agent());
      consult.set_open(open);
      consult.mutable_contact()->set_name(event.contact());
      if (open && file != nullptr) {
        consult.set_question(event.consult_started().question());
        *consult.mutable_contact() = FullContactForAgent(*file, dossier_.directory());
      }
      const std::string colleague = consult.to_agent();
      tell(colleague, std::move(response));
      return NoteLoad(colleague);
    }
    case v1::Event::kMessagePosted: {
      const ContactFile* file = dossier_.Find(event.contact());
      if (file == nullptr || file->head.consulted_agent().empty()) return;
      *response.mutable_message() = event.message_posted().message();
      return tell(file->head.consulted_agent(), std::move(response));
    }
    default:
      return;
  }
}

bool Feed::AttachDesk(const std::string& agent, std::shared_ptr<AgentSink> sink) {
  std::vector<std::shared_ptr<AgentSink>>& sinks = desks_[agent];
  if (std::find(sinks.begin(), sinks.end(), sink) != sinks.end()) return false;
  sinks.push_back(std::move(sink));
  return true;
}

bool Feed::DetachDesk(const std::string& agent, const std::shared_ptr<AgentSink>& sink) {
  const auto desk = desks_.find(agent);
  if (desk == desks_.end() || !Erase(desk->second, sink)) return false;
  if (!desk->second.empty()) return false;
  desks_.erase(desk);
  return true;
}

void Feed::TellAgent(const std::string& agent, v1::WorkResponse response, Outbox& out) const {
  const auto desk = desks_.find(agent);
  if (desk == desks_.end()) return;
  const auto message = std::make_shared<const v1::WorkResponse>(std::move(response));
  for (const std::shared_ptr<AgentSink>& sink : desk->second) out.Deliver(sink, message);
}

absl::Status Feed::Read(Cursor& cursor, journal::Journal& journal, const Visit& visit) const {
  if (cursor.next <= head_ && !ring_.Holds(cursor.next)) {
    const auto entries = journal.Read(cursor.next - 1, kSliceEvents);
    if (!entries.ok()) return entries.status();
    for (const journal::Entry& entry : *entries) {
      auto event = std::make_shared<v1::Event>();
      if (!event->ParseFromString(entry.bytes)) {
        return base::Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED",
                           absl::StrCat("event ", entry.sequence, " can't be read"));
      }
      visit(event);
      cursor.next = entry.sequence + 1;
    }
    return absl::OkStatus();  // The rest in the next slice.
  }
  for (; cursor.next <= head_; ++cursor.next) visit(ring_.At(cursor.next));
  cursor.next = 0;
  return absl::OkStatus();
}

void Feed::AttachAdapter(const std::string& adapter, std::shared_ptr<AdapterSink> sink, int64_t after,
                         journal::Journal& journal, Outbox& out) {
  AdapterReader& reader = adapters_[adapter];
  if (reader.sink != nullptr && reader.sink != sink) {
    out.Close(std::move(reader.sink), base::Error(absl::StatusCode::kAborted, "STREAM_REPLACED",
                                                  absl::StrCat("another stream of adapter ", adapter, " came")));
  }
  reader.sink = sink;
  reader.cursor.next = after + 1;

  // What the first slice tells goes out after the welcome.
  std::vector<std::shared_ptr<const v1::ConnectResponse>> replayed;
  bool resync = after < 0 || after > head_ || head_ - after > kReplayEventsMax;
  if (!resync) {
    const absl::Status read = Read(reader.cursor, journal, [&](const std::shared_ptr<const v1::Event>& event) {
      if (event->adapter() != adapter) return;
      if (auto message = AdapterMessage(*event, dossier_.directory())) replayed.push_back(std::move(message));
    });
    resync = !read.ok();
  }
  auto welcome = std::make_shared<v1::ConnectResponse>();
  welcome->mutable_welcome()->set_head_sequence(head_);
  welcome->mutable_welcome()->set_resync(resync);
  out.Deliver<v1::ConnectResponse>(sink, std::move(welcome));
  if (resync) {
    Resync(adapter, sink, out);
    reader.cursor.next = 0;
    return;
  }
  for (auto& message : replayed) out.Deliver(sink, std::move(message));
}

void Feed::Resync(const std::string& adapter, const std::shared_ptr<AdapterSink>& sink, Outbox& out) const {
  std::vector<const ContactFile*> files;
  dossier_.VisitContacts([&](const ContactFile& file) {
    if (file.head.adapter() == adapter) files.push_back(&file);
  });
  std::sort(files.begin(), files.end(), [](const ContactFile* a, const ContactFile* b) { return a->id < b->id; });
  for (const ContactFile* file : files) out.Deliver(sink, ResyncMessage(*file, dossier_.directory()));
}

void Feed::DetachAdapter(const std::string& adapter, const std::shared_ptr<AdapterSink>& sink) {
  const auto reader = adapters_.find(adapter);
  if (reader != adapters_.end() && reader->second.sink == sink) adapters_.erase(reader);
}

bool Feed::HasAdapter(const std::string& adapter) const {
  const auto reader = adapters_.find(adapter);
  return reader != adapters_.end() && !reader->second.cursor.behind();
}

void Feed::TellAdapter(const std::string& adapter, v1::ConnectResponse note, Outbox& out) const {
  const auto reader = adapters_.find(adapter);
  if (reader == adapters_.end() || reader->second.cursor.behind()) return;
  out.Deliver(reader->second.sink, std::make_shared<const v1::ConnectResponse>(std::move(note)));
}

absl::Status Feed::AttachWatcher(std::optional<int64_t> after, std::string subject, std::shared_ptr<EventSink> sink,
                                 journal::Journal& journal, Outbox& out) {
  Watcher watcher{std::move(sink), std::move(subject), {0}};
  if (after && *after > head_) {
    return base::Error(absl::StatusCode::kOutOfRange, "EVENTS_AHEAD",
                       absl::StrCat("the last event is ", head_, ", not ", *after));
  }
  if (after && *after < head_) {
    watcher.cursor.next = std::max<int64_t>(*after, 0) + 1;
    const absl::Status read = Read(watcher.cursor, journal, [&](const std::shared_ptr<const v1::Event>& event) {
      if (Concerns(*event, watcher.subject)) out.Deliver(watcher.sink, event);
    });
    if (absl::IsOutOfRange(read)) {
      return base::Error(absl::StatusCode::kOutOfRange, "EVENTS_TRIMMED",
                         absl::StrCat("events after ", *after, " are no longer kept"));
    }
    if (!read.ok()) return read;
  }
  watchers_.push_back(std::move(watcher));
  return absl::OkStatus();
}

void Feed::DetachWatcher(const std::shared_ptr<EventSink>& sink) {
  std::erase_if(watchers_, [&](const Watcher& watcher) { return watcher.sink == sink; });
}

bool Feed::CatchUp(journal::Journal& journal, Outbox& out) {
  bool behind = false;
  for (auto it = adapters_.begin(); it != adapters_.end();) {
    AdapterReader& reader = it->second;
    if (!reader.cursor.behind()) {
      ++it;
      continue;
    }
    behind = true;
    const absl::Status read = Read(reader.cursor, journal, [&](const std::shared_ptr<const v1::Event>& event) {
      if (event->adapter() != it->first) return;
      if (auto message = AdapterMessage(*event, dossier_.directory())) out.Deliver(reader.sink, std::move(message));
    });
    if (read.ok()) {
      ++it;
    } else {  // Trimmed meanwhile: on the next stream it is told how things stand.
      out.Close(std::move(reader.sink), read);
      it = adapters_.erase(it);
    }
  }
  std::erase_if(watchers_, [&](Watcher& watcher) {
    if (!watcher.cursor.behind()) return false;
    behind = true;
    const absl::Status read = Read(watcher.cursor, journal, [&](const std::shared_ptr<const v1::Event>& event) {
      if (Concerns(*event, watcher.subject)) out.Deliver(watcher.sink, event);
    });
    if (read.ok()) return false;
    out.Close(std::move(watcher.sink), read);
    return true;
  });
  return behind;
}

void Feed::CloseAll(const absl::Status& why, Outbox& out) {
  for (auto& [agent, sinks] : desks_) {
    for (std::shared_ptr<AgentSink>& sink : sinks) out.Close(std::move(sink), why);
  }
  for (auto& [adapter, reader] : adapters_) out.Close(std::move(reader.sink), why);
  for (Watcher& watcher : watchers_) out.Close(std::move(watcher.sink), why);
  desks_.clear();
  adapters_.clear();
  watchers_.clear();
}

}  // namespace routerd::engine
