// The roster a relay keeps: whoever follows its changes from any number on has the members, and what it costs
// does not grow with those who left.
#include "relay/core/roster.h"

#include <map>

#include <gtest/gtest.h>

#include "codec/wire/limits.h"

namespace hubbub::relay {
namespace {

using Presence = std::vector<std::byte>;
using Members = std::map<std::uint32_t, Presence>;

Presence presence(int mark) {
  return Presence(20, static_cast<std::byte>(mark));
}

// As one follows who knows `members` as of `after`; how many changes that took.
std::size_t follow(const Roster& roster, std::uint64_t after, Members& members) {
  std::size_t count = 0;
  while (const auto change = roster.next_after(after)) {
    EXPECT_GT(change->number, after);
    EXPECT_LE(change->previous, after) << "nothing is missing between them";
    if (change->presence.empty()) {
      members.erase(change->ssrc);
    } else {
      members[change->ssrc] = {change->presence.begin(), change->presence.end()};
    }
    after = change->number;
    ++count;
  }
  return count;
}

TEST(Roster, NumbersWhatChangesAndNothingElse) {
  Roster roster;
  EXPECT_EQ(roster.newest(), 0U);
  EXPECT_FALSE(roster.next_after(0));
  roster.put(1, presence(1));
  roster.put(2, presence(2));
  EXPECT_EQ(roster.newest(), 2U);
  roster.put(1, presence(1));
  roster.put(3, {});
  roster.remove(4);
  EXPECT_EQ(roster.newest(), 2U) << "nothing happened";
  roster.put(1, presence(9));
  EXPECT_EQ(roster.newest(), 3U);
  EXPECT_EQ(roster.present(), 2U);
  roster.put(2, {});
  EXPECT_EQ(roster.newest(), 4U) << "without a presence one is not told of";
  EXPECT_EQ(roster.present(), 1U);
  Members members;
  follow(roster, 0, members);
  EXPECT_EQ(members, (Members{{1, presence(9)}}));
}

TEST(Roster, WhoeverFollowsFromAnyPointHasEverybody) {
  Roster roster;
  Members truth;
  std::vector<std::pair<std::uint64_t, Members>> then = {{0, {}}};
  std::uint32_t state = 1;
  for (int step = 0; step < 2'000; ++step) {
    state = state * 1'664'525U + 1'013'904'223U;
    const std::uint32_t ssrc = (state >> 8U) % 20;
    if ((state >> 20U) % 3 == 0) {
      roster.remove(ssrc);
      truth.erase(ssrc);
    } else {
      roster.put(ssrc, presence(static_cast<int>(state >> 24U)));
      truth[ssrc] = presence(static_cast<int>(state >> 24U));
    }
    then.emplace_back(roster.newest(), truth);
  }
  std::size_t told = 0;
  for (auto& [number, members] : then) {
    if (number != 0 && number < roster.lost()) continue;
    ++told;
    follow(roster, number, members);
    ASSERT_EQ(members, truth) << "from " << number;
  }
  EXPECT_GT(told, 100U);
  Members newcomer;
  follow(roster, 0, newcomer);
  EXPECT_EQ(newcomer, truth);
}

TEST(Roster, ForgetsTheOldestOfThoseWhoLeft) {
  Roster roster;
  for (std::uint32_t ssrc = 1; ssrc <= 3; ++ssrc) roster.put(ssrc, presence(1));
  for (std::uint32_t i = 0; i < kMaxDepartures; ++i) {
    roster.put(100 + i, presence(2));
    roster.remove(100 + i);
  }
  EXPECT_EQ(roster.lost(), 0U);
  roster.put(99, presence(2));
  roster.remove(99);
  EXPECT_EQ(roster.lost(), 5U) << "the first departure";
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    roster.put(10'000 + i, presence(2));
    roster.remove(10'000 + i);
  }
  Members members;
  EXPECT_EQ(follow(roster, 0, members), 3 + kMaxDepartures);
  EXPECT_EQ(members.size(), 3U);
}

TEST(Roster, IsToldInPagesWhateverChangesMeanwhile) {
  constexpr std::uint32_t kMembers = 5'000;
  Roster roster;
  Members truth;
  for (std::uint32_t ssrc = 1; ssrc <= kMembers; ++ssrc) {
    roster.put(ssrc, presence(static_cast<int>(ssrc)));
    truth[ssrc] = presence(static_cast<int>(ssrc));
  }
  Members members;
  std::uint64_t after = 0;
  std::uint32_t next = kMembers;
  while (true) {
    int page = 0;
    for (; page < 32; ++page) {
      const auto change = roster.next_after(after);
      if (!change) break;
      if (change->presence.empty()) {
        members.erase(change->ssrc);
      } else {
        members[change->ssrc] = {change->presence.begin(), change->presence.end()};
      }
      after = change->number;
    }
    if (page < 32) break;
    if (next > kMembers + 200) continue;
    // One who was told of already leaves, one who was not yet, and one comes.
    const std::uint32_t told = next - kMembers + 1;
    const std::uint32_t untold = 2 * kMembers - next;
    for (const std::uint32_t ssrc : {told, untold}) {
      roster.remove(ssrc);
      truth.erase(ssrc);
    }
    roster.put(++next, presence(7));
    truth[next] = presence(7);
  }
  EXPECT_EQ(members, truth);
}

}  // namespace
}  // namespace hubbub::relay
