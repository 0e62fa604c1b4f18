// What a sealed relay does with what members send: what goes to whom, what goes nowhere, and that nobody of
// another room ever gets any of it.
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/voice_elements.h"
#include "tests/unit/relay/sealed_peers.h"

namespace hubbub::relay {
namespace {

constexpr std::uint32_t kFirst = SealedFrame::kLeast + 0x1000;

class SealedRouting : public SealedPeers {
 protected:
  void speak(Peer& peer, std::uint32_t ctr) { send(peer, frame_element(bare_frame(peer.ssrc, ctr))); }
  using Mail = std::vector<Bytes>;

  Peer alice_ = member(1, 100);
  Peer bob_ = member(2, 200);
  Peer carol_ = member(3, 300);
  Peer other_ = member(4, 100, 2);
};

TEST_F(SealedRouting, AFrameGoesBareToEverybodyElseOfTheRoom) {
  for (Peer* speaker : {&alice_, &bob_, &carol_}) {
    speak(*speaker, kFirst);
    for (Peer* listener : {&alice_, &bob_, &carol_}) {
      EXPECT_EQ(take_mail(*listener), listener == speaker ? Mail{} : Mail{bare_frame(speaker->ssrc, kFirst)});
    }
  }
  EXPECT_TRUE(take_mail(other_).empty()) << "though its SSRC is the same as alice's";
  EXPECT_EQ(relay_.books().accepted, 3U);
  EXPECT_EQ(relay_.books().forwarded, 3U);
}

TEST_F(SealedRouting, RoomsNeverMix) {
  std::vector<Peer> peers = {alice_, bob_, carol_, other_};
  for (int n = 5; n < 14; ++n) peers.push_back(member(n, static_cast<std::uint32_t>(500 + n), n % 4));
  int mark = 0;
  for (Peer& speaker : peers) {
    speak(speaker, kFirst);
    send(speaker, text_element(0, mark++));
    for (const Peer& listener : peers) {
      const bool speaks = listener.where == speaker.where;
      EXPECT_EQ(take_mail(listener).size(), speaks ? 1U : listener.room == speaker.room ? 2U : 0U);
    }
  }
}

TEST_F(SealedRouting, AFrameIsTakenOnceAndItsHeadersMustAgree) {
  speak(alice_, kFirst);
  speak(alice_, kFirst);
  EXPECT_EQ(refused(DropReason::kDuplicate), 1U);
  send(alice_, frame_element(bare_frame(200, kFirst + 1)));
  EXPECT_EQ(refused(DropReason::kForeignSsrc), 1U);
  Bytes contradicting = bare_frame(100, kFirst + 2);
  contradicting[3] ^= std::byte{1};
  send(alice_, frame_element(contradicting));
  EXPECT_EQ(refused(DropReason::kBadFrame), 1U);
  send(alice_, frame_element(bare_frame(100, kFirst + 2, 1'001)));
  EXPECT_EQ(refused(DropReason::kOversize), 1U);
  EXPECT_EQ(take_mail(bob_).size(), 1U);
  send(alice_, frame_element(bare_frame(100, kFirst + 2, 1'000)));
  EXPECT_EQ(take_mail(bob_).at(0).size(), SealedFrame::kMaxBytes);
}

TEST_F(SealedRouting, ASiblingIsSentOnAsTheFrameItIs) {
  const Bytes earlier = bare_frame(100, kFirst);
  const Bytes later = bare_frame(100, kFirst + 1);
  const auto sibling =
      Sibling{.distance = 1, .step = 8, .sealed = std::span(earlier).subspan(SealedFrame::kHeaderBytes)};
  send(alice_, frame_element(later) + element_of(sibling));
  EXPECT_EQ(take_mail(bob_), (Mail{later, earlier}));
  EXPECT_EQ(relay_.books().recovered, 1U);
  send(alice_, frame_element(bare_frame(100, kFirst + 2)) +
                   element_of(Sibling{.distance = 2, .sealed = sibling.sealed}));
  EXPECT_EQ(refused(DropReason::kDuplicate), 1U);
  EXPECT_EQ(relay_.books().recovered, 1U);
  send(alice_, element_of(sibling));
  EXPECT_EQ(refused(DropReason::kBadElement), 1U) << "there is no frame before it";
  send(alice_, frame_element(bare_frame(200, kFirst + 9)) + element_of(sibling));
  EXPECT_EQ(refused(DropReason::kBadElement), 2U) << "the frame before it is not the sender's";
}

TEST_F(SealedRouting, ATextGoesToTheOthersInABundle) {
  send(alice_, text_element(0, 9));
  const Bytes object(20, std::byte{9});
  const Bytes entry =
      element_of(LogEntryElement{.number = 1, .previous = 0, .id = message_id(9), .object = object});
  EXPECT_EQ(take_mail(bob_), Mail{bytes_of({0x08}) + entry});
  EXPECT_EQ(take_mail(carol_), Mail{bytes_of({0x08}) + entry});
  EXPECT_EQ(take_sealed(alice_, ElementType::kTextAck).size(), 1U);
  EXPECT_TRUE(take_mail(alice_).empty());
  send(alice_, element_of(ElementType::kText, Bytes(14)));
  EXPECT_EQ(refused(DropReason::kTruncated), 1U);
  EXPECT_TRUE(take_mail(bob_).empty());
}

TEST_F(SealedRouting, AnAskGoesToWhomItIsFor) {
  const Bytes object = bare_object(100, 7);
  const Bytes ask = element_of(Ask{.target = 200, .object = object});
  send(alice_, ask);
  EXPECT_EQ(take_mail(bob_), Mail{bytes_of({0x08}) + ask});
  EXPECT_TRUE(take_mail(carol_).empty());
  send(alice_, element_of(Ask{.target = 999, .object = object}));
  send(alice_, element_of(Ask{.target = 100, .object = object}));
  send(other_, element_of(Ask{.target = 200, .object = bare_object(100, 7)}));
  EXPECT_EQ(refused(DropReason::kNoSuchMember), 3U) << "nobody, oneself, and somebody of another room";
  send(bob_, element_of(Ask{.target = 300, .object = object}));
  EXPECT_EQ(refused(DropReason::kForeignSsrc), 1U);
  EXPECT_TRUE(take_mail(bob_).empty() && take_mail(carol_).empty());
}

TEST_F(SealedRouting, AsksHaveARate) {
  const Bytes object = bare_object(100, 7);
  for (int i = 0; i < static_cast<int>(kAsksASecond); ++i)
    send(alice_, element_of(Ask{.target = 200, .object = object}));
  EXPECT_EQ(refused(DropReason::kRateLimited), 0U);
  send(alice_, element_of(Ask{.target = 200, .object = object}));
  EXPECT_EQ(refused(DropReason::kRateLimited), 1U);
  EXPECT_EQ(take_mail(bob_).size(), static_cast<std::size_t>(kAsksASecond));
}

TEST_F(SealedRouting, AnEchoGoesToItsAskersWithoutTheList) {
  Echo echo;
  echo.askers = {200, 999, 300};
  echo.asker_count = 3;
  const Bytes object = bare_object(100, 6);
  echo.object = object;
  send(alice_, element_of(echo));
  echo.asker_count = 0;
  const Mail expected = {bytes_of({0x08}) + element_of(echo)};
  EXPECT_EQ(take_mail(bob_), expected);
  EXPECT_EQ(take_mail(carol_), expected);
  EXPECT_TRUE(take_mail(alice_).empty() && take_mail(other_).empty());
  send(bob_, element_of(echo));
  EXPECT_EQ(refused(DropReason::kForeignSsrc), 1U);
}

TEST_F(SealedRouting, ANackIsAnsweredToTheAskerAlone) {
  for (std::uint32_t i = 0; i < 5; ++i) speak(alice_, kFirst + i);
  static_cast<void>(take_mail(bob_));
  static_cast<void>(take_mail(carol_));
  Nack nack{.ssrc = 100, .items = {{.pid = 0x1001, .blp = 0b101}}};
  send(bob_, element_of(nack));
  EXPECT_EQ(take_mail(bob_),
            (Mail{bare_frame(100, kFirst + 1), bare_frame(100, kFirst + 2), bare_frame(100, kFirst + 4)}));
  EXPECT_TRUE(take_mail(carol_).empty());
  EXPECT_EQ(relay_.books().resent, 3U);
  nack.ssrc = 999;
  send(bob_, element_of(nack));
  nack.ssrc = 200;
  send(bob_, element_of(nack));
  nack.ssrc = 300;
  send(bob_, element_of(nack));
  EXPECT_EQ(refused(DropReason::kNoSuchMember), 3U) << "nobody, oneself, and one that never spoke";
  now_ += kFrameCacheLasts + 1ns;
  send(bob_, element_of(Nack{.ssrc = 100, .items = {{.pid = 0x1001}}}));
  EXPECT_TRUE(take_mail(bob_).empty());
}

TEST_F(SealedRouting, AReportComesOnceASecondWhileOneSpeaks) {
  expire(1s);
  EXPECT_TRUE(take_sealed(alice_).empty());
  for (const std::uint32_t i : {0U, 1U, 3U}) speak(alice_, kFirst + i);
  expire(1s);
  const auto reports = take_sealed(alice_, ElementType::kReport);
  ASSERT_EQ(reports.size(), 1U);
  const auto report = Report::parse(reports[0]);
  EXPECT_EQ(report->ssrc, 100U);
  EXPECT_EQ(report->fraction_lost, 64) << "one of four";
  EXPECT_EQ(report->highest, kFirst + 3);
  expire(1s);
  EXPECT_TRUE(take_sealed(alice_).empty()) << "there is nothing to report";
  EXPECT_TRUE(take_sealed(bob_).empty());
}

// --- Sending that comes to a stop in the middle

TEST_F(SealedRouting, WhoLeavesInTheMiddleOfABroadcastStillGetsItAndThenIsGone) {
  block();
  speak(alice_, kFirst);
  let_through(1);
  block();
  say_goodbye(bob_);
  EXPECT_EQ(relay_.members(), 4U) << "indices hold still";
  send(bob_, ping_of(1, ElementType::kPing));
  unblock();
  EXPECT_EQ(relay_.members(), 3U);
  EXPECT_EQ(take_mail(bob_).size() + take_mail(carol_).size(), 2U);
  EXPECT_EQ(relay_.sessions(), 3U);
}

TEST_F(SealedRouting, ASpeakerMayLeaveAndTheRoomEndWithABroadcastUnderWay) {
  block();
  speak(alice_, kFirst);
  let_through(1);
  for (Peer* peer : {&alice_, &bob_, &carol_}) say_goodbye(*peer);
  EXPECT_EQ(relay_.members(), 4U);
  unblock();
  EXPECT_EQ(relay_.members(), 1U);
  EXPECT_EQ(relay_.rooms(), 1U);
  EXPECT_EQ(take_mail(bob_).size() + take_mail(carol_).size(), 2U);
}

TEST_F(SealedRouting, WhoExpiresInTheMiddleOfABroadcastGoesAfterIt) {
  block();
  speak(alice_, kFirst);
  let_through(1);
  block();
  expire(1min);
  EXPECT_EQ(relay_.sessions(), 3U) << "all but the other room's member wait for the end";
  EXPECT_EQ(relay_.books().sessions_expired, 4U);
  expire(1min);
  EXPECT_EQ(relay_.books().sessions_expired, 4U) << "each once";
  unblock();
  EXPECT_EQ(relay_.sessions(), 0U);
}

TEST_F(SealedRouting, WhoJoinsInTheMiddleOfABroadcastDoesNotGetIt) {
  Peer dave = enter(5, 500);
  block();
  speak(alice_, kFirst);
  let_through(1);
  block();
  send(dave, join_of(dave));
  unblock();
  EXPECT_EQ(take_sealed(dave, ElementType::kWelcome).size(), 1U);
  EXPECT_TRUE(take_mail(dave).empty());
  EXPECT_EQ(take_mail(bob_).size() + take_mail(carol_).size(), 2U);
  speak(alice_, kFirst + 1);
  EXPECT_EQ(take_mail(dave).size(), 1U);
}

TEST_F(SealedRouting, NobodyMovesInTheMiddleOfABroadcast) {
  block();
  speak(alice_, kFirst);
  let_through(1);
  block();
  bob_.ssrc = 201;
  send(bob_, join_of(bob_));
  EXPECT_EQ(refused(DropReason::kOverloaded), 1U) << "it asks again";
  unblock();
  EXPECT_EQ(join(bob_).members, 3U);
}

TEST_F(SealedRouting, WhatWaitsForARoomThatIsGoneGoesNowhere) {
  Peer dave = enter(6, 600);
  block();
  speak(alice_, kFirst);
  for (Peer* peer : {&alice_, &bob_, &carol_}) say_goodbye(*peer);
  send(dave, join_of(dave));
  unblock();
  EXPECT_EQ(relay_.books().forwarded, 1U);
  EXPECT_EQ(take_sealed(dave, ElementType::kWelcome).size(), 1U);
  EXPECT_TRUE(take_mail(dave).empty()) << "it is another room, though its id is the same";
  EXPECT_TRUE(take_mail(bob_).empty() && take_mail(carol_).empty());
}

TEST_F(SealedRouting, StaleVoiceIsDiscardedAndTextIsNot) {
  block();
  speak(alice_, kFirst);
  send(alice_, text_element(0, 9));
  now_ += kVoiceUsefulFor + 1ns;
  unblock();
  EXPECT_EQ(take_mail(bob_).size(), 1U);
  EXPECT_EQ(relay_.books().discarded[static_cast<std::size_t>(DropReason::kStale)], 1U);
}

TEST_F(SealedRouting, AFullQueueTakesNoMoreText) {
  block();
  for (std::size_t i = 0; i <= kDataQueueDatagrams; ++i) {
    now_ += 2ms;
    send(alice_, text_element(static_cast<std::uint32_t>(i), static_cast<int>(i)));
  }
  EXPECT_EQ(relay_.waiting(), kDataQueueDatagrams);
  EXPECT_EQ(relay_.books().discarded[static_cast<std::size_t>(DropReason::kQueueFull)], 0U);
  EXPECT_EQ(relay_.books().refused_for(DropReason::kOverloaded), 1U) << "and acknowledges none";
  relay_.shut_down();
  check();
  EXPECT_EQ(relay_.waiting(), 0U);
  EXPECT_EQ(relay_.books().discarded[static_cast<std::size_t>(DropReason::kShutdown)], kDataQueueDatagrams);
}

TEST_F(SealedRouting, AShutdownInTheMiddleOfABroadcastIsAccountedFor) {
  block();
  speak(alice_, kFirst);
  let_through(1);
  relay_.shut_down();
  check();
  EXPECT_EQ(relay_.books().unsent[static_cast<std::size_t>(UnsentReason::kShutdown)], 1U);
  EXPECT_FALSE(relay_.next(now_).has_value());
}

}  // namespace
}  // namespace hubbub::relay
