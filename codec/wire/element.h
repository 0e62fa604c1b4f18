// Elements: what the inside of an envelope, and a bundle, is made of. Each is `type 1 | length 2 | body`; one
// whose type is not known is skipped, so that there is room for what is to come (PROTOCOL.md, section 2.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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

// --- Voice

// Beside a frame: how loud it is (RFC 6464: bit 7 says that it is voice, the rest is -dBov, 127 for silence).
struct AudioLevel {
  bool voice = false;
  std::uint8_t minus_dbov = 127;

  static AudioLevel from(std::uint8_t byte) {
    return {.voice = (byte & 0x80U) != 0, .minus_dbov = static_cast<std::uint8_t>(byte & 0x7FU)};
  }
  [[nodiscard]] std::uint8_t byte() const {
    return static_cast<std::uint8_t>((voice ? 0x80U : 0U) | (minus_dbov & 0x7FU));
  }
};

struct FrameElement {
  AudioLevel level;
  std::span<const std::byte> frame;  // as SealedFrame parses it

  static Result<FrameElement, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// An earlier frame of the stream whose frame element came last before it. Its headers are derived: the
// sequence number is `distance` less, the timestamp `distance * step` less, all else is the same.
struct Sibling {
  static constexpr std::uint8_t kMaxDistance = 127;
  static constexpr int kStepSamples = 120;  // 2.5 ms, the shortest frame of Opus

  bool marker = false;
  std::uint8_t distance = 1;          // in frames, 1 to kMaxDistance
  std::uint8_t step = 8;              // in kStepSamples; 8 for frames of 20 ms
  std::span<const std::byte> sealed;  // ciphertext and tag

  static Result<Sibling, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// A repair symbol (RFC 8681 sections 3.3 and 4.1.3's fields) over what SealedFrame calls its symbols.
struct RepairSymbol {
  static constexpr std::size_t kHeaderBytes = 16;
  static constexpr std::uint16_t kMaxWindow = 32;

  std::uint32_t ssrc = 0;
  std::uint32_t kid = 0;
  std::uint16_t repair_key = 0;
  std::uint8_t density_threshold = 15;  // 0 to 15
  std::uint16_t window = 0;             // source symbols, 1 to kMaxWindow
  std::uint32_t first = 0;              // the counter of the first of them
  std::span<const std::byte> symbol;

  static Result<RepairSymbol, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// Frames of a stream that are missed (RFC 4585 section 6.2.1).
struct Nack {
  struct Item {
    std::uint16_t pid = 0;  // a sequence number
    std::uint16_t blp = 0;  // bit i: also pid + i + 1
  };
  static constexpr std::size_t kMaxItems = 16;

  std::uint32_t ssrc = 0;
  std::vector<Item> items;  // 1 to kMaxItems

  static Result<Nack, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// How a stream arrives at whoever reports (RFC 3550 section 6.4.1, and the mean length of its bursts of
// loss).
struct Report {
  static constexpr std::size_t kBytes = 17;

  std::uint32_t ssrc = 0;
  std::uint8_t fraction_lost = 0;  // since the last report, in 256ths
  std::uint32_t lost = 0;          // since the stream began, 24 bits
  std::uint32_t highest = 0;       // the newest counter
  std::uint32_t jitter = 0;        // in samples of 48 kHz
  std::uint8_t mean_burst = 0;     // of losses since the last report, in 16ths of a frame

  static Result<Report, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// --- The session

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

// --- Between members

// Bytes sealed end to end by a member under some label: `SSRC 4 | SFrame header | ciphertext | tag`.
struct SealedObject {
  std::uint32_t ssrc = 0;
  std::span<const std::byte> sealed;  // from the SFrame header on

  static Result<SealedObject, DropReason> parse(std::span<const std::byte> bytes);
};

// Asks the member who speaks as `target` for a sign of life.
struct Ask {
  std::uint32_t target = 0;
  std::span<const std::byte> object;  // of the asker

  static Result<Ask, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

// The answer to askers, which the relay sends to each of them; on that way `askers` is empty.
struct Echo {
  static constexpr std::size_t kMaxAskers = 32;

  std::array<std::uint32_t, kMaxAskers> askers{};
  std::size_t asker_count = 0;
  std::span<const std::byte> object;  // of the asked

  static Result<Echo, DropReason> parse(std::span<const std::byte> body);
  bool serialize(ByteWriter& writer) const;
};

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
