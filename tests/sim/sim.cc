#include "tests/sim/sim.h"

#include <map>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/clock.h"
#include "routerd/base/error.h"
#include "routerd/engine/workspace.h"
#include "routerd/journal/memory_journal.h"
#include "tests/sim/model.h"

namespace routerd::sim {
namespace {

using engine::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The same numbers on every machine, unlike the standard's distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int Below(int n) { return static_cast<int>(engine_() % static_cast<uint64_t>(n)); }
  int Between(int low, int high) { return low + Below(high - low + 1); }
  bool OneIn(int n) { return Below(n) == 0; }
  template <typename C>
  const auto& Pick(const C& all) {
    return *std::next(all.begin(), Below(static_cast<int>(all.size())));
  }

 private:
  std::mt19937_64 engine_;
};

v1::OverflowRule RandomRule(Random& random, int queue) {
  v1::OverflowRule rule;
  switch (random.Below(5)) {
    case 0:
      rule.set_waiting_above(random.Between(0, 5));
      break;
    case 1:
      rule.mutable_expected_wait_above()->set_seconds(random.Between(0, 60));
      break;
    case 2:
      rule.set_closing(true);
      break;
    case 3:
      rule.set_unstaffed(true);
      break;
    default:
      rule.mutable_waited()->set_seconds(random.Between(1, 90));
  }
  v1::OverflowAction& action = *rule.mutable_action();
  switch (random.Below(5)) {
    case 0:
      action.mutable_head_start()->set_seconds(random.Between(1, 60));
      break;
    case 1:
      action.set_callback(true);
      break;
    case 2:
      action.set_message("busy");
      break;
    case 3:
      action.set_end(true);
      break;
    default:
      if (queue < 5) {
        action.set_queue(absl::StrCat("q", random.Between(queue + 1, 5)));  // Forward only: no circles.
      } else {
        action.set_message("last");
      }
  }
  return rule;
}

// Hours that come often: the first minutes of every hour.
v1::CalendarConfig HourlyCalendar(Random& random) {
  v1::CalendarConfig calendar;
  calendar.set_id("hourly");
  const int minutes = random.Between(10, 50);
  for (int hour = 0; hour < 24; ++hour) {
    const std::string text = absl::StrCat(hour < 10 ? "0" : "", hour);
    v1::OpenHours& hours = *calendar.add_hours();
    for (const char* day : {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}) hours.add_days(day);
    hours.set_from(text + ":00");
    hours.set_to(absl::StrCat(text, ":", minutes));
  }
  return calendar;
}

// Hours, limits and callbacks, for some queues.
void AddLimits(Random& random, int position, v1::QueueConfig& queue) {
  if (random.OneIn(3)) queue.set_calendar("hourly");
  for (int i = random.Below(3); i > 0; --i) *queue.add_overflow() = RandomRule(random, position);
  if (!queue.calendar().empty() && random.OneIn(2))
    *queue.mutable_when_closed() = RandomRule(random, position).action();
  if (random.OneIn(3)) queue.mutable_wait_max()->set_seconds(random.Between(30, 300));
  if (random.OneIn(3)) queue.set_waiting_max(random.Between(3, 10));
  queue.mutable_callback()->set_allowed(random.OneIn(2));
  queue.mutable_callback()->set_attempts_max(2);
  queue.mutable_callback()->mutable_retry_after()->set_seconds(60);
}

v1::WorkspaceConfig RandomConfig(Random& random) {
  v1::WorkspaceConfig config;
  config.set_id("sim");
  const std::vector<std::string> skills = {"s0", "s1", "s2", "s3"};
  for (const std::string& s : skills) config.add_skills()->set_id(s);
  const std::vector<std::pair<std::string, int>> channels = {{"phone", 100}, {"webchat", 25}, {"wechat", 20}};
  for (const auto& [id, cost] : channels) {
    v1::ChannelConfig& channel = *config.add_channels();
    channel.set_id(id);
    channel.set_cost(cost);
    if (cost < 100 && random.OneIn(2)) {
      channel.mutable_dormant_after()->set_seconds(random.Between(10, 60));
      channel.set_dormant_cost(random.Between(0, cost));
    }
  }
  for (const auto& [holding, ringing] : {std::pair{"webchat", "phone"}, {"phone", "wechat"}, {"wechat", "webchat"}}) {
    if (random.OneIn(2)) continue;
    v1::InterruptionRule& rule = *config.add_interruptions();
    rule.set_holding(holding);
    rule.set_ringing(ringing);
    rule.set_effect(random.OneIn(2) ? v1::InterruptionRule::BLOCK : v1::InterruptionRule::INTERRUPT);
  }
  for (const auto& [id, head_start] : {std::pair{"silver", 60}, std::pair{"gold", 180}}) {
    v1::VipConfig& vip = *config.add_vip_levels();
    vip.set_id(id);
    vip.mutable_head_start()->set_seconds(head_start);
  }
  for (int i = 0; i < 10; ++i) {
    v1::AgentConfig& agent = *config.add_agents();
    agent.set_id(absl::StrCat("a", i));
    agent.set_capacity(random.OneIn(4) ? 200 : 100);
    agent.set_bot(i >= 8 && random.OneIn(2));
    for (const std::string& s : skills) {
      if (!agent.bot() && random.OneIn(2)) (*agent.mutable_skills())[s] = static_cast<v1::Tier>(random.Between(1, 4));
    }
    if (random.OneIn(3)) (*agent.mutable_channels())["webchat"] = random.Between(1, 3);
    if (random.OneIn(3)) agent.mutable_wrap_up_duration()->set_seconds(random.Between(1, 60));
  }
  for (int i = 0; i < 6; ++i) {
    v1::QueueConfig& queue = *config.add_queues();
    queue.set_id(absl::StrCat("q", i));
    queue.set_strategy(static_cast<v1::AgentStrategy>(i + 1));
    queue.set_bots_first(random.OneIn(3));
    v1::SkillRequirement& required = *queue.add_requirements();
    required.set_skill(skills[static_cast<size_t>(i) % 4]);
    required.set_tier(static_cast<v1::Tier>(random.Between(1, 4)));
    if (random.OneIn(2)) {
      v1::RelaxationStep& step = *queue.add_relaxation();
      step.mutable_after()->set_seconds(random.Between(10, 60));
      if (required.tier() > 1) {
        *step.add_requirements() = required;
        step.mutable_requirements(0)->set_tier(v1::JUNIOR);
      }
      if (random.OneIn(2)) queue.add_relaxation()->mutable_after()->set_seconds(90);
    }
    if (random.OneIn(2)) {
      v1::HoldBackConfig& hold_back = *queue.add_hold_backs();
      hold_back.set_tier(static_cast<v1::Tier>(random.Between(1, 4)));
      if (random.OneIn(2)) {
        hold_back.set_agent_count(random.Between(1, 3));
      } else {
        hold_back.set_percent(random.Between(10, 60));
      }
      hold_back.add_vip_levels("gold");
      if (random.OneIn(2)) hold_back.add_vip_levels("silver");
    }
    if (random.OneIn(3)) {
      v1::SkillRequirement& preferred = *queue.add_preferences();
      preferred.set_skill(random.Pick(skills));
      preferred.set_tier(static_cast<v1::Tier>(random.Between(1, 4)));
    }
    queue.mutable_offer_timeout()->set_seconds(random.Between(5, 20));
    queue.mutable_miss_back_off()->set_seconds(random.Between(0, 30));
    queue.mutable_decline_back_off()->set_seconds(random.Between(1, 60));
    queue.mutable_unreachable_back_off()->set_seconds(random.Between(0, 20));
    if (random.OneIn(2)) queue.mutable_lost_back_off()->set_seconds(random.Between(0, 20));
    if (random.OneIn(2)) queue.mutable_abandon_back_off()->set_seconds(random.Between(0, 10));
    queue.set_misses_max(random.Between(0, 3));
    queue.set_missed_action(static_cast<v1::MissedAction>(random.Between(1, 3)));
    queue.set_offer_count(random.OneIn(3) ? random.Between(2, 4) : 1);
    queue.mutable_wrap_up()->set_mode(static_cast<v1::WrapUpConfig::Mode>(random.Between(1, 4)));
    queue.mutable_wrap_up()->mutable_duration()->set_seconds(random.Between(1, 30));
    queue.mutable_wrap_up()->mutable_duration_max()->set_seconds(random.Between(30, 60));
    queue.mutable_wrap_up()->set_extension_count_max(random.Between(0, 3));
    queue.mutable_wrap_up()->mutable_extension()->set_seconds(random.Between(1, 30));
    if (random.OneIn(2)) {
      v1::KnownAgentConfig& known = *queue.mutable_known_agent();
      known.add_kinds(v1::KnownAgentConfig::DEDICATED);
      known.add_kinds(v1::KnownAgentConfig::OWNER);
      known.add_kinds(v1::KnownAgentConfig::LAST);
      known.mutable_wait_max()->set_seconds(random.Between(1, 120));
      known.mutable_worth()->set_seconds(random.Between(0, 120));
    }
    if (random.OneIn(2)) {
      v1::EscalationStep& step = *queue.add_escalation();
      step.mutable_waited()->set_seconds(random.Between(0, 60));
      if (random.OneIn(2)) step.set_label("bad");
      if (random.OneIn(2)) step.set_lane(random.Between(0, 2));
      step.mutable_head_start()->set_seconds(random.Between(1, 60));
      v1::EscalationStep& next = *queue.add_escalation();
      next.set_label(random.OneIn(2) ? "bad" : "worse");
      if (i < 5 && random.OneIn(2)) next.set_queue(absl::StrCat("q", random.Between(i + 1, 5)));
      if (random.OneIn(3)) *next.add_requirements() = required;
      next.set_call_supervisor(random.OneIn(2));
      v1::EscalationStep& again = *queue.add_escalation();
      again.set_contact_count(random.Between(2, 4));
      again.set_lane(1);
    }
    if (random.OneIn(3)) queue.set_order(v1::EARLIEST_DEADLINE);
    if (random.OneIn(2)) queue.mutable_return_window()->set_seconds(random.Between(1, 100));
    queue.set_picking_allowed(random.OneIn(2));
    AddLimits(random, i, queue);
    queue.mutable_service_level_target()->set_seconds(20);
    if (i == 5) {
      for (const char* only : {"a0", "a1", "a2"}) queue.add_agents(only);
    }
  }
  for (int i = 0; i < 5; ++i) {
    v1::CustomerConfig& customer = *config.add_customers();
    customer.set_id(absl::StrCat("c", i));
    customer.set_agent(absl::StrCat("a", random.Below(10)));
  }
  if (random.OneIn(4)) config.set_one_place_per_customer(false);
  *config.add_calendars() = HourlyCalendar(random);
  config.mutable_keep_room_after()->set_seconds(random.OneIn(3) ? 0 : random.Between(1, 90));
  config.mutable_agent_grace()->set_seconds(random.Between(5, 40));
  config.mutable_transfer_wait()->set_seconds(random.Between(5, 60));
  config.mutable_limits()->set_contacts_max(1000);
  config.mutable_limits()->set_message_bytes_max(16000);
  config.mutable_limits()->set_transcript_messages_max(1000);
  config.mutable_limits()->set_customers_remembered_max(50);
  return config;
}

// Reads the durable events and holds them against the model.
class Watch final : public engine::EventSink {
 public:
  Watch(Model& model, int64_t seen) : model_(model), last_(seen) {}
  void Deliver(std::shared_ptr<const v1::Event> event) override {
    model_.Apply(*event);
    last_ = event->sequence();
  }
  void Close(absl::Status) override {}
  int64_t last() const { return last_; }

