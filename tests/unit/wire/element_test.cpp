// Elements: each is read back as it was written, every other length is refused, every limit holds at its
// edge; and a datagram of them is walked through to its end or to the first that is cut short.
#include "codec/wire/element.h"

#include <gtest/gtest.h>

#include "codec/wire/room_elements.h"
#include "codec/wire/sealed.h"
#include "codec/wire/sealed_object.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

Bytes filled(std::size_t size, int first = 1) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>(static_cast<std::size_t>(first) + i);
  return bytes;
}

// The one element that `serialize` writes: its type checked, its body returned.
template <class Message, class... More>
Bytes body_of(ElementType type, const Message& message, More... more) {
  Bytes bytes(4'096);
  ByteWriter writer(bytes);
  EXPECT_TRUE(message.serialize(writer, more...));
  ElementReader reader(writer.written());
  const auto element = reader.next();
  EXPECT_TRUE(element.has_value());
  if (!element) return {};
  EXPECT_EQ(element->type, type);
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.problem().has_value());
  // Where there is room for less, nothing is written.
  const std::size_t whole = writer.size();
  const std::span<std::byte> room(bytes.data(), whole - 1);
  ByteWriter narrow(room);
  EXPECT_FALSE(message.serialize(narrow, more...));
  EXPECT_EQ(narrow.size(), 0U);
  return {element->body.begin(), element->body.end()};
}

// --- The walk

TEST(ElementReader, WalksThroughEveryElement) {
  const Bytes bytes = bytes_of({0x10, 0, 2, 7, 8, 0x7E, 0, 0, 0x22, 0, 1, 9});
  ElementReader reader(bytes);
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, ElementType::kPing);
  EXPECT_TRUE(same(first->body, bytes_of({7, 8})));
  EXPECT_EQ(first->body.data(), bytes.data() + 3);
  const auto unknown = reader.next();
  ASSERT_TRUE(unknown) << "a type that nobody knows is walked over like any other";
  EXPECT_EQ(static_cast<int>(unknown->type), 0x7E);
  EXPECT_TRUE(unknown->body.empty());
  EXPECT_EQ(reader.next()->type, ElementType::kText);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.problem());
}

TEST(ElementReader, NothingAtAllIsNoProblem) {
  ElementReader reader({});
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.problem());
}

TEST(ElementReader, StopsAtWhatIsCutShort) {
  const Bytes whole = bytes_of({0x00, 0, 0, 0x22, 0, 3, 1, 2, 3});
  for (std::size_t size = 4; size < whole.size(); ++size) {
    const std::span<const std::byte> cut(whole.data(), size);
    ElementReader reader(cut);
    EXPECT_TRUE(reader.next()) << size;
    EXPECT_FALSE(reader.next()) << size;
    EXPECT_EQ(reader.problem(), DropReason::kTruncated) << size;
    EXPECT_FALSE(reader.next()) << "and never goes on";
  }
}

TEST(ElementReader, LengthsHaveTwoBytes) {
  Bytes bytes = bytes_of({0x00, 0x01, 0x02});
  bytes.resize(3 + 0x0102);
  ElementReader reader(bytes);
  const auto element = reader.next();
  ASSERT_TRUE(element);
  EXPECT_EQ(element->body.size(), 0x0102U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.problem());
}

// --- Voice

TEST(AudioLevel, IsAByteOfRfc6464) {
  for (int byte = 0; byte < 256; ++byte) {
    const AudioLevel level = AudioLevel::from(static_cast<std::uint8_t>(byte));
    EXPECT_EQ(level.voice, byte >= 128);
    EXPECT_EQ(level.minus_dbov, byte % 128);
    EXPECT_EQ(level.byte(), byte);
  }
}

TEST(FrameElement, IsReadBack) {
  const Bytes frame = filled(60);
  const Bytes body =
      body_of(ElementType::kFrame, FrameElement{.level = {.voice = true, .minus_dbov = 20}, .frame = frame});
  EXPECT_EQ(body.size(), 61U);
  const auto parsed = FrameElement::parse(body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->level.voice);
  EXPECT_EQ(parsed->level.minus_dbov, 20);
  EXPECT_TRUE(same(parsed->frame, frame));
  EXPECT_EQ(problem<FrameElement>({}), DropReason::kTruncated);
}

