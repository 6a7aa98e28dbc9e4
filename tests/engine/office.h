// A workspace with its world around it, for tests: a clock that is moved, a disk that commits when told, a web chat
// adapter and desks that write down what they are told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "routerd/base/clock.h"
#include "routerd/engine/workspace.h"
#include "routerd/journal/memory_journal.h"

namespace routerd::engine {

// A line for each message, as the tests' transcripts show it.
std::string Describe(const v1::WorkResponse& response);
std::string Describe(const v1::ConnectResponse& response);
std::string Describe(const v1::Event& event);

// Writes down what it is told.
template <typename Message>
class Notes final : public Sink<Message> {
 public:
  void Deliver(std::shared_ptr<const Message> message) override {
    if (OnlyLoad(*message)) return;
    lines.push_back(Describe(*message));
    messages.push_back(std::move(message));
  }
  void Close(absl::Status why) override { closed.push_back(std::move(why)); }
  // What came since the last call.
  std::vector<std::string> Take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
  std::vector<std::shared_ptr<const Message>> messages;
  std::vector<absl::Status> closed;
  std::string load;  // As last told: used capacity, contacts held.

 private:
  // How loaded an agent is comes beside all that loads it, and is kept apart.
  bool OnlyLoad(const Message& message) {
    if constexpr (std::is_same_v<Message, v1::WorkResponse>) {
      if (!message.has_agent() && !message.has_picture()) return false;
      const v1::Agent& agent = message.has_picture() ? message.picture().agent() : message.agent();
      load = std::to_string(agent.used_capacity()) + " for " + std::to_string(agent.contacts_size());
      const std::string presence = PresenceOf(agent);
      return std::exchange(presence_, presence) == presence && message.has_agent();
    }
    return false;
  }
  static std::string PresenceOf(const v1::Agent& agent) {
    return v1::Presence_Name(agent.presence()) + agent.presence_reason() + v1::Presence_Name(agent.pending_presence()) +
           (agent.connected() ? "" : " gone");
  }
  std::string presence_;
};
using Desk = Notes<v1::WorkResponse>;
using Stream = Notes<v1::ConnectResponse>;
using Watch = Notes<v1::Event>;

// Ana (billing SENIOR, orders JUNIOR), Bo (orders EXPERT); queues billing and orders; gold VIPs get 2 minutes.
v1::WorkspaceConfig DevConfig();

class Office {
 public:
  explicit Office(v1::WorkspaceConfig config = DevConfig(), Workspace::Options options = {});
  ~Office();

  // Carries out what was posted; nothing of it is durable yet.
  void Work();
  // Makes it durable too.
  void Settle();
  void Advance(std::chrono::nanoseconds by);
  // The power goes, with the first so many of the pending batches on disk; then the workspace comes back.
  void Crash(size_t survivor_count = 0);
  // Opens the workspace anew over what is on disk.
  absl::Status Open();

  // Posts, and settles; returns the answer.
  absl::StatusOr<Outcome> Do(Request request);
  // Posts without carrying it out; the answer comes later, if ever.
  std::shared_ptr<std::optional<absl::StatusOr<Outcome>>> Post(Request request);
  template <typename Answer>
  Answer Ask(std::function<Answer(const View&)> question) {
    std::optional<Answer> answer;
    workspace->Query([&](const View& view) -> std::function<void()> {
      return [&answer, value = question(view)] { answer = value; };
    });
    Settle();
    return *std::move(answer);
  }
  std::vector<std::string> State() {
    return Ask<std::vector<std::string>>([](const View& view) { return view.State(); });
  }

  // Shorthands; each settles.
  std::shared_ptr<Desk> SignIn(const std::string& agent);
  std::shared_ptr<Stream> Connect(std::optional<int64_t> resume_after = std::nullopt,
                                  const std::string& adapter = "webchat-1");
  v1::CreateContactRequest Contact(const std::string& source_id, const std::string& queue = "billing") const;
  // The new contact's name.
  std::string Create(const std::string& source_id, const std::string& queue = "billing");
  absl::StatusOr<Outcome> Accept(const std::string& agent, const std::string& offer);
  absl::StatusOr<Outcome> Say(const std::string& contact, const std::string& source_id, const std::string& text,
                              const std::string& agent = "");
  v1::Contact Get(const std::string& contact);

  base::ManualClock clock;
  v1::WorkspaceConfig config;
  Workspace::Options options;
  journal::MemoryStore store;
  journal::MemoryJournal* journal = nullptr;  // The workspace's.
  std::unique_ptr<Workspace> workspace;
};

}  // namespace routerd::engine
