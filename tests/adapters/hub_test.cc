#include "adapters/webchat/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "absl/status/status.h"
#include "routerd/base/token.h"

namespace adapters::webchat {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const Instant kStart(std::chrono::hours(400'000));

std::string Text(const json::object& frame, std::string_view key) {
  const json::value* value = frame.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str()) : "";
}
int64_t Number(const json::object& frame, std::string_view key) {
  const json::value* value = frame.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

// One adapter on a store in a file, with pages and a routerd that the test plays.
class HubTest : public testing::Test {
 protected:
  HubTest()
      : path_(std::filesystem::path(testing::TempDir()) /
              ("hub-" + std::to_string(getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove(path_);
    Site site;
    site.id = "demo";
    site.topics = {{"Billing", "billing"}, {"Orders", "orders"}};
    site.identity_secret = "key";
    site.allowed_origins = {"https://shop.example"};
    options_.sites.emplace("demo", site);
    site.id = "members";
    site.identity_required = true;
    options_.sites.emplace("members", site);
    Begin();
  }
  ~HubTest() override {
    hub_.reset();
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_.string() + suffix);
  }

  void Begin() {
    store_ = *ChatStore::Open(path_.string());
    link::SessionOptions session;
    session.adapter = "webchat-1";
    link_ = std::make_unique<link::LinkSession>(session, store_->base().cursor(), [] { return 0.5; });
    hub_ = std::make_unique<ChatHub>(
        options_, *store_, *link_, [this] { return "token" + std::to_string(++tokens_); }, now_);
  }
  // kill -9 of the adapter: what was not committed is gone, and all sockets with it.
  void Crash() {
    hub_.reset();
    link_.reset();
    store_.reset();
    frames_.clear();
    closes_.clear();
    requests_.clear();
    Begin();
    OpenLink();
  }

  void OpenLink(bool resync = false) {
    now_ += seconds(1);
    Settle();
    v1::ConnectResponse welcome;
    welcome.mutable_welcome()->set_head_sequence(std::max<int64_t>(sequence_, link_->cursor()));
    welcome.mutable_welcome()->set_resync(resync);
    Receive(welcome);
  }
  void LoseLink() {
    link_->OnStreamEnded(now_);
    hub_->OnLinkLost();
    Settle();
  }
  void Receive(const v1::ConnectResponse& response) {
    hub_->OnLink(link_->OnResponse(response, now_), response, now_);
    Settle();
  }
  // What the shell does after each batch.
  void Settle() {
    link_->Advance(now_);
    hub_->Advance(now_);
    ASSERT_TRUE(store_->base().Commit().ok());
    link_->Kept();
    for (HubAction& action : hub_->TakeActions()) {
      if (action.text != nullptr) {
        frames_[action.socket].push_back(json::parse(*action.text).as_object());
      } else {
        closes_[action.socket] = action.close_code;
      }
    }
    for (v1::ConnectRequest& request : link_->TakeActions(now_).writes) requests_.push_back(std::move(request));
  }
  void Pass(std::chrono::nanoseconds time) {
    now_ += time;
    Settle();
  }

  void Connect(SocketId socket, const std::string& remote = "192.0.2.1", bool own = true,
               const std::string& origin = "http://chat.example") {
    hub_->OnSocketOpened(socket, {remote, origin, own}, now_);
    Settle();
  }
  void Disconnect(SocketId socket) {
    hub_->OnSocketClosed(socket, now_);
    Settle();
  }
  void Say(SocketId socket, const std::string& frame) {
    hub_->OnFrame(socket, frame, now_);
    Settle();
  }
  // Opens a socket, says hello and returns the welcome.
  json::object Hello(SocketId socket, const std::string& fields = "") {
    Connect(socket);
    Say(socket, R"({"t":"hello","site":"demo")" + (fields.empty() ? "" : "," + fields) + "}");
    return Last(socket, "welcome");
  }
  static std::string Resume(const std::string& token, const std::string& conversation = "", int64_t after = 0) {
    return R"("resume":")" + token + R"(","conversation":")" + conversation + R"(","after":)" + std::to_string(after);
  }
  void Start(SocketId socket, const std::string& cid = "s1", const std::string& text = "Where is it?") {
    Say(socket, R"({"t":"start","cid":")" + cid + R"(","topic":"Orders","form":{"name":"Vip <b>","email":"a@b"},)" +
                    R"("text":")" + text + R"("})");
  }
  void Message(SocketId socket, const std::string& cid, const std::string& text = "hi") {
    Say(socket, R"({"t":"msg","cid":")" + cid + R"(","text":")" + text + R"("})");
  }

  std::vector<json::object> Take(SocketId socket, const std::string& type) {
    std::vector<json::object> taken;
    for (const json::object& frame : frames_[socket]) {
      if (Text(frame, "t") == type) taken.push_back(frame);
    }
    return taken;
  }
  json::object Last(SocketId socket, const std::string& type) {
    const std::vector<json::object> all = Take(socket, type);
    return all.empty() ? json::object() : all.back();
  }
  // Events as "seq kind" or "seq from: text".
  std::vector<std::string> Events(SocketId socket) {
    std::vector<std::string> lines;
    for (const json::object& event : Take(socket, "event")) {
      const std::string kind = Text(event, "kind");
      lines.push_back(std::to_string(Number(event, "seq")) + " " +
                      (kind == "msg" ? Text(event.at("from").as_object(), "kind") + ": " + Text(event, "text") : kind));
    }
    return lines;
  }

  // routerd's part.
  template <typename Has>
  std::vector<v1::ConnectRequest> Requests(Has has) {
    std::vector<v1::ConnectRequest> found;
    for (const v1::ConnectRequest& request : requests_) {
      if ((request.*has)()) found.push_back(request);
    }
    return found;
  }
  std::vector<v1::ConnectRequest> Creates() { return Requests(&v1::ConnectRequest::has_create); }
  std::vector<v1::ConnectRequest> Messages() { return Requests(&v1::ConnectRequest::has_message); }
  std::vector<v1::ConnectRequest> Ends() { return Requests(&v1::ConnectRequest::has_end); }

  void Answer(const v1::ConnectRequest& request, absl::StatusCode code = absl::StatusCode::kOk, int64_t message = 0) {
    v1::ConnectResponse response;
    response.mutable_ack()->set_request_id(request.request_id());
    response.mutable_ack()->set_code(static_cast<int>(code));
    response.mutable_ack()->set_contact("contacts/1");
    response.mutable_ack()->set_message_sequence(message);
    Receive(response);
  }
  v1::ConnectResponse Fact() {
    v1::ConnectResponse response;
    response.set_sequence(++sequence_);
    response.set_contact("contacts/1");
    response.set_contact_source_id("demo/s1");
    return response;
  }
  v1::ConnectResponse StateIs(v1::Contact::State state, const std::string& agent = "", const std::string& cause = "") {
    v1::ConnectResponse response = Fact();
    v1::Contact& contact = *response.mutable_state()->mutable_contact();
    contact.set_name("contacts/1");
    contact.set_source_id("demo/s1");
    contact.set_state(state);
    if (!agent.empty()) contact.set_agent("agents/" + agent);
    response.mutable_state()->set_agent_display_name(agent);
    response.mutable_state()->set_cause(cause);
    return response;
  }
  v1::ConnectResponse AgentSays(int64_t message, const std::string& text) {
    v1::ConnectResponse response = Fact();
    response.mutable_message()->set_sequence(message);
    response.mutable_message()->set_author(v1::Message::AUTHOR_AGENT);
    response.mutable_message()->set_author_display_name("Ana");
    response.mutable_message()->set_text(text);
    return response;
  }
  // A conversation that an agent serves; its page is socket 1, which returns its resume token.
  std::string Serve() {
    OpenLink();
    const std::string token = Text(Hello(1), "resume");
    Start(1);
    Answer(Creates().at(0));
    Receive(StateIs(v1::Contact::STATE_QUEUED));
    Receive(StateIs(v1::Contact::STATE_ACTIVE, "ana"));
    return token;
  }

  const std::filesystem::path path_;
  HubOptions options_;
  Instant now_ = kStart;
  int tokens_ = 0;
  int64_t sequence_ = 0;
  std::unique_ptr<ChatStore> store_;
  std::unique_ptr<link::LinkSession> link_;
  std::unique_ptr<ChatHub> hub_;
  std::map<SocketId, std::vector<json::object>> frames_;
  std::map<SocketId, int> closes_;
  std::vector<v1::ConnectRequest> requests_;
};

TEST_F(HubTest, BringsAContactWithWhatIsKnownAndWhatIsOnlySaid) {
  OpenLink();
  Hello(1);
  Start(1);
  ASSERT_EQ(Creates().size(), 1u);
  const v1::CreateContactRequest create = Creates()[0].create();
  EXPECT_EQ(create.source_id(), "demo/s1");
  EXPECT_EQ(create.queue(), "orders");
  EXPECT_EQ(create.subject(), "Orders");
  EXPECT_EQ(create.customer().display_name(), "Vip <b>");
  EXPECT_EQ(create.customer().id(), "");
  EXPECT_FALSE(create.customer().verified());
  EXPECT_EQ(create.customer().vip(), "");
  EXPECT_EQ(create.attributes().fields().at("form.email").string_value(), "a@b");
  EXPECT_EQ(create.messages(0).text(), "Where is it?");
}

TEST_F(HubTest, SaysStoredOnlyAfterRouterdDid) {
  OpenLink();
  Hello(1);
  Start(1);
  EXPECT_THAT(Take(1, "receipt"), IsEmpty());
  EXPECT_THAT(Events(1), IsEmpty());
  Answer(Creates()[0]);
  EXPECT_EQ(Text(Last(1, "receipt"), "status"), "stored");
  EXPECT_EQ(Text(Last(1, "receipt"), "cid"), "s1");
  EXPECT_THAT(Events(1), ElementsAre("1 customer: Where is it?", "2 waiting"));
}

TEST_F(HubTest, TellsAWholeConversation) {
  Serve();
  Message(1, "m1", "hello");
  Answer(Messages().at(0), absl::StatusCode::kOk, 3);
  Receive(AgentSays(4, "good day"));
  Receive(StateIs(v1::Contact::STATE_QUEUED, "", "contact.transferred"));
  Receive(StateIs(v1::Contact::STATE_OFFERED, "bo"));
  Receive(StateIs(v1::Contact::STATE_ACTIVE, "bo"));
  Receive(StateIs(v1::Contact::STATE_WRAP_UP, "bo"));
  Receive(StateIs(v1::Contact::STATE_ENDED));
  EXPECT_THAT(Events(1), ElementsAre("1 customer: Where is it?", "2 waiting", "3 joined", "4 customer: hello",
                                     "5 agent: good day", "6 transferred", "7 joined", "8 ended"));
}

TEST_F(HubTest, TakesARepeatedMessageOnce) {
  Serve();
  Message(1, "m1");
  Message(1, "m1");
  ASSERT_EQ(Messages().size(), 1u);
  Answer(Messages()[0], absl::StatusCode::kOk, 3);
  frames_.clear();
  Message(1, "m1");  // Its receipt was lost.
  EXPECT_EQ(Messages().size(), 1u);
  EXPECT_EQ(Number(Last(1, "receipt"), "seq"), 4);
  EXPECT_THAT(Events(1), IsEmpty());
}

TEST_F(HubTest, TakesARepeatedStartOnce) {
  OpenLink();
  Hello(1);
  Start(1);
  Start(1);
  EXPECT_EQ(Creates().size(), 1u);
  Answer(Creates()[0]);
  Start(1);
  EXPECT_EQ(Creates().size(), 1u);
  EXPECT_EQ(Number(Last(1, "receipt"), "seq"), 1);
}

TEST_F(HubTest, GivesAStartToItsOwnVisitorAlone) {
  OpenLink();
  Hello(1);
  Start(1);
  Hello(2);
  Start(2);
  EXPECT_EQ(Text(Last(2, "error"), "code"), "conflict");
}

TEST_F(HubTest, HoldsOneConversationAVisitor) {
  Serve();
  Start(1, "s2");
  EXPECT_EQ(Text(Last(1, "error"), "code"), "conflict");
}

TEST_F(HubTest, AsksAgainForAStartThatACrashCutOff) {
  OpenLink();
  const std::string token = Text(Hello(1), "resume");
  Start(1);
  Crash();
  ASSERT_EQ(Creates().size(), 1u);  // Without any page: it may stand in line already.
  EXPECT_EQ(Creates()[0].create().source_id(), "demo/s1");
  EXPECT_EQ(Text(Hello(2, Resume(token)), "state"), "starting");
  Start(2);
  EXPECT_EQ(Creates().size(), 1u);
  Receive(StateIs(v1::Contact::STATE_QUEUED));
  Answer(Creates()[0]);
  EXPECT_THAT(Events(2), ElementsAre("1 customer: Where is it?", "2 waiting"));
}

TEST_F(HubTest, LosesAndDoublesNothingInACrash) {
  const std::string token = Serve();
  Message(1, "m1", "kept");
  Answer(Messages()[0], absl::StatusCode::kOk, 3);
  Message(1, "m2", "on its way");
  const v1::ConnectResponse said = AgentSays(4, "said");
  Receive(said);
  Crash();
  Receive(said);  // Again, as after a crash between its effects and the acknowledgement.
  Hello(2, Resume(token, "", 0));
  Message(2, "m1", "kept");
  Message(2, "m2", "on its way");
  ASSERT_EQ(Messages().size(), 1u);
  EXPECT_EQ(Messages()[0].message().source_id(), "m2");
  Answer(Messages()[0], absl::StatusCode::kOk, 5);
  EXPECT_THAT(Events(2), ElementsAre("1 customer: Where is it?", "2 waiting", "3 joined", "4 customer: kept",
                                     "5 agent: said", "6 customer: on its way"));
}

TEST_F(HubTest, ReplaysWhatAPageMissed) {
  const std::string token = Serve();
  const std::string conversation = Text(Last(1, "receipt"), "conversation");
  Disconnect(1);
  Receive(AgentSays(4, "while you were away"));
  const json::object welcome = Hello(2, Resume(token, conversation, 3));
  EXPECT_EQ(Text(welcome, "state"), "active");
  EXPECT_EQ(Number(welcome, "seq"), 4);
  EXPECT_THAT(Events(2), ElementsAre("4 agent: while you were away"));
}

TEST_F(HubTest, CutsALongReplayAndPages) {
  const std::string token = Serve();
  for (int i = 0; i < 10'000; ++i) {
    const v1::ConnectResponse said = AgentSays(4 + i, "x");
    hub_->OnLink(link_->OnResponse(said, now_), said, now_);
  }
  Settle();
  frames_.clear();
  EXPECT_TRUE(Hello(2, Resume(token)).at("truncated").as_bool());
  ASSERT_EQ(Events(2).size(), 200u);
  EXPECT_EQ(Events(2).back(), "10003 agent: x");
  Say(2, R"({"t":"history","before":9804,"limit":1000})");
  const json::array page = Last(2, "history").at("events").as_array();
  ASSERT_EQ(page.size(), 100u);
  EXPECT_EQ(Number(page.back().as_object(), "seq"), 9'803);
}

TEST_F(HubTest, ShowsBothTabsTheSame) {
  const std::string token = Serve();
  Hello(2, Resume(token));
  Message(2, "m1", "from two");
  Answer(Messages()[0], absl::StatusCode::kOk, 3);
  EXPECT_EQ(Events(1), Events(2));
  EXPECT_EQ(Events(1).back(), "4 customer: from two");
}

TEST_F(HubTest, TellsHowFarMessagesWereRead) {
  const std::string token = Serve();
  Message(1, "m1");
  Answer(Messages()[0], absl::StatusCode::kOk, 3);
  v1::ConnectResponse read = Fact();
  read.mutable_delivery()->set_sequence(3);
  read.mutable_delivery()->set_delivery(v1::Message::DELIVERY_SEEN);
  Receive(read);
  EXPECT_EQ(Text(Last(1, "receipt"), "status"), "seen");
  EXPECT_EQ(Number(Last(1, "receipt"), "seq"), 4);
  EXPECT_EQ(Number(Hello(2, Resume(token)), "seen"), 4);
}

TEST_F(HubTest, TellsRouterdTheMostThatAnyTabHasRead) {
  const std::string token = Serve();
  Hello(2, Resume(token));
  Receive(AgentSays(4, "one"));
  Receive(AgentSays(5, "two"));
  requests_.clear();
  Say(1, R"({"t":"seen","seq":5})");
  Say(2, R"({"t":"seen","seq":4})");
  Say(2, R"({"t":"ack","seq":99999})");
  const std::vector<v1::ConnectRequest> reports = Requests(&v1::ConnectRequest::has_delivery);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].delivery().sequence(), 5);
  EXPECT_EQ(reports[0].delivery().delivery(), v1::Message::DELIVERY_SEEN);
}

TEST_F(HubTest, TellsThePlaceAtMostEveryTwoSeconds) {
  OpenLink();
  Hello(1);
  Start(1);
  Answer(Creates()[0]);
  for (int place = 9; place > 0; --place) {
    v1::ConnectResponse estimate;
    estimate.set_contact_source_id("demo/s1");
    estimate.mutable_estimate()->set_place(place);
    estimate.mutable_estimate()->mutable_wait_p50()->set_seconds(60 * place);
    Receive(estimate);
  }
  ASSERT_EQ(Take(1, "queue").size(), 1u);
  Pass(seconds(2));
  ASSERT_EQ(Take(1, "queue").size(), 2u);
  EXPECT_EQ(Number(Last(1, "queue"), "position"), 1);
  EXPECT_EQ(Number(Last(1, "queue"), "wait_s"), 60);
}

TEST_F(HubTest, KeepsThePlaceOfACustomerWhoComesBackInTime) {
  OpenLink();
  const std::string token = Text(Hello(1), "resume");
  Start(1);
  Answer(Creates()[0]);
  Disconnect(1);
  Pass(minutes(3) - milliseconds(1));
  EXPECT_FALSE(Requests(&v1::ConnectRequest::has_update).empty());
  EXPECT_FALSE(Requests(&v1::ConnectRequest::has_update).back().update().customer_connected());
  Hello(2, Resume(token));
  EXPECT_TRUE(Requests(&v1::ConnectRequest::has_update).back().update().customer_connected());
  Pass(minutes(30));
  EXPECT_THAT(Ends(), IsEmpty());
}

TEST_F(HubTest, EndsAfterTheGraceOfWhoWaits) {
  OpenLink();
  Hello(1);
  Start(1);
  Answer(Creates()[0]);
  Disconnect(1);
  Pass(seconds(6));
  Pass(minutes(3));
  ASSERT_EQ(Ends().size(), 1u);
  EXPECT_EQ(Ends()[0].end().reason(), "customer_left");
}

TEST_F(HubTest, GivesWhoIsServedALongerGrace) {
  Serve();
  Disconnect(1);
  Pass(seconds(6));
  Pass(minutes(9));
  EXPECT_THAT(Ends(), IsEmpty());
  Pass(minutes(1));
  EXPECT_EQ(Ends().size(), 1u);
}

TEST_F(HubTest, GivesAFreshGraceAfterARestart) {
  Serve();
  Disconnect(1);
  Pass(minutes(9));
  Crash();
  Pass(minutes(9));
  EXPECT_THAT(Ends(), IsEmpty());
  Pass(minutes(1));
  EXPECT_EQ(Ends().size(), 1u);
}

TEST_F(HubTest, RemembersThatTheCustomerEndedItUntilRouterdKnows) {
  const std::string token = Serve();
  Say(1, R"({"t":"end"})");
  EXPECT_EQ(Events(1).back(), "4 ended");
  Crash();
  ASSERT_EQ(Ends().size(), 1u);
  Answer(Ends()[0]);
  Crash();
  EXPECT_THAT(Ends(), IsEmpty());
  EXPECT_EQ(Text(Hello(2, Resume(token)), "state"), "ended");
}

TEST_F(HubTest, StartsAgainAfterTheEnd) {
  Serve();
  Say(1, R"({"t":"end"})");
  Answer(Ends()[0]);
  Message(1, "late");
  EXPECT_EQ(Text(Last(1, "error"), "code"), "closed");
  Start(1, "s2", "again");
  ASSERT_EQ(Creates().size(), 2u);
  EXPECT_EQ(Creates()[1].create().source_id(), "demo/s2");
}

TEST_F(HubTest, LeavesNothingOfAStartThatIsRefused) {
  OpenLink();
  Hello(1);
  Start(1);
  Answer(Creates()[0], absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Text(Last(1, "error"), "code"), "unavailable");
  EXPECT_EQ(Text(Last(1, "error"), "cid"), "s1");
  Start(1, "s2");
  EXPECT_EQ(Creates().size(), 2u);
}

TEST_F(HubTest, KeepsWritingWhileRouterdIsAway) {
  Serve();
  LoseLink();
  EXPECT_FALSE(Last(1, "status").at("online").as_bool());
  Message(1, "m1", "offline");
  EXPECT_THAT(Take(1, "error"), IsEmpty());
  EXPECT_THAT(Messages(), IsEmpty());
  OpenLink();
  EXPECT_TRUE(Last(1, "status").at("online").as_bool());
  ASSERT_EQ(Messages().size(), 1u);
  EXPECT_TRUE(closes_.empty());
}

TEST_F(HubTest, HoldsMessagesBackUntilTheContactIsThere) {
  OpenLink();
  Hello(1);
  Start(1);
  Message(1, "m1", "one");
  Message(1, "m2", "two");
  EXPECT_THAT(Messages(), IsEmpty());
  Answer(Creates()[0]);
  ASSERT_EQ(Messages().size(), 2u);
  EXPECT_EQ(Messages()[0].message().text(), "one");
  EXPECT_EQ(Messages()[1].message().text(), "two");
}

TEST_F(HubTest, EndsHereWhatRouterdNoLongerHasAfterAResync) {
  Serve();
  LoseLink();
  requests_.clear();
  OpenLink(/*resync=*/true);
  const std::vector<v1::ConnectRequest> updates = Requests(&v1::ConnectRequest::has_update);
  ASSERT_EQ(updates.size(), 1u);
  Answer(updates[0], absl::StatusCode::kNotFound);
  EXPECT_EQ(Events(1).back(), "4 ended");
}

TEST_F(HubTest, EndsAContactThatNobodyCanReach) {
  OpenLink();
  v1::ConnectResponse stranger = StateIs(v1::Contact::STATE_QUEUED);
  Receive(stranger);
  ASSERT_EQ(Ends().size(), 1u);
  EXPECT_EQ(Ends()[0].end().contact(), "contacts/1");
}

TEST_F(HubTest, DoesNotShowTheRoutersNotesTwice) {
  Serve();
  v1::ConnectResponse note = AgentSays(5, "Ana has joined.");
  note.mutable_message()->set_author(v1::Message::AUTHOR_SYSTEM);
  Receive(note);
  EXPECT_EQ(Events(1).back(), "3 joined");
}

// ------------------------------------------------------------------------------------------- who may speak, and how
// much

TEST_F(HubTest, KnowsACustomerWhomTheSiteVouchesFor) {
  OpenLink();
  Hello(1, R"("identity":{"id":"gold-demo","hash":")" + routerd::base::HmacSha256Hex("key", "gold-demo") + "\"}");
  Start(1);
  EXPECT_EQ(Creates()[0].create().customer().id(), "gold-demo");
  EXPECT_TRUE(Creates()[0].create().customer().verified());
}

TEST_F(HubTest, RefusesAWrongSignature) {
  // The key and the message the other way round: a known mistake.
  const std::string swapped = routerd::base::HmacSha256Hex("gold-demo", "key");
  EXPECT_TRUE(Hello(1, R"("identity":{"id":"gold-demo","hash":")" + swapped + "\"}").empty());
  EXPECT_EQ(Text(Last(1, "error"), "about"), "identity");
  EXPECT_EQ(closes_[1], 1008);
  EXPECT_TRUE(Hello(2, R"("identity":{"id":"","hash":""})").empty());
  EXPECT_EQ(closes_[2], 1008);
}

TEST_F(HubTest, RefusesTheAnonymousWhereTheSiteSaysSo) {
  Connect(1);
  Say(1, R"({"t":"hello","site":"members"})");
  EXPECT_EQ(closes_[1], 1008);
}

TEST_F(HubTest, LetsAnUnknownTokenStartAnew) {
  Hello(1, Resume("stolen"));
  EXPECT_EQ(Text(Last(1, "error"), "about"), "resume");
  EXPECT_TRUE(closes_.empty());
  Say(1, R"({"t":"hello","site":"demo"})");
  EXPECT_NE(Text(Last(1, "welcome"), "resume"), "");
}

TEST_F(HubTest, RefusesATokenOfAnotherSite) {
  const std::string token = Text(Hello(1), "resume");
  Connect(2);
  Say(2, R"({"t":"hello","site":"members",)" + Resume(token) + R"(,"identity":{"id":"x","hash":")" +
             routerd::base::HmacSha256Hex("key", "x") + "\"}}");
  EXPECT_EQ(Text(Last(2, "error"), "about"), "resume");
}

