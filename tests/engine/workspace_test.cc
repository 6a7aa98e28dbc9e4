// Idempotence, limits, failure and threads.
#include "routerd/engine/workspace.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/engine/names.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

using base::ReasonOf;
using std::chrono::seconds;
using testing::IsEmpty;

TEST(Workspace, ARepeatedContactIsTheFirstOne) {
  Office office;
  EXPECT_EQ(office.Create("s1"), "contacts/1");
  EXPECT_EQ(office.Create("s1"), "contacts/1");
  EXPECT_EQ(office.Ask<size_t>([](const View& view) { return view.router().contact_count(); }), 1u);
  ASSERT_TRUE(office.Do(EndContact{{"contacts/1", "", ""}, "customer_closed"}).ok());
  const auto ended = office.Do(CreateContact{office.Contact("s1")});
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->contact, "contacts/1");
  EXPECT_EQ(ended->state->state(), v1::Contact::STATE_ENDED);
  EXPECT_EQ(ended->state->end_reason(), v1::Contact::END_REASON_ABANDONED);
}

TEST(Workspace, ARepeatedMessageIsTheFirstOne) {
  Office office;
  office.SignIn("ana");
  const std::string contact = office.Create("s1");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  const auto first = office.Say(contact, "x", "One");
  const auto repeat = office.Say(contact, "x", "One again");
  ASSERT_TRUE(repeat.ok());
  EXPECT_EQ(repeat->message->sequence(), first->message->sequence());
  EXPECT_EQ(repeat->message->text(), "One");
  const auto agents = office.Say(contact, "x", "Two", "ana");
  EXPECT_EQ(agents->message->sequence(), first->message->sequence() + 1) << "each side numbers its own";
  // Even once the contact has ended.
  ASSERT_TRUE(office.Do(Route{core::CompleteContact{"ana", core::ContactId{1}, "solved", ""}}).ok());
  office.Advance(seconds(30));
  EXPECT_EQ(office.Say(contact, "x", "One again")->message->text(), "One");
  EXPECT_EQ(ReasonOf(office.Say(contact, "y", "New").status()), "CONTACT_ENDED");
}

