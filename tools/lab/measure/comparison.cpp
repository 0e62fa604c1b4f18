#include "tools/lab/measure/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tools/lab/measure/alignment.h"
#include "tools/lab/measure/intelligibility.h"
#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

Duration length_of(std::ptrdiff_t samples) {
  static_assert(1'000'000'000 % kComparisonRate == 0);
  return Duration(samples * (1'000'000'000 / kComparisonRate));
}

double power(std::span<const float> samples) {
  return std::inner_product(samples.begin(), samples.end(), samples.begin(), 0.0);
}

// The median, so that frames which concealment faded or filled do not count as a change of level.
std::optional<double> level_difference_db(std::span<const float> original, std::span<const float> heard) {
  constexpr std::size_t kFrame = std::size_t{kComparisonRate} * kActivityFrameMs / 1'000;
  const auto original_active = active_frames(original, kComparisonRate);
  const auto heard_active = active_frames(heard, kComparisonRate);
  std::vector<double> differences;
  for (std::size_t i = 0; i < original_active.size(); ++i) {
    if (!original_active[i] || !heard_active[i]) continue;
    differences.push_back(10 * std::log10(power(heard.subspan(i * kFrame, kFrame)) /
                                          power(original.subspan(i * kFrame, kFrame))));
  }
  if (differences.empty()) return std::nullopt;
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  return *middle;
}

}  // namespace

Comparison compare(std::span<const float> original, std::span<const float> heard) {
  Comparison comparison;
  comparison.original_length = length_of(static_cast<std::ptrdiff_t>(original.size()));
  comparison.heard_length = length_of(static_cast<std::ptrdiff_t>(heard.size()));
  comparison.original_speech_seconds = active_seconds(original, kComparisonRate);
  comparison.heard_speech_seconds = active_seconds(heard, kComparisonRate);

  const auto found = align(original, heard);
  if (!found) return comparison;
  const std::vector<float> in_time = window_of(heard, found->delay, original.size());
  const std::vector<float> clean = resample(original, kComparisonRate, kIntelligibilityRate);
  const std::vector<float> judged = resample(in_time, kComparisonRate, kIntelligibilityRate);
  comparison.aligned = {.delay = length_of(found->delay),
                        .correlation = found->correlation,
                        .level_difference_db = level_difference_db(original, in_time),
                        .estoi = estoi(clean, judged),
                        .envelope_correlation = envelope_correlation(clean, judged)};
  return comparison;
}

}  // namespace hubbub::lab
