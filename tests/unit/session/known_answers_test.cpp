// The example of PROTOCOL.md, section 2.10: what an independent implementation made of fixed keys, ours must
// too.
#include <gtest/gtest.h>

#include "codec/seal/room_keys.h"
#include "codec/seal/x25519.h"
#include "codec/session/hello_keys.h"
#include "codec/session/stream_seal.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

constexpr StreamId kStream{.ssrc = 0x1122'3344, .kid = 0xA1B2'C3D4};

seal::KeyPair relay() {
  return seal::KeyPair::from_private(
      seal::key_from_hex("404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"));
}
seal::RoomKeys room() {
  return {relay().public_key,
          seal::key_from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f")};
}
Nonce nonce() {
  return seal::array_from_hex<8>("f0f1f2f3f4f5f6f7");
}

TEST(KnownAnswers, KeysOfTheRelayAndTheRoom) {
  EXPECT_EQ(seal::to_hex(relay().public_key),
            "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a");
  EXPECT_EQ(seal::to_hex(room().room_id()), "09f87717acea0cfa7a63a41939702fb7");
  EXPECT_EQ(seal::to_hex(room().base_key(seal::kVoiceLabel, kStream.ssrc, kStream.kid).view()),
            "1c901d915ab00bf2afd893d8d2f9b212dfb65f187c6cf0727784e8b16bab446e");
}

TEST(KnownAnswers, MacsOfAHello) {
  Hello hello;
  hello.preamble.nonce = nonce();
  for (std::size_t i = 0; i < hello.noise.size(); ++i) hello.noise[i] = static_cast<std::byte>(i);
  std::array<std::byte, Hello::kBytes> bytes{};
  hello.serialize(bytes);
  HelloKeys(relay().public_key, {}).sign(bytes);
  EXPECT_EQ(seal::to_hex(std::span(bytes).subspan(480, 16)), "e748fbb0d9291d8bdd3a31c09d785f37");
  EXPECT_EQ(seal::to_hex(std::span(bytes).subspan(496, 16)), "3aa0827ee1e199c370c4777709ce5901");
}

TEST(KnownAnswers, ARetry) {
  Retry retry;
  retry.preamble.nonce = nonce();
  for (std::size_t i = 0; i < retry.cookie.size(); ++i) retry.cookie[i] = static_cast<std::byte>(0x20 + i);
  std::array<std::byte, Retry::kBytes> bytes{};
  ByteWriter writer(bytes);
  retry.serialize(writer);
  HelloKeys(relay().public_key, {}).sign_answer(bytes);
  EXPECT_EQ(seal::to_hex(bytes),
            "0201f0f1f2f3f4f5f6f7202122232425262728292a2b2c2d2e2f31363d1b9312ae3ab44d85cea579397b");
}

TEST(KnownAnswers, AFrame) {
  FrameSealer sealer(room(), kStream, SequenceNumber{0x1234});
  std::array<std::byte, SealedFrame::kMaxBytes> out{};
  const auto frame =
      sealer.seal({.marker = true, .sequence = {0x1234}, .timestamp = {0x0A0B'0C0D}, .ssrc = kStream.ssrc},
                  as_bytes("not really Opus"), out);
  EXPECT_EQ(seal::to_hex(frame),
            "80ef12340a0b0c0d11223344bba1b2c3d4010012344b5fd29a4000d7f6000f1c1fe04fcd42c955dd3ba62c2b7dc6");
}

TEST(KnownAnswers, AText) {
  ObjectSealer sealer(room(), kTextLabel, kStream);
  std::array<std::byte, 64> out{};
  EXPECT_EQ(seal::to_hex(sealer.seal({},
                                     as_bytes("\x05"
                                              "alicehello"),
                                     out)),
            "11223344b1a1b2c3d445d871c2031b6e60307b0b440e01dd0bced6ca642a");
}

}  // namespace
}  // namespace hubbub::session
