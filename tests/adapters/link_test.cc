#include "adapters/link/link.h"

#include <gtest/gtest.h>

#include <set>

#include "routerd/base/clock.h"
#include "routerd/base/mailbox.h"
#include "tests/adapters/fake_routerd.h"

namespace adapters::link {
namespace {

using std::chrono::milliseconds;

// An adapter's loop, on the test's thread.
class Loop {
 public:
  explicit Loop(std::vector<std::string> addresses, std::string token = "") : mailbox_(10'000) {
    LinkOptions options;
    options.session.adapter = "webchat-1";
    options.session.address_count = addresses.size();
    options.session.reconnect_min = milliseconds(1);
    options.session.reconnect_max = milliseconds(2);
    options.addresses = std::move(addresses);
    options.token = std::move(token);
    link_ = std::make_unique<Link>(
        options, 0, [] { return 0.5; }, [this](LinkSignal signal) { mailbox_.Push(std::move(signal)); });
  }

  void Post(const std::string& source_id) {
    v1::ConnectRequest request;
    request.mutable_message()->set_source_id(source_id);
    ASSERT_TRUE(link_->session().Post(std::move(request)));
  }

  // Runs until `done`, or fails after a minute.
  template <typename Done>
  void RunUntil(Done done) {
    const Instant limit = clock_.Now() + std::chrono::minutes(1);
    std::vector<LinkSignal> batch;
    link_->Flush(clock_.Now());
    while (!done()) {
      ASSERT_LT(clock_.Now(), limit);
      const std::optional<Instant> next = link_->session().NextDeadline();
      mailbox_.Take(batch, clock_.SteadyTimeOf(std::min(next.value_or(limit), limit)));
      for (const LinkSignal& signal : batch) {
        const Received received = link_->Handle(signal, clock_.Now());
        if (received.answer) answered_.push_back(received.answer->request.message().source_id());
      }
      link_->session().Advance(clock_.Now());
      link_->session().Kept();
      link_->Flush(clock_.Now());
    }
  }

  Link& link() { return *link_; }
  const std::vector<std::string>& answered() const { return answered_; }

 private:
  routerd::base::SystemClock clock_;
  routerd::base::Mailbox<LinkSignal> mailbox_;
  std::unique_ptr<Link> link_;
  std::vector<std::string> answered_;
};

TEST(LinkTest, CarriesRequestsInOrder) {
  FakeRouterd routerd;
  Loop loop({routerd.address()}, "secret");
  std::vector<std::string> ids;
  for (int i = 0; i < 500; ++i) {
    ids.push_back("m" + std::to_string(i));
    loop.Post(ids.back());
  }
  loop.RunUntil([&] { return loop.answered().size() == ids.size(); });
  EXPECT_EQ(loop.answered(), ids);
  EXPECT_EQ(routerd.taken(), ids);
  EXPECT_EQ(routerd.tokens().front(), "Bearer secret");
}

TEST(LinkTest, BringsEverythingOverInOrderWhileStreamsBreak) {
  FakeRouterd routerd;
  routerd.BreakAfter(4);  // Hello and three requests.
  Loop loop({routerd.address()});
  std::vector<std::string> ids;
  for (int i = 0; i < 300; ++i) {
    ids.push_back("m" + std::to_string(i));
    loop.Post(ids.back());
  }
  loop.RunUntil([&] { return loop.answered().size() == ids.size(); });
  EXPECT_EQ(routerd.taken(), ids);
  EXPECT_GT(routerd.stream_count(), 50);
}

TEST(LinkTest, GoesToTheAddressThatAnswers) {
  std::string gone;
  { gone = FakeRouterd().address(); }
  FakeRouterd routerd;
  Loop loop({gone, routerd.address()});
  loop.Post("m");
  loop.RunUntil([&] { return !loop.answered().empty(); });
  EXPECT_EQ(routerd.taken(), std::vector<std::string>{"m"});
}

TEST(LinkTest, StopsWhileItIsOpen) {
  FakeRouterd routerd;
  Loop loop({routerd.address()});
  loop.RunUntil([&] { return loop.link().session().open(); });
  loop.link().Stop();
  loop.link().Stop();
}

}  // namespace
}  // namespace adapters::link
