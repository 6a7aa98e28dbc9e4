// loadgen, the load generator: adapters and agents over real gRPC streams, whole lives of contacts, and a verdict on
// whether anything was lost on the way.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "routerd/v1/agent_service.grpc.pb.h"
#include "routerd/v1/contact_service.grpc.pb.h"

namespace routerd {
namespace {

constexpr char kHelp[] =
    R"(usage: loadgen --routerd HOST:PORT [options]
       loadgen --start PATH/TO/routerd [options]

Leads contacts through their whole life: an adapter creates each, an agent is offered it and accepts, each side says one
thing that the other must hear, the agent completes, the adapter sees it ended. Reports contacts a second, and the time
from creation to the offer and from posting a message to its arrival at the other side.

  --routerd ADDRESS  load the daemon that serves gRPC there; it must run with the configuration of --print-config
  --start PROGRAM    start this daemon with such a configuration, in a temporary folder under $TMPDIR, and stop it after
  --print-config     print the configuration for --agents, and exit
  --agents N         agents signed in, one contact each at a time  (default 100)
  --adapters N       adapters connected                            (default 4)
  --contacts N       contacts to lead through                      (default 10000)
  --in-flight N      contacts alive at once; beyond --agents they wait in line  (default: half of --agents)
  --journal KIND     with --start: sqlite or memory                (default sqlite)
  --help             print this, and exit

Exit codes: 0 every contact ended, every message arrived once; 1 something was lost or said twice; 2 could not run.
)";

constexpr int kAgentConnections = 8;  // Agents share this many, adapters have one each.
constexpr auto kStall = std::chrono::seconds(30);
constexpr char kQuestion[] = "Where is my order?";

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

struct Arguments {
  std::string routerd, start, journal = "sqlite";
  int agents = 100, adapters = 4, contacts = 10'000, in_flight = 0;
  bool print_config = false, help = false;
};

absl::StatusOr<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  const std::map<std::string, std::string*> texts = {
      {"--routerd", &arguments.routerd}, {"--start", &arguments.start}, {"--journal", &arguments.journal}};
  const std::map<std::string, int*> numbers = {{"--agents", &arguments.agents},
                                               {"--adapters", &arguments.adapters},
                                               {"--contacts", &arguments.contacts},
                                               {"--in-flight", &arguments.in_flight}};
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      arguments.help = true;
    } else if (name == "--print-config") {
      arguments.print_config = true;
    } else if (!texts.contains(name) && !numbers.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat("unknown argument \"", name, "\""));
    } else if (++i == argc) {
      return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
    } else if (texts.contains(name)) {
      *texts.at(name) = argv[i];
    } else if (!absl::SimpleAtoi(argv[i], numbers.at(name)) || *numbers.at(name) < 1) {
      return absl::InvalidArgumentError(absl::StrCat(name, " needs a number from 1 on, not \"", argv[i], "\""));
    }
  }
  if (arguments.in_flight == 0) arguments.in_flight = std::max(1, arguments.agents / 2);
  if (arguments.help || arguments.print_config) return arguments;
  if (arguments.routerd.empty() == arguments.start.empty()) {
    return absl::InvalidArgumentError("give either --routerd HOST:PORT or --start PROGRAM");
  }
  return arguments;
}

std::string Config(const Arguments& arguments) {
  return absl::StrCat(R"(security:
  open_loopback: true
server:
  log_level: warn
journal:
  kind: )",
                      arguments.journal, R"(
workspaces:
  - id: load
    skills:
      - id: load
    channels:
      - id: webchat
    queues:
      - id: load
        requirements:
          - skill: load
        wrap_up:
          mode: NONE
    agents:
      - id: load-
        skills:
          load: SENIOR
        range: {first: 1, last: )",
                      arguments.agents, "}\n");
}

