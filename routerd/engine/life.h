// Sentences that say what happened to a contact and which rule caused it.
#pragma once

#include <string>

#include "routerd/core/text.h"
#include "routerd/core/types.h"
#include "routerd/engine/directory.h"
#include "routerd/v1/event.pb.h"

namespace routerd::engine {

namespace v1 = ::routerd::v1;

struct ContactFile;

// The sentence for `event`; empty when it is no step of a contact's life. `before` is the contact as it stood before
// the event; null if the event creates it.
std::string LifeText(const v1::Event& event, const ContactFile* before, const Directory& directory);

using core::ClockText;
using core::DurationText;
// `billing >= SENIOR, orders >= JUNIOR`; `no skill`.
std::string RequirementsText(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements);

}  // namespace routerd::engine
