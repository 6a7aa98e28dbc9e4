#include "routerd/core/types.h"

#include "routerd/core/policy.h"

namespace routerd::core {

const char* ToString(Tier tier) {
  constexpr const char* kNames[] = {"NONE", "JUNIOR", "INTERMEDIATE", "SENIOR", "EXPERT"};
  return kNames[static_cast<int>(tier)];
}

const char* ToString(Presence presence) {
  constexpr const char* kNames[] = {"OFFLINE", "AVAILABLE", "AWAY"};
  return kNames[static_cast<int>(presence)];
}

const char* ToString(ContactState state) {
  constexpr const char* kNames[] = {"queued", "offered", "active", "in wrap-up", "ended", "scheduled"};
  return kNames[static_cast<int>(state)];
}

const char* ToString(OfferState state) {
  constexpr const char* kNames[] = {"open", "accepted", "declined", "lapsed", "revoked"};
  return kNames[static_cast<int>(state)];
}

const char* ToString(KnownAs known_as) {
  constexpr const char* kNames[] = {"", "dedicated", "owner", "last"};
  return kNames[static_cast<int>(known_as)];
}

OfferState OutcomeOf(OfferCause cause) {
  if (cause == OfferCause::kNoAnswer) return OfferState::kLapsed;
  return cause == OfferCause::kDeclined ? OfferState::kDeclined : OfferState::kRevoked;
}

const char* ToString(Strategy strategy) {
  constexpr const char* kNames[] = {"least_wanted", "best_fit",     "longest_idle",
                                    "most_skilled", "least_loaded", "round_robin"};
  return kNames[static_cast<int>(strategy)];
}

}  // namespace routerd::core
