// What each side is told while a contact goes its way.
#include <future>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/engine/names.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Lifecycle, TellsBothSidesEverythingFromQuestionToDisposition) {
  Office office;
  const auto chat = office.Connect();
  const auto ana = office.SignIn("ana");
  EXPECT_THAT(chat->Take(), ElementsAre("welcome"));
  EXPECT_THAT(ana->Take(), ElementsAre("picture []"));

  const std::string contact = office.Create("s1");
  EXPECT_THAT(chat->Take(),
              ElementsAre("contacts/1 QUEUED transcript=0 contact.created", "contacts/1 OFFERED offer.made Ana"));
  EXPECT_THAT(ana->Take(), ElementsAre("offer contacts/1/offers/1 transcript=1 (the only agent with room who may "
                                       "take it)"));

  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  EXPECT_THAT(chat->Take(), ElementsAre("contacts/1 ACTIVE offer.accepted Ana", "message 2 system: Ana has joined."));
  EXPECT_THAT(ana->Take(), ElementsAre("closed contacts/1/offers/1 ACCEPTED accepted", "contacts/1 ACTIVE transcript=1",
                                       "message 2 system: Ana has joined."));

  ASSERT_TRUE(office.Do(Typing{{contact, "", ""}, "", true}).ok());
  ASSERT_TRUE(office.Say(contact, "m1", "Hello?").ok());
  EXPECT_THAT(ana->Take(), ElementsAre("typing 1", "message 3 customer: Hello?"));
  EXPECT_THAT(chat->Take(), IsEmpty()) << "the customer's own words never come back";

  ASSERT_TRUE(office.Do(ReportDelivery{{contact, "", ""}, "ana", 3, v1::Message::DELIVERY_SEEN}).ok());
  ASSERT_TRUE(office.Do(Typing{{contact, "", ""}, "ana", true}).ok());
  ASSERT_TRUE(office.Say(contact, "a1", "Hi Kim", "ana").ok());
  EXPECT_THAT(chat->Take(), ElementsAre("delivery 3 SEEN", "typing 1", "message 4 Ana: Hi Kim"));
  EXPECT_THAT(ana->Take(), ElementsAre("message 4 Ana: Hi Kim"));
  ASSERT_TRUE(office.Do(ReportDelivery{{contact, "", ""}, "", 4, v1::Message::DELIVERY_DELIVERED}).ok());
  EXPECT_THAT(ana->Take(), ElementsAre("delivery 4 DELIVERED"));

  ASSERT_TRUE(office.Do(Route{core::CompleteContact{"ana", core::ContactId{1}, "solved", "Explained"}}).ok());
  EXPECT_THAT(chat->Take(), ElementsAre("contacts/1 WRAP_UP wrap_up.started Ana",
                                        "message 5 system: Ana has ended the conversation."));
  EXPECT_THAT(ana->Take(), ElementsAre("contacts/1 WRAP_UP", "message 5 system: Ana has ended the conversation."));
  office.Advance(seconds(30));
  EXPECT_THAT(chat->Take(), ElementsAre("contacts/1 ENDED contact.ended Ana"));
  EXPECT_THAT(ana->Take(), ElementsAre("released contacts/1 ended"));

  const v1::Contact record = office.Get(contact);
  EXPECT_EQ(record.state(), v1::Contact::STATE_ENDED);
  EXPECT_EQ(record.disposition(), "solved");
  EXPECT_EQ(record.agent(), "agents/ana");
  EXPECT_EQ(record.context().transcript_size(), 5);
  EXPECT_EQ(record.context().transcript(2).delivery(), v1::Message::DELIVERY_SEEN);
}

