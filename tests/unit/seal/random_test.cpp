// Randomness: what the helpers make of the bytes, and that the system's are not the same twice.
#include "codec/seal/random.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

TEST(Random, HelpersTakeBytesInOrder) {
  ScriptedRandom random(bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(random.u32(), 0x01020304U);
  EXPECT_EQ(random.u64(), 0x05060708090A0B0CU);
  EXPECT_TRUE(same(random.secret<3>().view(), bytes_of({13, 14, 15})));
}

TEST(SystemRandom, IsNotTheSameTwice) {
  SystemRandom random;
  const auto first = random.secret<32>();
  const auto second = random.secret<32>();
  EXPECT_FALSE(first == second);
  EXPECT_FALSE(first == Key());
  EXPECT_FALSE(second == Key());
}

TEST(SystemRandom, FillsEveryByteAndNoOther) {
  SystemRandom random;
  Bytes touched(66, std::byte{0});
  // A byte stays zero through 32 draws once in 2^256.
  for (int i = 0; i < 32; ++i) {
    Bytes bytes(66, std::byte{0});
    random.fill(std::span(bytes).subspan(1, 64));
    for (std::size_t at = 0; at < bytes.size(); ++at) touched[at] |= bytes[at];
  }
  EXPECT_EQ(touched.front(), std::byte{0});
  EXPECT_EQ(touched.back(), std::byte{0});
  EXPECT_EQ(std::ranges::count(touched, std::byte{0}), 2);
}

}  // namespace
}  // namespace hubbub::seal
