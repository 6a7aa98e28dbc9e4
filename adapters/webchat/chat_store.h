// What the web chat adapter keeps: visitors, their resume tokens, conversations and what was said in them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/link/store.h"
#include "adapters/webchat/codec.h"

namespace adapters::webchat {

// A browser that has said hello. Its secret is a resume token.
struct VisitorRow {
  std::string id;
  std::string site;
  std::string customer;      // Verified customer id; empty: anonymous.
  std::string conversation;  // The last one; empty: none yet.
  int64_t seen_ms = 0;
};

// A resume token, of which only the hash is kept.
struct TokenRow {
  std::string visitor;
  std::string parent;  // Hash of the token it is to replace.
  int64_t issued_ms = 0;
  int64_t expires_ms = 0;
};

// One contact of a visitor.
struct ConversationRow {
  std::string id;
  std::string site;
  std::string visitor;
  std::string cid;        // Of the start frame.
  std::string source_id;  // Names the contact at routerd.
  std::string contact;    // routerd's name for it, once known.
  ChatState state = ChatState::kStarting;
  std::string start;  // The serialized CreateContactRequest while nobody knows whether routerd has it.
  std::string agent;  // Who serves, as routerd names them, and what they are called.
  std::string agent_name;
  int64_t last_seq = 0;
  int64_t last_message = 0;        // routerd's sequence of the last message that came from there.
  int64_t delivered_seq = 0;       // The customer's messages up to here reached the agent's side,
  int64_t seen_seq = 0;            // and were read.
  int64_t customer_delivered = 0;  // routerd's sequence up to which the page has messages,
  int64_t customer_seen = 0;       // and up to which the customer has read.
  std::string ending;              // Why the contact is to end, while routerd has not confirmed it.
  int64_t created_ms = 0;
  int64_t ended_ms = 0;
};

// Threads: one.
// Errors:  those of link::Store: remembered, returned by Commit.
class ChatStore {
 public:
  // Opens `path`, or ":memory:". Errors of link::Store::Open.
  static absl::StatusOr<std::unique_ptr<ChatStore>> Open(const std::string& path);

  link::Store& base() { return *store_; }

  std::optional<VisitorRow> FindVisitor(std::string_view id);
  void PutVisitor(const VisitorRow& visitor);

  std::optional<TokenRow> FindToken(std::string_view hash);
  void PutToken(std::string_view hash, const TokenRow& token);
  void RemoveToken(std::string_view hash);
  // Leaves a visitor the newest `keep` tokens.
  void LimitTokens(std::string_view visitor, int keep);

  std::optional<ConversationRow> FindConversation(std::string_view id);
  std::optional<ConversationRow> FindConversationBySource(std::string_view source_id);
  // Those that have not ended, or whose end routerd has not confirmed.
  std::vector<ConversationRow> LiveConversations();
  void PutConversation(const ConversationRow& conversation);
  void RemoveConversation(std::string_view id);

  void AddEvent(std::string_view conversation, const ChatEvent& event);
  // At most `limit` events with seq < before, oldest first, the last ones of them; at most `bytes_max` of text.
  std::vector<ChatEvent> EventsBefore(std::string_view conversation, int64_t before, int64_t after, int64_t limit,
                                      size_t bytes_max);
  std::optional<ChatEvent> FindEventByCid(std::string_view conversation, std::string_view cid);
  // The customer's last message among routerd's messages up to `message`.
  std::optional<ChatEvent> LastOwnUpTo(std::string_view conversation, int64_t message);
  // routerd's sequence of the last message from there among the events up to `seq`; 0 if there is none.
  int64_t LastMessageUpTo(std::string_view conversation, int64_t seq);

  // Forgets what ended, expired or was last seen before `before_ms`, at most `limit` rows of each kind.
  void Prune(int64_t before_ms, int64_t now_ms, int limit);

 private:
  struct Statements;
  ChatStore(std::unique_ptr<link::Store> store);

  std::unique_ptr<link::Store> store_;
  struct StatementsDeleter {
    void operator()(Statements* statements) const;
  };
  std::unique_ptr<Statements, StatementsDeleter> sql_;
};

}  // namespace adapters::webchat