// What a bot says is a program's word, and the person who follows knows all of it and why the contact comes.
TEST(Lifecycle, ABotAnswersAndHandsOverWithContext) {
  v1::WorkspaceConfig config = DevConfig();
  v1::QueueConfig& front = *config.add_queues();
  front.set_id("front");
  front.set_bots_first(true);
  v1::AgentConfig& helper = *config.add_agents();
  helper.set_id("helper");
  helper.set_display_name("Helper");
  helper.set_bot(true);
  Office office(config);
  const auto ana = office.SignIn("ana");
  const auto bot = office.SignIn("helper");
  const std::string contact = office.Create("s1", "front");
  EXPECT_THAT(bot->Take(), testing::Contains(HasSubstr("a bot with room, which this queue asks before people")));
  ASSERT_TRUE(office.Accept("helper", "contacts/1/offers/1").ok());
  ASSERT_TRUE(office.Say(contact, "b1", "What is it about?", "helper").ok());
  EXPECT_EQ(office.Get(contact).owner_agent(), "") << "a case has a person";
  ASSERT_TRUE(
      office.Do(Route{core::TransferContact{"helper", core::ContactId{1}, "", "billing", {}, "bill", "Of May"}}).ok());
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/2").ok());

  const v1::Contact served = office.Get(contact);
  EXPECT_EQ(served.agent(), "agents/ana");
  EXPECT_EQ(served.owner_agent(), "agents/ana");
  ASSERT_EQ(served.context().transfers_size(), 1);
  EXPECT_EQ(served.context().transfers(0).summary(), "Of May");
  bool said = false;
  for (const v1::Message& message : served.context().transcript()) {
    if (message.text() != "What is it about?") continue;
    said = true;
    EXPECT_EQ(message.author(), v1::Message::AUTHOR_BOT);
    EXPECT_EQ(message.author_display_name(), "Helper");
  }
  EXPECT_TRUE(said);
  EXPECT_THAT(office.Ask<std::vector<v1::Agent>>([](const View& view) { return view.Agents(true); }),
              testing::Contains(testing::Property(&v1::Agent::bot, true)));
}

TEST(Lifecycle, AnUnansweredOfferGoesOnWithItsReasons) {
  Office office;
  const auto ana = office.SignIn("ana");
  const std::string contact = office.Create("s1", "orders");
  const auto bo = office.SignIn("bo");
  office.Advance(seconds(20));
  EXPECT_THAT(ana->Take(), ElementsAre("picture []", HasSubstr("offer contacts/1/offers/1"),
                                       "closed contacts/1/offers/1 LAPSED lapsed"));
  EXPECT_THAT(bo->Take(), ElementsAre("picture []", HasSubstr("offer contacts/1/offers/2 transcript=1")));

  std::vector<std::string> life;
  const v1::Contact told = office.Get(contact);
  for (const v1::LifeStep& step : told.life()) life.push_back(absl::StrCat(step.event(), ": ", step.text()));
  EXPECT_THAT(life, ElementsAre("contact.created: joined orders over webchat, asking for orders >= JUNIOR",
                                "offer.made: offered to Ana: the only agent with room who may take it; answer due by "
                                "00:00:20",
                                "offer.lapsed: went unanswered by Ana for 20 s (miss 1); Ana is passed over for this "
                                "contact until 00:00:50; back at its place",
                                "offer.made: offered to Bo: the only agent with room who may take it; answer due by "
                                "00:00:40"));
}

TEST(Lifecycle, ATransferTakesEverythingAlong) {
  Office office;
  const auto ana = office.SignIn("ana");
  const auto bo = office.SignIn("bo");
  const auto chat = office.Connect();
  const std::string contact = office.Create("s1");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  ana->Take();
  chat->Take();
  ASSERT_TRUE(office
                  .Do(Route{core::TransferContact{
                      "ana", core::ContactId{1}, "", "orders", {}, "wrong queue", "Wants the order of May"}})
                  .ok());
  EXPECT_THAT(ana->Take(), ElementsAre("released contacts/1 transferred"));
  EXPECT_THAT(chat->Take(), ElementsAre("contacts/1 QUEUED contact.transferred",
                                        "message 3 system: Ana has passed the conversation on to Orders.",
                                        "contacts/1 OFFERED offer.made Bo"));
  const v1::Context& context = bo->messages.back()->offer().contact().context();
  EXPECT_EQ(context.transcript_size(), 3);
  ASSERT_EQ(context.transfers_size(), 1);
  EXPECT_EQ(context.transfers(0).summary(), "Wants the order of May");
  EXPECT_EQ(context.transfers(0).target(), "queues/orders");
}

