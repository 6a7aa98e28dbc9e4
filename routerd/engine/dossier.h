// What is known of each contact beyond what the router needs: who it is, what was said, what became of it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "routerd/core/types.h"
#include "routerd/engine/conversation.h"
#include "routerd/engine/customers.h"
#include "routerd/engine/directory.h"
#include "routerd/engine/kept_places.h"
#include "routerd/engine/source_index.h"
#include "routerd/v1/contact.pb.h"
#include "routerd/v1/event.pb.h"
#include "routerd/v1/snapshot.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// Up to which message a side got and read the other's.
struct ReadMarks {
  int64_t delivered = 0;
  int64_t seen = 0;
};

// One live contact, in parts: what changes often is small, what is large is copied only for those who need it.
struct ContactFile {
  core::ContactId id = core::kNoContact;
  v1::Contact head;     // Without context, transcript and life.
  v1::Context context;  // Without transcript.
  std::deque<v1::LifeStep> life;
  std::shared_ptr<Conversation> conversation;

  // Open, by number. All were made at once.
  struct OpenOffer {
    std::string name;
    std::string agent;  // As `agents/ana`.
    core::Instant expire_at;
    std::string reason;
  };
  std::vector<OpenOffer> offers;
  core::Instant offered_at;  // When the last offers were made.
  // What the next agent is to know, while it is passed on warm.
  std::optional<v1::TransferNote> warm;

  ReadMarks customer_marks;
  ReadMarks agent_marks;
  core::Instant accepted_at;    // Last acceptance; the epoch while nobody has.
  std::string served_by;        // Who accepted it last, as `agents/ana`.
  std::string summary;          // The agent's, once given.
  bool accept_counted = false;  // In the statistics of the queue it is in.
  // Before the present state.
  core::Duration waited{0};
  core::Duration talked{0};
  core::Duration wrapped{0};

  core::Instant state_at() const;
  // Being served: active or dormant.
  bool served() const;
  // Null when it is not offered to the agent.
  const OpenOffer* OfferTo(std::string_view agent) const;
  // Held by an agent: being served or in wrap-up.
  bool held() const;
};

// The contact with its context and transcript.
v1::Contact FullContact(const ContactFile& file);
// The same with its life.
v1::Contact RecordOf(const ContactFile& file);
// With its context, but neither transcript nor life.
v1::Contact ContactOf(const ContactFile& file);

// The Dossier is a projection of the workspace's events: equal events make equal dossiers. It decides nothing.
//
// Threads: none of its own; the workspace's writer alone touches it.
// Cost:    Apply copies what the event brings; nothing grows without a limit of the configuration (transcripts,
//          customers) or of this code (100 steps of life, a day of source ids).
class Dossier {
 public:
  Dossier();

  // Folds one event in. A contact that it ends is handed out, complete.
  std::unique_ptr<ContactFile> Apply(const v1::Event& event);

  const Directory& directory() const { return *directory_; }
  std::shared_ptr<const Directory> shared_directory() const { return directory_; }
  const CustomerBook& customers() const { return customers_; }
  const KeptPlaces& kept_places() const { return kept_places_; }
  const SourceIndex& sources() const { return sources_; }
  // Live contacts only; null for ended and unknown ones. Valid until the next change.
  const ContactFile* Find(core::ContactId contact) const;
  const ContactFile* Find(std::string_view name) const;
  // A customer's live contacts, oldest first.
  std::vector<core::ContactId> LiveContactsOf(std::string_view customer) const;
  // Null unless a live contact belongs to it.
  std::shared_ptr<const Conversation> FindConversation(std::string_view name) const;
  // Highest sequence that the adapter is known to have kept; 0 if none.
  int64_t AcknowledgedBy(std::string_view adapter) const;
  size_t contact_count() const { return contacts_.size(); }
  // How many records a snapshot of it has, about.
  size_t record_count() const { return 2 * contacts_.size() + customers_.size() + sources_.ended_count(); }
  // In no particular order.
  void VisitContacts(const std::function<void(const ContactFile&)>& visit) const;

  // Adds this part of the state to a contact's record.
  static void Export(const ContactFile& file, v1::SnapshotContact& record);
  // Customers, sources and adapters.
  void ExportRest(const std::function<void(const v1::SnapshotRecord&)>& visit) const;
  // Takes one record of a snapshot, in the order in which they were written.
  absl::Status Import(v1::SnapshotRecord record);

 private:
  void Create(const v1::Event& event);
  std::unique_ptr<ContactFile> End(const v1::Event& event, ContactFile& file);
  void Change(const v1::Event& event, ContactFile& file);
  void Insert(std::unique_ptr<ContactFile> file);
  // It no longer shares a place.
  void Unlink(ContactFile& file);
  void KeepPlace(const ContactFile& file, core::Instant left_at);
  std::shared_ptr<Conversation> ConversationOf(const std::string& name, const std::string& customer);

  std::shared_ptr<const Directory> directory_;
  absl::flat_hash_map<core::ContactId, std::unique_ptr<ContactFile>> contacts_;
  absl::flat_hash_map<std::string, std::weak_ptr<Conversation>> conversations_;
  absl::flat_hash_map<std::string, std::vector<core::ContactId>> by_customer_;  // Live ones, oldest first.
  CustomerBook customers_;
  KeptPlaces kept_places_;
  SourceIndex sources_;
  absl::flat_hash_map<std::string, int64_t> acknowledged_;
  std::shared_ptr<Conversation> importing_;  // The last one imported.
};

}  // namespace routerd::engine
