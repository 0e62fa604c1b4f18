#include "tools/lab/measure/signal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <stdexcept>

#include <kiss_fftr.h>
#include <speex/speex_resampler.h>

#include "codec/wire/check.h"

namespace hubbub::lab {
namespace {

struct DestroyResampler {
  void operator()(SpeexResamplerState* state) const { speex_resampler_destroy(state); }
};

}  // namespace

struct RealFft::Plans {
  struct Free {
    void operator()(kiss_fftr_state* plan) const { kiss_fftr_free(plan); }
  };
  using Plan = std::unique_ptr<kiss_fftr_state, Free>;

  static Plan make(std::size_t size, bool inverse) {
    CHECK(size > 0 && size % 2 == 0 && size <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    Plan plan(kiss_fftr_alloc(static_cast<int>(size), inverse ? 1 : 0, nullptr, nullptr));
    if (!plan) throw std::bad_alloc();
    return plan;
  }

  Plan forward;
  Plan inverse;
  std::vector<float> samples;
  std::vector<kiss_fft_cpx> spectrum;
};

std::size_t RealFft::quick_size(std::size_t size) {
  CHECK(size <= static_cast<std::size_t>(std::numeric_limits<int>::max() / 2));
  return static_cast<std::size_t>(
      kiss_fftr_next_fast_size_real(static_cast<int>(std::max<std::size_t>(size, 2))));
}

RealFft::RealFft(std::size_t size)
    : size_(size),
      plans_(std::make_unique<Plans>(Plans{Plans::make(size, false), Plans::make(size, true),
                                           std::vector<float>(size),
                                           std::vector<kiss_fft_cpx>(size / 2 + 1)})) {}

RealFft::~RealFft() = default;

void RealFft::forward(std::span<const float> samples, std::span<std::complex<float>> spectrum) {
  CHECK(samples.size() <= size_ && spectrum.size() == bins());
  std::fill(std::copy(samples.begin(), samples.end(), plans_->samples.begin()), plans_->samples.end(), 0.0F);
  kiss_fftr(plans_->forward.get(), plans_->samples.data(), plans_->spectrum.data());
  std::transform(plans_->spectrum.begin(), plans_->spectrum.end(), spectrum.begin(),
                 [](const kiss_fft_cpx& bin) { return std::complex<float>(bin.r, bin.i); });
}

void RealFft::inverse(std::span<const std::complex<float>> spectrum, std::span<float> samples) {
  CHECK(samples.size() == size_ && spectrum.size() == bins());
  std::transform(spectrum.begin(), spectrum.end(), plans_->spectrum.begin(),
                 [](const std::complex<float>& bin) {
                   return kiss_fft_cpx{bin.real(), bin.imag()};
                 });
  kiss_fftri(plans_->inverse.get(), plans_->spectrum.data(), samples.data());
}

std::vector<float> resample(std::span<const float> samples, int from_rate, int to_rate) {
  CHECK(from_rate > 0 && to_rate > 0);
  if (from_rate == to_rate) return {samples.begin(), samples.end()};
  int error = 0;
  const std::unique_ptr<SpeexResamplerState, DestroyResampler> resampler(
      speex_resampler_init(1, static_cast<spx_uint32_t>(from_rate), static_cast<spx_uint32_t>(to_rate),
                           SPEEX_RESAMPLER_QUALITY_MAX, &error));
  if (!resampler) {
    throw std::runtime_error("resampling from " + std::to_string(from_rate) +
                             " Hz: " + speex_resampler_strerror(error));
  }
  speex_resampler_skip_zeros(resampler.get());

  const std::size_t wanted =
      (samples.size() * static_cast<std::size_t>(to_rate) + static_cast<std::size_t>(from_rate) - 1) /
      static_cast<std::size_t>(from_rate);
  constexpr std::size_t kChunk = 4'096;
  const std::vector<float> silence(kChunk);
  std::vector<float> out(wanted);
  std::size_t read = 0;
  std::size_t written = 0;
  while (written < wanted) {
    // Behind the signal's end, silence pushes out what the filter still holds.
    const auto rest = read < samples.size() ? samples.subspan(read) : std::span<const float>(silence);
    auto in_count = static_cast<spx_uint32_t>(std::min(rest.size(), kChunk));
    auto out_count = static_cast<spx_uint32_t>(std::min(wanted - written, std::size_t{16} * kChunk));
    speex_resampler_process_float(resampler.get(), 0, rest.data(), &in_count, out.data() + written,
                                  &out_count);
    read = std::min(samples.size(), read + in_count);
    written += out_count;
  }
  return out;
}

std::vector<float> window_of(std::span<const float> samples, std::ptrdiff_t first, std::size_t count) {
  std::vector<float> window(count);
  const auto size = static_cast<std::ptrdiff_t>(samples.size());
  const std::ptrdiff_t from = std::clamp<std::ptrdiff_t>(first, 0, size);
  const std::ptrdiff_t to =
      std::clamp<std::ptrdiff_t>(first + static_cast<std::ptrdiff_t>(count), from, size);
  std::copy(samples.begin() + from, samples.begin() + to,
            window.begin() + std::max<std::ptrdiff_t>(from - first, 0));
  return window;
}

std::vector<bool> active_frames(std::span<const float> samples, int rate) {
  constexpr double kBelowLoud = 3.1623e-4;  // -35 dB, of power
  constexpr double kQuietest = 1e-6;        // -60 dB of full scale, of power
  const auto length = static_cast<std::size_t>(rate) * kActivityFrameMs / 1'000;
  CHECK(length > 0);
  std::vector<double> power(samples.size() / length);
  for (std::size_t i = 0; i < power.size(); ++i) {
    const auto frame = samples.subspan(i * length, length);
    power[i] =
        std::inner_product(frame.begin(), frame.end(), frame.begin(), 0.0) / static_cast<double>(length);
  }
  if (power.empty()) return {};
  std::vector<double> sorted = power;
  const auto loud = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 95 / 100);
  std::nth_element(sorted.begin(), loud, sorted.end());
  const double threshold = std::max(kQuietest, *loud * kBelowLoud);
  std::vector<bool> active(power.size());
  std::transform(power.begin(), power.end(), active.begin(), [threshold](double p) { return p > threshold; });
  return active;
}

double active_seconds(std::span<const float> samples, int rate) {
  const auto active = active_frames(samples, rate);
  return static_cast<double>(std::count(active.begin(), active.end(), true)) * kActivityFrameMs / 1e3;
}

}  // namespace hubbub::lab
