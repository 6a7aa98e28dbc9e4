// The small words of the core: time, identifiers, skills and tiers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"

namespace routerd::core {

using Duration = std::chrono::nanoseconds;
// Engine time: UTC nanoseconds that never run backward. The core never asks for it; it is told.
using Instant = std::chrono::sys_time<Duration>;
inline constexpr Instant kNever = Instant::max();

// Contacts and offers are numbered from 1 for as long as the workspace lives. The others are positions in the
// router's tables, given in the order in which policies first named them; they are never given anew.
enum class ContactId : uint64_t {};
enum class OfferId : uint64_t {};
enum class AgentId : uint32_t {};
enum class QueueId : uint32_t {};
enum class SkillId : uint32_t {};
enum class ChannelId : uint32_t {};
enum class VipId : uint32_t {};

inline constexpr ContactId kNoContact{0};
inline constexpr OfferId kNoOffer{0};
inline constexpr AgentId kNoAgent{~0u};
inline constexpr QueueId kNoQueue{~0u};
inline constexpr VipId kNoVip{~0u};

// Number behind an identifier, for tables and texts.
template <typename Id>
constexpr auto Index(Id id) {
  return static_cast<std::underlying_type_t<Id>>(id);
}

// How well an agent has a skill, or how well a contact needs it. Higher is better.
enum class Tier : uint8_t { kNone = 0, kJunior = 1, kIntermediate = 2, kSenior = 3, kExpert = 4 };

enum class Presence : uint8_t { kOffline, kAvailable, kAway };

// A skill at a tier: a contact asks for at least so much, an agent has so much.
struct SkillTier {
  SkillId skill;
  Tier tier;
  auto operator<=>(const SkillTier&) const = default;
};
// Sorted by skill, each skill once.
using Skills = absl::InlinedVector<SkillTier, 4>;

// The same by name, as policies and commands give it.
struct NamedTier {
  std::string skill;
  Tier tier = Tier::kJunior;
  auto operator<=>(const NamedTier&) const = default;
};

// Why a customer knows the agent for whom alone a contact waits.
enum class KnownAs : uint8_t {
  kNobody,
  kDedicated,  // The customer's own agent.
  kOwner,      // Who first took the case.
  kLast,       // Who served the customer last.
};
enum class ContactState : uint8_t { kQueued, kOffered, kActive, kWrapUp, kEnded, kScheduled };
enum class OfferState : uint8_t { kOpen, kAccepted, kDeclined, kLapsed, kRevoked };
// Whose doing it was that an offer ended without an acceptance.
enum class OfferCause : uint8_t {
  kNone,
  kNoAnswer,
  kDeclined,
  kUnreachable,  // The agent's device was busy or failed.
  kAgentGone,    // Went away, signed out, lost its connection.
  kCustomerGone,
  kOtherAgent,  // Another agent accepted first.
  kSupervisor,
};
enum class EndReason : uint8_t { kNone, kCompleted, kAbandoned, kRejected, kOverflowed, kExpired, kFailed };

const char* ToString(Tier tier);
const char* ToString(Presence presence);
const char* ToString(ContactState state);
const char* ToString(OfferState state);
const char* ToString(KnownAs known_as);  // Empty for kNobody.
// What an offer becomes: lapsed is for who did not answer, declined for who refused, revoked for all that is nobody's
// refusal.
OfferState OutcomeOf(OfferCause cause);

// Asks for the memory of what is about to be read and may lie far from the cache.
template <typename T>
inline void Prefetch(const T& object) {
  for (size_t at = 0; at < sizeof(T); at += 64) __builtin_prefetch(reinterpret_cast<const char*>(&object) + at);
}

}  // namespace routerd::core
