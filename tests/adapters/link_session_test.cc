#include "adapters/link/link_session.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace adapters::link {
namespace {

using std::chrono::milliseconds;

const Instant kStart(std::chrono::hours(1'000));

v1::ConnectRequest Message(const std::string& source_id) {
  v1::ConnectRequest request;
  request.mutable_message()->set_source_id(source_id);
  return request;
}

v1::ConnectResponse Welcome(int64_t head, bool resync = false) {
  v1::ConnectResponse response;
  response.mutable_welcome()->set_head_sequence(head);
  response.mutable_welcome()->set_resync(resync);
  return response;
}

v1::ConnectResponse Ack(const v1::ConnectRequest& request, absl::StatusCode code = absl::StatusCode::kOk) {
  v1::ConnectResponse response;
  response.mutable_ack()->set_request_id(request.request_id());
  response.mutable_ack()->set_code(static_cast<int>(code));
  return response;
}

v1::ConnectResponse Event(int64_t sequence) {
  v1::ConnectResponse response;
  response.set_sequence(sequence);
  response.mutable_message()->set_text("x");
  return response;
}

std::vector<std::string> SourceIds(const std::vector<v1::ConnectRequest>& requests) {
  std::vector<std::string> ids;
  for (const v1::ConnectRequest& request : requests) ids.push_back(request.message().source_id());
  return ids;
}

class LinkSessionTest : public testing::Test {
 protected:
  LinkSession Make(int64_t cursor = 0, size_t address_count = 1, size_t outbox_max = 100) {
    SessionOptions options;
    options.adapter = "webchat-1";
    options.address_count = address_count;
    options.outbox_requests_max = outbox_max;
    return LinkSession(options, cursor, [] { return 1.0; });
  }
  void Open(LinkSession& session, int64_t head = 0) {
    session.Advance(now_);
    ASSERT_TRUE(session.TakeActions(now_).connect.has_value());
    ASSERT_TRUE(session.OnResponse(Welcome(head), now_).opened);
  }
  // The delay until the session wants to connect again, from now.
  milliseconds Delay(LinkSession& session) {
    return std::chrono::duration_cast<milliseconds>(*session.NextDeadline() - now_);
  }

  Instant now_ = kStart;
};

TEST_F(LinkSessionTest, SaysHelloFromItsCursorOn) {
  LinkSession session = Make(42);
  const SessionActions actions = session.TakeActions(now_);
  ASSERT_EQ(actions.writes.size(), 1u);
  EXPECT_EQ(actions.writes[0].hello().adapter(), "webchat-1");
  EXPECT_EQ(actions.writes[0].hello().resume_after(), 42);
}

TEST_F(LinkSessionTest, SendsNothingBeforeTheWelcome) {
  LinkSession session = Make();
  session.Post(Message("a"));
  EXPECT_EQ(session.TakeActions(now_).writes.size(), 1u);  // Hello.
  EXPECT_TRUE(session.TakeActions(now_).writes.empty());
  session.OnResponse(Welcome(0), now_);
  EXPECT_EQ(SourceIds(session.TakeActions(now_).writes), std::vector<std::string>{"a"});
}

TEST_F(LinkSessionTest, SendsAgainWhatWasNotAnsweredInItsOrder) {
  LinkSession session = Make();
  for (const char* id : {"a", "b", "c"}) session.Post(Message(id));
  Open(session);
  const std::vector<v1::ConnectRequest> sent = session.TakeActions(now_).writes;
  ASSERT_EQ(sent.size(), 3u);
  const Received received = session.OnResponse(Ack(sent[1]), now_);
  ASSERT_TRUE(received.answer.has_value());
  EXPECT_EQ(received.answer->request.message().source_id(), "b");

  session.OnStreamEnded(now_);
  session.Post(Message("d"));
  now_ += std::chrono::seconds(1);
  Open(session);
  EXPECT_EQ(SourceIds(session.TakeActions(now_).writes), (std::vector<std::string>{"a", "c", "d"}));
}

TEST_F(LinkSessionTest, RefusesAtTheLimitOfTheOutbox) {
  LinkSession session = Make(0, 1, 2);
  EXPECT_TRUE(session.Post(Message("a")));
  EXPECT_TRUE(session.Post(Message("b")));
  EXPECT_FALSE(session.Post(Message("c")));
  Open(session);
  session.OnResponse(Ack(session.TakeActions(now_).writes[0]), now_);
  EXPECT_TRUE(session.Post(Message("c")));
  EXPECT_EQ(session.outbox_requests(), 2u);
}

TEST_F(LinkSessionTest, WaitsAndSendsAgainWhatIsUnavailableNow) {
  LinkSession session = Make();
  session.Post(Message("a"));
  Open(session);
  v1::ConnectResponse refused = Ack(session.TakeActions(now_).writes[0], absl::StatusCode::kUnavailable);
  refused.mutable_ack()->mutable_retry_delay()->set_seconds(2);
  EXPECT_FALSE(session.OnResponse(refused, now_).answer);
  EXPECT_TRUE(session.TakeActions(now_).writes.empty());
  now_ += std::chrono::seconds(2);
  session.Advance(now_);
  EXPECT_EQ(SourceIds(session.TakeActions(now_).writes), std::vector<std::string>{"a"});
}

TEST_F(LinkSessionTest, HandsOverEachEventOnce) {
  LinkSession session = Make(10);
  Open(session, 12);
  EXPECT_FALSE(session.OnResponse(Event(10), now_).event);
  EXPECT_TRUE(session.OnResponse(Event(11), now_).event);
  EXPECT_FALSE(session.OnResponse(Event(11), now_).event);
  EXPECT_TRUE(session.OnResponse(Event(0), now_).event);  // A passing note.
  EXPECT_EQ(session.cursor(), 11);
}

TEST_F(LinkSessionTest, GetsAgainWhatWasNotKept) {
  LinkSession session = Make(10);
  Open(session, 12);
  session.OnResponse(Event(11), now_);
  session.Kept();
  session.OnResponse(Event(12), now_);  // And no Kept.
  session.OnStreamEnded(now_);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(session.TakeActions(now_).writes[0].hello().resume_after(), 11);
  session.OnResponse(Welcome(12), now_);
  EXPECT_TRUE(session.OnResponse(Event(12), now_).event);
}

TEST_F(LinkSessionTest, AcknowledgesKeptEventsOnceASecond) {
  LinkSession session = Make();
  Open(session, 5);
  session.OnResponse(Event(3), now_);
  session.Kept();
  EXPECT_TRUE(session.TakeActions(now_).writes.empty());
  EXPECT_EQ(session.NextDeadline(), now_ + std::chrono::seconds(1));
  now_ += std::chrono::seconds(1);
  const SessionActions actions = session.TakeActions(now_);
  ASSERT_EQ(actions.writes.size(), 1u);
  EXPECT_EQ(actions.writes[0].ack_sequence(), 3);
  EXPECT_FALSE(session.NextDeadline());
}

TEST_F(LinkSessionTest, DoublesItsPatienceUpToFiveSeconds) {
  LinkSession session = Make();
  std::vector<int64_t> delays;
  for (int i = 0; i < 7; ++i) {
    session.TakeActions(now_);
    session.OnStreamEnded(now_);
    delays.push_back(Delay(session).count());
    now_ += Delay(session);
  }
  EXPECT_EQ(delays, (std::vector<int64_t>{200, 400, 800, 1'600, 3'200, 5'000, 5'000}));
}

TEST_F(LinkSessionTest, TriesTheAddressesInTurn) {
  LinkSession session = Make(0, 2);
  EXPECT_EQ(session.TakeActions(now_).connect, 0u);
  session.OnStreamEnded(now_);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(session.TakeActions(now_).connect, 1u);
}

TEST_F(LinkSessionTest, DropsAStreamThatIsNotWelcomed) {
  LinkSession session = Make();
  session.TakeActions(now_);
  now_ += std::chrono::seconds(5);
  session.Advance(now_);
  EXPECT_TRUE(session.TakeActions(now_).cancel);
}

TEST_F(LinkSessionTest, TakesAJournalThatIsBehindForOneThatLostEvents) {
  LinkSession session = Make(100);
  session.TakeActions(now_);
  const Received received = session.OnResponse(Welcome(7), now_);
  EXPECT_TRUE(received.resync);
  EXPECT_TRUE(session.OnResponse(Event(8), now_).event);
}

TEST_F(LinkSessionTest, ForgetsPassingNotesWhenTheStreamIsDown) {
  LinkSession session = Make();
  session.PostPassing(Message("typing"));
  Open(session);
  EXPECT_TRUE(session.TakeActions(now_).writes.empty());
  session.PostPassing(Message("typing"));
  const SessionActions actions = session.TakeActions(now_);
  ASSERT_EQ(actions.writes.size(), 1u);
  EXPECT_EQ(actions.writes[0].request_id(), "");
}

}  // namespace
}  // namespace adapters::link
