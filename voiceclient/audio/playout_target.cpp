#include "voiceclient/audio/playout_target.h"

#include <algorithm>

namespace hubbub::audio {

void PlayoutTarget::observe(TimePoint now, std::uint64_t underruns) {
  if (!peace_since_) peace_since_ = now;
  if (underruns != underruns_) {
    underruns_ = underruns;
    extra_ = std::min(extra_ + kStep, kExtraMax);
    peace_since_ = now;
  } else if (now - *peace_since_ > kPeace) {
    extra_ = std::max(extra_ - kStep, Duration::zero());
    peace_since_ = now;
  }
}

}  // namespace hubbub::audio
