// The Noise handshake against published vectors, in both roles, and against a hostile other side.
#include "codec/seal/noise.h"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>

#include <gtest/gtest.h>

#include "codec/seal/aead.h"
#include "codec/wire/byte_io.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

using Json = nlohmann::json;

Bytes hex_field(const Json& object, const char* name) {
  return from_hex(object.at(name).get<std::string>());
}

std::optional<Key> psk_of(const Json& vector, const char* name) {
  if (!vector.contains(name)) return std::nullopt;
  return key_from_hex(vector.at(name).at(0).get<std::string>());
}

Bytes written(NoiseHandshake& handshake, std::span<const std::byte> payload) {
  Bytes message(payload.size() + NoiseHandshake::kOverheadBytes);
  EXPECT_EQ(handshake.write_message(payload, message), message.size());
  return message;
}

// The payload, or nothing where the message is refused.
std::optional<Bytes> read(NoiseHandshake& handshake, std::span<const std::byte> message) {
  Bytes payload(message.size());
  const auto size = handshake.read_message(message, payload);
  if (!size) return std::nullopt;
  payload.resize(*size);
  return payload;
}

void run(const Json& vector) {
  const KeyPair own = KeyPair::from_private(key_from_hex(vector.at("resp_static").get<std::string>()));
  const PublicKey responder_key = public_key_from_hex(vector.at("init_remote_static").get<std::string>());
  ASSERT_EQ(own.public_key, responder_key);
  ScriptedRandom initiator_random(hex_field(vector, "init_ephemeral"));
  ScriptedRandom responder_random(hex_field(vector, "resp_ephemeral"));
  auto initiator = NoiseHandshake::initiator(hex_field(vector, "init_prologue"), responder_key,
                                             psk_of(vector, "init_psks"), initiator_random);
  auto responder = NoiseHandshake::responder(hex_field(vector, "resp_prologue"), own,
                                             psk_of(vector, "resp_psks"), responder_random);

  const Json& messages = vector.at("messages");
  ASSERT_EQ(messages.size(), 6U);
  const Bytes first = written(initiator, hex_field(messages[0], "payload"));
  EXPECT_EQ(to_hex(first), messages[0].at("ciphertext"));
  EXPECT_EQ(read(responder, first), hex_field(messages[0], "payload"));
  EXPECT_FALSE(responder.complete());
  const Bytes second = written(responder, hex_field(messages[1], "payload"));
  EXPECT_EQ(to_hex(second), messages[1].at("ciphertext"));
  EXPECT_EQ(read(initiator, second), hex_field(messages[1], "payload"));
  ASSERT_TRUE(initiator.complete());
  ASSERT_TRUE(responder.complete());
  EXPECT_EQ(to_hex(initiator.handshake_hash()), vector.at("handshake_hash"));
  EXPECT_EQ(to_hex(responder.handshake_hash()), vector.at("handshake_hash"));

  // The transport, taking turns: each direction counts for itself.
  const TransportKeys keys = initiator.split();
  EXPECT_EQ(keys.initiator_to_responder, responder.split().initiator_to_responder);
  EXPECT_EQ(keys.responder_to_initiator, responder.split().responder_to_initiator);
  for (std::size_t i = 2; i < messages.size(); ++i) {
    const Key& key = i % 2 == 0 ? keys.initiator_to_responder : keys.responder_to_initiator;
    const std::uint64_t counter = i / 2 - 1;
    const Bytes payload = hex_field(messages[i], "payload");
    Bytes sealed(payload.size() + kTagBytes);
    aead_seal(key, counter, {}, payload, sealed);
    EXPECT_EQ(to_hex(sealed), messages[i].at("ciphertext")) << i;
    Bytes opened(payload.size());
    ASSERT_TRUE(aead_open(key, counter, {}, hex_field(messages[i], "ciphertext"), opened)) << i;
    EXPECT_EQ(opened, payload) << i;
  }
}

TEST(Noise, PublishedVectors) {
  const Json vectors = load_vectors("noise.json").at("vectors");
  int runs = 0;
  for (const Json& vector : vectors) {
    const std::string name = vector.at("protocol_name");
    if (!name.ends_with("_25519_ChaChaPoly_SHA256")) continue;
    SCOPED_TRACE(name);
    run(vector);
    ++runs;
  }
  EXPECT_EQ(runs, 2) << "NK and NKpsk0";
}

