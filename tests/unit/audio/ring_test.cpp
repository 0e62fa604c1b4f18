#include "voiceclient/audio/ring.h"

#include <array>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace hubbub::audio {
namespace {

std::vector<float> counting(std::size_t count, float from = 0) {
  std::vector<float> samples(count);
  std::iota(samples.begin(), samples.end(), from);
  return samples;
}

TEST(Ring, CapacityIsTheNextPowerOfTwo) {
  EXPECT_EQ(SampleRing(1).capacity(), 1U);
  EXPECT_EQ(SampleRing(100).capacity(), 128U);
  EXPECT_EQ(SampleRing(128).capacity(), 128U);
}

TEST(Ring, GivesBackWhatWasWrittenInOrder) {
  SampleRing ring(8);
  EXPECT_EQ(ring.write(counting(5)), 5U);
  EXPECT_EQ(ring.readable(), 5U);
  EXPECT_EQ(ring.writable(), 3U);
  std::vector<float> out(8);
  EXPECT_EQ(ring.read(out), 5U);
  out.resize(5);
  EXPECT_EQ(out, counting(5));
  EXPECT_EQ(ring.readable(), 0U);
}

TEST(Ring, TakesOnlyWhatFits) {
  SampleRing ring(4);
  EXPECT_EQ(ring.write(counting(6)), 4U);
  EXPECT_EQ(ring.write(counting(1)), 0U);
  std::vector<float> out(4);
  EXPECT_EQ(ring.read(out), 4U);
  EXPECT_EQ(out, counting(4));
  EXPECT_EQ(ring.read(out), 0U);
}

TEST(Ring, KeepsOrderAcrossTheWrapAtEveryOffset) {
  SampleRing ring(8);
  float next_in = 0;
  float next_out = 0;
  for (int round = 0; round < 100; ++round) {
    const auto size = static_cast<std::size_t>(1 + round % 8);
    ASSERT_EQ(ring.write(counting(size, next_in)), size);
    next_in += static_cast<float>(size);
    std::vector<float> out(size);
    ASSERT_EQ(ring.read(out), size);
    ASSERT_EQ(out, counting(size, next_out));
    next_out += static_cast<float>(size);
  }
}

TEST(Ring, EmptySpansAreHarmless) {
  SampleRing ring(4);
  EXPECT_EQ(ring.write({}), 0U);
  EXPECT_EQ(ring.read({}), 0U);
}

TEST(Ring, TwoThreadsLoseNothingAndKeepOrder) {
  // Below 2^24 each sample's number is exact as a float.
  constexpr std::size_t kSamples = 2'000'000;
  SampleRing ring(1'024);
  std::thread writer([&] {
    std::array<float, 480> block{};
    std::size_t next = 0;
    while (next < kSamples) {
      const std::size_t count = std::min(block.size() - next % 7, kSamples - next);
      for (std::size_t i = 0; i < count; ++i) block[i] = static_cast<float>(next + i);
      const std::size_t taken = ring.write(std::span(block).first(count));
      next += taken;
      if (taken == 0) std::this_thread::yield();
    }
  });
  std::array<float, 333> block{};
  std::size_t expected = 0;
  std::size_t wrong = 0;
  while (expected < kSamples) {
    ASSERT_LE(ring.readable(), ring.capacity());
    const std::size_t count = ring.read(block);
    for (std::size_t i = 0; i < count; ++i) wrong += block[i] != static_cast<float>(expected + i) ? 1U : 0U;
    expected += count;
    if (count == 0) std::this_thread::yield();
  }
  writer.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(expected, kSamples);
  EXPECT_EQ(ring.readable(), 0U);
}

}  // namespace
}  // namespace hubbub::audio
