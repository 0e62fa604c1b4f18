// X25519 against RFC 7748, and against those who would choose the secret.
#include "codec/seal/x25519.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

std::string shared_hex(const Key& private_key, const PublicKey& public_key) {
  const auto shared = x25519(private_key, public_key);
  const auto with_pair = x25519(KeyPair::from_private(private_key), public_key);
  EXPECT_EQ(shared.has_value(), with_pair.has_value());
  if (!shared || !with_pair) return "refused";
  EXPECT_EQ(*shared, *with_pair);
  return to_hex(shared->view());
}

// Section 5.2.
TEST(X25519, PublishedVectors) {
  EXPECT_EQ(
      shared_hex(key_from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                 public_key_from_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")),
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(
      shared_hex(key_from_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                 public_key_from_hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")),
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// Section 5.2's second test: each result is the next scalar, each scalar the next point.
TEST(X25519, AThousandIterations) {
  Key scalar = key_from_hex("0900000000000000000000000000000000000000000000000000000000000000");
  PublicKey point = public_key_from_hex("0900000000000000000000000000000000000000000000000000000000000000");
  for (int i = 1; i <= 1000; ++i) {
    const auto result = x25519(scalar, point);
    ASSERT_TRUE(result) << i;
    std::ranges::copy(scalar.view(), point.begin());
    scalar = *result;
    if (i == 1) {
      EXPECT_EQ(to_hex(scalar.view()), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(to_hex(scalar.view()), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// Section 6.1.
TEST(X25519, BothSidesAgree) {
  const KeyPair alice =
      KeyPair::from_private(key_from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const KeyPair bob =
      KeyPair::from_private(key_from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(to_hex(alice.public_key), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob.public_key), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(shared_hex(alice.private_key, bob.public_key), shared);
  EXPECT_EQ(shared_hex(bob.private_key, alice.public_key), shared);
}

TEST(X25519, GeneratesFromTheRandomnessItIsGiven) {
  const std::string private_key = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
  ScriptedRandom random(from_hex(private_key));
  const KeyPair pair = KeyPair::generate(random);
  EXPECT_EQ(to_hex(pair.private_key.view()), private_key);
  EXPECT_EQ(to_hex(pair.public_key), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}

// All points of low order: 0, 1, p - 1 and the two of order 8, and the other spellings of 0 and 1; each also
// with the top bit, which section 5 ignores.
TEST(X25519, RefusesEveryPointOfLowOrder) {
  const Key private_key = key_from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  for (const std::string_view hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    PublicKey point = public_key_from_hex(hex);
    EXPECT_EQ(shared_hex(private_key, point), "refused") << hex;
    point[31] |= std::byte{0x80};
    EXPECT_EQ(shared_hex(private_key, point), "refused") << hex << " with its top bit";
  }
}

TEST(X25519, ARefusalDoesNotSpoilWhatFollows) {
  SeededRandom random(1);
  const KeyPair a = KeyPair::generate(random);
  const KeyPair b = KeyPair::generate(random);
  const std::string before = shared_hex(a.private_key, b.public_key);
  EXPECT_EQ(shared_hex(a.private_key, PublicKey{}), "refused");
  EXPECT_EQ(shared_hex(a.private_key, b.public_key), before);
  EXPECT_EQ(shared_hex(b.private_key, a.public_key), before);
}

}  // namespace
}  // namespace hubbub::seal
