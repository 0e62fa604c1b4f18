// Following a log: every entry once, in the order of the numbers, whatever comes in whatever order; what the
// relay did not seal is a hint, and a hint that was wrong is taken back.
#include "voiceclient/core/log_follower.h"

#include <gtest/gtest.h>

#include "codec/wire/limits.h"

namespace hubbub::client {
namespace {

using Numbers = std::vector<std::uint64_t>;
constexpr bool kSealed = true;
constexpr bool kLive = false;

class LogFollowerTest : public testing::Test {
 protected:
  void put(std::uint64_t number, std::uint64_t previous, bool sealed = kLive) {
    const std::vector<std::byte> object(20, static_cast<std::byte>(number));
    log_.put(now_, {.number = number, .previous = previous, .id = {}, .object = object}, sealed);
  }
  void range(std::uint64_t after, std::uint64_t newest, std::uint64_t lost = 0) {
    log_.range(now_, {.after = after, .newest = newest, .lost = lost});
  }
  // What is given out; gaps as zeros.
  Numbers take() {
    Numbers numbers;
    while (const auto entry = log_.next()) {
      if (!entry->object.empty()) {
        EXPECT_EQ(entry->object[0], static_cast<std::byte>(entry->number));
      }
      numbers.push_back(entry->object.empty() ? 0 : entry->number);
    }
    return numbers;
  }
  std::optional<std::uint64_t> asks_after() {
    const auto ask = log_.ask_due(now_);
    return ask ? std::optional(ask->after) : std::nullopt;
  }
  // In a room in which nothing was written yet.
  void begin() {
    log_.welcome(now_, {.epoch = 1});
    static_cast<void>(log_.ask_due(now_));
    range(0, 0);
  }

  TimePoint now_{1h};
  LogFollower log_;
};

TEST_F(LogFollowerTest, ANewcomerAsksForSoMuchFromBefore) {
  EXPECT_FALSE(log_.ask_due(now_)) << "before we are in there is nobody to ask";
  log_.welcome(now_, {.newest_text = 500, .epoch = 1});
  const auto ask = log_.ask_due(now_);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->after, 500U);
  EXPECT_EQ(ask->before, kEarlierTexts);
  put(501, 500);
  EXPECT_TRUE(take().empty()) << "nothing before we know where to begin";
  range(448, 501);
  put(449, 448, kSealed);
  put(500, 449, kSealed);
  bool earlier = true;
  for (const std::uint64_t number : {449U, 500U, 501U}) {
    const auto entry = log_.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->number, number);
    earlier = number <= 500;
    EXPECT_EQ(entry->earlier, earlier) << number;
  }
  EXPECT_EQ(log_.known(), 501U);
}

TEST_F(LogFollowerTest, WhoIsLetInAgainBeforeTheFirstAnswerMissesNothingOfTheMeantime) {
  for (const std::uint64_t epoch : {1U, 1U, 2U}) {
    log_.welcome(now_, {.newest_text = epoch == 2 ? 700U : 500U, .epoch = epoch});
    const auto ask = log_.ask_due(now_);
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->after, 500U);
    EXPECT_EQ(ask->before, kEarlierTexts);
  }
}

TEST_F(LogFollowerTest, WhatComesBeforeALateWelcomeIsOfOurTime) {
  put(301, 300);
  put(302, 301);
  log_.welcome(now_, {.newest_text = 500, .epoch = 1});
  const auto ask = log_.ask_due(now_);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->after, 300U) << "the relay had let us in by then";
  range(250, 500);
  put(300, 250, kSealed);
  EXPECT_EQ(take(), (Numbers{300, 301, 302}));
}

