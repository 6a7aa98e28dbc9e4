#include "tests/engine/office.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "routerd/engine/event_codec.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

std::string StateName(v1::Contact::State state) { return v1::Contact::State_Name(state).substr(6); }

std::string Describe(const v1::Contact& contact) {
  return absl::StrCat(contact.name(), " ", StateName(contact.state()),
                      contact.has_context() ? absl::StrCat(" transcript=", contact.context().transcript_size()) : "");
}

std::string Describe(const v1::Message& message) {
  const char* author = message.author() == v1::Message::AUTHOR_CUSTOMER ? "customer"
                       : message.author() == v1::Message::AUTHOR_SYSTEM ? "system"
                                                                        : message.author_display_name().c_str();
  return absl::StrCat("message ", message.sequence(), " ", author, ": ", message.text());
}

std::string Describe(const v1::DeliveryReport& report) {
  return absl::StrCat("delivery ", report.sequence(), " ", v1::Message::Delivery_Name(report.delivery()).substr(9));
}

}  // namespace

std::string Describe(const v1::WorkResponse& r) {
  switch (r.event_case()) {
    case v1::WorkResponse::kPicture: {
      std::vector<std::string> held;
      for (const v1::Offer& offer : r.picture().offers()) held.push_back(absl::StrCat("offer ", offer.name()));
      for (const v1::Contact& contact : r.picture().contacts()) held.push_back(Describe(contact));
      return absl::StrCat("picture [", absl::StrJoin(held, ", "), "]");
    }
    case v1::WorkResponse::kOffer:
      return absl::StrCat("offer ", r.offer().name(), " transcript=", r.offer().contact().context().transcript_size(),
                          " (", r.offer().reason(), ")");
    case v1::WorkResponse::kOfferClosed:
      return absl::StrCat("closed ", r.offer_closed().offer(), " ",
                          v1::Offer::State_Name(r.offer_closed().state()).substr(6), " ", r.offer_closed().reason());
    case v1::WorkResponse::kContact:
      return Describe(r.contact());
    case v1::WorkResponse::kReleased:
      return absl::StrCat("released ", r.released().contact(), " ", r.released().reason());
    case v1::WorkResponse::kMessage:
      return Describe(r.message());
    case v1::WorkResponse::kTyping:
      return absl::StrCat("typing ", r.typing().on());
    case v1::WorkResponse::kDelivery:
      return Describe(r.delivery());
    case v1::WorkResponse::kAgent:
      return absl::StrCat("agent ", v1::Presence_Name(r.agent().presence()).substr(9));
    default:
      return r.ShortDebugString();
  }
}

std::string Describe(const v1::ConnectResponse& r) {
  switch (r.event_case()) {
    case v1::ConnectResponse::kWelcome:
      return absl::StrCat("welcome", r.welcome().resync() ? " resync" : "");
    case v1::ConnectResponse::kState:
      return absl::StrCat(Describe(r.state().contact()), " ", r.state().cause(),
                          r.state().agent_display_name().empty() ? "" : " ", r.state().agent_display_name());
    case v1::ConnectResponse::kMessage:
      return Describe(r.message());
    case v1::ConnectResponse::kTyping:
      return absl::StrCat("typing ", r.typing().on());
    case v1::ConnectResponse::kDelivery:
      return Describe(r.delivery());
    case v1::ConnectResponse::kEstimate:
      return absl::StrCat("place ", r.estimate().place());
    default:
      return r.ShortDebugString();
  }
}

std::string Describe(const v1::Event& event) {
  return absl::StrCat(event.sequence(), " ", Sv(KindName(event)), " ", event.contact());
}

v1::WorkspaceConfig DevConfig() {
  v1::WorkspaceConfig config;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(
      R"pb(id: "main"
           skills { id: "billing" }
           skills { id: "orders" }
           channels { id: "webchat" cost: 25 max_count: 4 }
           channels { id: "phone" cost: 100 }
           vip_levels {
             id: "gold"
             head_start { seconds: 120 }
           }
           queues {
             id: "billing"
             display_name: "Billing"
             requirements { skill: "billing" tier: JUNIOR }
             strategy: LONGEST_IDLE
             offer_timeout { seconds: 20 }
             miss_back_off { seconds: 30 }
             service_level_target { seconds: 20 }
             wrap_up {
               mode: TIMED
               duration { seconds: 30 }
             }
             dispositions: "solved"
             dispositions: "open"
           }
           queues {
             id: "orders"
             display_name: "Orders"
             requirements { skill: "orders" tier: JUNIOR }
             strategy: LONGEST_IDLE
             offer_timeout { seconds: 20 }
             miss_back_off { seconds: 30 }
             picking_allowed: true
           }
           agents {
             id: "ana"
             display_name: "Ana"
             skills { key: "billing" value: SENIOR }
             skills { key: "orders" value: JUNIOR }
           }
           agents {
             id: "bo"
             display_name: "Bo"
             skills { key: "orders" value: EXPERT }
           }
           customers { id: "cu-1" display_name: "Gina Gold" vip: "gold" }
           agent_grace { seconds: 30 }
           transfer_wait { seconds: 60 })pb",
      &config);
  EXPECT_TRUE(parsed);
  return config;
}

