// The voices of a sealed room: held until their stream has shown that it is of now, heard from there on and
// no earlier, and never more of them than there is a place for.
#include "voiceclient/core/sealed_streams.h"

#include <gtest/gtest.h>

#include "codec/repair/encoder.h"
#include "codec/wire/voice_elements.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::client {
namespace {

constexpr TimePoint kStart{1h};
constexpr std::uint32_t kFirst = SealedFrame::kLeast + 1'000;

seal::RoomKeys room(int secret = 1) {
  seal::Key room_secret;
  room_secret.view()[0] = static_cast<std::byte>(secret);
  return {seal::PublicKey{}, room_secret};
}

// Somebody who speaks: frame after frame, each saying its number.
struct Speaker {
  explicit Speaker(std::uint32_t ssrc, std::uint32_t kid = 0xA000'0001, int secret = 1)
      : id{.ssrc = ssrc, .kid = kid}, sealer(room(secret), id, SequenceNumber{1'000}) {}

  Bytes next() {
    const std::uint32_t ctr = sealer.next_ctr();
    Bytes out(SealedFrame::kMaxBytes);
    const Bytes opus = {static_cast<std::byte>(ctr >> 8U), static_cast<std::byte>(ctr)};
    return bytes_of(sealer.seal(
        {.sequence = {static_cast<std::uint16_t>(ctr)}, .timestamp = {960 * ctr}, .ssrc = id.ssrc}, opus,
        out));
  }
  void skip(int frames) {
    for (int i = 0; i < frames; ++i) static_cast<void>(next());
  }

  session::StreamId id;
  session::FrameSealer sealer;
};

using Nonces = std::vector<LiveNonce>;

class SealedStreamsTest : public testing::Test {
 protected:
  struct Delivered {
    Duration at;
    std::uint32_t ssrc;
    std::uint16_t sequence;
    bool operator==(const Delivered&) const = default;
  };

  std::optional<DropReason> hear(const Bytes& frame, Duration at = {}) {
    return streams_.receive(kStart + at, frame);
  }
  // Asks, and answers in the stream's place.
  void prove(const Speaker& speaker, std::uint32_t ctr, Duration at = {}) {
    const auto question = streams_.next_question(kStart + at);
    ASSERT_TRUE(question.has_value());
    ASSERT_EQ(question->ssrc, speaker.id.ssrc);
    ASSERT_TRUE(streams_.answers(kStart + at, speaker.id, Nonces{question->nonce}));
    streams_.prove(kStart + at, speaker.id, ctr);
  }
  std::vector<Delivered> take() { return std::exchange(delivered_, {}); }
  std::vector<std::uint16_t> take_sequences() {
    std::vector<std::uint16_t> sequences;
    for (const Delivered& packet : take()) sequences.push_back(packet.sequence);
    return sequences;
  }

  seal::SeededRandom random_{1};
  seal::RoomKeys room_ = room();
  std::vector<Delivered> delivered_;
  SealedStreams streams_{
      room_, random_, [this](TimePoint arrived, const RtpPacket& packet) {
        EXPECT_EQ(packet.payload.size(), 2U);
        delivered_.push_back({arrived - kStart, packet.header.ssrc, packet.header.sequence.value});
      }};
  Speaker alice_{7};
};

TEST_F(SealedStreamsTest, HoldsAStreamUntilItIsProvenAndThenGivesItInOrder) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(hear(alice_.next(), i * 20ms), std::nullopt);
  EXPECT_TRUE(take().empty());
  prove(alice_, kFirst + 2, 60ms);
  EXPECT_EQ(take(), (std::vector<Delivered>{{0ms, 7, 1'000}, {20ms, 7, 1'001}, {40ms, 7, 1'002}}))
      << "each with the time it came at";
  EXPECT_EQ(hear(alice_.next(), 80ms), std::nullopt);
  EXPECT_EQ(take(), (std::vector<Delivered>{{80ms, 7, 1'003}}));
  EXPECT_FALSE(streams_.next_question(kStart + 10s)) << "it is proven";
}

TEST_F(SealedStreamsTest, WhatDoesNotOpenIsNotRemembered) {
  Speaker forger(7, 0xA000'0001, 2);
  EXPECT_EQ(hear(forger.next()), DropReason::kBadTag);
  EXPECT_EQ(hear(bytes_of("not a frame")), DropReason::kTruncated);
  EXPECT_EQ(streams_.size(), 0U);
  EXPECT_FALSE(streams_.next_question(kStart));
  const Bytes frame = alice_.next();
  EXPECT_EQ(hear(frame), std::nullopt);
  EXPECT_EQ(hear(frame), DropReason::kDuplicate);
}

TEST_F(SealedStreamsTest, WhatComesUnderOurOwnSsrcIsNobodys) {
  streams_.set_own_ssrc(7);
  EXPECT_EQ(hear(alice_.next()), DropReason::kOwnStream);
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(SealedStreamsTest, HearsNothingOlderThan50BehindTheEcho) {
  std::vector<Bytes> frames;
  for (int i = 0; i < 100; ++i) frames.push_back(alice_.next());
  hear(frames[49]);
  hear(frames[50]);
  prove(alice_, kFirst + 99, 20ms);
  EXPECT_EQ(take_sequences(), std::vector<std::uint16_t>{1'050}) << "above the echoed one less 50";
  EXPECT_EQ(hear(frames[48]), DropReason::kNotLive);
  EXPECT_EQ(hear(frames[51]), std::nullopt);
  EXPECT_EQ(take_sequences(), std::vector<std::uint16_t>{1'051});
}

TEST_F(SealedStreamsTest, ARecordingIsNeverHeard) {
  for (int i = 0; i < 10; ++i) hear(alice_.next());
  prove(alice_, kFirst + 5'000, 20ms);  // the speaker is long past what is played here
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(hear(alice_.next()), DropReason::kNotLive);
}

TEST_F(SealedStreamsTest, HoldsTheLast64AndForASecond) {
  for (int i = 0; i < 64; ++i) EXPECT_EQ(hear(alice_.next(), i * 10ms), std::nullopt);
  EXPECT_EQ(hear(alice_.next(), 640ms), DropReason::kNotLive) << "the oldest goes for it";
  prove(alice_, kFirst + 30, 1'020ms);
  const auto heard = take_sequences();
  ASSERT_EQ(heard.size(), 63U);
  EXPECT_EQ(heard.front(), 1'002) << "1,001 came more than a second ago";
  EXPECT_EQ(heard.back(), 1'064);
}

TEST_F(SealedStreamsTest, AsksAgainEvery250MsWithOneNonceForTwoSeconds) {
  std::vector<Duration> at;
  std::vector<LiveNonce> nonces;
  for (Duration now{}; now <= 4s; now += 10ms) {
    if (now % 20ms == Duration::zero()) hear(alice_.next(), now);
    while (const auto question = streams_.next_question(kStart + now)) {
      at.push_back(now);
      nonces.push_back(question->nonce);
    }
  }
  ASSERT_EQ(at.size(), 17U);
  for (std::size_t i = 0; i < at.size(); ++i) {
    EXPECT_EQ(at[i], 250ms * static_cast<int>(i));
    EXPECT_EQ(nonces[i], nonces[i / 8 * 8]) << i;
  }
  EXPECT_NE(nonces[0], nonces[8]);
  EXPECT_NE(nonces[8], nonces[16]);
  EXPECT_FALSE(streams_.answers(kStart + 4s, alice_.id, Nonces{nonces[8]})) << "the last alone counts";
  EXPECT_TRUE(streams_.answers(kStart + 4s, alice_.id, Nonces{nonces[16]}));
}

TEST_F(SealedStreamsTest, AsksNobodyWhoIsSilent) {
  hear(alice_.next());
  EXPECT_TRUE(streams_.next_question(kStart + 1s));
  EXPECT_FALSE(streams_.next_question(kStart + 1'251ms));
}

TEST_F(SealedStreamsTest, OnlyAnAnswerToItsQuestionProvesAStream) {
  hear(alice_.next());
  EXPECT_FALSE(streams_.answers(kStart, alice_.id, Nonces{LiveNonce{}})) << "nothing was asked";
  const auto question = streams_.next_question(kStart);
  ASSERT_TRUE(question);
  LiveNonce other = question->nonce;
  other[15] ^= std::byte{1};
  EXPECT_FALSE(streams_.answers(kStart, alice_.id, {}));
  EXPECT_FALSE(streams_.answers(kStart, alice_.id, Nonces{other}));
  EXPECT_FALSE(streams_.answers(kStart, {.ssrc = 8, .kid = alice_.id.kid}, Nonces{question->nonce}));
  EXPECT_FALSE(streams_.answers(kStart, {.ssrc = 7, .kid = alice_.id.kid + 1}, Nonces{question->nonce}));
  EXPECT_TRUE(streams_.answers(kStart, alice_.id, Nonces{other, question->nonce})) << "among others'";
  EXPECT_TRUE(streams_.answers(kStart + 4s - 1ns, alice_.id, Nonces{question->nonce}));
  EXPECT_FALSE(streams_.answers(kStart + 4s, alice_.id, Nonces{question->nonce})) << "kept for later";
}

TEST_F(SealedStreamsTest, AnotherKidIsAnotherStream) {
  hear(alice_.next());
  prove(alice_, kFirst);
  take();
  Speaker reborn(7, 0xA000'0002);
  EXPECT_EQ(hear(reborn.next(), 1s), std::nullopt);
  EXPECT_TRUE(take().empty()) << "it has to prove itself anew";
  EXPECT_EQ(streams_.size(), 2U);
  prove(reborn, kFirst, 1s);
  EXPECT_EQ(take().size(), 1U);
  EXPECT_EQ(hear(alice_.next(), 1s), std::nullopt);
  EXPECT_EQ(take().size(), 1U) << "and the one before stays as it is";
}

TEST_F(SealedStreamsTest, SixtyFourStreamsAndThenWhoIsSilentGivesWay) {
  std::vector<Speaker> speakers;
  for (std::size_t i = 0; i < kMaxStreams; ++i) {
    speakers.emplace_back(static_cast<std::uint32_t>(100 + i));
    EXPECT_EQ(hear(speakers.back().next(), 1ms * static_cast<int>(i)), std::nullopt);
  }
  EXPECT_EQ(hear(alice_.next(), 2s - 1ns), DropReason::kTooManyStreams);
  EXPECT_EQ(streams_.size(), kMaxStreams);
  EXPECT_EQ(hear(speakers[0].next(), 2s - 1ns), std::nullopt);
  EXPECT_EQ(hear(alice_.next(), 2s), DropReason::kTooManyStreams) << "the quietest is silent for 1.999 s";
  EXPECT_EQ(hear(alice_.next(), 2s + 1ms), std::nullopt) << "the second gives way";
  EXPECT_EQ(streams_.size(), kMaxStreams);
}

TEST_F(SealedStreamsTest, AStreamIsForgottenAfterAMinute) {
  hear(alice_.next());
  prove(alice_, kFirst);
  streams_.tick(kStart + kHeardLately - 1ns);
  EXPECT_EQ(streams_.size(), 1U);
  streams_.tick(kStart + kHeardLately);
  EXPECT_EQ(streams_.size(), 0U);
  take();
  hear(alice_.next(), kHeardLately);
  EXPECT_TRUE(take().empty()) << "and has to prove itself again";
}

TEST_F(SealedStreamsTest, ASiblingIsHeardAsAFrame) {
  const Bytes first = alice_.next();
  const Bytes second = alice_.next();
  EXPECT_EQ(hear(second), std::nullopt);
  prove(alice_, kFirst + 1);
  const Sibling sibling{
      .distance = 1, .step = 8, .sealed = std::span(first).subspan(SealedFrame::kHeaderBytes)};
  EXPECT_EQ(streams_.receive_sibling(kStart, sibling, second), std::nullopt);
  EXPECT_EQ(take_sequences(), (std::vector<std::uint16_t>{1'001, 1'000}));
  EXPECT_EQ(streams_.receive_sibling(kStart, sibling, second), DropReason::kDuplicate);
  EXPECT_EQ(streams_.receive_sibling(kStart, sibling, {}), DropReason::kBadElement);
  Sibling off = sibling;
  off.step = 4;
  EXPECT_EQ(streams_.receive_sibling(kStart, off, second), DropReason::kDuplicate);
  off.distance = 2;
  EXPECT_EQ(streams_.receive_sibling(kStart, off, second), DropReason::kBadTag)
      << "it does not open as another";
}

TEST_F(SealedStreamsTest, ARepairSymbolBringsALostFrameBackOnce) {
  std::vector<Bytes> frames;
  repair::Encoder encoder;
  for (int i = 0; i < 4; ++i) {
    frames.push_back(alice_.next());
    const auto frame = SealedFrame::parse(frames.back());
    Bytes symbol(frame->symbol_bytes());
    ByteWriter writer(symbol);
    frame->write_symbol(writer);
    ASSERT_TRUE(encoder.add(frame->ctr, symbol));
  }
  Bytes symbol(encoder.symbol_size());
  ASSERT_TRUE(encoder.make(4, 9, symbol));
  const RepairSymbol element{
      .ssrc = 7, .kid = alice_.id.kid, .repair_key = 9, .window = 4, .first = kFirst, .symbol = symbol};
  EXPECT_EQ(streams_.receive_repair(kStart, element), DropReason::kNotLive) << "of a stream nobody heard of";
  for (const std::size_t i : {0U, 1U, 3U}) hear(frames[i]);
  prove(alice_, kFirst + 3);
  EXPECT_EQ(take_sequences(), (std::vector<std::uint16_t>{1'000, 1'001, 1'003}));
  Bytes forged = symbol;
  forged[10] ^= std::byte{1};
  RepairSymbol lie = element;
  lie.symbol = forged;
  EXPECT_EQ(streams_.receive_repair(kStart, lie), std::nullopt);
  EXPECT_TRUE(take().empty()) << "what it brings back does not open";
  EXPECT_EQ(streams_.receive_repair(kStart, element), std::nullopt);
  EXPECT_EQ(take_sequences(), std::vector<std::uint16_t>{1'002});
  EXPECT_EQ(hear(frames[2]), DropReason::kDuplicate);
}

}  // namespace
}  // namespace hubbub::client
