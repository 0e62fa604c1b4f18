// Timers on a real loop: after a standstill, first what has arrived, and then the time.
#include "relay/net/loop.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "relay/net/udp_socket.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub::net {
namespace {

// A socket that hears itself, and a timer that became due while nobody looked.
class Standstill : public ::testing::Test {
 protected:
  Standstill()
      : socket_(
            loop_, {IpAddress::v4(127, 0, 0, 1), 0},
            [this](TimePoint, const Endpoint&, std::span<const std::byte>) { received(); },
            [](TimePoint, int) {}),
        timer_(loop_, [this](TimePoint) { fired(); }) {}

  void received() {
    order_ += 'r';
    if (stops_timer_) timer_.stop();
    if (stops_timer_ && order_.size() == kDatagrams) loop_.stop();
  }
  void fired() {
    order_ += 't';
    if (order_.size() >= kDatagrams + 2) loop_.stop();
  }
  void run() {
    timer_.start(1ms, 1ms);
    for (std::size_t i = 0; i < kDatagrams; ++i)
      ASSERT_EQ(socket_.send_to(socket_.local(), bytes_of("voice")), 0);
    std::this_thread::sleep_for(20ms);
    loop_.run();
  }

  static constexpr std::size_t kDatagrams = 5;
  Loop loop_;
  bool stops_timer_ = false;
  std::string order_;
  UdpSocket socket_;
  Timer timer_;
};

TEST_F(Standstill, WhatArrivedComesBeforeTheTime) {
  run();
  EXPECT_EQ(order_, "rrrrrtt");
}

TEST_F(Standstill, AStoppedTimerDoesNotFireThoughItWasDue) {
  stops_timer_ = true;
  run();
  EXPECT_EQ(order_, "rrrrr");
}

}  // namespace
}  // namespace hubbub::net