TEST(Lifecycle, EachOfTheThreeClocksIsReported) {
  Office office;
  office.SignIn("ana");
  office.SignIn("bo");
  const std::string contact = office.Create("s1");
  const core::Instant came = FromProto(office.Get(contact).create_time());
  office.Advance(seconds(5));
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  EXPECT_EQ(FromProto(office.Get(contact).queue_time()), came);
  EXPECT_EQ(FromProto(office.Get(contact).state_time()), came + seconds(5));
  office.Advance(seconds(5));
  ASSERT_TRUE(
      office.Do(Route{core::TransferContact{"ana", core::ContactId{1}, "", "orders", {}, "wrong queue", ""}}).ok());
  office.Advance(seconds(5));
  ASSERT_TRUE(office.Accept("bo", "contacts/1/offers/2").ok());
  const v1::Contact now = office.Get(contact);
  EXPECT_EQ(FromProto(now.create_time()), came);
  EXPECT_EQ(FromProto(now.queue_time()), came + seconds(10));
  EXPECT_EQ(FromProto(now.state_time()), came + seconds(15));
  EXPECT_EQ(FromProto(now.rank_time()), came) << "the place in line is that of the coming";
}

TEST(Lifecycle, AWarmTransferHandsOverWithoutAGap) {
  Office office;
  const auto ana = office.SignIn("ana");
  const auto bo = office.SignIn("bo");
  const auto chat = office.Connect();
  const std::string contact = office.Create("s1");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  for (const auto& desk : {ana, bo}) desk->Take();
  chat->Take();
  ASSERT_TRUE(office
                  .Do(Route{core::TransferContact{.agent = "ana",
                                                  .contact = core::ContactId{1},
                                                  .to_agent = "bo",
                                                  .to_queue = "",
                                                  .requirements = {},
                                                  .reason = "wrong team",
                                                  .summary = "Wants the order of May",
                                                  .warm = true}})
                  .ok());
  const v1::Contact& passed_on = ana->messages.back()->has_contact()
                                     ? ana->messages.back()->contact()
                                     : ana->messages[ana->messages.size() - 2]->contact();
  EXPECT_EQ(passed_on.state(), v1::Contact::STATE_ACTIVE);
  EXPECT_EQ(passed_on.reserved_agent(), "agents/bo");
  ASSERT_EQ(passed_on.life_size(), 1);
  EXPECT_THAT(passed_on.life(0).text(), HasSubstr("Ana goes on serving it and asks Bo to take it (wrong team)"));

  const v1::Offer* offer = nullptr;
  for (const auto& message : bo->messages) {
    if (message->has_offer()) offer = &message->offer();
  }
  ASSERT_NE(offer, nullptr);
  EXPECT_THAT(offer->reason(), HasSubstr("warm transfer"));
  EXPECT_EQ(offer->contact().context().transfers(0).summary(), "Wants the order of May");
  EXPECT_TRUE(chat->Take().empty()) << "the customer is told once it is settled";
  EXPECT_EQ(office.Get(contact).agent(), "agents/ana");

  ana->Take();
  ASSERT_TRUE(office.Accept("bo", "contacts/1/offers/2").ok());
  EXPECT_THAT(ana->Take(), ElementsAre("released contacts/1 transferred"));
  EXPECT_THAT(chat->Take(), ElementsAre("contacts/1 ACTIVE offer.accepted Bo", HasSubstr("Bo has joined.")))
      << "it never waited";
  const v1::Contact now = office.Get(contact);
  EXPECT_EQ(now.agent(), "agents/bo");
  EXPECT_EQ(now.transfer_count(), 1);
  EXPECT_FALSE(now.has_reserved_until());
  ASSERT_EQ(now.context().transfers_size(), 1);
  EXPECT_EQ(now.context().transfers(0).from_agent(), "agents/ana");
  EXPECT_EQ(now.context().transfers(0).target(), "agents/bo");
  EXPECT_GT(now.context().transcript_size(), 0);
  EXPECT_EQ(ana->load, "0 for 0");
  EXPECT_EQ(bo->load, "25 for 1");
  EXPECT_EQ(office.Ask<int64_t>([](const View& view) { return view.Queue("billing")->accepted_count(); }), 1);
}