TEST(Sibling, IsReadBackAtTheEdgesOfItsFields) {
  const Bytes sealed = filled(30);
  for (const bool marker : {false, true}) {
    for (const int distance : {1, 127}) {
      for (const int step : {1, 8, 255}) {
        const Bytes body =
            body_of(ElementType::kSibling, Sibling{.marker = marker,
                                                   .distance = static_cast<std::uint8_t>(distance),
                                                   .step = static_cast<std::uint8_t>(step),
                                                   .sealed = sealed});
        const auto parsed = Sibling::parse(body);
        ASSERT_TRUE(parsed.ok());
        EXPECT_EQ(parsed->marker, marker);
        EXPECT_EQ(parsed->distance, distance);
        EXPECT_EQ(parsed->step, step);
        EXPECT_TRUE(same(parsed->sealed, sealed));
      }
    }
  }
  EXPECT_EQ(problem<Sibling>(bytes_of({0x80, 8, 1})), DropReason::kBadElement);
  EXPECT_EQ(problem<Sibling>(bytes_of({1, 0, 1})), DropReason::kBadElement);
  EXPECT_EQ(problem<Sibling>(bytes_of({1})), DropReason::kTruncated);
  EXPECT_EQ(problem<Sibling>({}), DropReason::kTruncated);
}

TEST(RepairSymbol, IsReadBack) {
  const Bytes symbol = filled(20);
  const Bytes body = body_of(ElementType::kRepair, RepairSymbol{.ssrc = 0x01020304,
                                                                .kid = 0x05060708,
                                                                .repair_key = 0x090A,
                                                                .density_threshold = 15,
                                                                .window = 32,
                                                                .first = 0x0B0C0D0E,
                                                                .symbol = symbol});
  EXPECT_TRUE(
      same(std::span(body).first(16), bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xF0, 0x20, 11, 12, 13, 14})));
  const auto parsed = RepairSymbol::parse(body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->ssrc, 0x01020304U);
  EXPECT_EQ(parsed->kid, 0x05060708U);
  EXPECT_EQ(parsed->repair_key, 0x090A);
  EXPECT_EQ(parsed->density_threshold, 15);
  EXPECT_EQ(parsed->window, 32);
  EXPECT_EQ(parsed->first, 0x0B0C0D0EU);
  EXPECT_TRUE(same(parsed->symbol, symbol));
  for (std::size_t size = 0; size <= RepairSymbol::kHeaderBytes; ++size)
    EXPECT_EQ(problem<RepairSymbol>(std::span(body).first(size)), DropReason::kTruncated) << size;
}

