// How a client gets in and stays in, what keeps it out, and its own voice.
#include "voiceclient/core/sealed_session.h"

#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"
#include "tests/unit/client/sealed_session_fixture.h"

namespace hubbub::client {
namespace {

// --- Getting in

TEST_F(SealedSessionTest, IsInAndSaysThatTheRelayIsHere) {
  join();
  EXPECT_EQ(session_.member_count(), 2U);
  run(50ms);
  const auto pings = take(ElementType::kPing);
  ASSERT_FALSE(pings.empty());
  now_ += 30ms;
  seal(element_of(Pong{.token = PingElement::parse(pings.back())->token, .members = 2}));
  EXPECT_EQ(take_events<RelayHere>().size(), 1U);
  EXPECT_EQ(session_.relay_state(), RelayWatch::State::kHere);
  EXPECT_TRUE(session_.round_trip().has_value());
}

TEST_F(SealedSessionTest, ARefusalIsASentence) {
  struct Row {
    RefusalReason reason;
    const char* part;
  };
  for (const Row& row :
       {Row{RefusalReason::kVersion, "version 9"}, Row{RefusalReason::kToken, "--access-token-file"},
        Row{RefusalReason::kFull, "the relay is full"}}) {
    SealedSession session(options(), room(), random_);
    session.tick(now_);
    const auto datagram = session.next_datagram();
    ASSERT_TRUE(datagram);
    const auto hello = relay_.read_hello(*datagram);
    ASSERT_TRUE(hello);
    session.receive(now_, relay_.refusal(*hello, row.reason, 9));
    std::vector<std::string> sentences;
    while (const auto event = session.next_event()) {
      if (const auto* refused = std::get_if<Refused>(&*event)) sentences.push_back(refused->why);
    }
    ASSERT_EQ(sentences.size(), 1U);
    EXPECT_NE(sentences[0].find(row.part), std::string::npos) << sentences[0];
  }
}

TEST_F(SealedSessionTest, AFullRoomIsASentenceToo) {
  tick();
  hear(relay_.reply(*hello_, 11));
  seal(element_of(TurnedAway{.ssrc = session_.ssrc(), .reason = TurnedAway::Reason::kRoomFull}));
  const auto refused = take_events<Refused>();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].why, "the room is full; try again later");
}

TEST_F(SealedSessionTest, WhoWasInTheRoomIsToldAndGoesOnTrying) {
  join();
  take_events<RelayHere>();
  // Nothing is answered any more: the relay is away, and a new handshake begins.
  run(kSealedPingInterval + kRelayAwayAfter + 100ms);
  EXPECT_EQ(take_events<RelayAway>().size(), 1U);
  ASSERT_TRUE(hello_.has_value());
  hear(relay_.refusal(*hello_, RefusalReason::kToken));
  EXPECT_TRUE(take_events<Refused>().empty());
  const auto notices = take_events<Notice>();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].sentence.find("--access-token-file"), std::string::npos);
  hello_.reset();
  run(6s);
  EXPECT_TRUE(hello_.has_value());
}

TEST_F(SealedSessionTest, DrawsAnotherSsrcWhereItsOwnIsTaken) {
  tick();
  hear(relay_.reply(*hello_, 11));
  const std::uint32_t first = session_.ssrc();
  static_cast<void>(take(ElementType::kJoin));
  seal(element_of(TurnedAway{.ssrc = first, .reason = TurnedAway::Reason::kSsrcTaken}));
  EXPECT_NE(session_.ssrc(), first);
  const auto joins = take(ElementType::kJoin);
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(Join::parse(joins[0])->ssrc, session_.ssrc());
}

// --- Our own voice

TEST_F(SealedSessionTest, SealsItsVoiceForTheRoom) {
  join();
  speak(3);
  const auto frames = take_frames();
  ASSERT_EQ(frames.size(), 3U);
  session::FrameOpener opener(keys_, {.ssrc = session_.ssrc(), .kid = frames[0].kid});
  Bytes opus(SealedFrame::kMaxOpusBytes);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(frames[i].header.ssrc, session_.ssrc());
    EXPECT_EQ(frames[i].ctr, frames[0].ctr + i);
    EXPECT_TRUE(opener.open(frames[i], opus).ok());
  }
  EXPECT_LT(frames[0].ctr, SealedFrame::kLeast + 0x1'0000);
}

TEST_F(SealedSessionTest, WithoutASessionItsVoiceGoesNowhere) {
  tick();
  speak(3);
  join();
  EXPECT_TRUE(take(ElementType::kFrame).empty());
}

