// Every kind of event survives the journal.
#include "routerd/engine/event_codec.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/engine/policy_compile.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

using core::AgentId;
using core::ContactId;
using core::OfferId;
using core::QueueId;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ContactId kContact{81};
constexpr OfferId kOffer{92};
constexpr AgentId kAna{0};
constexpr AgentId kBo{1};
constexpr QueueId kBilling{0};
constexpr QueueId kOrders{1};
const core::Instant kAt = core::Instant(seconds(1'700'000'000)) + std::chrono::nanoseconds(123'456'789);

core::Router Configured() {
  core::Router router;
  router.Apply({kAt, core::PolicyLoaded{std::make_shared<const core::Policy>(CompilePolicy(DevConfig()))}});
  return router;
}

v1::Contact Before() {
  v1::Contact contact;
  contact.set_name("contacts/81");
  contact.set_adapter("webchat-1");
  contact.set_source_id("s1");
  contact.set_queue("queues/billing");
  contact.set_agent("agents/ana");
  contact.mutable_create_time()->set_seconds(1'699'999'000);
  return contact;
}

struct KindCase {
  const char* name;
  core::EventKind kind;
};

const core::Skills kSkills = {{core::SkillId{0}, core::Tier::kSenior}, {core::SkillId{1}, core::Tier::kJunior}};

const std::vector<KindCase>& Kinds() {
  static const std::vector<KindCase> kinds = {
      {"policy.loaded", core::PolicyLoaded{std::make_shared<const core::Policy>(CompilePolicy(DevConfig()))}},
      {"contact.created", core::ContactCreated{kContact, kBilling, core::ChannelId{0}, core::VipId{0},
                                               milliseconds(1'500), 3, kAt - seconds(121), kSkills}},
      {"contact.created", core::ContactCreated{.contact = kContact,
                                               .queue = kBilling,
                                               .channel = core::ChannelId{0},
                                               .rank = kAt - seconds(90),
                                               .requirements = kSkills,
                                               .deadline = kAt + seconds(300),
                                               .labels = {"angry", "complaint"},
                                               .contact_count = 3,
                                               .order_shift = -seconds(20),
                                               .queued_at = kAt - seconds(70),
                                               .returned_from = core::ContactId{9},
                                               .preferences = kSkills}},
      {"contact.reprioritized", core::ContactReprioritized{kContact, core::kNoVip, seconds(7), 2, kAt - seconds(7)}},
      {"contact.reprioritized", core::ContactReprioritized{kContact, core::VipId{0}, seconds(7), 2, kAt - seconds(7),
                                                           kAt + seconds(50), -seconds(9), /*call_cleared=*/true}},
      {"contact.labeled", core::ContactLabeled{kContact, {"complaint"}}},
      {"contact.linked", core::ContactLinked{kContact, core::ContactId{9}, kAt - seconds(30)}},
      {"contact.escalated", core::ContactEscalated{kContact, 2, "waited 5 min", kBilling, true, kSkills, seconds(60),
                                                   kAt - seconds(60), 1, /*call_supervisor=*/true}},
      {"contact.relaxed", core::RequirementsRelaxed{kContact, 2, kSkills}},
      {"offer.made", core::OfferMade{kOffer, kContact, kAna, 25, kAt + seconds(20), core::OfferRule::kStrategy,
                                     core::Strategy::kBestFit, 4}},
      {"offer.made", core::OfferMade{kOffer, kContact, kAna, 25, kAt + seconds(20), core::OfferRule::kReserved,
                                     core::Strategy::kLeastWanted, 0}},
      {"offer.made", core::OfferMade{kOffer, kContact, kAna, 25, kAt + seconds(20), core::OfferRule::kClaim,
                                     core::Strategy::kLeastWanted, 1}},
      {"offer.accepted", core::OfferAccepted{kOffer, kContact, kAna}},
      {"offer.lapsed", core::OfferClosed{kOffer, kContact, kAna, core::OfferState::kLapsed, "lapsed", kAt + seconds(30),
                                         2, core::OfferCause::kNoAnswer}},
      {"offer.declined", core::OfferClosed{kOffer, kContact, kAna, core::OfferState::kDeclined, "busy",
                                           kAt + seconds(60), 0, core::OfferCause::kDeclined}},
      {"offer.revoked", core::OfferClosed{kOffer, kContact, kAna, core::OfferState::kRevoked, "customer_left", {}, 0}},
      {"offer.revoked", core::OfferClosed{kOffer,
                                          kContact,
                                          kAna,
                                          core::OfferState::kRevoked,
                                          "other_agent",
                                          {},
                                          0,
                                          core::OfferCause::kOtherAgent,
                                          /*others_open=*/true}},
      {"offer.made", core::OfferMade{kOffer, kContact, kAna, 25, kAt + seconds(20), core::OfferRule::kBotsFirst}},
      {"offer.made", core::OfferMade{kOffer, kContact, kAna, 25, kAt + seconds(20), core::OfferRule::kAskedAgain,
                                     core::Strategy::kLeastWanted, 1}},
      {"offer.extended", core::OfferExtended{kOffer, kContact, kAt + seconds(40), kAna}},
      {"contact.held", core::ContactHeld{kContact, kAna, true}},
      {"contact.resumed", core::ContactHeld{kContact, kAna, false}},
      {"contact.transferred", core::ContactTransferred{kContact, kAna, kOrders, true, kSkills, core::kNoAgent,
                                                       core::kNever, kAt + seconds(60), "wrong queue", "Of May"}},
      {"contact.transferred",
       core::ContactTransferred{kContact, kAna, kBilling, false, {}, kBo, kAt + seconds(60), {}, "", "", false, true}},
      {"contact.requeued", core::ContactRequeued{kContact, kAna, "agent_lost", kAt + seconds(9)}},
      {"contact.reserved", core::ContactReserved{kContact, kBo, kAt + seconds(60), "supervisor"}},
      {"contact.reserved", core::ContactReserved{kContact, kBo, core::kNever, ""}},
      {"contact.reserved", core::ContactReserved{kContact, kBo, kAt + seconds(9), "owner", core::KnownAs::kOwner}},
      {"reservation.ended", core::ReservationEnded{kContact, kBo, "waited"}},
      {"wrap_up.started", core::WrapUpStarted{kContact, kAna, kAt + seconds(30), true, "solved", "Explained"}},
      {"wrap_up.started", core::WrapUpStarted{kContact, kAna, core::kNever, false, "", ""}},
      {"wrap_up.started", core::WrapUpStarted{kContact, kAna, kAt + seconds(9), true, "", "", /*optional=*/true}},
      {"contact.reserved",
       core::ContactReserved{kContact, kAna, kAt + seconds(9), "supervisor", core::KnownAs::kNobody, true}},
      {"consult.started", core::ConsultStarted{kContact, kAna, "How?"}},
      {"consult.ended", core::ConsultEnded{kContact, kAna, "colleague"}},
      {"transfer.started", core::WarmTransferStarted{.contact = kContact,
                                                     .agent = kAna,
                                                     .to_agent = kAna,
                                                     .to_queue = core::QueueId{0},
                                                     .requirements = {{core::SkillId{0}, core::Tier::kSenior}},
                                                     .until = kAt + seconds(60),
                                                     .reason = "late parcel",
                                                     .summary = "wants it today"}},
      {"transfer.ended", core::WarmTransferEnded{kContact, kAna, "declined"}},
      {"contact.taken_over", core::ContactTakenOver{kContact, kAna, kAna, 25, "help"}},
      {"contact.dormant", core::ContactDormant{kContact, kAna, 5}},
      {"contact.woke", core::ContactWoke{kContact, kAna, 25}},
      {"wrap_up.extended", core::WrapUpExtended{kContact, kAt + seconds(60), 2}},
      {"contact.ended", core::ContactEnded{kContact, kAna, core::EndReason::kCompleted, "solved", "agent", "Done"}},
      {"contact.ended", core::ContactEnded{kContact, core::kNoAgent, core::EndReason::kAbandoned, "", "hangup", ""}},
      {"contact.scheduled",
       core::ContactScheduled{kContact, kAna, kAt + seconds(600), "not_reached", true, 2, kBo, "Of May"}},
      {"contact.scheduled", core::ContactScheduled{.contact = kContact, .reason = "callback", .callback = true}},
      {"contact.due", core::ContactDue{kContact, kBo, kAt + seconds(60)}},
      {"contact.due", core::ContactDue{kContact}},
      {"contact.overflowed", core::ContactOverflowed{kContact, 2, "waited 5 min", kOrders, true, kSkills, seconds(7),
                                                     kAt - seconds(7), 1, ""}},
      {"contact.overflowed",
       core::ContactOverflowed{kContact, 0, "closed", kBilling, false, {}, {}, kAt, 0, "We open at nine."}},
      {"agent.signed_in", core::AgentSignedIn{kAna, core::Presence::kAway, {4, 0}}},
      {"agent.signed_out", core::AgentSignedOut{kAna, "lost"}},
      {"agent.presence_changed", core::AgentPresenceChanged{kAna, core::Presence::kAvailable, "back", "supervisor"}},
      {"agent.presence_changed",
       core::AgentPresenceChanged{kAna, core::Presence::kAway, "lunch", "agent", /*pending=*/true}},
      {"agent.connected", core::AgentConnectionChanged{kAna, true, core::kNever}},
      {"agent.rested", core::AgentRested{kAna, kAt + seconds(4)}},
      {"room.kept", core::RoomKept{kContact, kBo}},
      {"room.given_back", core::RoomGivenBack{kContact, kBo, "served"}},
      {"agent.disconnected", core::AgentConnectionChanged{kAna, false, kAt + seconds(30)}},
  };
  return kinds;
}

TEST(EventCodec, EveryKindIsInTheTable) {
  std::vector<bool> covered(std::variant_size_v<core::EventKind>);
  for (const KindCase& c : Kinds()) covered[c.kind.index()] = true;
  covered[core::EventKind(core::CustomerSpoke{}).index()] = true;  // The customer's message stands for it.
  for (size_t i = 0; i < covered.size(); ++i) EXPECT_TRUE(covered[i]) << "kind " << i;
}

TEST(EventCodec, EncodingWhatWasDecodedGivesTheSame) {
  const core::Router router = Configured();
  const v1::Contact before = Before();
  for (const KindCase& c : Kinds()) {
    const core::Event event{kAt, c.kind};
    const v1::Event encoded = Encode(event, router, &before);
    EXPECT_EQ(KindName(encoded), c.name);
    // Through bytes, as the journal keeps them.
    v1::Event read;
    ASSERT_TRUE(read.ParseFromString(encoded.SerializeAsString()));
    const auto decoded = Decode(read, router);
    ASSERT_TRUE(decoded.ok()) << c.name << ": " << decoded.status();
    ASSERT_TRUE(decoded->has_value()) << c.name;
    EXPECT_EQ((*decoded)->at, kAt);
    EXPECT_EQ((*decoded)->kind.index(), c.kind.index()) << c.name;
    EXPECT_EQ(Encode(**decoded, router, &before).DebugString(), encoded.DebugString()) << c.name;
  }
}

TEST(EventCodec, HeadersNameWhomItConcerns) {
  const core::Router router = Configured();
  const v1::Contact before = Before();
  const v1::Event lapsed =
      Encode({kAt, core::OfferClosed{kOffer, kContact, kAna, core::OfferState::kLapsed, "", {}, 1}}, router, &before);
  EXPECT_EQ(lapsed.contact(), "contacts/81");
  EXPECT_EQ(lapsed.agent(), "agents/ana");
  EXPECT_EQ(lapsed.queue(), "queues/billing");
  EXPECT_EQ(lapsed.adapter(), "webchat-1");
  EXPECT_EQ(lapsed.contact_source_id(), "s1");
  EXPECT_EQ(lapsed.offer_closed().offer(), "contacts/81/offers/92");
  const v1::Event extended = Encode({kAt, core::OfferExtended{kOffer, kContact, kAt}}, router, &before);
  EXPECT_EQ(extended.agent(), "agents/ana") << "known from the contact";
}

TEST(EventCodec, RefusesWhatNoPolicyHasNamed) {
  const core::Router router = Configured();
  v1::Event event = Encode({kAt, core::AgentSignedOut{kAna, "agent"}}, router, nullptr);
  event.set_sequence(17);
  event.set_agent("agents/zed");
  const auto decoded = Decode(event, router);
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(decoded.status().message().find("event 17"), absl::string_view::npos) << decoded.status();
}

TEST(EventCodec, RefusesAKindOfANewerVersion) {
  v1::Event event;
  event.set_sequence(17);
  EXPECT_EQ(base::ReasonOf(Decode(event, Configured()).status()), "EVENT_UNKNOWN");
}

}  // namespace
}  // namespace routerd::engine
