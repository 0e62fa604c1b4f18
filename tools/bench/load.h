// What the crowd does: joins, speaks frames of voice, and gathers the copies that come back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/rtp.h"
#include "codec/wire/units.h"
#include "tools/bench/crowd.h"

namespace hubbub::bench {

inline constexpr Duration kFrameDuration = 20ms;
inline constexpr std::size_t kSpeakers = 5;
// No copy for so long, and none will come: a busy machine may well stop a relay for half a second.
inline constexpr Duration kPatience = 1s;
// A run is cut into so many turns for each relay, so that what else the machine does falls on all alike.
inline constexpr std::size_t kTurns = 16;
inline constexpr std::size_t kWarmUpDatagrams = 20;
// So many get in at a time: the relay is busy, and no datagram is lost.
inline constexpr std::size_t kJoiningAtOnce = 32;
// Nobody got in for so long, and nobody will: a relay has a budget of handshakes, so a crowd may have to
// wait.
inline constexpr Duration kJoinPatience = 10s;

// A peer's voice as it is on the wire: RTP around 80 bytes, which is 20 ms of Opus at 32 kbit/s.
class Speaker {
 public:
  static constexpr std::size_t kFrameBytes = RtpHeader::kBytes + 80;

  // `ssrc` tells this voice from all others.
  Speaker(std::size_t peer, std::uint32_t ssrc);

  [[nodiscard]] std::size_t peer() const { return peer_; }
  // The next frame. Valid until the one after it.
  std::span<const std::byte> next_frame();

 private:
  std::size_t peer_;
  RtpHeader header_;
  std::array<std::byte, kFrameBytes> frame_;
};

// Whose voice this frame is of; `nullopt` where it is no frame.
[[nodiscard]] std::optional<std::uint32_t> ssrc_of(std::span<const std::byte> frame);

// The peer who is the `turn`th to speak, of kSpeakers who sit all over the room.
[[nodiscard]] std::size_t speaking_peer(std::size_t turn, std::size_t peers);

// How fast a room is spoken in, all the same for whoever is compared.
struct Pace {
  std::size_t datagrams;  // in a turn
  Duration interval;      // from one to the next
};
[[nodiscard]] Pace pace_for(double copies_per_second, double turn_s, std::size_t peers);

// A keepalive from each of the peers [first, last), no faster than a relay can take them.
void send_keepalives(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last);

// Receives until `wanted` copies of this voice have come, or none has for as long as `patience`. Returns how
// many came.
std::uint64_t gather(Crowd& crowd, std::uint32_t ssrc, std::uint64_t wanted, Duration patience = kPatience);
// What is there now of this voice; what is left of others, a starved relay's perhaps, is let go.
std::uint64_t take(Crowd& crowd, std::uint32_t ssrc);
// Receives nothing of use for a moment, so that a relay gets through what it was sent.
void pause(Crowd& crowd);

// Brings peers [first, last) into a room in which [0, first) are, and sees with a frame that it has them all.
// Throws std::runtime_error where it has not.
void join(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last);

}  // namespace hubbub::bench
