// A sealed relay, rule by rule: who is let in, who becomes a member of what, and how they go again.
#include "relay/core/sealed_relay.h"

#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/relay/sealed_peers.h"

namespace hubbub::relay {
namespace {

using Reason = TurnedAway::Reason;

class SealedRelayTest : public SealedPeers {};

TEST_F(SealedRelayTest, LetsInWhoShakesHands) {
  Peer alice = enter(1, 100);
  EXPECT_EQ(relay_.sessions(), 1U);
  EXPECT_EQ(relay_.members(), 0U);
  EXPECT_EQ(relay_.rooms(), 0U);
  EXPECT_EQ(alice.grant.idle_timeout_ms, 30'000U);
  EXPECT_EQ(relay_.books().hellos, 2U);
  EXPECT_EQ(relay_.books().handshakes, 1U);
  EXPECT_EQ(join(alice).members, 1U);
  EXPECT_EQ(relay_.members(), 1U);
  EXPECT_EQ(relay_.rooms(), 1U);
  EXPECT_EQ(relay_.books().members_joined, 1U);
  EXPECT_EQ(join(alice).members, 1U) << "answered again, and nothing more";
  EXPECT_EQ(relay_.books().members_joined, 1U);
}

TEST_F(SealedRelayTest, DropsWhatNobodyMaySend) {
  hear(at(1), {});
  hear(at(1), bytes_of({0x0A, 1, 2}));
  for (const int kind : {0x02, 0x03, 0x04, 0x06, 0x08, 0x09, 0x80})
    hear(at(1), Bytes(100, static_cast<std::byte>(kind)));
  EXPECT_EQ(dropped(DropReason::kUnknownKind), 9U);
  hear(at(1), Bytes(1'201, std::byte{0x07}));
  hear(at(1), Bytes(100, std::byte{0x07}), true);
  EXPECT_EQ(dropped(DropReason::kOversize), 2U);
  hear(at(1), Bytes(23, std::byte{0x07}));
  EXPECT_EQ(dropped(DropReason::kTruncated), 1U);
  hear({IpAddress::v4(224, 0, 0, 1), 40'000}, Bytes(100));
  EXPECT_EQ(dropped(DropReason::kUnusableSource), 1U);
  EXPECT_TRUE(take_mail(at(1)).empty());
  EXPECT_EQ(relay_.sessions(), 0U);
}

TEST_F(SealedRelayTest, ANoiseMessageThatDoesNotVerifyIsDropped) {
  const auto noise = initiator();
  Bytes hello = hello_of(noise, cookie_for(at(1), noise));
  hello[30] ^= std::byte{1};
  hello_keys_.sign(std::span<std::byte, Hello::kBytes>(hello));
  hear(at(1), hello);
  EXPECT_EQ(dropped(DropReason::kBadHandshake), 1U);
  EXPECT_EQ(relay_.sessions(), 0U);
}

TEST_F(SealedRelayTest, EnvelopesAreTakenOnceAndOnlyGenuine) {
  Peer alice = member(1, 100);
  const Bytes datagram = sealed(alice, {});
  Bytes forged = datagram;
  forged.back() ^= std::byte{1};
  hear(alice.where, forged);
  EXPECT_EQ(dropped(DropReason::kBadTag), 1U);
  hear(alice.where, datagram);
  hear(alice.where, datagram);
  EXPECT_EQ(dropped(DropReason::kReplayed), 1U);
  EXPECT_EQ(relay_.books().envelopes, 2U) << "the Join's, and this one";
}

TEST_F(SealedRelayTest, PongsTellHowManyMembersThereAre) {
  Peer alice = enter(1, 100);
  const auto members = [&] {
    send(alice, ping_of(77, ElementType::kPing));
    const auto pongs = take_sealed(alice, ElementType::kPong);
    EXPECT_EQ(pongs.size(), 1U);
    const auto pong = Pong::parse(pongs.at(0));
    EXPECT_EQ(pong->token, 77U);
    EXPECT_EQ(pong->phase_us, Pong::kNoPhase);
    return pong->members;
  };
  EXPECT_EQ(members(), 0U);
  static_cast<void>(join(alice));
  EXPECT_EQ(members(), 1U);
  const Peer bob = member(2, 200);
  EXPECT_EQ(members(), 2U);
}

TEST_F(SealedRelayTest, AnSsrcIsOneMembersAlone) {
  Peer alice = member(1, 100);
  Peer bob = enter(2, 100);
  EXPECT_EQ(join(bob).turned_away, Reason::kSsrcTaken);
  EXPECT_EQ(relay_.members(), 1U);
  bob.room = 2;
  EXPECT_EQ(join(bob).members, 1U) << "in another room it is free";
  bob.room = 1;
  bob.ssrc = 101;
  EXPECT_EQ(join(bob).members, 2U);
  EXPECT_EQ(relay_.rooms(), 1U) << "the room that he left is no more";
  say_goodbye(alice);
  bob.ssrc = 100;
  EXPECT_EQ(join(bob).members, 1U) << "and so it is when its holder has left";
}

TEST_F(SealedRelayTest, AJoinUnderAnotherSsrcMovesTheSession) {
  Peer alice = member(1, 100);
  Peer bob = member(2, 200);
  alice.ssrc = 101;
  EXPECT_EQ(join(alice).members, 2U);
  EXPECT_EQ(relay_.members(), 2U);
  EXPECT_EQ(relay_.books().members_left, 1U);
  bob.ssrc = 100;
  EXPECT_EQ(join(bob).members, 2U) << "the old one is free";
  alice.ssrc = 102;
  say_goodbye(bob);
  EXPECT_EQ(join(alice).members, 1U) << "the only member may move within its room";
}

TEST_F(SealedRelayTest, AMalformedJoinIsRefused) {
  Peer alice = enter(1, 100);
  send(alice, element_of(ElementType::kJoin, Bytes(Join::kFixedBytes - 1)));
  EXPECT_EQ(refused(DropReason::kTruncated), 1U);
  send(alice, element_of(ElementType::kJoin, Bytes(Join::kFixedBytes + Join::kMaxPresenceBytes + 1)));
  EXPECT_EQ(refused(DropReason::kBadElement), 1U);
  EXPECT_EQ(relay_.members(), 0U);
  EXPECT_TRUE(take_mail(alice).empty());
}

TEST_F(SealedRelayTest, BeforeAJoinNothingOfAMembersCounts) {
  Peer alice = enter(1, 100);
  for (const ElementType type :
       {ElementType::kFrame, ElementType::kSibling, ElementType::kRepair, ElementType::kNack,
        ElementType::kReport, ElementType::kAsk, ElementType::kEcho, ElementType::kText,
        ElementType::kTextAsk, ElementType::kRosterAsk})
    send(alice, element_of(type, Bytes(20)));
  EXPECT_EQ(refused(DropReason::kNotJoined), 10U);
  send(alice, element_of(ElementType::kPadding, Bytes(20)));
  EXPECT_EQ(total_of(relay_.books().refused), 10U);
}

TEST_F(SealedRelayTest, WhatOnlyARelayMaySendIsSkipped) {
  Peer alice = member(1, 100);
  for (const ElementType type :
       {ElementType::kPong, ElementType::kWelcome, ElementType::kTurnedAway, ElementType::kPathChallenge,
        ElementType::kRekeyed, ElementType::kLogEntry, ElementType::kTextAck, ElementType::kTextRange,
        ElementType::kRosterChange, ElementType::kRosterRange, ElementType{0xFF}})
    send(alice, element_of(type, Bytes(32)));
  EXPECT_EQ(refused(DropReason::kUnknownKind), 11U);
  send(alice, element_of(ElementType{0x7F}, Bytes(3)) + ping_of(1, ElementType::kPing));
  EXPECT_EQ(take_sealed(alice, ElementType::kPong).size(), 1U) << "what stands behind it counts";
  send(alice, ping_of(1, ElementType::kPing) + bytes_of({0x00, 0, 9}));
  EXPECT_EQ(take_sealed(alice, ElementType::kPong).size(), 1U) << "what stands before it, too";
  EXPECT_EQ(refused(DropReason::kTruncated), 1U);
}

TEST_F(SealedRelayTest, ASessionWithoutAWordIsForgottenAfterFiveSeconds) {
  static_cast<void>(enter(1, 100));
  expire(kPendingSessionLasts - 1ns);
  EXPECT_EQ(relay_.sessions(), 1U);
  expire(1ns);
  EXPECT_EQ(relay_.sessions(), 0U);
  EXPECT_EQ(relay_.books().sessions_expired, 1U);
}

TEST_F(SealedRelayTest, AMemberThatIsSilentIsForgotten) {
  Peer alice = member(1, 100);
  Peer bob = member(2, 200);
  expire(20s);
  send(bob, {});
  expire(10s - 1ns);
  EXPECT_EQ(relay_.members(), 2U);
  expire(1ns);
  EXPECT_EQ(relay_.members(), 1U);
  EXPECT_EQ(relay_.sessions(), 1U);
  expire(20s);
  EXPECT_EQ(relay_.sessions(), 0U);
  EXPECT_EQ(relay_.rooms(), 0U) << "and the room goes with the last";
  EXPECT_EQ(relay_.books().members_left, 2U);
}

TEST_F(SealedRelayTest, GoodbyeEndsASessionAtOnce) {
  Peer alice = member(1, 100);
  send(alice, element_of(ElementType::kGoodbye, bytes_of({2})));
  EXPECT_EQ(relay_.members(), 1U) << "of no known reason, it is none";
  send(alice, element_of(Goodbye{}) + ping_of(1, ElementType::kPing));
  EXPECT_EQ(relay_.members(), 0U);
  EXPECT_EQ(relay_.sessions(), 0U);
  EXPECT_TRUE(take_sealed(alice).empty()) << "nothing behind it counts";
}

TEST_F(SealedRelayTest, ARelayThatStopsSaysSoToWhoeverItKnows) {
  Peer alice = member(1, 100);
  Peer bob = enter(2, 200);
  Peer carol = enter(3, 300);
  send(carol, {});
  relay_.say_goodbye(now_);
  check();
  deliver();
  for (Peer* peer : {&alice, &carol}) {
    const auto goodbyes = take_sealed(*peer, ElementType::kGoodbye);
    ASSERT_EQ(goodbyes.size(), 1U);
    EXPECT_EQ(Goodbye::parse(goodbyes[0])->reason, Goodbye::Reason::kRelayStops);
  }
  EXPECT_TRUE(take_sealed(bob).empty()) << "nothing ever came from there";
  relay_.shut_down();
  check();
  EXPECT_EQ(relay_.unsettled() + relay_.waiting(), 0U);
}

// --- How many

class ASmallSealedRelay : public SealedPeers {
 protected:
  ASmallSealedRelay() : SealedPeers(few()) {}

 private:
  static SealedOptions few() {
    SealedOptions options;
    options.max_sessions = 3;
    options.max_members = 2;
    options.peer_rate = 5;
    return options;
  }
};

TEST_F(ASmallSealedRelay, ARoomHasItsMaximumOfMembers) {
  Peer alice = member(1, 100);
  Peer bob = member(2, 200);
  Peer carol = enter(3, 300);
  EXPECT_EQ(join(carol).turned_away, Reason::kRoomFull);
  bob.ssrc = 201;
  EXPECT_EQ(join(bob).members, 2U) << "who is in may change its SSRC";
  say_goodbye(alice);
  EXPECT_EQ(join(carol).members, 2U);
}

TEST_F(ASmallSealedRelay, ARelayHasItsMaximumOfSessions) {
  for (int n = 1; n <= 3; ++n) static_cast<void>(enter(n, 100));
  const auto noise = initiator();
  hear(at(4), hello_of(noise, cookie_for(at(4), noise)));
  const auto mail = take_mail(at(4));
  ASSERT_EQ(mail.size(), 1U);
  const auto refusal = Refusal::parse(mail[0]);
  ASSERT_TRUE(refusal.ok());
  EXPECT_EQ(refusal->reason, RefusalReason::kFull);
  EXPECT_EQ(relay_.sessions(), 3U);
  expire(kPendingSessionLasts);
  EXPECT_EQ(relay_.sessions(), 0U);
  static_cast<void>(enter(4, 100));
  EXPECT_EQ(relay_.sessions(), 1U);
}

TEST_F(ASmallSealedRelay, AMemberSendsAtItsRate) {
  Peer alice = member(1, 100);
  for (int i = 0; i < 4; ++i) send(alice, {});
  EXPECT_EQ(dropped(DropReason::kRateLimited), 0U);
  send(alice, {});
  EXPECT_EQ(dropped(DropReason::kRateLimited), 1U);
  now_ += 200ms;
  send(alice, {});
  EXPECT_EQ(dropped(DropReason::kRateLimited), 1U);
  send(alice, {});
  EXPECT_EQ(dropped(DropReason::kRateLimited), 2U);
}

class WithoutLimits : public SealedPeers {
 protected:
  WithoutLimits() : SealedPeers(unlimited()) {}

 private:
  static SealedOptions unlimited() {
    SealedOptions options;
    options.door.join_rate = 0;
    options.peer_rate = 0;
    return options;
  }
};

TEST_F(WithoutLimits, SoManySessionsMayWaitAndTheOldestGivesWay) {
  Peer kept = enter(0, 1);
  send(kept, {});
  std::vector<Peer> waiting;
  for (std::size_t i = 0; i < kMaxPendingSessions; ++i) {
    now_ += 1ms;
    waiting.push_back(enter(static_cast<int>(1 + i), 100));
  }
  EXPECT_EQ(relay_.sessions(), 1 + kMaxPendingSessions);
  waiting.push_back(enter(5'000, 100));
  EXPECT_EQ(relay_.sessions(), 1 + kMaxPendingSessions);
  const auto here = [&](Peer& peer) {
    const std::uint64_t before = relay_.books().envelopes;
    send(peer, {});
    return relay_.books().envelopes > before;
  };
  EXPECT_FALSE(here(waiting[0])) << "the oldest is gone";
  EXPECT_TRUE(here(waiting[1]));
  EXPECT_TRUE(here(waiting.back()));
  EXPECT_TRUE(here(kept)) << "who has spoken does not give way";
}

}  // namespace
}  // namespace hubbub::relay
