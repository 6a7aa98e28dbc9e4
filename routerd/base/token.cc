// Random tokens, digests and secrets, by OpenSSL.
#include "routerd/base/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::base {
namespace {

constexpr size_t kSecretBytesMax = 64 << 10;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

std::string Hex(const unsigned char* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(size * 2);
  for (size_t index = 0; index < size; ++index) {
    hex += kDigits[bytes[index] >> 4];
    hex += kDigits[bytes[index] & 15];
  }
  return hex;
}

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

absl::StatusOr<std::string> ReadSecretFile(std::string_view name, const std::string& path) {
  std::string secret(kSecretBytesMax + 2, '\0');  // Room for a line end, and to see that there is more.
  errno = 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file) secret.resize(std::fread(secret.data(), 1, secret.size(), file.get()));
  if (!file || std::ferror(file.get())) {
    return Error(absl::StatusCode::kNotFound, "SECRET_MISSING",
                 absl::StrCat("secret ", ToAbsl(name), ": cannot read file ", path, ": ", std::strerror(errno)));
  }
  if (!secret.empty() && secret.back() == '\n') secret.pop_back();
  if (!secret.empty() && secret.back() == '\r') secret.pop_back();
  return secret;
}

absl::StatusOr<std::string> ReadSecretVariable(std::string_view name, const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) {
    return Error(absl::StatusCode::kNotFound, "SECRET_MISSING",
                 absl::StrCat("secret ", ToAbsl(name), ": environment variable ", variable, " is not set"));
  }
  return std::string(value);
}

}  // namespace

std::string RandomToken() {
  unsigned char bytes[32];
  // Fails only if the system has no source of randomness, and then nothing that depends on it may go on.
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) std::abort();
  return Base64Url(std::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

std::string Base64Url(std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (bit_count += 8; bit_count >= 6; bit_count -= 6) text += kAlphabet[(bits >> (bit_count - 6)) & 63];
  }
  if (bit_count > 0) text += kAlphabet[(bits << (6 - bit_count)) & 63];
  return text;
}

std::string Sha256Hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) != 1) std::abort();
  return Hex(digest, size);
}

std::string HmacSha256Hex(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const char empty = 0;  // HMAC takes a null key to mean "the key of the last call".
  const void* key_bytes = key.empty() ? &empty : key.data();
  if (HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), Bytes(bytes), bytes.size(), digest, &size) ==
      nullptr) {
    std::abort();
  }
  return Hex(digest, size);
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::StatusOr<std::string> LoadSecret(std::string_view name, const SecretSource& source) {
  const int source_count = !source.value.empty() + !source.file.empty() + !source.env.empty();
  if (source_count != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "SECRET_SOURCE",
                 absl::StrCat("secret ", ToAbsl(name), source_count == 0 ? " has no source" : " has several sources",
                              "; set exactly one of value, file and env"));
  }
  absl::StatusOr<std::string> secret = source.value;
  std::string place = "its value";
  if (!source.file.empty()) {
    secret = ReadSecretFile(name, source.file);
    place = absl::StrCat("file ", source.file);
  } else if (!source.env.empty()) {
    secret = ReadSecretVariable(name, source.env);
    place = absl::StrCat("environment variable ", source.env);
  }
  if (!secret.ok()) return secret;
  if (secret->empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "SECRET_EMPTY",
                 absl::StrCat("secret ", ToAbsl(name), ": ", place, " is empty"));
  }
  if (secret->size() > kSecretBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "SECRET_TOO_LONG",
                 absl::StrCat("secret ", ToAbsl(name), ": ", place, " holds more than ", kSecretBytesMax, " bytes"));
  }
  return secret;
}

}  // namespace routerd::base
