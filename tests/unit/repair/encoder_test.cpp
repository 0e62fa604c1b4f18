#include "codec/repair/encoder.h"

#include <gtest/gtest.h>

#include "codec/repair/coefficients.h"
#include "tests/unit/repair/stream.h"

namespace hubbub::repair {
namespace {

Symbol expected_symbol(const RepairWindow& window, std::size_t size = kFrameBytes) {
  std::vector<std::uint8_t> coefficients(window.count);
  coding_coefficients(window.repair_key, window.density_threshold, coefficients);
  Symbol sum(size);
  for (std::uint32_t i = 0; i < window.count; ++i) {
    const Symbol source = frame(window.first + i, size);
    for (std::size_t j = 0; j < size; ++j) {
      sum[j] ^= std::byte{plain_multiply(coefficients[i], std::to_integer<std::uint8_t>(source[j]))};
    }
  }
  return sum;
}

TEST(Encoder, CombinesTheLastFrames) {
  for (const std::size_t size : {1U, 31U, 63U, 64U, 65U, 111U, 1'200U}) {
    Encoder encoder;
    for (std::uint32_t esi = 1'000; esi < 1'100; ++esi) ASSERT_TRUE(encoder.add(esi, frame(esi, size)));
    for (const std::uint16_t count : std::initializer_list<std::uint16_t>{1, 2, 5, 8, 31, 32}) {
      for (const std::uint8_t density : {std::uint8_t{5}, kDensest}) {
        Symbol out(size);
        const auto window = encoder.make(count, static_cast<std::uint16_t>(40'000 + count), out, density);
        ASSERT_TRUE(window);
        EXPECT_EQ(*window, (RepairWindow{.first = 1'100U - count,
                                         .count = count,
                                         .repair_key = static_cast<std::uint16_t>(40'000 + count),
                                         .density_threshold = density}));
        EXPECT_EQ(out, expected_symbol(*window, size));
      }
    }
  }
}

TEST(Encoder, HasNothingToMakeBeforeTheFirstFrame) {
  Encoder encoder;
  Symbol out(kFrameBytes);
  EXPECT_FALSE(encoder.make(8, 1, out));
  EXPECT_EQ(encoder.symbol_size(), 0U);
}

TEST(Encoder, StartsWithAShortWindow) {
  Encoder encoder;
  Symbol out(kFrameBytes);
  for (std::uint32_t esi = 0; esi < 40; ++esi) {
    encoder.add(esi, frame(esi));
    const auto window = encoder.make(100, 9, out);
    ASSERT_TRUE(window);
    EXPECT_EQ(window->count, std::min<std::uint32_t>(esi + 1, kMaxWindow));
    EXPECT_EQ(window->first + window->count, esi + 1);
    EXPECT_EQ(out, expected_symbol(*window));
  }
  EXPECT_FALSE(encoder.make(0, 9, out));
  EXPECT_FALSE(encoder.make(8, 9, std::span(out).first(kFrameBytes - 1)));
  EXPECT_FALSE(encoder.make(8, 9, out, 16));
}

// The relay's own gaps: what it never had, it cannot combine.
TEST(Encoder, StopsAtAGapUntilItIsFilled) {
  Encoder encoder;
  Symbol out(kFrameBytes);
  for (const std::uint32_t esi : {10U, 11U, 12U, 14U, 15U}) encoder.add(esi, frame(esi));
  EXPECT_EQ(encoder.make(8, 1, out)->first, 14U);
  encoder.add(13, frame(13));
  const auto window = encoder.make(8, 1, out);
  EXPECT_EQ(window->first, 10U);
  EXPECT_EQ(window->count, 6U);
  EXPECT_EQ(out, expected_symbol(*window));

  encoder.add(1'000'000, frame(1'000'000));
  EXPECT_EQ(encoder.make(8, 1, out)->first, 1'000'000U);
  EXPECT_FALSE(encoder.add(999'968, frame(999'968)));
  EXPECT_TRUE(encoder.add(999'969, frame(999'969)));
}

TEST(Encoder, BeginsAnewWithAnotherLength) {
  Encoder encoder;
  Symbol out(kFrameBytes);
  for (std::uint32_t esi = 50; esi < 60; ++esi) encoder.add(esi, frame(esi));
  ASSERT_TRUE(encoder.add(7, frame(7, 60)));
  EXPECT_EQ(encoder.symbol_size(), 60U);
  const auto window = encoder.make(8, 1, out);
  EXPECT_EQ(window->first, 7U);
  EXPECT_EQ(window->count, 1U);
}

TEST(Encoder, RefusesWhatIsNoFrame) {
  Encoder encoder;
  EXPECT_FALSE(encoder.add(1, {}));
  EXPECT_FALSE(encoder.add(1, frame(1, kMaxSymbolBytes + 1)));
  EXPECT_FALSE(encoder.add(kLastEsi + 1, frame(1)));
  EXPECT_TRUE(encoder.add(kLastEsi, frame(1)));
}

}  // namespace
}  // namespace hubbub::repair