 private:
  Model& model_;
  int64_t last_;
};

// An adapter or a desk: what it is told must be durable, in order, and never twice.
template <typename Message>
class Reader final : public engine::Sink<Message> {
 public:
  Reader(std::string who, std::vector<std::string>& broken) : who_(std::move(who)), broken_(broken) {}
  void Deliver(std::shared_ptr<const Message> message) override {
    const int64_t sequence = message->sequence();
    if (sequence == 0) return;
    if (sequence < last_) broken_.push_back(absl::StrCat(who_, " was told ", sequence, " after ", last_));
    last_ = sequence;
  }
  void Close(absl::Status) override { closed_ = true; }
  int64_t last() const { return last_; }
  bool closed() const { return closed_; }

 private:
  const std::string who_;
  std::vector<std::string>& broken_;
  int64_t last_ = 0;
  bool closed_ = false;
};
using Adapter = Reader<v1::ConnectResponse>;
using Desk = Reader<v1::WorkResponse>;

class Simulation {
 public:
  explicit Simulation(const SimOptions& options)
      : options_(options), random_(options.seed), config_(RandomConfig(random_)), model_(config_) {}

  SimResult Run() {
    Open();
    for (int i = 0; i < options_.commands && result_.broken.empty(); ++i) {
      ++result_.commands;
      Advance();
      Command();
      workspace_->Step();
      if (random_.OneIn(200)) {
        Crash();
      } else if (!random_.OneIn(4)) {  // Else it waits for the disk, and may be lost.
        Settle();
      }
      Collect();
    }
    if (result_.broken.empty()) CheckReplay();
    Collect();
    workspace_->Stop();
    return std::move(result_);
  }

