#include "routerd/core/line.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <queue>
#include <utility>

namespace routerd::core {
namespace {

// Over how many contacts handle times are averaged.
constexpr int64_t kHandleWindow = 50;

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

void Learned::AddArrival(Instant at) {
  // An exponentially fading count: each arrival adds 1/window, and all fade by e in a window.
  arrivals_per_s = ArrivalsPerSecond(at) + 1 / kArrivalWindowS;
  arrival_at = at;
}

void Learned::AddHandleTime(Duration time) {
  handle_count = std::min(handle_count + 1, kHandleWindow);
  handle_s += (Seconds(time) - handle_s) / static_cast<double>(handle_count);
}

double Learned::ArrivalsPerSecond(Instant now) const {
  return arrivals_per_s * std::exp(-Seconds(now - arrival_at) / kArrivalWindowS);
}

ClassIx Line::Intern(const Requirement& requirement, bool& made) {
  const auto [it, fresh] = index_.try_emplace(requirement, static_cast<ClassIx>(requirements_.size()));
  made = fresh;
  if (fresh) {
    busy_.Set(requirements_.size(), false);
    requirements_.push_back(requirement);
    learned_.emplace_back();
    waiting_.emplace_back();
    heads_.emplace_back();
    block_heads_.resize(busy_.word_count());
  }
  return it->second;
}

ClassIx Line::Find(const Requirement& requirement) const {
  const auto it = index_.find(requirement);
  return it == index_.end() ? kNoClass : it->second;
}

void Line::Insert(ClassIx c, const LineKey& key) {
  LineSet& waiting = waiting_[c];
  if (waiting.empty() || key < heads_[c]) heads_[c] = key;
  LineKey& least = block_heads_[c / 64];
  if (busy_.word(c / 64) == 0 || key < least) least = key;
  waiting.insert(waiting.end(), key);  // Most come last.
  busy_.Set(c);
}

void Line::Erase(ClassIx c, const LineKey& key) {
  LineSet& waiting = waiting_[c];
  if (heads_[c] == key) {  // Most leave from the front.
    waiting.erase(waiting.begin());
    if (!waiting.empty()) heads_[c] = *waiting.begin();
  } else {
    waiting.erase(key);
  }
  if (waiting.empty()) busy_.Set(c, false);
  if (block_heads_[c / 64] == key) RaiseBlock(c / 64);
}

// The least of a block left.
void Line::RaiseBlock(size_t block) {
  const LineKey* least = nullptr;
  for (uint64_t word = busy_.word(block); word != 0; word &= word - 1) {
    const LineKey& head = heads_[block * 64 + static_cast<size_t>(std::countr_zero(word))];
    if (least == nullptr || head < *least) least = &head;
  }
  if (least != nullptr) block_heads_[block] = *least;
}

ClassIx Line::First(const BitSet& classes, uint64_t channels) const {
  ClassIx first = kNoClass;
  const size_t count = std::min(classes.word_count(), busy_.word_count());
  for (size_t block = 0; block < count; ++block) {
    uint64_t word = classes.word(block) & busy_.word(block);
    if (word == 0 || (first != kNoClass && !(block_heads_[block] < heads_[first]))) continue;
    for (; word != 0; word &= word - 1) {
      const ClassIx c = static_cast<ClassIx>(block * 64 + static_cast<size_t>(std::countr_zero(word)));
      if (first != kNoClass && !(heads_[c] < heads_[first])) continue;
      if ((channels >> Index(requirements_[c].channel) & 1) != 0) first = c;
    }
  }
  return first;
}

void VisitMerged(std::span<const LineSet* const> sets, const std::function<bool(const LineKey&)>& visit) {
  using Cursor = std::pair<LineSet::const_iterator, const LineSet*>;
  const auto later = [](const Cursor& a, const Cursor& b) { return *b.first < *a.first; };
  std::priority_queue<Cursor, std::vector<Cursor>, decltype(later)> next(later);
  for (const LineSet* set : sets) {
    if (!set->empty()) next.emplace(set->begin(), set);
  }
  while (!next.empty()) {
    auto [it, set] = next.top();
    next.pop();
    if (!visit(*it)) return;
    if (++it != set->end()) next.emplace(it, set);
  }
}

int CountBefore(std::span<const LineSet* const> sets, const LineKey& key) {
  size_t count = 0;
  for (const LineSet* set : sets) {
    const auto at = set->lower_bound(key);
    auto from_front = set->begin();
    auto from_key = at;
    size_t steps = 0;
    while (from_front != at && from_key != set->end()) ++from_front, ++from_key, ++steps;
    count += from_front == at ? steps : set->size() - steps;
  }
  return static_cast<int>(count);
}

}  // namespace routerd::core
