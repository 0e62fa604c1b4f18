#include "voiceclient/audio/file_source.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <sndfile.h>

namespace hubbub::audio {
namespace {

// Small enough that decoding it never delays a loop, large enough that a call's cost does not matter.
constexpr std::size_t kBlockFrames = 1'024;

}  // namespace

FileSource::FileSource(const std::filesystem::path& path, Repeat repeat)
    : name_(path.string()), repeat_(repeat) {
  SF_INFO info{};
  file_.reset(sf_open(path.c_str(), SFM_READ, &info));
  if (!file_) {
    throw std::runtime_error("cannot read '" + name_ + "': " + sound_file_error(nullptr) +
                             " Give a WAV, FLAC or Ogg file.");
  }
  if (repeat == Repeat::kYes && (info.seekable == 0 || info.frames == 0)) {
    throw std::runtime_error("cannot repeat '" + name_ +
                             "': it is empty or cannot be rewound. Give a whole file.");
  }
  channels_ = static_cast<std::size_t>(info.channels);
  try {
    resampler_.emplace(info.samplerate, kSampleRate);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("cannot read '" + name_ + "': " + error.what() + ". Convert it to 48000 Hz.");
  }
  interleaved_.resize(kBlockFrames * channels_);
  mono_.resize(kBlockFrames);
  resampled_.resize(resampler_->output_bound(kBlockFrames));
}

std::size_t FileSource::read(TimePoint now, std::span<float> out) {
  if (!start_) start_ = now;
  const std::int64_t due = samples_in(now - *start_) - given_;
  if (due <= 0) return 0;
  const std::size_t count = std::min(out.size(), static_cast<std::size_t>(due));
  std::size_t filled = 0;
  while (filled < count) {
    if (pending_.empty()) decode();
    if (pending_.empty()) break;
    const std::size_t part = std::min(count - filled, pending_.size());
    std::copy_n(pending_.data(), part, out.data() + filled);
    pending_ = pending_.subspan(part);
    filled += part;
  }
  given_ += static_cast<std::int64_t>(filled);
  return filled;
}

void FileSource::decode() {
  while (pending_.empty() && state_ == State::kReading) {
    if (const std::span<const float> block = read_block(); !block.empty()) {
      pending_ = std::span(resampled_).first(resampler_->process(block, resampled_).produced);
    } else {
      state_ = State::kFlushing;
    }
  }
  if (pending_.empty() && state_ == State::kFlushing) {
    pending_ = std::span(resampled_).first(resampler_->flush(resampled_));
    if (pending_.empty()) state_ = State::kDone;
  }
}

// The next samples, mixed down; none at the end.
std::span<const float> FileSource::read_block() {
  sf_count_t frames = sf_readf_float(file_.get(), interleaved_.data(), kBlockFrames);
  if (frames <= 0 && repeat_ == Repeat::kYes && sf_error(file_.get()) == SF_ERR_NO_ERROR) {
    if (sf_seek(file_.get(), 0, SEEK_SET) == 0)
      frames = sf_readf_float(file_.get(), interleaved_.data(), kBlockFrames);
  }
  if (frames <= 0) {
    if (sf_error(file_.get()) != SF_ERR_NO_ERROR)
      error_ = "cannot read '" + name_ + "' further: " + sound_file_error(file_.get());
    return {};
  }
  const auto count = static_cast<std::size_t>(frames);
  const float scale = 1.0F / static_cast<float>(channels_);
  for (std::size_t frame = 0; frame < count; ++frame) {
    float sum = 0;
    for (std::size_t channel = 0; channel < channels_; ++channel)
      sum += interleaved_[frame * channels_ + channel];
    // A float file may hold anything, and one NaN would stay in a codec's filters for good.
    mono_[frame] = std::isfinite(sum) ? sum * scale : 0.0F;
  }
  return std::span(mono_).first(count);
}

}  // namespace hubbub::audio
