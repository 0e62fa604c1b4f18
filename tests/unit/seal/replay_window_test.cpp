// The replay window: a table of counters in order of arrival, and what becomes of each.
#include "codec/seal/replay_window.h"

#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

constexpr std::uint64_t kWindow = ReplayWindow::kCounters;
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();

struct Arrival {
  int number;
  std::uint64_t counter;
  bool fresh;
};

void run(std::initializer_list<Arrival> table) {
  ReplayWindow window;
  for (const Arrival& arrival : table) {
    EXPECT_EQ(window.fresh(arrival.counter), arrival.fresh) << "arrival " << arrival.number;
    if (arrival.fresh) window.accept(arrival.counter);
  }
}

TEST(ReplayWindow, Table) {
  run({
      {1, 0, true},
      {2, 0, false},
      {3, 1, true},
      {4, 1, false},
      {5, 9, true},
      {6, 8, true},
      {7, 7, true},
      {8, 7, false},
      {9, kWindow, true},  // 0 leaves the window, 1 is the oldest in it
      {10, kWindow - 1, true},
      {11, kWindow - 1, false},
      {12, 1, false},  // seen
      {13, 2, true},   // unseen and still inside
      {14, 2, false},
      {15, 2 * kWindow, true},  // everything up to kWindow leaves
      {16, kWindow, false},     // seen, and too old
      {17, kWindow + 1, true},  // the oldest inside
      {18, kWindow + 1, false},
      {19, 3, false},             // too old
      {20, 100 * kWindow, true},  // a jump past the whole window
      {21, 99 * kWindow, false},  // too old by one
      {22, 99 * kWindow + 1, true},
      {23, 2 * kWindow, false},
      {24, kLast - 1, true},
      {25, kLast, true},
      {26, kLast, false},
      {27, kLast - 1, false},
      {28, kLast - kWindow + 1, true},
      {29, kLast - kWindow, false},
      {30, 0, false},
  });
}

TEST(ReplayWindow, BeginsAnywhere) {
  run({{1, 1, true}, {2, 0, true}, {3, 0, false}, {4, 1, false}});
  run({{1, kLast, true}, {2, kLast, false}, {3, 0, false}});
  run({{1, 63, true}, {2, 64, true}, {3, 63, false}, {4, 64, false}, {5, 62, true}, {6, 65, true}});
}

TEST(ReplayWindow, AskingChangesNothing) {
  ReplayWindow window;
  window.accept(5);
  EXPECT_TRUE(window.fresh(kLast));
  EXPECT_TRUE(window.fresh(6));
  EXPECT_TRUE(window.fresh(6));
  EXPECT_EQ(window.newest(), 5U);
}

TEST(ReplayWindow, NewestOnlyGrows) {
  ReplayWindow window;
  EXPECT_EQ(window.newest(), 0U);
  window.accept(5'000);
  EXPECT_EQ(window.newest(), 5'000U);
  window.accept(4'500);
  EXPECT_EQ(window.newest(), 5'000U);
  window.accept(1);  // too old: nothing to remember it in
  EXPECT_EQ(window.newest(), 5'000U);
  EXPECT_TRUE(window.fresh(4'999));
  window.accept(5'001);
  EXPECT_EQ(window.newest(), 5'001U);
}

// Against a set that forgets nothing, with jumps of every size around a block and a window.
TEST(ReplayWindow, AgreesWithAPlainSet) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 engine(seed);
    ReplayWindow window;
    std::set<std::uint64_t> seen;
    std::uint64_t newest = 0;
    for (int i = 0; i < 5'000; ++i) {
      const std::uint64_t reach =
          std::array<std::uint64_t, 4>{2, 70, kWindow + 70, 3 * kWindow}[engine() % 4];
      const std::uint64_t back = std::min(newest, engine() % (reach + 1));
      const std::uint64_t counter = engine() % 2 == 0 ? newest - back : newest + engine() % (reach + 1);
      const bool too_old = newest >= kWindow && counter <= newest - kWindow;
      const bool expected = !too_old && !seen.contains(counter);
      ASSERT_EQ(window.fresh(counter), expected)
          << "seed " << seed << ", counter " << counter << ", newest " << newest;
      if (!expected) continue;
      window.accept(counter);
      seen.insert(counter);
      newest = std::max(newest, counter);
      ASSERT_EQ(window.newest(), newest);
    }
  }
}

}  // namespace
}  // namespace hubbub::seal
