#include "codec/wire/sealed_frame.h"

namespace hubbub {

Result<SealedFrame, DropReason> SealedFrame::parse(std::span<const std::byte> frame) {
  if (frame.size() <= kOverheadBytes) return DropReason::kTruncated;
  if (frame.size() > kMaxBytes) return DropReason::kOversize;
  // No contributing sources, extension or padding: the headers have one length.
  if (std::to_integer<std::uint8_t>(frame[0]) != kRtpVersion << 6U) return DropReason::kBadVersion;
  const auto packet = RtpPacket::parse(frame);
  if (!packet) return packet.error();
  if (packet->header.payload_type != kOpusPayloadType) return DropReason::kBadPayloadType;

  SealedFrame parsed;
  parsed.header = packet->header;
  ByteReader reader(packet->payload);
  if (reader.u8() != kSframeConfig) return DropReason::kBadFrame;
  parsed.kid = reader.u32();
  parsed.ctr = reader.u32();
  if (parsed.kid < kLeast || parsed.ctr < kLeast) return DropReason::kBadFrame;
  if (SequenceNumber{static_cast<std::uint16_t>(parsed.ctr)} != parsed.header.sequence)
    return DropReason::kBadFrame;
  parsed.metadata = frame.first(RtpHeader::kBytes);
  parsed.sframe_header = packet->payload.first(kSframeHeaderBytes);
  parsed.sealed = reader.rest();
  return parsed;
}

void SealedFrame::serialize_headers(const RtpHeader& header, std::uint32_t kid, std::uint32_t ctr,
                                    ByteWriter& writer) {
  header.serialize(writer);
  writer.u8(kSframeConfig);
  writer.u32(kid);
  writer.u32(ctr);
}

std::optional<std::span<const std::byte>> SealedFrame::from_sibling(const Sibling& sibling,
                                                                    const SealedFrame& beside,
                                                                    std::span<std::byte> out) {
  if (beside.ctr - kLeast < sibling.distance) return std::nullopt;
  RtpHeader header = beside.header;
  header.marker = sibling.marker;
  header.sequence = header.sequence + -static_cast<int>(sibling.distance);
  header.timestamp =
      header.timestamp + -std::int64_t{sibling.distance} * sibling.step * Sibling::kStepSamples;
  ByteWriter writer(out);
  serialize_headers(header, beside.kid, beside.ctr - sibling.distance, writer);
  writer.bytes(sibling.sealed);
  if (!writer.ok() || !parse(writer.written())) return std::nullopt;
  return writer.written();
}

void SealedFrame::write_symbol(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>((header.marker ? 0x80U : 0U) | header.payload_type));
  writer.u32(header.timestamp.value);
  writer.bytes(sealed);
}

std::optional<std::span<const std::byte>> SealedFrame::from_symbol(std::span<const std::byte> symbol,
                                                                   std::uint32_t ssrc, std::uint32_t kid,
                                                                   std::uint32_t ctr,
                                                                   std::span<std::byte> out) {
  ByteReader reader(symbol);
  const std::uint8_t first = reader.u8();
  RtpHeader header;
  header.marker = (first & 0x80U) != 0;
  header.payload_type = first & 0x7FU;
  header.timestamp = RtpTime{reader.u32()};
  header.sequence = SequenceNumber{static_cast<std::uint16_t>(ctr)};
  header.ssrc = ssrc;
  ByteWriter writer(out);
  serialize_headers(header, kid, ctr, writer);
  writer.bytes(reader.rest());
  if (!writer.ok() || !reader.ok() || !parse(writer.written())) return std::nullopt;
  return writer.written();
}

}  // namespace hubbub
