// Conversations: kept, told to routerd, ended and let go.
#include <algorithm>
#include <utility>

#include "adapters/webchat/hub_state.h"

namespace adapters::webchat {
namespace {

constexpr std::chrono::milliseconds kRetryDelay(1'000);

}  // namespace

ChatHub::Conversation* ChatHub::Load(ConversationRow row) {
  auto loaded = std::make_unique<Conversation>();
  loaded->row = std::move(row);
  Conversation* conversation = loaded.get();
  by_source_[conversation->row.source_id] = conversation;
  if (!conversation->row.contact.empty()) by_contact_[conversation->row.contact] = conversation;
  conversations_.emplace(conversation->row.id, std::move(loaded));
  return conversation;
}

ChatHub::Visitor* ChatHub::VisitorOf(const Conversation& conversation) const {
  const auto found = visitors_.find(conversation.row.visitor);
  // A visitor sees the last conversation only.
  const bool shown = found != visitors_.end() && found->second->row.conversation == conversation.row.id;
  return shown ? found->second.get() : nullptr;
}

ChatHub::Conversation* ChatHub::FindBySource(const std::string& source_id) {
  if (const auto found = by_source_.find(source_id); found != by_source_.end()) return found->second;
  std::optional<ConversationRow> row = store_.FindConversationBySource(source_id);
  return row ? Load(*std::move(row)) : nullptr;
}

void ChatHub::Created(Conversation& conversation, const std::string& contact, Instant now) {
  ConversationRow& row = conversation.row;
  row.contact = contact;
  by_contact_[contact] = &conversation;
  row.state = ChatState::kWaiting;
  ++stats_.conversations_total;
  v1::CreateContactRequest create;
  create.ParseFromString(std::exchange(row.start, ""));
  for (const v1::PostMessageRequest& message : create.messages()) {
    ChatEvent event;
    event.kind = "msg";
    event.from = "customer";
    event.text = message.text();
    event.cid = message.source_id();
    event.message = 1;  // It opens routerd's conversation.
    Append(conversation, std::move(event), now);
  }
  ChatEvent waiting;
  waiting.kind = "waiting";
  waiting.from = "system";
  Append(conversation, std::move(waiting), now);
  Broadcast(conversation, EncodeReceipt(row.cid, create.messages_size() > 0 ? row.last_seq - 1 : 0, "stored", row.id));
  PostConnected(conversation);
  for (const std::string& cid : std::exchange(conversation.early, {})) {
    const auto pending = conversation.pending.find(cid);
    if (PostMessage(conversation, cid, pending->second)) continue;
    BroadcastError(conversation, {"unavailable", "try again", cid, "", 5'000});
    conversation.pending.erase(pending);
  }
}

void ChatHub::Append(Conversation& conversation, ChatEvent event, Instant now) {
  event.seq = ++conversation.row.last_seq;
  event.at_ms = ToMs(now);
  store_.AddEvent(conversation.row.id, event);
  Save(conversation);
  Broadcast(conversation, EncodeEvent(event));
}

void ChatHub::PostCreate(Conversation& conversation, Instant now) {
  v1::ConnectRequest request;
  request.mutable_create()->ParseFromString(conversation.row.start);
  if (!link_.Post(std::move(request))) Arm(now + kRetryDelay, TimerKind::kRetry, 0, conversation.row.id);
}

bool ChatHub::PostMessage(Conversation& conversation, const std::string& cid, const std::string& text) {
  v1::ConnectRequest request;
  request.mutable_message()->set_contact_source_id(conversation.row.source_id);
  request.mutable_message()->set_source_id(cid);
  request.mutable_message()->set_text(text);
  return link_.Post(std::move(request)).has_value();
}

void ChatHub::PostEnd(Conversation& conversation, Instant now) {
  v1::ConnectRequest request;
  request.mutable_end()->set_contact_source_id(conversation.row.source_id);
  request.mutable_end()->set_reason(conversation.row.ending);
  if (!link_.Post(std::move(request))) Arm(now + kRetryDelay, TimerKind::kRetry, 0, conversation.row.id);
}

void ChatHub::PostConnected(Conversation& conversation) {
  const bool connected = !conversation.away_since;
  if (conversation.row.contact.empty() || conversation.ended() || conversation.connected_told == connected) return;
  v1::ConnectRequest request;
  request.mutable_update()->set_contact(conversation.row.contact);
  request.mutable_update()->set_customer_connected(connected);
  if (link_.Post(std::move(request))) conversation.connected_told = connected;
}

void ChatHub::PostDelivery(Conversation& conversation, int64_t message, v1::Message::Delivery delivery) {
  v1::ConnectRequest request;
  request.mutable_delivery()->set_contact_source_id(conversation.row.source_id);
  request.mutable_delivery()->set_sequence(message);
  request.mutable_delivery()->set_delivery(delivery);
  link_.Post(std::move(request));
}

void ChatHub::End(Conversation& conversation, std::string_view reason, bool tell, Instant now) {
  ConversationRow& row = conversation.row;
  // A start that routerd may have already can't be taken back; the end goes right behind it.
  row.state = ChatState::kEnded;
  row.ended_ms = ToMs(now);
  row.start.clear();
  row.agent.clear();
  row.agent_name.clear();
  conversation.estimate.reset();
  conversation.early.clear();
  if (tell) row.ending = reason;
  ChatEvent event;
  event.kind = "ended";
  event.from = tell ? "customer" : "system";
  event.text = reason;
  Append(conversation, std::move(event), now);
  if (tell) PostEnd(conversation, now);
}

void ChatHub::CheckAway(Conversation& conversation, Instant now) {
  if (!conversation.away_since || conversation.ended()) return;
  const Limits& limits = options_.limits;
  const std::chrono::milliseconds grace =
      conversation.row.state == ChatState::kActive || conversation.row.state == ChatState::kDormant
          ? limits.active_grace
          : limits.waiting_grace;
  const Instant told_at = *conversation.away_since + limits.away_after;
  if (now < told_at) return Arm(told_at, TimerKind::kAway, 0, conversation.row.id);
  PostConnected(conversation);
  if (now < *conversation.away_since + grace) {
    return Arm(*conversation.away_since + grace, TimerKind::kAway, 0, conversation.row.id);
  }
  const std::string id = conversation.row.id;
  End(conversation, "customer_left", true, now);
  Release(id);
}

void ChatHub::Save(const Conversation& conversation) { store_.PutConversation(conversation.row); }

void ChatHub::Release(const std::string& id) {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) return;
  const Conversation& conversation = *found->second;
  const Visitor* watching = VisitorOf(conversation);
  const bool watched = watching != nullptr && !watching->sockets.empty();
  if (watched || !conversation.ended() || !conversation.row.ending.empty()) return;
  by_source_.erase(conversation.row.source_id);
  if (!conversation.row.contact.empty()) by_contact_.erase(conversation.row.contact);
  conversations_.erase(found);
}

void ChatHub::ReleaseVisitor(const std::string& id) {
  const auto found = visitors_.find(id);
  if (found == visitors_.end() || !found->second->sockets.empty()) return;
  visitors_.erase(found);
}

}  // namespace adapters::webchat
