// The rate limit at its edges: the burst, the refill, and rates below one.
#include "relay/core/token_bucket.h"

#include <gtest/gtest.h>

namespace hubbub::relay {
namespace {

constexpr TimePoint kStart{std::chrono::hours(1)};

int take_all(TokenBucket& bucket, double rate, TimePoint now) {
  int taken = 0;
  while (taken < 100'000 && bucket.take(rate, now)) ++taken;
  return taken;
}

TEST(TokenBucket, ABurstOfOneSecondAndNotOneMore) {
  TokenBucket bucket(64, kStart);
  EXPECT_EQ(take_all(bucket, 64, kStart), 64);
}

TEST(TokenBucket, RefillsAtItsRate) {
  TokenBucket bucket(64, kStart);
  take_all(bucket, 64, kStart);
  const Duration one = 15'625us;  // a 64th of a second
  EXPECT_FALSE(bucket.take(64, kStart + one - 1us));
  EXPECT_TRUE(bucket.take(64, kStart + one));
  EXPECT_FALSE(bucket.take(64, kStart + one));
  EXPECT_EQ(take_all(bucket, 64, kStart + one + 500ms), 32);
}

TEST(TokenBucket, LongSilenceEarnsOneBurstOnly) {
  TokenBucket bucket(64, kStart);
  EXPECT_EQ(take_all(bucket, 64, kStart + 24h), 64);
}

TEST(TokenBucket, AskingTooOftenCostsNothing) {
  TokenBucket bucket(64, kStart);
  take_all(bucket, 64, kStart);
  int taken = 0;
  for (int i = 1; i <= 100'000; ++i)
    taken += bucket.take(64, kStart + i * 10us) ? 1 : 0;  // a second, at 100,000 a second
  EXPECT_NEAR(taken, 64, 1);
}

TEST(TokenBucket, ARateOfOneAndBelow) {
  TokenBucket one(1, kStart);
  EXPECT_TRUE(one.take(1, kStart));
  EXPECT_FALSE(one.take(1, kStart + 999ms));
  EXPECT_TRUE(one.take(1, kStart + 1s));
  TokenBucket slow(0.5, kStart);
  EXPECT_FALSE(slow.take(0.5, kStart));
  EXPECT_TRUE(slow.take(0.5, kStart + 1s));
  EXPECT_FALSE(slow.take(0.5, kStart + 2s));
  EXPECT_TRUE(slow.take(0.5, kStart + 3s));
}

}  // namespace
}  // namespace hubbub::relay
