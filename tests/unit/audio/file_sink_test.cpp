#include "voiceclient/audio/file_sink.h"

#include <cmath>
#include <csignal>
#include <numbers>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>
#include <sndfile.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/audio/temp_dir.h"

namespace hubbub::audio {
namespace {

constexpr TimePoint kStart{5s};

std::vector<float> tone(std::size_t samples, double amplitude = 0.5) {
  std::vector<float> result(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    result[i] = static_cast<float>(
        amplitude * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / kSampleRate));
  }
  return result;
}

// What the file holds by its header's word; nothing where it cannot be read.
std::vector<float> contents(const std::filesystem::path& path, SF_INFO* info_out = nullptr) {
  SF_INFO info{};
  SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
  if (file == nullptr) return {};
  std::vector<float> samples(std::size_t{20} * kSampleRate);
  samples.resize(
      static_cast<std::size_t>(sf_read_float(file, samples.data(), static_cast<sf_count_t>(samples.size()))));
  sf_close(file);
  if (info_out != nullptr) *info_out = info;
  return samples;
}

struct Format {
  const char* name;
  int format;
  double tolerance;
};

class EachFormat : public testing::TestWithParam<Format> {};

TEST_P(EachFormat, HoldsWhatWasWritten) {
  const TempDir dir;
  const std::filesystem::path path = dir / GetParam().name;
  const std::vector<float> samples = tone(100'000);
  {
    FileSink sink(path);
    sink.write(std::span(samples).first(12'345));
    sink.write(std::span(samples).subspan(12'345));
    EXPECT_EQ(sink.position(), 100'000);
    EXPECT_FALSE(sink.lost());
  }
  SF_INFO info{};
  const std::vector<float> heard = contents(path, &info);
  EXPECT_EQ(info.format & (SF_FORMAT_TYPEMASK | SF_FORMAT_SUBMASK), GetParam().format);
  EXPECT_EQ(info.samplerate, kSampleRate);
  EXPECT_EQ(info.channels, 1);
  ASSERT_EQ(heard.size(), samples.size());
  double worst = 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    worst = std::max(worst, static_cast<double>(std::abs(heard[i] - samples[i])));
  EXPECT_LT(worst, GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(FileSink, EachFormat,
                         testing::Values(Format{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 0.0001},
                                         Format{"A.WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 0.0001},
                                         Format{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 0.0001},
                                         Format{"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.05},
                                         Format{"a.oga", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.05}));

TEST(FileSink, WantsWhatRealTimeIsOwed) {
  const TempDir dir;
  FileSink sink(dir / "a.wav");
  EXPECT_EQ(sink.wanted(kStart), 0U);
  EXPECT_EQ(sink.wanted(kStart + 20ms), 960U);
  sink.write(tone(480));
  EXPECT_EQ(sink.wanted(kStart + 20ms), 480U);
  sink.write(tone(960));  // more than was wanted is kept, and paid back
  EXPECT_EQ(sink.wanted(kStart + 20ms), 0U);
  EXPECT_EQ(sink.wanted(kStart + 30ms), 0U);
  EXPECT_EQ(sink.wanted(kStart + 40ms), 480U);
  EXPECT_EQ(sink.wanted(kStart + 1h), 48'000U);  // a second at most at a time
}

TEST(FileSink, PadsWithSilenceUpToAPosition) {
  const TempDir dir;
  {
    FileSink sink(dir / "a.wav");
    sink.pad_to(10'000);
    EXPECT_EQ(sink.position(), 10'000);
    sink.write(tone(100));
    sink.pad_to(5'000);  // already past
    EXPECT_EQ(sink.position(), 10'100);
    sink.pad_to(20'000);
  }
  const std::vector<float> heard = contents(dir / "a.wav");
  ASSERT_EQ(heard.size(), 20'000U);
  EXPECT_EQ(heard[9'999], 0.0F);
  EXPECT_NEAR(heard[10'030], tone(100)[30], 0.0001);
  EXPECT_EQ(heard[10'100], 0.0F);
}

TEST(FileSink, ClipsWhatIsTooLoud) {
  const TempDir dir;
  {
    FileSink sink(dir / "a.wav");
    sink.write(tone(4'800, 4.0));
  }
  const std::vector<float> loud = tone(4'800, 4.0);
  const std::vector<float> heard = contents(dir / "a.wav");
  ASSERT_EQ(heard.size(), loud.size());
  for (std::size_t i = 0; i < heard.size(); ++i)
    ASSERT_NEAR(heard[i], std::clamp(loud[i], -1.0F, 1.0F), 0.0001) << i;
}

TEST(FileSink, AKilledWriterLeavesAFileThatPlays) {
  const TempDir dir;
  for (const char* name : {"a.wav", "a.flac", "a.ogg"}) {
    const std::filesystem::path path = dir / name;
    const pid_t child = fork();
    if (child == 0) {
      FileSink sink(path);
      for (int block = 0; block < 500; ++block) sink.write(tone(480));
      raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const double heard = static_cast<double>(contents(path).size()) / kSampleRate;
    RecordProperty(name, std::to_string(heard));
    EXPECT_LE(heard, 5.0) << name;
    EXPECT_GE(heard, path.extension() == ".ogg" ? 2.0 : 4.4) << name;
  }
}

// The limit on file sizes stands in for a disk that is full: both make a write fall short.
TEST(FileSink, AFullDiskLosesTheFileWithoutAThrow) {
  const TempDir dir;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto signal_before = std::signal(SIGXFSZ, SIG_IGN);
  {
    FileSink sink(dir / "a.wav");
    rlimit small = before;
    small.rlim_cur = 50'000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    sink.write(tone(20'000));
    EXPECT_FALSE(sink.lost());
    sink.write(tone(20'000));
    EXPECT_TRUE(sink.lost());
    EXPECT_NE(sink.why_lost().find("a.wav' further: "), std::string::npos) << sink.why_lost();
    EXPECT_EQ(sink.wanted(kStart), 0U);
    EXPECT_EQ(sink.wanted(kStart + 1s), 0U);
    sink.write(tone(100));
    sink.pad_to(1'000'000);
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, signal_before);
  EXPECT_GE(contents(dir / "a.wav").size(), 20'000U);
}

std::string why_not(const std::filesystem::path& path) {
  try {
    const FileSink sink(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "it opened";
}

TEST(FileSink, SaysWhatIsWrongWithAName) {
  const TempDir dir;
  for (const char* name : {"a.mp3", "a", ".wav"}) {
    EXPECT_NE(why_not(dir / name).find("End it in .wav"), std::string::npos) << why_not(dir / name);
    EXPECT_FALSE(std::filesystem::exists(dir / name));
  }
  EXPECT_NE(why_not(dir / "none/a.wav").find("No such file"), std::string::npos)
      << why_not(dir / "none/a.wav");
}

}  // namespace
}  // namespace hubbub::audio
