#include "routerd/engine/intake.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "routerd/base/error.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

constexpr size_t kIdBytesMax = 128;
constexpr size_t kAddressBytesMax = 256;
constexpr size_t kAddressesMax = 16;
constexpr size_t kNameBytesMax = 256;
constexpr size_t kSubjectBytesMax = 500;
constexpr size_t kAttributesBytesMax = 16 << 10;
constexpr int kFirstMessagesMax = 20;
constexpr int kRequirementsMax = 16;
constexpr size_t kJsonGrowthMax = 6;  // A byte of a string may become `\u0001`.

absl::Status Missing(std::string_view field) {
  return base::Error(absl::StatusCode::kInvalidArgument, "FIELD_MISSING", absl::StrCat(Sv(field), " is required"));
}

absl::Status CheckLength(std::string_view field, size_t size, size_t size_max, const char* unit = "bytes") {
  if (size <= size_max) return absl::OkStatus();
  return base::Error(absl::StatusCode::kInvalidArgument, "FIELD_TOO_LONG",
                     absl::StrCat(Sv(field), " has ", size, " ", unit, "; at most ", size_max, " are kept"));
}

absl::Status CheckCustomer(const v1::Customer& customer) {
  if (customer.id().empty() && customer.addresses().empty()) return Missing("customer.id or customer.addresses");
  for (const absl::Status& status :
       {CheckLength("customer.id", customer.id().size(), kAddressBytesMax),
        CheckLength("customer.display_name", customer.display_name().size(), kNameBytesMax),
        CheckLength("customer.language", customer.language().size(), kIdBytesMax),
        CheckLength("customer.addresses", static_cast<size_t>(customer.addresses_size()), kAddressesMax, "entries")}) {
    if (!status.ok()) return status;
  }
  for (const v1::Address& address : customer.addresses()) {
    if (address.value().empty()) return Missing("customer.addresses.value");
    const auto status = CheckLength("customer.addresses.value",
                                    std::max(address.value().size(), address.channel().size()), kAddressBytesMax);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Check(const v1::CreateContactRequest& request, int lane_max, const Limits& limits) {
  if (request.source_id().empty()) return Missing("source_id");
  for (const absl::Status& status :
       {CheckLength("source_id", request.source_id().size(), kIdBytesMax), CheckCustomer(request.customer()),
        CheckLength("subject", request.subject().size(), kSubjectBytesMax), CheckAttributes(request.attributes()),
        CheckLength("requirements", static_cast<size_t>(request.requirements_size()), kRequirementsMax, "entries"),
        CheckLength("preferences", static_cast<size_t>(request.preferences_size()), kRequirementsMax, "entries"),
        CheckLength("messages", static_cast<size_t>(request.messages_size()), kFirstMessagesMax, "entries")}) {
    if (!status.ok()) return status;
  }
  for (const v1::PostMessageRequest& message : request.messages()) {
    if (message.source_id().empty()) return Missing("messages.source_id");
    absl::Status status = CheckLength("messages.source_id", message.source_id().size(), kIdBytesMax);
    if (status.ok()) status = CheckText(message.text(), limits);
    if (!status.ok()) return status;
  }
  return CheckLane(request.lane(), lane_max);
}

v1::Customer Identify(const v1::Customer& given, const std::string& channel, const Directory& directory) {
  v1::Customer customer = given;
  for (v1::Address& address : *customer.mutable_addresses()) {
    if (address.channel().empty()) address.set_channel(channel);
  }
  const bool by_id = given.verified() && !given.id().empty();
  if (!by_id) {
    customer.set_id(customer.addresses().empty()
                        ? absl::StrCat(channel, ":", given.id())
                        : absl::StrCat(customer.addresses(0).channel(), ":", customer.addresses(0).value()));
  }
  customer.clear_vip();
  if (!given.verified()) return customer;
  customer.set_vip(given.vip());
  if (const v1::CustomerConfig* known = directory.FindCustomer(customer.id())) {
    if (!known->display_name().empty()) customer.set_display_name(known->display_name());
    if (!known->vip().empty()) customer.set_vip(known->vip());
  }
  return customer;
}

std::vector<core::NamedTier> NamedTiers(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& skills) {
  std::vector<core::NamedTier> named;
  for (const v1::SkillRequirement& skill : skills) {
    const bool given = skill.tier() != v1::TIER_UNSPECIFIED;
    named.push_back({skill.skill(), given ? FromProto(skill.tier()) : core::Tier::kJunior});
  }
  return named;
}

}  // namespace

std::vector<core::CreateContact::KnownAgent> KnownAgentsOf(const Admission& admission, const std::string& owner,
                                                           const Dossier& dossier, core::Instant now) {
  std::vector<core::CreateContact::KnownAgent> known;
  const v1::QueueConfig* queue = dossier.directory().FindQueue(admission.command.queue);
  if (queue == nullptr) return known;
  const v1::Customer& customer = admission.contact.context().customer();
  const auto add = [&](core::KnownAs as, std::string_view agent) {
    if (!agent.empty()) known.push_back({as, std::string(BareName(agent, kAgents))});
  };
  const core::Duration last_within =
      queue->known_agent().has_last_within() ? FromProto(queue->known_agent().last_within()) : std::chrono::hours(24);
  for (const int kind : queue->known_agent().kinds()) {
    if (kind == v1::KnownAgentConfig::DEDICATED) {
      const v1::CustomerConfig* config =
          customer.verified() ? dossier.directory().FindCustomer(customer.id()) : nullptr;
      if (config != nullptr) add(core::KnownAs::kDedicated, config->agent());
    } else if (kind == v1::KnownAgentConfig::OWNER) {
      add(core::KnownAs::kOwner, owner);
    } else if (kind == v1::KnownAgentConfig::LAST) {
      for (const v1::ContactSummary& earlier : admission.contact.context().earlier_contacts()) {
        if (now - FromProto(earlier.end_time()) > last_within) break;
        if (earlier.agent().empty()) continue;
        add(core::KnownAs::kLast, earlier.agent());
        break;
      }
    }
  }
  return known;
}

core::ContactId SharesPlaceWith(const Admission& admission, const Dossier& dossier) {
  const v1::WorkspaceConfig& config = dossier.directory().config();
  core::ContactId with = core::kNoContact;
  if (config.has_one_place_per_customer() && !config.one_place_per_customer()) return with;
  for (const core::ContactId id : dossier.LiveContactsOf(admission.contact.context().customer().id())) {
    const v1::Contact& other = dossier.Find(id)->head;
    if (other.state() != v1::Contact::STATE_QUEUED && other.state() != v1::Contact::STATE_OFFERED) continue;
    if (other.channel() == admission.command.channel) return core::kNoContact;
    if (with == core::kNoContact) with = id;
  }
  return with;
}

std::optional<core::CreateContact::ReturnedPlace> PlaceLeft(const Admission& admission, const Dossier& dossier,
                                                            core::Instant now) {
  const v1::SnapshotReturn* left =
      dossier.kept_places().Find(admission.contact.context().customer().id(), QueueName(admission.command.queue), now);
  if (left == nullptr) return std::nullopt;
  const auto at = [](int64_t ns) { return core::Instant(core::Duration(ns)); };
  return core::CreateContact::ReturnedPlace{ParseContact(left->contact()), at(left->queued_ns()), at(left->rank_ns())};
}

int RecentContactCount(const Admission& admission, const Dossier& dossier, core::Instant now) {
  const v1::QueueConfig* queue = dossier.directory().FindQueue(admission.command.queue);
  if (queue == nullptr) return 0;
  const bool asked = std::any_of(queue->escalation().begin(), queue->escalation().end(),
                                 [](const v1::EscalationStep& step) { return step.contact_count() > 0; });
  if (!asked) return 0;
  size_t count = 1 + dossier.LiveContactsOf(admission.contact.context().customer().id()).size();
  for (const v1::ContactSummary& earlier : admission.contact.context().earlier_contacts()) {
    if (now - FromProto(earlier.end_time()) <= std::chrono::hours(24)) ++count;
  }
  return static_cast<int>(count);
}

absl::Status CheckLane(int lane, int lane_max) {
  if (lane <= lane_max) return absl::OkStatus();
  return base::Error(absl::StatusCode::kPermissionDenied, "LANE_NOT_ALLOWED",
                     absl::StrCat("lane ", lane, " is above ", lane_max,
                                  ", the highest this adapter may ask for (lane_max of its principal)"));
}

absl::Status CheckText(std::string_view text, const Limits& limits) {
  if (text.empty()) return Missing("text");
  if (text.size() <= limits.message_bytes_max) return absl::OkStatus();
  return base::Error(absl::StatusCode::kInvalidArgument, "MESSAGE_TOO_LONG",
                     absl::StrCat("text has ", text.size(), " bytes; at most ", limits.message_bytes_max,
                                  " are taken in one message"));
}

absl::Status CheckAttributes(const google::protobuf::Struct& attributes) {
  if (attributes.ByteSizeLong() <= kAttributesBytesMax / kJsonGrowthMax) return absl::OkStatus();
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(attributes, &json).ok()) {
    return base::Error(absl::StatusCode::kInvalidArgument, "FIELD_MALFORMED", "attributes have no JSON form");
  }
  return CheckLength("attributes", json.size(), kAttributesBytesMax, "bytes as JSON");
}

