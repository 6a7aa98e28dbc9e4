#include "routerd/core/forecast.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace routerd::core {
namespace {

// From an offer to its answer.
constexpr double kAnswerSeconds = 2;
// The 90th percentile of the standard normal distribution is 1.28; a little more makes up for what no run knows: that
// agents come and go, and that others come with a better rank. Chosen so that on recorded days nine waits in ten stay
// within what was told (`routerctl simulate` prints the share).
constexpr double kZ90 = 1.4;
constexpr size_t kFactorCount = 1024;

Duration FromSeconds(double s) { return Duration(static_cast<int64_t>(s * 1e9)); }
double ToSeconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// Spreads numbers evenly (splitmix64).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// How many times as long as the mean a conversation lasts: even quantiles of a log-normal distribution, as long
// conversations are much longer than short ones are short.
const std::array<double, kFactorCount>& Factors() {
  static const auto kFactors = [] {
    constexpr double kSigma = 0.75;
    std::array<double, kFactorCount> factors;
    for (size_t i = 0; i < kFactorCount; ++i) {
      // The normal quantile, by bisection: once a process.
      const double p = (static_cast<double>(i) + 0.5) / kFactorCount;
      double low = -6, high = 6;
      for (int step = 0; step < 50; ++step) {
        const double middle = (low + high) / 2;
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
      }
      factors[i] = std::exp(kSigma * low - kSigma * kSigma / 2);
    }
    return factors;
  }();
  return kFactors;
}

// Quantile of a gamma distribution by its mean, shape and the normal quantile z (Wilson and Hilferty).
double GammaQuantile(double mean, double shape, double z) {
  const double t = 1 - 1 / (9 * shape) + z / (3 * std::sqrt(shape));
  return t <= 0 ? 0 : mean * t * t * t;
}

}  // namespace

Forecast::Forecast(const Router::Impl& router, Instant now) : r_(router), now_(now) {}

double Forecast::HandleSeconds(ClassIx cls) const { return r_.line.learned(cls).HandleSeconds(); }

// One draw of how many means something lasts, of those factors that are left from `from` on.
double Forecast::Draw(uint64_t draw, size_t from) const {
  // Runs come in pairs of opposite luck, so that few of them have about the right mean.
  size_t at = Mix(draw * 64 + static_cast<uint64_t>(run_ / 2)) % (kFactorCount - from);
  if (run_ % 2 == 1) at = kFactorCount - from - 1 - at;
  return Factors()[from + at];
}

Forecast::Kind Forecast::KindOf(const Requirement& asked) {
  const auto [it, fresh] = kind_index_.try_emplace(asked, static_cast<Kind>(kinds_.size()));
  if (!fresh) return it->second;
  KindOfWork& kind = kinds_.emplace_back();
  kind.asked = asked;
  kind.cost = r_.roster.cost(asked.channel);
  kind.handle_s = Learned::kHandleSecondsDefault;
  if (const ClassIx cls = r_.line.Find(asked); cls != kNoClass) {
    kind.profiles = r_.class_profiles[cls];
    kind.handle_s = HandleSeconds(cls);
    return it->second;
  }
  for (ProfileIx p = 0; p < r_.roster.profile_count(); ++p) {
    if (r_.MayServe(r_.roster.profile(p), asked)) kind.profiles.Set(p);
  }
  return it->second;
}

// What a contact asks for once a step has relaxed it; as long-lasting as before.
Forecast::Kind Forecast::RelaxedKind(const Contact& contact, Kind from, int step) {
  Requirement asked = kinds_[from].asked;
  const QueueRules& queue = r_.rules(contact.queue);
  asked.skills = r_.Relaxed(queue, asked.skills, queue.steps[static_cast<size_t>(step)].requirements);
  const double handle_s = kinds_[from].handle_s;
  const Kind to = KindOf(asked);
  kinds_[to].handle_s = handle_s;
  return to;
}

size_t Forecast::Add(const Contact& contact) {
  Entry& entry = entries_.emplace_back();
  entry.contact = &contact;
  entry.key = contact.key();
  entry.kind = KindOf(r_.line.requirement(contact.cls));
  entry.draw = Index(contact.id);
  return entries_.size() - 1;
}