// A daemon of our own, in a temporary folder that goes with it. It dies with us, however we end.
class Daemon {
 public:
  ~Daemon() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // Returns the gRPC address. Requires: no other thread runs yet.
  absl::StatusOr<std::string> Start(const Arguments& arguments) {
    folder_ = (std::filesystem::temp_directory_path() / "loadgen_XXXXXX").string();
    if (mkdtemp(folder_.data()) == nullptr) return absl::ErrnoToStatus(errno, folder_);
    const std::string config = folder_ + "/routerd.yaml", data = folder_ + "/data";
    std::ofstream(config) << Config(arguments);
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
    pid_ = fork();
    if (pid_ < 0) return absl::ErrnoToStatus(errno, "fork");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(out[1], STDOUT_FILENO);
      execl(arguments.start.c_str(), "routerd", "--config", config.c_str(), "--data", data.c_str(), "--grpc-address",
            "127.0.0.1:0", "--http-address", "127.0.0.1:0", nullptr);
      perror(arguments.start.c_str());
      _exit(2);
    }
    close(out[1]);
    // READY grpc=HOST:PORT http=HOST:PORT
    std::string line;
    for (char c; read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    close(out[0]);
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, "READY grpc=")) {
      return absl::UnavailableError(absl::StrCat(arguments.start, " did not get ready; see its log above"));
    }
    return std::string(rest.substr(0, rest.find(' ')));
  }

  // Whether it stopped by itself, in time and content.
  bool Stop() {
    kill(pid_, SIGTERM);
    int state = 0;
    for (const Time until = Clock::now() + std::chrono::seconds(20); Clock::now() < until;) {
      if (waitpid(pid_, &state, WNOHANG) == pid_) {
        pid_ = -1;
        return WIFEXITED(state) && WEXITSTATUS(state) == 0;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  std::string folder_;
  pid_t pid_ = -1;
};

// What became of every contact of this run. Thread-safe; times are taken by the callers, before they wait for it.
class Ledger {
 public:
  explicit Ledger(const Arguments& arguments)
      : run_(absl::StrCat("load-", getpid(), "-", absl::ToUnixMillis(absl::Now()), "-")), lives_(arguments.contacts) {}

  // The next contact to create; none once all are under way.
  std::optional<size_t> Next() {
    std::lock_guard lock(mutex_);
    if (begun_ == lives_.size()) return std::nullopt;
    lives_[begun_].created = Clock::now();
    return begun_++;
  }
  std::string SourceId(size_t contact) const { return absl::StrCat(run_, contact); }
  // None for contacts of other runs.
  std::optional<size_t> Find(const std::string& source_id) const {
    absl::string_view rest = source_id;
    size_t contact = 0;
    if (!absl::ConsumePrefix(&rest, run_) || !absl::SimpleAtoi(rest, &contact)) return std::nullopt;
    return contact;
  }

  // Each happens once a contact, or something is wrong. After a lapse an offer may come again: the first one counts.
  void Offered(size_t contact, Time at) {
    std::lock_guard lock(mutex_);
    Life& life = lives_[contact];
    if (life.offered != Time()) ++offers_again_;
    if (life.offered == Time()) life.offered = at;
  }
  void Posted(size_t contact, int side) {
    const Time now = Clock::now();
    std::lock_guard lock(mutex_);
    lives_[contact].posted[side] = now;
  }
  void Heard(size_t contact, int side, Time at) {
    std::lock_guard lock(mutex_);
    Time& heard = lives_[contact].heard[side];
    if (heard != Time()) return Complain(absl::StrCat("contact ", contact, ": a message came twice"));
    heard = at;
  }
  // Whether it was alive until now.
  bool Ended(size_t contact, Time at) {
    std::lock_guard lock(mutex_);
    Life& life = lives_[contact];
    if (life.ended != Time()) return false;
    life.ended = at;
    last_end_ = std::max(last_end_, at);
    ++ended_;
    changed_.notify_one();
    return true;
  }
  void Wrong(std::string what) {
    std::lock_guard lock(mutex_);
    Complain(std::move(what));
  }
  // Nothing more can come.
  void Break(std::string what) {
    std::lock_guard lock(mutex_);
    Complain(std::move(what));
    broken_ = true;
    changed_.notify_one();
  }
  void SignedIn() {
    std::lock_guard lock(mutex_);
    ++signed_in_;
    changed_.notify_one();
  }

  // Whether `count` desks and adapters are there.
  bool WaitForSignIns(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kStall, [&] { return broken_ || signed_in_ == count; }) && !broken_;
  }
  // Until everything has ended, or nothing moves any more.
  void WaitForEnd() {
    std::unique_lock lock(mutex_);
    while (!broken_ && ended_ < lives_.size()) {
      const size_t before = ended_;
      if (!changed_.wait_for(lock, kStall, [&] { return broken_ || ended_ > before; })) return;
    }
  }

  // Prints the figures; returns whether nothing was lost.
  bool Report() {
    std::lock_guard lock(mutex_);
    std::vector<double> offers, deliveries;
    size_t unheard = 0;
    for (const Life& life : lives_) {
      if (life.offered != Time()) offers.push_back(Milliseconds(life.offered - life.created));
      for (const int side : {0, 1}) {
        if (life.heard[side] == Time()) ++unheard;
        if (life.heard[side] != Time()) deliveries.push_back(Milliseconds(life.heard[side] - life.posted[side]));
      }
    }
    const double seconds = Milliseconds(last_end_ - lives_[0].created) / 1'000;
    const size_t lost = lives_.size() - ended_;
    if (ended_ > 0) printf("contacts=%zu seconds=%.2f contacts_per_second=%.0f\n", ended_, seconds, ended_ / seconds);
    PrintQuantiles("create_to_offer", std::move(offers));
    PrintQuantiles("message_delivery", std::move(deliveries));
    printf("lost_contacts=%zu lost_messages=%zu complaints=%zu offers_again=%zu\n", lost, unheard, complaint_count_,
           offers_again_);
    for (const std::string& complaint : complaints_) printf("  %s\n", complaint.c_str());
    return lost == 0 && unheard == 0 && complaint_count_ == 0;
  }

 private:
  struct Life {
    Time created, offered, posted[2], heard[2], ended;
  };

  static double Milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }
  static void PrintQuantiles(const char* name, std::vector<double> values) {
    if (values.empty()) return;
    std::sort(values.begin(), values.end());
    const auto at = [&](double quantile) { return values[static_cast<size_t>(quantile * (values.size() - 1))]; };
    printf("%s_ms p50=%.2f p99=%.2f p99.9=%.2f max=%.2f\n", name, at(0.5), at(0.99), at(0.999), values.back());
  }
  void Complain(std::string what) {
    ++complaint_count_;
    if (complaints_.size() < 5) complaints_.push_back(std::move(what));
  }

  const std::string run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Life> lives_;
  std::vector<std::string> complaints_;
  size_t begun_ = 0, ended_ = 0, signed_in_ = 0, complaint_count_ = 0, offers_again_ = 0;
  Time last_end_;
  bool broken_ = false;
};
enum Side { kByAgent = 0, kByCustomer = 1 };

