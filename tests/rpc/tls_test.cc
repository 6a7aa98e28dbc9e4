// The port over TLS, with and without certificates of clients.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "gtest/gtest.h"
#include "routerd/base/error.h"
#include "tests/rpc/port.h"

namespace routerd::rpc {
namespace {

struct Files {
  std::string certificate;
  std::string key;
};

// A new key and a certificate for localhost, signed with it.
Files MakeFiles(const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  const std::string path = testing::TempDir() + "rpc_tls_test_" + std::to_string(getpid()) + "_" + name;
  Files files{path + "_certificate.pem", path + "_key.pem"};
  BIO* out = BIO_new_file(files.certificate.c_str(), "w");
  PEM_write_bio_X509(out, certificate);
  BIO_free_all(out);
  out = BIO_new_file(files.key.c_str(), "w");
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  BIO_free_all(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class TlsTest : public testing::Test {
 protected:
  ~TlsTest() override {
    for (const Files& files : {server_, client_}) {
      unlink(files.certificate.c_str());
      unlink(files.key.c_str());
    }
  }
  ServerOptions Options(const std::string& client_ca = "") const {
    ServerOptions options;
    options.tls = ServerTls{server_.certificate, server_.key, client_ca};
    return options;
  }
  // A call from a client that trusts the server's certificate, and shows `own` if given.
  grpc::StatusCode Call(const Port& port, const Files* own) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(server_.certificate);
    if (own) {
      options.pem_private_key = Read(own->key);
      options.pem_cert_chain = Read(own->certificate);
    }
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    const auto channel = grpc::CreateCustomChannel(port.server->address(), grpc::SslCredentials(options), arguments);
    grpc::ClientContext context;
    Prepare(context, "t-sam");
    v1::ListQueuesResponse response;
    return v1::SupervisorService::NewStub(channel)->ListQueues(&context, {}, &response).error_code();
  }

  const Files server_ = MakeFiles("server");
  const Files client_ = MakeFiles("client");
};

TEST_F(TlsTest, SpeaksTlsOnly) {
  Port port(Options());
  EXPECT_EQ(Call(port, nullptr), grpc::StatusCode::OK);
  grpc::ClientContext context;
  Prepare(context, "t-sam");
  v1::ListQueuesResponse response;
  EXPECT_EQ(v1::SupervisorService::NewStub(port.Channel())->ListQueues(&context, {}, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, AsksForACertificateOfTheConfiguredAuthority) {
  Port port(Options(client_.certificate));
  EXPECT_EQ(Call(port, &client_), grpc::StatusCode::OK);
  EXPECT_EQ(Call(port, nullptr), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call(port, &server_), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, SaysWhichFileCannotBeUsed) {
  Port port;
  const auto refusal = [&](ServerTls tls) {
    ServerOptions options;
    options.address = "127.0.0.1:0";
    options.tls = std::move(tls);
    const auto server = Server::Start(options, {port.workspace.get()}, *port.authenticator);
    return base::ReasonOf(server.status()) + ": " + std::string(server.status().message());
  };
  EXPECT_EQ(refusal({"/nowhere.pem", server_.key, ""}), "TLS_FILES: the certificate file /nowhere.pem cannot be read");
  EXPECT_EQ(refusal({server_.certificate, "/dev/null", ""}),
            "TLS_FILES: the key file /dev/null holds nothing in PEM form");
  EXPECT_EQ(
      refusal({server_.certificate, client_.key, ""}),
      "TLS_FILES: the certificate " + server_.certificate + " and the key " + client_.key + " cannot be used together");
}

}  // namespace
}  // namespace routerd::rpc
