// Following a roster: everybody once they are all known, whatever comes in whatever order; and nobody who has
// not signed that they are here.
#include "voiceclient/core/roster_follower.h"

#include <set>

#include <gtest/gtest.h>

#include "codec/wire/limits.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::client {
namespace {

class RosterFollowerTest : public testing::Test {
 protected:
  Bytes presence(std::uint32_t ssrc, const std::string& name) {
    const session::Identity identity(seal::key_from_hex(std::string(64, "abcdef0123456789"[ssrc % 16])));
    const session::StreamId stream{.ssrc = ssrc, .kid = 0xA000'0000 + ssrc};
    session::ObjectSealer sealer(room_, session::kPresenceLabel, stream);
    session::Presence presence;
    presence.stream = stream;
    presence.name = name;
    return seal_presence(room_, identity, sealer, presence);
  }
  std::optional<DropReason> comes(std::uint64_t number, std::uint64_t previous, std::uint32_t ssrc,
                                  const std::string& name = "x") {
    const Bytes object = presence(ssrc, name);
    return roster_.change(now_, room_,
                          {.number = number, .previous = previous, .ssrc = ssrc, .presence = object});
  }
  void leaves(std::uint64_t number, std::uint64_t previous, std::uint32_t ssrc) {
    EXPECT_EQ(
        roster_.change(now_, room_, {.number = number, .previous = previous, .ssrc = ssrc, .presence = {}}),
        std::nullopt);
  }
  void welcome(std::uint64_t newest, std::uint64_t epoch = 1, std::uint32_t members = 2) {
    roster_.welcome(now_, {.members = members, .newest_change = newest, .epoch = epoch});
  }
  void range(std::uint64_t after, std::uint64_t newest, std::uint64_t lost = 0) {
    roster_.range(now_, {.after = after, .newest = newest, .lost = lost});
  }
  std::set<std::uint32_t> here() const {
    std::set<std::uint32_t> ssrcs;
    for (const auto& [ssrc, presence] : roster_.members()) ssrcs.insert(ssrc);
    return ssrcs;
  }
  std::optional<std::uint64_t> asks_after() {
    const auto ask = roster_.ask_due(now_);
    return ask ? std::optional(ask->after) : std::nullopt;
  }
  using Ssrcs = std::set<std::uint32_t>;

  seal::RoomKeys room_{seal::public_key_from_hex(std::string(64, '7')),
                       seal::key_from_hex(std::string(64, '8'))};
  TimePoint now_{1h};
  RosterFollower roster_;
};

TEST_F(RosterFollowerTest, KnowsEverybodyOnceAllWereTold) {
  EXPECT_FALSE(asks_after());
  welcome(5);
  EXPECT_EQ(asks_after(), 0U);
  range(0, 5);
  EXPECT_EQ(comes(2, 0, 2), std::nullopt);
  EXPECT_FALSE(roster_.complete());
  EXPECT_TRUE(here().empty()) << "not half of them";
  EXPECT_EQ(comes(5, 2, 5, "five"), std::nullopt);
  EXPECT_TRUE(roster_.complete());
  EXPECT_EQ(here(), (Ssrcs{2, 5}));
  EXPECT_EQ(roster_.members().at(5).name, "five");
  now_ += 1s;
  EXPECT_FALSE(asks_after());
}

TEST_F(RosterFollowerTest, FollowsChangesOnceAndInOrder) {
  welcome(0);
  EXPECT_EQ(asks_after(), 0U);
  range(0, 0);
  EXPECT_TRUE(roster_.complete());
  comes(1, 0, 1);
  const std::uint64_t version = roster_.version();
  comes(1, 0, 1);
  EXPECT_EQ(roster_.version(), version) << "nothing changed";
  leaves(3, 2, 1);
  EXPECT_EQ(here(), Ssrcs{1}) << "something is missing before it";
  now_ += 30ms;
  EXPECT_EQ(asks_after(), 1U);
  comes(2, 1, 2);
  EXPECT_EQ(here(), Ssrcs{2});
  comes(2, 1, 1);
  EXPECT_EQ(here(), Ssrcs{2}) << "what is over is over";
  comes(4, 3, 2, "renamed");
  EXPECT_EQ(roster_.members().at(2).name, "renamed");
}

TEST_F(RosterFollowerTest, AsksAgainMoreAndMoreSlowlyAndOnAfterAFullAnswer) {
  welcome(100);
  std::vector<Duration> at;
  for (const TimePoint begun = now_; now_ - begun < 6s; now_ += 10ms) {
    if (asks_after()) at.push_back(now_ - begun);
  }
  EXPECT_EQ(at, (std::vector<Duration>{0ms, 250ms, 750ms, 1'750ms, 3'750ms, 5'750ms}));
  for (std::uint64_t i = 1; i <= kAnswerDatagrams; ++i) {
    range(i - 1, 100);
    comes(i, i - 1, static_cast<std::uint32_t>(i));
  }
  now_ += 2 * RosterFollower::kPaceEach;  // of two members
  EXPECT_EQ(asks_after(), kAnswerDatagrams);
}

TEST_F(RosterFollowerTest, HearsFromAPongThatItMissedSomething) {
  welcome(0);
  asks_after();
  range(0, 0);
  now_ += 1s;
  EXPECT_FALSE(asks_after());
  roster_.announce(now_, 0, 2);
  EXPECT_FALSE(asks_after());
  roster_.announce(now_, 3, 2);
  EXPECT_EQ(asks_after(), 0U);
}

TEST_F(RosterFollowerTest, WhatTheRelayHasForgottenIsAskedForFromTheBeginning) {
  welcome(2);
  asks_after();
  range(0, 2);
  comes(1, 0, 1);
  comes(2, 1, 2);
  EXPECT_EQ(here(), (Ssrcs{1, 2}));
  now_ += 1s;
  EXPECT_FALSE(asks_after());
  roster_.announce(now_, 9'000, 2);
  EXPECT_EQ(asks_after(), 2U);
  range(2, 9'000, 5'000);
  EXPECT_FALSE(roster_.complete());
  EXPECT_EQ(here(), (Ssrcs{1, 2})) << "as of when they were known";
  EXPECT_EQ(asks_after(), 0U);
  range(0, 9'000);
  comes(9'000, 0, 7);
  EXPECT_EQ(here(), Ssrcs{7}) << "who is not told of has left";
}

TEST_F(RosterFollowerTest, OldDeparturesDoNotKeepItFromCollectingInSeveralAnswers) {
  welcome(9'000);
  EXPECT_EQ(asks_after(), 0U);
  range(0, 9'000, 5'000);
  comes(40, 0, 1);
  now_ += 1s;
  EXPECT_EQ(asks_after(), 40U);
  range(40, 9'001, 5'000);
  comes(9'000, 40, 2);
  comes(9'001, 9'000, 3);
  EXPECT_TRUE(roster_.complete());
  EXPECT_EQ(here(), (Ssrcs{1, 2, 3}));
}

TEST_F(RosterFollowerTest, WhoCameAndLeftBeforeItAskedIsNotThere) {
  welcome(4);
  EXPECT_EQ(asks_after(), 0U);
  comes(2, 1, 2);  // told live, before the answer
  range(0, 4);
  comes(1, 0, 1);
  leaves(3, 1, 2);
  comes(4, 3, 4);
  EXPECT_TRUE(roster_.complete());
  EXPECT_EQ(here(), (Ssrcs{1, 4}));
}

TEST_F(RosterFollowerTest, WhoLeftWhileItCollectedAndIsForgottenMakesItBeginAnew) {
  welcome(9'000);
  EXPECT_EQ(asks_after(), 0U);
  range(0, 9'000, 5'000);
  comes(40, 0, 1);
  now_ += 1s;
  EXPECT_EQ(asks_after(), 40U);
  range(40, 12'000, 9'500);
  EXPECT_EQ(asks_after(), 0U);
}

TEST_F(RosterFollowerTest, AnotherLifeOfTheRelayIsAnotherRoster) {
  welcome(1);
  asks_after();
  range(0, 1);
  comes(1, 0, 1);
  welcome(1);
  EXPECT_TRUE(roster_.complete()) << "the same one is known already";
  welcome(1, 2);
  EXPECT_FALSE(roster_.complete());
  EXPECT_EQ(asks_after(), 0U);
  range(0, 1);
  comes(1, 0, 9);
  EXPECT_EQ(here(), Ssrcs{9});
}

TEST_F(RosterFollowerTest, WhoHasNotSignedIsNotHereAndKeepsNobodyElseOut) {
  welcome(0);
  asks_after();
  range(0, 0);
  Bytes forged = presence(1, "one");
  forged[forged.size() / 2] ^= std::byte{1};
  EXPECT_NE(roster_.change(now_, room_, {.number = 1, .previous = 0, .ssrc = 1, .presence = forged}),
            std::nullopt);
  const Bytes of_another = presence(1, "one");
  EXPECT_EQ(roster_.change(now_, room_, {.number = 2, .previous = 1, .ssrc = 2, .presence = of_another}),
            DropReason::kForeignSsrc);
  EXPECT_EQ(comes(3, 2, 3), std::nullopt);
  EXPECT_EQ(here(), Ssrcs{3});
}

TEST_F(RosterFollowerTest, InACrowdNobodyIsFollowed) {
  welcome(5'000, 1, RosterFollower::kMaxFollowed + 1);
  EXPECT_FALSE(asks_after());
  comes(1, 0, 1);
  EXPECT_TRUE(here().empty());
  now_ += 10s;
  EXPECT_FALSE(asks_after());
  roster_.announce(now_, 5'001, RosterFollower::kMaxFollowed);
  EXPECT_EQ(asks_after(), 0U) << "until it is none any more";
}

}  // namespace
}  // namespace hubbub::client
