#include "routerd/config/hold_backs.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "routerd/base/suggest.h"
#include "routerd/config/text.h"

namespace routerd::config {
namespace {

constexpr int kHoldBacksMax = 8;

void CheckVips(const std::string& path, const v1::HoldBackConfig& hold_back, const std::vector<std::string>& known,
               Problems& problems) {
  if (hold_back.vip_levels().empty()) problems.Add(path + ".vip_levels", "at least one is needed");
  std::set<std::string> listed;
  for (int i = 0; i < hold_back.vip_levels_size(); ++i) {
    const std::string& vip = hold_back.vip_levels(i);
    const std::string vip_path = absl::StrCat(path, ".vip_levels[", i, "]");
    if (std::find(known.begin(), known.end(), vip) == known.end()) {
      problems.Add(vip_path, absl::StrCat("unknown VIP level ", Quoted(vip), base::DidYouMean(vip, known)));
    } else if (!listed.insert(vip).second) {
      problems.Add(vip_path, absl::StrCat("VIP level ", Quoted(vip), " is given twice"));
    }
  }
}

void CheckSize(const std::string& path, const v1::HoldBackConfig& hold_back, Problems& problems) {
  const int count = hold_back.agent_count(), percent = hold_back.percent();
  if (count < 0 || count > 100'000) {
    problems.Add(path + ".agent_count", absl::StrCat(count, " is out of range (1 to 100000)"));
  } else if (percent < 0 || percent > 100) {
    problems.Add(path + ".percent", absl::StrCat(percent, " is out of range (1 to 100)"));
  } else if ((count == 0) == (percent == 0)) {
    problems.Add(path, "needs one of agent_count and percent: how many agents are kept");
  }
}

}  // namespace

void CheckHoldBacks(const std::string& path, const v1::WorkspaceConfig& workspace, Problems& problems) {
  std::vector<std::string> vips;
  for (const v1::VipConfig& vip : workspace.vip_levels()) vips.push_back(vip.id());
  for (int q = 0; q < workspace.queues_size(); ++q) {
    const v1::QueueConfig& queue = workspace.queues(q);
    const std::string queue_path = absl::StrCat(path, ".queues[", q, "].hold_backs");
    if (queue.hold_backs_size() > kHoldBacksMax) {
      problems.Add(queue_path, absl::StrCat("more than ", kHoldBacksMax, " of them"));
    }
    if (!queue.hold_backs().empty() && queue.requirements().empty()) {
      problems.Add(queue_path, "a tier means nothing in a queue that asks for no skill; give its requirements");
    }
    for (int i = 0; i < queue.hold_backs_size(); ++i) {
      const std::string at = absl::StrCat(queue_path, "[", i, "]");
      if (queue.hold_backs(i).tier() == v1::TIER_UNSPECIFIED) {
        problems.Add(at + ".tier", "is required: JUNIOR, INTERMEDIATE, SENIOR or EXPERT");
      }
      CheckSize(at, queue.hold_backs(i), problems);
      CheckVips(at, queue.hold_backs(i), vips, problems);
    }
  }
}

}  // namespace routerd::config
