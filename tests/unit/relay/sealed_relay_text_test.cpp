// What a sealed relay does with what members write and with who they are: the log's numbers, its order and
// its gaps, its history; names that are one owner's; and the roster, told at its tick.
#include <set>

#include "tests/unit/relay/sealed_peers.h"

namespace hubbub::relay {
namespace {

class FakeHistory final : public History {
 public:
  void load(const seal::RoomId& room) override { loads.push_back(room); }
  void append(const seal::RoomId&, const LogEntry& entry) override { kept.push_back(entry); }
  std::vector<seal::RoomId> loads;
  std::vector<LogEntry> kept;
};

struct Answer {
  std::vector<TextRange> ranges;  // one a datagram
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> previous;
};

class SealedTexts : public SealedPeers {
 protected:
  explicit SealedTexts(SealedOptions options = {}) : SealedPeers(std::move(options)) {}

  std::vector<TextAck> say(Peer& peer, std::uint32_t sequence, int mark, std::uint32_t floor = 0,
                           std::size_t object_bytes = 20) {
    now_ += 2ms;  // what a member may cost
    send(peer, text_element(sequence, mark, floor, object_bytes));
    return take_acks(peer);
  }
  std::vector<TextAck> take_acks(Peer& peer) {
    std::vector<TextAck> acks;
    for (const Bytes& body : take_sealed(peer, ElementType::kTextAck)) acks.push_back(*TextAck::parse(body));
    return acks;
  }
  // The entries that came live.
  std::vector<std::uint64_t> take_live(const Peer& peer) {
    std::vector<std::uint64_t> numbers;
    for (const Bytes& datagram : take_mail(peer)) {
      if (sealed_kind_of(datagram) != SealedKind::kBundle) continue;
      for (const Heard& heard : session::elements_in(std::span(datagram).subspan(1)))
        numbers.push_back(LogEntryElement::parse(heard.body)->number);
    }
    return numbers;
  }
  Answer ask(Peer& peer, std::uint64_t after, std::uint16_t before = 0) {
    now_ += 1s;
    send(peer, element_of(TextAsk{.after = after, .before = before}));
    Answer answer;
    for (const Heard& heard : take_sealed(peer)) {
      if (heard.type == ElementType::kTextRange) answer.ranges.push_back(*TextRange::parse(heard.body));
      if (heard.type != ElementType::kLogEntry) continue;
      const auto entry = LogEntryElement::parse(heard.body);
      EXPECT_TRUE(entry.ok());
      answer.numbers.push_back(entry->number);
      answer.previous.push_back(entry->previous);
    }
    return answer;
  }
  Pong ping(Peer& peer) {
    send(peer, ping_of(1, ElementType::kPing));
    const auto pongs = take_sealed(peer, ElementType::kPong);
    EXPECT_EQ(pongs.size(), 1U);
    return pongs.empty() ? Pong{} : *Pong::parse(pongs[0]);
  }
  std::optional<Welcome> welcome(Peer& peer) {
    send(peer, join_of(peer));
    const auto welcomes = take_sealed(peer, ElementType::kWelcome);
    EXPECT_LE(welcomes.size(), 1U);
    return welcomes.empty() ? std::nullopt : std::optional(*Welcome::parse(welcomes[0]));
  }
  using Numbers = std::vector<std::uint64_t>;
};

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

// --- Names

class SealedNames : public SealedTexts {
 protected:
  using Reason = TurnedAway::Reason;
  struct Wish {
    int name = 0;
    int owner = 0;
    std::uint32_t revision = 1;
    int presence = 0;
  };
  // Why not, where it is not.
  std::optional<Reason> join_as(Peer& peer, const Wish& wish) {
    const Bytes presence(wish.presence == 0 ? 0 : 200, static_cast<std::byte>(wish.presence));
    Join join{.ssrc = peer.ssrc, .revision = wish.revision, .presence = presence};
    join.room_id = room_id(peer.room);
    join.name_tag.fill(static_cast<std::byte>(wish.name));
    join.owner.fill(static_cast<std::byte>(wish.owner));
    send(peer, element_of(join));
    for (const Heard& heard : take_sealed(peer)) {
      if (heard.type == ElementType::kWelcome) {
        EXPECT_EQ(Welcome::parse(heard.body)->revision, wish.revision);
        return std::nullopt;
      }
      if (heard.type != ElementType::kTurnedAway) continue;
      EXPECT_EQ(TurnedAway::parse(heard.body)->revision, wish.revision);
      return TurnedAway::parse(heard.body)->reason;
    }
    ADD_FAILURE() << "no answer";
    return std::nullopt;
  }
};

TEST_F(SealedNames, ANameIsItsOwnersInOneRoom) {
  Peer alice = enter(1, 100);
  Peer bob = enter(2, 200);
  EXPECT_EQ(join_as(alice, {.name = 1, .owner = 1}), std::nullopt);
  EXPECT_EQ(join_as(bob, {.name = 1, .owner = 2}), Reason::kNameTaken);
  EXPECT_EQ(relay_.members(), 1U);
  EXPECT_EQ(join_as(bob, {.name = 2, .owner = 2}), std::nullopt);
  EXPECT_EQ(join_as(bob, {.name = 1, .owner = 2, .revision = 2}), Reason::kNameTaken);
  EXPECT_EQ(relay_.members(), 2U) << "he stays in under the name that he has";
  Peer carol = enter(3, 300);
  EXPECT_EQ(join_as(carol, {.name = 2, .owner = 3}), Reason::kNameTaken);
  carol.room = 2;
  EXPECT_EQ(join_as(carol, {.name = 1, .owner = 3}), std::nullopt) << "in another room it is free";
}

TEST_F(SealedNames, TheSessionsOfOneOwnerShareANameAndTheLastFreesIt) {
  Peer alice = enter(1, 100);
  Peer phone = enter(2, 101);
  Peer bob = enter(3, 200);
  EXPECT_EQ(join_as(alice, {.name = 1, .owner = 1}), std::nullopt);
  EXPECT_EQ(join_as(phone, {.name = 1, .owner = 1}), std::nullopt);
  say_goodbye(alice);
  EXPECT_EQ(join_as(bob, {.name = 1, .owner = 2}), Reason::kNameTaken);
  say_goodbye(phone);
  EXPECT_EQ(join_as(bob, {.name = 1, .owner = 2}), std::nullopt);
}

TEST_F(SealedNames, ANameIsFreeWhenItsHolderTakesAnotherLeavesOrIsForgotten) {
  Peer alice = enter(1, 100);
  Peer bob = enter(2, 200);
  EXPECT_EQ(join_as(alice, {.name = 1, .owner = 1}), std::nullopt);
  EXPECT_EQ(join_as(alice, {.name = 3, .owner = 1, .revision = 2}), std::nullopt);
  EXPECT_EQ(join_as(bob, {.name = 1, .owner = 2}), std::nullopt);
  EXPECT_EQ(join_as(alice, {.name = 0, .owner = 1, .revision = 3}), std::nullopt) << "none is nobody's";
  EXPECT_EQ(join_as(bob, {.name = 3, .owner = 2, .revision = 2}), std::nullopt);
  expire(20s);
  send(alice, {});
  expire(10s);
  EXPECT_EQ(relay_.members(), 1U);
  EXPECT_EQ(join_as(alice, {.name = 3, .owner = 1, .revision = 4}), std::nullopt);
}

TEST_F(SealedNames, ManyMayHaveNoName) {
  for (int n = 1; n <= 3; ++n) {
    Peer peer = enter(n, static_cast<std::uint32_t>(n));
    EXPECT_EQ(join_as(peer, {.owner = n}), std::nullopt);
  }
}

TEST_F(SealedNames, ANameWithoutAnOwnerIsRefused) {
  Peer alice = enter(1, 100);
  Join join;
  join.ssrc = 100;
  join.name_tag.fill(std::byte{1});
  send(alice, element_of(join));
  EXPECT_EQ(refused(DropReason::kBadElement), 1U);
  EXPECT_EQ(relay_.members(), 0U);
}

TEST_F(SealedNames, WhatComesLateOfAnEarlierJoinChangesNothing) {
  Peer alice = enter(1, 100);
  Peer bob = enter(2, 200);
  EXPECT_EQ(join_as(alice, {.name = 1, .owner = 1, .revision = 5, .presence = 5}), std::nullopt);
  EXPECT_EQ(join_as(alice, {.name = 2, .owner = 1, .revision = 4, .presence = 4}), std::nullopt);
  EXPECT_EQ(join_as(bob, {.name = 1, .owner = 2}), Reason::kNameTaken);
  EXPECT_EQ(join_as(bob, {.name = 2, .owner = 2}), std::nullopt);
  EXPECT_EQ(ping(alice).newest_change, 1U);
  EXPECT_EQ(join_as(alice, {.name = 1, .owner = 1, .revision = 6, .presence = 6}), std::nullopt);
  EXPECT_EQ(ping(alice).newest_change, 1U) << "the second is told at the next tick, and not asked for before";
  now_ += kRosterTick;
  static_cast<void>(ping(bob));
  EXPECT_EQ(ping(alice).newest_change, 2U);
}

// --- The roster

class SealedRoster : public SealedNames {
 protected:
  std::vector<RosterChange> take_changes(Peer& peer) {
    std::vector<RosterChange> changes;
    for (const Bytes& body : take_sealed(peer, ElementType::kRosterChange)) {
      changes.push_back(*RosterChange::parse(body));
      changes.back().presence = changes.back().presence.empty() ? changes.back().presence : kSomebody;
    }
    return changes;
  }
  Peer named(int n, int presence = 1) {
    Peer peer = enter(n, static_cast<std::uint32_t>(n));
    EXPECT_EQ(join_as(peer, {.owner = n, .presence = presence}), std::nullopt);
    return peer;
  }
  // All who are here, as one who knows nobody asks for them; how many questions that took.
  std::optional<std::set<std::uint32_t>> ask_all(Peer& peer, int& questions) {
    std::set<std::uint32_t> here;
    std::uint64_t after = 0;
    for (questions = 1; questions < 200; ++questions) {
      now_ += 1s;
      send(peer, element_of(RosterAsk{.after = after}));
      std::uint64_t newest = 0;
      std::size_t ranges = 0;
      for (const Heard& heard : take_sealed(peer)) {
        if (heard.type == ElementType::kRosterRange) {
          const auto range = RosterRange::parse(heard.body);
          newest = range->newest;
          ++ranges;
        } else if (heard.type == ElementType::kRosterChange) {
          const auto change = RosterChange::parse(heard.body);
          if (change->number <= after) continue;
          EXPECT_LE(change->previous, after);
          after = change->number;
          if (change->presence.empty()) here.erase(change->ssrc);
          if (!change->presence.empty()) here.insert(change->ssrc);
        }
      }
      EXPECT_GE(ranges, 1U);
      EXPECT_LE(ranges, kAnswerDatagrams);
      if (after >= newest) return here;
    }
    return std::nullopt;
  }
  static inline const std::array<std::byte, 1> kSomebody{};
};

TEST_F(SealedRoster, TellsWhoComesAndWhoLeaves) {
  Peer alice = named(1);
  Peer bob = named(2);
  expire(kRosterTick);
  auto changes = take_changes(alice);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].ssrc, 2U);
  EXPECT_FALSE(changes[0].presence.empty());
  say_goodbye(bob);
  expire(kRosterTick);
  changes = take_changes(alice);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].ssrc, 2U);
  EXPECT_TRUE(changes[0].presence.empty());
  EXPECT_EQ(ping(alice).newest_change, changes[0].number);
}

