// The router's insides, shared by its own files: state and tables here, what may change it in apply.cc, what is asked
// of it in handle*.cc, by the clock in deadlines.cc, who gets whom in match.cc, questions in explain.cc, estimate.cc
// and snapshot.cc; one rule each in files of its name.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "routerd/core/contact_table.h"
#include "routerd/core/line.h"
#include "routerd/core/names.h"
#include "routerd/core/roster.h"
#include "routerd/core/router.h"

namespace routerd::core {

// A contact as it is kept: what a decision reads lies in two cache lines. What it requires is its class's.
struct alignas(64) Contact : ContactCommon {
  ClassIx cls = kNoClass;
  bool room_due = false;  // Wants room kept for it; waits for somebody who could.
  Instant wake = kNever;  // Its entry among the deadlines.

  LineKey key() const { return {-lane, rank, id}; }

  const ContactRare& rare() const {
    static const ContactRare kNothing;
    return rare_ == nullptr ? kNothing : *rare_;
  }
  // To change something of it.
  ContactRare& edit_rare() {
    if (rare_ == nullptr) rare_ = std::make_unique<ContactRare>();
    return *rare_;
  }
  // Gives its memory back once nothing is left in it.
  void TidyRare() {
    if (rare_ != nullptr && *rare_ == ContactRare{}) rare_ = nullptr;
  }

 private:
  std::unique_ptr<ContactRare> rare_;
};

struct ChannelRules {
  int cost = 100;
  int count_max = 0;
  Duration dormant_after{0};
  int dormant_cost = 0;
  uint64_t crowded_by = 0;  // By channel: what can fill, or keep blocked, the room that one of this needs.
};

struct QueueRules {
  struct Step {
    Duration after;
    Skills requirements;
  };
  QueuePolicy policy;
  Skills requirements;
  std::vector<Step> steps;
  struct Escalation {
    EscalationStep policy;
    QueueId queue = kNoQueue;  // Where it moves contacts; kNoQueue: nowhere.
    Skills requirements;

    bool moves() const { return queue != kNoQueue || !requirements.empty(); }
  };
  std::vector<Escalation> escalation;
  BitSet named_skills;  // Those that the queue's own requirements and steps speak of.
  bool restricted = false;
  bool live = false;  // The policy in force has it.
  int waiting = 0;    // Contacts of this queue in the line.
  Skills preferences{};

  struct HoldBack {
    HoldBackPolicy policy;
    BitSet vips;    // By VIP level: those it is kept for.
    Skills skills;  // What makes an agent one of its group.
  };
  std::vector<HoldBack> hold_backs{};

  // --- overflow.cc ---
  bool limited = false;  // Has hours, a longest wait or overflow rules.
  // What an overflow action names, resolved.
  struct Named {
    QueueId queue = kNoQueue;
    Skills requirements{};
  };
  std::vector<Named> overflow{};  // By rule.
  Named when_closed{};
  std::shared_ptr<const Calendar> calendar{};  // Null: always open.
  // What the calendar said last, and over which time that holds.
  mutable Instant hours_from = kNever;
  mutable Instant hours_until{};
  mutable bool hours_open = true;
};

// When something becomes due for a contact or an agent. At one time contacts go first.
struct Deadline {
  Instant at;
  uint64_t who = 0;  // A contact's number, or an agent's with kAgent set.
  auto operator<=>(const Deadline&) const = default;

  static constexpr uint64_t kAgent = uint64_t{1} << 63;
  static Deadline Of(Instant at, ContactId contact) { return {at, Index(contact)}; }
  static Deadline Of(Instant at, AgentId agent) { return {at, kAgent | Index(agent)}; }
};

struct Router::Impl {
  // --- Tables, made by policies ---
  std::shared_ptr<const Policy> policy;
  Names<SkillId> skills;
  Names<ChannelId> channels;
  Names<VipId> vips;
  Names<QueueId> queues;
  Names<AgentId> agents;
  std::vector<ChannelRules> channel_rules;
  std::vector<VipPolicy> vip_rules;
  std::vector<QueueRules> queue_rules;

