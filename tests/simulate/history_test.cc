// What really happened, told by a journal, and the same again in virtual time.
#include "routerd/simulate/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/engine/policy_compile.h"
#include "routerd/journal/sqlite.h"
#include "routerd/journal/sqlite_journal.h"
#include "routerd/simulate/summary.h"
#include "tests/engine/office.h"

namespace routerd::simulate {
namespace {

namespace fs = std::filesystem;
using engine::Office;
using engine::Route;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::UnorderedElementsAre;

// Ana alone takes four calls: one at once, one after a wait, one whose customer leaves, one that she declines at first.
class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    office_.SignIn("ana");
    Pass(10);
    Call("c1");
    Pass(3);
    Accept("ana", 1, 1);  // At 13 s.
    Pass(7);
    Call("c2");
    Pass(5);
    Call("c3");
    Pass(30);
    EXPECT_TRUE(office_.Do(engine::EndContact{{"contacts/3", "", ""}, "customer_closed"}).ok());  // At 55 s.
    Pass(18);
    Complete(1);  // At 73 s; wrap-up ends by itself at 103 s.
    Pass(30);
    Pass(4);
    Accept("ana", 2, 2);
    Pass(60);
    Complete(2);
    Pass(30);  // 197 s.
    Pass(3);
    Call("c4");
    Pass(2);
    EXPECT_TRUE(office_.Do(Route{core::DeclineOffer{"ana", core::ContactId{4}, core::OfferId{3}, "busy"}}).ok());
    Pass(5);  // Asked again, as nobody else may take it.
    Pass(3);
    Accept("ana", 4, 4);
    Pass(35);
    Complete(4);
    Pass(30);
    Pass(20);
    EXPECT_TRUE(office_.Do(Route{core::SetPresence{"ana", core::Presence::kAway, "lunch", "agent"}}).ok());
    auto entries = office_.journal->Read(0, 10'000);
    EXPECT_TRUE(entries.ok()) << entries.status();
    entries_ = *std::move(entries);
  }

  void Pass(int s) { office_.Advance(seconds(s)); }
  void Call(const std::string& source_id) {
    v1::CreateContactRequest request = office_.Contact(source_id);
    request.set_channel("phone");
    const auto created = office_.Do(engine::CreateContact{request});
    EXPECT_TRUE(created.ok()) << created.status();
  }
  void Accept(const std::string& agent, uint64_t contact, uint64_t offer) {
    const auto accepted = office_.Accept(agent, absl::StrCat("contacts/", contact, "/offers/", offer));
    EXPECT_TRUE(accepted.ok()) << accepted.status();
  }
  void Complete(uint64_t contact) {
    const auto completed = office_.Do(Route{core::CompleteContact{"ana", core::ContactId{contact}, "solved", ""}});
    EXPECT_TRUE(completed.ok()) << completed.status();
  }

  // The history of the entries from the one numbered `from` on.
  absl::StatusOr<History> Read(HistoryReader reader = {}, int64_t from = 1) {
    for (const journal::Entry& entry : entries_) {
      v1::Event event;
      EXPECT_TRUE(event.ParseFromString(entry.bytes));
      if (entry.sequence < from) continue;
      if (absl::Status status = reader.Take(event); !status.ok()) return status;
    }
    return reader.Finish();
  }
  int64_t SequenceOf(v1::Event::KindCase kind) const {
    for (const journal::Entry& entry : entries_) {
      v1::Event event;
      EXPECT_TRUE(event.ParseFromString(entry.bytes));
      if (event.kind_case() == kind) return entry.sequence;
    }
    return 0;
  }