TEST_F(HubTest, RefusesATokenOfAnotherCustomer) {
  const auto identity = [](const std::string& id) {
    return R"("identity":{"id":")" + id + R"(","hash":")" + routerd::base::HmacSha256Hex("key", id) + "\"}";
  };
  const std::string token = Text(Hello(1, identity("ann")), "resume");
  Hello(2, Resume(token) + "," + identity("ben"));
  EXPECT_EQ(Text(Last(2, "error"), "about"), "resume");
}

TEST_F(HubTest, ForgetsATokenThatWasNotUsedForADay) {
  const std::string token = Text(Hello(1), "resume");
  Pass(std::chrono::hours(23));
  EXPECT_FALSE(Hello(2, Resume(token)).empty());
  Pass(std::chrono::hours(23));
  EXPECT_FALSE(Hello(3, Resume(token)).empty());
  Pass(std::chrono::hours(24));
  EXPECT_TRUE(Hello(4, Resume(token)).empty());
}

TEST_F(HubTest, ReplacesATokenOnceTheNewOneWasUsed) {
  const std::string first = Text(Hello(1), "resume");
  Pass(std::chrono::hours(2));
  const std::string second = Text(Hello(2, Resume(first)), "resume");
  ASSERT_NE(second, "");
  EXPECT_FALSE(Hello(3, Resume(first)).empty());  // The answer may have been lost.
  EXPECT_FALSE(Hello(4, Resume(second)).empty());
  EXPECT_TRUE(Hello(5, Resume(first)).empty());
}

