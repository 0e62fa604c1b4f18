// What waits is bounded, and what was given up is never claimed to be stored.
#include "relay/history/backlog.h"

#include "tests/unit/history/history_on_loop.h"

namespace hubbub::relay {
namespace {

Kept kept(unsigned char room, std::uint64_t number) {
  return {.room = room_of(room), .entry = entry_of(number)};
}
constexpr std::size_t kWeight = sizeof(Kept) + 200;

TEST(Backlog, ClaimsWhatIsSettled) {
  Backlog backlog(100 * kWeight);
  for (std::uint64_t number = 1; number <= 5; ++number) backlog.add(kept(1, number));
  backlog.add(kept(2, 9));
  const auto batch = backlog.take(4);
  EXPECT_EQ(backlog.waiting(), 6);
  EXPECT_EQ(backlog.settle(batch, {}), (std::map<seal::RoomId, std::uint64_t>{{room_of(1), 4}}));
  EXPECT_EQ(backlog.waiting(), 2);
  EXPECT_EQ(backlog.waiting_bytes(), 2 * kWeight);
}

TEST(Backlog, WhatIsPutBackComesFirst) {
  Backlog backlog(100 * kWeight);
  for (std::uint64_t number = 1; number <= 3; ++number) backlog.add(kept(1, number));
  backlog.put_back(backlog.take(2));
  EXPECT_EQ(backlog.take(10).front().entry.number, 1);
}

TEST(Backlog, NeverClaimsBeyondWhatWasGivenUp) {
  Backlog backlog(3 * kWeight);
  backlog.add(kept(1, 1));
  auto in_hand = backlog.take(1);
  for (std::uint64_t number = 2; number <= 6; ++number) backlog.add(kept(1, number));
  EXPECT_EQ(backlog.given_up(), 3);  // 2, 3 and 4
  EXPECT_EQ(backlog.waiting_bytes(), 3 * kWeight);
  EXPECT_EQ(backlog.settle(in_hand, {}), (std::map<seal::RoomId, std::uint64_t>{{room_of(1), 1}}));
  in_hand = backlog.take(10);
  EXPECT_EQ(in_hand.front().entry.number, 5);
  EXPECT_TRUE(backlog.settle(in_hand, {}).empty());
  backlog.add(kept(1, 7));
  backlog.add(kept(2, 7));
  EXPECT_EQ(backlog.settle(backlog.take(10), {}), (std::map<seal::RoomId, std::uint64_t>{{room_of(2), 7}}));
}

TEST(Backlog, WhatIsPutBackIsTheOldestAndGoesFirst) {
  Backlog backlog(2 * kWeight);
  backlog.add(kept(1, 1));
  auto in_hand = backlog.take(1);
  backlog.add(kept(2, 1));
  backlog.add(kept(2, 2));  // gives up 2/1: 1/1 is being written
  backlog.put_back(std::move(in_hand));
  EXPECT_EQ(backlog.given_up(), 1);
  backlog.add(kept(2, 3));
  EXPECT_EQ(backlog.given_up(), 2);
  EXPECT_TRUE(backlog.settle(backlog.take(10), {}).empty());
}

TEST(Backlog, OfWhatTheFileHasOnlyWhatHasNoHoleBeforeItIsClaimed) {
  Backlog backlog(2 * kWeight);
  const std::vector<LogEntry> in_file = {entry_of(1), entry_of(2), entry_of(5)};
  EXPECT_EQ(backlog.stored_through(room_of(1), in_file), 5);
  EXPECT_EQ(backlog.stored_through(room_of(1), {}), 0);
  for (std::uint64_t number = 3; number <= 5; ++number) backlog.add(kept(1, number));  // gives up 3
  EXPECT_EQ(backlog.stored_through(room_of(1), in_file), 2);
  EXPECT_EQ(backlog.stored_through(room_of(2), in_file), 5);
}

TEST(Backlog, ARefusedPlaceIsAHole) {
  Backlog backlog(100 * kWeight);
  for (std::uint64_t number = 1; number <= 3; ++number) backlog.add(kept(1, number));
  const std::vector<std::size_t> refused = {1};
  EXPECT_EQ(backlog.settle(backlog.take(10), refused),
            (std::map<seal::RoomId, std::uint64_t>{{room_of(1), 1}}));
  EXPECT_EQ(backlog.given_up(), 1);
}

}  // namespace
}  // namespace hubbub::relay
