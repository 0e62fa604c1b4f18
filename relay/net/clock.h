// The one place that reads clocks. Callbacks read it once and hand the instant on as an argument.
#pragma once

#include "codec/wire/units.h"

namespace hubbub::net {

inline TimePoint now() noexcept {
  return std::chrono::steady_clock::now();
}

// The time of day, in milliseconds since 1970, for what people or a restarted program compare; it may jump.
inline std::uint64_t unix_ms() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

}  // namespace hubbub::net
