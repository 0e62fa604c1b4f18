// A relay under a steady room for minutes: do its books equal what the room counted, to the datagram, and is
// its memory flat?
#pragma once

#include <cstddef>
#include <string>

#include "codec/wire/units.h"
#include "tools/bench/interrupt.h"

namespace hubbub::bench {

struct SoakOptions {
  std::size_t peers = 200;
  std::size_t speakers = 5;
  Duration length = 10min;
  std::string relay_path;
};

// Prints what it finds; true when everything holds. Throws std::system_error or std::runtime_error where the
// relay cannot be run, and Interrupted.
bool soak(const SoakOptions& options, const Interrupt& interrupt);

}  // namespace hubbub::bench
