// A client that is in, and stays in: resets, rekeys, path challenges, goodbyes.
#include <gtest/gtest.h>

#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/session/linked_client.h"

namespace hubbub::session {
namespace {

class LinkedMember : public LinkedClient {
 protected:
  void SetUp() override { join(11); }
};

TEST_F(LinkedMember, HearsWhatTheRelaySealedAndWhatItDidNot) {
  const Bytes envelope = relay_.seal(ping_of(5, ElementType::kPing));
  const auto sealed = link_.receive(now_, envelope);
  ASSERT_TRUE(sealed.ok());
  EXPECT_TRUE(sealed->sealed);
  EXPECT_TRUE(same(sealed->elements, ping_of(5, ElementType::kPing)));
  const Bytes bundle = bytes_of({0x08, 0x22, 0, 0});
  const auto bare = link_.receive(now_, bundle);
  ASSERT_TRUE(bare.ok());
  EXPECT_FALSE(bare->sealed);
  EXPECT_TRUE(same(bare->elements, bytes_of({0x22, 0, 0})));
  EXPECT_EQ(hear(envelope), DropReason::kReplayed);
  EXPECT_EQ(hear(relay_.seal(bytes_of({0x10, 0}))), DropReason::kTruncated);
  Bytes of_another = relay_.seal({});
  of_another[4] ^= std::byte{1};
  EXPECT_EQ(hear(of_another), DropReason::kUnknownSession);
}

TEST_F(LinkedMember, ABundleOfMoreThan1200BytesIsRefused) {
  Bytes bundle(1'200);
  bundle[0] = std::byte{0x08};
  EXPECT_EQ(hear(bundle), std::nullopt);
  bundle.resize(1'201);
  EXPECT_EQ(hear(bundle), DropReason::kOversize);
}

TEST_F(LinkedMember, APongTellsTheMembers) {
  hear(relay_.seal(element_of(Pong{.token = 1, .members = 42})));
  EXPECT_EQ(link_.members(), 42U);
}

TEST_F(LinkedMember, AnswersAPathChallengeAtOnce) {
  hear(relay_.seal(ping_of(0x1122, ElementType::kPathChallenge)));
  const auto responses = take(ElementType::kPathResponse);
  ASSERT_EQ(responses.size(), 1U);
  EXPECT_EQ(PingElement::parse(responses[0].body)->token, 0x1122U);
}

TEST_F(LinkedMember, ItsOwnResetStartsAHandshake) {
  run(2s);
  EXPECT_EQ(hear(ScriptedRelay::reset(12)), DropReason::kUnknownSession);
  Bytes forged = ScriptedRelay::reset(11);
  forged.back() ^= std::byte{1};
  EXPECT_EQ(hear(forged), DropReason::kBadMac);
  EXPECT_TRUE(hellos().empty());
  EXPECT_EQ(hear(ScriptedRelay::reset(11)), std::nullopt);
  EXPECT_TRUE(link_.rejoining());
  EXPECT_TRUE(link_.joined()) << "the old session goes on meanwhile";
  EXPECT_EQ(hear(ScriptedRelay::reset(11)), std::nullopt);
  EXPECT_EQ(hellos().size(), 1U) << "one, however many Resets come";
}

TEST_F(LinkedMember, ResetsStartAtMostOneHandshakeASecond) {
  run(1s - kStep);
  hear(ScriptedRelay::reset(11));
  EXPECT_FALSE(link_.rejoining()) << "the last handshake is less than a second ago";
  run(kStep);
  hear(ScriptedRelay::reset(11));
  EXPECT_TRUE(link_.rejoining());
}

TEST_F(LinkedMember, AfterAResetItLeavesTheOldSessionAndJoinsTheNew) {
  run(2s);
  hear(ScriptedRelay::reset(11));
  let_in(12);
  EXPECT_FALSE(link_.joined());
  const auto goodbyes = take(ElementType::kGoodbye);
  ASSERT_EQ(goodbyes.size(), 1U);
  EXPECT_EQ(goodbyes[0].age, 1U) << "in the old session";
  const auto joins = take(ElementType::kJoin);
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].age, 0U);
  EXPECT_EQ(Join::parse(joins[0].body)->ssrc, kSsrc) << "under the same SSRC";
  welcome();
  EXPECT_TRUE(link_.take_welcome());
  EXPECT_EQ(link_.handshakes(), 2U);
}

TEST_F(LinkedMember, HasPatienceWhereItsOwnOldSessionHoldsTheSsrc) {
  run(2s);
  hear(ScriptedRelay::reset(11));
  let_in(12);
  ASSERT_EQ(take(ElementType::kJoin).size(), 1U);
  for (int tries = 1; tries <= 3; ++tries) {
    turned_away(TurnedAway::Reason::kSsrcTaken);
    EXPECT_FALSE(link_.take_ssrc_taken()) << tries;
    static_cast<void>(take(ElementType::kGoodbye));
    while (take(ElementType::kJoin).empty()) step();
    EXPECT_EQ(take(ElementType::kGoodbye).size(), 1U) << "it says goodbye in the old one again";
  }
  turned_away(TurnedAway::Reason::kSsrcTaken);
  EXPECT_TRUE(link_.take_ssrc_taken());
}

TEST_F(LinkedMember, UnderstandsItsOldKeysForTenSeconds) {
  run(2s);
  hear(ScriptedRelay::reset(11));
  let_in(12);
  welcome();
  run(10s - kStep);
  EXPECT_EQ(hear(relay_.seal_in_old({})), std::nullopt);
  run(kStep);
  EXPECT_EQ(hear(relay_.seal_in_old({})), DropReason::kUnknownSession);
  EXPECT_EQ(hear(relay_.seal({})), std::nullopt);
}

TEST_F(LinkedMember, RekeysAfterFifteenMinutes) {
  now_ += kRekeyAfter - kStep - kStep;
  step();
  EXPECT_TRUE(take(ElementType::kRekey).empty());
  step();
  const auto first = take(ElementType::kRekey);
  ASSERT_EQ(first.size(), 1U);
  run(1s - kStep);
  EXPECT_TRUE(take(ElementType::kRekey).empty());
  step();
  const auto second = take(ElementType::kRekey);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].body, first[0].body) << "the same message, every second";

