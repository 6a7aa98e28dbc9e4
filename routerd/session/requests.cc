// Checks the shape of requests, field by field, and turns them into the workspace's.
#include "routerd/session/requests.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/session/errors.h"
#include "routerd/session/names.h"

namespace routerd::session {
namespace {

constexpr size_t kSourceIdBytesMax = 128;
constexpr size_t kAddressBytesMax = 256;
constexpr size_t kSubjectBytesMax = 500;
constexpr size_t kNameBytesMax = 200;
constexpr size_t kAttributesBytesMax = 16 << 10;
constexpr size_t kWordBytesMax = 64;
constexpr size_t kReasonBytesMax = 200;
constexpr size_t kSummaryBytesMax = 4'000;
constexpr int kRequirementCountMax = 16;
constexpr int kFirstMessageCountMax = 100;
constexpr int kAddressCountMax = 16;
constexpr int kLabelCountMax = 16;
constexpr int kLaneMax = 9;
constexpr int64_t kHeadStartSecondsMax = 24 * 3600;

#define RETURN_IF_ERROR(expression) \
  if (absl::Status status = (expression); !status.ok()) return status

absl::Status Missing(std::string_view field) { return FieldError("FIELD_MISSING", field, "required"); }

absl::Status CheckBytes(std::string_view field, std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return absl::OkStatus();
  return FieldError("FIELD_TOO_LONG", field,
                    absl::StrCat("has ", text.size(), " bytes; at most ", bytes_max, " are taken"));
}

absl::Status CheckRequired(std::string_view field, std::string_view text, size_t bytes_max) {
  return text.empty() ? Missing(field) : CheckBytes(field, text, bytes_max);
}

absl::Status CheckCount(std::string_view field, int count, int count_max) {
  if (count <= count_max) return absl::OkStatus();
  return FieldError("FIELD_TOO_LONG", field,
                    absl::StrCat("has ", count, " entries; at most ", count_max, " are taken"));
}

absl::Status CheckIdentifier(std::string_view field, std::string_view id) {
  if (id.empty()) return Missing(field);
  if (IsIdentifier(id)) return absl::OkStatus();
  return FieldError("FIELD_MALFORMED", field, "not an identifier; use 1 to 64 letters, digits, `-`, `_`, `.`");
}

absl::Status CheckRequirements(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements,
                               std::string_view field) {
  RETURN_IF_ERROR(CheckCount(field, requirements.size(), kRequirementCountMax));
  for (int i = 0; i < requirements.size(); ++i) {
    const std::string entry = absl::StrCat(std::string(field), "[", i, "]");
    RETURN_IF_ERROR(CheckIdentifier(entry + ".skill", requirements[i].skill()));
    if (!v1::Tier_IsValid(requirements[i].tier())) {
      return FieldError("FIELD_OUT_OF_RANGE", entry + ".tier", "unknown; use JUNIOR, INTERMEDIATE, SENIOR or EXPERT");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHeadStart(const google::protobuf::Duration& head_start) {
  const bool well_formed = head_start.nanos() >= 0 && head_start.nanos() < 1'000'000'000;
  const bool in_range =
      head_start.seconds() >= 0 && (head_start.seconds() < kHeadStartSecondsMax ||
                                    (head_start.seconds() == kHeadStartSecondsMax && head_start.nanos() == 0));
  if (well_formed && in_range) return absl::OkStatus();
  return FieldError("FIELD_OUT_OF_RANGE", "head_start", "must be from 0s to 24h");
}

absl::Status CheckLane(int lane) {
  if (lane >= 0 && lane <= kLaneMax) return absl::OkStatus();
  return FieldError("FIELD_OUT_OF_RANGE", "lane", absl::StrCat("must be from 0 to ", kLaneMax));
}

absl::Status CheckLabels(const google::protobuf::RepeatedPtrField<std::string>& labels) {
  RETURN_IF_ERROR(CheckCount("labels", labels.size(), kLabelCountMax));
  for (int i = 0; i < labels.size(); ++i) {
    RETURN_IF_ERROR(CheckRequired(absl::StrCat("labels[", i, "]"), labels[i], kWordBytesMax));
  }
  return absl::OkStatus();
}

// Within what nanoseconds since 1970 can count.
absl::Status CheckTime(std::string_view field, const google::protobuf::Timestamp& time) {
  constexpr int64_t kSecondsMax = int64_t{200} * 366 * 24 * 3600;
  if (time.seconds() >= 0 && time.seconds() < kSecondsMax && time.nanos() >= 0 && time.nanos() < 1'000'000'000) {
    return absl::OkStatus();
  }
  return FieldError("FIELD_OUT_OF_RANGE", field, "must be a time from 1970 to 2160");
}

absl::Status CheckAttributes(const google::protobuf::Struct& attributes) {
  if (attributes.ByteSizeLong() <= kAttributesBytesMax) return absl::OkStatus();
  return FieldError("FIELD_TOO_LONG", "attributes", absl::StrCat("at most ", kAttributesBytesMax, " bytes are taken"));
}

absl::Status CheckCustomer(const v1::Customer& customer) {
  if (customer.id().empty() && customer.addresses().empty()) {
    return FieldError("FIELD_MISSING", "customer", "needs an id or at least one address");
  }
  RETURN_IF_ERROR(CheckBytes("customer.id", customer.id(), kAddressBytesMax));
  RETURN_IF_ERROR(CheckBytes("customer.display_name", customer.display_name(), kNameBytesMax));
  RETURN_IF_ERROR(CheckBytes("customer.vip", customer.vip(), kWordBytesMax));
  RETURN_IF_ERROR(CheckBytes("customer.language", customer.language(), kWordBytesMax));
  RETURN_IF_ERROR(CheckCount("customer.addresses", customer.addresses_size(), kAddressCountMax));
  for (int i = 0; i < customer.addresses_size(); ++i) {
    const std::string entry = absl::StrCat("customer.addresses[", i, "]");
    RETURN_IF_ERROR(CheckRequired(entry + ".channel", customer.addresses(i).channel(), kWordBytesMax));
    RETURN_IF_ERROR(CheckRequired(entry + ".value", customer.addresses(i).value(), kAddressBytesMax));
  }
  return absl::OkStatus();
}

absl::Status CheckText(const std::string& prefix, const std::string& source_id, const std::string& text) {
  RETURN_IF_ERROR(CheckRequired(prefix + "source_id", source_id, kSourceIdBytesMax));
  // How long a message may be is the workspace's to say.
  return text.empty() ? Missing(prefix + "text") : absl::OkStatus();
}

absl::Status CheckDelivery(v1::Message::Delivery delivery, int64_t sequence) {
  if (delivery != v1::Message::DELIVERY_DELIVERED && delivery != v1::Message::DELIVERY_SEEN) {
    return FieldError("FIELD_OUT_OF_RANGE", "delivery", "must be DELIVERY_DELIVERED or DELIVERY_SEEN");
  }
  if (sequence < 1) return FieldError("FIELD_OUT_OF_RANGE", "sequence", "must be a message's sequence, from 1");
  return absl::OkStatus();
}

// By name or, failing that, by the adapter's own identifier, which needs an adapter.
absl::StatusOr<engine::ContactRef> ToRef(std::string_view field, const std::string& name, const std::string& source_id,
                                         const std::string& adapter) {
  if (!name.empty()) {
    RETURN_IF_ERROR(ParseContactName(field, name).status());
    return engine::ContactRef{name, adapter, ""};
  }
  if (source_id.empty()) return FieldError("FIELD_MISSING", field, "required, or the contact's source id");
  RETURN_IF_ERROR(CheckBytes("contact_source_id", source_id, kSourceIdBytesMax));
  RETURN_IF_ERROR(CheckIdentifier("adapter", adapter));
  return engine::ContactRef{"", adapter, source_id};
}

std::vector<core::NamedTier> ToCore(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
  std::vector<core::NamedTier> tiers;
  for (const v1::SkillRequirement& requirement : requirements) {
    const bool given = requirement.tier() != v1::TIER_UNSPECIFIED;
    tiers.push_back({requirement.skill(), given ? static_cast<core::Tier>(requirement.tier()) : core::Tier::kJunior});
  }
  return tiers;
}

core::Instant ToCore(const google::protobuf::Timestamp& time) {
  return core::Instant(std::chrono::seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos()));
}

core::Presence ToCore(v1::Presence presence) {
  switch (presence) {
    case v1::PRESENCE_AVAILABLE:
      return core::Presence::kAvailable;
    case v1::PRESENCE_AWAY:
      return core::Presence::kAway;
    default:
      return core::Presence::kOffline;
  }
}

absl::StatusOr<engine::Request> ToEngine(const v1::SetPresence& request, const std::string& agent) {
  if (request.presence() != v1::PRESENCE_AVAILABLE && request.presence() != v1::PRESENCE_AWAY) {
    return FieldError("FIELD_OUT_OF_RANGE", "presence.presence",
                      "must be PRESENCE_AVAILABLE or PRESENCE_AWAY; to go off duty, sign out");
  }
  RETURN_IF_ERROR(CheckBytes("presence.reason", request.reason(), kWordBytesMax));
  return engine::Route{core::SetPresence{agent, ToCore(request.presence()), request.reason(), "agent"}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::AcceptOffer& request, const std::string& agent) {
  const auto offer = ParseOfferName("accept.offer", request.offer());
  if (!offer.ok()) return offer.status();
  return engine::Route{core::AcceptOffer{agent, offer->contact, offer->offer}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::DeclineOffer& request, const std::string& agent) {
  const auto offer = ParseOfferName("decline.offer", request.offer());
  if (!offer.ok()) return offer.status();
  RETURN_IF_ERROR(CheckBytes("decline.reason", request.reason(), kReasonBytesMax));
  return engine::Route{core::DeclineOffer{agent, offer->contact, offer->offer, request.reason(),
                                          request.cause() == v1::DeclineOffer::UNREACHABLE}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::PostAgentMessage& request, const std::string& agent) {
  RETURN_IF_ERROR(ParseContactName("message.contact", request.contact()).status());
  RETURN_IF_ERROR(CheckText("message.", request.source_id(), request.text()));
  return engine::PostMessage{
      {request.contact(), "", ""}, agent, request.source_id(), request.text(), request.internal()};
}

absl::StatusOr<engine::Request> ToEngine(const v1::ConsultAgent& request, const std::string& agent) {
  const auto contact = ParseContactName("consult.contact", request.contact());
  if (!contact.ok()) return contact.status();
  const std::string colleague(BareName(request.agent(), "agents/"));
  RETURN_IF_ERROR(CheckIdentifier("consult.agent", colleague));
  RETURN_IF_ERROR(CheckBytes("consult.question", request.question(), kSummaryBytesMax));
  return engine::Route{core::ConsultAgent{agent, *contact, colleague, request.question()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::EndConsult& request, const std::string& agent) {
  const auto contact = ParseContactName("consult_end.contact", request.contact());
  if (!contact.ok()) return contact.status();
  return engine::Route{core::EndConsult{agent, *contact}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::HoldContact& request, const std::string& agent) {
  const auto contact = ParseContactName("hold.contact", request.contact());
  if (!contact.ok()) return contact.status();
  return engine::Route{core::HoldContact{agent, *contact, request.on()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::TransferContact& request, const std::string& agent) {
  const auto contact = ParseContactName("transfer.contact", request.contact());
  if (!contact.ok()) return contact.status();
  const std::string to_agent(BareName(request.agent(), "agents/"));
  const std::string to_queue(BareName(request.queue(), "queues/"));
  switch (request.target_case()) {
    case v1::TransferContact::kAgent:
      RETURN_IF_ERROR(CheckIdentifier("transfer.agent", to_agent));
      break;
    case v1::TransferContact::kQueue:
      RETURN_IF_ERROR(CheckIdentifier("transfer.queue", to_queue));
      break;
    case v1::TransferContact::TARGET_NOT_SET:
      if (!request.requirements().empty()) break;
      return FieldError("FIELD_MISSING", "transfer", "needs an agent, a queue or skills to go to");
  }
  RETURN_IF_ERROR(CheckRequirements(request.requirements(), "transfer.requirements"));
  RETURN_IF_ERROR(CheckBytes("transfer.reason", request.reason(), kReasonBytesMax));
  RETURN_IF_ERROR(CheckBytes("transfer.summary", request.summary(), kSummaryBytesMax));
  return engine::Route{core::TransferContact{agent, *contact, to_agent, to_queue, ToCore(request.requirements()),
                                             request.reason(), request.summary(), request.warm()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::CompleteContact& request, const std::string& agent) {
  const auto contact = ParseContactName("complete.contact", request.contact());
  if (!contact.ok()) return contact.status();
  RETURN_IF_ERROR(CheckBytes("complete.disposition", request.disposition(), kWordBytesMax));
  RETURN_IF_ERROR(CheckBytes("complete.summary", request.summary(), kSummaryBytesMax));
  return engine::Route{core::CompleteContact{agent, *contact, request.disposition(), request.summary()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::FinishWrapUp& request, const std::string& agent) {
  const auto contact = ParseContactName("wrap_up_done.contact", request.contact());
  if (!contact.ok()) return contact.status();
  RETURN_IF_ERROR(CheckBytes("wrap_up_done.disposition", request.disposition(), kWordBytesMax));
  return engine::Route{core::FinishWrapUp{agent, *contact, request.disposition()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::ExtendWrapUp& request, const std::string& agent) {
  const auto contact = ParseContactName("wrap_up_extend.contact", request.contact());
  if (!contact.ok()) return contact.status();
  return engine::Route{core::ExtendWrapUp{agent, *contact}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::ClaimContact& request, const std::string& agent) {
  const auto contact = ParseContactName("claim.contact", request.contact());
  if (!contact.ok()) return contact.status();
  return engine::Route{core::ClaimContact{agent, *contact}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::ScheduleContact& request, const std::string& agent) {
  const auto contact = ParseContactName("schedule.contact", request.contact());
  if (!contact.ok()) return contact.status();
  if (!request.has_schedule_time()) return Missing("schedule.schedule_time");
  RETURN_IF_ERROR(CheckTime("schedule.schedule_time", request.schedule_time()));
  RETURN_IF_ERROR(CheckBytes("schedule.summary", request.summary(), kSummaryBytesMax));
  return engine::Route{core::ScheduleContact{agent, *contact, ToCore(request.schedule_time()), request.summary()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::CallbackFailed& request, const std::string& agent) {
  const auto contact = ParseContactName("callback_failed.contact", request.contact());
  if (!contact.ok()) return contact.status();
  return engine::Route{core::CallbackFailed{agent, *contact}};
}

// What both sides may say of a contact: `adapter` is empty when an agent says it, `agent` when an adapter does.
absl::StatusOr<engine::Request> ToEngine(const v1::TypingNotice& request, const std::string& adapter,
                                         const std::string& agent) {
  const auto contact =
      ToRef("typing.contact", request.contact(), agent.empty() ? request.contact_source_id() : "", adapter);
  if (!contact.ok()) return contact.status();
  return engine::Typing{*contact, agent, request.on()};
}

absl::StatusOr<engine::Request> ToEngine(const v1::DeliveryReport& request, const std::string& adapter,
                                         const std::string& agent) {
  const auto contact =
      ToRef("delivery.contact", request.contact(), agent.empty() ? request.contact_source_id() : "", adapter);
  if (!contact.ok()) return contact.status();
  RETURN_IF_ERROR(CheckDelivery(request.delivery(), request.sequence()));
  return engine::ReportDelivery{*contact, agent, request.sequence(), request.delivery()};
}

absl::Status NoAction() {
  return FieldError("FIELD_MISSING", "action", "none is set, or it is one that this version does not know");
}

}  // namespace

absl::StatusOr<engine::Request> ToEngine(v1::CreateContactRequest request, const std::string& adapter, int lane_max) {
  RETURN_IF_ERROR(CheckRequired("source_id", request.source_id(), kSourceIdBytesMax));
  RETURN_IF_ERROR(CheckIdentifier("adapter", adapter));
  RETURN_IF_ERROR(CheckIdentifier("channel", request.channel()));
  RETURN_IF_ERROR(CheckIdentifier("queue", BareName(request.queue(), "queues/")));
  RETURN_IF_ERROR(CheckRequirements(request.requirements(), "requirements"));
  RETURN_IF_ERROR(CheckRequirements(request.preferences(), "preferences"));
  RETURN_IF_ERROR(CheckCustomer(request.customer()));
  RETURN_IF_ERROR(CheckBytes("subject", request.subject(), kSubjectBytesMax));
  RETURN_IF_ERROR(CheckAttributes(request.attributes()));
  RETURN_IF_ERROR(CheckHeadStart(request.head_start()));
  RETURN_IF_ERROR(CheckLane(request.lane()));
  RETURN_IF_ERROR(CheckLabels(request.labels()));
  if (request.has_deadline_time()) RETURN_IF_ERROR(CheckTime("deadline_time", request.deadline_time()));
  if (request.has_schedule_time()) RETURN_IF_ERROR(CheckTime("schedule_time", request.schedule_time()));
  if (!request.agent().empty()) {
    RETURN_IF_ERROR(CheckIdentifier("agent", BareName(request.agent(), "agents/")));
  }
  RETURN_IF_ERROR(CheckCount("messages", request.messages_size(), kFirstMessageCountMax));
  for (int i = 0; i < request.messages_size(); ++i) {
    RETURN_IF_ERROR(
        CheckText(absl::StrCat("messages[", i, "]."), request.messages(i).source_id(), request.messages(i).text()));
  }
  RETURN_IF_ERROR(CheckBytes("conversation", request.conversation(), kSourceIdBytesMax));
  request.set_adapter(adapter);
  return engine::CreateContact{std::move(request), lane_max};
}

absl::StatusOr<engine::Request> ToEngine(const v1::GetContactRequest& request, const std::string& adapter) {
  const auto contact = ToRef("name", request.name(), request.source_id(), adapter);
  if (!contact.ok()) return contact.status();
  return engine::GetContact{*contact};
}

absl::StatusOr<engine::Request> ToEngine(v1::UpdateContactRequest request, const std::string& adapter, int lane_max) {
  const auto contact = ToRef("contact", request.contact(), request.contact_source_id(), adapter);
  if (!contact.ok()) return contact.status();
  if (request.has_head_start()) RETURN_IF_ERROR(CheckHeadStart(request.head_start()));
  RETURN_IF_ERROR(CheckBytes("vip", request.vip(), kWordBytesMax));
  RETURN_IF_ERROR(CheckAttributes(request.attributes()));
  if (request.has_lane()) RETURN_IF_ERROR(CheckLane(request.lane()));
  RETURN_IF_ERROR(CheckLabels(request.labels()));
  if (request.has_deadline_time()) RETURN_IF_ERROR(CheckTime("deadline_time", request.deadline_time()));
  return engine::UpdateContact{*contact, std::move(request), lane_max};
}

absl::StatusOr<engine::Request> ToEngine(const v1::PostMessageRequest& request, const std::string& adapter) {
  const auto contact = ToRef("contact", request.contact(), request.contact_source_id(), adapter);
  if (!contact.ok()) return contact.status();
  RETURN_IF_ERROR(CheckText("", request.source_id(), request.text()));
  return engine::PostMessage{*contact, "", request.source_id(), request.text()};
}

absl::StatusOr<engine::Request> ToEngine(const v1::EndContactRequest& request, const std::string& adapter) {
  const auto contact = ToRef("contact", request.contact(), request.contact_source_id(), adapter);
  if (!contact.ok()) return contact.status();
  RETURN_IF_ERROR(CheckBytes("reason", request.reason(), kWordBytesMax));
  return engine::EndContact{*contact, request.reason(), /*by_operator=*/false};
}

absl::StatusOr<engine::Request> ToEngine(const v1::RequestCallbackRequest& request, const std::string& adapter) {
  const auto contact = ToRef("contact", request.contact(), request.contact_source_id(), adapter);
  if (!contact.ok()) return contact.status();
  engine::RequestCallback callback{*contact};
  if (request.has_schedule_time()) {
    RETURN_IF_ERROR(CheckTime("schedule_time", request.schedule_time()));
    callback.at = ToCore(request.schedule_time());
  }
  return callback;
}

absl::StatusOr<engine::Request> ToEngine(v1::ConnectRequest request, const std::string& adapter, int lane_max) {
  switch (request.action_case()) {
    case v1::ConnectRequest::kCreate:
      return ToEngine(std::move(*request.mutable_create()), adapter, lane_max);
    case v1::ConnectRequest::kUpdate:
      return ToEngine(std::move(*request.mutable_update()), adapter, lane_max);
    case v1::ConnectRequest::kMessage:
      return ToEngine(request.message(), adapter);
    case v1::ConnectRequest::kTyping:
      return ToEngine(request.typing(), adapter, /*agent=*/"");
    case v1::ConnectRequest::kDelivery:
      return ToEngine(request.delivery(), adapter, /*agent=*/"");
    case v1::ConnectRequest::kEnd:
      return ToEngine(request.end(), adapter);
    case v1::ConnectRequest::kAckSequence:
      if (request.ack_sequence() < 0) return FieldError("FIELD_OUT_OF_RANGE", "ack_sequence", "must not be negative");
      return engine::AcknowledgeEvents{adapter, request.ack_sequence()};
    case v1::ConnectRequest::kCallback:
      return ToEngine(request.callback(), adapter);
    case v1::ConnectRequest::kHello:
    case v1::ConnectRequest::ACTION_NOT_SET:
      break;
  }
  return NoAction();
}

absl::Status CheckShape(const v1::SignIn& sign_in) {
  RETURN_IF_ERROR(CheckIdentifier("sign_in.agent", BareName(sign_in.agent(), "agents/")));
  RETURN_IF_ERROR(CheckCount("sign_in.channels", sign_in.channels_size(), kRequirementCountMax));
  for (int i = 0; i < sign_in.channels_size(); ++i) {
    const std::string entry = absl::StrCat("sign_in.channels[", i, "]");
    RETURN_IF_ERROR(CheckIdentifier(entry + ".channel", sign_in.channels(i).channel()));
    if (sign_in.channels(i).max_count() < 0) {
      return FieldError("FIELD_OUT_OF_RANGE", entry + ".max_count", "must not be negative");
    }
  }
  if (sign_in.presence() == v1::PRESENCE_OFFLINE || !v1::Presence_IsValid(sign_in.presence())) {
    return FieldError("FIELD_OUT_OF_RANGE", "sign_in.presence", "must be PRESENCE_AVAILABLE or PRESENCE_AWAY");
  }
  return CheckBytes("sign_in.version", sign_in.version(), kNameBytesMax);
}

absl::StatusOr<engine::Request> ToEngine(const v1::WorkRequest& request, const std::string& agent) {
  switch (request.action_case()) {
    case v1::WorkRequest::kSignOut:
      return engine::Route{core::SignOut{agent, request.sign_out().force(), "agent"}};
    case v1::WorkRequest::kPresence:
      return ToEngine(request.presence(), agent);
    case v1::WorkRequest::kAccept:
      return ToEngine(request.accept(), agent);
    case v1::WorkRequest::kDecline:
      return ToEngine(request.decline(), agent);
    case v1::WorkRequest::kMessage:
      return ToEngine(request.message(), agent);
    case v1::WorkRequest::kTyping:
      return ToEngine(request.typing(), /*adapter=*/"", agent);
    case v1::WorkRequest::kDelivery:
      return ToEngine(request.delivery(), /*adapter=*/"", agent);
    case v1::WorkRequest::kHold:
      return ToEngine(request.hold(), agent);
    case v1::WorkRequest::kTransfer:
      return ToEngine(request.transfer(), agent);
    case v1::WorkRequest::kComplete:
      return ToEngine(request.complete(), agent);
    case v1::WorkRequest::kWrapUpDone:
      return ToEngine(request.wrap_up_done(), agent);
    case v1::WorkRequest::kClaim:
      return ToEngine(request.claim(), agent);
    case v1::WorkRequest::kWrapUpExtend:
      return ToEngine(request.wrap_up_extend(), agent);
    case v1::WorkRequest::kSchedule:
      return ToEngine(request.schedule(), agent);
    case v1::WorkRequest::kCallbackFailed:
      return ToEngine(request.callback_failed(), agent);
    case v1::WorkRequest::kConsult:
      return ToEngine(request.consult(), agent);
    case v1::WorkRequest::kConsultEnd:
      return ToEngine(request.consult_end(), agent);
    case v1::WorkRequest::kSignIn:
    case v1::WorkRequest::ACTION_NOT_SET:
      break;
  }
  return NoAction();
}

absl::StatusOr<engine::Request> ToEngine(const v1::AssignContactRequest& request) {
  const auto contact = ParseContactName("contact", request.contact());
  if (!contact.ok()) return contact.status();
  const std::string agent(BareName(request.agent(), "agents/"));
  RETURN_IF_ERROR(CheckIdentifier("agent", agent));
  return engine::Route{core::AssignContact{*contact, agent, request.may_exceed_capacity()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::TakeOverContactRequest& request) {
  const auto contact = ParseContactName("contact", request.contact());
  if (!contact.ok()) return contact.status();
  const std::string agent(BareName(request.agent(), "agents/"));
  RETURN_IF_ERROR(CheckIdentifier("agent", agent));
  RETURN_IF_ERROR(CheckBytes("reason", request.reason(), kReasonBytesMax));
  return engine::Route{core::TakeOverContact{*contact, agent, request.reason()}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::RequeueContactRequest& request) {
  const auto contact = ParseContactName("contact", request.contact());
  if (!contact.ok()) return contact.status();
  return engine::Route{core::RequeueContact{*contact}};
}

absl::StatusOr<engine::Request> ToEngine(const v1::TerminateContactRequest& request) {
  RETURN_IF_ERROR(ParseContactName("contact", request.contact()).status());
  RETURN_IF_ERROR(CheckBytes("reason", request.reason(), kWordBytesMax));
  return engine::EndContact{{request.contact(), "", ""}, request.reason(), /*by_operator=*/true};
}

absl::StatusOr<engine::Request> ToEngine(const v1::PrioritizeContactRequest& request) {
  const auto contact = ParseContactName("contact", request.contact());
  if (!contact.ok()) return contact.status();
  core::UpdateContact command{.contact = *contact};
  if (request.has_lane()) {
    RETURN_IF_ERROR(CheckLane(request.lane()));
    command.lane = request.lane();
  }
  if (request.has_head_start()) {
    RETURN_IF_ERROR(CheckHeadStart(request.head_start()));
    command.head_start = std::chrono::seconds(request.head_start().seconds()) +
                         std::chrono::milliseconds(request.head_start().nanos() / 1'000'000);
  }
  if (request.has_vip()) {
    RETURN_IF_ERROR(CheckBytes("vip", request.vip(), kWordBytesMax));
    command.vip = request.vip();
  }
  command.clear_call = request.clear_call();
  return engine::Route{std::move(command)};
}

absl::StatusOr<engine::Request> ToEngine(const v1::SetAgentPresenceRequest& request) {
  const std::string agent(BareName(request.agent(), "agents/"));
  RETURN_IF_ERROR(CheckIdentifier("agent", agent));
  if (request.presence() == v1::PRESENCE_UNSPECIFIED || !v1::Presence_IsValid(request.presence())) {
    return FieldError("FIELD_OUT_OF_RANGE", "presence",
                      "must be PRESENCE_AVAILABLE, PRESENCE_AWAY or PRESENCE_OFFLINE");
  }
  RETURN_IF_ERROR(CheckBytes("reason", request.reason(), kWordBytesMax));
  return engine::Route{core::SetPresence{agent, ToCore(request.presence()), request.reason(), "supervisor"}};
}

}  // namespace routerd::session
