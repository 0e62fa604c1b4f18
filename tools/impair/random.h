// Seeded random numbers that are the same on every standard library: the generator and every conversion are
// spelled out here, since the distributions of <random> are not. For simulation only, never for a secret.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace hubbub::impair {

// One step of splitmix64 (Steele, Lea and Flood, 2014): advances `state` and returns a well-mixed number.
constexpr std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t value = state;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

// A seed of its own for each numbered part of a run, so that parts do not shift each other.
constexpr std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t part) {
  const std::uint64_t mixed = splitmix64(seed);
  std::uint64_t state = mixed ^ part;
  return splitmix64(state);
}

// xoshiro256** 1.0 (Blackman and Vigna, 2018).
class Random {
 public:
  using State = std::array<std::uint64_t, 4>;

  constexpr explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = splitmix64(seed);
  }
  constexpr explicit Random(const State& state) : state_(state) {}  // not all zero

  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // In [0, 1), of 53 bits. One draw.
  constexpr double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  // In [0, limit), or 0 when the limit is 0. One draw; biased by less than limit / 2^32.
  constexpr std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((next() >> 32U) * limit) >> 32U);
  }

 private:
  State state_{};
};

}  // namespace hubbub::impair