size_t Forecast::AddNewcomer(const Requirement& asked, const LineKey& key) {
  Entry& entry = entries_.emplace_back();
  entry.key = key;
  entry.kind = KindOf(asked);
  entry.draw = Index(key.contact);
  return entries_.size() - 1;
}

void Forecast::AddWorkers() {
  const size_t channels = r_.roster.channel_count();
  const size_t profiles = r_.roster.profile_count();
  staff_.resize(profiles);
  kinds_of_.resize(profiles);
  for (Kind k = 0; k < kinds_.size(); ++k) {
    kinds_[k].profiles.ForEach([&](size_t p) { kinds_of_[p].push_back(k); });
  }
  for (size_t i = 0; i < r_.roster.agent_count(); ++i) {
    const AgentId id{static_cast<uint32_t>(i)};
    const Agent& agent = r_.roster.at(id);
    if (!agent.standing.on_duty || (kinds_of_[agent.profile].empty() && agent.reserved.empty())) continue;
    const auto number = static_cast<uint32_t>(workers_.size());
    workers_.push_back({id, agent.profile, agent.capacity - agent.used, counts_.size(), {}});
    worker_index_[id] = number;
    staff_[agent.profile].push_back(number);
    for (size_t ch = 0; ch < channels; ++ch) counts_.push_back(agent.data.count_max[ch] - agent.counts[ch]);
    for (const ContactId contact : agent.held) AddHeld(number, *r_.Find(contact));
  }
}

void Forecast::AddHeld(uint32_t worker, const Contact& contact) {
  const auto& factors = Factors();
  Held held{worker, Index(contact.channel), Index(contact.id), HandleSeconds(contact.cls), 0, 0};
  held.lasted = ToSeconds(now_ - contact.offered_at) / held.mean_s;
  held.from = static_cast<size_t>(std::upper_bound(factors.begin(), factors.end(), held.lasted) - factors.begin());
  if (held.from > kFactorCount - kFactorCount / 50) {  // Longer than anything usual: as if it were in its middle.
    held.from = kFactorCount / 2;
    held.lasted = factors[held.from];
  }
  held_.push_back(held);
}

void Forecast::Run(int run_count, size_t position) {
  SortIn();
  AddWorkers();
  PlanStart();
  const Position until_served = position == kEverybody ? kNobody : position_of_[position];
  for (run_ = 0; run_ < run_count; ++run_) Play(until_served);
}

// Puts everybody in line order, and plans what the clock brings.
void Forecast::SortIn() {
  std::vector<size_t> order(entries_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [this](size_t a, size_t b) { return entries_[a].key < entries_[b].key; });
  std::vector<Entry> sorted;
  sorted.reserve(entries_.size());
  position_of_.resize(entries_.size());
  for (const size_t i : order) {
    position_of_[i] = static_cast<Position>(sorted.size());
    sorted.push_back(entries_[i]);
  }
  entries_ = std::move(sorted);
  for (Position i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const bool kept = entry.contact != nullptr && entry.contact->rare().reserved_agent != kNoAgent;
    if (!kept) {
      kinds_[entry.kind].members.push_back(i);
      if (entry.contact != nullptr) PlanRelaxation(i);
      continue;
    }
    if (entry.contact->rare().reserved_until != kNever) {
      start_.push_back({ToSeconds(entry.contact->rare().reserved_until - now_), Happening::kJoin, i, entry.kind});
    }
    entry.kind = kKept;
  }
}

void Forecast::PlanRelaxation(Position position) {
  const Contact& contact = *entries_[position].contact;
  const QueueRules& queue = r_.rules(contact.queue);
  Kind kind = entries_[position].kind;
  for (int step = contact.step; step < static_cast<int>(queue.steps.size()); ++step) {
    kind = RelaxedKind(contact, kind, step);
    const Instant at = contact.queued_at + queue.steps[static_cast<size_t>(step)].after;
    start_.push_back({ToSeconds(at - now_), Happening::kJoin, position, kind});
  }
}

