#include "voiceclient/audio/resampler.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include <speex/speex_resampler.h>

#include "codec/wire/check.h"

namespace hubbub::audio {
namespace {

// Speex's "desktop" quality: a stop band of 100 dB, below the noise of 16 bits, for less than a millisecond
// of delay and a few parts in a thousand of a core. The next steps widen the pass band from 20.3 kHz, which
// no voice codec keeps.
constexpr int kQuality = 5;

}  // namespace

void Resampler::Destroy::operator()(SpeexResamplerState_* state) const noexcept {
  speex_resampler_destroy(state);
}

Resampler::Resampler(int from_rate, int to_rate) : from_rate_(from_rate), to_rate_(to_rate) {
  for (const int rate : {from_rate, to_rate}) {
    if (rate < kMinRate || rate > kMaxRate) {
      throw std::runtime_error("a sample rate of " + std::to_string(rate) + " Hz is outside " +
                               std::to_string(kMinRate) + " to " + std::to_string(kMaxRate) + " Hz");
    }
  }
  if (from_rate == to_rate) return;
  int error = RESAMPLER_ERR_SUCCESS;
  state_.reset(speex_resampler_init(1, static_cast<spx_uint32_t>(from_rate),
                                    static_cast<spx_uint32_t>(to_rate), kQuality, &error));
  if (!state_)
    throw std::runtime_error(std::string("speex_resampler_init: ") + speex_resampler_strerror(error));
  // The filter starts in the middle of its window, so the first output belongs to the first input.
  speex_resampler_skip_zeros(state_.get());
}

Resampler::Progress Resampler::process(std::span<const float> in, std::span<float> out) {
  if (!state_) {
    const std::size_t count = std::min(in.size(), out.size());
    std::copy_n(in.data(), count, out.data());
    return {count, count};
  }
  const Progress progress = run(in, out);
  consumed_ += static_cast<std::int64_t>(progress.consumed);
  produced_ += static_cast<std::int64_t>(progress.produced);
  return progress;
}

std::size_t Resampler::flush(std::span<float> out) {
  if (!state_) return 0;
  // The filter's second half still holds input: zeros push it out, and what the zeros themselves become is
  // cut off.
  static constexpr std::array<float, 256> kZeros{};
  std::size_t filled = 0;
  while (filled < out.size() && produced_ < due()) {
    const std::size_t room = std::min(out.size() - filled, static_cast<std::size_t>(due() - produced_));
    const Progress progress = run(kZeros, out.subspan(filled, room));
    CHECK(progress.consumed > 0 || progress.produced > 0);
    filled += progress.produced;
    produced_ += static_cast<std::int64_t>(progress.produced);
  }
  return filled;
}

std::size_t Resampler::output_bound(std::size_t in_samples) const {
  return static_cast<std::size_t>(static_cast<std::int64_t>(in_samples) * to_rate_ / from_rate_) + 2;
}

Duration Resampler::latency() const {
  if (!state_) return Duration::zero();
  return Duration(std::int64_t{1'000'000'000} * speex_resampler_get_input_latency(state_.get()) / from_rate_);
}

std::int64_t Resampler::due() const {
  return (consumed_ * to_rate_ + from_rate_ / 2) / from_rate_;
}

Resampler::Progress Resampler::run(std::span<const float> in, std::span<float> out) {
  auto in_count = static_cast<spx_uint32_t>(in.size());
  auto out_count = static_cast<spx_uint32_t>(out.size());
  CHECK(speex_resampler_process_float(state_.get(), 0, in.data(), &in_count, out.data(), &out_count) ==
        RESAMPLER_ERR_SUCCESS);
  return {in_count, out_count};
}

}  // namespace hubbub::audio
