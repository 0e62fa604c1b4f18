// A loudspeaker made of a sound file: 48 kHz mono, WAV or FLAC of 16 bits or Ogg Vorbis, that asks for
// samples in real time. A write that fails ends the file and is told through `lost`; nothing throws once the
// file is open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "voiceclient/audio/sound_file.h"
#include "voiceclient/audio/stream.h"

namespace hubbub::audio {

class FileSink final : public Sink {
 public:
  // The name's ending says the format: .wav, .flac, .ogg or .oga. A file that is there is overwritten. Throws
  // std::runtime_error with the file's name, the cause and what to do.
  explicit FileSink(const std::filesystem::path& path);

  // What real time is owed since the first call, at most a second at once: after a machine has slept for an
  // hour the owner catches up over several calls instead of in one.
  std::size_t wanted(TimePoint now) override;
  void write(std::span<const float> samples) override;
  // Silence up to this sample of the file; nothing where the file is there already.
  void pad_to(std::int64_t position);
  [[nodiscard]] std::int64_t position() const { return position_; }

  [[nodiscard]] bool lost() const override { return !error_.empty(); }
  [[nodiscard]] std::string why_lost() const override { return error_; }

 private:
  void write_some(std::span<const float> samples);
  void update_header();

  std::string name_;
  bool wav_ = false;
  SoundFile file_;
  std::optional<TimePoint> start_;
  std::int64_t position_ = 0;
  std::int64_t in_header_ = 0;  // the position that the header on the disk tells of
  std::string error_;
};

}  // namespace hubbub::audio
