// Elements: what the inside of an envelope, and a bundle, is made of. Each is `type 1 | length 2 | body`; one
// whose type is not known is skipped, so that there is room for what is to come (PROTOCOL.md, section 2.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub {

enum class ElementType : std::uint8_t {
  kPadding = 0x00,
  // Voice.
  kFrame = 0x01,    // a sealed frame, with how loud it is
  kSibling = 0x02,  // an earlier frame of the stream whose frame stands before it
  kRepair = 0x03,   // a repair symbol over a stream's last frames
  kNack = 0x04,     // frames that are missed
  kReport = 0x05,   // how a stream arrives
  // The session.
  kPing = 0x10,
  kPong = 0x11,
  kJoin = 0x12,
  kWelcome = 0x13,
  kTurnedAway = 0x14,
  kPathChallenge = 0x15,
  kPathResponse = 0x16,
  kGoodbye = 0x17,
  kRekey = 0x18,
  kRekeyed = 0x19,
  // Sealed end to end by a member for members.
  kAsk = 0x20,   // are you alive?
  kEcho = 0x21,  // yes, and this is my stream
  kText = 0x22,  // a message for the room's log
  // The room's log, and who is in the room.
  kLogEntry = 0x23,
  kTextAck = 0x24,
  kTextAsk = 0x25,
  kTextRange = 0x26,
  kRosterChange = 0x27,
  kRosterAsk = 0x28,
  kRosterRange = 0x29
};

struct Element {
  static constexpr std::size_t kHeaderBytes = 3;

  ElementType type = ElementType::kPadding;
  std::span<const std::byte> body;  // into the datagram
};

// Walks through elements. `next` gives nothing at the end and at the first one that is cut short; `problem`
// tells these two apart.
class ElementReader {
 public:
  explicit ElementReader(std::span<const std::byte> bytes) : reader_(bytes) {}

  std::optional<Element> next();
  [[nodiscard]] std::optional<DropReason> problem() const;

 private:
  ByteReader reader_;
};

// An element around what `write_body(writer)` writes. Nothing is written where it does not fit.
template <class WriteBody>
bool write_element(ByteWriter& writer, ElementType type, std::size_t body_bytes, WriteBody write_body) {
  if (!writer.fits(Element::kHeaderBytes + body_bytes)) return false;
  writer.u8(static_cast<std::uint8_t>(type));
  writer.u16(static_cast<std::uint16_t>(body_bytes));
  write_body(writer);
  return writer.ok();
}
inline bool write_element(ByteWriter& writer, ElementType type, std::span<const std::byte> body) {
  return write_element(writer, type, body.size(), [body](ByteWriter& out) { out.bytes(body); });
}

// The value, where all of it could be read and nothing was left over.
template <class T>
Result<T, DropReason> finished(const ByteReader& reader, T value) {
  if (const auto problem = reader.problem()) return *problem;
  return value;
}

}  // namespace hubbub
