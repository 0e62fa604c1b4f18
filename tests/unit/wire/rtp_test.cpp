// RTP packets: what we write, and everything RFC 3550 section 5.1 lets another sender write.
#include "codec/wire/rtp.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

constexpr std::size_t kHeader = RtpHeader::kBytes;

Bytes packet(int first, std::initializer_list<int> after_header) {
  Bytes bytes = bytes_of({first, 0x6F, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xAA, 0xBB, 0xCC, 0xDD});
  const Bytes rest = bytes_of(after_header);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

std::string payload_of(const Bytes& bytes) {
  const auto parsed = RtpPacket::parse(bytes);
  return parsed.ok() ? std::string(as_text(parsed->payload)) : std::string(name_of(parsed.error()));
}

TEST(RtpHeader, SerializesToRfc3550) {
  std::array<std::byte, kHeader> out{};
  ByteWriter writer(out);
  RtpHeader{.marker = true,
            .payload_type = 111,
            .sequence = {0x1234},
            .timestamp = {0x01020304},
            .ssrc = 0xAABBCCDD}
      .serialize(writer);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(same(writer.written(), bytes_of({0x80, 0xEF, 0x12, 0x34, 1, 2, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD})));
}

TEST(RtpPacket, ReadsBackEveryField) {
  for (const bool marker : {false, true}) {
    std::array<std::byte, kHeader + 3> out{};
    ByteWriter writer(out);
    const RtpHeader header{
        .marker = marker, .payload_type = 127, .sequence = {65'535}, .timestamp = {0xFFFFFFFF}, .ssrc = 1};
    header.serialize(writer);
    writer.text("abc");
    const auto parsed = RtpPacket::parse(out);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->header.marker, marker);
    EXPECT_EQ(parsed->header.payload_type, 127);
    EXPECT_EQ(parsed->header.sequence, SequenceNumber{65'535});
    EXPECT_EQ(parsed->header.timestamp, RtpTime{0xFFFFFFFF});
    EXPECT_EQ(parsed->header.ssrc, 1U);
    EXPECT_EQ(as_text(parsed->payload), "abc");
  }
}

TEST(RtpPacket, EveryShorterHeaderIsTruncated) {
  const Bytes whole = packet(0x80, {});
  for (std::size_t size = 0; size < kHeader; ++size) {
    EXPECT_EQ(problem<RtpPacket>(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
              DropReason::kTruncated)
        << size;
  }
  const auto parsed = RtpPacket::parse(whole);
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->payload.empty());
}

TEST(RtpPacket, OnlyVersionTwo) {
  EXPECT_EQ(problem<RtpPacket>(packet(0x00, {1})), DropReason::kBadVersion);
  EXPECT_EQ(problem<RtpPacket>(packet(0x40, {1})), DropReason::kBadVersion);
  EXPECT_EQ(problem<RtpPacket>(packet(0xC0, {1})), DropReason::kBadVersion);
}

TEST(RtpPacket, SkipsContributingSources) {
  EXPECT_EQ(payload_of(packet(0x82, {1, 1, 1, 1, 2, 2, 2, 2, 'x', 'y'})), "xy");
  EXPECT_EQ(payload_of(packet(0x82, {1, 1, 1, 1, 2, 2, 2, 2})), "");
  EXPECT_EQ(problem<RtpPacket>(packet(0x82, {1, 1, 1, 1, 2, 2, 2})), DropReason::kTruncated);
  EXPECT_EQ(problem<RtpPacket>(packet(0x8F, {})), DropReason::kTruncated);
}

TEST(RtpPacket, SkipsUpToFifteenContributingSources) {
  for (int count = 0; count < 16; ++count) {
    Bytes datagram = packet(0x80 | count, {});
    datagram.resize(datagram.size() + 4 * static_cast<std::size_t>(count), std::byte{'s'});
    datagram.push_back(std::byte{'x'});
    EXPECT_EQ(payload_of(datagram), "x") << count;
  }
}

TEST(RtpPacket, SkipsTheExtension) {
  EXPECT_EQ(payload_of(packet(0x90, {0xBE, 0xDE, 0, 1, 9, 9, 9, 9, 'x'})), "x");
  EXPECT_EQ(payload_of(packet(0x90, {0xBE, 0xDE, 0, 0, 'y'})), "y");
  EXPECT_EQ(payload_of(packet(0x91, {1, 1, 1, 1, 0xBE, 0xDE, 0, 1, 9, 9, 9, 9, 'z'})), "z");
  EXPECT_EQ(problem<RtpPacket>(packet(0x90, {0xBE, 0xDE, 0})), DropReason::kTruncated);
  EXPECT_EQ(problem<RtpPacket>(packet(0x90, {0xBE, 0xDE, 0, 2, 9, 9, 9, 9})), DropReason::kTruncated);
  EXPECT_EQ(problem<RtpPacket>(packet(0x90, {0xBE, 0xDE, 0xFF, 0xFF, 9, 9, 9, 9})), DropReason::kTruncated);
}

TEST(RtpPacket, TakesPaddingOff) {
  EXPECT_EQ(payload_of(packet(0xA0, {'x', 'y', 0, 0, 3})), "xy");
  EXPECT_EQ(payload_of(packet(0xA0, {0, 0, 3})), "");
  EXPECT_EQ(problem<RtpPacket>(packet(0xA0, {})), DropReason::kBadPadding);
  EXPECT_EQ(problem<RtpPacket>(packet(0xA0, {'x', 0})), DropReason::kBadPadding);
  EXPECT_EQ(problem<RtpPacket>(packet(0xA0, {'x', 0, 4})), DropReason::kBadPadding);
  EXPECT_EQ(problem<RtpPacket>(packet(0xA0, {0xFF})), DropReason::kBadPadding);
  EXPECT_EQ(problem<RtpPacket>(packet(0xB0, {0xBE, 0xDE, 0, 1, 0, 0, 0, 4})), DropReason::kBadPadding)
      << "padding is not in the extension";
}

TEST(RtpPacket, PayloadPointsIntoTheDatagram) {
  const Bytes datagram = packet(0x80, {7});
  const auto parsed = RtpPacket::parse(datagram);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->payload.data(), datagram.data() + kHeader);
}

}  // namespace
}  // namespace hubbub
