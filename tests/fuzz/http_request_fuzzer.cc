// Any bytes as a client's requests: the same ones are understood whether they arrive at once or in pieces, each within
// the limits and with a path that can be served. (When one is refused may differ: of an unfinished header that arrives
// at once, more is looked at.)
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "routerd/base/http_codec.h"

namespace {

using routerd::base::HttpRequest;
using routerd::base::HttpRequestDecoder;
using State = HttpRequestDecoder::State;

constexpr size_t kHeaderBytesMax = 400;
constexpr size_t kBodyBytesMax = 200;

// What was understood up to the first refusal, the bytes arriving in pieces of `step`.
std::vector<std::string> Decode(const std::string& bytes, size_t step) {
  HttpRequestDecoder decoder(kHeaderBytesMax, kBodyBytesMax);
  std::vector<std::string> found;
  std::string buffer;
  for (size_t at = 0; at < bytes.size(); at += step) {
    buffer += bytes.substr(at, step);
    while (true) {
      size_t used = 0;
      const State state = decoder.Put(buffer, used);
      buffer.erase(0, used);
      if (state == State::kNeedMore) break;
      if (state == State::kContinue) continue;
      if (state == State::kRefused) return found;
      const std::optional<HttpRequest> request = decoder.Take();
      found.push_back(!request ? "bad target" : request->method + request->path + "?" + request->query + request->body);
      if (!request) return found;
      if (!request->path.starts_with('/') || request->path.find('\0') != std::string::npos) std::abort();
      if (request->body.size() > kBodyBytesMax) std::abort();
      request->Parameter("a");
      request->BearerToken();
      if (IsWebSocketUpgrade(*request)) CheckWebSocketUpgrade(*request);
    }
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> whole = Decode(bytes, std::max<size_t>(size, 1));
  if (Decode(bytes, 1) != whole || Decode(bytes, 13) != whole) std::abort();
  return 0;
}
