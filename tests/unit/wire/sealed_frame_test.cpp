// Sealed frames as they travel: what is one and what isn't, the earlier frame that a sibling stands for, and
// the symbols that repair is made over.
#include "codec/wire/sealed_frame.h"

#include <gtest/gtest.h>

#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

constexpr std::uint32_t kKid = 0xA1B2'C3D4;
constexpr std::uint32_t kSsrc = 0x1122'3344;

Bytes frame(std::uint32_t ctr, std::size_t opus_bytes = 5, bool marker = false,
            std::uint32_t timestamp = 96'000, std::uint32_t kid = kKid) {
  Bytes bytes(SealedFrame::kOverheadBytes + opus_bytes);
  ByteWriter writer(bytes);
  SealedFrame::serialize_headers({.marker = marker,
                                  .sequence = {static_cast<std::uint16_t>(ctr)},
                                  .timestamp = {timestamp},
                                  .ssrc = kSsrc},
                                 kid, ctr, writer);
  EXPECT_EQ(writer.size(), SealedFrame::kHeaderBytes);
  for (std::size_t i = writer.size(); i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i + ctr);
  return bytes;
}

Bytes changed(Bytes bytes, std::size_t at, int value) {
  bytes[at] = static_cast<std::byte>(value);
  return bytes;
}

TEST(SealedFrame, HeadersLieAsTheProtocolSays) {
  const Bytes bytes = frame(0x0100'1234, 1, true, 0x0A0B'0C0D);
  EXPECT_TRUE(same(std::span(bytes).first(21),
                   bytes_of({0x80, 0xEF, 0x12, 0x34, 0x0A, 0x0B, 0x0C, 0x0D, 0x11, 0x22, 0x33, 0x44,  //
                             0xBB, 0xA1, 0xB2, 0xC3, 0xD4, 0x01, 0x00, 0x12, 0x34})));
}

