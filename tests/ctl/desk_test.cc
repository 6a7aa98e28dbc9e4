// The terminal desk: lines and the router's messages in, text and requests out.
#include "routerd/ctl/desk.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace routerd::ctl {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

v1::WorkResponse Response(const std::string& text) {
  v1::WorkResponse response;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response)) << text;
  return response;
}

const std::string kAgent = R"(agent { name: "agents/ana" display_name: "Ana" presence: PRESENCE_AVAILABLE })";
const std::string kLists =
    R"( agents: "agents/ana" agents: "agents/bo" queues: "queues/billing" queues: "queues/orders")";

std::string Contact(int id, const std::string& state, const std::string& more = "") {
  return "name: \"contacts/" + std::to_string(id) + "\" state: " + state +
         R"( channel: "webchat" queue: "queues/billing" dispositions: "explained" dispositions: "refunded"
             context { customer { id: "webchat:v1" display_name: "Kim" vip: "gold" } subject: "My bill" )" +
         more + "}";
}

std::string Offer(int id, const std::string& more = "") {
  const std::string name = "contacts/" + std::to_string(id);
  return "name: \"" + name +
         "/offers/1\" state: STATE_OPEN timeout { seconds: 20 } reason: \"most skilled\" contact {" +
         Contact(id, "STATE_OFFERED", more) + "}";
}

std::string Said(int sequence, const std::string& text, const std::string& more = "author: AUTHOR_CUSTOMER") {
  return "sequence: " + std::to_string(sequence) + " text: \"" + text + "\" author_display_name: \"Kim\" " +
         "contact: \"contacts/7\" create_time { seconds: 1000000000 } " + more;
}

class DeskTest : public testing::Test {
 protected:
  DeskTest() : desk_({.agent = "ana", .run_id = "run", .version = "test", .zone = absl::UTCTimeZone()}) {}

  DeskStep Receive(const std::string& text) { return desk_.Receive(Response(text)); }
  DeskStep Picture(const std::string& more = "") { return Receive("picture {" + kAgent + kLists + more + "}"); }
  DeskStep Answer(const v1::WorkRequest& request, const std::string& more = "") {
    return Receive("result { request_id: \"" + request.request_id() + "\" " + more + "}");
  }
  // Signs in, with chat 7 running.
  void StartInChat() {
    desk_.Connected();
    Picture("contacts {" + Contact(7, "STATE_ACTIVE") + "}");
  }
  // The one request that `line` makes.
  v1::WorkRequest Asked(std::string_view line) {
    const DeskStep step = desk_.Line(line);
    EXPECT_THAT(step.requests, SizeIs(1)) << line << ": " << step.text;
    return step.requests.empty() ? v1::WorkRequest() : step.requests[0];
  }

  Desk desk_;
};

TEST_F(DeskTest, SignsInWithTheFirstRequest) {
  const DeskStep step = desk_.Connected();
  ASSERT_THAT(step.requests, SizeIs(1));
  EXPECT_EQ(step.requests[0].sign_in().agent(), "ana");
  EXPECT_EQ(step.requests[0].request_id(), "sign-in");
  const DeskStep picture = Picture();
  EXPECT_THAT(picture.text, HasSubstr("Signed in as Ana"));
  EXPECT_THAT(picture.text, HasSubstr("You are AVAILABLE"));
  EXPECT_TRUE(desk_.was_ready());
}

TEST_F(DeskTest, ClosesWhenSignInIsRefused) {
  desk_.Connected();
  const DeskStep step =
      Receive(R"(result { request_id: "sign-in" code: 5 reason: "AGENT_UNKNOWN" message: "no ana" })");
  EXPECT_EQ(step.exit_code, 1);
  EXPECT_THAT(step.text, HasSubstr("no ana (AGENT_UNKNOWN)"));
}

