// The web chat adapter as a part of a program: ChatHub on an HTTP server, a stream to routerd and a thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/link/link.h"
#include "adapters/webchat/chat_store.h"
#include "adapters/webchat/hub.h"
#include "routerd/base/clock.h"
#include "routerd/base/http_server.h"
#include "routerd/base/mailbox.h"

namespace adapters::webchat {

struct Persona {
  std::string id;
  std::string display_name;
  std::string note;
};

struct WebChatOptions {
  HubOptions hub;
  link::LinkOptions link;
  std::string store_path;
  std::set<std::string> public_origins;  // Of this server's own pages; empty: what the Host header says.
  bool allow_missing_origin = false;
  std::set<std::string> trusted_proxies;
  std::string demo_site;  // Empty: no demo page.
  std::vector<Persona> personas;
};

struct WebChatStats {
  HubStats hub;
  bool linked = false;
  size_t outbox_requests = 0;
  size_t outbox_bytes = 0;
};

// A WebChat runs one adapter.
//   made --Mount, Start--> running --Stop--> stopped (final)
//
// Everything that comes (frames, routerd's events, time) is put into one mailbox and taken in batches by one thread,
// which commits each batch before it lets anything out.
//
// Threads: Mount, Start and Stop from the owner's thread; the rest from any.
// Errors:  when the store fails, `failed` is called once, on the adapter's thread, and nothing more is let out; the
//          owner ends the program, and pages and routerd resume with the next one.
class WebChat {
 public:
  static absl::StatusOr<std::unique_ptr<WebChat>> Open(WebChatOptions options,
                                                       std::function<void(const absl::Status&)> failed);
  ~WebChat();  // Stops.

  // Routes the chat's paths of `server` here; before it starts. The adapter must outlive the server's serving.
  void Mount(routerd::base::HttpServer& server);
  void Start();
  // Tells pages goodbye, closes their sockets and the stream. Call it before the server's Stop.
  void Stop();

  WebChatStats stats() const;

 private:
  class SocketHandler;
  struct SocketOpened {
    SocketId id;
    std::shared_ptr<routerd::base::WebSocket> socket;
    SocketSource source;
  };
  struct SocketText {
    SocketId id;
    std::string text;
  };
  struct SocketClosed {
    SocketId id;
  };
  struct StopNow {};
  using Input = std::variant<SocketOpened, SocketText, SocketClosed, link::LinkSignal, StopNow>;

  WebChat(WebChatOptions options, std::unique_ptr<ChatStore> store, std::function<void(const absl::Status&)> failed);

  absl::StatusOr<routerd::base::WebSocketAccept> Accept(const routerd::base::HttpRequest& upgrade);
  void MountDemo(routerd::base::HttpServer& server);
  void Run();
  void Take(Input input, Instant now);
  void Perform();
  void PublishStats();

  const WebChatOptions options_;
  const std::function<void(const absl::Status&)> failed_;
  routerd::base::SystemClock clock_;
  routerd::base::Mailbox<Input> mailbox_;
  std::unique_ptr<ChatStore> store_;
  std::unique_ptr<link::Link> link_;
  std::unique_ptr<ChatHub> hub_;
  std::atomic<SocketId> last_socket_{0};
  std::unordered_map<SocketId, std::shared_ptr<routerd::base::WebSocket>> sockets_;
  bool stopping_ = false;
  std::thread thread_;
  mutable std::mutex stats_mutex_;
  WebChatStats stats_;
};

}  // namespace adapters::webchat
