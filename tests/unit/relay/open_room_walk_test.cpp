// A long random walk of an open room beside an independent model of it: every peer must get exactly what the
// model says, every counter must agree, and the books must balance after each of many thousands of steps.
#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "relay/core/open_room.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub::relay {
namespace {

constexpr TimePoint kStart{std::chrono::hours(1)};
const Duration kGrain = 15'625us;  // a 64th of a second: rates of powers of two stay exact in floating point
constexpr std::size_t kPongsThatMayWait = 256;

// The rules of an open room, written the slow and obvious way.
class Model {
 public:
  explicit Model(const OpenRoomOptions& options) : options_(options) {}

  void receive(TimePoint now, const Endpoint& from, const std::string& bytes, bool truncated) {
    ++books.received;
    books.received_bytes += bytes.size();
    if (from.port < 1'024) return books.drop(DropReason::kPrivilegedPort);
    if (!from.address.is_private()) return books.drop(DropReason::kPublicSource);
    if (truncated) return books.drop(DropReason::kOversize);
    if (!peers_.contains(from)) {
      if (peers_.size() == options_.max_peers) return books.drop(DropReason::kRoomFull);
      ++books.peers_joined;
      peers_[from] = {.heard = now, .tokens = options_.peer_rate, .refilled = now};
    }
    Peer& peer = peers_[from];
    peer.heard = now;
    if (options_.peer_rate > 0) {
      peer.tokens =
          std::min(options_.peer_rate, peer.tokens + to_seconds(now - peer.refilled) * options_.peer_rate);
      peer.refilled = now;
      if (peer.tokens < 1) return books.drop(DropReason::kRateLimited);
      peer.tokens -= 1;
    }
    if (bytes.empty()) {
      ++books.keepalives;
    } else if (bytes.size() == 9 && bytes[0] == 5) {
      if (pongs_.size() == kPongsThatMayWait) return books.drop(DropReason::kRateLimited);
      ++books.pings;
      ++books.due;
      pongs_.insert({from, "\x06" + bytes.substr(1)});
    } else {
      const auto first = static_cast<unsigned char>(bytes[0]);
      const auto second = static_cast<unsigned char>(bytes.size() > 1 ? bytes[1] : '\0');
      const bool voice = first >= 0x80 && first < 0xC0 && !(second >= 192 && second < 224);
      std::deque<Datagram>& queue = voice ? voice_ : data_;
      if (queue.size() == (voice ? kVoiceQueueDatagrams : kDataQueueDatagrams)) {
        queue.pop_front();
        books.drop(DropReason::kQueueFull);
      }
      queue.push_back({.arrived = now, .from = from, .bytes = bytes});
    }
  }

  // Brings the model to where the room must be when it is asked what is next. False when nothing is.
  bool advance(TimePoint now) {
    while (pongs_.empty() && still_due_.empty()) {
      if (expiry_due_) expire(now);
      while (!voice_.empty() && now - voice_.front().arrived > kVoiceUsefulFor) {
        voice_.pop_front();
        books.drop(DropReason::kStale);
      }
      if (voice_.empty() && data_.empty()) return false;
      const bool voices_turn = !voice_.empty() && (data_.empty() || data_run_ >= kDataBurst);
      data_run_ = voices_turn ? 0 : data_run_ + 1;
      std::deque<Datagram>& queue = voices_turn ? voice_ : data_;
      current_ = queue.front();
      queue.pop_front();
      ++books.forwarded;
      for (const auto& [endpoint, peer] : peers_) {
        if (endpoint != current_.from) still_due_.insert(endpoint);
      }
      books.due += still_due_.size();
    }
    return true;
  }

  // A copy was dealt with. Fails the test unless exactly this copy was due.
  void copy(const Endpoint& to, const std::string& bytes, bool left) {
    if (!pongs_.empty()) {
      const auto pong = pongs_.find({to, bytes});
      ASSERT_NE(pong, pongs_.end()) << "not a pong that is due";
      pongs_.erase(pong);
    } else {
      ASSERT_EQ(bytes, current_.bytes);
      ASSERT_EQ(still_due_.erase(to), 1U) << to.to_string() << " was not due a copy, or has it already";
    }
    if (!left) return;
    ++books.sent;
    books.sent_bytes += bytes.size();
  }

  void expire(TimePoint now) {
    expiry_due_ = !still_due_.empty();
    if (expiry_due_) return;
    books.peers_expired += std::erase_if(
        peers_, [&](const auto& entry) { return now - entry.second.heard >= options_.timeout; });
  }

  void shut_down() {
    books.lose(UnsentReason::kShutdown, unsettled());
    for (std::size_t i = waiting(); i > 0; --i) books.drop(DropReason::kShutdown);
    pongs_.clear();
    still_due_.clear();
    voice_.clear();
    data_.clear();
  }

  [[nodiscard]] std::size_t peers() const { return peers_.size(); }
  [[nodiscard]] std::size_t waiting() const { return voice_.size() + data_.size(); }
  [[nodiscard]] std::size_t unsettled() const { return pongs_.size() + still_due_.size(); }
  [[nodiscard]] std::size_t due_now() const { return pongs_.empty() ? still_due_.size() : 1; }

  Books books;

 private:
  struct Peer {
    TimePoint heard;
    double tokens = 0;
    TimePoint refilled;
  };
  struct Datagram {
    TimePoint arrived;
    Endpoint from;
    std::string bytes;
  };

  OpenRoomOptions options_;
  std::map<Endpoint, Peer> peers_;
  std::deque<Datagram> voice_;
  std::deque<Datagram> data_;
  std::multiset<std::pair<Endpoint, std::string>> pongs_;
  Datagram current_;
  std::set<Endpoint> still_due_;
  int data_run_ = 0;
  bool expiry_due_ = false;
};

class Walk {
 public:
  Walk(std::uint64_t seed, const OpenRoomOptions& options)
      : random_(seed), model_(options), room_(options, policy_, seed) {}

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
      SCOPED_TRACE(step);
      // Phases: calm, a crowd, a socket that hardly takes anything.
      const int phase = step / 1'500 % 3;
      if (below(4) == 0) now_ += static_cast<int>(below(phase == 0 ? 8 : 2)) * kGrain;
      const auto roll = below(100);
      if (roll < (phase == 0 ? 55U : 80U)) {
        hear();
      } else if (roll < 97) {
        send(phase == 2 ? below(3) : below(200));
      } else {
        room_.expire(now_);
        model_.expire(now_);
      }
      compare();
    }
    room_.shut_down();
    model_.shut_down();
    compare();
    EXPECT_FALSE(room_.next(now_).has_value());
  }

