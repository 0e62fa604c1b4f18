// The sound system's side of a stream: what a device's callback does, which is to move samples between the
// device and a ring. No lock, no allocation, no logging, no call to anybody: it runs on a thread that must
// never wait.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "voiceclient/audio/ring.h"

namespace hubbub::audio {

// Half a second at 48 kHz or more: what a reader may oversleep before capture is dropped.
inline constexpr std::size_t kRingSamples = 32'768;

// All that a callback touches. The ring is mono whatever the device is.
struct CallbackState {
  SampleRing ring{kRingSamples};
  std::size_t channels = 1;  // of the device; set before the first callback
  std::atomic<std::uint64_t> callbacks{0};
  std::atomic<std::uint64_t> underruns{0};
  std::atomic<std::uint64_t> overrun_samples{0};
  std::atomic<std::size_t> period_samples{0};
  std::atomic<bool> playing{false};  // something was written: from now on a dry ring is an underrun
  std::atomic<bool> finished{false};
};

// From the device into the ring, mixed down. The newest are dropped when it is full: only a reader may take
// the oldest out.
void on_captured(CallbackState& state, std::span<const float> interleaved) noexcept;
// From the ring to all channels of the device; silence where there is too little.
void on_play(CallbackState& state, std::span<float> interleaved) noexcept;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

}  // namespace hubbub::audio
