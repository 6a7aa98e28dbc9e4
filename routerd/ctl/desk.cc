// The terminal desk's rules: which line asks for what, and what the agent is told.
#include "routerd/ctl/desk.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "routerd/base/suggest.h"
#include "routerd/ctl/failure.h"
#include "routerd/ctl/render.h"
#include "routerd/ctl/text.h"

namespace routerd::ctl {
namespace {

constexpr size_t kTranscriptShownMax = 20;
constexpr std::string_view kSignInId = "sign-in";

constexpr std::string_view kHelp =
    "  a [N]            accept the offer (of contact N; else the oldest one)\n"
    "  d [N] [reason]   decline it\n"
    "  any other text   goes to the current chat; begin with // to send a text that begins with /\n"
    "  /say text        the same, whatever the text looks like\n"
    "  /chats           list offers and chats\n"
    "  /to N            make chat N the current one\n"
    "  /show            show who the current chat is with, and what was said\n"
    "  /hold            put the current chat on hold, or take it back\n"
    "  /ask NAME question              ask a colleague about the current chat; you go on serving it\n"
    "  /answered [N]                   end that, or end being asked about contact N\n"
    "  /note [#N] text                 for colleagues only: the customer does not see it\n"
    "  /transfer agent|queue NAME reason | summary     pass the current chat on\n"
    "  /transfer skill SKILL:TIER,... reason | summary  to whoever has these skills, e.g. billing:SENIOR,orders\n"
    "  /transfer --warm ...                            the same, but you go on serving it until somebody takes it\n"
    "  /later TIME [| summary]                         put it off, e.g. to 2027-01-31T09:00:00+08:00\n"
    "  /notreached      the customer of a callback could not be reached\n"
    "  /done [outcome] [| summary]                     end the conversation\n"
    "  /wrap [outcome]  finish wrap-up\n"
    "  /more            ask for more time to wrap up\n"
    "  /away [reason]   take no more offers; /ready takes them again\n"
    "  /claim N         take waiting contact N, where its queue allows it\n"
    "  /quit            sign out; `/quit force` gives back what you hold\n";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Takes the first word off `text`.
std::string_view TakeWord(std::string_view& text) {
  text = Trim(text);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text = Trim(text.substr(word.size()));
  return word;
}

// "before | after" in two.
std::pair<std::string, std::string> SplitSummary(std::string_view text) {
  const size_t bar = text.find('|');
  if (bar == std::string_view::npos) return {std::string(Trim(text)), ""};
  return {std::string(Trim(text.substr(0, bar))), std::string(Trim(text.substr(bar + 1)))};
}

// Each skill of "billing:SENIOR,orders", its tier JUNIOR unless it is named. False, with why, if it can't be read.
bool ParseSkills(std::string_view text, google::protobuf::RepeatedPtrField<v1::SkillRequirement>& skills,
                 std::string& why) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const size_t colon = one.find(':');
    v1::SkillRequirement& skill = *skills.Add();
    skill.set_skill(std::string(one.substr(0, colon)));
    if (colon == std::string_view::npos) continue;
    std::string name(one.substr(colon + 1));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    v1::Tier tier = v1::TIER_UNSPECIFIED;
    if (!v1::Tier_Parse(name, &tier) || tier == v1::TIER_UNSPECIFIED) {
      why = "There is no tier \"" + OneLine(name, 40) + "\"; JUNIOR, INTERMEDIATE, SENIOR or EXPERT";
      return false;
    }
    skill.set_tier(tier);
  }
  return true;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// `12`, `#12` and `contacts/12` are all the contact's name.
std::string ContactName(std::string_view which) {
  if (which.starts_with('#')) which.remove_prefix(1);
  return "contacts/" + ShortName(which);
}

// Its conversation goes on, whether the customer is silent or not.
bool IsServed(const v1::Contact& contact) {
  return contact.state() == v1::Contact::STATE_ACTIVE || contact.state() == v1::Contact::STATE_DORMANT;
}

bool IsPassedOnWarm(const v1::Contact& contact) { return IsServed(contact) && contact.has_reserved_until(); }

std::string Tag(const std::string& contact) { return "#" + ShortName(contact); }

std::string NameOf(const v1::Customer& customer) {
  return OneLine(customer.display_name().empty() ? customer.id() : customer.display_name(), 60);
}

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

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

}  // namespace

