// Where samples come from and where they go: mono float at 48 kHz, full scale at 1. Devices and files look
// the same from here; neither ever blocks, throws or reads a clock once it is open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "codec/wire/units.h"

namespace hubbub::audio {

// What a stream went through since it was opened. A file's stays zero.
struct StreamStats {
  std::uint64_t callbacks = 0;        // of the device
  std::uint64_t underruns = 0;        // callbacks that found too little to play
  std::uint64_t overrun_samples = 0;  // dropped, at 48 kHz or the device's own rate, since the ring was full
  std::uint64_t ring_samples = 0;     // waiting in the ring now, at the device's rate
  Duration period{};                  // between two callbacks, as the last one was sized
};

class Source {
 public:
  virtual ~Source() = default;

  // Writes up to `out.size()` samples, as many as exist by `now`, and says how many.
  virtual std::size_t read(TimePoint now, std::span<float> out) = 0;
  // Nothing more will ever come: the end of a file. Known at the latest by the first `read` that gives
  // nothing.
  [[nodiscard]] virtual bool ended() const = 0;
  // The device is gone, or the file cannot be read further. For good: open another.
  [[nodiscard]] virtual bool lost() const { return false; }
  [[nodiscard]] virtual std::string why_lost() const { return {}; }
  // The age of the next sample that `read` would give.
  [[nodiscard]] virtual Duration latency() const { return Duration::zero(); }
  [[nodiscard]] virtual StreamStats stats() const { return {}; }
};

class Sink {
 public:
  virtual ~Sink() = default;

  // How many samples to write now, so that playback does not run dry before the next call.
  virtual std::size_t wanted(TimePoint now) = 0;
  // More than was wanted may be dropped by a device, and is counted then.
  virtual void write(std::span<const float> samples) = 0;
  // The device is gone, or the file cannot be written further. For good: what is written from then on is
  // dropped.
  [[nodiscard]] virtual bool lost() const { return false; }
  [[nodiscard]] virtual std::string why_lost() const { return {}; }
  // How long until a sample written now is heard.
  [[nodiscard]] virtual Duration latency() const { return Duration::zero(); }
  [[nodiscard]] virtual StreamStats stats() const { return {}; }
};

}  // namespace hubbub::audio
