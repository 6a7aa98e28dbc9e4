// Figures per queue, counted from events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "routerd/engine/dossier.h"
#include "routerd/v1/event.pb.h"
#include "routerd/v1/snapshot.pb.h"
#include "routerd/v1/supervisor_service.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// Service level is (A<=T) / (A + B>T): of all accepted plus those who left after the target, the share accepted within
// it. A contact is accepted once for each time it entered a queue; a wait runs from there.
class Statistics {
 public:
  // Requires: `before` is the contact as it stood before the event; null if the event creates it or concerns none.
  void Apply(const v1::Event& event, const ContactFile* before, const Directory& directory);
  // Fills in counters, means and who is where now.
  void Fill(std::string_view queue, v1::Queue& out) const;
  // The first in the queue's line; kNoContact when nobody waits.
  core::ContactId FirstWaiting(std::string_view queue) const;

  void Export(const std::function<void(const v1::SnapshotRecord&)>& visit) const;
  void Import(const v1::SnapshotQueue& record);
  // A live contact of a snapshot.
  void ImportContact(const ContactFile& file) { Place(file.head, file.id, +1); }

 private:
  // The order in which contacts are served: lane (larger first), rank, id.
  using Key = std::tuple<int, core::Instant, core::ContactId>;
  struct QueueCounts {
    v1::SnapshotQueue counters;
    int offered = 0;
    int active = 0;
    int wrap_up = 0;
    int scheduled = 0;
    int dormant = 0;
    absl::btree_set<Key> waiting;
  };
  QueueCounts& Of(std::string_view queue);
  // Counts a contact where it stands, or takes it off.
  void Place(const v1::Contact& head, core::ContactId id, int by);
  void Move(const v1::Event& event, const ContactFile& before);

  absl::btree_map<std::string, QueueCounts> queues_;  // By bare id.
};

}  // namespace routerd::engine
