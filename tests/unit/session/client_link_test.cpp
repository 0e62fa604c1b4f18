// The client's end of a session, in virtual time, before a relay that does as it is told: what is sent when,
// what each answer leads to, and what keeps a client out.
#include "codec/session/client_link.h"

#include <gtest/gtest.h>

#include "codec/wire/session_elements.h"
#include "tests/unit/session/linked_client.h"

namespace hubbub::session {
namespace {

using Times = std::vector<Duration>;

// --- Getting in

TEST_F(LinkedClient, SaysHelloAgainAtItsPace) {
  link_.connect(now_);
  Times at = {Duration::zero()};
  for (; elapsed() < 5s - kStep; step()) {
    if (!hellos().empty()) at.push_back(elapsed());
  }
  at.erase(at.begin());
  EXPECT_EQ(at, (Times{0ms, 250ms, 750ms, 1'750ms, 2'750ms, 3'750ms, 4'750ms}));
}

TEST_F(LinkedClient, TheSameHelloEveryTimeAndAnotherAfterFiveSeconds) {
  link_.connect(now_);
  run(4'900ms);
  const auto first = hellos();
  ASSERT_GE(first.size(), 2U);
  for (const Hello& hello : first) {
    EXPECT_EQ(hello.noise, first[0].noise);
    EXPECT_EQ(hello.preamble.nonce, first[0].preamble.nonce);
    EXPECT_EQ(hello.cookie, Cookie{});
  }
  run(100ms);
  const auto second = hellos();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(second[0].noise, first[0].noise);
  EXPECT_NE(second[0].preamble.nonce, first[0].preamble.nonce);
}

TEST_F(LinkedClient, BringsTheCookieAtOnceAndADuplicateChangesNothing) {
  link_.connect(now_);
  const Hello first = only_hello();
  const Bytes retry = relay_.retry(first, 7);
  EXPECT_EQ(hear(retry), std::nullopt);
  const Hello second = only_hello();
  EXPECT_EQ(second.cookie[0], std::byte{7});
  EXPECT_EQ(second.noise, first.noise);
  EXPECT_EQ(second.preamble.nonce, first.preamble.nonce);
  EXPECT_EQ(hear(retry), DropReason::kDuplicate);
  EXPECT_TRUE(hellos().empty());
}

TEST_F(LinkedClient, ALaterRetryOnlyBringsANewerCookie) {
  link_.connect(now_);
  const Hello first = only_hello();
  hear(relay_.retry(first, 7));
  static_cast<void>(only_hello());
  for (int cookie = 8; cookie < 20; ++cookie) {
    EXPECT_EQ(hear(relay_.retry(first, cookie)), std::nullopt);
    EXPECT_TRUE(hellos().empty()) << "a relay that is never content is asked at the pace of repetition";
  }
  run(250ms);
  EXPECT_EQ(only_hello().cookie[0], std::byte{19});
}

TEST_F(LinkedClient, AnswersToNothingThatIsForgedOrSomebodyElses) {
  link_.connect(now_);
  Hello hello = only_hello();
  seal::for_each_flipped_bit(relay_.retry(hello, 7), [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_NE(hear(flipped), std::nullopt) << bit;
  });
  hello.preamble.nonce[0] ^= std::byte{1};
  EXPECT_EQ(hear(relay_.retry(hello, 7)), DropReason::kBadHandshake);
  EXPECT_EQ(hear(relay_.refusal(hello, RefusalReason::kFull)), DropReason::kBadHandshake);
  EXPECT_TRUE(hellos().empty());
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone);
}

TEST_F(LinkedClient, WhatOnlyAClientSaysIsUnknown) {
  link_.connect(now_);
  const Bytes hello = sent_.back();
  EXPECT_EQ(hear(hello), DropReason::kUnknownKind);
  EXPECT_EQ(hear({}), DropReason::kUnknownKind);
  EXPECT_EQ(hear(bytes_of({0x0A})), DropReason::kUnknownKind);
}

TEST_F(LinkedClient, JoinsWithTheReply) {
  link_.connect(now_);
  EXPECT_FALSE(link_.send({}));
  let_in(11);
  EXPECT_TRUE(link_.has_session());
  EXPECT_FALSE(link_.joined());
  EXPECT_FALSE(link_.rejoining());
  EXPECT_EQ(link_.handshakes(), 1U);
  EXPECT_EQ(link_.idle_timeout(), Duration(30s));
  const auto joins = take_joins();
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].ssrc, kSsrc);
  EXPECT_EQ(joins[0].room_id, options().room_id);
  welcome(kSsrc, 3);
  EXPECT_TRUE(link_.joined());
  EXPECT_TRUE(link_.take_welcome());
  EXPECT_FALSE(link_.take_welcome()) << "once for each";
  EXPECT_EQ(link_.members(), 3U);
}

