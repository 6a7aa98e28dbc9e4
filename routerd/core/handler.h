// What commands share: the checks that come before their events. One method a command, in the file of its noun; each
// checks everything before its first Emit.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/core/router_impl.h"

namespace routerd::core {

template <typename T>
std::string Quote(const T& name) {
  return absl::StrCat("\"", absl::string_view(name.data(), name.size()), "\"");
}
absl::Status Unknown(const char* kind, const char* reason, const std::string& name,
                     const std::vector<std::string>& known);
absl::Status UnknownContact(ContactId id);
std::string OfferName(ContactId contact, OfferId offer);

class Handler {
 public:
  explicit Handler(Router::Impl& r) : r_(r) {}
  using Result = absl::StatusOr<Reply>;

  // handle.cc
  Result operator()(const Configure& c);
  Result operator()(const Recover&);
  // handle_contact.cc
  Result operator()(const CreateContact& c);
  Result operator()(const UpdateContact& c);
  Result operator()(const CustomerActive& c);
  Result operator()(const EndContact& c);
  // handle_callback.cc
  Result operator()(const RequestCallback& c);
  Result operator()(const ScheduleContact& c);
  Result operator()(const CallbackFailed& c);
  // handle_agent.cc
  Result operator()(const SignIn& c);
  Result operator()(const SignOut& c);
  Result operator()(const SetPresence& c);
  Result operator()(const SetConnected& c);
  // handle_offer.cc
  Result operator()(const AcceptOffer& c);
  Result operator()(const DeclineOffer& c);
  Result operator()(const ClaimContact& c);
  // handle_consult.cc
  Result operator()(const ConsultAgent& c);
  Result operator()(const EndConsult& c);
  // handle_transfer.cc
  Result operator()(const TransferContact& c);
  // handle_service.cc
  Result operator()(const HoldContact& c);
  Result operator()(const CompleteContact& c);
  Result operator()(const FinishWrapUp& c);
  Result operator()(const ExtendWrapUp& c);
  Result operator()(const AssignContact& c);
  Result operator()(const TakeOverContact& c);
  Result operator()(const RequeueContact& c);

 private:
  absl::StatusOr<QueueId> LiveQueue(const std::string& name) const;
  absl::StatusOr<AgentId> SignedIn(const std::string& name) const;
  absl::Status FindVip(const std::string& name, VipId& vip) const;
  // Raises `into` to what is asked; where both name a skill the higher tier counts.
  absl::Status AddRequirements(const std::vector<NamedTier>& asked, Skills& into) const;
  static absl::Status CheckHeadStart(Duration head_start);
  static absl::Status CheckLane(int lane);
  // Of those, the ones that it has not yet, sorted; refused beyond 16 of 64 bytes.
  static absl::StatusOr<std::vector<std::string>> NewLabels(const std::vector<std::string>& known,
                                                            const std::vector<std::string>& labels);
  absl::Status CheckDisposition(const Contact& contact, const std::string& disposition) const;
  // Whether one more may come into the queue's line; transfers get in by some headroom more than newcomers.
  absl::Status CheckRoom(const QueueRules& queue, bool transfer) const;
  absl::Status CheckScheduleTime(Instant at) const;
  // servable.cc: whether somebody could ever take what asks for this in a queue.
  absl::Status CheckServable(QueueId queue, Requirement asked) const;
  std::string Lacking(const Requirement& asked) const;
  static absl::Status NotWaiting(const Contact& contact);
  // The contact whose open offer it is.
  absl::StatusOr<Contact*> WithOpenOffer(const std::string& agent_name, ContactId id, OfferId offer);
  // Keeps a contact that has come into the line for one agent.
  void Direct(ContactId contact, AgentId agent, Duration wait, const char* reason, bool may_exceed);
  absl::StatusOr<Contact*> Held(const std::string& agent_name, ContactId id, ContactState state);

  Router::Impl& r_;
};

}  // namespace routerd::core
