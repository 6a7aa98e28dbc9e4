#include "routerd/engine/names.h"

#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"

namespace routerd::engine {
namespace {

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

constexpr std::string_view kOffers = "/offers/";

}  // namespace

std::string ContactName(core::ContactId contact) { return absl::StrCat(Sv(kContacts), core::Index(contact)); }

std::string OfferName(core::ContactId contact, core::OfferId offer) {
  return absl::StrCat(Sv(kContacts), core::Index(contact), Sv(kOffers), core::Index(offer));
}

std::string AgentName(std::string_view id) { return absl::StrCat(Sv(kAgents), Sv(id)); }

std::string QueueName(std::string_view id) { return absl::StrCat(Sv(kQueues), Sv(id)); }

std::string_view BareName(std::string_view name, std::string_view collection) {
  if (name.starts_with(collection)) name.remove_prefix(collection.size());
  return name;
}

core::ContactId ParseContact(std::string_view name) {
  name = BareName(name, kContacts);
  const auto offer = name.find(kOffers);
  if (offer != std::string_view::npos && ParseNumber(name.substr(offer + kOffers.size()))) name = name.substr(0, offer);
  return core::ContactId{ParseNumber(name).value_or(0)};
}

core::OfferId ParseOffer(std::string_view name) {
  const auto offer = name.find(kOffers);
  if (offer == std::string_view::npos) return core::kNoOffer;
  return core::OfferId{ParseNumber(name.substr(offer + kOffers.size())).value_or(0)};
}

google::protobuf::Timestamp ToProto(core::Instant at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.time_since_epoch().count());
  timestamp.set_nanos(static_cast<int32_t>((at - seconds).count()));
  return timestamp;
}

core::Instant FromProto(const google::protobuf::Timestamp& timestamp) {
  return core::Instant(std::chrono::seconds(timestamp.seconds()) + std::chrono::nanoseconds(timestamp.nanos()));
}

google::protobuf::Duration ToProto(core::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(duration.count() / 1'000'000'000);  // Both parts have the duration's sign.
  proto.set_nanos(static_cast<int32_t>(duration.count() % 1'000'000'000));
  return proto;
}

core::Duration FromProto(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
}

int64_t Milliseconds(core::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

v1::Tier ToProto(core::Tier tier) { return static_cast<v1::Tier>(tier); }

core::Tier FromProto(v1::Tier tier) {
  return tier >= v1::TIER_UNSPECIFIED && tier <= v1::EXPERT ? static_cast<core::Tier>(tier) : core::Tier::kNone;
}

v1::Presence ToProto(core::Presence presence) {
  switch (presence) {
    case core::Presence::kOffline:
      return v1::PRESENCE_OFFLINE;
    case core::Presence::kAvailable:
      return v1::PRESENCE_AVAILABLE;
    case core::Presence::kAway:
      return v1::PRESENCE_AWAY;
  }
  return v1::PRESENCE_UNSPECIFIED;
}

core::KnownAs KnownAsFromText(std::string_view text) {
  for (const core::KnownAs as : {core::KnownAs::kDedicated, core::KnownAs::kOwner, core::KnownAs::kLast}) {
    if (text == core::ToString(as)) return as;
  }
  return core::KnownAs::kNobody;
}

core::Presence FromProto(v1::Presence presence) {
  switch (presence) {
    case v1::PRESENCE_OFFLINE:
      return core::Presence::kOffline;
    case v1::PRESENCE_AWAY:
      return core::Presence::kAway;
    default:
      return core::Presence::kAvailable;
  }
}

std::string_view CutText(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace routerd::engine
