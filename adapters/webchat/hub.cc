#include "adapters/webchat/hub.h"

#include <algorithm>
#include <utility>

#include "routerd/base/log.h"
#include "routerd/base/token.h"

namespace adapters::webchat {
namespace {

using ::routerd::base::Log;
using ::routerd::base::LogLevel;
using ::std::chrono::milliseconds;

constexpr milliseconds kPruneInterval(600'000);
constexpr int kPruneRows = 1'000;
constexpr milliseconds kRetryDelay(1'000);
constexpr milliseconds kTypingInterval(2'000);
constexpr int kTokensPerVisitor = 8;
constexpr int kHelloAttempts = 3;
constexpr size_t kAddressesMax = 100'000;
constexpr int64_t kHistoryMax = 100;

constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kTryLater = 1013;
constexpr uint16_t kReplaced = 4001;

int64_t ToMs(Instant time) { return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count(); }

int64_t ToSeconds(const google::protobuf::Duration& duration) {
  return duration.seconds() + (duration.nanos() > 0 ? 1 : 0);
}

void SetText(google::protobuf::Struct& fields, const std::string& key, std::string_view text) {
  if (!text.empty()) (*fields.mutable_fields())[key].set_string_value(std::string(text));
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

struct ChatHub::Socket {
  SocketId id = 0;
  SocketSource source;
  const Site* site = nullptr;
  Visitor* visitor = nullptr;  // Once it has said hello.
  std::string lang;
  std::string page_url;
  std::string page_title;
  int hello_attempts = 0;
  int bad_frames = 0;
  bool closing = false;
  bool flooding = false;
  Rate frames;
  Rate messages;
  Instant typed_at{};
};

struct ChatHub::Visitor {
  VisitorRow row;
  std::vector<SocketId> sockets;  // Oldest first.
};

struct ChatHub::Conversation {
  ConversationRow row;
  std::map<std::string, std::string> pending;  // Text by cid, of messages that routerd has not confirmed.
  std::vector<std::string> early;              // Their cids in order, while the contact is not created.
  std::optional<Instant> away_since;           // No socket since then.
  std::optional<bool> connected_told;          // What routerd believes.
  std::optional<v1::WaitEstimate> estimate;
  Instant queue_sent_at{};
  bool queue_armed = false;

  bool ended() const { return row.state == ChatState::kEnded; }
};

bool ChatHub::Rate::Take(size_t count_max, Instant now) {
  while (!times.empty() && times.front() <= now - std::chrono::seconds(10)) times.pop_front();
  if (times.size() >= count_max) return false;
  times.push_back(now);
  return true;
}

ChatHub::ChatHub(HubOptions options, ChatStore& store, link::LinkSession& link, std::function<std::string()> token,
                 Instant now)
    : options_(std::move(options)), store_(store), link_(link), token_(std::move(token)) {
  for (ConversationRow& row : store_.LiveConversations()) {
    Conversation& conversation = *Load(std::move(row));
    conversation.away_since = now;
    Arm(now + options_.limits.away_after, TimerKind::kAway, 0, conversation.row.id);
    if (conversation.row.state == ChatState::kStarting) PostCreate(conversation, now);
    if (!conversation.row.ending.empty()) PostEnd(conversation, now);
  }
  Arm(now + kPruneInterval, TimerKind::kPrune, 0, "");
}

ChatHub::~ChatHub() = default;

// ---------------------------------------------------------------------------------------------------------- sockets

void ChatHub::OnSocketOpened(SocketId id, SocketSource source, Instant now) {
  auto socket = std::make_unique<Socket>();
  socket->id = id;
  socket->source = std::move(source);
  size_t& count = sockets_by_address_[socket->source.remote];
  ++count;
  Socket& opened = *sockets_.emplace(id, std::move(socket)).first->second;
  if (count > options_.limits.sockets_per_address) {
    SendError(opened, {"slow_down", "too many open chats from this address"});
    return Close(id, kTryLater, "too many sockets");
  }
  Arm(now + options_.limits.hello_timeout, TimerKind::kHello, id, "");
}

void ChatHub::OnSocketClosed(SocketId id, Instant now) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return;
  const std::unique_ptr<Socket> socket = std::move(found->second);
  sockets_.erase(found);
  const auto count = sockets_by_address_.find(socket->source.remote);
  if (--count->second == 0) sockets_by_address_.erase(count);
  if (socket->visitor == nullptr) return;
  Visitor& visitor = *socket->visitor;
  std::erase(visitor.sockets, id);
  if (!visitor.sockets.empty()) return;
  const std::string visitor_id = visitor.row.id;
  const std::string conversation_id = visitor.row.conversation;
  if (const auto live = conversations_.find(conversation_id); live != conversations_.end()) {
    live->second->away_since = now;
    Arm(now + options_.limits.away_after, TimerKind::kAway, 0, conversation_id);
    Release(conversation_id);
  }
  ReleaseVisitor(visitor_id);
}

void ChatHub::OnFrame(SocketId id, std::string_view text, Instant now) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end() || found->second->closing) return;
  Socket& socket = *found->second;
  ++stats_.frames_total;
  if (!socket.frames.Take(options_.limits.frames_per_10s * 2, now)) return Close(id, kPolicy, "too many frames");
  if (socket.frames.times.size() > options_.limits.frames_per_10s) {
    if (!std::exchange(socket.flooding, true)) {
      SendError(socket, {"slow_down", "too many frames", "", "", 10'000});
    }
    return;
  }
  socket.flooding = false;
  std::variant<ClientFrame, FrameError> parsed = ParseFrame(text, options_.limits.codec);
  if (FrameError* error = std::get_if<FrameError>(&parsed)) {
    SendError(socket, std::move(*error));
    if (++socket.bad_frames >= options_.limits.bad_frames_max) Close(id, kPolicy, "too many bad frames");
    return;
  }
  const ClientFrame& frame = std::get<ClientFrame>(parsed);
  const bool hello = std::holds_alternative<HelloFrame>(frame);
  if (socket.visitor == nullptr && !hello && !std::holds_alternative<PingFrame>(frame)) {
    SendError(socket, {"unauthorized", "say hello first"});
    return Close(id, kPolicy, "hello expected");
  }
  if (socket.visitor != nullptr && hello) return SendError(socket, {"conflict", "hello was said"});
  std::visit([&](const auto& known) { Handle(socket, known, now); }, frame);
}

// ------------------------------------------------------------------------------------------------------------ hello

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

// ---------------------------------------------------------------------------------------------------------- routerd

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

// ---------------------------------------------------------------------------------------------------- conversations

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
  const milliseconds grace =
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

// ------------------------------------------------------------------------------------------------------ time and out

void ChatHub::Advance(Instant now) {
  while (!timers_.empty() && timers_.top().at <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.kind == TimerKind::kHello) {
      const auto socket = sockets_.find(timer.socket);
      if (socket == sockets_.end() || socket->second->visitor != nullptr || socket->second->closing) continue;
      SendError(*socket->second, {"unauthorized", "hello did not come in time"});
      Close(timer.socket, kPolicy, "hello expected");
      continue;
    }
    if (timer.kind == TimerKind::kPrune) {
      store_.Prune(ToMs(now - options_.limits.resume_lifetime), ToMs(now), kPruneRows);
      std::erase_if(visitors_by_address_,
                    [&](const auto& entry) { return now - entry.second.since > std::chrono::hours(1); });
      Arm(now + kPruneInterval, TimerKind::kPrune, 0, "");
      continue;
    }
    const auto found = conversations_.find(timer.conversation);
    if (found == conversations_.end()) continue;
    Conversation& conversation = *found->second;
    if (timer.kind == TimerKind::kAway) CheckAway(conversation, now);
    if (timer.kind == TimerKind::kQueue) {
      conversation.queue_armed = false;
      if (conversation.estimate && conversation.row.state == ChatState::kWaiting) SendQueue(conversation, now);
    }
    if (timer.kind == TimerKind::kRetry) {
      if (conversation.row.state == ChatState::kStarting) PostCreate(conversation, now);
      if (!conversation.row.ending.empty()) PostEnd(conversation, now);
    }
  }
}

std::optional<Instant> ChatHub::NextDeadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.top().at;
}

void ChatHub::SayBye() {
  for (const auto& [id, socket] : sockets_) {
    Send(id, EncodeBye("restart", 500));
    Close(id, kGoingAway, "server restarts");
  }
}

void ChatHub::Send(SocketId socket, std::string text) {
  actions_.push_back({socket, std::make_shared<const std::string>(std::move(text)), 0, ""});
}

void ChatHub::Broadcast(const Conversation& conversation, std::string text) {
  const Visitor* visitor = VisitorOf(conversation);
  if (visitor == nullptr) return;
  const auto shared = std::make_shared<const std::string>(std::move(text));
  for (const SocketId socket : visitor->sockets) actions_.push_back({socket, shared, 0, ""});
}

void ChatHub::BroadcastError(const Conversation& conversation, const FrameError& error) {
  const Visitor* visitor = VisitorOf(conversation);
  if (visitor == nullptr) return;
  for (const SocketId socket : visitor->sockets) SendError(*sockets_.at(socket), error);
}

void ChatHub::SendError(Socket& socket, FrameError error) {
  ++stats_.errors_total[error.code];
  Send(socket.id, EncodeError(error));
}

void ChatHub::Close(SocketId socket, uint16_t code, std::string_view reason) {
  if (const auto found = sockets_.find(socket); found != sockets_.end()) found->second->closing = true;
  actions_.push_back({socket, nullptr, code, std::string(reason)});
}

void ChatHub::Arm(Instant at, TimerKind kind, SocketId socket, std::string conversation) {
  timers_.push({at, kind, socket, std::move(conversation)});
}

HubStats ChatHub::stats() const {
  HubStats stats = stats_;
  stats.sockets_open = sockets_.size();
  stats.conversations_open = conversations_.size();
  return stats;
}

}  // namespace adapters::webchat
