// The example of PROTOCOL.md, section 2.11: what an independent implementation made of fixed keys, ours must
// too.
#include <gtest/gtest.h>

#include "codec/seal/room_keys.h"
#include "codec/seal/verification_code.h"
#include "codec/seal/x25519.h"
#include "codec/session/hello_keys.h"
#include "codec/session/identity.h"
#include "codec/session/message.h"
#include "codec/session/stream_seal.h"
#include "codec/wire/text.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

constexpr StreamId kStream{.ssrc = 0x1122'3344, .kid = 0xA1B2'C3D4};
constexpr std::uint64_t kTime = 1'800'000'000'000;

seal::KeyPair relay() {
  return seal::KeyPair::from_private(
      seal::key_from_hex("404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"));
}
seal::RoomKeys room() {
  return {relay().public_key,
          seal::key_from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f")};
}
Identity alice() {
  return Identity(seal::key_from_hex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"));
}
Identity other() {
  return Identity(seal::key_from_hex("e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
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

TEST(KnownAnswers, AnIdentity) {
  EXPECT_EQ(seal::to_hex(alice().public_key()),
            "dde3bccec7f3a66a1115f45d720f4dc135c3ae7c4e22dca38fdb1efd6a495ff8");
  EXPECT_EQ(seal::to_hex(alice().direct().public_key),
            "1afb13e147310454decf89b5bbc01ecfa5e8f3c563adcc67e9f248db43d9ee31");
  EXPECT_EQ(seal::to_hex(alice().owner_tag(room().room_id())), "a4e8660e79ebbe6d3077468f6de77f5d");
  EXPECT_EQ(seal::fingerprint(alice().public_key()), "ymdw-dwop");
  EXPECT_EQ(seal::to_hex(other().public_key()),
            "13d9908a70925992ed546007d27f50da68ba7217ef62ac3cca784529ff10471c");
  EXPECT_EQ(seal::verification_code(alice().public_key(), other().public_key()), "58750 14044 20791 22179");
}

TEST(KnownAnswers, ANameTag) {
  EXPECT_EQ(seal::to_hex(room().name_tag(folded_name("Stra\u00dfe"))), "26482bb58b29c5b7300d2aade6c3a3cc");
}

TEST(KnownAnswers, AMessage) {
  MessageId id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(i);
  Message message;
  message.author = alice().public_key();
  message.sent_unix_ms = kTime;
  message.name = "alice";
  message.text = "hello";
  message.run = 0x0102'0304'0506'0708;
  message.count = 1;
  ObjectSealer sealer(room(), kTextLabel, kStream);
  const auto object = seal_message(room(), alice(), sealer, id, message);
  EXPECT_EQ(seal::to_hex(object),
            "11223344b1a1b2c3d44064fe17aeb9f5a3360671f9b6e76781eb22f4252932664c0c714c26d3f4a3c64863884f7e622d"
            "4adf3a3fe45ab8b03ee4b78edef39c33f2e38c7ba101dd308f5c07b5ab9e84cd47bbc88c4dc3362e97dd26a083a68303"
            "e88a292e740faf0b928ac375de8f1cfe186b3ae2631d179c66c4101efcc0b349fa79afae1aabce6e08f3ea39f441b960"
            "92e7435dfae1149f7cf0d9b9fa0d14f3b7d2198312a7ffb3c10eef");
  EXPECT_EQ(seal::to_hex(digest_of_entry(id, object)), "75e0e03a0ffe3deb0fabb9528d19ffdb");
}

TEST(KnownAnswers, ADirectMessage) {
  const auto object = seal::from_hex(
      "11223344b2a1b2c3d46d86e7e93725fca422f5bc283b0ce2fbcedc57b6fedc067848373308e304e299f8c8233f9b2d32627b"
      "522755a805b26b54d76e97c1a5dc784df2e1f8e4fe1906fae728de0af44c6d0e9f99a3a8fc7b19b245151884c96ab0b4a8ed"
      "eba98194f50f801306f9116fe370e6aa9aa520e1bce0e9dbca12ca9a3f063bc5b942e15263a08ad55e25f2e45515147adf23"
      "8ad1af36d036df30b9ec72ecbd7257b7fd35385539d3e58e012e69cb853d063820f4e87a18a37402f5c611004b6af5bb356e"
      "89e2cfc6d099a167ecfaf8af683c9f9b");
  MessageId id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(0x10 + i);
  const auto opened = open_message(room(), other(), id, object);
  ASSERT_TRUE(opened && *opened);
  EXPECT_EQ((*opened)->author, alice().public_key());
  EXPECT_EQ((*opened)->recipient, other().public_key());
  EXPECT_EQ((*opened)->sent_unix_ms, kTime);
  EXPECT_EQ((*opened)->name, "alice");
  EXPECT_EQ((*opened)->text, "hello");
  const auto opened_by_another = open_message(room(), alice(), id, object);
  ASSERT_TRUE(opened_by_another);
  EXPECT_FALSE(opened_by_another->has_value());
}

TEST(KnownAnswers, APresence) {
  const Presence presence{.stream = kStream,
                          .identity = alice().public_key(),
                          .direct_key = alice().direct().public_key,
                          .since_unix_ms = kTime,
                          .name = "alice"};
  ObjectSealer sealer(room(), kPresenceLabel, kStream);
  EXPECT_EQ(seal::to_hex(seal_presence(room(), alice(), sealer, presence)),
            "11223344b1a1b2c3d471f492a6da1be01c92ec10b88d5e80877d3aaf0f0ee40e113a7896372d789193054d75d21d610f"
            "174331b54337587d6151678fd29a72f74cd15f0a92658d2c01b26a234a25f62aa9edef49370ed6f1f764b7a9c7f6b322"
            "151f85f956f0a90430c6b8561793769dd1e91e1d1feca536251c1248e3b37ef42374a0ccb4818170ef6b52611fe96f08"
            "3f571ad71e7d3d378bd6431fdd035439691f");
}

}  // namespace
}  // namespace hubbub::session