TEST(Lifecycle, WhatAgentsSayAmongThemselvesStaysAmongThem) {
  Office office;
  const auto ana = office.SignIn("ana");
  const auto bo = office.SignIn("bo");
  const auto chat = office.Connect();
  const std::string contact = office.Create("s1");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  chat->Take();
  bo->Take();
  EXPECT_FALSE(office.Do(PostMessage{{contact, "", ""}, "bo", "b1", "Hello", true}).ok()) << "nobody asked Bo";
  ASSERT_TRUE(office.Do(Route{core::ConsultAgent{"ana", core::ContactId{1}, "bo", "May I refund?"}}).ok());
  ASSERT_EQ(bo->messages.size(), 3u) << "the picture, the consultation, the question for the transcript";
  EXPECT_EQ(bo->messages[1]->consult().question(), "May I refund?");
  EXPECT_EQ(bo->messages[1]->consult().from_agent(), "agents/ana");
  EXPECT_GT(bo->messages[1]->consult().contact().context().transcript_size(), 0);

  EXPECT_FALSE(office.Do(PostMessage{{contact, "", ""}, "bo", "b1", "Hello", false}).ok()) << "not to the customer";
  ASSERT_TRUE(office.Do(PostMessage{{contact, "", ""}, "bo", "b1", "Up to 50", true}).ok());
  EXPECT_EQ(ana->messages.back()->message().text(), "Up to 50");
  EXPECT_TRUE(ana->messages.back()->message().internal());
  EXPECT_TRUE(chat->Take().empty()) << "the customer's side hears nothing of it";
  const v1::Contact told = office.Get(contact);
  EXPECT_GT(told.context().transcript_size(), 0);
  for (const v1::Message& message : told.context().transcript()) EXPECT_FALSE(message.internal());

  ASSERT_TRUE(office.Do(Route{core::EndConsult{"bo", core::ContactId{1}}}).ok());
  EXPECT_FALSE(office.Do(PostMessage{{contact, "", ""}, "bo", "b2", "Bye", true}).ok());
}

TEST(Lifecycle, ASupervisorsTakeOverIsToldToAllThree) {
  Office office;
  const auto ana = office.SignIn("ana");
  const auto bo = office.SignIn("bo");
  const auto chat = office.Connect();
  const std::string contact = office.Create("s1");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  for (const auto& desk : {ana, bo}) desk->Take();
  chat->Take();
  ASSERT_TRUE(office.Do(Route{core::TakeOverContact{core::ContactId{1}, "bo", "angry customer"}}).ok());
  EXPECT_THAT(ana->Take(), ElementsAre("released contacts/1 taken_over"));
  EXPECT_THAT(chat->Take(),
              ElementsAre("contacts/1 ACTIVE contact.taken_over Bo", HasSubstr("Bo has taken over from Ana.")));
  EXPECT_EQ(office.Get(contact).agent(), "agents/bo");
  EXPECT_EQ(ana->load, "0 for 0");
  EXPECT_EQ(bo->load, "25 for 1");
}

TEST(Lifecycle, TwoDesksOfAnAgentSeeTheSame) {
  Office office;
  const auto first = office.SignIn("ana");
  const std::string contact = office.Create("s1");
  const auto second = office.SignIn("ana");
  EXPECT_THAT(second->Take(), ElementsAre("picture [offer contacts/1/offers/1]"));
  first->Take();
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  ASSERT_TRUE(office.Say(contact, "a1", "Hi", "ana").ok());
  EXPECT_EQ(first->lines, second->lines);
  EXPECT_EQ(first->messages.back(), second->messages.back()) << "built once for both";

  ASSERT_TRUE(office.Do(DetachAgent{"ana", first}).ok());
  EXPECT_TRUE(office.Ask<bool>([](const View& view) { return view.Agent("ana")->connected(); }));
  ASSERT_TRUE(office.Do(DetachAgent{"ana", second}).ok());
  EXPECT_FALSE(office.Ask<bool>([](const View& view) { return view.Agent("ana")->connected(); }));
}

