// Durations as people write them, and samples as exact time.
#include "codec/wire/units.h"

#include <string>

#include <gtest/gtest.h>

namespace hubbub {
namespace {

TEST(ParseDuration, AcceptsANumberAndAUnit) {
  struct Case {
    const char* text;
    Duration duration;
  };
  const Case cases[] = {
      {"0s", 0s},       {"0ms", 0s},         {"1ms", 1ms},        {"250ms", 250ms}, {"1s", 1s},
      {"1.5s", 1500ms}, {"0.001s", 1ms},     {"2m", 2min},        {"1h", 1h},       {"24h", 24h},
      {"0.5h", 30min},  {"87600h", 87'600h}, {"0.000001ms", 1ns}, {"010s", 10s},    {"1.25ms", 1250us},
  };
  for (const Case& c : cases) {
    const auto parsed = parse_duration(c.text);
    ASSERT_TRUE(parsed.has_value()) << c.text;
    EXPECT_EQ(*parsed, c.duration) << c.text;
  }
}

TEST(ParseDuration, RefusesAnythingElse) {
  for (const char* text : {"",       "s",     "ms",    "m",      "h",
                           "5",      "5 s",   " 5s",   "5s ",    "5S",
                           "5d",     "5us",   "-1s",   "-1ms",   "+1s",
                           "1e3s",   "0x5s",  "1,5s",  "1.5.5s", "nans",
                           "infs",   "-infs", "nanms", "87601h", "999999999999999999999999h",
                           "five s", "1s2s",  "5sm",   "1h30m"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << '"' << text << '"';
  }
  EXPECT_FALSE(parse_duration(std::string("5\0s", 3)).has_value());
  EXPECT_FALSE(parse_duration("\u00A05s").has_value()) << "a no-break space";
  EXPECT_FALSE(parse_duration(std::string(400, '9') + "s").has_value()) << "beyond a double";
}

TEST(DurationText, IsTheShortestExactText) {
  struct Case {
    Duration duration;
    const char* text;
  };
  const Case cases[] = {{0s, "0ms"},  {1ms, "1ms"},   {999ms, "999ms"}, {1s, "1s"},      {1500ms, "1500ms"},
                        {30s, "30s"}, {60s, "1m"},    {90s, "90s"},     {120s, "2m"},    {1h, "1h"},
                        {24h, "24h"}, {90min, "90m"}, {3601s, "3601s"}, {1400us, "1ms"}, {999'600us, "1s"}};
  for (const Case& c : cases) EXPECT_EQ(duration_text(c.duration), c.text);
}

TEST(DurationText, IsReadBackAsTheSame) {
  for (const Duration d : {Duration(1ms), Duration(20ms), Duration(999ms), Duration(1s), Duration(61s),
                           Duration(1h), Duration(36h)}) {
    EXPECT_EQ(parse_duration(duration_text(d)), d);
  }
}

TEST(Samples, AreExactForWholeFrames) {
  for (const int ms : {10, 20, 40, 60}) {
    EXPECT_EQ(samples_in(std::chrono::milliseconds(ms)), std::int64_t{48} * ms);
    EXPECT_EQ(duration_of(std::int64_t{48} * ms), std::chrono::milliseconds(ms));
  }
  EXPECT_EQ(samples_in(20'833ns), 0) << "rounds toward zero";
  EXPECT_EQ(samples_in(20'834ns), 1);
  EXPECT_EQ(samples_in(24h), 48'000LL * 86'400);
  EXPECT_EQ(duration_of(48'000LL * 86'400), 24h);
  EXPECT_EQ(samples_in(-20ms), -960);
}

TEST(Samples, InSecondsAndMilliseconds) {
  EXPECT_DOUBLE_EQ(to_ms(1500us), 1.5);
  EXPECT_DOUBLE_EQ(to_seconds(1500ms), 1.5);
}

}  // namespace
}  // namespace hubbub
