// Answers of the router as tables and lines for people, and as JSON for programs.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "routerd/v1/contact_service.pb.h"
#include "routerd/v1/event.pb.h"
#include "routerd/v1/supervisor_service.pb.h"

namespace routerd::ctl {

namespace v1 = ::routerd::v1;

// When and where the reader is: ages are counted up to `now`, times shown in `zone`.
struct Here {
  absl::Time now;
  absl::TimeZone zone;
};

// "QUEUED" for STATE_QUEUED, "AWAY" for PRESENCE_AWAY.
std::string StateText(v1::Contact::State state);
std::string PresenceText(v1::Presence presence);
// "billing SENIOR, orders JUNIOR".
std::string RequirementsText(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements);
// "place 2, 1m 20s expected, 3m 00s at most for nine in ten".
std::string EstimateText(const v1::WaitEstimate& estimate);

std::string Render(const v1::ListQueuesResponse& response);
std::string Render(const v1::ListAgentsResponse& response, const Here& here);
std::string Render(const v1::ListContactsResponse& response, const Here& here);
std::string Render(const v1::ExplainContactResponse& response, const Here& here);
std::string Render(const v1::QueryAdmissionResponse& admission, const Here& here);
std::string Render(const v1::Statistics& statistics, const Here& here);
// One line, without a line feed.
std::string Render(const v1::Event& event, const Here& here);
// All that is known of one queue or agent.
std::string RenderDetails(const v1::Queue& queue, const Here& here);
std::string RenderDetails(const v1::Agent& agent, const Here& here);
// One line about what a command has done: how the contact, the agent stands now.
std::string Render(const v1::Contact& contact);
std::string Render(const v1::Agent& agent);

// Protobuf's JSON in one line, without a line feed; fields that hold their default included.
std::string Json(const google::protobuf::Message& message);

}  // namespace routerd::ctl
