// routerctl: asks a running routerd, steps in, or is an agent's desk. See options.h for its command line.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "routerd/ctl/connection.h"
#include "routerd/ctl/failure.h"
#include "routerd/ctl/options.h"
#include "routerd/ctl/render.h"
#include "routerd/ctl/simulate.h"
#include "routerd/ctl/text.h"
#include "routerd/ctl/work.h"
#include "routerd/v1/contact_service.grpc.pb.h"
#include "routerd/v1/supervisor_service.grpc.pb.h"

namespace routerd::ctl {
namespace {

using Supervisor = v1::SupervisorService::Stub;
constexpr auto kAnswerWithin = std::chrono::seconds(10);
constexpr auto kWatchRetry = std::chrono::milliseconds(500);
constexpr int kPageSizeMax = 1'000;

Here Now() { return {absl::Now(), absl::LocalTimeZone()}; }

std::string Shown(const v1::ListQueuesResponse& response) { return Render(response); }
std::string Shown(const v1::Contact& response) { return Render(response); }
std::string Shown(const v1::Agent& response) { return Render(response); }
std::string Shown(const auto& response) { return Render(response, Now()); }

int Fail(const std::string& text, int exit_code) {
  std::fprintf(stderr, "routerctl: %s\n", text.c_str());
  return exit_code;
}

int Fail(const grpc::Status& status, const Connection& connection) {
  const Failure failure = Describe(status, connection.address());
  return Fail(failure.text, failure.exit_code);
}

// Carries out one command of those that ask once and print.
class Asker {
 public:
  Asker(const Connection& connection, const Options& options)
      : connection_(connection), options_(options), stub_(v1::SupervisorService::NewStub(connection.channel())) {}

  int Run() {
    const std::vector<std::string>& arguments = options_.arguments;
    switch (options_.command) {
      case Command::kQueues:
        if (!arguments.empty()) return Show(&Supervisor::GetQueue, v1::GetQueueRequest());
        return Call(&Supervisor::ListQueues, v1::ListQueuesRequest());
      case Command::kAgents: {
        if (!arguments.empty()) return Show(&Supervisor::GetAgent, v1::GetAgentRequest());
        v1::ListAgentsRequest request;
        request.set_all(options_.all);
        return Call(&Supervisor::ListAgents, request);
      }
      case Command::kContacts:
        return ListContacts();
      case Command::kExplain: {
        v1::ExplainContactRequest request;
        request.set_name(arguments[0]);
        request.set_agent(options_.agent);
        if (options_.at) {
          const absl::Time whole = absl::FromUnixSeconds(absl::ToUnixSeconds(*options_.at));
          request.mutable_time()->set_seconds(absl::ToUnixSeconds(whole));
          request.mutable_time()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(*options_.at - whole)));
        }
        return Call(&Supervisor::ExplainContact, request);
      }
      case Command::kAdmission: {
        v1::QueryAdmissionRequest request;
        request.set_queue(arguments[0]);
        request.set_channel(arguments[1]);
        return Ask(request);
      }
      case Command::kStats:
        return Call(&Supervisor::GetStatistics, v1::GetStatisticsRequest());
      case Command::kAssign: {
        v1::AssignContactRequest request;
        request.set_contact(arguments[0]);
        request.set_agent(arguments[1]);
        request.set_may_exceed_capacity(options_.exceed);
        return Call(&Supervisor::AssignContact, request);
      }
      case Command::kTakeOver: {
        v1::TakeOverContactRequest request;
        request.set_contact(arguments[0]);
        request.set_agent(arguments[1]);
        if (arguments.size() > 2) request.set_reason(arguments[2]);
        return Call(&Supervisor::TakeOverContact, request);
      }
      case Command::kRequeue: {
        v1::RequeueContactRequest request;
        request.set_contact(arguments[0]);
        return Call(&Supervisor::RequeueContact, request);
      }
      case Command::kEnd: {
        v1::TerminateContactRequest request;
        request.set_contact(arguments[0]);
        if (arguments.size() > 1) request.set_reason(arguments[1]);
        return Call(&Supervisor::TerminateContact, request);
      }
      case Command::kPrioritize:
        return Call(&Supervisor::PrioritizeContact, Prioritized());
      case Command::kPresence: {
        v1::SetAgentPresenceRequest request;
        request.set_agent(arguments[0]);
        request.set_presence(ParsePresence(arguments[1]).value());
        if (arguments.size() > 2) request.set_reason(arguments[2]);
        return Call(&Supervisor::SetAgentPresence, request);
      }
      case Command::kWatch:
        return Watch();
      default:
        return Fail("nothing to do", kExitUsage);
    }
  }

 private:
  template <typename Request, typename Response>
  using Method = grpc::Status (Supervisor::*)(grpc::ClientContext*, const Request&, Response*);

  template <typename Request, typename Response>
  grpc::Status Ask(Method<Request, Response> method, const Request& request, Response& response) {
    grpc::ClientContext context;
    connection_.Prepare(context);
    context.set_deadline(std::chrono::system_clock::now() + kAnswerWithin);
    return ((*stub_).*method)(&context, request, &response);
  }

