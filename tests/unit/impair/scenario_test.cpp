#include "tools/impair/scenario.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace hubbub::impair {
namespace {

TEST(Scenario, ReadsEverySettingOfEveryTable) {
  const auto scenario = parse_scenario(R"(
seed = 7

[both]
delay = "40ms"
loss = 0.05

[up]
loss_model = "gilbert"
burst = 2.5
outage = ["10s+2s", "20s+500ms"]

[down]
loss = "10%"
jitter = "10ms"
reorder = true
duplicate = "1%"
corrupt = 0.02
rate = "256kbit"
queue = "100ms"
)",
                                       "test.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.error();
  EXPECT_EQ(scenario->seed, 7U);
  LinkOptions up;
  up.delay = 40ms;
  up.loss = 0.05;
  up.loss_model = LossModel::kGilbertElliott;
  up.burst = 2.5;
  up.outages = {{10s, 2s}, {20s, 500ms}};
  EXPECT_EQ(scenario->up, up);
  LinkOptions down;
  down.delay = 40ms;
  down.loss = 0.1;
  down.jitter = 10ms;
  down.reorder = true;
  down.duplicate = 0.01;
  down.corrupt = 0.02;
  down.rate_bits_per_second = 256'000;
  down.queue = Duration(100ms);
  EXPECT_EQ(scenario->down, down);
  EXPECT_EQ(scenario->validate(), std::nullopt);
}

TEST(Scenario, OutagesMayBeTablesAndOneMayBeText) {
  const auto tables = parse_scenario(
      "[[up.outage]]\nstart = \"10s\"\nduration = \"2s\"\n[[up.outage]]\nstart = \"20s\"\nduration = "
      "\"1s\"\n",
      "t");
  ASSERT_TRUE(tables.ok()) << tables.error();
  EXPECT_EQ(tables->up.outages, (std::vector<Outage>{{10s, 2s}, {20s, 1s}}));
  const auto text = parse_scenario("[both]\noutage = \"10s+2s\"\n", "t");
  ASSERT_TRUE(text.ok()) << text.error();
  EXPECT_EQ(text->down.outages, (std::vector<Outage>{{10s, 2s}}));
}

TEST(Scenario, AnEmptyOneIsAPerfectNetwork) {
  const auto scenario = parse_scenario("", "t");
  ASSERT_TRUE(scenario.ok());
  EXPECT_EQ(*scenario, Scenario());
}

TEST(Scenario, ADirectionsContradictionNamesTheDirection) {
  const auto scenario = parse_scenario("[down]\nburst = 3\n", "t");
  ASSERT_TRUE(scenario.ok());
  ASSERT_TRUE(scenario->validate().has_value());
  EXPECT_EQ(scenario->validate()->substr(0, 6), "down: ");
}

struct MistakeCase {
  const char* toml;
  std::vector<const char*> error_has;
};

TEST(Scenario, EveryMistakeNamesItsPlaceAndWhatWouldDo) {
  const std::vector<MistakeCase> cases = {
      {"sede = 7", {"t.toml, line 1", "unknown key \"sede\"", "seed, [both], [up], [down]"}},
      {"[up]\nlos = \"5%\"", {"line 2", "unknown key \"los\" in [up]", "loss, loss_model, burst"}},
      {"seed = -1", {"line 1", "\"seed\" must be a whole number"}},
      {"seed = \"7\"", {"\"seed\" must be a whole number"}},
      {"up = 5", {"\"up\" must be a table"}},
      {"[up]\ndelay = 40", {"line 2", "\"delay\" in [up] must be text in quotes"}},
      {"[up]\ndelay = \"40\"", {"line 2", "\"delay\" in [up]: \"40\" is not a duration", "40ms"}},
      {"[both]\nloss = true", {"\"loss\" in [both] must be a number or text"}},
      {"[both]\nloss = 5", {"\"5\" is more than 1", "\"5%\""}},
      {"[both]\nloss = -0.5", {"\"-0.5\" is not a probability"}},
      {"[both]\nloss = nan", {"is not a probability"}},
      {"[both]\nreorder = 1", {"\"reorder\" in [both] must be true or false"}},
      {"[both]\noutage = 5", {"must be text or a list"}},
      {"[both]\noutage = [5]", {"must be a list of texts"}},
      {"[[up.outage]]\nstart = \"1s\"", {"needs both a start and a duration"}},
      {"[[up.outage]]\nstart = \"1s\"\nend = \"2s\"", {"line 3", "unknown key \"end\"", "start, duration"}},
      {"[[up.outage]]\nstart = 1\nduration = \"2s\"", {"line 2", "must be text with a unit"}},
      {"[up\nloss = 1", {"t.toml, line 1"}},
  };
  for (const MistakeCase& each : cases) {
    const auto scenario = parse_scenario(each.toml, "t.toml");
    ASSERT_FALSE(scenario.ok()) << each.toml;
    for (const char* part : each.error_has) {
      EXPECT_NE(scenario.error().find(part), std::string::npos)
          << each.toml << "\ngave: " << scenario.error();
    }
    EXPECT_EQ(scenario.error().find('\n'), std::string::npos) << "one line";
  }
}

TEST(Scenario, LoadsAFileAndSaysWhyItCannot) {
  const std::string path = testing::TempDir() + "hubbub_scenario_test.toml";
  std::ofstream(path) << "seed = 3\n";
  const auto scenario = load_scenario(path);
  ASSERT_TRUE(scenario.ok()) << scenario.error();
  EXPECT_EQ(scenario->seed, 3U);
  std::filesystem::remove(path);

  const auto missing = load_scenario(path);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error(), "cannot read " + path + ": No such file or directory");
  EXPECT_FALSE(load_scenario(testing::TempDir()).ok());
}

}  // namespace
}  // namespace hubbub::impair