  // --- State ---
  Instant now;      // Last time told.
  Instant last_at;  // Last event's time.
  ContactId last_contact = kNoContact;
  OfferId last_offer = kNoOffer;
  ContactTable<Contact> contacts;
  Line line;
  Roster roster;
  std::vector<ClassIx> hold_back_classes;         // Of queues with hold-backs, the bound and the others.
  std::vector<BitSet> class_profiles;             // By class: profiles that may serve it.
  size_t waiting_count = 0;                       // In the line or reserved.
  absl::btree_set<ContactId> passed_over;         // Contacts for which agents are backed off.
  absl::btree_set<AgentId> room_keepers;          // Agents who keep room for somebody.
  absl::btree_map<ClassIx, LineSet> room_wanted;  // Contacts that want room kept, when nobody could.

  // A class of its own: what the next agent must be able to do.
  struct WarmUnderWay : WarmTransfer {
    ClassIx cls = kNoClass;
  };
  absl::btree_map<ContactId, WarmUnderWay> warm_transfers;

  absl::btree_set<Deadline> deadlines;

  // --- While handling: what the match must look at ---
  std::vector<Event>* out = nullptr;
  std::vector<AgentId> dirty_agents;
  std::vector<ContactId> dirty_contacts;
  // Contacts that the match comes to, as a heap; kept for its memory.
  struct Turn {
    LineKey key;
    AgentId agent;  // Who has room for it; kNoAgent: the contact itself asks.
  };
  std::vector<Turn> turns;
  bool takers_changed = false;        // Agents came, went or changed what they take.
  std::vector<AgentId> freed_agents;  // Who keep room for nobody any more, and may take what they passed over.
  Instant priced_at;                  // When what follows and the profiles' `wanted` were worked out.
  bool prices_stale = true;
  std::vector<double> class_prices;          // By class: of the least wanted agents on duty who could serve it.
  std::vector<double> channel_work_seconds;  // By channel: mean over all classes.
  struct Outlook {
    Instant at;
    size_t waiting_count = 0;  // Then.
    OfferId last_offer = kNoOffer;
    WaitEstimate estimate;
  };
  // By queue, class, VIP level and lane; see OutlookFor.
  absl::flat_hash_map<std::tuple<QueueId, ClassIx, VipId, int>, Outlook> outlooks;

  // --- apply.cc ---
  void Apply(const Event& event);
  void LoadPolicy(const std::shared_ptr<const Policy>& loaded);
  Contact* Find(ContactId id) { return contacts.Find(id); }
  const Contact* Find(ContactId id) const { return contacts.Find(id); }
  Contact& Get(ContactId id);
  Contact& Add(const ContactCommon& common, const Skills& requirements, const ContactRare* rare = nullptr);
  void Remove(Contact& contact);
  ClassIx InternClass(const Requirement& asked);
  void SetClass(Contact& contact, const Skills& requirements);
  void LinkClass(ClassIx c);
  void JoinLine(Contact& contact, Instant at);
  void LeaveLine(Contact& contact);
  void GiveTo(Contact& contact, AgentId agent, int cost);
  void TakeBack(Contact& contact);
  void Unlink(Contact& contact);
  void Weigh(Contact& contact, int cost, bool light);
  // When it falls dormant if the customer stays silent; kNever if it does not.
  Instant DormantAt(const Contact& contact) const;
  void EndOffer(Contact& contact, OfferId offer);
  static void PutFirst(Contact& contact, std::vector<OpenOffer>::iterator offer);
  void PassOver(Contact& contact, AgentId agent, Instant until, Instant at);
  template <typename Over>
  void DropBackOffs(Contact& contact, Over&& over);
  void Rearm(Contact& contact);
  void RearmAgent(Agent& agent);
  void SetAgentData(AgentId agent);
  QueueRules& rules(QueueId queue) { return queue_rules[Index(queue)]; }
  const QueueRules& rules(QueueId queue) const { return queue_rules[Index(queue)]; }
  Skills Resolve(const std::vector<NamedTier>& named) const;

