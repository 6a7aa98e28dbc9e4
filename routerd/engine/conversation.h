// A conversation: what was said, across the contacts that belong together.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "routerd/v1/context.pb.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// Messages of a transcript that travel with a contact.
inline constexpr int kTranscriptMessagesSent = 200;

// Which side said or got a message. The router's own words are the agent's side's.
enum class Side { kCustomer, kAgent };
Side SideOf(v1::Message::Author author);

// A Conversation numbers its messages from 1 without gaps and keeps the last ones. A sender's own identifier of a
// message names it once per contact and side, for as long as the message is kept.
//
// Ownership: shared by the live contacts that belong to it.
class Conversation {
 public:
  Conversation(std::string name, std::string customer) : name_(std::move(name)), customer_(std::move(customer)) {}
  explicit Conversation(v1::SnapshotConversation record);

  const std::string& name() const { return name_; }
  const std::string& customer() const { return customer_; }  // Id of who began it.
  int64_t last_sequence() const { return last_sequence_; }
  // Who first served it, as `agents/ana`; empty: nobody yet.
  const std::string& owner() const { return owner_; }
  const std::deque<v1::Message>& messages() const { return messages_; }

  // The first one stays.
  void SetOwner(std::string_view agent) {
    if (owner_.empty()) owner_ = agent;
  }
  // Takes a message that is already numbered; one that is known is passed over. Keeps at most `messages_max`.
  void Add(const v1::Message& message, size_t messages_max);
  // Marks the other side's messages up to `sequence` as having got so far at `reader`.
  void Mark(int64_t sequence, v1::Message::Delivery delivery, Side reader);
  // Null if unknown or no longer kept. Valid until the next change.
  const v1::Message* Find(std::string_view contact, Side sender, std::string_view source_id) const;
  // The last messages, at most kTranscriptMessagesSent, and how many there were before.
  void FillTranscript(v1::Context& context) const;
  void Export(v1::SnapshotConversation& record) const;

 private:
  void Index(const v1::Message& message);

  const std::string name_;
  const std::string customer_;
  std::string owner_;
  std::deque<v1::Message> messages_;  // Sequences without gaps, the last is last_sequence_.
  int64_t dropped_count_ = 0;
  int64_t last_sequence_ = 0;
  absl::flat_hash_map<std::string, int64_t> by_source_;  // To the sequence.
};

}  // namespace routerd::engine
