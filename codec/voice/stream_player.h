// One speaker as heard: the jitter buffer, the decoder behind it, and what is decoded but not yet played.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "codec/voice/jitter_buffer.h"
#include "codec/voice/opus_codec.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/rtp.h"

namespace hubbub::voice {

class StreamPlayer {
 public:
  explicit StreamPlayer(Duration playout_delay) : buffer_(playout_delay) {}

  // A packet as it arrived; how many samples it holds, or why it is of no use.
  Result<int, DropReason> put(TimePoint now, const RtpPacket& packet);

  // Fills `out` with the next samples of this speaker; false (and silence) where it has nothing to say.
  bool play(TimePoint now, std::span<float> out);

  [[nodiscard]] const JitterBufferStats& stats() const { return buffer_.stats(); }
  [[nodiscard]] Duration depth() const { return buffer_.depth(); }

 private:
  void decode(const JitterBuffer::Taken& taken);

  JitterBuffer buffer_;
  Decoder decoder_;
  std::vector<float> decoded_;  // [consumed_, end) is still to be played
  std::size_t consumed_ = 0;
  int faded_samples_ = 0;  // of concealment at what may be the end of a talk spurt
};

}  // namespace hubbub::voice
