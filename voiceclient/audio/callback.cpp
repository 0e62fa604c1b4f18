#include "voiceclient/audio/callback.h"

#include <algorithm>
#include <array>

namespace hubbub::audio {
namespace {

// What is converted at a time, on the callback's stack.
constexpr std::size_t kChunkSamples = 512;

void called(CallbackState& state, std::size_t frames) noexcept {
  state.period_samples.store(frames, std::memory_order_relaxed);
  state.callbacks.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void on_captured(CallbackState& state, std::span<const float> interleaved) noexcept {
  std::array<float, kChunkSamples> mono{};
  const std::size_t frames = interleaved.size() / state.channels;
  const float scale = 1.0F / static_cast<float>(state.channels);
  std::size_t kept = 0;
  for (std::size_t done = 0; done < frames; done += kChunkSamples) {
    const std::size_t count = std::min(kChunkSamples, frames - done);
    const float* from = interleaved.data() + done * state.channels;
    for (std::size_t i = 0; i < count; ++i) {
      float sum = 0;
      for (std::size_t channel = 0; channel < state.channels; ++channel) sum += *from++;
      mono[i] = sum * scale;
    }
    kept += state.ring.write(std::span(mono).first(count));
  }
  if (kept < frames) state.overrun_samples.fetch_add(frames - kept, std::memory_order_relaxed);
  called(state, frames);
}

void on_play(CallbackState& state, std::span<float> interleaved) noexcept {
  std::array<float, kChunkSamples> mono{};
  const std::size_t frames = interleaved.size() / state.channels;
  std::size_t found = 0;
  for (std::size_t done = 0; done < frames; done += kChunkSamples) {
    const std::span<float> chunk = std::span(mono).first(std::min(kChunkSamples, frames - done));
    const std::size_t got = state.ring.read(chunk);
    std::fill(chunk.begin() + static_cast<std::ptrdiff_t>(got), chunk.end(), 0.0F);
    found += got;
    float* to = interleaved.data() + done * state.channels;
    for (const float sample : chunk) to = std::fill_n(to, state.channels, sample);
  }
  if (found < frames && state.playing.load(std::memory_order_relaxed)) {
    state.underruns.fetch_add(1, std::memory_order_relaxed);
  }
  called(state, frames);
}

}  // namespace hubbub::audio
