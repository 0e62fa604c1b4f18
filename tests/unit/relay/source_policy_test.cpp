// Who may speak in an open room: one table for what each source is told, with and without the operator's
// leave.
#include "relay/core/source_policy.h"

#include <gtest/gtest.h>

namespace hubbub::relay {
namespace {

constexpr auto kWelcome = DropReason::kCount;

struct Case {
  const char* address;
  int port;
  DropReason by_default;
  DropReason with_leave;
};

IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}

DropReason verdict(const SourcePolicy& policy, const Case& c) {
  return policy.refuses({address(c.address), static_cast<std::uint16_t>(c.port)}).value_or(kWelcome);
}

OwnEndpoints own_endpoints() {
  return {.addresses = {address("192.168.1.10"), address("2001:db8::10"), address("fe80::10")},
          .broadcasts = {address("192.168.1.255")},
          .ports = {5241, 5242}};
}

TEST(SourcePolicy, Table) {
  using enum DropReason;
  constexpr Case kCases[] = {
      // Private, loopback and link-local sources are at home.
      {"192.168.1.20", 40'000, kWelcome, kWelcome},
      {"10.0.0.1", 40'000, kWelcome, kWelcome},
      {"172.31.255.255", 40'000, kWelcome, kWelcome},
      {"100.64.0.1", 40'000, kWelcome, kWelcome},
      {"169.254.7.7", 40'000, kWelcome, kWelcome},
      {"127.0.0.1", 40'000, kWelcome, kWelcome},
      {"::1", 40'000, kWelcome, kWelcome},
      {"fd00::1", 40'000, kWelcome, kWelcome},
      {"fe80::1", 40'000, kWelcome, kWelcome},
      {"::ffff:192.168.1.20", 40'000, kWelcome, kWelcome},
      // The internet needs the operator's leave, in either notation.
      {"8.8.8.8", 40'000, kPublicSource, kWelcome},
      {"::ffff:8.8.8.8", 40'000, kPublicSource, kWelcome},
      {"2001:db8::1", 40'000, kPublicSource, kWelcome},
      {"172.32.0.1", 40'000, kPublicSource, kWelcome},
      {"100.128.0.1", 40'000, kPublicSource, kWelcome},
      {"1.0.0.1", 40'000, kPublicSource, kWelcome},
      {"239.1.1.1", 40'000, kUnusableSource, kUnusableSource},
      // The edge of the privileged ports.
      {"192.168.1.20", 0, kUnusableSource, kUnusableSource},
      {"192.168.1.20", 53, kPrivilegedPort, kPrivilegedPort},
      {"192.168.1.20", 1'023, kPrivilegedPort, kPrivilegedPort},
      {"192.168.1.20", 1'024, kWelcome, kWelcome},
      {"192.168.1.20", 65'535, kWelcome, kWelcome},
      {"::1", 1'023, kPrivilegedPort, kPrivilegedPort},
      // Nobody can be answered there.
      {"0.0.0.0", 40'000, kUnusableSource, kUnusableSource},
      {"0.255.255.255", 40'000, kUnusableSource, kUnusableSource},
      {"::", 40'000, kUnusableSource, kUnusableSource},
      {"224.0.0.1", 40'000, kUnusableSource, kUnusableSource},
      {"240.0.0.1", 40'000, kUnusableSource, kUnusableSource},
      {"255.255.255.255", 40'000, kUnusableSource, kUnusableSource},
      {"ff02::1", 40'000, kUnusableSource, kUnusableSource},
      {"192.168.1.255", 40'000, kUnusableSource, kUnusableSource},
      {"192.168.2.255", 40'000, kWelcome, kWelcome},
      // The relay itself: its addresses with its ports, every loopback address among them. Another program
      // here is welcome.
      {"192.168.1.10", 5'241, kOwnAddress, kOwnAddress},
      {"192.168.1.10", 5'242, kOwnAddress, kOwnAddress},
      {"192.168.1.10", 5'243, kWelcome, kWelcome},
      {"192.168.1.11", 5'241, kWelcome, kWelcome},
      {"127.0.0.1", 5'241, kOwnAddress, kOwnAddress},
      {"127.9.9.9", 5'242, kOwnAddress, kOwnAddress},
      {"::1", 5'241, kOwnAddress, kOwnAddress},
      {"fe80::10", 5'241, kOwnAddress, kOwnAddress},
      {"2001:db8::10", 5'241, kOwnAddress, kOwnAddress},
      {"2001:db8::10", 40'000, kPublicSource, kWelcome},
  };
  SourcePolicy by_default(false);
  SourcePolicy with_leave(true);
  by_default.set_own(own_endpoints());
  with_leave.set_own(own_endpoints());
  for (const Case& c : kCases) {
    EXPECT_EQ(verdict(by_default, c), c.by_default) << c.address << ' ' << c.port;
    EXPECT_EQ(verdict(with_leave, c), c.with_leave) << c.address << ' ' << c.port << " with leave";
  }
}

TEST(SourcePolicy, OwnAddressesMayChange) {
  SourcePolicy policy(false);
  const Endpoint self{address("192.168.1.10"), 5'241};
  EXPECT_FALSE(policy.refuses(self).has_value());
  policy.set_own(own_endpoints());
  EXPECT_EQ(policy.refuses(self), DropReason::kOwnAddress);
  policy.set_own({});
  EXPECT_FALSE(policy.refuses(self).has_value());
}

TEST(SourcePolicy, AZoneHidesNothing) {
  SourcePolicy policy(false);
  policy.set_own(own_endpoints());
  EXPECT_EQ(policy.refuses({address("fe80::10"), 5'241, 7}), DropReason::kOwnAddress);
  EXPECT_FALSE(policy.refuses({address("fe80::11"), 5'241, 7}).has_value());
}

}  // namespace
}  // namespace hubbub::relay
