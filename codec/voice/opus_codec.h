// Opus (RFC 6716) as we use it: 48 kHz, mono, constant bit rate, so that a packet's length says nothing of
// the words.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/units.h"

struct OpusEncoder;
struct OpusDecoder;

namespace hubbub::voice {

struct VoiceFormat {
  static constexpr int kMinBitrate = 6'000;  // RFC 6716 section 2.1.1
  static constexpr int kMaxBitrate =
      128'000;  // beyond it mono speech gains nothing, and 60 ms would not fit an Opus frame
  static constexpr int kMinComplexity = 0;
  static constexpr int kMaxComplexity = 10;

  Duration frame = 20ms;  // 10, 20, 40 or 60 ms
  int bitrate = 32'000;   // bit/s, constant
  int complexity = 9;

  // A sentence about what is wrong; empty when all is well.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::size_t frame_samples() const { return static_cast<std::size_t>(samples_in(frame)); }
  [[nodiscard]] std::size_t packet_bytes() const;
};

class Encoder {
 public:
  // `format` has no `problem()`.
  explicit Encoder(const VoiceFormat& format);

  // Exactly one frame of samples in [-1, 1] to one packet of `packet_bytes()`, valid until the next call.
  std::span<const std::byte> encode(std::span<const float> frame);
  // Begins anew, as a receiver's decoder does at the start of a stream.
  void reset();

  [[nodiscard]] const VoiceFormat& format() const { return format_; }
  // How far what is heard lies behind what was put in, apart from the frame itself.
  [[nodiscard]] Duration lookahead() const;

 private:
  struct Free {
    void operator()(OpusEncoder* encoder) const;
  };
  VoiceFormat format_;
  std::unique_ptr<OpusEncoder, Free> encoder_;
  std::vector<std::byte> packet_;
};

// How much speech a packet of a stranger holds, in samples; kBadOpus where RFC 6716 section 3.4 calls it
// malformed.
Result<int, DropReason> packet_samples(std::span<const std::byte> packet);

class Decoder {
 public:
  Decoder();

  // One packet that `packet_samples` accepts; `out` holds exactly that many samples. Stereo is mixed down.
  void decode(std::span<const std::byte> packet, std::span<float> out);
  // What the ear expects where a packet is missing; at most 120 ms.
  void conceal(std::span<float> out);
  void reset();

 private:
  struct Free {
    void operator()(OpusDecoder* decoder) const;
  };
  std::unique_ptr<OpusDecoder, Free> decoder_;
  std::vector<float> concealed_;
};

}  // namespace hubbub::voice
