// Our own voice on its way out: samples in, RTP packets out (RFC 3550, RFC 7587).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "codec/voice/opus_codec.h"
#include "codec/wire/limits.h"
#include "codec/wire/rtp.h"

namespace hubbub::client {

class VoiceSender {
 public:
  // SSRC, first sequence number and first timestamp are drawn from `random`, as RFC 3550 section 5.1 wants.
  VoiceSender(const voice::VoiceFormat& format, std::mt19937_64& random);

  // Takes samples as the microphone gives them and calls `send(packet)` for each whole frame. While muted
  // nothing is sent, but media time goes on.
  template <class Send>
  void capture(std::span<const float> samples, Send send) {
    while (!samples.empty()) {
      const std::size_t count = std::min(samples.size(), frame_.size() - filled_);
      std::copy_n(samples.begin(), count, frame_.begin() + static_cast<std::ptrdiff_t>(filled_));
      filled_ += count;
      samples = samples.subspan(count);
      if (filled_ < frame_.size()) return;
      filled_ = 0;
      const auto packet = take_frame();
      if (!packet.empty()) send(packet);
    }
  }
  // Sends what is left, the encoder's lookahead included, filled up with silence: the end of a recording.
  template <class Send>
  void flush(Send send) {
    capture(std::vector<float>(static_cast<std::size_t>(samples_in(lookahead())), 0.0F), send);
    if (filled_ > 0) capture(std::vector<float>(frame_.size() - filled_, 0.0F), send);
  }

  void set_muted(bool muted);
  [[nodiscard]] bool muted() const { return muted_; }
  // Another SSRC, sequence and timestamp: somebody else has ours (RFC 3550 section 8.2).
  void change_identity(std::mt19937_64& random);

  [[nodiscard]] std::uint32_t ssrc() const { return header_.ssrc; }
  // The RTP sequence number of the next packet.
  [[nodiscard]] SequenceNumber next_sequence() const { return header_.sequence; }
  // How loud the frame of the last packet was, in -dBov: 0 is full scale, 127 silence (RFC 6464 section 3).
  [[nodiscard]] std::uint8_t level_minus_dbov() const { return level_; }
  [[nodiscard]] RtpTime timestamp() const { return header_.timestamp; }
  [[nodiscard]] std::uint64_t packets_sent() const { return packets_sent_; }
  [[nodiscard]] std::uint64_t payload_bytes_sent() const { return payload_bytes_sent_; }
  [[nodiscard]] const voice::VoiceFormat& format() const { return encoder_.format(); }
  [[nodiscard]] Duration lookahead() const { return encoder_.lookahead(); }

 private:
  // The packet of the full frame, or nothing while muted.
  std::span<const std::byte> take_frame();

  voice::Encoder encoder_;
  std::vector<float> frame_;
  std::size_t filled_ = 0;
  std::uint8_t level_ = 127;
  bool muted_ = false;
  bool spurt_begins_ = true;
  RtpHeader header_;
  std::array<std::byte, RtpHeader::kBytes + kMaxOpusPacketBytes> packet_{};
  std::uint64_t packets_sent_ = 0;
  std::uint64_t payload_bytes_sent_ = 0;
};

}  // namespace hubbub::client
