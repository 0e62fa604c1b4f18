// What a repair symbol says of itself, and the limits of this room. Sliding-window random linear codes over
// GF(2^8) as RFC 8681 has them (FEC Encoding ID 10), on symbols that are sealed frames: no keys here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hubbub::repair {

// The longest window an encoder makes: 640 ms of 20 ms frames, more than any playout delay waits for.
inline constexpr std::size_t kMaxWindow = 32;
// The longest window a decoder takes from a peer.
inline constexpr std::size_t kMaxWindowTaken = 64;
// A symbol is a frame, and a frame fits a datagram.
inline constexpr std::size_t kMaxSymbolBytes = 1'200;
// A stream that lives so long (2.7 years of 20 ms frames) begins anew before its numbers wrap.
inline constexpr std::uint32_t kLastEsi = 0xFFFF'FEFFU;
// Density thresholds go from 0 to 15 (RFC 8681 section 3.6): a coefficient differs from 0 with a probability
// of (threshold + 1) / 16. The densest code recovers the most, and short windows have no use for another.
inline constexpr std::uint8_t kDensest = 15;

// The Repair FEC Payload ID of RFC 8681 section 4.1.3: the symbol combines the sources [first, first +
// count).
struct RepairWindow {
  std::uint32_t first = 0;  // encoding symbol ID of the oldest; ESIs do not wrap
  std::uint16_t count = 0;
  std::uint16_t repair_key = 0;  // seeds the coefficients
  std::uint8_t density_threshold = kDensest;

  bool operator==(const RepairWindow&) const = default;
};

}  // namespace hubbub::repair
