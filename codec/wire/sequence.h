// RTP's wrapping counters as types of their own, so that a sequence number is never compared as a plain
// integer.
#pragma once

#include <compare>
#include <cstdint>

namespace hubbub {

// A 16-bit RTP sequence number (RFC 3550 section 5.1).
struct SequenceNumber {
  std::uint16_t value = 0;

  friend bool operator==(SequenceNumber, SequenceNumber) = default;
  friend SequenceNumber operator+(SequenceNumber n, int offset) {
    return {static_cast<std::uint16_t>(n.value + offset)};
  }
  // The signed distance the short way round, -32,768 to 32,767: positive when `a` is newer.
  friend int operator-(SequenceNumber a, SequenceNumber b) {
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(a.value - b.value));
  }
};

// A 32-bit RTP timestamp in samples of 48 kHz (RFC 7587 section 4.1).
struct RtpTime {
  std::uint32_t value = 0;

  friend bool operator==(RtpTime, RtpTime) = default;
  friend RtpTime operator+(RtpTime t, std::int64_t samples) {
    return {static_cast<std::uint32_t>(static_cast<std::int64_t>(t.value) + samples)};
  }
  // The signed distance the short way round, in samples.
  friend std::int64_t operator-(RtpTime a, RtpTime b) { return static_cast<std::int32_t>(a.value - b.value); }
};

// Counts on beyond 16 bits: the 64-bit number nearest to `reference` whose low 16 bits are `n`.
inline std::int64_t extend(SequenceNumber n, std::int64_t reference) {
  return reference + (n - SequenceNumber{static_cast<std::uint16_t>(reference)});
}

}  // namespace hubbub