// One end of a stream: writes in order, hands each answer to Receive, on one thread at a time.
// Ownership: the creator's, who must Stop it before it goes.
template <typename Request, typename Response>
class Stream : public grpc::ClientBidiReactor<Request, Response> {
 public:
  void Send(Request request) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      if (writing_) return queue_.push_back(std::move(request));
      writing_ = true;
      out_ = std::move(request);
    }
    this->StartWrite(&out_);
  }
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    context_.TryCancel();
    std::unique_lock lock(mutex_);
    gone_.wait(lock, [&] { return done_; });
  }

 protected:
  virtual void Receive(const Response& response) = 0;
  virtual void Broken(const grpc::Status& status) = 0;

  void Begin() {
    this->AddHold();  // Send comes from any thread.
    this->StartRead(&in_);
    this->StartCall();
  }
  grpc::ClientContext context_;

 private:
  void OnReadDone(bool ok) final {
    if (ok) {
      Receive(in_);
      this->StartRead(&in_);
      return;
    }
    bool release = false;
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      release = !writing_;
    }
    if (release) this->RemoveHold();
  }
  void OnWriteDone(bool) final {
    bool release = false;
    {
      std::lock_guard lock(mutex_);
      release = closed_;
      writing_ = !closed_ && !queue_.empty();
      if (writing_) {
        out_ = std::move(queue_.front());
        queue_.pop_front();
      }
      if (!writing_ && !release) return;
    }
    release ? this->RemoveHold() : this->StartWrite(&out_);
  }
  void OnDone(const grpc::Status& status) final {
    bool stopping = false;
    {
      std::lock_guard lock(mutex_);
      stopping = stopping_;
    }
    if (!stopping) Broken(status);
    std::lock_guard lock(mutex_);
    done_ = true;
    gone_.notify_one();
  }

  Response in_;
  std::mutex mutex_;
  std::condition_variable gone_;
  Request out_;
  std::deque<Request> queue_;
  bool writing_ = false, closed_ = false, stopping_ = false, done_ = false;
};

