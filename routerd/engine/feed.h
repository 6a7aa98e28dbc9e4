// Who reads along, and what each event owes to whom.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "routerd/core/router.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/event_ring.h"
#include "routerd/engine/outbox.h"
#include "routerd/journal/journal.h"

namespace routerd::engine {

// A Feed turns each event into the messages it owes and addresses them to the readers attached at that moment. A
// message is built once for all who get it, and not at all when nobody does.
//
// Readers of the past (adapters that resume, watchers) are behind until they have been told everything up to the last
// event, in slices so that they hold nobody up; only then do they get live ones. A slice comes from memory or from the
// journal; a reader sees no seam.
//
// Threads: none of its own; the workspace's writer alone touches it.
class Feed {
 public:
  Feed(const Dossier& dossier, const core::Router& router) : dossier_(dossier), router_(router) {}

  // Requires: events come in order, each applied to the dossier just before.
  void Publish(const std::shared_ptr<const v1::Event>& event, Outbox& out);
  // Nothing before this sequence will be asked of the ring; call it now and then.
  void Trim(int64_t durable_sequence) { ring_.Trim(durable_sequence); }
  // After recovery: the last event there is.
  void StartAfter(int64_t sequence) { head_ = sequence; }

  // --- Agents ---
  bool HasDesk(const std::string& agent) const { return desks_.contains(agent); }
  // True if the sink is new.
  bool AttachDesk(const std::string& agent, std::shared_ptr<AgentSink> sink);
  // True if it was attached and was the last one.
  bool DetachDesk(const std::string& agent, const std::shared_ptr<AgentSink>& sink);
  void TellAgent(const std::string& agent, v1::WorkResponse response, Outbox& out) const;
  // Tells agents whose load has changed since the last call how they stand, once each however much has happened.
  void TellLoads(Outbox& out);

  // --- Adapters ---
  // Welcomes the sink in place of any other of this adapter, and starts it after `after`.
  void AttachAdapter(const std::string& adapter, std::shared_ptr<AdapterSink> sink, int64_t after,
                     journal::Journal& journal, Outbox& out);
  void DetachAdapter(const std::string& adapter, const std::shared_ptr<AdapterSink>& sink);
  bool HasAdapter() const { return !adapters_.empty(); }
  // Tells a passing note to the contact's adapter, if it is there and up to date.
  bool HasAdapter(const std::string& adapter) const;
  void TellAdapter(const std::string& adapter, v1::ConnectResponse note, Outbox& out) const;

  // --- Watchers ---
  absl::Status AttachWatcher(std::optional<int64_t> after, std::string subject, std::shared_ptr<EventSink> sink,
                             journal::Journal& journal, Outbox& out);
  void DetachWatcher(const std::shared_ptr<EventSink>& sink);

  // Gives each reader that is behind its next slice. False when none is.
  bool CatchUp(journal::Journal& journal, Outbox& out);
  // Lets go of everyone.
  void CloseAll(const absl::Status& why, Outbox& out);

 private:
  struct Cursor {
    int64_t next;  // While behind: the next event to be told. 0: up to date.
    bool behind() const { return next != 0; }
  };
  struct AdapterReader {
    std::shared_ptr<AdapterSink> sink;
    Cursor cursor{0};
  };
  struct Watcher {
    std::shared_ptr<EventSink> sink;
    std::string subject;
    Cursor cursor{0};
  };
  using Visit = std::function<void(const std::shared_ptr<const v1::Event>&)>;

  // Visits the next slice of what the cursor has not been told.
  absl::Status Read(Cursor& cursor, journal::Journal& journal, const Visit& visit) const;
  void Resync(const std::string& adapter, const std::shared_ptr<AdapterSink>& sink, Outbox& out) const;
  void TellDesks(const v1::Event& event, Outbox& out) const;
  // Agents whom a contact concerns beside the one who holds it.
  void TellOthers(const v1::Event& event, Outbox& out);
  void NoteLoad(const std::string& agent);

  const Dossier& dossier_;
  const core::Router& router_;
  EventRing ring_{16'384};
  int64_t head_ = 0;  // The last event.
  absl::btree_map<std::string, std::vector<std::shared_ptr<AgentSink>>> desks_;
  absl::btree_map<std::string, AdapterReader> adapters_;
  std::vector<Watcher> watchers_;
  absl::btree_set<std::string> changed_loads_;  // Agents with a desk.
};

}  // namespace routerd::engine
