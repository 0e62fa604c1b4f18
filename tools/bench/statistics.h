// The few statistics that noisy measurements on a shared machine allow: medians, ranges, and the slope of a
// line.
#pragma once

#include <span>
#include <vector>

namespace hubbub::bench {

struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};

// Of at least one value.
Spread spread_of(std::vector<double> values);

struct Sample {
  double x = 0;
  double y = 0;
};

// The slope of the least-squares line; 0 where the samples do not span any x.
double slope_of(std::span<const Sample> samples);

}  // namespace hubbub::bench
