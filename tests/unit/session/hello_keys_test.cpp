// The MACs around a handshake: who knows a relay's key, who knows its token, and what the relay itself said.
#include "codec/session/hello_keys.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

seal::PublicKey relay_key(int first) {
  seal::PublicKey key{};
  key.fill(static_cast<std::byte>(first));
  return key;
}
seal::Key psk(int first) {
  seal::Key key;
  key.view()[0] = static_cast<std::byte>(first);
  return key;
}

std::array<std::byte, Hello::kBytes> question(const HelloKeys& keys) {
  std::array<std::byte, Hello::kBytes> bytes{};
  bytes[0] = std::byte{1};
  bytes[100] = std::byte{7};
  keys.sign(bytes);
  return bytes;
}

TEST(HelloKeys, KnowTheirOwn) {
  const HelloKeys keys(relay_key(1), psk(2));
  const auto hello = question(keys);
  EXPECT_TRUE(keys.knows_key(hello));
  EXPECT_TRUE(keys.knows_token(hello));
}

TEST(HelloKeys, AnotherRelayKnowsNeither) {
  const auto hello = question(HelloKeys(relay_key(1), psk(2)));
  const HelloKeys other(relay_key(3), psk(2));
  EXPECT_FALSE(other.knows_key(hello));
  EXPECT_FALSE(other.knows_token(hello));
}

TEST(HelloKeys, AnotherTokenKnowsTheKeyAlone) {
  const auto hello = question(HelloKeys(relay_key(1), psk(2)));
  const HelloKeys other(relay_key(1), psk(4));
  EXPECT_TRUE(other.knows_key(hello));
  EXPECT_FALSE(other.knows_token(hello));
  EXPECT_FALSE(HelloKeys(relay_key(1), {}).knows_token(hello)) << "nor does none at all";
}

TEST(HelloKeys, EveryFlippedBitShows) {
  const HelloKeys keys(relay_key(1), psk(2));
  const Bytes hello = bytes_of(question(keys));
  seal::for_each_flipped_bit(hello, [&](const Bytes& flipped, std::size_t bit) {
    const std::span<const std::byte, Hello::kBytes> bytes(flipped);
    EXPECT_EQ(keys.knows_key(bytes), bit >= 8 * Hello::kMac2At)
        << bit << ": the key's MAC covers all but the token's";
    EXPECT_FALSE(keys.knows_token(bytes)) << bit << ": the token's covers that, too";
  });
}

TEST(HelloKeys, AnswersAreTheRelaysOwn) {
  const HelloKeys keys(relay_key(1), psk(2));
  Bytes answer = bytes_of("0123456789 an answer, and room for its MAC");
  keys.sign_answer(answer);
  EXPECT_TRUE(keys.verify_answer(answer));
  EXPECT_TRUE(HelloKeys(relay_key(1), {}).verify_answer(answer)) << "a token is not needed to know the relay";
  EXPECT_FALSE(HelloKeys(relay_key(3), psk(2)).verify_answer(answer));
  seal::for_each_flipped_bit(answer, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(keys.verify_answer(flipped)) << bit;
  });
  Bytes longer = answer;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(keys.verify_answer(longer));
}

TEST(HelloKeys, AMacOverNothingIsNoAnswer) {
  const HelloKeys keys(relay_key(1), {});
  for (std::size_t size = 0; size <= sizeof(Mac); ++size)
    EXPECT_FALSE(keys.verify_answer(Bytes(size))) << size;
}

}  // namespace
}  // namespace hubbub::session