 private:
  void Open() {
    auto journal = std::make_unique<journal::MemoryJournal>(store_);
    journal_ = journal.get();
    engine::Workspace::Options options;
    options.snapshot_every_events = 500;
    auto opened = engine::Workspace::Open(config_, std::move(journal), clock_, options);
    if (!opened.ok()) {
      result_.broken.push_back(absl::StrCat("recovery: ", opened.status().ToString()));
      std::abort();
    }
    workspace_ = *std::move(opened);
    const int64_t seen = watch_ == nullptr ? 0 : watch_->last();
    watch_ = std::make_shared<Watch>(model_, seen);
    workspace_->Post(engine::AttachWatcher{.after = seen, .subject = "", .sink = watch_},
                     [](const absl::StatusOr<Outcome>&) {});
    const int64_t resume = adapter_ == nullptr ? 0 : adapter_->last();
    adapter_ = std::make_shared<Adapter>("the adapter", result_.broken);
    workspace_->Post(engine::AttachAdapter{.adapter = "sim", .resume_after = resume, .sink = adapter_},
                     [](const absl::StatusOr<Outcome>&) {});
    desks_.clear();
    Settle();
  }

  // Everything decided becomes durable and is told.
  void Settle() {
    for (int i = 0; i < 100; ++i) {
      const bool worked = workspace_->Step();
      if (journal_->Commit() == 0 && !worked) break;
    }
    model_.CheckSettled(clock_.Now().time_since_epoch().count());
  }