TEST_F(DeskTest, ShowsAnOfferWithItsWholeContext) {
  desk_.Connected();
  Picture();
  const DeskStep step = Receive("offer {" + Offer(7, R"(
      attributes { fields { key: "order" value { string_value: "A-5" } } }
      transfers { from_agent: "agents/bo" target: "queues/billing" reason: "a bill" summary: "wants a refund" time { seconds: 1000000000 } }
      earlier_contacts { channel: "phone" queue: "queues/orders" agent: "agents/bo" disposition: "answered" topic: "late parcel" }
      promises { kind: "answer" due_time { seconds: 1000000030 } }
      earlier_message_count: 3
      transcript {)" + Said(4, "I was billed\\ntwice") + "}") +
                                "}");
  EXPECT_TRUE(step.alert);
  for (const char* part : {"Offer #7 Kim, VIP gold, webchat, billing", "Why you:   most skilled", "Topic:     My bill",
                           "order = A-5", "by bo to billing: a bill", "wants a refund",
                           "phone, orders, with bo, answered: late parcel", "Promised:  answer by 01:47:10",
                           "(3 earlier messages)", "01:46:40 Kim: I was billed\n   |   twice", "Answer within 20s"}) {
    EXPECT_THAT(step.text, HasSubstr(part));
  }
}

