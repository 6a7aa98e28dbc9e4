#include "routerd/engine/conversation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

std::string SourceKey(std::string_view contact, Side sender, std::string_view source_id) {
  return absl::StrCat(Sv(contact), sender == Side::kCustomer ? " c " : " a ", Sv(source_id));
}

}  // namespace

Side SideOf(v1::Message::Author author) {
  return author == v1::Message::AUTHOR_CUSTOMER ? Side::kCustomer : Side::kAgent;
}

Conversation::Conversation(v1::SnapshotConversation record)
    : name_(record.name()),
      customer_(record.customer()),
      owner_(record.owner_agent()),
      dropped_count_(record.dropped_count()),
      last_sequence_(record.last_sequence()) {
  for (v1::Message& message : *record.mutable_messages()) {
    Index(message);
    messages_.push_back(std::move(message));
  }
}

void Conversation::Index(const v1::Message& message) {
  if (message.source_id().empty()) return;
  by_source_.try_emplace(SourceKey(message.contact(), SideOf(message.author()), message.source_id()),
                         message.sequence());
}

void Conversation::Add(const v1::Message& message, size_t messages_max) {
  if (message.sequence() <= last_sequence_) return;
  // A transcript taken over from earlier contacts begins with its oldest message that is still kept.
  if (messages_.empty()) dropped_count_ = message.sequence() - 1;
  last_sequence_ = message.sequence();
  Index(message);
  messages_.push_back(message);
  while (messages_.size() > std::max<size_t>(messages_max, 1)) {
    const v1::Message& oldest = messages_.front();
    by_source_.erase(SourceKey(oldest.contact(), SideOf(oldest.author()), oldest.source_id()));
    messages_.pop_front();
    ++dropped_count_;
  }
}

void Conversation::Mark(int64_t sequence, v1::Message::Delivery delivery, Side reader) {
  for (auto message = messages_.rbegin(); message != messages_.rend(); ++message) {
    if (message->sequence() > sequence || SideOf(message->author()) == reader) continue;
    if (message->delivery() >= delivery) break;  // Marks only grow, so those before have got as far.
    message->set_delivery(delivery);
  }
}

const v1::Message* Conversation::Find(std::string_view contact, Side sender, std::string_view source_id) const {
  if (source_id.empty() || messages_.empty()) return nullptr;
  const auto it = by_source_.find(SourceKey(contact, sender, source_id));
  if (it == by_source_.end()) return nullptr;
  return &messages_[static_cast<size_t>(it->second - messages_.front().sequence())];
}

void Conversation::FillTranscript(v1::Context& context) const {
  const size_t count = std::min<size_t>(messages_.size(), kTranscriptMessagesSent);
  context.mutable_transcript()->Reserve(static_cast<int>(count));
  for (auto message = messages_.end() - static_cast<std::ptrdiff_t>(count); message != messages_.end(); ++message) {
    *context.add_transcript() = *message;
  }
  context.set_earlier_message_count(dropped_count_ + static_cast<int64_t>(messages_.size() - count));
}

void Conversation::Export(v1::SnapshotConversation& record) const {
  record.set_name(name_);
  record.set_customer(customer_);
  record.set_owner_agent(owner_);
  for (const v1::Message& message : messages_) *record.add_messages() = message;
  record.set_dropped_count(dropped_count_);
  record.set_last_sequence(last_sequence_);
}

}  // namespace routerd::engine
