#include "tools/lab/compare.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sndfile.h>

#include "tests/unit/lab/speech_like.h"
#include "tools/lab/audio_file.h"
#include "tools/lab/measure/signal.h"

namespace hubbub::lab {
namespace {

class CompareFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "hubbub_compare_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string write(const std::string& name, std::span<const float> mono, int rate, int channels) const {
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = channels;
    info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    SNDFILE* file = sf_open(path(name).c_str(), SFM_WRITE, &info);
    EXPECT_NE(file, nullptr);
    // The first channel holds everything, so the average of all is a fraction of it.
    std::vector<float> frames(mono.size() * static_cast<std::size_t>(channels));
    for (std::size_t i = 0; i < mono.size(); ++i) frames[i * static_cast<std::size_t>(channels)] = mono[i];
    sf_writef_float(file, frames.data(), static_cast<sf_count_t>(mono.size()));
    sf_close(file);
    return path(name);
  }

  std::string folder_;
};

TEST_F(CompareFiles, AnyRateAndChannelsBecomeOneChannelAtOneRate) {
  const auto original = speech_like(2, 48'000, 1);
  const auto loaded = load_recording(write("stereo.wav", original, 48'000, 2), kComparisonRate);
  const auto expected = resample(original, 48'000, kComparisonRate);
  ASSERT_EQ(loaded.size(), expected.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) ASSERT_NEAR(loaded[i], expected[i] / 2, 1e-4) << i;
}

TEST_F(CompareFiles, FindsADelayAcrossRatesAndSaysSoInJson) {
  const auto original = speech_like(4, 48'000, 2);
  const auto delayed = window_of(original, -12'000, original.size() + 24'000);
  const CompareRequest request = {
      .original = write("original.wav", resample(original, 48'000, 16'000), 16'000, 1),
      .heard = write("heard.wav", delayed, 48'000, 1),
      .json = true};
  std::ostringstream out;
  EXPECT_EQ(run_compare(request, out), 0);
  const auto json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["delay_ms"], 250.0);
  EXPECT_NEAR(json["estoi"], 1, 0.01);
  EXPECT_NEAR(json["correlation"], 1, 0.01);
  EXPECT_NEAR(json["level_difference_db"], 0, 0.1);
  EXPECT_NEAR(json["envelope_correlation"], 1, 0.01);
  EXPECT_NEAR(json["original_seconds"], 4, 1e-6);
  EXPECT_NEAR(json["heard_seconds"], 4.5, 1e-6);
  EXPECT_GT(json["heard_speech_seconds"], 2);
  EXPECT_GT(json["original_speech_seconds"], 2);
}

TEST_F(CompareFiles, NothingFoundIsStatusOneAndNullInJson) {
  CompareRequest request = {.original = write("original.wav", speech_like(3, 16'000, 3), 16'000, 1),
                            .heard = write("heard.wav", std::vector<float>(48'000), 16'000, 1),
                            .json = true};
  std::ostringstream out;
  EXPECT_EQ(run_compare(request, out), 1);
  const auto json = nlohmann::json::parse(out.str());
  for (const char* key :
       {"delay_ms", "correlation", "estoi", "level_difference_db", "envelope_correlation"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  EXPECT_EQ(json["heard_speech_seconds"], 0);
  request.json = false;
  std::ostringstream text;
  EXPECT_EQ(run_compare(request, text), 1);
  EXPECT_NE(text.str().find("not found"), std::string::npos);
}

TEST_F(CompareFiles, AFileThatCannotBeReadIsNamed) {
  std::ofstream(path("not_audio.wav")) << "hello";
  for (const char* name : {"missing.wav", "not_audio.wav"}) {
    try {
      load_recording(path(name), kComparisonRate);
      FAIL() << name;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(path(name)), std::string::npos) << error.what();
    }
  }
}

TEST_F(CompareFiles, AnEmptyRecordingIsSilence) {
  EXPECT_TRUE(load_recording(write("empty.wav", {}, 16'000, 1), kComparisonRate).empty());
}

// Recorded speech (LibriVox), where the package pocketsphinx-testdata is installed.
TEST(RealSpeech, IsFoundInItsOwnNoiseAndNotInOtherSpeech) {
  const std::string folder = "/usr/share/pocketsphinx/test/data/librivox";
  std::vector<std::vector<float>> clips;
  if (std::filesystem::is_directory(folder)) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".wav") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& each : paths) clips.push_back(load_recording(each.string(), kComparisonRate));
  }
  if (clips.size() < 3)
    GTEST_SKIP() << "no recorded speech in " << folder << ": install pocketsphinx-testdata";
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto heard = with_noise(window_of(clips[i], -4'000, clips[i].size() + 8'000), 10, 1);
    const Comparison result = compare(clips[i], heard);
    ASSERT_TRUE(result.aligned.has_value()) << i;
    EXPECT_EQ(result.aligned->delay, 250ms) << i;
    EXPECT_GT(result.aligned->estoi.value_or(0), 0.5) << i;
    EXPECT_LT(result.aligned->estoi.value_or(1), 0.85) << i;
    EXPECT_FALSE(compare(clips[i], clips[(i + 1) % clips.size()]).aligned.has_value()) << i;
  }
}

}  // namespace
}  // namespace hubbub::lab