TEST_F(DeskTest, NeverLetsACustomerSteerTheTerminal) {
  StartInChat();
  const DeskStep step = Receive("message {" + Said(1, "\\033[2J\\rhi") + "}");
  EXPECT_THAT(step.text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(step.text, Not(HasSubstr("\r")));
  EXPECT_THAT(step.text, HasSubstr("hi"));
}

TEST_F(DeskTest, AcceptsTheOldestOfferOrANamedOne) {
  desk_.Connected();
  Picture();
  Receive("offer {" + Offer(7) + "}");
  Receive("offer {" + Offer(8) + "}");
  EXPECT_EQ(Asked("a").accept().offer(), "contacts/7/offers/1");
  EXPECT_EQ(Asked("a 8").accept().offer(), "contacts/8/offers/1");
  EXPECT_THAT(desk_.Line("a 9").text, HasSubstr("no open offer of 9"));
}

TEST_F(DeskTest, DeclinesWithAReason) {
  desk_.Connected();
  Picture();
  Receive("offer {" + Offer(7) + "}");
  Receive("offer {" + Offer(8) + "}");
  const v1::WorkRequest first = Asked("d in a meeting");
  EXPECT_EQ(first.decline().offer(), "contacts/7/offers/1");
  EXPECT_EQ(first.decline().reason(), "in a meeting");
  const v1::WorkRequest second = Asked("d 8 busy");
  EXPECT_EQ(second.decline().offer(), "contacts/8/offers/1");
  EXPECT_EQ(second.decline().reason(), "busy");
}

TEST_F(DeskTest, NeverSendsALateAnswerToTheCustomer) {
  StartInChat();
  for (const char* line : {"a", "a 8", "d", "d busy"}) {
    const DeskStep step = desk_.Line(line);
    EXPECT_THAT(step.requests, IsEmpty()) << line;
    EXPECT_THAT(step.text, HasSubstr("No offer is open")) << line;
  }
  EXPECT_EQ(Asked("a bill has a number").message().text(), "a bill has a number");
  EXPECT_EQ(Asked("/say a").message().text(), "a");
}

TEST_F(DeskTest, TalksInTheChatItAccepted) {
  StartInChat();
  Receive("offer {" + Offer(8) + "}");
  Asked("a");
  const DeskStep step = Receive("contact {" + Contact(8, "STATE_ACTIVE") + "}");
  EXPECT_THAT(step.text, HasSubstr("Now talking in #8"));
  EXPECT_THAT(step.text, HasSubstr("Outcomes:  explained, refunded"));
  const v1::WorkRequest request = Asked("Hello");
  EXPECT_EQ(request.message().contact(), "contacts/8");
  EXPECT_FALSE(request.message().source_id().empty());
  desk_.Line("/to 7");
  EXPECT_EQ(Asked("//quit is a word").message().text(), "/quit is a word");
}

TEST_F(DeskTest, TellsAnAcceptedContactsContextOnceAndWhatCameSince) {
  desk_.Connected();
  Picture();
  Receive("offer {" + Offer(7, "transcript {" + Said(1, "before") + "}") + "}");
  Asked("a");
  const std::string transcript = "transcript {" + Said(1, "before") + "} transcript {" + Said(2, "since") + "}";
  const DeskStep step = Receive("contact {" + Contact(7, "STATE_ACTIVE", transcript) + "}");
  EXPECT_THAT(step.text, Not(HasSubstr("Topic:")));
  EXPECT_THAT(step.text, Not(HasSubstr("before")));
  EXPECT_THAT(step.text, HasSubstr("Kim: since"));
  EXPECT_THAT(desk_.Line("/show").text, HasSubstr("before"));
}

TEST_F(DeskTest, PrintsOwnWordsOnceTheyAreKept) {
  StartInChat();
  const v1::WorkRequest request = Asked("Hello");
  const std::string echo =
      "message {" + Said(2, "Hello", "author: AUTHOR_AGENT source_id: \"" + request.message().source_id() + "\"") + "}";
  EXPECT_EQ(Receive(echo).text, "");
  EXPECT_EQ(Answer(request, "message_sequence: 2").text, "[#7] you: Hello\n");
  EXPECT_EQ(Receive(echo).text, "");
}

TEST_F(DeskTest, ReportsCustomersMessagesAsSeenAndShowsEachOnce) {
  StartInChat();
  const std::string message = "message {" + Said(3, "thanks") + "}";
  const DeskStep step = Receive(message);
  EXPECT_EQ(step.text, "[#7] 01:46:40 Kim: thanks\n");
  ASSERT_THAT(step.requests, SizeIs(1));
  EXPECT_EQ(step.requests[0].delivery().sequence(), 3);
  EXPECT_EQ(step.requests[0].delivery().delivery(), v1::Message::DELIVERY_SEEN);
  EXPECT_EQ(Receive(message).text, "");
}

TEST_F(DeskTest, TransfersWithReasonAndSummary) {
  StartInChat();
  const v1::WorkRequest request = Asked("/transfer agent bo an order | was billed twice");
  EXPECT_EQ(request.transfer().contact(), "contacts/7");
  EXPECT_EQ(request.transfer().agent(), "agents/bo");
  EXPECT_EQ(request.transfer().reason(), "an order");
  EXPECT_EQ(request.transfer().summary(), "was billed twice");
  EXPECT_EQ(Asked("/transfer queue orders late parcel").transfer().queue(), "queues/orders");
  const v1::TransferContact skilled = Asked("/transfer skill billing:senior,orders a dispute").transfer();
  EXPECT_EQ(skilled.target_case(), v1::TransferContact::TARGET_NOT_SET);
  ASSERT_THAT(skilled.requirements(), SizeIs(2));
  EXPECT_EQ(skilled.requirements(0).skill(), "billing");
  EXPECT_EQ(skilled.requirements(0).tier(), v1::SENIOR);
  EXPECT_EQ(skilled.requirements(1).skill(), "orders");
  EXPECT_THAT(desk_.Line("/transfer skill billing:best a dispute").text, HasSubstr("There is no tier \"BEST\""));
  EXPECT_THAT(desk_.Line("/transfer queue oders late").text, HasSubstr("did you mean \"orders\"?"));
  EXPECT_THAT(desk_.Line("/transfer agent bo").text, HasSubstr("Where to and why?"));
  EXPECT_THAT(Receive(R"(released { contact: "contacts/7" reason: "transferred" })").text,
              HasSubstr("#7 is no longer yours: transferred."));
  EXPECT_THAT(desk_.Line("anyone there?").text, HasSubstr("You are in no chat"));
}

TEST_F(DeskTest, TellsHowPassingOnWarmGoes) {
  StartInChat();
  const v1::TransferContact transfer = Asked("/transfer --warm agent bo an order | was billed twice").transfer();
  EXPECT_TRUE(transfer.warm());
  EXPECT_EQ(transfer.agent(), "agents/bo");
  EXPECT_THAT(Receive(R"(contact { name: "contacts/7" state: STATE_ACTIVE reserved_agent: "agents/bo"
                                   reserved_until { seconds: 1000000060 }
                                   life { text: "Ana goes on serving it and asks Bo to take it" } })")
                  .text,
              HasSubstr("#7: Ana goes on serving it and asks Bo to take it."));
  EXPECT_THAT(desk_.Line("/chats").text, HasSubstr("(passing on)"));
  EXPECT_THAT(
      Receive(R"(contact { name: "contacts/7" state: STATE_ACTIVE life { text: "nobody took it in time" } })").text,
      HasSubstr("nobody took it in time"));
  EXPECT_THAT(desk_.Line("/chats").text, Not(HasSubstr("(passing on)")));
}