TEST_F(LinkedClient, TheFirstReplyThatVerifiesCounts) {
  link_.connect(now_);
  const Hello hello = only_hello();
  const Bytes forged = relay_.reply(hello, 11);
  Bytes broken = forged;
  broken.back() ^= std::byte{1};
  EXPECT_EQ(hear(broken), DropReason::kBadHandshake);
  EXPECT_EQ(hear(relay_.reply(hello, 12)), std::nullopt);
  EXPECT_EQ(hear(forged), DropReason::kBadHandshake) << "the handshake is over";
  EXPECT_EQ(link_.handshakes(), 1U);
}

TEST_F(LinkedClient, JoinsAgainUntilWelcome) {
  link_.connect(now_);
  let_in(11);
  const TimePoint joined = now_;
  Times at;
  for (; now_ - joined < 4s; step()) {
    if (!take_joins().empty()) at.push_back(now_ - joined);
  }
  EXPECT_EQ(at, (Times{0ms, 250ms, 750ms, 1'750ms, 2'750ms, 3'750ms}));
  welcome(kSsrc + 1);
  EXPECT_FALSE(link_.joined()) << "it is for another SSRC";
  welcome();
  run(10s);
  EXPECT_TRUE(take_joins().empty());
}

TEST_F(LinkedClient, SaysThatItsSsrcIsTaken) {
  link_.connect(now_);
  let_in(11);
  static_cast<void>(take_joins());
  turned_away(TurnedAway::Reason::kSsrcTaken, kSsrc + 1);
  EXPECT_FALSE(link_.take_ssrc_taken()) << "of another one it is no news";
  turned_away(TurnedAway::Reason::kSsrcTaken);
  EXPECT_TRUE(link_.take_ssrc_taken());
  EXPECT_FALSE(link_.take_ssrc_taken());
  link_.change_ssrc(now_, 0x5555);
  link_.tick(now_);
  const auto joins = take_joins();
  ASSERT_EQ(joins.size(), 1U) << "at once, where no membership that names it was told before";
  EXPECT_EQ(joins[0].ssrc, 0x5555U);
  turned_away(TurnedAway::Reason::kSsrcTaken);
  EXPECT_FALSE(link_.take_ssrc_taken()) << "that was the old one's";
}

TEST_F(LinkedClient, ChangesItsSsrcAsAMemberToo) {
  join(11);
  link_.change_ssrc(now_, 0x5555);
  EXPECT_FALSE(link_.joined());
  link_.tick(now_);
  EXPECT_EQ(take_joins().at(0).ssrc, 0x5555U);
  welcome(0x5555);
  EXPECT_TRUE(link_.joined());
}

// --- What keeps a client out

TEST_F(LinkedClient, NamesEachRefusalAndGoesOnTrying) {
  struct Row {
    RefusalReason reason;
    Obstacle obstacle;
  };
  for (const Row& row :
       {Row{RefusalReason::kVersion, Obstacle::kVersion}, Row{RefusalReason::kToken, Obstacle::kToken},
        Row{RefusalReason::kFull, Obstacle::kRelayFull}}) {
    link_.connect(now_);
    const Hello hello = only_hello();
    const Bytes refusal = relay_.refusal(hello, row.reason, 9);
    Bytes forged = refusal;
    forged[10] ^= std::byte{3};
    EXPECT_NE(hear(forged), std::nullopt);
    EXPECT_EQ(hear(refusal), std::nullopt);
    EXPECT_EQ(link_.obstacle(), row.obstacle);
  }
  EXPECT_EQ(link_.relay_version(), 9);
  run(1s);
  EXPECT_FALSE(hellos().empty());
  join(11);
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone) << "a welcome ends it";
}

TEST_F(LinkedClient, SaysThatTheRoomIsFull) {
  link_.connect(now_);
  let_in(11);
  turned_away(TurnedAway::Reason::kRoomFull);
  EXPECT_EQ(link_.obstacle(), Obstacle::kRoomFull);
  welcome();
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone);
}

TEST_F(LinkedClient, CallsSilenceSilenceAfterFourSeconds) {
  link_.connect(now_);
  run(4s - kStep);
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone);
  run(kStep);
  EXPECT_EQ(link_.obstacle(), Obstacle::kSilence);
}

