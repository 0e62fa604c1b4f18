#include "codec/voice/opus_codec.h"

#include <algorithm>
#include <array>

#include <opus/opus.h>

#include "codec/wire/check.h"
#include "codec/wire/limits.h"

namespace hubbub::voice {
namespace {

constexpr int kChannels = 1;
constexpr auto kConcealmentStep = static_cast<std::size_t>(samples_in(2500us));

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string VoiceFormat::problem() const {
  if (frame != 10ms && frame != 20ms && frame != 40ms && frame != 60ms)
    return "a frame is 10ms, 20ms, 40ms or 60ms, not " + duration_text(frame);
  if (bitrate < kMinBitrate || bitrate > kMaxBitrate) {
    return "a bit rate is from " + std::to_string(kMinBitrate / 1000) + " to " +
           std::to_string(kMaxBitrate / 1000) + " kbit/s";
  }
  if (complexity < kMinComplexity || complexity > kMaxComplexity)
    return "complexity is from 0 (light) to 10 (best)";
  return {};
}

std::size_t VoiceFormat::packet_bytes() const {
  const auto bits = static_cast<std::int64_t>(bitrate) * frame.count() / 1'000'000'000;
  return static_cast<std::size_t>(bits / 8);
}

Encoder::Encoder(const VoiceFormat& format) : format_(format), packet_(kMaxOpusPacketBytes) {
  CHECK(format.problem().empty());
  CHECK(format.packet_bytes() <= kMaxOpusPacketBytes);
  int error = OPUS_OK;
  encoder_.reset(opus_encoder_create(kSampleRate, kChannels, OPUS_APPLICATION_VOIP, &error));
  CHECK(error == OPUS_OK);
  OpusEncoder* encoder = encoder_.get();
  CHECK(opus_encoder_ctl(encoder, OPUS_SET_BITRATE(format.bitrate)) == OPUS_OK);
  CHECK(opus_encoder_ctl(encoder, OPUS_SET_VBR(0)) == OPUS_OK);
  CHECK(opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(format.complexity)) == OPUS_OK);
  // In-band FEC takes its bits from the speech always and repairs one frame only; losses are mended
  // elsewhere.
  CHECK(opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(0)) == OPUS_OK);
}

void Encoder::Free::operator()(OpusEncoder* encoder) const {
  opus_encoder_destroy(encoder);
}

std::span<const std::byte> Encoder::encode(std::span<const float> frame) {
  CHECK(frame.size() == format_.frame_samples());
  const int length = opus_encode_float(encoder_.get(), frame.data(), static_cast<int>(frame.size()),
                                       reinterpret_cast<unsigned char*>(packet_.data()),
                                       static_cast<opus_int32>(format_.packet_bytes()));
  CHECK(length > 0);
  return std::span(packet_).first(static_cast<std::size_t>(length));
}

void Encoder::reset() {
  CHECK(opus_encoder_ctl(encoder_.get(), OPUS_RESET_STATE) == OPUS_OK);
}

Duration Encoder::lookahead() const {
  opus_int32 samples = 0;
  CHECK(opus_encoder_ctl(encoder_.get(), OPUS_GET_LOOKAHEAD(&samples)) == OPUS_OK);
  return duration_of(samples);
}

Result<int, DropReason> packet_samples(std::span<const std::byte> packet) {
  constexpr int kMostFrames = 48;
  std::array<const unsigned char*, kMostFrames> frames{};
  std::array<opus_int16, kMostFrames> sizes{};
  if (packet.empty() || packet.size() > kMaxOpusPacketBytes) return DropReason::kBadOpus;
  const auto length = static_cast<opus_int32>(packet.size());
  if (opus_packet_parse(raw(packet), length, nullptr, frames.data(), sizes.data(), nullptr) < 0)
    return DropReason::kBadOpus;
  const int samples = opus_packet_get_nb_samples(raw(packet), length, kSampleRate);
  if (samples <= 0 || samples > samples_in(kMaxOpusPacketDuration)) return DropReason::kBadOpus;
  return samples;
}

Decoder::Decoder() {
  int error = OPUS_OK;
  decoder_.reset(opus_decoder_create(kSampleRate, kChannels, &error));
  CHECK(error == OPUS_OK);
}

void Decoder::Free::operator()(OpusDecoder* decoder) const {
  opus_decoder_destroy(decoder);
}

void Decoder::decode(std::span<const std::byte> packet, std::span<float> out) {
  const int samples = opus_decode_float(decoder_.get(), raw(packet), static_cast<opus_int32>(packet.size()),
                                        out.data(), static_cast<int>(out.size()), 0);
  // A packet whose frames are well delimited may still hold nonsense; what the decoder will not take is
  // silence.
  const auto decoded = static_cast<std::size_t>(std::max(samples, 0));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(std::min(decoded, out.size())), out.end(), 0.0F);
}

void Decoder::conceal(std::span<float> out) {
  CHECK(out.size() <= static_cast<std::size_t>(samples_in(kMaxOpusPacketDuration)));
  // Opus conceals in whole steps of 2.5 ms, but a stranger's timestamps may leave a gap of any size: the rest
  // is cut off.
  const std::size_t steps = (out.size() + kConcealmentStep - 1) / kConcealmentStep;
  concealed_.resize(steps * kConcealmentStep);
  const int samples = opus_decode_float(decoder_.get(), nullptr, 0, concealed_.data(),
                                        static_cast<int>(concealed_.size()), 0);
  CHECK(samples == static_cast<int>(concealed_.size()));
  std::copy_n(concealed_.begin(), out.size(), out.begin());
}

void Decoder::reset() {
  CHECK(opus_decoder_ctl(decoder_.get(), OPUS_RESET_STATE) == OPUS_OK);
}

}  // namespace hubbub::voice
