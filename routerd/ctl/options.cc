// One table of commands and one of options serve parsing, help and suggestions alike.
#include "routerd/ctl/options.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "routerd/base/suggest.h"

namespace routerd::ctl {
namespace {

struct CommandInfo {
  Command command;
  std::string_view name;
  std::string_view arguments;
  std::string_view summary;
  std::string_view detail;
  size_t count_min;
  // At this count the last argument takes all further words; see `words`.
  size_t count_max;
  bool words;
  std::vector<std::string_view> options;
};

const std::vector<CommandInfo>& Commands() {
  static const auto& commands = *new std::vector<CommandInfo>{
      {Command::kAgent,
       "agent",
       "ID",
       "work as an agent in this terminal",
       "Signs in and shows offers and chats as they come. What you type goes to the current chat; short commands\n"
       "answer offers (`/help` there lists them). Comes back by itself when the connection or the router was away,\n"
       "and sends again what was not answered. Input may be a pipe; the program leaves at its end.\n",
       1,
       1,
       false,
       {}},
      {Command::kQueues,
       "queues",
       "[NAME]",
       "list queues and how they stand, or show one in full",
       "",
       0,
       1,
       false,
       {}},
      {Command::kAgents,
       "agents",
       "[--all] [NAME]",
       "list agents and what they hold, or show one in full",
       "",
       0,
       1,
       false,
       {"all"}},
      {Command::kContacts,
       "contacts",
       "[--queue Q] [--agent A] [--ended] [--limit N]",
       "list contacts in the order in which they are served",
       "",
       0,
       0,
       false,
       {"queue", "agent", "ended", "limit"}},
      {Command::kExplain,
       "explain",
       "contact ID [--agent A] [--at TIME]",
       "say why a contact waits, or why it went to whom",
       "ID is `contacts/12` or just 12. Shows what it asks for, who is ahead and why, why each agent (--agent: that "
       "one)\n"
       "has not got it, and its life so far with the rule behind each step. With --at as it stood then, as far back "
       "as\n"
       "the router keeps events.\n",
       1,
       2,
       false,
       {"agent", "at"}},
      {Command::kAdmission,
       "admission",
       "QUEUE CHANNEL",
       "say what joining a queue now would mean",
       "Whether a customer who came now would be served today, how long the wait would be, and when the queue closes\n"
       "and opens. Changes nothing.\n",
       2,
       2,
       false,
       {}},
      {Command::kStats, "stats", "", "show counters and figures", "", 0, 0, false, {}},
      {Command::kWatch,
       "watch",
       "[--after N] [--subject NAME]",
       "follow what happens, one event a line",
       "Goes on until it is interrupted, and without gaps after the router was away.\n",
       0,
       0,
       false,
       {"after", "subject"}},
      {Command::kAssign,
       "assign",
       "[--exceed] CONTACT AGENT",
       "give a waiting contact to one agent",
       "",
       2,
       2,
       false,
       {"exceed"}},
      {Command::kTakeOver,
       "takeover",
       "CONTACT AGENT [REASON...]",
       "give a contact that is being served to another agent, at once",
       "The other agent gets it beyond its capacity if need be.\n",
       2,
       3,
       true,
       {}},
      {Command::kRequeue,
       "requeue",
       "CONTACT",
       "put a contact back into the line, at its old place",
       "",
       1,
       1,
       false,
       {}},
      {Command::kEnd, "end", "CONTACT [REASON]", "end a contact", "", 1, 2, true, {}},
      {Command::kPrioritize,
       "prioritize",
       "CONTACT [--lane N] [--head-start TIME] [--vip LEVEL] [--clear-call]",
       "change a contact's priority, for one who waits already too",
       "What is not given stays. Lane and head start are the contact's own, in place of what its adapter asked for; "
       "what\n"
       "its queue gives comes on top.\n",
       1,
       1,
       false,
       {"lane", "head-start", "vip", "clear-call"}},
      {Command::kPresence,
       "presence",
       "AGENT available|away|offline [REASON]",
       "set an agent's presence",
       "`offline` signs the agent out; what the agent holds returns to the line.\n",
       2,
       3,
       true,
       {}},
      {Command::kSimulate,
       "simulate",
       "--trace FILE|--journal DIR [--config FILE] [--config2 FILE] [--outcomes FILE] [--seed N]",
       "run the router over recorded traffic, under one config or two side by side",
       "Needs no running routerd. The same traffic, files and seed give the same bytes. Exit status 1 when a promise "
       "was\n"
       "broken: somebody over capacity, or overtaken by one of equal requirement who stood later in line.\n"
       "\n"
       "--trace: who works and who comes is in the file (JSON Lines, `routerd.trace.v1`); the rules are those of the\n"
       "config's first workspace, or of the one that --workspace names. `prefer_agent` is the customer's DEDICATED "
       "agent:\n"
       "queues whose `known_agent` names that kind ask the agent first.\n"
       "\n"
       "--journal: what really happened to a workspace of a routerd, running or not. DIR is its data directory; only\n"
       "SQLite journals can be read, nothing is written. One config, or else the journal's own rules, stands beside "
       "what\n"
       "really happened; two configs beside one another: their workspace of the same name, else their first, unless\n"
       "--workspace names it. Agents whom the config names have their skills and channels\n"
       "from there, the others from the journal. A journal does not know everything:\n"
       "  - Who left would have left after that time anyway. Who was served is taken to wait for ever.\n"
       "  - Who was served takes as long again, in one conversation with one agent, whatever was passed on. Who was "
       "not\n"
       "    takes the mean of those in that queue and channel (else channel, else all, else 3 minutes). So does "
       "wrap-up.\n"
       "  - Accepting takes as long as it took; an agent's n-th offer is missed or declined again if it was.\n"
       "  - Agents are there while they were available and connected.\n"
       "  - Who was kept for an agent whom the customer knows is kept for that agent again, if the rules look for\n"
       "    such agents, and as long as they say.\n"
       "  - So many events are kept (`journal.retain_events`; a contact makes about ten). It starts at the first one "
       "kept\n"
       "    and says so; contacts from before are left out. Ended contacts are kept longer, but who was on duty then "
       "is not.\n"
       "  - Changes of priority, shared places and places taken up again are not played.\n",
       0,
       0,
       false,
       {"trace", "journal", "config", "config2", "outcomes", "seed"}},
      {Command::kVersion, "version", "", "print the version of this program", "", 0, 0, false, {}},
  };
  return commands;
}

struct OptionInfo {
  std::string_view name;
  // What its value is called; empty for a switch.
  std::string_view value;
  std::string_view help;
  bool global;
};

constexpr OptionInfo kOptions[] = {
    {"address", "HOST:PORT", "where routerd listens (default 127.0.0.1:7400; env ROUTERD_ADDRESS)", true},
    {"token-file", "FILE", "file with the token to show (env ROUTERD_TOKEN: the token itself)", true},
    {"tls-ca", "FILE", "speak TLS, trusting the certificates in FILE (PEM)", true},
    {"tls-certificate", "FILE", "certificate to show, where routerd asks for one (PEM; with --tls-key)", true},
    {"tls-key", "FILE", "its private key (PEM)", true},
    {"workspace", "W", "workspace to ask (default: the router's first)", true},
    {"json", "", "print protobuf JSON, one object (watch: one a line)", true},
    {"help", "", "print help, for a command when one is given", true},
    {"all", "", "also agents who are offline", false},
    {"queue", "Q", "only contacts of this queue", false},
    {"agent", "A", "only contacts that this agent holds or held; explain: only this agent", false},
    {"at", "TIME", "as it stood then, e.g. 2026-03-01T14:02:10+08:00", false},
    {"ended", "", "ended contacts, newest first", false},
    {"exceed", "", "beyond the agent's capacity if need be", false},
    {"limit", "N", "at most this many (default 100; 0: all)", false},
    {"after", "N", "from the event after sequence N, not from now on; 0: from the first one kept", false},
    {"lane", "N", "lane above its queue's, before any rank (0 to 9)", false},
    {"head-start", "TIME", "counts as waited already, e.g. 90s or 5m (up to 24h)", false},
    {"vip", "LEVEL", "its customer's standing; - for none", false},
    {"clear-call", "", "the call for a supervisor is answered", false},
    {"trace", "FILE", "the traffic, written down", false},
    {"journal", "DIR", "the traffic as it was: routerd's data directory, or one journal's file in it", false},
    {"config", "FILE", "the rules: a config file of routerd; with --trace its agents are not used", false},
    {"config2", "FILE", "other rules to compare with", false},
    {"outcomes", "FILE", "write what became of each contact in the first run, a JSON object a line", false},
    {"seed", "N", "orders what happens within the same millisecond (default 0: as in the trace)", false},
    {"subject", "NAME", "only events of this contact, agent or queue, e.g. contacts/12", false},
};

absl::Status UsageError(const std::string& message) { return absl::InvalidArgumentError(message); }

const CommandInfo& InfoOf(Command command) {
  return *std::find_if(Commands().begin(), Commands().end(),
                       [command](const CommandInfo& info) { return info.command == command; });
}

absl::StatusOr<int64_t> ParseCount(std::string_view option, const std::string& value) {
  int64_t number = 0;
  if (absl::SimpleAtoi(value, &number) && number >= 0) return number;
  return UsageError("--" + std::string(option) + " takes a number from 0 up, not \"" + value + "\"");
}

absl::Status Set(std::string_view name, const std::string& value, Options& options) {
  if (name == "json") options.json = true;
  if (name == "help") options.help = true;
  if (name == "all") options.all = true;
  if (name == "ended") options.ended = true;
  if (name == "exceed") options.exceed = true;
  if (name == "address") options.address = value;
  if (name == "token-file") options.token_file = value;
  if (name == "tls-ca") options.tls_ca = value;
  if (name == "tls-certificate") options.tls_certificate = value;
  if (name == "tls-key") options.tls_key = value;
  if (name == "workspace") options.workspace = value;
  if (name == "queue") options.queue = value;
  if (name == "agent") options.agent = value;
  if (name == "subject") options.subject = value;
  if (name == "vip") options.vip = value == "-" ? "" : value;
  if (name == "clear-call") options.clear_call = true;
  if (name == "head-start") {
    absl::Duration head_start;
    if (!absl::ParseDuration(value, &head_start) || head_start < absl::ZeroDuration() || head_start > absl::Hours(24)) {
      return UsageError("--head-start takes a time from 0s to 24h, e.g. 90s or 5m, not \"" + value + "\"");
    }
    options.head_start = head_start;
  }
  if (name == "trace") options.trace = value;
  if (name == "journal") options.journal = value;
  if (name == "config") options.config = value;
  if (name == "config2") options.config2 = value;
  if (name == "outcomes") options.outcomes = value;
  if (name == "at") {
    absl::Time at;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, value, &at, &error)) {
      return UsageError("--at takes a time like 2026-03-01T14:02:10+08:00, not \"" + value + "\"");
    }
    options.at = at;
  }
  if (name == "after" || name == "limit" || name == "seed" || name == "lane") {
    const absl::StatusOr<int64_t> number = ParseCount(name, value);
    if (!number.ok()) return number.status();
    if (name == "after") options.after = *number;
    if (name == "limit") options.limit = *number;
    if (name == "seed") options.seed = *number;
    if (name == "lane" && *number > 9) return UsageError("--lane goes from 0 to 9");
    if (name == "lane") options.lane = static_cast<int32_t>(*number);
  }
  return absl::OkStatus();
}

