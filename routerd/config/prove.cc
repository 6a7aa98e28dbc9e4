// The proofs, each with its counter-example.
//
// Which channels can a queue's contacts come by? Any: the adapter chooses queue and channel. Yet a centre whose billing
// team only chats is not wrong, though nobody could serve a phone call sent to billing. So a queue is taken to be on a
// channel when its team is: the agents that it names or, where it names nobody, those who have every skill it still
// asks for in the end, at whatever tier. Then one on the channel whose tier is too low shows what was overlooked, and
// is refused. A channel that nobody of the team takes is only suspicious, and not even that where the queue names its
// agents: then both were chosen by name.
#include "routerd/config/prove.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "routerd/config/exit.h"
#include "routerd/config/requirement.h"
#include "routerd/config/staff.h"
#include "routerd/config/text.h"
#include "routerd/config/yaml.h"

namespace routerd::config {
namespace {

std::string QueuePath(int queue) { return absl::StrCat("queues[", queue, "]"); }
std::string StepPath(int queue, int step) { return absl::StrCat(QueuePath(queue), ".relaxation[", step, "]"); }

std::string AfterText(const v1::RelaxationStep& step) { return absl::FormatDuration(ToAbsl(step.after())); }

// `billing >= SENIOR is asked for even after the last step, at 3m`
std::string AskedInTheEnd(const v1::QueueConfig& queue, const Requirements& asked) {
  std::string text = absl::StrCat(ToText(asked), " is asked for");
  if (!queue.relaxation().empty()) {
    absl::StrAppend(&text, " even after the last step, at ", AfterText(*queue.relaxation().rbegin()));
  }
  return text;
}

// What `queue` asks for from its `step` on; from the start for -1.
const Requirements& AskedAt(const v1::QueueConfig& queue, int step) {
  return step < 0 ? queue.requirements() : queue.relaxation(step).requirements();
}

// The same skills, at whatever tier.
Requirements AtAnyTier(Requirements requirements) {
  for (v1::SkillRequirement& requirement : requirements) requirement.set_tier(v1::JUNIOR);
  return requirements;
}

class Prover {
 public:
  explicit Prover(const v1::WorkspaceConfig& workspace) : workspace_(workspace), staff_(workspace) {
    for (int i = 0; i < workspace.queues_size(); ++i) {
      finals_.push_back(FinalRequirements(workspace.queues(i)));
      servers_.push_back(staff_.Servers(i, finals_.back()));
    }
  }

  std::vector<Finding> Run() && {
    for (int i = 0; i < workspace_.queues_size(); ++i) ProveQueue(i);
    for (size_t i = 0; i < staff_.profiles().size(); ++i) {
      ProveAgentHasRoom(staff_.profiles()[i]);
      ProveAgentIsUsed(i);
    }
    for (int i = 0; i < workspace_.channels_size(); ++i) ProveChannelIsTaken(i);
    for (int i = 0; i < workspace_.skills_size(); ++i) ProveSkillIsHad(i);
    return std::move(findings_);
  }

 private:
  void Refuse(std::string path, std::string text) { Tell(Finding::Kind::kRefused, std::move(path), std::move(text)); }
  void Suspect(std::string path, std::string text) {
    Tell(Finding::Kind::kSuspicious, std::move(path), std::move(text));
  }
  void Tell(Finding::Kind kind, std::string path, std::string text) {
    findings_.push_back({kind, std::move(path), std::move(text)});
  }

  // Whoever of `among` falls least short of `asked`, the first of equals; null if there is nobody.
  const Profile* Nearest(const ProfileSet& among, const Requirements& asked) const {
    const Profile* nearest = nullptr;
    int least = 0;
    for (size_t i = 0; i < staff_.profiles().size(); ++i) {
      if (!among.Has(i)) continue;
      const Profile& profile = staff_.profiles()[i];
      const int shortfall = Shortfall(*profile.like, asked);
      if (nearest != nullptr && shortfall >= least) continue;
      nearest = &profile;
      least = shortfall;
    }
    return nearest;
  }

