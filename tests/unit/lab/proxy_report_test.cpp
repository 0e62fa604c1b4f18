#include "tools/lab/proxy_report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace hubbub::lab {
namespace {

ProxyStats stats() {
  ProxyStats stats;
  stats.clients = 2;
  stats.up.link = {.in = 1'000,
                   .duplicated = 10,
                   .delivered = 930,
                   .lost_random = 50,
                   .lost_outage = 20,
                   .dropped_queue = 10,
                   .corrupted = 3,
                   .bytes_in = 100'000,
                   .bytes_delivered = 93'000};
  stats.up.sent = 928;
  stats.up.under_way = 2;
  stats.up.late_max = 1500us;
  return stats;
}

TEST(ProxyReport, JsonHasEveryCountUnderItsName) {
  const auto json = nlohmann::json::parse(report_json(stats(), UINT64_MAX));
  EXPECT_EQ(json["seed"], UINT64_MAX);
  EXPECT_EQ(json["clients"], 2);
  EXPECT_EQ(json["turned_away"], 0);
  const auto& up = json["up"];
  EXPECT_EQ(up["received"], 1'000);
  EXPECT_EQ(up["lost_random"], 50);
  EXPECT_EQ(up["lost_outage"], 20);
  EXPECT_EQ(up["dropped_queue"], 10);
  EXPECT_EQ(up["duplicated"], 10);
  EXPECT_EQ(up["corrupted"], 3);
  EXPECT_EQ(up["delivered"], 930);
  EXPECT_EQ(up["sent"], 928);
  EXPECT_EQ(up["under_way"], 2);
  EXPECT_EQ(up["late_ms_max"], 1.5);
  EXPECT_EQ(up["balances"], true);
  EXPECT_EQ(json["down"]["received"], 0);
}

TEST(ProxyReport, TextSaysSharesAndOnlyWhatHappened) {
  const std::string text = report_text(stats(), 7);
  EXPECT_NE(text.find("seed: 7"), std::string::npos);
  EXPECT_NE(text.find("50 (5.00%)"), std::string::npos);
  EXPECT_NE(text.find("still under way"), std::string::npos);
  EXPECT_EQ(text.find("refused by the system"), std::string::npos);
  EXPECT_EQ(text.find("no room for"), std::string::npos);
}

}  // namespace
}  // namespace hubbub::lab
