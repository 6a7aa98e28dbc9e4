#include "routerd/core/line.h"

#include <cmath>
#include <queue>
#include <utility>

namespace routerd::core {
namespace {

// Over how long a time arrivals are averaged, and over how many contacts handle times.
constexpr double kArrivalWindowS = 600;
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
  const auto [it, fresh] = index_.try_emplace(requirement, static_cast<ClassIx>(classes_.size()));
  made = fresh;
  if (fresh) {
    classes_.push_back({requirement, {}, {}});
    heads_.emplace_back();
    busy_.Set(classes_.size() - 1, false);
  }
  return it->second;
}

void Line::Insert(ClassIx c, const LineKey& key) {
  LineSet& waiting = classes_[c].waiting;
  if (waiting.empty() || key < heads_[c]) heads_[c] = key;
  waiting.insert(key);
  busy_.Set(c);
}

void Line::Erase(ClassIx c, const LineKey& key) {
  LineSet& waiting = classes_[c].waiting;
  waiting.erase(key);
  if (waiting.empty()) {
    busy_.Set(c, false);
  } else if (heads_[c] == key) {
    heads_[c] = *waiting.begin();
  }
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

}  // namespace routerd::core
