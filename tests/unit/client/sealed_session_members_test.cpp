// What a client takes from the relay and from other members: text, questions, signs of life; and from nobody
// else.
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/client/sealed_session_fixture.h"

namespace hubbub::client {
namespace {

// --- What only the relay may say

TEST_F(SealedSessionTest, ABundleCarriesNothingOfTheRelaysOwn) {
  join();
  run(50ms);
  const auto pings = take(ElementType::kPing);
  ASSERT_FALSE(pings.empty());
  bundle(element_of(Pong{.token = PingElement::parse(pings.back())->token, .members = 99}));
  EXPECT_FALSE(session_.round_trip().has_value());
  EXPECT_EQ(session_.member_count(), 2U);
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
  const session::MessageId id = next_id();
  const Bytes object = session::seal_raw(
      keys_, bob_, bob_text_, id, {.author = bob_.public_key(), .name = "bob", .text = "hi \x1b[31mall"});
  const Bytes hello = entry(id, object);
  bundle(hello);
  const auto heard = take_events<TextHeard>();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].line.author, "bob");
  EXPECT_EQ(heard[0].line.text, "hi [31mall");
  EXPECT_EQ(heard[0].author, bob_.public_key());
  EXPECT_FALSE(heard[0].own || heard[0].action || heard[0].direct || heard[0].earlier);
  bundle(hello);
  seal(entry(id, object));
  EXPECT_TRUE(take_events<TextHeard>().empty());
  EXPECT_EQ(dropped(DropReason::kDuplicate), 1U) << "once more under another number";
  seal(text_of_bob("", "no name"));
  EXPECT_EQ(take_events<TextHeard>().at(0).line.author, "");
}

TEST_F(SealedSessionTest, TextLimitsAtTheirEdges) {
  join();
  seal(text_of_bob("bob", std::string(797, 'x')));
  EXPECT_EQ(take_events<TextHeard>().size(), 1U);
  seal(text_of_bob("bob", std::string(798, 'x')));
  EXPECT_EQ(dropped(DropReason::kTextTooLong), 1U) << "name and text are 800 bytes together";
  seal(text_of_bob("bob", ""));
  seal(text_of_bob("bob", "\x01\x02"));
  EXPECT_EQ(dropped(DropReason::kEmptyText), 2U);
  seal(text_of_bob("bob", "\xFF\xFE"));
  EXPECT_EQ(dropped(DropReason::kNotUtf8), 1U);
  Bytes forged = text_of_bob("bob", "hi");
  forged.back() ^= std::byte{1};
  seal(forged);
  EXPECT_EQ(dropped(DropReason::kBadTag), 1U);
  const session::Identity carol(seal::key_from_hex(std::string(64, 'c')));
  const session::MessageId id = next_id();
  seal(entry(id, session::seal_raw(keys_, carol, bob_text_, id,
                                   {.author = bob_.public_key(), .name = "bob", .text = "not bob's"})));
  EXPECT_EQ(dropped(DropReason::kBadSignature), 1U);
  EXPECT_TRUE(take_events<TextHeard>().empty());
  seal(text_of_bob("bob", "and on"));
  EXPECT_EQ(take_events<TextHeard>().size(), 1U) << "what nobody can read keeps nobody from reading on";
}

TEST_F(SealedSessionTest, WhatItSaysOpensForTheOthersAndIsHeardOnceItHasItsPlace) {
  join();
  EXPECT_EQ(session_.say(now_, "hello"), std::nullopt);
  EXPECT_EQ(session_.say(now_, ""), DropReason::kEmptyText);
  EXPECT_EQ(session_.say(now_, std::string(796, 'x')), DropReason::kTextTooLong);
  collect();
  EXPECT_TRUE(take_events<TextHeard>().empty());
  EXPECT_EQ(session_.texts_waiting().unacknowledged, 1U);
  const auto texts = take(ElementType::kText);
  ASSERT_EQ(texts.size(), 1U);
  const auto text = TextElement::parse(texts[0]);
  ASSERT_TRUE(text.ok());
  const auto opened = session::open_message(keys_, bob_, text->id, text->object);
  ASSERT_TRUE(opened.ok() && opened->has_value());
  EXPECT_EQ((*opened)->author, session_.identity());
  EXPECT_EQ((*opened)->name, "alice");
  EXPECT_EQ((*opened)->text, "hello");
  EXPECT_EQ(session_.stats().texts_sent, 1U);
  seal(element_of(TextAck{.sequence = text->sequence, .number = 1, .previous = 0}));
  const auto heard = take_events<TextHeard>();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(heard[0].own);
  EXPECT_EQ(heard[0].line.text, "hello");
  EXPECT_EQ(session_.stats().texts_received, 0U);
  EXPECT_EQ(session_.texts_waiting().unacknowledged, 0U);
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
  ByteWriter writer{std::span(redirected).subspan(3, 4)};
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
