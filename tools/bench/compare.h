// CPU for each forwarded datagram: hubbub-relay against bare loops and against the naive relay, in one run,
// taking turns.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench/interrupt.h"

namespace hubbub::bench {

struct CompareOptions {
  std::vector<std::size_t> peers = {10, 100, 1'000, 5'000};
  int runs = 5;
  double seconds = 2;                  // under load, for each relay in each run
  double copies_per_second = 100'000;  // due, the same for all
  std::string relay_path;              // hubbub-relay
  std::string own_path;                // this program, which is the others
};

enum class Contender : std::uint8_t { kOurs, kBare, kDutiful, kNaive, kCount };
inline constexpr std::size_t kContenders = static_cast<std::size_t>(Contender::kCount);

// One relay's part of a run.
struct Measurement {
  std::uint64_t due = 0;
  std::uint64_t received = 0;
  std::vector<double> us_per_copy;  // of each turn

  [[nodiscard]] bool lossless() const { return received == due; }
};

struct Run {
  std::array<Measurement, kContenders> of{};
  double peer_bytes = 0;      // hubbub-relay's memory for each peer
  double resident_bytes = 0;  // and all of it, at the end

  [[nodiscard]] const Measurement& operator[](Contender contender) const {
    return of[static_cast<std::size_t>(contender)];
  }
};

struct PeerCount {
  std::size_t peers = 0;
  std::vector<Run> runs;
};

// Throws std::system_error or std::runtime_error where a relay cannot be run, and Interrupted.
std::vector<PeerCount> compare(const CompareOptions& options, const Interrupt& interrupt);

}  // namespace hubbub::bench
