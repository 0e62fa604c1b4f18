#include "tools/lab/measure/intelligibility.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/lab/speech_like.h"
#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

constexpr int kRate = kIntelligibilityRate;

double estoi_of(std::span<const float> clean, std::span<const float> heard) {
  return estoi(clean, heard).value_or(-9);
}
double envelopes_of(std::span<const float> clean, std::span<const float> heard) {
  return envelope_correlation(clean, heard).value_or(-9);
}

// Frames of 20 ms set to zero with the given probability.
std::vector<float> with_gaps(std::span<const float> signal, double loss, std::uint64_t seed) {
  impair::Random random(seed);
  std::vector<float> out(signal.begin(), signal.end());
  bool lost = false;
  for (std::size_t n = 0; n < out.size(); ++n) {
    if (n % (kRate / 50) == 0) lost = random.uniform() < loss;
    if (lost) out[n] = 0;
  }
  return out;
}

TEST(Estoi, IsOneForTheSameSignalAtAnyLevel) {
  const auto clean = speech_like(5, kRate, 1);
  EXPECT_NEAR(estoi_of(clean, clean), 1, 1e-4);
  std::vector<float> quieter = clean;
  for (float& sample : quieter) sample *= 0.01F;
  EXPECT_NEAR(estoi_of(clean, quieter), 1, 1e-4);
}

TEST(Estoi, FallsAsNoiseGrows) {
  const auto clean = speech_like(8, kRate, 2);
  double previous = 1;
  for (const double snr_db : {20.0, 10.0, 5.0, 0.0, -5.0, -10.0, -20.0}) {
    const double found = estoi_of(clean, with_noise(clean, snr_db, 3));
    EXPECT_LT(found, previous - 0.01) << snr_db << " dB";
    previous = found;
  }
  EXPECT_LT(previous, 0.1) << "nothing is understood at -20 dB";
}

TEST(Estoi, FallsAsMoreFramesAreLost) {
  const auto clean = speech_like(8, kRate, 4);
  double previous = 1;
  for (const double loss : {0.02, 0.05, 0.1, 0.2, 0.4}) {
    const double found = estoi_of(clean, with_gaps(clean, loss, 5));
    EXPECT_LT(found, previous - 0.01) << loss;
    previous = found;
  }
}

TEST(Estoi, IsLowForOtherOrShuffledSpeechAndForNoise) {
  const auto clean = speech_like(8, kRate, 6);
  EXPECT_LT(std::abs(estoi_of(clean, speech_like(8, kRate, 7))), 0.15);
  EXPECT_LT(std::abs(estoi_of(clean, shuffled(clean, kRate, 8))), 0.2);
  EXPECT_LT(std::abs(estoi_of(clean, noise(clean.size(), 0.1F, 9))), 0.1);
}

// Each band is judged by its own ups and downs (section II-C's rows), so a change of tone colour costs
// little...
TEST(Estoi, ForgivesAChangeOfTone) {
  const auto clean = speech_like(5, kRate, 10);
  std::vector<float> brighter(clean.size());
  for (std::size_t n = 1; n < clean.size(); ++n) brighter[n] = clean[n] - 0.9F * clean[n - 1];
  EXPECT_GT(estoi_of(clean, brighter), 0.9);
}

// ... and each frame by its spectrum's shape (the columns), so a slow change of level does too.
TEST(Estoi, ForgivesASlowChangeOfLevel) {
  const auto clean = speech_like(5, kRate, 11);
  std::vector<float> swelling = clean;
  for (std::size_t n = 0; n < clean.size(); ++n) {
    swelling[n] *= static_cast<float>(std::exp(std::sin(0.0001 * static_cast<double>(n))));
  }
  EXPECT_GT(estoi_of(clean, swelling), 0.95);
}

TEST(Estoi, LeavesThePausesOut) {
  auto clean = speech_like(5, kRate, 12);
  auto heard = with_noise(clean, 10, 13);
  const double without = estoi_of(clean, heard);
  const auto hiss = noise(std::size_t{5} * kRate, 0.01F, 14);  // in ten seconds of which nobody speaks
  clean.resize(clean.size() + hiss.size());
  heard.insert(heard.end(), hiss.begin(), hiss.end());
  EXPECT_NEAR(estoi_of(clean, heard), without, 0.005);
}

TEST(Estoi, OfSilenceIsZeroAndOfTooLittleIsUnknown) {
  const auto clean = speech_like(5, kRate, 15);
  EXPECT_EQ(estoi_of(clean, std::vector<float>(clean.size())), 0);
  EXPECT_FALSE(estoi(std::vector<float>(clean.size()), clean).has_value());
  EXPECT_FALSE(estoi({}, {}).has_value());
  // Thirty frames need 29 hops and one frame.
  const auto tone = noise(29 * 128 + 256, 0.1F, 16);
  EXPECT_TRUE(estoi(tone, tone).has_value());
  const auto less = std::span(tone).first(tone.size() - 1);
  EXPECT_FALSE(estoi(less, less).has_value());
}

TEST(EnvelopeCorrelation, IsOneForTheSameAndFallsWithNoise) {
  const auto clean = speech_like(6, kRate, 17);
  EXPECT_NEAR(envelopes_of(clean, clean), 1, 1e-4);
  double previous = 1;
  for (const double snr_db : {20.0, 10.0, 0.0, -10.0}) {
    const double found = envelopes_of(clean, with_noise(clean, snr_db, 18));
    EXPECT_LT(found, previous) << snr_db << " dB";
    previous = found;
  }
  EXPECT_LT(std::abs(envelopes_of(clean, noise(clean.size(), 0.1F, 19))), 0.1);
  EXPECT_FALSE(envelope_correlation(std::vector<float>(clean.size()), clean).has_value());
}

}  // namespace
}  // namespace hubbub::lab
