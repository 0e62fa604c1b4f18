// The one place that reads a clock. Callbacks read it once and hand the instant on as an argument.
#pragma once

#include "codec/wire/units.h"

namespace hubbub::net {

inline TimePoint now() noexcept {
  return std::chrono::steady_clock::now();
}

}  // namespace hubbub::net
