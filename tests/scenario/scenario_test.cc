// Plays the stories beside this file and compares what happens, line by line, with what they say must happen.
//
// A story is a text. Its first block lays out queues and agents; each further block is what is done, a line `----`, and
// what comes of it. ROUTERD_UPDATE_SCENARIOS=1 writes what happened into the files instead: read the difference as you
// would read a change of code.
//
//   queue NAME [needs SKILL>=TIER,…] [relax TIME SKILL>=TIER,…|nothing] [strategy NAME] [timeout TIME] [wrapup TIME]
//              [headstart TIME] [misses N] [picking] [only AGENT,…] [optional TIME] [until_done]
//              [extensions N TIME] [wrapupmax TIME] [offers N] [missed signout|nothing] [rest TIME]
//              [escalate WHEN,… WHAT,…]: WHEN waited=TIME label=WORD contacts=N; WHAT lane=N headstart=TIME to=QUEUE
//              call [known TIME WORTH]: the longest wait for a known agent, and how much longer than for anybody it may
//              be [deadlines TARGET]: serves by earliest deadline
//              [hours HH:MM-HH:MM] [waitmax TIME] [max N] [callbacks]
//              [prefers SKILL>=TIER,…] [bots]
//              [closed ACTION] [overflow waiting>N|expected>TIME|waited>TIME|closing|unstaffed ACTION]
//   ACTION is queue:NAME, headstart:TIME, message:WORD, callback or end
//   agent NAME SKILL=TIER… [capacity N] [CHANNEL=N] [wrapup TIME] [bot]
//   signin A · signout A · away A · back A · lost A · found A
//   contact C QUEUE [CHANNEL] [vip LEVEL] [needs SKILL>=TIER,…] [prefers SKILL>=TIER,…] [knows HOW=AGENT,…] [labels
//   WORD,…] [nth N]
//           [within TIME] [returns C] [also C]: the channel's deadline; the place that C left; the same customer is C
//   leave C · vip C LEVEL · lane C N · label C WORD · seen C
//   accept A C · decline A C · unreachable A C · hold A C · complete A C · done A C · claim A C · extend A C
//   clock HH:MM · later C QUEUE TIME · callback C [TIME] · putoff A C TIME · notreached A C
//   consult A C COLLEAGUE · consulted A C · takeover C A · direct C QUEUE A [exceed] · says C
//   channel NAME cost N [dormant TIME N] · holding CHANNEL ringing CHANNEL block|interrupt
//   transfer A C agent|queue NAME · transfer A C skill SKILL>=TIER,… · either warm · assign C A · requeue C · advance
//   TIME · why C · clocks C · refused COMMAND…
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/core/world.h"

