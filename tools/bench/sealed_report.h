// What sealing costs, as tables for people or as JSON, and whether that meets the aims.
#pragma once

#include <string>

#include "tools/bench/sealed.h"

namespace hubbub::bench {

// At most so much of an open room's CPU for each copy, and so much memory for each member: from so many
// members up, where what a datagram costs by itself is shared by many copies, and memory is more than a few
// pages.
inline constexpr double kMostOfOpen = 1.05;
inline constexpr double kMostMemberBytes = 1'024;
inline constexpr std::size_t kSealedAimsFrom = 100;
inline constexpr int kJoinRoundTrips = 3;

[[nodiscard]] std::string sealed_text(const SealedFigures& figures);
[[nodiscard]] std::string sealed_json(const SealedFigures& figures);
[[nodiscard]] bool aims_met(const SealedFigures& figures);

}  // namespace hubbub::bench
