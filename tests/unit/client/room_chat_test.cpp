// What a hostile relay can do to what is written: withhold it, repeat it, put it in another order or make it
// up. Each is shown or refused, and none is shown as what its author wrote.
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "tests/unit/client/sealed_session_fixture.h"

namespace hubbub::client {
namespace {

class RoomChatTest : public SealedSessionTest {
 protected:
  struct Line {
    session::MessageId id{};
    Bytes object;
  };
  Line of_bob(std::uint32_t count, std::string_view text, std::uint64_t seen = 0,
              const session::EntryDigest& digest = {}) {
    Line line{.id = next_id(), .object = {}};
    line.object = session::seal_raw(keys_, bob_, bob_text_, line.id,
                                    {.author = bob_.public_key(),
                                     .count = count,
                                     .seen = seen,
                                     .seen_digest = digest,
                                     .name = "bob",
                                     .text = text});
    return line;
  }
  void give(const Line& line) { seal(entry(line.id, line.object)); }
  std::vector<std::string> take_lines() {
    std::vector<std::string> lines;
    for (const TextHeard& heard : take_events<TextHeard>()) lines.push_back(heard.line.text);
    return lines;
  }
  bool noticed(std::string_view part) {
    bool found = false;
    for (const Notice& notice : take_events<Notice>())
      found = found || notice.sentence.find(part) != std::string::npos;
    return found;
  }
  using Lines = std::vector<std::string>;
};

TEST_F(RoomChatTest, AnHonestRelayIsNotAccused) {
  join();
  const Line first = of_bob(1, "one");
  give(first);
  give(of_bob(2, "two", 1, session::digest_of_entry(first.id, first.object)));
  EXPECT_EQ(take_lines(), (Lines{"one", "two"}));
  EXPECT_TRUE(take_events<Notice>().empty());
}

TEST_F(RoomChatTest, AWithheldMessageIsNoticedAtTheNextOfItsAuthor) {
  join();
  give(of_bob(1, "one"));
  const Line withheld = of_bob(2, "two");
  give(of_bob(3, "three"));
  EXPECT_EQ(take_lines(), (Lines{"one", "three"}));
  EXPECT_TRUE(noticed("missing"));
}

TEST_F(RoomChatTest, ARelayThatReordersIsNoticed) {
  join();
  const Line one = of_bob(1, "one");
  give(of_bob(2, "two"));
  give(one);
  EXPECT_TRUE(noticed("order"));
}

TEST_F(RoomChatTest, AMessageThatIsRepeatedIsShownOnce) {
  join();
  const Line one = of_bob(1, "one");
  for (int i = 0; i < 5; ++i) give(one);
  EXPECT_EQ(take_lines(), Lines{"one"});
  EXPECT_EQ(dropped(DropReason::kDuplicate), 4U);
}

TEST_F(RoomChatTest, ARelayThatShowsEverybodyAnotherLogIsNoticed) {
  join();
  give(of_bob(1, "one"));
  session::EntryDigest other{};
  other.fill(std::byte{9});
  give(of_bob(2, "two", 1, other));
  EXPECT_TRUE(noticed("do not trust it"));
}

TEST_F(RoomChatTest, WhatIsMadeUpIsRefusedAndSaidToBe) {
  join();
  Line made_up{.id = next_id(), .object = Bytes(100, std::byte{7})};
  give(made_up);
  Line moved = of_bob(1, "for another id");
  moved.id = next_id();
  give(moved);
  EXPECT_TRUE(take_lines().empty());
  EXPECT_TRUE(noticed("cannot be read"));
  give(of_bob(1, "one"));
  EXPECT_EQ(take_lines(), Lines{"one"});
}

TEST_F(RoomChatTest, ALiveEntryThatCannotBeReadIsAskedForAndHidesNothing) {
  join();
  take(ElementType::kTextAsk);
  const Line one = of_bob(1, "one");
  bundle(element_of(LogEntryElement{.number = 1, .previous = 0, .id = next_id(), .object = one.object}));
  EXPECT_TRUE(take_lines().empty());
  EXPECT_TRUE(take_events<Notice>().empty()) << "anybody on the way could have sent it";
  const auto asks = take(ElementType::kTextAsk);
  give(one);
  EXPECT_EQ(take_lines(), Lines{"one"});
}

TEST_F(RoomChatTest, WhatTheRelayNoLongerHasIsSaid) {
  join();
  give(of_bob(1, "one"));
  seal(element_of(TextRange{.after = 1, .newest = 100, .lost = 90}));
  EXPECT_TRUE(noticed("no longer has them"));
  number_ = 90;
  give(of_bob(50, "much later"));
  EXPECT_EQ(take_lines(), (Lines{"one", "much later"}));
  EXPECT_TRUE(take_events<Notice>().empty()) << "nobody is accused of what was said to be missing";
}

TEST_F(RoomChatTest, WhoIsIgnoredIsNotRead) {
  join();
  session_.ignore(bob_.public_key(), true);
  give(of_bob(1, "one"));
  EXPECT_TRUE(take_lines().empty());
  session_.ignore(bob_.public_key(), false);
  give(of_bob(2, "two"));
  EXPECT_EQ(take_lines(), Lines{"two"});
  EXPECT_TRUE(take_events<Notice>().empty()) << "nothing is missing";
}

TEST_F(RoomChatTest, AnActionIsOne) {
  join();
  const session::MessageId id = next_id();
  seal(
      entry(id, session::seal_raw(keys_, bob_, bob_text_, id,
                                  {.kind = 1, .author = bob_.public_key(), .name = "bob", .text = "waves"})));
  const auto heard = take_events<TextHeard>();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(heard[0].action);
}

TEST_F(RoomChatTest, ADirectMessageIsForOneAndMarkedSo) {
  join();
  const session::Identity alice(room().identity_seed);
  session::Message message;
  message.author = bob_.public_key();
  message.name = "bob";
  message.text = "psst";
  const auto send_to = [&](const session::Identity& recipient) {
    message.recipient = recipient.public_key();
    const session::MessageId id = next_id();
    seal(
        entry(id, *seal_direct(keys_, bob_, bob_text_, id, message, recipient.direct().public_key, random_)));
  };
  send_to(alice);
  const auto heard = take_events<TextHeard>();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(heard[0].direct);
  EXPECT_EQ(heard[0].line.text, "psst");
  send_to(session::Identity(seal::key_from_hex(std::string(64, 'c'))));
  EXPECT_TRUE(take_events<TextHeard>().empty());
  EXPECT_TRUE(take_events<Notice>().empty());
  give(of_bob(1, "for all"));
  EXPECT_EQ(take_lines(), Lines{"for all"});
}

}  // namespace
}  // namespace hubbub::client
