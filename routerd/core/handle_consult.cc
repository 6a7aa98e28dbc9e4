// A colleague is asked about a contact while its agent goes on serving it.
#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const ConsultAgent& c) {
  const auto held = Held(c.agent, c.contact, ContactState::kActive);
  if (!held.ok()) return held.status();
  const Contact& contact = **held;
  const auto colleague = SignedIn(c.colleague);
  if (!colleague.ok()) return colleague.status();
  if (*colleague == contact.agent) {
    return Error(StatusCode::kInvalidArgument, "TARGET_IS_SELF",
                 absl::StrCat("agents/", c.colleague, " serves contacts/", Index(c.contact), "; ask somebody else"));
  }
  if (const AgentId asked = contact.rare().consulted; asked != kNoAgent) {
    const std::string_view name = r_.agents.Of(asked);
    return Error(StatusCode::kFailedPrecondition, "CONSULT_OPEN",
                 absl::StrCat("agents/", absl::string_view(name.data(), name.size()), " is consulted on contacts/",
                              Index(c.contact), " already; end that first"));
  }
  r_.Emit(ConsultStarted{c.contact, *colleague, c.question});
  return Reply{c.contact};
}

Handler::Result Handler::operator()(const EndConsult& c) {
  const auto agent = SignedIn(c.agent);
  if (!agent.ok()) return agent.status();
  const Contact* contact = r_.Find(c.contact);
  if (contact == nullptr) return UnknownContact(c.contact);
  const AgentId colleague = contact->rare().consulted;
  if (colleague == kNoAgent || (*agent != colleague && *agent != contact->agent)) {
    return Error(StatusCode::kFailedPrecondition, "CONSULT_NOT_OPEN",
                 absl::StrCat("agents/", c.agent, " has no part in a consultation on contacts/", Index(c.contact)));
  }
  r_.Emit(ConsultEnded{c.contact, colleague, *agent == colleague ? "colleague" : "agent"});
  return Reply{c.contact};
}

void Router::Impl::EndSideWork(Contact& contact, const char* reason, OfferCause cause) {
  EndConsultation(contact, reason);
  EndWarmTransfer(contact, reason, cause);
}

void Router::Impl::EndConsultation(Contact& contact, const char* reason) {
  if (const AgentId colleague = contact.rare().consulted; colleague != kNoAgent) {
    Emit(ConsultEnded{contact.id, colleague, reason});
  }
}

}  // namespace routerd::core