TEST_F(LinkedClient, AsksForTheKeyAfterTwoSecondsOfSilence) {
  link_.connect(now_);
  Times at;
  for (; elapsed() < 5s - kStep; step()) {
    if (!take(SealedKind::kKeyRequest).empty()) at.push_back(elapsed());
  }
  EXPECT_EQ(at, (Times{2s, 3s, 4s}));
}

TEST_F(LinkedClient, TellsAnotherKeyFromSilenceWithinFiveSeconds) {
  link_.connect(now_);
  const ScriptedRelay other(2);
  run(2s);
  const auto questions = take(SealedKind::kKeyRequest);
  ASSERT_EQ(questions.size(), 1U);
  const std::span<const std::byte, Hello::kBytes> bytes(questions[0]);
  EXPECT_TRUE(HelloKeys({}, options().unknown_psk).knows_token(bytes));
  const Nonce nonce = Hello::parse(questions[0])->preamble.nonce;
  Bytes forged = other.key_answer(nonce);
  forged[20] ^= std::byte{1};
  EXPECT_EQ(hear(forged), DropReason::kBadMac);
  EXPECT_EQ(hear(relay_.key_answer(nonce)), std::nullopt);
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone) << "our own key explains nothing";
  EXPECT_EQ(hear(other.key_answer(nonce)), std::nullopt);
  EXPECT_EQ(link_.obstacle(), Obstacle::kOtherKey);
  EXPECT_EQ(link_.other_key(), other.public_key());
  run(3s);
  EXPECT_EQ(link_.obstacle(), Obstacle::kOtherKey) << "and stays so, with no word of silence";
  EXPECT_FALSE(hellos().empty()) << "for the key in use never changes";
}

TEST_F(LinkedClient, ARelayThatAnswersIsNotAskedForItsKey) {
  link_.connect(now_);
  hear(relay_.retry(only_hello(), 1));
  const ScriptedRelay other(2);
  run(4'900ms);
  EXPECT_TRUE(take(SealedKind::kKeyRequest).empty());
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone);
  EXPECT_EQ(hear(other.key_answer(hellos().at(0).preamble.nonce)), std::nullopt);
  EXPECT_EQ(link_.obstacle(), Obstacle::kNone);
}

TEST_F(LinkedClient, AKeyThatNoRelayCanHave) {
  LinkOptions bad = options();
  bad.relay_key = {};
  ClientLink link(bad, kSsrc, random_,
                  [this](std::span<const std::byte> bytes) { sent_.push_back(bytes_of(bytes)); });
  link.connect(now_);
  EXPECT_EQ(link.obstacle(), Obstacle::kBadRelayKey);
  EXPECT_FALSE(link.rejoining());
  EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace hubbub::session
