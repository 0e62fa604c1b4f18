// What members seal for each other: frames that open once, under their own stream alone; objects that open
// under their own label and beside their own metadata alone.
#include "codec/session/stream_seal.h"

#include <gtest/gtest.h>

#include "codec/wire/sealed.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

constexpr StreamId kStream{.ssrc = 0x1122'3344, .kid = 0xA1B2'C3D4};

seal::RoomKeys room(int secret = 1) {
  seal::Key room_secret;
  room_secret.view()[0] = static_cast<std::byte>(secret);
  return {seal::PublicKey{}, room_secret};
}

Bytes sealed_frame(FrameSealer& sealer, std::string_view opus, std::uint32_t ssrc = kStream.ssrc) {
  Bytes out(SealedFrame::kMaxBytes);
  const RtpHeader header{
      .sequence = {static_cast<std::uint16_t>(sealer.next_ctr())}, .timestamp = {960}, .ssrc = ssrc};
  return bytes_of(sealer.seal(header, as_bytes(opus), out));
}

struct Outcome {
  std::optional<DropReason> problem;
  Bytes opus;
};
Outcome open(FrameOpener& opener, const Bytes& bytes) {
  const auto frame = SealedFrame::parse(bytes);
  if (!frame.ok()) return {frame.error(), {}};
  Bytes out(SealedFrame::kMaxOpusBytes);
  const auto opened = opener.open(*frame, out);
  if (!opened.ok()) return {opened.error(), {}};
  return {std::nullopt, bytes_of(*opened)};
}

TEST(FrameSealer, CountsFromItsFirstSequenceNumber) {
  FrameSealer sealer(room(), kStream, SequenceNumber{0xFFFE});
  FrameOpener opener(room(), kStream);
  for (const std::uint32_t ctr : {0x0100'FFFEU, 0x0100'FFFFU, 0x0101'0000U, 0x0101'0001U}) {
    EXPECT_EQ(sealer.next_ctr(), ctr);
    const Bytes bytes = sealed_frame(sealer, "opus");
    EXPECT_EQ(bytes.size(), 4 + SealedFrame::kOverheadBytes);
    const auto frame = SealedFrame::parse(bytes);
    ASSERT_TRUE(frame.ok());
    EXPECT_EQ(frame->ctr, ctr);
    EXPECT_EQ(frame->kid, kStream.kid);
    EXPECT_EQ(frame->header.ssrc, kStream.ssrc);
    EXPECT_EQ(open(opener, bytes).opus, bytes_of("opus"));
  }
}

TEST(FrameSealer, TheLargestFrame) {
  FrameSealer sealer(room(), kStream, {});
  FrameOpener opener(room(), kStream);
  const std::string opus(SealedFrame::kMaxOpusBytes, 'o');
  const Bytes bytes = sealed_frame(sealer, opus);
  EXPECT_EQ(bytes.size(), SealedFrame::kMaxBytes);
  EXPECT_EQ(open(opener, bytes).opus, bytes_of(opus));
}

TEST(FrameOpener, TakesEachFrameOnceInAnyOrder) {
  FrameSealer sealer(room(), kStream, {});
  FrameOpener opener(room(), kStream);
  std::vector<Bytes> frames;
  for (int i = 0; i < 4; ++i) frames.push_back(sealed_frame(sealer, "x"));
  for (const std::size_t i : {3U, 1U, 0U, 2U}) EXPECT_EQ(open(opener, frames[i]).problem, std::nullopt) << i;
  for (const Bytes& frame : frames) EXPECT_EQ(open(opener, frame).problem, DropReason::kDuplicate);
}

TEST(FrameOpener, RefusesEveryFlippedBit) {
  FrameSealer sealer(room(), kStream, SequenceNumber{7});
  FrameOpener opener(room(), kStream);
  const Bytes genuine = sealed_frame(sealer, "some opus");
  seal::for_each_flipped_bit(genuine, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_NE(open(opener, flipped).problem, std::nullopt) << bit;
  });
  EXPECT_EQ(open(opener, genuine).problem, std::nullopt) << "nothing forged was remembered";
}

TEST(FrameOpener, AnotherStreamOrRoomIsNotThis) {
  FrameSealer sealer(room(), kStream, {});
  const Bytes frame = sealed_frame(sealer, "x");
  FrameOpener other_ssrc(room(), {.ssrc = kStream.ssrc + 1, .kid = kStream.kid});
  EXPECT_EQ(open(other_ssrc, frame).problem, DropReason::kBadTag);
  FrameOpener other_kid(room(), {.ssrc = kStream.ssrc, .kid = kStream.kid + 1});
  EXPECT_EQ(open(other_kid, frame).problem, DropReason::kBadTag);
  FrameOpener other_room(room(2), kStream);
  EXPECT_EQ(open(other_room, frame).problem, DropReason::kBadTag);
}

