// Who calls, and what that lets them do.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "routerd/v1/config.pb.h"

namespace routerd::session {

namespace v1 = ::routerd::v1;
using Role = v1::PrincipalConfig::Role;

// Someone who was let in.
struct Principal {
  Role role = v1::PrincipalConfig::ROLE_UNSPECIFIED;
  std::string id;    // An adapter's, an agent's, or a name.
  int lane_max = 0;  // Highest lane that it may give a contact.
};

// OK if the principal has one of `roles`, or is an ADMIN, who may do everything. Else kPermissionDenied
// (ROLE_NOT_ALLOWED); `what` says what it tried: "work as an agent".
absl::Status RequireRole(const Principal& principal, std::initializer_list<Role> roles, std::string_view what);

// The adapter that `principal` acts for. Adapters are themselves: `requested` must be their own id or empty. An ADMIN
// acts for whomever it names, or for nobody in particular.
//   kPermissionDenied (ROLE_NOT_ALLOWED)  another adapter's id, or a role that brings no contacts
absl::StatusOr<std::string> AdapterOf(const Principal& principal, std::string_view requested);
// The agent that `principal` works as, as a bare id; `requested` may carry its `agents/`. Agents are only themselves,
// supervisors and ADMINs anybody.
//   kPermissionDenied (ROLE_NOT_ALLOWED)  another agent's id, or a role that does not serve contacts
absl::StatusOr<std::string> AgentOf(const Principal& principal, std::string_view requested);

// Tells principals by their bearer tokens. Keeps digests alone, never a token.
//
// Threads: immutable once made; any.
class Authenticator {
 public:
  // Loads the tokens.
  //   kInvalidArgument (TOKEN_SHARED)  two principals have the same token
  //   and the errors of base::LoadSecret
  static absl::StatusOr<Authenticator> Create(const v1::SecurityConfig& config);

  // Who shows `token` ("" when none was shown). While open, whoever shows no known token is an ADMIN.
  //   kUnauthenticated (TOKEN_UNKNOWN)
  absl::StatusOr<Principal> Authenticate(std::string_view token) const;

  // Whether everybody may do everything (security.open_loopback).
  bool open() const { return open_; }

 private:
  bool open_ = false;
  // By the token's SHA-256. How long a look-up takes tells about digests only, and nobody can choose those.
  absl::flat_hash_map<std::string, Principal> by_digest_;
};

}  // namespace routerd::session
