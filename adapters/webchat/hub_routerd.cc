// What routerd says: answers to what was asked, and what became of contacts.
#include <algorithm>
#include <utility>

#include "adapters/webchat/hub_state.h"
#include "routerd/base/log.h"

namespace adapters::webchat {
namespace {

using ::routerd::base::Log;
using ::routerd::base::LogLevel;

int64_t ToSeconds(const google::protobuf::Duration& duration) {
  return duration.seconds() + (duration.nanos() > 0 ? 1 : 0);
}

bool IsLive(v1::Contact::State state) {
  return state != v1::Contact::STATE_WRAP_UP && state != v1::Contact::STATE_ENDED;
}

std::string_view EndText(const v1::Contact& contact) {
  switch (contact.end_reason()) {
    case v1::Contact::END_REASON_ABANDONED:
      return "abandoned";
    case v1::Contact::END_REASON_REJECTED:
    case v1::Contact::END_REASON_OVERFLOWED:
      return "busy";
    case v1::Contact::END_REASON_EXPIRED:
      return "expired";
    case v1::Contact::END_REASON_FAILED:
      return "failed";
    default:
      return "completed";
  }
}

// Whether an answer says that routerd has no such live contact.
bool SaysGone(const v1::RequestAck& ack) {
  return ack.code() == static_cast<int>(absl::StatusCode::kNotFound) ||
         ack.code() == static_cast<int>(absl::StatusCode::kFailedPrecondition);
}

}  // namespace

void ChatHub::OnLink(const link::Received& received, const v1::ConnectResponse& response, Instant now) {
  if (received.opened) {
    const std::string online = EncodeStatus(true);
    for (const auto& [id, socket] : sockets_) {
      if (socket->visitor != nullptr) Send(id, online);
    }
    if (received.resync) {
      // Asks about each contact by telling something harmless; one that is gone ends here too.
      for (const auto& [id, conversation] : conversations_) {
        conversation->connected_told.reset();
        PostConnected(*conversation);
      }
    }
  }
  if (received.answer) OnAnswer(*received.answer, now);
  if (received.event) {
    if (response.has_state()) {
      OnState(response, now);
    } else if (Conversation* conversation = FindBySource(response.contact_source_id())) {
      if (response.has_message()) OnMessage(*conversation, response.message(), now);
      if (response.has_delivery()) OnDelivery(*conversation, response.delivery());
      if (response.has_estimate()) OnEstimate(*conversation, response.estimate(), now);
      if (response.has_typing()) {
        Broadcast(*conversation, EncodeTyping(response.typing().on(), conversation->row.agent_name));
      }
      Release(conversation->row.id);
    }
  }
  store_.base().SetCursor(link_.cursor());
}

void ChatHub::OnLinkLost() {
  const std::string offline = EncodeStatus(false);
  for (const auto& [id, socket] : sockets_) {
    if (socket->visitor != nullptr) Send(id, offline);
  }
}

void ChatHub::OnAnswer(const link::Answer& answer, Instant now) {
  const v1::ConnectRequest& request = answer.request;
  const v1::RequestAck& ack = answer.ack;
  Conversation* conversation = nullptr;
  if (request.has_create()) {
    conversation = FindBySource(request.create().source_id());
    if (conversation != nullptr) OnCreateAnswer(*conversation, ack, now);
    return;
  }
  if (request.has_update()) {
    const auto found = by_contact_.find(request.update().contact());
    if (found == by_contact_.end() || found->second->ended() || !SaysGone(ack)) return;
    End(*found->second, "completed", false, now);
    return Release(found->second->row.id);
  }
  if (request.has_message()) {
    conversation = FindBySource(request.message().contact_source_id());
    if (conversation != nullptr) OnMessageAnswer(*conversation, request.message(), ack, now);
  } else if (request.has_end()) {
    conversation = FindBySource(request.end().contact_source_id());
    if (conversation == nullptr) return;
    conversation->row.ending.clear();
    Save(*conversation);
    if (ack.code() != 0 && !SaysGone(ack)) {
      Log(LogLevel::kError, "webchat.end_refused", {{"contact", conversation->row.contact}, {"reason", ack.reason()}});
    }
  }
  if (conversation != nullptr) Release(conversation->row.id);
}

void ChatHub::OnCreateAnswer(Conversation& conversation, const v1::RequestAck& ack, Instant now) {
  if (conversation.row.state != ChatState::kStarting) {  // Its first event was faster, or the customer has left.
    if (conversation.row.contact.empty() && ack.code() == 0) {
      conversation.row.contact = ack.contact();
      Save(conversation);
    }
    return;
  }
  if (ack.code() == 0) return Created(conversation, ack.contact(), now);
  Log(LogLevel::kWarning, "webchat.start_refused",
      {{"site", conversation.row.site}, {"code", ack.code()}, {"reason", ack.reason()}});
  FrameError error{"unavailable", "The line is full. Please try again in a few minutes.", conversation.row.cid};
  error.retry_after_ms = ToSeconds(ack.retry_delay()) * 1'000;
  if (ack.code() != static_cast<int>(absl::StatusCode::kResourceExhausted)) {
    error.text = "We can't take this request now.";
  }
  BroadcastError(conversation, error);
  const std::string id = conversation.row.id;
  if (Visitor* visitor = VisitorOf(conversation)) {
    visitor->row.conversation.clear();
    store_.PutVisitor(visitor->row);
  }
  by_source_.erase(conversation.row.source_id);
  conversations_.erase(id);
  store_.RemoveConversation(id);
}

void ChatHub::OnMessageAnswer(Conversation& conversation, const v1::PostMessageRequest& request,
                              const v1::RequestAck& ack, Instant now) {
  const auto pending = conversation.pending.find(request.source_id());
  if (pending != conversation.pending.end()) conversation.pending.erase(pending);
  if (ack.code() == 0) {
    if (store_.FindEventByCid(conversation.row.id, request.source_id())) return;
    ChatEvent event;
    event.kind = "msg";
    event.from = "customer";
    event.text = request.text();
    event.cid = request.source_id();
    event.message = ack.message_sequence();
    ++stats_.customer_messages_total;
    Append(conversation, std::move(event), now);
    Broadcast(conversation, EncodeReceipt(request.source_id(), conversation.row.last_seq, "stored"));
    return;
  }
  FrameError error{SaysGone(ack) ? "closed" : "bad_frame", ack.message(), request.source_id()};
  if (ack.code() == static_cast<int>(absl::StatusCode::kResourceExhausted)) {
    error.code = "unavailable";
    error.retry_after_ms = std::max<int64_t>(ToSeconds(ack.retry_delay()) * 1'000, 5'000);
  }
  BroadcastError(conversation, error);
}

void ChatHub::OnState(const v1::ConnectResponse& response, Instant now) {
  const v1::ConnectResponse::StateChanged& state = response.state();
  std::string source_id = response.contact_source_id();
  if (source_id.empty()) source_id = state.contact().source_id();
  if (Conversation* conversation = FindBySource(source_id)) {
    const std::string id = conversation->row.id;
    OnStateOf(*conversation, state, now);
    return Release(id);
  }
  if (!IsLive(state.contact().state())) return;
  // Nobody can reach it any more: this adapter's store was lost. Don't let it stand in line for ever.
  Log(LogLevel::kWarning, "webchat.contact_unknown", {{"contact", state.contact().name()}});
  v1::ConnectRequest request;
  request.mutable_end()->set_contact(state.contact().name());
  request.mutable_end()->set_reason("unknown_to_adapter");
  link_.Post(std::move(request));
}

void ChatHub::OnStateOf(Conversation& conversation, const v1::ConnectResponse::StateChanged& state, Instant now) {
  ConversationRow& row = conversation.row;
  const v1::Contact& contact = state.contact();
  if (conversation.ended()) return;
  if (row.state == ChatState::kStarting) Created(conversation, contact.name(), now);
  for (const v1::Message& message : contact.context().transcript()) OnMessage(conversation, message, now);
  ChatEvent event;
  event.from = "system";
  switch (contact.state()) {
    case v1::Contact::STATE_QUEUED:
    case v1::Contact::STATE_OFFERED:
    case v1::Contact::STATE_SCHEDULED:
      if (row.state == ChatState::kWaiting) break;
      row.state = ChatState::kWaiting;
      event.kind = state.cause() == "contact.transferred" ? "transferred" : "left";
      event.name = std::exchange(row.agent_name, "");
      row.agent.clear();
      Append(conversation, std::move(event), now);
      break;
    case v1::Contact::STATE_ACTIVE: {
      const bool joined = row.agent != contact.agent() || row.state == ChatState::kWaiting;
      row.state = ChatState::kActive;
      row.agent = contact.agent();
      if (!state.agent_display_name().empty()) row.agent_name = state.agent_display_name();
      conversation.estimate.reset();
      event.kind = "joined";
      event.name = row.agent_name;
      if (joined) Append(conversation, std::move(event), now);
      break;
    }
    case v1::Contact::STATE_DORMANT:
      row.state = ChatState::kDormant;
      break;
    case v1::Contact::STATE_WRAP_UP:
    case v1::Contact::STATE_ENDED:
      return End(conversation, EndText(contact), false, now);
    default:
      break;
  }
  Save(conversation);
}

void ChatHub::OnMessage(Conversation& conversation, const v1::Message& message, Instant now) {
  ConversationRow& row = conversation.row;
  const bool customers = message.author() == v1::Message::AUTHOR_CUSTOMER;
  // The router's own notes say what the states say already.
  if (message.author() == v1::Message::AUTHOR_SYSTEM) return;
  if (customers ? store_.FindEventByCid(row.id, message.source_id()).has_value()
                : message.sequence() <= row.last_message) {
    return;
  }
  if (conversation.ended() && !row.ending.empty()) return;  // The customer has closed it.
  ChatEvent event;
  event.kind = "msg";
  event.from = customers ? "customer" : message.author() == v1::Message::AUTHOR_BOT ? "bot" : "agent";
  event.text = message.text();
  event.message = message.sequence();
  if (customers) {
    event.cid = message.source_id();
  } else {
    event.name = message.author_display_name();
    row.last_message = message.sequence();
    ++stats_.agent_messages_total;
  }
  Append(conversation, std::move(event), now);
}

void ChatHub::OnDelivery(Conversation& conversation, const v1::DeliveryReport& report) {
  ConversationRow& row = conversation.row;
  const std::optional<ChatEvent> own = store_.LastOwnUpTo(row.id, report.sequence());
  if (!own) return;
  const bool seen = report.delivery() == v1::Message::DELIVERY_SEEN;
  int64_t& mark = seen ? row.seen_seq : row.delivered_seq;
  if (own->seq <= mark) return;
  mark = own->seq;
  Save(conversation);
  Broadcast(conversation, EncodeReceipt(own->cid, own->seq, seen ? "seen" : "delivered"));
}

void ChatHub::OnEstimate(Conversation& conversation, const v1::WaitEstimate& estimate, Instant now) {
  if (conversation.row.state != ChatState::kWaiting && conversation.row.state != ChatState::kStarting) return;
  conversation.estimate = estimate;
  SendQueue(conversation, now);
}

void ChatHub::SendQueue(Conversation& conversation, Instant now) {
  const Instant due = conversation.queue_sent_at + options_.limits.queue_interval;
  if (now < due) {
    if (!std::exchange(conversation.queue_armed, true)) Arm(due, TimerKind::kQueue, 0, conversation.row.id);
    return;
  }
  conversation.queue_sent_at = now;
  const v1::WaitEstimate& estimate = *conversation.estimate;
  std::optional<int64_t> wait_s;
  std::optional<int64_t> wait_max_s;
  if (estimate.has_wait_p50()) wait_s = ToSeconds(estimate.wait_p50());
  if (estimate.has_wait_p90()) wait_max_s = ToSeconds(estimate.wait_p90());
  Broadcast(conversation, EncodeQueue(estimate.place(), wait_s, wait_max_s));
}

}  // namespace adapters::webchat
