#include "voiceclient/audio/callback.h"

#include <vector>

#include <gtest/gtest.h>

namespace hubbub::audio {
namespace {

std::vector<float> ring_contents(CallbackState& state) {
  std::vector<float> samples(state.ring.readable());
  state.ring.read(samples);
  return samples;
}

TEST(Callback, CaptureMixesDown) {
  CallbackState state;
  state.channels = 2;
  on_captured(state, std::vector<float>{1, 0, 0.5F, 0.5F, -1, 1});
  EXPECT_EQ(ring_contents(state), (std::vector<float>{0.5F, 0.5F, 0}));
  EXPECT_EQ(state.callbacks, 1U);
  EXPECT_EQ(state.period_samples, 3U);
  EXPECT_EQ(state.overrun_samples, 0U);
}

TEST(Callback, CaptureKeepsALongPeriodInOrder) {
  CallbackState state;
  std::vector<float> period(8'192);
  for (std::size_t i = 0; i < period.size(); ++i) period[i] = static_cast<float>(i);
  on_captured(state, period);
  EXPECT_EQ(ring_contents(state), period);
}

TEST(Callback, CaptureIntoAFullRingDropsTheNewestAndCounts) {
  CallbackState state;
  std::vector<float> most(kRingSamples - 3, 0.5F);
  on_captured(state, most);
  on_captured(state, std::vector<float>{1, 2, 3, 4, 5});
  EXPECT_EQ(state.overrun_samples, 2U);
  const std::vector<float> kept = ring_contents(state);
  ASSERT_EQ(kept.size(), kRingSamples);
  EXPECT_EQ(kept.back(), 3.0F);
}

TEST(Callback, PlaybackFillsEveryChannel) {
  CallbackState state;
  state.channels = 2;
  state.playing = true;
  state.ring.write(std::vector<float>{0.1F, 0.2F, 0.3F});
  std::vector<float> out(4, 9.0F);
  on_play(state, out);
  EXPECT_EQ(out, (std::vector<float>{0.1F, 0.1F, 0.2F, 0.2F}));
  EXPECT_EQ(state.ring.readable(), 1U);
  EXPECT_EQ(state.underruns, 0U);
  EXPECT_EQ(state.period_samples, 2U);
}

TEST(Callback, PlaybackOfADryRingIsSilenceAndAnUnderrun) {
  CallbackState state;
  state.ring.write(std::vector<float>{0.1F});
  std::vector<float> out(1'200, 9.0F);
  state.playing = true;
  on_play(state, out);
  EXPECT_EQ(out[0], 0.1F);
  for (std::size_t i = 1; i < out.size(); ++i) ASSERT_EQ(out[i], 0.0F) << i;
  EXPECT_EQ(state.underruns, 1U);
}

TEST(Callback, BeforeTheFirstWriteSilenceIsNoUnderrun) {
  CallbackState state;
  std::vector<float> out(480, 9.0F);
  on_play(state, out);
  EXPECT_EQ(out, std::vector<float>(480, 0.0F));
  EXPECT_EQ(state.underruns, 0U);
  EXPECT_EQ(state.callbacks, 1U);
}

}  // namespace
}  // namespace hubbub::audio
