// Arithmetic on rows of bytes in GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1 (0x11D): RFC 8681 section 3.7, and
// ISA-L's own field, whose vector instructions do the work. Adding is exclusive or, and so is subtracting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hubbub::repair {

// Rows are padded with zeros to whole vectors of the widest machines, so that none has a tail.
inline constexpr std::size_t kRowAlignment = 64;
constexpr std::size_t padded(std::size_t bytes) {
  return (bytes + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}

// The most rows that `combine` takes: the longest window's, and the repair symbol's own.
inline constexpr std::size_t kMaxTerms = 65;

// `divisor` is not 0.
[[nodiscard]] std::uint8_t divide(std::uint8_t dividend, std::uint8_t divisor) noexcept;

// out = the sum of factors[i] * rows[i], over 1 to kMaxTerms rows. All rows have out's size, a multiple of
// kRowAlignment; `out` overlaps none of them.
void combine(std::span<const std::uint8_t> factors, std::span<const std::byte* const> rows,
             std::span<std::byte> out) noexcept;

// row += factor * other, under the same conditions.
void add_multiple(std::span<std::byte> row, std::uint8_t factor, std::span<const std::byte> other) noexcept;

}  // namespace hubbub::repair
