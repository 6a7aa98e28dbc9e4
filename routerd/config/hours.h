// Opening hours, and what a queue does with whom it can't serve in time.
#pragma once

#include <string>

#include "routerd/config/yaml.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

// Checks a calendar's zone, times and dates.
void CheckCalendar(const std::string& path, const v1::CalendarConfig& calendar, Problems& problems);

// Checks the limits of the workspace's queues: ranges, rules that can never act, and that no rules lead in a circle.
// `path` is the workspace's. Names of queues and skills in them are checked too.
void CheckLimits(const std::string& path, const v1::WorkspaceConfig& workspace, Problems& problems);

}  // namespace routerd::config
