// The handshake of a session and of its rekey: both ends come to the same keys, and nobody else, and nothing
// that was meant for another relay, token or session, is taken.
#include "codec/session/handshake.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

class HandshakeTest : public testing::Test {
 protected:
  Grant grant() {
    Grant grant{.session_id = 0x0012'3456, .reset_token = {}, .idle_timeout_ms = 45'000};
    random_.fill(grant.reset_token);
    return grant;
  }
  Initiator initiator(const seal::Key& psk = {}, const Binding& binding = {}) {
    return {relay_.public_key, psk, binding, random_};
  }
  std::optional<Established> answer(const Initiator& initiator, const seal::Key& psk = {},
                                    const Binding& binding = {}) {
    return respond(relay_, psk, binding, initiator.hello(), grant(), random_, reply_);
  }

  seal::SeededRandom random_{1};
  seal::KeyPair relay_ = seal::KeyPair::generate(random_);
  seal::Key token_ = random_.secret<32>();
  NoiseReply reply_{};
};

TEST_F(HandshakeTest, BothEndsComeToTheSame) {
  for (const bool private_relay : {false, true}) {
    const seal::Key psk = private_relay ? token_ : seal::Key();
    Initiator client = initiator(psk);
    ASSERT_TRUE(client.usable());
    const auto relay = answer(client, psk);
    ASSERT_TRUE(relay);
    const auto established = client.finish(reply_);
    ASSERT_TRUE(established);
    EXPECT_EQ(established->keys.initiator_to_responder, relay->keys.initiator_to_responder);
    EXPECT_EQ(established->keys.responder_to_initiator, relay->keys.responder_to_initiator);
    EXPECT_FALSE(relay->keys.initiator_to_responder == relay->keys.responder_to_initiator);
    EXPECT_EQ(established->hash, relay->hash);
    EXPECT_EQ(established->grant.session_id, 0x0012'3456U);
    EXPECT_EQ(established->grant.reset_token, relay->grant.reset_token);
    EXPECT_EQ(established->grant.idle_timeout_ms, 45'000U);
  }
}

TEST_F(HandshakeTest, NoTwoHaveTheSameKeys) {
  Initiator client = initiator();
  const auto first = answer(client);
  const auto second = answer(client);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->keys.initiator_to_responder == second->keys.initiator_to_responder);
  EXPECT_NE(first->hash, second->hash);
}

TEST_F(HandshakeTest, AnotherTokenIsRefused) {
  EXPECT_FALSE(answer(initiator(token_)));
  EXPECT_FALSE(answer(initiator(), token_));
  EXPECT_FALSE(answer(initiator(token_), random_.secret<32>()));
}

TEST_F(HandshakeTest, AnotherRelayCannotAnswer) {
  const Initiator client = initiator();
  const seal::KeyPair other = seal::KeyPair::generate(random_);
  EXPECT_FALSE(respond(other, {}, {}, client.hello(), grant(), random_, reply_));
}

TEST_F(HandshakeTest, ARekeyIsBoundToItsSession) {
  const Binding binding{.rekeyed = seal::sha256({as_bytes("one session")})};
  const Binding other{.rekeyed = seal::sha256({as_bytes("another")})};
  Initiator client = initiator({}, binding);
  EXPECT_FALSE(answer(client, {}, other));
  EXPECT_FALSE(answer(client)) << "it is not the start of a session";
  EXPECT_FALSE(answer(initiator(), {}, binding)) << "and a start is no rekey";
  const auto relay = answer(client, {}, binding);
  ASSERT_TRUE(relay);
  const auto established = client.finish(reply_);
  ASSERT_TRUE(established);
  EXPECT_EQ(established->hash, relay->hash);
}

TEST_F(HandshakeTest, EveryFlippedBitOfTheHelloIsRefused) {
  const Initiator client = initiator();
  seal::for_each_flipped_bit(bytes_of(client.hello()), [&](const Bytes& flipped, std::size_t bit) {
    if (bit % 9 != 0) return;  // each handshake is Diffie-Hellman: one bit or so of each byte
    NoiseHello hello;
    std::ranges::copy(flipped, hello.begin());
    EXPECT_FALSE(respond(relay_, {}, {}, hello, grant(), random_, reply_)) << bit;
  });
}

TEST_F(HandshakeTest, AForgedReplyDoesNotSpoilTheGenuineOne) {
  Initiator client = initiator();
  ASSERT_TRUE(answer(client));
  const NoiseReply genuine = reply_;
  seal::for_each_flipped_bit(bytes_of(genuine), [&](const Bytes& flipped, std::size_t bit) {
    if (bit % 9 != 0) return;
    NoiseReply forged;
    std::ranges::copy(flipped, forged.begin());
    EXPECT_FALSE(client.finish(forged)) << bit;
  });
  EXPECT_TRUE(client.finish(genuine));
}

TEST_F(HandshakeTest, AReplyToAnotherHelloIsNone) {
  Initiator one = initiator();
  Initiator other = initiator();
  ASSERT_TRUE(answer(one));
  EXPECT_FALSE(other.finish(reply_));
  EXPECT_TRUE(one.finish(reply_));
}

TEST_F(HandshakeTest, AKeyThatNoRelayCanHaveIsTold) {
  for (const int first : {0, 1}) {  // points of low order
    seal::PublicKey key{};
    key[0] = static_cast<std::byte>(first);
    EXPECT_FALSE(Initiator(key, {}, {}, random_).usable()) << first;
  }
}

}  // namespace
}  // namespace hubbub::session
