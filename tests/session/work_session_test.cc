#include "routerd/session/work_session.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "tests/engine/office.h"

namespace routerd::session {
namespace {

using engine::Desk;
using engine::Office;
using testing::IsEmpty;
using v1::PrincipalConfig;

class WorkSessionTest : public testing::Test {
 protected:
  void Send(WorkSession& session, const std::string& text) {
    v1::WorkRequest request;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
    session.Receive(request);
    office_.Settle();
  }
  // The reason in the last result; "OK" for success.
  std::string Result() const {
    for (auto it = sink_->messages.rbegin(); it != sink_->messages.rend(); ++it) {
      if ((*it)->has_result()) return (*it)->result().code() == 0 ? "OK" : (*it)->result().reason();
    }
    return "none";
  }
  std::string ClosedReason() const { return sink_->closed.empty() ? "open" : base::ReasonOf(sink_->closed.front()); }
  bool Connected() {
    return office_.Ask<bool>([](const engine::View& view) { return view.Agent("ana")->connected(); });
  }

  Office office_;
  std::shared_ptr<Desk> sink_ = std::make_shared<Desk>();
  WorkSession session_{*office_.workspace, {PrincipalConfig::AGENT, "ana", 0}, sink_};
};

TEST_F(WorkSessionTest, SignsInAndGetsThePicture) {
  Send(session_, "request_id: 'r' sign_in { agent: 'agents/ana' }");
  EXPECT_EQ(Result(), "OK");
  EXPECT_EQ(sink_->messages.back()->picture().agent().name(), "agents/ana");
  EXPECT_TRUE(Connected());
}

TEST_F(WorkSessionTest, LetsGoOfTheAgentWhenItCloses) {
  Send(session_, "sign_in { agent: 'ana' }");
  session_.Close();
  session_.Close();
  office_.Settle();
  EXPECT_FALSE(Connected());
  const size_t before = sink_->messages.size();
  Send(session_, "request_id: 'late' presence { presence: PRESENCE_AWAY }");
  EXPECT_EQ(sink_->messages.size(), before) << "a closed session takes nothing";
}

TEST_F(WorkSessionTest, ClosesAStreamThatDoesNotBeginWithASignIn) {
  Send(session_, "request_id: 'r' presence { presence: PRESENCE_AWAY }");
  EXPECT_EQ(Result(), "SIGN_IN_FIRST");
  EXPECT_EQ(ClosedReason(), "SIGN_IN_FIRST");
}

TEST_F(WorkSessionTest, ClosesAStreamOfAnotherAgent) {
  Send(session_, "request_id: 'r' sign_in { agent: 'bo' }");
  EXPECT_EQ(Result(), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(ClosedReason(), "ROLE_NOT_ALLOWED");
  EXPECT_FALSE(Connected());
}

TEST_F(WorkSessionTest, ClosesAStreamOfAnAgentWhomTheWorkspaceDoesNotKnow) {
  auto sink = std::make_shared<Desk>();
  WorkSession supervisor(*office_.workspace, {PrincipalConfig::SUPERVISOR, "sam", 0}, sink);
  Send(supervisor, "request_id: 'r' sign_in { agent: 'nobody' }");
  ASSERT_EQ(sink->closed.size(), 1u);
  EXPECT_EQ(sink->closed.front().code(), absl::StatusCode::kNotFound) << sink->closed.front();
}

TEST_F(WorkSessionTest, ClosesForARequestIdThatIsTooLong) {
  Send(session_, "request_id: '" + std::string(65, 'x') + "' sign_in { agent: 'ana' }");
  EXPECT_EQ(ClosedReason(), "FIELD_TOO_LONG");
}

TEST_F(WorkSessionTest, RefusesARequestAndGoesOn) {
  Send(session_, "sign_in { agent: 'ana' }");
  Send(session_, "request_id: 'r1' accept { offer: 'x' }");
  EXPECT_EQ(Result(), "FIELD_MALFORMED");
  Send(session_, "request_id: 'r2' accept { offer: 'contacts/9/offers/9' }");
  EXPECT_EQ(Result(), "OFFER_UNKNOWN");
  Send(session_, "request_id: 'r3' sign_in { agent: 'ana' }");
  EXPECT_EQ(Result(), "OK");
  EXPECT_EQ(ClosedReason(), "open");
}

TEST_F(WorkSessionTest, StaysTheAgentItSignedInAs) {
  auto sink = std::make_shared<Desk>();
  WorkSession supervisor(*office_.workspace, {PrincipalConfig::SUPERVISOR, "sam", 0}, sink);
  Send(supervisor, "sign_in { agent: 'ana' }");
  Send(supervisor, "request_id: 'r' sign_in { agent: 'bo' }");
  EXPECT_EQ(sink->messages.back()->result().reason(), "SIGNED_IN_ALREADY");
  EXPECT_THAT(sink->closed, IsEmpty());
}

TEST_F(WorkSessionTest, AnswersNothingWhereNoAnswerIsWanted) {
  Send(session_, "sign_in { agent: 'ana' }");
  Send(session_, "accept { offer: 'x' }");
  Send(session_, "accept { offer: 'contacts/9/offers/9' }");
  EXPECT_EQ(Result(), "none");
}

TEST_F(WorkSessionTest, AnswersOnceTheEffectIsDurable) {
  Send(session_, "sign_in { agent: 'ana' }");
  v1::WorkRequest away;
  away.set_request_id("r");
  away.mutable_presence()->set_presence(v1::PRESENCE_AWAY);
  session_.Receive(away);
  office_.Work();
  EXPECT_EQ(Result(), "none") << "the disk has not said so yet";
  office_.Settle();
  EXPECT_EQ(Result(), "OK");
}

TEST_F(WorkSessionTest, WorksAContactFromOfferToWrapUp) {
  Send(session_, "sign_in { agent: 'ana' }");
  const std::string contact = office_.Create("s1");
  std::string offer;
  for (const auto& message : sink_->messages) {
    if (message->has_offer()) offer = message->offer().name();
  }
  Send(session_, "request_id: 'r1' accept { offer: '" + offer + "' }");
  EXPECT_EQ(Result(), "OK");
  Send(session_, "request_id: 'r2' message { contact: '" + contact + "' source_id: 'a' text: 'Hello' }");
  EXPECT_EQ(Result(), "OK");
  Send(session_, "request_id: 'r3' complete { contact: '" + contact + "' disposition: 'solved' }");
  EXPECT_EQ(Result(), "OK");
  Send(session_, "request_id: 'r4' sign_out {}");
  EXPECT_EQ(Result(), "AGENT_BUSY");
  Send(session_, "request_id: 'r5' wrap_up_done { contact: '" + contact + "' }");
  EXPECT_EQ(Result(), "OK");
  Send(session_, "request_id: 'r6' sign_out {}");
  EXPECT_EQ(Result(), "OK");
  EXPECT_EQ(office_.Get(contact).end_reason(), v1::Contact::END_REASON_COMPLETED);
}

}  // namespace
}  // namespace routerd::session