// What is between contacts and single agents.
void Forecast::PlanStart() {
  for (Position i = 0; i < entries_.size(); ++i) {
    if (entries_[i].contact == nullptr) continue;
    const ContactRare& rare = entries_[i].contact->rare();
    if (entries_[i].kind == kKept) {
      const auto worker = worker_index_.find(rare.reserved_agent);
      if (worker != worker_index_.end()) workers_[worker->second].kept.push_back(i);
    }
    for (const BackOff& b : rare.back_offs) {
      const auto worker = worker_index_.find(b.agent);
      if (b.until <= now_ || worker == worker_index_.end()) continue;
      start_.push_back({ToSeconds(b.until - now_), Happening::kRetry, worker->second});
    }
  }
}

void Forecast::Play(Position until_served) {
  const auto over = [&] { return until_served == kNobody ? left_ == 0 : where_[until_served] == kServed; };
  waits_.emplace_back(entries_.size(), -1.0f);
  left_ = entries_.size();
  where_.resize(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) where_[i] = entries_[i].kind;
  for (KindOfWork& kind : kinds_) {
    kind.next = 0;
    kind.joined.clear();
    kind.head = kind.members.empty() ? kNobody : kind.members.front();
  }
  queue_ = start_;
  room_left_ = counts_;
  free_.resize(workers_.size());
  room_.assign(workers_.size(), 0);
  open_.assign(staff_.size(), {});
  for (uint32_t w = 0; w < workers_.size(); ++w) {
    free_[w] = workers_[w].free;
    NoteRoom(w);
  }
  for (const Held& held : held_) {
    const double left_s = held.mean_s * (Draw(held.draw, held.from) - held.lasted);
    queue_.push_back({left_s, Happening::kEnd, held.worker, held.channel});
  }
  std::make_heap(queue_.begin(), queue_.end());
  for (uint32_t w = 0; w < workers_.size(); ++w) Serve(w, 0);
  while (!over() && !queue_.empty()) {
    std::pop_heap(queue_.begin(), queue_.end());
    const Happening now = queue_.back();
    queue_.pop_back();
    switch (now.what) {
      case Happening::kEnd:
        free_[now.who] += r_.roster.cost(ChannelId{now.detail});
        ++room_left_[workers_[now.who].counts + now.detail];
        NoteRoom(now.who);
        Serve(now.who, now.at_s);
        break;
      case Happening::kRetry:
        Serve(now.who, now.at_s);
        break;
      case Happening::kJoin:
        if (where_[now.who] == kServed) break;
        Leave(now.who);
        Join(now.who, now.detail);
        FindWorker(now.who, now.at_s);
        break;
    }
  }
}

// Channels of which the worker could take one more.
uint64_t Forecast::RoomOf(uint32_t worker) const {
  uint64_t room = 0;
  const int* left = &room_left_[workers_[worker].counts];
  for (size_t ch = 0; ch < r_.roster.channel_count(); ++ch) {
    if (left[ch] > 0 && r_.roster.cost(ChannelId{static_cast<uint32_t>(ch)}) <= free_[worker])
      room |= uint64_t{1} << ch;
  }
  return room;
}

void Forecast::NoteRoom(uint32_t worker) {
  const uint64_t room = RoomOf(worker);
  auto& open = open_[workers_[worker].profile];
  for (uint64_t gone = room_[worker] & ~room; gone != 0; gone &= gone - 1) --open[std::countr_zero(gone)];
  for (uint64_t come = room & ~room_[worker]; come != 0; come &= come - 1) ++open[std::countr_zero(come)];
  room_[worker] = room;
}

bool Forecast::BackedOff(Position position, uint32_t worker, double now_s) const {
  const Contact* contact = entries_[position].contact;
  if (contact == nullptr) return false;
  for (const BackOff& b : contact->rare().back_offs) {
    if (b.agent == workers_[worker].agent && ToSeconds(b.until - now_) > now_s) return true;
  }
  return false;
}

Forecast::Position Forecast::FirstOf(const KindOfWork& kind, Kind number, uint32_t worker, double now_s) const {
  if (kind.head == kNobody || !BackedOff(kind.head, worker, now_s)) return kind.head;
  Position first = kNobody;
  for (size_t i = kind.next; i < kind.members.size() && first == kNobody; ++i) {
    const Position member = kind.members[i];
    if (where_[member] == number && !BackedOff(member, worker, now_s)) first = member;
  }
  for (const Position joined : kind.joined) {
    if (joined >= first) break;
    if (!BackedOff(joined, worker, now_s)) first = joined;
  }
  return first;
}

