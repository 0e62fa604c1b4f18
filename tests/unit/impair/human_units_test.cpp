#include "tools/impair/human_units.h"

#include <gtest/gtest.h>

namespace hubbub::impair {
namespace {

TEST(HumanUnits, Probabilities) {
  EXPECT_DOUBLE_EQ(*parse_probability("5%"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_probability("0.05"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_probability("0"), 0);
  EXPECT_DOUBLE_EQ(*parse_probability("100%"), 1);
  EXPECT_DOUBLE_EQ(*parse_probability("1"), 1);
  EXPECT_DOUBLE_EQ(*parse_probability("2.5%"), 0.025);
  for (const char* bad :
       {"", "%", "-1%", "+1%", "101%", "5", "five", "5 %", "5%%", "nan", "inf", "0x1", "1e-2", ".5%"}) {
    ASSERT_FALSE(parse_probability(bad).ok()) << bad;
    EXPECT_NE(parse_probability(bad).error().find('"' + std::string(bad) + '"'), std::string::npos) << bad;
  }
}

TEST(HumanUnits, Durations) {
  EXPECT_EQ(*parse_duration("40ms"), 40ms);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("250us"), 250us);
  EXPECT_EQ(*parse_duration("2min"), 2min);
  EXPECT_EQ(*parse_duration("2m"), 2min);
  EXPECT_EQ(*parse_duration("1h"), 1h);
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("0ms"), 0s);
  for (const char* bad : {"", "40", "ms", "-1ms", "40 ms", "40mss", "1e3s", "nan s", "99999999999h"}) {
    EXPECT_FALSE(parse_duration(bad).ok()) << bad;
  }
}

TEST(HumanUnits, RatesBytesNumbersSeeds) {
  EXPECT_EQ(*parse_bit_rate("256kbit"), 256'000U);
  EXPECT_EQ(*parse_bit_rate("1.5Mbit/s"), 1'500'000U);
  EXPECT_EQ(*parse_bit_rate("64000bit"), 64'000U);
  EXPECT_EQ(*parse_bit_rate("1Gbit"), 1'000'000'000U);
  for (const char* bad : {"", "256", "256k", "256kB", "-1kbit"})
    EXPECT_FALSE(parse_bit_rate(bad).ok()) << bad;

  EXPECT_EQ(*parse_byte_count("1500B"), 1'500U);
  EXPECT_EQ(*parse_byte_count("32kB"), 32'000U);
  for (const char* bad : {"", "1500", "1500b", "32kbit"}) EXPECT_FALSE(parse_byte_count(bad).ok()) << bad;

  EXPECT_DOUBLE_EQ(*parse_number("2.5"), 2.5);
  for (const char* bad : {"", "2.5x", "-2", "inf"}) EXPECT_FALSE(parse_number(bad).ok()) << bad;

  EXPECT_EQ(*parse_seed("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "-1", "1.5", "18446744073709551616", "0x10", " 1"})
    EXPECT_FALSE(parse_seed(bad).ok()) << bad;
}

TEST(HumanUnits, Outages) {
  EXPECT_EQ(*parse_outage("10s+2s"), (Outage{10s, 2s}));
  EXPECT_EQ(*parse_outage("0+500ms"), (Outage{0s, 500ms}));
  for (const char* bad : {"", "10s", "+2s", "10s+", "10+2", "10s+2s+3s", "10s-2s"})
    EXPECT_FALSE(parse_outage(bad).ok()) << bad;
}

TEST(HumanUnits, TextReadsBackAsTheSameValue) {
  for (const Duration duration : {Duration(0ns), Duration(7ns), Duration(250us), Duration(40ms),
                                  Duration(1500ms), Duration(30s), Duration(24h)}) {
    EXPECT_EQ(*parse_duration(duration_text(duration)), duration) << duration_text(duration);
  }
  EXPECT_EQ(duration_text(40ms), "40ms");
  EXPECT_EQ(duration_text(1500ms), "1.5s");
  EXPECT_EQ(probability_text(0.07), "7%");
  EXPECT_EQ(number_text(2.5), "2.5");
}

}  // namespace
}  // namespace hubbub::impair
