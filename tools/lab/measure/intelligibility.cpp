#include "tools/lab/measure/intelligibility.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>
#include <vector>

#include "codec/wire/check.h"
#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

constexpr std::size_t kFrame = 256;  // samples of a frame: 25.6 ms
constexpr std::size_t kHop = kFrame / 2;
constexpr std::size_t kFftSize = 512;
constexpr std::size_t kBands = 15;
constexpr double kLowestCentre = 150;  // hertz
constexpr std::size_t kSegment = 30;   // frames of a segment: 384 ms
constexpr double kSilentBelow = 1e-4;  // 40 dB below the loudest frame, of power
constexpr double kTiny = 1e-12;        // a norm that is rounding error

using Window = std::array<float, kFrame>;
// One frame's magnitude in each band.
using Bands = std::array<double, kBands>;

// Hann, without the zeros at its ends; half-overlapped copies add up to a constant.
Window hann() {
  Window window{};
  for (std::size_t n = 0; n < kFrame; ++n) {
    window[n] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n + 1) /
                                                        static_cast<double>(kFrame + 1)));
  }
  return window;
}

std::size_t frames_in(std::size_t samples) {
  return samples < kFrame ? 0 : (samples - kFrame) / kHop + 1;
}

void windowed(std::span<const float> samples, std::size_t frame, const Window& window, std::span<float> out) {
  const auto part = samples.subspan(frame * kHop, kFrame);
  std::transform(part.begin(), part.end(), window.begin(), out.begin(),
                 [](float s, float w) { return s * w; });
}

// Section II-A: frames in which the clean signal is silent are taken out of both, and the rest is added up
// again.
std::pair<std::vector<float>, std::vector<float>> without_silence(std::span<const float> clean,
                                                                  std::span<const float> heard) {
  const Window window = hann();
  const std::size_t frames = frames_in(clean.size());
  std::vector<double> energy(frames);
  Window frame{};
  for (std::size_t i = 0; i < frames; ++i) {
    windowed(clean, i, window, frame);
    for (const float sample : frame) energy[i] += static_cast<double>(sample) * sample;
  }
  const double loudest = energy.empty() ? 0 : *std::max_element(energy.begin(), energy.end());

  std::pair<std::vector<float>, std::vector<float>> kept;
  std::size_t place = 0;
  const auto add = [&](std::span<const float> from, std::size_t i, std::vector<float>& to) {
    windowed(from, i, window, frame);
    to.resize(place + kFrame);
    for (std::size_t n = 0; n < kFrame; ++n) to[place + n] += frame[n];
  };
  for (std::size_t i = 0; i < frames; ++i) {
    if (energy[i] <= kSilentBelow * loudest) continue;
    add(clean, i, kept.first);
    add(heard, i, kept.second);
    place += kHop;
  }
  return kept;
}

// The first FFT bin of each band, and the one behind the last band's end.
std::array<std::pair<std::size_t, std::size_t>, kBands> band_bins() {
  const auto nearest_bin = [](double hertz) {
    return static_cast<std::size_t>(std::lround(hertz * kFftSize / kIntelligibilityRate));
  };
  std::array<std::pair<std::size_t, std::size_t>, kBands> bins{};
  for (std::size_t j = 0; j < kBands; ++j) {
    const double centre = kLowestCentre * std::exp2(static_cast<double>(j) / 3);
    bins[j] = {nearest_bin(centre * std::exp2(-1.0 / 6)), nearest_bin(centre * std::exp2(1.0 / 6))};
  }
  return bins;
}

// Section II-B: the short-time spectrum, its power gathered in third-octave bands.
std::vector<Bands> band_envelopes(std::span<const float> samples) {
  static const Window window = hann();
  static const auto bins = band_bins();
  RealFft fft(kFftSize);
  std::vector<std::complex<float>> spectrum(fft.bins());
  Window frame{};
  std::vector<Bands> envelopes(frames_in(samples.size()));
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    windowed(samples, i, window, frame);
    fft.forward(frame, spectrum);
    for (std::size_t j = 0; j < kBands; ++j) {
      double power = 0;
      for (std::size_t k = bins[j].first; k < bins[j].second; ++k) power += std::norm(spectrum[k]);
      envelopes[i][j] = std::sqrt(power);
    }
  }
  return envelopes;
}

// Subtracts the mean and divides by the norm of what is left, or leaves zeros where that is nothing but
// rounding. `at(i)` is the i-th of `count` places.
template <class At>
void normalise(std::size_t count, At at) {
  double mean = 0;
  double square = 0;
  for (std::size_t i = 0; i < count; ++i) {
    mean += at(i) / static_cast<double>(count);
    square += at(i) * at(i);
  }
  double variance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at(i) -= mean;
    variance += at(i) * at(i);
  }
  const double factor = variance > kTiny * square ? 1 / std::sqrt(variance) : 0;
  for (std::size_t i = 0; i < count; ++i) at(i) *= factor;
}

// Section II-C: a segment's rows (each band over time), then its columns (each frame's spectrum), to mean 0
// and norm 1.
std::array<Bands, kSegment> normalised_segment(std::span<const Bands> envelopes) {
  std::array<Bands, kSegment> segment{};
  std::copy(envelopes.begin(), envelopes.end(), segment.begin());
  for (std::size_t j = 0; j < kBands; ++j) {
    normalise(kSegment, [&](std::size_t n) -> double& { return segment[n][j]; });
  }
  for (Bands& column : segment) {
    normalise(kBands, [&](std::size_t j) -> double& { return column[j]; });
  }
  return segment;
}

}  // namespace

std::optional<double> estoi(std::span<const float> clean, std::span<const float> heard) {
  CHECK(clean.size() == heard.size());
  const auto [clean_speech, heard_speech] = without_silence(clean, heard);
  const std::vector<Bands> x = band_envelopes(clean_speech);
  const std::vector<Bands> y = band_envelopes(heard_speech);
  if (x.size() < kSegment) return std::nullopt;

  double sum = 0;
  const std::size_t segments = x.size() - kSegment + 1;
  for (std::size_t m = 0; m < segments; ++m) {
    const auto a = normalised_segment(std::span(x).subspan(m, kSegment));
    const auto b = normalised_segment(std::span(y).subspan(m, kSegment));
    double products = 0;
    for (std::size_t n = 0; n < kSegment; ++n) {
      for (std::size_t j = 0; j < kBands; ++j) products += a[n][j] * b[n][j];
    }
    sum += products / kSegment;
  }
  return sum / static_cast<double>(segments);
}

std::optional<double> envelope_correlation(std::span<const float> clean, std::span<const float> heard) {
  CHECK(clean.size() == heard.size());
  std::vector<Bands> x = band_envelopes(clean);
  std::vector<Bands> y = band_envelopes(heard);
  double sum = 0;
  int bands = 0;
  for (std::size_t j = 0; j < kBands; ++j) {
    normalise(x.size(), [&](std::size_t n) -> double& { return x[n][j]; });
    normalise(y.size(), [&](std::size_t n) -> double& { return y[n][j]; });
    double own = 0;
    double products = 0;
    for (std::size_t n = 0; n < x.size(); ++n) {
      own += x[n][j] * x[n][j];
      products += x[n][j] * y[n][j];
    }
    if (own == 0) continue;  // silent in the original
    sum += products;
    ++bands;
  }
  if (bands == 0) return std::nullopt;
  return sum / bands;
}

}  // namespace hubbub::lab
