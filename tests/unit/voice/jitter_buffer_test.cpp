#include "codec/voice/jitter_buffer.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace hubbub::voice {
namespace {

constexpr int kFrame = 960;  // 20 ms
constexpr Duration kDelay = 60ms;

// Puts numbered packets in, and writes down what comes out: a number for a packet, '-' for concealment, '.'
// for silence.
class JitterBufferTest : public ::testing::Test {
 protected:
  // Packet `number` of a stream whose packet 0 was spoken at time zero, arriving at `at`.
  void put(int number, Duration at, bool marker = false, std::int64_t pause_samples = 0) {
    const std::byte tag{static_cast<std::uint8_t>(number)};
    const RtpHeader header{
        .marker = marker,
        .sequence = SequenceNumber{first_sequence_} + number,
        .timestamp = RtpTime{first_timestamp_} + (std::int64_t{number} * kFrame + pause_samples),
        .ssrc = 1};
    buffer_.put(start_ + at, header, std::span(&tag, 1), kFrame);
  }
  // Takes one frame each 20 ms from `from` until before `to`.
  std::string take(Duration from, Duration to) {
    std::string heard;
    for (Duration at = from; at < to; at += 20ms) {
      const auto taken = buffer_.take(start_ + at);
      if (taken.kind == JitterBuffer::Kind::kNothing) heard += '.';
      if (taken.kind == JitterBuffer::Kind::kConceal) heard += '-';
      if (taken.kind == JitterBuffer::Kind::kFrame)
        heard += static_cast<char>('0' + std::to_integer<int>(taken.payload[0]));
    }
    return heard;
  }

