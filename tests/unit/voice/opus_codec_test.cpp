#include "codec/voice/opus_codec.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "codec/voice/stream_player.h"
#include "codec/wire/limits.h"

namespace hubbub::voice {
namespace {

std::vector<float> sine(double hertz, std::size_t samples, float amplitude = 0.3F) {
  std::vector<float> wave(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    wave[i] = amplitude * static_cast<float>(
                              std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / kSampleRate));
  }
  return wave;
}

double energy(std::span<const float> samples) {
  double sum = 0;
  for (const float s : samples) sum += static_cast<double>(s) * static_cast<double>(s);
  return sum;
}

struct FormatCase {
  Duration frame;
  int bitrate;
  int complexity;
  bool good;
};

TEST(VoiceFormat, RefusesWhatOpusCannotDo) {
  const std::vector<FormatCase> cases = {
      {10ms, 32'000, 9, true},   {20ms, 6'000, 0, true},    {40ms, 24'000, 10, true},
      {60ms, 128'000, 5, true},  {5ms, 32'000, 9, false},   {30ms, 32'000, 9, false},
      {120ms, 32'000, 9, false}, {20ms, 5'999, 9, false},   {20ms, 128'001, 9, false},
      {20ms, 32'000, 11, false}, {20ms, 32'000, -1, false},
  };
  for (const auto& c : cases) {
    const VoiceFormat format{.frame = c.frame, .bitrate = c.bitrate, .complexity = c.complexity};
    EXPECT_EQ(format.problem().empty(), c.good)
        << duration_text(c.frame) << " " << c.bitrate << " " << c.complexity << ": " << format.problem();
  }
}

// Lengths must say nothing of the words: silence, a tone and noise all give the same.
TEST(Encoder, MakesPacketsOfOneLengthWhateverIsSaid) {
  for (const Duration frame : {Duration(10ms), Duration(20ms), Duration(40ms), Duration(60ms)}) {
    const VoiceFormat format{.frame = frame, .bitrate = 32'000, .complexity = 5};
    Encoder encoder(format);
    std::vector<float> noise(format.frame_samples());
    unsigned state = 1;
    for (int i = 0; i < 30; ++i) {
      for (float& s : noise)
        s = static_cast<float>((state = state * 1'664'525U + 1'013'904'223U) >> 8U) / 8'388'608.0F - 1.0F;
      const std::vector<float> silence(format.frame_samples(), 0.0F);
      const std::vector<float> tone = sine(440, format.frame_samples());
      const std::vector<float>& what = i % 3 == 0 ? silence : i % 3 == 1 ? tone : noise;
      EXPECT_EQ(encoder.encode(what).size(), format.packet_bytes());
    }
    EXPECT_EQ(format.packet_bytes(), static_cast<std::size_t>(32 * (frame / 1ms) / 8));
  }
}

TEST(Decoder, GivesBackWhatWasSpoken) {
  Encoder encoder({});
  Decoder decoder;
  const std::vector<float> wave = sine(300, 960 * 50);
  std::vector<float> heard(wave.size());
  for (std::size_t i = 0; i < 50; ++i) {
    const auto packet = encoder.encode(std::span(wave).subspan(960 * i, 960));
    const auto samples = packet_samples(packet);
    ASSERT_TRUE(samples);
    ASSERT_EQ(*samples, 960);
    decoder.decode(packet, std::span(heard).subspan(960 * i, 960));
  }
  // Aligned by the encoder's lookahead, the two are the same wave.
  const auto lag = static_cast<std::size_t>(samples_in(encoder.lookahead()));
  const std::span<const float> spoken = std::span(wave).subspan(9'600, 24'000);
  const std::span<const float> got = std::span<const float>(heard).subspan(9'600 + lag, 24'000);
  double product = 0;
  for (std::size_t i = 0; i < spoken.size(); ++i)
    product += static_cast<double>(spoken[i]) * static_cast<double>(got[i]);
  EXPECT_GT(product / std::sqrt(energy(spoken) * energy(got)), 0.9);
}

TEST(Decoder, ConcealsWithSomethingAndThenFades) {
  Encoder encoder({});
  Decoder decoder;
  std::vector<float> out(960);
  const std::vector<float> wave = sine(200, 960 * 10);
  for (std::size_t i = 0; i < 10; ++i)
    decoder.decode(encoder.encode(std::span(wave).subspan(960 * i, 960)), out);
  const double spoken = energy(out);
  decoder.conceal(out);
  EXPECT_GT(energy(out), spoken / 10);
  for (int i = 0; i < 40; ++i) decoder.conceal(out);
  EXPECT_LT(energy(out), spoken / 10);
}

TEST(Decoder, ConcealsAGapOfAnySize) {
  Decoder decoder;
  for (const std::size_t samples : {1U, 119U, 120U, 121U, 959U, 5'760U}) {
    std::vector<float> out(samples, 2.0F);
    decoder.conceal(out);
    for (const float s : out) ASSERT_LE(std::abs(s), 1.0F) << samples;
  }
}

TEST(PacketSamples, RefusesWhatIsNoOpus) {
  const auto of = [](std::vector<int> bytes) {
    std::vector<std::byte> packet;
    for (const int b : bytes) packet.push_back(static_cast<std::byte>(b));
    return packet_samples(packet);
  };
  EXPECT_FALSE(of({}));
  EXPECT_FALSE(of({0x03}));          // code 3 without its count
  EXPECT_FALSE(of({0x03, 0x00}));    // no frames
  EXPECT_FALSE(of({0x1B, 0x3F}));    // 63 frames of 60 ms
  EXPECT_FALSE(of({0x01, 0x00}));    // two equal frames in an odd number of bytes
  EXPECT_EQ(of({0x01}).ok(), true);  // two empty frames are well-formed
  EXPECT_FALSE(packet_samples(std::vector<std::byte>(kMaxOpusPacketBytes + 1)));
  EXPECT_EQ(*of({0x78, 0x00}), 960);  // CELT-only, 20 ms, one frame
}

TEST(StreamPlayer, PlaysAnySizeOfPiece) {
  Encoder encoder({});
  StreamPlayer player(400ms);
  const std::vector<float> wave = sine(300, 960 * 20);
  const TimePoint start(1h);
  for (int i = 0; i < 20; ++i) {
    RtpPacket packet;
    packet.header = {.sequence = {static_cast<std::uint16_t>(i)},
                     .timestamp = {static_cast<std::uint32_t>(960 * i)},
                     .ssrc = 9};
    const auto payload = encoder.encode(std::span(wave).subspan(960 * static_cast<std::size_t>(i), 960));
    packet.payload = payload;
    ASSERT_TRUE(player.put(start + 20ms * i, packet));
  }
  std::vector<float> piece(100);
  std::size_t heard = 0;
  double sum = 0;
  while (player.play(start + 400ms, piece) && heard < 960 * 20) {
    heard += piece.size();
    sum += energy(piece);
  }
  EXPECT_GT(sum, 0.5 * energy(wave) * static_cast<double>(player.stats().played) / 20);
  EXPECT_EQ(player.stats().concealed, 0U);
}

TEST(StreamPlayer, SaysNothingBeforeAnythingCame) {
  StreamPlayer player(60ms);
  std::vector<float> out(480, 1.0F);
  EXPECT_FALSE(player.play(TimePoint(1h), out));
  EXPECT_EQ(energy(out), 0.0);
}

}  // namespace
}  // namespace hubbub::voice
