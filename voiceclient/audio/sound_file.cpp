#include "voiceclient/audio/sound_file.h"

#include <string_view>

#include <sndfile.h>

namespace hubbub::audio {

void CloseSoundFile::operator()(sf_private_tag* file) const noexcept {
  sf_close(file);
}

std::string sound_file_error(sf_private_tag* file) {
  constexpr std::string_view kPrefix = "System error : ";
  std::string text = sf_strerror(file);
  if (text.starts_with(kPrefix)) text.erase(0, kPrefix.size());
  while (!text.empty() && (text.back() == '.' || text.back() == '\n')) text.pop_back();
  return text + ".";
}

}  // namespace hubbub::audio
