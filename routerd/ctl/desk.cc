// The desk and the router: what is asked and answered, and what the router's messages change.
#include "routerd/ctl/desk.h"

#include <algorithm>
#include <utility>

#include "routerd/ctl/desk_words.h"
#include "routerd/ctl/failure.h"
#include "routerd/ctl/render.h"
#include "routerd/ctl/text.h"

namespace routerd::ctl {
namespace {

constexpr std::string_view kSignInId = "sign-in";

bool Passes(int code) { return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED; }

std::string ContactOf(const v1::WorkRequest& request) {
  switch (request.action_case()) {
    case v1::WorkRequest::kMessage:
      return request.message().contact();
    case v1::WorkRequest::kHold:
      return request.hold().contact();
    case v1::WorkRequest::kTransfer:
      return request.transfer().contact();
    case v1::WorkRequest::kComplete:
      return request.complete().contact();
    case v1::WorkRequest::kWrapUpDone:
      return request.wrap_up_done().contact();
    case v1::WorkRequest::kWrapUpExtend:
      return request.wrap_up_extend().contact();
    case v1::WorkRequest::kClaim:
      return request.claim().contact();
    default:
      return "";
  }
}

std::vector<std::string> ShortNames(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(ShortName(name));
  return out;
}

}  // namespace

DeskStep Desk::Connected() {
  v1::WorkRequest request;
  request.set_request_id(std::string(kSignInId));
  v1::SignIn& sign_in = *request.mutable_sign_in();
  sign_in.set_agent(identity_.agent);
  sign_in.set_version(identity_.version);
  step_.requests.push_back(std::move(request));
  return Take();
}

DeskStep Desk::Disconnected(std::string_view why) {
  ready_ = false;
  for (Asked& asked : asked_) asked.sent = false;
  if (!lost_told_) {
    Print("-- Not connected: " + OneLine(why));
    Print("-- Trying again; what you type until then is kept.");
  }
  lost_told_ = true;
  return Take();
}

DeskStep Desk::Receive(const v1::WorkResponse& response) {
  switch (response.event_case()) {
    case v1::WorkResponse::kResult:
      OnResult(response.result());
      break;
    case v1::WorkResponse::kPicture:
      OnPicture(response.picture());
      break;
    case v1::WorkResponse::kOffer:
      OnOffer(response.offer(), DurationOf(response.offer().timeout()));
      break;
    case v1::WorkResponse::kOfferClosed:
      OnOfferClosed(response.offer_closed());
      break;
    case v1::WorkResponse::kContact:
      OnContact(response.contact());
      break;
    case v1::WorkResponse::kReleased:
      OnReleased(response.released().contact(), response.released().reason());
      break;
    case v1::WorkResponse::kMessage:
      OnMessage(response.message().contact(), response.message());
      break;
    case v1::WorkResponse::kDelivery:
      OnDelivery(response.delivery());
      break;
    case v1::WorkResponse::kAgent:
      OnAgent(response.agent(), false);
      break;
    case v1::WorkResponse::kConsult:
      OnConsult(response.consult());
      break;
    case v1::WorkResponse::kTyping:  // Would only push what the agent types off the line.
    case v1::WorkResponse::EVENT_NOT_SET:
      break;
  }
  return Take();
}

bool Desk::awaits_answer() const {
  return std::any_of(asked_.begin(), asked_.end(), [](const Asked& asked) { return asked.sent; });
}

DeskStep Desk::Take() {
  if (input_ended_ && ready_ && asked_.empty() && !step_.exit_code) step_.exit_code = 0;
  return std::exchange(step_, {});
}

void Desk::Ask(v1::WorkRequest request) {
  request.set_request_id("r" + std::to_string(++last_id_));
  asked_.push_back({std::move(request), false});
  if (ready_) Send(asked_.back());
}

void Desk::Send(Asked& asked) {
  asked.sent = true;
  step_.requests.push_back(asked.request);
}

void Desk::OnConsult(const v1::Consult& consult) {
  const std::string& name = consult.contact().name();
  if (!consult.open()) {
    if (consulted_.erase(name) > 0) Print("-- You are no longer asked about " + Tag(name) + ".");
    return;
  }
  if (!consulted_.insert(name).second) return;
  Print("== " + ShortName(consult.from_agent()) + " asks you about " + TitleOf(consult.contact()));
  if (!consult.question().empty()) Print("   Question:  " + OneLine(consult.question(), 200));
  PrintContext(consult.contact());
  Print("   /note " + Tag(name) + " text answers, /answered " + Tag(name) + " ends it.");
  Shown& shown = shown_[name];
  for (const v1::Message& message : consult.contact().context().transcript())
    shown.sequences.insert(message.sequence());
  step_.alert = true;
}

void Desk::OnResult(const v1::RequestAck& ack) {
  if (ack.request_id() == kSignInId) {
    if (ack.code() == grpc::StatusCode::OK) return;  // The picture follows.
    if (Passes(ack.code())) {
      step_.drop = true;
      return;
    }
    Print("-- Cannot sign in as " + identity_.agent + ": " + OneLine(ack.message()) + " (" + ack.reason() + ")");
    step_.exit_code = kExitRefused;
    return;
  }
  const auto it = std::find_if(asked_.begin(), asked_.end(),
                               [&ack](const Asked& asked) { return asked.request.request_id() == ack.request_id(); });
  if (it == asked_.end()) return;
  if (Passes(ack.code()) && ack.has_retry_delay()) {
    step_.drop = true;
    return;
  }
  const v1::WorkRequest request = std::move(it->request);
  asked_.erase(it);
  if (ack.code() != grpc::StatusCode::OK) return Refused(request, ack);
  if (request.has_message()) {
    if (shown_[request.message().contact()].sequences.insert(ack.message_sequence()).second) {
      Print("[" + Tag(request.message().contact()) + "] you" + (request.message().internal() ? " (internal): " : ": ") +
            OneLine(request.message().text()));
    }
  } else if (request.has_sign_out()) {
    Print("-- Signed out.");
    step_.exit_code = 0;
  }
}

void Desk::Refused(const v1::WorkRequest& request, const v1::RequestAck& ack) {
  std::string text = "-- Refused: " + OneLine(ack.message());
  if (!ack.reason().empty()) text += " (" + ack.reason() + ")";
  Print(text);
  if (request.has_message()) {
    Print("-- Not sent to " + Tag(request.message().contact()) + ": " + OneLine(request.message().text(), 60));
  }
  if (request.has_sign_out() && ack.reason() == "AGENT_BUSY") Print("-- `/quit force` gives back what you hold.");
  if (request.has_claim()) wanted_.erase(request.claim().contact());
}

void Desk::OnPicture(const v1::Picture& picture) {
  const bool first = !was_ready_;
  ready_ = was_ready_ = true;
  lost_told_ = false;
  agents_ = ShortNames(picture.agents());
  queues_ = ShortNames(picture.queues());
  if (!first) Print("-- Connected again.");
  OnAgent(picture.agent(), first);

  const std::vector<v1::Offer> old_offers = std::exchange(offers_, {});
  const std::vector<v1::Contact> old_held = std::exchange(held_, {});
  const auto had = [](const auto& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&name](const auto& one) { return one.name() == name; });
  };
  std::set<std::string> consulted;
  for (const v1::Consult& consult : picture.consults()) {
    consulted.insert(consult.contact().name());
    OnConsult(consult);
  }
  consulted_ = std::move(consulted);
  for (const v1::Contact& contact : picture.contacts()) {
    const bool known = had(old_held, contact.name());
    held_.push_back(contact);
    if (!known) {
      Activate(contact, wanted_.contains(contact.name()));
      continue;
    }
    for (const v1::Message& message : contact.context().transcript()) OnMessage(contact.name(), message);
  }
  for (const v1::Offer& offer : picture.offers()) {
    if (had(old_offers, offer.name())) {
      offers_.push_back(offer);
    } else {
      OnOffer(offer, TimeOf(offer.expire_time()) - TimeOf(picture.server_time()));
    }
  }
  for (const v1::Offer& offer : old_offers) {
    if (!had(offers_, offer.name()) && Held(offer.contact().name()) == nullptr) {
      Print("-- The offer of " + Tag(offer.contact().name()) + " is no longer open.");
      shown_.erase(offer.contact().name());
    }
  }
  for (const v1::Contact& contact : old_held) {
    if (had(held_, contact.name())) continue;
    Print("-- " + Tag(contact.name()) + " is no longer yours.");
    shown_.erase(contact.name());
  }
  if (Held(current_) == nullptr) PickCurrent();

  // What was asked before the break is settled by the picture, or asked again.
  std::deque<Asked> open = std::exchange(asked_, {});
  for (Asked& asked : open) {
    if (StillNeeded(asked.request)) {
      asked_.push_back(std::move(asked));
      Send(asked_.back());
    } else if (asked.request.has_message()) {
      Print("-- Perhaps not sent, as " + Tag(asked.request.message().contact()) +
            " is no longer yours: " + OneLine(asked.request.message().text(), 60));
    }
  }
}

