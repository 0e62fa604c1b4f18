#include "tools/lab/measure/signal.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/unit/lab/speech_like.h"

namespace hubbub::lab {
namespace {

std::vector<float> sine(double hertz, int rate, std::size_t samples, double level = 0.5) {
  std::vector<float> out(samples);
  for (std::size_t n = 0; n < samples; ++n) {
    out[n] =
        static_cast<float>(level * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(n) / rate));
  }
  return out;
}

TEST(RealFft, FindsASineInItsBinAndComesBack) {
  RealFft fft(64);
  const auto samples = sine(8, 64, 64, 1);
  std::vector<std::complex<float>> spectrum(fft.bins());
  fft.forward(samples, spectrum);
  for (std::size_t k = 0; k < spectrum.size(); ++k) {
    EXPECT_NEAR(std::abs(spectrum[k]), k == 8 ? 32 : 0, 1e-4) << k;
  }
  std::vector<float> back(64);
  fft.inverse(spectrum, back);
  for (std::size_t n = 0; n < 64; ++n) EXPECT_NEAR(back[n] / 64, samples[n], 1e-5);
}

TEST(RealFft, QuickSizesAreEvenAndLargeEnough) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{511}, std::size_t{100'003}}) {
    EXPECT_GE(RealFft::quick_size(size), std::max<std::size_t>(size, 2));
    EXPECT_EQ(RealFft::quick_size(size) % 2, 0U);
  }
}

TEST(Resample, KeepsASineItsLengthAndItsTime) {
  for (const auto& [from, to] :
       {std::pair{48'000, 16'000}, {44'100, 16'000}, {8'000, 16'000}, {16'000, 10'000}}) {
    const auto out = resample(sine(440, from, static_cast<std::size_t>(from)), from, to);
    ASSERT_EQ(out.size(), static_cast<std::size_t>(to)) << from << " to " << to;
    const auto expected = sine(440, to, static_cast<std::size_t>(to));
    for (std::size_t n = 200; n + 200 < out.size(); ++n)
      ASSERT_NEAR(out[n], expected[n], 0.005) << from << " to " << to << " at " << n;
  }
  EXPECT_TRUE(resample({}, 8'000, 16'000).empty());
}

TEST(WindowOf, FillsUpWithZeros) {
  const std::vector<float> samples = {1, 2, 3};
  EXPECT_EQ(window_of(samples, 0, 3), samples);
  EXPECT_EQ(window_of(samples, -2, 4), (std::vector<float>{0, 0, 1, 2}));
  EXPECT_EQ(window_of(samples, 1, 4), (std::vector<float>{2, 3, 0, 0}));
  EXPECT_EQ(window_of(samples, 5, 2), (std::vector<float>{0, 0}));
  EXPECT_EQ(window_of(samples, -5, 2), (std::vector<float>{0, 0}));
  EXPECT_EQ(window_of({}, 0, 1), (std::vector<float>{0}));
}

TEST(Activity, CountsSoundAndNotSilence) {
  constexpr int kRate = 16'000;
  std::vector<float> samples = sine(440, kRate, std::size_t{2} * kRate, 0.1);
  samples.resize(std::size_t{5} * kRate);  // and three seconds of nothing
  EXPECT_NEAR(active_seconds(samples, kRate), 2, 0.021);
  const auto room = noise(samples.size(), 0.0005F, 1);  // 43 dB below the sine
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] += room[i];
  EXPECT_NEAR(active_seconds(samples, kRate), 2, 0.021);
}

TEST(Activity, OfNothingIsNone) {
  EXPECT_EQ(active_seconds({}, 16'000), 0);
  EXPECT_EQ(active_seconds(std::vector<float>(16'000), 16'000), 0);
  EXPECT_EQ(active_seconds(noise(16'000, 0.0005F, 1), 16'000), 0) << "66 dB below full scale is a quiet room";
  EXPECT_TRUE(active_frames(std::vector<float>(100, 1.0F), 16'000).empty()) << "less than a frame";
}

}  // namespace
}  // namespace hubbub::lab
