// How many entries a second the embedded journal makes durable, sync to disk included, by what waits together.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "routerd/journal/sqlite_journal.h"

namespace routerd::journal {
namespace {

constexpr size_t kEntryBytes = 200;

// A journal in a folder of its own, under $TMPDIR: what it measures is that folder's disk.
struct OpenJournal {
  OpenJournal() {
    folder = (std::filesystem::temp_directory_path() / "routerd_bench_XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) std::abort();
    journal = OpenSqliteJournal({.path = folder + "/journal.db"}).value();
    journal->Replay([](auto) { return absl::OkStatus(); }, [](auto...) { return absl::OkStatus(); }).value();
  }
  ~OpenJournal() {
    journal->Close();
    std::filesystem::remove_all(folder);
  }
  Batch Next(int64_t entry_count) {
    Batch batch;
    for (int64_t i = 0; i < entry_count; ++i) batch.entries.push_back({++sequence, std::string(kEntryBytes, 'e')});
    return batch;
  }

  std::string folder;
  std::unique_ptr<Journal> journal;
  int64_t sequence = 0;
};

void Check(const absl::Status& status) {
  if (!status.ok()) std::abort();
}

// One batch at a time: the latency of a commit.
void BM_AppendAndWait(benchmark::State& state) {
  OpenJournal open;
  for (auto _ : state) {
    std::promise<void> durable;
    open.journal->Append(open.Next(state.range(0)), [&](absl::Status status) {
      Check(status);
      durable.set_value();
    });
    durable.get_future().wait();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_AppendAndWait)->ArgName("entries")->Arg(1)->Arg(10)->Arg(100)->Arg(1'000)->Arg(10'000)->UseRealTime();

// Batches handed over without waiting, as the engine does, while less than 1 MiB is pending: group commits.
void BM_AppendStream(benchmark::State& state) {
  OpenJournal open;
  for (auto _ : state) {
    open.journal->Append(open.Next(state.range(0)), Check);
    if (open.journal->pending().bytes < (1 << 20)) continue;
    std::promise<void> durable;
    open.journal->Append({}, [&](absl::Status) { durable.set_value(); });
    durable.get_future().wait();
  }
  open.journal->Close();
  const Stats stats = open.journal->stats();
  state.SetItemsProcessed(stats.entry_count);
  state.counters["entries_per_commit"] =
      static_cast<double>(stats.entry_count) / static_cast<double>(std::max<int64_t>(stats.commit_count, 1));
  state.counters["commit_ms_max"] = static_cast<double>(stats.commit_ns_max) / 1e6;
}
BENCHMARK(BM_AppendStream)->ArgName("entries")->Arg(1)->Arg(10)->Arg(100)->UseRealTime();

// A snapshot of this many records of 500 bytes, with nothing else to do.
void BM_WriteSnapshot(benchmark::State& state) {
  OpenJournal open;
  std::promise<void> appended;
  open.journal->Append(open.Next(1), [&](absl::Status) { appended.set_value(); });
  appended.get_future().wait();
  for (auto _ : state) {
    state.PauseTiming();
    Snapshot snapshot{.sequence = 1, .records = std::vector<std::string>(state.range(0), std::string(500, 's'))};
    state.ResumeTiming();
    std::promise<void> durable;
    open.journal->WriteSnapshot(std::move(snapshot), [&](absl::Status status) {
      Check(status);
      durable.set_value();
    });
    durable.get_future().wait();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_WriteSnapshot)
    ->ArgName("records")
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Opening and replaying so many entries.
void BM_Replay(benchmark::State& state) {
  OpenJournal open;
  open.journal->Append(open.Next(state.range(0)), Check);
  for (auto _ : state) {
    open.journal->Close();
    open.journal = OpenSqliteJournal({.path = open.folder + "/journal.db"}).value();
    open.journal->Replay([](auto) { return absl::OkStatus(); }, [](auto...) { return absl::OkStatus(); }).value();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Replay)->ArgName("entries")->Arg(1'000'000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace routerd::journal