  // --- handle.cc ---
  // Lets a decided event happen, notes whom the match must look at, and keeps the event for the journal.
  template <typename Kind>
  void Emit(Kind kind) {
    if constexpr (std::is_same_v<Kind, ContactEnded>) {
      if (!room_keepers.empty()) GiveBackRoom(Get(kind.contact), "left");
    }
    const Event& event = out->emplace_back(now, std::move(kind));
    Apply(event);
    const Kind& e = std::get<Kind>(event.kind);
    if constexpr (requires { e.contact; }) {
      const Contact* contact = Find(e.contact);
      if (contact != nullptr && SeeksAgent(*contact)) dirty_contacts.push_back(e.contact);
    }
    if constexpr (requires { e.agent; }) {
      if (e.agent != kNoAgent) dirty_agents.push_back(e.agent);
    }
    if constexpr (requires { e.from; }) dirty_agents.push_back(e.from);
    if constexpr (requires { e.contact; }) {
      if (!room_keepers.empty()) GiveBackRoomOf(e.contact);
    }
  }
  void Advance();
  void AdvanceContact(Contact& contact);
  void AdvanceAgent(Agent& agent);
  void Relax(Contact& contact);
  void ComeDue(Contact& contact);
  void LapseOffer(Contact& contact);
  void CloseOffer(Contact& contact, OfferId offer, OfferCause cause, std::string reason, Duration back_off);
  // All that are open but one.
  void CloseOffers(Contact& contact, OfferCause cause, const std::string& reason, Duration back_off,
                   OfferId except = kNoOffer);
  void RevokeOffers(AgentId agent, const std::string& reason);
  void ReleaseAll(AgentId agent, const std::string& reason);
  void SignOutAgent(AgentId agent, const std::string& reason);
  void ApplyPending();
  // Whether people alone are asked for a contact once its agent has passed it on.
  bool BotDoneAfter(const Contact& contact, bool queue_changed) const;
  // What goes on beside a conversation ends before its agent lets go of it.
  void EndSideWork(Contact& contact, const char* reason, OfferCause cause = OfferCause::kNone);
  void EndConsultation(Contact& contact, const char* reason);
  void FinishConversation(Contact& contact, bool by_customer, const std::string& disposition, const std::string& detail,
                          const std::string& summary);
  // By how much a queue that serves by earliest deadline moves the rank of one who entered then; negative is forward.
  static Duration DeadlineShift(const QueuePolicy& queue, Instant entered, Instant deadline);
  Instant RankOf(const Contact& contact, VipId vip, Duration own_head_start) const;
  absl::InlinedVector<int, 6> CountsOf(const AgentPolicy& agent) const;
  const AgentPolicy* PolicyOf(std::string_view agent) const;

  // --- escalate.cc ---
  // Lets every step of its queue's escalation act that holds now.
  void Escalate(Contact& contact);
  // When the clock alone lets the next one act; kNever when none may.
  Instant EscalatesAt(const Contact& contact) const;
  bool MayEscalate(const Contact& contact, size_t step) const;
  std::vector<QueueRules::Escalation> ResolveEscalation(const QueuePolicy& queue) const;
  void DropEscalationCycles();

  // --- known_agent.cc ---
  // Reserves a new contact for the first of these who is there and can take it, if that is worth the wait.
  void ReserveForKnownAgent(const Contact& contact, const std::vector<CreateContact::KnownAgent>& known);
  // The agent takes no more: who waits for the agent only because the customer knows it goes to everybody.
  void EndKnownReservations(AgentId agent, const std::string& reason);
  // Expected, from now, until the agent has room for the contact.
  Duration ExpectedWaitFor(const Agent& agent, const Contact& contact) const;

  // --- warm_transfer.cc ---
  // What is under way for a contact; null if nothing is.
  const WarmUnderWay* WarmOf(ContactId contact) const;
  // Whose rules an offer of the contact goes by.
  QueueId OfferingQueue(const Contact& contact) const;
  ClassIx WarmClass(const Contact& contact, const WarmTransfer& warm);
  bool SeeksWarmly(const Contact& contact) const;
  bool MayTakeWarmly(const Agent& agent, const Contact& contact, const WarmUnderWay& warm) const;
  // The first contact passed on warm that the agent may take and has room for, if it stands before `first`.
  void FirstWarmFor(const Agent& agent, std::optional<LineKey>& first) const;
  void OfferWarmly(Contact& contact);
  // An offer of it was not accepted.
  void GoOnWarmly(Contact& contact, AgentId agent, OfferCause cause);
  // When the clock alone changes something about it; kNever when nothing is under way.
  Instant WarmWake(const Contact& contact) const;
  // Its deadline has come. Whether there was anything to do.
  bool AdvanceWarmTransfer(Contact& contact);
  // The one who has the offer open has accepted it.
  void HandOver(Contact& contact, OfferId offer);
  void EndWarmTransfer(Contact& contact, const char* reason, OfferCause cause);
  // Those that are meant for an agent who has gone.
  void EndWarmTransfersTo(AgentId agent);