// Brings contacts in, one more for each that ends.
class Adapter final : public Stream<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  Adapter(std::shared_ptr<grpc::Channel> channel, int number, Ledger& ledger)
      : name_(absl::StrCat("loadgen-", number)), ledger_(ledger), stub_(v1::ContactService::NewStub(channel)) {
    stub_->async()->Connect(&context_, this);
    Begin();
    v1::ConnectRequest hello;
    hello.mutable_hello()->set_adapter(name_);
    hello.mutable_hello()->set_version("loadgen");
    Send(std::move(hello));
  }
  void CreateNext() {
    const std::optional<size_t> contact = ledger_.Next();
    if (!contact) return;
    v1::ConnectRequest request;
    request.set_request_id(ledger_.SourceId(*contact));
    v1::CreateContactRequest& create = *request.mutable_create();
    create.set_source_id(ledger_.SourceId(*contact));
    create.set_channel("webchat");
    create.set_queue("load");
    v1::Address& address = *create.mutable_customer()->add_addresses();
    address.set_channel("webchat");
    address.set_value(absl::StrCat("visitor-", *contact));
    v1::PostMessageRequest& question = *create.add_messages();
    question.set_source_id("question");
    question.set_text(kQuestion);
    Send(std::move(request));
  }

 private:
  void Receive(const v1::ConnectResponse& response) override {
    const Time now = Clock::now();
    if (response.sequence() > 0) Acknowledge(response.sequence());
    if (response.has_welcome()) return ledger_.SignedIn();
    if (response.has_ack() && response.ack().code() != 0) return Refused(response.ack(), now);
    const std::optional<size_t> contact = ledger_.Find(response.contact_source_id());
    if (!contact) return;
    if (response.has_message() && response.message().author() == v1::Message::AUTHOR_AGENT) {
      ledger_.Heard(*contact, kByAgent, now);
      Reply(*contact);
    } else if (response.has_state() && response.state().contact().state() == v1::Contact::STATE_ENDED) {
      if (ledger_.Ended(*contact, now)) CreateNext();
    }
  }
  void Reply(size_t contact) {
    v1::ConnectRequest request;
    request.set_request_id(ledger_.SourceId(contact));
    v1::PostMessageRequest& message = *request.mutable_message();
    message.set_contact_source_id(ledger_.SourceId(contact));
    message.set_source_id("thanks");
    message.set_text("Thank you, that is all.");
    ledger_.Posted(contact, kByCustomer);
    Send(std::move(request));
  }
  // The contact is stuck; the next one takes its place.
  void Refused(const v1::RequestAck& ack, Time at) {
    ledger_.Wrong(absl::StrCat(name_, " was refused: ", ack.reason(), ": ", ack.message()));
    const std::optional<size_t> contact = ledger_.Find(ack.request_id());
    if (contact && ledger_.Ended(*contact, at)) CreateNext();
  }
  void Acknowledge(int64_t sequence) {
    if (++unacknowledged_ < 64) return;
    unacknowledged_ = 0;
    v1::ConnectRequest request;
    request.set_ack_sequence(sequence);
    Send(std::move(request));
  }
  void Broken(const grpc::Status& status) override {
    ledger_.Break(absl::StrCat(name_, "'s stream ended: ", status.error_message()));
  }

  const std::string name_;
  Ledger& ledger_;
  const std::unique_ptr<v1::ContactService::Stub> stub_;
  int unacknowledged_ = 0;
};

// Accepts what is offered, answers, hears the customer and completes.
class Agent final : public Stream<v1::WorkRequest, v1::WorkResponse> {
 public:
  Agent(std::shared_ptr<grpc::Channel> channel, int number, Ledger& ledger)
      : name_(absl::StrCat("load-", number)), ledger_(ledger), stub_(v1::AgentService::NewStub(channel)) {
    stub_->async()->Work(&context_, this);
    Begin();
    v1::WorkRequest request;
    request.set_request_id("sign-in");
    request.mutable_sign_in()->set_agent(name_);
    request.mutable_sign_in()->set_presence(v1::PRESENCE_AVAILABLE);
    request.mutable_sign_in()->set_version("loadgen");
    Send(std::move(request));
  }