TEST(SealedFrame, IsReadBack) {
  const Bytes bytes = frame(0x0101'FFFF, 7, true, 12'345);
  const auto parsed = SealedFrame::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->header.marker);
  EXPECT_EQ(parsed->header.payload_type, kOpusPayloadType);
  EXPECT_EQ(parsed->header.sequence, SequenceNumber{0xFFFF});
  EXPECT_EQ(parsed->header.timestamp, RtpTime{12'345});
  EXPECT_EQ(parsed->header.ssrc, kSsrc);
  EXPECT_EQ(parsed->kid, kKid);
  EXPECT_EQ(parsed->ctr, 0x0101'FFFFU);
  EXPECT_EQ(parsed->metadata.data(), bytes.data());
  EXPECT_EQ(parsed->metadata.size(), 12U);
  EXPECT_EQ(parsed->sframe_header.data(), bytes.data() + 12);
  EXPECT_EQ(parsed->sframe_header.size(), 9U);
  EXPECT_EQ(parsed->sealed.data(), bytes.data() + 21);
  EXPECT_EQ(parsed->sealed.size(), 17U);
}

TEST(SealedFrame, LengthsAtTheirEdges) {
  const Bytes whole = frame(SealedFrame::kLeast, 1);
  EXPECT_EQ(whole.size(), 32U);
  EXPECT_TRUE(SealedFrame::parse(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(problem<SealedFrame>(bytes_of(std::span(whole).first(size))), DropReason::kTruncated) << size;
  EXPECT_EQ(frame(SealedFrame::kLeast, 1'000).size(), 1'031U);
  EXPECT_TRUE(SealedFrame::parse(frame(SealedFrame::kLeast, 1'000)).ok());
  EXPECT_EQ(problem<SealedFrame>(frame(SealedFrame::kLeast, 1'001)), DropReason::kOversize);
}

TEST(SealedFrame, EachHeaderFieldIsChecked) {
  const Bytes good = frame(0x0100'0007);
  for (const int first : {0x00, 0x40, 0xC0, 0x81, 0x90, 0xA0})  // sources, an extension, padding
    EXPECT_EQ(problem<SealedFrame>(changed(good, 0, first)), DropReason::kBadVersion) << first;
  EXPECT_EQ(problem<SealedFrame>(changed(good, 1, 110)), DropReason::kBadPayloadType);
  EXPECT_EQ(problem<SealedFrame>(changed(good, 1, 0x80 | 112)), DropReason::kBadPayloadType);
  EXPECT_EQ(problem<SealedFrame>(changed(good, 3, 8)), DropReason::kBadFrame)
      << "the sequence number is not the counter's";
  EXPECT_EQ(problem<SealedFrame>(changed(good, 12, 0xBA)), DropReason::kBadFrame);
  EXPECT_EQ(problem<SealedFrame>(changed(good, 17, 0)), DropReason::kBadFrame)
      << "a counter with a shorter encoding";
  EXPECT_EQ(problem<SealedFrame>(frame(7, 5, false, 0, 0x00FF'FFFF)), DropReason::kBadFrame);
  EXPECT_EQ(problem<SealedFrame>(frame(0x0100'0007, 5, false, 0, 0x00FF'FFFF)), DropReason::kBadFrame);
  EXPECT_TRUE(SealedFrame::parse(frame(0x0100'0007, 5, false, 0, 0x0100'0000)).ok());
  EXPECT_EQ(problem<SealedFrame>(frame(0x00FF'FFFF)), DropReason::kBadFrame);
  EXPECT_TRUE(SealedFrame::parse(frame(0xFFFF'FFFF)).ok());
}

TEST(SealedFrame, ASiblingIsAnEarlierFrame) {
  for (const std::uint32_t distance : {1U, 2U, 7U, 127U}) {
    const std::uint32_t ctr = 0x0102'0003;  // its low half wraps on the way back
    const Bytes earlier = frame(ctr - distance, 9, true, 100'000U - distance * 960U);
    const Bytes later = frame(ctr, 9, false, 100'000);
    const auto beside = SealedFrame::parse(later);
    ASSERT_TRUE(beside.ok());
    const Sibling sibling{.marker = true,
                          .distance = static_cast<std::uint8_t>(distance),
                          .step = 8,
                          .sealed = std::span(earlier).subspan(SealedFrame::kHeaderBytes)};
    Bytes out(SealedFrame::kMaxBytes);
    const auto restored = SealedFrame::from_sibling(sibling, *beside, out);
    ASSERT_TRUE(restored) << distance;
    EXPECT_TRUE(same(*restored, earlier)) << distance;
  }
}

TEST(SealedFrame, ASiblingsTimestampGoesByItsStepAndWraps) {
  const Bytes sealed(12);
  Bytes out(SealedFrame::kMaxBytes);
  for (const int step : {1, 4, 24, 48, 255}) {
    const Bytes later = frame(0x0100'0100, 2, false, 50);
    const auto restored =
        SealedFrame::from_sibling({.distance = 3, .step = static_cast<std::uint8_t>(step), .sealed = sealed},
                                  *SealedFrame::parse(later), out);
    ASSERT_TRUE(restored);
    EXPECT_EQ(SealedFrame::parse(*restored)->header.timestamp,
              RtpTime{static_cast<std::uint32_t>(50 - 3 * 120 * step)})
        << step;
  }
}

TEST(SealedFrame, SiblingsThatCannotBe) {
  const Bytes sealed(SealedFrame::kTagBytes + 1);
  Bytes out(SealedFrame::kMaxBytes);
  const Bytes third = frame(SealedFrame::kLeast + 3);
  const auto beside = SealedFrame::parse(third);
  EXPECT_TRUE(SealedFrame::from_sibling({.distance = 3, .sealed = sealed}, *beside, out));
  EXPECT_FALSE(SealedFrame::from_sibling({.distance = 4, .sealed = sealed}, *beside, out))
      << "before the first";
  EXPECT_FALSE(
      SealedFrame::from_sibling({.distance = 1, .sealed = std::span(sealed).first(10)}, *beside, out))
      << "a tag, and nothing under it";
  const Bytes too_long(SealedFrame::kTagBytes + SealedFrame::kMaxOpusBytes + 1);
  EXPECT_FALSE(SealedFrame::from_sibling({.distance = 1, .sealed = too_long}, *beside, out));
  EXPECT_FALSE(
      SealedFrame::from_sibling({.distance = 1, .sealed = sealed}, *beside, std::span(out).first(31)))
      << "no room for it";
}

TEST(SealedFrame, ItsSymbolBringsItBack) {
  for (const bool marker : {false, true}) {
    const Bytes bytes = frame(0x0100'0FFF, 40, marker, 0xFFFF'FFF0);
    const auto parsed = SealedFrame::parse(bytes);
    ASSERT_TRUE(parsed.ok());
    Bytes symbol(parsed->symbol_bytes());
    ByteWriter writer(symbol);
    parsed->write_symbol(writer);
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ(writer.size(), 5U + 40 + 10);
    EXPECT_TRUE(same(std::span(symbol).first(5), bytes_of({marker ? 0xEF : 0x6F, 0xFF, 0xFF, 0xFF, 0xF0})));
    Bytes out(SealedFrame::kMaxBytes);
    const auto restored = SealedFrame::from_symbol(symbol, kSsrc, kKid, 0x0100'0FFF, out);
    ASSERT_TRUE(restored);
    EXPECT_TRUE(same(*restored, bytes));
  }
}

TEST(SealedFrame, SymbolsOfNoFrame) {
  Bytes out(SealedFrame::kMaxBytes);
  const Bytes symbol = bytes_of({0x6F, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_TRUE(SealedFrame::from_symbol(symbol, kSsrc, kKid, SealedFrame::kLeast, out));
  EXPECT_FALSE(SealedFrame::from_symbol(changed(symbol, 0, 0x6E), kSsrc, kKid, SealedFrame::kLeast, out));
  EXPECT_FALSE(SealedFrame::from_symbol(symbol, kSsrc, kKid, SealedFrame::kLeast - 1, out));
  EXPECT_FALSE(SealedFrame::from_symbol(symbol, kSsrc, 1, SealedFrame::kLeast, out));
  for (std::size_t size = 0; size < symbol.size(); ++size)
    EXPECT_FALSE(
        SealedFrame::from_symbol(std::span(symbol).first(size), kSsrc, kKid, SealedFrame::kLeast, out))
        << size;
  EXPECT_FALSE(
      SealedFrame::from_symbol(Bytes(1'016, std::byte{0x6F}), kSsrc, kKid, SealedFrame::kLeast, out));
  EXPECT_TRUE(SealedFrame::from_symbol(Bytes(1'015, std::byte{0x6F}), kSsrc, kKid, SealedFrame::kLeast, out));
}

}  // namespace
}  // namespace hubbub
