// Cookies: good from the address they were made for, for one to two minutes, and for nobody else.
#include "codec/seal/cookie.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

constexpr TimePoint at(Duration since_start) {
  return TimePoint(Duration(1h) + since_start);  // a whole minute of the clock's
}

const Endpoint kSomebody{.address = IpAddress::v4(192, 0, 2, 1), .port = 5241};

TEST(Cookie, IsGoodForOneToTwoMinutes) {
  for (const Duration made : {0s, 1s, 30s, 59s}) {
    SeededRandom random(1);
    CookieJar jar(random);
    const Cookie cookie = jar.make(at(made), kSomebody);
    EXPECT_TRUE(jar.verify(at(made), kSomebody, cookie));
    EXPECT_TRUE(jar.verify(at(made + 60s), kSomebody, cookie));
    EXPECT_TRUE(jar.verify(at(120s - 1ns), kSomebody, cookie));
    EXPECT_FALSE(jar.verify(at(120s), kSomebody, cookie));
    EXPECT_FALSE(jar.verify(at(180s), kSomebody, cookie));
  }
}

TEST(Cookie, AnIdleJarForgetsToo) {
  for (const Duration idle : {120s, 121s, 180s, 3600s}) {
    SeededRandom random(1);
    CookieJar jar(random);
    const Cookie cookie = jar.make(at(0s), kSomebody);
    EXPECT_FALSE(jar.verify(at(idle), kSomebody, cookie)) << duration_text(idle);
  }
}

TEST(Cookie, IsTheSameWithinAMinuteAndAnotherInTheNext) {
  SeededRandom random(1);
  CookieJar jar(random);
  const Cookie cookie = jar.make(at(0s), kSomebody);
  EXPECT_EQ(jar.make(at(59s), kSomebody), cookie);
  const Cookie next = jar.make(at(60s), kSomebody);
  EXPECT_NE(next, cookie);
  EXPECT_TRUE(jar.verify(at(60s), kSomebody, cookie));
  EXPECT_TRUE(jar.verify(at(60s), kSomebody, next));
}

TEST(Cookie, IsForOneEndpoint) {
  SeededRandom random(1);
  CookieJar jar(random);
  const Cookie cookie = jar.make(at(0s), kSomebody);
  for (std::size_t byte = 0; byte < 16; ++byte) {
    auto address = kSomebody.address.bytes();
    address[byte] ^= 1;
    EXPECT_FALSE(jar.verify(at(0s), {.address = IpAddress(address), .port = kSomebody.port}, cookie)) << byte;
  }
  for (unsigned bit = 0; bit < 16; ++bit) {
    Endpoint other = kSomebody;
    other.port = static_cast<std::uint16_t>(other.port ^ (1U << bit));
    EXPECT_FALSE(jar.verify(at(0s), other, cookie)) << bit;
  }
  Endpoint other_link = kSomebody;
  other_link.zone = 2;
  EXPECT_FALSE(jar.verify(at(0s), other_link, cookie));
}

TEST(Cookie, RefusesEveryFlippedBitAndOtherLengths) {
  SeededRandom random(1);
  CookieJar jar(random);
  const Bytes cookie = bytes_of(jar.make(at(0s), kSomebody));
  for_each_flipped_bit(cookie, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(jar.verify(at(0s), kSomebody, flipped)) << bit;
  });
  for (std::size_t size = 0; size < cookie.size(); ++size) {
    EXPECT_FALSE(jar.verify(at(0s), kSomebody, std::span(cookie).first(size))) << size;
  }
  Bytes longer = cookie;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(jar.verify(at(0s), kSomebody, longer));
  EXPECT_FALSE(jar.verify(at(0s), kSomebody, Cookie{})) << "the cookie of who has none yet";
}

TEST(Cookie, OneJarsAreNotAnothers) {
  SeededRandom random(1);
  CookieJar jar(random);
  CookieJar other(random);
  EXPECT_FALSE(other.verify(at(0s), kSomebody, jar.make(at(0s), kSomebody)));
}

}  // namespace
}  // namespace hubbub::seal