  void ProveQueue(int queue) {
    ProveNothingComesTooLate(queue);
    ProveEscalations(queue);
    if (servers_[queue].empty()) {
      TellUnserved(queue);
      return;
    }
    ProveChannels(queue);
    ProveSteps(queue);
    ProveNamedAgents(queue);
    ProveHoldBacks(queue);
    if (workspace_.queues(queue).bots_first() && servers_[queue].IsWithin(staff_.People())) {
      Refuse(QueuePath(queue) + ".bots_first",
             absl::StrCat("means nothing: whoever comes to queue ", Quoted(workspace_.queues(queue).id()), ", by ",
                          workspace_.channels(0).id(),
                          " say, finds no bot, as no agent that it admits is one; give it a bot, or leave this out"));
    }
  }

  void TellUnserved(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const Requirements& asked = finals_[queue];
    const Fate fate = FateOf(queue);
    std::string text =
        absl::StrCat("no agent ", config.agents().empty() ? "" : "of those it names ", "can ever serve queue ",
                     Quoted(config.id()), ": whoever comes, by ", workspace_.channels(0).id(), " say, ", fate.text,
                     ", as ", AskedInTheEnd(config, asked));
    if (const Profile* nearest = Nearest(staff_.Admitted(queue) & staff_.People(), asked)) {
      absl::StrAppend(&text, "; nearest is ", Quoted(nearest->like->id()), ", who ",
                      ShortfallText(*nearest->like, asked), "; give ", Quoted(nearest->like->id()), " ",
                      MissingText(*nearest->like, asked), ", or add a step that asks for less");
    }
    Tell(fate.kind, QueuePath(queue), std::move(text));
  }

  // What becomes of a contact whom nobody in the queue can serve.
  struct Fate {
    Finding::Kind kind;  // Refused, if it waits for ever.
    std::string text;    // `waits for ever`
  };

  // By whatever channel, for -1.
  Fate FateOf(int queue, int channel = -1) const {
    const std::optional<Exit> exit = FirstExit(workspace_.queues(queue), /*unserved=*/true);
    std::set<int> seen;
    if (!GetsAway(queue, channel, seen)) return {Finding::Kind::kRefused, "waits for ever"};
    const std::string until = exit->queue.empty() ? "" : absl::StrCat(", and goes on in ", Quoted(exit->queue));
    return {Finding::Kind::kSuspicious,
            absl::StrCat("waits in vain until ", exit->path, " acts, at ", absl::FormatDuration(exit->after), until)};
  }

  // Whether the queue's exits lead to an end, or on to a queue where it can be served. An exit acts once a contact, so
  // that one who is led back where it was stays there.
  bool GetsAway(int queue, int channel, std::set<int>& seen) const {
    const std::optional<Exit> exit = FirstExit(workspace_.queues(queue), /*unserved=*/true);
    if (!exit || !seen.insert(queue).second) return false;
    if (exit->queue.empty()) return true;
    for (int i = 0; i < workspace_.queues_size(); ++i) {
      if (workspace_.queues(i).id() != exit->queue) continue;
      const bool served = channel < 0 ? !servers_[i].empty() : servers_[i].Intersects(staff_.Takers(channel));
      return served || GetsAway(i, channel, seen);
    }
    return true;  // Told as an unknown name.
  }

