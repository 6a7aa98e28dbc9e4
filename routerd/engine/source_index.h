// Which contact an adapter means by its own identifier.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "routerd/core/types.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// A SourceIndex knows live contacts, and ended ones for 24 hours yet never more than a million of these; a repeat that
// comes later makes a new contact.
class SourceIndex {
 public:
  void Add(std::string_view adapter, std::string_view source_id, core::ContactId contact);
  // The contact has ended. Forgets those whose time is over.
  void End(v1::SnapshotSource ended);

  std::optional<core::ContactId> Find(std::string_view adapter, std::string_view source_id) const;
  // The last ended contact of a conversation that has no live one. Null if unknown.
  const v1::SnapshotSource* FindConversation(std::string_view conversation) const;

  size_t ended_count() const { return ended_.size(); }
  // Ended ones, oldest first.
  void Visit(const std::function<void(const v1::SnapshotSource&)>& visit) const;

 private:
  absl::flat_hash_map<std::string, core::ContactId> by_source_;
  std::deque<v1::SnapshotSource> ended_;
  uint64_t forgotten_count_ = 0;                                // Taken off the front of ended_ so far.
  absl::flat_hash_map<std::string, uint64_t> by_conversation_;  // To a position in ended_, forgotten ones counted.
};

}  // namespace routerd::engine
