// Whom and what the workspace lets in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"
#include "routerd/core/command.h"
#include "routerd/engine/dossier.h"
#include "routerd/v1/contact_service.pb.h"

namespace routerd::engine {

// A new contact as its adapter brought it: what the router decides by, and what it does not look at.
struct Admission {
  core::CreateContact command;
  v1::Contact contact;  // Adapter, source id, context; names and messages' places are still missing.
};

// Checks sizes and rights, and works out who the customer is:
//   verified    by the id given, else by the first address; VIP from the directory, else as the adapter says
//   unverified  by the first address, so that an id which anybody may claim opens nobody's history; no VIP
// kInvalidArgument with FIELD_MISSING or FIELD_TOO_LONG, kPermissionDenied with LANE_NOT_ALLOWED.
absl::StatusOr<Admission> Admit(const v1::CreateContactRequest& request, int lane_max, const Dossier& dossier);

// Agents whom a new contact's customer knows, in the order of its queue's `known_agent`. `owner` is who first served
// its conversation, as `agents/ana`; empty: nobody.
std::vector<core::CreateContact::KnownAgent> KnownAgentsOf(const Admission& admission, const std::string& owner,
                                                           const Dossier& dossier, core::Instant now);
// A waiting contact of the customer on another channel, whose place a new one shares; kNoContact if there is none, if
// one of the same channel waits too (they may be two people), or if the workspace keeps such contacts apart.
core::ContactId SharesPlaceWith(const Admission& admission, const Dossier& dossier);
// The place that the customer left in the same queue a short while ago.
std::optional<core::CreateContact::ReturnedPlace> PlaceLeft(const Admission& admission, const Dossier& dossier,
                                                            core::Instant now);
// The customer's contacts within the last day, a new one included; 0 when no step of the queue's escalation asks.
int RecentContactCount(const Admission& admission, const Dossier& dossier, core::Instant now);
// OK if an adapter may ask for `lane`.
absl::Status CheckLane(int lane, int lane_max);
// OK if `text` may be a message.
absl::Status CheckText(std::string_view text, const Limits& limits);
// OK if `attributes` take at most 16 KiB as JSON.
absl::Status CheckAttributes(const google::protobuf::Struct& attributes);

}  // namespace routerd::engine
