// Looks principals up by the digests of their tokens.
#include "routerd/session/principal.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/base/token.h"
#include "routerd/session/names.h"

namespace routerd::session {
namespace {

using v1::PrincipalConfig;

constexpr int kLaneMax = 9;

absl::Status NotAllowed(const Principal& principal, std::string_view what) {
  return base::Error(
      absl::StatusCode::kPermissionDenied, "ROLE_NOT_ALLOWED",
      absl::StrCat("principal \"", principal.id, "\" has role ", PrincipalConfig::Role_Name(principal.role),
                   " and may not ", absl::string_view(what.data(), what.size())));
}

base::SecretSource SourceOf(const v1::SecretConfig& secret) { return {secret.value(), secret.file(), secret.env()}; }

}  // namespace

absl::Status RequireRole(const Principal& principal, std::initializer_list<Role> roles, std::string_view what) {
  const bool allowed =
      principal.role == PrincipalConfig::ADMIN || std::find(roles.begin(), roles.end(), principal.role) != roles.end();
  return allowed ? absl::OkStatus() : NotAllowed(principal, what);
}

absl::StatusOr<std::string> AdapterOf(const Principal& principal, std::string_view requested) {
  if (const absl::Status status = RequireRole(principal, {PrincipalConfig::ADAPTER}, "bring contacts"); !status.ok()) {
    return status;
  }
  if (principal.role == PrincipalConfig::ADMIN) return std::string(requested);
  if (!requested.empty() && requested != principal.id) return NotAllowed(principal, "act for another adapter");
  return principal.id;
}

absl::StatusOr<std::string> AgentOf(const Principal& principal, std::string_view requested) {
  const std::string agent(BareName(requested, "agents/"));
  if (const absl::Status status =
          RequireRole(principal, {PrincipalConfig::AGENT, PrincipalConfig::SUPERVISOR}, "work as an agent");
      !status.ok()) {
    return status;
  }
  if (principal.role == PrincipalConfig::AGENT && agent != principal.id) {
    return NotAllowed(principal, "work as another agent");
  }
  return agent;
}

absl::StatusOr<Authenticator> Authenticator::Create(const v1::SecurityConfig& config) {
  Authenticator authenticator;
  authenticator.open_ = config.open_loopback();
  for (const PrincipalConfig& principal : config.principals()) {
    const auto token = base::LoadSecret(absl::StrCat("security.principals \"", principal.id(), "\" token"),
                                        SourceOf(principal.token()));
    if (!token.ok()) return token.status();
    const auto [entry, is_new] = authenticator.by_digest_.try_emplace(
        base::Sha256Hex(*token), Principal{principal.role(), principal.id(), principal.lane_max()});
    if (is_new) continue;
    return base::Error(absl::StatusCode::kInvalidArgument, "TOKEN_SHARED",
                       absl::StrCat("principals \"", entry->second.id, "\" and \"", principal.id(),
                                    "\" have the same token; give each its own"));
  }
  return authenticator;
}

absl::StatusOr<Principal> Authenticator::Authenticate(std::string_view token) const {
  if (!token.empty()) {
    if (const auto it = by_digest_.find(base::Sha256Hex(token)); it != by_digest_.end()) return it->second;
  }
  if (open_) return Principal{PrincipalConfig::ADMIN, "open", kLaneMax};
  return base::Error(
      absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN",
      token.empty() ? "no bearer token was shown" : "the bearer token is not one of the configured ones");
}

}  // namespace routerd::session