// ---- What comes in ----

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

DeskStep Desk::Line(std::string_view line) {
  const std::string_view trimmed = Trim(line);
  if (trimmed.empty()) return Take();
  std::string_view rest = trimmed;
  const std::string_view word = TakeWord(rest);
  if (word == "a" && (rest.empty() || IsNumber(rest) || rest.starts_with('#'))) {
    Accept(rest);
  } else if (word == "d") {
    Decline(rest);
  } else if (trimmed.starts_with("//")) {
    Say(trimmed.substr(1));
  } else if (trimmed.starts_with('/')) {
    Command(trimmed);
  } else {
    Say(trimmed);
  }
  return Take();
}

DeskStep Desk::InputEnded() {
  input_ended_ = true;
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

// ---- Lines ----

void Desk::Command(std::string_view line) {
  std::string_view rest = line;
  const std::string_view word = TakeWord(rest);
  if (word == "/help") {
    step_.text += kHelp;
  } else if (word == "/say") {
    Say(rest);
  } else if (word == "/chats") {
    ListChats();
  } else if (word == "/to") {
    SwitchTo(rest);
  } else if (word == "/show") {
    ShowContext();
  } else if (word == "/hold") {
    Hold();
  } else if (word == "/ask") {
    Consult(rest);
  } else if (word == "/answered") {
    EndConsult(rest);
  } else if (word == "/note") {
    Note(rest);
  } else if (word == "/transfer") {
    Transfer(rest);
  } else if (word == "/later") {
    PutOff(rest);
  } else if (word == "/notreached") {
    ReportNotReached();
  } else if (word == "/done") {
    Complete(rest);
  } else if (word == "/wrap") {
    FinishWrapUp(rest);
  } else if (word == "/more") {
    ExtendWrapUp();
  } else if (word == "/away") {
    SetPresence(v1::PRESENCE_AWAY, rest);
  } else if (word == "/ready") {
    SetPresence(v1::PRESENCE_AVAILABLE, "");
  } else if (word == "/claim") {
    Claim(rest);
  } else if (word == "/quit") {
    Quit(rest);
  } else {
    static const std::vector<std::string> known = {
        "/help",  "/say",        "/chats", "/to",   "/show", "/hold", "/ask",   "/answered", "/note", "/transfer",
        "/later", "/notreached", "/done",  "/wrap", "/more", "/away", "/ready", "/claim",    "/quit"};
    std::string suggestion = base::DidYouMean(word, known);
    if (suggestion.empty()) suggestion = "; /help lists them";
    Print("-- There is no " + OneLine(word, 40) + suggestion);
  }
}

void Desk::Say(std::string_view text) {
  if (text.empty()) return Print("-- Say what? /say TEXT");
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  if (chat->state() == v1::Contact::STATE_WRAP_UP) {
    return Print("-- The conversation " + Tag(chat->name()) +
                 " is over; /wrap finishes it, /to N goes to another one.");
  }
  v1::WorkRequest request;
  v1::PostAgentMessage& message = *request.mutable_message();
  message.set_contact(chat->name());
  message.set_source_id(identity_.run_id + "-" + std::to_string(last_id_ + 1));
  message.set_text(std::string(text));
  Ask(std::move(request));
}

void Desk::Consult(std::string_view rest) {
  const std::string colleague = ShortName(TakeWord(rest));
  if (colleague.empty() || rest.empty()) return Print("-- Whom, and what? /ask NAME question");
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  v1::WorkRequest request;
  request.mutable_consult()->set_contact(chat->name());
  request.mutable_consult()->set_agent("agents/" + colleague);
  request.mutable_consult()->set_question(std::string(rest));
  Ask(std::move(request));
}

void Desk::EndConsult(std::string_view which) {
  std::string contact = which.empty() ? current_ : ContactName(which);
  if (contact.empty() && !consulted_.empty()) contact = *consulted_.begin();
  if (contact.empty()) return Print("-- Which contact? /answered N");
  v1::WorkRequest request;
  request.mutable_consult_end()->set_contact(contact);
  Ask(std::move(request));
}

void Desk::Note(std::string_view rest) {
  std::string contact = current_.empty() && !consulted_.empty() ? *consulted_.begin() : current_;
  if (rest.starts_with('#')) contact = ContactName(TakeWord(rest));
  if (contact.empty() || rest.empty()) return Print("-- Note what, and where? /note [#N] text");
  v1::WorkRequest request;
  v1::PostAgentMessage& message = *request.mutable_message();
  message.set_contact(contact);
  message.set_source_id(identity_.run_id + "-" + std::to_string(last_id_ + 1));
  message.set_text(std::string(rest));
  message.set_internal(true);
  Ask(std::move(request));
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

void Desk::Accept(std::string_view which) {
  const auto offer =
      which.empty() ? offers_.begin() : std::find_if(offers_.begin(), offers_.end(), [&](const v1::Offer& one) {
        return one.contact().name() == ContactName(which);
      });
  if (offer == offers_.end()) {
    return Print(offers_.empty() ? "-- No offer is open; to send this as text: /say a"
                                 : "-- There is no open offer of " + std::string(which) + "; /chats lists them.");
  }
  wanted_.insert(offer->contact().name());
  v1::WorkRequest request;
  request.mutable_accept()->set_offer(offer->name());
  Ask(std::move(request));
}

void Desk::Decline(std::string_view rest) {
  if (offers_.empty()) return Print("-- No offer is open; to send this as text: /say d ...");
  auto offer = offers_.begin();
  std::string_view reason = rest;
  std::string_view which = TakeWord(reason);
  if (IsNumber(which) || which.starts_with('#')) {
    offer = std::find_if(offers_.begin(), offers_.end(),
                         [&](const v1::Offer& one) { return one.contact().name() == ContactName(which); });
    if (offer == offers_.end()) {
      return Print("-- There is no open offer of " + std::string(which) + "; /chats lists them.");
    }
  } else {
    reason = rest;
  }
  v1::WorkRequest request;
  request.mutable_decline()->set_offer(offer->name());
  request.mutable_decline()->set_reason(std::string(reason));
  Ask(std::move(request));
}

void Desk::SwitchTo(std::string_view which) {
  const v1::Contact* chat = which.empty() ? nullptr : Held(ContactName(which));
  if (chat == nullptr) return Print("-- You hold no chat \"" + OneLine(which, 40) + "\"; /chats lists them.");
  current_ = chat->name();
  Print("-- Now talking in " + TitleOf(*chat));
}

void Desk::Hold() {
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  v1::WorkRequest request;
  request.mutable_hold()->set_contact(chat->name());
  request.mutable_hold()->set_on(!chat->on_hold());
  Ask(std::move(request));
}

void Desk::Transfer(std::string_view rest) {
  std::string kind(TakeWord(rest));
  const bool warm = kind == "--warm";
  if (warm) kind = std::string(TakeWord(rest));
  const std::string name = ShortName(TakeWord(rest));
  const auto [reason, summary] = SplitSummary(rest);
  if ((kind != "agent" && kind != "queue" && kind != "skill") || name.empty() || reason.empty()) {
    return Print(
        "-- Where to and why? /transfer [--warm] agent|queue NAME reason | what the receiver must know\n"
        "   or to whoever has the skills: /transfer [--warm] skill billing:SENIOR,orders reason | summary");
  }
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  v1::WorkRequest request;
  v1::TransferContact& transfer = *request.mutable_transfer();
  transfer.set_contact(chat->name());
  if (kind == "skill") {
    std::string why;
    if (!ParseSkills(name, *transfer.mutable_requirements(), why)) return Print("-- " + why);
  } else {
    const std::vector<std::string>& known = kind == "agent" ? agents_ : queues_;
    if (!known.empty() && std::find(known.begin(), known.end(), name) == known.end()) {
      std::string suggestion = base::DidYouMean(name, known);
      if (suggestion.empty()) suggestion = "; there are " + Joined(known);
      return Print("-- There is no " + kind + " \"" + OneLine(name, 40) + "\"" + suggestion);
    }
    if (kind == "agent") transfer.set_agent("agents/" + name);
    if (kind == "queue") transfer.set_queue("queues/" + name);
  }
  transfer.set_reason(reason);
  transfer.set_summary(summary);
  transfer.set_warm(warm);
  Ask(std::move(request));
}

void Desk::PutOff(std::string_view rest) {
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  const auto [when, summary] = SplitSummary(rest);
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, when, &time, &error)) {
    return Print("-- Till when? /later 2027-01-31T09:00:00+08:00 | summary");
  }
  v1::WorkRequest request;
  request.mutable_schedule()->set_contact(chat->name());
  request.mutable_schedule()->mutable_schedule_time()->set_seconds(absl::ToUnixSeconds(time));
  request.mutable_schedule()->set_summary(summary);
  Ask(std::move(request));
}