  EXPECT_EQ(hear(relay_.rekeyed(first[0].body, 12)), std::nullopt);
  EXPECT_EQ(link_.rekeys(), 1U);
  EXPECT_TRUE(link_.joined()) << "without a Join";
  const auto padding = take(ElementType::kPadding);
  ASSERT_EQ(padding.size(), 1U) << "something at once, under the new keys";
  EXPECT_EQ(padding[0].age, 0U);
  EXPECT_EQ(hear(relay_.seal_in_old({})), std::nullopt) << "the old ones are understood a while";
  run(10s);
  EXPECT_EQ(hear(relay_.seal_in_old({})), DropReason::kUnknownSession);
  EXPECT_TRUE(take(ElementType::kJoin).empty());
  EXPECT_TRUE(take(ElementType::kRekey).empty());
}

TEST_F(LinkedMember, AForgedRekeyedChangesNothing) {
  now_ += kRekeyAfter;
  step();
  const auto rekey = take(ElementType::kRekey);
  ASSERT_EQ(rekey.size(), 1U);
  hear(relay_.seal(element_of(ElementType::kRekeyed, Bytes(Reply::kNoiseBytes))));
  hear(relay_.seal(element_of(ElementType::kRekeyed, Bytes(Reply::kNoiseBytes - 1))));
  EXPECT_EQ(link_.rekeys(), 0U);
  hear(relay_.rekeyed(rekey[0].body, 12));
  EXPECT_EQ(link_.rekeys(), 1U);
}

TEST_F(LinkedMember, ARekeyIsNotAskedFor) {
  hear(relay_.seal(element_of(ElementType::kRekeyed, Bytes(Reply::kNoiseBytes))));
  EXPECT_EQ(link_.rekeys(), 0U);
  EXPECT_TRUE(link_.joined());
}

TEST_F(LinkedMember, SaysGoodbyeThreeTimesAndIsGone) {
  link_.leave();
  const auto datagrams = sent_;
  EXPECT_EQ(take(ElementType::kGoodbye).size(), 3U);
  ASSERT_EQ(datagrams.size(), 3U);
  EXPECT_NE(datagrams[0], datagrams[1]) << "each with its own counter";
  EXPECT_FALSE(link_.joined());
  EXPECT_FALSE(link_.has_session());
  EXPECT_FALSE(link_.send({}));
  run(1min);
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(hear(ScriptedRelay::reset(11)), DropReason::kUnknownSession) << "what its goodbyes may bring";
  EXPECT_FALSE(link_.rejoining());
}

TEST_F(LinkedMember, HearsThatTheRelayStops) {
  const Bytes goodbye = element_of(Goodbye{.reason = Goodbye::Reason::kRelayStops});
  hear(bytes_of({0x08, 0x17, 0, 1, 1}));
  EXPECT_FALSE(link_.take_relay_left()) << "nobody sealed that";
  hear(relay_.seal(goodbye));
  EXPECT_TRUE(link_.take_relay_left());
  EXPECT_FALSE(link_.take_relay_left());
}

TEST_F(LinkedMember, AGoodbyeInTheOldSessionIsNoNews) {
  run(2s);
  hear(ScriptedRelay::reset(11));
  let_in(12);
  welcome();
  hear(relay_.seal_in_old(element_of(Goodbye{.reason = Goodbye::Reason::kRelayStops})));
  EXPECT_FALSE(link_.take_relay_left());
}

}  // namespace
}  // namespace hubbub::session