  // The power goes with a part of what waits for the disk written. Whatever was acknowledged must be there again.
  void Crash() {
    ++result_.crashes;
    journal_->Crash(static_cast<size_t>(random_.Below(3)));
    workspace_->Stop();
    workspace_.reset();
    clock_.Advance(seconds(random_.Below(20)));
    Open();
    for (const std::string& contact : acknowledged_) {
      if (!model_.contacts().contains(contact) && !model_.ended().contains(contact)) {
        result_.broken.push_back(absl::StrCat(contact, " was acknowledged and is lost"));
      }
    }
    acknowledged_.clear();
  }

  void Collect() {
    for (const std::string& b : model_.broken()) result_.broken.push_back(b);
    if (!result_.broken.empty() && !reported_) {
      reported_ = true;
      result_.broken.push_back(absl::StrCat("(after ", result_.commands, " commands of seed ", options_.seed, ")"));
    }
    result_.events = watch_->last();
  }

  // What a recovery from the disk alone makes of it must be what was live, to the byte. With nobody signed in, recovery
  // itself has nothing to add.
  void CheckReplay() {
    for (int i = 0; i < 10; ++i) Route(core::SignOut{.agent = absl::StrCat("a", i), .force = true});
    Settle();
    const std::vector<std::string> live = State();
    journal_->Crash();
    workspace_->Stop();
    workspace_.reset();
    Open();
    if (State() != live) result_.broken.push_back("recovery gives another state than the live one");
  }
  std::vector<std::string> State() {
    std::vector<std::string> state;
    workspace_->Query([&](const engine::View& view) -> std::function<void()> {
      state = view.State();
      return [] {};
    });
    Settle();
    return state;
  }

  void Advance() {
    if (random_.OneIn(3)) return;
    const auto step =
        random_.OneIn(10) ? milliseconds(random_.Between(1, 30'000)) : milliseconds(random_.Between(1, 2'000));
    // Look in whenever something is due, as the writer's thread does.
    const auto until = clock_.Now() + step;
    while (workspace_->NextDeadline() <= until) {
      clock_.Set(std::max(clock_.Now(), workspace_->NextDeadline()));
      if (!workspace_->Step()) break;
      if (random_.OneIn(2)) Settle();
    }
    clock_.Set(until);
  }