  [[nodiscard]] const Books& books() const { return room_.books(); }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Endpoint anyone() {
    const auto n = below(100) < 95 ? below(12) : below(60);
    const auto byte = static_cast<std::uint8_t>(n);
    if (below(200) == 0) return {IpAddress::v4(8, 8, 8, byte), 40'000};
    if (below(200) == 0) return {IpAddress::v4(10, 0, 0, byte), 1'023};
    if (n % 3 == 0)
      return {IpAddress({0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}), 40'000,
              static_cast<std::uint32_t>(n)};
    if (n % 3 == 1) return {IpAddress::v4(10, 0, 0, 9), static_cast<std::uint16_t>(40'000 + n)};
    return {IpAddress::v4(10, 0, 0, byte), 40'000};
  }

  std::string anything() {
    const std::string unique = std::to_string(++sent_);
    switch (below(8)) {
      case 0:
        return {};
      case 1:
        return "\x05" + (unique + "........").substr(0, 8);
      case 2:
        return "text " + unique;
      case 3:
        return "\x80\xC8" + unique;
      case 4:
        return std::string(1, static_cast<char>(below(256))) + unique;
      case 5:
        return std::string(below(kMaxOpenDatagramBytes) + 1, static_cast<char>(below(256)));
      default:
        return "\x80\x6F" + unique;
    }
  }

  void hear() {
    const Endpoint from = anyone();
    const std::string bytes = anything();
    const bool truncated = below(300) == 0;
    room_.receive(now_, from, IpAddress::v4(10, 0, 0, 254), as_bytes(bytes), truncated);
    model_.receive(now_, from, bytes, truncated);
  }

  // What a socket does: takes up to `budget` copies, of which the last of a batch may fail.
  void send(std::uint64_t budget) {
    while (true) {
      const bool something = model_.advance(now_);
      const auto outgoing = room_.next(now_);
      ASSERT_EQ(outgoing.has_value(), something);
      if (!something) return;
      ASSERT_FALSE(outgoing->recipients.empty());
      ASSERT_LE(outgoing->recipients.size(), model_.due_now());
      const std::size_t done = std::min<std::size_t>(below(outgoing->recipients.size() + 1), budget);
      const bool failed = done > 0 && below(5) == 0;
      const std::string payload(as_text(outgoing->payload));
      for (std::size_t i = 0; i < done; ++i)
        model_.copy(outgoing->recipients[i].to, payload, !(failed && i + 1 == done));
      const auto reason = static_cast<UnsentReason>(below(3));
      room_.settle(done, failed ? 1 : 0, reason);
      if (failed) model_.books.lose(reason, 1);
      compare();
      if (done == 0 || testing::Test::HasFatalFailure()) return;
      budget -= done;
    }
  }

  void compare() {
    const Books& a = room_.books();
    const Books& b = model_.books;
    ASSERT_TRUE(room_.books_balance());
    ASSERT_EQ(a.received, b.received);
    ASSERT_EQ(a.received_bytes, b.received_bytes);
    ASSERT_EQ(a.keepalives, b.keepalives);
    ASSERT_EQ(a.pings, b.pings);
    ASSERT_EQ(a.forwarded, b.forwarded);
    ASSERT_EQ(a.dropped, b.dropped);
    ASSERT_EQ(a.due, b.due);
    ASSERT_EQ(a.sent, b.sent);
    ASSERT_EQ(a.sent_bytes, b.sent_bytes);
    ASSERT_EQ(a.unsent, b.unsent);
    ASSERT_EQ(a.peers_joined, b.peers_joined);
    ASSERT_EQ(a.peers_expired, b.peers_expired);
    ASSERT_EQ(room_.peers(), model_.peers());
    ASSERT_EQ(room_.waiting(), model_.waiting());
    ASSERT_EQ(room_.unsettled(), model_.unsettled());
  }

  std::mt19937_64 random_;
  SourcePolicy policy_{false};
  Model model_;
  OpenRoom room_;
  TimePoint now_ = kStart;
  int sent_ = 0;
};

class OpenRoomWalk : public testing::TestWithParam<std::uint64_t> {};

TEST_P(OpenRoomWalk, AgreesWithTheModel) {
  const std::uint64_t seed = GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  OpenRoomOptions options{.timeout = 1s + 500ms, .max_peers = 20, .peer_rate = 0};
  if (seed % 2 == 0) options.peer_rate = 8;
  if (seed % 3 == 0) options.max_peers = 5;
  Walk walk(seed, options);
  walk.run(18'000);
  // The walk is worth something only where it comes by everything.
  const Books& books = walk.books();
  EXPECT_GT(books.forwarded, 300U);
  EXPECT_GT(books.sent, 3'000U);
  EXPECT_GT(books.peers_expired, 0U);
  EXPECT_GT(books.dropped_for(DropReason::kOversize), 0U);
  EXPECT_GT(books.dropped_for(DropReason::kPublicSource), 0U);
  EXPECT_GT(books.dropped_for(DropReason::kPrivilegedPort), 0U);
  EXPECT_GT(books.dropped_for(DropReason::kStale), 0U);
  EXPECT_GT(books.dropped_for(DropReason::kShutdown) +
                books.unsent[static_cast<std::size_t>(UnsentReason::kShutdown)],
            0U);
  if (options.peer_rate > 0) {
    EXPECT_GT(books.dropped_for(DropReason::kRateLimited), 0U);
  }
  if (options.peer_rate == 0) {
    EXPECT_GT(books.dropped_for(DropReason::kQueueFull), 0U);
  }
  if (options.max_peers == 5) {
    EXPECT_GT(books.dropped_for(DropReason::kRoomFull), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, OpenRoomWalk, testing::Range(std::uint64_t{1}, std::uint64_t{13}));

}  // namespace
}  // namespace hubbub::relay