TEST(Lifecycle, AnotherStreamOfAnAdapterReplacesTheFirst) {
  Office office;
  const auto first = office.Connect();
  const auto second = office.Connect();
  ASSERT_EQ(first->closed.size(), 1u);
  EXPECT_EQ(base::ReasonOf(first->closed[0]), "STREAM_REPLACED");
  first->Take();
  // The late farewell of the first does not touch the second.
  ASSERT_TRUE(office.Do(DetachAdapter{"webchat-1", first}).ok());
  office.Create("s1");
  EXPECT_THAT(first->Take(), IsEmpty());
  EXPECT_THAT(second->Take(), ElementsAre("welcome", HasSubstr("contact.created"), "place 1"));
}

TEST(Lifecycle, ToldEstimatesChangeOnlyWhenTheyMatter) {
  Office office;
  const auto chat = office.Connect();
  office.Create("s1");
  office.Create("s2");
  office.Advance(seconds(1));
  chat->Take();
  office.Advance(seconds(1));
  EXPECT_THAT(chat->Take(), IsEmpty()) << "nothing moved";
  ASSERT_TRUE(office.Do(EndContact{{"contacts/1", "", ""}, "customer_closed"}).ok());
  office.Advance(seconds(1));
  EXPECT_EQ(chat->lines.back(), "place 1");
}