// The worker takes whoever stands first, as long as it has room.
void Forecast::Serve(uint32_t worker, double now_s) {
  while (room_[worker] != 0) {
    const Worker& w = workers_[worker];
    Position first = kNobody;
    for (const Kind k : kinds_of_[w.profile]) {
      const KindOfWork& kind = kinds_[k];
      if (kind.head >= first || (room_[worker] >> Index(kind.asked.channel) & 1) == 0) continue;
      first = std::min(first, FirstOf(kind, k, worker, now_s));
    }
    for (const Position kept : w.kept) {
      if (kept < first && where_[kept] == kKept && (room_[worker] >> Index(entries_[kept].contact->channel) & 1) != 0) {
        first = kept;
      }
    }
    if (first == kNobody) return;
    Give(worker, first, now_s);
  }
}

// The first worker by number, whatever the order in which profiles came to be.
void Forecast::FindWorker(Position position, double now_s) {
  const KindOfWork& kind = kinds_[where_[position]];
  const size_t ch = Index(kind.asked.channel);
  uint32_t first = ~0u;
  kind.profiles.ForEach([&](size_t p) {
    if (open_[p][ch] == 0) return;
    for (const uint32_t worker : staff_[p]) {
      if (worker >= first) return;
      if ((room_[worker] >> ch & 1) != 0 && !BackedOff(position, worker, now_s)) first = worker;
    }
  });
  if (first != ~0u) Give(first, position, now_s);
}

void Forecast::Give(uint32_t worker, Position position, double now_s) {
  const Entry& entry = entries_[position];
  Kind kind = where_[position];
  Leave(position);
  waits_.back()[position] = static_cast<float>(now_s);
  --left_;
  ChannelId channel;
  double handle_s = 0;
  if (kind == kKept) {
    channel = entry.contact->channel;
    handle_s = HandleSeconds(entry.contact->cls);
  } else {
    channel = kinds_[kind].asked.channel;
    handle_s = kinds_[kind].handle_s;
  }
  free_[worker] -= r_.roster.cost(channel);
  --room_left_[workers_[worker].counts + Index(channel)];
  NoteRoom(worker);
  queue_.push_back({now_s + handle_s * Draw(entry.draw, 0), Happening::kEnd, worker, Index(channel)});
  std::push_heap(queue_.begin(), queue_.end());
}

void Forecast::Leave(Position position) {
  const Kind kind = std::exchange(where_[position], kServed);
  if (kind >= kKept) return;
  kinds_[kind].joined.erase(position);
  if (kinds_[kind].head == position) RaiseHead(kinds_[kind]);
}

void Forecast::Join(Position position, Kind kind) {
  where_[position] = kind;
  kinds_[kind].joined.insert(position);
  kinds_[kind].head = std::min(kinds_[kind].head, position);
}

void Forecast::RaiseHead(KindOfWork& kind) {
  const Kind number = static_cast<Kind>(&kind - kinds_.data());
  while (kind.next < kind.members.size() && where_[kind.members[kind.next]] != number) ++kind.next;
  kind.head = kind.next < kind.members.size() ? kind.members[kind.next] : kNobody;
  if (!kind.joined.empty()) kind.head = std::min(kind.head, *kind.joined.begin());
}

Forecast::Wait Forecast::WaitOf(size_t position) const {
  double sum = 0, squares = 0;
  size_t served = 0;
  for (const std::vector<float>& waits : waits_) {
    const double wait = waits[position_of_[position]];
    if (wait < 0) continue;
    ++served;
    sum += wait;
    squares += wait * wait;
  }
  if (served * 2 <= waits_.size()) return {};
  const auto n = static_cast<double>(served);
  const double mean = sum / n;
  const double variance = std::max(0.0, squares / n - mean * mean) * (n / std::max(1.0, n - 1));
  const double shape = mean <= 0 ? 1e6 : std::clamp(mean * mean / std::max(1e-9, variance), 0.2, 1e6);
  return {FromSeconds(kAnswerSeconds + GammaQuantile(mean, shape, 0)),
          FromSeconds(kAnswerSeconds + GammaQuantile(mean, shape, kZ90))};
}

}  // namespace routerd::core