TEST_F(DeskTest, CompletesAndWrapsUp) {
  StartInChat();
  EXPECT_THAT(desk_.Line("/done refundd").text, HasSubstr("did you mean \"refunded\"?"));
  const v1::WorkRequest done = Asked("/done refunded | paid back");
  EXPECT_EQ(done.complete().disposition(), "refunded");
  EXPECT_EQ(done.complete().summary(), "paid back");
  const DeskStep over =
      Receive(R"(contact { name: "contacts/7" state: STATE_WRAP_UP wrap_up_expire_time { seconds: 1000000030 } })");
  EXPECT_THAT(over.text, HasSubstr("by itself at 01:47:10"));
  EXPECT_THAT(desk_.Line("one more thing").text, HasSubstr("is over"));
  EXPECT_EQ(Asked("/wrap explained").wrap_up_done().disposition(), "explained");
}

TEST_F(DeskTest, HoldsAndTakesBack) {
  StartInChat();
  EXPECT_TRUE(Asked("/hold").hold().on());
  EXPECT_EQ(Receive(R"(contact { name: "contacts/7" state: STATE_ACTIVE on_hold: true })").text, "-- #7 is on hold.\n");
  EXPECT_FALSE(Asked("/hold").hold().on());
  EXPECT_THAT(desk_.Line("/show").text, HasSubstr("My bill")) << "an update without context leaves it";
}

TEST_F(DeskTest, SaysHowAnOfferWasLost) {
  desk_.Connected();
  Picture();
  Receive("offer {" + Offer(7) + "}");
  EXPECT_THAT(Receive(R"(offer_closed { offer: "contacts/7/offers/1" state: STATE_LAPSED })").text,
              HasSubstr("did not answer in time"));
  Receive("offer {" + Offer(8) + "}");
  EXPECT_THAT(
      Receive(R"(offer_closed { offer: "contacts/8/offers/1" state: STATE_REVOKED reason: "customer_left" })").text,
      HasSubstr("#8 was taken back (customer_left)"));
  EXPECT_THAT(desk_.Line("a").text, HasSubstr("No offer is open"));
}

TEST_F(DeskTest, SetsPresenceAndTellsChanges) {
  StartInChat();
  const v1::WorkRequest away = Asked("/away for lunch");
  EXPECT_EQ(away.presence().presence(), v1::PRESENCE_AWAY);
  EXPECT_EQ(away.presence().reason(), "for lunch");
  EXPECT_THAT(Receive(R"(agent { name: "agents/ana" presence: PRESENCE_AWAY presence_reason: "missed" })").text,
              HasSubstr("You are AWAY (missed); /ready takes offers again."));
  EXPECT_EQ(
      Receive(R"(agent { name: "agents/ana" presence: PRESENCE_AWAY presence_reason: "missed" used_capacity: 25 })")
          .text,
      "");
  EXPECT_EQ(Asked("/ready").presence().presence(), v1::PRESENCE_AVAILABLE);
  EXPECT_EQ(Asked("/claim #9").claim().contact(), "contacts/9");
}

TEST_F(DeskTest, TellsARefusalAndWhatWasNotSent) {
  StartInChat();
  const v1::WorkRequest request = Asked("Hello");
  const DeskStep step = Answer(request, R"(code: 9 reason: "CONTACT_ENDED" message: "contact 7 has ended")");
  EXPECT_THAT(step.text, HasSubstr("Refused: contact 7 has ended (CONTACT_ENDED)"));
  EXPECT_THAT(step.text, HasSubstr("Not sent to #7: Hello"));
  EXPECT_FALSE(desk_.awaits_answer());
}

TEST_F(DeskTest, SuggestsMistypedCommands) {
  StartInChat();
  const DeskStep step = desk_.Line("/dnoe");
  EXPECT_THAT(step.requests, IsEmpty());
  EXPECT_THAT(step.text, HasSubstr("did you mean \"/done\"?"));
}

