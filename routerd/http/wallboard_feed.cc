#include "routerd/http/wallboard_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "routerd/base/error.h"
#include "routerd/http/json.h"
#include "routerd/http/work_socket.h"

namespace routerd::http {
namespace {

template <typename Messages>
void AppendList(std::string_view name, const Messages& messages, std::string& frame) {
  absl::StrAppend(&frame, ",\"", absl::string_view(name.data(), name.size()), "\":[");
  bool first = true;
  for (const auto& message : messages) {
    if (!std::exchange(first, false)) frame += ',';
    frame += ToJson(message);
  }
  frame += ']';
}

// Leaves of a contact what may hang on a wall.
void KeepNoCustomerText(v1::Contact& contact) {
  const std::string vip = contact.context().customer().vip();
  contact.clear_context();
  if (!vip.empty()) contact.mutable_context()->mutable_customer()->set_vip(vip);
  contact.clear_source_id();
}

std::string FrameOf(const engine::View& view) {
  std::string frame = absl::StrCat("{\"statistics\":", ToJson(view.Statistics()));
  AppendList("agents", view.Agents(false), frame);
  v1::ListContactsRequest request;
  request.set_state(v1::Contact::STATE_QUEUED);
  request.set_page_size(WallboardFeed::kWaitingMax);
  absl::StatusOr<v1::ListContactsResponse> waiting = view.Contacts(request);
  if (waiting.ok()) {
    for (v1::Contact& contact : *waiting->mutable_contacts()) KeepNoCustomerText(contact);
    AppendList("waiting", waiting->contacts(), frame);
  }
  frame += '}';
  return frame;
}

}  // namespace

// Hears of every event and looks into none.
class WallboardFeed::Watcher final : public engine::EventSink {
 public:
  explicit Watcher(std::weak_ptr<WallboardFeed> feed) : feed_(std::move(feed)) {}
  void Deliver(std::shared_ptr<const v1::Event>) override {
    if (const auto feed = feed_.lock()) feed->Changed();
  }
  void Close(absl::Status) override {}  // The workspace stops; kRefresh goes on until the sockets are gone.

 private:
  const std::weak_ptr<WallboardFeed> feed_;
};

void WallboardFeed::Add(std::shared_ptr<base::WebSocket> socket) {
  std::shared_ptr<Watcher> attach;
  {
    std::lock_guard lock(mutex_);
    sockets_.insert(std::move(socket));
    if (!watcher_) attach = watcher_ = std::make_shared<Watcher>(weak_from_this());
  }
  if (attach) {
    workspace_.Post(engine::AttachWatcher{std::nullopt, "", attach}, [](const absl::StatusOr<engine::Outcome>&) {});
  }
  Schedule(std::chrono::milliseconds(0));
}

void WallboardFeed::Remove(const std::shared_ptr<base::WebSocket>& socket) {
  std::shared_ptr<Watcher> detach;
  {
    std::lock_guard lock(mutex_);
    sockets_.erase(socket);
    if (sockets_.empty()) detach = std::exchange(watcher_, nullptr);
  }
  if (detach) workspace_.Post(engine::DetachWatcher{detach}, [](const absl::StatusOr<engine::Outcome>&) {});
}

void WallboardFeed::Changed() {
  std::chrono::milliseconds wait(0);
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(changed_, true)) return;  // It has been seen to.
    const auto earliest = asked_at_ + kInterval;
    const auto now = std::chrono::steady_clock::now();
    if (earliest > now) wait = std::chrono::ceil<std::chrono::milliseconds>(earliest - now);
  }
  Schedule(wait);
}

void WallboardFeed::Schedule(std::chrono::milliseconds wait) {
  {
    std::lock_guard lock(mutex_);
    const auto at = std::chrono::steady_clock::now() + wait;
    if (at >= due_at_) return;
    due_at_ = at;
  }
  timer_.After(wait, [weak = weak_from_this()] {
    if (const auto feed = weak.lock()) feed->Refresh();
  });
}

void WallboardFeed::Refresh() {
  {
    std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < due_at_ || sockets_.empty() || refreshing_) {
      if (sockets_.empty()) due_at_ = std::chrono::steady_clock::time_point::max();
      return;  // Another call is due, nobody watches, or Publish will see to it.
    }
    due_at_ = std::chrono::steady_clock::time_point::max();
    refreshing_ = true;
    changed_ = false;
    asked_at_ = now;
  }
  workspace_.Query([self = shared_from_this()](const engine::View& view) -> std::function<void()> {
    return [self, frame = FrameOf(view)]() mutable { self->Publish(std::move(frame)); };
  });
}

void WallboardFeed::Publish(std::string frame) {
  const auto shared = std::make_shared<const std::string>(std::move(frame));
  std::vector<std::shared_ptr<base::WebSocket>> sockets;
  bool changed = false;
  {
    std::lock_guard lock(mutex_);
    refreshing_ = false;
    changed = changed_;
    sockets.assign(sockets_.begin(), sockets_.end());
    // What fell due while the answer was on its way found it refreshing and left it to this.
    due_at_ = std::chrono::steady_clock::time_point::max();
  }
  for (const auto& socket : sockets) socket->Send(shared);
  Schedule(changed ? kInterval : kRefresh);
}

WallboardSocket::WallboardSocket(std::shared_ptr<WallboardFeed> feed, const session::Authenticator& authenticator,
                                 Timer& timer, std::string bearer)
    : feed_(std::move(feed)), authenticator_(authenticator), timer_(timer), bearer_(std::move(bearer)) {}

void WallboardSocket::OnOpen(std::shared_ptr<base::WebSocket> socket) {
  socket_ = std::move(socket);
  timer_.After(kTokenTimeout, [watching = watching_, socket = std::weak_ptr(socket_)] {
    if (*watching) return;
    if (const auto open = socket.lock()) open->Close(1008, "no token came");
  });
}

void WallboardSocket::OnText(std::string_view text) {
  if (*watching_) return;  // There is nothing else to say.
  google::protobuf::Struct first;
  std::string token = bearer_;
  if (google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &first).ok()) {
    const auto field = first.fields().find("token");
    if (field != first.fields().end() && !field->second.string_value().empty()) token = field->second.string_value();
  }
  const absl::StatusOr<session::Principal> principal = authenticator_.Authenticate(token);
  const absl::Status status =
      principal.ok() ? session::RequireRole(*principal, {v1::PrincipalConfig::SUPERVISOR}, "watch the wallboard")
                     : principal.status();
  if (!status.ok()) {
    socket_->Send(base::ErrorResponse(status).body);
    return socket_->Close(CloseCodeOf(status), "");
  }
  *watching_ = true;
  feed_->Add(socket_);
}

void WallboardSocket::OnClosed(uint16_t) {
  if (*watching_) feed_->Remove(socket_);
  socket_.reset();
}

}  // namespace routerd::http
