#include "voiceclient/audio/portaudio_device.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>

#include <portaudio.h>

#include "codec/wire/check.h"
#include "voiceclient/audio/callback.h"
#include "voiceclient/audio/jack_guard.h"
#include "voiceclient/audio/playout_target.h"
#include "voiceclient/audio/quiet_stderr.h"
#include "voiceclient/audio/resampler.h"

namespace hubbub::audio {
namespace {

// Half a voice frame, and what sound systems on a desktop can all do.
constexpr Duration kPreferredPeriod = 10ms;
// Two such periods: one that plays while the next is made.
constexpr double kSuggestedLatencySeconds = 0.020;
// More is not a latency but a mistake.
constexpr double kPlausibleLatencySeconds = 5;
// A device that calls back at all does so many times a second.
constexpr Duration kLostAfter = 2s;

// What a reader or a writer converts at a time.
constexpr std::size_t kResampledChunk = 512;

std::string reason(PaError error) {
  if (error != paUnanticipatedHostError) return Pa_GetErrorText(error);
  const PaHostErrorInfo* const info = Pa_GetLastHostErrorInfo();
  return info != nullptr && info->errorText != nullptr ? info->errorText : Pa_GetErrorText(error);
}

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> devices;
  for (int index = 0; index < Pa_GetDeviceCount(); ++index) {
    const PaDeviceInfo* const info = Pa_GetDeviceInfo(index);
    if (info == nullptr) continue;
    const PaHostApiInfo* const api = Pa_GetHostApiInfo(info->hostApi);
    devices.push_back({.index = index,
                       .name = info->name,
                       .host_api = api != nullptr ? api->name : "",
                       .max_input_channels = info->maxInputChannels,
                       .max_output_channels = info->maxOutputChannels,
                       .default_rate_hz = info->defaultSampleRate,
                       .default_input = index == Pa_GetDefaultInputDevice(),
                       .default_output = index == Pa_GetDefaultOutputDevice()});
  }
  return devices;
}

int capture_trampoline(const void* input, void*, unsigned long frames, const PaStreamCallbackTimeInfo*,
                       PaStreamCallbackFlags, void* user) noexcept {
  auto& state = *static_cast<CallbackState*>(user);
  if (input != nullptr) on_captured(state, {static_cast<const float*>(input), frames * state.channels});
  return paContinue;
}

int play_trampoline(const void*, void* output, unsigned long frames, const PaStreamCallbackTimeInfo*,
                    PaStreamCallbackFlags, void* user) noexcept {
  auto& state = *static_cast<CallbackState*>(user);
  on_play(state, {static_cast<float*>(output), frames * state.channels});
  return paContinue;
}

void finished_trampoline(void* user) noexcept {
  static_cast<CallbackState*>(user)->finished.store(true);
}

// A running stream of a device, in one direction, and the watch over whether it still runs.
class DeviceStream {
 public:
  DeviceStream(const DeviceInfo& device, Direction direction, int& open_streams)
      : name_(device.label()), direction_(direction), open_streams_(open_streams) {
    const QuietStderr quiet;
    is_jack_ = Pa_GetHostApiInfo(Pa_GetDeviceInfo(device.index)->hostApi)->type == paJACK;
    open(device);
    Pa_SetStreamFinishedCallback(stream_, finished_trampoline);
    if (const PaError error = Pa_StartStream(stream_); error != paNoError) {
      const std::string why = reason(error);
      Pa_CloseStream(stream_);
      throw std::runtime_error("cannot start '" + name_ + "': " + why + ". Is another program using it?");
    }
    ++open_streams_;
  }
  ~DeviceStream() {
    const QuietStderr quiet;
    // A server that stopped calling would keep PortAudio waiting for the callback that ends a stream.
    if (lost() && is_jack_) jack_guard::give_up_server();
    Pa_CloseStream(stream_);
    --open_streams_;
  }
  DeviceStream(const DeviceStream&) = delete;
  DeviceStream& operator=(const DeviceStream&) = delete;
  DeviceStream(DeviceStream&&) = delete;
  DeviceStream& operator=(DeviceStream&&) = delete;

  [[nodiscard]] CallbackState& state() { return state_; }
  [[nodiscard]] const CallbackState& state() const { return state_; }
  [[nodiscard]] int rate() const { return rate_; }
  [[nodiscard]] bool lost() const { return !why_lost_.empty(); }
  [[nodiscard]] const std::string& why_lost() const { return why_lost_; }

