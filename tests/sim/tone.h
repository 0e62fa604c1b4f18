// What simulated people say.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include "codec/wire/units.h"

namespace hubbub::sim {

// A hum with a slow swell: enough for Opus to have something to say, and for loudness to be told from
// silence. Each speaker has a pitch of their own.
inline float tone(std::int64_t sample, std::size_t speaker) {
  const double t = static_cast<double>(sample) / kSampleRate;
  const double pitch = 150.0 + 40.0 * static_cast<double>(speaker);
  return static_cast<float>(0.2 * (1.0 + 0.5 * std::sin(2 * std::numbers::pi * 3 * t)) *
                            std::sin(2 * std::numbers::pi * pitch * t));
}

}  // namespace hubbub::sim
