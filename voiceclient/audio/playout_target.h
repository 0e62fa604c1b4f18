// How much the playback ring is kept filled: as little as the device and the owner's punctuality allow. It
// has nothing to do with the network: that is the jitter buffer's business.
#pragma once

#include <cstdint>
#include <optional>

#include "codec/wire/units.h"

namespace hubbub::audio {

class PlayoutTarget {
 public:
  // One device period, which the next callback takes at once, and what the device may take until the owner
  // looks again: owners look every 5 or 10 ms, and a little late.
  static constexpr Duration kOwnerInterval = 10ms;
  // Each look that finds new underruns shows that the owner or the device is less punctual here: a step more,
  // and a step back after a while of peace. Beyond the ceiling the trouble is not of a kind that a longer
  // ring cures.
  static constexpr Duration kStep = 5ms;
  static constexpr Duration kExtraMax = 60ms;
  static constexpr Duration kPeace = 30s;

  // To be called with every look; `underruns` counts them since the start.
  void observe(TimePoint now, std::uint64_t underruns);
  [[nodiscard]] Duration target(Duration period) const { return period + kOwnerInterval + extra_; }

 private:
  Duration extra_{};
  std::uint64_t underruns_ = 0;
  std::optional<TimePoint> peace_since_;
};

static_assert(PlayoutTarget::kExtraMax % PlayoutTarget::kStep == Duration::zero());

}  // namespace hubbub::audio
