// What agents' time is worth: how much work wants each, and which work is worth doing first. Measured, never guessed.
#include <algorithm>
#include <cmath>

#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

// Looked at anew no more often than this, a round each time, so that no decision pays for many rounds.
constexpr Duration kInterval = std::chrono::milliseconds(500);
// After this time nothing is left of what was: all rounds are made at once.
constexpr Duration kAllAfter = std::chrono::seconds(1);
// Rounds in which work moves on to who is wanted less. More change little.
constexpr int kRounds = 4;
// A kind of work counts as its channel's mean until so many of its own have been seen.
constexpr double kPriorCount = 10;
// Work of this length, in seconds of a whole agent, is moved forward half as far as work of none.
constexpr double kHalfWorkS = 300;
// Share of the bound that scarce skills alone can move a contact forward, at this price and above.
constexpr double kScarcityShare = 0.3;
constexpr double kScarcePrice = 3;

}  // namespace

// Mean time of one contact, in seconds of a whole agent: a chat that takes a quarter of the capacity counts a quarter.
double Router::Impl::WorkSeconds(ClassIx c, ChannelId channel) const {
  const double usual = Index(channel) < channel_work_seconds.size() ? channel_work_seconds[Index(channel)] : 0;
  if (c == kNoClass) return usual;
  const Learned& learned = line.learned(c);
  const auto count = static_cast<double>(learned.handle_count);
  const double own = learned.handle_s * roster.cost(channel) / 100;
  return (own * count + usual * kPriorCount) / (count + kPriorCount);
}

bool Router::Impl::BotOnDutyFor(ClassIx c) const {
  bool on_duty = false;
  class_profiles[c].ForEach([&](size_t p) {
    const Profile& profile = roster.profile(static_cast<ProfileIx>(p));
    on_duty = on_duty || (profile.bot && profile.on_duty_count > 0);
  });
  return on_duty;
}

// How much work wants each agent of a profile: what waits and what by measured arrivals and handle times is always
// there (Little's law). A kind of work is shared among all who could do it, and from round to round more by those whom
// other work wants less: so an expert is wanted only by what experts alone can do.
void Router::Impl::RefreshPrices() {
  if (!prices_stale && now - priced_at < kInterval) return;
  const bool anew = prices_stale || now - priced_at >= kAllAfter;
  prices_stale = false;
  priced_at = now;

  channel_work_seconds.assign(roster.channel_count(), 0);
  std::vector<double> counts(roster.channel_count(), 0);
  for (ClassIx c = 0; c < line.class_count(); ++c) {
    const Learned& learned = line.learned(c);
    const ChannelId channel = line.requirement(c).channel;
    const auto count = static_cast<double>(learned.handle_count);
    channel_work_seconds[Index(channel)] += learned.handle_s * count * roster.cost(channel) / 100;
    counts[Index(channel)] += count;
  }
  for (size_t ch = 0; ch < counts.size(); ++ch) channel_work_seconds[ch] /= std::max(1.0, counts[ch]);

  std::vector<double> demands(line.class_count());  // In agents kept busy.
  for (ClassIx c = 0; c < line.class_count(); ++c) {
    if (line.requirement(c).for_bots && BotOnDutyFor(c)) continue;  // People come after the bot.
    const ChannelId channel = line.requirement(c).channel;
    demands[c] = static_cast<double>(line.waiting(c).size()) * roster.cost(channel) / 100 +
                 line.learned(c).ArrivalsPerSecond(now) * WorkSeconds(c, channel);
  }
  const size_t profiles = roster.profile_count();
  std::vector<double> wanted(profiles), attracts(profiles), attracts_all(profiles);  // An agent of it; all on duty.
  for (ProfileIx p = 0; p < profiles && !anew; ++p) wanted[p] = roster.profile(p).wanted;
  for (int round = anew ? 0 : kRounds; round <= kRounds; ++round) {
    std::vector<double> shares(profiles, 0);
    for (ProfileIx p = 0; p < profiles; ++p) {
      attracts[p] = std::exp(-wanted[p]);
      attracts_all[p] = roster.profile(p).on_duty_count * attracts[p];
    }
    for (ClassIx c = 0; c < line.class_count(); ++c) {
      if (demands[c] == 0) continue;
      double all = 0;
      class_profiles[c].ForEach([&](size_t p) { all += attracts_all[p]; });
      if (all == 0) continue;
      const double each = demands[c] / all;
      class_profiles[c].ForEach([&](size_t p) { shares[p] += each * attracts[p]; });
    }
    for (size_t p = 0; p < profiles; ++p) wanted[p] = round == 0 ? shares[p] : (wanted[p] + shares[p]) / 2;
  }
  for (ProfileIx p = 0; p < wanted.size(); ++p) roster.profile(p).wanted = wanted[p];

  for (size_t p = 0; p < profiles; ++p) {
    if (attracts_all[p] == 0) wanted[p] = kScarcePrice;  // Nobody of it is there to be had.
  }
  class_prices.assign(line.class_count(), kScarcePrice);
  for (ClassIx c = 0; c < line.class_count(); ++c) {
    class_profiles[c].ForEach([&](size_t p) { class_prices[c] = std::min(class_prices[c], wanted[p]); });
  }
}

// Serving short work first shortens the sum of all waits (the c-mu rule; standing is in the rank already, as a head
// start), and work that only wanted agents can do has nobody else to wait for. Those of one kind who wait together are
// all moved alike, so that none of them overtakes another by it.
Duration Router::Impl::ValueShift(const Requirement& asked, const QueuePolicy& queue) const {
  if (queue.order != Order::kValue) return Duration{0};
  const ClassIx c = line.Find(asked);
  if (c != kNoClass && !line.waiting(c).empty()) return std::max(-queue.value_bound, line.learned(c).value_shift);
  const double work = WorkSeconds(c, asked.channel);
  if (work == 0) return Duration{0};  // Nothing is known yet.
  const double price = c == kNoClass || c >= class_prices.size() ? 0 : class_prices[c];
  const double share = (1 - kScarcityShare) * kHalfWorkS / (kHalfWorkS + work) + kScarcityShare * price / kScarcePrice;
  return -Duration(static_cast<int64_t>(share * static_cast<double>(queue.value_bound.count())));
}

}  // namespace routerd::core