TEST_F(SealedRoster, OneDatagramAMemberAndTickHoweverManyCome) {
  std::vector<Peer> members;
  for (int n = 1; n <= 3; ++n) members.push_back(named(n));
  std::vector<Peer> coming;
  for (int n = 10; n < 40; ++n) coming.push_back(enter(n, static_cast<std::uint32_t>(n)));
  expire(kRosterTick);
  for (Peer& peer : members) take_mail(peer);
  for (Peer& peer : coming) static_cast<void>(join_as(peer, {.owner = 1, .presence = 1}));
  std::vector<std::size_t> heard(members.size());
  for (int tick = 0; tick < 20; ++tick) {
    expire(kRosterTick);
    for (std::size_t i = 0; i < members.size(); ++i) {
      std::size_t datagrams = 0;
      for (const Bytes& datagram : take_mail(members[i]))
        datagrams += sealed_kind_of(datagram) == SealedKind::kEnvelope ? 1U : 0U;
      EXPECT_LE(datagrams, tick == 0 ? 2U : 1U) << "one for what came before the first tick";
      heard[i] += datagrams;
    }
  }
  for (const std::size_t datagrams : heard) {
    EXPECT_GE(datagrams, 5U) << "of 200 bytes each, thirty do not fit into fewer";
    EXPECT_LE(datagrams, 8U);
  }
}

