#include "tools/lab/audio_file.h"

#include <array>
#include <cmath>
#include <memory>
#include <stdexcept>

#include <sndfile.h>

#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

struct CloseFile {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

}  // namespace

std::vector<float> load_recording(const std::string& path, int rate) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, CloseFile> file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file) throw std::runtime_error("cannot read " + path + ": " + sf_strerror(nullptr));

  // The header may lie about the length, so what is read decides.
  const auto channels = static_cast<std::size_t>(info.channels);
  const auto most = static_cast<std::size_t>(kMaxRecordingSeconds * info.samplerate);
  std::vector<float> block(4'096 * channels);
  std::vector<float> mono;
  while (const sf_count_t frames = sf_readf_float(file.get(), block.data(), 4'096)) {
    if (frames < 0) throw std::runtime_error("cannot read " + path + ": " + sf_strerror(file.get()));
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
      float sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += block[i * channels + c];
      mono.push_back(std::isfinite(sum) ? sum / static_cast<float>(channels) : 0.0F);
    }
    if (mono.size() > most)
      throw std::runtime_error(path + " is longer than ten minutes: cut a part out of it");
  }
  return resample(mono, info.samplerate, rate);
}

}  // namespace hubbub::lab