TEST(RepairSymbol, WindowsAtTheirEdges) {
  const auto with_window = [](std::uint16_t density_and_window, std::uint32_t first) {
    Bytes bytes(17);
    ByteWriter writer(bytes);
    writer.u64(0);
    writer.u16(0);
    writer.u16(density_and_window);
    writer.u32(first);
    return bytes;
  };
  EXPECT_EQ(problem<RepairSymbol>(with_window(0xF000, 1)), DropReason::kBadElement);
  EXPECT_EQ(problem<RepairSymbol>(with_window(0x0001, 1)), std::nullopt);
  EXPECT_EQ(problem<RepairSymbol>(with_window(0xF020, 1)), std::nullopt);
  EXPECT_EQ(problem<RepairSymbol>(with_window(0xF021, 1)), DropReason::kBadElement);
  EXPECT_EQ(problem<RepairSymbol>(with_window(0xFFFF, 1)), DropReason::kBadElement);
  EXPECT_EQ(problem<RepairSymbol>(with_window(0xF002, 0xFFFF'FFFD)), std::nullopt);
  EXPECT_EQ(problem<RepairSymbol>(with_window(0xF002, 0xFFFF'FFFE)), DropReason::kBadElement)
      << "counters end";
}

TEST(Nack, IsReadBackWithOneToSixteenItems) {
  for (const std::size_t count : {1U, 2U, 16U}) {
    Nack nack{.ssrc = 0xCAFEBABE, .items = {}};
    for (std::size_t i = 0; i < count; ++i)
      nack.items.push_back(
          {.pid = static_cast<std::uint16_t>(0xFFF0 + i), .blp = static_cast<std::uint16_t>(i)});
    const Bytes body = body_of(ElementType::kNack, nack);
    EXPECT_EQ(body.size(), 4 + 4 * count);
    const auto parsed = Nack::parse(body);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->ssrc, 0xCAFEBABEU);
    ASSERT_EQ(parsed->items.size(), count);
    EXPECT_EQ(parsed->items.back().pid, 0xFFF0 + count - 1);
    EXPECT_EQ(parsed->items.back().blp, count - 1);
    for (std::size_t size = body.size() - 3; size < body.size(); ++size)
      EXPECT_EQ(problem<Nack>(std::span(body).first(size)), DropReason::kTruncated) << size;
  }
  EXPECT_EQ(problem<Nack>(Bytes(4)), DropReason::kTruncated) << "it asks for nothing";
  EXPECT_EQ(problem<Nack>(Bytes(4 + 4 * 17)), DropReason::kBadElement);
}

TEST(Report, IsReadBack) {
  const Bytes body = body_of(ElementType::kReport, Report{.ssrc = 0x01020304,
                                                          .fraction_lost = 255,
                                                          .lost = 0xFF'FFFF,
                                                          .highest = 0x0505'0505,
                                                          .jitter = 0x0606'0606,
                                                          .mean_burst = 17});
  EXPECT_EQ(body.size(), 17U);
  expect_one_length<Report>(body);
  const auto parsed = Report::parse(body);
  EXPECT_EQ(parsed->ssrc, 0x01020304U);
  EXPECT_EQ(parsed->fraction_lost, 255);
  EXPECT_EQ(parsed->lost, 0xFF'FFFFU);
  EXPECT_EQ(parsed->highest, 0x0505'0505U);
  EXPECT_EQ(parsed->jitter, 0x0606'0606U);
  EXPECT_EQ(parsed->mean_burst, 17);
  const auto more =
      Report::parse(body_of(ElementType::kReport, Report{.fraction_lost = 1, .lost = 0x100'0000}));
  EXPECT_EQ(more->lost, 0xFF'FFFFU) << "it has 24 bits, and does not spill";
  EXPECT_EQ(more->fraction_lost, 1);
}

// --- The session

TEST(PingElement, IsReadBackUnderEachOfItsTypes) {
  for (const auto type : {ElementType::kPing, ElementType::kPathChallenge, ElementType::kPathResponse}) {
    const Bytes body = body_of(type, PingElement{.token = 0x0102'0304'0506'0708}, type);
    EXPECT_TRUE(same(body, filled(8)));
    expect_one_length<PingElement>(body);
    EXPECT_EQ(PingElement::parse(body)->token, 0x0102'0304'0506'0708U);
  }
}

TEST(Pong, IsReadBack) {
  const Bytes body = body_of(ElementType::kPong, Pong{.token = 1,
                                                      .phase_us = -2,
                                                      .members = 3,
                                                      .newest_text = 0xFFFF'FFFF'FFFFU,
                                                      .stored_text = 0xFFFF'FFFF'FFFEU,
                                                      .newest_change = 5});
  EXPECT_EQ(body.size(), Pong::kBytes);
  expect_one_length<Pong>(body);
  const auto parsed = Pong::parse(body);
  EXPECT_EQ(parsed->token, 1U);
  EXPECT_EQ(parsed->phase_us, -2);
  EXPECT_EQ(parsed->members, 3U);
  EXPECT_EQ(parsed->newest_text, 0xFFFF'FFFF'FFFFU);
  EXPECT_EQ(parsed->stored_text, 0xFFFF'FFFF'FFFEU);
  EXPECT_EQ(parsed->newest_change, 5U);
  const Bytes without = body_of(ElementType::kPong, Pong{});
  EXPECT_TRUE(same(std::span(without).subspan(8, 4), bytes_of({0x80, 0, 0, 0}))) << "no phase";
}

TEST(Join, IsReadBackWithUpTo320BytesOfPresence) {
  for (const std::size_t size : {0U, 1U, 320U}) {
    const Bytes presence = filled(size, 9);
    Join join{.ssrc = 0x01020304, .revision = 0x0506'0708, .presence = presence};
    std::ranges::copy(filled(16, 0x20), join.room_id.begin());
    std::ranges::copy(filled(16, 0x40), join.name_tag.begin());
    std::ranges::copy(filled(16, 0x60), join.owner.begin());
    const Bytes body = body_of(ElementType::kJoin, join);
    EXPECT_EQ(body.size(), 56 + size);
    const auto parsed = Join::parse(body);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->room_id, join.room_id);
    EXPECT_EQ(parsed->name_tag, join.name_tag);
    EXPECT_EQ(parsed->owner, join.owner);
    EXPECT_EQ(parsed->ssrc, 0x01020304U);
    EXPECT_EQ(parsed->revision, 0x0506'0708U);
    EXPECT_TRUE(same(parsed->presence, presence));
  }
  EXPECT_EQ(problem<Join>(Bytes(56 + 321)), DropReason::kBadElement);
  for (std::size_t size = 0; size < 56; ++size)
    EXPECT_EQ(problem<Join>(Bytes(size)), DropReason::kTruncated) << size;
}

TEST(Welcome, IsReadBack) {
  const Bytes body = body_of(ElementType::kWelcome, Welcome{.ssrc = 1,
                                                            .revision = 9,
                                                            .members = 2,
                                                            .newest_text = 3,
                                                            .stored_text = 7,
                                                            .newest_change = 4,
                                                            .epoch = 0x0102'0304'0506'0708U,
                                                            .keeps_history = true});
  EXPECT_EQ(body.size(), Welcome::kBytes);
  expect_one_length<Welcome>(body);
  const auto parsed = Welcome::parse(body);
  EXPECT_EQ(parsed->ssrc, 1U);
  EXPECT_EQ(parsed->members, 2U);
  EXPECT_EQ(parsed->revision, 9U);
  EXPECT_EQ(parsed->newest_text, 3U);
  EXPECT_EQ(parsed->stored_text, 7U);
  EXPECT_EQ(parsed->newest_change, 4U);
  EXPECT_EQ(parsed->epoch, 0x0102'0304'0506'0708U);
  EXPECT_TRUE(parsed->keeps_history);
  EXPECT_FALSE(Welcome::parse(body_of(ElementType::kWelcome, Welcome{}))->keeps_history);
}

TEST(TurnedAway, IsReadBackForEachReason) {
  using Reason = TurnedAway::Reason;
  for (const Reason reason : {Reason::kRoomFull, Reason::kSsrcTaken, Reason::kNameTaken}) {
    const Bytes body = body_of(ElementType::kTurnedAway,
                               TurnedAway{.ssrc = 0xAABBCCDD, .revision = 0x0102'0304, .reason = reason});
    expect_one_length<TurnedAway>(body);
    EXPECT_EQ(TurnedAway::parse(body)->ssrc, 0xAABBCCDDU);
    EXPECT_EQ(TurnedAway::parse(body)->revision, 0x0102'0304U);
    EXPECT_EQ(TurnedAway::parse(body)->reason, reason);
  }
  for (const int reason : {0, 4, 255})
    EXPECT_EQ(problem<TurnedAway>(bytes_of({0, 0, 0, 1, 0, 0, 0, 2, reason})), DropReason::kBadElement)
        << reason;
}

TEST(Goodbye, IsReadBackForEachReason) {
  using Reason = Goodbye::Reason;
  for (const Reason reason : {Reason::kLeaving, Reason::kRelayStops}) {
    const Bytes body = body_of(ElementType::kGoodbye, Goodbye{.reason = reason});
    expect_one_length<Goodbye>(body);
    EXPECT_EQ(Goodbye::parse(body)->reason, reason);
  }
  EXPECT_EQ(problem<Goodbye>(bytes_of({2})), DropReason::kBadElement);
}

// --- Between members

TEST(SealedObject, HasAnSsrcAHeaderAndATag) {
  const Bytes bytes = bytes_of({1, 2, 3, 4, 0x12, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5});
  const auto parsed = SealedObject::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->ssrc, 0x01020304U);
  EXPECT_TRUE(same(parsed->sealed, std::span(bytes).subspan(4)));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(problem<SealedObject>(std::span(bytes).first(size)), DropReason::kTruncated) << size;
}

TEST(Ask, IsReadBack) {
  const Bytes object = filled(15);
  const Bytes body = body_of(ElementType::kAsk, Ask{.target = 0x0A0B0C0D, .object = object});
  const auto parsed = Ask::parse(body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->target, 0x0A0B0C0DU);
  EXPECT_TRUE(same(parsed->object, object));
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_EQ(problem<Ask>(std::span(body).first(size)), DropReason::kTruncated) << size;
}

TEST(Echo, IsReadBackWithUpTo32Askers) {
  const Bytes object = filled(15);
  for (const std::size_t count : {0U, 1U, 32U}) {
    Echo echo;
    echo.asker_count = count;
    for (std::size_t i = 0; i < count; ++i) echo.askers[i] = static_cast<std::uint32_t>(1'000 + i);
    echo.object = object;
    const Bytes body = body_of(ElementType::kEcho, echo);
    EXPECT_EQ(body.size(), 1 + 4 * count + 15);
    const auto parsed = Echo::parse(body);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->asker_count, count);
    EXPECT_EQ(parsed->askers, echo.askers);
    EXPECT_TRUE(same(parsed->object, object));
    for (std::size_t size = 0; size < body.size(); ++size)
      EXPECT_EQ(problem<Echo>(std::span(body).first(size)), DropReason::kTruncated) << size;
  }
  Bytes too_many(1 + 4 * 33 + 15);
  too_many[0] = std::byte{33};
  EXPECT_EQ(problem<Echo>(too_many), DropReason::kBadElement);
}

// --- The text log

constexpr std::size_t kSmallestObject = 15;

template <std::size_t N>
std::array<std::byte, N> id_from(int first) {
  std::array<std::byte, N> id{};
  std::ranges::copy(filled(N, first), id.begin());
  return id;
}

TEST(TextElement, IsReadBackAtTheEdgesOfItsFields) {
  for (const std::size_t size : {kSmallestObject, LogEntryElement::kMaxObjectBytes}) {
    for (const std::uint32_t floor : {0U, 7U, 0xFFFF'FFFFU}) {
      for (const std::uint32_t sequence : {floor, 0xFFFF'FFFFU}) {
        const Bytes object = filled(size, 5);
        const Bytes body = body_of(
            ElementType::kText,
            TextElement{.floor = floor, .sequence = sequence, .id = id_from<16>(0x30), .object = object});
        EXPECT_EQ(body.size(), 24 + size);
        const auto parsed = TextElement::parse(body);
        ASSERT_TRUE(parsed.ok());
        EXPECT_EQ(parsed->floor, floor);
        EXPECT_EQ(parsed->sequence, sequence);
        EXPECT_EQ(parsed->id, id_from<16>(0x30));
        EXPECT_TRUE(same(parsed->object, object));
      }
    }
  }
}

TEST(TextElement, WhatIsTooShortTooLongOrBelowItsFloorIsRefused) {
  Bytes body = body_of(ElementType::kText, TextElement{.object = filled(kSmallestObject)});
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_EQ(problem<TextElement>(std::span(body).first(size)), DropReason::kTruncated) << size;
  body[3] = std::byte{1};
  EXPECT_EQ(problem<TextElement>(body), DropReason::kBadElement) << "a floor above its sequence";
  EXPECT_EQ(problem<TextElement>(Bytes(24 + LogEntryElement::kMaxObjectBytes)), std::nullopt);
  EXPECT_EQ(problem<TextElement>(Bytes(24 + LogEntryElement::kMaxObjectBytes + 1)), DropReason::kBadElement);
}

TEST(LogEntryElement, IsReadBackAtTheEdgesOfItsFields) {
  for (const std::size_t size : {kSmallestObject, LogEntryElement::kMaxObjectBytes}) {
    const Bytes object = filled(size, 5);
    const Bytes body = body_of(ElementType::kLogEntry, LogEntryElement{.number = 0xFFFF'FFFF'FFFF'FFFFU,
                                                                       .previous = 0xFFFF'FFFF'FFFF'FFFEU,
                                                                       .id = id_from<16>(0x30),
                                                                       .object = object});
    EXPECT_EQ(body.size(), 32 + size);
    const auto parsed = LogEntryElement::parse(body);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->number, 0xFFFF'FFFF'FFFF'FFFFU);
    EXPECT_EQ(parsed->previous, 0xFFFF'FFFF'FFFF'FFFEU);
    EXPECT_EQ(parsed->id, id_from<16>(0x30));
    EXPECT_TRUE(same(parsed->object, object));
  }
}

TEST(LogEntryElement, NumbersGoUpAndNothingIsCutShort) {
  const auto with = [](std::uint64_t number, std::uint64_t previous, std::size_t object) {
    Bytes body(32 + object);
    ByteWriter writer(body);
    writer.u64(number);
    writer.u64(previous);
    return body;
  };
  EXPECT_EQ(problem<LogEntryElement>(with(1, 0, kSmallestObject)), std::nullopt);
  EXPECT_EQ(problem<LogEntryElement>(with(0, 0, kSmallestObject)), DropReason::kBadElement);
  EXPECT_EQ(problem<LogEntryElement>(with(5, 5, kSmallestObject)), DropReason::kBadElement);
  EXPECT_EQ(problem<LogEntryElement>(with(5, 6, kSmallestObject)), DropReason::kBadElement);
  EXPECT_EQ(problem<LogEntryElement>(with(5, 4, LogEntryElement::kMaxObjectBytes)), std::nullopt);
  EXPECT_EQ(problem<LogEntryElement>(with(5, 4, LogEntryElement::kMaxObjectBytes + 1)),
            DropReason::kBadElement);
  const Bytes body = with(1, 0, kSmallestObject);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_EQ(problem<LogEntryElement>(std::span(body).first(size)), DropReason::kTruncated) << size;
}

TEST(LogEntryElement, TheLargestGoesBesideARangeAndAloneInABundle) {
  const Bytes object = filled(LogEntryElement::kMaxObjectBytes);
  const LogEntryElement entry{.number = 1, .previous = 0, .id = {}, .object = object};
  Bytes envelope(Envelope::kMaxPlaintextBytes);
  ByteWriter writer(envelope);
  EXPECT_TRUE(TextRange{}.serialize(writer) && entry.serialize(writer));
  Bytes bundle(kMaxSealedDatagramBytes - 1);
  ByteWriter alone(bundle);
  EXPECT_TRUE(entry.serialize(alone));
  ByteWriter up(envelope);
  EXPECT_TRUE((TextElement{.object = object}.serialize(up)));
}

TEST(TextAck, IsReadBack) {
  const Bytes body = body_of(
      ElementType::kTextAck,
      TextAck{.sequence = 0x0102'0304, .number = 0x0102'0304'0506'0708U, .previous = 0x0102'0304'0506'0707U});
  EXPECT_EQ(body.size(), TextAck::kBytes);
  expect_one_length<TextAck>(body);
  const auto parsed = TextAck::parse(body);
  EXPECT_EQ(parsed->sequence, 0x0102'0304U);
  EXPECT_EQ(parsed->number, 0x0102'0304'0506'0708U);
  EXPECT_EQ(parsed->previous, 0x0102'0304'0506'0707U);
  EXPECT_EQ(problem<TextAck>(body_of(ElementType::kTextAck, TextAck{.number = 4, .previous = 4})),
            DropReason::kBadElement);
}

TEST(TextAsk, IsReadBack) {
  const Bytes body =
      body_of(ElementType::kTextAsk, TextAsk{.after = 0x0102'0304'0506'0708U, .before = 0xFFFF});
  EXPECT_EQ(body.size(), TextAsk::kBytes);
  expect_one_length<TextAsk>(body);
  EXPECT_EQ(TextAsk::parse(body)->after, 0x0102'0304'0506'0708U);
  EXPECT_EQ(TextAsk::parse(body)->before, 0xFFFF);
}

TEST(TextRange, IsReadBack) {
  const Bytes body =
      body_of(ElementType::kTextRange, TextRange{.after = 0x0102'0304'0506'0708U, .newest = 2, .lost = 3});
  EXPECT_EQ(body.size(), TextRange::kBytes);
  expect_one_length<TextRange>(body);
  const auto parsed = TextRange::parse(body);
  EXPECT_EQ(parsed->after, 0x0102'0304'0506'0708U);
  EXPECT_EQ(parsed->newest, 2U);
  EXPECT_EQ(parsed->lost, 3U);
}

// --- The roster

TEST(RosterChange, IsReadBackWithAndWithoutAPresence) {
  for (const std::size_t size : {std::size_t{0}, kSmallestObject, Join::kMaxPresenceBytes}) {
    const Bytes presence = filled(size, 5);
    const Bytes body = body_of(
        ElementType::kRosterChange,
        RosterChange{
            .number = 0x0102'0304'0506'0708U, .previous = 1, .ssrc = 0x0A0B'0C0D, .presence = presence});
    EXPECT_EQ(body.size(), 20 + size);
    const auto parsed = RosterChange::parse(body);
    ASSERT_TRUE(parsed.ok()) << size;
    EXPECT_EQ(parsed->number, 0x0102'0304'0506'0708U);
    EXPECT_EQ(parsed->previous, 1U);
    EXPECT_EQ(parsed->ssrc, 0x0A0B'0C0DU);
    EXPECT_TRUE(same(parsed->presence, presence));
  }
  Bytes body(20 + Join::kMaxPresenceBytes + 1);
  body[0] = std::byte{1};
  EXPECT_EQ(problem<RosterChange>(body), DropReason::kBadElement);
  EXPECT_EQ(problem<RosterChange>(Bytes(20)), DropReason::kBadElement) << "numbers go up";
  for (std::size_t size = 0; size < 20; ++size)
    EXPECT_EQ(problem<RosterChange>(std::span(body).first(size)), DropReason::kTruncated) << size;
}

TEST(RosterAsk, IsReadBack) {
  const Bytes body = body_of(ElementType::kRosterAsk, RosterAsk{.after = 0x0102'0304'0506'0708U});
  EXPECT_EQ(body.size(), RosterAsk::kBytes);
  expect_one_length<RosterAsk>(body);
  EXPECT_EQ(RosterAsk::parse(body)->after, 0x0102'0304'0506'0708U);
}

TEST(RosterRange, IsReadBack) {
  const Bytes body = body_of(ElementType::kRosterRange, RosterRange{.after = 0x0102'0304'0506'0708U,
                                                                    .newest = 0x1112'1314'1516'1718U,
                                                                    .lost = 0x2122'2324'2526'2728U});
  EXPECT_EQ(body.size(), RosterRange::kBytes);
  expect_one_length<RosterRange>(body);
  const auto parsed = RosterRange::parse(body);
  EXPECT_EQ(parsed->after, 0x0102'0304'0506'0708U);
  EXPECT_EQ(parsed->newest, 0x1112'1314'1516'1718U);
  EXPECT_EQ(parsed->lost, 0x2122'2324'2526'2728U);
}

}  // namespace
}  // namespace hubbub
