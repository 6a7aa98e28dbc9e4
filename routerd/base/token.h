// Random tokens, digests and secrets.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace routerd::base {

// 256 bits from the operating system's generator, as 43 characters of base64url: unguessable, and fit for a URL, a
// header or a cookie as it is.
std::string RandomToken();

// `bytes` in the URL-safe base64 alphabet, unpadded.
std::string Base64Url(std::string_view bytes);

// Digests, in lower-case hex (64 characters).
std::string Sha256Hex(std::string_view bytes);
std::string HmacSha256Hex(std::string_view key, std::string_view bytes);

// Whether a and b are equal, in a time that depends on their sizes alone: for tokens and signatures, where the time of
// a plain comparison tells how many leading bytes were right.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// Where a secret is kept. Exactly one of the fields is set.
struct SecretSource {
  std::string value{};  // The secret itself: for tests and development.
  std::string file{};   // A file that holds it; one line end after it is not part of it.
  std::string env{};    // An environment variable that holds it.
};

// The secret that `source` points to. `name` says which secret it is ("webchat.signing_key") in errors, which tell
// where it was looked for but never what was found:
//   kInvalidArgument (SECRET_SOURCE)   no field or more than one is set
//   kNotFound        (SECRET_MISSING)  the file or variable is not there or cannot be read
//   kInvalidArgument (SECRET_EMPTY)    nothing in it
//   kInvalidArgument (SECRET_TOO_LONG) more than 64 KiB: surely not the file that was meant
absl::StatusOr<std::string> LoadSecret(std::string_view name, const SecretSource& source);

}  // namespace routerd::base
