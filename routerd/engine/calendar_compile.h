// Opening hours, from the configuration's words to the core's values.
#pragma once

#include "routerd/core/calendar.h"
#include "routerd/v1/config.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

// Reads what the machine's time zone database says from 2020 to 2070. A zone that it does not know is taken for UTC;
// configuration refuses such a one.
core::Calendar CompileCalendar(const v1::CalendarConfig& config);

}  // namespace routerd::engine
