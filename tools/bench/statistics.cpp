#include "tools/bench/statistics.h"

#include <algorithm>

#include "codec/wire/check.h"

namespace hubbub::bench {

Spread spread_of(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

double slope_of(std::span<const Sample> samples) {
  if (samples.empty()) return 0;
  const auto n = static_cast<double>(samples.size());
  double x_mean = 0;
  double y_mean = 0;
  for (const Sample& sample : samples) {
    x_mean += sample.x / n;
    y_mean += sample.y / n;
  }
  double covariance = 0;
  double variance = 0;
  for (const Sample& sample : samples) {
    covariance += (sample.x - x_mean) * (sample.y - y_mean);
    variance += (sample.x - x_mean) * (sample.x - x_mean);
  }
  return variance > 0 ? covariance / variance : 0;
}

}  // namespace hubbub::bench
