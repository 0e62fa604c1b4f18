// The common ground of the measures: transforms, resampling, framing and speech activity over plain spans of
// samples. Pure functions; no files, no clock.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace hubbub::lab {

// A forward and an inverse real FFT of one even size.
class RealFft {
 public:
  // At least `size`, and of a size the transform is quick for.
  static std::size_t quick_size(std::size_t size);

  explicit RealFft(std::size_t size);
  RealFft(const RealFft&) = delete;
  RealFft& operator=(const RealFft&) = delete;
  ~RealFft();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bins() const { return size_ / 2 + 1; }

  // `samples` may be fewer than `size()`: zeros follow. `spectrum` has `bins()` places.
  void forward(std::span<const float> samples, std::span<std::complex<float>> spectrum);
  // Not divided by the size.
  void inverse(std::span<const std::complex<float>> spectrum, std::span<float> samples);

 private:
  struct Plans;
  std::size_t size_;
  std::unique_ptr<Plans> plans_;
};

// The same signal at another rate (hertz), in time with the first: the filter's own delay is taken out.
std::vector<float> resample(std::span<const float> samples, int from_rate, int to_rate);

// The part of `samples` from `first` (which may be negative) on, `count` long, with zeros where there is
// none.
std::vector<float> window_of(std::span<const float> samples, std::ptrdiff_t first, std::size_t count);

inline constexpr int kActivityFrameMs = 20;

// Which of the consecutive whole frames of 20 ms hold speech (or any sound as loud): those within 35 dB of
// the signal's loud frames (its 95th percentile), and above -60 dB of full scale.
std::vector<bool> active_frames(std::span<const float> samples, int rate);
double active_seconds(std::span<const float> samples, int rate);

}  // namespace hubbub::lab
