// What wallboards are told, made once for all of them.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "routerd/base/http_server.h"
#include "routerd/engine/workspace.h"
#include "routerd/http/timer.h"
#include "routerd/session/principal.h"

namespace routerd::http {

// Pushes one workspace's figures to every wallboard that watches: {"statistics": Statistics, "agents": [Agent],
// "waiting": [Contact]}, each in protobuf's JSON form. Contacts are the head of the line, without anything that a
// customer said or is called.
//
//   idle --Add--> watching --the last Remove--> idle
//
// Order:   a new wallboard gets a picture at once; then one follows a change, at least kInterval after the one before,
//          and one every kRefresh because waits and estimates move without a change.
// Threads: any; the figures are taken on the workspace's writer and sent from its release thread.
class WallboardFeed : public std::enable_shared_from_this<WallboardFeed> {
 public:
  static constexpr std::chrono::milliseconds kInterval{1'000};
  static constexpr std::chrono::milliseconds kRefresh{5'000};
  static constexpr int kWaitingMax = 50;

  // Both outlive the feed's last use.
  WallboardFeed(engine::Workspace& workspace, Timer& timer) : workspace_(workspace), timer_(timer) {}

  void Add(std::shared_ptr<base::WebSocket> socket);
  void Remove(const std::shared_ptr<base::WebSocket>& socket);

 private:
  class Watcher;

  // Takes a picture in `wait`, unless one is due already.
  void Schedule(std::chrono::milliseconds wait);
  void Refresh();
  void Publish(std::string frame);
  void Changed();

  engine::Workspace& workspace_;
  Timer& timer_;
  std::mutex mutex_;
  std::set<std::shared_ptr<base::WebSocket>> sockets_;
  std::shared_ptr<Watcher> watcher_;
  bool refreshing_ = false;  // Asked, not answered.
  bool changed_ = false;     // Since it was asked.
  std::chrono::steady_clock::time_point asked_at_{};
  std::chrono::steady_clock::time_point due_at_ = std::chrono::steady_clock::time_point::max();
};

// A wallboard's WebSocket. Its first frame is {"token": "..."} (empty while the daemon is open); whoever is not a
// supervisor is told {"error": {"code", "reason", "message"}} and closed.
class WallboardSocket final : public base::WebSocketHandler {
 public:
  static constexpr std::chrono::seconds kTokenTimeout{30};

  WallboardSocket(std::shared_ptr<WallboardFeed> feed, const session::Authenticator& authenticator, Timer& timer,
                  std::string bearer);
  void OnOpen(std::shared_ptr<base::WebSocket> socket) override;
  void OnText(std::string_view text) override;
  void OnClosed(uint16_t code) override;

 private:
  const std::shared_ptr<WallboardFeed> feed_;
  const session::Authenticator& authenticator_;
  Timer& timer_;
  const std::string bearer_;
  std::shared_ptr<base::WebSocket> socket_;
  std::shared_ptr<std::atomic<bool>> watching_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace routerd::http
