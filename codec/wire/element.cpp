#include "codec/wire/element.h"

#include <algorithm>

#include "codec/wire/check.h"

namespace hubbub {
namespace {

constexpr std::size_t kSmallestObject = 4 + 1 + 10;  // SSRC, the shortest SFrame header, its tag

template <class T>
Result<T, DropReason> finished(const ByteReader& reader, T value) {
  if (const auto problem = reader.problem()) return *problem;
  return value;
}

}  // namespace

std::optional<Element> ElementReader::next() {
  if (reader_.finish() || !reader_.ok()) return std::nullopt;
  Element element;
  element.type = static_cast<ElementType>(reader_.u8());
  element.body = reader_.bytes(reader_.u16());
  if (!reader_.ok()) return std::nullopt;
  return element;
}

std::optional<DropReason> ElementReader::problem() const {
  return reader_.ok() ? std::nullopt : std::optional(DropReason::kTruncated);
}

// --- Voice

Result<FrameElement, DropReason> FrameElement::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  FrameElement element;
  element.level = AudioLevel::from(reader.u8());
  element.frame = reader.rest();
  return finished(reader, element);
}

bool FrameElement::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kFrame, 1 + frame.size(), [this](ByteWriter& out) {
    out.u8(level.byte());
    out.bytes(frame);
  });
}

Result<Sibling, DropReason> Sibling::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Sibling sibling;
  const std::uint8_t first = reader.u8();
  sibling.marker = (first & 0x80U) != 0;
  sibling.distance = first & 0x7FU;
  sibling.step = reader.u8();
  sibling.sealed = reader.rest();
  if (!reader.ok()) return DropReason::kTruncated;
  if (sibling.distance == 0 || sibling.step == 0) return DropReason::kBadElement;
  return sibling;
}

bool Sibling::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kSibling, 2 + sealed.size(), [this](ByteWriter& out) {
    out.u8(static_cast<std::uint8_t>((marker ? 0x80U : 0U) | distance));
    out.u8(step);
    out.bytes(sealed);
  });
}

Result<RepairSymbol, DropReason> RepairSymbol::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  RepairSymbol repair;
  repair.ssrc = reader.u32();
  repair.kid = reader.u32();
  repair.repair_key = reader.u16();
  const std::uint16_t density_and_window = reader.u16();
  repair.density_threshold = static_cast<std::uint8_t>(density_and_window >> 12U);
  repair.window = density_and_window & 0x0FFFU;
  repair.first = reader.u32();
  repair.symbol = reader.rest();
  if (!reader.ok() || repair.symbol.empty()) return DropReason::kTruncated;
  if (repair.window == 0 || repair.window > kMaxWindow) return DropReason::kBadElement;
  if (repair.first > UINT32_MAX - repair.window) return DropReason::kBadElement;
  return repair;
}

bool RepairSymbol::serialize(ByteWriter& writer) const {
  CHECK(window >= 1 && window <= kMaxWindow && density_threshold <= 15);
  return write_element(writer, ElementType::kRepair, kHeaderBytes + symbol.size(), [this](ByteWriter& out) {
    out.u32(ssrc);
    out.u32(kid);
    out.u16(repair_key);
    out.u16(static_cast<std::uint16_t>((density_threshold << 12U) | window));
    out.u32(first);
    out.bytes(symbol);
  });
}

Result<Nack, DropReason> Nack::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Nack nack;
  nack.ssrc = reader.u32();
  if (!reader.ok() || reader.remaining() == 0) return DropReason::kTruncated;
  if (reader.remaining() > 4 * kMaxItems) return DropReason::kBadElement;
  while (reader.ok() && reader.remaining() > 0) {
    Item item;
    item.pid = reader.u16();
    item.blp = reader.u16();
    nack.items.push_back(item);
  }
  return finished(reader, std::move(nack));
}

bool Nack::serialize(ByteWriter& writer) const {
  CHECK(!items.empty() && items.size() <= kMaxItems);
  return write_element(writer, ElementType::kNack, 4 + 4 * items.size(), [this](ByteWriter& out) {
    out.u32(ssrc);
    for (const Item& item : items) {
      out.u16(item.pid);
      out.u16(item.blp);
    }
  });
}

Result<Report, DropReason> Report::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Report report;
  report.ssrc = reader.u32();
  const std::uint32_t losses = reader.u32();
  report.fraction_lost = static_cast<std::uint8_t>(losses >> 24U);
  report.lost = losses & 0xFF'FFFFU;
  report.highest = reader.u32();
  report.jitter = reader.u32();
  report.mean_burst = reader.u8();
  return finished(reader, report);
}

