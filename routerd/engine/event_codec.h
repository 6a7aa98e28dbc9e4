// Between the core's events and the journal's.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "routerd/core/event.h"
#include "routerd/core/router.h"
#include "routerd/v1/event.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// `event` in its durable form, but for the sequence and for what the core does not know of a new contact: its adapter,
// conversation and context. `names` has applied it. `contact` is the one concerned as it stood before the event; null
// if the event creates it or concerns none.
v1::Event Encode(const core::Event& event, const core::Router& names, const v1::Contact* contact);

// What `event` means to the core; nothing for the kinds that it does not keep (messages, context, acknowledgements).
// `names` has applied every event before. kDataLoss when the event names what no policy has named,
// kFailedPrecondition when its kind is unknown, as that of a newer version.
absl::StatusOr<std::optional<core::Event>> Decode(const v1::Event& event, const core::Router& names);

// `offer.made` and the like; empty for an event without a kind.
std::string_view KindName(const v1::Event& event);

}  // namespace routerd::engine
