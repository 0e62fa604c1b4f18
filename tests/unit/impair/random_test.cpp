#include "tools/impair/random.h"

#include <cmath>

#include <gtest/gtest.h>

namespace hubbub::impair {
namespace {

// The sequence that implementations of splitmix64 publish for this seed.
TEST(Random, Splitmix64GivesThePublishedNumbers) {
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                       4593380528125082431U, 16408922859458223821U}) {
    EXPECT_EQ(splitmix64(state), expected);
  }
}

// The reference program's first outputs from the state 1, 2, 3, 4.
TEST(Random, XoshiroGivesThePublishedNumbers) {
  Random random(Random::State{1, 2, 3, 4});
  for (const std::uint64_t expected : {11520U, 0U, 1509978240U}) EXPECT_EQ(random.next(), expected);
  EXPECT_EQ(random.next(), 1215971899390074240U);
  EXPECT_EQ(random.next(), 1216172134540287360U);
  EXPECT_EQ(random.next(), 607988272756665600U);
}

TEST(Random, UniformFillsItsRangeEvenly) {
  Random random(1);
  constexpr int kDraws = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    squares += value * value;
  }
  // Four standard errors of the mean of 100,000 draws are 0.0037.
  EXPECT_NEAR(sum / kDraws, 0.5, 0.0037);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.0038);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  Random random(2);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70'000; ++i) {
    const std::uint32_t value = random.below(7);
    ASSERT_LT(value, 7U);
    ++seen[value];
  }
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 4 * std::sqrt(10'000 * 6.0 / 7));
  EXPECT_EQ(random.below(0), 0U);
}

TEST(Random, DerivedSeedsDiffer) {
  EXPECT_NE(derive_seed(1, 0), derive_seed(1, 1));
  EXPECT_NE(derive_seed(1, 0), derive_seed(2, 0));
  EXPECT_NE(derive_seed(1, 2), derive_seed(2, 1));
}

}  // namespace
}  // namespace hubbub::impair
