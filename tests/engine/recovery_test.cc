// What a crash leaves, and how readers go on after it.
#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/engine/dossier.h"
#include "routerd/engine/event_codec.h"
#include "routerd/engine/names.h"
#include "routerd/engine/snapshot.h"
#include "routerd/engine/statistics.h"
#include "tests/engine/office.h"

namespace routerd::engine {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

// A working day in small: everything that events can tell of. Returns what the adapter was told.
std::shared_ptr<Stream> LiveThroughADay(Office& office) {
  const auto chat = office.Connect();
  const auto ana = office.SignIn("ana");
  const auto bo = office.SignIn("bo");
  office.Create("s1");
  office.Accept("ana", "contacts/1/offers/1").status().IgnoreError();
  office.Say("contacts/1", "m1", "Hello?").status().IgnoreError();
  office.Say("contacts/1", "a1", "Hi", "ana").status().IgnoreError();
  office.Do(ReportDelivery{{"contacts/1", "", ""}, "ana", 3, v1::Message::DELIVERY_SEEN}).status().IgnoreError();
  office.Do(ReportDelivery{{"contacts/1", "", ""}, "", 4, v1::Message::DELIVERY_DELIVERED}).status().IgnoreError();
  office.Do(Route{core::HoldContact{"ana", core::ContactId{1}, true}}).status().IgnoreError();
  UpdateContact update{{"contacts/1", "", ""}, {}};
  (*update.request.mutable_attributes()->mutable_fields())["plan"].set_string_value("basic");
  update.request.set_customer_connected(false);
  update.request.mutable_head_start()->set_seconds(30);
  office.Do(update).status().IgnoreError();
  office.Do(Route{core::TransferContact{"ana", core::ContactId{1}, "", "orders", {}, "wrong", "May"}})
      .status()
      .IgnoreError();
  office.Advance(seconds(20));  // Bo misses it, Ana takes it.
  office.Create("s2", "orders");
  office.Create("s3");
  office.Accept("ana", "contacts/3/offers/4").status().IgnoreError();
  office.Do(Route{core::CompleteContact{"ana", core::ContactId{3}, "solved", "Explained"}}).status().IgnoreError();
  office.Do(EndContact{{"contacts/2", "", ""}, "customer_closed"}).status().IgnoreError();
  office.Do(AcknowledgeEvents{"webchat-1", 5}).status().IgnoreError();
  office.Create("s4");
  office.Advance(seconds(31));
  return chat;
}

std::vector<std::string> Texts(const std::vector<std::shared_ptr<const v1::ConnectResponse>>& messages, int64_t after) {
  std::vector<std::string> texts;
  for (const auto& message : messages) {
    if (message->sequence() > after) texts.push_back(message->SerializeAsString());
  }
  return texts;
}

// What the events after the last snapshot, folded in alone, amount to.
std::vector<std::string> Replayed(const std::vector<std::shared_ptr<const v1::Event>>& events) {
  core::Router router;
  Dossier dossier;
  Statistics statistics;
  for (const auto& event : events) {
    const auto decoded = Decode(*event, router);
    EXPECT_TRUE(decoded.ok()) << decoded.status();
    if (*decoded) router.Apply(**decoded);
    statistics.Apply(*event, dossier.Find(event->contact()), dossier.directory());
    dossier.Apply(*event);
  }
  return ExportSnapshot(router, dossier, statistics, events.back()->sequence());
}

TEST(Recovery, FoldingTheEventsGivesTheStateThatMadeThem) {
  Office office;
  LiveThroughADay(office);
  const std::vector<std::string> live = office.State();
  auto watch = std::make_shared<Watch>();
  ASSERT_TRUE(office.Do(AttachWatcher{0, "", watch}).ok());
  ASSERT_GT(watch->messages.size(), 30u);
  EXPECT_EQ(Replayed(watch->messages), live);
}

TEST(Recovery, ASnapshotAndItsTailGiveTheSameAsEverything) {
  Workspace::Options often;
  often.snapshot_every_events = 7;
  Office with(DevConfig(), often);
  Office without;
  LiveThroughADay(with);
  LiveThroughADay(without);
  EXPECT_GT(with.journal->stats().snapshot_count, 2);
  EXPECT_EQ(without.journal->stats().snapshot_count, 0);
  EXPECT_EQ(with.State(), without.State());
  with.Crash();
  without.Crash();
  with.Settle();
  without.Settle();
  EXPECT_EQ(with.State(), without.State());
}

// The offers that desks were told of, oldest first.
std::map<core::OfferId, v1::Offer> OffersTo(const std::vector<std::shared_ptr<Desk>>& desks) {
  std::map<core::OfferId, v1::Offer> offers;
  for (const auto& desk : desks) {
    for (const auto& message : desk->messages) {
      if (message->has_offer()) offers[ParseOffer(message->offer().name())] = message->offer();
    }
  }
  return offers;
}

// Random days with crashes at random moments. Returns every event there was.
std::vector<std::shared_ptr<const v1::Event>> LiveThroughRandomDays(uint32_t seed, Office& office) {
  std::mt19937 random(seed);
  const auto pick = [&](int count) { return static_cast<int>(random() % static_cast<uint32_t>(count)); };
  int sources = 0;
  std::vector<std::shared_ptr<Desk>> desks = {office.SignIn("ana"), office.SignIn("bo")};
  office.Connect();
  for (int step = 0; step < 150; ++step) {
    const std::string agent = pick(2) == 0 ? "ana" : "bo";
    std::vector<v1::Contact> contacts = office.Ask<std::vector<v1::Contact>>([](const View& view) {
      const auto listed = view.Contacts({});
      return std::vector<v1::Contact>(listed->contacts().begin(), listed->contacts().end());
    });
    if (pick(2) == 0) {  // Mostly what is being served is of interest.
      const auto served = [](const v1::Contact& c) { return c.state() == v1::Contact::STATE_ACTIVE; };
      if (std::any_of(contacts.begin(), contacts.end(), served)) std::erase_if(contacts, std::not_fn(served));
    }
    const v1::Contact contact = contacts.empty() ? v1::Contact() : contacts[static_cast<size_t>(pick(contacts.size()))];
    const std::string holder(BareName(contact.agent(), kAgents));
    const core::ContactId id = ParseContact(contact.name());
    const ContactRef ref{contact.name(), "", ""};
    switch (pick(12)) {
      case 0:
      case 1:
        office.Post(
            CreateContact{office.Contact("s" + std::to_string(++sources), pick(2) == 0 ? "billing" : "orders")});
        break;
      case 2:
      case 3: {  // One of the last few offers, open or not, warm or not.
        const auto offers = OffersTo(desks);
        if (offers.empty()) break;
        const v1::Offer& offer = std::prev(offers.end(), 1 + pick(std::min<int>(3, offers.size())))->second;
        office.Post(Route{core::AcceptOffer{std::string(BareName(offer.agent(), kAgents)),
                                            ParseContact(offer.contact().name()), ParseOffer(offer.name())}});
        break;
      }
      case 4:
        office.Post(Route{core::DeclineOffer{holder, id, ParseOffer(contact.offer()), "busy"}});
        break;
      case 5:
        office.Post(Route{core::TransferContact{
            holder, id, "", pick(2) == 0 ? "billing" : "orders", {}, "r", "s", /*warm=*/pick(2) == 0}});
        break;
      case 6:
        office.Post(Route{core::CompleteContact{holder, id, "", "done"}});
        break;
      case 7:
        office.Post(PostMessage{ref, pick(2) == 0 ? holder : "", "m" + std::to_string(step), "text"});
        break;
      case 8:
        office.Post(EndContact{ref, "customer_closed", pick(4) == 0});
        break;
      case 9:
        desks.push_back(office.SignIn(agent));
        break;
      case 10:
        office.Post(Route{core::SignOut{agent, true, "agent"}});
        break;
      case 11:
        office.Advance(seconds(pick(25)));
        break;
    }
    if (pick(15) == 0) {
      office.Work();
      if (pick(3) == 0) {
        auto& q = *office.config.mutable_queues(pick(2));
        q.mutable_offer_timeout()->set_seconds(5 + pick(20));
        q.clear_agents();
        if (pick(2) == 0) q.add_agents(pick(2) == 0 ? "ana" : "bo");
      }
      office.Crash(static_cast<size_t>(pick(3)));
      for (const char* back : {"ana", "bo"}) desks.push_back(office.SignIn(back));
    }
    if (pick(2) == 0) office.Settle();
  }
  office.Settle();
  const auto watch = std::make_shared<Watch>();
  EXPECT_TRUE(office.Do(AttachWatcher{0, "", watch}).ok());
  return watch->messages;
}

TEST(Recovery, RandomDaysFoldToTheSameStateWithAndWithoutSnapshots) {
  int handed_over_count = 0;
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Workspace::Options often;
    often.snapshot_every_events = 11;
    Office with(DevConfig(), often);
    Office without;
    const auto events = LiveThroughRandomDays(seed, with);
    const auto same = LiveThroughRandomDays(seed, without);
    ASSERT_EQ(events.size(), same.size());
    for (size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i]->DebugString(), same[i]->DebugString());
    EXPECT_EQ(with.State(), without.State());
    EXPECT_EQ(Replayed(events), with.State());
    for (const auto& event : events) handed_over_count += event->contact_transferred().warm() ? 1 : 0;
  }
  EXPECT_GT(handed_over_count, 0) << "warm transfers are among what is recovered";
}