absl::StatusOr<Admission> Admit(const v1::CreateContactRequest& request, int lane_max, const Dossier& dossier) {
  const Directory& directory = dossier.directory();
  const absl::Status checked = Check(request, lane_max, directory.limits());
  if (!checked.ok()) return checked;

  Admission admission;
  v1::Contact& contact = admission.contact;
  contact.set_adapter(request.adapter());
  contact.set_source_id(request.source_id());
  contact.set_customer_connected(true);
  v1::Context& context = *contact.mutable_context();
  *context.mutable_customer() = Identify(request.customer(), request.channel(), directory);
  context.set_subject(request.subject());
  if (request.has_attributes()) *context.mutable_attributes() = request.attributes();
  if (const v1::SnapshotCustomer* known = dossier.customers().Find(context.customer().id())) {
    *context.mutable_earlier_contacts() = known->earlier();
  }
  for (const v1::PostMessageRequest& given : request.messages()) {
    v1::Message& message = *context.add_transcript();
    message.set_source_id(given.source_id());
    message.set_author(v1::Message::AUTHOR_CUSTOMER);
    message.set_author_id(context.customer().id());
    message.set_author_display_name(context.customer().display_name());
    message.set_text(given.text());
    message.set_delivery(v1::Message::DELIVERY_STORED);
    message.set_channel(request.channel());
  }

  core::CreateContact& command = admission.command;
  command.queue = std::string(BareName(request.queue(), kQueues));
  command.channel = request.channel();
  command.requirements = NamedTiers(request.requirements());
  command.preferences = NamedTiers(request.preferences());
  command.vip = context.customer().vip();
  context.mutable_customer()->clear_vip();  // The router says which it took.
  command.head_start = std::chrono::floor<std::chrono::milliseconds>(FromProto(request.head_start()));
  command.lane = request.lane();
  command.labels.assign(request.labels().begin(), request.labels().end());
  if (request.has_deadline_time()) command.deadline = FromProto(request.deadline_time());
  if (request.has_schedule_time()) command.schedule_at = FromProto(request.schedule_time());
  command.agent = std::string(BareName(request.agent(), kAgents));
  command.agent_wait = FromProto(request.agent_wait());
  command.may_exceed_capacity = request.may_exceed_capacity();
  return admission;
}

}  // namespace routerd::engine