TEST(Lifecycle, AnEndedConversationGoesOnInANewContact) {
  Office office;
  office.SignIn("ana");
  const std::string contact = office.Create("s1");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  ASSERT_TRUE(office.Do(Route{core::CompleteContact{"ana", core::ContactId{1}, "solved", "Explained"}}).ok());
  office.Advance(seconds(30));
  auto request = office.Contact("s2");
  *request.mutable_customer() = office.Contact("s1").customer();
  request.set_conversation("conversations/1");
  const auto outcome = office.Do(CreateContact{request});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const v1::Contact next = office.Get(outcome->contact);
  EXPECT_EQ(next.conversation(), "conversations/1");
  ASSERT_EQ(next.context().transcript_size(), 4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(next.context().transcript(i).sequence(), i + 1) << "no gap";
  ASSERT_EQ(next.context().earlier_contacts_size(), 1);
  EXPECT_EQ(next.context().earlier_contacts(0).topic(), "Explained");

  request.set_source_id("s3");
  request.mutable_customer()->mutable_addresses(0)->set_value("somebody else");
  EXPECT_EQ(base::ReasonOf(office.Do(CreateContact{request}).status()), "CONVERSATION_NOT_YOURS");
}

TEST(Lifecycle, ExplainsWhoWaitsAndWhy) {
  Office office;
  office.SignIn("bo");
  office.Create("s1");
  const auto explained = office.Ask<absl::StatusOr<v1::ExplainContactResponse>>([](const View& view) {
    v1::ExplainContactRequest request;
    request.set_name("contacts/1");
    return view.Explain(request);
  });
  ASSERT_TRUE(explained.ok());
  EXPECT_EQ(explained->summary(),
            "waits in billing at place 1, asking for billing >= JUNIOR: 1 agent could take it, offline");
  EXPECT_EQ(explained->agents_size(), 2);
  EXPECT_EQ(explained->life_size(), 1);
}

// What a customer was told on entering stays with the contact, and is held against the wait that came of it.
TEST(Lifecycle, ScoresWhatCustomersWereToldOnEntering) {
  Office office;
  const auto billing = [&] {
    return *office.Ask<absl::StatusOr<v1::Queue>>([](const View& view) { return view.Queue("billing"); });
  };
  office.SignIn("ana");
  std::string last;
  for (int i = 0; i < 10 && (last.empty() || office.Get(last).state() == v1::Contact::STATE_OFFERED); ++i) {
    last = office.Create(absl::StrCat("s", i));
  }
  const v1::Contact waiting = office.Get(last);
  ASSERT_EQ(waiting.state(), v1::Contact::STATE_QUEUED);
  ASSERT_TRUE(waiting.first_estimate().has_wait_p90());
  EXPECT_FALSE(office.Get("contacts/1").has_first_estimate()) << "there was nothing to wait for";

  office.Advance(std::chrono::seconds(1));
  office.Do(EndContact{{"contacts/1", "", ""}, "left", false}).status().IgnoreError();
  ASSERT_TRUE(office.Accept("ana", office.Get(last).offer()).ok());
  const v1::Queue scored = billing();
  EXPECT_EQ(scored.estimated_count(), 1);
  EXPECT_EQ(scored.within_p50(), 1);
  EXPECT_EQ(scored.within_p90(), 1);
  EXPECT_EQ(FromProto(scored.mean_estimate_error()), FromProto(waiting.first_estimate().wait_p50()) - seconds(1));
  ASSERT_EQ(scored.wait_bucket_counts_size(), 11);
  EXPECT_EQ(scored.wait_bucket_counts(0), 1) << "at most 5 s";
  office.Crash();
  EXPECT_EQ(billing().within_p90(), 1) << "a restart forgets nothing";
}

absl::StatusOr<v1::ExplainContactResponse> ExplainAt(Office& office, const char* name, core::Instant time) {
  std::promise<absl::StatusOr<v1::ExplainContactResponse>> answer;
  office.workspace->QueryPast(time, [&](absl::StatusOr<const View*> view) {
    v1::ExplainContactRequest request;
    request.set_name(name);
    *request.mutable_time() = ToProto(time);
    answer.set_value(view.ok() ? (*view)->Explain(request) : absl::StatusOr<v1::ExplainContactResponse>(view.status()));
  });
  office.Settle();
  return answer.get_future().get();
}

TEST(Lifecycle, ExplainsAPastMoment) {
  Office office;
  office.SignIn("bo");
  office.Create("s1");
  office.Advance(std::chrono::seconds(10));
  const core::Instant then = office.clock.Now();
  office.Advance(std::chrono::seconds(10));
  office.SignIn("ana");
  office.Settle();
  const auto waiting = ExplainAt(office, "contacts/1", then);
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  EXPECT_EQ(waiting->summary(),
            "waits in billing at place 1, asking for billing >= JUNIOR: 1 agent could take it, offline");
  EXPECT_EQ(waiting->contact().state(), v1::Contact::STATE_QUEUED);
  const auto offered = ExplainAt(office, "contacts/1", office.clock.Now());
  ASSERT_TRUE(offered.ok()) << offered.status();
  EXPECT_EQ(offered->contact().state(), v1::Contact::STATE_OFFERED);
  EXPECT_EQ(base::ReasonOf(ExplainAt(office, "contacts/1", then - std::chrono::minutes(1)).status()),
            "CONTACT_UNKNOWN");
}

TEST(Lifecycle, CountsServiceLevelAndTimes) {
  Office office;
  office.SignIn("ana");
  office.Create("s1");
  office.Advance(seconds(10));
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  office.Advance(seconds(60));
  ASSERT_TRUE(office.Do(Route{core::CompleteContact{"ana", core::ContactId{1}, "solved", ""}}).ok());
  office.Advance(seconds(30));
  office.Do(Route{core::SetPresence{"ana", core::Presence::kAway, "lunch", "agent"}}).status().IgnoreError();
  office.Create("s2");
  office.Advance(seconds(21));
  ASSERT_TRUE(office.Do(EndContact{{"contacts/2", "", ""}, "customer_closed"}).ok());
  office.Create("s3");
  office.Advance(seconds(7));
  const auto queue = office.Ask<absl::StatusOr<v1::Queue>>([](const View& view) { return view.Queue("billing"); });
  ASSERT_TRUE(queue.ok());
  EXPECT_EQ(queue->created_count(), 3);
  EXPECT_EQ(queue->accepted_count(), 1);
  EXPECT_EQ(queue->abandoned_count(), 1);
  EXPECT_EQ(queue->completed_count(), 1);
  EXPECT_DOUBLE_EQ(queue->service_level(), 0.5) << "one within target, one left after it";
  EXPECT_EQ(queue->mean_wait().seconds(), 10);
  EXPECT_EQ(queue->mean_handle_time().seconds(), 90);
  EXPECT_EQ(queue->waiting_count(), 1);
  EXPECT_EQ(queue->longest_wait().seconds(), 7);
}

}  // namespace
}  // namespace routerd::engine