bool Desk::StillNeeded(const v1::WorkRequest& request) const {
  const auto is_open = [this](const std::string& name) {
    return std::any_of(offers_.begin(), offers_.end(), [&name](const v1::Offer& one) { return one.name() == name; });
  };
  const v1::Contact* contact = Held(ContactOf(request));
  const bool active = contact != nullptr && IsServed(*contact);
  switch (request.action_case()) {
    case v1::WorkRequest::kAccept:
      return is_open(request.accept().offer());
    case v1::WorkRequest::kDecline:
      return is_open(request.decline().offer());
    case v1::WorkRequest::kPresence:
      return request.presence().presence() !=
             (agent_.pending_presence() == v1::PRESENCE_UNSPECIFIED ? agent_.presence() : agent_.pending_presence());
    case v1::WorkRequest::kMessage:
      return contact != nullptr || consulted_.contains(request.message().contact());
    case v1::WorkRequest::kConsult:
      return active && contact->consulted_agent().empty();
    case v1::WorkRequest::kConsultEnd:
      return consulted_.contains(request.consult_end().contact()) ||
             (contact != nullptr && !contact->consulted_agent().empty());
    case v1::WorkRequest::kHold:
      return active && contact->on_hold() != request.hold().on();
    case v1::WorkRequest::kTransfer:
      return active && !(request.transfer().warm() && IsPassedOnWarm(*contact));
    case v1::WorkRequest::kComplete:
      return active;
    case v1::WorkRequest::kWrapUpDone:
      return contact != nullptr && contact->state() == v1::Contact::STATE_WRAP_UP;
    case v1::WorkRequest::kWrapUpExtend:  // It may have been given; twice is too much.
      return false;
    case v1::WorkRequest::kClaim:
      return contact == nullptr;
    default:
      return true;
  }
}

