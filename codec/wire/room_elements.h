// Elements of a room: its text log, and its roster (PROTOCOL.md, sections 2.5 and 2.8).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub {

// --- The text log

// A message on its way into the log. A sender's messages are taken in the order of their sequence, which
// begins anywhere and has no gaps; `floor` is the lowest that is not acknowledged.
struct TextElement {
  static constexpr std::size_t kFixedBytes = 4 + 4 + 16;
  std::uint32_t floor = 0;
  std::uint32_t sequence = 0;
  std::array<std::byte, 16> id{};
  std::span<const std::byte> object;

  static Result<TextElement, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// A message in the log. Numbers go up, with gaps: `previous` is that of the message before.
struct LogEntryElement {
  static constexpr std::size_t kFixedBytes = 8 + 8 + 16;
  // What an envelope holds beside a TextRange.
  static constexpr std::size_t kMaxObjectBytes = 1'110;
  std::uint64_t number = 0;
  std::uint64_t previous = 0;
  std::array<std::byte, 16> id{};
  std::span<const std::byte> object;

  static Result<LogEntryElement, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// The message of this sequence is in the log.
struct TextAck {
  static constexpr std::size_t kBytes = 4 + 8 + 8;
  std::uint32_t sequence = 0;
  std::uint64_t number = 0;
  std::uint64_t previous = 0;

  static Result<TextAck, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// Asks for the messages after this number, and for so many before them.
struct TextAsk {
  static constexpr std::size_t kBytes = 8 + 2;
  std::uint64_t after = 0;
  std::uint16_t before = 0;

  static Result<TextAsk, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// Before messages that were asked for: which they are.
struct TextRange {
  static constexpr std::size_t kBytes = 8 + 8 + 8;
  std::uint64_t after = 0;   // where the whole answer begins
  std::uint64_t newest = 0;  // of the log
  std::uint64_t lost = 0;    // the newest that the log does not hold any more

  static Result<TextRange, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// --- The roster

// Somebody came, or changed, or, where the presence is empty, left. Numbers as in the log; what a later
// change made void is left out.
struct RosterChange {
  static constexpr std::size_t kFixedBytes = 8 + 8 + 4;
  std::uint64_t number = 0;
  std::uint64_t previous = 0;
  std::uint32_t ssrc = 0;
  std::span<const std::byte> presence;

  static Result<RosterChange, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// Asks for the changes after this number.
struct RosterAsk {
  static constexpr std::size_t kBytes = 8;
  std::uint64_t after = 0;

  static Result<RosterAsk, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// Before changes that were asked for. Of the departures up to `lost` the relay cannot tell any more.
struct RosterRange {
  static constexpr std::size_t kBytes = 8 + 8 + 8;
  std::uint64_t after = 0;   // what was asked
  std::uint64_t newest = 0;  // of the roster
  std::uint64_t lost = 0;

  static Result<RosterRange, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

}  // namespace hubbub
