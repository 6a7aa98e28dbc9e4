#include "adapters/webchat/chat_store.h"

#include <gtest/gtest.h>

namespace adapters::webchat {
namespace {

class ChatStoreTest : public testing::Test {
 protected:
  ChatStoreTest() : store_(*ChatStore::Open(":memory:")) {}

  void Add(int64_t seq, const std::string& from, int64_t message, const std::string& text = "x") {
    ChatEvent event;
    event.seq = seq;
    event.kind = "msg";
    event.from = from;
    event.text = text;
    event.message = message;
    if (from == "customer") event.cid = "cid" + std::to_string(seq);
    store_->AddEvent("c", event);
  }
  ConversationRow Row(const std::string& id, int64_t ended_ms, const std::string& ending = "") {
    ConversationRow row;
    row.id = id;
    row.source_id = "site/" + id;
    row.state = ended_ms > 0 ? ChatState::kEnded : ChatState::kWaiting;
    row.ended_ms = ended_ms;
    row.ending = ending;
    return row;
  }

  std::unique_ptr<ChatStore> store_;
};

TEST_F(ChatStoreTest, ReturnsTheLastEventsOldestFirst) {
  for (int i = 1; i <= 10; ++i) Add(i, "agent", i);
  const std::vector<ChatEvent> events = store_->EventsBefore("c", 11, 4, 3, 1'000);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events.front().seq, 8);
  EXPECT_EQ(events.back().seq, 10);
}

TEST_F(ChatStoreTest, BoundsAReplayByBytesButReturnsOneEvent) {
  for (int i = 1; i <= 4; ++i) Add(i, "agent", i, std::string(600, 'x'));
  EXPECT_EQ(store_->EventsBefore("c", 5, 0, 10, 1'300).size(), 2u);
  EXPECT_EQ(store_->EventsBefore("c", 5, 0, 10, 10).size(), 1u);
}

TEST_F(ChatStoreTest, FindsHowFarASideHasRead) {
  Add(1, "customer", 1);
  Add(2, "agent", 3);
  Add(3, "customer", 4);
  EXPECT_EQ(store_->LastOwnUpTo("c", 3)->seq, 1);
  EXPECT_EQ(store_->LastOwnUpTo("c", 9)->seq, 3);
  EXPECT_FALSE(store_->LastOwnUpTo("c", 0));
  EXPECT_EQ(store_->LastMessageUpTo("c", 3), 3);
  EXPECT_EQ(store_->LastMessageUpTo("c", 1), 0);
}

TEST_F(ChatStoreTest, TakesUpWhatIsLiveAndWhatRouterdMustStillEnd) {
  store_->PutConversation(Row("live", 0));
  store_->PutConversation(Row("over", 5));
  store_->PutConversation(Row("ending", 5, "customer_closed"));
  std::vector<std::string> ids;
  for (const ConversationRow& row : store_->LiveConversations()) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"ending", "live"}));
}

TEST_F(ChatStoreTest, ForgetsWhatIsOld) {
  store_->PutConversation(Row("old", 5));
  store_->PutConversation(Row("new", 500));
  store_->PutToken("t", {"v", "", 1, 90});
  store_->PutVisitor({"v", "site", "", "old", 5});
  store_->Prune(100, 100, 10);
  EXPECT_FALSE(store_->FindConversation("old"));
  EXPECT_TRUE(store_->FindConversation("new"));
  EXPECT_FALSE(store_->FindToken("t"));
  EXPECT_FALSE(store_->FindVisitor("v"));
}

TEST_F(ChatStoreTest, KeepsTheNewestTokens) {
  for (int i = 0; i < 5; ++i) store_->PutToken("t" + std::to_string(i), {"v", "", i, 1'000});
  store_->LimitTokens("v", 2);
  EXPECT_FALSE(store_->FindToken("t2"));
  EXPECT_TRUE(store_->FindToken("t3"));
  EXPECT_TRUE(store_->FindToken("t4"));
}

}  // namespace
}  // namespace adapters::webchat