void Desk::ReportNotReached() {
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  v1::WorkRequest request;
  request.mutable_callback_failed()->set_contact(chat->name());
  Ask(std::move(request));
}

void Desk::Complete(std::string_view rest) {
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  const auto [disposition, summary] = SplitSummary(rest);
  if (chat->state() == v1::Contact::STATE_WRAP_UP) {
    return Print("-- The conversation is over already; /wrap [outcome] finishes it.");
  }
  if (!CheckDisposition(*chat, disposition)) return;
  v1::WorkRequest request;
  request.mutable_complete()->set_contact(chat->name());
  request.mutable_complete()->set_disposition(disposition);
  request.mutable_complete()->set_summary(summary);
  Ask(std::move(request));
}

const v1::Contact* Desk::InWrapUp() {
  const v1::Contact* chat = Held(current_);
  if (chat != nullptr && chat->state() == v1::Contact::STATE_WRAP_UP) return chat;
  const auto other = std::find_if(held_.begin(), held_.end(),
                                  [](const v1::Contact& one) { return one.state() == v1::Contact::STATE_WRAP_UP; });
  if (other != held_.end()) return &*other;
  Print("-- Nothing is in wrap-up; /done ends the conversation first.");
  return nullptr;
}

void Desk::ExtendWrapUp() {
  const v1::Contact* chat = InWrapUp();
  if (chat == nullptr) return;
  v1::WorkRequest request;
  request.mutable_wrap_up_extend()->set_contact(chat->name());
  Ask(std::move(request));
}

