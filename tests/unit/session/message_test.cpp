// Messages and presences: read back as they were written by whom they are for, and by nobody else as anything
// else.
#include "codec/session/message.h"

#include <gtest/gtest.h>

#include "codec/wire/limits.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/text.h"
#include "tests/unit/seal/test_vectors.h"
#include "tests/unit/session/raw_message.h"

namespace hubbub::session {
namespace {

constexpr StreamId kStream{.ssrc = 0x1122'3344, .kid = 0xA1B2'C3D4};

seal::RoomKeys room(char secret = '8') {
  return {seal::public_key_from_hex(std::string(64, '7')), seal::key_from_hex(std::string(64, secret))};
}
Identity identity(char seed) {
  return Identity(seal::key_from_hex(std::string(64, seed)));
}
MessageId id_of(int mark) {
  MessageId id{};
  id.fill(static_cast<std::byte>(mark));
  return id;
}

class Messages : public testing::Test {
 protected:
  Message message() const {
    Message message;
    message.author = alice_.public_key();
    message.sent_unix_ms = 1'234'567'890'123;
    message.name = "alice";
    message.text = "hello";
    message.run = 0x0102'0304'0506'0708;
    message.count = 9;
    message.seen = 77;
    message.seen_digest.fill(std::byte{5});
    return message;
  }
  Bytes said(const Message& message, int id = 1) {
    return seal_message(room_, alice_, sealer_, id_of(id), message);
  }
  Bytes told(int id = 1) {
    Message direct = message();
    direct.recipient = bob_.public_key();
    return *seal_direct(room_, alice_, sealer_, id_of(id), direct, bob_.direct().public_key, random_);
  }
  Bytes raw(const RawMessage& message) { return seal_raw(room_, alice_, sealer_, id_of(1), message); }
  std::optional<DropReason> problem(const Bytes& object, int id = 1) {
    const auto opened = open_message(room_, bob_, id_of(id), object);
    return opened.ok() ? std::nullopt : std::optional(opened.error());
  }
  // Readable as anything at all, by anybody.
  bool readable(const Bytes& object, const seal::RoomKeys& keys, int id, const Identity& reader) {
    const auto opened = open_message(keys, reader, id_of(id), object);
    return opened.ok() && opened->has_value();
  }

