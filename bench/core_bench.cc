// What one decision of the core costs while many wait: no journal, no network, one thread.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/core/router.h"

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

// A centre with every useful agent busy and `waiting` contacts in line. Same size, same centre: the seed is fixed.
class Centre {
 public:
  explicit Centre(const Size& size) : size_(size) {
    Do(Configure{std::make_shared<const Policy>(MakePolicy())});
    for (int i = 0; i < size.agents; ++i) Do(SignIn{.agent = absl::StrCat("agent-", i), .channels = {}});
    while (router_.waiting_count() < static_cast<size_t>(size.waiting)) Create(Below(size_.classes));
  }

  // One contact completed, the next one offered and accepted in its place, and a new one in line for what that asked
  // for: the line keeps its length and its mixture.
  void ServeOne() {
    const size_t at = Below(active_.size());
    const auto [agent, contact] = std::exchange(active_[at], active_.back());
    active_.pop_back();
    Do(CompleteContact{.agent = NameOf(agent), .contact = contact, .disposition = "done", .summary = ""});
    for (const QueueId queue : AcceptOffers()) Create(Index(queue));
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
    for (int i = 0; i < size_.classes; ++i) {
      QueuePolicy queue;
      queue.name = absl::StrCat("queue-", i);
      queue.requirements = Skills(1 + Below(2));
      policy.queues.push_back(std::move(queue));
    }
    std::vector<std::vector<NamedTier>> profiles;
    for (int i = 0; i < size_.profiles; ++i) profiles.push_back(Skills(6 + Below(5)));
    for (int i = 0; i < size_.agents; ++i) {
      policy.agents.push_back({absl::StrCat("agent-", i), profiles[i % profiles.size()], {}, 100});
    }
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

  void Create(size_t queue) {
    Do(CreateContact{.queue = absl::StrCat("queue-", queue),
                     .channel = "webchat",
                     .requirements = {},
                     .vip = Below(10) == 0 ? "gold" : ""});
    AcceptOffers();
  }

  // Accepts what the last command brought about; returns the queues concerned.
  std::vector<QueueId> AcceptOffers() {
    std::vector<OfferMade> offers;
    for (const Event& event : events_) {
      if (const auto* offer = std::get_if<OfferMade>(&event.kind)) offers.push_back(*offer);
    }
    std::vector<QueueId> queues;
    for (const OfferMade& offer : offers) {
      Do(AcceptOffer{NameOf(offer.agent), offer.contact, offer.offer});
      active_.emplace_back(offer.agent, offer.contact);
      queues.push_back(router_.FindContact(offer.contact)->queue);
    }
    return queues;
  }

  void Do(const Command& command) {
    events_.clear();
    now_ += kStep;
    router_.Advance(now_, events_);
    if (!router_.Handle(command, now_, events_).ok()) std::abort();
  }

  std::string NameOf(AgentId agent) const { return std::string(router_.NameOf(agent)); }
  size_t Below(size_t bound) { return random_() % bound; }

  const Size size_;
  std::mt19937_64 random_{1};
  Router router_;
  Instant now_{std::chrono::seconds(1'700'000'000)};
  std::vector<Event> events_;
  std::vector<std::pair<AgentId, ContactId>> active_;
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

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"waiting", "agents", "classes", "profiles"})
      ->Args({1'000, 100, 20, 20})
      ->Args({10'000, 1'000, 50, 50})
      ->Args({100'000, 10'000, 200, 200});
}

// Create, offer, accept and complete; an item is a contact.
void BM_Lifecycle(benchmark::State& state) {
  Centre& centre = CentreFor(state);
  for (auto _ : state) centre.ServeOne();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Lifecycle)->Apply(Sizes)->Unit(benchmark::kMicrosecond);

// Place and expected wait of one contact, anywhere in the line.
void BM_Estimate(benchmark::State& state) {
  const Centre& centre = CentreFor(state);
  const std::vector<ContactId> line = centre.Line();
  size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(centre.router().Estimate(line[at++ % line.size()], centre.now()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Estimate)->Apply(Sizes)->Unit(benchmark::kMicrosecond);

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
BENCHMARK(BM_EstimateAll)->Apply(Sizes)->Unit(benchmark::kMicrosecond);

// Why one contact waits, told of twenty agents.
void BM_Explain(benchmark::State& state) {
  const Centre& centre = CentreFor(state);
  const std::vector<ContactId> line = centre.Line();
  size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(centre.router().Explain(line[at++ % line.size()], centre.now(), 20));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Explain)->Apply(Sizes)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace routerd::core
