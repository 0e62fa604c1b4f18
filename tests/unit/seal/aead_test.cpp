// ChaCha20-Poly1305: the published vector, and everything that is not what was sealed.
#include "codec/seal/aead.h"

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

Bytes sealed_of(const Key& key, std::uint64_t counter, const Bytes& ad, const Bytes& plaintext) {
  Bytes out(plaintext.size() + kTagBytes);
  aead_seal(key, counter, ad, plaintext, out);
  return out;
}

struct Sample {
  Key key;
  std::uint64_t counter = 0x0123'4567'89AB'CDEF;
  Bytes ad = bytes_of("over it");
  Bytes plaintext = bytes_of("twenty milliseconds of somebody's voice");

  Sample() { SeededRandom(7).fill(key.view()); }
  [[nodiscard]] Bytes sealed() const { return sealed_of(key, counter, ad, plaintext); }
};

// RFC 8439 appendix A.5. Its nonce has the form that Noise gives one: the other vector's has not.
TEST(Aead, PublishedVector) {
  const Key key = key_from_hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0");
  constexpr std::uint64_t kCounter = 0x0807'0605'0403'0201;
  const Bytes ad = from_hex("f33388860000000000004e91");
  const Bytes plaintext = bytes_of(
      "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, "
      "or "
      "obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference "
      "material or to cite them other than as /\u201cwork in progress./\u201d");
  const Bytes sealed = from_hex(
      "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b7"
      "3c"
      "321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef"
      "61"
      "c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1"
      "b0"
      "a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd6315943"
      "4e"
      "cebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5c"
      "b4"
      "022b02709beead9d67890cbb22392336fea1851f38");
  ASSERT_EQ(sealed.size(), plaintext.size() + kTagBytes);
  EXPECT_EQ(to_hex(sealed_of(key, kCounter, ad, plaintext)), to_hex(sealed));
  Bytes opened(plaintext.size());
  ASSERT_TRUE(aead_open(key, kCounter, ad, sealed, opened));
  EXPECT_EQ(opened, plaintext);
}

TEST(Aead, OpensEveryLengthWithAndWithoutAssociatedData) {
  const Sample sample;
  for (std::size_t size = 0; size < 300; ++size) {
    const Bytes plaintext(size, std::byte{0x5A});
    for (const Bytes& ad : {Bytes{}, sample.ad}) {
      const Bytes sealed = sealed_of(sample.key, size, ad, plaintext);
      Bytes opened(size);
      ASSERT_TRUE(aead_open(sample.key, size, ad, sealed, opened)) << size;
      EXPECT_EQ(opened, plaintext) << size;
    }
  }
}

TEST(Aead, WorksInPlace) {
  const Sample sample;
  Bytes buffer = sample.plaintext;
  buffer.resize(buffer.size() + kTagBytes);
  aead_seal(sample.key, sample.counter, sample.ad, std::span(buffer).first(sample.plaintext.size()), buffer);
  EXPECT_EQ(buffer, sample.sealed());
  ASSERT_TRUE(aead_open(sample.key, sample.counter, sample.ad, buffer, buffer));
  EXPECT_TRUE(same(std::span(buffer).first(sample.plaintext.size()), sample.plaintext));
}

TEST(Aead, RefusesEveryFlippedBitAndLeavesNothingBehind) {
  const Sample sample;
  for_each_flipped_bit(sample.sealed(), [&](const Bytes& flipped, std::size_t bit) {
    Bytes out(sample.plaintext.size(), std::byte{0xEE});
    EXPECT_FALSE(aead_open(sample.key, sample.counter, sample.ad, flipped, out)) << bit;
    EXPECT_EQ(out, Bytes(out.size())) << "plaintext of a forgery, bit " << bit;
  });
  for_each_flipped_bit(sample.ad, [&](const Bytes& flipped, std::size_t bit) {
    Bytes out(sample.plaintext.size());
    EXPECT_FALSE(aead_open(sample.key, sample.counter, flipped, sample.sealed(), out)) << bit;
  });
  for_each_flipped_bit(bytes_of(sample.key.view()), [&](const Bytes& flipped, std::size_t bit) {
    Bytes out(sample.plaintext.size());
    const Key key = Key::from(std::span(flipped).first<32>());
    EXPECT_FALSE(aead_open(key, sample.counter, sample.ad, sample.sealed(), out)) << bit;
  });
  for (unsigned bit = 0; bit < 64; ++bit) {
    Bytes out(sample.plaintext.size());
    const std::uint64_t counter = sample.counter ^ (std::uint64_t{1} << bit);
    EXPECT_FALSE(aead_open(sample.key, counter, sample.ad, sample.sealed(), out)) << bit;
  }
}

TEST(Aead, RefusesEveryTruncationAndExtension) {
  const Sample sample;
  const Bytes sealed = sample.sealed();
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    Bytes out(sealed.size());
    EXPECT_FALSE(aead_open(sample.key, sample.counter, sample.ad, std::span(sealed).first(size), out))
        << size;
  }
  Bytes longer = sealed;
  longer.push_back(std::byte{0});
  Bytes out(longer.size());
  EXPECT_FALSE(aead_open(sample.key, sample.counter, sample.ad, longer, out));
  EXPECT_FALSE(aead_open(sample.key, sample.counter, {}, sealed, out)) << "without its associated data";
}

TEST(Aead, RefusesWhatTheOutputDoesNotHold) {
  const Sample sample;
  Bytes out(sample.plaintext.size() - 1, std::byte{0xEE});
  EXPECT_FALSE(aead_open(sample.key, sample.counter, sample.ad, sample.sealed(), out));
  EXPECT_EQ(out, Bytes(out.size(), std::byte{0xEE}));
}

TEST(Aead, ARefusalDoesNotSpoilWhatFollows) {
  const Sample sample;
  Bytes out(sample.plaintext.size());
  EXPECT_FALSE(aead_open(sample.key, sample.counter + 1, sample.ad, sample.sealed(), out));
  ASSERT_TRUE(aead_open(sample.key, sample.counter, sample.ad, sample.sealed(), out));
  EXPECT_EQ(out, sample.plaintext);
}

}  // namespace
}  // namespace hubbub::seal