  std::uint16_t first_sequence_ = 1'000;
  std::uint32_t first_timestamp_ = 5'000'000;
  TimePoint start_{24h};
  JitterBuffer buffer_{kDelay};
};

TEST_F(JitterBufferTest, WaitsForItsDelayThenPlaysInOrder) {
  for (int i = 0; i < 5; ++i) put(i, 20ms * i);
  EXPECT_EQ(take(0ms, 60ms), "...");
  EXPECT_EQ(take(60ms, 160ms), "01234");
  EXPECT_EQ(buffer_.stats().played, 5U);
  EXPECT_EQ(buffer_.stats().lost, 0U);
}

TEST_F(JitterBufferTest, ZeroDelayPlaysAtOnce) {
  buffer_ = JitterBuffer(0ms);
  put(0, 0ms);
  EXPECT_EQ(take(0ms, 20ms), "0");
}

TEST_F(JitterBufferTest, PutsReorderedPacketsRightAndCountsThem) {
  put(0, 0ms);
  put(2, 20ms);
  put(1, 40ms);
  put(3, 60ms);
  EXPECT_EQ(take(60ms, 140ms), "0123");
  EXPECT_EQ(buffer_.stats().reordered, 1U);
  EXPECT_EQ(buffer_.stats().lost, 0U);
}

TEST_F(JitterBufferTest, StartsWithTheEarliestPacketEvenIfItCameSecond) {
  put(1, 0ms);
  put(0, 5ms);
  EXPECT_EQ(take(60ms, 100ms).back(), '1');
  EXPECT_EQ(buffer_.stats().played, 2U);
  EXPECT_EQ(buffer_.stats().late, 0U);
  EXPECT_EQ(buffer_.stats().lost, 0U);
}

TEST_F(JitterBufferTest, DropsDuplicatesBeforeAndAfterPlayout) {
  put(0, 0ms);
  put(0, 1ms);
  put(1, 20ms);
  EXPECT_EQ(take(60ms, 80ms), "0");
  put(0, 80ms);
  EXPECT_EQ(take(80ms, 100ms), "1");
  EXPECT_EQ(buffer_.stats().duplicates, 2U);
  EXPECT_EQ(buffer_.stats().received, 2U);
}

TEST_F(JitterBufferTest, ConcealsAGapAndCountsItLost) {
  put(0, 0ms);
  put(3, 60ms);
  put(4, 80ms);
  EXPECT_EQ(take(60ms, 160ms), "0--34");
  EXPECT_EQ(buffer_.stats().lost, 2U);
  EXPECT_EQ(buffer_.stats().late, 0U);
  EXPECT_EQ(buffer_.stats().concealed, 2U * kFrame);
}

TEST_F(JitterBufferTest, TellsLateFromLost) {
  put(0, 0ms);
  put(2, 40ms);
  put(3, 60ms);
  EXPECT_EQ(take(60ms, 100ms), "0-");
  put(1, 100ms);
  EXPECT_EQ(take(100ms, 140ms), "23");
  EXPECT_EQ(buffer_.stats().late, 1U);
  EXPECT_EQ(buffer_.stats().lost, 0U);
  put(1, 140ms);
  EXPECT_EQ(buffer_.stats().duplicates, 1U) << "a late packet's copy is a duplicate";
}

TEST_F(JitterBufferTest, AnEndedSpurtFadesAndIsNoLoss) {
  put(0, 0ms);
  put(1, 20ms);
  EXPECT_EQ(take(60ms, 100ms), "01");
  const auto taken = buffer_.take(start_ + 100ms);
  EXPECT_EQ(taken.kind, JitterBuffer::Kind::kConceal);
  EXPECT_TRUE(taken.ending);
  EXPECT_EQ(take(120ms, 260ms), "----...") << "concealment ends after 100 ms in all";
  // Half a second later it speaks again, media time having gone on.
  put(2, 600ms, true, 28 * kFrame);
  put(3, 620ms, false, 28 * kFrame);
  EXPECT_EQ(take(600ms, 700ms), "...23");
  EXPECT_EQ(buffer_.stats().lost, 0U);
  EXPECT_EQ(buffer_.stats().concealed, 0U) << "a pause is not missing speech";
}

TEST_F(JitterBufferTest, APauseShorterThanTheConcealmentIsNoLossEither) {
  put(0, 0ms);
  EXPECT_EQ(take(60ms, 80ms), "0");
  put(1, 80ms, true, 3 * kFrame);  // 60 ms of pause: due at 140 ms
  EXPECT_EQ(take(80ms, 160ms), "...1");
  EXPECT_EQ(buffer_.stats().concealed, 0U);
}

TEST_F(JitterBufferTest, AnUnluckyFirstPacketDoesNotFixTheDelay) {
  put(0, 40ms);  // 40 ms slower than those that follow
  put(1, 40ms);
  put(2, 42ms);
  put(3, 60ms);
  EXPECT_EQ(take(60ms, 140ms), "0123") << "60 ms after the fastest packet's transit, not after the first's";
}

TEST_F(JitterBufferTest, RelearnsAPathThatGotSlowerForGood) {
  for (int i = 0; i < 10; ++i) put(i, 20ms * i);
  EXPECT_EQ(take(60ms, 260ms), "0123456789");
  // From now on everything comes 300 ms later than before.
  std::string heard = take(260ms, 500ms);
  for (int i = 10; i < 80; ++i) {
    put(i, 300ms + 20ms * i);
    heard += take(300ms + 20ms * i, 320ms + 20ms * i);
  }
  // Late speech is not played in its wrong place; after half a second of it the new transit is believed.
  EXPECT_LE(buffer_.stats().late, 26U);
  EXPECT_GE(buffer_.stats().late, 20U);
  EXPECT_EQ(buffer_.stats().lost, 0U);
  EXPECT_GE(buffer_.stats().played, 10U + 70 - 26 - 4);
}

TEST_F(JitterBufferTest, ALongOutageResumesWithinItsDelay) {
  for (int i = 0; i < 5; ++i) put(i, 20ms * i);
  EXPECT_EQ(take(60ms, 160ms), "01234");
  static_cast<void>(take(160ms, 5'000ms));
  put(250, 5'000ms);
  put(251, 5'020ms);
  std::string heard = take(5'000ms, 5'100ms);
  EXPECT_EQ(heard.substr(0, 3), "...");
  EXPECT_EQ(buffer_.stats().played, 7U);
  EXPECT_EQ(buffer_.stats().lost, 245U);
  EXPECT_LE(buffer_.stats().concealed, 5U * kFrame);
}

TEST_F(JitterBufferTest, FollowsTheSequenceNumberAroundItsEnd) {
  first_sequence_ = 65'534;
  first_timestamp_ = 0xFFFFFFFF - 2 * kFrame;
  for (int i = 0; i < 6; ++i) put(i, 20ms * i);
  EXPECT_EQ(take(60ms, 180ms), "012345");
  EXPECT_EQ(buffer_.stats().lost, 0U);
}

TEST_F(JitterBufferTest, AStrayPacketIsIgnoredButARestartIsFollowed) {
  for (int i = 0; i < 3; ++i) put(i, 20ms * i);
  put(20'000, 61ms);  // a stray: nothing follows it
  EXPECT_EQ(take(60ms, 120ms), "012");
  EXPECT_EQ(buffer_.stats().restarts, 0U);
  first_sequence_ = 40'000;
  first_timestamp_ = 77;
  put(0, 1'000ms);
  put(1, 1'020ms);
  put(2, 1'040ms);
  EXPECT_EQ(take(1'080ms, 1'120ms), "12");
  EXPECT_EQ(buffer_.stats().restarts, 1U);
}

TEST_F(JitterBufferTest, HoldsNoMoreThanItsSlots) {
  for (int i = 0; i < 500; ++i) put(i, 20ms * i);  // nobody listens
  EXPECT_LE(buffer_.depth(), 20ms * static_cast<int>(JitterBuffer::kSlots));
  EXPECT_EQ(buffer_.stats().received, 500U);
}

TEST_F(JitterBufferTest, MeasuresJitterAsRfc3550Does) {
  for (int i = 0; i < 400; ++i) put(i, 20ms * i + (i % 2 == 0 ? 0ms : 10ms));
  // Transit alternates by 10 ms, so the mean deviation tends to 10 ms.
  EXPECT_NEAR(to_ms(buffer_.stats().jitter), 10.0, 0.2);
}

}  // namespace
}  // namespace hubbub::voice