TEST_F(SealedSessionTest, AfterASuspendItIsSomeoneNew) {
  join();
  speak(1);
  const auto before = take_frames();
  ASSERT_EQ(before.size(), 1U);
  const std::uint32_t kid = before[0].kid;
  const std::uint32_t ssrc = session_.ssrc();
  run(1s);
  now_ += 5s - 1ns;
  tick();
  EXPECT_EQ(session_.ssrc(), ssrc) << "a gap that is no sleep";
  static_cast<void>(take(ElementType::kJoin));
  now_ += 5s;
  tick();
  EXPECT_NE(session_.ssrc(), ssrc);
  const auto joins = take(ElementType::kJoin);
  ASSERT_FALSE(joins.empty());
  EXPECT_EQ(Join::parse(joins[0])->ssrc, session_.ssrc());
  speak(1);
  const auto after = take_frames();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_NE(after[0].kid, kid);
}

TEST_F(SealedSessionTest, AnswersANackWithTheLast16Frames) {
  join();
  speak(20);
  const auto frames = take_frames();
  ASSERT_EQ(frames.size(), 20U);
  std::vector<std::uint16_t> sequences;
  for (const SealedFrame& frame : frames) sequences.push_back(frame.header.sequence.value);
  const auto answered = [&](std::size_t pid, std::uint16_t blp, std::uint32_t ssrc) {
    seal(element_of(Nack{.ssrc = ssrc, .items = {{.pid = sequences[pid], .blp = blp}}}));
    std::vector<std::uint16_t> again;
    for (const SealedFrame& frame : take_frames()) again.push_back(frame.header.sequence.value);
    return again;
  };
  const std::uint32_t ssrc = session_.ssrc();
  EXPECT_EQ(answered(10, 0b101, ssrc),
            (std::vector<std::uint16_t>{sequences[10], sequences[11], sequences[13]}));
  EXPECT_TRUE(answered(3, 0, ssrc).empty()) << "the seventeenth last";
  EXPECT_EQ(answered(3, 0xFFFF, ssrc).size(), 16U);
  EXPECT_TRUE(answered(10, 0, ssrc + 1).empty());
  EXPECT_EQ(dropped(DropReason::kForeignSsrc), 1U);
  bundle(element_of(Nack{.ssrc = ssrc, .items = {{.pid = sequences[10]}}}));
  EXPECT_TRUE(take(ElementType::kFrame).empty()) << "nobody sealed that";
}

// --- Pings

TEST_F(SealedSessionTest, PingsEveryTwoSecondsAndQuicklyWhileUnanswered) {
  join();
  std::vector<Duration> at;
  const auto watch = [&](Duration duration, bool answered) {
    at.clear();
    const TimePoint begun = now_;
    while (now_ - begun < duration) {
      run(50ms);
      for (const Bytes& ping : take(ElementType::kPing)) {
        at.push_back(now_ - begun);
        if (answered) seal(element_of(Pong{.token = PingElement::parse(ping)->token, .members = 2}));
      }
    }
  };
  const auto first = take(ElementType::kPing);
  ASSERT_EQ(first.size(), 1U) << "with the Welcome";
  seal(element_of(Pong{.token = PingElement::parse(first[0])->token, .members = 2}));
  watch(7s, true);
  EXPECT_EQ(at,
            (std::vector<Duration>{kSealedPingInterval, 2 * kSealedPingInterval, 3 * kSealedPingInterval}));
  watch(4s, false);
  EXPECT_EQ(at, (std::vector<Duration>{1'000ms, 1'250ms, 1'500ms, 1'750ms, 2'000ms, 2'250ms, 2'500ms, 2'750ms,
                                       3'750ms}));
}

TEST_F(SealedSessionTest, PingsWhenVoiceStopsButOnceASecondAtMost) {
  join();
  const auto pings = take(ElementType::kPing);
  ASSERT_EQ(pings.size(), 1U);
  seal(element_of(Pong{.token = PingElement::parse(pings[0])->token, .members = 2}));
  const auto bob_speaks = [&] {
    Bytes out(SealedFrame::kMaxBytes);
    const std::uint32_t ctr = bob_voice_.next_ctr();
    hear(bytes_of(bob_voice_.seal(
        {.sequence = {static_cast<std::uint16_t>(ctr)}, .timestamp = {960 * ctr}, .ssrc = kBob.ssrc},
        bytes_of({0xF8, 0xFF, 0xFE}), out)));
  };
  bob_speaks();
  run(kStallPing - 50ms);
  EXPECT_TRUE(take(ElementType::kPing).empty());
  run(50ms);
  const auto stalled = take(ElementType::kPing);
  ASSERT_EQ(stalled.size(), 1U);
  seal(element_of(Pong{.token = PingElement::parse(stalled[0])->token, .members = 2}));
  bob_speaks();
  run(900ms);
  EXPECT_TRUE(take(ElementType::kPing).empty());
}

}  // namespace
}  // namespace hubbub::client
