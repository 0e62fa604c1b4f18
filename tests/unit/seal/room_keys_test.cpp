// A room's keys: the published construction byte for byte, and that nothing of it is shared by accident. The
// expected values were worked out apart, with Python's hmac and hashlib.
#include "codec/seal/room_keys.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

constexpr std::string_view kRelay = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kRoom = "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283";

TEST(RoomKeys, AreWhatTheProtocolSays) {
  const RoomKeys keys(public_key_from_hex(kRelay), key_from_hex(kRoom));
  EXPECT_EQ(to_hex(keys.room_id()), "52c2bf11aab7a8645dfd1ca15d4625d5");
  EXPECT_EQ(to_hex(keys.base_key(kVoiceLabel, 0x01020304, 0xF0E0D0C0).view()),
            "0b85465b5ad836b5a2f8b7caafeab2dfce4a1ead6eca8ef264c80a3c9df23575");
  EXPECT_EQ(to_hex(keys.name_tag("zo\u00eb")), "08c588f2014bbce0b2a4c08eed02f883");
}

TEST(RoomKeys, DifferInEverythingTheyAreMadeOf) {
  const PublicKey relay = public_key_from_hex(kRelay);
  const Key room = key_from_hex(kRoom);
  PublicKey other_relay = relay;
  other_relay[31] ^= std::byte{1};
  Key other_room = room;
  other_room.view()[0] ^= std::byte{1};

  std::set<std::string> ids;
  std::set<std::string> tags;
  std::set<std::string> bases;
  for (const RoomKeys& keys :
       {RoomKeys(relay, room), RoomKeys(other_relay, room), RoomKeys(relay, other_room)}) {
    ids.insert(to_hex(keys.room_id()));
    for (const std::string_view name : {"", "zoe", "zoe2"}) tags.insert(to_hex(keys.name_tag(name)));
    for (const std::string_view label : {"hubbub voice v1", "hubbub text v1"}) {
      for (const std::uint32_t ssrc : {1U, 2U}) {
        for (const std::uint32_t kid : {1U, 2U}) bases.insert(to_hex(keys.base_key(label, ssrc, kid).view()));
      }
    }
  }
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(tags.size(), 9U);
  EXPECT_EQ(bases.size(), 24U);
}

TEST(RoomKeys, APassphraseAndATokenAreStretched) {
  const PublicKey relay = public_key_from_hex(kRelay);
  EXPECT_EQ(to_hex(room_secret_from_passphrase("correct horse", "lobby", relay).view()),
            "ef30824bbb83eeaf3c511fe381a86ce6e853d4e8e4958746a1271b7a8439c4cb");
  EXPECT_EQ(to_hex(access_token_psk("let me in", relay).view()),
            "a63dd81bac3744159b92905c1f09f88c4656bced69f7608430b58aade6d24f4c");
}

}  // namespace
}  // namespace hubbub::seal