// Command-specific options may be given only to the commands that know them.
absl::Status CheckOptions(const CommandInfo& info, std::span<const std::string_view> given) {
  for (const std::string_view name : given) {
    if (std::find(info.options.begin(), info.options.end(), name) != info.options.end()) continue;
    return UsageError("`" + std::string(info.name) + "` has no option --" + std::string(name) + "; `routerctl " +
                      std::string(info.name) + " --help` tells what it takes");
  }
  return absl::OkStatus();
}

absl::Status CheckArguments(const CommandInfo& info, std::vector<std::string>& arguments) {
  if (info.command == Command::kExplain && arguments.size() == 2) {
    if (arguments[0] != "contact") {
      return UsageError("only a contact can be explained, not \"" + arguments[0] +
                        "\"; usage: routerctl explain contact ID");
    }
    arguments.erase(arguments.begin());
  }
  if (info.words && arguments.size() > info.count_max) {
    for (size_t i = info.count_max; i < arguments.size(); ++i) arguments[info.count_max - 1] += " " + arguments[i];
    arguments.resize(info.count_max);
  }
  const bool bare_explain = info.command == Command::kExplain && arguments == std::vector<std::string>{"contact"};
  if (arguments.size() >= info.count_min && arguments.size() <= info.count_max && !bare_explain) {
    return absl::OkStatus();
  }
  const bool few = arguments.size() < info.count_min || bare_explain;
  std::string usage = "routerctl " + std::string(info.name);
  if (!info.arguments.empty()) usage += " " + std::string(info.arguments);
  return UsageError("`" + std::string(info.name) + "` has too " + (few ? "few" : "many") +
                    " arguments; usage: " + usage);
}