void Desk::FinishWrapUp(std::string_view disposition) {
  const v1::Contact* chat = InWrapUp();
  if (chat == nullptr) return;
  if (!CheckDisposition(*chat, std::string(disposition))) return;
  v1::WorkRequest request;
  request.mutable_wrap_up_done()->set_contact(chat->name());
  request.mutable_wrap_up_done()->set_disposition(std::string(disposition));
  Ask(std::move(request));
}

void Desk::SetPresence(v1::Presence presence, std::string_view reason) {
  v1::WorkRequest request;
  request.mutable_presence()->set_presence(presence);
  request.mutable_presence()->set_reason(std::string(reason));
  Ask(std::move(request));
}

void Desk::Claim(std::string_view which) {
  if (which.empty()) return Print("-- Which contact? /claim N");
  wanted_.insert(ContactName(which));
  v1::WorkRequest request;
  request.mutable_claim()->set_contact(ContactName(which));
  Ask(std::move(request));
}

void Desk::Quit(std::string_view how) {
  if (!ready_) {
    Print("-- Left without signing out, as there is no connection; the router keeps what you hold for a while.");
    step_.exit_code = 0;
    return;
  }
  v1::WorkRequest request;
  request.mutable_sign_out()->set_force(how == "force");
  Ask(std::move(request));
}