  Office office_;
  std::vector<journal::Entry> entries_;
};

RunResult Again(const History& history) {
  std::vector<std::string> added;
  const auto policy = PolicyFor(history.trace, engine::CompilePolicy(history.config), added);
  EXPECT_TRUE(policy.ok()) << policy.status();
  EXPECT_THAT(added, IsEmpty());
  auto run = RunTrace(history.trace, *policy, 0);
  EXPECT_TRUE(run.ok()) << run.status();
  EXPECT_THAT(run->broken, IsEmpty());
  return *std::move(run);
}

TEST_F(HistoryTest, TellsWhoCameAndWhatBecameOfThem) {
  const auto history = Read();
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(history->notes, IsEmpty());
  ASSERT_EQ(history->trace.contacts.size(), 4u);
  const TraceContact& c2 = history->trace.contacts[1];
  EXPECT_EQ(c2.id, "2");
  EXPECT_EQ(c2.at_ms, 20'000);
  EXPECT_EQ(c2.channel, "phone");
  EXPECT_EQ(c2.queue, "billing");
  EXPECT_THAT(c2.require, IsEmpty()) << "its queue asks for billing whatever it is";
  EXPECT_EQ(c2.patience_ms, kForEverMs);
  EXPECT_THAT(c2.accept_ms, Optional(4'000));
  EXPECT_EQ(c2.handle_ms, 60'000);
  EXPECT_EQ(c2.wrap_ms, 30'000);
  const TraceContact& c3 = history->trace.contacts[2];
  EXPECT_EQ(c3.patience_ms, 30'000);
  EXPECT_EQ(c3.handle_ms, (60'000 + 60'000 + 35'000) / 3) << "the mean of its kind";
  EXPECT_EQ(history->run.contacts[2].outcome, Outcome::kAbandoned);
  EXPECT_THAT(history->run.contacts[2].end_ms, Optional(55'000));

  const TraceAgent& ana = history->trace.agents[0];
  EXPECT_EQ(ana.id, "ana");
  EXPECT_THAT(ana.shifts, ElementsAre(std::pair<int64_t, int64_t>(0, 295'000)));
  ASSERT_EQ(ana.refusals.size(), 1u);
  EXPECT_EQ(ana.refusals[0].number, 2);
  EXPECT_THAT(ana.refusals[0].declined_ms, Optional(2'000));
  EXPECT_EQ(history->run.agents[0].staff_ms, 295'000);
  EXPECT_EQ(history->run.agents[0].busy_ms, 90'000 + 90'000 + 65'000);
}

TEST_F(HistoryTest, TheSameRulesDoTheSameAgain) {
  const auto history = Read();
  ASSERT_TRUE(history.ok()) << history.status();
  const RunResult again = Again(*history);
  for (size_t i = 0; i < again.contacts.size(); ++i) {
    SCOPED_TRACE(history->trace.contacts[i].id);
    const ContactRecord &was = history->run.contacts[i], &is = again.contacts[i];
    EXPECT_EQ(is.outcome, was.outcome);
    EXPECT_EQ(is.agent, was.agent);
    EXPECT_EQ(is.first_offer_ms, was.first_offer_ms);
    EXPECT_EQ(is.accept_ms, was.accept_ms);
    EXPECT_EQ(is.end_ms, was.end_ms);
    EXPECT_EQ(is.offer_count, was.offer_count);
  }
  EXPECT_TRUE(history->run.contacts[1].estimate_p50_ms.has_value());
  EXPECT_EQ(again.contacts[1].estimate_p50_ms, history->run.contacts[1].estimate_p50_ms);
  EXPECT_EQ(again.agents[0].busy_ms, history->run.agents[0].busy_ms);
  EXPECT_EQ(again.agents[0].staff_ms, history->run.agents[0].staff_ms);
}

TEST_F(HistoryTest, OtherRulesDoOtherwise) {
  auto history = Read();
  ASSERT_TRUE(history.ok()) << history.status();
  history->config.mutable_queues(0)->mutable_wrap_up()->mutable_duration()->set_seconds(5);
  const RunResult run = Again(*history);
  EXPECT_THAT(run.contacts[1].first_offer_ms, Optional(78'000)) << "as wrap-up is over sooner";
}

TEST_F(HistoryTest, BeginsWhereTheJournalDoes) {
  HistoryReader reader;
  v1::SnapshotRecord header, ana;
  *header.mutable_header()->mutable_workspace() = office_.config;
  ana.mutable_agent()->set_agent("ana");
  ana.mutable_agent()->set_connected(true);
  ana.mutable_agent()->set_presence(v1::PRESENCE_AVAILABLE);
  ASSERT_TRUE(reader.TakeSnapshot(header).ok());
  ASSERT_TRUE(reader.TakeSnapshot(ana).ok());
  const auto history = Read(std::move(reader), SequenceOf(v1::Event::kOfferAccepted));
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(history->notes, ElementsAre(HasSubstr("; 1 contacts that came before are left out")));
  EXPECT_EQ(history->trace.contacts.size(), 3u);
  EXPECT_THAT(history->trace.agents[0].shifts, ElementsAre(std::pair<int64_t, int64_t>(0, 282'000)))
      << "who is offered something was there";
}

TEST_F(HistoryTest, RefusesWhatANewerVersionWrote) {
  HistoryReader reader;
  v1::Event event;
  event.set_sequence(7);
  EXPECT_EQ(base::ReasonOf(reader.Take(event)), "EVENT_UNKNOWN");
  EXPECT_EQ(base::ReasonOf(reader.TakeSnapshot({})), "SNAPSHOT_UNKNOWN");
}

// --- From the file ---

class HistoryFileTest : public HistoryTest {
 protected:
  HistoryFileTest() : folder_(fs::path(testing::TempDir()) / absl::StrCat("history-", getpid())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "main.sqlite";
    auto opened = journal::OpenSqliteJournal({.path = path_});
    EXPECT_TRUE(opened.ok()) << opened.status();
    journal_ = *std::move(opened);
    const auto nothing = [](auto&&...) { return absl::OkStatus(); };
    EXPECT_TRUE(journal_->Replay(nothing, nothing).ok());
  }
  ~HistoryFileTest() override {
    journal_->Close();
    fs::remove_all(folder_);
  }
  void Fill() {
    std::promise<absl::Status> done;
    journal_->Append({.entries = entries_}, [&](absl::Status status) { done.set_value(std::move(status)); });
    EXPECT_TRUE(done.get_future().get().ok());
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
    return names;
  }
  std::string ReasonNow() const { return base::ReasonOf(ReadHistory(path_).status()); }

  fs::path folder_;
  std::string path_;
  std::unique_ptr<journal::Journal> journal_;
};

TEST_F(HistoryFileTest, IsReadBesideItsOwnerAndAfterIt) {
  Fill();
  const auto beside = ReadHistory(path_);
  ASSERT_TRUE(beside.ok()) << beside.status();
  EXPECT_EQ(beside->trace.contacts.size(), 4u);
  std::promise<absl::Status> done;
  journal_->Append({}, [&](absl::Status status) { done.set_value(std::move(status)); });
  EXPECT_TRUE(done.get_future().get().ok()) << "the owner goes on";
  journal_->Close();
  const auto after = ReadHistory(path_);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->trace.contacts.size(), 4u);
  EXPECT_THAT(Files(), UnorderedElementsAre("main.sqlite", "main.sqlite.lock")) << "nothing is left behind";
}

TEST_F(HistoryFileTest, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(ReasonNow(), "JOURNAL_EMPTY");
  EXPECT_EQ(base::ReasonOf(ReadHistory(path_ + "x").status()), "JOURNAL_MISSING");
  Fill();
  journal_->Close();
  const auto change = [&](const char* sql) {
    auto database = journal::Database::Open(path_, SQLITE_OPEN_READWRITE, absl::Seconds(1));
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->Execute(sql).ok());
  };
  change("UPDATE event SET bytes = x'00' WHERE sequence = 3");
  EXPECT_EQ(ReasonNow(), "JOURNAL_DAMAGED");
  change("PRAGMA user_version = 9");
  EXPECT_EQ(ReasonNow(), "JOURNAL_VERSION");
  change("PRAGMA application_id = 1");
  EXPECT_EQ(ReasonNow(), "JOURNAL_FOREIGN");
}

}  // namespace
}  // namespace routerd::simulate