Office::Office(v1::WorkspaceConfig workspace_config, Workspace::Options workspace_options)
    : config(std::move(workspace_config)), options(std::move(workspace_options)) {
  const absl::Status opened = Open();
  EXPECT_TRUE(opened.ok()) << opened;
  if (workspace) Settle();
}

Office::~Office() {
  if (workspace) workspace->Stop();
}

absl::Status Office::Open() {
  auto opened = std::make_unique<journal::MemoryJournal>(store);
  journal = opened.get();
  auto made = Workspace::Open(config, std::move(opened), clock, options);
  if (!made.ok()) return made.status();
  workspace = *std::move(made);
  return absl::OkStatus();
}

void Office::Crash(size_t survivor_count) {
  journal->Crash(survivor_count);
  workspace.reset();
  const absl::Status opened = Open();
  ASSERT_TRUE(opened.ok()) << opened;
}

void Office::Work() {
  while (workspace->Step()) {
  }
}

void Office::Settle() {
  do {
    Work();
  } while (journal->Commit() > 0);
}

void Office::Advance(std::chrono::nanoseconds by) {
  clock.Advance(by);
  Settle();
}

absl::StatusOr<Outcome> Office::Do(Request request) {
  const auto answer = Post(std::move(request));
  Settle();
  EXPECT_TRUE(answer->has_value()) << "no answer came";
  return **answer;
}

std::shared_ptr<std::optional<absl::StatusOr<Outcome>>> Office::Post(Request request) {
  auto answer = std::make_shared<std::optional<absl::StatusOr<Outcome>>>();
  workspace->Post(std::move(request), [answer](const absl::StatusOr<Outcome>& outcome) { *answer = outcome; });
  return answer;
}

std::shared_ptr<Desk> Office::SignIn(const std::string& agent) {
  auto desk = std::make_shared<Desk>();
  AttachAgent attach;
  attach.sign_in.set_agent(agent);
  attach.sink = desk;
  const auto outcome = Do(attach);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return desk;
}

std::shared_ptr<Stream> Office::Connect(std::optional<int64_t> resume_after, const std::string& adapter) {
  auto stream = std::make_shared<Stream>();
  const auto outcome = Do(AttachAdapter{adapter, resume_after, stream});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return stream;
}

v1::CreateContactRequest Office::Contact(const std::string& source_id, const std::string& queue) const {
  v1::CreateContactRequest request;
  request.set_adapter("webchat-1");
  request.set_source_id(source_id);
  request.set_channel("webchat");
  request.set_queue(queue);
  v1::Address& address = *request.mutable_customer()->add_addresses();
  address.set_channel("webchat");
  address.set_value("visitor-" + source_id);
  request.mutable_customer()->set_display_name("Kim");
  request.set_subject("An invoice");
  v1::PostMessageRequest& message = *request.add_messages();
  message.set_source_id("m0");
  message.set_text("Why so much?");
  return request;
}

std::string Office::Create(const std::string& source_id, const std::string& queue) {
  const auto outcome = Do(CreateContact{Contact(source_id, queue)});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? outcome->contact : std::string();
}

absl::StatusOr<Outcome> Office::Accept(const std::string& agent, const std::string& offer) {
  return Do(Route{core::AcceptOffer{agent, ParseContact(offer), ParseOffer(offer)}});
}

absl::StatusOr<Outcome> Office::Say(const std::string& contact, const std::string& source_id, const std::string& text,
                                    const std::string& agent) {
  return Do(PostMessage{{contact, "", ""}, agent, source_id, text});
}

v1::Contact Office::Get(const std::string& contact) {
  const auto outcome = Do(GetContact{{contact, "", ""}});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? *outcome->state : v1::Contact();
}

}  // namespace routerd::engine
