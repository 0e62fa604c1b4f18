// What the two kinds of sound file share: an open libsndfile handle, and its word for what went wrong.
#pragma once

#include <memory>
#include <string>

struct sf_private_tag;  // libsndfile's SNDFILE

namespace hubbub::audio {

struct CloseSoundFile {
  void operator()(sf_private_tag* file) const noexcept;
};
using SoundFile = std::unique_ptr<sf_private_tag, CloseSoundFile>;

// Why the last call for this file failed, or, for `nullptr`, why the last file did not open. One sentence.
std::string sound_file_error(sf_private_tag* file);

}  // namespace hubbub::audio
