// Addresses and endpoints: reading, writing, kinds, and being equal when they mean the same.
#include "codec/wire/endpoint.h"

#include <set>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

namespace hubbub {
namespace {

IpAddress address(const char* text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(IpAddress());
}

TEST(IpAddress, ReadsAndWrites) {
  struct Case {
    const char* text;
    const char* written;
  };
  constexpr Case kCases[] = {
      {"127.0.0.1", "127.0.0.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},  // canonical: v4-mapped is v4
      {"::FFFF:c000:201", "192.0.2.1"},
      {"fe80::1", "fe80::1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const Case& c : kCases) EXPECT_EQ(address(c.text).to_string(), c.written);
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const char* text : {"", " ", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4",
                           "1.2.3.4:80", "01.2.3.4x", "localhost", ":::", "1::2::3", "fe80::1%eth0", "[::1]",
                           "::1/128", "12345::", "-1.2.3.4", "0x7f.0.0.1"}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << '"' << text << '"';
  }
  EXPECT_FALSE(IpAddress::parse(std::string("127.0.0.1\0.example", 18)).has_value())
      << "a NUL does not end it";
  EXPECT_FALSE(IpAddress::parse(std::string("::1\0", 4)).has_value());
}

TEST(IpAddress, MappedIsTheSameAsPlain) {
  EXPECT_EQ(address("::ffff:10.1.2.3"), IpAddress::v4(10, 1, 2, 3));
  EXPECT_TRUE(address("10.1.2.3").is_v4());
  EXPECT_EQ(address("10.1.2.3").v4_number(), 0x0A010203U);
  EXPECT_FALSE(address("::10.1.2.3").is_v4()) << "v4-compatible is not v4-mapped";
  EXPECT_FALSE(address("::fffe:10.1.2.3").is_v4());
  EXPECT_FALSE(address("1::ffff:10.1.2.3").is_v4());
}

TEST(IpAddressDeathTest, NumberOfV6IsABug) {
  EXPECT_DEATH(static_cast<void>(address("::1").v4_number()), "bug: CHECK");
}

// Each range at its first and last address, and one beyond.
TEST(IpAddress, KindsAtTheirEdges) {
  enum Kind : unsigned {
    kNone = 0,
    kUnspecified = 1,
    kLoopback = 2,
    kLinkLocal = 4,
    kMulticast = 8,
    kBroadcast = 16,
    kPrivate = 32
  };
  struct Case {
    const char* text;
    unsigned kinds;
  };
  constexpr Case kCases[] = {
      {"0.0.0.0", kUnspecified},
      {"0.0.0.1", kNone},
      {"::", kUnspecified},
      {"::1", kLoopback | kPrivate},
      {"::2", kNone},
      {"126.255.255.255", kNone},
      {"127.0.0.0", kLoopback | kPrivate},
      {"127.255.255.255", kLoopback | kPrivate},
      {"128.0.0.0", kNone},
      {"::7f00:1", kNone},  // 127.0.0.1 as v4-compatible is not a loopback
      {"169.253.255.255", kNone},
      {"169.254.0.0", kLinkLocal | kPrivate},
      {"169.254.255.255", kLinkLocal | kPrivate},
      {"169.255.0.0", kNone},
      {"fe7f:ffff::", kNone},
      {"fe80::", kLinkLocal | kPrivate},
      {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kLinkLocal | kPrivate},
      {"fec0::", kNone},
      {"223.255.255.255", kNone},
      {"224.0.0.0", kMulticast},
      {"239.255.255.255", kMulticast},
      {"240.0.0.0", kNone},
      {"255.255.255.254", kNone},
      {"255.255.255.255", kBroadcast},
      {"feff::", kNone},
      {"ff00::", kMulticast},
      {"ff02::1", kMulticast},
      {"9.255.255.255", kNone},
      {"10.0.0.0", kPrivate},
      {"10.255.255.255", kPrivate},
      {"11.0.0.0", kNone},
      {"172.15.255.255", kNone},
      {"172.16.0.0", kPrivate},
      {"172.31.255.255", kPrivate},
      {"172.32.0.0", kNone},
      {"192.167.255.255", kNone},
      {"192.168.0.0", kPrivate},
      {"192.168.255.255", kPrivate},
      {"192.169.0.0", kNone},
      {"100.63.255.255", kNone},
      {"100.64.0.0", kPrivate},
      {"100.127.255.255", kPrivate},
      {"100.128.0.0", kNone},
      {"fbff:ffff::", kNone},
      {"fc00::", kPrivate},
      {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kPrivate},
      {"fe00::", kNone},
      {"8.8.8.8", kNone},
      {"2001:db8::1", kNone},
      {"64:ff9b::7f00:1", kNone},
      {"2002:7f00:1::", kNone},
  };
  for (const Case& c : kCases) {
    const IpAddress a = address(c.text);
    EXPECT_EQ(a.is_unspecified(), (c.kinds & kUnspecified) != 0) << c.text;
    EXPECT_EQ(a.is_loopback(), (c.kinds & kLoopback) != 0) << c.text;
    EXPECT_EQ(a.is_link_local(), (c.kinds & kLinkLocal) != 0) << c.text;
    EXPECT_EQ(a.is_multicast(), (c.kinds & kMulticast) != 0) << c.text;
    EXPECT_EQ(a.is_limited_broadcast(), (c.kinds & kBroadcast) != 0) << c.text;
    EXPECT_EQ(a.is_private(), (c.kinds & kPrivate) != 0) << c.text;
  }
}

TEST(Endpoint, IsWrittenAsPeopleWriteIt) {
  EXPECT_EQ((Endpoint{address("192.0.2.1"), 5241}.to_string()), "192.0.2.1:5241");
  EXPECT_EQ((Endpoint{address("::"), 0}.to_string()), "[::]:0");
  EXPECT_EQ((Endpoint{address("2001:db8::1"), 65'535}.to_string()), "[2001:db8::1]:65535");
  EXPECT_EQ((Endpoint{address("fe80::1"), 5241, 3}.to_string()), "[fe80::1%3]:5241");
}

TEST(Endpoint, AddressPortAndZoneAllCount) {
  const Endpoint base{address("fe80::1"), 5241, 1};
  EXPECT_EQ(base, (Endpoint{address("fe80::1"), 5241, 1}));
  EXPECT_NE(base, (Endpoint{address("fe80::2"), 5241, 1}));
  EXPECT_NE(base, (Endpoint{address("fe80::1"), 5242, 1}));
  EXPECT_NE(base, (Endpoint{address("fe80::1"), 5241, 2}))
      << "the same link-local address on another link is another peer";
  EXPECT_LT((Endpoint{address("10.0.0.1"), 9}), (Endpoint{address("10.0.0.2"), 1}));
}

TEST(EndpointHash, DependsOnEveryFieldAndOnTheSecret) {
  const Endpoint base{address("fe80::1"), 5241, 1};
  const EndpointHash hash{42};
  EXPECT_EQ(hash(base), hash(Endpoint{address("fe80::1"), 5241, 1}));
  std::set<std::size_t> values = {hash(base),
                                  hash({address("fe80::2"), 5241, 1}),
                                  hash({address("fe81::1"), 5241, 1}),
                                  hash({address("fe80::1"), 5242, 1}),
                                  hash({address("fe80::1"), 5241, 2}),
                                  EndpointHash{43}(base)};
  EXPECT_EQ(values.size(), 6U);
}

TEST(EndpointHash, SpreadsNeighbours) {
  const EndpointHash hash{7};
  std::unordered_set<std::size_t> low_bits;
  for (int port = 0; port < 4'096; ++port)
    low_bits.insert(hash({IpAddress::v4(10, 0, 0, 1), static_cast<std::uint16_t>(port)}) & 0xFFFU);
  EXPECT_GT(low_bits.size(), 2'300U) << "as a random function would: 63 % of 4,096";
}

TEST(HostPort, ReadsHostAndPort) {
  struct Case {
    const char* text;
    std::uint16_t default_port;
    const char* host;
    int port;
    const char* written;
  };
  constexpr Case kCases[] = {
      {"example.org:5241", 0, "example.org", 5241, "example.org:5241"},
      {"example.org", 5241, "example.org", 5241, "example.org:5241"},
      {"example.org:1", 5241, "example.org", 1, "example.org:1"},
      {"10.0.0.1:65535", 0, "10.0.0.1", 65'535, "10.0.0.1:65535"},
      {"[::1]:5241", 0, "::1", 5241, "[::1]:5241"},
      {"[::1]", 5241, "::1", 5241, "[::1]:5241"},
      {"[fe80::1%eth0]:5241", 0, "fe80::1%eth0", 5241, "[fe80::1%eth0]:5241"},
      {"b\xC3\xBC"
       "cher.example:5241",
       0,
       "b\xC3\xBC"
       "cher.example",
       5241,
       "b\xC3\xBC"
       "cher.example:5241"},
  };
  for (const Case& c : kCases) {
    const auto parsed = HostPort::parse(c.text, c.default_port);
    ASSERT_TRUE(parsed.has_value()) << c.text;
    EXPECT_EQ(parsed->host, c.host);
    EXPECT_EQ(parsed->port, c.port);
    EXPECT_EQ(parsed->to_string(), c.written);
  }
}

TEST(HostPort, RefusesAnythingElse) {
  for (const char* text : {"",
                           ":",
                           ":5241",
                           "host:",
                           "host:0",
                           "host:65536",
                           "host:99999999999999999999",
                           "host:-1",
                           "host:+1",
                           "host: 1",
                           "host:1 ",
                           "host:port",
                           "host:1:2",
                           "::1",
                           "::1:5241",
                           "[::1",
                           "::1]:5241",
                           "[]:5241",
                           "[host]:5241",
                           "[::1]5241",
                           "[::1]:",
                           "[::1]:0",
                           "[::1] :5",
                           "[%eth0]:1",
                           "ho st:1",
                           "host/x:1",
                           "user@host:1",
                           "host#x:1",
                           "host?x:1",
                           "\x1b[31mhost:1",
                           "host\x7f:1",
                           "host\n:1"}) {
    EXPECT_FALSE(HostPort::parse(text, 5241).has_value()) << '"' << text << '"';
  }
  EXPECT_FALSE(HostPort::parse("host").has_value()) << "no port, and no default for it";
  EXPECT_FALSE(HostPort::parse("[::1]").has_value());
  EXPECT_FALSE(HostPort::parse(std::string("ho\0st:1", 7)).has_value());
}

}  // namespace
}  // namespace hubbub
