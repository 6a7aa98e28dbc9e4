// How contacts leave a queue's line without any agent, and what its rules come to ask for in the end.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "routerd/config/requirement.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

// By `after`, whoever entered the queue and still waits has left it, by the rule at `path` within the queue.
struct Exit {
  absl::Duration after;
  std::string path;   // `wait_max`, `overflow[1]`
  std::string queue;  // Goes on in this one; "": the contact ends.
};

// The first exit that is sure to be taken, none if contacts may wait as long as they like. For contacts that nobody
// could ever take (`unserved`), a rule for when nobody is on duty always holds, and so is an exit too.
std::optional<Exit> FirstExit(const v1::QueueConfig& queue, bool unserved);

// What the queue asks for in the end, of those who have waited long enough: after its last relaxation and whatever its
// overflow rules are sure to drop by then, were there nobody who could serve it before. With `possible`, what they drop
// under other conditions counts too.
Requirements FinalRequirements(const v1::QueueConfig& queue, bool possible = false);

}  // namespace routerd::config
