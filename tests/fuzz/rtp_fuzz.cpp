// RTP: whatever arrives, a parsed packet's payload lies inside the datagram, and what we write of it is read
// back the same.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire/check.h"
#include "codec/wire/rtp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hubbub;
  const auto datagram = std::as_bytes(std::span(data, size));
  const auto parsed = RtpPacket::parse(datagram);
  if (!parsed) {
    CHECK(parsed.error() == DropReason::kTruncated || parsed.error() == DropReason::kBadVersion ||
          parsed.error() == DropReason::kBadPadding);
    return 0;
  }
  CHECK(size >= RtpHeader::kBytes + parsed->payload.size());
  CHECK(parsed->payload.empty() ||
        (parsed->payload.data() >= datagram.data() + RtpHeader::kBytes &&
         parsed->payload.data() + parsed->payload.size() <= datagram.data() + size));

  std::vector<std::byte> again(RtpHeader::kBytes + parsed->payload.size());
  ByteWriter writer(again);
  parsed->header.serialize(writer);
  writer.bytes(parsed->payload);
  CHECK(writer.ok() && writer.size() == again.size());
  const auto reparsed = RtpPacket::parse(again);
  CHECK(reparsed.ok());
  CHECK(reparsed->header.marker == parsed->header.marker &&
        reparsed->header.payload_type == parsed->header.payload_type);
  CHECK(reparsed->header.sequence == parsed->header.sequence &&
        reparsed->header.timestamp == parsed->header.timestamp);
  CHECK(reparsed->header.ssrc == parsed->header.ssrc &&
        as_text(reparsed->payload) == as_text(parsed->payload));
  return 0;
}
