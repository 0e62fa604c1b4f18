// What a sealed relay does with what members write: the log's numbers, its order and its gaps, its bounds,
// its history.
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "tests/unit/relay/sealed_texts.h"

namespace hubbub::relay {
namespace {

class SealedTextTest : public SealedTexts {
 protected:
  Peer alice_ = member(1, 100);
  Peer bob_ = member(2, 200);
};

// --- The log

TEST_F(SealedTextTest, GivesEachMessageANumberAndSaysItToItsAuthor) {
  EXPECT_EQ(ping(alice_).newest_text, 0U);
  const auto first = say(alice_, 0, 1);
  const auto second = say(bob_, 0, 2);
  ASSERT_EQ(first.size() + second.size(), 2U);
  EXPECT_EQ(first[0].sequence, 0U);
  EXPECT_EQ(first[0].previous, 0U);
  EXPECT_EQ(second[0].number, first[0].number + 1);
  EXPECT_EQ(second[0].previous, first[0].number);
  EXPECT_EQ(take_live(bob_), Numbers{first[0].number});
  EXPECT_EQ(take_live(alice_), Numbers{second[0].number});
  EXPECT_EQ(ping(alice_).newest_text, second[0].number);
  EXPECT_EQ(ping(alice_).stored_text, 0U) << "nobody keeps it";
  Peer carol = enter(3, 300);
  const auto welcomed = welcome(carol);
  ASSERT_TRUE(welcomed);
  EXPECT_EQ(welcomed->newest_text, second[0].number);
  EXPECT_FALSE(welcomed->keeps_history);
}

TEST_F(SealedTextTest, AcknowledgesAllOfAnEnvelopeInOne) {
  send(alice_, text_element(0, 1) + text_element(1, 2) + text_element(2, 3));
  EXPECT_EQ(take_mail(alice_).size(), 1U);
  EXPECT_EQ(take_live(bob_).size(), 3U);
}

TEST_F(SealedTextTest, TakesAMessageOnceHoweverOftenAndInWhicheverSessionItComes) {
  const auto first = say(alice_, 0, 1);
  const auto again = say(alice_, 0, 1);
  ASSERT_EQ(first.size() + again.size(), 2U);
  EXPECT_EQ(again[0].number, first[0].number);
  EXPECT_EQ(again[0].previous, first[0].previous);
  EXPECT_EQ(take_live(bob_).size(), 1U);
  say_goodbye(alice_);
  Peer returned = member(1, 101);
  const auto elsewhere = say(returned, 40, 1, 40);
  ASSERT_EQ(elsewhere.size(), 1U);
  EXPECT_EQ(elsewhere[0].sequence, 40U);
  EXPECT_EQ(elsewhere[0].number, first[0].number);
  EXPECT_TRUE(take_live(bob_).empty());
  EXPECT_EQ(say(returned, 41, 2, 40).size(), 1U) << "and the next is the one after it";
  EXPECT_EQ(take_live(bob_).size(), 1U);
}

TEST_F(SealedTextTest, TakesMessagesInTheOrderOfTheirSequence) {
  EXPECT_TRUE(say(alice_, 1, 2).empty());
  EXPECT_EQ(refused(DropReason::kAhead), 1U);
  EXPECT_TRUE(take_live(bob_).empty());
  EXPECT_EQ(say(alice_, 0, 1).size(), 1U);
  EXPECT_EQ(say(alice_, 1, 2).size(), 1U);
  EXPECT_TRUE(say(alice_, 1, 9).empty());
  EXPECT_EQ(refused(DropReason::kDuplicate), 1U) << "another message in the place of one that was";
  EXPECT_EQ(say(alice_, 70, 3, 70).size(), 1U) << "all below its floor are done with";
  EXPECT_TRUE(say(alice_, 69, 4).empty());
  EXPECT_EQ(say(bob_, 0, 5).size(), 1U) << "everybody counts for themselves";
  EXPECT_EQ(say(alice_, 0xFFFF'FFFF, 6, 0xFFFF'FFFF).size(), 1U) << "to the end";
}

// --- Questions

TEST_F(SealedTextTest, AnswersWithWhatComesAfterAndWithSoManyFromBefore) {
  Numbers all;
  for (std::uint32_t i = 0; i < 6; ++i) all.push_back(say(alice_, i, static_cast<int>(i)).at(0).number);
  const auto from = [&](std::size_t index) {
    return Numbers(all.begin() + static_cast<std::ptrdiff_t>(index), all.end());
  };
  struct Row {
    std::uint64_t after;
    std::uint16_t before;
    std::uint64_t begins_after;
    std::size_t index;
  };
  for (const Row& row :
       {Row{0, 0, 0, 0}, Row{all[1], 0, all[1], 2}, Row{all[5], 0, all[5], 6},
        Row{UINT64_MAX, 0, UINT64_MAX, 6}, Row{all[5], 2, all[3], 4}, Row{all[2], 2, all[0], 1},
        Row{all[2], 50, 0, 0}, Row{UINT64_MAX, 1, all[4], 5}, Row{0, 7, 0, 0}}) {
    const Answer answer = ask(bob_, row.after, row.before);
    EXPECT_EQ(answer.numbers, from(row.index)) << row.after << ", " << row.before;
    ASSERT_FALSE(answer.ranges.empty());
    EXPECT_EQ(answer.ranges[0].after, row.begins_after) << row.after << ", " << row.before;
    EXPECT_EQ(answer.ranges[0].newest, all[5]);
    EXPECT_EQ(answer.ranges[0].lost, 0U);
    for (std::size_t i = 0; i < answer.numbers.size(); ++i)
      EXPECT_EQ(answer.previous[i], row.index + i == 0 ? 0 : all[row.index + i - 1]);
  }
}

TEST_F(SealedTextTest, AnAnswerHasSoManyDatagramsAndTheRestIsAskedFor) {
  constexpr std::uint32_t kMessages = 30;
  Numbers all;
  for (std::uint32_t i = 0; i < kMessages; ++i)
    all.push_back(say(alice_, i, static_cast<int>(i), 0, LogEntryElement::kMaxObjectBytes).at(0).number);
  take_live(bob_);
  Numbers got;
  std::size_t questions = 0;
  for (std::uint64_t after = 0; got.size() < kMessages && questions < 10; ++questions) {
    const Answer answer = ask(bob_, after);
    EXPECT_LE(answer.ranges.size(), kAnswerDatagrams);
    for (const TextRange& range : answer.ranges)
      EXPECT_EQ(range.after, after) << "in each, since any may be the first that arrives";
    got.insert(got.end(), answer.numbers.begin(), answer.numbers.end());
    after = got.back();
  }
  EXPECT_EQ(got, all);
  EXPECT_EQ(questions, 4U) << "one of the largest to a datagram";
}

TEST_F(SealedTextTest, AnAnswerCostsWhatItsDatagramsCost) {
  for (std::uint32_t i = 0; i < 30; ++i)
    static_cast<void>(say(alice_, i, static_cast<int>(i), 0, LogEntryElement::kMaxObjectBytes));
  now_ += 10s;
  std::size_t answered = 0;
  for (int i = 0; i < 2'000; ++i) send(bob_, element_of(TextAsk{}));
  answered = take_sealed(bob_, ElementType::kTextRange).size();
  EXPECT_LE(answered, static_cast<std::size_t>(2 * kDefaultPeerRate)) << "not eight times what it may send";
  EXPECT_GT(refused(DropReason::kRateLimited) + dropped(DropReason::kRateLimited), 0U);
}

TEST_F(SealedTextTest, SaysWhatItDoesNotHoldAnyMore) {
  constexpr std::size_t kFit =
      kMaxLogBytes / (LogEntryElement::kMaxObjectBytes + TextLog::kEntryOverheadBytes);
  std::uint64_t first = 0;
  for (std::uint32_t i = 0; i < kFit + 3; ++i) {
    const auto acks = say(alice_, i, static_cast<int>(i), 0, LogEntryElement::kMaxObjectBytes);
    ASSERT_EQ(acks.size(), 1U);
    if (i == 0) first = acks[0].number;
    take_mail(bob_);
  }
  EXPECT_LE(relay_.log_bytes(), kMaxLogBytes + TextLog::kLogOverheadBytes);
  const Answer answer = ask(bob_, 0);
  ASSERT_FALSE(answer.numbers.empty());
  EXPECT_EQ(answer.ranges[0].lost, first + 2);
  EXPECT_EQ(answer.numbers[0], first + 3);
  EXPECT_EQ(answer.previous[0], first + 2) << "there was one before it";
}

// --- Rooms that empty and come back

TEST_F(SealedTextTest, ARoomInWhichSomethingWasWrittenOutlivesItsMembersByADay) {
  const std::uint64_t number = say(alice_, 0, 1).at(0).number;
  const std::uint64_t epoch = welcome(bob_)->epoch;
  say_goodbye(alice_);
  say_goodbye(bob_);
  EXPECT_EQ(relay_.rooms(), 0U) << "with anybody in them";
  expire(kEmptyRoomLasts - 1s);
  Peer carol = enter(3, 300);
  const auto back = welcome(carol);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->epoch, epoch);
  EXPECT_EQ(back->newest_text, number);
  EXPECT_EQ(ask(carol, 0).numbers, Numbers{number});
  say_goodbye(carol);
  expire(kEmptyRoomLasts - 1s);
  EXPECT_GT(relay_.log_bytes(), 0U) << "a day from when the last left";
  expire(2s);
  EXPECT_EQ(relay_.log_bytes(), 0U);
  Peer dave = enter(4, 400);
  const auto anew = welcome(dave);
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->newest_text, 0U);
  EXPECT_NE(anew->epoch, epoch);
  EXPECT_GT(say(dave, 0, 2).at(0).number, number) << "no number is given twice";
}

TEST_F(SealedTextTest, ARoomInWhichNothingWasWrittenEndsWithItsLastMember) {
  const std::uint64_t epoch = welcome(bob_)->epoch;
  say_goodbye(alice_);
  say_goodbye(bob_);
  Peer carol = enter(3, 300);
  EXPECT_NE(welcome(carol)->epoch, epoch);
}

// --- All logs together

class SealedLogs : public SealedTexts {
 protected:
  static constexpr std::size_t kBudget = 64U << 10U;
  SealedLogs() : SealedTexts(with_budget()) {}
  static SealedOptions with_budget() {
    SealedOptions options;
    options.max_logs_bytes = kBudget;
    return options;
  }
  std::uint64_t write(Peer& peer, std::uint32_t messages) {
    std::uint64_t last = 0;
    for (std::uint32_t i = 0; i < messages; ++i) {
      const auto acks = say(peer, i, static_cast<int>(peer.ssrc * 1'000 + i), 0, 840);
      EXPECT_EQ(acks.size(), 1U);
      if (!acks.empty()) last = acks[0].number;
    }
    return last;
  }
};

TEST_F(SealedLogs, EmptyRoomsGiveWayFirst) {
  Peer gone = member(1, 1, 1);
  static_cast<void>(write(gone, 30));
  say_goodbye(gone);
  Peer alice = member(2, 2, 2);
  static_cast<void>(write(alice, 30));
  EXPECT_GT(relay_.log_bytes(), 59'000U) << "there is room for both";
  Peer bob = member(3, 3, 3);
  const std::uint64_t last = write(bob, 30);
  EXPECT_LE(relay_.log_bytes(), kBudget);
  EXPECT_EQ(ask(alice, 0).ranges.at(0).lost, 0U) << "nothing of hers";
  const auto of_bob = ask(bob, 0);
  EXPECT_EQ(of_bob.ranges.at(0).lost, 0U);
  EXPECT_EQ(of_bob.ranges.at(0).newest, last);
  Peer back = member(4, 4, 1);
  EXPECT_EQ(ping(back).newest_text, 0U) << "the empty room is what went";
}

TEST_F(SealedLogs, ThenARoomKeepsItsFloor) {
  Peer alice = member(1, 1, 1);
  static_cast<void>(write(alice, 40));
  Peer bob = member(2, 2, 2);
  const std::uint64_t last = write(bob, 200);
  EXPECT_LE(relay_.log_bytes(), kBudget);
  EXPECT_EQ(ping(bob).newest_text, last);
  const auto kept = ask(bob, last - kAnswerDatagrams);
  EXPECT_EQ(kept.numbers.size(), kAnswerDatagrams) << "its newest are there";
  EXPECT_EQ(ask(alice, 0).ranges.at(0).lost, 0U) << "who wrote it down pays for it";
}

// --- History

class FakeHistory final : public History {
 public:
  void load(const seal::RoomId& room) override { loads.push_back(room); }
  void append(const seal::RoomId&, const LogEntry& entry) override { kept.push_back(entry); }
  std::vector<seal::RoomId> loads;
  std::vector<LogEntry> kept;
};

class SealedHistory : public SealedTexts {
 protected:
  SealedHistory() : SealedTexts(of_a_day()) { relay_.keep_history_in(&history_); }
  static SealedOptions of_a_day() {
    SealedOptions options;
    options.started_unix_ms = 1'700'000'000'000;
    return options;
  }

  static std::vector<LogEntry> kept_before(std::uint64_t first, std::size_t count) {
    std::vector<LogEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
      entries.push_back({.number = first + i,
                         .id = message_id(static_cast<int>(10'000 + i)),
                         .object = std::vector<std::byte>(20)});
    }
    return entries;
  }
  FakeHistory history_;
};

TEST_F(SealedHistory, ARoomWaitsForItsHistoryAndThenHasIt) {
  Peer alice = enter(1, 100);
  EXPECT_FALSE(welcome(alice));
  EXPECT_FALSE(welcome(alice));
  EXPECT_EQ(history_.loads, std::vector<seal::RoomId>{room_id(1)}) << "asked for once";
  EXPECT_EQ(refused(DropReason::kOverloaded), 2U) << "it asks again";
  EXPECT_EQ(relay_.members(), 0U);
  relay_.history_loaded(room_id(1), kept_before(50, 3));
  relay_.history_stored(room_id(1), 51);  // the last still waits for the disk
  const auto in = welcome(alice);
  ASSERT_TRUE(in);
  EXPECT_TRUE(in->keeps_history);
  EXPECT_EQ(in->newest_text, 52U);
  EXPECT_EQ(in->stored_text, 51U) << "what is loaded is not for that reason stored";
  EXPECT_EQ(ask(alice, 0).numbers, (Numbers{50, 51, 52}));
  const auto acks = say(alice, 0, 1);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].previous, 52U);
  EXPECT_GT(acks[0].number, std::uint64_t{1'700'000'000'000} << 12U);
}

TEST_F(SealedHistory, ARoomWaitsNoLongerThanItsPatience) {
  Peer alice = enter(1, 100);
  EXPECT_FALSE(welcome(alice));
  now_ += kHistoryPatience - 1ns;
  EXPECT_FALSE(welcome(alice));
  now_ += 1ns;
  const auto in = welcome(alice);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->newest_text, 0U);
  const std::uint64_t number = say(alice, 0, 1).at(0).number;
  relay_.history_loaded(room_id(1), kept_before(50, 2));
  EXPECT_EQ(ask(alice, 0).numbers, (Numbers{50, 51, number})) << "what comes late still comes first";
  EXPECT_EQ(history_.loads.size(), 1U);
}

TEST_F(SealedHistory, IsGivenEachEntryOnceInOrderAndSaysWhatItHas) {
  Peer alice = enter(1, 100);
  EXPECT_FALSE(welcome(alice));
  relay_.history_loaded(room_id(1), {});
  ASSERT_TRUE(welcome(alice));
  Numbers numbers;
  for (std::uint32_t i = 0; i < 3; ++i) {
    numbers.push_back(say(alice, i, static_cast<int>(i)).at(0).number);
    static_cast<void>(say(alice, i, static_cast<int>(i)));
  }
  Numbers kept;
  for (const LogEntry& entry : history_.kept) kept.push_back(entry.number);
  EXPECT_EQ(kept, numbers);
  EXPECT_EQ(ping(alice).stored_text, 0U);
  relay_.history_stored(room_id(1), numbers[1]);
  EXPECT_EQ(ping(alice).stored_text, numbers[1]);
  relay_.history_stored(room_id(1), numbers[0]);
  EXPECT_EQ(ping(alice).stored_text, numbers[1]) << "it does not go back";
  relay_.history_stored(room_id(2), 9);
  relay_.history_loaded(room_id(2), kept_before(1, 1));
}

// Whoever was told to ask again does so once a second at worst, and then finds what was asked for.
TEST_F(SealedHistory, ARoomWhoseHistoryCameWaitsForWhoAskedForIt) {
  Peer alice = enter(1, 100);
  EXPECT_FALSE(welcome(alice));
  relay_.history_loaded(room_id(1), {});
  for (int i = 0; i < 5; ++i) expire(1s);
  EXPECT_TRUE(welcome(alice));
  EXPECT_EQ(history_.loads.size(), 1U);
}

// One who asks for ever new rooms does not keep others out, nor does it get ever more of them.
TEST_F(SealedHistory, OfManyRoomsInWhichNobodyIsTheOldestGoes) {
  constexpr int kRooms = 1'024;
  Peer alice = enter(1, 100);
  const auto ask_for = [&](int room) {
    now_ += 2ms;
    alice.room = room;
    EXPECT_FALSE(welcome(alice));
  };
  ask_for(1);
  for (int room = 2; room <= kRooms; ++room) {
    ask_for(room);
    relay_.history_loaded(room_id(room), {});
  }
  ask_for(kRooms + 1);
  EXPECT_EQ(history_.loads.size(), kRooms) << "the oldest still waits: one more is not made";
  relay_.history_loaded(room_id(1), {});
  ask_for(kRooms + 1);
  EXPECT_EQ(history_.loads.size(), kRooms + 1);
  relay_.history_loaded(room_id(1), kept_before(50, 3));
  EXPECT_EQ(relay_.log_bytes(), 0U) << "it went";
}

TEST_F(SealedHistory, ARoomThatNobodyCameIntoIsForgotten) {
  Peer alice = enter(1, 100);
  EXPECT_FALSE(welcome(alice));
  expire(2 * kHistoryPatience);
  relay_.history_loaded(room_id(1), kept_before(50, 3));
  EXPECT_EQ(relay_.log_bytes(), 0U);
}

}  // namespace
}  // namespace hubbub::relay
