// The client's ears and mouth: devices or files, chosen once, pumped by the loop, opened again when a device
// went away.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "codec/wire/units.h"
#include "voiceclient/audio/file_sink.h"
#include "voiceclient/audio/portaudio_device.h"
#include "voiceclient/audio/stream.h"
#include "voiceclient/core/session.h"
#include "voiceclient/options.h"

namespace hubbub::client {

class Sound {
 public:
  // How often `pump` is to be called: half the shortest frame, so that a frame never waits long for it.
  static constexpr Duration kPumpInterval = 5ms;

  using Notice = std::function<void(const std::string& text)>;

  // Opens what `options` ask for. A file that cannot be had, or a device that was named and cannot, throws
  // std::runtime_error; a default device that is missing is told by `notice`, and the client goes on without.
  Sound(const JoinOptions& options, Notice notice);

  // Moves samples between the devices and the session.
  void pump(TimePoint now, Session& session);

  // The recording has been sent to its end.
  [[nodiscard]] bool recording_over() const { return recording_over_; }
  // What part of the way from mouth to ear is ours, for /stats; empty for what is not open.
  [[nodiscard]] std::optional<Duration> input_latency() const;
  [[nodiscard]] std::optional<Duration> output_latency() const;
  // When the first sample was asked of the source and written to the sink: with it, a recording's delay can
  // be told.
  [[nodiscard]] std::optional<TimePoint> input_started() const { return input_started_; }
  [[nodiscard]] std::optional<TimePoint> output_started() const { return output_started_; }

 private:
  void open_devices(bool must);
  void drop_devices();
  void give_up_lost(TimePoint now);
  void reopen(TimePoint now);
  void play(TimePoint now, Session& session);
  void record(std::uint32_t ssrc, const std::string& name, std::int64_t position,
              std::span<const float> samples);

  JoinOptions options_;
  Notice notice_;
  std::unique_ptr<audio::PortAudio> portaudio_;  // before its streams, which end before it
  std::unique_ptr<audio::Source> source_;
  std::unique_ptr<audio::Sink> sink_;
  std::optional<TimePoint> retry_at_;
  bool recording_over_ = false;
  bool capture_ended_ = false;

  std::optional<TimePoint> input_started_;
  std::optional<TimePoint> output_started_;
  std::int64_t heard_ = 0;  // samples played or recorded since the start
  std::map<std::uint32_t, std::unique_ptr<audio::FileSink>> speaker_files_;
  bool too_many_speakers_ = false;
};

}  // namespace hubbub::client
