// Base64url: RFC 4648's vectors, both ways, and every spelling that is not the one.
#include "codec/seal/base64url.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

// Section 10, without the padding.
TEST(Base64Url, PublishedVectors) {
  for (const auto& [plain, text] : std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                                                    {"f", "Zg"},
                                                                                    {"fo", "Zm8"},
                                                                                    {"foo", "Zm9v"},
                                                                                    {"foob", "Zm9vYg"},
                                                                                    {"fooba", "Zm9vYmE"},
                                                                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64url_encode(bytes_of(plain)), text);
    EXPECT_EQ(base64url_decode(text), bytes_of(plain));
  }
}

TEST(Base64Url, UsesTheAlphabetOfSection5) {
  EXPECT_EQ(base64url_encode(bytes_of({0xFB, 0xEF, 0xFF})), "--__");
  EXPECT_EQ(base64url_decode("--__"), bytes_of({0xFB, 0xEF, 0xFF}));
  EXPECT_FALSE(base64url_decode("++//"));
}

TEST(Base64Url, EveryByteAndLengthComesBack) {
  Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    bytes.push_back(static_cast<std::byte>(i * 37));
  }
}

TEST(Base64Url, RefusesOtherCharacters) {
  const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int c = 0; c < 256; ++c) {
    const bool known = alphabet.find(static_cast<char>(c)) != std::string_view::npos;
    for (const std::size_t at : {0U, 1U, 2U, 3U}) {
      std::string text = "AAAA";
      text[at] = static_cast<char>(c);
      EXPECT_EQ(base64url_decode(text).has_value(), known) << c << " at " << at;
    }
  }
  EXPECT_FALSE(base64url_decode("Zg=="));
  EXPECT_FALSE(base64url_decode("Zm9v "));
  EXPECT_FALSE(base64url_decode("Zm9v\n"));
}

TEST(Base64Url, RefusesLengthsThatNoBytesHave) {
  EXPECT_FALSE(base64url_decode("A"));
  EXPECT_FALSE(base64url_decode("AAAAA"));
  EXPECT_TRUE(base64url_decode("AAAAAA"));
}

TEST(Base64Url, RefusesBitsLeftOver) {
  int accepted = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    if (base64url_decode(std::string("A") + c)) ++accepted;
    if (base64url_decode(std::string("AA") + c)) accepted += 100;
  }
  EXPECT_EQ(accepted, 1604) << "4 characters with four zero bits, 16 with two";
}

}  // namespace
}  // namespace hubbub::seal
