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

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
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
std::string AskedInTheEnd(const v1::QueueConfig& queue) {
  std::string text = absl::StrCat(ToText(FinalRequirements(queue)), " is asked for");
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
  explicit Prover(const v1::WorkspaceConfig& workspace) : workspace_(workspace), staff_(workspace) {}

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
  void Refuse(std::string path, std::string text) {
    findings_.push_back({Finding::Kind::kRefused, std::move(path), std::move(text)});
  }
  void Suspect(std::string path, std::string text) {
    findings_.push_back({Finding::Kind::kSuspicious, std::move(path), std::move(text)});
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
    const ProfileSet servers = staff_.Servers(queue, FinalRequirements(workspace_.queues(queue)));
    if (servers.empty()) {
      RefuseUnserved(queue);
      return;
    }
    ProveChannels(queue, servers);
    ProveSteps(queue);
    ProveNamedAgents(queue, servers);
  }

  void RefuseUnserved(int queue) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const Requirements& asked = FinalRequirements(config);
    const Profile* nearest = Nearest(staff_.Admitted(queue), asked);
    std::string text = absl::StrCat("no agent ", config.agents().empty() ? "" : "of those it names ",
                                    "can ever serve queue ", Quoted(config.id()), ": whoever comes, by ",
                                    workspace_.channels(0).id(), " say, waits for ever, as ", AskedInTheEnd(config));
    if (nearest != nullptr) {
      absl::StrAppend(&text, "; nearest is ", Quoted(nearest->like->id()), ", who ",
                      ShortfallText(*nearest->like, asked), "; give ", Quoted(nearest->like->id()), " ",
                      MissingText(*nearest->like, asked), ", or add a step that asks for less");
    }
    Refuse(QueuePath(queue), std::move(text));
  }

  // Channel by channel: who can serve it in the end, and from when on.
  void ProveChannels(int queue, const ProfileSet& servers) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const std::string& server = staff_.profiles()[servers.first()].like->id();
    std::vector<std::string> untaken;
    std::map<int, std::vector<std::string>> late;  // By the step before which nobody can serve them.
    for (int i = 0; i < workspace_.channels_size(); ++i) {
      if (staff_.Takers(i).empty()) continue;  // Told of the channel.
      const std::string& channel = workspace_.channels(i).id();
      if (!servers.Intersects(staff_.Takers(i))) {
        if (!RefuseChannel(queue, i, server) && config.agents().empty()) untaken.push_back(channel);
        continue;
      }
      int step = -1;
      while (!staff_.Servers(queue, AskedAt(config, step)).Intersects(staff_.Takers(i))) ++step;
      if (step >= 0) late[step].push_back(channel);
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
      Suspect(QueuePath(queue), absl::StrCat("nobody who meets ", ToText(FinalRequirements(config)), " takes ",
                                             NamesText(untaken, " or "), ": such a contact sent to queue ",
                                             Quoted(config.id()), " waits for ever; let ", Quoted(server),
                                             " take it or, if none ever comes, name the queue's agents"));
    }
  }

  // Whether the queue's team is on the channel, and so it's refused that none of them can ever serve it there.
  bool RefuseChannel(int queue, int position, const std::string& server) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    const std::string& channel = workspace_.channels(position).id();
    const Requirements& asked = FinalRequirements(config);
    const ProfileSet team = config.agents().empty() ? staff_.Meeting(AtAnyTier(asked)) : staff_.Admitted(queue);
    const Profile* nearest = Nearest(team & staff_.Takers(position), asked);
    if (nearest == nullptr) return false;
    Refuse(
        QueuePath(queue),
        absl::StrCat("no agent can ever serve queue ", Quoted(config.id()), " by ", channel, ": a ", channel,
                     " contact waits for ever, as ", AskedInTheEnd(config), " and of those who take ", channel,
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

  void ProveNamedAgents(int queue, const ProfileSet& servers) {
    const v1::QueueConfig& config = workspace_.queues(queue);
    if (config.agents().empty()) return;
    for (size_t i = 0; i < staff_.profiles().size(); ++i) {
      const Profile& profile = staff_.profiles()[i];
      if (!staff_.Admitted(queue).Has(i) || servers.Has(i)) continue;
      const auto it = std::find(config.agents().begin(), config.agents().end(), profile.like->id());
      const std::string path = QueuePath(queue) + ".agents";
      Suspect(
          it == config.agents().end() ? path : absl::StrCat(path, "[", it - config.agents().begin(), "]"),
          absl::StrCat("names ", WhoText(profile), ", who ", ShortfallText(*profile.like, FinalRequirements(config)),
                       ", in vain: ", AskedInTheEnd(config)));
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
    const v1::QueueConfig* nearest = nullptr;
    int least = 0;
    for (int i = 0; i < workspace_.queues_size(); ++i) {
      if (!staff_.Admitted(i).Has(position)) continue;
      const int shortfall = Shortfall(agent, FinalRequirements(workspace_.queues(i)));
      if (shortfall == 0) return;
      if (nearest != nullptr && shortfall >= least) continue;
      nearest = &workspace_.queues(i);
      least = shortfall;
    }
    std::string why = "every queue names its agents, and none names this one; name it in one, or leave it out";
    if (nearest != nullptr) {
      why = absl::StrCat("nearest is ", Quoted(nearest->id()), ", where ", AskedInTheEnd(*nearest), ": the agent ",
                         ShortfallText(agent, FinalRequirements(*nearest)), "; give it ",
                         MissingText(agent, FinalRequirements(*nearest)), ", or leave it out");
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
            absl::StrCat("no agent has ", skill, ": a contact that asks for it waits for ever"));
  }

  const v1::WorkspaceConfig& workspace_;
  const Staff staff_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Prove(const v1::WorkspaceConfig& workspace) { return Prover(workspace).Run(); }

}  // namespace routerd::config
