// What pages say: hello, and then whatever a visitor does.
#include <algorithm>
#include <utility>

#include "adapters/webchat/hub_state.h"
#include "routerd/base/token.h"

namespace adapters::webchat {
namespace {

constexpr std::chrono::milliseconds kTypingInterval(2'000);
constexpr int kTokensPerVisitor = 8;
constexpr int kHelloAttempts = 3;
constexpr size_t kAddressesMax = 100'000;
constexpr int64_t kHistoryMax = 100;

void SetText(google::protobuf::Struct& fields, const std::string& key, std::string_view text) {
  if (!text.empty()) (*fields.mutable_fields())[key].set_string_value(std::string(text));
}

}  // namespace

void ChatHub::Handle(Socket& socket, const HelloFrame& hello, Instant now) {
  if (++socket.hello_attempts > kHelloAttempts) return Close(socket.id, kPolicy, "too many attempts");
  const Site* site = nullptr;
  std::optional<FrameError> refused = CheckSite(socket, hello, site);
  if (!refused) refused = CheckIdentity(*site, hello);
  if (refused) {
    SendError(socket, *std::move(refused));
    return Close(socket.id, kPolicy, "refused");
  }
  socket.site = site;
  socket.lang = hello.lang;
  socket.page_url = hello.page_url;
  socket.page_title = hello.page_title;
  std::string new_token;
  Visitor* visitor = nullptr;
  if (!hello.resume.empty()) {
    visitor = Resume(hello, new_token, now);
    // The page forgets the token and says hello anew, on the same socket.
    if (visitor == nullptr) return SendError(socket, {"unauthorized", "resume token unknown or expired", "", "resume"});
    ++stats_.resumes_total;
  } else {
    visitor = NewVisitor(socket, hello, new_token, now);
    if (visitor == nullptr) {
      SendError(socket, {"slow_down", "too many new visitors from this address", "", "", 600'000});
      return Close(socket.id, kTryLater, "too many visitors");
    }
    ++stats_.visitors_total;
  }
  Attach(socket, *visitor, hello, std::move(new_token), now);
}

std::optional<FrameError> ChatHub::CheckSite(const Socket& socket, const HelloFrame& hello, const Site*& site) const {
  const auto found = options_.sites.find(hello.site);
  if (found == options_.sites.end()) return FrameError{"not_found", "unknown site"};
  site = &found->second;
  // A program that sends no origin got this far only where the config lets it.
  if (socket.source.own_origin || socket.source.origin.empty()) return std::nullopt;
  if (site->allowed_origins.contains(socket.source.origin)) return std::nullopt;
  return FrameError{"unauthorized", "this origin may not open this site's chat"};
}

std::optional<FrameError> ChatHub::CheckIdentity(const Site& site, const HelloFrame& hello) const {
  if (!hello.identity) {
    if (!site.identity_required) return std::nullopt;
    return FrameError{"unauthorized", "this site's chat needs a signed identity", "", "identity"};
  }
  if (!site.identity_secret.empty() && !hello.identity->id.empty() &&
      routerd::base::ConstantTimeEquals(routerd::base::HmacSha256Hex(site.identity_secret, hello.identity->id),
                                        hello.identity->hash)) {
    return std::nullopt;
  }
  return FrameError{"unauthorized", "the identity's hash is wrong", "", "identity"};
}

ChatHub::Visitor* ChatHub::Resume(const HelloFrame& hello, std::string& new_token, Instant now) {
  const std::string hash = routerd::base::Sha256Hex(hello.resume);
  std::optional<TokenRow> token = store_.FindToken(hash);
  const int64_t now_ms = ToMs(now);
  if (!token || token->expires_ms <= now_ms) return nullptr;
  Visitor* visitor = nullptr;
  if (const auto found = visitors_.find(token->visitor); found != visitors_.end()) {
    visitor = found->second.get();
  } else if (std::optional<VisitorRow> row = store_.FindVisitor(token->visitor)) {
    auto loaded = std::make_unique<Visitor>();
    loaded->row = *std::move(row);
    visitor = visitors_.emplace(token->visitor, std::move(loaded)).first->second.get();
  }
  if (visitor == nullptr) return nullptr;
  const std::string customer = hello.identity ? hello.identity->id : "";
  const bool foreign = visitor->row.site != hello.site ||
                       (!visitor->row.customer.empty() && !customer.empty() && visitor->row.customer != customer);
  if (foreign) {
    ReleaseVisitor(token->visitor);
    return nullptr;
  }
  if (!customer.empty()) visitor->row.customer = customer;
  visitor->row.seen_ms = now_ms;
  store_.PutVisitor(visitor->row);
  // A token that is used has arrived: the one it replaces is not needed any more.
  if (!token->parent.empty()) store_.RemoveToken(token->parent);
  const int64_t lifetime_ms = options_.limits.resume_lifetime.count();
  token->parent.clear();
  token->expires_ms = now_ms + lifetime_ms;
  store_.PutToken(hash, *token);
  if (now_ms - token->issued_ms > lifetime_ms / 24) IssueToken(*visitor, hash, new_token, now);
  return visitor;
}

ChatHub::Visitor* ChatHub::NewVisitor(const Socket& socket, const HelloFrame& hello, std::string& new_token,
                                      Instant now) {
  if (visitors_by_address_.size() >= kAddressesMax) visitors_by_address_.clear();
  AddressHour& hour = visitors_by_address_[socket.source.remote];
  if (now - hour.since > std::chrono::hours(1)) hour = {now, 0};
  if (++hour.visitors > options_.limits.visitors_per_address_hour) return nullptr;
  auto visitor = std::make_unique<Visitor>();
  visitor->row.id = token_();
  visitor->row.site = hello.site;
  visitor->row.customer = hello.identity ? hello.identity->id : "";
  visitor->row.seen_ms = ToMs(now);
  store_.PutVisitor(visitor->row);
  IssueToken(*visitor, "", new_token, now);
  Visitor* result = visitor.get();
  visitors_.emplace(result->row.id, std::move(visitor));
  return result;
}

void ChatHub::IssueToken(const Visitor& visitor, const std::string& parent, std::string& new_token, Instant now) {
  new_token = token_();
  store_.PutToken(routerd::base::Sha256Hex(new_token),
                  {visitor.row.id, parent, ToMs(now), ToMs(now + options_.limits.resume_lifetime)});
  store_.LimitTokens(visitor.row.id, kTokensPerVisitor);
}

void ChatHub::Attach(Socket& socket, Visitor& visitor, const HelloFrame& hello, std::string new_token, Instant now) {
  socket.visitor = &visitor;
  visitor.sockets.push_back(socket.id);
  if (visitor.sockets.size() > options_.limits.sockets_per_visitor) {
    Close(visitor.sockets.front(), kReplaced, "too many tabs");
  }
  Conversation* conversation = nullptr;
  if (!visitor.row.conversation.empty()) {
    if (const auto found = conversations_.find(visitor.row.conversation); found != conversations_.end()) {
      conversation = found->second.get();
    } else if (std::optional<ConversationRow> row = store_.FindConversation(visitor.row.conversation)) {
      conversation = Load(*std::move(row));
    }
  }
  Welcome welcome;
  welcome.resume = std::move(new_token);
  welcome.visitor = visitor.row.id;
  welcome.online = link_.open();
  welcome.title = socket.site->title;
  welcome.greeting = socket.site->greeting;
  for (const Topic& topic : socket.site->topics) welcome.topics.push_back(topic.label);
  welcome.text_characters_max = options_.limits.codec.text_characters_max;
  welcome.server_time_ms = ToMs(now);
  std::vector<ChatEvent> events;
  if (conversation != nullptr) {
    const ConversationRow& row = conversation->row;
    welcome.conversation = row.id;
    welcome.state = row.state;
    welcome.seq = row.last_seq;
    welcome.delivered = row.delivered_seq;
    welcome.seen = row.seen_seq;
    welcome.agent = row.agent_name;
    const int64_t after = hello.conversation == row.id ? std::min(hello.after, row.last_seq) : 0;
    events = store_.EventsBefore(row.id, row.last_seq + 1, after, options_.limits.replay_events,
                                 options_.limits.replay_bytes);
    welcome.truncated = static_cast<int64_t>(events.size()) < row.last_seq - after;
  }
  Send(socket.id, EncodeWelcome(welcome));
  for (const ChatEvent& event : events) Send(socket.id, EncodeEvent(event));
  if (conversation == nullptr) return;
  conversation->away_since.reset();
  PostConnected(*conversation);
  if (conversation->row.state == ChatState::kWaiting && conversation->estimate) {
    conversation->queue_sent_at = Instant{};
    SendQueue(*conversation, now);
  }
}

// ----------------------------------------------------------------------------------------------- what a page may say

void ChatHub::Handle(Socket& socket, const StartFrame& start, Instant now) {
  if (!socket.messages.Take(options_.limits.messages_per_10s, now)) {
    return SendError(socket, {"slow_down", "too many messages", start.cid, "", 10'000});
  }
  const Site& site = *socket.site;
  Visitor& visitor = *socket.visitor;
  const std::string source_id = site.id + "/" + start.cid;
  if (const Conversation* known = FindBySource(source_id)) {
    if (known->row.visitor != visitor.row.id) return SendError(socket, {"conflict", "cid is in use", start.cid});
    // A repeat: the page missed the receipt, or it comes once routerd has answered.
    if (known->row.state != ChatState::kStarting) {
      const std::optional<ChatEvent> event = store_.FindEventByCid(known->row.id, start.cid);
      Send(socket.id, EncodeReceipt(start.cid, event ? event->seq : 0, "stored", known->row.id));
    }
    return;
  }
  const auto current = conversations_.find(visitor.row.conversation);
  if (current != conversations_.end() && !current->second->ended()) {
    return SendError(socket, {"conflict", "a conversation is open", start.cid});
  }
  const auto topic = std::find_if(site.topics.begin(), site.topics.end(),
                                  [&](const Topic& candidate) { return candidate.label == start.topic; });
  if (topic == site.topics.end()) return SendError(socket, {"not_found", "unknown topic", start.cid});

  v1::CreateContactRequest create;
  create.set_source_id(source_id);
  create.set_adapter(options_.adapter);
  create.set_channel(options_.channel);
  create.set_queue(topic->queue);
  create.set_subject(CutToBytes(topic->label, 500));
  v1::Customer& customer = *create.mutable_customer();
  customer.set_id(visitor.row.customer);
  customer.set_verified(!visitor.row.customer.empty());
  customer.set_language(socket.lang);
  v1::Address& address = *customer.add_addresses();
  address.set_channel(options_.channel);
  address.set_value(visitor.row.id);
  google::protobuf::Struct& attributes = *create.mutable_attributes();
  SetText(attributes, "site", site.id);
  SetText(attributes, "page_url", socket.page_url);
  SetText(attributes, "page_title", socket.page_title);
  SetText(attributes, "language", socket.lang);
  for (const auto& [key, value] : start.form) {
    if (key == "name") customer.set_display_name(CutToBytes(value, 100));
    SetText(attributes, "form." + key, value);  // What was typed; proves nothing.
  }
  for (const auto& [key, value] : start.attributes) SetText(attributes, "page." + key, value);
  if (!start.text.empty()) {
    v1::PostMessageRequest& message = *create.add_messages();
    message.set_source_id(start.cid);
    message.set_text(start.text);
  }

  ConversationRow row;
  row.id = token_();
  row.site = site.id;
  row.visitor = visitor.row.id;
  row.cid = start.cid;
  row.source_id = source_id;
  row.start = create.SerializeAsString();
  row.created_ms = ToMs(now);
  const std::string former = std::exchange(visitor.row.conversation, row.id);
  store_.PutVisitor(visitor.row);
  Conversation& conversation = *Load(std::move(row));
  conversation.connected_told = true;
  Save(conversation);
  PostCreate(conversation, now);
  Release(former);
}

void ChatHub::Handle(Socket& socket, const MessageFrame& message, Instant now) {
  const auto found = conversations_.find(socket.visitor->row.conversation);
  if (found == conversations_.end()) return SendError(socket, {"closed", "no conversation is open", message.cid});
  Conversation& conversation = *found->second;
  if (const std::optional<ChatEvent> known = store_.FindEventByCid(conversation.row.id, message.cid)) {
    return Send(socket.id, EncodeReceipt(message.cid, known->seq, "stored"));
  }
  if (conversation.ended()) return SendError(socket, {"closed", "the conversation has ended", message.cid});
  if (conversation.pending.contains(message.cid)) return;  // The receipt comes with routerd's answer.
  if (conversation.row.state == ChatState::kStarting && message.cid == conversation.row.cid) return;
  if (!socket.messages.Take(options_.limits.messages_per_10s, now)) {
    return SendError(socket, {"slow_down", "too many messages", message.cid, "", 10'000});
  }
  if (conversation.pending.size() >= options_.limits.pending_per_conversation) {
    return SendError(socket, {"unavailable", "earlier messages wait", message.cid, "", 5'000});
  }
  if (conversation.row.state == ChatState::kStarting) {
    conversation.early.push_back(message.cid);
  } else if (!PostMessage(conversation, message.cid, message.text)) {
    return SendError(socket, {"unavailable", "try again", message.cid, "", 5'000});
  }
  conversation.pending.emplace(message.cid, message.text);
}

void ChatHub::Handle(Socket& socket, const TypingFrame& typing, Instant now) {
  const auto found = conversations_.find(socket.visitor->row.conversation);
  if (found == conversations_.end() || found->second->row.state != ChatState::kActive) return;
  if (typing.on && now < socket.typed_at + kTypingInterval) return;
  if (typing.on) socket.typed_at = now;
  v1::ConnectRequest request;
  request.mutable_typing()->set_contact_source_id(found->second->row.source_id);
  request.mutable_typing()->set_on(typing.on);
  link_.PostPassing(std::move(request));
}

void ChatHub::Handle(Socket& socket, const SeenFrame& seen, Instant) {
  const auto found = conversations_.find(socket.visitor->row.conversation);
  if (found == conversations_.end()) return;
  Conversation& conversation = *found->second;
  const int64_t message = store_.LastMessageUpTo(conversation.row.id, seen.seq);
  if (message <= conversation.row.customer_seen) return;
  conversation.row.customer_seen = message;
  conversation.row.customer_delivered = std::max(conversation.row.customer_delivered, message);
  Save(conversation);
  PostDelivery(conversation, message, v1::Message::DELIVERY_SEEN);
}

void ChatHub::Handle(Socket& socket, const AckFrame& ack, Instant) {
  const auto found = conversations_.find(socket.visitor->row.conversation);
  if (found == conversations_.end()) return;
  Conversation& conversation = *found->second;
  const int64_t message = store_.LastMessageUpTo(conversation.row.id, ack.seq);
  if (message <= conversation.row.customer_delivered) return;
  conversation.row.customer_delivered = message;
  Save(conversation);
  PostDelivery(conversation, message, v1::Message::DELIVERY_DELIVERED);
}

void ChatHub::Handle(Socket& socket, const EndFrame&, Instant now) {
  const auto found = conversations_.find(socket.visitor->row.conversation);
  if (found == conversations_.end() || found->second->ended()) return;
  End(*found->second, "customer_closed", true, now);
}

void ChatHub::Handle(Socket& socket, const HistoryFrame& history, Instant) {
  const std::string& id = socket.visitor->row.conversation;
  if (id.empty()) return Send(socket.id, EncodeHistory({}, false));
  const std::vector<ChatEvent> events = store_.EventsBefore(
      id, history.before, 0, std::clamp<int64_t>(history.limit, 1, kHistoryMax), options_.limits.replay_bytes);
  Send(socket.id, EncodeHistory(events, !events.empty() && events.front().seq > 1));
}

void ChatHub::Handle(Socket& socket, const PingFrame& ping, Instant) { Send(socket.id, EncodePong(ping.n)); }

}  // namespace adapters::webchat
