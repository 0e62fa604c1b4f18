#include "codec/wire/session_elements.h"

#include "codec/wire/element.h"

namespace hubbub {

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

}  // namespace hubbub
