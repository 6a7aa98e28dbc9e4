// Who gets in, and as whom.
#include "routerd/engine/intake.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

class IntakeTest : public testing::Test {
 protected:
  IntakeTest() {
    v1::Event loaded;
    *loaded.mutable_policy_loaded()->mutable_workspace() = DevConfig();
    dossier_.Apply(loaded);
    request_.set_adapter("webchat-1");
    request_.set_source_id("s1");
    request_.set_channel("webchat");
    request_.set_queue("queues/billing");
    request_.mutable_customer()->add_addresses()->set_value("v-1");
  }
  v1::Customer Customer() { return Admit(request_, 0, dossier_)->contact.context().customer(); }
  std::string Vip() { return Admit(request_, 0, dossier_)->command.vip; }
  std::string Refusal() { return base::ReasonOf(Admit(request_, 0, dossier_).status()); }

  Dossier dossier_;
  v1::CreateContactRequest request_;
};

TEST_F(IntakeTest, AnUnverifiedIdOpensNobodysHistory) {
  request_.mutable_customer()->set_id("cu-1");
  request_.mutable_customer()->set_vip("gold");
  EXPECT_EQ(Customer().id(), "webchat:v-1");
  EXPECT_EQ(Vip(), "");
  request_.mutable_customer()->clear_addresses();
  EXPECT_EQ(Customer().id(), "webchat:cu-1");
}

TEST_F(IntakeTest, AVerifiedIdHasTheStandingOfTheDirectory) {
  request_.mutable_customer()->set_id("cu-1");
  request_.mutable_customer()->set_verified(true);
  request_.mutable_customer()->set_display_name("typed");
  EXPECT_EQ(Customer().id(), "cu-1");
  EXPECT_EQ(Customer().display_name(), "Gina Gold");
  EXPECT_EQ(Vip(), "gold");
}

TEST_F(IntakeTest, AVerifyingAdaptersWordCountsForTheRest) {
  request_.mutable_customer()->set_id("cu-2");
  request_.mutable_customer()->set_vip("gold");
  request_.mutable_customer()->set_verified(true);
  EXPECT_EQ(Vip(), "gold");
}

struct RefusalCase {
  const char* name;
  std::function<void(v1::CreateContactRequest&)> spoil;
  const char* reason;
};
const RefusalCase kRefusals[] = {
    {"SourceIdMissing", [](auto& r) { r.clear_source_id(); }, "FIELD_MISSING"},
    {"SourceIdTooLong", [](auto& r) { r.set_source_id(std::string(129, 'x')); }, "FIELD_TOO_LONG"},
    {"CustomerMissing", [](auto& r) { r.clear_customer(); }, "FIELD_MISSING"},
    {"AddressTooLong", [](auto& r) { r.mutable_customer()->mutable_addresses(0)->set_value(std::string(257, 'x')); },
     "FIELD_TOO_LONG"},
    {"SubjectTooLong", [](auto& r) { r.set_subject(std::string(501, 'x')); }, "FIELD_TOO_LONG"},
    {"AttributesTooLarge",
     [](auto& r) { (*r.mutable_attributes()->mutable_fields())["k"].set_string_value(std::string(16 << 10, 'x')); },
     "FIELD_TOO_LONG"},
    {"TooManyRequirements",
     [](auto& r) {
       for (int i = 0; i < 17; ++i) r.add_requirements()->set_skill("billing");
     },
     "FIELD_TOO_LONG"},
    {"MessageEmpty", [](auto& r) { r.add_messages()->set_source_id("m"); }, "FIELD_MISSING"},
    {"MessageTooLong",
     [](auto& r) {
       r.add_messages()->set_source_id("m");
       r.mutable_messages(0)->set_text(std::string(16'001, 'x'));
     },
     "MESSAGE_TOO_LONG"},
    {"LaneAboveItsRight", [](auto& r) { r.set_lane(1); }, "LANE_NOT_ALLOWED"},
};
TEST_F(IntakeTest, RefusesAtEachLimitWithItsReason) {
  ASSERT_TRUE(Admit(request_, 0, dossier_).ok());
  const v1::CreateContactRequest good = request_;
  for (const RefusalCase& c : kRefusals) {
    request_ = good;
    c.spoil(request_);
    EXPECT_EQ(Refusal(), c.reason) << c.name;
  }
}

TEST_F(IntakeTest, TakesWhatIsJustWithinTheLimits) {
  request_.set_source_id(std::string(128, 'x'));
  request_.set_subject(std::string(500, 'x'));
  (*request_.mutable_attributes()->mutable_fields())["k"].set_string_value(std::string((16 << 10) - 8, 'x'));
  EXPECT_TRUE(Admit(request_, 0, dossier_).ok()) << Admit(request_, 0, dossier_).status();
}

}  // namespace
}  // namespace routerd::engine
