// The one line in which all waiting contacts stand, kept apart by what they ask for.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "routerd/core/bit_set.h"
#include "routerd/core/types.h"

namespace routerd::core {

// A contact's place in line. The smaller key is served first.
struct LineKey {
  int lane_up = 0;  // The lane, negated: larger lanes first.
  Instant rank;
  ContactId contact = kNoContact;
  auto operator<=>(const LineKey&) const = default;
};
using LineSet = absl::btree_set<LineKey>;

// What waiting contacts ask for: those that ask for the same form one class, and whoever may take one of a class may
// take any.
struct Requirement {
  Skills skills;
  ChannelId channel{0};
  QueueId restricted_to = kNoQueue;  // The queue, when only its own agents may take it.
  // The queue, when it holds agents back; and which of its hold-backs bind the contact, a bit each from the first.
  QueueId hold_back_queue = kNoQueue;
  uint8_t held_back = 0;
  bool for_bots = false;  // Bots may take it, too, and of them no skill is asked.
  bool operator==(const Requirement&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Requirement& r) {
    for (const SkillTier& s : r.skills) h = H::combine(std::move(h), s.skill, s.tier);
    return H::combine(std::move(h), r.skills.size(), r.channel, r.restricted_to, r.hold_back_queue, r.held_back,
                      r.for_bots);
  }
};
using ClassIx = uint32_t;
inline constexpr ClassIx kNoClass = ~0u;

// What measurement taught about one class. Means are weighted to the recent.
struct Learned {
  double handle_s = 0;  // From offer to the end of wrap-up.
  int64_t handle_count = 0;
  double arrivals_per_s = 0;  // As of arrival_at; fades from there.
  Instant arrival_at;
  Duration value_shift{0};  // Of those who wait, as they joined the line.

  void AddArrival(Instant at);
  void AddHandleTime(Duration time);
  double ArrivalsPerSecond(Instant now) const;
  // How long one of it is expected to last.
  double HandleSeconds() const { return handle_count > 0 ? handle_s : kHandleSecondsDefault; }

  // Over how long a time arrivals are averaged.
  static constexpr double kArrivalWindowS = 600;
  // Taken for a kind of work of which nothing has been learned yet.
  static constexpr double kHandleSecondsDefault = 180;
};

// Heads lie side by side, so that looking over all classes touches little memory, and with the least of each 64
// beside them, so that ten thousand classes need no look at most of them.
class Line {
 public:
  // The class of what is asked, made at first mention. `made` tells whether it is new.
  ClassIx Intern(const Requirement& requirement, bool& made);
  // The class of what is asked; kNoClass when nobody ever asked for just this.
  ClassIx Find(const Requirement& requirement) const;
  size_t class_count() const { return requirements_.size(); }
  const Requirement& requirement(ClassIx c) const { return requirements_[c]; }
  Learned& learned(ClassIx c) { return learned_[c]; }
  const Learned& learned(ClassIx c) const { return learned_[c]; }

  void Insert(ClassIx c, const LineKey& key);
  void Erase(ClassIx c, const LineKey& key);
  const LineSet& waiting(ClassIx c) const { return waiting_[c]; }
  // First of the class. Requires: it has one.
  const LineKey& head(ClassIx c) const { return heads_[c]; }
  // Classes in which somebody waits.
  const BitSet& busy() const { return busy_; }
  // The class whose first stands before those of the others, among `classes` over channels that are in the mask.
  ClassIx First(const BitSet& classes, uint64_t channels) const;

 private:
  void RaiseBlock(size_t block);

  absl::flat_hash_map<Requirement, ClassIx> index_;
  // By class.
  std::vector<Requirement> requirements_;
  std::vector<Learned> learned_;
  std::vector<LineSet> waiting_;
  std::vector<LineKey> heads_;
  BitSet busy_;
  std::vector<LineKey> block_heads_;  // The least head of each word of busy_.
};

// Visits the keys of several sets in one order, until `visit` returns false.
void VisitMerged(std::span<const LineSet* const> sets, const std::function<bool(const LineKey&)>& visit);

// How many keys of all the sets come before `key`. Cost: of each set the smaller part, before it or behind.
int CountBefore(std::span<const LineSet* const> sets, const LineKey& key);

}  // namespace routerd::core
