// The server over TLS: the same requests and sockets, by a certificate that the client checks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <memory>

#include "routerd/base/error.h"
#include "routerd/base/http_server.h"
#include "tests/base/http_client.h"

namespace routerd::base {
namespace {

using routerd::testkit::ClientCloseFrame;
using routerd::testkit::ClientFrame;
using routerd::testkit::HttpClient;
using routerd::testkit::WebSocketUpgradeRequest;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

// A new key and a certificate for it, signed with it, in files.
TlsFiles MakeTlsFiles(const std::string& name) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("routerd test");
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::string path = ::testing::TempDir() + "tls_test_" + std::to_string(getpid()) + "_" + name;
  const TlsFiles files{path + "_certificate.pem", path + "_key.pem"};
  const Bio certificate_file(BIO_new_file(files.certificate_chain_file.c_str(), "w"));
  PEM_write_bio_X509(certificate_file.get(), certificate.get());
  const Bio key_file(BIO_new_file(files.private_key_file.c_str(), "w"));
  PEM_write_bio_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return files;
}

// A blocking TLS client that trusts one certificate.
class TlsClient {
 public:
  TlsClient(const std::string& address, const TlsFiles& trusted) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_load_verify_file(context_.get(), trusted.certificate_chain_file.c_str());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    stream_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(stream_.get(), address.c_str());
    connected_ = BIO_do_connect(stream_.get()) == 1;
  }
  bool connected() const { return connected_; }
  void Send(const std::string& bytes) {
    EXPECT_EQ(BIO_write(stream_.get(), bytes.data(), static_cast<int>(bytes.size())), static_cast<int>(bytes.size()));
  }
  // Reads until `end` has come, or the connection ends.
  std::string ReceiveUntil(const std::string& end) {
    std::string bytes;
    char byte;
    while (!bytes.ends_with(end) && BIO_read(stream_.get(), &byte, 1) == 1) bytes += byte;
    return bytes;
  }
  bool ended() {
    char byte;
    return BIO_read(stream_.get(), &byte, 1) <= 0;
  }

 private:
  Context context_;
  Bio stream_;
  bool connected_ = false;
};

// Sends back what it gets.
class EchoHandler final : public WebSocketHandler {
 public:
  void OnOpen(std::shared_ptr<WebSocket> socket) override { socket_ = std::move(socket); }
  void OnText(std::string_view text) override { socket_->Send(std::string(text)); }
  void OnClosed(uint16_t) override {}

 private:
  std::shared_ptr<WebSocket> socket_;
};

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    server_.Route("POST", "/size", [](const HttpRequest& request) {
      return HttpResponse{.body = std::to_string(request.body.size()) + (request.secure ? " secure." : " open.")};
    });
    server_.RouteWebSocket("/ws", [](const HttpRequest&) -> absl::StatusOr<WebSocketAccept> {
      return WebSocketAccept{std::make_shared<EchoHandler>(), ""};
    });
    address_ = *server_.Listen("127.0.0.1:0", files_);
    server_.Start(2);
  }

  const TlsFiles files_ = MakeTlsFiles("server");
  HttpServer server_{{}};
  std::string address_;
};

TEST_F(TlsTest, AnswersRequestsAndClosesCleanly) {
  TlsClient client(address_, files_);
  ASSERT_TRUE(client.connected());
  for (int i = 0; i < 2; ++i) {
    client.Send("POST /size HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
    EXPECT_THAT(client.ReceiveUntil("secure."), ::testing::EndsWith("\r\n\r\n100000 secure."));
  }
  client.Send("POST /size HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.ReceiveUntil("secure."), ::testing::HasSubstr("Connection: close"));
  EXPECT_TRUE(client.ended());
}

TEST_F(TlsTest, CarriesAWebSocketToItsEnd) {
  TlsClient client(address_, files_);
  ASSERT_TRUE(client.connected());
  client.Send(WebSocketUpgradeRequest("/ws"));
  EXPECT_THAT(client.ReceiveUntil("\r\n\r\n"), ::testing::StartsWith("HTTP/1.1 101 "));
  const std::string text = std::string(200'000, 'x') + "!";
  client.Send(ClientFrame(1, text));
  EXPECT_EQ(client.ReceiveUntil("!").size(), text.size() + 10);
  client.Send(ClientCloseFrame(1000));
  EXPECT_EQ(client.ReceiveUntil("\x03\xE8"), "\x88\x02\x03\xE8");
  EXPECT_TRUE(client.ended());
}

TEST_F(TlsTest, StopsWithClientsConnected) {
  TlsClient idle(address_, files_), socket(address_, files_);
  socket.Send(WebSocketUpgradeRequest("/ws"));
  socket.ReceiveUntil("\r\n\r\n");
  server_.Stop(std::chrono::milliseconds(10));
  EXPECT_EQ(socket.ReceiveUntil("\x03\xE9").substr(2, 2), "\x03\xE9");
  EXPECT_TRUE(idle.ended());
}

TEST_F(TlsTest, ShowsItsOwnCertificateOnly) {
  const TlsClient client(address_, MakeTlsFiles("other"));
  EXPECT_FALSE(client.connected());
}

TEST_F(TlsTest, DropsWhoSpeaksPlainly) {
  HttpClient client(address_);
  EXPECT_NE(client.Get("/size").status, 200);
}

TEST_F(TlsTest, NeedsAKeyThatFitsTheCertificate) {
  HttpServer server({});
  const TlsFiles mixed{files_.certificate_chain_file, MakeTlsFiles("other").private_key_file};
  const absl::Status status = server.Listen("127.0.0.1:0", mixed).status();
  EXPECT_EQ(ReasonOf(status), "TLS_FILES");
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(mixed.private_key_file));
}

}  // namespace
}  // namespace routerd::base
