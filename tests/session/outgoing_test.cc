#include "routerd/session/outgoing.h"

#include <string>

#include "gtest/gtest.h"
#include "routerd/v1/event.pb.h"

namespace routerd::session {
namespace {

using Buffer = Outgoing<v1::Event>;

// An event whose text alone has `size` bytes.
std::shared_ptr<const v1::Event> Event(int64_t sequence, size_t size = 1) {
  auto event = std::make_shared<v1::Event>();
  event->set_sequence(sequence);
  event->set_contact(std::string(size, 'x'));
  return event;
}

TEST(OutgoingTest, WritesOneAtATimeInOrder) {
  Buffer buffer(1'000);
  EXPECT_EQ(buffer.Push(Event(1)).write->sequence(), 1);
  EXPECT_EQ(buffer.Push(Event(2)).write, nullptr);
  EXPECT_EQ(buffer.Push(Event(3)).write, nullptr);
  const Buffer::Next second = buffer.Written(true);
  EXPECT_EQ(second.write->sequence(), 2);
  EXPECT_TRUE(second.more);
  const Buffer::Next third = buffer.Written(true);
  EXPECT_EQ(third.write->sequence(), 3);
  EXPECT_FALSE(third.more);
  EXPECT_EQ(buffer.Written(true).write, nullptr);
  EXPECT_EQ(buffer.bytes(), 0u);
}

TEST(OutgoingTest, SendsWhatWaitsBeforeItFinishes) {
  Buffer buffer(1'000);
  buffer.Push(Event(1));
  buffer.Push(Event(2));
  const Buffer::Next closed = buffer.Close(absl::OkStatus());
  EXPECT_TRUE(closed.closed);
  EXPECT_FALSE(closed.finish);
  EXPECT_EQ(buffer.Push(Event(3)).write, nullptr) << "what comes later is dropped";
  EXPECT_EQ(buffer.Written(true).write->sequence(), 2);
  const Buffer::Next last = buffer.Written(true);
  EXPECT_EQ(last.write, nullptr);
  EXPECT_EQ(last.finish, absl::OkStatus());
  EXPECT_FALSE(last.closed) << "closing is told once";
}

TEST(OutgoingTest, FinishesOnceAndAtOnceWhenNothingWaits) {
  Buffer buffer(1'000);
  const Buffer::Next next = buffer.Close(absl::AbortedError("first"));
  EXPECT_TRUE(next.closed);
  EXPECT_EQ(next.finish, absl::AbortedError("first"));
  const Buffer::Next again = buffer.Close(absl::InternalError("second"));
  EXPECT_FALSE(again.closed);
  EXPECT_FALSE(again.finish);
}

TEST(OutgoingTest, ClosesForAReaderWhoIsTooSlowAndStillSendsWhatItTook) {
  Buffer buffer(250);
  buffer.Push(Event(1, 100));
  buffer.Push(Event(2, 100));
  buffer.Push(Event(3, 100));
  const Buffer::Next over = buffer.Push(Event(4, 100));
  EXPECT_TRUE(over.closed);
  EXPECT_EQ(buffer.Written(true).write->sequence(), 2);
  EXPECT_EQ(buffer.Written(true).write->sequence(), 3);
  const Buffer::Next last = buffer.Written(true);
  ASSERT_TRUE(last.finish);
  EXPECT_EQ(last.finish->code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(*last.finish), "READER_TOO_SLOW");
}

TEST(OutgoingTest, TakesOneMessageLargerThanItself) {
  Buffer buffer(10);
  EXPECT_FALSE(buffer.Push(Event(1, 100)).closed);
  EXPECT_FALSE(buffer.Push(Event(2, 100)).closed);
  EXPECT_TRUE(buffer.Push(Event(3, 100)).closed);
}

TEST(OutgoingTest, DropsWhatWaitsForAReaderWhoIsGone) {
  Buffer buffer(1'000);
  buffer.Push(Event(1));
  buffer.Push(Event(2));
  const Buffer::Next gone = buffer.Written(false);
  EXPECT_TRUE(gone.closed);
  EXPECT_EQ(gone.write, nullptr);
  ASSERT_TRUE(gone.finish);
  EXPECT_EQ(buffer.bytes(), 0u);
}

}  // namespace
}  // namespace routerd::session