void Desk::ListChats() {
  if (offers_.empty() && held_.empty()) return Print("-- You hold nothing.");
  Table table({"", ">CONTACT", "STATE", "QUEUE", "WHO", "TOPIC"});
  for (const v1::Offer& offer : offers_) {
    table.Add({" ", Tag(offer.contact().name()), "OFFERED", ShortName(offer.contact().queue()),
               NameOf(offer.contact().context().customer()), OneLine(offer.contact().context().subject(), 40)});
  }
  for (const v1::Contact& chat : held_) {
    table.Add(
        {chat.name() == current_ ? "*" : " ", Tag(chat.name()),
         StateText(chat.state()) + (chat.on_hold() ? " (hold)" : "") + (IsPassedOnWarm(chat) ? " (passing on)" : ""),
         ShortName(chat.queue()), NameOf(chat.context().customer()), OneLine(chat.context().subject(), 40)});
  }
  step_.text += table.Text();
}

void Desk::ShowContext() {
  const v1::Contact* chat = Current();
  if (chat == nullptr) return;
  Print("== " + TitleOf(*chat));
  PrintContext(*chat);
}

// ---- The router's messages ----

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
  if (message.author() == v1::Message::AUTHOR_AGENT && message.source_id().starts_with(identity_.run_id)) {
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

// ---- What is shown ----

const v1::Contact* Desk::Held(std::string_view name) const {
  const auto it =
      std::find_if(held_.begin(), held_.end(), [name](const v1::Contact& one) { return one.name() == name; });
  return it == held_.end() ? nullptr : &*it;
}

v1::Contact* Desk::Held(std::string_view name) { return const_cast<v1::Contact*>(std::as_const(*this).Held(name)); }

const v1::Contact* Desk::Current() {
  const v1::Contact* chat = Held(current_);
  if (chat == nullptr) {
    Print(held_.empty() ? "-- You are in no chat." : "-- You are in no chat; /chats lists them, /to N goes to one.");
  }
  return chat;
}

bool Desk::CheckDisposition(const v1::Contact& contact, const std::string& disposition) {
  const auto& known = contact.dispositions();
  if (disposition.empty() || known.empty() || std::find(known.begin(), known.end(), disposition) != known.end()) {
    return true;
  }
  std::string suggestion = base::DidYouMean(disposition, known);
  if (suggestion.empty()) suggestion = "; choose from " + Joined({known.begin(), known.end()});
  Print("-- There is no outcome \"" + OneLine(disposition, 60) + "\"" + suggestion);
  return false;
}

std::string Desk::TitleOf(const v1::Contact& contact) const {
  const v1::Customer& customer = contact.context().customer();
  std::string text = Tag(contact.name()) + " " + NameOf(customer);
  if (!customer.vip().empty()) text += ", VIP " + customer.vip();
  if (contact.callback()) text += ", CALL BACK";
  return text + ", " + contact.channel() + ", " + ShortName(contact.queue());
}

void Desk::PrintOffer(const v1::Offer& offer, absl::Duration time_left) {
  const v1::Contact& contact = offer.contact();
  Print("== Offer " + TitleOf(contact));
  if (!offer.reason().empty()) Print("   Why you:   " + OneLine(offer.reason()));
  if (contact.has_create_time() && offer.has_expire_time()) {
    const absl::Duration waited =
        TimeOf(offer.expire_time()) - DurationOf(offer.timeout()) - TimeOf(contact.create_time());
    Print("   Waited:    " + DurationText(waited));
  }
  PrintContext(contact);
  Shown& shown = shown_[contact.name()];
  shown.offered = true;
  for (const v1::Message& message : contact.context().transcript()) shown.sequences.insert(message.sequence());
  Print("   Answer within " + DurationText(time_left) + ": a accepts, d declines.");
}

void Desk::PrintContext(const v1::Contact& contact) {
  const v1::Context& context = contact.context();
  if (!context.subject().empty()) Print("   Topic:     " + OneLine(context.subject()));
  std::string who = context.customer().id();
  if (context.customer().verified()) who += ", verified";
  if (!context.customer().language().empty()) who += ", speaks " + context.customer().language();
  if (!who.empty()) Print("   Customer:  " + OneLine(who));
  for (const auto& [key, value] : context.attributes().fields()) {
    std::string text = value.string_value();
    if (value.kind_case() != google::protobuf::Value::kStringValue) text = Json(value);
    Print("   " + OneLine(key, 30) + " = " + OneLine(text, 100));
  }
  for (const v1::TransferNote& note : context.transfers()) {
    Print("   Passed on: " + ClockText(note.time(), identity_.zone) + " by " + ShortName(note.from_agent()) + " to " +
          ShortName(note.target()) + ": " + OneLine(note.reason()));
    if (!note.summary().empty()) Print("              " + OneLine(note.summary()));
  }
  for (const v1::ContactSummary& earlier : context.earlier_contacts()) {
    std::string text =
        DateText(earlier.end_time(), identity_.zone) + " " + earlier.channel() + ", " + ShortName(earlier.queue());
    if (!earlier.agent().empty()) text += ", with " + ShortName(earlier.agent());
    if (!earlier.disposition().empty()) text += ", " + earlier.disposition();
    if (!earlier.topic().empty()) text += ": " + earlier.topic();
    Print("   Earlier:   " + OneLine(text, 110));
  }
  for (const v1::Promise& promise : context.promises()) {
    Print("   Promised:  " + OneLine(promise.kind()) + " by " + ClockText(promise.due_time(), identity_.zone));
  }
  const int transcript_count = context.transcript_size();
  const int skipped = std::max(0, transcript_count - static_cast<int>(kTranscriptShownMax));
  const int64_t earlier_count = context.earlier_message_count() + skipped;
  if (earlier_count > 0) Print("   (" + std::to_string(earlier_count) + " earlier messages)");
  for (int i = skipped; i < transcript_count; ++i) PrintMessage(context.transcript(i), "   | ");
}

void Desk::PrintMessage(const v1::Message& message, std::string_view indent) {
  std::string who = message.author_display_name();
  if (who.empty()) who = ShortName(message.author_id());
  if (message.author() == v1::Message::AUTHOR_SYSTEM) who = "*";
  if (who.empty()) who = message.author() == v1::Message::AUTHOR_CUSTOMER ? "customer" : "agent";
  std::string text = Printable(message.text());
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.insert(at + 1, std::string(indent) + "  ");
  }
  if (message.internal()) who += " (internal)";
  Print(std::string(indent) + ClockText(message.create_time(), identity_.zone) + " " + OneLine(who, 40) + ": " + text);
}

