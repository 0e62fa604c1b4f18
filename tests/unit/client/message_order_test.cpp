// What a relay does to the order of messages is found out by the next message that tells; and an honest one
// is never accused.
#include "voiceclient/core/message_order.h"

#include <gtest/gtest.h>

namespace hubbub::client {
namespace {

using Finding = MessageOrder::Finding;

session::EntryDigest digest(int mark) {
  session::EntryDigest digest{};
  digest.fill(static_cast<std::byte>(mark));
  return digest;
}

class MessageOrderTest : public testing::Test {
 protected:
  // A message of this author's run, at this number, which had seen that one.
  Finding hear(std::uint64_t number, int author, std::uint32_t count, std::uint64_t seen = 0,
               int seen_mark = -1, std::uint64_t run = 1) {
    session::Message message;
    message.author.fill(static_cast<std::byte>(author));
    message.run = run;
    message.count = count;
    message.seen = seen;
    message.seen_digest = digest(seen_mark < 0 ? static_cast<int>(seen) : seen_mark);
    const Finding finding = order_.check(number, message);
    order_.passed(number, digest(static_cast<int>(number)));
    return finding;
  }
  MessageOrder order_;
};

TEST_F(MessageOrderTest, AnHonestLogIsNotAccused) {
  EXPECT_EQ(hear(1, 1, 5), Finding::kNone) << "of who wrote before we came";
  EXPECT_EQ(hear(2, 2, 1, 1), Finding::kNone);
  EXPECT_EQ(hear(3, 1, 6, 1), Finding::kNone) << "written before the other came";
  EXPECT_EQ(hear(10, 1, 7, 3), Finding::kNone);
  EXPECT_EQ(hear(11, 1, 1, 10, -1, 2), Finding::kNone) << "the author's program began anew";
  EXPECT_EQ(order_.newest(), 11U);
  EXPECT_EQ(order_.newest_digest(), digest(11));
}

TEST_F(MessageOrderTest, AMissingMessageIsFoundByTheNext) {
  EXPECT_EQ(hear(1, 1, 1), Finding::kNone);
  EXPECT_EQ(hear(2, 2, 1), Finding::kNone);
  EXPECT_EQ(hear(4, 1, 3), Finding::kMissing);
  EXPECT_EQ(hear(5, 1, 4), Finding::kNone) << "said once";
}

TEST_F(MessageOrderTest, ReorderedOnesAreFound) {
  EXPECT_EQ(hear(1, 1, 2), Finding::kNone);
  EXPECT_EQ(hear(2, 1, 1), Finding::kReordered);
  EXPECT_EQ(hear(3, 1, 2), Finding::kReordered) << "and so is one that counts what was counted";
  EXPECT_EQ(hear(4, 2, 1, 9), Finding::kReordered) << "its author had seen what comes later";
  EXPECT_EQ(hear(5, 2, 2, 5), Finding::kReordered);
}

TEST_F(MessageOrderTest, AnotherLogThanOursIsFound) {
  EXPECT_EQ(hear(1, 1, 1), Finding::kNone);
  EXPECT_EQ(hear(2, 2, 1, 1, 99), Finding::kForked);
  EXPECT_EQ(hear(3, 2, 2, 2), Finding::kNone);
}

TEST_F(MessageOrderTest, AnEntryThatWeWereNotGivenIsFoundByWhoHadSeenIt) {
  EXPECT_EQ(hear(5, 1, 1), Finding::kNone);
  EXPECT_EQ(hear(7, 2, 1, 6), Finding::kUnseen) << "after all of ours";
  EXPECT_EQ(hear(8, 3, 1, 6), Finding::kUnseen) << "between two of ours";
  EXPECT_EQ(hear(9, 4, 1, 4), Finding::kNone) << "before all of ours, when we were not here";
  EXPECT_EQ(hear(10, 2, 2, 6, 5), Finding::kNone) << "ours, under another number";
}

TEST_F(MessageOrderTest, OverAGapNobodyIsAccused) {
  EXPECT_EQ(hear(1, 1, 1), Finding::kNone);
  order_.gap();
  EXPECT_EQ(hear(100, 1, 50, 90), Finding::kNone);
  EXPECT_EQ(hear(101, 1, 52), Finding::kMissing) << "but from there on";
}

TEST_F(MessageOrderTest, ALogThatBeganAnewHasItsOwnDigests) {
  EXPECT_EQ(hear(100, 1, 1), Finding::kNone);
  EXPECT_EQ(hear(1, 2, 1), Finding::kNone);
  EXPECT_EQ(order_.newest(), 1U);
  EXPECT_EQ(hear(101, 1, 2, 100, 7), Finding::kUnseen) << "and nothing of the old log's";
}

TEST_F(MessageOrderTest, WhatARestartedRelayRenumberedIsKnownByItsDigest) {
  EXPECT_EQ(hear(10, 1, 1), Finding::kNone);
  EXPECT_EQ(hear(11, 1, 2, 10), Finding::kNone);
  order_.begin_anew();
  EXPECT_EQ(order_.newest(), 0U);
  EXPECT_EQ(hear(10, 1, 3), Finding::kNone) << "all that it had stored";
  EXPECT_EQ(hear(101, 2, 1, 11), Finding::kNone) << "we had seen 11, too";
  EXPECT_EQ(hear(102, 3, 1, 11, 7), Finding::kUnseen) << "but not that";
}

// A relay that forgets everything is sent again what stood before the last fifty that we were given.
TEST_F(MessageOrderTest, WhatComesAgainFromBeforeOurTimeIsNotReordered) {
  EXPECT_EQ(hear(10, 1, 5), Finding::kNone);
  EXPECT_EQ(hear(11, 1, 3), Finding::kReordered) << "in the same log it is";
  order_.begin_anew();
  EXPECT_EQ(hear(101, 1, 3), Finding::kEarlier);
  EXPECT_EQ(hear(102, 1, 4), Finding::kEarlier);
  EXPECT_EQ(hear(103, 1, 6), Finding::kNone);
  EXPECT_EQ(hear(104, 1, 5), Finding::kReordered) << "of our time";
}

TEST_F(MessageOrderTest, RemembersSoMuchAndNoMore) {
  for (std::uint64_t number = 1; number <= 3 * MessageOrder::kMaxDigests; ++number)
    ASSERT_EQ(hear(number, 1, static_cast<std::uint32_t>(number)), Finding::kNone);
  constexpr std::uint64_t kNext = 3 * MessageOrder::kMaxDigests + 1;
  EXPECT_EQ(hear(kNext, 2, 1, 5, 6), Finding::kNone) << "too long ago to tell";
  EXPECT_EQ(hear(kNext + 1, 2, 2, kNext - MessageOrder::kMaxDigests / 2, 6), Finding::kForked);
}

}  // namespace
}  // namespace hubbub::client