TEST(Recovery, WhatWasNotDurableNeverHappenedAndWasNeverTold) {
  Office office;
  const auto ana = office.SignIn("ana");
  const auto chat = office.Connect();
  const std::vector<std::string> before = office.State();
  ana->Take();
  chat->Take();
  const auto answer = office.Post(CreateContact{office.Contact("s1")});
  office.Work();
  EXPECT_FALSE(answer->has_value());
  EXPECT_THAT(ana->Take(), IsEmpty());
  EXPECT_THAT(chat->Take(), IsEmpty());

  office.Crash();
  office.Settle();
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(office.Ask<size_t>([](const View& view) { return view.router().contact_count(); }), 0u);
  EXPECT_EQ(office.Create("s1"), "contacts/1") << "the adapter sends it again";
}

TEST(Recovery, ACrashBetweenDiskAndReleaseLosesNothing) {
  Office office;
  const auto ana = office.SignIn("ana");
  const auto answer = office.Post(CreateContact{office.Contact("s1")});
  office.Work();
  office.Crash(/*survivor_count=*/1);
  EXPECT_FALSE(answer->has_value());
  office.Settle();
  // A repeat finds the first, and the agent who returns finds the offer, with its full time.
  EXPECT_EQ(office.Create("s1"), "contacts/1");
  const auto back = office.SignIn("ana");
  EXPECT_THAT(back->Take(), ElementsAre("picture [offer contacts/1/offers/1]"));
  EXPECT_TRUE(office.Accept("ana", "contacts/1/offers/1").ok());
}