  seal::RoomKeys room_ = room();
  Identity alice_ = identity('a');
  Identity bob_ = identity('b');
  Identity carol_ = identity('c');
  seal::SeededRandom random_{4};
  ObjectSealer sealer_{room_, kTextLabel, kStream};
};

TEST_F(Messages, ToTheRoomAreReadBackByEverybody) {
  for (const auto kind : {Message::Kind::kSaid, Message::Kind::kAction}) {
    Message out = message();
    out.kind = kind;
    const Bytes object = said(out);
    for (const Identity* reader : {&alice_, &bob_, &carol_}) {
      const auto opened = open_message(room_, *reader, id_of(1), object);
      ASSERT_TRUE(opened.ok() && opened->has_value());
      const Message& in = **opened;
      EXPECT_EQ(in.kind, kind);
      EXPECT_EQ(in.author, alice_.public_key());
      EXPECT_EQ(in.sent_unix_ms, out.sent_unix_ms);
      EXPECT_EQ(in.name, "alice");
      EXPECT_EQ(in.text, "hello");
      EXPECT_EQ(in.run, out.run);
      EXPECT_EQ(in.count, out.count);
      EXPECT_EQ(in.seen, out.seen);
      EXPECT_EQ(in.seen_digest, out.seen_digest);
      EXPECT_FALSE(in.recipient);
    }
  }
}

TEST_F(Messages, DirectOnesAreReadByTheirRecipientAlone) {
  const Bytes object = told();
  const auto opened = open_message(room_, bob_, id_of(1), object);
  ASSERT_TRUE(opened.ok() && opened->has_value());
  EXPECT_EQ((*opened)->author, alice_.public_key());
  EXPECT_EQ((*opened)->recipient, bob_.public_key());
  EXPECT_EQ((*opened)->name, "alice");
  EXPECT_EQ((*opened)->text, "hello");
  EXPECT_EQ((*opened)->sent_unix_ms, message().sent_unix_ms);
  for (const Identity* other : {&alice_, &carol_}) {
    const auto nothing = open_message(room_, *other, id_of(1), object);
    ASSERT_TRUE(nothing.ok()) << "it is no fault";
    EXPECT_FALSE(nothing->has_value());
  }
}

TEST_F(Messages, ADirectOneForAKeyThatIsNoneIsNotMade) {
  Message direct = message();
  direct.recipient = bob_.public_key();
  EXPECT_FALSE(seal_direct(room_, alice_, sealer_, id_of(1), direct, {}, random_));
}

TEST_F(Messages, InAnotherRoomOrUnderAnotherIdAreNothing) {
  for (const Bytes& object : {said(message()), told()}) {
    EXPECT_TRUE(readable(object, room_, 1, bob_));
    EXPECT_FALSE(readable(object, room('9'), 1, bob_));
    EXPECT_FALSE(readable(object, room_, 2, bob_));
  }
}

TEST_F(Messages, EveryFlippedBitAndEveryCutIsRefused) {
  for (const Bytes& object : {said(message()), told()}) {
    seal::for_each_flipped_bit(object, [&](const Bytes& flipped, std::size_t bit) {
      EXPECT_NE(problem(flipped), std::nullopt) << bit;
    });
    for (std::size_t size = 0; size < object.size(); ++size)
      EXPECT_NE(problem({object.begin(), object.begin() + static_cast<std::ptrdiff_t>(size)}), std::nullopt)
          << size;
  }
}

TEST_F(Messages, AreTheirAuthorsAlone) {
  EXPECT_EQ(problem(raw({.author = alice_.public_key(), .text = "mine"})), std::nullopt);
  EXPECT_EQ(problem(raw({.author = carol_.public_key(), .text = "hers, says alice"})),
            DropReason::kBadSignature);
  EXPECT_EQ(problem(raw({.author = {}, .text = "nobody's"})), DropReason::kBadSignature);
}

// Who is in the room can seal what was said there under the sender's stream: the signature keeps it where it
// was.
TEST_F(Messages, ASignatureIsOfOneRoomAndOneId) {
  Bytes plaintext(2'048);
  const Bytes object = said(message());
  const auto opened = open_object(room_, kTextLabel, object, id_of(1), plaintext);
  ASSERT_TRUE(opened.ok());
  const auto sealed_again = [&](const seal::RoomKeys& keys, int id) {
    ObjectSealer sealer(keys, kTextLabel, kStream);
    Bytes out(3'000);
    return bytes_of(sealer.seal(id_of(id), opened->plaintext, out));
  };
  EXPECT_TRUE(readable(sealed_again(room_, 1), room_, 1, bob_));
  EXPECT_FALSE(readable(sealed_again(room_, 2), room_, 2, bob_));
  EXPECT_FALSE(readable(sealed_again(room('9'), 1), room('9'), 1, bob_));
}

// Who got a direct message cannot send it on as the author's to somebody else.
TEST_F(Messages, ADirectOneForAnotherCannotBeMadeOfOne) {
  Message direct = message();
  direct.recipient = carol_.public_key();
  const auto object =
      seal_direct(room_, alice_, sealer_, id_of(1), direct, bob_.direct().public_key, random_);
  ASSERT_TRUE(object);
  EXPECT_EQ(problem(*object), DropReason::kBadSignature) << "sealed for bob's key, and says it is for carol";
}

TEST_F(Messages, LimitsAtTheirEdges) {
  const auto with = [&](std::string_view name, std::string_view text, int kind = 0) {
    return problem(raw({.kind = kind, .author = alice_.public_key(), .name = name, .text = text}));
  };
  EXPECT_EQ(with("", "x"), std::nullopt);
  EXPECT_EQ(with("al", std::string(kMaxSealedTextBytes - 2, 'x')), std::nullopt);
  EXPECT_EQ(with("al", std::string(kMaxSealedTextBytes - 1, 'x')), DropReason::kTextTooLong);
  EXPECT_EQ(with("al", ""), DropReason::kEmptyText);
  EXPECT_EQ(with("al", " \x01 "), DropReason::kEmptyText);
  EXPECT_EQ(with("al", "\xFF"), DropReason::kNotUtf8);
  EXPECT_EQ(with("\xFF", "x"), DropReason::kNotUtf8);
  EXPECT_EQ(with("al", "x", 1), std::nullopt);
  EXPECT_FALSE(readable(raw({.kind = 2, .author = alice_.public_key(), .text = "x"}), room_, 1, bob_))
      << "what is for one alone is sealed for one alone";
  EXPECT_EQ(with("al", "x", 3), DropReason::kUnknownKind);
}

TEST_F(Messages, TheLongestFitsIntoTheLog) {
  Message longest = message();
  longest.name = std::string(kMaxNameCharacters, 'n');
  longest.text = std::string(kMaxSealedTextBytes - longest.name.size(), 'x');
  EXPECT_LE(said(longest).size(), LogEntryElement::kMaxObjectBytes);
  longest.recipient = bob_.public_key();
  const auto direct =
      seal_direct(room_, alice_, sealer_, id_of(1), longest, bob_.direct().public_key, random_);
  ASSERT_TRUE(direct);
  EXPECT_LE(direct->size(), LogEntryElement::kMaxObjectBytes);
  EXPECT_TRUE(readable(*direct, room_, 1, bob_));
}

TEST_F(Messages, AreCleanedForWhoeverIsShownThem) {
  const auto opened = open_message(
      room_, bob_, id_of(1),
      raw({.author = alice_.public_key(), .name = "al\x1b[31mice", .text = "hi \x1b]0;owned\x07 all"}));
  ASSERT_TRUE(opened.ok() && opened->has_value());
  EXPECT_EQ(printable((*opened)->text), (*opened)->text);
  EXPECT_TRUE((*opened)->name.empty() || checked_name((*opened)->name) == (*opened)->name);
}

TEST(EntryDigest, IsOfTheIdAndTheObject) {
  const Bytes object = bytes_of(std::string_view("object"));
  const auto digest = digest_of_entry(id_of(1), object);
  EXPECT_EQ(digest, digest_of_entry(id_of(1), object));
  EXPECT_NE(digest, digest_of_entry(id_of(2), object));
  EXPECT_NE(digest, digest_of_entry(id_of(1), bytes_of(std::string_view("Object"))));
}

// --- Presences

class Presences : public Messages {
 protected:
  Bytes presence(const Presence& presence, const StreamId& stream = kStream) {
    ObjectSealer sealer(room_, kPresenceLabel, stream);
    return seal_presence(room_, alice_, sealer, presence);
  }
  Presence shown() const {
    Presence presence;
    presence.stream = kStream;
    presence.since_unix_ms = 1'234'567'890'123;
    presence.name = "alice";
    return presence;
  }
  std::optional<DropReason> presence_problem(const Bytes& object, std::uint32_t ssrc = kStream.ssrc) {
    const auto opened = open_presence(room_, ssrc, object);
    return opened.ok() ? std::nullopt : std::optional(opened.error());
  }
};

TEST_F(Presences, AreReadBack) {
  for (const bool muted : {false, true}) {
    Presence out = shown();
    out.muted = muted;
    const auto in = open_presence(room_, kStream.ssrc, presence(out));
    ASSERT_TRUE(in.ok());
    EXPECT_EQ(in->stream, kStream);
    EXPECT_EQ(in->identity, alice_.public_key());
    EXPECT_EQ(in->direct_key, alice_.direct().public_key);
    EXPECT_EQ(in->since_unix_ms, out.since_unix_ms);
    EXPECT_EQ(in->muted, muted);
    EXPECT_EQ(in->name, "alice");
  }
}

TEST_F(Presences, OfAnotherSsrcAnotherRoomOrChangedAnywhereAreRefused) {
  const Bytes object = presence(shown());
  EXPECT_EQ(presence_problem(object), std::nullopt);
  EXPECT_EQ(presence_problem(object, kStream.ssrc + 1), DropReason::kForeignSsrc);
  EXPECT_FALSE(open_presence(room('9'), kStream.ssrc, object).ok());
  seal::for_each_flipped_bit(object, [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_NE(presence_problem(flipped), std::nullopt) << bit;
  });
  for (std::size_t size = 0; size < object.size(); ++size)
    EXPECT_NE(presence_problem({object.begin(), object.begin() + static_cast<std::ptrdiff_t>(size)}),
              std::nullopt);
}

// Another member can seal under any stream; whose presence it is, its signature says.
TEST_F(Presences, CannotBeTakenOverToAnotherStream) {
  Bytes plaintext(2'048);
  const Bytes object = presence(shown());
  const auto opened = open_object(room_, kPresenceLabel, object, {}, plaintext);
  ASSERT_TRUE(opened.ok());
  for (const StreamId& stream : {kStream, StreamId{.ssrc = kStream.ssrc + 1, .kid = kStream.kid},
                                 StreamId{.ssrc = kStream.ssrc, .kid = kStream.kid + 1}}) {
    ObjectSealer sealer(room_, kPresenceLabel, stream);
    Bytes out(3'000);
    const Bytes again = bytes_of(sealer.seal({}, opened->plaintext, out));
    EXPECT_EQ(presence_problem(again, stream.ssrc),
              stream == kStream ? std::nullopt : std::optional(DropReason::kBadSignature));
  }
}

TEST_F(Presences, TheLargestFitsIntoAJoin) {
  Presence largest = shown();
  for (largest.name.clear(); largest.name.size() < kMaxNameBytes;) largest.name += "\xF0\x9F\x98\x80";
  EXPECT_LE(presence(largest).size(), Join::kMaxPresenceBytes);
}

}  // namespace
}  // namespace hubbub::session
