#include "voiceclient/sound.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "voiceclient/audio/file_source.h"

namespace hubbub::client {
namespace {

// A device that went away is looked for this often. Looking takes tens of milliseconds, in which text waits
// too.
constexpr Duration kRetryInterval = 5s;
// What is mixed at once: the smaller, the less a stream's first frame waits for the next piece to begin.
constexpr std::size_t kPieceSamples = 240;
// One recording a speaker, up to here: a stranger who invents SSRCs must not fill the directory.
constexpr std::size_t kMaxSpeakerFiles = 256;

// A name that is safe as a file's on any system: letters, digits, '-' and '_'; the SSRC keeps it unique.
std::string speaker_file_name(std::uint32_t ssrc, const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    safe += plain ? c : '_';
  }
  return fmt::format("{}-{:08x}.wav", safe.empty() ? "speaker" : safe, ssrc);
}

// Time alone, for a client that only records single speakers.
class SilentSink final : public audio::Sink {
 public:
  std::size_t wanted(TimePoint now) override {
    if (!start_) start_ = now;
    return static_cast<std::size_t>(
        std::clamp<std::int64_t>(samples_in(now - *start_) - written_, 0, kSampleRate));
  }
  void write(std::span<const float> samples) override {
    written_ += static_cast<std::int64_t>(samples.size());
  }

 private:
  std::optional<TimePoint> start_;
  std::int64_t written_ = 0;
};

}  // namespace

Sound::Sound(const JoinOptions& options, Notice notice) : options_(options), notice_(std::move(notice)) {
  if (options_.input_file)
    source_ = std::make_unique<audio::FileSource>(
        *options_.input_file, options_.repeat_input ? audio::Repeat::kYes : audio::Repeat::kNo);
  if (options_.output_file) sink_ = std::make_unique<audio::FileSink>(*options_.output_file);
  if (options_.output_dir) {
    std::error_code error;
    std::filesystem::create_directories(*options_.output_dir, error);
    if (error)
      throw std::runtime_error("cannot make the directory " + *options_.output_dir + ": " + error.message());
  }
  open_devices(true);
  if (!sink_ && options_.output_dir) sink_ = std::make_unique<SilentSink>();
}

// `must`: a device that was named has to be there. Later, a device that is still missing is only waited for.
void Sound::open_devices(bool must) {
  const bool input = options_.wants_input_device() && !source_;
  const bool output = options_.wants_output_device() && !sink_;
  if (!input && !output) return;
  std::string missing;
  try {
    portaudio_ = std::make_unique<audio::PortAudio>();
  } catch (const std::runtime_error& error) {
    if (must && (options_.input_device || options_.output_device)) throw;
    missing = error.what();
  }
  const auto attempt = [&](const std::optional<std::string>& named, const auto& open) {
    if (!portaudio_) return;
    try {
      open(named.value_or(""));
    } catch (const std::runtime_error& error) {
      if (must && named) throw;
      missing = error.what();
    }
  };
  if (input)
    attempt(options_.input_device,
            [this](const std::string& device) { source_ = portaudio_->open_input(device); });
  if (output)
    attempt(options_.output_device,
            [this](const std::string& device) { sink_ = portaudio_->open_output(device); });
  if (!source_ && !sink_) portaudio_.reset();
  if (!must) return;
  const bool nothing = (input && !source_) || (output && !sink_);
  if (!nothing) return;
  const char* what = (!input || source_)  ? "no loudspeaker"
                     : (!output || sink_) ? "no microphone"
                                          : "no microphone and no loudspeaker: text only";
  notice_(fmt::format("{} ({})", what, missing));
}

void Sound::pump(TimePoint now, Session& session) {
  give_up_lost(now);
  reopen(now);
  if (source_) {
    if (!input_started_) input_started_ = now;
    std::array<float, kPieceSamples> piece{};
    while (const std::size_t count = source_->read(now, piece))
      session.capture(now, std::span(piece).first(count));
    if (source_->ended() && !capture_ended_) {
      capture_ended_ = true;
      session.end_capture(now);
      recording_over_ = true;
    }
  }
  if (sink_) play(now, session);
}

void Sound::play(TimePoint now, Session& session) {
  if (!output_started_) output_started_ = now;
  std::array<float, kPieceSamples> mix{};
  for (std::size_t wanted = sink_->wanted(now); wanted >= kPieceSamples; wanted -= kPieceSamples) {
    EachSpeaker each;
    if (options_.output_dir) {
      each = [this](std::uint32_t ssrc, const std::string& name, std::span<const float> samples) {
        record(ssrc, name, heard_, samples);
      };
    }
    session.hear(now, mix, each);
    sink_->write(mix);
    heard_ += static_cast<std::int64_t>(mix.size());
  }
}

// Every speaker's file begins when we joined, so that the files can be laid side by side.
void Sound::record(std::uint32_t ssrc, const std::string& name, std::int64_t position,
                   std::span<const float> samples) {
  auto& file = speaker_files_[ssrc];
  if (!file) {
    if (speaker_files_.size() > kMaxSpeakerFiles) {
      speaker_files_.erase(ssrc);
      if (!std::exchange(too_many_speakers_, true))
        notice_("more speakers than " + std::to_string(kMaxSpeakerFiles) +
                ": further ones are not recorded one by one");
      return;
    }
    try {
      file = std::make_unique<audio::FileSink>(std::filesystem::path(*options_.output_dir) /
                                               speaker_file_name(ssrc, name));
    } catch (const std::runtime_error& error) {
      notice_(error.what());
      options_.output_dir.reset();
      return;
    }
  }
  file->pad_to(position);
  file->write(samples);
}

void Sound::drop_devices() {
  if (options_.wants_input_device()) source_.reset();
  if (options_.wants_output_device()) sink_.reset();
  portaudio_.reset();
}

void Sound::give_up_lost(TimePoint now) {
  const bool source_lost = source_ && source_->lost();
  const bool sink_lost = sink_ && sink_->lost();
  if (!source_lost && !sink_lost) return;
  const std::string why = source_lost ? source_->why_lost() : sink_->why_lost();
  const bool device_lost =
      (source_lost && options_.wants_input_device()) || (sink_lost && options_.wants_output_device());
  if (device_lost) {
    // One lost device is reason to look at all of them anew: PortAudio lists what there is only when it
    // starts.
    drop_devices();
    retry_at_ = now + kRetryInterval;
    notice_(fmt::format("sound is gone: {}; text goes on, and the device is looked for every {}", why,
                        duration_text(kRetryInterval)));
    return;
  }
  notice_(why);
  if (source_lost) source_.reset();
  if (sink_lost) sink_.reset();
}

void Sound::reopen(TimePoint now) {
  if (!retry_at_ || now < *retry_at_) return;
  open_devices(false);
  const bool whole =
      (!options_.wants_input_device() || source_) && (!options_.wants_output_device() || sink_);
  if (whole) {
    retry_at_.reset();
    notice_("sound is back");
  } else {
    drop_devices();
    retry_at_ = now + kRetryInterval;
  }
}

std::optional<Duration> Sound::input_latency() const {
  if (!source_) return std::nullopt;
  return source_->latency();
}

std::optional<Duration> Sound::output_latency() const {
  if (!sink_) return std::nullopt;
  return sink_->latency();
}

}  // namespace hubbub::client
