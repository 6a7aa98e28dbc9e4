// What every journal promises, whatever it is made of.
#include <algorithm>
#include <atomic>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "routerd/journal/journal.h"
#include "routerd/journal/memory_journal.h"
#include "routerd/journal/sqlite_journal.h"
#include "tests/journal/testing.h"

namespace routerd::journal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kRetained = 10;  // Entries kept behind a snapshot.

// Storage that outlives the journals opened on it.
class Storage {
 public:
  virtual ~Storage() = default;
  virtual std::unique_ptr<Journal> Open() = 0;
  // Lets the journal do what it was handed, where it doesn't by itself.
  virtual void Pump(Journal&) {}
};

class SqliteStorage : public Storage {
 public:
  std::unique_ptr<Journal> Open() override {
    absl::StatusOr<std::unique_ptr<Journal>> journal = OpenSqliteJournal({.path = folder_.File("journal.db"),
                                                                          .retain_entries_max = kRetained,
                                                                          .retain_ended = absl::InfiniteDuration()});
    EXPECT_TRUE(journal.ok()) << journal.status();
    return *std::move(journal);
  }

 private:
  TemporaryFolder folder_;
};

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(MemoryJournal::Mode mode) : mode_(mode) {}
  std::unique_ptr<Journal> Open() override { return std::make_unique<MemoryJournal>(store_, mode_); }
  void Pump(Journal& journal) override {
    if (mode_ != MemoryJournal::Mode::kManual) return;
    while (static_cast<MemoryJournal&>(journal).Commit() > 0) {
    }
  }

 private:
  const MemoryJournal::Mode mode_;
  MemoryStore store_{kRetained};
};

struct Kind {
  std::string_view name;
  std::function<std::unique_ptr<Storage>()> make;
};
const Kind kKinds[] = {
    {"Sqlite", [] { return std::make_unique<SqliteStorage>(); }},
    {"MemoryThreaded", [] { return std::make_unique<MemoryStorage>(MemoryJournal::Mode::kThreaded); }},
    {"MemoryManual", [] { return std::make_unique<MemoryStorage>(MemoryJournal::Mode::kManual); }},
};

class JournalTest : public testing::TestWithParam<Kind> {
 protected:
  JournalTest() : storage_(GetParam().make()), journal_(storage_->Open()) {}

  absl::Status Append(Batch batch) {
    return Await([&](Journal::Done done) { journal_->Append(std::move(batch), std::move(done)); },
                 [this] { storage_->Pump(*journal_); });
  }
  absl::Status WriteSnapshot(Snapshot snapshot) {
    return Await([&](Journal::Done done) { journal_->WriteSnapshot(std::move(snapshot), std::move(done)); },
                 [this] { storage_->Pump(*journal_); });
  }
  Recovered Reopen() {
    journal_->Close();
    journal_.reset();
    journal_ = storage_->Open();
    absl::StatusOr<Recovered> recovered = Recover(*journal_);
    EXPECT_TRUE(recovered.ok()) << recovered.status();
    return *std::move(recovered);
  }
  void Replay() { ASSERT_TRUE(Recover(*journal_).ok()); }
  // Read after the trimming behind a snapshot, which goes on in turn with appends.
  absl::StatusOr<std::vector<Entry>> ReadOnceTrimmed(int64_t after) {
    absl::StatusOr<std::vector<Entry>> entries = journal_->Read(after, 1000);
    for (int i = 0; i < 1000 && entries.ok(); ++i) {
      EXPECT_TRUE(Append({}).ok());
      entries = journal_->Read(after, 1000);
    }
    return entries;
  }

  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Journal> journal_;
};
INSTANTIATE_TEST_SUITE_P(Kinds, JournalTest, testing::ValuesIn(kKinds),
                         [](const auto& info) { return std::string(info.param.name); });

std::vector<int64_t> Numbers(int64_t first, int64_t last) {
  std::vector<int64_t> numbers(last - first + 1);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

TEST_P(JournalTest, ANewOneReplaysNothing) {
  const absl::StatusOr<Recovered> recovered = Recover(*journal_);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->replayed.last_sequence, 0);
  EXPECT_EQ(recovered->replayed.snapshot_sequence, 0);
  EXPECT_THAT(recovered->records, IsEmpty());
  EXPECT_THAT(recovered->sequences, IsEmpty());
}