  // Customers' side of the router.
  int Ask(const v1::QueryAdmissionRequest& request) {
    grpc::ClientContext context;
    connection_.Prepare(context);
    context.set_deadline(std::chrono::system_clock::now() + kAnswerWithin);
    v1::QueryAdmissionResponse response;
    const grpc::Status status =
        v1::ContactService::NewStub(connection_.channel())->QueryAdmission(&context, request, &response);
    return status.ok() ? Print(response) : Fail(status, connection_);
  }

  template <typename Request, typename Response>
  int Call(Method<Request, Response> method, const Request& request) {
    Response response;
    const grpc::Status status = Ask(method, request, response);
    return status.ok() ? Print(response) : Fail(status, connection_);
  }

  // The one that is named, in full.
  template <typename Request, typename Response>
  int Show(Method<Request, Response> method, Request request) {
    Response response;
    request.set_name(options_.arguments[0]);
    const grpc::Status status = Ask(method, request, response);
    if (!status.ok()) return Fail(status, connection_);
    const std::string text = options_.json ? Json(response) + "\n" : RenderDetails(response, Now());
    std::fputs(text.c_str(), stdout);
    return 0;
  }

  template <typename Response>
  int Print(const Response& response) {
    const std::string text = options_.json ? Json(response) + "\n" : Shown(response);
    std::fputs(text.c_str(), stdout);
    return 0;
  }

  v1::PrioritizeContactRequest Prioritized() const {
    v1::PrioritizeContactRequest request;
    request.set_contact(options_.arguments[0]);
    if (options_.lane) request.set_lane(*options_.lane);
    if (options_.head_start) {
      const int64_t ms = absl::ToInt64Milliseconds(*options_.head_start);
      request.mutable_head_start()->set_seconds(ms / 1'000);
      request.mutable_head_start()->set_nanos(static_cast<int32_t>(ms % 1'000 * 1'000'000));
    }
    if (options_.vip) request.set_vip(*options_.vip);
    request.set_clear_call(options_.clear_call);
    return request;
  }

  int ListContacts() {
    v1::ListContactsRequest request;
    request.set_queue(options_.queue);
    request.set_agent(options_.agent);
    if (options_.ended) request.set_state(v1::Contact::STATE_ENDED);
    v1::ListContactsResponse all;
    do {
      const int64_t left = options_.limit == 0 ? kPageSizeMax : options_.limit - all.contacts_size();
      request.set_page_size(static_cast<int32_t>(std::min<int64_t>(left, kPageSizeMax)));
      v1::ListContactsResponse page;
      const grpc::Status status = Ask(&Supervisor::ListContacts, request, page);
      if (!status.ok()) return Fail(status, connection_);
      all.mutable_contacts()->MergeFrom(page.contacts());
      all.set_total_count(page.total_count());
      all.set_next_page_token(page.next_page_token());
      request.set_page_token(page.next_page_token());
    } while (!all.next_page_token().empty() && (options_.limit == 0 || all.contacts_size() < options_.limit));
    return Print(all);
  }

  // Until interrupted. Goes on after the last event seen when the router was away or found this reader too slow.
  int Watch() {
    v1::WatchEventsRequest request;
    request.set_subject(options_.subject);
    if (options_.after) request.set_after_sequence(*options_.after);
    bool was_open = false;
    while (true) {
      grpc::ClientContext context;
      connection_.Prepare(context);
      const auto reader = stub_->WatchEvents(&context, request);
      v1::Event event;
      while (reader->Read(&event)) {
        was_open = true;
        request.set_after_sequence(event.sequence());
        const std::string line = options_.json ? Json(event) : Render(event, Now());
        if (std::printf("%s\n", line.c_str()) < 0 || std::fflush(stdout) != 0) return 0;  // Nobody reads any more.
      }
      // Without an event yet, what tells a router that was there from a wrong address is that it had answered at all.
      was_open = was_open || !context.GetServerInitialMetadata().empty();
      const grpc::Status status = reader->Finish();
      if (status.ok()) continue;
      const Failure failure = Describe(status, connection_.address());
      if (!failure.passes || !was_open) return Fail(failure.text, failure.exit_code);
      std::this_thread::sleep_for(kWatchRetry);
    }
  }

  const Connection& connection_;
  const Options& options_;
  std::unique_ptr<Supervisor> stub_;
};

int Run(const std::vector<std::string>& arguments) {
  const absl::StatusOr<Options> options = ParseOptions(arguments, [](std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    return std::string(value == nullptr ? "" : value);
  });
  if (!options.ok()) return Fail(std::string(options.status().message()), kExitUsage);
  if (options->help) {
    std::fputs(HelpText(options->command).c_str(), stdout);
    return 0;
  }
  if (options->command == Command::kVersion) {
    std::printf(options->json ? "{\"version\":\"%s\"}\n" : "routerctl %s\n", ROUTERD_VERSION);
    return 0;
  }
  if (options->command == Command::kSimulate) return RunSimulation(*options);
  const absl::StatusOr<Connection> connection = Connection::Open(*options);
  if (!connection.ok()) return Fail(std::string(connection.status().message()), kExitUsage);
  if (options->command == Command::kAgent) return RunDesk(*connection, options->arguments[0], ROUTERD_VERSION);
  return Asker(*connection, *options).Run();
}

}  // namespace
}  // namespace routerd::ctl

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", 0);  // Its failures are told as ours, in one line.
  return routerd::ctl::Run(std::vector<std::string>(argv + 1, argv + argc));
}