  void Post(engine::Request request) {
    workspace_->Post(std::move(request), [this](const absl::StatusOr<Outcome>& outcome) {
      if (outcome.ok()) return;
      if (outcome.status().code() == absl::StatusCode::kInternal) {
        result_.broken.push_back(absl::StrCat("an internal error: ", outcome.status().ToString()));
      }
    });
  }
  void Route(core::Command command) { Post(engine::Route{std::move(command)}); }

  std::string AnyAgent() { return absl::StrCat("a", random_.Below(10)); }
  // A live contact, mostly; sometimes one that ended or never was.
  std::string AnyContact() {
    if (model_.contacts().empty() || random_.OneIn(20)) return absl::StrCat("contacts/", random_.Between(1, 50));
    return random_.Pick(model_.contacts()).first;
  }
  static core::ContactId Id(const std::string& contact) {
    return core::ContactId{std::stoull(contact.substr(contact.find('/') + 1))};
  }
  // Some contact in a state, with the agent who holds it; an arbitrary one when there is none.
  const Model::Contact* AnyIn(Model::Contact::State state) {
    std::vector<const Model::Contact*> in;
    for (const auto& [name, contact] : model_.contacts()) {
      if (contact.state == state) in.push_back(&contact);
    }
    return in.empty() ? nullptr : random_.Pick(in);
  }
  // One with an open offer, be it that nobody serves it or that it is passed on warm.
  const Model::Contact* AnyOffered() {
    std::vector<const Model::Contact*> offered;
    for (const auto& [name, contact] : model_.contacts()) {
      if (!contact.offers.empty()) offered.push_back(&contact);
    }
    return offered.empty() ? nullptr : random_.Pick(offered);
  }
  // Mostly who holds it; sometimes an impostor.
  std::string HolderOf(const Model::Contact& contact) {
    return random_.OneIn(20) || contact.agent.empty() ? AnyAgent() : contact.agent.substr(7);
  }

  void Create() {
    // Quiet hours, in which several agents could take whoever comes, and busy ones with a line; never more than can be
    // looked at after each step.
    if (random_.OneIn(60)) live_max_ = random_.Pick(std::vector<size_t>{3, 8, 20, 40});
    if (model_.contacts().size() >= live_max_) return EndSome();
    v1::CreateContactRequest request;
    request.set_adapter("sim");
    // A repeat now and then: the same source id must name the same contact.
    const int source = random_.OneIn(10) && next_source_ > 1
                           ? random_.Between(std::max(1, next_source_ - 20), next_source_ - 1)
                           : next_source_++;
    request.set_source_id(absl::StrCat("source-", source));
    request.set_channel(random_.OneIn(20) ? "fax"
                                          : random_.Pick(std::vector<std::string>{"phone", "webchat", "wechat"}));
    request.set_queue(absl::StrCat("q", random_.Below(random_.OneIn(30) ? 9 : 6)));
    if (random_.OneIn(4)) {
      v1::SkillRequirement& extra = *request.add_requirements();
      extra.set_skill(absl::StrCat("s", random_.Below(4)));
      extra.set_tier(static_cast<v1::Tier>(random_.Between(1, 3)));
    }
    if (random_.OneIn(6)) {
      v1::SkillRequirement& preferred = *request.add_preferences();
      preferred.set_skill(absl::StrCat("s", random_.Below(4)));
      preferred.set_tier(static_cast<v1::Tier>(random_.Between(1, 4)));
    }
    request.mutable_customer()->set_id(absl::StrCat("c", random_.Below(30)));
    if (random_.OneIn(10)) request.add_labels("bad");
    if (random_.OneIn(5)) {
      const auto now_s = std::chrono::duration_cast<seconds>(clock_.Now().time_since_epoch()).count();
      request.mutable_deadline_time()->set_seconds(now_s + random_.Between(-20, 300));
    }
    request.mutable_customer()->set_verified(true);
    if (random_.OneIn(4)) request.mutable_customer()->set_vip(random_.OneIn(2) ? "gold" : "silver");
    if (random_.OneIn(8)) request.mutable_head_start()->set_seconds(random_.Below(100));
    if (random_.OneIn(20)) request.set_lane(1);
    if (random_.OneIn(20)) *request.mutable_schedule_time() = Ahead();
    if (random_.OneIn(15)) {
      request.set_agent(AnyAgent());
      request.set_may_exceed_capacity(random_.OneIn(2));
    }
    workspace_->Post(engine::CreateContact{request, 9}, [this, source](const absl::StatusOr<Outcome>& outcome) {
      if (!outcome.ok()) return;
      acknowledged_.push_back(outcome->contact);
      const auto [it, fresh] = by_source_.try_emplace(source, outcome->contact);
      if (!fresh && it->second != outcome->contact) {
        result_.broken.push_back(
            absl::StrCat("source-", source, " names both ", it->second, " and ", outcome->contact));
      }
    });
  }

