#include "tools/lab/arguments.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gtest/gtest.h>

namespace hubbub::lab {
namespace {

ProxyRequest proxy(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"proxy", "--to", "127.0.0.1:5241"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto request = parse_arguments(arguments);
  if (!request) throw std::invalid_argument(request.error());
  return std::get<ProxyRequest>(*request);
}

std::string mistake(std::vector<std::string> arguments) {
  const auto request = parse_arguments(std::move(arguments));
  return request ? "(accepted)" : request.error();
}

std::string proxy_mistake(std::vector<std::string> more) {
  more.insert(more.begin(), {"proxy", "--to", "127.0.0.1:5241"});
  return mistake(std::move(more));
}

TEST(LabArguments, TheSimplestProxy) {
  const ProxyRequest request = proxy({});
  EXPECT_EQ(request.listen.to_string(), "127.0.0.1:5250");
  EXPECT_EQ(request.to.to_string(), "127.0.0.1:5241");
  EXPECT_EQ(request.up, impair::LinkOptions());
  EXPECT_EQ(request.down, impair::LinkOptions());
  EXPECT_EQ(request.run_for, std::nullopt);
  EXPECT_FALSE(request.json);
}

TEST(LabArguments, EveryFaultOfTheProxy) {
  const ProxyRequest request = proxy({"--listen", "[::]:0",    "--seed",       "18446744073709551615",
                                      "--loss",   "5%",        "--loss-model", "gilbert",
                                      "--burst",  "2.5",       "--delay",      "40ms",
                                      "--jitter", "10ms",      "--reorder",    "--duplicate",
                                      "1%",       "--corrupt", "0.02",         "--rate",
                                      "256kbit",  "--queue",   "32kB",         "--outage",
                                      "10s+2s",   "--outage",  "20s+1s",       "--for",
                                      "30s",      "--json"});
  impair::LinkOptions expected;
  expected.loss = 0.05;
  expected.loss_model = impair::LossModel::kGilbertElliott;
  expected.burst = 2.5;
  expected.delay = 40ms;
  expected.jitter = 10ms;
  expected.reorder = true;
  expected.duplicate = 0.01;
  expected.corrupt = 0.02;
  expected.rate_bits_per_second = 256'000;
  expected.queue = std::size_t{32'000};
  expected.outages = {{10s, 2s}, {20s, 1s}};
  EXPECT_EQ(request.up, expected);
  EXPECT_EQ(request.down, expected);
  EXPECT_EQ(request.listen.to_string(), "[::]:0");
  EXPECT_EQ(request.seed, UINT64_MAX);
  EXPECT_EQ(request.run_for, 30s);
  EXPECT_TRUE(request.json);
}

TEST(LabArguments, ADirectionsFlagOverridesTheCommonOne) {
  const ProxyRequest request = proxy({"--up-loss", "10%", "--loss", "5%", "--down-delay", "7ms", "--outage",
                                      "1s+1s", "--up-outage", "2s+2s"});
  EXPECT_EQ(request.up.loss, 0.1);
  EXPECT_EQ(request.down.loss, 0.05);
  EXPECT_EQ(request.up.delay, 0ms);
  EXPECT_EQ(request.down.delay, 7ms);
  EXPECT_EQ(request.up.outages, (std::vector<impair::Outage>{{2s, 2s}}));
  EXPECT_EQ(request.down.outages, (std::vector<impair::Outage>{{1s, 1s}}));
}

TEST(LabArguments, FlagsOverrideTheScenario) {
  const std::string path = testing::TempDir() + "hubbub_arguments_test.toml";
  std::ofstream(path) << "seed = 3\n[both]\nloss = \"5%\"\nloss_model = \"gilbert\"\nburst = 2.5\n"
                         "jitter = \"5ms\"\nreorder = true\n[up]\ndelay = \"40ms\"\n";
  EXPECT_EQ(proxy({"--scenario", path}).seed, 3U);
  EXPECT_EQ(proxy({"--scenario", path}).up.burst, 2.5);
  EXPECT_EQ(proxy({"--scenario", path, "--seed", "4"}).seed, 4U);
  const ProxyRequest request =
      proxy({"--scenario", path, "--loss-model", "bernoulli", "--down-delay", "9ms", "--reorder=false"});
  EXPECT_EQ(request.up.loss, 0.05);
  EXPECT_EQ(request.up.burst, std::nullopt);
  EXPECT_EQ(request.up.delay, 40ms);
  EXPECT_EQ(request.down.delay, 9ms);
  EXPECT_FALSE(request.up.reorder);
  std::filesystem::remove(path);
}

TEST(LabArguments, WithoutASeedOneIsDrawn) {
  EXPECT_NE(proxy({}).seed, proxy({}).seed) << "this fails once in four thousand million times";
}

TEST(LabArguments, Compare) {
  const auto request = parse_arguments({"compare", "a.wav", "b.wav", "--json"});
  ASSERT_TRUE(request.ok()) << request.error();
  const auto& compare = std::get<CompareRequest>(*request);
  EXPECT_EQ(compare.original, "a.wav");
  EXPECT_EQ(compare.heard, "b.wav");
  EXPECT_TRUE(compare.json);
}

TEST(LabArguments, HelpOfEveryCommandNamesItsOptions) {
  const auto help = [](std::vector<std::string> arguments) {
    const auto request = parse_arguments(std::move(arguments));
    return request ? std::get<Notice>(*request).text : request.error();
  };
  EXPECT_NE(help({"--help"}).find("compare"), std::string::npos);
  const std::string of_proxy = help({"proxy", "--help"});
  for (const impair::Setting& setting : impair::settings()) {
    std::string flag(setting.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    EXPECT_NE(of_proxy.find("--" + flag), std::string::npos) << flag;
  }
  EXPECT_NE(of_proxy.find("--up-loss"), std::string::npos);
  EXPECT_NE(help({"compare", "--help"}).find("ESTOI"), std::string::npos);
  EXPECT_NE(help({"--version"}).find("hubbub-lab "), std::string::npos);
}

TEST(LabArguments, EveryMistakeIsOneLineThatNamesIt) {
  const std::vector<std::pair<std::string, const char*>> mistakes = {
      {mistake({}), "give a command"},
      {mistake({"frob"}), "unknown command \"frob\""},
      {mistake({"proxy"}), "--to is required"},
      {mistake({"proxy", "--to", "nowhere"}), "--to: \"nowhere\" is not a host and port"},
      {mistake({"compare", "a.wav"}), "HEARD is required"},
      {mistake({"compare", "a", "b", "c"}), "unexpected argument \"c\""},
      {proxy_mistake({"--los", "5%"}), "unexpected argument \"--los\""},
      {proxy_mistake({"more"}), "unexpected argument \"more\""},
      {proxy_mistake({"--loss"}), "--loss"},
      {proxy_mistake({"--loss", "5"}), "--loss: \"5\" is more than 1"},
      {proxy_mistake({"--loss", "5%", "--loss", "6%"}), "--loss"},
      {proxy_mistake({"--up-delay", "40"}), "--up-delay: \"40\" is not a duration"},
      {proxy_mistake({"--down-rate", "5"}), "--down-rate: \"5\" is not a rate"},
      {proxy_mistake({"--loss-model", "markov"}), "--loss-model: \"markov\" is not a loss model"},
      {proxy_mistake({"--down-burst", "3"}), "down: a burst length needs the loss model gilbert"},
      {proxy_mistake({"--reorder"}), "up: reordering needs jitter"},
      {proxy_mistake({"--outage", "10s"}), "--outage: \"10s\" is not an outage"},
      {proxy_mistake({"--seed", "x"}), "--seed: \"x\" is not a seed"},
      {proxy_mistake({"--for", "30"}), "--for: \"30\" is not a duration"},
      {proxy_mistake({"--for", "2401h"}), "--for: at most a hundred days"},
      {proxy_mistake({"--listen", "5250"}), "--listen: \"5250\" is not an address and port"},
      {proxy_mistake({"--listen", "127.0.0.1:65536"}), "--listen"},
      {proxy_mistake({"--listen", "127.0.0.1:"}), "--listen"},
      {proxy_mistake({"--listen", "localhost:5250"}), "--listen"},
      {proxy_mistake({"--scenario", "/nonexistent"}), "--scenario: cannot read /nonexistent"},
  };
  for (const auto& [said, expected] : mistakes) {
    EXPECT_NE(said.find(expected), std::string::npos) << said << "\nshould have: " << expected;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace hubbub::lab
