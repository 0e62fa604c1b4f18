#include "voiceclient/audio/file_source.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>
#include <sndfile.h>

#include "tests/unit/audio/temp_dir.h"

namespace hubbub::audio {
namespace {

constexpr TimePoint kStart{5s};

// A tone of 440 Hz and amplitude 0.5 in the first channel; the other channels are silent.
void make_file(const std::filesystem::path& path, int format, int rate, int channels, std::size_t frames) {
  SF_INFO info{};
  info.format = format;
  info.samplerate = rate;
  info.channels = channels;
  SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr) << sf_strerror(nullptr);
  std::vector<float> samples(frames * static_cast<std::size_t>(channels), 0.0F);
  for (std::size_t i = 0; i < frames; ++i) {
    samples[i * static_cast<std::size_t>(channels)] =
        static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / rate));
  }
  ASSERT_EQ(sf_writef_float(file, samples.data(), static_cast<sf_count_t>(frames)),
            static_cast<sf_count_t>(frames));
  sf_close(file);
}

// All of it, with time to spare.
std::vector<float> read_all(FileSource& source, std::size_t limit = 10'000'000) {
  std::vector<float> result;
  std::vector<float> block(960);
  TimePoint now = kStart;
  while (!source.ended() && result.size() < limit) {
    const std::size_t count = source.read(now, block);
    result.insert(result.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
    now += 20ms;
  }
  return result;
}

struct File {
  const char* name;
  int format;
  int rate;
  int channels;
  double tolerance;
};

class EachFile : public testing::TestWithParam<File> {};

TEST_P(EachFile, IsHeardAtItsPitchLengthAndLevel) {
  const File& file = GetParam();
  const TempDir dir;
  make_file(dir / file.name, file.format, file.rate, file.channels, static_cast<std::size_t>(file.rate));
  FileSource source(dir / file.name);
  const std::vector<float> heard = read_all(source);
  EXPECT_NEAR(static_cast<double>(heard.size()), kSampleRate, 1);
  double worst = 0;
  for (std::size_t i = 2'000; i + 2'000 < heard.size(); ++i) {
    const double ideal =
        0.5 / file.channels * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / kSampleRate);
    worst = std::max(worst, std::abs(heard[i] - ideal));
  }
  EXPECT_LT(worst, file.tolerance);
  EXPECT_FALSE(source.lost()) << source.why_lost();
}

INSTANTIATE_TEST_SUITE_P(
    FileSource, EachFile,
    testing::Values(File{"mono48.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48'000, 1, 0.001},
                    File{"stereo44.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44'100, 2, 0.002},
                    File{"float96.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 96'000, 6, 0.002},
                    File{"telephone.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8'000, 1, 0.02},
                    File{"speech16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16'000, 1, 0.002},
                    File{"stereo22.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 22'050, 2, 0.05}));

TEST(FileSource, GivesNoSampleBeforeItsTime) {
  const TempDir dir;
  make_file(dir / "a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44'100, 2, 44'100);
  FileSource source(dir / "a.wav");
  std::vector<float> block(48'000);
  EXPECT_EQ(source.read(kStart, block), 0U);
  EXPECT_EQ(source.read(kStart + 10ms, block), 480U);
  EXPECT_EQ(source.read(kStart + 10ms, block), 0U);
  EXPECT_EQ(source.read(kStart + 30ms, std::span(block).first(100)), 100U);
  EXPECT_EQ(source.read(kStart + 30ms, block), 860U);
  // A reader that overslept finds what it missed.
  EXPECT_EQ(source.read(kStart + 530ms, block), 24'000U);
  EXPECT_EQ(source.read(kStart + 520ms, block), 0U);  // time that goes back gives nothing
  EXPECT_FALSE(source.ended());
  EXPECT_EQ(source.read(kStart + 10s, block), 48'000U - 25'440U);
  EXPECT_EQ(source.read(kStart + 11s, block), 0U);
  EXPECT_TRUE(source.ended());
  EXPECT_FALSE(source.lost());
}

TEST(FileSource, RepeatsWithoutASeam) {
  const TempDir dir;
  // 44 whole periods of the tone in a tenth of a second, so its repetition is one endless tone.
  make_file(dir / "a.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44'100, 1, 4'410);
  FileSource source(dir / "a.wav", Repeat::kYes);
  const std::vector<float> heard = read_all(source, 48'000);
  EXPECT_FALSE(source.ended());
  double worst = 0;
  for (std::size_t i = 100; i < 48'000; ++i) {
    worst = std::max(worst, std::abs(heard[i] - 0.5 * std::sin(2 * std::numbers::pi * 440 *
                                                               static_cast<double>(i) / kSampleRate)));
  }
  EXPECT_LT(worst, 0.002);
}

TEST(FileSource, AnEmptyFileEndsAtOnceAndIsNotRepeated) {
  const TempDir dir;
  make_file(dir / "empty.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48'000, 1, 0);
  FileSource source(dir / "empty.wav");
  EXPECT_TRUE(read_all(source).empty());
  EXPECT_TRUE(source.ended());
  EXPECT_THROW(FileSource(dir / "empty.wav", Repeat::kYes), std::runtime_error);
}

TEST(FileSource, WhatIsNoNumberIsSilence) {
  const TempDir dir;
  SF_INFO info{};
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  info.samplerate = 48'000;
  info.channels = 1;
  SNDFILE* const file = sf_open((dir / "nan.wav").c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr);
  const std::vector<float> samples{0.25F, std::numeric_limits<float>::quiet_NaN(),
                                   std::numeric_limits<float>::infinity(), 0.5F};
  sf_write_float(file, samples.data(), 4);
  sf_close(file);
  FileSource source(dir / "nan.wav");
  EXPECT_EQ(read_all(source), (std::vector<float>{0.25F, 0.0F, 0.0F, 0.5F}));
}

std::string why_not(const std::filesystem::path& path) {
  try {
    const FileSource source(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "it opened";
}

TEST(FileSource, SaysWhatIsWrongWithAFile) {
  const TempDir dir;
  std::ofstream(dir / "text.wav") << "this is no sound";
  make_file(dir / "slow.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 100, 1, 100);
  EXPECT_NE(why_not(dir / "none.wav").find("none.wav': No such file"), std::string::npos)
      << why_not(dir / "none.wav");
  EXPECT_NE(why_not(dir / "text.wav").find("Give a WAV, FLAC or Ogg file"), std::string::npos)
      << why_not(dir / "text.wav");
  EXPECT_NE(why_not(dir / "slow.wav").find("100 Hz"), std::string::npos) << why_not(dir / "slow.wav");
  EXPECT_NE(why_not(dir / "").find("cannot read"), std::string::npos) << why_not(dir / "");
}

TEST(FileSource, AFileCutShortEndsWhereItEnds) {
  const TempDir dir;
  make_file(dir / "cut.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48'000, 1, 48'000);
  std::filesystem::resize_file(dir / "cut.wav", 48'000);
  FileSource source(dir / "cut.wav");
  EXPECT_NEAR(static_cast<double>(read_all(source).size()), 24'000, 100);
}

}  // namespace
}  // namespace hubbub::audio
