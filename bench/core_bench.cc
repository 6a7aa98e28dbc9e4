// What one decision of the core costs while many wait: no journal, no network, one thread.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/core/router.h"

namespace {

// What has been asked of the heap so far.
struct Heap {
  int64_t calls = 0;
  int64_t bytes = 0;   // Handed out, over all calls.
  int64_t in_use = 0;  // Handed out and not given back.
};
Heap g_heap;

void* Allocate(size_t size, size_t alignment) {
  void* memory = alignment > 16 ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                                : std::malloc(size);
  if (memory == nullptr) std::abort();
  const auto usable = static_cast<int64_t>(malloc_usable_size(memory));
  ++g_heap.calls;
  g_heap.bytes += usable;
  g_heap.in_use += usable;
  return memory;
}

void Free(void* memory) {
  if (memory != nullptr) g_heap.in_use -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(size_t size) { return Allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { Free(memory); }

namespace routerd::core {
namespace {

constexpr int kSkillCount = 40;
constexpr auto kStep = std::chrono::milliseconds(1);  // Engine time between commands.

struct Size {
  int waiting = 0;
  int agents = 0;
  int classes = 0;   // Queues, each asking for something else.
  int profiles = 0;  // Sets of skills that agents have.
  auto operator<=>(const Size&) const = default;
};

// A centre that is as full as its size says. Same size, same centre: the seed is fixed.
class Centre {
 public:
  explicit Centre(const Size& size) : size_(size) {
    for (int i = 0; i < size.classes; ++i) queues_.push_back(absl::StrCat("queue-", i));
    for (int i = 0; i < size.agents; ++i) agents_.push_back(absl::StrCat("agent-", i));
    Do(Configure{std::make_shared<const Policy>(MakePolicy())});
    for (const std::string& agent : agents_) Do(SignIn{.agent = agent, .channels = {}});
    waiting_.resize(queues_.size());
    if (size.waiting == 0) {  // Half of the room is taken.
      while (active_.size() < agents_.size()) Fill(QueueId{static_cast<uint32_t>(Below(queues_.size()))});
    }
    // Each queue has its share in line, so every agent of use to any is busy.
    const int share = size.waiting / size.classes;
    for (bool full = false; !std::exchange(full, true);) {
      for (uint32_t queue = 0; queue < queues_.size(); ++queue) {
        if (waiting_[queue] >= share) continue;
        Fill(QueueId{queue});
        full = false;
      }
    }
  }

  // One contact completed and wrapped up, the next one offered and accepted in its place, and a new one in line for
  // what that asked for: the line keeps its length and its mixture. `timed` is called around each command.
  template <typename Timed>
  void ServeOne(Timed&& timed) {
    CompleteOne(timed);
    if (Offers().empty()) return;  // The rare agent whom nobody in line could use.
    timed([&] { Accept(offers_.front()); });
    timed([&] { Create(active_.back().queue); });
    AcceptAll();
  }

  // The same where nobody waits: one contact completed, a new one offered to the best of those with room and accepted.
  template <typename Timed>
  void ServeAtOnce(Timed&& timed) {
    const QueueId queue = CompleteOne(timed);
    AcceptAll();
    timed([&] { Create(queue); });
    timed([&] { AcceptAll(); });
  }

  // Time goes on and nothing is due.
  void Rest() {
    events_.clear();
    router_.Advance(now_ += std::chrono::nanoseconds(1), events_);
  }

  std::vector<ContactId> Line() const {
    std::vector<ContactId> line;
    router_.VisitLine([&](const ContactCommon& contact) {
      line.push_back(contact.id);
      return true;
    });
    std::mt19937_64 random(2);
    std::shuffle(line.begin(), line.end(), random);
    return line;
  }
  const Router& router() const { return router_; }
  Instant now() const { return now_; }

 private:
  Policy MakePolicy() {
    Policy policy;
    for (int i = 0; i < kSkillCount; ++i) policy.skills.push_back(absl::StrCat("skill-", i));
    policy.channels = {{"webchat", 50, 0}};
    policy.vips = {{"gold", std::chrono::seconds(180), 4}};
    policy.contacts_max = 10'000'000;
    for (const std::string& name : queues_) {
      QueuePolicy queue;
      queue.name = name;
      queue.requirements = Skills(1 + Below(2));
      queue.wrap_up = WrapUpMode::kUntilDone;
      policy.queues.push_back(std::move(queue));
    }
    std::vector<std::vector<NamedTier>> profiles;
    for (int i = 0; i < size_.profiles; ++i) profiles.push_back(Skills(6 + Below(5)));
    for (int i = 0; i < size_.agents; ++i)
      policy.agents.push_back({agents_[i], profiles[i % profiles.size()], {}, 100});
    return policy;
  }

  // `count` different skills, each at any tier.
  std::vector<NamedTier> Skills(size_t count) {
    std::map<size_t, Tier> chosen;
    while (chosen.size() < count) chosen[Below(kSkillCount)] = static_cast<Tier>(1 + Below(4));
    std::vector<NamedTier> skills;
    for (const auto& [skill, tier] : chosen) skills.push_back({absl::StrCat("skill-", skill), tier});
    return skills;
  }

  template <typename Timed>
  QueueId CompleteOne(Timed&& timed) {
    const Active done = std::exchange(active_[Below(active_.size())], active_.back());
    active_.pop_back();
    timed([&] { Do(CompleteContact{done.agent, done.contact, "done", ""}); });
    timed([&] { Do(FinishWrapUp{done.agent, done.contact, "done"}); });
    return done.queue;
  }

  void Fill(QueueId queue) {
    Create(queue);
    AcceptAll();
  }

  void Create(QueueId queue) {
    queue_of_.push_back(queue);
    ++waiting_[Index(queue)];
    Do(CreateContact{
        .queue = queues_[Index(queue)], .channel = "webchat", .requirements = {}, .vip = Below(10) == 0 ? "gold" : ""});
  }

  void Accept(const OfferMade& offer) {
    --waiting_[Index(queue_of_[Index(offer.contact)])];
    active_.push_back({std::string(router_.NameOf(offer.agent)), offer.contact, queue_of_[Index(offer.contact)]});
    Do(AcceptOffer{active_.back().agent, offer.contact, offer.offer});
  }

  void AcceptAll() {
    for (const OfferMade& offer : Offers()) Accept(offer);
  }

  // What the last command brought about.
  const std::vector<OfferMade>& Offers() {
    offers_.clear();
    for (const Event& event : events_) {
      if (const auto* offer = std::get_if<OfferMade>(&event.kind)) offers_.push_back(*offer);
    }
    return offers_;
  }

  void Do(const Command& command) {
    events_.clear();
    now_ += kStep;
    router_.Advance(now_, events_);
    if (!router_.Handle(command, now_, events_).ok()) std::abort();
  }

  size_t Below(size_t bound) { return random_() % bound; }

  struct Active {
    std::string agent;
    ContactId contact;
    QueueId queue;
  };

  const Size size_;
  std::mt19937_64 random_{1};
  std::vector<std::string> queues_, agents_;
  Router router_;
  Instant now_{std::chrono::seconds(1'700'000'000)};
  std::vector<Event> events_;
  std::vector<Active> active_;
  std::vector<QueueId> queue_of_{kNoQueue};  // By contact.
  std::vector<int> waiting_;                 // By queue.
  std::vector<OfferMade> offers_;
};

// The centre of the benchmark's size, filled once and kept between its runs.
Centre& CentreFor(const benchmark::State& state) {
  static std::map<Size, std::unique_ptr<Centre>> centres;
  const Size size{static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), static_cast<int>(state.range(2)),
                  static_cast<int>(state.range(3))};
  std::unique_ptr<Centre>& centre = centres[size];
  if (centre == nullptr) centre = std::make_unique<Centre>(size);
  return *centre;
}

constexpr auto kUntimed = [](auto&& command) { command(); };

void Names(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"waiting", "agents", "classes", "profiles"})->Unit(benchmark::kMicrosecond);
}

// Small centres and the one that targets speak of.
void Sizes(benchmark::internal::Benchmark* benchmark) {
  Names(benchmark);
  benchmark->Args({1'000, 100, 20, 20})->Args({10'000, 1'000, 50, 50})->Args({100'000, 10'000, 200, 200});
}

// One dimension grown at a time from the centre that targets speak of.
void Sweep(benchmark::internal::Benchmark* benchmark) {
  Names(benchmark);
  benchmark->Args({100'000, 10'000, 200, 200});
  for (const int waiting : {1'000, 10'000, 1'000'000}) benchmark->Args({waiting, 10'000, 200, 200});
  for (const int agents : {100, 1'000, 100'000}) benchmark->Args({100'000, agents, 200, 200});
  benchmark->Args({100'000, 10'000, 10'000, 200});
}

// Room everywhere: many agents to choose among, nobody in line.
void RoomSizes(benchmark::internal::Benchmark* benchmark) {
  Names(benchmark);
  benchmark->Args({0, 1'000, 200, 200})->Args({0, 10'000, 200, 200})->Args({0, 100'000, 200, 200});
  benchmark->Args({0, 10'000, 10'000, 200});
}

// Create, offer, accept, complete, wrap-up done; an item is a contact.
template <typename Serve>
void Lifecycles(benchmark::State& state, Serve serve) {
  Centre& centre = CentreFor(state);
  const Heap before = g_heap;
  for (auto _ : state) serve(centre, kUntimed);
  const auto contacts = static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
  state.counters["heap_calls"] = static_cast<double>(g_heap.calls - before.calls) / contacts;
  state.counters["heap_bytes"] = static_cast<double>(g_heap.bytes - before.bytes) / contacts;
}
constexpr auto kServeOne = [](Centre& centre, auto&& timed) { centre.ServeOne(timed); };
constexpr auto kServeAtOnce = [](Centre& centre, auto&& timed) { centre.ServeAtOnce(timed); };

void BM_Lifecycle(benchmark::State& state) { Lifecycles(state, kServeOne); }
BENCHMARK(BM_Lifecycle)->Apply(Sweep);
void BM_LifecycleWithRoom(benchmark::State& state) { Lifecycles(state, kServeAtOnce); }
BENCHMARK(BM_LifecycleWithRoom)->Apply(RoomSizes);

// Single commands of such lives, by wall time: the counters are percentiles, in ns, the clock's own 20 to 40 included.
template <typename Serve>
void Decisions(benchmark::State& state, Serve serve) {
  Centre& centre = CentreFor(state);
  std::vector<int64_t> took;
  took.reserve(1 << 22);
  const auto timed = [&took](auto&& command) {
    const auto begun = std::chrono::steady_clock::now();
    command();
    took.push_back((std::chrono::steady_clock::now() - begun).count());
  };
  for (auto _ : state) serve(centre, timed);
  state.SetItemsProcessed(static_cast<int64_t>(took.size()));
  std::sort(took.begin(), took.end());
  const auto percentile = [&took](double p) {
    return static_cast<double>(
        took[std::min(took.size() - 1, static_cast<size_t>(p * static_cast<double>(took.size())))]);
  };
  state.counters["p50"] = percentile(0.5);
  state.counters["p99"] = percentile(0.99);
  state.counters["p99.9"] = percentile(0.999);
}
void BM_Decision(benchmark::State& state) { Decisions(state, kServeOne); }
BENCHMARK(BM_Decision)->Apply(Sweep);
void BM_DecisionWithRoom(benchmark::State& state) { Decisions(state, kServeAtOnce); }
BENCHMARK(BM_DecisionWithRoom)->Apply(RoomSizes);

// A line of `waiting` in which each ms one contact relaxes. An item is one contact relaxed, which then leaves while a
// new one joins at the end; those who wait and are not due should cost nothing.
void BM_Relax(benchmark::State& state) {
  const auto waiting = state.range(0);
  Policy policy;
  policy.skills = {"billing"};
  policy.channels = {{"webchat", 50, 0}};
  QueuePolicy queue;
  queue.name = "billing";
  queue.requirements = {{"billing", Tier::kExpert}};
  queue.steps = {{kStep * waiting, {{"billing", Tier::kJunior}}}};
  policy.queues = {queue};
  policy.contacts_max = 2 * waiting;

  Router router;
  std::vector<Event> events;
  Instant now{std::chrono::seconds(1'700'000'000)};
  const auto handle = [&](const Command& command) {
    if (!router.Handle(command, now, events).ok()) std::abort();
  };
  const auto create = [&] {
    handle(CreateContact{.queue = "billing", .channel = "webchat", .requirements = {}, .vip = ""});
  };
  handle(Configure{std::make_shared<const Policy>(policy)});
  const Heap before = g_heap;
  for (int64_t i = 0; i < waiting; ++i) {
    now += kStep;
    create();
    events.clear();
  }
  state.counters["contact_bytes"] = static_cast<double>(g_heap.in_use - before.in_use) / static_cast<double>(waiting);
  uint64_t first = 1;
  for (auto _ : state) {
    now += kStep;
    router.Advance(now, events);
    if (events.size() != 1) std::abort();
    handle(EndContact{ContactId{first++}, false, ""});
    create();
    events.clear();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Relax)->ArgName("waiting")->RangeMultiplier(10)->Range(1'000, 1'000'000);

// A moment at which nothing is due, with a million in line.
void BM_AdvanceIdle(benchmark::State& state) {
  Centre& centre = CentreFor(state);
  for (auto _ : state) centre.Rest();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AdvanceIdle)->Apply(Names)->Args({1'000'000, 10'000, 200, 200})->Unit(benchmark::kNanosecond);

// What an agent with ten skills takes: its part of the policy, its name and its place in the pools included.
void BM_AgentMemory(benchmark::State& state) {
  const auto agents = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    const Heap before = g_heap;
    auto policy = std::make_shared<Policy>();
    policy->channels = {{"phone", 100, 0}, {"webchat", 25, 0}, {"wechat", 20, 0}, {"weibo", 20, 0}, {"video", 100, 0}};
    std::vector<NamedTier> skills;
    for (int i = 0; i < 10; ++i) skills.push_back({absl::StrCat("skill-", i), Tier::kSenior});
    for (const NamedTier& skill : skills) policy->skills.push_back(skill.skill);
    policy->queues.resize(1);
    policy->queues[0].name = "billing";
    for (size_t i = 0; i < agents; ++i) policy->agents.push_back({absl::StrCat("agent-", i), skills, {}, 100});
    policy->agents.shrink_to_fit();
    Router router;
    std::vector<Event> events;
    const Instant now{std::chrono::seconds(1'700'000'000)};
    if (!router.Handle(Configure{policy}, now, events).ok()) std::abort();
    for (const AgentPolicy& agent : policy->agents) {
      if (!router.Handle(SignIn{.agent = agent.name, .channels = {}}, now, events).ok()) std::abort();
      events.clear();
    }
    state.counters["agent_bytes"] = static_cast<double>(g_heap.in_use - before.in_use) / static_cast<double>(agents);
  }
}
BENCHMARK(BM_AgentMemory)->ArgName("agents")->Arg(10'000)->Iterations(1);

// Place and expected wait of one contact, anywhere in the line.
void BM_Estimate(benchmark::State& state) {
  const Centre& centre = CentreFor(state);
  const std::vector<ContactId> line = centre.Line();
  size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(centre.router().Estimate(line[at++ % line.size()], centre.now()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Estimate)->Apply(Sizes);

// The same for everybody who waits, in one pass; an item is a contact.
void BM_EstimateAll(benchmark::State& state) {
  const Centre& centre = CentreFor(state);
  for (auto _ : state) {
    int place_sum = 0;
    centre.router().EstimateAll(
        centre.now(), [&](const ContactCommon&, const WaitEstimate& estimate) { place_sum += estimate.place > 0; });
    benchmark::DoNotOptimize(place_sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(centre.router().waiting_count()));
}
BENCHMARK(BM_EstimateAll)->Apply(Sizes);

// Why one contact waits, told of twenty agents.
void BM_Explain(benchmark::State& state) {
  const Centre& centre = CentreFor(state);
  const std::vector<ContactId> line = centre.Line();
  size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(centre.router().Explain(line[at++ % line.size()], centre.now(), 20));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Explain)->Apply(Sizes);

}  // namespace
}  // namespace routerd::core
