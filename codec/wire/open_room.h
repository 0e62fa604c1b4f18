// What a datagram of an open room is, told by its first bytes alone (PROTOCOL.md, "Open rooms"), and the
// control datagrams with which a client asks whether its relay is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/byte_io.h"

namespace hubbub {

enum class OpenKind : std::uint8_t {
  kKeepalive,  // empty: refreshes its sender and goes no further
  kPing,       // answered by the relay, goes no further
  kPong,       // the relay's answer
  kRtp,        // voice
  kRtcp,       // who is speaking (RFC 5761 tells it from RTP by the packet type)
  kText,       // one line of UTF-8
  kUnknown     // forwarded by the relay, ignored by our client
};

// A ping and its answer are of one length: nobody gains by having a relay answer someone else.
struct Probe {
  static constexpr std::size_t kBytes = 9;
  static constexpr std::byte kPingByte{0x05};  // ASCII ENQ
  static constexpr std::byte kPongByte{0x06};  // ASCII ACK

  std::uint64_t token = 0;  // chosen by the client, echoed by the relay

  // The token of a datagram that `kind_of` calls a ping or a pong.
  static Probe parse(std::span<const std::byte> datagram) {
    ByteReader reader(datagram);
    reader.u8();
    return {reader.u64()};
  }
  void serialize(ByteWriter& writer, std::byte first) const {
    writer.u8(std::to_integer<std::uint8_t>(first));
    writer.u64(token);
  }
};

constexpr OpenKind kind_of(std::span<const std::byte> datagram) {
  if (datagram.empty()) return OpenKind::kKeepalive;
  const auto first = std::to_integer<std::uint8_t>(datagram[0]);
  if (datagram.size() == Probe::kBytes && datagram[0] == Probe::kPingByte) return OpenKind::kPing;
  if (datagram.size() == Probe::kBytes && datagram[0] == Probe::kPongByte) return OpenKind::kPong;
  if (first >= 0x80 && first <= 0xBF) {
    const auto second = datagram.size() > 1 ? std::to_integer<std::uint8_t>(datagram[1]) : std::uint8_t{0};
    return second >= 192 && second <= 223 ? OpenKind::kRtcp : OpenKind::kRtp;
  }
  if (first >= 0x20 || first == '\t' || first == '\r' || first == '\n') return OpenKind::kText;
  return OpenKind::kUnknown;
}

}  // namespace hubbub
