// Who works under a configuration. Agents alike stand for each other, so that looking at ten thousand of them costs no
// more than looking at the ways in which they differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "routerd/config/requirement.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

// Agents alike: of equal skills, channels and capacity, all people or all bots, and named by the same queues.
struct Profile {
  const v1::AgentConfig* like = nullptr;  // The first of them; a range, if it is part of one.
  int position = 0;                       // Of that one among the workspace's agents.
  int64_t count = 0;
  std::vector<int> named_by;  // The positions of the queues that name these agents, in order.
};

// A set of profiles, by position.
class ProfileSet {
 public:
  explicit ProfileSet(size_t profile_count, bool all = false);

  void Add(size_t profile) { words_[profile / 64] |= uint64_t{1} << profile % 64; }
  bool Has(size_t profile) const { return (words_[profile / 64] >> profile % 64 & 1) != 0; }
  bool empty() const;
  // Requires: not empty.
  size_t first() const;
  bool IsWithin(const ProfileSet& other) const;
  bool Intersects(const ProfileSet& other) const;
  ProfileSet& operator&=(const ProfileSet& other);
  ProfileSet& operator|=(const ProfileSet& other);
  friend ProfileSet operator&(ProfileSet a, const ProfileSet& b) { return a &= b; }

 private:
  std::vector<uint64_t> words_;
};

// All agents of a workspace, which must outlive it, and who of them could do what. A range counts as the agents that it
// stands for. Requires: names are good, defaults are filled in.
class Staff {
 public:
  explicit Staff(const v1::WorkspaceConfig& workspace);

  // In the order of the first agent of each.
  const std::vector<Profile>& profiles() const { return profiles_; }
  // Whom the queue at position `queue` names; all, if it names nobody.
  const ProfileSet& Admitted(int queue) const { return admitted_[queue]; }
  // Who is no bot.
  const ProfileSet& People() const { return people_; }
  // Who could ever hold a contact of the channel at position `channel`.
  const ProfileSet& Takers(int channel) const { return takers_[channel]; }
  // Who has all the skills asked for, each at its tier or better.
  ProfileSet Meeting(const Requirements& requirements) const;
  // Who of the admitted could serve the queue while it asks for `requirements`: people who meet them and, if it sends
  // contacts to bots first, bots, of whom no skill is asked.
  ProfileSet Servers(int queue, const Requirements& requirements) const;

  int64_t AgentCount(const ProfileSet& profiles) const;

 private:
  void Group(const v1::WorkspaceConfig& workspace);

  struct Skilled {
    size_t profile;
    v1::Tier tier;
  };

  std::vector<Profile> profiles_;
  absl::flat_hash_map<std::string, std::vector<Skilled>> skilled_;  // By skill.
  std::vector<ProfileSet> admitted_;
  std::vector<ProfileSet> takers_;
  ProfileSet people_{0};
  std::vector<ProfileSet> serving_bots_;  // By queue.
};

}  // namespace routerd::config
