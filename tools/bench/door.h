// What it costs to get into a sealed room: the relay's CPU for a handshake, and a newcomer's time for a join.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/bench/child.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/sealed_crowd.h"

namespace hubbub::bench {

struct DoorFigures {
  double us_per_handshake = 0;    // the relay's CPU: Hello, Retry, Hello again, Reply
  std::vector<double> joins_ms;   // from the first Hello to the Welcome, one after the other
  std::vector<double> joins_rtt;  // and in round trips
};

// Together below what the relay's budget lets in at once: kHandshakesASecond.
inline constexpr std::size_t kMeasuredJoins = 100;
inline constexpr std::size_t kMeasuredHandshakes = 512;

// Of a relay that was just started, with its sealed port on `relay.port()`. Throws as SealedCrowd does, and
// Interrupted.
DoorFigures measure_door(const Child& relay, const seal::Invite& invite, const Interrupt& interrupt);

}  // namespace hubbub::bench