TEST(Recovery, AnOfferMissedByTheDaemonIsNobodysMiss) {
  Office office;
  office.SignIn("ana");
  office.Create("s1");
  office.clock.Advance(seconds(300));
  office.Crash();
  office.Settle();
  const auto back = office.SignIn("ana");
  EXPECT_THAT(back->Take(), ElementsAre("picture [offer contacts/1/offers/1]"));
  EXPECT_EQ(back->messages[0]->picture().offers(0).expire_time().seconds() -
                back->messages[0]->picture().server_time().seconds(),
            20);
}

TEST(Recovery, AnAdapterResumesFromAnywhereWithTheSameSuffix) {
  Office office;
  const auto chat = LiveThroughADay(office);
  const int64_t head = office.Ask<int64_t>([](const View& view) { return view.Statistics().sequence(); });
  for (const bool restarted : {false, true}) {
    if (restarted) {
      office.Crash();
      office.Settle();
    }
    for (int64_t after = 1; after <= head; ++after) {
      const auto resumed = office.Connect(after);
      ASSERT_TRUE(resumed->messages[0]->has_welcome());
      EXPECT_FALSE(resumed->messages[0]->welcome().resync());
      std::vector<std::string> expected = Texts(chat->messages, after);
      std::vector<std::string> got = Texts(resumed->messages, after);
      if (restarted) {  // The restart told of more.
        ASSERT_GE(got.size(), expected.size());
        got.resize(expected.size());
      }
      EXPECT_EQ(got, expected) << "after " << after;
    }
  }
}

