// All the measures of one recording against another, in one go.
#pragma once

#include <optional>
#include <span>

#include "codec/wire/units.h"

namespace hubbub::lab {

// Wide-band speech: what the delay is found at. Resample to it first.
inline constexpr int kComparisonRate = 16'000;

struct Comparison {
  Duration original_length{};
  Duration heard_length{};
  double original_speech_seconds = 0;
  double heard_speech_seconds = 0;

  // What needs the two in time with each other. `nullopt` where nothing of the original is found in what was
  // heard.
  struct Aligned {
    Duration delay{};                           // of what was heard
    double correlation = 0;                     // at that delay, -1 to 1
    std::optional<double> level_difference_db;  // of what was heard; the median over the frames both speak in
    std::optional<double> estoi;
    std::optional<double> envelope_correlation;
  };
  std::optional<Aligned> aligned;
};

// Parts of the original that were not heard count as silence, so they lower the scores.
Comparison compare(std::span<const float> original, std::span<const float> heard);

}  // namespace hubbub::lab