TEST_F(HubTest, KeepsNoTokenInTheClear) {
  const std::string token = Text(Hello(1), "resume");
  EXPECT_FALSE(store_->FindToken(token));
  EXPECT_TRUE(store_->FindToken(routerd::base::Sha256Hex(token)));
}

TEST_F(HubTest, RefusesASiteToForeignOrigins) {
  Connect(1, "192.0.2.1", /*own=*/false, "https://evil.example");
  Say(1, R"({"t":"hello","site":"demo"})");
  EXPECT_EQ(closes_[1], 1008);
  Connect(2, "192.0.2.1", /*own=*/false, "null");
  Say(2, R"({"t":"hello","site":"demo"})");
  EXPECT_EQ(closes_[2], 1008);
  Connect(3, "192.0.2.1", /*own=*/false, "https://shop.example");
  Say(3, R"({"t":"hello","site":"demo"})");
  EXPECT_FALSE(Last(3, "welcome").empty());
}

TEST_F(HubTest, WantsHelloFirstAndInTime) {
  Connect(1);
  Start(1);
  EXPECT_EQ(closes_[1], 1008);
  Connect(2);
  Pass(seconds(10));
  EXPECT_EQ(closes_[2], 1008);
}

TEST_F(HubTest, SlowsDownWhoWritesTooMuch) {
  Serve();
  Pass(seconds(10));
  for (int i = 0; i < 11; ++i) Message(1, "m" + std::to_string(i));
  EXPECT_EQ(Messages().size(), 10u);
  EXPECT_EQ(Text(Last(1, "error"), "code"), "slow_down");
  EXPECT_EQ(Text(Last(1, "error"), "cid"), "m10");
  Pass(seconds(10));
  Message(1, "m10");
  EXPECT_EQ(Messages().size(), 11u);
}

