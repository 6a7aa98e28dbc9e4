// The dossier's part of a snapshot.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/names.h"

namespace routerd::engine {

void Dossier::Export(const ContactFile& file, v1::SnapshotContact& record) {
  v1::Contact& contact = *record.mutable_contact();
  contact = ContactOf(file);
  for (const v1::LifeStep& step : file.life) *contact.add_life() = step;
  // The router's part has the others.
  if (!file.offers.empty() && !file.served()) record.set_offer_reason(file.offers.front().reason);
  for (v1::SnapshotOffer& other : *record.mutable_offers()) {
    const ContactFile::OpenOffer* offer = file.OfferTo(AgentName(other.agent()));
    if (offer == nullptr) continue;
    other.set_reason(offer->reason);
    other.set_made_ns(file.offered_at.time_since_epoch().count());
  }
  record.set_customer_delivered(file.customer_marks.delivered);
  record.set_customer_seen(file.customer_marks.seen);
  record.set_agent_delivered(file.agent_marks.delivered);
  record.set_agent_seen(file.agent_marks.seen);
  record.set_waited_ns(file.waited.count());
  record.set_talked_ns(file.talked.count());
  record.set_wrapped_ns(file.wrapped.count());
  record.set_accept_counted(file.accept_counted);
  record.set_summary(file.summary);
  record.set_served_by(file.served_by);
}

void Dossier::ExportRest(const std::function<void(const v1::SnapshotRecord&)>& visit) const {
  v1::SnapshotRecord record;
  customers_.Visit([&](const v1::SnapshotCustomer& customer) {
    *record.mutable_customer() = customer;
    visit(record);
  });
  kept_places_.Visit([&](const v1::SnapshotReturn& place) {
    *record.mutable_returning() = place;
    visit(record);
  });
  sources_.Visit([&](const v1::SnapshotSource& source) {
    *record.mutable_source() = source;
    visit(record);
  });
  std::vector<std::pair<std::string, int64_t>> adapters(acknowledged_.begin(), acknowledged_.end());
  std::sort(adapters.begin(), adapters.end());
  for (const auto& [adapter, sequence] : adapters) {
    record.mutable_adapter()->set_adapter(adapter);
    record.mutable_adapter()->set_acknowledged_sequence(sequence);
    visit(record);
  }
}

absl::Status Dossier::Import(v1::SnapshotRecord record) {
  switch (record.record_case()) {
    case v1::SnapshotRecord::kConversation: {
      auto conversation = std::make_shared<Conversation>(std::move(*record.mutable_conversation()));
      conversations_[conversation->name()] = conversation;
      importing_ = std::move(conversation);  // Until the contacts after it hold it.
      return absl::OkStatus();
    }
    case v1::SnapshotRecord::kContact: {
      v1::SnapshotContact& taken = *record.mutable_contact();
      auto file = std::make_unique<ContactFile>();
      file->head = std::move(*taken.mutable_contact());
      file->id = ParseContact(file->head.name());
      file->context = std::move(*file->head.mutable_context());
      file->head.clear_context();
      for (v1::LifeStep& step : *file->head.mutable_life()) file->life.push_back(std::move(step));
      file->head.clear_life();
      file->conversation = ConversationOf(file->head.conversation(), file->context.customer().id());
      file->offered_at = core::Instant(core::Duration(taken.offered_ns()));
      file->accepted_at = core::Instant(core::Duration(taken.accepted_ns()));
      if (file->head.state() == v1::Contact::STATE_OFFERED) {
        file->offers.push_back({file->head.offer(), file->head.agent(), core::Instant(core::Duration(taken.until_ns())),
                                taken.offer_reason()});
      }
      for (const v1::SnapshotOffer& other : taken.offers()) {
        if (other.agent().empty()) continue;  // Lost to another agent.
        file->offered_at = core::Instant(core::Duration(other.made_ns()));
        file->offers.push_back({OfferName(file->id, core::OfferId{other.offer()}), AgentName(other.agent()),
                                core::Instant(core::Duration(other.until_ns())), other.reason()});
      }
      if (taken.warm_until_ns() != 0) {
        v1::TransferNote& note = file->warm.emplace();
        note.set_from_agent(file->head.agent());
        note.set_target(!taken.warm_target_agent().empty()   ? AgentName(taken.warm_target_agent())
                        : !taken.warm_target_queue().empty() ? QueueName(taken.warm_target_queue())
                                                             : file->head.queue());
        note.set_reason(taken.warm_reason());
        note.set_summary(taken.warm_summary());
      }
      file->customer_marks = {taken.customer_delivered(), taken.customer_seen()};
      file->agent_marks = {taken.agent_delivered(), taken.agent_seen()};
      file->waited = core::Duration(taken.waited_ns());
      file->talked = core::Duration(taken.talked_ns());
      file->wrapped = core::Duration(taken.wrapped_ns());
      file->accept_counted = taken.accept_counted();
      file->summary = taken.summary();
      file->served_by = taken.served_by();
      sources_.Add(file->head.adapter(), file->head.source_id(), file->id);
      Insert(std::move(file));
      return absl::OkStatus();
    }
    case v1::SnapshotRecord::kCustomer:
      customers_.Import(std::move(*record.mutable_customer()));
      return absl::OkStatus();
    case v1::SnapshotRecord::kReturning:
      kept_places_.Keep(std::move(*record.mutable_returning()), core::Instant());
      return absl::OkStatus();
    case v1::SnapshotRecord::kSource: {
      v1::SnapshotSource& source = *record.mutable_source();
      sources_.Add(source.adapter(), source.source_id(), ParseContact(source.contact()));
      sources_.End(std::move(source));
      return absl::OkStatus();
    }
    case v1::SnapshotRecord::kAdapter:
      acknowledged_[record.adapter().adapter()] = record.adapter().acknowledged_sequence();
      return absl::OkStatus();
    default:
      return base::Error(absl::StatusCode::kDataLoss, "SNAPSHOT_DAMAGED",
                         absl::StrCat("snapshot: record ", record.record_case(), " does not belong here"));
  }
}

}  // namespace routerd::engine