  // Channel by channel: who can serve it in the end, and from when on.
  void ProveChannels(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const std::string& server = staff_.profiles()[servers_[queue].first()].like->id();
    std::vector<std::string> untaken;
    std::map<int, std::vector<std::string>> late;  // By the step before which nobody can serve them.
    for (int i = 0; i < workspace_.channels_size(); ++i) {
      if (staff_.Takers(i).empty()) continue;  // Told of the channel.
      const std::string& channel = workspace_.channels(i).id();
      if (!servers_[queue].Intersects(staff_.Takers(i))) {
        const Fate fate = FateOf(queue, i);
        const bool told = TellChannel(queue, i, fate, server);
        const bool meant = !config.agents().empty() || fate.kind == Finding::Kind::kSuspicious;
        if (!told && !meant) untaken.push_back(channel);
        continue;
      }
      int step = -1;
      while (step < config.relaxation_size() &&
             !staff_.Servers(queue, AskedAt(config, step)).Intersects(staff_.Takers(i))) {
        ++step;
      }
      if (step >= 0 && step < config.relaxation_size()) late[step].push_back(channel);
    }
    for (const auto& [step, channels] : late) {
      const bool all = static_cast<int>(channels.size()) == workspace_.channels_size();
      Suspect(StepPath(queue, step),
              absl::StrCat("until then nobody can serve queue ", Quoted(config.id()),
                           all ? std::string() : absl::StrCat(" by ", NamesText(channels, " or ")),
                           ": each such contact waits ", AfterText(config.relaxation(step)),
                           " even when all agents are idle; let a step before it ask for less"));
    }
    if (!untaken.empty()) {
      Suspect(QueuePath(queue),
              absl::StrCat("nobody who meets ", ToText(finals_[queue]), " takes ", NamesText(untaken, " or "),
                           ": such a contact sent to queue ", Quoted(config.id()), " waits for ever; let ",
                           Quoted(server), " take it or, if none ever comes, name the queue's agents"));
    }
  }

  // Tells that none of the queue's team can ever serve it by the channel, though some of them are there. Whether so.
  bool TellChannel(int queue, int position, const Fate& fate, const std::string& server) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const std::string& channel = workspace_.channels(position).id();
    const Requirements& asked = finals_[queue];
    const ProfileSet team = config.agents().empty() ? staff_.Meeting(AtAnyTier(asked)) : staff_.Admitted(queue);
    const Profile* nearest = Nearest(team & staff_.People() & staff_.Takers(position), asked);
    if (nearest == nullptr) return false;
    Tell(fate.kind, QueuePath(queue),
         absl::StrCat("no agent can ever serve queue ", Quoted(config.id()), " by ", channel, ": a ", channel,
                      " contact ", fate.text, ", as ", AskedInTheEnd(config, asked), " and of those who take ", channel,
                      " the nearest, ", Quoted(nearest->like->id()), ", ", ShortfallText(*nearest->like, asked),
                      "; give ", Quoted(nearest->like->id()), " ", MissingText(*nearest->like, asked), ", let ",
                      Quoted(server), " take ", channel, ", add a step that asks for less or, if none ever comes by ",
                      channel, ", name ", config.agents().empty() ? "the queue's agents" : "only those who serve it"));
    return true;
  }

  // Each step lets somebody in who could not serve before.
  void ProveSteps(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    for (int i = 0; i < config.relaxation_size(); ++i) {
      const Requirements& before = AskedAt(config, i - 1);
      const Requirements& now = AskedAt(config, i);
      const ProfileSet servers = staff_.Servers(queue, now);
      if (!servers.IsWithin(staff_.Servers(queue, before))) continue;
      const std::string why = servers.empty()
                                  ? absl::StrCat("no agent meets ", ToText(now), " either")
                                  : absl::StrCat("whoever meets ", ToText(now), " meets ", ToText(before), " already");
      Suspect(StepPath(queue, i),
              absl::StrCat("lets nobody in: ", why, "; leave the step out, or let it ask for less"));
    }
  }

  void ProveNamedAgents(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    if (config.agents().empty()) return;
    for (size_t i = 0; i < staff_.profiles().size(); ++i) {
      if (!staff_.Admitted(queue).Has(i) || servers_[queue].Has(i)) continue;
      const Profile& profile = staff_.profiles()[i];
      const auto it = std::find(config.agents().begin(), config.agents().end(), profile.like->id());
      const std::string path = QueuePath(queue) + ".agents";
      const std::string why = profile.like->bot() ? ", a bot, in vain: the queue sends nothing to bots; set bots_first"
                                                  : absl::StrCat(", who ", ShortfallText(*profile.like, finals_[queue]),
                                                                 ", in vain: ", AskedInTheEnd(config, finals_[queue]));
      Suspect(it == config.agents().end() ? path : absl::StrCat(path, "[", it - config.agents().begin(), "]"),
              absl::StrCat("names ", WhoText(profile), why));
    }
  }

