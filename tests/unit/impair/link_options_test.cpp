#include "tools/impair/link_options.h"

#include <limits>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace hubbub::impair {
namespace {

const Setting& setting(std::string_view name) {
  for (const Setting& candidate : settings()) {
    if (candidate.name == name) return candidate;
  }
  throw std::invalid_argument(std::string(name));
}

std::optional<std::string> set(LinkOptions& options, std::string_view name, std::vector<std::string> values) {
  return apply(setting(name), options, values);
}

TEST(LinkOptions, NothingSetIsValid) {
  EXPECT_EQ(LinkOptions().validate(), std::nullopt);
}

LinkOptions gilbert(double loss, double burst) {
  LinkOptions options;
  options.loss_model = LossModel::kGilbertElliott;
  options.loss = loss;
  options.burst = burst;
  return options;
}

TEST(LinkOptions, WhatIsImpossibleIsRefusedWithItsReason) {
  static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  struct Case {
    const char* sentence_has;
    void (*set)(LinkOptions&);
  };
  const std::vector<Case> cases = {
      {"the loss must be", [](LinkOptions& o) { o.loss = 1.01; }},
      {"the loss must be", [](LinkOptions& o) { o.loss = -0.01; }},
      {"the loss must be", [](LinkOptions& o) { o.loss = kNaN; }},
      {"needs the loss model gilbert", [](LinkOptions& o) { o.burst = 2.5; }},
      {"needs a mean burst length", [](LinkOptions& o) { o.loss_model = LossModel::kGilbertElliott; }},
      {"between 1 and 10000", [](LinkOptions& o) { o = gilbert(0.1, 0.99); }},
      {"between 1 and 10000", [](LinkOptions& o) { o = gilbert(0.1, 10'001); }},
      {"between 1 and 10000", [](LinkOptions& o) { o = gilbert(0.1, kNaN); }},
      {"at most 71.42%", [](LinkOptions& o) { o = gilbert(0.715, 2.5); }},
      {"a loss of 100% is impossible", [](LinkOptions& o) { o = gilbert(1, 100); }},
      {"the delay must be", [](LinkOptions& o) { o.delay = Duration(-1); }},
      {"the delay must be", [](LinkOptions& o) { o.delay = kMaxDelay + Duration(1); }},
      {"the jitter must be", [](LinkOptions& o) { o.jitter = Duration(-1); }},
      {"the jitter must be", [](LinkOptions& o) { o.jitter = kMaxJitter + Duration(1); }},
      {"reordering needs jitter", [](LinkOptions& o) { o.reorder = true; }},
      {"duplicates must be", [](LinkOptions& o) { o.duplicate = 1.01; }},
      {"duplicates must be", [](LinkOptions& o) { o.duplicate = kNaN; }},
      {"corrupted packets must be", [](LinkOptions& o) { o.corrupt = -0.01; }},
      {"the rate must be", [](LinkOptions& o) { o.rate_bits_per_second = kMinRateBitsPerSecond - 1; }},
      {"the rate must be", [](LinkOptions& o) { o.rate_bits_per_second = kMaxRateBitsPerSecond + 1; }},
      {"a queue needs a rate", [](LinkOptions& o) { o.queue = Duration(50ms); }},
      {"the queue must hold",
       [](LinkOptions& o) { o.rate_bits_per_second = 8'000, o.queue = kMaxQueueTime + Duration(1); }},
      {"at most 10s", [](LinkOptions& o) { o.rate_bits_per_second = 8'000, o.queue = std::size_t{10'500}; }},
      {"longer than nothing",
       [](LinkOptions& o) {
         o.outages = {{10s, 0s}};
       }},
      {"within 24 hours",
       [](LinkOptions& o) {
         o.outages = {{1s, 1s}, {25h, 1s}};
       }},
      {"within 24 hours",
       [](LinkOptions& o) {
         o.outages = {{-1s, 1s}};
       }},
  };
  for (const Case& each : cases) {
    LinkOptions options;
    each.set(options);
    const auto problem = options.validate();
    ASSERT_TRUE(problem.has_value()) << each.sentence_has;
    EXPECT_NE(problem->find(each.sentence_has), std::string::npos) << *problem;
  }
}

TEST(LinkOptions, EdgesAreValid) {
  EXPECT_EQ(gilbert(0.5, 1).validate(), std::nullopt);
  EXPECT_EQ(gilbert(0.714, 2.5).validate(), std::nullopt);
  LinkOptions options;
  options.loss = 1;
  options.delay = kMaxDelay;
  options.jitter = kMaxJitter;
  options.duplicate = 1;
  options.corrupt = 1;
  options.rate_bits_per_second = 8'000;
  options.queue = std::size_t{10'000};
  options.outages = {{kMaxOutage, kMaxOutage}};
  EXPECT_EQ(options.validate(), std::nullopt);
  options.queue = kMaxQueueTime;
  options.rate_bits_per_second = kMaxRateBitsPerSecond;
  EXPECT_EQ(options.validate(), std::nullopt);
}

TEST(Settings, EachSetsItsOption) {
  LinkOptions options;
  EXPECT_EQ(set(options, "loss", {"5%"}), std::nullopt);
  EXPECT_EQ(set(options, "loss_model", {"gilbert"}), std::nullopt);
  EXPECT_EQ(set(options, "burst", {"2.5"}), std::nullopt);
  EXPECT_EQ(set(options, "delay", {"40ms"}), std::nullopt);
  EXPECT_EQ(set(options, "jitter", {"10ms"}), std::nullopt);
  EXPECT_EQ(set(options, "reorder", {"true"}), std::nullopt);
  EXPECT_EQ(set(options, "duplicate", {"1%"}), std::nullopt);
  EXPECT_EQ(set(options, "corrupt", {"2%"}), std::nullopt);
  EXPECT_EQ(set(options, "rate", {"256kbit"}), std::nullopt);
  EXPECT_EQ(set(options, "queue", {"32kB"}), std::nullopt);
  EXPECT_EQ(set(options, "outage", {"10s+2s", "20s+1s"}), std::nullopt);

  LinkOptions expected = gilbert(0.05, 2.5);
  expected.delay = 40ms;
  expected.jitter = 10ms;
  expected.reorder = true;
  expected.duplicate = 0.01;
  expected.corrupt = 0.02;
  expected.rate_bits_per_second = 256'000;
  expected.queue = std::size_t{32'000};
  expected.outages = {{10s, 2s}, {20s, 1s}};
  EXPECT_EQ(options, expected);
  EXPECT_EQ(options.validate(), std::nullopt);

  EXPECT_EQ(set(options, "queue", {"80ms"}), std::nullopt);
  EXPECT_EQ(std::get<Duration>(*options.queue), 80ms);
  EXPECT_EQ(set(options, "outage", {"1s+1s"}), std::nullopt);
  EXPECT_EQ(options.outages, (std::vector<Outage>{{1s, 1s}})) << "a later list replaces an earlier one";
}

TEST(Settings, EachRefusesNonsense) {
  for (const Setting& each : settings()) {
    LinkOptions options;
    const auto problem = apply(each, options, std::vector<std::string>{"nonsense"});
    ASSERT_TRUE(problem.has_value()) << each.name;
    EXPECT_NE(problem->find("\"nonsense\""), std::string::npos) << *problem;
  }
}

TEST(Settings, TurningOneOffTakesWithItWhatDependsOnIt) {
  LinkOptions options = gilbert(0.05, 2.5);
  options.jitter = 10ms;
  options.reorder = true;
  options.rate_bits_per_second = 256'000;
  options.queue = Duration(50ms);
  EXPECT_EQ(set(options, "loss_model", {"bernoulli"}), std::nullopt);
  EXPECT_EQ(set(options, "jitter", {"0"}), std::nullopt);
  EXPECT_EQ(set(options, "rate", {"off"}), std::nullopt);
  LinkOptions expected;
  expected.loss = 0.05;
  EXPECT_EQ(options, expected);
}

}  // namespace
}  // namespace hubbub::impair
