// `routerctl agent`: connects a Desk with the terminal and with the router.
#pragma once

#include <string>

#include "routerd/ctl/connection.h"

namespace routerd::ctl {

// Runs until the agent leaves. Returns the program's exit status.
int RunDesk(const Connection& connection, const std::string& agent, const std::string& version);

}  // namespace routerd::ctl