void Desk::OnOffer(const v1::Offer& offer, absl::Duration time_left) {
  const auto known = std::find_if(offers_.begin(), offers_.end(),
                                  [&offer](const v1::Offer& one) { return one.name() == offer.name(); });
  if (known != offers_.end()) {
    *known = offer;  // Extended, or told again.
    return;
  }
  offers_.push_back(offer);
  step_.alert = true;
  PrintOffer(offer, time_left);
}

void Desk::OnOfferClosed(const v1::OfferClosed& closed) {
  const auto it = std::find_if(offers_.begin(), offers_.end(),
                               [&closed](const v1::Offer& one) { return one.name() == closed.offer(); });
  if (it == offers_.end()) return;
  const std::string tag = Tag(it->contact().name());
  if (closed.state() == v1::Offer::STATE_ACCEPTED) {
    // The contact itself says the rest.
  } else if (closed.state() == v1::Offer::STATE_DECLINED) {
    Print("-- Declined " + tag + "; it is no longer offered to you.");
  } else if (closed.state() == v1::Offer::STATE_LAPSED) {
    Print("-- You did not answer in time: " + tag + " goes on to somebody else.");
  } else {
    Print("-- The offer of " + tag + " was taken back" +
          (closed.reason().empty() ? "." : " (" + OneLine(closed.reason(), 60) + ")."));
  }
  if (closed.state() != v1::Offer::STATE_ACCEPTED) {
    wanted_.erase(it->contact().name());
    shown_.erase(it->contact().name());
  }
  offers_.erase(it);
}

