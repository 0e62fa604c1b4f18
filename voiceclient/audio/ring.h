// A lock-free ring of samples between exactly one writing and one reading thread, one of which is the audio
// callback. It never allocates after construction, never blocks, and drops nothing by itself: a short count
// says it was full.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <span>
#include <vector>

#include "codec/wire/check.h"

namespace hubbub::audio {

class SampleRing {
 public:
  // Room for at least `capacity` samples: the next power of two, so that an index is a mask away from its
  // position.
  explicit SampleRing(std::size_t capacity) : samples_(std::bit_ceil(capacity)) { CHECK(capacity > 0); }

  [[nodiscard]] std::size_t capacity() const { return samples_.size(); }

  // The writer's side. Takes what fits, in order, and says how many samples that was.
  std::size_t write(std::span<const float> samples) {
    const std::size_t end = written_.load(std::memory_order_relaxed);
    // Acquire: what the reader has freed it has also finished reading.
    const std::size_t free = capacity() - (end - read_.load(std::memory_order_acquire));
    const std::size_t count = std::min(free, samples.size());
    const std::size_t at = end & mask();
    const std::size_t before_wrap = std::min(count, capacity() - at);
    std::copy_n(samples.data(), before_wrap, samples_.data() + at);
    std::copy_n(samples.data() + before_wrap, count - before_wrap, samples_.data());
    written_.store(end + count, std::memory_order_release);
    return count;
  }
  // Exact for the writer; for anybody else it was true a moment ago.
  [[nodiscard]] std::size_t writable() const { return capacity() - readable(); }

  // The reader's side. Gives what there is, in order, and says how many samples that was.
  std::size_t read(std::span<float> out) {
    const std::size_t begin = read_.load(std::memory_order_relaxed);
    // Acquire: samples counted here are samples already stored.
    const std::size_t ready = written_.load(std::memory_order_acquire) - begin;
    const std::size_t count = std::min(ready, out.size());
    const std::size_t at = begin & mask();
    const std::size_t before_wrap = std::min(count, capacity() - at);
    std::copy_n(samples_.data() + at, before_wrap, out.data());
    std::copy_n(samples_.data(), count - before_wrap, out.data() + before_wrap);
    read_.store(begin + count, std::memory_order_release);
    return count;
  }
  // Exact for the reader; for anybody else it was true a moment ago.
  [[nodiscard]] std::size_t readable() const {
    // `read_` first: the writer's index is then at least as new, and the difference never negative.
    const std::size_t begin = read_.load(std::memory_order_acquire);
    return std::min(written_.load(std::memory_order_acquire) - begin, capacity());
  }

 private:
  [[nodiscard]] std::size_t mask() const { return samples_.size() - 1; }

  // What two threads write must not share a cache line, or each store would stall the other thread.
  static constexpr std::size_t kCacheLineBytes = 64;

  std::vector<float> samples_;
  // Both only ever grow, and wrap with std::size_t, whose range every power of two divides.
  alignas(kCacheLineBytes) std::atomic<std::size_t> written_{0};
  alignas(kCacheLineBytes) std::atomic<std::size_t> read_{0};

  static_assert(std::atomic<std::size_t>::is_always_lock_free);
};

}  // namespace hubbub::audio