  google::protobuf::Timestamp Ahead() {
    google::protobuf::Timestamp time;
    time.set_seconds(std::chrono::floor<seconds>(clock_.Now()).time_since_epoch().count() + random_.Between(1, 600));
    return time;
  }

  // Customers ask to be called back; agents put off, or reach nobody.
  void PutOff() {
    const Model::Contact* contact = AnyIn(random_.OneIn(2) ? Model::Contact::kQueued : Model::Contact::kActive);
    if (contact == nullptr) return;
    const core::Instant at = clock_.Now() + seconds(random_.Between(1, 600));
    if (contact->state == Model::Contact::kQueued) {
      engine::RequestCallback callback{{contact->name, "", ""}};
      if (random_.OneIn(2)) callback.at = at;
      return Post(std::move(callback));
    }
    if (contact->callback && random_.OneIn(2)) {
      return Route(core::CallbackFailed{HolderOf(*contact), Id(contact->name)});
    }
    Route(core::ScheduleContact{HolderOf(*contact), Id(contact->name), at, "later"});
  }

  void EndSome() {
    if (random_.OneIn(2)) return;
    if (const Model::Contact* contact = AnyIn(Model::Contact::kQueued))
      Post(engine::EndContact{{contact->name, "", ""}, "left", false});
  }

  void SignIn() {
    const std::string agent = AnyAgent();
    auto desk = std::make_shared<Desk>(agent, result_.broken);
    v1::SignIn sign_in;
    sign_in.set_agent(agent);
    if (random_.OneIn(6)) {
      v1::ChannelCapacity& channel = *sign_in.add_channels();
      channel.set_channel("webchat");
      channel.set_max_count(random_.Between(0, 3));
    }
    workspace_->Post(engine::AttachAgent{sign_in, desk}, [](const absl::StatusOr<Outcome>&) {});
    desks_[agent].push_back(desk);
  }

  void Disconnect() {
    if (desks_.empty()) return;
    auto it = std::next(desks_.begin(), random_.Below(static_cast<int>(desks_.size())));
    for (const auto& desk : it->second) Post(engine::DetachAgent{it->first, desk});
    desks_.erase(it);
  }

  void Transfer() {
    const Model::Contact* contact = AnyIn(Model::Contact::kActive);
    if (contact == nullptr) return;
    core::TransferContact transfer;
    transfer.agent = HolderOf(*contact);
    transfer.contact = Id(contact->name);
    switch (random_.Below(5)) {
      case 0:
      case 1:
        transfer.to_agent = AnyAgent();
        break;
      case 2:
      case 3:
        transfer.to_queue = absl::StrCat("q", random_.Below(6));
        break;
      default:
        transfer.requirements = {{absl::StrCat("s", random_.Below(4)), static_cast<core::Tier>(random_.Between(1, 3))}};
    }
    transfer.reason = "r";
    transfer.warm = random_.OneIn(2);
    Route(std::move(transfer));
  }

