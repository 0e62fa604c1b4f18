// An open room, rule by rule: who is learned and forgotten, what goes to whom, each limit at its edge, each
// reason to drop. After every call the books must balance.
#include "relay/core/open_room.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/wire/test_bytes.h"

namespace hubbub::relay {
namespace {

constexpr TimePoint kStart{std::chrono::hours(1)};
const IpAddress kOurs = IpAddress::v4(10, 0, 0, 254);

Endpoint peer(int n) {
  return {IpAddress::v4(10, 0, static_cast<std::uint8_t>(n / 200), static_cast<std::uint8_t>(1 + n % 200)),
          40'000};
}

Bytes rtp(int n) {
  return bytes_of({0x80, 111, n / 256, n % 256, 0, 0, 0, 0, 0, 0, 0, 1, 'v'});
}
Bytes ping(int token) {
  return bytes_of({0x05, 0, 0, 0, 0, 0, 0, token / 256, token % 256});
}

// A room and the socket it believes in: what it was told to send, to whom.
class OpenRoomTest : public testing::Test {
 protected:
  explicit OpenRoomTest(const OpenRoomOptions& options = {}) : room_(options, policy_, 99) {}

  void hear(int from, const Bytes& bytes, TimePoint at = kStart, bool truncated = false) {
    hear_from(peer(from), bytes, at, truncated);
  }
  void hear(int from, const std::string& text, TimePoint at = kStart) { hear(from, bytes_of(text), at); }
  void hear_from(const Endpoint& from, const Bytes& bytes, TimePoint at = kStart, bool truncated = false) {
    room_.receive(at, from, kOurs, bytes, truncated);
    check();
  }
  void join(int count, TimePoint at = kStart) {
    for (int i = 0; i < count; ++i) hear(i, Bytes(), at);
  }
  void expire(TimePoint at) {
    room_.expire(at);
    check();
  }
  // Sends at most `limit` copies. True when that was all there is.
  bool send(std::size_t limit, TimePoint at = kStart) {
    while (true) {
      const auto outgoing = room_.next(at);
      check();
      if (!outgoing) return true;
      EXPECT_FALSE(outgoing->recipients.empty());
      const std::size_t count = std::min(limit, outgoing->recipients.size());
      for (const Recipient& recipient : outgoing->recipients.first(count)) {
        got_[recipient.to].emplace_back(as_text(outgoing->payload));
        sent_from_[recipient.to] = recipient.from;
      }
      room_.settle(count, 0, UnsentReason::kOtherError);
      check();
      limit -= count;
      if (limit == 0) return false;
    }
  }
  bool send_all(TimePoint at = kStart) { return send(1'000'000, at); }
  void check() { ASSERT_TRUE(room_.books_balance()); }

  std::vector<std::string> take(int who) {
    auto got = std::move(got_[peer(who)]);
    got_[peer(who)].clear();
    return got;
  }
  std::size_t copies() const {
    std::size_t total = 0;
    for (const auto& [endpoint, texts] : got_) total += texts.size();
    return total;
  }
  std::uint64_t dropped(DropReason reason) const { return room_.books().dropped_for(reason); }
  std::uint64_t unsent(UnsentReason reason) const {
    return room_.books().unsent[static_cast<std::size_t>(reason)];
  }

  using Texts = std::vector<std::string>;

  SourcePolicy policy_{false};
  OpenRoom room_;
  std::map<Endpoint, Texts> got_;
  std::map<Endpoint, IpAddress> sent_from_;
};

TEST_F(OpenRoomTest, SendsToEverybodyElseByteForByte) {
  join(4);
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::byte>(i + 0x80);
  hear(1, all);
  EXPECT_EQ(room_.waiting(), 1U);
  EXPECT_TRUE(send_all());
  const std::string text(as_text(all));
  EXPECT_EQ(take(0), Texts{text});
  EXPECT_EQ(take(1), Texts{}) << "nobody hears themselves";
  EXPECT_EQ(take(2), Texts{text});
  EXPECT_EQ(take(3), Texts{text});
  EXPECT_EQ(room_.books().forwarded, 1U);
  EXPECT_EQ(room_.books().due, 3U);
  EXPECT_EQ(room_.books().sent, 3U);
  EXPECT_EQ(room_.books().sent_bytes, 3U * 256);
  EXPECT_EQ(room_.books().received, 5U);
  EXPECT_EQ(room_.books().received_bytes, 256U);
}

TEST_F(OpenRoomTest, EveryOriginIsSkippedWhereverItStands) {
  join(5);
  for (int from = 0; from < 5; ++from) {
    hear(from, "hi");
    EXPECT_TRUE(send_all());
    for (int to = 0; to < 5; ++to) EXPECT_EQ(take(to).size(), to == from ? 0U : 1U) << from << " to " << to;
  }
}

TEST_F(OpenRoomTest, AnyDatagramIsAWayIn) {
  hear(0, "text");
  hear(1, rtp(1));
  hear(2, Bytes());
  hear(3, ping(1));
  hear(4, bytes_of({0x01, 0x02}));
  EXPECT_EQ(room_.peers(), 5U);
  EXPECT_EQ(room_.books().peers_joined, 5U);
  EXPECT_TRUE(send_all());
}

TEST_F(OpenRoomTest, ALonelySpeakerOwesNobody) {
  hear(0, "anybody here?");
  EXPECT_EQ(room_.next(kStart), std::nullopt);
  EXPECT_EQ(room_.books().forwarded, 1U);
  EXPECT_EQ(room_.books().due, 0U);
  EXPECT_EQ(room_.waiting(), 0U);
}

TEST_F(OpenRoomTest, EveryKindIsForwardedButKeepaliveAndPing) {
  join(2);
  const Bytes pong = bytes_of({0x06, 1, 2, 3, 4, 5, 6, 7, 8});
  for (const Bytes& datagram : {rtp(1), bytes_of({0x80, 200, 0, 0}), bytes_of("text"), bytes_of({0x01}),
                                bytes_of({0x05}), bytes_of({0xFF, 0xFE}), pong}) {
    hear(0, datagram);
    EXPECT_TRUE(send_all());
    EXPECT_EQ(take(1), Texts{std::string(as_text(datagram))});
  }
  hear(0, Bytes());
  EXPECT_EQ(room_.next(kStart), std::nullopt);
  EXPECT_EQ(room_.books().keepalives, 3U);
}

TEST_F(OpenRoomTest, LargestAndSmallestDatagram) {
  join(2);
  const std::string largest(kMaxOpenDatagramBytes, '\xAA');
  hear(0, largest);
  hear(0, std::string("\0", 1));
  EXPECT_TRUE(send_all());
  const Texts expected = {std::string("\0", 1), largest};  // 0xAA begins RTP: voice, which data may overtake
  EXPECT_EQ(take(1), expected);
}

TEST_F(OpenRoomTest, AnswersAPingToItsSenderOnly) {
  join(3);
  hear(1, ping(0x1234));
  EXPECT_EQ(room_.unsettled(), 1U);
  const auto outgoing = room_.next(kStart);
  ASSERT_TRUE(outgoing.has_value());
  EXPECT_TRUE(same(outgoing->payload, bytes_of({0x06, 0, 0, 0, 0, 0, 0, 0x12, 0x34})));
  ASSERT_EQ(outgoing->recipients.size(), 1U);
  EXPECT_EQ(outgoing->recipients[0].to, peer(1));
  EXPECT_EQ(outgoing->recipients[0].from, kOurs);
  EXPECT_TRUE(send_all());
  EXPECT_EQ(copies(), 1U);
  EXPECT_EQ(room_.books().pings, 1U);
  EXPECT_EQ(room_.books().due, 1U);
  EXPECT_EQ(room_.books().sent_bytes, Probe::kBytes);
}

TEST_F(OpenRoomTest, AnswersLeaveFromTheAddressThePeerTalksTo) {
  const IpAddress second = IpAddress::v4(10, 0, 0, 253);
  hear(0, Bytes());
  room_.receive(kStart, peer(1), second, {}, false);
  hear(0, "a");
  hear(1, ping(1));  // by now peer 1 talks to kOurs
  EXPECT_TRUE(send_all());
  EXPECT_EQ(sent_from_[peer(1)], kOurs);
  room_.receive(kStart, peer(1), second, bytes_of("b"), false);
  hear(0, "c");
  EXPECT_TRUE(send_all());
  EXPECT_EQ(sent_from_[peer(1)], second);
  EXPECT_EQ(sent_from_[peer(0)], kOurs);
}

TEST_F(OpenRoomTest, SameAddressOtherPortIsAnotherPeer) {
  Endpoint a = peer(0);
  Endpoint b = a;
  b.port = 40'001;
  Endpoint c{IpAddress::parse("fe80::1").value(), 40'000, 1};
  Endpoint d = c;
  d.zone = 2;
  for (const Endpoint& e : {a, b, c, d}) hear_from(e, Bytes());
  EXPECT_EQ(room_.peers(), 4U);
  hear_from(a, bytes_of("hi"));
  EXPECT_TRUE(send_all());
  EXPECT_EQ(got_[b].size() + got_[c].size() + got_[d].size(), 3U);
}

// --- Forgetting
// -------------------------------------------------------------------------------------------------------

TEST_F(OpenRoomTest, ForgetsAtTheExactTimeout) {
  join(2);
  hear(1, Bytes(), kStart + 1ns);
  expire(kStart + kDefaultPeerTimeout - 1ns);
  EXPECT_EQ(room_.peers(), 2U);
  expire(kStart + kDefaultPeerTimeout);
  EXPECT_EQ(room_.peers(), 1U);
  EXPECT_EQ(room_.books().peers_expired, 1U);
  hear(2, "to whom?", kStart + kDefaultPeerTimeout);
  EXPECT_TRUE(send_all(kStart + kDefaultPeerTimeout));
  EXPECT_EQ(take(0), Texts{}) << "forgotten";
  EXPECT_EQ(take(1), Texts{"to whom?"});
}

TEST_F(OpenRoomTest, EveryKindOfDatagramRefreshes) {
  const TimePoint late = kStart + kDefaultPeerTimeout - 1s;
  join(4);
  hear(0, Bytes(), late);
  hear(1, ping(1), late);
  hear(2, rtp(1), late);
  EXPECT_TRUE(send_all(late));
  expire(kStart + kDefaultPeerTimeout);
  EXPECT_EQ(room_.peers(), 3U);
  hear(3, "back again", kStart + kDefaultPeerTimeout);
  EXPECT_EQ(room_.books().peers_joined, 5U);
}

TEST_F(OpenRoomTest, ForgettingAnyoneLeavesTheOthersWhole) {
  // Each subset of five peers falls silent in turn; the rest must still be found, and hear each other once.
  for (unsigned silent = 0; silent < 32; ++silent) {
    OpenRoom room({}, policy_, silent);
    for (int i = 0; i < 5; ++i) room.receive(kStart, peer(i), kOurs, {}, false);
    std::size_t left = 0;
    for (int i = 0; i < 5; ++i) {
      if ((silent >> i & 1U) != 0) continue;
      room.receive(kStart + 10s, peer(i), kOurs, {}, false);
      ++left;
    }
    const TimePoint now = kStart + kDefaultPeerTimeout;
    room.expire(now);
    ASSERT_EQ(room.peers(), left);
    for (int from = 0; from < 5; ++from) {
      if ((silent >> from & 1U) != 0) continue;
      room.receive(now, peer(from), kOurs, bytes_of("x"), false);
      ASSERT_EQ(room.peers(), left) << "known, not learned again";
      std::multiset<Endpoint> heard;
      while (const auto outgoing = room.next(now)) {
        for (const Recipient& recipient : outgoing->recipients) heard.insert(recipient.to);
        room.settle(outgoing->recipients.size(), 0, UnsentReason::kOtherError);
      }
      for (int to = 0; to < 5; ++to)
        EXPECT_EQ(heard.count(peer(to)), (silent >> to & 1U) == 0 && to != from ? 1U : 0U);
    }
    ASSERT_TRUE(room.books_balance());
  }
}

TEST_F(OpenRoomTest, AForgottenPeersLastWordsReachEverybodyLeft) {
  const TimePoint now = kStart + kDefaultPeerTimeout;
  hear(0, Bytes(), now);
  hear(1, "my last words", kStart);
  hear(2, Bytes(), now);
  expire(now);
  EXPECT_EQ(room_.peers(), 2U);
  EXPECT_TRUE(send_all(now));
  EXPECT_EQ(take(0), Texts{"my last words"});
  EXPECT_EQ(take(2), Texts{"my last words"});
  EXPECT_EQ(room_.books().due, 2U);
}

// --- A broadcast that pauses
// --------------------------------------------------------------------------------------------

TEST_F(OpenRoomTest, APausedBroadcastGoesOnWhereItStopped) {
  join(10);
  hear(4, "one");
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(room_.unsettled(), i == 0 ? 0U : 9U - i);
    EXPECT_FALSE(send(1));
  }
  EXPECT_TRUE(send(1));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(take(i), i == 4 ? Texts{} : Texts{"one"}) << i;
}

TEST_F(OpenRoomTest, BlockedAtOnceLosesNothing) {
  join(3);
  hear(0, "x");
  const auto first = room_.next(kStart);
  ASSERT_TRUE(first.has_value());
  const std::size_t due = first->recipients.size();
  room_.settle(0, 0, UnsentReason::kOtherError);
  check();
  const auto again = room_.next(kStart);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->recipients.size(), due);
  EXPECT_EQ(as_text(again->payload), "x");
  EXPECT_TRUE(send_all());
  EXPECT_EQ(room_.books().sent, 2U);
}

TEST_F(OpenRoomTest, ExpiryWaitsForThePausedBroadcast) {
  const TimePoint now = kStart + kDefaultPeerTimeout;
  join(5);
  hear(0, "x", now);
  EXPECT_FALSE(send(1, now));
  expire(now);
  EXPECT_EQ(room_.peers(), 5U) << "not in the middle";
  hear(3, Bytes(), now);  // comes back just in time
  EXPECT_TRUE(send_all(now));
  for (int i = 1; i < 5; ++i) EXPECT_EQ(take(i), Texts{"x"});
  EXPECT_EQ(room_.peers(), 2U) << "the two that were heard";
  EXPECT_EQ(room_.books().peers_expired, 3U);
}

TEST_F(OpenRoomTest, ExpiryBetweenTheLastCopyAndTheNextQuestion) {
  const TimePoint now = kStart + kDefaultPeerTimeout;
  for (int origin = 0; origin < 3; ++origin) {
    OpenRoom room({}, policy_, 1);
    for (int i = 0; i < 3; ++i)
      room.receive(i == origin ? now : kStart, peer(i), kOurs, i == origin ? bytes_of("x") : Bytes(), false);
    for (std::size_t left = 2; left > 0; --left) {
      const auto outgoing = room.next(now);
      ASSERT_TRUE(outgoing.has_value());
      room.settle(1, 0, UnsentReason::kOtherError);
    }
    EXPECT_EQ(room.unsettled(), 0U);
    room.expire(now);
    EXPECT_EQ(room.peers(), 1U) << "all copies are through, though nobody has asked yet";
    EXPECT_TRUE(room.books_balance());
    EXPECT_EQ(room.next(now), std::nullopt);
    room.receive(now, peer(7), kOurs, bytes_of("y"), false);
    const auto next = room.next(now);
    ASSERT_TRUE(next.has_value());
    ASSERT_EQ(next->recipients.size(), 1U);
    EXPECT_EQ(next->recipients[0].to, peer(origin));
  }
}

TEST_F(OpenRoomTest, WhoJoinsDuringABroadcastHearsTheNext) {
  join(3);
  hear(0, "one");
  EXPECT_FALSE(send(1));
  hear(5, Bytes());
  hear(6, "two");
  EXPECT_TRUE(send_all());
  EXPECT_EQ(take(5), Texts{"two"});
  EXPECT_EQ(take(6), Texts{});
  EXPECT_EQ(take(1).size() + take(2).size(), 4U);
  EXPECT_EQ(room_.books().due, 2U + 4U);
}

TEST_F(OpenRoomTest, APingOvertakesAPausedBroadcast) {
  join(3);
  hear(0, "one");
  EXPECT_FALSE(send(1));
  hear(2, ping(7));
  const auto outgoing = room_.next(kStart);
  ASSERT_TRUE(outgoing.has_value());
  EXPECT_EQ(outgoing->payload[0], Probe::kPongByte);
  EXPECT_EQ(room_.unsettled(), 2U);
  room_.settle(0, 0, UnsentReason::kOtherError);  // blocked
  check();
  EXPECT_EQ(room_.unsettled(), 2U);
  EXPECT_TRUE(send_all());
  EXPECT_EQ(take(2).size(), 2U);
}

TEST_F(OpenRoomTest, APongOutlivesItsPeer) {
  const TimePoint now = kStart + kDefaultPeerTimeout;
  hear(0, ping(1));
  expire(now);
  EXPECT_EQ(room_.peers(), 0U);
  EXPECT_TRUE(send_all(now));
  EXPECT_EQ(copies(), 1U);
}

// --- Copies that do not leave
// -------------------------------------------------------------------------------------------

TEST_F(OpenRoomTest, UnsentCopiesAreCountedByReason) {
  join(5);
  hear(0, "four");
  ASSERT_TRUE(room_.next(kStart).has_value());
  room_.settle(2, 1, UnsentReason::kUnreachable);
  check();
  ASSERT_TRUE(room_.next(kStart).has_value());
  room_.settle(1, 1, UnsentReason::kRefused);
  check();
  ASSERT_TRUE(room_.next(kStart).has_value());
  room_.settle(1, 0, UnsentReason::kOtherError);
  check();
  EXPECT_EQ(room_.next(kStart), std::nullopt);
  EXPECT_EQ(room_.books().sent, 2U);
  EXPECT_EQ(room_.books().sent_bytes, 8U);
  EXPECT_EQ(unsent(UnsentReason::kUnreachable), 1U);
  EXPECT_EQ(unsent(UnsentReason::kRefused), 1U);
  EXPECT_EQ(unsent(UnsentReason::kOtherError), 0U);
}

TEST_F(OpenRoomTest, AnUnsentPongIsCountedToo) {
  hear(0, ping(1));
  ASSERT_TRUE(room_.next(kStart).has_value());
  room_.settle(1, 1, UnsentReason::kOtherError);
  check();
  EXPECT_EQ(room_.next(kStart), std::nullopt);
  EXPECT_EQ(room_.books().sent_bytes, 0U);
  EXPECT_EQ(unsent(UnsentReason::kOtherError), 1U);
}

using OpenRoomDeathTest = OpenRoomTest;
TEST_F(OpenRoomDeathTest, SettlingMoreThanThereIsIsABug) {
  EXPECT_DEATH(room_.settle(1, 0, UnsentReason::kOtherError), "bug: CHECK");
  join(3);
  hear(0, "x");
  static_cast<void>(room_.next(kStart));
  EXPECT_DEATH(room_.settle(1, 2, UnsentReason::kOtherError), "bug: CHECK");
  EXPECT_DEATH(room_.settle(4, 0, UnsentReason::kOtherError), "bug: CHECK");
}

// --- Limits and reasons to drop
// -----------------------------------------------------------------------------------------

TEST_F(OpenRoomTest, RefusedSourcesAreNotRemembered) {
  policy_.set_own({.addresses = {kOurs}, .broadcasts = {}, .ports = {5'241}});
  hear_from({IpAddress::v4(8, 8, 8, 8), 40'000}, bytes_of("x"));
  hear_from({IpAddress::v4(10, 0, 0, 9), 53}, bytes_of("x"));
  hear_from({kOurs, 5'241}, bytes_of("x"));
  hear_from({IpAddress::v4(224, 0, 0, 1), 40'000}, Bytes());
  EXPECT_EQ(room_.peers(), 0U);
  EXPECT_EQ(room_.waiting(), 0U);
  EXPECT_EQ(dropped(DropReason::kPublicSource), 1U);
  EXPECT_EQ(dropped(DropReason::kPrivilegedPort), 1U);
  EXPECT_EQ(dropped(DropReason::kOwnAddress), 1U);
  EXPECT_EQ(dropped(DropReason::kUnusableSource), 1U);
  EXPECT_EQ(room_.books().received, 4U);
  EXPECT_EQ(room_.books().received_bytes, 3U);
}

TEST_F(OpenRoomTest, OversizeIsDroppedAndJoinsNobody) {
  hear(0, Bytes(kMaxOpenDatagramBytes), kStart, true);
  EXPECT_EQ(dropped(DropReason::kOversize), 1U);
  EXPECT_EQ(room_.peers(), 0U);
  hear(0, Bytes(kMaxOpenDatagramBytes), kStart, false);
  EXPECT_EQ(dropped(DropReason::kOversize), 1U);
  EXPECT_EQ(room_.peers(), 1U);
}

class SmallRoomTest : public OpenRoomTest {
 protected:
  SmallRoomTest() : OpenRoomTest({.timeout = 5s, .max_peers = 3, .peer_rate = 4}) {}
};

TEST_F(SmallRoomTest, IsFullAtTheExactLimit) {
  join(3);
  EXPECT_EQ(room_.peers(), 3U);
  EXPECT_EQ(room_.books().dropped_total(), 0U);
  hear(3, "let me in");
  EXPECT_EQ(dropped(DropReason::kRoomFull), 1U);
  EXPECT_EQ(room_.peers(), 3U);
  hear(0, "still heard");
  EXPECT_EQ(room_.waiting(), 1U);
  expire(kStart + 5s);
  hear(3, "now", kStart + 5s);
  EXPECT_EQ(room_.peers(), 1U);
}

TEST_F(SmallRoomTest, LimitsTheRateOfEachPeerAlone) {
  for (int i = 0; i < 4; ++i) hear(0, "x");
  EXPECT_EQ(dropped(DropReason::kRateLimited), 0U);
  hear(0, "one too many");
  hear(0, Bytes());  // a keepalive counts like any other
  EXPECT_EQ(dropped(DropReason::kRateLimited), 2U);
  hear(1, "another peer");
  EXPECT_EQ(dropped(DropReason::kRateLimited), 2U);
  hear(0, "later", kStart + 250ms);
  EXPECT_EQ(dropped(DropReason::kRateLimited), 2U);
  EXPECT_EQ(room_.waiting(), 6U);
}

TEST_F(SmallRoomTest, ForgettingAndRejoiningMovesBucketsAlong) {
  for (int i = 0; i < 3; ++i) hear(i, "x");
  for (int i = 0; i < 3; ++i) hear(2, "x", kStart + 4s);  // has one token left
  EXPECT_TRUE(send_all(kStart + 4s));
  expire(kStart + 5s);  // 0 and 1 go, 2 moves to their place
  EXPECT_EQ(room_.peers(), 1U);
  for (int i = 0; i < 4; ++i) hear(2, "x", kStart + 5s);
  EXPECT_EQ(dropped(DropReason::kRateLimited), 0U) << "a second later the bucket is full again";
  hear(2, "x", kStart + 5s);
  EXPECT_EQ(dropped(DropReason::kRateLimited), 1U);
}

class UnlimitedRoomTest : public OpenRoomTest {
 protected:
  UnlimitedRoomTest()
      : OpenRoomTest({.timeout = kDefaultPeerTimeout, .max_peers = kMaxPeersLimit, .peer_rate = 0}) {}
};

TEST_F(UnlimitedRoomTest, NoRateMeansNoLimit) {
  for (int i = 0; i < 5'000; ++i) hear(0, Bytes());
  EXPECT_EQ(room_.books().keepalives, 5'000U);
  EXPECT_EQ(room_.books().dropped_total(), 0U);
}

TEST_F(UnlimitedRoomTest, AFullQueueDropsTheOldestOfItsClass) {
  join(2);
  for (std::size_t i = 0; i < kVoiceQueueDatagrams; ++i) hear(0, rtp(static_cast<int>(i)));
  for (std::size_t i = 0; i < kDataQueueDatagrams; ++i) hear(0, "d" + std::to_string(i));
  EXPECT_EQ(dropped(DropReason::kQueueFull), 0U);
  EXPECT_EQ(room_.waiting(), kVoiceQueueDatagrams + kDataQueueDatagrams);
  hear(0, rtp(60'000));
  hear(0, "newest");
  hear(0, "newest still");
  EXPECT_EQ(dropped(DropReason::kQueueFull), 3U);
  EXPECT_EQ(room_.waiting(), kVoiceQueueDatagrams + kDataQueueDatagrams);
  EXPECT_TRUE(send_all());
  Texts voice;
  Texts data;
  for (std::string& text : take(1)) (text.starts_with('\x80') ? voice : data).push_back(std::move(text));
  EXPECT_EQ(voice.size(), kVoiceQueueDatagrams);
  EXPECT_EQ(voice.front(), as_text(rtp(1)));
  EXPECT_EQ(voice.back(), as_text(rtp(60'000)));
  EXPECT_EQ(data.front(), "d2");
  EXPECT_EQ(data.back(), "newest still");
}

TEST_F(UnlimitedRoomTest, PingsThatMayWaitAreBounded) {
  for (int i = 0; i < 256; ++i) hear(0, ping(i));
  EXPECT_EQ(room_.books().pings, 256U);
  EXPECT_EQ(dropped(DropReason::kRateLimited), 0U);
  hear(0, ping(256));
  EXPECT_EQ(room_.books().pings, 256U);
  EXPECT_EQ(dropped(DropReason::kRateLimited), 1U);
  EXPECT_TRUE(send_all());
  EXPECT_EQ(take(0).size(), 256U);
  hear(0, ping(257));
  EXPECT_EQ(room_.books().pings, 257U);
}

TEST_F(OpenRoomTest, VoicePastItsUseIsDroppedAtTheExactEdge) {
  join(2);
  hear(0, rtp(1));
  hear(0, rtp(2), kStart + 1ns);
  hear(0, "text waits", kStart);
  EXPECT_TRUE(send_all(kStart + kVoiceUsefulFor + 1ns));
  const Texts expected = {"text waits", std::string(as_text(rtp(2)))};
  EXPECT_EQ(take(1), expected);
  EXPECT_EQ(dropped(DropReason::kStale), 1U);
}

TEST_F(OpenRoomTest, ABroadcastUnderWayIsNeverStale) {
  join(3);
  hear(0, rtp(1));
  EXPECT_FALSE(send(1));
  EXPECT_TRUE(send_all(kStart + 10s));
  EXPECT_EQ(copies(), 2U);
  EXPECT_EQ(dropped(DropReason::kStale), 0U);
}

TEST_F(OpenRoomTest, ShuttingDownClosesTheBooks) {
  join(5);
  hear(0, "under way");
  hear(1, rtp(1));
  hear(1, "waiting");
  EXPECT_FALSE(send(1));
  hear(2, ping(1));
  EXPECT_EQ(room_.unsettled(), 4U);
  room_.shut_down();
  check();
  EXPECT_EQ(room_.waiting(), 0U);
  EXPECT_EQ(room_.unsettled(), 0U);
  EXPECT_EQ(dropped(DropReason::kShutdown), 2U);
  EXPECT_EQ(unsent(UnsentReason::kShutdown), 4U);
  EXPECT_EQ(room_.next(kStart), std::nullopt);
  room_.shut_down();
  check();
  EXPECT_EQ(unsent(UnsentReason::kShutdown), 4U) << "once";
}

TEST_F(OpenRoomTest, ShuttingDownARoomWithTheOriginStillAhead) {
  join(3);
  hear(2, "x");
  EXPECT_FALSE(send(1));
  room_.shut_down();
  check();
  EXPECT_EQ(unsent(UnsentReason::kShutdown), 1U);
}

TEST_F(OpenRoomTest, AnIdleRoomShutsDownWithNothingToSay) {
  room_.shut_down();
  check();
  EXPECT_EQ(room_.books().dropped_total() + room_.books().unsent_total(), 0U);
}

}  // namespace
}  // namespace hubbub::relay
