// Words that a desk's lines, answers and pictures share.
#pragma once

#include <string>
#include <vector>

#include "routerd/ctl/text.h"
#include "routerd/v1/contact.pb.h"

namespace routerd::ctl {

namespace v1 = ::routerd::v1;

// Its conversation goes on, whether the customer is silent or not.
inline bool IsServed(const v1::Contact& contact) {
  return contact.state() == v1::Contact::STATE_ACTIVE || contact.state() == v1::Contact::STATE_DORMANT;
}

inline bool IsPassedOnWarm(const v1::Contact& contact) { return IsServed(contact) && contact.has_reserved_until(); }

inline std::string Tag(const std::string& contact) { return "#" + ShortName(contact); }

inline std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

}  // namespace routerd::ctl
