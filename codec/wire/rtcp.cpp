#include "codec/wire/rtcp.h"

#include <cmath>

#include "codec/wire/check.h"
#include "codec/wire/rtp.h"

namespace hubbub {
namespace {

enum PacketType : std::uint8_t {
  kSenderReport = 200,
  kReceiverReport = 201,
  kSourceDescription = 202,
  kGoodbye = 203
};
enum SdesItem : std::uint8_t { kEnd = 0, kCname = 1, kName = 2 };

// One SDES chunk (RFC 3550 section 6.5): the SSRC, items, at least one zero byte, padding to a word boundary.
void parse_description(ByteReader& reader, RtcpSummary& summary) {
  RtcpSummary::Description description;
  const std::size_t before = reader.remaining();
  description.ssrc = reader.u32();
  bool has_name = false;
  while (reader.ok()) {
    const std::uint8_t type = reader.u8();
    if (type == kEnd) break;
    const std::string_view value = as_text(reader.bytes(reader.u8()));
    if (type == kName || (type == kCname && !has_name)) description.name = value;
    has_name = has_name || type == kName;
  }
  const std::size_t used = before - reader.remaining();
  reader.bytes((4 - used % 4) % 4);
  if (reader.ok()) summary.descriptions.push_back(std::move(description));
}

void write_header(ByteWriter& writer, std::uint8_t count, PacketType type, std::size_t bytes_after_header) {
  CHECK(bytes_after_header % 4 == 0);
  writer.u8(static_cast<std::uint8_t>((kRtpVersion << 6U) | count));
  writer.u8(type);
  writer.u16(static_cast<std::uint16_t>(bytes_after_header / 4));
}

}  // namespace

Result<RtcpSummary, DropReason> RtcpSummary::parse(std::span<const std::byte> datagram) {
  RtcpSummary summary;
  ByteReader reader(datagram);
  while (reader.remaining() > 0) {
    const std::uint8_t flags = reader.u8();
    const std::uint8_t type = reader.u8();
    const std::size_t words = reader.u16();
    ByteReader body(reader.bytes(4 * words));
    if (!reader.ok()) return DropReason::kTruncated;
    if (flags >> 6U != kRtpVersion) return DropReason::kBadVersion;
    const int count = flags & 0x1FU;
    for (int i = 0; i < count && type == kSourceDescription; ++i) parse_description(body, summary);
    for (int i = 0; i < count && type == kGoodbye; ++i) summary.leaving.push_back(body.u32());
    if (!body.ok()) return DropReason::kTruncated;
  }
  return summary;
}

void RtcpReport::serialize(ByteWriter& writer) const {
  CHECK(cname.size() <= 255 && name.size() <= 255);

  write_header(writer, 0, kSenderReport, 24);
  writer.u32(ssrc);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(sender_clock);
  writer.u32(static_cast<std::uint32_t>(seconds.count()));
  writer.u32(static_cast<std::uint32_t>(std::ldexp(to_seconds(sender_clock - seconds), 32)));
  writer.u32(timestamp.value);
  writer.u32(packets_sent);
  writer.u32(payload_bytes_sent);

  const std::size_t items = 2 + cname.size() + (name.empty() ? 0 : 2 + name.size());
  const std::size_t padding = 4 - items % 4;  // 1 to 4: the end of the list, then to the word boundary
  write_header(writer, 1, kSourceDescription, 4 + items + padding);
  writer.u32(ssrc);
  writer.u8(kCname);
  writer.u8(static_cast<std::uint8_t>(cname.size()));
  writer.text(cname);
  if (!name.empty()) {
    writer.u8(kName);
    writer.u8(static_cast<std::uint8_t>(name.size()));
    writer.text(name);
  }
  for (std::size_t i = 0; i < padding; ++i) writer.u8(kEnd);

  if (leaving) {
    write_header(writer, 1, kGoodbye, 4);
    writer.u32(ssrc);
  }
}

}  // namespace hubbub
