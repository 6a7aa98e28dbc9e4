// A second router, slow and obviously right: it is told what happened and says what must not have.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "routerd/v1/config.pb.h"
#include "routerd/v1/event.pb.h"

namespace routerd::sim {

namespace v1 = ::routerd::v1;

// Keeps what the events amount to in plain maps, and holds each event against the rules, straight from their text, by
// looking at everybody. It shares no code with the router.
//
//   Safety      an offer only for who waits, to an agent who may take it and has room; one holder a contact; what a
//               contact ended as follows from whether it was served
//   Order       an offer goes to the contact that stands first among those the agent may take, and to the agent whom
//               the queue's strategy puts first (all strategies but LEAST_WANTED, which learns)
//               (value order moves a place forward by at most its bound, and none past one of its own kind)
//   Time        nothing lapses, relaxes or ends by the clock before its time, or later than it was looked at
//   Limits      a rule of overflow acts once, when it holds; nobody is sent to a queue that is closed or full; what is
//               put off comes back at its time, in an open queue; a callback is not sent away by the clock
//   Handover    who is passed on warm stays with its agent until the next one, whose capacity the offer took, accepts;
//               one is asked at a time, and nobody after its time
//   Hold-backs  nobody who is bound is offered to kept agents before anybody came for whom they are kept; what the
//               forecast keeps is taken on trust, between none and the whole count
//   Liveness    (CheckSettled) nobody waits while an agent who may take the contact has room, and does not keep it for
//               one who stands before it; for who has waited long for more room than there is, somebody keeps it
class Model {
 public:
  explicit Model(const v1::WorkspaceConfig& config);

  // Folds in the next event.
  void Apply(const v1::Event& event);
  // After all events of a moment.
  void CheckSettled(int64_t now_ns);

  // What was broken so far, in words.
  const std::vector<std::string>& broken() const { return broken_; }

  struct Contact {
    enum State { kQueued, kOffered, kActive, kWrapUp, kScheduled } state = kQueued;
    std::string name, queue, channel, agent, reserved_agent;  // Agent: who serves it.
    std::string vip;
    int lane = 0;
    int64_t shift = 0;       // By its queue's order; in the rank already.
    bool as_created = true;  // Nothing but offers happened to it.
    int64_t rank = 0, queued_at = 0, until = 0, reserved_until = 0;
    int step = 0, cost = 0, served = 0;
    int64_t number = 0;
    std::map<std::string, int> requirements, preferences;  // Its own ones, not its queue's.
    std::map<std::string, int64_t> back_offs;
    int64_t messages = 0;
    std::set<std::string> labels, linked;
    std::set<int> escalated;  // Steps of its queue that have acted.
    int contact_count = 0;
    bool known = false;        // Reserved for an agent whom the customer knows.
    bool taken_along = false;  // May exceed its agent's capacity.
    bool light = false;        // Neither counted nor in the way.
    int64_t wrap_up_at = 0;
    int extensions = 0;
    int64_t schedule_at = 0, accepted_at = -1;
    bool callback = false;
    bool bot_done = false;
    int attempts = 0;
    std::set<int> overflowed;  // Numbers of the rules that have acted in this queue.

    bool served_here() const { return accepted_at >= queued_at; }
    bool may_exceed = false;  // Directed beyond capacity.
    std::string consulted;
    std::string room_agent;  // Keeps room for it.
    int64_t heard_at = 0;    // The customer's last word.
    int64_t in_line_since = 0;
    struct Offer {
      std::string agent;
      int cost = 0;
      int64_t until = 0;
    };
    std::map<std::string, Offer> offers;  // Open ones, by name.
    // Being passed on while its agent goes on serving it.
    struct Warm {
      std::string to_agent, to_queue;
      std::map<std::string, int> requirements;
      int64_t until = 0;
    };
    std::optional<Warm> warm;
    // What it takes of an agent's capacity, held or offered; empty when the agent has nothing of it.
    std::optional<int> CostTo(const std::string& agent) const;
  };
  struct Agent {
    std::map<std::string, int> skills, count_max;
    int capacity = 100;
    bool bot = false;
    bool available = false, signed_in = false, connected = false;
    std::string pending;   // Presence to come once nothing is held.
    std::string room_for;  // Contact for which it keeps its room.
    bool beyond = false;   // Above its capacity for a reason: interrupted, directed, taken over, woken.
    int64_t idle_since = 0, last_offer = 0, grace_until = 0, rest_until = 0;
    int missed = 0, order = 0;
    int used = 0;                       // As of Count.
    std::map<std::string, int> counts;  // As of Count, by channel.
  };
  const std::map<std::string, Contact>& contacts() const { return contacts_; }
  const std::map<std::string, Agent>& agents() const { return agents_; }
  const std::set<std::string>& ended() const { return ended_; }
  // Contacts that an agent holds, in one state.
  std::vector<std::string> HeldBy(const std::string& agent, Contact::State state) const;

