// A microphone made of a sound file: whatever libsndfile reads, at any rate and channel count, mixed down,
// brought to 48 kHz and handed out in real time. Only a block of the file is in memory at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "voiceclient/audio/resampler.h"
#include "voiceclient/audio/sound_file.h"
#include "voiceclient/audio/stream.h"

namespace hubbub::audio {

enum class Repeat : bool { kNo, kYes };

class FileSource final : public Source {
 public:
  // Throws std::runtime_error with the file's name, the cause and what to do.
  explicit FileSource(const std::filesystem::path& path, Repeat repeat = Repeat::kNo);

  // Time starts with the first call, which therefore gives nothing.
  std::size_t read(TimePoint now, std::span<float> out) override;
  [[nodiscard]] bool ended() const override { return state_ == State::kDone && pending_.empty(); }
  [[nodiscard]] bool lost() const override { return !error_.empty(); }
  [[nodiscard]] std::string why_lost() const override { return error_; }

 private:
  enum class State : std::uint8_t { kReading, kFlushing, kDone };

  // More samples into `pending_`; leaves it empty when there are none.
  void decode();
  [[nodiscard]] std::span<const float> read_block();

  std::string name_;
  Repeat repeat_;
  SoundFile file_;
  std::size_t channels_ = 0;
  std::optional<Resampler> resampler_;
  std::vector<float> interleaved_;
  std::vector<float> mono_;
  std::vector<float> resampled_;
  std::span<const float> pending_;  // of `resampled_`
  State state_ = State::kReading;
  std::optional<TimePoint> start_;
  std::int64_t given_ = 0;
  std::string error_;
};

}  // namespace hubbub::audio