void Desk::OnContact(const v1::Contact& contact) {
  v1::Contact* known = Held(contact.name());
  if (known == nullptr) {
    if (!IsServed(contact) && contact.state() != v1::Contact::STATE_WRAP_UP) return;
    std::erase_if(offers_, [&contact](const v1::Offer& one) { return one.contact().name() == contact.name(); });
    held_.push_back(contact);
    Activate(contact, wanted_.contains(contact.name()));
    return;
  }
  const v1::Contact before = *known;
  *known = contact;
  if (!contact.has_context()) *known->mutable_context() = before.context();
  if (contact.dispositions().empty()) *known->mutable_dispositions() = before.dispositions();
  if (before.on_hold() != contact.on_hold()) {
    Print("-- " + Tag(contact.name()) + (contact.on_hold() ? " is on hold." : " is off hold."));
  }
  if (before.wrap_up_extension_count() < contact.wrap_up_extension_count()) {
    Print("-- " + Tag(contact.name()) + " may be wrapped up until " +
          ClockText(contact.wrap_up_expire_time(), identity_.zone) + ".");
  }
  if (before.consulted_agent() != contact.consulted_agent()) {
    const std::string& colleague =
        contact.consulted_agent().empty() ? before.consulted_agent() : contact.consulted_agent();
    Print("-- " + ShortName(colleague) + (contact.consulted_agent().empty() ? " is no longer asked" : " is asked") +
          " about " + Tag(contact.name()) + ".");
  }
  for (const v1::LifeStep& step : contact.life()) {  // How passing it on warm goes.
    Print("-- " + Tag(contact.name()) + ": " + OneLine(step.text(), 200) + ".");
  }
  if (before.state() == contact.state()) return;
  if (contact.state() == v1::Contact::STATE_DORMANT) Print("-- " + Tag(contact.name()) + " has fallen quiet.");
  if (contact.state() == v1::Contact::STATE_WRAP_UP) {
    std::string text =
        "-- The conversation " + Tag(contact.name()) + " is over; /wrap [outcome] when you are done with it";
    if (contact.has_wrap_up_expire_time()) {
      text += ", by itself at " + ClockText(contact.wrap_up_expire_time(), identity_.zone);
    }
    Print(text + ".");
    if (contact.name() == current_) PickCurrent();
  }
}

void Desk::OnReleased(const std::string& contact, const std::string& reason) {
  std::erase_if(offers_, [&contact](const v1::Offer& one) { return one.contact().name() == contact; });
  if (std::erase_if(held_, [&contact](const v1::Contact& one) { return one.name() == contact; }) == 0) return;
  shown_.erase(contact);
  wanted_.erase(contact);
  Print("-- " + Tag(contact) + " is no longer yours" + (reason.empty() ? "." : ": " + OneLine(reason, 60) + "."));
  if (contact == current_) PickCurrent();
}

void Desk::OnMessage(const std::string& contact, const v1::Message& message) {
  if (Held(contact) == nullptr && !consulted_.contains(contact)) return;
  const bool by_agent = message.author() == v1::Message::AUTHOR_AGENT || message.author() == v1::Message::AUTHOR_BOT;
  if (by_agent && message.source_id().starts_with(identity_.run_id)) {
    // Typed here: its answer prints it, or has done so; without one on its way, e.g. after a break, it is printed now.
    const bool asked = std::any_of(asked_.begin(), asked_.end(), [&message](const Asked& one) {
      return one.request.message().source_id() == message.source_id();
    });
    if (asked) return;
  }
  if (!shown_[contact].sequences.insert(message.sequence()).second) return;
  PrintMessage(message, "[" + Tag(contact) + "] ");
  if (message.author() != v1::Message::AUTHOR_CUSTOMER) return;
  step_.alert |= contact != current_;
  if (!ready_ || Held(contact) == nullptr) return;
  v1::WorkRequest request;  // Nobody waits for its answer: a lost one is made up for by the next.
  request.mutable_delivery()->set_contact(contact);
  request.mutable_delivery()->set_sequence(message.sequence());
  request.mutable_delivery()->set_delivery(v1::Message::DELIVERY_SEEN);
  step_.requests.push_back(std::move(request));
}

void Desk::OnDelivery(const v1::DeliveryReport& report) {
  if (report.delivery() != v1::Message::DELIVERY_SEEN || Held(report.contact()) == nullptr) return;
  Shown& shown = shown_[report.contact()];
  if (report.sequence() <= std::exchange(shown.seen_sequence, std::max(shown.seen_sequence, report.sequence()))) return;
  Print("[" + Tag(report.contact()) + "] (read)");
}

void Desk::OnAgent(const v1::Agent& agent, bool first) {
  const v1::Agent before = std::exchange(agent_, agent);
  if (first) {
    const std::string& name = agent.display_name().empty() ? identity_.agent : agent.display_name();
    Print("-- Signed in as " + OneLine(name) + ". /help lists what you can type.");
  } else if (before.presence() == agent.presence() && before.presence_reason() == agent.presence_reason() &&
             before.pending_presence() == agent.pending_presence()) {
    return;
  }
  std::string text = "-- You are " + PresenceText(agent.presence());
  if (!agent.presence_reason().empty()) text += " (" + OneLine(agent.presence_reason(), 64) + ")";
  if (agent.pending_presence() != v1::PRESENCE_UNSPECIFIED) {
    text += ", and " + PresenceText(agent.pending_presence()) + " once you hold nothing";
  }
  if (agent.presence() == v1::PRESENCE_AWAY) text += "; /ready takes offers again";
  Print(text + ".");
}

}  // namespace routerd::ctl