namespace routerd::core {
namespace {

using Words = std::vector<std::string>;

Words Split(const std::string& text, char by) {
  Words words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, by);) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

Duration ParseTime(const std::string& text) {
  const long n = std::stol(text);
  if (text.ends_with("ms")) return milliseconds(n);
  return text.ends_with("m") ? Duration(minutes(n)) : Duration(seconds(n));
}

std::string Show(Duration d) {
  const auto ms = std::chrono::duration_cast<milliseconds>(d).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

// `09:30`, since midnight.
Duration ParseClock(const std::string& text) { return hours(std::stoi(text)) + minutes(std::stoi(text.substr(3))); }

OverflowAction ParseAction(const std::string& text) {
  using Kind = OverflowAction::Kind;
  const std::string name = text.substr(0, text.find(':'));
  const std::string value = name == text ? "" : text.substr(name.size() + 1);
  if (name == "queue") return {.kind = Kind::kQueue, .queue = value};
  if (name == "headstart") return {.kind = Kind::kHeadStart, .head_start = ParseTime(value)};
  if (name == "message") return {.kind = Kind::kMessage, .message = value};
  return {.kind = name == "callback" ? Kind::kCallback : Kind::kEnd};
}

OverflowRule ParseRule(const std::string& when, const std::string& action) {
  using When = OverflowRule::When;
  const std::string name = when.substr(0, when.find('>'));
  const std::string value = name == when ? "" : when.substr(name.size() + 1);
  OverflowRule rule;
  rule.action = ParseAction(action);
  if (name == "waiting") {
    rule.when = When::kWaitingAbove;
    rule.count = std::stoi(value);
  } else if (name == "expected") {
    rule.when = When::kExpectedWaitAbove;
    rule.time = ParseTime(value);
  } else if (name == "waited") {
    rule.time = ParseTime(value);
  } else {
    rule.when = name == "closing" ? When::kClosing : When::kUnstaffed;
  }
  return rule;
}

Tier ParseTier(const std::string& name) {
  for (const Tier tier : {Tier::kJunior, Tier::kIntermediate, Tier::kSenior, Tier::kExpert}) {
    if (name == ToString(tier)) return tier;
  }
  throw std::invalid_argument("no tier " + name);
}

// `1` or `50%`, then `SENIOR:gold,silver`.
HoldBackPolicy ParseHoldBack(const std::string& size, const std::string& text) {
  const size_t colon = text.find(':');
  HoldBackPolicy hold_back;
  hold_back.tier = ParseTier(text.substr(0, colon));
  (size.back() == '%' ? hold_back.percent : hold_back.count) = std::stoi(size);
  hold_back.vips = Split(text.substr(colon + 1), ',');
  return hold_back;
}

std::vector<NamedTier> ParseNeeds(const std::string& text) {
  std::vector<NamedTier> needs;
  if (text == "nothing") return needs;
  for (const std::string& need : Split(text, ',')) {
    needs.push_back({need.substr(0, need.find(">=")), ParseTier(need.substr(need.find(">=") + 2))});
  }
  return needs;
}

EscalationStep ParseEscalation(const std::string& when, const std::string& what) {
  EscalationStep step;
  for (const std::string& part : Split(when + "," + what, ',')) {
    const std::string key = part.substr(0, part.find('='));
    const std::string value = part.find('=') == std::string::npos ? "" : part.substr(part.find('=') + 1);
    if (key == "waited") step.waited = ParseTime(value);
    if (key == "label") step.label = value;
    if (key == "contacts") step.contact_count = std::stoi(value);
    if (key == "lane") step.lane = std::stoi(value);
    if (key == "headstart") step.head_start = ParseTime(value);
    if (key == "to") step.queue = value;
    if (key == "call") step.call_supervisor = true;
  }
  return step;
}

std::vector<CreateContact::KnownAgent> ParseKnown(const std::string& text) {
  std::vector<CreateContact::KnownAgent> known;
  for (const std::string& one : Split(text, ',')) {
    for (const KnownAs as : {KnownAs::kDedicated, KnownAs::kOwner, KnownAs::kLast}) {
      if (one.starts_with(std::string(ToString(as)) + "=")) known.push_back({as, one.substr(one.find('=') + 1)});
    }
  }
  return known;
}

class Story {
 public:
  // Carries out one line; what came of it is in `told`.
  void Line(const std::string& line) {
    const Words w = Split(line, ' ');
    if (w[0] == "queue" || w[0] == "agent" || w[0] == "channel" || w[0] == "holding") return Lay(w);
    if (world_ == nullptr) world_ = std::make_unique<World>(policy_);
    const size_t before = world_->events.size();
    if (w[0] == "clock") {
      const Instant today = std::chrono::floor<std::chrono::days>(world_->now) + ParseClock(w[1]);
      world_->Wait((today < world_->now ? today + hours(24) : today) - world_->now);
    } else if (w[0] == "advance") {
      world_->Wait(ParseTime(w[1]));
    } else if (w[0] == "why") {
      Why(w[1]);
    } else if (w[0] == "clocks") {
      Clocks(w[1]);
    } else if (w[0] == "refused") {
      const auto reply = world_->Try(Make(Words(w.begin() + 1, w.end())));
      told += reply.ok() ? "not refused\n" : "refused: " + std::string(reply.status().message()) + "\n";
    } else {
      const auto reply = world_->Try(Make(w));
      if (!reply.ok()) told += "refused: " + std::string(reply.status().message()) + "\n";
    }
    for (size_t i = before; i < world_->events.size(); ++i) Tell(world_->events[i]);
  }
  std::string told;

 private:
  void Lay(const Words& w) {
    if (policy_.channels.empty()) {
      policy_.channels = {{"webchat", 25, 0}, {"phone", 100, 0}};
      policy_.vips = {{"silver", seconds(60), 2}, {"gold", seconds(180), 4}, {"diamond", seconds(600), 10}};
    }
    const auto know = [&](const std::vector<NamedTier>& needs) {
      for (const NamedTier& n : needs) {
        if (std::find(policy_.skills.begin(), policy_.skills.end(), n.skill) == policy_.skills.end()) {
          policy_.skills.push_back(n.skill);
        }
      }
      return needs;
    };
    if (w[0] == "channel") {
      auto it = std::find_if(policy_.channels.begin(), policy_.channels.end(), [&](auto& c) { return c.name == w[1]; });
      if (it == policy_.channels.end()) it = policy_.channels.insert(it, ChannelPolicy{.name = w[1]});
      it->cost = std::stoi(w.at(3));
      if (w.size() > 4) {
        it->dormant_after = ParseTime(w.at(5));
        it->dormant_cost = std::stoi(w.at(6));
      }
      return;
    }
    if (w[0] == "holding") {
      const bool block = w.at(4) == "block";
      policy_.interruptions.push_back(
          {w[1], w[3], block ? Interruption::Effect::kBlock : Interruption::Effect::kInterrupt});
      return;
    }
    if (w[0] == "queue") {
      QueuePolicy q;
      q.name = w[1];
      q.strategy = Strategy::kBestFit;
      q.order = Order::kRank;  // What is learned on the way is no part of these stories.
      for (size_t i = 2; i < w.size(); ++i) {
        if (w[i] == "picking" || w[i] == "until_done") {
          if (w[i] == "picking") q.picking_allowed = true;
          if (w[i] == "until_done") q.wrap_up = WrapUpMode::kUntilDone;
          continue;
        }
        if (w[i] == "callbacks" || w[i] == "bots") {
          (w[i] == "bots" ? q.bots_first : q.callback.allowed) = true;
          continue;
        }
        const std::string& key = w[i];
        const std::string& value = w.at(++i);
        if (key == "needs") q.requirements = know(ParseNeeds(value));
        if (key == "prefers") q.preferences = know(ParseNeeds(value));
        if (key == "timeout") q.offer_timeout = ParseTime(value);
        if (key == "headstart") q.head_start = ParseTime(value);
        if (key == "misses") q.misses_max = std::stoi(value);
        if (key == "missed") q.missed_action = value == "signout" ? MissedAction::kSignOut : MissedAction::kNothing;
        if (key == "offers") q.offer_count = std::stoi(value);
        if (key == "rest") q.abandon_back_off = ParseTime(value);
        if (key == "only") q.agents = Split(value, ',');
        if (key == "waitmax") q.wait_max = ParseTime(value);
        if (key == "max") q.waiting_max = std::stoi(value);
        if (key == "closed") q.when_closed = ParseAction(value);
        if (key == "overflow") q.overflow.push_back(ParseRule(value, w.at(++i)));
        if (key == "hours") {
          Calendar calendar;
          calendar.name = q.calendar = q.name;
          calendar.week.assign(7, {{ParseClock(value.substr(0, 5)), ParseClock(value.substr(6))}});
          policy_.calendars.push_back(calendar);
        }
        if (key == "relax") q.steps.push_back({ParseTime(value), know(ParseNeeds(w.at(++i)))});
        if (key == "escalate") q.escalation.push_back(ParseEscalation(value, w.at(++i)));
        if (key == "keeps") q.hold_backs.push_back(ParseHoldBack(value, w.at(++i)));
        if (key == "known") q.known_agent = {ParseTime(value), ParseTime(w.at(++i))};
        if (key == "deadlines") {
          q.order = Order::kEarliestDeadline;
          q.value_bound = std::chrono::minutes(2);
          q.service_target = ParseTime(value);
        }
        if (key == "wrapup" || key == "optional") {
          q.wrap_up = key == "wrapup" ? WrapUpMode::kTimed : WrapUpMode::kOptional;
          q.wrap_up_time = ParseTime(value);
        }
        if (key == "wrapupmax") q.wrap_up_max = ParseTime(value);
        if (key == "extensions") {
          q.extension_count_max = std::stoi(value);
          q.extension_time = ParseTime(w.at(++i));
        }
        if (key == "strategy") {
          for (int s = 0; s < 6; ++s) {
            if (value == ToString(static_cast<Strategy>(s))) q.strategy = static_cast<Strategy>(s);
          }
        }
      }
      policy_.queues.push_back(q);
      return;
    }
    AgentPolicy a;
    a.name = w[1];
    for (size_t i = 2; i < w.size(); ++i) {
      const size_t equals = w[i].find('=');
      if (w[i] == "capacity") {
        a.capacity = std::stoi(w.at(++i));
      } else if (w[i] == "bot") {
        a.bot = true;
      } else if (w[i] == "wrapup") {
        a.wrap_up_time = ParseTime(w.at(++i));
      } else if (w[i].starts_with("webchat=") || w[i].starts_with("phone=")) {
        a.channels.push_back({w[i].substr(0, equals), std::stoi(w[i].substr(equals + 1))});
      } else {
        a.skills.push_back({w[i].substr(0, equals), ParseTier(w[i].substr(equals + 1))});
      }
    }
    know(a.skills);
    policy_.agents.push_back(a);
  }

  ContactId Id(const std::string& name) const { return contacts_.at(name); }

  Command Make(const Words& w) {
    const std::string& verb = w[0];
    if (verb == "signin" || verb == "found") return core::SignIn{w[1], Presence::kAvailable, {}};
    if (verb == "signout") return SignOut{w[1], true, "agent"};
    if (verb == "away") return SetPresence{w[1], Presence::kAway, "break", "agent"};
    if (verb == "back") return SetPresence{w[1], Presence::kAvailable, "", "agent"};
    if (verb == "lost") return SetConnected{w[1], false};
    if (verb == "contact" || verb == "direct") {
      CreateContact c;
      c.queue = w[2];
      c.channel = "webchat";
      if (verb == "direct") c.agent = w.at(3);
      c.may_exceed_capacity = w.back() == "exceed";
      for (size_t i = verb == "direct" ? 4 : 3; i < w.size(); ++i) {
        if (w[i] == "vip") {
          c.vip = w.at(++i);
        } else if (w[i] == "needs") {
          c.requirements = ParseNeeds(w.at(++i));
        } else if (w[i] == "prefers") {
          c.preferences = ParseNeeds(w.at(++i));
        } else if (w[i] == "knows") {
          c.known_agents = ParseKnown(w.at(++i));
        } else if (w[i] == "labels") {
          c.labels = Split(w.at(++i), ',');
        } else if (w[i] == "nth") {
          c.contact_count = std::stoi(w.at(++i));
        } else if (w[i] == "returns") {
          c.returned = left_.at(Id(w.at(++i)));
        } else if (w[i] == "within") {
          c.deadline = world_->now + ParseTime(w.at(++i));
        } else if (w[i] == "also") {
          c.linked_with = Id(w.at(++i));
        } else if (w[i] != "exceed") {
          c.channel = w[i];
        }
      }
      const ContactId id{contacts_.size() + 1};
      contacts_[w[1]] = id;
      names_[id] = w[1];
      return c;
    }
    if (verb == "later") {
      const ContactId id{contacts_.size() + 1};
      contacts_[w[1]] = id;
      names_[id] = w[1];
      CreateContact c;
      c.queue = w[2];
      c.channel = "webchat";
      c.schedule_at = world_->now + ParseTime(w[3]);
      return c;
    }
    if (verb == "callback") {
      RequestCallback c{Id(w[1])};
      if (w.size() > 2) c.at = world_->now + ParseTime(w[2]);
      return c;
    }
    if (verb == "leave") return EndContact{Id(w[1]), false, "left"};
    if (verb == "lane") return UpdateContact{.contact = Id(w[1]), .lane = std::stoi(w[2])};
    if (verb == "label") return UpdateContact{.contact = Id(w[1]), .labels = {w[2]}};
    if (verb == "seen") return UpdateContact{.contact = Id(w[1]), .clear_call = true};
    if (verb == "vip") return UpdateContact{Id(w[1]), {}, w[2]};
    if (verb == "assign") return AssignContact{Id(w[1]), w[2], w.back() == "exceed"};
    if (verb == "takeover") return TakeOverContact{Id(w[1]), w[2], "help"};
    if (verb == "says") return CustomerActive{Id(w[1])};
    if (verb == "requeue") return RequeueContact{Id(w[1])};
    const ContactId id = Id(w[2]);
    if (verb == "accept") return AcceptOffer{w[1], id, offers_[{w[1], id}]};
    if (verb == "decline") return DeclineOffer{w[1], id, offers_[{w[1], id}], "no"};
    if (verb == "unreachable") return DeclineOffer{w[1], id, offers_[{w[1], id}], "busy", true};
    if (verb == "hold") return HoldContact{w[1], id, true};
    if (verb == "complete") return CompleteContact{w[1], id, "", ""};
    if (verb == "done") return FinishWrapUp{w[1], id, ""};
    if (verb == "extend") return ExtendWrapUp{w[1], id};
    if (verb == "putoff") return ScheduleContact{w[1], id, world_->now + ParseTime(w[3]), "summary"};
    if (verb == "notreached") return CallbackFailed{w[1], id};
    if (verb == "consult") return ConsultAgent{w[1], id, w.at(3), "How?"};
    if (verb == "consulted") return EndConsult{w[1], id};
    if (verb == "claim") return ClaimContact{w[1], id};
    if (verb == "transfer") {
      TransferContact t{w[1], id, "", "", {}, "reason", "summary"};
      if (w[3] == "agent") t.to_agent = w[4];
      if (w[3] == "queue") t.to_queue = w[4];
      if (w[3] == "skill") t.requirements = ParseNeeds(w[4]);
      t.warm = w.back() == "warm";
      return t;
    }
    throw std::invalid_argument("no command " + verb);
  }

  void Why(const std::string& name) {
    const ContactId id = Id(name);
    const Explanation e = world_->router.Explain(id, world_->now, 10);
    told += name + " waits: " + e.cause + "\n";
    for (const Ahead& other : e.ahead)
      told += name + " stands behind " + names_[other.contact] + ", which " + other.why + "\n";
    for (const AgentVerdict& verdict : e.agents) {
      std::string line = name + " and " + std::string(world_->router.NameOf(verdict.agent)) + ":";
      if (verdict.failed.empty()) line += " could take it";
      for (const FailedTest& test : verdict.failed) {
        line += " " + test.text;
        if (test.opens_at != kNever) line += " (opens in " + Show(test.opens_at - world_->now) + ")";
        line += ";";
      }
      told += line + "\n";
    }
  }

  // The three clocks of a contact: since it came, since it came into its queue, since it is where it stands.
  void Clocks(const std::string& name) {
    const ContactData c = *world_->router.FindContact(Id(name));
    const auto since = [&](Instant at) { return Show(world_->now - at); };
    told += name + " is here for " + since(c.created_at) + ", in " + std::string(world_->router.NameOf(c.queue)) +
            " for " + since(c.queued_at) + ", " + ToString(c.state) + " for " + since(c.state_at) + "\n";
  }

  void Tell(const Event& event) {
    const Router& r = world_->router;
    const auto agent = [&](AgentId id) { return std::string(r.NameOf(id)); };
    const auto in = [&](Instant at) { return Show(at - event.at); };
    const auto show = [&](const Skills& skills) {
      std::string text;
      for (const SkillTier& s : skills) {
        text += (text.empty() ? "" : ", ") + std::string(r.NameOf(s.skill)) + " >= " + ToString(s.tier);
      }
      return text.empty() ? std::string("nothing") : text;
    };
    std::string line;
    std::visit(
        [&]<typename Kind>(const Kind& e) {
          std::string c;
          if constexpr (requires { e.contact; }) c = names_[e.contact];
          if constexpr (std::is_same_v<Kind, ContactCreated>) {
            line = c + " queued " + std::string(r.NameOf(e.queue)) + " headstart=" + Show(event.at - e.rank);
            if (e.returned_from != kNoContact) line += " in the place of " + names_[e.returned_from];
            left_[e.contact] = {e.contact, e.queued_at, e.rank};
          } else if constexpr (std::is_same_v<Kind, ContactLinked>) {
            line = c + " shares a place with " + names_[e.with];
          } else if constexpr (std::is_same_v<Kind, ContactLabeled>) {
            line = c + " noted:";
            for (const std::string& label : e.labels) line += " " + label;
          } else if constexpr (std::is_same_v<Kind, ContactEscalated>) {
            line = c + " raised to level " + std::to_string(e.level) + " (" + e.rule + ")";
            if (e.queue_changed) line += ", goes on in " + std::string(r.NameOf(e.queue));
            if (e.lane > 0) line += ", lane " + std::to_string(e.lane);
            if (e.call_supervisor) line += ", a supervisor is called";
          } else if constexpr (std::is_same_v<Kind, ContactReprioritized>) {
            line = c + " moved in line";
          } else if constexpr (std::is_same_v<Kind, RequirementsRelaxed>) {
            line = c + " now asks for " + show(e.requirements);
          } else if constexpr (std::is_same_v<Kind, OfferMade>) {
            offers_[{agent(e.agent), e.contact}] = e.offer;
            line = c + " offered " + agent(e.agent) + " deadline=" + in(e.expire_at);
            if (e.by_preference) line += " (preferred skills)";
            if (e.rule == OfferRule::kReserved) line += " (reserved)";
            if (e.rule == OfferRule::kClaim) line += " (picked)";
            if (e.rule == OfferRule::kLinked) line += " (taken along)";
            if (e.rule == OfferRule::kAskedAgain) line += " (asked again)";
            if (e.warm) line += " (warm)";
            if (e.rule == OfferRule::kBotsFirst) line += " (bots first)";
          } else if constexpr (std::is_same_v<Kind, OfferAccepted>) {
            line = c + " accepted " + agent(e.agent);
          } else if constexpr (std::is_same_v<Kind, OfferClosed>) {
            line = c + " offer " + ToString(e.outcome) + " " + agent(e.agent) +
                   " misses=" + std::to_string(e.missed_count);
            if (e.outcome == OfferState::kRevoked) line += " (" + e.reason + ")";
            if (e.others_open) line += " others open";
            if (e.warm) line += " (warm)";
          } else if constexpr (std::is_same_v<Kind, ContactHeld>) {
            line = c + " on hold";
          } else if constexpr (std::is_same_v<Kind, ContactTransferred>) {
            line = c + " passed on by " + agent(e.from) + " to " +
                   (e.reserved_agent == kNoAgent ? "queue " + std::string(r.NameOf(e.queue)) : agent(e.reserved_agent));
            if (e.warm) line += " (warm)";
            if (e.bot_done) line += " (" + e.summary + "), from here on people alone are asked";
          } else if constexpr (std::is_same_v<Kind, WarmTransferStarted>) {
            line = c + " stays with " + agent(e.agent) + ", who asks " +
                   (e.to_agent != kNoAgent   ? agent(e.to_agent)
                    : e.to_queue != kNoQueue ? "queue " + std::string(r.NameOf(e.to_queue))
                                             : "others") +
                   " to take it within " + in(e.until);
          } else if constexpr (std::is_same_v<Kind, WarmTransferEnded>) {
            line = c + " is not passed on by " + agent(e.agent) + " (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, ContactRequeued>) {
            line = c + " back in line from " + agent(e.agent) + " (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, ContactReserved>) {
            line = c + " reserved for " + agent(e.agent) + " for " + in(e.until);
            if (e.known_as != KnownAs::kNobody) line += " (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, ReservationEnded>) {
            line = c + " no longer reserved (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, ConsultStarted>) {
            line = c + ": " + agent(e.colleague) + " is consulted";
          } else if constexpr (std::is_same_v<Kind, ConsultEnded>) {
            line = c + ": " + agent(e.colleague) + " is no longer consulted (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, ContactTakenOver>) {
            line = c + " taken over from " + agent(e.from) + " by " + agent(e.agent);
          } else if constexpr (std::is_same_v<Kind, CustomerSpoke>) {
            line = names_[e.by] + " customer writes";
          } else if constexpr (std::is_same_v<Kind, ContactDormant>) {
            line = c + " dormant, takes " + std::to_string(e.cost) + " of " + agent(e.agent);
          } else if constexpr (std::is_same_v<Kind, ContactWoke>) {
            line = c + " awake, takes " + std::to_string(e.cost) + " of " + agent(e.agent);
          } else if constexpr (std::is_same_v<Kind, WrapUpStarted>) {
            line = c + " wrapped up by " + agent(e.agent) +
                   (e.until == kNever ? " until done" : " for " + in(e.until)) + (e.optional ? ", free for more" : "");
          } else if constexpr (std::is_same_v<Kind, WrapUpExtended>) {
            line = c + " wrap-up extended (" + std::to_string(e.count) + ") for " + in(e.until);
          } else if constexpr (std::is_same_v<Kind, ContactEnded>) {
            constexpr const char* kReasons[] = {"",           "completed", "abandoned", "rejected",
                                                "overflowed", "expired",   "failed"};
            line = c + " ended " + kReasons[static_cast<int>(e.reason)];
          } else if constexpr (std::is_same_v<Kind, ContactScheduled>) {
            line =
                c + (e.until == kNever ? " keeps its place" : " is put off by " + in(e.until)) + " (" + e.reason + ")";
            if (e.callback) line += ", to be called back";
          } else if constexpr (std::is_same_v<Kind, ContactDue>) {
            line = c + " is due";
          } else if constexpr (std::is_same_v<Kind, ContactOverflowed>) {
            line = c + " " + e.rule;
            if (e.queue_changed) line += ": goes on in " + std::string(r.NameOf(e.queue));
            if (!e.message.empty()) line += ": told " + e.message;
          } else if constexpr (std::is_same_v<Kind, RoomKept>) {
            line = agent(e.keeper) + " keeps room for " + c;
          } else if constexpr (std::is_same_v<Kind, RoomGivenBack>) {
            line = agent(e.keeper) + " keeps no more room for " + c + " (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, AgentSignedIn>) {
            line = agent(e.agent) + " signed in";
          } else if constexpr (std::is_same_v<Kind, AgentSignedOut>) {
            line = agent(e.agent) + " signed out (" + e.reason + ")";
          } else if constexpr (std::is_same_v<Kind, AgentPresenceChanged>) {
            const bool back = e.pending && e.presence == r.agent(e.agent).presence;
            line = agent(e.agent) +
                   (back        ? " stays "
                    : e.pending ? " will be "
                                : " ") +
                   ToString(e.presence) + (e.reason.empty() ? "" : " (" + e.reason + ")");
          } else if constexpr (std::is_same_v<Kind, AgentConnectionChanged>) {
            line = agent(e.agent) +
                   (e.connected ? " is connected again" : " lost its connection, grace=" + in(e.grace_until));
          } else if constexpr (std::is_same_v<Kind, AgentRested>) {
            line = agent(e.agent) + " rests for " + in(e.until);
          } else {
            line = "the rules are loaded";
          }
        },
        event.kind);
    told += line + "\n";
  }

  Policy policy_;
  std::unique_ptr<World> world_;
  std::map<std::string, ContactId> contacts_;
  std::map<ContactId, std::string> names_;
  std::map<ContactId, CreateContact::ReturnedPlace> left_;       // Each contact's place, for one who comes back.
  std::map<std::pair<std::string, ContactId>, OfferId> offers_;  // The last one made to an agent for a contact.
};

std::vector<std::filesystem::path> Stories() {
  std::vector<std::filesystem::path> stories;
  for (const auto& entry : std::filesystem::directory_iterator(ROUTERD_SOURCE_DIR "/tests/scenario")) {
    if (entry.path().extension() == ".story") stories.push_back(entry.path());
  }
  std::sort(stories.begin(), stories.end());
  return stories;
}

class Scenario : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenario, HappensAsTold) {
  std::ifstream in(GetParam());
  Story story;
  std::string expected, played;
  bool in_outcome = false;
  for (std::string line; std::getline(in, line);) {
    expected += line + "\n";
    if (line.empty()) {
      in_outcome = false;
    } else if (line == "----") {
      played += line + "\n" + std::exchange(story.told, "");
      in_outcome = true;
      continue;
    } else if (in_outcome) {
      continue;
    } else if (line[0] != '#') {
      story.Line(line);
    }
    played += line + "\n";
  }
  if (std::getenv("ROUTERD_UPDATE_SCENARIOS") != nullptr) {
    std::ofstream(GetParam()) << played;
    return;
  }
  EXPECT_EQ(played, expected);
}

INSTANTIATE_TEST_SUITE_P(Stories, Scenario, testing::ValuesIn(Stories()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace routerd::core
