// What the router itself says in a conversation: who joined, where it went, that it is over.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/engine/names.h"
#include "routerd/engine/workspace_impl.h"

namespace routerd::engine {

void WorkspaceImpl::Say(core::ContactId contact, std::string text) {
  const ContactFile* file = dossier_.Find(contact);
  if (file == nullptr) return;
  v1::Event event = EventOf(*file);
  v1::Message& message = *event.mutable_message_posted()->mutable_message();
  message.set_sequence(file->conversation->last_sequence() + 1);
  message.set_author(v1::Message::AUTHOR_SYSTEM);
  message.set_text(std::move(text));
  *message.mutable_create_time() = event.time();
  message.set_delivery(v1::Message::DELIVERY_STORED);
  message.set_contact(file->head.name());
  message.set_channel(file->head.channel());
  Write(std::move(event));
}

// What one agent tells another stays in the conversation for both of them.
void WorkspaceImpl::Note(core::ContactId contact, const std::string& agent, std::string text) {
  const ContactFile* file = dossier_.Find(contact);
  if (file == nullptr) return;
  v1::Event event = EventOf(*file);
  v1::Message& message = *event.mutable_message_posted()->mutable_message();
  message.set_sequence(file->conversation->last_sequence() + 1);
  message.set_author(dossier_.directory().IsBot(agent) ? v1::Message::AUTHOR_BOT : v1::Message::AUTHOR_AGENT);
  message.set_author_id(agent);
  message.set_author_display_name(std::string(dossier_.directory().AgentDisplayName(agent)));
  message.set_text(std::move(text));
  message.set_internal(true);
  *message.mutable_create_time() = event.time();
  message.set_delivery(v1::Message::DELIVERY_STORED);
  message.set_contact(file->head.name());
  message.set_channel(file->head.channel());
  Write(std::move(event));
}

// What ends a conversation is said while it lasts.
void WorkspaceImpl::SayBefore(const v1::Event& event) {
  if (!event.has_contact_ended()) return;
  const ContactFile* file = dossier_.Find(event.contact());
  if (file == nullptr || file->head.state() == v1::Contact::STATE_WRAP_UP) return;
  const v1::ContactEnded& ended = event.contact_ended();
  const bool by_agent = ended.detail() == "agent" && !event.agent().empty();
  if (ended.reason() == v1::Contact::END_REASON_FAILED) {
    Say(file->id, "The conversation has been ended.");
  } else if (by_agent) {
    Say(file->id,
        absl::StrCat(Sv(dossier_.directory().AgentDisplayName(event.agent())), " has ended the conversation."));
  } else if (ended.reason() == v1::Contact::END_REASON_EXPIRED) {
    Say(file->id, "Nobody could take the conversation in time, so it has been ended.");
  } else if (ended.reason() == v1::Contact::END_REASON_OVERFLOWED ||
             ended.reason() == v1::Contact::END_REASON_REJECTED) {
    Say(file->id, "Nobody can take the conversation now, so it has been ended.");
  } else {
    Say(file->id, "The customer has left.");
  }
}

void WorkspaceImpl::SayAfter(const v1::Event& event) {
  const Directory& directory = dossier_.directory();
  const core::ContactId contact = ParseContact(event.contact());
  const auto agent = [&](const std::string& name) { return std::string(directory.AgentDisplayName(name)); };
  switch (event.kind_case()) {
    case v1::Event::kOfferAccepted:
      return Say(contact, absl::StrCat(agent(event.agent()), " has joined."));
    case v1::Event::kContactTransferred: {
      const v1::ContactTransferred& e = event.contact_transferred();
      if (e.warm()) return;  // Who joins is told next.
      return Say(contact, absl::StrCat(agent(event.agent()), " has passed the conversation on to ",
                                       e.reserved_agent().empty() ? std::string(directory.QueueDisplayName(e.queue()))
                                                                  : agent(e.reserved_agent()),
                                       "."));
    }
    case v1::Event::kContactOverflowed:
      if (!event.contact_overflowed().message().empty()) Say(contact, event.contact_overflowed().message());
      return;
    case v1::Event::kContactRequeued:
      return Say(contact, absl::StrCat(agent(event.agent()), " is no longer there. The next free agent takes over."));
    case v1::Event::kContactTakenOver:
      return Say(contact, absl::StrCat(agent(event.agent()), " has taken over from ",
                                       agent(event.contact_taken_over().from_agent()), "."));
    case v1::Event::kConsultStarted:
      if (event.consult_started().question().empty()) return;
      return Note(contact, event.agent(), event.consult_started().question());
    case v1::Event::kWrapUpStarted:
      return Say(contact, event.wrap_up_started().ended_by() == "customer"
                              ? "The customer has left."
                              : absl::StrCat(agent(event.agent()), " has ended the conversation."));
    default:
      return;
  }
}

}  // namespace routerd::engine
