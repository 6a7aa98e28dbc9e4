// A queue's rules beyond whom it needs, in lines for people.
#pragma once

#include <string>

#include "routerd/v1/config.pb.h"

namespace routerd::config {

namespace v1 = ::routerd::v1;

// A line for each rule that is set, and for order and offers always, each ended by a line feed. Requires: defaults are
// filled in.
std::string RulesText(const v1::QueueConfig& queue);

}  // namespace routerd::config
