#include "voiceclient/audio/resampler.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace hubbub::audio {
namespace {

std::vector<float> sine(int rate, double hz, std::size_t samples) {
  std::vector<float> result(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    result[i] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  }
  return result;
}

// In blocks of one size, then flushed.
std::vector<float> resample(Resampler& resampler, std::span<const float> in, std::size_t block) {
  std::vector<float> result;
  std::vector<float> out(resampler.output_bound(block));
  while (!in.empty()) {
    const std::span<const float> part = in.first(std::min(block, in.size()));
    const Resampler::Progress progress = resampler.process(part, out);
    EXPECT_EQ(progress.consumed, part.size());
    result.insert(result.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(progress.produced));
    in = in.subspan(progress.consumed);
  }
  while (const std::size_t count = resampler.flush(out)) {
    result.insert(result.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return result;
}

struct Rates {
  int from;
  int to;
};

class EachRate : public testing::TestWithParam<Rates> {};

TEST_P(EachRate, KeepsASineInPlaceAndInLength) {
  const auto [from, to] = GetParam();
  const auto in = sine(from, 440, static_cast<std::size_t>(from) + 17);
  for (const std::size_t block : {std::size_t{1}, std::size_t{160}, std::size_t{1'024}, in.size()}) {
    Resampler resampler(from, to);
    const auto out = resample(resampler, in, block);
    const double ideal_length = static_cast<double>(in.size()) * to / from;
    EXPECT_NEAR(static_cast<double>(out.size()), ideal_length, 1.0) << "block " << block;
    // Aligned to a small part of a sample: at 440 Hz a shift of one sample at 8 kHz would be an error of
    // 0.17.
    const auto ideal = sine(to, 440, out.size());
    double worst = 0;
    for (std::size_t i = 400; i + 400 < out.size(); ++i)
      worst = std::max(worst, std::abs(double{out[i]} - double{ideal[i]}));
    EXPECT_LT(worst, 0.002) << "block " << block;
  }
}

INSTANTIATE_TEST_SUITE_P(Resampler, EachRate,
                         testing::Values(Rates{8'000, 48'000}, Rates{16'000, 48'000}, Rates{22'050, 48'000},
                                         Rates{44'100, 48'000}, Rates{48'000, 48'000}, Rates{96'000, 48'000},
                                         Rates{192'000, 48'000}, Rates{48'000, 44'100},
                                         Rates{48'000, 16'000}));

TEST(Resampler, PutsAnImpulseWhereItWas) {
  std::vector<float> in(4'410, 0.0F);
  in[441] = 1.0F;  // at 10 ms
  Resampler resampler(44'100, 48'000);
  const auto out = resample(resampler, in, 100);
  const auto peak = std::max_element(out.begin(), out.end()) - out.begin();
  EXPECT_EQ(peak, 480);
}

TEST(Resampler, AnInputOfNothingOrLittleKeepsItsLength) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{10}}) {
    Resampler resampler(16'000, 48'000);
    EXPECT_EQ(resample(resampler, std::vector<float>(length, 0.1F), 8).size(), 3 * length);
  }
}

TEST(Resampler, StopsWhenTheOutputIsFull) {
  Resampler resampler(16'000, 48'000);
  const auto in = sine(16'000, 300, 1'600);
  std::vector<float> out(100);
  std::span<const float> rest = in;
  std::size_t produced = 0;
  while (!rest.empty()) {
    const Resampler::Progress progress = resampler.process(rest, out);
    ASSERT_TRUE(progress.consumed > 0 || progress.produced > 0);
    produced += progress.produced;
    rest = rest.subspan(progress.consumed);
  }
  while (const std::size_t count = resampler.flush(out)) produced += count;
  EXPECT_NEAR(static_cast<double>(produced), 4'800, 1);
}

TEST(Resampler, SaysItsLatency) {
  EXPECT_EQ(Resampler(48'000, 48'000).latency(), Duration::zero());
  EXPECT_GT(Resampler(44'100, 48'000).latency(), Duration::zero());
  EXPECT_LT(Resampler(44'100, 48'000).latency(), 1ms);
}

TEST(Resampler, RefusesRatesOutOfRange) {
  EXPECT_NO_THROW(Resampler(Resampler::kMinRate, 48'000));
  EXPECT_NO_THROW(Resampler(Resampler::kMaxRate, 48'000));
  EXPECT_THROW(Resampler(Resampler::kMinRate - 1, 48'000), std::runtime_error);
  EXPECT_THROW(Resampler(48'000, Resampler::kMaxRate + 1), std::runtime_error);
  EXPECT_THROW(Resampler(0, 48'000), std::runtime_error);
}

}  // namespace
}  // namespace hubbub::audio
