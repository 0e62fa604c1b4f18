// Our messages on their way: sent until they are acknowledged, kept until they cannot be lost, in their
// order.
#include "voiceclient/core/outbox.h"

#include <gtest/gtest.h>

#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed.h"

namespace hubbub::client {
namespace {

using Sequences = std::vector<std::uint32_t>;
constexpr TimePoint kStart{1h};

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() { outbox_.welcome(now_, {.epoch = 1}); }

  void write(std::size_t count, std::size_t bytes = 20) {
    for (std::size_t i = 0; i < count; ++i) {
      std::array<std::byte, 16> id{};
      ByteWriter writer(id);
      writer.u64(written_++);
      outbox_.add(now_, id, std::vector<std::byte>(bytes));
    }
  }
  // What is sent now, in as many datagrams as `datagrams_` then says.
  Sequences send(std::optional<Duration> round_trip = 40ms) {
    Sequences sent;
    datagrams_ = 0;
    outbox_.send_due(now_, round_trip, [&](std::span<const std::byte> elements) {
      ++datagrams_;
      EXPECT_LE(elements.size(), Envelope::kMaxPlaintextBytes);
      ElementReader reader(elements);
      while (const auto element = reader.next()) {
        const auto text = TextElement::parse(element->body);
        EXPECT_TRUE(text.ok());
        sent.push_back(text->sequence);
        floor_ = text->floor;
      }
    });
    return sent;
  }
  const Outbox::Item* ack(std::uint32_t sequence, std::uint64_t number) {
    return outbox_.acknowledge(now_, {.sequence = sequence, .number = number, .previous = number - 1});
  }
  static Sequences up_to(std::uint32_t first, std::uint32_t end) {
    Sequences all;
    for (; first < end; ++first) all.push_back(first);
    return all;
  }

