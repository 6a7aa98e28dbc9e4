// What typed lines ask for.
#include <algorithm>
#include <cctype>
#include <utility>

#include "routerd/base/suggest.h"
#include "routerd/ctl/desk.h"
#include "routerd/ctl/desk_words.h"
#include "routerd/ctl/text.h"

namespace routerd::ctl {
namespace {

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

}  // namespace

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

}  // namespace routerd::ctl
