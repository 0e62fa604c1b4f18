#include "codec/repair/gf256.h"

#include <gtest/gtest.h>

#include "tests/unit/repair/stream.h"

namespace hubbub::repair {
namespace {

// ISA-L's field must be RFC 8681's: all products there are, through both ways of multiplying a row.
TEST(Gf256, IsTheFieldOfTheStandard) {
  Symbol all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::byte>(i);
  const std::array<const std::byte*, 1> rows{all.data()};
  for (unsigned factor = 0; factor < 256; ++factor) {
    const std::array factors{static_cast<std::uint8_t>(factor)};
    Symbol combined(256);
    Symbol added(256);
    combine(factors, rows, combined);
    add_multiple(added, factors[0], all);
    for (unsigned i = 0; i < 256; ++i) {
      const std::byte expected{plain_multiply(factors[0], static_cast<std::uint8_t>(i))};
      ASSERT_EQ(combined[i], expected) << factor << " times " << i;
      ASSERT_EQ(added[i], expected) << factor << " times " << i;
    }
  }
}

TEST(Gf256, DividesWhatItMultiplied) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 1; b < 256; ++b) {
      const auto x = static_cast<std::uint8_t>(a);
      const auto y = static_cast<std::uint8_t>(b);
      ASSERT_EQ(divide(plain_multiply(x, y), y), x);
    }
  }
}

TEST(Gf256, CombinesTheMostRowsOfEachSize) {
  for (const std::size_t size : {64U, 128U, 192U, 320U, 1'216U}) {
    std::vector<Symbol> symbols;
    std::vector<const std::byte*> rows;
    std::vector<std::uint8_t> factors;
    for (std::uint32_t i = 0; i < kMaxTerms; ++i) {
      symbols.push_back(frame(i, size));
      factors.push_back(static_cast<std::uint8_t>(3 * i));
    }
    for (const Symbol& symbol : symbols) rows.push_back(symbol.data());
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{8}, kMaxTerms}) {
      Symbol out(size);
      combine(std::span(factors).first(count), std::span(rows).first(count), out);
      Symbol expected(size);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < size; ++j) {
          expected[j] ^= std::byte{plain_multiply(factors[i], std::to_integer<std::uint8_t>(symbols[i][j]))};
        }
      }
      EXPECT_EQ(out, expected) << count << " rows of " << size;
    }
  }
}

}  // namespace
}  // namespace hubbub::repair