// A contact has become this agent's.
void Desk::Activate(const v1::Contact& contact, bool wanted) {
  const v1::Contact* chat = Held(current_);
  const bool make_current = IsServed(contact) && (wanted || chat == nullptr || !IsServed(*chat));
  if (make_current) current_ = contact.name();
  Print("== " + std::string(make_current ? "Now talking in " : "You hold ") + TitleOf(contact) +
        (contact.state() == v1::Contact::STATE_WRAP_UP ? " (wrap-up)" : ""));
  Shown& shown = shown_[contact.name()];
  if (!shown.offered) PrintContext(contact);
  if (!contact.dispositions().empty()) {
    Print("   Outcomes:  " + Joined({contact.dispositions().begin(), contact.dispositions().end()}));
  }
  for (const v1::Message& message : contact.context().transcript()) {
    // What came between the offer and now.
    if (shown.sequences.insert(message.sequence()).second && shown.offered) {
      PrintMessage(message, "[" + Tag(contact.name()) + "] ");
    }
  }
}

// After the current chat is over or gone: on to the longest held one that is still going on.
void Desk::PickCurrent() {
  const auto next = std::find_if(held_.begin(), held_.end(), [](const v1::Contact& one) { return IsServed(one); });
  if (next != held_.end()) {
    current_ = next->name();
    Print("-- Now talking in " + TitleOf(*next));
  } else if (Held(current_) == nullptr) {
    current_.clear();
  }
}

}  // namespace routerd::ctl
