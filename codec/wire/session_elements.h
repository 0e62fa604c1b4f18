// Elements of a session between a client and its relay (PROTOCOL.md, sections 2.3 and 2.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/element.h"
#include "codec/wire/result.h"

namespace hubbub {

struct PingElement {
  static constexpr std::size_t kBytes = 8;
  std::uint64_t token = 0;

  static Result<PingElement, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer, ElementType type = ElementType::kPing) const;
};

struct Pong {
  static constexpr std::size_t kBytes = 40;
  static constexpr std::int32_t kNoPhase = INT32_MIN;

  std::uint64_t token = 0;
  std::int32_t phase_us = kNoPhase;  // how long after the room's tick the asker's frames arrive
  std::uint32_t members = 0;         // of the room, the asker among them
  std::uint64_t newest_text = 0;     // of the room's log
  std::uint64_t stored_text = 0;     // all up to this one outlive the relay
  std::uint64_t newest_change = 0;   // of the roster

  static Result<Pong, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

struct Join {
  static constexpr std::size_t kFixedBytes = 16 + 16 + 16 + 4 + 4;
  static constexpr std::size_t kMaxPresenceBytes = 320;

  std::array<std::byte, 16> room_id{};
  std::array<std::byte, 16> name_tag{};  // all zero: no name
  std::array<std::byte, 16> owner{};     // whose name it is: only who knows this can have it too
  std::uint32_t ssrc = 0;
  std::uint32_t revision = 0;           // goes up when anything of it changes; the answer repeats it
  std::span<const std::byte> presence;  // sealed; opaque to the relay; empty: not in the roster

  static Result<Join, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

struct Welcome {
  static constexpr std::size_t kBytes = 45;

  std::uint32_t ssrc = 0;
  std::uint32_t revision = 0;
  std::uint32_t members = 0;
  std::uint64_t newest_text = 0;
  std::uint64_t stored_text = 0;
  std::uint64_t newest_change = 0;
  std::uint64_t epoch = 0;     // drawn when the relay began this log and roster, or began them anew
  bool keeps_history = false;  // what is stored outlives the relay

  static Result<Welcome, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

struct TurnedAway {
  static constexpr std::size_t kBytes = 9;
  enum class Reason : std::uint8_t { kRoomFull = 1, kSsrcTaken = 2, kNameTaken = 3 };

  std::uint32_t ssrc = 0;
  std::uint32_t revision = 0;
  Reason reason = Reason::kRoomFull;

  static Result<TurnedAway, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

struct Goodbye {
  static constexpr std::size_t kBytes = 1;
  enum class Reason : std::uint8_t { kLeaving = 0, kRelayStops = 1 };

  Reason reason = Reason::kLeaving;

  static Result<Goodbye, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

}  // namespace hubbub