  TimePoint now_ = kStart;
  Outbox outbox_;
  std::uint64_t written_ = 0;
  std::size_t datagrams_ = 0;
  std::uint32_t floor_ = 0;
};

TEST_F(OutboxTest, SendsAtOnceAndThenNothingUntilItIsTime) {
  EXPECT_TRUE(send().empty());
  write(3);
  EXPECT_EQ(send(), up_to(0, 3));
  EXPECT_EQ(datagrams_, 1U) << "as many to an envelope as fit";
  EXPECT_TRUE(send().empty());
  write(1);
  EXPECT_EQ(send(), Sequences{3}) << "what is new goes out at once";
  EXPECT_EQ(outbox_.waiting(), 4U);
}

TEST_F(OutboxTest, SendsAgainMoreAndMoreSlowlyUntilItIsAcknowledged) {
  write(2);
  send();
  std::vector<Duration> at;
  for (const TimePoint begun = now_; now_ - begun < 10s; now_ += 10ms) {
    if (!send().empty()) at.push_back(now_ - begun);
  }
  ASSERT_GE(at.size(), 8U);
  EXPECT_LE(at.size(), 14U);
  EXPECT_EQ(at[0], 100ms) << "no sooner than twice a round trip, nor than 100 ms";
  for (std::size_t i = 1; i < at.size(); ++i) EXPECT_LE(at[i] - at[i - 1], 1'010ms);
  EXPECT_EQ(ack(1, 5)->sequence, 1U);
  now_ += 10s;
  EXPECT_TRUE(send().empty());
  EXPECT_EQ(outbox_.waiting(), 0U) << "it is taken in order, so the one before is there too";
}

TEST_F(OutboxTest, ASlowRoundTripIsWaitedForTwice) {
  write(1);
  send(300ms);
  now_ += 590ms;
  EXPECT_TRUE(send(300ms).empty());
  now_ += 10ms;
  EXPECT_EQ(send(300ms).size(), 1U);
}

TEST_F(OutboxTest, HasSoManyUnderWayAndMovesOnWithTheirAcknowledgements) {
  write(100);
  EXPECT_EQ(send(), up_to(0, Outbox::kWindow));
  EXPECT_EQ(ack(3, 4)->sequence, 3U);
  EXPECT_EQ(send(), up_to(Outbox::kWindow, Outbox::kWindow + 4));
  EXPECT_EQ(floor_, 4U);
  EXPECT_EQ(ack(1, 2)->sequence, 1U) << "news of where it stands, and nothing else";
  EXPECT_TRUE(send().empty());
  EXPECT_EQ(ack(1, 2), nullptr) << "said before";
  now_ += 2s;
  EXPECT_EQ(send(), up_to(4, Outbox::kWindow + 4)) << "again from the first that is missing";
}

TEST_F(OutboxTest, AcknowledgementsOfWhatWasNeverSentAreNothing) {
  EXPECT_EQ(ack(0, 1), nullptr);
  write(2);
  EXPECT_EQ(ack(2, 1), nullptr);
  EXPECT_EQ(ack(0xFFFF'FFFF, 1), nullptr);
  EXPECT_EQ(outbox_.waiting(), 2U);
}

TEST_F(OutboxTest, TakesSoManyAndNoMore) {
  write(Outbox::kMaxWaiting - 1);
  EXPECT_FALSE(outbox_.full());
  write(1);
  EXPECT_TRUE(outbox_.full());
  ack(0, 1);
  EXPECT_FALSE(outbox_.full());
}

TEST_F(OutboxTest, ARelayThatKnowsNothingOfUsIsSentAllThatItMayNotHave) {
  write(5);
  send();
  ack(4, 5);
  EXPECT_EQ(outbox_.unstored(), 5U);
  outbox_.welcome(now_, {.epoch = 1});
  EXPECT_TRUE(send().empty()) << "it is the one that we know";
  outbox_.stored(0);
  outbox_.welcome(now_, {.epoch = 2});
  EXPECT_EQ(outbox_.waiting(), 5U);
  EXPECT_EQ(send(), up_to(0, 5));
  EXPECT_EQ(floor_, 0U);
  const auto* again = ack(0, 105);
  ASSERT_NE(again, nullptr) << "they stand elsewhere now";
  EXPECT_EQ(again->number, 105U);
}

TEST_F(OutboxTest, WhatIsStoredIsNeverSentAgain) {
  write(5);
  send();
  for (std::uint32_t i = 0; i < 5; ++i) ack(i, 10 + i);
  outbox_.stored(12);
  EXPECT_EQ(outbox_.unstored(), 2U);
  outbox_.welcome(now_, {.stored_text = 13, .epoch = 1});
  EXPECT_EQ(outbox_.unstored(), 1U);
  outbox_.welcome(now_, {.stored_text = 13, .epoch = 2});
  EXPECT_EQ(send(), up_to(4, 5));
}

// Others were here again before us: what they wrote again is stored already, and stands behind all numbers
// that ours ever had.
TEST_F(OutboxTest, WhatIsStoredOfANewLogIsNotOurs) {
  write(5);
  send();
  for (std::uint32_t i = 0; i < 5; ++i) ack(i, 10 + i);
  outbox_.welcome(now_, {.stored_text = 1'000, .epoch = 2});
  EXPECT_EQ(send(), up_to(0, 5));
  ack(4, 1'005);
  outbox_.stored(1'004);
  EXPECT_EQ(outbox_.unstored(), 5U) << "the others stand somewhere before 1005";
  outbox_.stored(1'005);
  EXPECT_EQ(outbox_.unstored(), 0U);
}

// Of five in one envelope the relay may say so once more for the last alone: where the others stand we then
// do not know, but that they stand before it.
TEST_F(OutboxTest, WhatStandsBeforeSomethingStoredIsStoredToo) {
  write(3);
  send();
  ack(2, 30);
  outbox_.stored(29);
  EXPECT_EQ(outbox_.unstored(), 3U);
  outbox_.stored(30);
  EXPECT_EQ(outbox_.unstored(), 0U);
}

TEST_F(OutboxTest, WhatIsAcknowledgedIsKeptForSoLongAndInSuchNumbers) {
  write(1);
  send();
  ack(0, 1);
  now_ += Outbox::kKeptFor - 1ns;
  outbox_.welcome(now_, {.epoch = 1});
  EXPECT_EQ(outbox_.unstored(), 1U);
  now_ += 1ns;
  outbox_.welcome(now_, {.epoch = 1});
  EXPECT_EQ(outbox_.unstored(), 0U);
  for (std::uint32_t i = 1; i < Outbox::kMaxKept + 10; ++i) {
    write(1);
    ack(i, 1 + i);
  }
  EXPECT_LE(outbox_.unstored(), Outbox::kMaxKept + 1);
}

TEST_F(OutboxTest, WhatNeverArrivedIsKeptHoweverLong) {
  write(1);
  now_ += 10 * Outbox::kKeptFor;
  outbox_.welcome(now_, {.epoch = 2});
  EXPECT_EQ(send(), Sequences{0});
}

TEST_F(OutboxTest, TheLargestGoOneToAnEnvelope) {
  write(3, LogEntryElement::kMaxObjectBytes);
  EXPECT_EQ(send(), up_to(0, 3));
  EXPECT_EQ(datagrams_, 3U);
}

}  // namespace
}  // namespace hubbub::client
