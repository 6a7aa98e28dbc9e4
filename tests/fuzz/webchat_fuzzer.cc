// Frames of a page, as bytes: decoded, and handed to a hub that has a routerd which says yes to everything.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "adapters/link/link_session.h"
#include "adapters/webchat/chat_store.h"
#include "adapters/webchat/hub.h"

namespace adapters::webchat {
namespace {

void Check(bool truth) {
  if (!truth) __builtin_trap();
}

void Answer(ChatHub& hub, link::LinkSession& link, const v1::ConnectRequest& request, int64_t& sequence, Instant now) {
  v1::ConnectResponse response;
  if (request.has_hello()) {
    response.mutable_welcome();
  } else if (!request.request_id().empty()) {
    response.mutable_ack()->set_request_id(request.request_id());
    response.mutable_ack()->set_contact("contacts/1");
    if (request.has_message()) response.mutable_ack()->set_message_sequence(++sequence);
  } else {
    return;
  }
  hub.OnLink(link.OnResponse(response, now), response, now);
}

// Each line of `input` is a frame; what follows a line is a tenth of a second later. Two sockets take turns.
void Run(std::string_view input) {
  auto store = ChatStore::Open(":memory:");
  Check(store.ok());
  HubOptions options;
  Site site;
  site.id = "demo";
  site.topics = {{"Billing", "billing"}};
  options.sites.emplace("demo", site);
  link::LinkSession link(link::SessionOptions(), 0, [] { return 0.5; });
  Instant now(std::chrono::hours(400'000));
  int tokens = 0;
  ChatHub hub(
      options, **store, link, [&tokens] { return "token" + std::to_string(++tokens); }, now);
  int64_t sequence = 1;
  for (SocketId socket = 1; socket <= 2; ++socket) {
    hub.OnSocketOpened(socket, {"192.0.2.1", "http://chat.example", true}, now);
    hub.OnFrame(socket, R"({"t":"hello","site":"demo"})", now);
  }
  SocketId socket = 1;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    hub.OnFrame(socket, input.substr(0, end), now);
    input.remove_prefix(std::min(end + 1, input.size()));
    socket = 3 - socket;
    now += std::chrono::milliseconds(100);
    hub.Advance(now);
    Check((*store)->base().Commit().ok());
    link.Kept();
    for (const v1::ConnectRequest& request : link.TakeActions(now).writes) Answer(hub, link, request, sequence, now);
    for (const HubAction& action : hub.TakeActions()) Check(action.text == nullptr || action.text->front() == '{');
  }
  Check((*store)->base().Commit().ok());
}

}  // namespace
}  // namespace adapters::webchat

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  adapters::webchat::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
