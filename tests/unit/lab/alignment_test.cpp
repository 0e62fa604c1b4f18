#include "tools/lab/measure/alignment.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/lab/speech_like.h"
#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

constexpr int kRate = 16'000;

TEST(Align, FindsAKnownDelayExactly) {
  const auto original = speech_like(6, kRate, 1);
  for (const std::ptrdiff_t delay : {0, 1, -1, 160, 3'333, 48'000, -3'333, -40'000}) {
    const auto heard = window_of(original, -delay, original.size() + 20'000);
    const auto found = align(original, heard);
    ASSERT_TRUE(found.has_value()) << delay;
    EXPECT_EQ(found->delay, delay);
    EXPECT_NEAR(found->correlation, 1, 1e-3);
  }
}

TEST(Align, ThroughNoiseLossLevelAndHum) {
  const auto original = speech_like(6, kRate, 2);
  const auto noisy = with_noise(window_of(original, -2'345, original.size() + 10'000), 6, 3);
  std::vector<float> heard(noisy.size());
  impair::Random random(4);
  bool lost = false;
  for (std::size_t n = 0; n < heard.size(); ++n) {
    if (n % 320 == 0) lost = random.uniform() < 0.3;
    heard[n] = (lost ? 0 : 0.05F * noisy[n]) +
               0.01F * static_cast<float>(std::sin(0.02 * static_cast<double>(n))) + 0.02F;
  }
  const auto found = align(original, heard);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->delay, 2'345);
}

TEST(Align, FindsAShortPartOfALongRecording) {
  const auto original = speech_like(10, kRate, 5);
  const auto found = align(original, window_of(original, 70'000, 20'000));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->delay, -70'000);
}

TEST(Align, AnInvertedCopyIsFoundAndSaidToBeInverted) {
  const auto original = speech_like(3, kRate, 6);
  std::vector<float> heard = window_of(original, -500, original.size() + 500);
  for (float& sample : heard) sample = -sample;
  const auto found = align(original, heard);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->delay, 500);
  EXPECT_NEAR(found->correlation, -1, 1e-3);
}

TEST(Align, NothingIsFoundInSilenceNoiseOrOtherSpeech) {
  const auto original = speech_like(6, kRate, 7);
  EXPECT_FALSE(align(original, std::vector<float>(50'000)).has_value());
  EXPECT_FALSE(align(std::vector<float>(50'000), original).has_value());
  EXPECT_FALSE(align({}, original).has_value());
  EXPECT_FALSE(align(original, {}).has_value());
  EXPECT_FALSE(align(original, noise(96'000, 0.1F, 8)).has_value());
  EXPECT_FALSE(align(original, speech_like(6, kRate, 9)).has_value());
}

}  // namespace
}  // namespace hubbub::lab
