// Parses resource names.
#include "routerd/session/names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "routerd/session/errors.h"

namespace routerd::session {
namespace {

constexpr std::string_view kContacts = "contacts/";
constexpr std::string_view kOffers = "/offers/";

// A number from 1, written in the one way the router writes it.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('0')) return std::nullopt;
  return number;
}

absl::Status Malformed(std::string_view field, std::string_view name, std::string_view form) {
  if (name.empty()) return FieldError("FIELD_MISSING", field, "required");
  return FieldError(
      "FIELD_MALFORMED", field,
      absl::StrCat("not of the form ", absl::string_view(form.data(), form.size()), ": \"",
                   absl::CHexEscape(absl::string_view(name.data(), std::min<size_t>(name.size(), 80))), "\""));
}

}  // namespace

std::string_view BareName(std::string_view name, std::string_view collection) {
  return name.starts_with(collection) ? name.substr(collection.size()) : name;
}

bool IsIdentifier(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

absl::StatusOr<core::ContactId> ParseContactName(std::string_view field, std::string_view name) {
  const std::optional<uint64_t> number = ParseNumber(BareName(name, kContacts));
  if (!number) return Malformed(field, name, "contacts/{contact}");
  return core::ContactId{*number};
}

absl::StatusOr<OfferName> ParseOfferName(std::string_view field, std::string_view name) {
  const size_t split = name.find(kOffers);
  if (name.starts_with(kContacts) && split != std::string_view::npos) {
    const std::optional<uint64_t> contact = ParseNumber(name.substr(kContacts.size(), split - kContacts.size()));
    const std::optional<uint64_t> offer = ParseNumber(name.substr(split + kOffers.size()));
    if (contact && offer) return OfferName{core::ContactId{*contact}, core::OfferId{*offer}};
  }
  return Malformed(field, name, "contacts/{contact}/offers/{offer}");
}

}  // namespace routerd::session