// A handshake with every secret from one seed.
struct Pair {
  explicit Pair(bool with_psk = true)
      : own(KeyPair::generate(random)),
        psk(with_psk ? std::optional(random.secret<32>()) : std::nullopt),
        initiator(NoiseHandshake::initiator(prologue, own.public_key, psk, random)),
        responder(NoiseHandshake::responder(prologue, own, psk, random)) {}

  SeededRandom random{11};
  Bytes prologue = bytes_of("hubbub");
  KeyPair own;
  std::optional<Key> psk;
  NoiseHandshake initiator;
  NoiseHandshake responder;
};

TEST(Noise, EveryFlippedBitOfTheFirstMessageIsRefusedAndHarmless) {
  for (const bool with_psk : {false, true}) {
    Pair pair(with_psk);
    const Bytes message = written(pair.initiator, as_bytes("hello"));
    for_each_flipped_bit(message, [&](const Bytes& flipped, std::size_t bit) {
      EXPECT_FALSE(read(pair.responder, flipped)) << bit;
    });
    EXPECT_EQ(read(pair.responder, message), bytes_of("hello"))
        << "the genuine one, after all the forged ones";
  }
}

TEST(Noise, EveryFlippedBitOfTheSecondMessageIsRefusedAndHarmless) {
  for (const bool with_psk : {false, true}) {
    Pair pair(with_psk);
    ASSERT_TRUE(read(pair.responder, written(pair.initiator, {})));
    const Bytes message = written(pair.responder, as_bytes("welcome"));
    for_each_flipped_bit(message, [&](const Bytes& flipped, std::size_t bit) {
      EXPECT_FALSE(read(pair.initiator, flipped)) << bit;
    });
    EXPECT_FALSE(pair.initiator.complete());
    EXPECT_EQ(read(pair.initiator, message), bytes_of("welcome"));
    EXPECT_TRUE(pair.initiator.complete());
    EXPECT_EQ(pair.initiator.handshake_hash(), pair.responder.handshake_hash());
  }
}

TEST(Noise, EveryTruncationIsRefused) {
  Pair pair;
  const Bytes message = written(pair.initiator, as_bytes("hello"));
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(read(pair.responder, std::span(message).first(size))) << size;
  }
  EXPECT_TRUE(read(pair.responder, message));
}

TEST(Noise, RefusesWhatTheOutputDoesNotHoldAndWhatNoMessageIs) {
  Pair pair;
  const Bytes message = written(pair.initiator, as_bytes("hello"));
  Bytes small(4);
  EXPECT_FALSE(pair.responder.read_message(message, small));
  Bytes large(NoiseHandshake::kMaxMessageBytes + 1);
  EXPECT_FALSE(pair.responder.read_message(large, large));
  Bytes exact(5);
  EXPECT_EQ(pair.responder.read_message(message, exact), 5U);
  EXPECT_EQ(exact, bytes_of("hello"));
}

TEST(Noise, RefusesAnEphemeralOfLowOrder) {
  Pair pair;
  Bytes message = written(pair.initiator, {});
  std::ranges::fill(std::span(message).first(32), std::byte{0});
  EXPECT_FALSE(read(pair.responder, message));
  message[0] = std::byte{1};
  EXPECT_FALSE(read(pair.responder, message));
}

TEST(Noise, WritesNothingToAResponderOfLowOrder) {
  SeededRandom random(3);
  auto initiator = NoiseHandshake::initiator({}, PublicKey{}, std::nullopt, random);
  Bytes message(NoiseHandshake::kOverheadBytes, std::byte{0xEE});
  EXPECT_EQ(initiator.write_message({}, message), 0U);
  EXPECT_EQ(message, Bytes(message.size(), std::byte{0xEE}));
}

TEST(Noise, MessagesThatAreNotDueAreRefused) {
  Pair pair;
  Pair other;
  const Bytes first = written(pair.initiator, {});
  EXPECT_FALSE(read(pair.initiator, first)) << "its own, reflected";
  EXPECT_FALSE(read(other.initiator, first)) << "the initiator speaks first";
  ASSERT_TRUE(read(pair.responder, first));
  EXPECT_FALSE(read(pair.responder, first)) << "twice";
  const Bytes second = written(pair.responder, {});
  EXPECT_FALSE(read(pair.responder, first)) << "after the end";
  ASSERT_TRUE(read(pair.initiator, second));
  EXPECT_FALSE(read(pair.initiator, second)) << "twice";
}

