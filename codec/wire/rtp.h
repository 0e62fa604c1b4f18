// RTP data packets as an open room carries them (RFC 3550 section 5.1, RFC 7587).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/sequence.h"

namespace hubbub {

inline constexpr std::uint8_t kRtpVersion = 2;
inline constexpr std::uint8_t kOpusPayloadType = 111;  // ours; any dynamic type is understood as Opus
inline constexpr std::uint8_t kFirstDynamicPayloadType = 96;

struct RtpHeader {
  static constexpr std::size_t kBytes = 12;  // without contributing sources and extension

  bool marker = false;  // the first packet of a talk spurt (RFC 7587 section 4.2)
  std::uint8_t payload_type = kOpusPayloadType;
  SequenceNumber sequence;
  RtpTime timestamp;
  std::uint32_t ssrc = 0;

  void serialize(ByteWriter& writer) const;
};

struct RtpPacket {
  RtpHeader header;
  std::span<const std::byte>
      payload;  // into the datagram; without contributing sources, extension and padding

  static Result<RtpPacket, DropReason> parse(std::span<const std::byte> datagram);
};

}  // namespace hubbub