TEST_P(JournalTest, ReplaysWhatWasAppended) {
  Replay();
  ASSERT_TRUE(Append(BatchOf(1, 1)).ok());
  ASSERT_TRUE(Append(BatchOf(2, 300)).ok());
  const Recovered recovered = Reopen();
  EXPECT_EQ(recovered.replayed.last_sequence, 300);
  EXPECT_EQ(recovered.sequences, Numbers(1, 300));  // Recover compared the bytes.

  ASSERT_TRUE(Append(BatchOf(301, 302)).ok());
  EXPECT_EQ(Reopen().sequences, Numbers(1, 302));
}

TEST_P(JournalTest, ReplaysTheSnapshotAndWhatCameAfterIt) {
  Replay();
  ASSERT_TRUE(Append(BatchOf(1, 20)).ok());
  ASSERT_TRUE(WriteSnapshot({.sequence = 15, .records = {"a", "", std::string(9000, 'c')}}).ok());
  ASSERT_TRUE(Append(BatchOf(21, 25)).ok());
  Recovered recovered = Reopen();
  EXPECT_EQ(recovered.replayed.snapshot_sequence, 15);
  EXPECT_EQ(recovered.replayed.record_count, 3u);
  EXPECT_THAT(recovered.records, ElementsAre("a", "", std::string(9000, 'c')));
  EXPECT_EQ(recovered.sequences, Numbers(16, 25));

  // A newer one replaces it, even where it is smaller.
  ASSERT_TRUE(WriteSnapshot({.sequence = 25, .records = {"d"}}).ok());
  recovered = Reopen();
  EXPECT_THAT(recovered.records, ElementsAre("d"));
  EXPECT_THAT(recovered.sequences, IsEmpty());
  EXPECT_EQ(recovered.replayed.last_sequence, 25);
  ASSERT_TRUE(Append(BatchOf(26, 26)).ok());
}

TEST_P(JournalTest, StopsAtAVisitorsError) {
  Replay();
  ASSERT_TRUE(Append(BatchOf(1, 3)).ok());
  journal_->Close();
  journal_ = storage_->Open();
  int visited = 0;
  const auto replayed = journal_->Replay([](std::string_view) { return absl::OkStatus(); },
                                         [&](int64_t sequence, std::string_view) {
                                           ++visited;
                                           return sequence == 2 ? absl::InternalError("no") : absl::OkStatus();
                                         });
  EXPECT_EQ(replayed.status(), absl::InternalError("no"));
  EXPECT_EQ(visited, 2);
}

TEST_P(JournalTest, CallsDoneInOrder) {
  Replay();
  std::vector<int> order;  // Touched by one thread at a time: the journal's, then this one after the barrier.
  int64_t sequence = 1;
  for (int i = 0; i < 200; ++i) {
    const int64_t size = i % 5;  // An empty batch waits its turn too.
    journal_->Append(BatchOf(sequence, sequence + size - 1), [&order, i](absl::Status status) {
      EXPECT_TRUE(status.ok()) << status;
      order.push_back(i);
    });
    sequence += size;
  }
  ASSERT_TRUE(Append({}).ok());
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
  EXPECT_EQ(journal_->pending().batch_count, 0u);
  EXPECT_EQ(journal_->pending().bytes, 0u);
  EXPECT_EQ(journal_->stats().durable_sequence, sequence - 1);
  EXPECT_EQ(journal_->stats().entry_count, sequence - 1);
  EXPECT_EQ(journal_->stats().batch_count, 201);
}

TEST_P(JournalTest, ADoneMayAppend) {
  Replay();
  ASSERT_TRUE(Await(
                  [&](Journal::Done done) {
                    journal_->Append(BatchOf(1, 1), [&, done](absl::Status status) {
                      EXPECT_TRUE(status.ok());
                      journal_->Append(BatchOf(2, 2), done);
                    });
                  },
                  [this] { storage_->Pump(*journal_); })
                  .ok());
  EXPECT_EQ(Reopen().sequences, Numbers(1, 2));
}

TEST_P(JournalTest, CloseMakesWhatWasHandedOverDurable) {
  Replay();
  std::atomic<int> done_count = 0;
  const auto count = [&](absl::Status status) { done_count += status.ok(); };
  for (int i = 1; i <= 50; ++i) journal_->Append(BatchOf(i, i), count);
  journal_->WriteSnapshot({.sequence = 40, .records = std::vector<std::string>(5000, "r")}, count);
  journal_->Append(BatchOf(51, 51), count);
  journal_->Close();
  EXPECT_EQ(done_count, 52);
  journal_->Close();  // Does nothing.
  const Recovered recovered = Reopen();
  EXPECT_EQ(recovered.records.size(), 5000u);
  EXPECT_EQ(recovered.sequences, Numbers(41, 51));
}

