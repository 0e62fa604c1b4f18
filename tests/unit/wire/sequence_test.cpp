// RTP's wrapping counters, around every edge of their range.
#include "codec/wire/sequence.h"

#include <gtest/gtest.h>

namespace hubbub {
namespace {

TEST(SequenceNumber, DistanceGoesTheShortWayRound) {
  struct Case {
    int a, b, distance;
  };
  constexpr Case kCases[] = {
      {0, 0, 0},          {1, 0, 1},           {0, 1, -1},           {0, 65'535, 1},
      {65'535, 0, -1},    {32'767, 0, 32'767}, {32'768, 0, -32'768}, {0, 32'768, -32'768},
      {100, 65'436, 200}, {65'436, 100, -200}, {32'769, 1, -32'768}, {1, 32'769, -32'768},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(
        SequenceNumber{static_cast<std::uint16_t>(c.a)} - SequenceNumber{static_cast<std::uint16_t>(c.b)},
        c.distance)
        << c.a << " - " << c.b;
  }
}

TEST(SequenceNumber, AddsWithWrap) {
  EXPECT_EQ(SequenceNumber{65'535} + 1, SequenceNumber{0});
  EXPECT_EQ(SequenceNumber{0} + -1, SequenceNumber{65'535});
  EXPECT_EQ(SequenceNumber{10} + 65'536, SequenceNumber{10});
  EXPECT_EQ(SequenceNumber{10} + 0, SequenceNumber{10});
  EXPECT_FALSE(SequenceNumber{10} == SequenceNumber{11});
}

TEST(RtpTime, DistanceAndSumWrap) {
  EXPECT_EQ(RtpTime{0} - RtpTime{0xFFFFFFFF}, 1);
  EXPECT_EQ(RtpTime{0xFFFFFFFF} - RtpTime{0}, -1);
  EXPECT_EQ(RtpTime{0x7FFFFFFF} - RtpTime{0}, 0x7FFFFFFF);
  EXPECT_EQ(RtpTime{0x80000000} - RtpTime{0}, -0x80000000LL);
  EXPECT_EQ(RtpTime{0xFFFFFFFF} + 961, RtpTime{960});
  EXPECT_EQ(RtpTime{0} + -960, RtpTime{0xFFFFFC40});
  EXPECT_EQ(RtpTime{5} + (std::int64_t{1} << 32), RtpTime{5});
}

TEST(Extend, GivesTheNearestNumber) {
  struct Case {
    int n;
    std::int64_t reference, extended;
  };
  constexpr Case kCases[] = {
      {5, 5, 5},
      {6, 5, 6},
      {0, 65'535, 65'536},       // wrapped on
      {65'535, 65'536, 65'535},  // an old one, from before the wrap
      {65'535, 0, -1},           // older than the first
      {1, 3 * 65'536LL, 3 * 65'536LL + 1},
      {65'000, 3 * 65'536LL, 3 * 65'536LL - 536},
      {32'767, 0, 32'767},   // the furthest ahead
      {32'768, 0, -32'768},  // the furthest behind
      {0, -1, 0},
      {7, (std::int64_t{1} << 47) + 6, (std::int64_t{1} << 47) + 7},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(extend(SequenceNumber{static_cast<std::uint16_t>(c.n)}, c.reference), c.extended)
        << c.n << " near " << c.reference;
  }
}

TEST(Extend, FollowsAStreamThroughManyWraps) {
  std::int64_t newest = 65'000;
  for (std::int64_t i = newest; i < 400'000; i += 37) {
    newest = extend(SequenceNumber{static_cast<std::uint16_t>(i)}, newest);
    ASSERT_EQ(newest, i);
  }
}

}  // namespace
}  // namespace hubbub