TEST(Noise, AnInitiatorThatCouldReadDoesNotBeforeItsTurn) {
  Pair pair(false);
  // Its ephemeral is the responder's static key, so that only the order of messages stands in the way.
  ScriptedRandom random(bytes_of(pair.own.private_key.view()));
  auto initiator = NoiseHandshake::initiator(pair.prologue, pair.own.public_key, std::nullopt, random);
  EXPECT_FALSE(read(initiator, written(pair.initiator, {})));
}

TEST(Noise, NeedsTheSamePskPrologueAndKey) {
  Pair pair;
  const Bytes message = written(pair.initiator, {});
  Key other_psk = *pair.psk;
  other_psk.view()[0] ^= std::byte{1};
  const KeyPair other_key = KeyPair::generate(pair.random);

  auto same_all = NoiseHandshake::responder(pair.prologue, pair.own, pair.psk, pair.random);
  auto wrong_psk = NoiseHandshake::responder(pair.prologue, pair.own, other_psk, pair.random);
  auto no_psk = NoiseHandshake::responder(pair.prologue, pair.own, std::nullopt, pair.random);
  auto wrong_prologue = NoiseHandshake::responder(bytes_of("hubbuB"), pair.own, pair.psk, pair.random);
  auto wrong_key = NoiseHandshake::responder(pair.prologue, other_key, pair.psk, pair.random);
  EXPECT_FALSE(read(wrong_psk, message));
  EXPECT_FALSE(read(no_psk, message));
  EXPECT_FALSE(read(wrong_prologue, message));
  EXPECT_FALSE(read(wrong_key, message));
  EXPECT_TRUE(read(same_all, message));

  Pair without(false);
  EXPECT_FALSE(read(same_all, written(without.initiator, {})));
}

TEST(Noise, AnAnswerBelongsToItsQuestion) {
  Pair pair;
  auto second_initiator =
      NoiseHandshake::initiator(pair.prologue, pair.own.public_key, pair.psk, pair.random);
  const Bytes to_second = written(second_initiator, {});
  ASSERT_NE(to_second, written(pair.initiator, {})) << "each handshake has its own ephemeral";
  ASSERT_TRUE(read(pair.responder, to_second));
  const Bytes answer = written(pair.responder, {});
  EXPECT_FALSE(read(pair.initiator, answer));
  EXPECT_TRUE(read(second_initiator, answer));
}

TEST(Noise, TheTwoDirectionsHaveDifferentKeys) {
  Pair pair;
  ASSERT_TRUE(read(pair.responder, written(pair.initiator, {})));
  ASSERT_TRUE(read(pair.initiator, written(pair.responder, {})));
  const TransportKeys keys = pair.initiator.split();
  EXPECT_FALSE(keys.initiator_to_responder == keys.responder_to_initiator);
  EXPECT_FALSE(keys.initiator_to_responder == Key());
}

TEST(Noise, OurOwnMistakesAreChecked) {
  Pair pair;
  Bytes small(NoiseHandshake::kOverheadBytes - 1);
  Bytes large(100);
  EXPECT_DEATH((void)pair.initiator.write_message({}, small), "CHECK");
  EXPECT_DEATH((void)pair.responder.write_message({}, large), "CHECK") << "not its turn";
  EXPECT_DEATH((void)pair.initiator.split(), "CHECK");
}

TEST(Noise, IsWipedOnDestruction) {
  Pair pair;
  const Bytes psk = bytes_of(pair.psk->view());
  const Bytes private_key = bytes_of(pair.own.private_key.view());
  alignas(NoiseHandshake) std::array<std::byte, sizeof(NoiseHandshake)> memory{};
  auto* const handshake = new (memory.data()) NoiseHandshake(pair.responder);
  const auto holds = [&](const Bytes& secret) { return !std::ranges::search(memory, secret).empty(); };
  ASSERT_TRUE(holds(psk) && holds(private_key)) << "the test looks in the wrong place";
  std::destroy_at(handshake);
  EXPECT_FALSE(holds(psk));
  EXPECT_FALSE(holds(private_key));
}

}  // namespace
}  // namespace hubbub::seal