absl::Status CheckSimulation(const Options& options) {
  if (options.trace.empty() == options.journal.empty()) {
    return UsageError("`simulate` needs either --trace FILE and --config FILE, or --journal DIR");
  }
  if (!options.config.empty() || (options.trace.empty() && options.config2.empty())) return absl::OkStatus();
  return UsageError("`simulate` needs --config FILE");
}

std::string ProgramHelp() {
  std::string text =
      "routerctl looks into a running routerd, steps in, and is a desk for agents.\n\n"
      "usage: routerctl [OPTION...] COMMAND [ARGUMENT...]\n\ncommands:\n";
  for (const CommandInfo& info : Commands()) {
    std::string line = "  " + std::string(info.name);
    line.resize(std::max<size_t>(line.size() + 2, 14), ' ');
    text += line + std::string(info.summary) + "\n";
  }
  return text + "\noptions:\n";
}

void AddOptionHelp(const OptionInfo& option, std::string& text) {
  std::string line = "  --" + std::string(option.name);
  if (!option.value.empty()) line += " " + std::string(option.value);
  line.resize(std::max<size_t>(line.size() + 2, 26), ' ');
  text += line + std::string(option.help) + "\n";
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments, const Environment& environment) {
  Options options;
  if (const std::string address = environment("ROUTERD_ADDRESS"); !address.empty()) options.address = address;
  options.token = environment("ROUTERD_TOKEN");

  std::vector<std::string_view> own;  // Given options that belong to commands.
  std::vector<std::string> words;
  bool only_words = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--" && !only_words) {
      only_words = true;
      continue;
    }
    if (only_words || argument.size() < 2 || argument[0] != '-') {
      words.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string spelled = argument == "-h" ? "--help" : argument.substr(0, equals);
    const auto info = std::find_if(std::begin(kOptions), std::end(kOptions), [&spelled](const OptionInfo& option) {
      return spelled == "--" + std::string(option.name);
    });
    if (info == std::end(kOptions)) {
      std::vector<std::string> known;
      for (const OptionInfo& option : kOptions) known.push_back("--" + std::string(option.name));
      return UsageError("there is no option " + spelled + base::DidYouMean(spelled, known));
    }
    std::string value;
    if (info->value.empty()) {
      if (equals != std::string::npos) return UsageError(spelled + " takes no value");
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    if (!info->value.empty() && value.empty()) {
      return UsageError(spelled + " needs a value: " + spelled + " " + std::string(info->value));
    }
    if (!info->global) own.push_back(info->name);
    if (absl::Status status = Set(info->name, value, options); !status.ok()) return status;
  }

  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return UsageError("--tls-certificate and --tls-key go together");
  }
  if (!options.tls_key.empty() && options.tls_ca.empty()) {
    return UsageError("--tls-certificate needs --tls-ca: whom to trust when showing it");
  }

  if (words.empty()) {
    if (options.help) return options;
    return UsageError("which command? `routerctl --help` lists them");
  }
  if (words[0] == "help") {
    options.help = true;
    words.erase(words.begin());
    if (words.empty()) return options;
  }
  const auto info = std::find_if(Commands().begin(), Commands().end(),
                                 [&words](const CommandInfo& one) { return words[0] == one.name; });
  if (info == Commands().end()) {
    std::vector<std::string_view> known;
    for (const CommandInfo& one : Commands()) known.push_back(one.name);
    std::string suggestion = base::DidYouMean(words[0], known);
    if (suggestion.empty()) suggestion = "; `routerctl --help` lists them";
    return UsageError("there is no command \"" + words[0] + "\"" + suggestion);
  }
  options.command = info->command;
  if (options.help) return options;
  options.arguments.assign(words.begin() + 1, words.end());
  if (absl::Status status = CheckOptions(*info, own); !status.ok()) return status;
  if (absl::Status status = CheckArguments(*info, options.arguments); !status.ok()) return status;
  if (options.command == Command::kSimulate) {
    if (absl::Status status = CheckSimulation(options); !status.ok()) return status;
  }
  if (options.command == Command::kPrioritize && own.empty()) {
    return UsageError("`prioritize` needs one of --lane, --head-start, --vip, --clear-call");
  }
  if (options.command == Command::kPresence) {
    if (const auto presence = ParsePresence(options.arguments[1]); !presence.ok()) return presence.status();
  }
  return options;
}

