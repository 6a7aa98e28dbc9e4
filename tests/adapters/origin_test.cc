// The shell's door: which upgrades are let in, and what the pages carry. Over real sockets.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/webchat/webchat.h"
#include "routerd/base/http_server.h"

namespace adapters::webchat {
namespace {

class OriginTest : public testing::Test {
 protected:
  void Begin(bool allow_missing_origin = false) {
    WebChatOptions options;
    Site site;
    site.id = "demo";
    site.topics = {{"Billing", "billing"}};
    site.allowed_origins = {"https://shop.example"};
    options.hub.sites.emplace("demo", site);
    options.link.session.adapter = "webchat-1";
    options.link.addresses = {"127.0.0.1:1"};  // Nobody: the door must open all the same.
    options.store_path = ":memory:";
    options.allow_missing_origin = allow_missing_origin;
    chat_ = *WebChat::Open(std::move(options), [](const absl::Status& status) { ADD_FAILURE() << status; });
    server_ = std::make_unique<routerd::base::HttpServer>(routerd::base::HttpServerOptions());
    chat_->Mount(*server_);
    address_ = *server_->Listen("127.0.0.1:0");
    chat_->Start();
    server_->Start(1);
  }
  ~OriginTest() override {
    if (chat_ != nullptr) chat_->Stop();
    if (server_ != nullptr) server_->Stop();
  }

  // The head of the answer to a request of these lines.
  std::string Ask(const std::string& lines) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address_.substr(address_.find(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    const std::string request = lines + "Host: " + address_ + "\r\n\r\n";
    EXPECT_EQ(send(socket, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4'096];
    while (answer.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = recv(socket, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      answer.append(buffer, static_cast<size_t>(got));
    }
    close(socket);
    return answer;
  }
  std::string Upgrade(const std::string& extra, const std::string& subprotocol = "routerd.chat.v1") {
    return Ask("GET /chat/v1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " +
               subprotocol + "\r\n" + extra)
        .substr(9, 3);
  }

  std::unique_ptr<WebChat> chat_;
  std::unique_ptr<routerd::base::HttpServer> server_;
  std::string address_;
};

TEST_F(OriginTest, LetsItsOwnAndListedOriginsIn) {
  Begin();
  EXPECT_EQ(Upgrade("Origin: http://" + address_ + "\r\n"), "101");
  EXPECT_EQ(Upgrade("Origin: https://shop.example\r\n"), "101");
  EXPECT_EQ(Upgrade("Origin: https://SHOP.example\r\n"), "101");
}

TEST_F(OriginTest, RefusesAllOthers) {
  Begin();
  EXPECT_EQ(Upgrade("Origin: https://evil.example\r\n"), "403");
  EXPECT_EQ(Upgrade("Origin: https://shop.example.evil.example\r\n"), "403");
  EXPECT_EQ(Upgrade("Origin: http://shop.example\r\n"), "403");
  EXPECT_EQ(Upgrade("Origin: null\r\n"), "403");
  EXPECT_EQ(Upgrade(""), "403");
}

TEST_F(OriginTest, LetsProgramsInWhereTheConfigSaysSo) {
  Begin(/*allow_missing_origin=*/true);
  EXPECT_EQ(Upgrade(""), "101");
  EXPECT_EQ(Upgrade("Origin: null\r\n"), "403");
}

TEST_F(OriginTest, WantsTheSubprotocol) {
  Begin();
  EXPECT_EQ(Upgrade("Origin: https://shop.example\r\n", "chat"), "400");
}

TEST_F(OriginTest, LetsOnlyASitesOriginsEmbedItsChat) {
  Begin();
  const std::string page = Ask("GET /chat.html?site=demo HTTP/1.1\r\n");
  EXPECT_NE(page.find("frame-ancestors 'self' https://shop.example\r\n"), std::string::npos) << page;
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(Ask("GET /chat.html?site=other HTTP/1.1\r\n").substr(9, 3), "404");
}

TEST_F(OriginTest, ShowsTheDemoOnlyWhereItIsConfigured) {
  Begin();
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\n").substr(9, 3), "404");
  EXPECT_EQ(Ask("GET /demo/personas HTTP/1.1\r\n").substr(9, 3), "404");
}

}  // namespace
}  // namespace adapters::webchat
