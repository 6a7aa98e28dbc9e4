// What the configuration in force says about names: how agents, queues and customers are called, and the limits of
// what is kept for a contact.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "routerd/core/types.h"
#include "routerd/v1/config.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

struct Limits {
  size_t message_bytes_max = 16'000;
  size_t transcript_messages_max = 1'000;
  size_t customers_remembered_max = 100'000;
};

// Immutable; names are taken with or without their collection ("agents/ana", "ana").
class Directory {
 public:
  Directory() = default;
  explicit Directory(v1::WorkspaceConfig config);
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const v1::WorkspaceConfig& config() const { return config_; }
  const Limits& limits() const { return limits_; }
  // The name to show; the bare id for who is no longer configured.
  std::string_view AgentDisplayName(std::string_view agent) const;
  std::string_view QueueDisplayName(std::string_view queue) const;
  bool IsBot(std::string_view agent) const;
  // Null if unknown.
  const v1::AgentConfig* FindAgent(std::string_view agent) const;
  const v1::QueueConfig* FindQueue(std::string_view queue) const;
  const v1::CustomerConfig* FindCustomer(std::string_view customer) const;

 private:
  template <typename Config>
  using Table = absl::flat_hash_map<std::string, const Config*>;

  const v1::WorkspaceConfig config_;
  Limits limits_;
  Table<v1::AgentConfig> agents_;
  Table<v1::QueueConfig> queues_;
  Table<v1::CustomerConfig> customers_;
};

}  // namespace routerd::engine
