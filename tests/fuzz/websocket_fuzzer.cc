// Any bytes as a client's WebSocket frames: what comes out is the same whether they arrive at once or in pieces, and
// keeps the decoder's promises.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "routerd/base/utf8.h"
#include "routerd/base/websocket_codec.h"

namespace {

using routerd::base::WebSocketDecoder;
using routerd::base::WebSocketItem;
using Item = std::tuple<WebSocketItem::Kind, std::string, uint16_t>;

constexpr size_t kMessageBytesMax = 300;

// Items up to the first error, the bytes arriving in pieces of `step`.
std::vector<Item> Decode(const std::string& bytes, size_t step) {
  WebSocketDecoder decoder(kMessageBytesMax);
  std::vector<Item> items;
  std::string buffer;
  for (size_t at = 0; at < bytes.size(); at += step) {
    buffer += bytes.substr(at, step);
    std::span<char> rest(buffer);
    while (true) {
      const WebSocketItem item = decoder.Next(rest);
      if (item.kind == WebSocketItem::Kind::kNeedMore) break;
      items.emplace_back(item.kind, item.payload, item.code);
      if (item.kind == WebSocketItem::Kind::kError) return items;
      if (item.payload.size() > kMessageBytesMax) std::abort();
      if (item.kind == WebSocketItem::Kind::kText && !routerd::base::IsValidUtf8(item.payload)) std::abort();
    }
    buffer.erase(0, buffer.size() - rest.size());
  }
  return items;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<Item> whole = Decode(bytes, std::max<size_t>(size, 1));
  if (Decode(bytes, 1) != whole || Decode(bytes, 13) != whole) std::abort();
  return 0;
}
