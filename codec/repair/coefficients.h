// The coefficients of a repair symbol, which both ends draw from its key alone.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace hubbub::repair {

// TinyMT32 with the parameters that RFC 8682 fixes. Not for cryptography: everyone knows its seeds.
class TinyMt32 {
 public:
  explicit TinyMt32(std::uint32_t seed) noexcept;
  std::uint32_t next() noexcept;

 private:
  void step() noexcept;

  std::array<std::uint32_t, 4> state_;
};

// Fills `out` with one coefficient for each source symbol of a window, the oldest first: RFC 8681 section 3.6
// for GF(2^8). `density_threshold` is at most 15, at which none of them is 0.
void coding_coefficients(std::uint16_t repair_key, unsigned density_threshold,
                         std::span<std::uint8_t> out) noexcept;

}  // namespace hubbub::repair
