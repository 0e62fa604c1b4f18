#include "codec/repair/coefficients.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace hubbub::repair {
namespace {

// RFC 8682 figure 2: the first 50 numbers for the seed 1.
constexpr std::array<std::uint32_t, 50> kSeedOne = {
    2545341989, 981918433,  3715302833, 2387538352, 3591001365, 3820442102, 2114400566, 2196103051,
    2783359912, 764534509,  643179475,  1822416315, 881558334,  4207026366, 3690273640, 3240535687,
    2921447122, 3984931427, 4092394160, 44209675,   2188315343, 2908663843, 1834519336, 3774670961,
    3019990707, 4065554902, 1239765502, 4035716197, 3412127188, 552822483,  161364450,  353727785,
    140085994,  149132008,  2547770827, 4064042525, 4078297538, 2057335507, 622384752,  2041665899,
    2193913817, 1080849512, 33160901,   662956935,  642999063,  3384709977, 1723175122, 3866752252,
    521822317,  2292524454};

TEST(TinyMt32, GivesThePublishedNumbers) {
  TinyMt32 random(1);
  for (const std::uint32_t expected : kSeedOne) EXPECT_EQ(random.next(), expected);
}

TEST(TinyMt32, TakesTheSeedZero) {
  TinyMt32 zero(0);
  TinyMt32 again(0);
  TinyMt32 one(1);
  const std::uint32_t first = zero.next();
  EXPECT_EQ(first, again.next());
  EXPECT_NE(first, one.next());
  EXPECT_NE(first, zero.next());
}

// RFC 8681 section 3.6: at the densest each coefficient is the low byte of a number, those of 0 passed over.
TEST(CodingCoefficients, AreTheLowBytesAtTheDensest) {
  std::array<std::uint8_t, 50> coefficients{};
  coding_coefficients(1, 15, coefficients);
  for (std::size_t i = 0; i < kSeedOne.size(); ++i) EXPECT_EQ(coefficients[i], kSeedOne[i] & 0xFFU) << i;
}

// Below it, a number's low four bits say whether the next one is a coefficient.
TEST(CodingCoefficients, DrawWhetherTheyAreZeroBelowTheDensest) {
  for (const unsigned threshold : {0U, 3U, 8U, 14U}) {
    std::vector<std::uint8_t> expected;
    for (std::size_t i = 0; i + 1 < kSeedOne.size();) {
      const bool zero = (kSeedOne[i++] & 0xFU) > threshold;
      expected.push_back(zero ? std::uint8_t{0} : static_cast<std::uint8_t>(kSeedOne[i++] & 0xFFU));
    }
    std::vector<std::uint8_t> coefficients(expected.size());
    coding_coefficients(1, threshold, coefficients);
    EXPECT_EQ(coefficients, expected) << threshold;
  }
}

TEST(CodingCoefficients, PassOverZeros) {
  std::array<std::uint8_t, 64> coefficients{};
  for (unsigned key = 0; key <= 0xFFFF; ++key) {
    coding_coefficients(static_cast<std::uint16_t>(key), 15, coefficients);
    ASSERT_EQ(std::ranges::count(coefficients, 0), 0) << key;
  }
}

TEST(CodingCoefficients, AreAsDenseAsTheThresholdSays) {
  for (unsigned threshold = 0; threshold <= 15; ++threshold) {
    std::array<std::uint8_t, 64> coefficients{};
    std::size_t others = 0;
    constexpr unsigned kKeys = 1'000;
    for (unsigned key = 0; key < kKeys; ++key) {
      coding_coefficients(static_cast<std::uint16_t>(key), threshold, coefficients);
      others += coefficients.size() - static_cast<std::size_t>(std::ranges::count(coefficients, 0));
    }
    EXPECT_NEAR(static_cast<double>(others) / (kKeys * coefficients.size()), (threshold + 1) / 16.0, 0.01);
  }
}

// A shorter window has the first coefficients of a longer one: what makes the oldest frame's the first.
TEST(CodingCoefficients, DoNotDependOnTheWindowsLength) {
  std::array<std::uint8_t, 32> longer{};
  std::array<std::uint8_t, 5> shorter{};
  coding_coefficients(777, 9, longer);
  coding_coefficients(777, 9, shorter);
  EXPECT_TRUE(std::ranges::equal(shorter, std::span(longer).first(5)));
  coding_coefficients(777, 9, {});
}

}  // namespace
}  // namespace hubbub::repair