  void Command() {
    const Model::Contact* contact = nullptr;
    const int dice = random_.Below(100);
    if (dice < 25) {
      Create();
    } else if (dice < 33) {
      SignIn();
    } else if (dice < 35) {
      Disconnect();
    } else if (dice < 37) {
      Route(core::SignOut{.agent = AnyAgent(), .force = random_.OneIn(2)});
    } else if (dice < 41) {
      Route(core::SetPresence{.agent = AnyAgent(),
                              .presence = random_.OneIn(4) ? core::Presence::kAway : core::Presence::kAvailable,
                              .reason = ""});
    } else if (dice < 61) {
      if ((contact = AnyOffered()) == nullptr) return;
      const auto& [name, open] = random_.Pick(contact->offers);
      const core::OfferId offer{std::stoull(name.substr(name.rfind('/') + 1)) -
                                static_cast<uint64_t>(random_.OneIn(30))};
      const std::string agent = random_.OneIn(20) ? AnyAgent() : open.agent.substr(7);
      if (random_.OneIn(6)) {
        Route(core::DeclineOffer{agent, Id(contact->name), offer, "no", random_.OneIn(3)});
      } else {
        Route(core::AcceptOffer{agent, Id(contact->name), offer});
      }
    } else if (dice < 73) {
      if ((contact = AnyIn(Model::Contact::kActive)) == nullptr) return;
      Route(core::CompleteContact{HolderOf(*contact), Id(contact->name), "done", ""});
    } else if (dice < 79) {
      if ((contact = AnyIn(Model::Contact::kWrapUp)) == nullptr) return;
      if (random_.OneIn(4)) return Route(core::ExtendWrapUp{HolderOf(*contact), Id(contact->name)});
      Route(core::FinishWrapUp{HolderOf(*contact), Id(contact->name), ""});
    } else if (dice < 83) {
      Transfer();
    } else if (dice < 88) {
      Post(engine::EndContact{{AnyContact(), "", ""}, "left", random_.OneIn(5)});
    } else if (dice < 91) {
      v1::UpdateContactRequest update;
      if (random_.OneIn(2)) update.set_vip("gold");
      if (random_.OneIn(2)) update.mutable_head_start()->set_seconds(random_.Below(200));
      if (random_.OneIn(3)) update.add_labels(random_.OneIn(2) ? "bad" : "worse");
      if (random_.OneIn(4)) update.set_lane(random_.Below(3));
      if (random_.OneIn(4)) update.mutable_deadline_time()->set_seconds(1'800'000'000 + random_.Below(100));
      Post(engine::UpdateContact{{AnyContact(), "", ""}, update, 9});
    } else if (dice < 93) {
      Route(core::ClaimContact{AnyAgent(), Id(AnyContact())});
    } else if (dice < 94) {
      Route(core::AssignContact{Id(AnyContact()), AnyAgent(), random_.OneIn(3)});
    } else if (dice < 95) {
      Route(core::RequeueContact{Id(AnyContact())});
    } else if (dice < 98 && dice >= 96) {
      PutOff();
    } else if (dice < 96) {
      if ((contact = AnyIn(Model::Contact::kActive)) == nullptr) return;
      if (random_.OneIn(4)) return Route(core::TakeOverContact{Id(contact->name), AnyAgent(), "r"});
      if (random_.OneIn(2)) return Route(core::ConsultAgent{HolderOf(*contact), Id(contact->name), AnyAgent(), ""});
      if (random_.OneIn(2)) return Route(core::EndConsult{HolderOf(*contact), Id(contact->name)});
      Route(core::HoldContact{HolderOf(*contact), Id(contact->name), random_.OneIn(2)});
    } else {
      Post(engine::PostMessage{{AnyContact(), "", ""}, "", absl::StrCat("m", random_.Below(1000)), "text"});
    }
  }

  const SimOptions options_;
  SimResult result_;
  bool reported_ = false;
  Random random_;
  const v1::WorkspaceConfig config_;
  Model model_;
  base::ManualClock clock_;
  journal::MemoryStore store_;
  journal::MemoryJournal* journal_ = nullptr;
  std::unique_ptr<engine::Workspace> workspace_;
  std::shared_ptr<Watch> watch_;
  std::shared_ptr<Adapter> adapter_;
  std::map<std::string, std::vector<std::shared_ptr<Desk>>> desks_;
  std::vector<std::string> acknowledged_;
  std::map<int, std::string> by_source_;
  int next_source_ = 1;
  size_t live_max_ = 8;
};

}  // namespace

SimResult Simulate(const SimOptions& options) { return Simulation(options).Run(); }

}  // namespace routerd::sim