TEST_F(SealedRoster, EverybodyIsToldThoughVoiceGoesOnBetween) {
  std::vector<Peer> members;
  for (int n = 1; n <= 60; ++n) members.push_back(named(n));
  for (int i = 0; i < 20; ++i) expire(kRosterTick);
  for (Peer& peer : members) take_mail(peer);
  Peer newcomer = enter(100, 1'000);
  block();
  for (std::uint32_t i = 0; i < 10; ++i)
    send(members[i * 5], frame_element(bare_frame(members[i * 5].ssrc, SealedFrame::kLeast)));
  const Bytes presence(200, std::byte{1});
  Join join{.ssrc = newcomer.ssrc, .revision = 1, .presence = presence};
  join.room_id = room_id(newcomer.room);
  send(newcomer, element_of(join));
  now_ += kRosterTick;
  unblock();
  std::size_t told = 0;
  for (Peer& peer : members) told += take_changes(peer).size();
  EXPECT_EQ(told, members.size());
}

TEST_F(SealedRoster, IsToldInPagesToWhoAsks) {
  for (int n = 1; n <= 200; ++n) static_cast<void>(named(n));
  Peer last = named(300);
  expire(kRosterTick);
  take_mail(last);
  int questions = 0;
  const auto here = ask_all(last, questions);
  ASSERT_TRUE(here);
  EXPECT_EQ(here->size(), 201U);
  EXPECT_GT(questions, 1);
}

TEST_F(SealedRoster, OfAnEmptyRosterThereIsNothingToTell) {
  Peer alice = member(1, 100);
  int questions = 0;
  const auto here = ask_all(alice, questions);
  ASSERT_TRUE(here);
  EXPECT_TRUE(here->empty());
  EXPECT_EQ(questions, 1);
}

// --- History

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
  const auto in = welcome(alice);
  ASSERT_TRUE(in);
  EXPECT_TRUE(in->keeps_history);
  EXPECT_EQ(in->newest_text, 52U);
  EXPECT_EQ(in->stored_text, 52U);
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
  EXPECT_EQ(ping(alice).stored_text, 51U);
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

TEST_F(SealedHistory, ARoomThatNobodyCameIntoIsForgotten) {
  Peer alice = enter(1, 100);
  EXPECT_FALSE(welcome(alice));
  expire(2 * kHistoryPatience);
  relay_.history_loaded(room_id(1), kept_before(50, 3));
  EXPECT_EQ(relay_.log_bytes(), 0U);
}

}  // namespace
}  // namespace hubbub::relay
