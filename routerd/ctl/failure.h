// What a failed call means for the person at the terminal.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

namespace routerd::ctl {

// How the program ends.
inline constexpr int kExitRefused = 1;      // The router said no.
inline constexpr int kExitUsage = 2;        // The command line is wrong.
inline constexpr int kExitUnreachable = 3;  // No router answered.

struct Failure {
  // One line: what is wrong and what to do.
  std::string text;
  int exit_code = kExitRefused;
  // Waiting may help: the same request may be sent again.
  bool passes = false;
};

// The stable reason in the details of `status`, e.g. "CONTACT_UNKNOWN"; "" if it has none.
std::string ReasonOf(const grpc::Status& status);

// Requires: !status.ok(). `address` is where the call went.
Failure Describe(const grpc::Status& status, std::string_view address);

}  // namespace routerd::ctl
