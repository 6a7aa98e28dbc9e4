// What a workspace's rules make of contacts, steps and agents before any of them has come: proofs from the
// configuration alone that nobody waits for ever, that each step does something, and that each agent is of use.
//
// Each finding is a counter-example, in words that name the queue, channel, requirement and step, and what to change.
// What is proved takes every configured agent to be on duty sometime; shifts and sick leave are not the file's to know.
// A contact that some rule is sure to take out of the line in time, or to where it can be served, does not wait for
// ever (exit.h). Demands that a contact brings of its own, beyond its queue's, are not known here either: the router
// refuses those that nobody could meet.
#pragma once

#include <string>
#include <vector>

#include "routerd/v1/config.pb.h"

namespace routerd::config {

struct Finding {
  enum class Kind {
    kRefused,     // Somebody would wait for ever or be kept in vain: such rules don't load.
    kSuspicious,  // Works as written, and is hardly what was meant.
  };
  Kind kind = Kind::kRefused;
  std::string path;  // Within the workspace: `queues[1].relaxation[0]`.
  std::string text;
};

// All that can be found in `workspace`, queue by queue, then agents, channels and skills. Pure. Requires: names are
// good, steps only ever loosen, defaults are filled in. Cost: queues times channels times profiles of agents,
// which are compared sixty-four at a time.
std::vector<Finding> Prove(const v1::WorkspaceConfig& workspace);

}  // namespace routerd::config
