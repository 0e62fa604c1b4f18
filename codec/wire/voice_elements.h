// Elements of voice: frames, what repairs their loss, and whether the one who speaks is really there
// (PROTOCOL.md, sections 2.5 to 2.7).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub {

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

// --- Whether a talker is really there

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

}  // namespace hubbub