TEST(Workspace, RefusesWithReasons) {
  Office office;
  office.SignIn("ana");
  office.SignIn("bo");
  const std::string contact = office.Create("s1");
  EXPECT_EQ(ReasonOf(office.Say(contact, "a", "Hi", "ana").status()), "CONTACT_WRONG_STATE");
  ASSERT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
  EXPECT_EQ(ReasonOf(office.Say(contact, "b", "Hi", "bo").status()), "CONTACT_NOT_YOURS");
  EXPECT_EQ(ReasonOf(office.Say(contact, "c", std::string(16'001, 'x')).status()), "MESSAGE_TOO_LONG");
  EXPECT_EQ(ReasonOf(office.Say("contacts/99", "d", "Hi").status()), "CONTACT_UNKNOWN");
  EXPECT_EQ(ReasonOf(office.Do(GetContact{{contact, "other-adapter", ""}}).status()), "CONTACT_UNKNOWN");
  UpdateContact vip{{contact, "", ""}, {}};
  vip.request.set_vip("gold");
  EXPECT_EQ(ReasonOf(office.Do(vip).status()), "CUSTOMER_NOT_VERIFIED");
  auto request = office.Contact("s2");
  request.set_queue("biling");
  const absl::Status unknown = office.Do(CreateContact{request}).status();
  EXPECT_EQ(ReasonOf(unknown), "QUEUE_UNKNOWN");
  EXPECT_THAT(std::string(unknown.message()), testing::HasSubstr("did you mean \"billing\"?"));
  const auto refusals = office.Ask<v1::Statistics>([](const View& view) { return view.Statistics(); }).refusals();
  EXPECT_EQ(refusals.at("CONTACT_UNKNOWN"), 2);
}

TEST(Workspace, KeepsTheLastMessagesAndCountsTheRest) {
  v1::WorkspaceConfig config = DevConfig();
  config.mutable_limits()->set_transcript_messages_max(10);
  Office office(config);
  const std::string contact = office.Create("s1");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(office.Say(contact, "m" + std::to_string(i + 1), "text").ok());
  const v1::Context context = office.Get(contact).context();
  EXPECT_EQ(context.transcript_size(), 10);
  EXPECT_EQ(context.earlier_message_count(), 11);
  EXPECT_EQ(context.transcript(0).sequence(), 12);
}

TEST(Workspace, ForgetsTheCustomerLongestUnseen) {
  v1::WorkspaceConfig config = DevConfig();
  config.mutable_limits()->set_customers_remembered_max(2);
  Office office(config);
  for (const char* source : {"a", "b", "c"}) {
    const std::string contact = office.Create(source);
    ASSERT_TRUE(office.Do(EndContact{{contact, "", ""}, "customer_closed"}).ok());
  }
  const auto returning = [&](const char* source, const char* again) {
    auto request = office.Contact(again);
    *request.mutable_customer() = office.Contact(source).customer();
    return office.Do(CreateContact{request})->state->context().earlier_contacts_size();
  };
  EXPECT_EQ(returning("c", "c2"), 1);
  EXPECT_EQ(returning("a", "a2"), 0);
}

TEST(Workspace, SaysWhenTheDiskIsBehind) {
  Workspace::Options options;
  options.pending_batches_max = 3;
  Office office(DevConfig(), options);
  std::vector<std::shared_ptr<std::optional<absl::StatusOr<Outcome>>>> answers;
  for (int i = 0; i < 5; ++i) {
    answers.push_back(office.Post(CreateContact{office.Contact("s" + std::to_string(i))}));
    office.Work();
  }
  EXPECT_FALSE(answers[2]->has_value());
  ASSERT_TRUE(answers[3]->has_value());
  EXPECT_EQ(ReasonOf((*answers[3])->status()), "JOURNAL_BEHIND");
  office.Settle();
  EXPECT_TRUE((*answers[2])->ok());
  EXPECT_EQ(office.Create("s3"), "contacts/4") << "nothing of the refused was done";
}

TEST(Workspace, SaysWhenItsMailboxIsFull) {
  Workspace::Options options;
  options.mailbox_limit = 2;
  Office office(DevConfig(), options);
  office.Post(GetContact{{"contacts/1", "", ""}});
  office.Post(GetContact{{"contacts/1", "", ""}});
  const auto refused = office.Post(GetContact{{"contacts/1", "", ""}});
  ASSERT_TRUE(refused->has_value());
  EXPECT_EQ(ReasonOf((*refused)->status()), "MAILBOX_FULL");
  const auto farewell = office.Post(DetachAgent{"ana", nullptr});
  office.Settle();
  EXPECT_TRUE((*farewell)->ok());
}

TEST(Workspace, AFailedJournalFailsEverythingOnceAndForAll) {
  Workspace::Options options;
  std::vector<absl::Status> failures;
  options.on_failure = [&](absl::Status status) { failures.push_back(std::move(status)); };
  Office office(DevConfig(), options);
  const auto ana = office.SignIn("ana");
  const auto chat = office.Connect();
  ana->Take();
  chat->Take();
  office.store.FailWith(absl::ResourceExhaustedError("disk full"));
  const auto lost = office.Post(CreateContact{office.Contact("s1")});
  office.Settle();
  ASSERT_TRUE(lost->has_value());
  EXPECT_EQ(ReasonOf((*lost)->status()), "JOURNAL_FAILED");
  EXPECT_THAT(ana->Take(), IsEmpty()) << "no offer of what is not on disk";
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].message(), "disk full");
  ASSERT_EQ(ana->closed.size(), 1u);
  ASSERT_EQ(chat->closed.size(), 1u);
  EXPECT_EQ(ReasonOf(chat->closed[0]), "JOURNAL_FAILED");
  const auto refused = office.Post(CreateContact{office.Contact("s2")});
  EXPECT_EQ(ReasonOf((*refused)->status()), "JOURNAL_FAILED");
}

TEST(Workspace, StopsInOrder) {
  Office office;
  const auto ana = office.SignIn("ana");
  office.workspace->Drain();
  EXPECT_EQ(ReasonOf(office.Do(CreateContact{office.Contact("s1")}).status()), "SHUTTING_DOWN");
  const auto last = office.Post(Route{core::SetPresence{"ana", core::Presence::kAway, "lunch", "agent"}});
  office.workspace->Stop();
  ASSERT_TRUE(last->has_value());
  EXPECT_TRUE((*last)->ok()) << "what was posted is finished";
  ASSERT_EQ(ana->closed.size(), 1u);
  EXPECT_EQ(ReasonOf(ana->closed[0]), "SHUTTING_DOWN");
  EXPECT_EQ(ReasonOf((*office.Post(GetContact{{"contacts/1", "", ""}}))->status()), "SHUTTING_DOWN");
}

TEST(Workspace, AnotherConfigurationTakesEffectAndTheSameOneDoesNot) {
  Office office;
  const auto sequence = [&] { return office.Ask<int64_t>([](const View& v) { return v.Statistics().sequence(); }); };
  const int64_t before = sequence();
  office.Crash();
  office.Settle();
  EXPECT_EQ(sequence(), before) << "nobody was signed in, and nothing changed";
  office.config.mutable_agents(1)->set_display_name("Bo the Second");
  office.Crash();
  office.Settle();
  EXPECT_EQ(sequence(), before + 1);
  EXPECT_EQ(office.Ask<std::string>([](const View& v) { return v.Agent("bo")->display_name(); }), "Bo the Second");
}

// Sinks of other threads: only counts.
template <typename Message>
class Counter final : public Sink<Message> {
 public:
  void Deliver(std::shared_ptr<const Message>) override { ++delivered; }
  void Close(absl::Status) override { ++closed; }
  std::atomic<int> delivered{0};
  std::atomic<int> closed{0};
};

TEST(Workspace, ServesManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kContacts = 50;
  journal::MemoryStore store;
  const base::SystemClock clock;
  auto workspace = *Workspace::Open(
      DevConfig(), std::make_unique<journal::MemoryJournal>(store, journal::MemoryJournal::Mode::kThreaded), clock, {});
  workspace->Start();
  const auto chat = std::make_shared<Counter<v1::ConnectResponse>>();
  const auto desk = std::make_shared<Counter<v1::WorkResponse>>();
  std::atomic<int> answered{0};
  std::atomic<int> succeeded{0};
  const Done count = [&](const absl::StatusOr<Outcome>& outcome) {
    ++answered;
    if (outcome.ok()) ++succeeded;
  };
  AttachAgent attach;
  attach.sign_in.set_agent("ana");
  attach.sink = desk;
  workspace->Post(AttachAdapter{"webchat-1", std::nullopt, chat}, count);
  workspace->Post(attach, count);
  std::vector<std::thread> threads;
  std::atomic<int> questions{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kContacts; ++i) {
        const std::string source = std::to_string(t) + "-" + std::to_string(i);
        v1::CreateContactRequest request;
        request.set_adapter("webchat-1");
        request.set_source_id(source);
        request.set_channel("webchat");
        request.set_queue("billing");
        request.mutable_customer()->add_addresses()->set_value(source);
        workspace->Post(CreateContact{request}, count);
        workspace->Post(PostMessage{{"", "webchat-1", source}, "", "m1", "Hello"}, count);
        workspace->Query([&](const View& view) -> std::function<void()> {
          return [&questions, n = view.Queues().size()] { questions += static_cast<int>(n); };
        });
        workspace->Post(EndContact{{"", "webchat-1", source}, "customer_closed"}, count);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  workspace->Stop();
  EXPECT_EQ(answered, 2 + kThreads * kContacts * 3);
  EXPECT_EQ(succeeded, answered);
  EXPECT_EQ(questions, kThreads * kContacts * 2);
  EXPECT_EQ(chat->closed, 1);
  EXPECT_EQ(desk->closed, 1);
  EXPECT_GT(chat->delivered, kThreads * kContacts * 2);
}

}  // namespace
}  // namespace routerd::engine
