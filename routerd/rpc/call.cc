// Reads the metadata of calls and writes their errors.
#include "routerd/rpc/call.h"

#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "routerd/base/error.h"
#include "routerd/base/suggest.h"

namespace routerd::rpc {
namespace {

constexpr absl::string_view kBearer = "bearer ";

// The first value of `key`, "" if there is none.
absl::string_view Metadata(const grpc::ServerContextBase& context, const char* key) {
  const auto it = context.client_metadata().find(key);
  if (it == context.client_metadata().end()) return {};
  return {it->second.data(), it->second.size()};
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      session::ToRpcStatus(status).SerializeAsString());
}

absl::StatusOr<Caller> CallGate::Enter(const grpc::ServerContextBase& context) const {
  const absl::string_view authorization = Metadata(context, "authorization");
  std::string_view token;
  if (absl::StartsWithIgnoreCase(authorization, kBearer)) {
    token = {authorization.data() + kBearer.size(), authorization.size() - kBearer.size()};
  }
  absl::StatusOr<session::Principal> principal = authenticator_.Authenticate(token);
  if (!principal.ok()) return principal.status();
  const absl::string_view id = Metadata(context, "routerd-workspace");
  if (id.empty()) return Caller{*std::move(principal), workspaces_.front()};
  std::vector<std::string> known;
  for (engine::Workspace* workspace : workspaces_) {
    if (workspace->id() == std::string_view(id.data(), id.size())) return Caller{*std::move(principal), workspace};
    known.push_back(workspace->id());
  }
  return base::Error(absl::StatusCode::kNotFound, "WORKSPACE_UNKNOWN",
                     absl::StrCat("workspace \"", id, "\" is not served here",
                                  base::DidYouMean(std::string_view(id.data(), id.size()), known)));
}

}  // namespace routerd::rpc
