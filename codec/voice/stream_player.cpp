#include "codec/voice/stream_player.h"

#include <algorithm>

namespace hubbub::voice {

Result<int, DropReason> StreamPlayer::put(TimePoint now, const RtpPacket& packet) {
  auto samples = packet_samples(packet.payload);
  if (samples) buffer_.put(now, packet.header, packet.payload, *samples);
  return samples;
}

bool StreamPlayer::play(TimePoint now, std::span<float> out) {
  bool heard = false;
  while (!out.empty()) {
    if (consumed_ == decoded_.size()) {
      const auto taken = buffer_.take(now);
      if (taken.kind == JitterBuffer::Kind::kNothing) break;
      decode(taken);
    }
    const std::size_t count = std::min(out.size(), decoded_.size() - consumed_);
    std::copy_n(decoded_.begin() + static_cast<std::ptrdiff_t>(consumed_), count, out.begin());
    consumed_ += count;
    out = out.subspan(count);
    heard = true;
  }
  std::fill(out.begin(), out.end(), 0.0F);
  return heard;
}

void StreamPlayer::decode(const JitterBuffer::Taken& taken) {
  decoded_.resize(static_cast<std::size_t>(taken.samples));
  consumed_ = 0;
  if (taken.kind == JitterBuffer::Kind::kFrame) {
    decoder_.decode(taken.payload, decoded_);
    faded_samples_ = 0;
    return;
  }
  decoder_.conceal(decoded_);
  if (!taken.ending) return;
  // Nobody knows yet whether more comes. Fading keeps the end of a spurt from being drawn out, or cut with a
  // click.
  const auto longest = static_cast<float>(samples_in(JitterBuffer::kLongestConcealment));
  for (float& sample : decoded_)
    sample *= std::max(0.0F, 1.0F - static_cast<float>(faded_samples_++) / longest);
}

}  // namespace hubbub::voice
