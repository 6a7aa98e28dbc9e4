// Tables and lines for people, and JSON for programs.
#include "routerd/ctl/render.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace routerd::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

const Here kHere = {absl::FromUnixSeconds(1'000'000'100), absl::UTCTimeZone()};

TEST(RenderTest, QueuesLineUp) {
  const auto response = Parse<v1::ListQueuesResponse>(R"pb(
    queues {
      name: "queues/billing"
      open: true
      waiting_count: 12
      longest_wait { seconds: 125 }
      agents_available_count: 2
      accepted_count: 40
      service_level: 0.825
      service_level_target { seconds: 30 }
      estimate {
        place: 13
        wait_p50 { seconds: 90 }
      }
    }
    queues { name: "queues/orders" active_count: 1 }
  )pb");
  EXPECT_EQ(Render(response),
            "QUEUE            WAITING  OFFERED  ACTIVE  WRAP-UP  LONGEST  FREE  ON DUTY  EXPECTED  SERVICE LEVEL\n"
            "billing               12        0       0        0   2m 05s     0        2    1m 30s  82% in 30s\n"
            "orders (closed)        0        0       1        0        -     0        0         -  -\n");
  EXPECT_EQ(Render(v1::ListQueuesResponse()), "There are no queues.\n");
}

TEST(RenderTest, AgentsShowPresenceLoadAndSkills) {
  const auto response = Parse<v1::ListAgentsResponse>(R"pb(
    agents {
      name: "agents/ana"
      display_name: "Ana"
      presence: PRESENCE_AWAY
      presence_reason: "lunch"
      presence_time { seconds: 1000000040 }
      connected: true
      used_capacity: 25
      capacity: 100
      contacts: "contacts/7"
      contacts: "contacts/9"
      consults: "contacts/12"
      accepted_count: 31
      lapsed_count: 1
      pending_presence: PRESENCE_OFFLINE
      skills { skill: "billing" tier: SENIOR }
      skills { skill: "orders" tier: JUNIOR }
    }
  )pb");
  EXPECT_EQ(
      Render(response, kHere),
      "AGENT  NAME  PRESENCE                     SINCE  DESK    USED  HOLDS              ACCEPTED  LAPSED  DECLINED"
      "  REVOKED  SKILLS\n"
      "ana    Ana   AWAY (lunch), then OFFLINE  1m 00s  open  25/100  7, 9, asked on 12        31       1         0"
      "        0  billing SENIOR, orders JUNIOR\n");
}

TEST(RenderTest, ContactsShowWhereTheyStand) {
  const auto response = Parse<v1::ListContactsResponse>(R"pb(
    contacts {
      name: "contacts/7"
      state: STATE_ACTIVE
      queue: "queues/billing"
      channel: "webchat"
      agent: "agents/ana"
      on_hold: true
      context {
        customer { id: "webchat:v1" display_name: "Kim" vip: "gold" }
        subject: "My\nbill"
      }
      create_time { seconds: 1000000000 }
      state_time { seconds: 1000000090 }
      offer_count: 2
    }
    contacts {
      name: "contacts/5"
      state: STATE_ENDED
      end_reason: END_REASON_ABANDONED
      create_time { seconds: 1000000000 }
      end_time { seconds: 1000000030 }
    }
    next_page_token: "t"
    total_count: 40
  )pb");
  const std::string text = Render(response, kHere);
  EXPECT_THAT(
      text,
      HasSubstr("7  ACTIVE (hold)  billing  webchat  Kim       gold  ana         10s  1m 40s       2  My bill\n"));
  EXPECT_THAT(text, HasSubstr("ABANDONED"));
  EXPECT_THAT(text, HasSubstr("  30s  ")) << "an ended contact stops ageing";
  EXPECT_THAT(text, HasSubstr("There are more, 40 in all"));
}

TEST(RenderTest, ExplainSaysWhyForEachAgent) {
  const auto response = Parse<v1::ExplainContactResponse>(R"pb(
    contact {
      name: "contacts/7"
      state: STATE_QUEUED
      queue: "queues/billing"
      channel: "webchat"
      adapter: "webchat-1"
      requirements { skill: "billing" tier: SENIOR }
      head_start { seconds: 180 }
      context { customer { id: "c1" display_name: "Kim" vip: "gold" } }
    }
    summary: "Waits for an agent with billing."
    estimate {
      place: 2
      wait_p50 { seconds: 80 }
      wait_p90 { seconds: 200 }
    }
    ahead: "contacts/3"
    ahead: "contacts/4"
    ahead_reasons: "came 40 s earlier"
    ahead_reasons: "lane 1 goes before lane 0"
    ahead_count: 5
    agents {
      agent: "agents/bo"
      failed_tests { test: "SKILL" text: "needs billing >= SENIOR, has none" }
      failed_tests {
        test: "BACK_OFF"
        text: "declined it"
        opens_time { seconds: 1000000130 }
      }
    }
    agents { agent: "agents/ana" eligible: true }
    life {
      time { seconds: 1000000000 }
      event: "contact.created"
      text: "entered the line"
    }
  )pb");
  EXPECT_EQ(Render(response, kHere),
            "Contact 7 is QUEUED: Waits for an agent with billing.\n"
            "\n"
            "customer    Kim, VIP gold\n"
            "came by     webchat (webchat-1)\n"
            "queue       billing\n"
            "asks for    billing SENIOR\n"
            "head start  3m 00s\n"
            "estimate    place 2, about 1m 20s to wait, under 3m 20s for nine in ten\n"
            "\n"
            "Ahead:\n"
            "  3 came 40 s earlier\n"
            "  4 lane 1 goes before lane 0\n"
            "  and 3 more\n"
            "\n"
            "Agents:\n"
            "  AGENT  COULD TAKE IT  WHY NOT\n"
            "  bo     no             needs billing >= SENIOR, has none; declined it (opens at 01:48:50)\n"
            "  ana    yes            -\n"
            "\n"
            "Life:\n"
            "  TIME                 EVENT            WHAT HAPPENED\n"
            "  2001-09-09 01:46:40  contact.created  entered the line\n");
}

TEST(RenderTest, EstimateSaysWhenNobodyCouldTakeIt) {
  EXPECT_EQ(EstimateText(Parse<v1::WaitEstimate>("place: 1")), "place 1, nobody on duty could take it");
}

TEST(RenderTest, StatisticsSortRefusals) {
  const auto statistics = Parse<v1::Statistics>(R"pb(
    sequence: 42
    live_contact_count: 3
    waiting_count: 1
    agents_signed_in_count: 2
    agents_available_count: 1
    queues {
      name: "queues/billing"
      created_count: 5
      mean_wait { seconds: 12 }
      estimated_count: 4
      within_p50: 0.5
      within_p90: 0.75
      mean_estimate_error { seconds: 21 }
    }
    refusals { key: "OFFER_NOT_OPEN" value: 2 }
    refusals { key: "AGENT_BUSY" value: 10 }
  )pb");
  const std::string text = Render(statistics, kHere);
  EXPECT_THAT(text, HasSubstr("contacts    3 live, 1 waiting\n"));
  EXPECT_THAT(text, HasSubstr("AGENT_BUSY          10\nOFFER_NOT_OPEN       2\n"));
  EXPECT_THAT(text, HasSubstr("12s"));
  EXPECT_THAT(text, HasSubstr("billing            4         50%         75%         21s\n"));
}

struct EventCase {
  std::string_view name;
  std::string_view event;
  std::string_view line;
};
const EventCase kEvents[] = {
    {"Offers", R"pb(offer_made { offer: "contacts/7/offers/1" cost: 25 rule: "MOST_SKILLED" })pb",
     "offer.made contact=7 agent=ana queue=billing offer=contacts/7/offers/1 cost=25 rule=MOST_SKILLED"},
    {"LapsesByTheirState", R"pb(offer_closed { state: STATE_LAPSED missed_count: 1 })pb",
     "offer.lapsed contact=7 agent=ana queue=billing state=STATE_LAPSED missed_count=1"},
    {"Transfers", R"pb(contact_transferred { note { target: "agents/bo" reason: "an order" } })pb",
     "contact.transferred contact=7 agent=ana queue=billing to=agents/bo reason=\"an order\""},
    {"Messages", R"pb(message_posted { message { author: AUTHOR_CUSTOMER text: "hi\x1b[0m\nthere" } })pb",
     "message.posted contact=7 agent=ana queue=billing from=CUSTOMER \"hi\uFFFD[0m there\""},
    {"TwoWordNouns", R"pb(wrap_up_started { ended_by: "agent" })pb",
     "wrap_up.started contact=7 agent=ana queue=billing ended_by=agent"},
    {"Presence", R"pb(agent_presence_changed { presence: PRESENCE_AWAY reason: "gone out" })pb",
     "agent.presence_changed contact=7 agent=ana queue=billing presence=PRESENCE_AWAY reason=\"gone out\""},
    {"Resuming", R"pb(contact_held { on: false })pb", "contact.resumed contact=7 agent=ana queue=billing"},
    {"Disconnecting", R"pb(agent_connection_changed { connected: false })pb",
     "agent.disconnected contact=7 agent=ana queue=billing"},
    {"Relaxation", R"pb(requirements_relaxed { step: 1 })pb",
     "contact.relaxed contact=7 agent=ana queue=billing step=1"},
};
class EventTest : public testing::TestWithParam<EventCase> {};
TEST_P(EventTest, IsOneLine) {
  auto event = Parse<v1::Event>(std::string(GetParam().event));
  event.set_sequence(9);
  event.mutable_time()->set_seconds(1'000'000'000);
  event.mutable_time()->set_nanos(5'000'000);
  event.set_contact("contacts/7");
  event.set_agent("agents/ana");
  event.set_queue("queues/billing");
  EXPECT_EQ(Render(event, kHere), "01:46:40.005  #9  " + std::string(GetParam().line));
}
INSTANTIATE_TEST_SUITE_P(Kinds, EventTest, testing::ValuesIn(kEvents),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RenderTest, OneQueueIsShownInFull) {
  const auto queue = Parse<v1::Queue>(R"pb(
    name: "queues/billing"
    display_name: "Billing"
    open: true
    open_change_time { seconds: 1000003600 }
    waiting_count: 2
    longest_wait { seconds: 125 }
    active_count: 3
    dormant_count: 1
    scheduled_count: 4
    agents_available_count: 5
    created_count: 40
    accepted_count: 20
    completed_count: 18
    abandoned_count: 3
    overflowed_count: 2
    escalated_count: 1
    lapsed_count: 6
    revoked_count: 5
    agent_gone_count: 1
    customer_gone_count: 4
    estimated_count: 4
    within_p50: 0.5
    within_p90: 0.75
    mean_estimate_error { seconds: 21 }
    wait_bucket_counts: [ 10, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1 ]
  )pb");
  const std::string text = RenderDetails(queue, kHere);
  EXPECT_THAT(text, HasSubstr("Queue billing (Billing) is open until 2001-09-09 02:46:40.\n\n"));
  EXPECT_THAT(text, HasSubstr("waiting     2, the first in line for 2m 05s\n"
                              "with agents 0 offered, 3 active, 1 dormant, 0 in wrap-up\n"
                              "scheduled   4\n"
                              "agents      5 on duty, 0 with room\n"));
  EXPECT_THAT(text, HasSubstr("by rules    2 overflowed, 0 expired, 1 escalated, 0 callbacks\n"
                              "offers      6 lapsed, 0 declined, 0 unreachable, 5 revoked (1 agent gone, 4 customer "
                              "gone)\n"
                              "estimates   4 scored: 50% within P50, 75% within P90, mean error 21s\n"));
  EXPECT_THAT(text, HasSubstr("WAITED UP TO  ACCEPTED\n"
                              "5s                  10  ########################################\n"
                              "10s                  0\n"
                              "20s                  5  ####################\n"));
  EXPECT_THAT(text, HasSubstr("longer               1  ####\n"));
}

TEST(RenderTest, OneAgentIsShownInFull) {
  const auto agent = Parse<v1::Agent>(R"pb(
    name: "agents/helper"
    display_name: "Helper"
    presence: PRESENCE_AVAILABLE
    bot: true
    connected: true
    used_capacity: 25
    capacity: 100
    contacts: "contacts/7"
    channels { channel: "webchat" max_count: 4 }
    accepted_count: 12
    declined_count: 2
    missed_count: 1
  )pb");
  EXPECT_EQ(RenderDetails(agent, kHere),
            "Agent helper is AVAILABLE.\n"
            "\n"
            "name        Helper (bot)\n"
            "desk        open\n"
            "holds       25 of 100: 7\n"
            "channels    webchat 4\n"
            "offers      12 accepted, 0 lapsed, 2 declined, 0 revoked since sign-in; 1 missed in a row now\n");
}

TEST(JsonTest, IsOneLineWithDefaults) {
  v1::Queue queue;
  queue.set_name("queues/billing");
  const std::string json = Json(queue);
  EXPECT_THAT(json, HasSubstr("\"name\":\"queues/billing\""));
  EXPECT_THAT(json, HasSubstr("\"waitingCount\":0"));
  EXPECT_THAT(json, Not(HasSubstr("\n")));
}

TEST(RenderTest, CommandsAnswerWithHowItStandsNow) {
  EXPECT_EQ(Render(Parse<v1::Contact>(R"pb(name: "contacts/7" state: STATE_QUEUED queue: "queues/billing")pb")),
            "Contact 7 is QUEUED, queue billing.\n");
  EXPECT_EQ(Render(Parse<v1::Contact>(R"pb(name: "contacts/7" state: STATE_ENDED end_reason: END_REASON_FAILED)pb")),
            "Contact 7 is ENDED (FAILED).\n");
  EXPECT_EQ(Render(Parse<v1::Agent>(
                R"pb(name: "agents/ana" presence: PRESENCE_AVAILABLE pending_presence: PRESENCE_AWAY)pb")),
            "Agent ana is AVAILABLE, and AWAY once nothing is held.\n");
}

}  // namespace
}  // namespace routerd::ctl
