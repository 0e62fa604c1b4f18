// A client in a sealed room, before a relay that does as it is told and beside a member whose keys the test
// has.
#include "voiceclient/core/sealed_session.h"

#include <cmath>

#include <gtest/gtest.h>

#include "codec/session/stream_seal.h"
#include "tests/unit/session/scripted_relay.h"

namespace hubbub::client {
namespace {

using session::element_of;
using session::Heard;
using session::ping_of;

constexpr TimePoint kStart{1h};
constexpr session::StreamId kBob{.ssrc = 0x0B0B, .kid = 0xB000'0001};

class SealedSessionTest : public testing::Test {
 protected:
  void tick() {
    session_.tick(now_);
    collect();
  }
  void run(Duration duration) {
    for (const TimePoint end = now_ + duration; now_ < end;) {
      now_ += Session::kTick;
      tick();
    }
  }
  void hear(const Bytes& datagram) {
    session_.receive(now_, datagram);
    collect();
  }
  void seal(const Bytes& elements) { hear(relay_.seal(elements)); }
  void bundle(const Bytes& elements) {
    Bytes datagram = bytes_of({0x08});
    datagram.insert(datagram.end(), elements.begin(), elements.end());
    hear(datagram);
  }
  void collect() {
    while (const auto datagram = session_.next_datagram()) {
      if (sealed_kind_of(*datagram) == SealedKind::kHello) {
        hello_ = relay_.read_hello(*datagram);
      } else if (const auto opened = relay_.open(*datagram)) {
        for (const Heard& heard : opened->elements) sent_.push_back(heard);
      }
    }
    while (auto event = session_.next_event()) events_.push_back(std::move(*event));
  }
  std::vector<Bytes> take(ElementType type) {
    std::vector<Bytes> bodies;
    std::erase_if(sent_, [&](const Heard& heard) {
      if (heard.type != type) return false;
      bodies.push_back(heard.body);
      return true;
    });
    return bodies;
  }
  template <class Wanted>
  std::vector<Wanted> take_events() {
    std::vector<Wanted> wanted;
    std::erase_if(events_, [&](const Event& event) {
      if (!std::holds_alternative<Wanted>(event)) return false;
      wanted.push_back(std::get<Wanted>(event));
      return true;
    });
    return wanted;
  }
  std::uint64_t dropped(DropReason reason) const {
    return session_.stats().dropped[static_cast<std::size_t>(reason)];
  }

  void welcome() { seal(element_of(Welcome{.ssrc = session_.ssrc(), .members = 2})); }
  void join(std::uint32_t session_id = 11) {
    if (!hello_) tick();
    ASSERT_TRUE(hello_.has_value());
    hear(relay_.reply(*hello_, session_id));
    hello_.reset();
    welcome();
    ASSERT_TRUE(session_.link().joined());
    sent_.clear();
  }
  // So many frames of 20 ms.
  void speak(int frames) {
    std::vector<float> samples(static_cast<std::size_t>(960 * frames));
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = 0.3F * std::sin(0.03F * static_cast<float>(i));
    session_.capture(now_, samples);
    collect();
  }
  std::vector<SealedFrame> take_frames() {
    bodies_ = take(ElementType::kFrame);
    std::vector<SealedFrame> frames;
    for (const Bytes& body : bodies_) {
      const auto element = FrameElement::parse(body);
      EXPECT_TRUE(element.ok());
      const auto frame = SealedFrame::parse(element->frame);
      EXPECT_TRUE(frame.ok());
      if (frame.ok()) frames.push_back(*frame);
    }
    return frames;
  }

  // --- What bob seals
  Bytes text_of_bob(const std::string& name, const std::string& text) {
    Bytes plaintext = {static_cast<std::byte>(name.size())};
    for (const std::string& part : {name, text}) {
      const Bytes bytes = bytes_of(std::string_view(part));
      plaintext.insert(plaintext.end(), bytes.begin(), bytes.end());
    }
    Bytes out(1'400);
    return element_of(ElementType::kText, bob_text_.seal({}, plaintext, out));
  }
  Bytes ask_of_bob(int mark, std::uint32_t target) {
    std::array<std::byte, 4> metadata{};
    ByteWriter writer(metadata);
    writer.u32(target);
    LiveNonce nonce;
    nonce.fill(static_cast<std::byte>(mark));
    Bytes out(100);
    return element_of(Ask{.target = target, .object = bob_ask_.seal(metadata, nonce, out)});
  }
  static SessionOptions options() {
    SessionOptions options;
    options.name = "alice";
    options.format.complexity = 0;
    return options;
  }
  SealedRoom room() const {
    SealedRoom room;
    room.relay_key = relay_.public_key();
    return room;
  }

  session::ScriptedRelay relay_;
  seal::SeededRandom random_{5};
  SealedSession session_{options(), room(), random_};
  seal::RoomKeys keys_{relay_.public_key(), {}};
  session::ObjectSealer bob_text_{keys_, session::kTextLabel, kBob};
  session::ObjectSealer bob_ask_{keys_, session::kAskLabel, kBob};
  session::ObjectSealer bob_echo_{keys_, session::kEchoLabel, kBob};
  session::FrameSealer bob_voice_{keys_, kBob, SequenceNumber{5}};
  TimePoint now_ = kStart;
  std::optional<Hello> hello_;
  std::vector<Heard> sent_;
  std::vector<Bytes> bodies_;
  std::vector<Event> events_;
};

// --- Getting in

TEST_F(SealedSessionTest, IsInAndSaysThatTheRelayIsHere) {
  join();
  EXPECT_EQ(session_.members(), 2U);
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
  run(5s);  // nothing is answered: the relay is away, and a new handshake begins
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

// --- What only the relay may say

TEST_F(SealedSessionTest, ABundleCarriesNothingOfTheRelaysOwn) {
  join();
  run(50ms);
  const auto pings = take(ElementType::kPing);
  ASSERT_FALSE(pings.empty());
  bundle(element_of(Pong{.token = PingElement::parse(pings.back())->token, .members = 99}));
  EXPECT_FALSE(session_.round_trip().has_value());
  EXPECT_EQ(session_.members(), 2U);
  bundle(element_of(Goodbye{.reason = Goodbye::Reason::kRelayStops}));
  bundle(element_of(Report{.ssrc = session_.ssrc()}));
  bundle(ping_of(1, ElementType::kPathChallenge));
  tick();
  EXPECT_TRUE(take_events<RelayAway>().empty());
  EXPECT_FALSE(session_.own_report().has_value());
  EXPECT_TRUE(take(ElementType::kPathResponse).empty());
  seal(element_of(Report{.ssrc = session_.ssrc(), .lost = 3}));
  ASSERT_TRUE(session_.own_report().has_value());
  EXPECT_EQ(session_.own_report()->lost, 3U);
}

TEST_F(SealedSessionTest, ARelayThatStopsIsAwayAndAskedAgain) {
  join();
  seal(element_of(Goodbye{.reason = Goodbye::Reason::kRelayStops}));
  tick();
  EXPECT_EQ(take_events<RelayAway>().size(), 1U);
  EXPECT_TRUE(hello_.has_value());
}

// --- Text

TEST_F(SealedSessionTest, TextIsHeardOnceAndCleaned) {
  join();
  const Bytes hello = text_of_bob("bob", "hi \x1b[31mall");
  bundle(hello);
  const auto heard = take_events<TextHeard>();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].line.author, "bob");
  EXPECT_EQ(heard[0].line.text, "hi [31mall");
  bundle(hello);
  EXPECT_TRUE(take_events<TextHeard>().empty());
  EXPECT_EQ(dropped(DropReason::kDuplicate), 1U);
  seal(text_of_bob("", "no name"));
  EXPECT_EQ(take_events<TextHeard>().at(0).line.author, "");
}

TEST_F(SealedSessionTest, TextLimitsAtTheirEdges) {
  join();
  bundle(text_of_bob("bob", std::string(997, 'x')));
  EXPECT_EQ(take_events<TextHeard>().size(), 1U);
  bundle(text_of_bob("bob", std::string(998, 'x')));
  EXPECT_EQ(dropped(DropReason::kTextTooLong), 1U) << "name and text are 1,000 bytes together";
  bundle(text_of_bob("bob", ""));
  bundle(text_of_bob("bob", "\x01\x02"));
  EXPECT_EQ(dropped(DropReason::kEmptyText), 2U);
  bundle(text_of_bob("bob", "\xFF\xFE"));
  EXPECT_EQ(dropped(DropReason::kNotUtf8), 1U);
  EXPECT_TRUE(take_events<TextHeard>().empty());
  Bytes forged = text_of_bob("bob", "hi");
  forged.back() ^= std::byte{1};
  bundle(forged);
  EXPECT_EQ(dropped(DropReason::kBadTag), 1U);
}

TEST_F(SealedSessionTest, WhatItSaysOpensForTheOthers) {
  join();
  EXPECT_EQ(session_.say("hello"), std::nullopt);
  EXPECT_EQ(session_.say(""), DropReason::kEmptyText);
  EXPECT_EQ(session_.say(std::string(1'001, 'x')), DropReason::kTextTooLong);
  collect();
  const auto texts = take(ElementType::kText);
  ASSERT_EQ(texts.size(), 1U);
  Bytes out(1'200);
  const auto opened = session::open_object(keys_, session::kTextLabel, texts[0], {}, out);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->stream.ssrc, session_.ssrc());
  EXPECT_EQ(as_text(opened->plaintext),
            "\x05"
            "alicehello");
  EXPECT_EQ(session_.stats().texts_sent, 1U);
  bundle(element_of(ElementType::kText, texts[0]));
  EXPECT_EQ(dropped(DropReason::kOwnStream), 1U);
}

// --- Signs of life

TEST_F(SealedSessionTest, AnswersAnAskAndThenTogetherThoseWhoAskMeanwhile) {
  join();
  const std::uint32_t ssrc = session_.ssrc();
  bundle(ask_of_bob(1, ssrc));
  ASSERT_EQ(take(ElementType::kEcho).size(), 1U) << "at once";
  for (int i = 2; i < 42; ++i) bundle(ask_of_bob(i, ssrc));
  EXPECT_TRUE(take(ElementType::kEcho).empty());
  now_ += 20ms;
  tick();
  const auto echoes = take(ElementType::kEcho);
  ASSERT_EQ(echoes.size(), 2U);
  std::size_t nonces = 0;
  for (const std::size_t i : {0U, 1U}) {
    const auto echo = Echo::parse(echoes[i]);
    ASSERT_TRUE(echo.ok());
    EXPECT_EQ(echo->asker_count, i == 0 ? 32U : 8U);
    EXPECT_EQ(echo->askers[0], kBob.ssrc);
    Bytes out(1'200);
    const auto opened = session::open_object(keys_, session::kEchoLabel, echo->object, {}, out);
    ASSERT_TRUE(opened.ok());
    ByteReader reader(opened->plaintext);
    EXPECT_EQ(reader.u32(), opened->stream.kid);
    EXPECT_GE(reader.u32(), SealedFrame::kLeast - 1);
    EXPECT_EQ(as_text(reader.bytes(reader.u8())), "alice");
    EXPECT_EQ(reader.u8(), echo->asker_count);
    for (std::size_t n = 0; n < echo->asker_count; ++n, ++nonces)
      EXPECT_EQ(reader.bytes(16)[0], static_cast<std::byte>(2 + nonces));
    EXPECT_TRUE(reader.finish());
  }
}

TEST_F(SealedSessionTest, AsksThatAreNotForItAreDropped) {
  join();
  bundle(ask_of_bob(1, session_.ssrc() + 1));
  EXPECT_EQ(dropped(DropReason::kForeignSsrc), 1U);
  Bytes redirected = ask_of_bob(1, session_.ssrc() + 1);
  ByteWriter writer(std::span(redirected).subspan(3, 4));
  writer.u32(session_.ssrc());
  bundle(redirected);
  EXPECT_EQ(dropped(DropReason::kBadTag), 1U) << "the target is sealed in";
  EXPECT_TRUE(take(ElementType::kEcho).empty());
}

TEST_F(SealedSessionTest, SoManyAskersWaitAndNoMore) {
  join();
  for (int i = 0; i < 1 + 256; ++i) bundle(ask_of_bob(i, session_.ssrc()));
  EXPECT_EQ(dropped(DropReason::kOverloaded), 0U);
  bundle(ask_of_bob(1, session_.ssrc()));
  EXPECT_EQ(dropped(DropReason::kOverloaded), 1U);
}

TEST_F(SealedSessionTest, HearsBobOnceHeHasShownThatHeIsOfNow) {
  join();
  Bytes out(SealedFrame::kMaxBytes);
  const std::uint32_t ctr = bob_voice_.next_ctr();
  const Bytes opus = bytes_of({0xF8, 0xFF, 0xFE});  // 20 ms of silence
  hear(bytes_of(bob_voice_.seal(
      {.sequence = {static_cast<std::uint16_t>(ctr)}, .timestamp = {0}, .ssrc = kBob.ssrc}, opus, out)));
  EXPECT_TRUE(session_.speakers().empty());
  const auto asks = take(ElementType::kAsk);
  ASSERT_EQ(asks.size(), 1U) << "at once";
  const auto ask = Ask::parse(asks[0]);
  ASSERT_TRUE(ask.ok());
  EXPECT_EQ(ask->target, kBob.ssrc);
  Bytes nonce(100);
  const auto opened =
      session::open_object(keys_, session::kAskLabel, ask->object, std::span(asks[0]).first(4), nonce);
  ASSERT_TRUE(opened.ok());
  ASSERT_EQ(opened->plaintext.size(), 16U);

  const auto echo = [&](std::uint32_t kid) {
    Bytes plaintext(4 + 4 + 1 + 3 + 1 + 16);
    ByteWriter writer(plaintext);
    writer.u32(kid);
    writer.u32(ctr);
    writer.u8(3);
    writer.text("bob");
    writer.u8(1);
    writer.bytes(opened->plaintext);
    Bytes object(200);
    Echo element;
    element.object = bob_echo_.seal({}, plaintext, object);
    return element_of(element);
  };
  bundle(echo(kBob.kid + 1));
  EXPECT_EQ(dropped(DropReason::kBadElement), 1U) << "the KID is that of its header";
  EXPECT_TRUE(session_.speakers().empty());
  bundle(echo(kBob.kid));
  const auto speakers = session_.speakers();
  ASSERT_EQ(speakers.size(), 1U);
  EXPECT_EQ(speakers[0].ssrc, kBob.ssrc);
  EXPECT_EQ(speakers[0].name, "bob");
}

}  // namespace
}  // namespace hubbub::client
