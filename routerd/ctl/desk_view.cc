// What the agent is shown of offers and chats, and which of them is the current one.
#include <algorithm>

#include "routerd/ctl/desk.h"
#include "routerd/ctl/desk_words.h"
#include "routerd/ctl/render.h"
#include "routerd/ctl/text.h"

namespace routerd::ctl {
namespace {

constexpr size_t kTranscriptShownMax = 20;

std::string NameOf(const v1::Customer& customer) {
  return OneLine(customer.display_name().empty() ? customer.id() : customer.display_name(), 60);
}

}  // namespace

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
