// A stream of frames whose bytes follow from their numbers, and plain arithmetic to hold the room's against.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "codec/repair/repair_window.h"

namespace hubbub::repair {

using Symbol = std::vector<std::byte>;

inline constexpr std::size_t kFrameBytes = 111;  // 24 kbit/s, sealed

inline Symbol frame(std::uint32_t esi, std::size_t size = kFrameBytes) {
  std::minstd_rand random(esi % 2'147'483'646 + 1);
  Symbol bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random() >> 8U);
  return bytes;
}

inline Symbol copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

// Bit by bit, with the polynomial 0x11D of RFC 8681 section 3.7.1.
inline std::uint8_t plain_multiply(std::uint8_t a, std::uint8_t b) {
  unsigned product = 0;
  for (unsigned x = a; b != 0; b = static_cast<std::uint8_t>(b >> 1U)) {
    if ((b & 1U) != 0) product ^= x;
    x <<= 1U;
    if ((x & 0x100U) != 0) x ^= 0x11DU;
  }
  return static_cast<std::uint8_t>(product);
}

// Gaussian elimination without any limit, in 128 unknowns: which of them a set of equations determines.
class PlainSystem {
 public:
  using Row = std::array<std::uint8_t, 128>;

  void add(Row row) {
    for (const auto& [leading, other] : rows_) subtract(row, row[leading], other);
    std::size_t leading = 0;
    while (leading < row.size() && row[leading] == 0) ++leading;
    if (leading == row.size()) return;
    std::uint8_t inverse = 1;
    while (plain_multiply(inverse, row[leading]) != 1) ++inverse;
    for (std::uint8_t& value : row) value = plain_multiply(value, inverse);
    for (auto& [ignored, other] : rows_) subtract(other, other[leading], row);
    rows_.emplace_back(leading, row);
  }

  [[nodiscard]] std::size_t rank() const { return rows_.size(); }
  [[nodiscard]] bool determines(std::size_t unknown) const {
    for (const auto& [leading, row] : rows_) {
      if (leading != unknown) continue;
      std::size_t count = 0;
      for (const std::uint8_t value : row) count += value != 0 ? 1 : 0;
      return count == 1;
    }
    return false;
  }

 private:
  static void subtract(Row& row, std::uint8_t factor, const Row& other) {
    if (factor == 0) return;
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = static_cast<std::uint8_t>(row[i] ^ plain_multiply(factor, other[i]));
    }
  }

  std::vector<std::pair<std::size_t, Row>> rows_;
};

}  // namespace hubbub::repair