TEST_P(JournalTest, RefusesWorkBeforeTheReplayAndAfterClose) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Append(BatchOf(1, 1))));
  EXPECT_TRUE(absl::IsFailedPrecondition(WriteSnapshot({})));
  Replay();
  EXPECT_TRUE(absl::IsFailedPrecondition(Recover(*journal_).status()));
  ASSERT_TRUE(Append(BatchOf(1, 1)).ok());
  journal_->Close();
  EXPECT_TRUE(absl::IsFailedPrecondition(Append(BatchOf(2, 2))));
  EXPECT_TRUE(absl::IsFailedPrecondition(WriteSnapshot({.sequence = 1, .records = {}})));
  EXPECT_TRUE(absl::IsFailedPrecondition(Recover(*journal_).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(journal_->Read(0, 1).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(journal_->FindEnded("contacts/1").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(journal_->ListEnded({}).status()));
}

TEST_P(JournalTest, AGapFailsTheJournalFromThereOn) {
  Replay();
  ASSERT_TRUE(Append(BatchOf(1, 5)).ok());
  const absl::Status gap = Append(BatchOf(7, 8));
  EXPECT_TRUE(absl::IsInvalidArgument(gap)) << gap;
  EXPECT_EQ(base::ReasonOf(gap), "JOURNAL_GAP");
  EXPECT_THAT(std::string(gap.message()), HasSubstr("entry 7 cannot follow entry 5"));
  EXPECT_EQ(Append(BatchOf(6, 6)), gap);
  EXPECT_EQ(Append({}), gap);
  EXPECT_EQ(WriteSnapshot({.sequence = 5, .records = {}}), gap);
  EXPECT_EQ(Reopen().sequences, Numbers(1, 5));
  EXPECT_TRUE(Append(BatchOf(6, 6)).ok());
}

TEST_P(JournalTest, RefusesASnapshotOutOfPlace) {
  Replay();
  ASSERT_TRUE(Append(BatchOf(1, 5)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(WriteSnapshot({.sequence = 6, .records = {"a"}})));
  ASSERT_TRUE(WriteSnapshot({.sequence = 4, .records = {"b"}}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(WriteSnapshot({.sequence = 3, .records = {"c"}})));
  EXPECT_TRUE(Append(BatchOf(6, 6)).ok());  // The journal itself is well.
  EXPECT_THAT(Reopen().records, ElementsAre("b"));
}

TEST_P(JournalTest, TakesOneSnapshotAtATime) {
  Replay();
  absl::Status first = absl::UnknownError("");
  absl::Status second = absl::UnknownError("");
  journal_->Append(BatchOf(1, 1), [&](absl::Status) {  // Both before the journal's thread can go on.
    journal_->WriteSnapshot({.sequence = 1, .records = {"a", "b"}}, [&](absl::Status status) { first = status; });
    journal_->WriteSnapshot({.sequence = 1, .records = {"c"}}, [&](absl::Status status) { second = status; });
  });
  journal_->Close();
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_THAT(Reopen().records, ElementsAre("a", "b"));
  EXPECT_TRUE(WriteSnapshot({.sequence = 1, .records = {"d"}}).ok());
}

TEST_P(JournalTest, ReadsEntriesInPages) {
  Replay();
  EXPECT_THAT(*journal_->Read(0, 10), IsEmpty());
  ASSERT_TRUE(Append(BatchOf(1, 100)).ok());
  int64_t after = 0;
  while (true) {
    const absl::StatusOr<std::vector<Entry>> page = journal_->Read(after, 30);
    ASSERT_TRUE(page.ok()) << page.status();
    if (page->empty()) break;
    EXPECT_LE(page->size(), 30u);
    for (const Entry& entry : *page) {
      EXPECT_EQ(entry.sequence, ++after);
      EXPECT_EQ(entry.bytes, BytesOf(entry.sequence));
    }
  }
  EXPECT_EQ(after, 100);
  EXPECT_THAT(*journal_->Read(100, 10), IsEmpty());
  EXPECT_THAT(*journal_->Read(5000, 10), IsEmpty());
  EXPECT_THAT(*journal_->Read(5, 0), IsEmpty());
}

TEST_P(JournalTest, TrimsWhatASnapshotCoversBeyondTheRetention) {
  Replay();
  ASSERT_TRUE(Append(BatchOf(1, 1000)).ok());
  ASSERT_TRUE(WriteSnapshot({.sequence = 995, .records = {"a"}}).ok());
  const absl::Status trimmed = ReadOnceTrimmed(989).status();
  EXPECT_TRUE(absl::IsOutOfRange(trimmed)) << trimmed;
  EXPECT_EQ(base::ReasonOf(trimmed), "JOURNAL_TRIMMED");
  EXPECT_THAT(std::string(trimmed.message()), HasSubstr("the oldest that is kept is 991"));
  const absl::StatusOr<std::vector<Entry>> kept = journal_->Read(990, 100);
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_EQ(kept->size(), 10u);
  EXPECT_EQ(kept->front().sequence, 991);

  // What no snapshot covers stays, however much it is.
  ASSERT_TRUE(Append(BatchOf(1001, 1100)).ok());
  EXPECT_TRUE(absl::IsOutOfRange(journal_->Read(0, 1).status()));
  EXPECT_EQ(journal_->Read(995, 1000)->size(), 105u);
  EXPECT_EQ(Reopen().sequences, Numbers(996, 1100));
}

TEST_P(JournalTest, FindsEndedContacts) {
  Replay();
  EXPECT_EQ(*journal_->FindEnded("contacts/1"), std::nullopt);
  Batch batch = BatchOf(1, 1);
  batch.ended = {Ended("contacts/1", 10), Ended("contacts/2", 20)};
  ASSERT_TRUE(Append(std::move(batch)).ok());
  EXPECT_EQ(*journal_->FindEnded("contacts/1"), "record of contacts/1");
  EXPECT_EQ(*journal_->FindEnded("contacts/3"), std::nullopt);

  // A later row, say after wrap-up, replaces the first.
  EndedContact again = Ended("contacts/1", 30);
  again.record = "second record";
  ASSERT_TRUE(Append({.entries = {}, .ended = {again}}).ok());
  EXPECT_EQ(*journal_->FindEnded("contacts/1"), "second record");
  EXPECT_THAT(*journal_->ListEnded({}), ElementsAre("second record", "record of contacts/2"));
  Reopen();
  EXPECT_EQ(*journal_->FindEnded("contacts/1"), "second record");
}

TEST_P(JournalTest, ListsEndedContactsNewestFirst) {
  Replay();
  Batch batch;
  for (int i = 1; i <= 9; ++i) {
    EndedContact ended = Ended(absl::StrCat("contacts/", i), i / 2);  // Some end at the same time.
    ended.queue = i % 3 == 0 ? "queues/billing" : "queues/orders";
    ended.agent = i % 2 == 0 ? "agents/ana" : "agents/bo";
    ended.customer = i <= 4 ? "customers/1" : "customers/2";
    ended.record = absl::StrCat(i);
    batch.ended.push_back(ended);
  }
  ASSERT_TRUE(Append(std::move(batch)).ok());
  EXPECT_THAT(*journal_->ListEnded({}), ElementsAre("9", "8", "7", "6", "5", "4", "3", "2", "1"));
  EXPECT_THAT(*journal_->ListEnded({.queue = "queues/billing"}), ElementsAre("9", "6", "3"));
  EXPECT_THAT(*journal_->ListEnded({.agent = "agents/ana"}), ElementsAre("8", "6", "4", "2"));
  EXPECT_THAT(*journal_->ListEnded({.customer = "customers/1"}), ElementsAre("4", "3", "2", "1"));
  EXPECT_THAT(*journal_->ListEnded({.queue = "queues/billing", .customer = "customers/2", .agent = "agents/ana"}),
              ElementsAre("6"));
  EXPECT_THAT(*journal_->ListEnded({.queue = "queues/none"}), IsEmpty());
  EXPECT_THAT(*journal_->ListEnded({.limit = 2}), ElementsAre("9", "8"));
  // The next pages, between two that ended at the same time and between two instants.
  EXPECT_THAT(*journal_->ListEnded({.before_time_ns = 3, .before_contact = "contacts/7", .limit = 2}),
              ElementsAre("6", "5"));
  EXPECT_THAT(*journal_->ListEnded({.before_time_ns = 2, .limit = 2}), ElementsAre("3", "2"));
}

}  // namespace
}  // namespace routerd::journal
