// What may be asked of a workspace, and what it answers. Requests are checked for shape by whoever makes them
// (routerd/session, routerd/rpc); what they mean is decided by the workspace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "routerd/core/command.h"
#include "routerd/v1/agent_service.pb.h"
#include "routerd/v1/contact_service.pb.h"
#include "routerd/v1/event.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// Names a contact: by its resource name (`contacts/81` or `81`), or by the adapter's own identifier.
struct ContactRef {
  std::string name;
  std::string adapter;    // With `name`: the contact must be this adapter's; empty: anybody's.
  std::string source_id;  // Used when `name` is empty.
};

// Takes what is owed to one reader. Deliver is called from the workspace's release thread, one call at a time and in
// order, and must return at once: a sink with a full buffer drops its reader, not its caller's time.
template <typename Message>
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void Deliver(std::shared_ptr<const Message> message) = 0;
  // The workspace lets go of this sink, e.g. because another stream of the same adapter came. Called once, last; not
  // for a sink that was detached.
  virtual void Close(absl::Status why) = 0;
};
using AgentSink = Sink<v1::WorkResponse>;
using AdapterSink = Sink<v1::ConnectResponse>;
using EventSink = Sink<v1::Event>;

// --- From adapters ---

// Idempotent by (adapter, source_id): a repeat answers with the contact as it stands.
struct CreateContact {
  v1::CreateContactRequest request;  // `adapter` filled in.
  int lane_max = 0;                  // What the principal may ask for.
};
struct UpdateContact {
  ContactRef contact;
  v1::UpdateContactRequest request;
  int lane_max = 0;  // What the principal may ask for.
};
struct EndContact {
  ContactRef contact;
  std::string reason;
  bool by_operator = false;
};
// Keeps a waiting customer's place for a callback, when it is the contact's turn or at a set time.
struct RequestCallback {
  ContactRef contact;
  std::optional<core::Instant> at{};
};
struct GetContact {
  ContactRef contact;
};
// Every durable event of the adapter's contacts after `resume_after` (absent: after the last acknowledged), then live
// ones. Ends an earlier sink of the same adapter with kAborted, STREAM_REPLACED.
struct AttachAdapter {
  std::string adapter;
  std::optional<int64_t> resume_after;
  std::shared_ptr<AdapterSink> sink;
};
struct DetachAdapter {
  std::string adapter;
  std::shared_ptr<AdapterSink> sink;
};
struct AcknowledgeEvents {
  std::string adapter;
  int64_t sequence = 0;
};

// --- From adapters and agents ---

struct PostMessage {
  ContactRef contact;
  std::string agent;  // Empty: the customer's. Else the contact must be held by this agent.
  std::string source_id;
  std::string text;
  bool internal = false;  // Among agents only.
};
struct Typing {
  ContactRef contact;
  std::string agent;  // Empty: the customer types.
  bool on = false;
};
struct ReportDelivery {
  ContactRef contact;
  std::string agent;  // Empty: the customer's side got them.
  int64_t sequence = 0;
  v1::Message::Delivery delivery = v1::Message::DELIVERY_DELIVERED;
};

// --- From agents ---

// Signs in (or joins, or returns) and attaches a desk, which gets the full picture first. The agent counts as
// connected while at least one sink is attached.
struct AttachAgent {
  v1::SignIn sign_in;  // `agent` is the bare id.
  std::shared_ptr<AgentSink> sink;
};
struct DetachAgent {
  std::string agent;
  std::shared_ptr<AgentSink> sink;
};
// Everything the core knows by itself: presence, accept, decline, hold, transfer, complete, wrap-up, claim, and the
// supervisor's assign, requeue, presence. Free texts are cut to their limits by the maker.
struct Route {
  core::Command command;
};

// --- From watchers ---

// Events after `after` (absent: only new ones), the past first, then live, without gaps.
struct AttachWatcher {
  std::optional<int64_t> after;
  std::string subject;  // Resource name to filter by; empty: all.
  std::shared_ptr<EventSink> sink;
};
struct DetachWatcher {
  std::shared_ptr<EventSink> sink;
};

using Request = std::variant<CreateContact, UpdateContact, EndContact, RequestCallback, GetContact, AttachAdapter,
                             DetachAdapter, AcknowledgeEvents, PostMessage, Typing, ReportDelivery, AttachAgent,
                             DetachAgent, Route, AttachWatcher, DetachWatcher>;

// What a request brought about.
struct Outcome {
  std::string contact;                         // Resource name concerned; empty if none.
  std::shared_ptr<const v1::Contact> state;    // For create, end, get and supervisors' commands: as it stands now.
  std::shared_ptr<const v1::Message> message;  // For PostMessage.
  std::shared_ptr<const v1::Agent> agent;      // For SetPresence, SignIn.
};
// Called once, from the release thread, after everything the answer tells of is durable; or from within Post, when it
// refuses.
using Done = std::function<void(const absl::StatusOr<Outcome>&)>;

}  // namespace routerd::engine
