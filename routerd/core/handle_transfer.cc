// A served contact is passed on: to an agent, a queue or whoever has the skills; at once, or warm.
#include "absl/strings/str_cat.h"
#include "routerd/core/handler.h"

namespace routerd::core {

using absl::StatusCode;
using base::Error;

Handler::Result Handler::operator()(const TransferContact& c) {
  const auto held = Held(c.agent, c.contact, ContactState::kActive);
  if (!held.ok()) return held.status();
  const Contact& contact = **held;
  const bool to_skills = c.to_agent.empty() && c.to_queue.empty() && !c.requirements.empty();
  if (c.to_agent.empty() == c.to_queue.empty() && !to_skills) {
    return Error(StatusCode::kInvalidArgument, "TARGET_MISSING",
                 "a transfer goes to exactly one agent or queue, or to whoever has the skills asked for");
  }
  if (c.warm && r_.WarmOf(c.contact) != nullptr) {
    return Error(StatusCode::kFailedPrecondition, "TRANSFER_OPEN",
                 absl::StrCat("contacts/", Index(c.contact),
                              " is being passed on warm already; wait for the answer, or pass it on at once"));
  }
  ContactTransferred e;
  e.contact = c.contact;
  e.from = contact.agent;
  e.queue = contact.queue;
  e.requirements = r_.RequirementsOf(contact);
  e.reason = c.reason;
  e.summary = c.summary;
  if (!c.to_agent.empty()) {
    const auto target = SignedIn(c.to_agent);
    if (!target.ok()) return target.status();
    if (*target == contact.agent) {
      return Error(StatusCode::kInvalidArgument, "TARGET_IS_SELF",
                   absl::StrCat("agents/", c.to_agent, " already serves contacts/", Index(c.contact)));
    }
    e.reserved_agent = *target;
    e.reserved_until = r_.now + r_.policy->transfer_wait;
  } else {
    const auto queue = to_skills ? contact.queue : LiveQueue(c.to_queue);
    if (!queue.ok()) return queue.status();
    // Who is passed on warm never stands in line.
    absl::Status room = c.warm ? absl::OkStatus() : CheckRoom(r_.rules(*queue), /*transfer=*/true);
    if (!room.ok()) return room;
    e.queue_changed = *queue != contact.queue;
    e.queue = *queue;
    e.requirements = r_.rules(*queue).requirements;
  }
  if (!c.requirements.empty()) {
    e.requirements.clear();
    if (absl::Status status = AddRequirements(c.requirements, e.requirements); !status.ok()) return status;
  }
  e.bot_done = r_.BotDoneAfter(contact, e.queue_changed);
  const bool to_queue = e.reserved_agent == kNoAgent;
  if (!c.requirements.empty() || (to_queue && e.bot_done)) {
    absl::Status status =
        CheckServable(e.queue, r_.RequirementIn(e.queue, contact.channel, contact.vip, e.requirements, e.bot_done));
    if (!status.ok()) return status;
  }
  if (c.warm) {
    r_.Emit(WarmTransferStarted{.contact = c.contact,
                                .agent = contact.agent,
                                .to_agent = e.reserved_agent,
                                .to_queue = c.to_queue.empty() ? kNoQueue : e.queue,
                                .requirements = std::move(e.requirements),
                                .until = r_.now + r_.policy->transfer_wait,
                                .reason = c.reason,
                                .summary = c.summary});
    return Reply{c.contact};
  }
  e.back_off_until = r_.now + r_.rules(e.queue).policy.decline_back_off;
  r_.EndSideWork(**held, "passed_on");
  r_.Emit(std::move(e));
  if (to_queue) r_.Enter(c.contact, /*newcomer=*/false);
  return Reply{c.contact};
}

}  // namespace routerd::core
