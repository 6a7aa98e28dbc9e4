// Resource names, and times and tiers as the API writes them.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "routerd/core/types.h"
#include "routerd/v1/agent.pb.h"
#include "routerd/v1/contact.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

inline constexpr std::string_view kContacts = "contacts/";
inline constexpr std::string_view kAgents = "agents/";
inline constexpr std::string_view kQueues = "queues/";
inline constexpr std::string_view kConversations = "conversations/";

// The packaged absl has its own string_view.
inline absl::string_view Sv(std::string_view text) { return {text.data(), text.size()}; }

std::string ContactName(core::ContactId contact);                     // `contacts/81`
std::string OfferName(core::ContactId contact, core::OfferId offer);  // `contacts/81/offers/92`
std::string AgentName(std::string_view id);                           // `agents/ana`
std::string QueueName(std::string_view id);                           // `queues/billing`

// `name` without `collection` before it.
std::string_view BareName(std::string_view name, std::string_view collection);
// From `contacts/81`, `81` or `contacts/81/offers/92`; kNoContact for anything else.
core::ContactId ParseContact(std::string_view name);
// From `contacts/81/offers/92`; kNoOffer for anything else.
core::OfferId ParseOffer(std::string_view name);

// Exact to the nanosecond, before the epoch too.
google::protobuf::Timestamp ToProto(core::Instant at);
core::Instant FromProto(const google::protobuf::Timestamp& timestamp);
google::protobuf::Duration ToProto(core::Duration duration);
core::Duration FromProto(const google::protobuf::Duration& duration);
int64_t Milliseconds(core::Duration duration);

v1::Tier ToProto(core::Tier tier);
core::Tier FromProto(v1::Tier tier);
v1::Presence ToProto(core::Presence presence);
core::Presence FromProto(v1::Presence presence);
// `dedicated`, `owner`, `last`; kNobody for any other word.
core::KnownAs KnownAsFromText(std::string_view text);

// `text` cut to at most `bytes_max` bytes, between characters.
std::string_view CutText(std::string_view text, size_t bytes_max);

}  // namespace routerd::engine
