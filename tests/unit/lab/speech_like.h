// A synthetic signal with what the measures of speech look at: syllables of differing length and level, each
// with spectral peaks of its own, and pauses between phrases. The same on every machine for one seed.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "tools/impair/random.h"

namespace hubbub::lab {

inline std::vector<float> noise(std::size_t samples, float level, std::uint64_t seed) {
  impair::Random random(seed);
  std::vector<float> out(samples);
  // Twelve uniform numbers add up to something close to normal, of variance 1.
  for (float& sample : out) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += random.uniform();
    sample = static_cast<float>(sum) * level;
  }
  return out;
}

inline std::vector<float> speech_like(double seconds, int rate, std::uint64_t seed) {
  impair::Random random(seed);
  const auto size = static_cast<std::size_t>(seconds * rate);
  std::vector<float> out(size);
  const std::vector<float> excitation = noise(size, 0.02F, impair::derive_seed(seed, 1));
  std::size_t at = 0;
  int syllable = 0;
  while (at < size) {
    const auto length = static_cast<std::size_t>(rate * (0.08 + 0.17 * random.uniform()));
    const double level = 0.3 + random.uniform();
    const std::array<double, 3> formants = {300 + 500 * random.uniform(), 900 + 1400 * random.uniform(),
                                            2400 + 1400 * random.uniform()};
    if (++syllable % 9 == 0) at += static_cast<std::size_t>(rate * (0.2 + 0.3 * random.uniform()));
    for (const double formant : formants) {
      constexpr double kRadius = 0.97;
      const double feedback = 2 * kRadius * std::cos(2 * std::numbers::pi * formant / rate);
      double y1 = 0;
      double y2 = 0;
      for (std::size_t n = 0; n < length && at + n < size; ++n) {
        const double y = excitation[at + n] + feedback * y1 - kRadius * kRadius * y2;
        y2 = y1;
        y1 = y;
        const double shape =
            std::sin(std::numbers::pi * static_cast<double>(n) / static_cast<double>(length));
        out[at + n] += static_cast<float>(0.3 * level * shape * y);
      }
    }
    at += length;
  }
  return out;
}

inline double mean_power(std::span<const float> samples) {
  double sum = 0;
  for (const float sample : samples) sum += static_cast<double>(sample) * sample;
  return sum / static_cast<double>(samples.size());
}

// The signal with white noise added at a signal-to-noise ratio.
inline std::vector<float> with_noise(std::span<const float> signal, double snr_db, std::uint64_t seed) {
  const double level = std::sqrt(mean_power(signal)) * std::pow(10, -snr_db / 20);
  std::vector<float> out = noise(signal.size(), static_cast<float>(level), seed);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += signal[i];
  return out;
}

// Its tenths of a second in another order.
inline std::vector<float> shuffled(std::span<const float> signal, int rate, std::uint64_t seed) {
  impair::Random random(seed);
  const std::size_t length = static_cast<std::size_t>(rate) / 10;
  std::vector<std::size_t> order(signal.size() / length);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
  std::vector<float> out(signal.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t n = 0; n < length; ++n) out[i * length + n] = signal[order[i] * length + n];
  }
  return out;
}

}  // namespace hubbub::lab
