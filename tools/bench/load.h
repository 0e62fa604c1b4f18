// What the crowd does: joins, speaks frames of voice, and gathers the copies that come back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/wire/rtp.h"
#include "codec/wire/units.h"
#include "tools/bench/crowd.h"

namespace hubbub::bench {

inline constexpr Duration kFrameDuration = 20ms;
inline constexpr std::size_t kSpeakers = 5;

// A peer's voice as it is on the wire: RTP around 80 bytes, which is 20 ms of Opus at 32 kbit/s.
class Speaker {
 public:
  static constexpr std::size_t kFrameBytes = RtpHeader::kBytes + 80;

  explicit Speaker(std::size_t peer);

  [[nodiscard]] std::size_t peer() const { return peer_; }
  // The next frame. Valid until the one after it.
  std::span<const std::byte> next_frame();

 private:
  std::size_t peer_;
  RtpHeader header_;
  std::array<std::byte, kFrameBytes> frame_;
};

// Who spoke this frame: the number of the peer.
[[nodiscard]] std::size_t speaker_of(std::span<const std::byte> frame);

// The peer who is the `turn`th to speak, of kSpeakers who sit all over the room.
[[nodiscard]] std::size_t speaking_peer(std::size_t turn, std::size_t peers);

// A keepalive from each of the peers [first, last), no faster than a relay can take them.
void send_keepalives(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last);

// Receives until `wanted` copies have come, or none for a while. Returns how many came.
std::uint64_t gather(Crowd& crowd, std::uint64_t wanted);

// Brings peers [first, last) into a room in which [0, first) are, and sees with a frame that it has them all.
// Throws std::runtime_error where it has not.
void join(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last);

}  // namespace hubbub::bench
