#include "voiceclient/audio/file_sink.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <stdexcept>

#include <sndfile.h>

#include "codec/wire/check.h"

namespace hubbub::audio {
namespace {

// A WAV file counts its bytes in 32 bits: 12 hours at 96,000 bytes a second. A little is left for the header.
constexpr std::int64_t kMaxWavSamples = (std::int64_t{std::numeric_limits<std::uint32_t>::max()} - 4'096) / 2;
// Half a second: what a player of a file whose writer was killed does not know to be there.
constexpr std::int64_t kHeaderSamples = kSampleRate / 2;
constexpr std::int64_t kMaxWantedSamples = kSampleRate;
// libsndfile's Vorbis encoder takes a whole write onto its own buffer, so a write is kept small.
constexpr std::size_t kBlockSamples = 4'096;

// `nullopt` for an ending that is not one of ours.
std::optional<int> format_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".wav") return SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  if (ending == ".flac") return SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  if (ending == ".ogg" || ending == ".oga") return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
  return std::nullopt;
}

}  // namespace

FileSink::FileSink(const std::filesystem::path& path) : name_(path.string()) {
  const std::optional<int> format = format_of(path);
  if (!format) {
    throw std::runtime_error("cannot write '" + name_ +
                             "': its ending says no format. End it in .wav, .flac, .ogg or .oga.");
  }
  wav_ = (*format & SF_FORMAT_TYPEMASK) == SF_FORMAT_WAV;
  SF_INFO info{};
  info.samplerate = kSampleRate;
  info.channels = 1;
  info.format = *format;
  file_.reset(sf_open(path.c_str(), SFM_WRITE, &info));
  if (!file_) {
    throw std::runtime_error("cannot write '" + name_ + "': " + sound_file_error(nullptr) +
                             " Choose a folder that is there and may be written to.");
  }
  // A mix may exceed full scale: clipped it is merely loud, wrapped around it is noise.
  sf_command(file_.get(), SFC_SET_CLIPPING, nullptr, SF_TRUE);
  update_header();
}

std::size_t FileSink::wanted(TimePoint now) {
  if (!start_) start_ = now;
  if (lost()) return 0;
  return static_cast<std::size_t>(
      std::clamp(samples_in(now - *start_) - position_, std::int64_t{0}, kMaxWantedSamples));
}

void FileSink::write(std::span<const float> samples) {
  while (!samples.empty() && !lost()) {
    const std::span<const float> block = samples.first(std::min(samples.size(), kBlockSamples));
    write_some(block);
    samples = samples.subspan(block.size());
  }
}

void FileSink::pad_to(std::int64_t position) {
  static constexpr std::array<float, kBlockSamples> kSilence{};
  while (position_ < position && !lost()) {
    write_some(
        std::span(kSilence).first(std::min(kBlockSamples, static_cast<std::size_t>(position - position_))));
  }
}

void FileSink::write_some(std::span<const float> samples) {
  const auto count = static_cast<sf_count_t>(samples.size());
  if (wav_ && position_ + count > kMaxWavSamples) {
    error_ = "cannot write '" + name_ +
             "' further: a WAV file ends at 4 GiB. Choose a name that ends in .flac or .ogg.";
    return;
  }
  if (sf_write_float(file_.get(), samples.data(), count) != count) {
    error_ = "cannot write '" + name_ + "' further: " + sound_file_error(file_.get());
    return;
  }
  position_ += count;
  if (position_ - in_header_ >= kHeaderSamples) update_header();
}

// Whoever kills this process leaves a file that can be played. WAV: whole, up to the last header, since
// samples go to the system as they are written. FLAC and Ogg need no header, and hold all but what their
// encoder had not yet filled a block or a page with: a tenth of a second for FLAC, whose length some players
// then do not know; for Ogg a third of a second of speech, or some seconds of silence, which takes long to
// fill a page.
void FileSink::update_header() {
  in_header_ = position_;
  if (wav_) sf_command(file_.get(), SFC_UPDATE_HEADER_NOW, nullptr, 0);
}

}  // namespace hubbub::audio
