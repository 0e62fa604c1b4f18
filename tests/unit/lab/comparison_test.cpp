#include "tools/lab/measure/comparison.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/lab/speech_like.h"
#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

TEST(Compare, ADelayedQuieterCopyIsFoundAndJudgedWhole) {
  const auto original = speech_like(6, kComparisonRate, 1);
  auto heard = window_of(original, -1'600, original.size() + 16'000);
  for (float& sample : heard) sample *= 0.5F;
  const Comparison result = compare(original, heard);
  EXPECT_EQ(result.original_length, 6s);
  EXPECT_EQ(result.heard_length, 7s);
  EXPECT_NEAR(result.heard_speech_seconds, result.original_speech_seconds, 0.05);
  ASSERT_TRUE(result.aligned.has_value());
  EXPECT_EQ(result.aligned->delay, 100ms);
  EXPECT_NEAR(result.aligned->correlation, 1, 1e-3);
  EXPECT_NEAR(result.aligned->level_difference_db.value_or(0), -6.02, 0.01);
  EXPECT_NEAR(result.aligned->estoi.value_or(0), 1, 1e-3);
  EXPECT_NEAR(result.aligned->envelope_correlation.value_or(0), 1, 1e-3);
}

TEST(Compare, WhatWasNotHeardCountsAgainstIt) {
  const auto original = speech_like(6, kComparisonRate, 2);
  const Comparison result = compare(original, window_of(original, 0, original.size() / 2));
  ASSERT_TRUE(result.aligned.has_value());
  EXPECT_EQ(result.aligned->delay, 0s);
  EXPECT_NEAR(result.aligned->estoi.value_or(1), 0.5, 0.1);
  EXPECT_NEAR(result.aligned->level_difference_db.value_or(9), 0, 0.01);
  EXPECT_LT(result.heard_speech_seconds, 0.6 * result.original_speech_seconds);
}

TEST(Compare, SilenceIsNotTheOriginal) {
  const auto original = speech_like(3, kComparisonRate, 3);
  const Comparison result = compare(original, std::vector<float>(original.size()));
  EXPECT_FALSE(result.aligned.has_value());
  EXPECT_EQ(result.heard_speech_seconds, 0);
  EXPECT_FALSE(compare({}, {}).aligned.has_value());
}

}  // namespace
}  // namespace hubbub::lab
