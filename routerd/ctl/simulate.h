// `routerctl simulate`: what would have been under other rules. Asks no daemon.
#pragma once

#include "routerd/ctl/options.h"

namespace routerd::ctl {

// Reads the files, runs, prints. The program's exit status.
int RunSimulation(const Options& options);

}  // namespace routerd::ctl