  // To be called with every look at the stream; the verdict is final.
  void watch(TimePoint now) {
    const std::uint64_t callbacks = state_.callbacks.load(std::memory_order_relaxed);
    if (!last_progress_ || callbacks != callbacks_then_) {
      last_progress_ = now;
      callbacks_then_ = callbacks;
    }
    if (lost()) return;
    if (is_jack_ && jack_guard::server_lost()) {
      why_lost_ = "the JACK server of '" + name_ + "' is gone";
    } else if (state_.finished.load() || Pa_IsStreamActive(stream_) != 1) {
      why_lost_ = "'" + name_ + "' is gone";
    } else if (now - *last_progress_ > kLostAfter) {
      why_lost_ = "'" + name_ + "' stands still";
    }
  }
  // The device's own, beyond the ring: what it reports, and never less than the period that it needs to fill
  // or to play. PortAudio's JACK part reports nothing for a sound card's capture, and 2^32 samples for a
  // program in a device's place.
  [[nodiscard]] Duration device_latency() const {
    const Duration period = duration_of_samples(state_.period_samples.load(std::memory_order_relaxed));
    const PaStreamInfo* const info = Pa_GetStreamInfo(stream_);
    if (info == nullptr) return period;
    const double seconds = direction_ == Direction::kInput ? info->inputLatency : info->outputLatency;
    if (!(seconds < kPlausibleLatencySeconds)) return period;
    return std::max(period, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
  }
  [[nodiscard]] Duration duration_of_samples(std::size_t samples) const {
    return Duration(static_cast<std::int64_t>(samples) * 1'000'000'000 / rate_);
  }
  [[nodiscard]] std::size_t samples_of(Duration duration) const {
    return static_cast<std::size_t>(duration.count() * rate_ / 1'000'000'000);
  }
  [[nodiscard]] StreamStats stats() const {
    return {.callbacks = state_.callbacks.load(std::memory_order_relaxed),
            .underruns = state_.underruns.load(std::memory_order_relaxed),
            .overrun_samples = state_.overrun_samples.load(std::memory_order_relaxed),
            .ring_samples = state_.ring.readable(),
            .period = duration_of_samples(state_.period_samples.load(std::memory_order_relaxed))};
  }

 private:
  // 48 kHz mono as it is wanted, or the nearest that the device agrees to.
  void open(const DeviceInfo& device) {
    const int own_rate = static_cast<int>(std::lround(device.default_rate_hz));
    PaError first_error = paNoError;
    for (const int rate : {kSampleRate, own_rate}) {
      for (const int channels : {1, 2}) {
        if (channels > device.channels(direction_)) continue;
        const PaError error = try_open(device.index, rate, channels);
        if (error == paNoError) return;
        if (first_error == paNoError) first_error = error;
      }
    }
    throw std::runtime_error("cannot open '" + name_ + "': " + reason(first_error) +
                             ". Is another program using it?");
  }

  PaError try_open(int index, int rate, int channels) {
    rate_ = rate;
    state_.channels = static_cast<std::size_t>(channels);
    const bool input = direction_ == Direction::kInput;
    const PaStreamParameters parameters{.device = index,
                                        .channelCount = channels,
                                        .sampleFormat = paFloat32,
                                        .suggestedLatency = kSuggestedLatencySeconds,
                                        .hostApiSpecificStreamInfo = nullptr};
    // JACK's period is the server's: asking for another would only put a second buffer before ours.
    const unsigned long frames = is_jack_ ? paFramesPerBufferUnspecified : samples_of(kPreferredPeriod);
    return Pa_OpenStream(&stream_, input ? &parameters : nullptr, input ? nullptr : &parameters, rate, frames,
                         paNoFlag, input ? capture_trampoline : play_trampoline, &state_);
  }

  std::string name_;
  Direction direction_;
  int& open_streams_;
  bool is_jack_ = false;
  int rate_ = kSampleRate;
  CallbackState state_;
  PaStream* stream_ = nullptr;
  std::string why_lost_;
  std::optional<TimePoint> last_progress_;
  std::uint64_t callbacks_then_ = 0;
};

class InputDevice final : public Source {
 public:
  InputDevice(const DeviceInfo& device, int& open_streams)
      : stream_(device, Direction::kInput, open_streams), resampler_(stream_.rate(), kSampleRate) {}

  std::size_t read(TimePoint now, std::span<float> out) override {
    stream_.watch(now);
    if (lost()) return 0;
    std::size_t filled = 0;
    while (filled < out.size()) {
      if (pending_.empty()) pending_ = std::span(chunk_).first(stream_.state().ring.read(chunk_));
      const auto progress = resampler_.process(pending_, out.subspan(filled));
      pending_ = pending_.subspan(progress.consumed);
      filled += progress.produced;
      if (progress.consumed == 0 && progress.produced == 0) break;
    }
    return filled;
  }
  [[nodiscard]] bool ended() const override { return false; }
  [[nodiscard]] bool lost() const override { return stream_.lost(); }
  [[nodiscard]] std::string why_lost() const override { return stream_.why_lost(); }
  [[nodiscard]] Duration latency() const override {
    return stream_.device_latency() +
           stream_.duration_of_samples(stream_.state().ring.readable() + pending_.size()) +
           resampler_.latency();
  }
  [[nodiscard]] StreamStats stats() const override { return stream_.stats(); }

 private:
  DeviceStream stream_;
  Resampler resampler_;  // from the device's rate
  std::array<float, kResampledChunk> chunk_{};
  std::span<const float> pending_;  // of `chunk_`
};

class OutputDevice final : public Sink {
 public:
  OutputDevice(const DeviceInfo& device, int& open_streams)
      : stream_(device, Direction::kOutput, open_streams),
        resampler_(kSampleRate, stream_.rate()),
        resampled_(resampler_.output_bound(kResampledChunk)) {}

  std::size_t wanted(TimePoint now) override {
    stream_.watch(now);
    if (lost()) return 0;
    target_.observe(now, stream_.state().underruns.load(std::memory_order_relaxed));
    const std::size_t period = stream_.state().period_samples.load(std::memory_order_relaxed);
    if (period == 0) return 0;  // it has not called yet
    const std::size_t target = stream_.samples_of(target_.target(stream_.duration_of_samples(period)));
    const std::size_t fill = stream_.state().ring.readable();
    if (fill >= target) return 0;
    // In samples of ours: rounded up, or a device of a lower rate would never be filled to the target.
    const auto rate = static_cast<std::size_t>(stream_.rate());
    return ((target - fill) * kSampleRate + rate - 1) / rate;
  }
  void write(std::span<const float> samples) override {
    if (lost()) return;
    while (!samples.empty()) {
      const std::span<const float> chunk = samples.first(std::min(samples.size(), kResampledChunk));
      const auto progress = resampler_.process(chunk, resampled_);
      const std::size_t taken = stream_.state().ring.write(std::span(resampled_).first(progress.produced));
      if (taken < progress.produced) {
        stream_.state().overrun_samples.fetch_add(progress.produced - taken, std::memory_order_relaxed);
      }
      samples = samples.subspan(progress.consumed);
    }
    stream_.state().playing.store(true, std::memory_order_relaxed);
  }
  [[nodiscard]] bool lost() const override { return stream_.lost(); }
  [[nodiscard]] std::string why_lost() const override { return stream_.why_lost(); }
  [[nodiscard]] Duration latency() const override {
    return stream_.device_latency() + stream_.duration_of_samples(stream_.state().ring.readable()) +
           resampler_.latency();
  }
  [[nodiscard]] StreamStats stats() const override { return stream_.stats(); }

 private:
  DeviceStream stream_;
  Resampler resampler_;  // to the device's rate
  std::vector<float> resampled_;
  PlayoutTarget target_;
};

// The longest period of JACK and the longest target fit the ring, also at four times our rate.
static_assert(8'192 + 4 * samples_in(PlayoutTarget::kOwnerInterval + PlayoutTarget::kExtraMax) <
              kRingSamples);

}  // namespace

PortAudio::PortAudio() {
  jack_guard::silence_libjack();
  const QuietStderr quiet;
  if (const PaError error = Pa_Initialize(); error != paNoError) {
    throw std::runtime_error("cannot start the sound system: " + reason(error));
  }
  devices_ = list_devices();
}

PortAudio::~PortAudio() {
  CHECK(open_streams_ == 0);
  const QuietStderr quiet;
  Pa_Terminate();
}

std::unique_ptr<Source> PortAudio::open_input(std::string_view selector) {
  return std::make_unique<InputDevice>(select_device(devices_, Direction::kInput, selector), open_streams_);
}

std::unique_ptr<Sink> PortAudio::open_output(std::string_view selector) {
  return std::make_unique<OutputDevice>(select_device(devices_, Direction::kOutput, selector), open_streams_);
}

}  // namespace hubbub::audio