 private:
  void Receive(const v1::WorkResponse& response) override {
    const Time now = Clock::now();
    if (response.has_result()) return Answered(response.result());
    if (response.has_offer() && response.offer().state() == v1::Offer::STATE_OPEN) return Accept(response.offer(), now);
    if (!response.has_message() || response.message().author() != v1::Message::AUTHOR_CUSTOMER) return;
    const auto held = held_.find(response.message().contact());
    if (held == held_.end()) return;
    ledger_.Heard(held->second, kByCustomer, now);
    v1::WorkRequest request;
    request.set_request_id("complete");
    request.mutable_complete()->set_contact(held->first);
    request.mutable_complete()->set_disposition("answered");
    held_.erase(held);
    Send(std::move(request));
  }
  void Accept(const v1::Offer& offer, Time at) {
    const std::optional<size_t> contact = ledger_.Find(offer.contact().source_id());
    if (!contact) return;
    ledger_.Offered(*contact, at);
    const v1::Context& context = offer.contact().context();
    if (context.transcript().empty() || context.transcript(0).text() != kQuestion) {
      ledger_.Wrong(absl::StrCat(offer.name(), " came without what the customer wrote"));
    }
    held_[offer.contact().name()] = *contact;
    v1::WorkRequest request;
    request.set_request_id(absl::StrCat("accept ", offer.contact().name()));
    request.mutable_accept()->set_offer(offer.name());
    Send(std::move(request));
  }
  void Answered(const v1::RequestAck& result) {
    if (result.code() != 0) {
      return ledger_.Wrong(absl::StrCat(name_, " was refused: ", result.reason(), ": ", result.message()));
    }
    if (result.request_id() == "sign-in") return ledger_.SignedIn();
    absl::string_view contact = result.request_id();
    if (!absl::ConsumePrefix(&contact, "accept ")) return;
    const auto held = held_.find(std::string(contact));
    if (held == held_.end()) return;
    v1::WorkRequest request;
    request.set_request_id("message");
    request.mutable_message()->set_contact(held->first);
    request.mutable_message()->set_source_id("answer");
    request.mutable_message()->set_text("It arrives tomorrow before noon.");
    ledger_.Posted(held->second, kByAgent);
    Send(std::move(request));
  }
  void Broken(const grpc::Status& status) override {
    ledger_.Break(absl::StrCat(name_, "'s stream ended: ", status.error_message()));
  }

  const std::string name_;
  Ledger& ledger_;
  const std::unique_ptr<v1::AgentService::Stub> stub_;
  std::map<std::string, size_t> held_;  // By contact name.
};

// A connection of its own, not one that gRPC shares between channels to the same address.
std::shared_ptr<grpc::Channel> Dial(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

bool Load(const Arguments& arguments, const std::string& address) {
  Ledger ledger(arguments);
  std::vector<std::shared_ptr<grpc::Channel>> shared;
  for (int i = 0; i < std::min(kAgentConnections, arguments.agents); ++i) shared.push_back(Dial(address));
  std::vector<std::unique_ptr<Agent>> agents;
  for (int i = 1; i <= arguments.agents; ++i) {
    agents.push_back(std::make_unique<Agent>(shared[i % shared.size()], i, ledger));
  }
  std::vector<std::unique_ptr<Adapter>> adapters;
  for (int i = 1; i <= arguments.adapters; ++i) adapters.push_back(std::make_unique<Adapter>(Dial(address), i, ledger));

  if (ledger.WaitForSignIns(agents.size() + adapters.size())) {
    for (int i = 0; i < arguments.in_flight; ++i) adapters[i % adapters.size()]->CreateNext();
    ledger.WaitForEnd();
  } else {
    ledger.Wrong("not every agent and adapter could connect");
  }
  for (const auto& adapter : adapters) adapter->Stop();
  for (const auto& agent : agents) agent->Stop();
  return ledger.Report();
}

}  // namespace

int Main(int argc, char** argv) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) {
    fprintf(stderr, "loadgen: %s\nTry `loadgen --help`.\n", std::string(arguments.status().message()).c_str());
    return 2;
  }
  if (arguments->help || arguments->print_config) {
    fputs(arguments->help ? kHelp : Config(*arguments).c_str(), stdout);
    return 0;
  }
  Daemon daemon;
  std::string address = arguments->routerd;
  if (!arguments->start.empty()) {
    absl::StatusOr<std::string> started = daemon.Start(*arguments);
    if (!started.ok()) {
      fprintf(stderr, "loadgen: %s\n", std::string(started.status().message()).c_str());
      return 2;
    }
    address = *std::move(started);
  }
  bool good = Load(*arguments, address);
  if (!arguments->start.empty() && !daemon.Stop()) {
    puts("the daemon did not stop cleanly");
    good = false;
  }
  return good ? 0 : 1;
}

}  // namespace routerd

int main(int argc, char** argv) { return routerd::Main(argc, argv); }
