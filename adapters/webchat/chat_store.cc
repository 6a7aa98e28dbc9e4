#include "adapters/webchat/chat_store.h"

#include <algorithm>
#include <utility>

namespace adapters::webchat {
namespace {

using ::adapters::link::Statement;

constexpr int kVersion = 1;
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS visitor (
  id TEXT PRIMARY KEY, site TEXT NOT NULL, customer TEXT NOT NULL, conversation TEXT NOT NULL,
  seen_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visitor_seen ON visitor (seen_ms);
CREATE TABLE IF NOT EXISTS token (
  hash TEXT PRIMARY KEY, visitor TEXT NOT NULL, parent TEXT NOT NULL, issued_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS token_visitor ON token (visitor, issued_ms);
CREATE INDEX IF NOT EXISTS token_expires ON token (expires_ms);
CREATE TABLE IF NOT EXISTS conversation (
  id TEXT PRIMARY KEY, site TEXT NOT NULL, visitor TEXT NOT NULL, cid TEXT NOT NULL, source_id TEXT NOT NULL UNIQUE,
  contact TEXT NOT NULL, state INTEGER NOT NULL, start BLOB NOT NULL, agent TEXT NOT NULL, agent_name TEXT NOT NULL,
  last_seq INTEGER NOT NULL, last_message INTEGER NOT NULL, delivered_seq INTEGER NOT NULL, seen_seq INTEGER NOT NULL,
  customer_delivered INTEGER NOT NULL, customer_seen INTEGER NOT NULL, ending TEXT NOT NULL,
  created_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversation_live ON conversation (id) WHERE ended_ms = 0 OR ending <> '';
CREATE INDEX IF NOT EXISTS conversation_ended ON conversation (ended_ms) WHERE ended_ms > 0 AND ending = '';
CREATE TABLE IF NOT EXISTS event (
  conversation TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, sender TEXT NOT NULL,
  name TEXT NOT NULL, text TEXT NOT NULL, cid TEXT NOT NULL, message INTEGER NOT NULL,
  PRIMARY KEY (conversation, seq)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS event_cid ON event (conversation, cid) WHERE cid <> '';
CREATE INDEX IF NOT EXISTS event_message ON event (conversation, message) WHERE message > 0;
)sql";

#define CONVERSATION_COLUMNS                                                                              \
  "id, site, visitor, cid, source_id, contact, state, start, agent, agent_name, last_seq, last_message, " \
  "delivered_seq, seen_seq, customer_delivered, customer_seen, ending, created_ms, ended_ms"
#define EVENT_COLUMNS "seq, at_ms, kind, sender, name, text, cid, message"

ConversationRow ReadConversation(const Statement& row) {
  ConversationRow conversation;
  int column = 0;
  conversation.id = row.Text(column++);
  conversation.site = row.Text(column++);
  conversation.visitor = row.Text(column++);
  conversation.cid = row.Text(column++);
  conversation.source_id = row.Text(column++);
  conversation.contact = row.Text(column++);
  conversation.state = static_cast<ChatState>(row.Integer(column++));
  conversation.start = row.Text(column++);
  conversation.agent = row.Text(column++);
  conversation.agent_name = row.Text(column++);
  conversation.last_seq = row.Integer(column++);
  conversation.last_message = row.Integer(column++);
  conversation.delivered_seq = row.Integer(column++);
  conversation.seen_seq = row.Integer(column++);
  conversation.customer_delivered = row.Integer(column++);
  conversation.customer_seen = row.Integer(column++);
  conversation.ending = row.Text(column++);
  conversation.created_ms = row.Integer(column++);
  conversation.ended_ms = row.Integer(column++);
  return conversation;
}

ChatEvent ReadEvent(const Statement& row) {
  return {row.Integer(0), row.Integer(1), row.Text(2), row.Text(3),
          row.Text(4),    row.Text(5),    row.Text(6), row.Integer(7)};
}

// The one row of a statement that has run.
template <typename Row>
std::optional<Row> One(Statement& statement, Row (*read)(const Statement&)) {
  std::optional<Row> row;
  if (statement.Next()) row = read(statement);
  statement.Reset();
  return row;
}

}  // namespace

struct ChatStore::Statements {
  explicit Statements(link::Store& store) : store(store) {}

  link::Store& store;
  Statement find_visitor{store, "SELECT id, site, customer, conversation, seen_ms FROM visitor WHERE id = ?"};
  Statement put_visitor{store, "INSERT OR REPLACE INTO visitor VALUES (?, ?, ?, ?, ?)"};
  Statement find_token{store, "SELECT visitor, parent, issued_ms, expires_ms FROM token WHERE hash = ?"};
  Statement put_token{store, "INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?)"};
  Statement remove_token{store, "DELETE FROM token WHERE hash = ?"};
  Statement limit_tokens{store,
                         "DELETE FROM token WHERE hash IN (SELECT hash FROM token WHERE visitor = ? "
                         "ORDER BY issued_ms DESC LIMIT -1 OFFSET ?)"};
  Statement find_conversation{store, "SELECT " CONVERSATION_COLUMNS " FROM conversation WHERE id = ?"};
  Statement find_source{store, "SELECT " CONVERSATION_COLUMNS " FROM conversation WHERE source_id = ?"};
  Statement live{store, "SELECT " CONVERSATION_COLUMNS " FROM conversation WHERE ended_ms = 0 OR ending <> ''"};
  Statement put_conversation{store, "INSERT OR REPLACE INTO conversation (" CONVERSATION_COLUMNS
                                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement remove_conversation{store, "DELETE FROM conversation WHERE id = ?"};
  Statement remove_events{store, "DELETE FROM event WHERE conversation = ?"};
  Statement add_event{store, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement events{store, "SELECT " EVENT_COLUMNS
                          " FROM event WHERE conversation = ? AND seq < ? AND seq > ? ORDER BY seq DESC LIMIT ?"};
  Statement find_cid{store, "SELECT " EVENT_COLUMNS " FROM event WHERE conversation = ? AND cid = ? AND cid <> ''"};
  Statement last_own{store, "SELECT " EVENT_COLUMNS
                            " FROM event WHERE conversation = ? AND message > 0 AND message <= ? AND "
                            "sender = 'customer' ORDER BY message DESC LIMIT 1"};
  Statement last_message{store,
                         "SELECT message FROM event WHERE conversation = ? AND seq <= ? AND message > 0 AND "
                         "sender <> 'customer' ORDER BY seq DESC LIMIT 1"};
  Statement old_conversations{store,
                              "SELECT id FROM conversation WHERE ended_ms > 0 AND ending = '' AND ended_ms < ? "
                              "LIMIT ?"};
  Statement prune_tokens{store,
                         "DELETE FROM token WHERE hash IN (SELECT hash FROM token WHERE expires_ms < ? LIMIT ?)"};
  Statement prune_visitors{store,
                           "DELETE FROM visitor WHERE id IN (SELECT id FROM visitor WHERE seen_ms < ? AND NOT EXISTS "
                           "(SELECT 1 FROM token WHERE token.visitor = visitor.id) AND NOT EXISTS (SELECT 1 FROM "
                           "conversation WHERE conversation.id = visitor.conversation) LIMIT ?)"};
};

void ChatStore::StatementsDeleter::operator()(Statements* statements) const { delete statements; }

ChatStore::ChatStore(std::unique_ptr<link::Store> store) : store_(std::move(store)), sql_(new Statements(*store_)) {}

absl::StatusOr<std::unique_ptr<ChatStore>> ChatStore::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<link::Store>> store = link::Store::Open(path, kVersion, kSchema);
  if (!store.ok()) return store.status();
  std::unique_ptr<ChatStore> chat(new ChatStore(*std::move(store)));
  if (!chat->store_->status().ok()) return chat->store_->status();
  return chat;
}

std::optional<VisitorRow> ChatStore::FindVisitor(std::string_view id) {
  return One<VisitorRow>(sql_->find_visitor.Run(id), [](const Statement& row) {
    return VisitorRow{row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Integer(4)};
  });
}

void ChatStore::PutVisitor(const VisitorRow& visitor) {
  sql_->put_visitor.Do(visitor.id, visitor.site, visitor.customer, visitor.conversation, visitor.seen_ms);
}

std::optional<TokenRow> ChatStore::FindToken(std::string_view hash) {
  return One<TokenRow>(sql_->find_token.Run(hash), [](const Statement& row) {
    return TokenRow{row.Text(0), row.Text(1), row.Integer(2), row.Integer(3)};
  });
}

void ChatStore::PutToken(std::string_view hash, const TokenRow& token) {
  sql_->put_token.Do(hash, token.visitor, token.parent, token.issued_ms, token.expires_ms);
}

void ChatStore::RemoveToken(std::string_view hash) { sql_->remove_token.Do(hash); }

void ChatStore::LimitTokens(std::string_view visitor, int keep) { sql_->limit_tokens.Do(visitor, keep); }

std::optional<ConversationRow> ChatStore::FindConversation(std::string_view id) {
  return One<ConversationRow>(sql_->find_conversation.Run(id), ReadConversation);
}

std::optional<ConversationRow> ChatStore::FindConversationBySource(std::string_view source_id) {
  return One<ConversationRow>(sql_->find_source.Run(source_id), ReadConversation);
}

std::vector<ConversationRow> ChatStore::LiveConversations() {
  std::vector<ConversationRow> conversations;
  sql_->live.Run();
  while (sql_->live.Next()) conversations.push_back(ReadConversation(sql_->live));
  return conversations;
}

void ChatStore::PutConversation(const ConversationRow& row) {
  sql_->put_conversation.Do(row.id, row.site, row.visitor, row.cid, row.source_id, row.contact,
                            static_cast<int64_t>(row.state), row.start, row.agent, row.agent_name, row.last_seq,
                            row.last_message, row.delivered_seq, row.seen_seq, row.customer_delivered,
                            row.customer_seen, row.ending, row.created_ms, row.ended_ms);
}

void ChatStore::RemoveConversation(std::string_view id) {
  sql_->remove_events.Do(id);
  sql_->remove_conversation.Do(id);
}

void ChatStore::AddEvent(std::string_view conversation, const ChatEvent& event) {
  sql_->add_event.Do(conversation, event.seq, event.at_ms, event.kind, event.from, event.name, event.text, event.cid,
                     event.message);
}

std::vector<ChatEvent> ChatStore::EventsBefore(std::string_view conversation, int64_t before, int64_t after,
                                               int64_t limit, size_t bytes_max) {
  std::vector<ChatEvent> events;
  size_t bytes = 0;
  sql_->events.Run(conversation, before, after, limit);
  while (sql_->events.Next()) {
    ChatEvent event = ReadEvent(sql_->events);
    bytes += event.text.size();
    if (bytes > bytes_max && !events.empty()) break;
    events.push_back(std::move(event));
  }
  sql_->events.Reset();
  std::reverse(events.begin(), events.end());
  return events;
}

std::optional<ChatEvent> ChatStore::FindEventByCid(std::string_view conversation, std::string_view cid) {
  return One<ChatEvent>(sql_->find_cid.Run(conversation, cid), ReadEvent);
}

std::optional<ChatEvent> ChatStore::LastOwnUpTo(std::string_view conversation, int64_t message) {
  return One<ChatEvent>(sql_->last_own.Run(conversation, message), ReadEvent);
}

int64_t ChatStore::LastMessageUpTo(std::string_view conversation, int64_t seq) {
  return One<int64_t>(sql_->last_message.Run(conversation, seq), [](const Statement& row) { return row.Integer(0); })
      .value_or(0);
}

void ChatStore::Prune(int64_t before_ms, int64_t now_ms, int limit) {
  std::vector<std::string> ids;
  sql_->old_conversations.Run(before_ms, limit);
  while (sql_->old_conversations.Next()) ids.push_back(sql_->old_conversations.Text(0));
  for (const std::string& id : ids) RemoveConversation(id);
  sql_->prune_tokens.Do(now_ms, limit);
  sql_->prune_visitors.Do(before_ms, limit);
}

}  // namespace adapters::webchat
