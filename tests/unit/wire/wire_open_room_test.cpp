// What a datagram of an open room is, for every first byte; pings and pongs; the names of what is dropped.
#include <array>
#include <set>

#include <gtest/gtest.h>

#include "codec/wire/drop_reason.h"
#include "codec/wire/limits.h"
#include "codec/wire/open_room.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

OpenKind expected_kind_of_first(int first) {
  if (first == '\t' || first == '\r' || first == '\n') return OpenKind::kText;
  if (first < 0x20) return OpenKind::kUnknown;
  if (first < 0x80 || first > 0xBF) return OpenKind::kText;
  return OpenKind::kRtp;
}

TEST(KindOf, EveryFirstByte) {
  for (int first = 0; first < 256; ++first) {
    for (const std::size_t size : {1U, 2U, 8U, 10U, 2'048U}) {
      Bytes datagram(size);
      datagram[0] = static_cast<std::byte>(first);
      EXPECT_EQ(kind_of(datagram), expected_kind_of_first(first)) << first << ' ' << size;
    }
  }
}

TEST(KindOf, EmptyIsAKeepalive) {
  EXPECT_EQ(kind_of({}), OpenKind::kKeepalive);
}

TEST(KindOf, ProbesHaveOneLength) {
  for (std::size_t size = 1; size <= 20; ++size) {
    Bytes datagram(size);
    datagram[0] = Probe::kPingByte;
    EXPECT_EQ(kind_of(datagram), size == 9 ? OpenKind::kPing : OpenKind::kUnknown) << size;
    datagram[0] = Probe::kPongByte;
    EXPECT_EQ(kind_of(datagram), size == 9 ? OpenKind::kPong : OpenKind::kUnknown) << size;
  }
}

TEST(KindOf, RtcpIsToldByItsPacketType) {
  for (int second = 0; second < 256; ++second) {
    const bool rtcp = second >= 192 && second <= 223;
    EXPECT_EQ(kind_of(bytes_of({0x80, second})), rtcp ? OpenKind::kRtcp : OpenKind::kRtp) << second;
    EXPECT_EQ(kind_of(bytes_of({0xBF, second})), rtcp ? OpenKind::kRtcp : OpenKind::kRtp) << second;
    EXPECT_EQ(kind_of(bytes_of({0xC3, second})), OpenKind::kText) << second;
  }
}

TEST(Probe, RoundTrip) {
  std::array<std::byte, Probe::kBytes> out{};
  ByteWriter writer(out);
  Probe{.token = 0x0102030405060708}.serialize(writer, Probe::kPingByte);
  EXPECT_TRUE(same(writer.written(), bytes_of({0x05, 1, 2, 3, 4, 5, 6, 7, 8})));
  EXPECT_EQ(kind_of(out), OpenKind::kPing);
  EXPECT_EQ(Probe::parse(out).token, 0x0102030405060708U);
  ByteWriter again(out);
  Probe::parse(out).serialize(again, Probe::kPongByte);
  EXPECT_EQ(kind_of(out), OpenKind::kPong);
  EXPECT_EQ(Probe::parse(out).token, 0x0102030405060708U);
}

TEST(DropReason, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    const std::string_view name = name_of(static_cast<DropReason>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos)
        << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), kDropReasons);
  EXPECT_EQ(name_of(DropReason::kOversize), "oversize");
  EXPECT_EQ(name_of(DropReason::kShutdown), "shutdown");
  EXPECT_EQ(name_of(DropReason::kTruncated), "truncated");
  EXPECT_EQ(name_of(DropReason::kTooManyStreams), "too_many_streams");
}

}  // namespace
}  // namespace hubbub