  // --- linked.cc ---
  // Lets a new contact share the place of one of its customer that waits, and of those that share it already.
  void Link(Contact& contact, ContactId with);
  // The contact sharing its place that is being offered: this one waits for the outcome. Null if none.
  const Contact* OfferedInstead(const Contact& contact) const;
  // Gives the agent who accepted one of them the others.
  void TakeAlong(const LinkedContacts& linked, AgentId agent);
  // --- overflow.cc ---
  void LoadLimits(QueueRules& queue);
  void CutOverflowCircles();
  Hours HoursOf(const QueueRules& queue, Instant at) const;
  // `at`, or the queue's next opening when it is closed then.
  Instant OpenAt(const QueueRules& queue, Instant at) const;
  // The first time by the clock at which a limit may act on a waiting contact.
  Instant NextLimit(const Contact& contact) const;
  // A contact has just come into its queue's line: what hours and limits make of it.
  void Enter(ContactId id, bool newcomer);
  enum class Occasion : uint8_t { kComes, kReturns, kWaits, kAlone };
  void ActOnLimits(ContactId id, Occasion occasion);
  bool Holds(const OverflowRule& rule, const Contact& contact, Occasion occasion);
  bool Act(Contact& contact, const OverflowAction& action, const QueueRules::Named& named, int number,
           const std::string& rule);
  bool Unstaffed(const Contact& contact) const;
  bool Unstaffed(const Requirement& asked) const;
  // Nobody may be left for some of those who wait.
  void ActOnSignOut();
  // What the contact would ask for in another queue.
  Skills AskedIn(const QueueRules& target, const Contact& contact) const;

  // --- match.cc ---
  void Match();
  void MatchContact(Contact& contact);
  struct Choice {
    AgentId agent = kNoAgent;
    int candidates = 0;  // With room and not passed over, the chosen one included.
    bool by_preference = false;
  };
  Choice ChooseAgent(const Contact& contact) { return ChooseAgent(contact, contact.queue, contact.cls); }
  // The same, as if it were in that queue and of that class.
  Choice ChooseAgent(const Contact& contact, QueueId queue, ClassIx cls);
  // Whether the choice passes an agent by: backed off, or asked already in this round.
  bool Passed(const Contact& contact, AgentId agent) const;
  std::optional<LineKey> FirstFor(AgentId agent) const;
  // How many of the skills that the contact and the queue prefer these have; one that both prefer counts for both.
  int PreferredCount(const Contact& contact, QueueId queue, const Skills& skills) const;
  void MakeOffer(Contact& contact, AgentId agent, OfferRule rule, int candidates, bool by_preference = false);
  bool MayTake(const Agent& agent, const Contact& contact) const;
  // Whether the contact is directed to the agent, whatever else it holds.
  bool MayExceed(const Agent& agent, const Contact& contact) const;

  // --- hold_back.cc ---
  std::vector<QueueRules::HoldBack> ResolveHoldBacks(const QueuePolicy& queue) const;
  // What a contact of the queue asks for.
  Requirement RequirementIn(QueueId queue, ChannelId channel, VipId vip, const Skills& asked,
                            bool bot_done = false) const;
  // Agents whom a hold-back of the contact's queue concerns.
  struct Group {
    int room = 0;               // On duty, with room for the channel.
    int kept = 0;               // For others, as things stand.
    Instant opens_at = kNever;  // When the clock alone makes less be kept than have room.
  };
  Group GroupOf(const Requirement& asked, size_t hold_back, Instant at) const;
  bool InGroup(const Profile& profile, const Requirement& asked, size_t hold_back) const;
  std::optional<double> ForecastOf(QueueId queue, size_t hold_back, Instant at) const;
  // The hold-backs that keep their groups from a class, a bit each; if so many more of these had room.
  uint8_t HoldsOn(ClassIx c, Instant at, int more_room) const;
  // Whether these keep the agents of a profile from it.
  bool HeldFrom(const Profile& profile, ClassIx c, uint8_t holds) const;
  // What a profile may serve, less what is held back from it.
  BitSet OpenClasses(const Profile& profile) const;
  // When the clock alone lets go of agents with room whom hold-backs keep from the contact, the first of its class.
  Instant LetsGoAt(const Contact& contact) const;
  // The first waiting contacts of each class that is bound.
  void VisitBoundHeads(const std::function<void(Contact&)>& visit);