bool Report::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kReport, kBytes, [this](ByteWriter& out) {
    out.u32(ssrc);
    out.u32((static_cast<std::uint32_t>(fraction_lost) << 24U) | std::min<std::uint32_t>(lost, 0xFF'FFFFU));
    out.u32(highest);
    out.u32(jitter);
    out.u8(mean_burst);
  });
}

// --- The session

Result<PingElement, DropReason> PingElement::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  const PingElement ping{.token = reader.u64()};
  return finished(reader, ping);
}

bool PingElement::serialize(ByteWriter& writer, ElementType type) const {
  return write_element(writer, type, kBytes, [this](ByteWriter& out) { out.u64(token); });
}

Result<Pong, DropReason> Pong::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Pong pong;
  pong.token = reader.u64();
  pong.phase_us = static_cast<std::int32_t>(reader.u32());
  pong.members = reader.u32();
  pong.newest_text = reader.u64();
  pong.stored_text = reader.u64();
  pong.newest_change = reader.u64();
  return finished(reader, pong);
}

bool Pong::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kPong, kBytes, [this](ByteWriter& out) {
    out.u64(token);
    out.u32(static_cast<std::uint32_t>(phase_us));
    out.u32(members);
    out.u64(newest_text);
    out.u64(stored_text);
    out.u64(newest_change);
  });
}

Result<Join, DropReason> Join::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Join join;
  reader.into(join.room_id);
  reader.into(join.name_tag);
  reader.into(join.owner);
  join.ssrc = reader.u32();
  join.revision = reader.u32();
  if (!reader.ok()) return DropReason::kTruncated;
  join.presence = reader.rest();
  if (join.presence.size() > kMaxPresenceBytes) return DropReason::kBadElement;
  return join;
}

bool Join::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kJoin, kFixedBytes + presence.size(), [this](ByteWriter& out) {
    out.bytes(room_id);
    out.bytes(name_tag);
    out.bytes(owner);
    out.u32(ssrc);
    out.u32(revision);
    out.bytes(presence);
  });
}

Result<Welcome, DropReason> Welcome::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Welcome welcome;
  welcome.ssrc = reader.u32();
  welcome.revision = reader.u32();
  welcome.members = reader.u32();
  welcome.newest_text = reader.u64();
  welcome.stored_text = reader.u64();
  welcome.newest_change = reader.u64();
  welcome.epoch = reader.u64();
  welcome.keeps_history = (reader.u8() & 1U) != 0;
  return finished(reader, welcome);
}

bool Welcome::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kWelcome, kBytes, [this](ByteWriter& out) {
    out.u32(ssrc);
    out.u32(revision);
    out.u32(members);
    out.u64(newest_text);
    out.u64(stored_text);
    out.u64(newest_change);
    out.u64(epoch);
    out.u8(keeps_history ? 1 : 0);
  });
}

Result<TurnedAway, DropReason> TurnedAway::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  TurnedAway turned_away;
  turned_away.ssrc = reader.u32();
  turned_away.revision = reader.u32();
  const std::uint8_t reason = reader.u8();
  if (const auto problem = reader.problem()) return *problem;
  if (reason < 1 || reason > 3) return DropReason::kBadElement;
  turned_away.reason = static_cast<Reason>(reason);
  return turned_away;
}

bool TurnedAway::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kTurnedAway, kBytes, [this](ByteWriter& out) {
    out.u32(ssrc);
    out.u32(revision);
    out.u8(static_cast<std::uint8_t>(reason));
  });
}

Result<Goodbye, DropReason> Goodbye::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  const std::uint8_t reason = reader.u8();
  if (const auto problem = reader.problem()) return *problem;
  if (reason > 1) return DropReason::kBadElement;
  return Goodbye{.reason = static_cast<Reason>(reason)};
}

bool Goodbye::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kGoodbye, kBytes,
                       [this](ByteWriter& out) { out.u8(static_cast<std::uint8_t>(reason)); });
}

// --- Between members

Result<SealedObject, DropReason> SealedObject::parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kSmallestObject) return DropReason::kTruncated;
  ByteReader reader(bytes);
  SealedObject object;
  object.ssrc = reader.u32();
  object.sealed = reader.rest();
  return object;
}

Result<Ask, DropReason> Ask::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Ask ask;
  ask.target = reader.u32();
  ask.object = reader.rest();
  if (!reader.ok() || ask.object.size() < kSmallestObject) return DropReason::kTruncated;
  return ask;
}

bool Ask::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kAsk, 4 + object.size(), [this](ByteWriter& out) {
    out.u32(target);
    out.bytes(object);
  });
}

