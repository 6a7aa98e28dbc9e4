// Streams over a real port: whole lives of contacts, breaks, readers who do not keep up.
#include "routerd/rpc/stream.h"

#include "gtest/gtest.h"
#include "tests/rpc/port.h"

namespace routerd::rpc {
namespace {

using Work = v1::WorkResponse;
using Connect = v1::ConnectResponse;

std::string CreateText(const std::string& source_id) {
  return "create { " + OrdersContact(source_id).DebugString() + "}";
}

bool Stands(const Connect& response, v1::Contact::State state) {
  return response.has_state() && response.state().contact().state() == state;
}

TEST(StreamTest, CarriesAContactThroughItsWholeLife) {
  Port port;
  AdapterLine adapter(port.Channel());
  EXPECT_EQ(adapter.Ask("hello {}").code(), 0);
  DeskLine bo(port.Channel(), "t-bo");
  EXPECT_EQ(bo.Ask("sign_in { agent: 'bo' }").code(), 0);
  bo.Next([](const Work& r) { return r.has_picture(); });

  const std::string contact = adapter.Ask(CreateText("s")).contact();
  const v1::Offer offer = bo.Next([](const Work& r) { return r.has_offer(); }).offer();
  EXPECT_EQ(offer.contact().name(), contact);
  EXPECT_EQ(offer.contact().context().transcript(0).text(), "Where is it?");
  EXPECT_EQ(bo.Ask("accept { offer: '" + offer.name() + "' }").code(), 0);
  EXPECT_EQ(
      adapter.Next([](const Connect& r) { return Stands(r, v1::Contact::STATE_ACTIVE); }).state().agent_display_name(),
      "Bo");

  EXPECT_EQ(bo.Ask("message { contact: '" + contact + "' source_id: 'a' text: 'On its way.' }").code(), 0);
  EXPECT_EQ(
      adapter.Next([](const Connect& r) { return r.message().author() == v1::Message::AUTHOR_AGENT; }).message().text(),
      "On its way.");
  EXPECT_EQ(adapter.Ask("message { contact: '" + contact + "' source_id: 'b' text: 'Thanks.' }").code(), 0);
  EXPECT_EQ(
      bo.Next([](const Work& r) { return r.message().author() == v1::Message::AUTHOR_CUSTOMER; }).message().text(),
      "Thanks.");

  EXPECT_EQ(bo.Ask("complete { contact: '" + contact + "' }").code(), 0);
  EXPECT_EQ(
      adapter.Next([](const Connect& r) { return Stands(r, v1::Contact::STATE_ENDED); }).state().contact().end_reason(),
      v1::Contact::END_REASON_COMPLETED);
  bo.Done();
  EXPECT_TRUE(bo.End().ok()) << "who says good-bye is told good-bye";
}

TEST(StreamTest, AnswersUnaryCallsOfSimpleAdapters) {
  Port port;
  const auto stub = v1::ContactService::NewStub(port.Channel());
  v1::Contact contact, again, found, ended;
  const auto call = [&](auto method, const auto& request, auto* response) {
    grpc::ClientContext context;
    Prepare(context, "t-chat");
    return ((*stub).*method)(&context, request, response);
  };
  using Stub = v1::ContactService::Stub;
  ASSERT_TRUE(call(&Stub::CreateContact, OrdersContact("u"), &contact).ok());
  ASSERT_TRUE(call(&Stub::CreateContact, OrdersContact("u"), &again).ok());
  EXPECT_EQ(contact.name(), again.name());

  v1::PostMessageRequest message;
  message.set_contact_source_id("u");
  message.set_source_id("m2");
  message.set_text("Hello?");
  v1::Message posted;
  ASSERT_TRUE(call(&Stub::PostMessage, message, &posted).ok());
  EXPECT_EQ(posted.sequence(), 2);

  v1::EndContactRequest end;
  end.set_contact(contact.name());
  ASSERT_TRUE(call(&Stub::EndContact, end, &ended).ok());
  EXPECT_EQ(ended.end_reason(), v1::Contact::END_REASON_ABANDONED);
  const grpc::Status late = call(&Stub::PostMessage, message, &posted);
  EXPECT_EQ(late.ok() ? "OK" : ReasonOf(late), "OK") << "a repeat returns the first";
  message.set_source_id("m3");
  EXPECT_EQ(ReasonOf(call(&Stub::PostMessage, message, &posted)), "CONTACT_ENDED");

  v1::GetContactRequest get;
  get.set_source_id("u");
  ASSERT_TRUE(call(&Stub::GetContact, get, &found).ok());
  EXPECT_EQ(found.state(), v1::Contact::STATE_ENDED);
  const grpc::Status malformed = call(&Stub::CreateContact, v1::CreateContactRequest(), &contact);
  EXPECT_EQ(malformed.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(malformed).field, "source_id");
}

TEST(StreamTest, AnAdapterGoesOnWhereItWasAfterARestart) {
  Port port;
  int64_t seen = 0;
  std::string contact;
  {
    AdapterLine adapter(port.Channel());
    EXPECT_EQ(adapter.Ask("hello {}").code(), 0);
    contact = adapter.Ask(CreateText("s")).contact();
    adapter.Done();
    EXPECT_TRUE(adapter.End().ok());
  }
  DeskLine bo(port.Channel(), "t-bo");
  EXPECT_EQ(bo.Ask("sign_in { agent: 'bo' }").code(), 0);
  port.Restart();
  AdapterLine adapter(port.Channel());
  v1::ConnectRequest hello;
  hello.mutable_hello()->set_adapter("chat-1");
  adapter.Send(hello);
  const Connect offered = adapter.Next([&](const Connect& r) {
    if (r.sequence() > 0) {
      EXPECT_GT(r.sequence(), std::exchange(seen, r.sequence()));
    }
    return Stands(r, v1::Contact::STATE_OFFERED);
  });
  EXPECT_EQ(offered.contact(), contact);
  DeskLine again(port.Channel(), "t-bo");
  EXPECT_EQ(again.Ask("sign_in { agent: 'bo' }").code(), 0);
  const auto picture = again.Next([](const Work& r) { return r.has_picture(); }).picture();
  ASSERT_EQ(picture.offers_size(), 1);
  EXPECT_EQ(picture.offers(0).contact().name(), contact);
}

TEST(StreamTest, ASecondStreamOfAnAdapterEndsTheFirst) {
  Port port;
  AdapterLine first(port.Channel());
  EXPECT_EQ(first.Ask("hello {}").code(), 0);
  AdapterLine second(port.Channel());
  EXPECT_EQ(second.Ask("hello {}").code(), 0);
  const grpc::Status status = first.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(status), "STREAM_REPLACED");
  EXPECT_NE(second.Ask(CreateText("s")).contact(), "");
}

TEST(StreamTest, AStreamThatIsRefusedEndsWithTheReason) {
  Port port;
  DeskLine desk(port.Channel(), "t-ana");
  EXPECT_EQ(desk.Ask("sign_in { agent: 'bo' }").reason(), "ROLE_NOT_ALLOWED");
  EXPECT_EQ(ReasonOf(desk.End()), "ROLE_NOT_ALLOWED");
}

// A desk that vanishes without a word is noticed: the agent is no longer connected.
TEST(StreamTest, ADeskThatVanishesIsLetGo) {
  Port port;
  const auto supervisor = v1::SupervisorService::NewStub(port.Channel());
  grpc::ClientContext watching;
  Prepare(watching, "t-sam");
  v1::WatchEventsRequest request;
  request.set_after_sequence(0);
  const auto watch = supervisor->WatchEvents(&watching, request);
  {
    grpc::ClientContext context;
    Prepare(context, "t-ana");
    auto stream = v1::AgentService::NewStub(port.Channel())->Work(&context);
    v1::WorkRequest sign_in;
    sign_in.mutable_sign_in()->set_agent("ana");
    stream->Write(sign_in);
    v1::WorkResponse picture;
    ASSERT_TRUE(stream->Read(&picture));
    context.TryCancel();
    stream->Finish();
  }
  v1::Event event;
  bool lost = false;
  while (!lost && watch->Read(&event)) {
    lost = event.has_agent_connection_changed() && !event.agent_connection_changed().connected();
  }
  EXPECT_TRUE(lost);
  watching.TryCancel();
}

TEST(StreamTest, AReaderWhoIsTooSlowGetsWhatWasTakenAndGoesOnFromThere) {
  ServerOptions options;
  options.stream_buffer_bytes_max = 64 << 10;
  Port port(options);
  grpc::ChannelArguments small_window;
  small_window.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto supervisor = v1::SupervisorService::NewStub(port.Channel(small_window));
  v1::WatchEventsRequest request;
  request.set_after_sequence(0);
  grpc::ClientContext slow_context;
  Prepare(slow_context, "t-sam");
  const auto slow = supervisor->WatchEvents(&slow_context, request);
  slow->WaitForInitialMetadata();

  // Far more than the windows and the buffer hold together.
  AdapterLine adapter(port.Channel());
  EXPECT_EQ(adapter.Ask("hello {}").code(), 0);
  const std::string contact = adapter.Ask(CreateText("s")).contact();
  const std::string text(15'000, 'x');
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(
        adapter
            .Ask("message { contact: '" + contact + "' source_id: 'x" + std::to_string(i) + "' text: '" + text + "' }")
            .code(),
        0);
  }
  v1::Event event;
  int64_t last = 0;
  while (slow->Read(&event)) EXPECT_EQ(event.sequence(), ++last);
  const grpc::Status status = slow->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_EQ(DetailsOf(status).reason, "READER_TOO_SLOW");
  EXPECT_TRUE(DetailsOf(status).retry);
  EXPECT_GT(last, 0);
  EXPECT_LT(last, 200);

  // Each new try gets further, though the past alone is more than the buffer holds.
  const int64_t first_stop = last;
  for (int tries = 0; last < 201 && tries < 200; ++tries) {
    request.set_after_sequence(last);
    grpc::ClientContext context;
    Prepare(context, "t-sam");
    const auto again = supervisor->WatchEvents(&context, request);
    const int64_t before = last;
    while (last < 201 && again->Read(&event)) EXPECT_EQ(event.sequence(), ++last);
    EXPECT_GT(last, before);
    context.TryCancel();
  }
  EXPECT_GE(last, 201);
  EXPECT_GT(last, first_stop);
}

}  // namespace
}  // namespace routerd::rpc
