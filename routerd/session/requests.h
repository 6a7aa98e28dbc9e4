// From the API's requests to the workspace's: shape is checked here, meaning there.
//
// Shape is what can be told from the request alone: required fields, forms of names, lengths and ranges. The first
// thing wrong is kInvalidArgument with the field's path (FieldError).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "routerd/engine/request.h"
#include "routerd/v1/agent_service.pb.h"
#include "routerd/v1/contact_service.pb.h"
#include "routerd/v1/supervisor_service.pb.h"

namespace routerd::session {

namespace v1 = ::routerd::v1;

// --- Adapters' ---

// `adapter` is who brings the contact (AdapterOf); it replaces the request's own.
absl::StatusOr<engine::Request> ToEngine(v1::CreateContactRequest request, const std::string& adapter, int lane_max);
// `adapter` limits the request to that adapter's contacts; empty: anybody's, by name only.
absl::StatusOr<engine::Request> ToEngine(const v1::GetContactRequest& request, const std::string& adapter);
absl::StatusOr<engine::Request> ToEngine(v1::UpdateContactRequest request, const std::string& adapter, int lane_max);
absl::StatusOr<engine::Request> ToEngine(const v1::PostMessageRequest& request, const std::string& adapter);
absl::StatusOr<engine::Request> ToEngine(const v1::EndContactRequest& request, const std::string& adapter);
absl::StatusOr<engine::Request> ToEngine(const v1::RequestCallbackRequest& request, const std::string& adapter);
// Every action but `hello`.
absl::StatusOr<engine::Request> ToEngine(v1::ConnectRequest request, const std::string& adapter, int lane_max);

// --- Agents' ---

absl::Status CheckShape(const v1::SignIn& sign_in);
// Every action but `sign_in`. `agent` is the bare id of who signed in.
absl::StatusOr<engine::Request> ToEngine(const v1::WorkRequest& request, const std::string& agent);

// --- Supervisors' ---

absl::StatusOr<engine::Request> ToEngine(const v1::AssignContactRequest& request);
absl::StatusOr<engine::Request> ToEngine(const v1::TakeOverContactRequest& request);
absl::StatusOr<engine::Request> ToEngine(const v1::RequeueContactRequest& request);
absl::StatusOr<engine::Request> ToEngine(const v1::TerminateContactRequest& request);
absl::StatusOr<engine::Request> ToEngine(const v1::PrioritizeContactRequest& request);
absl::StatusOr<engine::Request> ToEngine(const v1::SetAgentPresenceRequest& request);

}  // namespace routerd::session