std::string HelpText(Command command) {
  std::string text;
  if (command == Command::kNone) {
    text = ProgramHelp();
    for (const OptionInfo& option : kOptions) {
      if (option.global) AddOptionHelp(option, text);
    }
    return text +
           "\n`routerctl COMMAND --help` tells more about one.\n"
           "Exit status: 0 done, 1 refused, 2 wrong usage, 3 routerd cannot be reached.\n";
  }
  const CommandInfo& info = InfoOf(command);
  text = "usage: routerctl [OPTION...] " + std::string(info.name);
  if (!info.arguments.empty()) text += " " + std::string(info.arguments);
  text += "\n\n" + std::string(info.summary) + "\n";
  text[text.rfind(info.summary)] = absl::ascii_toupper(info.summary[0]);
  text.insert(text.size() - 1, ".");
  if (!info.detail.empty()) text += "\n" + std::string(info.detail);
  if (!info.options.empty()) text += "\noptions:\n";
  for (const OptionInfo& option : kOptions) {
    if (std::find(info.options.begin(), info.options.end(), option.name) != info.options.end()) {
      AddOptionHelp(option, text);
    }
  }
  return text + "\n`routerctl --help` lists the options that all commands take.\n";
}

absl::StatusOr<v1::Presence> ParsePresence(std::string_view text) {
  std::string lower(text);
  absl::AsciiStrToLower(&lower);
  if (lower == "available") return v1::PRESENCE_AVAILABLE;
  if (lower == "away") return v1::PRESENCE_AWAY;
  if (lower == "offline") return v1::PRESENCE_OFFLINE;
  const std::vector<std::string> known = {"available", "away", "offline"};
  std::string suggestion = base::DidYouMean(text, known);
  if (suggestion.empty()) suggestion = "; it is available, away or offline";
  return UsageError("there is no presence \"" + std::string(text) + "\"" + suggestion);
}

}  // namespace routerd::ctl
