// Requirements against agents.
#include "routerd/config/requirement.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace routerd::config {
namespace {

int TierOf(const v1::AgentConfig& agent, const std::string& skill) {
  const auto it = agent.skills().find(skill);
  return it == agent.skills().end() ? 0 : it->second;
}

}  // namespace

std::string ToText(const Requirements& requirements) {
  std::string text;
  for (const v1::SkillRequirement& requirement : requirements) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", requirement.skill(), " >= ", v1::Tier_Name(requirement.tier()));
  }
  return text.empty() ? "nothing" : text;
}

std::string ShortfallText(const v1::AgentConfig& agent, const Requirements& requirements) {
  std::string text;
  for (const v1::SkillRequirement& requirement : requirements) {
    const int tier = TierOf(agent, requirement.skill());
    if (tier >= requirement.tier()) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ");
    if (tier == 0) {
      absl::StrAppend(&text, "lacks ", requirement.skill());
    } else {
      absl::StrAppend(&text, "has ", requirement.skill(), " ", v1::Tier_Name(tier));
    }
  }
  return text;
}

std::string MissingText(const v1::AgentConfig& agent, const Requirements& requirements) {
  Requirements missing;
  for (const v1::SkillRequirement& requirement : requirements) {
    if (TierOf(agent, requirement.skill()) < requirement.tier()) *missing.Add() = requirement;
  }
  return missing.empty() ? "" : ToText(missing);
}

int Shortfall(const v1::AgentConfig& agent, const Requirements& requirements) {
  int sum = 0;
  for (const v1::SkillRequirement& requirement : requirements) {
    sum += std::max(0, requirement.tier() - TierOf(agent, requirement.skill()));
  }
  return sum;
}

bool CanTake(const v1::AgentConfig& agent, const v1::ChannelConfig& channel) {
  return (agent.channels().empty() || agent.channels().contains(channel.id())) && channel.cost() <= agent.capacity();
}

}  // namespace routerd::config
