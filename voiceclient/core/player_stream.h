// The room's voices as the one RTP stream that players such as ffmpeg understand: one SSRC, one payload type,
// counters that go on from speaker to speaker. One speaks at a time; whoever talks into that is left out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>

#include "codec/wire/limits.h"
#include "codec/wire/rtp.h"
#include "codec/wire/units.h"

namespace hubbub::client {

class PlayerStream {
 public:
  // A speaker keeps the floor until a goodbye, or until silent for this long.
  static constexpr Duration kFloorKept = 400ms;

  explicit PlayerStream(std::mt19937_64 random);

  // The datagram as the player is to get it; nothing where it is no Opus voice, or not from who has the
  // floor. No RTCP: at one speaker's goodbye a player takes the whole room for over. Valid until the next
  // call.
  std::optional<std::span<const std::byte>> hand_on(TimePoint now, std::span<const std::byte> datagram);

 private:
  struct Floor {
    std::uint32_t ssrc = 0;
    SequenceNumber first_sequence;  // of the speaker's, and what each became in the player's
    RtpTime first_timestamp;
    SequenceNumber player_sequence;
    RtpTime player_timestamp;
    TimePoint last_voice;
    bool left = false;  // said goodbye: the floor is free
  };

  void give_floor(TimePoint now, const RtpHeader& header);
  void hear_goodbye(std::span<const std::byte> datagram);

  std::uint32_t ssrc_;
  SequenceNumber newest_sequence_;  // that the player got
  RtpTime newest_timestamp_;
  std::optional<Floor> floor_;
  std::array<std::byte, RtpHeader::kBytes + kMaxOpusPacketBytes> packet_{};
};

}  // namespace hubbub::client
