// The books balance only when every datagram and every copy has exactly one entry; and what the summary says
// of them.
#include "relay/core/books.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "relay/stats.h"

namespace hubbub::relay {
namespace {

Books balanced_books() {
  Books books;
  books.received = 20;
  books.received_bytes = 2'000;
  books.keepalives = 1;
  books.pings = 2;
  books.forwarded = 4;
  books.dropped[static_cast<std::size_t>(DropReason::kOversize)] = 5;
  books.drop(DropReason::kStale);
  books.due = 30;
  books.sent = 20;
  books.sent_bytes = 1'234;
  books.lose(UnsentReason::kUnreachable, 3);
  books.lose(UnsentReason::kShutdown, 2);
  books.peers_joined = 9;
  books.peers_expired = 2;
  return books;
}
constexpr std::uint64_t kWaiting = 7;
constexpr std::uint64_t kUnsettled = 5;

TEST(Books, BalanceNeedsEachEntry) {
  EXPECT_TRUE(Books().balance(0, 0));
  const Books books = balanced_books();
  EXPECT_EQ(books.dropped_total(), 6U);
  EXPECT_EQ(books.unsent_total(), 5U);
  EXPECT_EQ(books.dropped_for(DropReason::kStale), 1U);
  EXPECT_TRUE(books.balance(kWaiting, kUnsettled));
  EXPECT_FALSE(books.balance(kWaiting + 1, kUnsettled));
  EXPECT_FALSE(books.balance(kWaiting, kUnsettled + 1));
  for (std::uint64_t Books::*entry :
       {&Books::received, &Books::keepalives, &Books::pings, &Books::forwarded, &Books::due, &Books::sent}) {
    Books off = books;
    ++(off.*entry);
    EXPECT_FALSE(off.balance(kWaiting, kUnsettled));
  }
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    Books off = books;
    off.drop(static_cast<DropReason>(i));
    EXPECT_FALSE(off.balance(kWaiting, kUnsettled));
  }
  for (std::size_t i = 0; i < kUnsentReasons; ++i) {
    Books off = books;
    off.lose(static_cast<UnsentReason>(i), 1);
    EXPECT_FALSE(off.balance(kWaiting, kUnsettled));
  }
}

TEST(UnsentReason, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kUnsentReasons; ++i) names.insert(name_of(static_cast<UnsentReason>(i)));
  EXPECT_EQ(names.size(), kUnsentReasons);
  EXPECT_FALSE(names.contains(""));
}

RoomSummary summary() {
  return {.port = 5'241,
          .peers = 7,
          .waiting = kWaiting,
          .unsettled = kUnsettled,
          .kernel_dropped = 11,
          .books = balanced_books()};
}

TEST(Summary, TextIsOneLineARoomWithNonZeroReasonsOnly) {
  const std::vector<RoomSummary> rooms = {summary(), {.port = 5'242, .books = {}}};
  EXPECT_EQ(summary_text({.uptime = 90s, .rooms = rooms}),
            "open 5241: up 90 s, 7 peers (9 joined, 2 expired); received 20 = keepalives 1 + pings 2 + "
            "forwarded 4 + waiting 7 + dropped 6 (oversize "
            "5, stale 1); due 30 = sent 20 + unsent 5 (unreachable 3, shutdown 2) + unsettled 5; kernel "
            "dropped 11; books balance\n"
            "open 5242: up 90 s, 0 peers (0 joined, 0 expired); received 0 = keepalives 0 + pings 0 + "
            "forwarded 0 + waiting 0 + dropped 0; due 0 = "
            "sent 0 + unsent 0 + unsettled 0; kernel dropped 0; books balance\n");
}

TEST(Summary, SaysWhenBooksDoNotBalance) {
  RoomSummary off = summary();
  ++off.books.sent;
  EXPECT_NE(summary_text({.uptime = 1s, .rooms = {off}}).find("books DO NOT BALANCE"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(summary_json({.uptime = 1s, .rooms = {off}}))["rooms"][0]["balanced"],
            false);
}

TEST(Summary, TellsOfAHistoryWhereThereIsOne) {
  const HistoryCounters counters{.stored = 5,
                                 .given_up = 1,
                                 .waiting = 2,
                                 .waiting_bytes = 500,
                                 .commits = 3,
                                 .last_error = "disk full"};
  EXPECT_EQ(summary_text({.uptime = 1s, .history = counters}),
            "history: stored 5 in 3 commits, waiting 2 (500 bytes), given up 1; last error: disk full\n");
  const nlohmann::json expected = {{"stored", 5},          {"commits", 3},  {"waiting", 2},
                                   {"waiting_bytes", 500}, {"given_up", 1}, {"last_error", "disk full"}};
  EXPECT_EQ(nlohmann::json::parse(summary_json({.uptime = 1s, .history = counters}))["history"], expected);
  EXPECT_FALSE(nlohmann::json::parse(summary_json({.uptime = 1s})).contains("history"));
}

TEST(Summary, JsonSaysTheSame) {
  const std::vector<RoomSummary> rooms = {summary()};
  const std::string text = summary_json({.uptime = 1500ms, .rooms = rooms});
  EXPECT_EQ(text.find('\n'), text.size() - 1) << "one object a line";
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["uptime_s"], 1.5);
  const auto& room = json["rooms"][0];
  const nlohmann::json expected = {{"kind", "open"},
                                   {"port", 5'241},
                                   {"peers", 7},
                                   {"peers_joined", 9},
                                   {"peers_expired", 2},
                                   {"received", 20},
                                   {"received_bytes", 2'000},
                                   {"keepalives", 1},
                                   {"pings", 2},
                                   {"forwarded", 4},
                                   {"waiting", 7},
                                   {"dropped", 6},
                                   {"dropped_by_reason", {{"oversize", 5}, {"stale", 1}}},
                                   {"due", 30},
                                   {"sent", 20},
                                   {"sent_bytes", 1'234},
                                   {"unsent", 5},
                                   {"unsent_by_reason", {{"unreachable", 3}, {"shutdown", 2}}},
                                   {"unsettled", 5},
                                   {"kernel_dropped", 11},
                                   {"balanced", true}};
  EXPECT_EQ(room, expected) << room.dump(1);
}

}  // namespace
}  // namespace hubbub::relay
