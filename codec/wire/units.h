// Time, and the one sample rate everything speaks. Logic takes `TimePoint now` as an argument and never reads
// a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hubbub {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): durations are spelled with
                                       // units everywhere

// Opus in RTP always counts in 48 kHz, whatever the coded bandwidth (RFC 7587 section 4.1).
inline constexpr int kSampleRate = 48'000;

// Exact for all durations that are whole samples at 48 kHz; otherwise rounds toward zero.
constexpr std::int64_t samples_in(Duration duration) {
  return duration.count() * 6 / 125'000;
}
constexpr Duration duration_of(std::int64_t samples) {
  return Duration(samples * 125'000 / 6);
}
constexpr double to_ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}
constexpr double to_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// A duration as a person writes it: a number and one of ms, s, m, h ("250ms", "1.5s", "2h"). `nullopt` for
// anything else.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest such text that is exact to the millisecond.
std::string duration_text(Duration duration);

static_assert(samples_in(20ms) == 960 && duration_of(960) == 20ms);

}  // namespace hubbub
