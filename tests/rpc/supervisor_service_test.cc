#include "routerd/rpc/supervisor_service.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/port.h"

namespace routerd::rpc {
namespace {

using Stub = v1::SupervisorService::Stub;

class SupervisorServiceTest : public testing::Test {
 protected:
  template <typename Method, typename Request, typename Response>
  grpc::Status Call(Method method, const Request& request, Response* response) {
    grpc::ClientContext context;
    Prepare(context, "t-sam");
    return ((*stub_).*method)(&context, request, response);
  }
  std::string Create(const std::string& source_id) {
    grpc::ClientContext context;
    Prepare(context, "t-chat");
    v1::Contact contact;
    EXPECT_TRUE(
        v1::ContactService::NewStub(port_.Channel())->CreateContact(&context, OrdersContact(source_id), &contact).ok());
    return contact.name();
  }

  Port port_;
  std::unique_ptr<Stub> stub_ = v1::SupervisorService::NewStub(port_.Channel());
};

TEST_F(SupervisorServiceTest, ListsAndGets) {
  const std::string contact = Create("s");
  v1::ListQueuesResponse queues;
  ASSERT_TRUE(Call(&Stub::ListQueues, v1::ListQueuesRequest(), &queues).ok());
  EXPECT_EQ(queues.queues_size(), 2);
  v1::GetQueueRequest get_queue;
  v1::Queue queue;
  for (const char* name : {"orders", "queues/orders"}) {
    get_queue.set_name(name);
    ASSERT_TRUE(Call(&Stub::GetQueue, get_queue, &queue).ok()) << name;
    EXPECT_EQ(queue.waiting_count(), 1);
  }
  get_queue.set_name("nothing");
  EXPECT_EQ(Call(&Stub::GetQueue, get_queue, &queue).error_code(), grpc::StatusCode::NOT_FOUND);

  v1::ListAgentsRequest list_agents;
  v1::ListAgentsResponse agents;
  ASSERT_TRUE(Call(&Stub::ListAgents, list_agents, &agents).ok());
  EXPECT_EQ(agents.agents_size(), 0);
  list_agents.set_all(true);
  ASSERT_TRUE(Call(&Stub::ListAgents, list_agents, &agents).ok());
  EXPECT_EQ(agents.agents_size(), 2);
  v1::GetAgentRequest get_agent;
  get_agent.set_name("agents/ana");
  v1::Agent agent;
  ASSERT_TRUE(Call(&Stub::GetAgent, get_agent, &agent).ok());
  EXPECT_EQ(agent.display_name(), "Ana");

  v1::ListContactsRequest list_contacts;
  v1::ListContactsResponse contacts;
  ASSERT_TRUE(Call(&Stub::ListContacts, list_contacts, &contacts).ok());
  ASSERT_EQ(contacts.contacts_size(), 1);
  EXPECT_EQ(contacts.contacts(0).name(), contact);
  list_contacts.set_page_size(1'001);
  EXPECT_EQ(DetailsOf(Call(&Stub::ListContacts, list_contacts, &contacts)).field, "page_size");
  v1::GetContactByNameRequest get_contact;
  get_contact.set_name(contact);
  v1::Contact found;
  ASSERT_TRUE(Call(&Stub::GetContact, get_contact, &found).ok());
  EXPECT_EQ(found.source_id(), "s");
  EXPECT_GT(found.life_size(), 0);
  get_contact.set_name("contacts/999");
  EXPECT_EQ(ReasonOf(Call(&Stub::GetContact, get_contact, &found)), "CONTACT_UNKNOWN");
}

TEST_F(SupervisorServiceTest, ExplainsWhyAContactWaits) {
  v1::ExplainContactRequest request;
  request.set_name(Create("s"));
  v1::ExplainContactResponse response;
  ASSERT_TRUE(Call(&Stub::ExplainContact, request, &response).ok());
  EXPECT_EQ(response.agents_size(), 2);
  EXPECT_FALSE(response.agents(0).eligible());
  EXPECT_FALSE(response.summary().empty());
  request.set_max_agents(-1);
  EXPECT_EQ(DetailsOf(Call(&Stub::ExplainContact, request, &response)).field, "max_agents");
}

TEST_F(SupervisorServiceTest, StepsIn) {
  const std::string contact = Create("s");
  DeskLine ana(port_.Channel(), "t-ana");
  EXPECT_EQ(ana.Ask("sign_in { agent: 'ana' presence: PRESENCE_AWAY }").code(), 0);
  v1::AssignContactRequest assign;
  assign.set_contact(contact);
  assign.set_agent("bo");
  v1::Contact response;
  EXPECT_EQ(ReasonOf(Call(&Stub::AssignContact, assign, &response)), "AGENT_OFFLINE");
  assign.set_agent("agents/ana");
  ASSERT_TRUE(Call(&Stub::AssignContact, assign, &response).ok());
  EXPECT_EQ(response.name(), contact);

  v1::SetAgentPresenceRequest presence;
  presence.set_agent("ana");
  presence.set_presence(v1::PRESENCE_AVAILABLE);
  v1::Agent agent;
  ASSERT_TRUE(Call(&Stub::SetAgentPresence, presence, &agent).ok());
  EXPECT_EQ(agent.presence(), v1::PRESENCE_AVAILABLE);
  EXPECT_EQ(ana.Next([](const v1::WorkResponse& r) { return r.has_offer(); }).offer().contact().name(), contact);

  v1::RequeueContactRequest requeue;
  requeue.set_contact(contact);
  ASSERT_TRUE(Call(&Stub::RequeueContact, requeue, &response).ok());
  v1::TerminateContactRequest terminate;
  terminate.set_contact(contact);
  terminate.set_reason("spam");
  ASSERT_TRUE(Call(&Stub::TerminateContact, terminate, &response).ok());
  EXPECT_EQ(response.end_reason(), v1::Contact::END_REASON_FAILED);
  EXPECT_EQ(ReasonOf(Call(&Stub::RequeueContact, v1::RequeueContactRequest(), &response)), "FIELD_MISSING");
}

TEST_F(SupervisorServiceTest, CountsWhatHappens) {
  Create("s");
  v1::Statistics statistics;
  ASSERT_TRUE(Call(&Stub::GetStatistics, v1::GetStatisticsRequest(), &statistics).ok());
  EXPECT_EQ(statistics.waiting_count(), 1);
  EXPECT_GT(statistics.sequence(), 0);
}

TEST_F(SupervisorServiceTest, WatchesFromASequenceOnWithoutGaps) {
  Create("s1");
  v1::Statistics statistics;
  ASSERT_TRUE(Call(&Stub::GetStatistics, v1::GetStatisticsRequest(), &statistics).ok());
  const auto watch_after = [&](std::optional<int64_t> after, int count) {
    grpc::ClientContext context;
    Prepare(context, "t-sam");
    v1::WatchEventsRequest request;
    if (after) request.set_after_sequence(*after);
    const auto stream = stub_->WatchEvents(&context, request);
    std::vector<int64_t> sequences;
    v1::Event event;
    while (static_cast<int>(sequences.size()) < count && stream->Read(&event)) sequences.push_back(event.sequence());
    context.TryCancel();
    return sequences;
  };
  EXPECT_THAT(watch_after(0, 2), testing::ElementsAre(1, 2));
  EXPECT_THAT(watch_after(1, 1), testing::ElementsAre(2));
  grpc::ClientContext context;
  Prepare(context, "t-sam");
  v1::WatchEventsRequest request;
  request.set_after_sequence(statistics.sequence());
  const auto live = stub_->WatchEvents(&context, request);
  const std::string contact = Create("s2");
  v1::Event event;
  ASSERT_TRUE(live->Read(&event));
  EXPECT_EQ(event.sequence(), statistics.sequence() + 1);
  EXPECT_EQ(event.contact_created().contact().name(), contact);
  context.TryCancel();
  request.set_after_sequence(-1);
  grpc::ClientContext refused_context;
  Prepare(refused_context, "t-sam");
  const auto refused = stub_->WatchEvents(&refused_context, request);
  EXPECT_FALSE(refused->Read(&event));
  EXPECT_EQ(DetailsOf(refused->Finish()).field, "after_sequence");
}

}  // namespace
}  // namespace routerd::rpc
