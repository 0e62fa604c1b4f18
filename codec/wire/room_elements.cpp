#include "codec/wire/room_elements.h"

#include "codec/wire/element.h"
#include "codec/wire/sealed_object.h"
#include "codec/wire/session_elements.h"

namespace hubbub {

// --- The text log

Result<TextElement, DropReason> TextElement::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  TextElement text;
  text.floor = reader.u32();
  text.sequence = reader.u32();
  reader.into(text.id);
  text.object = reader.rest();
  if (!reader.ok() || text.object.size() < SealedObject::kSmallestBytes) return DropReason::kTruncated;
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
  if (!reader.ok() || entry.object.size() < SealedObject::kSmallestBytes) return DropReason::kTruncated;
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
