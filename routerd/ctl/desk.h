// An agent's desk in a terminal, without the terminal: typed lines and the router's messages go in, text to print and
// requests to send come out.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "routerd/v1/agent_service.pb.h"

namespace routerd::ctl {

namespace v1 = ::routerd::v1;

// What the desk wants done, in this order: print, send, then leave or drop the connection.
struct DeskStep {
  std::string text;
  std::vector<v1::WorkRequest> requests;
  // Something asks for the agent's attention.
  bool alert = false;
  // The router is busy or on its way out: close the connection and come back after a while.
  bool drop = false;
  // The desk is closed; the program's exit status.
  std::optional<int> exit_code;
};

// A Desk holds what one agent sees and has asked for.
//
//   away --Connected--> signing in --picture--> ready --Disconnected--> away ...
//
// Lines are taken in every state. What was asked and not answered goes out again after the next picture, if that shows
// it is still needed; messages keep their source id, so one that had arrived is not stored twice.
//
// Time:    reads no clock; times shown are the router's.
// Threads: none of its own.
// Errors:  a refusal is printed with the way out. Refused sign-in closes the desk.
class Desk {
 public:
  struct Identity {
    std::string agent;
    // Makes this run's message ids unlike those of any other run.
    std::string run_id;
    std::string version;
    absl::TimeZone zone;
  };
  explicit Desk(Identity identity) : identity_(std::move(identity)) {}

  // The stream is open.
  DeskStep Connected();
  // The stream is gone; another one will be tried.
  DeskStep Disconnected(std::string_view why);
  DeskStep Receive(const v1::WorkResponse& response);
  // One typed line, without its end.
  DeskStep Line(std::string_view line);
  // There will be no more lines: leaves once all is answered.
  DeskStep InputEnded();

  // Has signed in at least once.
  bool was_ready() const { return was_ready_; }
  // Something sent has not been answered.
  bool awaits_answer() const;

 private:
  struct Asked {
    v1::WorkRequest request;
    bool sent = false;
  };
  // What has been printed of a held contact.
  struct Shown {
    std::set<int64_t> sequences;
    // Its offer was printed, so who it is and why need not be told again.
    bool offered = false;
    int64_t seen_sequence = 0;
  };

  DeskStep Take();
  void Print(const std::string& line) { step_.text += line + "\n"; }
  void Ask(v1::WorkRequest request);
  void Send(Asked& asked);

  // Lines.
  void Command(std::string_view line);
  void Say(std::string_view text);
  void Consult(std::string_view rest);
  void EndConsult(std::string_view which);
  void Note(std::string_view rest);
  void Accept(std::string_view which);
  void Decline(std::string_view rest);
  void SwitchTo(std::string_view which);
  void Hold();
  void Transfer(std::string_view rest);
  void PutOff(std::string_view rest);
  void ReportNotReached();
  void Complete(std::string_view rest);
  // Something in wrap-up, the current chat first; nullptr, having said so, if nothing is.
  const v1::Contact* InWrapUp();
  void ExtendWrapUp();
  void FinishWrapUp(std::string_view disposition);
  void SetPresence(v1::Presence presence, std::string_view reason);
  void Claim(std::string_view which);
  void Quit(std::string_view how);
  void ListChats();
  void ShowContext();

  // The router's messages.
  void OnResult(const v1::RequestAck& ack);
  void OnPicture(const v1::Picture& picture);
  void OnOffer(const v1::Offer& offer, absl::Duration time_left);
  void OnOfferClosed(const v1::OfferClosed& closed);
  void OnContact(const v1::Contact& contact);
  void OnReleased(const std::string& contact, const std::string& reason);
  void OnMessage(const std::string& contact, const v1::Message& message);
  void OnConsult(const v1::Consult& consult);
  void OnDelivery(const v1::DeliveryReport& report);
  void OnAgent(const v1::Agent& agent, bool first);
  void Refused(const v1::WorkRequest& request, const v1::RequestAck& ack);

  bool StillNeeded(const v1::WorkRequest& request) const;
  const v1::Contact* Held(std::string_view name) const;
  v1::Contact* Held(std::string_view name);
  // The chat that text and commands go to; nullptr, having said so, if there is none.
  const v1::Contact* Current();
  bool CheckDisposition(const v1::Contact& contact, const std::string& disposition);
  std::string TitleOf(const v1::Contact& contact) const;
  void PrintOffer(const v1::Offer& offer, absl::Duration time_left);
  void PrintContext(const v1::Contact& contact);
  void PrintMessage(const v1::Message& message, std::string_view indent);
  void Activate(const v1::Contact& contact, bool wanted);
  void PickCurrent();

  const Identity identity_;
  DeskStep step_;
  bool ready_ = false;
  bool was_ready_ = false;
  bool lost_told_ = false;
  bool input_ended_ = false;
  int64_t last_id_ = 0;
  std::deque<Asked> asked_;  // Oldest first.
  v1::Agent agent_;
  std::vector<v1::Offer> offers_;       // Open ones, in the order of arrival.
  std::vector<v1::Contact> held_;       // Chats and wrap-ups, in the order of arrival.
  std::map<std::string, Shown> shown_;  // By contact.
  std::set<std::string> consulted_;     // Contacts that a colleague asks about.
  std::set<std::string> wanted_;        // Contacts accepted or claimed at this desk.
  std::string current_;
  std::vector<std::string> agents_;
  std::vector<std::string> queues_;
};

}  // namespace routerd::ctl
