// One frame of voice as it travels sealed, from its sender to every listener unchanged: `RTP header 12 |
// SFrame header 9 | sealed Opus | tag 10` (RFC 3550, RFC 9605). The relay reads the headers and cannot read
// the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/rtp.h"
#include "codec/wire/voice_elements.h"

namespace hubbub {

struct SealedFrame {
  // The SFrame header at one length always, whatever the counter: KID and CTR of four bytes each.
  static constexpr std::uint8_t kSframeConfig = 0xBB;
  static constexpr std::size_t kSframeHeaderBytes = 9;
  static constexpr std::size_t kHeaderBytes = RtpHeader::kBytes + kSframeHeaderBytes;
  static constexpr std::size_t kTagBytes = 10;
  static constexpr std::size_t kOverheadBytes = kHeaderBytes + kTagBytes;
  static constexpr std::size_t kMaxOpusBytes =
      1'000;  // so that a frame fits an envelope, with room beside it
  static constexpr std::size_t kMaxBytes = kOverheadBytes + kMaxOpusBytes;
  // Values below this would have a shorter encoding (RFC 9605 section 4.3), so KIDs and counters begin here.
  static constexpr std::uint32_t kLeast = 0x0100'0000;

  RtpHeader header;
  std::uint32_t kid = 0;
  std::uint32_t ctr = 0;                // the extended sequence number: its low 16 bits are the header's
  std::span<const std::byte> metadata;  // the RTP header's bytes, which SFrame authenticates
  std::span<const std::byte> sframe_header;
  std::span<const std::byte> sealed;  // ciphertext and tag

  static Result<SealedFrame, DropReason> parse(std::span<const std::byte> frame);
  // The two headers.
  static void serialize_headers(const RtpHeader& header, std::uint32_t kid, std::uint32_t ctr,
                                ByteWriter& writer);

  // The frame that a sibling is, given the frame it came with, into `out`; nothing where there can be none.
  static std::optional<std::span<const std::byte>> from_sibling(const Sibling& sibling,
                                                                const SealedFrame& beside,
                                                                std::span<std::byte> out);

  // What repair symbols are made over: `marker and payload type 1 | timestamp 4 | ciphertext | tag`. All else
  // of a frame follows from the stream and the counter.
  static constexpr std::size_t kSymbolHeaderBytes = 5;
  [[nodiscard]] std::size_t symbol_bytes() const { return kSymbolHeaderBytes + sealed.size(); }
  void write_symbol(ByteWriter& writer) const;
  // The frame whose symbol this is, into `out`; its bytes, or nothing where this is no symbol of a frame.
  static std::optional<std::span<const std::byte>> from_symbol(std::span<const std::byte> symbol,
                                                               std::uint32_t ssrc, std::uint32_t kid,
                                                               std::uint32_t ctr, std::span<std::byte> out);
};

}  // namespace hubbub
