#include "codec/seal/invite.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/wire/limits.h"

namespace hubbub::seal {
namespace {

// Bytes 0 to 31, and 32 to 63, as any other program encodes them.
const std::string kKeyText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const std::string kBothText =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw";

PublicKey counting(unsigned from) {
  PublicKey bytes{};
  for (std::byte& b : bytes) b = static_cast<std::byte>(from++);
  return bytes;
}

std::string complaint(std::string_view link) {
  const auto invite = Invite::parse(link);
  return invite ? std::string() : invite.error();
}

class Counting final : public Random {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(next_++);
  }

 private:
  unsigned next_ = 32;
};

TEST(Invite, CarriesTheRelaysKeyAndTheRoomsSecret) {
  const auto invite = Invite::parse("hubbub://talk.example.org:6000/#" + kBothText);
  ASSERT_TRUE(invite) << invite.error();
  EXPECT_EQ(invite->relay.to_string(), "talk.example.org:6000");
  EXPECT_EQ(invite->relay_key, counting(0));
  EXPECT_EQ(invite->room_secret, Key::from(counting(32)));
  EXPECT_EQ(invite->room, "");
  EXPECT_TRUE(invite->names_room());
  EXPECT_FALSE(invite->needs_passphrase());
  EXPECT_EQ(invite->to_link(), "hubbub://talk.example.org:6000/#" + kBothText);
}

TEST(Invite, ARoomWithAPassphraseIsNamed) {
  const auto invite = Invite::parse("hubbub://h/caf%C3%A9%20am%20Eck%2f1");
  ASSERT_TRUE(invite) << invite.error();
  EXPECT_EQ(invite->relay.port, 5240);
  EXPECT_EQ(invite->room, "café am Eck/1");
  EXPECT_TRUE(invite->needs_passphrase());
  EXPECT_FALSE(invite->relay_key);
  EXPECT_EQ(invite->to_link(), "hubbub://h:5240/caf%C3%A9%20am%20Eck%2F1");
  EXPECT_EQ(Invite::parse("hubbub://h/café am Eck%2F1")->room, invite->room) << "as a person would write it";

  const auto held = Invite::parse("hubbub://h/room#" + kKeyText);
  ASSERT_TRUE(held) << held.error();
  EXPECT_EQ(held->relay_key, counting(0));
  EXPECT_FALSE(held->room_secret);
  EXPECT_EQ(held->to_link(), "hubbub://h:5240/room#" + kKeyText);
}

TEST(Invite, ALinkMayNameARelayAlone) {
  for (const char* link : {"hubbub://h", "hubbub://h/", "hubbub://h:5240"}) {
    const auto invite = Invite::parse(link);
    ASSERT_TRUE(invite) << link;
    EXPECT_FALSE(invite->names_room());
    EXPECT_FALSE(invite->relay_key);
    EXPECT_EQ(invite->to_link(), "hubbub://h:5240/");
  }
  for (const std::string& link : {"hubbub://h/#" + kKeyText, "hubbub://h#" + kKeyText}) {
    const auto invite = Invite::parse(link);
    ASSERT_TRUE(invite) << link;
    EXPECT_FALSE(invite->names_room());
    EXPECT_EQ(invite->relay_key, counting(0));
  }
}

TEST(Invite, WhatIsPastedWithItDoesNoHarm) {
  const auto plain = Invite::parse("hubbub://example.org/#" + kBothText);
  const auto pasted = Invite::parse(" \t\r\nHubbub://Example.ORG:5240/#" + kBothText + " \r\n\n");
  ASSERT_TRUE(plain && pasted);
  EXPECT_EQ(*plain, *pasted);
}

TEST(Invite, TakesAnyRelayAndGivesItBack) {
  const std::vector<std::pair<std::string, std::string>> relays = {
      {"192.0.2.1", "192.0.2.1:5240"},
      {"[2001:DB8::1]", "[2001:db8::1]:5240"},
      {"[fe80::1%Eth0]:1", "[fe80::1%Eth0]:1"},
      {"a.b:65535", "a.b:65535"},
  };
  for (const auto& [written, relay] : relays) {
    const auto invite = Invite::parse("hubbub://" + written + "/#" + kBothText);
    ASSERT_TRUE(invite) << written;
    EXPECT_EQ(invite->relay.to_string(), relay);
    EXPECT_EQ(*Invite::parse(invite->to_link()), *invite);
  }
}

TEST(Invite, SaysWhatIsWrongWithALink) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "begins with hubbub://"},
      {" \n", "begins with hubbub://"},
      {"open://h", "begins with hubbub://"},
      {"hubbub:/h/room", "begins with hubbub://"},
      {kBothText, "begins with hubbub://"},
      {"hubbub://", "names no relay"},
      {"hubbub:///room", "names no relay"},
      {"hubbub://h:0/room", "names no relay"},
      {"hubbub://h:65536/room", "names no relay"},
      {"hubbub://h:/room", "names no relay"},
      {"hubbub://::1/room", "in brackets"},
      {"hubbub://[::1/room", "in brackets"},
      {"hubbub://me@h/room", "names no relay"},
      {"hubbub://a b/room", "names no relay"},
      {"hubbub://\xFF/room", "names no relay"},
      {"hubbub://h/a/b", "%2F"},
      {"hubbub://h/a?b", "%3F"},
      {"hubbub://h/a%", "%25"},
      {"hubbub://h/a%4", "%25"},
      {"hubbub://h/%4x", "%25"},
      {"hubbub://h/%FF", "UTF-8"},
      {"hubbub://h/%00", "control"},
      {"hubbub://h/a%0Ab", "control"},
      {"hubbub://h/%20a", "spaces"},
      {"hubbub://h/%E2%80%8B", "control"},
      {"hubbub://h/" + std::string(65, 'r'), "64 bytes"},
      {"hubbub://h/#", "86 characters, or 43 of a relay's key alone, not 0"},
      {"hubbub://h/#" + kBothText.substr(1), "not 85"},
      {"hubbub://h/#" + kBothText + "A", "not 87"},
      {"hubbub://h/room#" + kKeyText.substr(1), "the 43 characters of a relay's key, not 42"},
      {"hubbub://h/room#" + kBothText, "nothing between '/' and '#'"},
      {"hubbub://h/#" + kKeyText.substr(0, 42) + "+", "damaged"},
      {"hubbub://h/#" + kKeyText.substr(0, 42) + "=", "damaged"},
      {"hubbub://h/#" + kKeyText.substr(0, 42) + "9", "damaged"},  // bits that belong to no byte
      {"hubbub://h/#" + kBothText.substr(0, 40) + " " + kBothText.substr(41), "damaged"},
      {"hubbub://h/" + std::string(kMaxLinkBytes, 'r'), "longer than 1024"},
  };
  for (const auto& [link, words] : wrong) {
    EXPECT_NE(complaint(link).find(words), std::string::npos) << link << " gave: " << complaint(link);
  }
  EXPECT_EQ(complaint("hubbub://h/" + std::string(64, 'r')), "");
}