 private:
  const v1::QueueConfig& QueueOf(const Contact& contact) const;
  const v1::ChannelConfig& ChannelOf(const Contact& contact) const;
  // The contact as the one that an agent is sought for: itself while it waits, else as who is passed on warm asks; none
  // if nobody is sought.
  std::optional<Contact> Sought(const Contact& contact, int64_t now) const;
  // Adds up anew what each agent holds.
  void Count();
  bool MayTake(const std::string& agent, const Contact& contact) const;
  // How many of the skills that it and its queue would like the agent has.
  int Welcome(const Agent& agent, const Contact& contact) const;
  // Whether another contact of its customer that shares its place is being offered.
  bool OtherOffered(const Contact& contact) const;
  void Unlink(Contact& contact);
  bool Holds(const v1::EscalationStep& step, const Contact& contact, int64_t now) const;
  bool OnDuty(const std::string& agent, const Contact& contact, int64_t now) const;
  bool HasRoom(const std::string& agent, const Contact& contact, int64_t now) const;
  // Declined, missed or passed on a while ago; unless so did everybody there, and a moment has passed.
  bool BackedOff(const std::string& agent, const Contact& contact, int64_t now) const;
  static bool Before(const Contact& a, const Contact& b);
  bool Binds(const v1::HoldBackConfig& hold_back, const Contact& contact) const;
  // Whether hold-backs of its queue may keep the agent from it, whatever they forecast; or must, as nobody has come yet
  // for whom it is kept.
  bool HeldFrom(const std::string& agent, const Contact& contact, int64_t now, bool surely) const;
  // Whether the agent keeps its room for one who stands before, and the contact is not directed to it.
  bool KeepsRoomFrom(const std::string& agent, const Contact& contact) const;
  // Whether one who lacks nothing but room could keep it, and takes what else would fill it.
  bool CouldKeepRoom(const std::string& agent, const Contact& contact, int64_t now) const;
  // Whether it has waited so long that somebody is to keep room for it.
  bool WantsRoom(const Contact& contact, int64_t now) const;
  void CheckRoomKept(const std::string& name, const Contact& contact, int64_t now);
  void CheckOffer(const Contact& contact, const std::string& agent, const v1::OfferMade& offer, int64_t now);
  void CheckShift(const Contact& contact, const v1::Event& event, int64_t unmoved);
  // In the simulation a calendar is open in the first minutes of each hour.
  bool IsOpen(const v1::QueueConfig& queue, int64_t now) const;
  int WaitingIn(const std::string& queue, const std::string& but) const;
  // What it asks for once it has relaxed as far as its queue goes.
  Contact Relaxed(const Contact& contact) const;
  bool Staffed(const Contact& contact) const;
  // Whether somebody configured could take it in the end, or some rule may change what it asks for or where.
  bool Servable(const Contact& contact) const;
  void CheckOverflow(const Contact& contact, const v1::Event& event, int64_t now);
  void CheckNobodyOverstays(const Contact& contact, int64_t now);
  void Expect(bool holds, const v1::Event& event, const std::string& rule);

  v1::WorkspaceConfig config_;
  std::map<std::string, Contact> contacts_;
  std::map<std::string, Agent> agents_;
  std::set<std::string> ended_;
  std::set<std::pair<std::string, int>> expected_;  // Queues and their hold-backs for whom somebody has come.
  std::set<std::string> offers_seen_;
  std::string handed_over_;  // Let go for the agent who must accept it in the next event.
  int64_t last_sequence_ = 0, last_time_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace routerd::sim
