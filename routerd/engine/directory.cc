#include "routerd/engine/directory.h"

#include <utility>

#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

template <typename Table>
auto Find(const Table& table, std::string_view id) -> typename Table::mapped_type {
  const auto it = table.find(Sv(id));
  return it == table.end() ? nullptr : it->second;
}

void SetIfGiven(int64_t value, size_t& limit) {
  if (value > 0) limit = static_cast<size_t>(value);
}

}  // namespace

Directory::Directory(v1::WorkspaceConfig config) : config_(std::move(config)) {
  for (const v1::AgentConfig& agent : config_.agents()) agents_.emplace(agent.id(), &agent);
  for (const v1::QueueConfig& queue : config_.queues()) queues_.emplace(queue.id(), &queue);
  for (const v1::CustomerConfig& customer : config_.customers()) customers_.emplace(customer.id(), &customer);
  SetIfGiven(config_.limits().message_bytes_max(), limits_.message_bytes_max);
  SetIfGiven(config_.limits().transcript_messages_max(), limits_.transcript_messages_max);
  SetIfGiven(config_.limits().customers_remembered_max(), limits_.customers_remembered_max);
}

std::string_view Directory::AgentDisplayName(std::string_view agent) const {
  const v1::AgentConfig* config = FindAgent(agent);
  if (config == nullptr || config->display_name().empty()) return BareName(agent, kAgents);
  return config->display_name();
}

std::string_view Directory::QueueDisplayName(std::string_view queue) const {
  const v1::QueueConfig* config = FindQueue(queue);
  if (config == nullptr || config->display_name().empty()) return BareName(queue, kQueues);
  return config->display_name();
}

bool Directory::IsBot(std::string_view agent) const {
  const v1::AgentConfig* config = FindAgent(agent);
  return config != nullptr && config->bot();
}

const v1::AgentConfig* Directory::FindAgent(std::string_view agent) const {
  return Find(agents_, BareName(agent, kAgents));
}

const v1::QueueConfig* Directory::FindQueue(std::string_view queue) const {
  return Find(queues_, BareName(queue, kQueues));
}

const v1::CustomerConfig* Directory::FindCustomer(std::string_view customer) const {
  return Find(customers_, customer);
}

}  // namespace routerd::engine
