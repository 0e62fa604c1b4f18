// What sealing costs: CPU for each forwarded frame in a sealed room against an open room of the same relay,
// in one run, taking turns; and what members, joins and frames of a sealed room weigh.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/bench/compare.h"
#include "tools/bench/door.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/sealed_crowd.h"

namespace hubbub::bench {

struct SealedOptions {
  std::vector<std::size_t> members = {10, 100, 1'000};
  int runs = 5;
  double seconds = 2;                  // under load, for each room in each run
  double copies_per_second = 100'000;  // due, the same for both
  std::string relay_path;              // hubbub-relay
};

struct SealedRun {
  Measurement open;
  Measurement sealed;
  double member_bytes = 0;  // the relay's memory for each member of the sealed room
};

struct MemberCount {
  std::size_t members = 0;
  std::vector<SealedRun> runs;
};

struct SealedFigures {
  std::vector<MemberCount> counts;
  std::vector<DoorFigures> doors;  // one for each run
  SealedCrowd::FrameSizes frame;   // on the wire
};

// Throws std::system_error or std::runtime_error where the relay cannot be run, and Interrupted.
SealedFigures measure_sealed(const SealedOptions& options, const Interrupt& interrupt);

}  // namespace hubbub::bench
