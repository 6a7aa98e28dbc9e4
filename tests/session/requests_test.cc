#include "routerd/session/requests.h"

#include <functional>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"

namespace routerd::session {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

constexpr char kContact[] = R"pb(
  source_id: "s"
  channel: "webchat"
  queue: "queues/billing"
  customer { addresses { channel: "webchat" value: "v" } })pb";

// A request in text form, and what is wrong with it.
struct BadRequest {
  std::string_view name;
  std::string text;
  std::string_view reason;
  std::string_view field;  // The error's text starts with it.
};

std::string Repeat(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}
std::string Quoted(const char* field, size_t size) {
  return std::string(field) + ": \"" + std::string(size, 'x') + "\" ";
}

void ExpectRefused(const absl::Status& status, const BadRequest& bad) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(base::ReasonOf(status), bad.reason);
  EXPECT_TRUE(std::string(status.message()).starts_with(std::string(bad.field) + ": ")) << status;
}

const BadRequest kBadConnects[] = {
    {"CreateWithoutSourceId", "create { }", "FIELD_MISSING", "source_id"},
    {"CreateWithALongSourceId", "create { " + Quoted("source_id", 129) + "}", "FIELD_TOO_LONG", "source_id"},
    {"CreateWithoutChannel", "create { source_id: 's' }", "FIELD_MISSING", "channel"},
    {"CreateWithoutQueue", "create { source_id: 's' channel: 'webchat' }", "FIELD_MISSING", "queue"},
    {"CreateWithAnOddQueue", "create { source_id: 's' channel: 'webchat' queue: 'a b' }", "FIELD_MALFORMED", "queue"},
    {"CreateWithoutCustomer", "create { source_id: 's' channel: 'c' queue: 'q' }", "FIELD_MISSING", "customer"},
    {"CreateWithAnEmptyAddress", "create { source_id: 's' channel: 'c' queue: 'q' customer { addresses {} } }",
     "FIELD_MISSING", "customer.addresses[0].channel"},
    {"CreateWithALongSubject", std::string("create {") + kContact + Quoted("subject", 501) + "}", "FIELD_TOO_LONG",
     "subject"},
    {"CreateWithTooManyRequirements",
     std::string("create {") + kContact + Repeat(17, "requirements { skill: 'x' }") + "}", "FIELD_TOO_LONG",
     "requirements"},
    {"CreateWithARequirementOfNothing", std::string("create {") + kContact + "requirements { tier: SENIOR } }",
     "FIELD_MISSING", "requirements[0].skill"},
    {"CreateWithANegativeHeadStart", std::string("create {") + kContact + "head_start { seconds: -1 } }",
     "FIELD_OUT_OF_RANGE", "head_start"},
    {"CreateWithMoreThanADaysHeadStart",
     std::string("create {") + kContact + "head_start { seconds: 86400 nanos: 1 } }", "FIELD_OUT_OF_RANGE",
     "head_start"},
    {"CreateInANegativeLane", std::string("create {") + kContact + "lane: -1 }", "FIELD_OUT_OF_RANGE", "lane"},
    {"CreateInALaneTooHigh", std::string("create {") + kContact + "lane: 10 }", "FIELD_OUT_OF_RANGE", "lane"},
    {"CreateWithAWordlessMessage", std::string("create {") + kContact + "messages { source_id: 'm' } }",
     "FIELD_MISSING", "messages[0].text"},
    {"MessageToNobody", "message { source_id: 'm' text: 't' }", "FIELD_MISSING", "contact"},
    {"MessageToAnOddName", "message { contact: 'x' source_id: 'm' text: 't' }", "FIELD_MALFORMED", "contact"},
    {"MessageWithoutSourceId", "message { contact: '1' text: 't' }", "FIELD_MISSING", "source_id"},
    {"MessageWithoutText", "message { contact: '1' source_id: 'm' }", "FIELD_MISSING", "text"},
    {"TypingToNobody", "typing { on: true }", "FIELD_MISSING", "typing.contact"},
    {"DeliveryOfNothing", "delivery { contact: '1' delivery: DELIVERY_SEEN }", "FIELD_OUT_OF_RANGE", "sequence"},
    {"DeliveryThatOnlyTheRouterMaySay", "delivery { contact: '1' sequence: 1 delivery: DELIVERY_STORED }",
     "FIELD_OUT_OF_RANGE", "delivery"},
    {"EndWithALongReason", "end { contact: '1' " + Quoted("reason", 65) + "}", "FIELD_TOO_LONG", "reason"},
    {"UpdateOfNobody", "update { vip: 'gold' }", "FIELD_MISSING", "contact"},
    {"NegativeAcknowledgement", "ack_sequence: -1", "FIELD_OUT_OF_RANGE", "ack_sequence"},
    {"NoActionAtAll", "", "FIELD_MISSING", "action"},
};
class BadConnectTest : public testing::TestWithParam<BadRequest> {};
TEST_P(BadConnectTest, IsRefused) {
  ExpectRefused(ToEngine(Parse<v1::ConnectRequest>(GetParam().text), "chat-1", 0).status(), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Requests, BadConnectTest, testing::ValuesIn(kBadConnects),
                         [](const auto& info) { return std::string(info.param.name); });

const BadRequest kBadWorks[] = {
    {"AcceptOfNothing", "accept {}", "FIELD_MISSING", "accept.offer"},
    {"AcceptOfAContact", "accept { offer: 'contacts/1' }", "FIELD_MALFORMED", "accept.offer"},
    {"DeclineWithALongReason", "decline { offer: 'contacts/1/offers/1' " + Quoted("reason", 201) + "}",
     "FIELD_TOO_LONG", "decline.reason"},
    {"GoingOfflineByPresence", "presence { presence: PRESENCE_OFFLINE }", "FIELD_OUT_OF_RANGE", "presence.presence"},
    {"NoPresence", "presence {}", "FIELD_OUT_OF_RANGE", "presence.presence"},
    {"MessageWithoutText", "message { contact: '1' source_id: 'a' }", "FIELD_MISSING", "message.text"},
    {"TypingBySourceId", "typing { contact_source_id: 's' on: true }", "FIELD_MISSING", "typing.contact"},
    {"TransferToNobody", "transfer { contact: '1' }", "FIELD_MISSING", "transfer"},
    {"TransferToAnEmptyQueue", "transfer { contact: '1' queue: 'queues/' }", "FIELD_MISSING", "transfer.queue"},
    {"TransferToAnOddAgent", "transfer { contact: '1' agent: 'a/b' }", "FIELD_MALFORMED", "transfer.agent"},
    {"TransferWithALongSummary", "transfer { contact: '1' queue: 'q' " + Quoted("summary", 4001) + "}",
     "FIELD_TOO_LONG", "transfer.summary"},
    {"CompleteWithALongDisposition", "complete { contact: '1' " + Quoted("disposition", 65) + "}", "FIELD_TOO_LONG",
     "complete.disposition"},
    {"HoldOfNothing", "hold { on: true }", "FIELD_MISSING", "hold.contact"},
    {"WrapUpOfNothing", "wrap_up_done {}", "FIELD_MISSING", "wrap_up_done.contact"},
    {"ClaimOfNothing", "claim {}", "FIELD_MISSING", "claim.contact"},
    {"NoActionAtAll", "", "FIELD_MISSING", "action"},
};
class BadWorkTest : public testing::TestWithParam<BadRequest> {};
TEST_P(BadWorkTest, IsRefused) {
  ExpectRefused(ToEngine(Parse<v1::WorkRequest>(GetParam().text), "ana").status(), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Requests, BadWorkTest, testing::ValuesIn(kBadWorks),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RequestsTest, ACreationIsTheCallersWhateverItSays) {
  auto request = Parse<v1::CreateContactRequest>(kContact);
  request.set_adapter("another");
  const auto engine = ToEngine(request, "chat-1", 2);
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(std::get<engine::CreateContact>(*engine).request.adapter(), "chat-1");
  EXPECT_EQ(std::get<engine::CreateContact>(*engine).lane_max, 2);
}

TEST(RequestsTest, ATransferKeepsWhatItSays) {
  const auto engine = ToEngine(Parse<v1::WorkRequest>(R"pb(
                                 transfer {
                                   contact: "contacts/7"
                                   agent: "agents/bo"
                                   reason: "r"
                                   summary: "s"
                                   requirements { skill: "orders" }
                                   requirements { skill: "billing" tier: EXPERT }
                                 })pb"),
                               "ana");
  ASSERT_TRUE(engine.ok()) << engine.status();
  const auto& transfer = std::get<core::TransferContact>(std::get<engine::Route>(*engine).command);
  EXPECT_EQ(transfer.agent, "ana");
  EXPECT_EQ(transfer.contact, core::ContactId{7});
  EXPECT_EQ(transfer.to_agent, "bo");
  EXPECT_EQ(transfer.to_queue, "");
  EXPECT_EQ(transfer.requirements,
            (std::vector<core::NamedTier>{{"orders", core::Tier::kJunior}, {"billing", core::Tier::kExpert}}));
}

TEST(RequestsTest, ATransferToSkillsNeedsNoTarget) {
  const auto engine =
      ToEngine(Parse<v1::WorkRequest>(
                   "transfer { contact: '7' requirements { skill: 'billing' tier: SENIOR } reason: 'r' warm: true }"),
               "ana");
  ASSERT_TRUE(engine.ok()) << engine.status();
  const auto& transfer = std::get<core::TransferContact>(std::get<engine::Route>(*engine).command);
  EXPECT_EQ(transfer.to_agent + transfer.to_queue, "");
  EXPECT_TRUE(transfer.warm);
  EXPECT_EQ(transfer.requirements, (std::vector<core::NamedTier>{{"billing", core::Tier::kSenior}}));
}

TEST(RequestsTest, SupervisorsCommandsAreChecked) {
  EXPECT_FALSE(ToEngine(Parse<v1::AssignContactRequest>("contact: '1'")).ok());
  EXPECT_FALSE(ToEngine(Parse<v1::RequeueContactRequest>("contact: 'x'")).ok());
  EXPECT_FALSE(ToEngine(Parse<v1::SetAgentPresenceRequest>("agent: 'ana'")).ok());
  const auto offline = ToEngine(Parse<v1::SetAgentPresenceRequest>("agent: 'agents/ana' presence: PRESENCE_OFFLINE"));
  ASSERT_TRUE(offline.ok());
  const auto& presence = std::get<core::SetPresence>(std::get<engine::Route>(*offline).command);
  EXPECT_EQ(presence.presence, core::Presence::kOffline);
  EXPECT_EQ(presence.by, "supervisor");
  const auto end = ToEngine(Parse<v1::TerminateContactRequest>("contact: '1' reason: 'spam'"));
  EXPECT_TRUE(std::get<engine::EndContact>(*end).by_operator);
}

}  // namespace
}  // namespace routerd::session