TEST_F(DeskTest, AsksAgainWhatWasNotAnsweredWithTheSameSourceIds) {
  StartInChat();
  const v1::WorkRequest first = Asked("one");
  const v1::WorkRequest second = Asked("two");
  Answer(first, "message_sequence: 1");
  EXPECT_THAT(desk_.Disconnected("gone").text, HasSubstr("Not connected: gone"));
  EXPECT_EQ(desk_.Disconnected("still gone").text, "") << "told once";
  EXPECT_THAT(desk_.Line("three").requests, IsEmpty()) << "kept until the picture";
  EXPECT_THAT(desk_.Connected().requests, SizeIs(1));
  const DeskStep step = Picture("contacts {" + Contact(7, "STATE_ACTIVE") + "}");
  ASSERT_THAT(step.requests, SizeIs(2));
  EXPECT_EQ(step.requests[0].SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(step.requests[1].message().text(), "three");
  EXPECT_NE(step.requests[1].message().source_id(), second.message().source_id());
  EXPECT_THAT(step.text, Not(HasSubstr("Now talking"))) << "a chat that was known is not opened again";
}

TEST_F(DeskTest, AfterABreakShowsWhatWasMissedAndOnlyThat) {
  StartInChat();
  Receive("message {" + Said(1, "old") + "}");
  desk_.Disconnected("gone");
  desk_.Connected();
  const DeskStep step = Picture(
      "contacts {" +
      Contact(7, "STATE_ACTIVE", "transcript {" + Said(1, "old") + "} transcript {" + Said(2, "new") + "}") + "}");
  EXPECT_THAT(step.text, HasSubstr("Kim: new"));
  EXPECT_THAT(step.text, Not(HasSubstr("Kim: old")));
}

TEST_F(DeskTest, AfterABreakDropsWhatThePictureHasSettled) {
  StartInChat();
  Receive("offer {" + Offer(8) + "}");
  Asked("a");
  Asked("/hold");
  desk_.Disconnected("gone");
  desk_.Connected();
  // The offer had been accepted, and chat 7 was put on hold before the break.
  const DeskStep step = Picture("contacts { on_hold: true " + Contact(7, "STATE_ACTIVE") + "} contacts {" +
                                Contact(8, "STATE_ACTIVE") + "}");
  EXPECT_THAT(step.requests, IsEmpty());
  EXPECT_THAT(step.text, HasSubstr("Now talking in #8"));
  EXPECT_THAT(step.text, Not(HasSubstr("no longer open")));
}

TEST_F(DeskTest, AfterABreakSaysWhatIsGone) {
  StartInChat();
  Receive("offer {" + Offer(8) + "}");
  Asked("Hello");
  desk_.Disconnected("gone");
  desk_.Connected();
  const DeskStep step = Picture();
  EXPECT_THAT(step.text, HasSubstr("The offer of #8 is no longer open."));
  EXPECT_THAT(step.text, HasSubstr("#7 is no longer yours."));
  EXPECT_THAT(step.text, HasSubstr("Perhaps not sent, as #7 is no longer yours: Hello"));
  EXPECT_THAT(step.requests, IsEmpty());
}

TEST_F(DeskTest, ComesBackLaterWhenTheRouterIsBusy) {
  StartInChat();
  const v1::WorkRequest request = Asked("Hello");
  EXPECT_TRUE(Answer(request, "code: 14 reason: \"SHUTTING_DOWN\" retry_delay { seconds: 1 }").drop);
  desk_.Disconnected("gone");
  desk_.Connected();
  EXPECT_THAT(Picture("contacts {" + Contact(7, "STATE_ACTIVE") + "}").requests, SizeIs(1));
}

TEST_F(DeskTest, SignsOutAtQuit) {
  StartInChat();
  const v1::WorkRequest quit = Asked("/quit");
  EXPECT_FALSE(quit.sign_out().force());
  const DeskStep busy = Answer(quit, R"(code: 9 reason: "AGENT_BUSY" message: "agent ana holds 1 contact")");
  EXPECT_FALSE(busy.exit_code.has_value());
  EXPECT_THAT(busy.text, HasSubstr("`/quit force`"));
  const v1::WorkRequest forced = Asked("/quit force");
  EXPECT_TRUE(forced.sign_out().force());
  EXPECT_EQ(Answer(forced).exit_code, 0);
}

TEST_F(DeskTest, LeavesAtTheEndOfInputOnceAllIsAnswered) {
  desk_.Connected();
  EXPECT_FALSE(desk_.InputEnded().exit_code.has_value()) << "not before it has signed in";
  EXPECT_EQ(Picture().exit_code, 0);
}

TEST_F(DeskTest, WaitsForItsAnswersAtTheEndOfInput) {
  StartInChat();
  const v1::WorkRequest request = Asked("Hello");
  EXPECT_FALSE(desk_.InputEnded().exit_code.has_value());
  EXPECT_EQ(Answer(request, "message_sequence: 1").exit_code, 0);
}

}  // namespace
}  // namespace routerd::ctl
