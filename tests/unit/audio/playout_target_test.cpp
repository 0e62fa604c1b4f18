#include "voiceclient/audio/playout_target.h"

#include <gtest/gtest.h>

namespace hubbub::audio {
namespace {

constexpr TimePoint kStart{5s};

TEST(PlayoutTarget, IsOnePeriodAndTheOwnersInterval) {
  const PlayoutTarget target;
  EXPECT_EQ(target.target(10ms), 20ms);
  EXPECT_EQ(target.target(Duration::zero()), 10ms);
}

TEST(PlayoutTarget, GrowsByAStepAtEachLookThatFindsUnderruns) {
  PlayoutTarget target;
  target.observe(kStart, 3);
  EXPECT_EQ(target.target(10ms), 25ms);
  target.observe(kStart + 5ms, 3);
  EXPECT_EQ(target.target(10ms), 25ms);
  target.observe(kStart + 10ms, 4);
  EXPECT_EQ(target.target(10ms), 30ms);
}

TEST(PlayoutTarget, HasACeiling) {
  PlayoutTarget target;
  for (std::uint64_t underruns = 1; underruns < 100; ++underruns) target.observe(kStart, underruns);
  EXPECT_EQ(target.target(10ms), 20ms + PlayoutTarget::kExtraMax);
}

TEST(PlayoutTarget, ShrinksByAStepForEachWhileOfPeaceAndNeverBelowItsFloor) {
  PlayoutTarget target;
  target.observe(kStart, 1);
  target.observe(kStart, 2);
  EXPECT_EQ(target.target(10ms), 30ms);
  target.observe(kStart + PlayoutTarget::kPeace, 2);
  EXPECT_EQ(target.target(10ms), 30ms);
  target.observe(kStart + PlayoutTarget::kPeace + 1ms, 2);
  EXPECT_EQ(target.target(10ms), 25ms);
  target.observe(kStart + PlayoutTarget::kPeace + 2ms, 2);
  EXPECT_EQ(target.target(10ms), 25ms);
  for (int hours = 1; hours < 5; ++hours) target.observe(kStart + hours * 1h, 2);
  EXPECT_EQ(target.target(10ms), 20ms);
}

}  // namespace
}  // namespace hubbub::audio
