// The command line of routerctl, and what --help says about it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "routerd/v1/agent.pb.h"

namespace routerd::ctl {

namespace v1 = ::routerd::v1;

enum class Command {
  kNone,  // Only with `help`.
  kAgent,
  kQueues,
  kAgents,
  kContacts,
  kExplain,
  kAdmission,
  kStats,
  kWatch,
  kAssign,
  kTakeOver,
  kRequeue,
  kEnd,
  kPrioritize,
  kPresence,
  kSimulate,
  kVersion,
};

struct Options {
  std::string address = "127.0.0.1:7400";
  std::string token;
  std::string token_file;
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;
  std::string workspace;
  bool json = false;
  bool help = false;

  Command command = Command::kNone;
  // What stands after the command: as many as it takes. A reason of several words is one argument.
  std::vector<std::string> arguments;
  bool all = false;
  bool ended = false;
  bool exceed = false;
  std::string queue;
  std::string agent;
  std::optional<absl::Time> at;
  std::string subject;
  std::optional<int64_t> after;
  int64_t limit = 100;
  std::optional<int32_t> lane;
  std::optional<absl::Duration> head_start;
  std::optional<std::string> vip;  // Empty: none.
  bool clear_call = false;
  std::string trace;
  std::string journal;
  std::string config;
  std::string config2;
  std::string outcomes;
  int64_t seed = 0;
};

// Reads the value of an environment variable; "" if it is not set.
using Environment = std::function<std::string(std::string_view name)>;

// `arguments` without the program's name. On error kInvalidArgument, whose message says what would be right.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments, const Environment& environment);

// The help for one command, or for the whole program with kNone.
std::string HelpText(Command command);

// "available", "away" or "offline" in any case; kInvalidArgument for anything else.
absl::StatusOr<v1::Presence> ParsePresence(std::string_view text);

}  // namespace routerd::ctl