TEST(Recovery, ReplayAndLiveEventsMeetWithoutASeam) {
  Office office;
  const auto reference = office.Connect(std::nullopt, "webchat-1");
  std::vector<std::string> contacts;
  for (int i = 0; i < 300; ++i) contacts.push_back(office.Create("s" + std::to_string(i)));
  office.Crash();
  office.Settle();
  // Behind by more than a slice of the journal, while new events keep coming.
  const auto stream = std::make_shared<Stream>();
  office.Post(AttachAdapter{"webchat-1", 1, stream});
  for (int i = 0; i < 5; ++i) {
    office.Post(EndContact{{contacts[static_cast<size_t>(i)], "", ""}, "customer_closed"});
    office.workspace->Step();
  }
  office.Settle();
  int64_t last = 1;
  size_t ends = 0;
  size_t creations = 0;
  for (const auto& message : stream->messages) {
    if (message->sequence() == 0) continue;
    EXPECT_GT(message->sequence(), last);
    last = message->sequence();
    ends += message->state().contact().state() == v1::Contact::STATE_ENDED;
    creations += message->state().cause() == "contact.created";
  }
  EXPECT_EQ(ends, 5u);
  EXPECT_EQ(creations, 300u);
}

TEST(Recovery, AnAdapterTooFarBehindIsToldHowThingsStand) {
  Office office;
  office.Connect();
  office.Create("s1");
  office.Create("s2");
  ASSERT_TRUE(office.Do(EndContact{{"contacts/1", "", ""}, "customer_closed"}).ok());
  // It claims to know what never was: another journal's future.
  const auto stream = office.Connect(1'000'000);
  EXPECT_THAT(stream->lines, ElementsAre("welcome resync", "contacts/2 QUEUED transcript=1 resync", "place 1"));
}

TEST(Recovery, WatchersSeeEveryEventOnce) {
  Office office;
  LiveThroughADay(office);
  auto watch = std::make_shared<Watch>();
  ASSERT_TRUE(office.Do(AttachWatcher{0, "", watch}).ok());
  auto one = std::make_shared<Watch>();
  ASSERT_TRUE(office.Do(AttachWatcher{0, "contacts/4", one}).ok());
  office.Say("contacts/4", "m9", "Still there?").status().IgnoreError();
  for (size_t i = 0; i < watch->messages.size(); ++i) {
    EXPECT_EQ(watch->messages[i]->sequence(), static_cast<int64_t>(i) + 1);
  }
  ASSERT_FALSE(one->messages.empty());
  for (const auto& event : one->messages) EXPECT_EQ(event->contact(), "contacts/4");
  EXPECT_TRUE(one->messages.back()->has_message_posted());
}

TEST(Recovery, ADamagedEntryStopsTheStartWithItsNumber) {
  journal::MemoryStore store;
  journal::MemoryJournal writer(store);
  ASSERT_TRUE(writer
                  .Replay([](std::string_view) { return absl::OkStatus(); },
                          [](int64_t, std::string_view) { return absl::OkStatus(); })
                  .ok());
  writer.Append({{{1, "\xFF\xFF not an event"}}, {}}, [](const absl::Status&) {});
  writer.Commit();
  writer.Close();
  base::ManualClock clock;
  const auto opened = Workspace::Open(DevConfig(), std::make_unique<journal::MemoryJournal>(store), clock, {});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr("event 1 "));
}

}  // namespace
}  // namespace routerd::engine
