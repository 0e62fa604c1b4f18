// Ed25519 against RFC 8032, and against signatures and keys that somebody bent.
#include "codec/seal/ed25519.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

struct Vector {
  std::string_view name;
  std::string_view seed;
  std::string_view public_key;
  std::string_view message;
  std::string_view signature;
};

// Section 7.1.
constexpr Vector kVectors[] = {
    {"TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"},
    {"TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"},
    {"TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"},
    {"TEST SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
     "454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
     "3dca179c138ac17ad9bef1177331a704"},
};

IdentityKey identity_from_hex(std::string_view hex) {
  return array_from_hex<32>(hex);
}

TEST(Ed25519, PublishedVectorsBothWays) {
  for (const Vector& vector : kVectors) {
    const SigningKey key = SigningKey::from_seed(key_from_hex(vector.seed));
    EXPECT_EQ(to_hex(key.public_key()), vector.public_key) << vector.name;
    const Bytes message = from_hex(vector.message);
    EXPECT_EQ(to_hex(key.sign(message)), vector.signature) << vector.name;
    EXPECT_TRUE(verify(identity_from_hex(vector.public_key), message, array_from_hex<64>(vector.signature)))
        << vector.name;
  }
}

TEST(Ed25519, EveryFlippedBitIsRefused) {
  const Vector& vector = kVectors[2];
  const IdentityKey key = identity_from_hex(vector.public_key);
  const Bytes message = from_hex(vector.message);
  const Signature signature = array_from_hex<64>(vector.signature);
  for_each_flipped_bit(Bytes(signature.begin(), signature.end()), [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(verify(key, message, std::span<const std::byte, 64>(flipped))) << "signature, bit " << bit;
  });
  for_each_flipped_bit(message, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(verify(key, flipped, signature)) << "message, bit " << bit;
  });
  for_each_flipped_bit(Bytes(key.begin(), key.end()), [&](const Bytes& flipped, std::size_t bit) {
    IdentityKey other{};
    std::ranges::copy(flipped, other.begin());
    EXPECT_FALSE(verify(other, message, signature)) << "key, bit " << bit;
  });
  EXPECT_FALSE(verify(key, {}, signature));
  EXPECT_TRUE(verify(key, message, signature)) << "a refusal does not spoil what follows";
}

TEST(Ed25519, AnothersKeyDoesNotVerify) {
  SeededRandom random(1);
  const SigningKey a = SigningKey::from_seed(random.secret<32>());
  const SigningKey b = SigningKey::from_seed(random.secret<32>());
  const Bytes message = from_hex("00ff");
  EXPECT_NE(a.public_key(), b.public_key());
  EXPECT_TRUE(verify(a.public_key(), message, a.sign(message)));
  EXPECT_FALSE(verify(b.public_key(), message, a.sign(message)));
}

// S + L is S to the curve; section 5.1.7 refuses it, so that a signature has one spelling.
TEST(Ed25519, AnSBeyondTheGroupsOrderIsRefused) {
  const IdentityKey key = identity_from_hex(kVectors[0].public_key);
  Signature signature = array_from_hex<64>(kVectors[0].signature);
  ASSERT_TRUE(verify(key, {}, signature));
  const Bytes order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += std::to_integer<unsigned>(signature[32 + i]) + std::to_integer<unsigned>(order[i]);
    signature[32 + i] = static_cast<std::byte>(carry & 0xFFU);
    carry >>= 8U;
  }
  EXPECT_EQ(carry, 0U);
  EXPECT_FALSE(verify(key, {}, signature));
}

// With the identity as R and zero as S, and a key of small order, the equation of section 5.1.7 holds
// whenever the hash is a multiple of that order: for one message in eight at least, whoever wrote it. The
// last two are p and p + 1, the long spellings of 0 and 1.
TEST(Ed25519, NoKeyOfSmallOrderVerifiesAnything) {
  Signature forged{};
  forged[0] = std::byte{1};
  for (const std::string_view hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    IdentityKey key = identity_from_hex(hex);
    for (int sign = 0; sign < 2; ++sign) {
      for (int i = 0; i < 64; ++i) {
        const Bytes message(1, static_cast<std::byte>(i));
        EXPECT_FALSE(verify(key, message, forged)) << to_hex(key) << ", message " << i;
      }
      key[31] |= std::byte{0x80};
    }
  }
}

}  // namespace
}  // namespace hubbub::seal
