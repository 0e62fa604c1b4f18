// The roster of a large room when many join at once, at the relay's core: no socket, and a clock of our own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tools/bench/interrupt.h"

namespace hubbub::bench {

struct RosterOptions {
  std::size_t members = 5'000;
  std::size_t joining = 1'000;  // at once, when the others are in
};

struct RosterFigures {
  std::size_t members = 0;
  std::size_t joining = 0;
  std::size_t most_in_a_tick = 0;  // roster datagrams that one member was sent within one kRosterTick
  double datagrams_each = 0;       // to one member, until all who joined were told of
  double told_after_s = 0;         // of the relay's clock
  double datagram_bytes = 0;       // UDP payload, the mean
  double us_per_join = 0;          // of CPU, from a Join to its Welcome, which is sealed
  double us_per_datagram = 0;      // of CPU, of the roster's
  std::uint64_t heard_by_one = 0;  // changes, by a member that read all it was sent: as many as joined
  // All who were there, told to one who asks.
  std::size_t snapshot_datagrams = 0;
  std::size_t snapshot_bytes = 0;
  std::size_t snapshot_asks = 0;
  double snapshot_cpu_ms = 0;
};

// Throws std::runtime_error where members do not get in, or are not told; and Interrupted.
RosterFigures measure_roster(const RosterOptions& options, const Interrupt& interrupt);

}  // namespace hubbub::bench
