// What a comparison found, as a table for people or as JSON, and whether it meets the goals.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tools/bench/compare.h"

namespace hubbub::bench {

// At most so much of the bare loop's CPU, at any number of peers.
inline constexpr double kMostOfBare = 1.10;
// And less than the naive relay's from so many peers up.
inline constexpr std::size_t kBelowNaiveFrom = 100;

[[nodiscard]] std::string comparison_text(std::span<const PeerCount> counts);
[[nodiscard]] std::string comparison_json(std::span<const PeerCount> counts);
[[nodiscard]] bool goals_met(std::span<const PeerCount> counts);

}  // namespace hubbub::bench
