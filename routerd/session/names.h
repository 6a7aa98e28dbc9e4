// Resource names, as the API writes them.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "routerd/core/types.h"

namespace routerd::session {

// `name` without `collection` ("agents/") in front, if it is there.
std::string_view BareName(std::string_view name, std::string_view collection);

// Whether `id` can be an agent's, a queue's, an adapter's: 1 to 64 letters, digits, `-`, `_`, `.`.
bool IsIdentifier(std::string_view id);

// `contacts/{contact}` or the bare number. kInvalidArgument (FIELD_MALFORMED), with `field` as the culprit.
absl::StatusOr<core::ContactId> ParseContactName(std::string_view field, std::string_view name);

struct OfferName {
  core::ContactId contact = core::kNoContact;
  core::OfferId offer = core::kNoOffer;
};
// `contacts/{contact}/offers/{offer}`. kInvalidArgument (FIELD_MALFORMED), with `field` as the culprit.
absl::StatusOr<OfferName> ParseOfferName(std::string_view field, std::string_view name);

}  // namespace routerd::session
