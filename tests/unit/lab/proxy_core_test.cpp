#include "tools/lab/proxy_core.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"

namespace hubbub::lab {
namespace {

constexpr TimePoint kStart{};

Endpoint client(std::uint16_t number) {
  return {IpAddress::v4(127, 0, 0, 1), static_cast<std::uint16_t>(40'000 + number)};
}

// Writes down what leaves; each client's relay side answers only if the test says so.
class Recorder final : public ProxyOutlet {
 public:
  bool open_client(ClientId id) override {
    if (!opens) return false;
    opened.push_back(id);
    return true;
  }
  void close_client(ClientId id) override { closed.push_back(id); }
  bool send_to_relay(ClientId id, std::span<const std::byte> bytes) override {
    up.emplace_back(id, as_text(bytes));
    return takes;
  }
  bool send_to_client(const Endpoint& to, std::span<const std::byte> bytes) override {
    down.emplace_back(to, as_text(bytes));
    return takes;
  }

  bool opens = true;
  bool takes = true;
  std::vector<ClientId> opened;
  std::vector<ClientId> closed;
  std::vector<std::pair<ClientId, std::string>> up;
  std::vector<std::pair<Endpoint, std::string>> down;
};

using Up = std::vector<std::pair<ClientId, std::string>>;
using Down = std::vector<std::pair<Endpoint, std::string>>;

TEST(ProxyCore, EachClientHasAWayOfItsOwnAndHearsItsOwnAnswers) {
  Recorder recorder;
  ProxyCore core({}, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("one"));
  core.receive_from_client(kStart, client(2), as_bytes("two"));
  core.receive_from_client(kStart, client(1), as_bytes(""));
  core.receive_from_relay(kStart, 1, as_bytes("to two"));
  core.receive_from_relay(kStart, 0, as_bytes("to one"));
  EXPECT_EQ(recorder.opened, (std::vector<ClientId>{0, 1}));
  EXPECT_EQ(recorder.up, (Up{{0, "one"}, {1, "two"}, {0, ""}})) << "at once, byte for byte, empty ones too";
  EXPECT_EQ(recorder.down, (Down{{client(2), "to two"}, {client(1), "to one"}}));
  EXPECT_EQ(core.next_due(), std::nullopt);
  EXPECT_EQ(core.stats().clients, 2U);
}

TEST(ProxyCore, DelaysEachDirectionByItsOwn) {
  Recorder recorder;
  ProxyCore::Options options;
  options.up.delay = 40ms;
  options.down.delay = 10ms;
  ProxyCore core(options, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("up"));
  core.receive_from_relay(kStart + 5ms, 0, as_bytes("down"));
  EXPECT_EQ(core.next_due(), kStart + 15ms);
  core.deliver_due(kStart + 15ms - 1ns);
  EXPECT_TRUE(recorder.down.empty());
  core.deliver_due(kStart + 15ms);
  EXPECT_EQ(recorder.down, (Down{{client(1), "down"}}));
  EXPECT_TRUE(recorder.up.empty());
  EXPECT_EQ(core.stats().up.under_way, 1U);
  EXPECT_EQ(core.next_due(), kStart + 40ms);
  core.deliver_due(kStart + 43ms);
  EXPECT_EQ(recorder.up, (Up{{0, "up"}}));
  EXPECT_EQ(core.stats().up.late_max, 3ms);
  EXPECT_EQ(core.stats().up.late_mean(), 3ms);
  EXPECT_EQ(core.stats().down.late_max, 0ms);
}

TEST(ProxyCore, WhatIsDueTogetherLeavesInTheOrderItCame) {
  Recorder recorder;
  ProxyCore::Options options;
  options.up.delay = 40ms;
  ProxyCore core(options, recorder);
  Up expected;
  for (int i = 0; i < 50; ++i) {
    core.receive_from_client(kStart, client(1), as_bytes(std::to_string(i)));
    expected.emplace_back(0, std::to_string(i));
  }
  core.deliver_due(kStart + 1s);
  EXPECT_EQ(recorder.up, expected);
}

TEST(ProxyCore, CorruptsOneBitOfEachCopyAlike) {
  Recorder recorder;
  ProxyCore::Options options;
  options.down.corrupt = 1;
  options.down.duplicate = 1;
  ProxyCore core(options, recorder);
  core.receive_from_client(kStart, client(1), {});
  const std::string sent(20, 'a');
  core.receive_from_relay(kStart, 0, as_bytes(sent));
  ASSERT_EQ(recorder.down.size(), 2U);
  EXPECT_EQ(recorder.down[0], recorder.down[1]);
  int changed = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    changed += std::popcount(static_cast<unsigned char>(recorder.down[0].second[i] ^ sent[i]));
  }
  EXPECT_EQ(changed, 1);
}

// What a stream of `count` datagrams each way looks like at both ends.
std::pair<Up, Down> conversation(std::uint64_t seed, int clients, int count) {
  Recorder recorder;
  ProxyCore::Options options;
  options.seed = seed;
  options.up.loss = 0.2;
  options.up.jitter = 50ms;
  options.up.reorder = true;
  options.down.loss = 0.2;
  options.down.duplicate = 0.1;
  ProxyCore core(options, recorder);
  TimePoint now = kStart;
  for (int i = 0; i < count; ++i, now += 20ms) {
    for (int c = 0; c < clients; ++c) {
      core.receive_from_client(now, client(static_cast<std::uint16_t>(c)), as_bytes(std::to_string(i)));
      core.receive_from_relay(now, static_cast<ClientId>(c), as_bytes(std::to_string(i)));
    }
    core.deliver_due(now);
  }
  core.deliver_due(now + 1s);
  const ProxyStats stats = core.stats();
  EXPECT_TRUE(stats.up.balances());
  EXPECT_TRUE(stats.down.balances());
  EXPECT_EQ(stats.up.link.in, static_cast<std::uint64_t>(clients * count));
  EXPECT_EQ(stats.up.sent, recorder.up.size());
  EXPECT_EQ(stats.down.sent, recorder.down.size());
  return {recorder.up, recorder.down};
}

TEST(ProxyCore, ARunRepeatsFromItsSeed) {
  EXPECT_EQ(conversation(7, 3, 500), conversation(7, 3, 500));
  EXPECT_NE(conversation(7, 3, 500), conversation(8, 3, 500));
}

TEST(ProxyCore, ClientsAndDirectionsLoseDifferently) {
  const auto [up, down] = conversation(7, 2, 500);
  std::vector<std::string> first_up;
  std::vector<std::string> second_up;
  std::vector<std::string> first_down;
  for (const auto& [id, text] : up) (id == 0 ? first_up : second_up).push_back(text);
  for (const auto& [to, text] : down) {
    if (to == client(0)) first_down.push_back(text);
  }
  EXPECT_NE(first_up, second_up);
  EXPECT_NE(first_up, first_down);
}

// The number of clients does not shift what the first one meets.
TEST(ProxyCore, AClientsLinksAreItsOwn) {
  const auto alone = conversation(7, 1, 300).first;
  Up first;
  for (const auto& each : conversation(7, 3, 300).first) {
    if (each.first == 0) first.push_back(each);
  }
  EXPECT_EQ(first, alone);
}

TEST(ProxyCore, OutagesCountFromAClientsFirstDatagram) {
  Recorder recorder;
  ProxyCore::Options options;
  options.up.outages = {{10s, 2s}};
  ProxyCore core(options, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("a0"));
  core.receive_from_client(kStart + 5s, client(2), as_bytes("b0"));
  core.receive_from_client(kStart + 10s, client(1), as_bytes("a1"));
  core.receive_from_client(kStart + 10s, client(2), as_bytes("b1"));
  core.receive_from_client(kStart + 15s, client(1), as_bytes("a2"));
  core.receive_from_client(kStart + 15s, client(2), as_bytes("b2"));
  EXPECT_EQ(recorder.up, (Up{{0, "a0"}, {1, "b0"}, {1, "b1"}, {0, "a2"}}));
  EXPECT_EQ(core.stats().up.link.lost_outage, 2U);
}

TEST(ProxyCore, TurnsAwayOneClientTooMany) {
  Recorder recorder;
  ProxyCore core({.seed = 1, .up = {}, .down = {}, .max_clients = 2}, recorder);
  for (std::uint16_t number = 1; number <= 3; ++number)
    core.receive_from_client(kStart, client(number), as_bytes("x"));
  EXPECT_EQ(recorder.opened.size(), 2U);
  EXPECT_EQ(core.stats().turned_away, 1U);
  core.receive_from_client(kStart, client(2), as_bytes("x"));
  EXPECT_EQ(core.stats().turned_away, 1U) << "those who are in stay in";
  EXPECT_EQ(core.stats().up.link.in, 3U);
}

TEST(ProxyCore, TurnsAwayAClientTheSystemHasNoSocketFor) {
  Recorder recorder;
  recorder.opens = false;
  ProxyCore core({}, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("x"));
  EXPECT_EQ(core.stats().turned_away, 1U);
  EXPECT_EQ(core.stats().clients, 0U);
  recorder.opens = true;
  core.receive_from_client(kStart, client(1), as_bytes("y"));
  EXPECT_EQ(recorder.up, (Up{{0, "y"}}));
}

TEST(ProxyCore, ForgetsTheSilentAndKeepsWhatTheyCounted) {
  Recorder recorder;
  ProxyCore core({.seed = 1, .up = {}, .down = {}, .max_clients = 2}, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("x"));
  core.receive_from_client(kStart + 1s, client(2), as_bytes("x"));
  core.receive_from_relay(kStart + 59s, 0,
                          as_bytes("y"));  // the relay's voice does not keep a client that is gone
  core.expire(kStart + kProxyClientIdle - 1ns);
  EXPECT_TRUE(recorder.closed.empty());
  core.expire(kStart + kProxyClientIdle);
  EXPECT_EQ(recorder.closed, (std::vector<ClientId>{0}));
  core.receive_from_client(kStart + kProxyClientIdle, client(1), as_bytes("x"));
  EXPECT_EQ(recorder.opened, (std::vector<ClientId>{0, 1, 2}))
      << "back as a new client, in the room that was made";
  const ProxyStats stats = core.stats();
  EXPECT_EQ(stats.clients, 3U);
  EXPECT_EQ(stats.up.link.in, 3U);
  EXPECT_EQ(stats.down.link.in, 1U);
  EXPECT_TRUE(stats.up.balances());
  EXPECT_TRUE(stats.down.balances());
}

TEST(ProxyCore, ACopyForAForgottenClientStillArrives) {
  Recorder recorder;
  ProxyCore::Options options;
  options.down.delay = 5s;
  ProxyCore core(options, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("x"));
  core.receive_from_relay(kStart + kProxyClientIdle - 1s, 0, as_bytes("late"));
  core.expire(kStart + kProxyClientIdle);
  core.deliver_due(kStart + kProxyClientIdle + 4s);
  EXPECT_EQ(recorder.down, (Down{{client(1), "late"}}));
  EXPECT_TRUE(core.stats().down.balances());
}

TEST(ProxyCore, NothingGoesUpByAWayThatIsClosed) {
  Recorder recorder;
  ProxyCore::Options options;
  options.up.delay = impair::kMaxDelay;
  ProxyCore core(options, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("x"));
  core.expire(kStart + kProxyClientIdle);  // a loop that stood still for a minute
  EXPECT_EQ(recorder.up.size(), 1U) << "sent before the way was closed";
  EXPECT_EQ(recorder.closed.size(), 1U);
}

TEST(ProxyCore, WhatIsUnderWayIsBounded) {
  Recorder recorder;
  ProxyCore::Options options;
  options.up.delay = 1s;
  options.max_bytes_under_way = 3 * (100 + kUnderWayOverhead);
  ProxyCore core(options, recorder);
  const std::string hundred(100, 'x');
  for (int i = 0; i < 5; ++i) core.receive_from_client(kStart, client(1), as_bytes(hundred));
  EXPECT_EQ(core.stats().up.under_way, 3U);
  EXPECT_EQ(core.stats().up.overflowed, 2U);
  EXPECT_TRUE(core.stats().up.balances());
  core.deliver_due(kStart + 1s);
  core.receive_from_client(kStart + 1s, client(1), as_bytes(hundred));
  EXPECT_EQ(core.stats().up.under_way, 1U) << "there is room again";
  EXPECT_EQ(core.stats().up.sent, 3U);
}

TEST(ProxyCore, CountsWhatTheSystemRefuses) {
  Recorder recorder;
  recorder.takes = false;
  ProxyCore core({}, recorder);
  core.receive_from_client(kStart, client(1), as_bytes("x"));
  EXPECT_EQ(core.stats().up.refused, 1U);
  EXPECT_EQ(core.stats().up.sent, 0U);
  EXPECT_TRUE(core.stats().up.balances());
}

}  // namespace
}  // namespace hubbub::lab
