// What a sealed relay does with who its members are: names that are one owner's; and the roster, told at its
// tick.
#include <set>

#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/relay/sealed_texts.h"

namespace hubbub::relay {
namespace {

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

}  // namespace
}  // namespace hubbub::relay
