// A streaming change of sample rate, mono, over speexdsp. Output is aligned with the input (sample 0 with
// sample 0), and after `flush` it lasts as long as the input did. Nothing is allocated after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "codec/wire/units.h"

struct SpeexResamplerState_;

namespace hubbub::audio {

class Resampler {
 public:
  // The lowest rate at which telephony ever sampled is 8 kHz, the highest that converters offer is 768 kHz.
  // Outside a generous range around these the filter's memory would be a file's to choose.
  static constexpr int kMinRate = 1'000;
  static constexpr int kMaxRate = 768'000;

  // Throws std::runtime_error when a rate is out of range.
  Resampler(int from_rate, int to_rate);

  struct Progress {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  // Consumes all of `in` unless `out` is full before. An output larger than `output_bound(in.size())` never
  // is.
  Progress process(std::span<const float> in, std::span<float> out);
  // The rest, once the input has ended: to be called until it gives nothing.
  std::size_t flush(std::span<float> out);

  // The most samples that `process` can make of this many.
  [[nodiscard]] std::size_t output_bound(std::size_t in_samples) const;
  // How much later a sample comes out than it goes in.
  [[nodiscard]] Duration latency() const;

 private:
  struct Destroy {
    void operator()(SpeexResamplerState_* state) const noexcept;
  };

  // All the samples that there may be so far: speex would go on to make some from a flush's own zeros.
  [[nodiscard]] std::int64_t due() const;
  Progress run(std::span<const float> in, std::span<float> out);

  std::int64_t from_rate_;
  std::int64_t to_rate_;
  std::unique_ptr<SpeexResamplerState_, Destroy> state_;  // none where the rates are equal
  std::int64_t consumed_ = 0;
  std::int64_t produced_ = 0;
};

}  // namespace hubbub::audio
