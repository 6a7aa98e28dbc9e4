// The core's own containers: what they find, against the plain way to find it.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/core/contact_table.h"
#include "routerd/core/line.h"
#include "routerd/core/names.h"
#include "routerd/core/router_impl.h"

namespace routerd::core {
namespace {

TEST(ContactTable, FindsWhatIsThereAndWalksInOrderWhateverComesAndGoes) {
  ContactTable<Contact> table;
  std::map<uint64_t, Contact*> expected;
  std::mt19937_64 random(3);
  for (uint64_t id = 1'000; id < 3'000; ++id) {  // A number that a snapshot begins with; some are never used.
    if (random() % 8 != 0) expected[id] = &table.Add(ContactId{id});
    for (int n = 0; n < 2 && expected.size() > 300; ++n) {
      const auto gone = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % 100));
      table.Remove(ContactId{gone->first});
      expected.erase(gone);
    }
  }
  EXPECT_EQ(table.size(), expected.size());
  for (uint64_t id = 0; id < 3'100; ++id) {
    const auto it = expected.find(id);
    EXPECT_EQ(table.Find(ContactId{id}), it == expected.end() ? nullptr : it->second) << id;
  }
  std::vector<Contact*> walked;
  table.ForEach([&walked](Contact& contact) { walked.push_back(&contact); });
  ASSERT_EQ(walked.size(), expected.size());
  EXPECT_TRUE(std::equal(walked.begin(), walked.end(), expected.begin(),
                         [](const Contact* contact, const auto& entry) { return contact == entry.second; }));
}

TEST(ContactTable, TakesAnEarlierNumberAfterAllHaveGone) {
  ContactTable<Contact> table;
  table.Add(ContactId{5'000});
  table.Remove(ContactId{5'000});
  EXPECT_EQ(table.Find(ContactId{5'000}), nullptr);
  const Contact* early = &table.Add(ContactId{7});
  const Contact* late = &table.Add(ContactId{900});
  const Contact* earliest = &table.Add(ContactId{1});
  EXPECT_EQ(table.Find(ContactId{7}), early);
  EXPECT_EQ(table.Find(ContactId{900}), late);
  EXPECT_EQ(table.Find(ContactId{1}), earliest);
}

TEST(ContactTable, GivesNoTraceOfWhoHadTheMemoryBefore) {
  ContactTable<Contact> table;
  Contact& first = table.Add(ContactId{1});
  first.lane = 9;
  first.edit_rare().reserved_agent = AgentId{3};
  table.Remove(ContactId{1});
  const Contact& second = table.Add(ContactId{2});
  EXPECT_EQ(second.lane, 0);
  EXPECT_EQ(second.rare(), ContactRare{});
}

TEST(Names, KeepTheirNumbersHoweverManyCome) {
  Names<AgentId> names;
  EXPECT_FALSE(names.Find("agent-0"));
  for (uint32_t i = 0; i < 5'000; ++i) EXPECT_EQ(names.Intern(absl::StrCat("agent-", i)), AgentId{i});
  for (uint32_t i = 0; i < 5'000; ++i) {
    EXPECT_EQ(names.Intern(absl::StrCat("agent-", i)), AgentId{i});
    EXPECT_EQ(names.Find(absl::StrCat("agent-", i)), AgentId{i});
    EXPECT_EQ(names.Of(AgentId{i}), absl::StrCat("agent-", i));
  }
  EXPECT_FALSE(names.Find("agent-5000"));
  EXPECT_EQ(names.size(), 5'000u);
}

TEST(Line, FindsTheFirstOfAnyClassesAmongThousands) {
  constexpr uint32_t kClasses = 300;
  Line line;
  for (uint32_t c = 0; c < kClasses; ++c) {
    bool made = false;
    line.Intern({{{SkillId{c}, Tier::kJunior}}, ChannelId{c % 3}, kNoQueue}, made);
    ASSERT_TRUE(made);
  }
  std::map<LineKey, ClassIx> waiting;
  std::mt19937_64 random(4);
  for (uint64_t id = 1; id < 4'000; ++id) {
    const LineKey key{-static_cast<int>(random() % 2), Instant(Duration(random() % 1'000)), ContactId{id}};
    const ClassIx c = static_cast<ClassIx>(random() % kClasses);
    line.Insert(c, key);
    waiting.emplace(key, c);
    if (waiting.size() > 200) {  // Often the first, sometimes any.
      const auto gone = random() % 2 ? waiting.begin() : std::next(waiting.begin(), 100);
      line.Erase(gone->second, gone->first);
      waiting.erase(gone);
    }
    BitSet classes;
    for (int n = 0; n < 60; ++n) classes.Set(random() % kClasses);
    const uint64_t channels = random() % 8;
    const auto first = std::find_if(waiting.begin(), waiting.end(), [&](const auto& entry) {
      return classes.Test(entry.second) && (channels >> (entry.second % 3) & 1) != 0;
    });
    EXPECT_EQ(line.First(classes, channels), first == waiting.end() ? kNoClass : first->second);
  }
}

}  // namespace
}  // namespace routerd::core
