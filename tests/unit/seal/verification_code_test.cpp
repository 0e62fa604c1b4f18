// The code two people compare and a key's short name, against values worked out apart from this program (by
// Python's hashlib and base64).
#include "codec/seal/verification_code.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

const IdentityKey kZeros{};
const IdentityKey kOnes = [] {
  IdentityKey key{};
  key.fill(std::byte{0xFF});
  return key;
}();
const IdentityKey kCounting = [] {
  IdentityKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
  return key;
}();

TEST(VerificationCode, KnownValues) {
  EXPECT_EQ(verification_code(kZeros, kOnes), "04946 42300 16331 08190");
  EXPECT_EQ(verification_code(kZeros, kCounting), "90514 71756 05878 45173");
  EXPECT_EQ(verification_code(kCounting, kCounting), "37391 31179 95622 20322");
  EXPECT_EQ(verification_code(kZeros, IdentityKey{std::byte{38}}), "35927 14281 00913 97408")
      << "leading zeros stay";
}

TEST(VerificationCode, IsTheSameFromBothSides) {
  SeededRandom random(1);
  for (int i = 0; i < 20; ++i) {
    IdentityKey a{};
    IdentityKey b{};
    random.fill(a);
    random.fill(b);
    EXPECT_EQ(verification_code(a, b), verification_code(b, a));
  }
}

TEST(VerificationCode, EveryBitOfEitherKeyCounts) {
  const std::string code = verification_code(kCounting, kOnes);
  for_each_flipped_bit(Bytes(kCounting.begin(), kCounting.end()), [&](const Bytes& flipped, std::size_t bit) {
    IdentityKey other{};
    std::ranges::copy(flipped, other.begin());
    EXPECT_NE(verification_code(other, kOnes), code) << "bit " << bit;
    EXPECT_NE(verification_code(kOnes, other), code) << "bit " << bit;
  });
}

TEST(Fingerprint, KnownValues) {
  EXPECT_EQ(fingerprint(kZeros), "bllf-6del");
  EXPECT_EQ(fingerprint(kOnes), "qbi2-ormd");
  EXPECT_EQ(fingerprint(kCounting), "zlni-krpj");
}

}  // namespace
}  // namespace hubbub::seal
