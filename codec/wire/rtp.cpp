#include "codec/wire/rtp.h"

namespace hubbub {

void RtpHeader::serialize(ByteWriter& writer) const {
  writer.u8(kRtpVersion << 6U);
  writer.u8(static_cast<std::uint8_t>((marker ? 0x80U : 0U) | payload_type));
  writer.u16(sequence.value);
  writer.u32(timestamp.value);
  writer.u32(ssrc);
}

Result<RtpPacket, DropReason> RtpPacket::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  const std::uint8_t flags = reader.u8();
  const std::uint8_t marker_and_type = reader.u8();
  RtpPacket packet;
  packet.header.marker = (marker_and_type & 0x80U) != 0;
  packet.header.payload_type = marker_and_type & 0x7FU;
  packet.header.sequence = {reader.u16()};
  packet.header.timestamp = {reader.u32()};
  packet.header.ssrc = reader.u32();
  if (!reader.ok()) return DropReason::kTruncated;
  if (flags >> 6U != kRtpVersion) return DropReason::kBadVersion;

  const std::size_t contributing_sources = flags & 0x0FU;
  reader.bytes(4 * contributing_sources);
  const bool has_extension = (flags & 0x10U) != 0;
  if (has_extension) {
    reader.u16();  // "defined by profile"
    const std::size_t words = reader.u16();
    reader.bytes(4 * words);
  }
  packet.payload = reader.rest();
  if (!reader.ok()) return DropReason::kTruncated;

  const bool has_padding = (flags & 0x20U) != 0;
  if (has_padding) {
    if (packet.payload.empty()) return DropReason::kBadPadding;
    const auto padding = std::to_integer<std::size_t>(packet.payload.back());
    if (padding == 0 || padding > packet.payload.size()) return DropReason::kBadPadding;
    packet.payload = packet.payload.first(packet.payload.size() - padding);
  }
  return packet;
}

}  // namespace hubbub
