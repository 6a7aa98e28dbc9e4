#include "routerd/session/connect_session.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "tests/engine/office.h"

namespace routerd::session {
namespace {

using engine::Office;
using engine::Stream;
using v1::PrincipalConfig;

constexpr char kCreate[] = R"pb(
  request_id: "r"
  create {
    source_id: "s"
    channel: "webchat"
    queue: "billing"
    customer { addresses { channel: "webchat" value: "v" } }
  })pb";

class ConnectSessionTest : public testing::Test {
 protected:
  void Send(ConnectSession& session, const std::string& text) {
    v1::ConnectRequest request;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
    session.Receive(request);
    office_.Settle();
  }
  v1::RequestAck Ack() const {
    for (auto it = sink_->messages.rbegin(); it != sink_->messages.rend(); ++it) {
      if ((*it)->has_ack()) return (*it)->ack();
    }
    return {};
  }
  std::string ClosedReason() const { return sink_->closed.empty() ? "open" : base::ReasonOf(sink_->closed.front()); }

  Office office_;
  std::shared_ptr<Stream> sink_ = std::make_shared<Stream>();
  ConnectSession session_{*office_.workspace, {PrincipalConfig::ADAPTER, "chat-1", 0}, sink_};
};

TEST_F(ConnectSessionTest, CreatesAContactOnceAndAnswersEachTime) {
  Send(session_, "hello { adapter: 'chat-1' }");
  Send(session_, kCreate);
  const std::string contact = Ack().contact();
  EXPECT_FALSE(contact.empty());
  Send(session_, kCreate);
  EXPECT_EQ(Ack().contact(), contact);
  EXPECT_EQ(office_.Get(contact).adapter(), "chat-1");
}

TEST_F(ConnectSessionTest, TellsTheSequenceOfAMessage) {
  Send(session_, "hello { adapter: 'chat-1' }");
  Send(session_, kCreate);
  Send(session_, "request_id: 'm' message { contact_source_id: 's' source_id: 'm1' text: 'Hello' }");
  EXPECT_EQ(Ack().request_id(), "m");
  EXPECT_EQ(Ack().message_sequence(), 1);
}

TEST_F(ConnectSessionTest, SeesOnlyItsOwnContacts) {
  const std::string others = office_.Create("s1");
  Send(session_, "hello {}");
  Send(session_, "request_id: 'e' end { contact: '" + others + "' }");
  EXPECT_EQ(Ack().reason(), "CONTACT_UNKNOWN");
}

TEST_F(ConnectSessionTest, ClosesAStreamThatDoesNotBeginWithHello) {
  Send(session_, kCreate);
  EXPECT_EQ(Ack().reason(), "HELLO_FIRST");
  EXPECT_EQ(ClosedReason(), "HELLO_FIRST");
}

TEST_F(ConnectSessionTest, ClosesAStreamOfAnotherAdapter) {
  Send(session_, "request_id: 'h' hello { adapter: 'chat-2' }");
  EXPECT_EQ(Ack().reason(), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(ClosedReason(), "ROLE_NOT_ALLOWED");
}

TEST_F(ConnectSessionTest, ClosesAStreamThatSaysHelloTwice) {
  Send(session_, "hello {}");
  Send(session_, "hello {}");
  EXPECT_EQ(ClosedReason(), "HELLO_ALREADY");
}

TEST_F(ConnectSessionTest, AnAdminMustSayForWhom) {
  ConnectSession admin(*office_.workspace, {PrincipalConfig::ADMIN, "root", 9}, sink_);
  Send(admin, "hello {}");
  EXPECT_EQ(ClosedReason(), "FIELD_MISSING");
}

TEST_F(ConnectSessionTest, GivesWayToANewStreamOfTheSameAdapter) {
  Send(session_, "hello {}");
  auto sink = std::make_shared<Stream>();
  ConnectSession second(*office_.workspace, {PrincipalConfig::ADAPTER, "chat-1", 0}, sink);
  Send(second, "hello {}");
  EXPECT_EQ(ClosedReason(), "STREAM_REPLACED");
  session_.Close();  // Must not take the second one's place away.
  Send(second, kCreate);
  EXPECT_TRUE(sink->closed.empty());
  bool told = false;
  for (const auto& message : sink->messages) told |= message->has_state();
  EXPECT_TRUE(told);
}

TEST_F(ConnectSessionTest, ResumesAfterWhatItNames) {
  Send(session_, "hello {}");
  Send(session_, kCreate);
  const int64_t seen = sink_->messages.back()->sequence();
  session_.Close();
  office_.Settle();
  ASSERT_TRUE(office_.Do(engine::EndContact{{"", "chat-1", "s"}, "closed", false}).ok());
  auto sink = std::make_shared<Stream>();
  ConnectSession again(*office_.workspace, {PrincipalConfig::ADAPTER, "chat-1", 0}, sink);
  Send(again, "hello { resume_after: " + std::to_string(seen) + " }");
  ASSERT_FALSE(sink->messages.empty());
  EXPECT_EQ(sink->messages.back()->state().contact().state(), v1::Contact::STATE_ENDED);
  for (const auto& message : sink->messages) {
    EXPECT_TRUE(message->sequence() == 0 || message->sequence() > seen) << message->ShortDebugString();
  }
}

}  // namespace
}  // namespace routerd::session
