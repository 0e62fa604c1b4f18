// Where one recording lies in another, by cross-correlation.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace hubbub::lab {

struct Alignment {
  std::ptrdiff_t delay =
      0;  // samples by which the second signal is behind the first; negative: it has lost its start
  double correlation = 0;  // of the two where they overlap, -1 to 1, high frequencies emphasised
};

// The delay at which the two signals, as wholes, are most alike: the largest cross-correlation, normalised by
// the energy of the parts that overlap, so that neither level nor length decides. Both at one rate. `nullopt`
// where one of them is empty or silent, or where no delay makes them more alike than unrelated speech is.
std::optional<Alignment> align(std::span<const float> original, std::span<const float> heard);

}  // namespace hubbub::lab
