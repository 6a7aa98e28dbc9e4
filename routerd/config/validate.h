// What a configuration may mean, beyond what its types allow.
#pragma once

#include <string_view>

#include "routerd/config/yaml.h"
#include "routerd/v1/config.pb.h"

namespace routerd::config {

// What a file is read for: to run a daemon by, or for its rules alone, with agents from elsewhere (then nobody need be
// able to call, and who serves whom is not judged).
enum class Purpose { kDaemon, kRules };

// Adds to `problems` all that is wrong with `config` as the file gave it, before defaults are filled in: values out of
// range, names that point nowhere, names given twice, and rules under which a contact, a queue or an agent waits for
// ever. Pure. References come before coverage: who serves whom is judged only when every name is known.
//
// What works as written and is hardly meant goes to `suspicions`; it counts only if there are no problems.
void Validate(const v1::RouterdConfig& config, Purpose purpose, const SourceMap& source, Problems& problems,
              Problems& suspicions);

// The two halves of `host:port` or `[host]:port`; false if it is neither or the port isn't 0 to 65535.
bool SplitAddress(std::string_view address, std::string& host, int& port);

// Whether only this machine can reach `address`: its host is localhost, in 127.0.0.0/8, or ::1.
bool IsLoopback(std::string_view address);

}  // namespace routerd::config
