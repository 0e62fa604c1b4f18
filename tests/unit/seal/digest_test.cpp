// SHA-256, HMAC, HKDF and scrypt against their published vectors.
#include "codec/seal/digest.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

// FIPS 180-4's examples.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256({as_bytes("abc")})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PartsAreOneMessage) {
  const Digest whole = sha256({as_bytes("abc")});
  EXPECT_EQ(sha256({as_bytes("a"), as_bytes(""), as_bytes("bc")}), whole);
  EXPECT_NE(sha256({as_bytes("a"), as_bytes("b")}), whole);
}

struct HmacVector {
  Bytes key;
  Bytes data;
  std::string digest;
};

// RFC 4231 test cases 1, 2, 3 and 6.
std::vector<HmacVector> hmac_vectors() {
  return {
      {Bytes(20, std::byte{0x0b}), bytes_of("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {bytes_of("Jefe"), bytes_of("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Bytes(20, std::byte{0xaa}), Bytes(50, std::byte{0xdd}),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {Bytes(131, std::byte{0xaa}), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
}

TEST(HmacSha256, PublishedVectors) {
  for (const HmacVector& vector : hmac_vectors()) {
    EXPECT_EQ(to_hex(hmac_sha256(vector.key, {vector.data})), vector.digest);
    const std::span<const std::byte> data = vector.data;
    EXPECT_EQ(to_hex(hmac_sha256(vector.key, {data.first(3), {}, data.subspan(3)})), vector.digest);
  }
}

TEST(HmacSha256, AnEmptyKeyIsAKeyAndNotTheLastOne) {
  const Digest with_empty = hmac_sha256({}, {as_bytes("x")});
  EXPECT_NE(hmac_sha256(as_bytes("key"), {as_bytes("x")}), with_empty);
  EXPECT_EQ(hmac_sha256({}, {as_bytes("x")}), with_empty);
  EXPECT_EQ(hmac_sha256(Bytes(64), {as_bytes("x")}), with_empty) << "RFC 2104 pads a key with zeros";
}

TEST(Hmac, OneKeyForManyMessages) {
  for (const HmacVector& vector : hmac_vectors()) {
    Hmac hmac(vector.key);
    EXPECT_EQ(to_hex(hmac({vector.data})), vector.digest);
    EXPECT_NE(to_hex(hmac({as_bytes("another")})), vector.digest);
    EXPECT_EQ(to_hex(hmac({vector.data})), vector.digest);
  }
}

TEST(Hmac, TwoKeysDoNotMix) {
  const auto vectors = hmac_vectors();
  Hmac first(vectors[0].key);
  Hmac second(vectors[1].key);
  EXPECT_EQ(to_hex(first({vectors[0].data})), vectors[0].digest);
  EXPECT_EQ(to_hex(second({vectors[1].data})), vectors[1].digest);
  EXPECT_EQ(to_hex(first({vectors[0].data})), vectors[0].digest);
}

struct HkdfVector {
  Bytes input;
  Bytes salt;
  Bytes info;
  std::string prk;
  std::string output;
};

// RFC 5869 appendices A.1 to A.3.
std::vector<HkdfVector> hkdf_vectors() {
  const auto range = [](int first, int count) {
    Bytes bytes;
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(first + i));
    return bytes;
  };
  return {
      {Bytes(22, std::byte{0x0b}), range(0x00, 13), range(0xf0, 10),
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {range(0x00, 80), range(0x60, 80), range(0xb0, 80),
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da327"
       "560"
       "0c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {Bytes(22, std::byte{0x0b}),
       {},
       {},
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
}

TEST(Hkdf, PublishedVectors) {
  for (const HkdfVector& vector : hkdf_vectors()) {
    const Key prk = hkdf_extract(vector.salt, vector.input);
    EXPECT_EQ(to_hex(prk.view()), vector.prk);
    Bytes output(vector.output.size() / 2);
    hkdf_expand(prk, {vector.info}, output);
    EXPECT_EQ(to_hex(output), vector.output);
  }
}

TEST(Hkdf, EveryLengthIsAPrefixAndInfoMayComeInParts) {
  const HkdfVector vector = hkdf_vectors()[1];
  const Key prk = key_from_hex(vector.prk);
  const std::span<const std::byte> info = vector.info;
  for (std::size_t size = 0; size <= vector.output.size() / 2; ++size) {
    Bytes output(size);
    hkdf_expand(prk, {info.first(size % info.size()), info.subspan(size % info.size())}, output);
    EXPECT_EQ(to_hex(output), vector.output.substr(0, 2 * size));
  }
}

TEST(Hkdf, GoesTo255BlocksAndNoFurther) {
  constexpr std::size_t kMost = std::size_t{255} * 32;
  Bytes output(kMost);
  hkdf_expand(Key(), {}, output);
  // The last block, by RFC 5869's own recurrence.
  const Bytes number = bytes_of({255});
  const std::span<const std::byte> view = output;
  EXPECT_TRUE(same(view.last(32), hmac_sha256(Key().view(), {view.subspan(kMost - 64, 32), number})));
  Bytes too_long(kMost + 1);
  EXPECT_DEATH(hkdf_expand(Key(), {}, too_long), "CHECK");
}

// RFC 7914 section 12: the first 32 of its 64 bytes, which do not depend on how many are asked for. Its
// fourth vector takes a gigabyte.
TEST(Scrypt, PublishedVectors) {
  EXPECT_EQ(to_hex(scrypt("", {}, 16, 1, 1).view()),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");
  EXPECT_EQ(to_hex(scrypt("password", as_bytes("NaCl"), 1024, 8, 16).view()),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
  EXPECT_EQ(to_hex(scrypt("pleaseletmein", as_bytes("SodiumChloride"), 16384, 8, 1).view()),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(Scrypt, SaysWhenItCannot) {
  EXPECT_THROW((void)scrypt("password", as_bytes("NaCl"), 1023, 8, 1), std::runtime_error)
      << "not a power of two";
}

}  // namespace
}  // namespace hubbub::seal