struct ObjectOutcome {
  std::optional<DropReason> problem;
  StreamId stream{};
  std::uint64_t ctr = 0;
  Bytes plaintext;
};
ObjectOutcome open_under(std::string_view label, const Bytes& object, const Bytes& metadata = {},
                         int secret = 1) {
  Bytes out(kMaxSealedDatagramBytes);
  const auto opened = open_object(room(secret), label, object, metadata, out);
  if (!opened.ok()) return {.problem = opened.error(), .plaintext = {}};
  return {
      .problem = {}, .stream = opened->stream, .ctr = opened->ctr, .plaintext = bytes_of(opened->plaintext)};
}

Bytes sealed_object(ObjectSealer& sealer, std::string_view plaintext, const Bytes& metadata = {}) {
  Bytes out(kMaxSealedDatagramBytes);
  return bytes_of(sealer.seal(metadata, as_bytes(plaintext), out));
}

TEST(ObjectSealer, CountsFromOne) {
  ObjectSealer sealer(room(), kTextLabel, kStream);
  for (std::uint64_t ctr = 1; ctr <= 300; ++ctr) {
    const Bytes object = sealed_object(sealer, "hello");
    const std::size_t header = ctr < 8 ? 5 : ctr < 256 ? 6 : 7;
    EXPECT_EQ(object.size(), 4 + header + 5 + 10) << ctr;
    const ObjectOutcome outcome = open_under(kTextLabel, object);
    ASSERT_EQ(outcome.problem, std::nullopt) << ctr;
    EXPECT_EQ(outcome.stream, kStream);
    EXPECT_EQ(outcome.ctr, ctr);
    EXPECT_EQ(outcome.plaintext, bytes_of("hello"));
  }
}

TEST(ObjectSealer, UnderAnotherLabelMetadataOrRoomItIsRefused) {
  for (const std::string_view label : {kAskLabel, kEchoLabel, kTextLabel, seal::kVoiceLabel}) {
    ObjectSealer sealer(room(), label, kStream);
    const Bytes object = sealed_object(sealer, "words", bytes_of("beside"));
    for (const std::string_view other : {kAskLabel, kEchoLabel, kTextLabel, seal::kVoiceLabel}) {
      EXPECT_EQ(open_under(other, object, bytes_of("beside")).problem,
                other == label ? std::nullopt : std::optional(DropReason::kBadTag))
          << label << " as " << other;
    }
    EXPECT_EQ(open_under(label, object, bytes_of("Beside")).problem, DropReason::kBadTag);
    EXPECT_EQ(open_under(label, object, {}).problem, DropReason::kBadTag);
    EXPECT_EQ(open_under(label, object, bytes_of("beside"), 2).problem, DropReason::kBadTag);
  }
}

TEST(ObjectSealer, EveryFlippedBitIsRefused) {
  ObjectSealer sealer(room(), kEchoLabel, kStream);
  seal::for_each_flipped_bit(sealed_object(sealer, "an answer"), [](const Bytes& flipped, std::size_t bit) {
    EXPECT_NE(open_under(kEchoLabel, flipped).problem, std::nullopt) << bit;
  });
}

TEST(ObjectSealer, WhatIsCutShortIsRefused) {
  ObjectSealer sealer(room(), kEchoLabel, kStream);
  const Bytes object = sealed_object(sealer, "x");
  for (std::size_t size = 0; size < object.size(); ++size)
    EXPECT_NE(open_under(kEchoLabel, bytes_of(std::span(object).first(size))).problem, std::nullopt) << size;
}

TEST(ObjectSealer, AKidOfMoreThanFourBytesIsNone) {
  const Bytes object = bytes_of({1, 2, 3, 4, 0xC1, 1, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9});
  EXPECT_EQ(open_under(kTextLabel, object).problem, DropReason::kBadElement);
}

TEST(DrawKid, HasFourBytes) {
  // Two draws that would have a shorter encoding, and then one that has not.
  seal::ScriptedRandom random(
      bytes_of({0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x01, 1, 1, 1, 1}));
  EXPECT_GE(draw_kid(random), SealedFrame::kLeast);
  seal::SeededRandom more(3);
  for (int i = 0; i < 1'000; ++i) EXPECT_GE(draw_kid(more), SealedFrame::kLeast);
}

}  // namespace
}  // namespace hubbub::session