TEST_F(HubTest, ClosesOnAFlood) {
  Hello(1);
  for (int i = 0; i < 150; ++i) Say(1, R"({"t":"ping","n":1})");
  EXPECT_EQ(Take(1, "error").size(), 1u);
  EXPECT_LT(Take(1, "pong").size(), 101u);
  EXPECT_FALSE(closes_.contains(1));
  for (int i = 0; i < 60; ++i) Say(1, R"({"t":"ping","n":1})");
  EXPECT_EQ(closes_[1], 1008);
}

TEST_F(HubTest, ClosesAfterTenBadFrames) {
  Hello(1);
  for (int i = 0; i < 10; ++i) Say(1, "{");
  EXPECT_EQ(closes_[1], 1008);
}

TEST_F(HubTest, BoundsTheSocketsOfAnAddress) {
  for (SocketId socket = 1; socket <= 11; ++socket) Connect(socket);
  EXPECT_FALSE(closes_.contains(10));
  EXPECT_EQ(closes_[11], 1013);
  Disconnect(1);
  Disconnect(11);
  Connect(12);
  EXPECT_FALSE(closes_.contains(12));
}

TEST_F(HubTest, BoundsTheNewVisitorsOfAnAddress) {
  for (SocketId socket = 1; socket <= 31; ++socket) {
    Hello(socket);
    Disconnect(socket);
  }
  EXPECT_EQ(closes_[31], 1013);
  Pass(minutes(61));
  EXPECT_FALSE(Hello(40).empty());
}

TEST_F(HubTest, PassesTypingOnAtMostEveryTwoSeconds) {
  Serve();
  for (int i = 0; i < 5; ++i) Say(1, R"({"t":"typing","on":true})");
  EXPECT_EQ(Requests(&v1::ConnectRequest::has_typing).size(), 1u);
  Say(1, R"({"t":"typing","on":false})");
  EXPECT_EQ(Requests(&v1::ConnectRequest::has_typing).size(), 2u);
}

TEST_F(HubTest, SaysByeBeforeItGoes) {
  Hello(1);
  hub_->SayBye();
  Settle();
  EXPECT_EQ(Text(Last(1, "bye"), "reason"), "restart");
  EXPECT_EQ(closes_[1], 1001);
}

}  // namespace
}  // namespace adapters::webchat
