#include "voiceclient/core/voice_sender.h"

#include <algorithm>
#include <cmath>

#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"

namespace hubbub::client {
namespace {

std::uint8_t minus_dbov(std::span<const float> frame) {
  constexpr double kSilence = 127;
  double power = 0;
  for (const float sample : frame) power += static_cast<double>(sample) * static_cast<double>(sample);
  power /= static_cast<double>(frame.size());
  if (power <= 0) return static_cast<std::uint8_t>(kSilence);
  return static_cast<std::uint8_t>(std::clamp(-10.0 * std::log10(power), 0.0, kSilence));
}

}  // namespace

VoiceSender::VoiceSender(const voice::VoiceFormat& format, std::mt19937_64& random)
    : encoder_(format), frame_(format.frame_samples(), 0.0F) {
  change_identity(random);
}

void VoiceSender::change_identity(std::mt19937_64& random) {
  header_.ssrc = static_cast<std::uint32_t>(random());
  header_.sequence = {static_cast<std::uint16_t>(random())};
  header_.timestamp = {static_cast<std::uint32_t>(random())};
  spurt_begins_ = true;
}

void VoiceSender::set_muted(bool muted) {
  if (muted_ && !muted) {
    encoder_.reset();  // the listeners' decoders begin anew too
    spurt_begins_ = true;
  }
  muted_ = muted;
}

std::span<const std::byte> VoiceSender::take_frame() {
  std::span<const std::byte> packet;
  if (!muted_) {
    level_ = minus_dbov(frame_);
    header_.marker = spurt_begins_;
    spurt_begins_ = false;
    const auto payload = encoder_.encode(frame_);
    ByteWriter writer(packet_);
    header_.serialize(writer);
    writer.bytes(payload);
    CHECK(writer.ok());
    packet = writer.written();
    header_.sequence = header_.sequence + 1;
    ++packets_sent_;
    payload_bytes_sent_ += payload.size();
  }
  header_.timestamp = header_.timestamp + static_cast<std::int64_t>(frame_.size());
  return packet;
}

}  // namespace hubbub::client