TEST(Invite, NoSentenceRepeatsTheSecret) {
  const std::string secret = kBothText.substr(60);
  for (const std::string& link : {kBothText, "hubub://h/#" + kBothText, "hubbub://h/" + kBothText,
                                  "hubbub://h:x/#" + kBothText, "hubbub://h/#" + kBothText + "!!",
                                  "hubbub://h/room#" + kBothText, "hubbub://" + kBothText + "/a/b"}) {
    EXPECT_NE(complaint(link), "") << link;
    EXPECT_EQ(complaint(link).find(secret), std::string::npos) << complaint(link);
  }
  EXPECT_EQ(Invite::parse("hubbub://h/#" + kBothText)->shown(), "hubbub://h:5240/");
  EXPECT_EQ(Invite::parse("hubbub://h/r%20s#" + kKeyText)->shown(), "hubbub://h:5240/r%20s");
}

TEST(Invite, WithoutSecretsCutsEveryFragment) {
  EXPECT_EQ(without_secrets("no link"), "no link");
  EXPECT_EQ(without_secrets("not expected: hubbub://h/#" + kBothText + " --x a#b\n"),
            "not expected: hubbub://h/#... --x a#...\n");
}

TEST(Invite, ANewRoomHasASecretOfItsOwn) {
  Counting random;
  const Invite first = Invite::to_new_room({.host = "h", .port = 1}, counting(0), random);
  EXPECT_EQ(first.to_link(), "hubbub://h:1/#" + kBothText);
  EXPECT_NE(Invite::to_new_room({.host = "h", .port = 1}, counting(0), random).room_secret,
            first.room_secret);
}

}  // namespace
}  // namespace hubbub::seal