TEST_F(LogFollowerTest, GivesEachOnceAndInOrder) {
  struct Row {
    const char* what;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> comes;
    Numbers out;
  };
  const std::vector<Row> rows = {
      {"in order", {{1, 0}, {2, 1}, {3, 2}}, {1, 2, 3}},
      {"the other way round", {{3, 2}, {2, 1}, {1, 0}}, {1, 2, 3}},
      {"twice", {{1, 0}, {1, 0}, {2, 1}, {1, 0}, {2, 1}}, {1, 2}},
      {"numbers with gaps", {{4'096, 0}, {9'000, 4'096}}, {4'096, 9'000}},
      {"one is missing", {{1, 0}, {3, 2}, {4, 3}}, {1}},
      {"and comes", {{1, 0}, {3, 2}, {4, 3}, {2, 1}}, {1, 2, 3, 4}},
  };
  for (const Row& row : rows) {
    log_ = {};
    begin();
    Numbers out;
    for (const auto& [number, previous] : row.comes) {
      put(number, previous);
      for (const std::uint64_t given : take()) out.push_back(given);
    }
    EXPECT_EQ(out, row.out) << row.what;
  }
}

TEST_F(LogFollowerTest, AsksForWhatIsMissingAfterAMomentAndMoreAndMoreSlowly) {
  begin();
  now_ += 1s;
  EXPECT_FALSE(asks_after());
  put(1, 0);
  take();
  put(3, 2);
  take();
  EXPECT_FALSE(asks_after()) << "it may only be out of order";
  std::vector<Duration> at;
  for (const TimePoint begun = now_; now_ - begun < 12s; now_ += 10ms) {
    if (const auto after = asks_after()) {
      EXPECT_EQ(*after, 1U);
      at.push_back(now_ - begun);
    }
  }
  EXPECT_EQ(
      at, (std::vector<Duration>{30ms, 280ms, 780ms, 1'780ms, 3'780ms, 5'780ms, 7'780ms, 9'780ms, 11'780ms}));
  range(1, 3);
  put(2, 1, kSealed);
  EXPECT_EQ(take(), (Numbers{2, 3}));
  now_ += 5s;
  EXPECT_FALSE(asks_after());
}

TEST_F(LogFollowerTest, AsksOnAfterAFullAnswerAtOnceAndAfterAShortOneNotAtAll) {
  begin();
  log_.announce(now_, 1'000, 0);
  ASSERT_EQ(asks_after(), 0U);
  for (std::uint64_t i = 1; i <= kAnswerDatagrams; ++i) {
    range(i - 1, 1'000);
    put(i, i - 1, kSealed);
    take();
  }
  EXPECT_EQ(asks_after(), kAnswerDatagrams);
  range(kAnswerDatagrams, 9);
  for (std::uint64_t i = kAnswerDatagrams + 1; i <= 1'000; ++i) {
    put(i, i - 1, kSealed);
    take();
  }
  now_ += 1s;
  EXPECT_FALSE(asks_after());
}

TEST_F(LogFollowerTest, HearsOfWhatItMissedFromAPong) {
  begin();
  now_ += 10s;
  EXPECT_FALSE(asks_after());
  log_.announce(now_, 0, 0);
  EXPECT_FALSE(asks_after());
  log_.announce(now_, 7, 0);
  EXPECT_EQ(asks_after(), 0U);
}

TEST_F(LogFollowerTest, TellsOfAGapOnceAndGoesOn) {
  begin();
  put(1, 0);
  EXPECT_EQ(take(), Numbers{1});
  log_.announce(now_, 100, 1);
  ASSERT_EQ(asks_after(), 1U);
  range(1, 100, 90);
  put(91, 90, kSealed);
  EXPECT_EQ(take(), (Numbers{0, 91}));
  EXPECT_EQ(log_.known(), 91U);
  range(91, 100, 90);
  EXPECT_TRUE(take().empty());
}

TEST_F(LogFollowerTest, ANewcomerMissesNothingOfWhatWasBeforeThem) {
  log_.welcome(now_, {.newest_text = 100, .epoch = 1});
  static_cast<void>(log_.ask_due(now_));
  range(90, 100, 90);
  put(91, 90, kSealed);
  EXPECT_EQ(take(), Numbers{91});
}

// A number that somebody on the way made up: what is true is shown all the same, once the relay's word is
// here.
TEST_F(LogFollowerTest, AForgedNumberIsTakenBackByTheNextPong) {
  begin();
  put(1, 0, kSealed);
  EXPECT_EQ(take(), Numbers{1});
  put(1'000'000, 0);
  EXPECT_EQ(take(), Numbers{1'000'000}) << "its sender's words are checked by whoever reads them";
  put(2, 1);
  EXPECT_TRUE(take().empty());
  const std::uint64_t asked_at = log_.known();
  log_.announce(now_, 2, asked_at);
  EXPECT_EQ(log_.known(), 1U);
  ASSERT_EQ(asks_after(), 1U);
  range(1, 2);
  put(2, 1, kSealed);
  EXPECT_EQ(take(), Numbers{2});
  log_.announce(now_, 2, 2);
  EXPECT_EQ(log_.known(), 2U);
}

TEST_F(LogFollowerTest, APongThatWasAskedForBeforeALiveEntryTakesNothingBack) {
  begin();
  const std::uint64_t asked_at = log_.known();
  put(1, 0);
  EXPECT_EQ(take(), Numbers{1});
  log_.announce(now_, 0, asked_at);
  EXPECT_EQ(log_.known(), 1U);
}

TEST_F(LogFollowerTest, ALiveEntryThatCannotBeReadIsAskedForAndASealedOnePassedOver) {
  begin();
  put(1, 0);
  auto entry = log_.next();
  ASSERT_TRUE(entry);
  EXPECT_FALSE(log_.refuse(now_, *entry));
  EXPECT_EQ(log_.known(), 0U);
  log_.announce(now_, 1, 0);
  ASSERT_EQ(asks_after(), 0U);
  range(0, 1);
  put(1, 0, kSealed);
  entry = log_.next();
  ASSERT_TRUE(entry);
  EXPECT_TRUE(log_.refuse(now_, *entry));
  EXPECT_EQ(log_.known(), 1U);
}

TEST_F(LogFollowerTest, WhatTheRelaySealedStandsAboveWhatCameBare) {
  begin();
  const std::vector<std::byte> forged(20, std::byte{9});
  log_.put(now_, {.number = 2, .previous = 1, .id = {}, .object = forged}, kLive);
  put(2, 1, kSealed);
  log_.put(now_, {.number = 2, .previous = 1, .id = {}, .object = forged}, kLive);
  put(1, 0, kSealed);
  EXPECT_EQ(take(), (Numbers{1, 2}));
}

TEST_F(LogFollowerTest, HoldsSoManyThatCameBeforeTheirTurn) {
  begin();
  for (std::uint64_t i = 2; i < 2 + 2 * LogFollower::kMaxHeld; ++i) put(i, i - 1);
  put(1, 0);
  const auto given = take();
  EXPECT_EQ(given.size(), LogFollower::kMaxHeld);
  EXPECT_EQ(given.back(), LogFollower::kMaxHeld);
}

TEST_F(LogFollowerTest, ALogThatBeganAnewIsFollowedFromItsBeginning) {
  begin();
  put(5'000, 0, kSealed);
  EXPECT_EQ(take(), Numbers{5'000});
  log_.welcome(now_, {.newest_text = 3, .epoch = 2});
  EXPECT_EQ(log_.known(), 0U);
  EXPECT_EQ(asks_after(), 0U);
  range(0, 3);
  put(3, 0, kSealed);
  EXPECT_EQ(take(), Numbers{3});
}

TEST_F(LogFollowerTest, ALogThatLostItsEndIsFollowedFromWhatWasStored) {
  begin();
  put(5, 0, kSealed);
  put(6, 5, kSealed);
  put(9, 6, kSealed);
  EXPECT_EQ(take(), (Numbers{5, 6, 9}));
  log_.stored(5);
  log_.welcome(now_, {.newest_text = 6, .epoch = 2});
  EXPECT_EQ(log_.known(), 5U) << "we were not told that more of it is";
  EXPECT_EQ(asks_after(), 5U);
  range(5, 20);
  put(20, 6, kSealed);
  put(6, 5, kSealed);
  EXPECT_EQ(take(), (Numbers{6, 20}));
  log_.stored(20);
  log_.welcome(now_, {.newest_text = 12, .epoch = 3});
  EXPECT_EQ(log_.known(), 0U) << "what was stored is lost: nothing is known of this log";
}

TEST_F(LogFollowerTest, WhatWaitedInALogThatIsNoMoreIsAskedForAgain) {
  begin();
  put(5, 0, kSealed);
  put(9, 7, kSealed);  // behind one that the relay loses
  EXPECT_EQ(take(), Numbers{5});
  log_.welcome(now_, {.newest_text = 9, .epoch = 2});
  EXPECT_EQ(asks_after(), 5U);
  range(5, 9);
  put(9, 5, kSealed);
  EXPECT_EQ(take(), Numbers{9});
}

TEST_F(LogFollowerTest, OfWhatStandsBeforeTheRelaysLastWordCounts) {
  begin();
  put(9, 7, kSealed);
  put(9, 0, kLive);
  EXPECT_TRUE(take().empty()) << "which a live entry is not";
  put(9, 0, kSealed);
  EXPECT_EQ(take(), Numbers{9});
}

TEST_F(LogFollowerTest, ComingBackItAsksFromWhereItWas) {
  begin();
  put(7, 0, kSealed);
  EXPECT_EQ(take(), Numbers{7});
  for (const std::uint64_t epoch : {1U, 2U}) {
    log_.welcome(now_, {.newest_text = 30, .epoch = epoch});
    EXPECT_EQ(log_.known(), 7U);
    const auto ask = log_.ask_due(now_);
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->after, 7U);
    EXPECT_EQ(ask->before, 0U);
  }
}

}  // namespace
}  // namespace hubbub::client
