// Recordings as the measures want them: one channel of samples at one rate, whatever the file holds.
#pragma once

#include <string>
#include <vector>

namespace hubbub::lab {

// The transforms' memory grows with the length: about 350 MB for this.
inline constexpr double kMaxRecordingSeconds = 600;

// Reads WAV, FLAC, Ogg and what else libsndfile knows, averages the channels, and resamples to `rate`. Throws
// std::runtime_error with the path and the reason.
std::vector<float> load_recording(const std::string& path, int rate);

}  // namespace hubbub::lab