Result<Echo, DropReason> Echo::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Echo echo;
  echo.asker_count = reader.u8();
  if (!reader.ok()) return DropReason::kTruncated;
  if (echo.asker_count > kMaxAskers) return DropReason::kBadElement;
  for (std::size_t i = 0; i < echo.asker_count; ++i) echo.askers[i] = reader.u32();
  echo.object = reader.rest();
  if (!reader.ok() || echo.object.size() < kSmallestObject) return DropReason::kTruncated;
  return echo;
}

bool Echo::serialize(ByteWriter& writer) const {
  CHECK(asker_count <= kMaxAskers);
  return write_element(writer, ElementType::kEcho, 1 + 4 * asker_count + object.size(),
                       [this](ByteWriter& out) {
                         out.u8(static_cast<std::uint8_t>(asker_count));
                         for (std::size_t i = 0; i < asker_count; ++i) out.u32(askers[i]);
                         out.bytes(object);
                       });
}

// --- The text log

Result<TextElement, DropReason> TextElement::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  TextElement text;
  text.floor = reader.u32();
  text.sequence = reader.u32();
  reader.into(text.id);
  text.object = reader.rest();
  if (!reader.ok() || text.object.size() < kSmallestObject) return DropReason::kTruncated;
  if (text.floor > text.sequence || text.object.size() > LogEntryElement::kMaxObjectBytes)
    return DropReason::kBadElement;
  return text;
}

bool TextElement::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kText, kFixedBytes + object.size(), [this](ByteWriter& out) {
    out.u32(floor);
    out.u32(sequence);
    out.bytes(id);
    out.bytes(object);
  });
}

Result<LogEntryElement, DropReason> LogEntryElement::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  LogEntryElement entry;
  entry.number = reader.u64();
  entry.previous = reader.u64();
  reader.into(entry.id);
  entry.object = reader.rest();
  if (!reader.ok() || entry.object.size() < kSmallestObject) return DropReason::kTruncated;
  if (entry.previous >= entry.number || entry.object.size() > kMaxObjectBytes) return DropReason::kBadElement;
  return entry;
}

bool LogEntryElement::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kLogEntry, kFixedBytes + object.size(), [this](ByteWriter& out) {
    out.u64(number);
    out.u64(previous);
    out.bytes(id);
    out.bytes(object);
  });
}

Result<TextAck, DropReason> TextAck::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  TextAck ack;
  ack.sequence = reader.u32();
  ack.number = reader.u64();
  ack.previous = reader.u64();
  if (const auto problem = reader.problem()) return *problem;
  if (ack.previous >= ack.number) return DropReason::kBadElement;
  return ack;
}

bool TextAck::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kTextAck, kBytes, [this](ByteWriter& out) {
    out.u32(sequence);
    out.u64(number);
    out.u64(previous);
  });
}

Result<TextAsk, DropReason> TextAsk::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  TextAsk ask;
  ask.after = reader.u64();
  ask.before = reader.u16();
  return finished(reader, ask);
}

bool TextAsk::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kTextAsk, kBytes, [this](ByteWriter& out) {
    out.u64(after);
    out.u16(before);
  });
}

Result<TextRange, DropReason> TextRange::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  TextRange range;
  range.after = reader.u64();
  range.newest = reader.u64();
  range.lost = reader.u64();
  return finished(reader, range);
}

bool TextRange::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kTextRange, kBytes, [this](ByteWriter& out) {
    out.u64(after);
    out.u64(newest);
    out.u64(lost);
  });
}

// --- The roster

Result<RosterChange, DropReason> RosterChange::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  RosterChange change;
  change.number = reader.u64();
  change.previous = reader.u64();
  change.ssrc = reader.u32();
  change.presence = reader.rest();
  if (!reader.ok()) return DropReason::kTruncated;
  if (change.previous >= change.number || change.presence.size() > Join::kMaxPresenceBytes)
    return DropReason::kBadElement;
  return change;
}

bool RosterChange::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kRosterChange, kFixedBytes + presence.size(),
                       [this](ByteWriter& out) {
                         out.u64(number);
                         out.u64(previous);
                         out.u32(ssrc);
                         out.bytes(presence);
                       });
}

Result<RosterAsk, DropReason> RosterAsk::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  const RosterAsk ask{.after = reader.u64()};
  return finished(reader, ask);
}

bool RosterAsk::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kRosterAsk, kBytes, [this](ByteWriter& out) { out.u64(after); });
}

Result<RosterRange, DropReason> RosterRange::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  RosterRange range;
  range.after = reader.u64();
  range.newest = reader.u64();
  range.lost = reader.u64();
  return finished(reader, range);
}

bool RosterRange::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kRosterRange, kBytes, [this](ByteWriter& out) {
    out.u64(after);
    out.u64(newest);
    out.u64(lost);
  });
}

}  // namespace hubbub