  // --- keep_room.cc ---
  // Whether the agent keeps its room for somebody who stands before the contact. What is directed to it comes through.
  bool KeepsRoomFrom(const Agent& agent, const Contact& contact) const;
  // Of the agents with room for the contact, asking for that, those who keep it from it; but for who are passed over.
  int KeptBackCount(const Contact& contact, ClassIx c, uint8_t holds) const;
  // From when it has waited in this queue; since it was last served, if it was.
  static Instant WaitsSince(const Contact& contact);
  // From when on somebody should keep room for it; kNever if nobody need, or somebody does.
  Instant WantsRoomAt(const Contact& contact) const;
  bool MayKeepRoom(const Agent& agent, ClassIx c, uint8_t holds) const;
  void KeepRoomAt(AgentId agent);
  void KeepRoomFor(const Contact& contact);
  void KeepRooms();
  void ReviewRooms();
  void GiveBackRoom(const Contact& contact, const char* reason);
  // If it has left the line.
  void GiveBackRoomOf(ContactId id);
  void StopWantingRoom(Contact& contact);
  void LoadCrowding(const std::vector<Roster::Interruptions>& interruptions);
  // What the events change.
  void Keep(Contact& contact, AgentId keeper);
  void GiveBack(Contact& contact, AgentId keeper);

  // --- price.cc ---
  void RefreshPrices();
  // By how much the order of a queue moves one who joins it now with such a requirement; never behind. Goes by the
  // prices as they were last worked out.
  Duration ValueShift(const Requirement& asked, const QueuePolicy& queue) const;
  double WorkSeconds(ClassIx c, ChannelId channel) const;
  bool BotOnDutyFor(ClassIx c) const;

  // --- Shared questions ---
  // What the contact asks for now.
  const Skills& RequirementsOf(const Contact& contact) const { return line.requirement(contact.cls).skills; }
  ContactData DataOf(const Contact& contact) const;
  // Whether the match must find an agent for it.
  bool SeeksAgent(const Contact& contact) const {
    return contact.state == ContactState::kQueued || (!warm_transfers.empty() && SeeksWarmly(contact));
  }
  // Whether the agent is not to be asked for it now.
  bool BackedOff(const Contact& contact, AgentId agent) const;
  // The agent's back-off for it that has time left; null if none.
  const BackOff* BackOffOf(const Contact& contact, AgentId agent, Instant at) const;
  // Whether everybody on duty who may take it is passed over for it.
  bool AllPassedOver(const Contact& contact, Instant at) const;
  // From then on who is passed over for a waiting contact is asked all the same, if nobody else is there.
  static Instant AskAgainAt(const Contact& contact) { return contact.state_at + kAskAgainAfter; }
  static constexpr Duration kAskAgainAfter = std::chrono::seconds(5);
  // The agent to whom one of its open offers is made; kNoAgent when it is not open.
  static AgentId OfferedTo(const Contact& contact, OfferId offer);
  // The open offer of it that is made to the agent; kNoOffer when there is none.
  static OfferId OfferTo(const Contact& contact, AgentId agent);
  std::vector<const LineSet*> AllLines() const;
  bool MayServe(const Profile& profile, const Requirement& asked) const;
  // What is asked for after a step of relaxation, counted from 0.
  Skills Relaxed(const QueueRules& queue, const Skills& asked, const Skills& step) const;
  // Profiles that may serve it and are on duty; when none is, all that may.
  BitSet ServersOf(const Requirement& asked) const;
  WaitEstimate EstimateWaiting(const Contact& contact, Instant at) const;
  // The same for one who comes now, to decide by: as told to the last one of its queue, kind and standing, if that was
  // within a second and little has changed since. So a rush pays for one forecast, not for one each. Who does not stand
  // where newcomers do (has a head start of its own, takes up a place) is looked at alone.
  WaitEstimate OutlookFor(const Contact& contact);
  // Where those stand who could take an agent from one who asks for this, its own line included. `kept_for`: that
  // agent's room alone counts; kNoAgent: anybody's.
  std::vector<const LineSet*> RivalLines(const Requirement& asked, AgentId kept_for) const;
};

}  // namespace routerd::core