  // Nothing is to happen to who has left the line for sure.
  void ProveNothingComesTooLate(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const std::optional<Exit> exit = FirstExit(config, /*unserved=*/false);
    if (!exit) return;
    const std::string why = absl::StrCat("can never be reached: ", exit->path,
                                         " takes whoever still waits out of queue ", Quoted(config.id()), " after ",
                                         absl::FormatDuration(exit->after), "; let it come earlier, or that later");
    for (int i = 0; i < config.relaxation_size(); ++i) {
      if (ToAbsl(config.relaxation(i).after()) >= exit->after) Refuse(StepPath(queue, i) + ".after", why);
    }
    for (int i = 0; i < config.overflow_size(); ++i) {
      const v1::OverflowRule& rule = config.overflow(i);
      if (rule.has_waited() && ToAbsl(rule.waited()) > exit->after) {
        Refuse(absl::StrCat(QueuePath(queue), ".overflow[", i, "].waited"), why);
      }
    }
    for (int i = 0; i < config.escalation_size(); ++i) {
      const v1::EscalationStep& step = config.escalation(i);
      if (step.has_waited() && ToAbsl(step.waited()) > exit->after) {
        Refuse(absl::StrCat(QueuePath(queue), ".escalation[", i, "].waited"), why);
      }
    }
  }

  // An escalation may ask for more; somebody must be able to give it.
  void ProveEscalations(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    for (int i = 0; i < config.escalation_size(); ++i) {
      const v1::EscalationStep& step = config.escalation(i);
      if (step.requirements().empty()) continue;
      int target = queue;
      for (int k = 0; k < workspace_.queues_size(); ++k) {
        if (workspace_.queues(k).id() == step.queue()) target = k;
      }
      const ProfileSet people = servers_[target] & staff_.People();
      if (people.empty() || people.Intersects(staff_.Meeting(step.requirements()))) continue;
      const Profile& nearest = *Nearest(people, step.requirements());
      Refuse(absl::StrCat(QueuePath(queue), ".escalation[", i, "].requirements"),
             absl::StrCat("no agent can ever serve whom this raises, by ", workspace_.channels(0).id(),
                          " say: in queue ", Quoted(workspace_.queues(target).id()), " it asks for ",
                          ToText(step.requirements()), " in addition; nearest is ", Quoted(nearest.like->id()),
                          ", who ", ShortfallText(*nearest.like, step.requirements()), "; ask for less"));
    }
  }

  // Some are left for customers of no standing.
  void ProveHoldBacks(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    for (int i = 0; i < config.hold_backs_size(); ++i) {
      const v1::HoldBackConfig& hold_back = config.hold_backs(i);
      Requirements of_tier = config.requirements();
      for (v1::SkillRequirement& requirement : of_tier) requirement.set_tier(hold_back.tier());
      const ProfileSet held = staff_.Servers(queue, of_tier) & staff_.People();
      const std::string path = absl::StrCat(QueuePath(queue), ".hold_backs[", i, "]");
      if (held.empty()) {
        Refuse(path, absl::StrCat("keeps nobody: no agent whom queue ", Quoted(config.id()), " admits has ",
                                  ToText(of_tier), "; ask for a lower tier"));
        continue;
      }
      for (int channel = 0; channel < workspace_.channels_size(); ++channel) {
        const ProfileSet servers = servers_[queue] & staff_.Takers(channel);
        const ProfileSet kept = held & staff_.Takers(channel);
        if (servers.empty() || !servers.IsWithin(kept)) continue;
        if (hold_back.percent() < 100 && (hold_back.percent() > 0 || hold_back.agent_count() < staff_.AgentCount(kept)))
          continue;
        Refuse(path, absl::StrCat("keeps all who can serve queue ", Quoted(config.id()), " by ",
                                  workspace_.channels(channel).id(), ", ", staff_.AgentCount(kept), " in number, for ",
                                  NamesText({hold_back.vip_levels().begin(), hold_back.vip_levels().end()}, " or "),
                                  ": whoever has no such standing waits for ever, with all of them idle, until one "
                                  "who has it comes; keep fewer"));
        break;
      }
    }
  }

