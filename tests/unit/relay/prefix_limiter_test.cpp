// The rate limit for strangers: by IPv4 address and IPv6 /64, at its rate, and never more than its table.
#include "relay/core/prefix_limiter.h"

#include <gtest/gtest.h>

namespace hubbub::relay {
namespace {

constexpr TimePoint kStart{1h};

int takes(PrefixLimiter& limiter, const IpAddress& address, TimePoint now = kStart) {
  int count = 0;
  while (count < 1'000 && limiter.take(now, address)) ++count;
  return count;
}

IpAddress v6(std::uint8_t network, std::uint8_t subnet, std::uint8_t host) {
  return IpAddress({0x20, 0x01, 0x0D, 0xB8, 0, network, 0, subnet, 0, 0, 0, 0, 0, 0, 0, host});
}

TEST(PrefixLimiter, ABurstAndThenItsRate) {
  PrefixLimiter limiter(4, 8, 1);
  const IpAddress address = IpAddress::v4(192, 0, 2, 1);
  EXPECT_EQ(takes(limiter, address), 8);
  EXPECT_EQ(takes(limiter, address, kStart + 249ms), 0);
  EXPECT_EQ(takes(limiter, address, kStart + 250ms), 1);
  EXPECT_EQ(takes(limiter, address, kStart + 1'250ms), 4);
  EXPECT_EQ(takes(limiter, address, kStart + 1h), 8) << "never more than the burst";
}

TEST(PrefixLimiter, EachIpv4AddressHasItsOwn) {
  PrefixLimiter limiter(1, 2, 1);
  EXPECT_EQ(takes(limiter, IpAddress::v4(192, 0, 2, 1)), 2);
  EXPECT_EQ(takes(limiter, IpAddress::v4(192, 0, 2, 2)), 2);
  EXPECT_EQ(takes(limiter, IpAddress::v4(192, 0, 2, 1)), 0);
}

TEST(PrefixLimiter, AnIpv6NetworkSharesOne) {
  PrefixLimiter limiter(1, 2, 1);
  EXPECT_EQ(takes(limiter, v6(1, 1, 1)), 2);
  EXPECT_EQ(takes(limiter, v6(1, 1, 255)), 0) << "of the same /64";
  EXPECT_EQ(takes(limiter, v6(1, 2, 1)), 2);
  EXPECT_EQ(takes(limiter, v6(2, 1, 1)), 2);
}

TEST(PrefixLimiter, ARateOfZeroIsNoLimit) {
  PrefixLimiter limiter(0, 0, 1);
  EXPECT_EQ(takes(limiter, IpAddress::v4(192, 0, 2, 1)), 1'000);
}

// So many places and no more: with another secret, other strangers meet.
TEST(PrefixLimiter, StrangersMeetByChanceAlone) {
  const auto meets = [](std::uint64_t secret) {
    PrefixLimiter limiter(1, 1, secret);
    std::vector<int> met;
    for (int i = 0; i < 2'000; ++i) {
      if (!limiter.take(
              kStart, IpAddress::v4(10, 0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i))))
        met.push_back(i);
    }
    return met;
  };
  const auto one = meets(1);
  EXPECT_GT(one.size(), 200U);  // of 2,000 in 4,096 places some 430 come second
  EXPECT_LT(one.size(), 700U);
  EXPECT_NE(one, meets(2));
}

}  // namespace
}  // namespace hubbub::relay
