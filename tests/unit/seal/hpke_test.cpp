// HPKE against RFC 9180's published vector, both ways, and everything that is not what was sealed.
#include "codec/seal/hpke.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

class Hpke : public testing::Test {
 protected:
  static Bytes field(const char* name) {
    return from_hex(load_vectors("hpke.json").at(name).get<std::string>());
  }
  static KeyPair pair(const char* name) {
    return KeyPair::from_private(Key::from(std::span<const std::byte, 32>(field(name))));
  }

  SeededRandom random_{1};
  const KeyPair recipient_ = pair("skRm");
  const Bytes info_ = field("info");
  const Bytes aad_ = field("aad");
  const Bytes plaintext_ = field("pt");
  const Bytes sealed_ = [] {
    Bytes sealed = field("enc");
    const Bytes ciphertext = field("ct");
    sealed.insert(sealed.end(), ciphertext.begin(), ciphertext.end());
    return sealed;
  }();
};

TEST_F(Hpke, PublishedVectorBothWays) {
  ASSERT_EQ(to_hex(recipient_.public_key), to_hex(field("pkRm")));
  ScriptedRandom random(field("skEm"));
  const auto sealed = hpke_seal(recipient_.public_key, info_, aad_, plaintext_, random);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(to_hex(*sealed), to_hex(sealed_));
  const auto opened = hpke_open(recipient_, info_, aad_, sealed_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(to_hex(*opened), to_hex(plaintext_));
}

TEST_F(Hpke, WhatWasSealedIsOpened) {
  for (const std::size_t size : {0U, 1U, 32U, 1000U}) {
    const Bytes plaintext(size, std::byte{7});
    const auto sealed = hpke_seal(recipient_.public_key, {}, {}, plaintext, random_);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->size(), size + kHpkeOverheadBytes);
    EXPECT_EQ(hpke_open(recipient_, {}, {}, *sealed), plaintext);
    EXPECT_NE(hpke_seal(recipient_.public_key, {}, {}, plaintext, random_), sealed)
        << "each message has an ephemeral key of its own";
  }
}

TEST_F(Hpke, EveryFlippedBitIsRefused) {
  for_each_flipped_bit(sealed_, [&](const Bytes& flipped, std::size_t bit) {
    // The top bit of an X25519 key counts for nothing in the exchange (RFC 7748 section 5), but for the KEM's
    // context it does.
    EXPECT_FALSE(hpke_open(recipient_, info_, aad_, flipped)) << "bit " << bit;
  });
  for (std::size_t size = 0; size < sealed_.size(); ++size) {
    EXPECT_FALSE(hpke_open(recipient_, info_, aad_, std::span(sealed_).first(size))) << size << " bytes";
  }
}

TEST_F(Hpke, AnotherRecipientOrPurposeIsRefused) {
  EXPECT_FALSE(hpke_open(KeyPair::generate(random_), info_, aad_, sealed_));
  for_each_flipped_bit(info_, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(hpke_open(recipient_, flipped, aad_, sealed_)) << "info, bit " << bit;
  });
  for_each_flipped_bit(aad_, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(hpke_open(recipient_, info_, flipped, sealed_)) << "aad, bit " << bit;
  });
  EXPECT_FALSE(hpke_open(recipient_, aad_, info_, sealed_));
  EXPECT_FALSE(hpke_open(recipient_, {}, aad_, sealed_));
  EXPECT_FALSE(hpke_open(recipient_, info_, {}, sealed_));
}

TEST_F(Hpke, AKeyOfLowOrderIsRefusedOnBothSides) {
  for (const std::string_view hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
       }) {
    const PublicKey key = public_key_from_hex(hex);
    EXPECT_FALSE(hpke_seal(key, info_, aad_, plaintext_, random_)) << hex;
    Bytes sealed = sealed_;
    std::ranges::copy(key, sealed.begin());
    EXPECT_FALSE(hpke_open(recipient_, info_, aad_, sealed)) << hex;
  }
  EXPECT_TRUE(hpke_open(recipient_, info_, aad_, sealed_)) << "a refusal does not spoil what follows";
}

}  // namespace
}  // namespace hubbub::seal