  // `agent "ana"`; `12 agents like "load-"`
  static std::string WhoText(const Profile& profile) {
    const std::string id = Quoted(profile.like->id());
    return profile.count == 1 ? absl::StrCat("agent ", id) : absl::StrCat(profile.count, " agents like ", id);
  }

  static std::string AgentPath(const Profile& profile) { return absl::StrCat("agents[", profile.position, "]"); }

  void ProveAgentHasRoom(const Profile& profile) {
    const v1::AgentConfig& agent = *profile.like;
    bool any = false;
    for (const v1::ChannelConfig& channel : workspace_.channels()) {
      const bool named = agent.channels().contains(channel.id());
      any = any || named || CanTake(agent, channel);
      if (named && channel.cost() > agent.capacity()) {
        Refuse(EntryPath(AgentPath(profile) + ".channels", channel.id()),
               absl::StrCat("can never be taken: costs ", channel.cost(), " of the agent's capacity of ",
                            agent.capacity(), "; raise the capacity, or take the channel out"));
      }
    }
    if (!any) {
      Refuse(AgentPath(profile) + ".capacity",
             absl::StrCat(WhoText(profile), " can never be used: every channel costs more than its capacity of ",
                          agent.capacity()));
    }
  }

  void ProveAgentIsUsed(size_t position) {
    const Profile& profile = staff_.profiles()[position];
    const v1::AgentConfig& agent = *profile.like;
    for (const ProfileSet& servers : servers_) {
      if (servers.Has(position)) return;
    }
    if (agent.bot()) {
      Refuse(AgentPath(profile), absl::StrCat(WhoText(profile),
                                              " can never serve any queue: a bot serves those with "
                                              "bots_first, and none of these admits it; set that, or leave it out"));
      return;
    }
    int nearest = -1;
    for (int i = 0; i < workspace_.queues_size(); ++i) {
      if (!staff_.Admitted(i).Has(position)) continue;
      if (nearest < 0 || Shortfall(agent, finals_[i]) < Shortfall(agent, finals_[nearest])) nearest = i;
    }
    std::string why = "every queue names its agents, and none names this one; name it in one, or leave it out";
    if (nearest >= 0) {
      why = absl::StrCat("nearest is ", Quoted(workspace_.queues(nearest).id()), ", where ",
                         AskedInTheEnd(workspace_.queues(nearest), finals_[nearest]), ": the agent ",
                         ShortfallText(agent, finals_[nearest]), "; give it ", MissingText(agent, finals_[nearest]),
                         ", or leave it out");
    }
    Refuse(AgentPath(profile), absl::StrCat(WhoText(profile), " can never serve any queue; ", why));
  }

  void ProveChannelIsTaken(int position) {
    const v1::ChannelConfig& channel = workspace_.channels(position);
    if (!staff_.Takers(position).empty()) return;
    const std::string path = absl::StrCat("channels[", position, "]");
    int capacity_max = 0;
    for (const Profile& profile : staff_.profiles()) capacity_max = std::max(capacity_max, profile.like->capacity());
    if (channel.cost() > capacity_max) {
      Refuse(path + ".cost", absl::StrCat("channel ", Quoted(channel.id()), " can never be taken: it costs ",
                                          channel.cost(), " and no agent has more capacity than ", capacity_max));
    } else {
      Refuse(path, absl::StrCat("channel ", Quoted(channel.id()),
                                " can never be taken: no agent with room for it names it under channels"));
    }
  }

  // Contacts may ask for a skill that no queue does.
  void ProveSkillIsHad(int position) {
    const std::string& skill = workspace_.skills(position).id();
    Requirements asked;
    asked.Add()->set_skill(skill);
    if (!staff_.Meeting(asked).empty()) return;
    Suspect(absl::StrCat("skills[", position, "]"),
            absl::StrCat("no agent has ", skill, ": a contact that asks for it is refused"));
  }

  const v1::WorkspaceConfig& workspace_;
  const Staff staff_;
  std::vector<Requirements> finals_;  // By queue: what it asks for in the end,
  std::vector<ProfileSet> servers_;   // and who can serve it then.
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Prove(const v1::WorkspaceConfig& workspace) { return Prover(workspace).Run(); }

}  // namespace routerd::config
