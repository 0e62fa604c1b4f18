// The members of one sealed room, each at an address of its own on a Crowd: joined through the real
// handshake, and speaking frames that are sealed as a client seals them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>

#include "codec/seal/invite.h"
#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/client_link.h"
#include "codec/session/stream_seal.h"
#include "codec/wire/rtp.h"
#include "tools/bench/crowd.h"
#include "tools/bench/load.h"

namespace hubbub::bench {

class SealedCrowd {
 public:
  // 20 ms of Opus at 32 kbit/s, as in an open room's Speaker.
  static constexpr std::size_t kOpusBytes = Speaker::kFrameBytes - RtpHeader::kBytes;

  // `crowd` outlives it. The invite is the relay's own, with a room's secret in it.
  SealedCrowd(Crowd& crowd, std::uint16_t relay_port, const seal::Invite& invite);

  // Brings the next members in, until there are so many. Throws std::runtime_error where they do not get in.
  void join(std::size_t members);
  // Envelopes with nothing in them, in one burst.
  void send_padding(std::size_t member, int envelopes);

  // From here on `take` counts what is said from here on.
  void begin_turn();
  // One frame.
  void speak(std::size_t member);
  // Copies of this turn's frames that are there now.
  std::uint64_t take();

  // A join, alone: by a member that was not there, and leaves again.
  struct Join {
    Duration took{};
    int round_trips = 0;
  };
  Join join_and_leave(std::size_t peer);

  // What a frame is on the wire, as sent by a member and as heard by another, who opens it. Throws
  // std::runtime_error where it does not come, or does not open.
  struct FrameSizes {
    std::size_t up = 0;
    std::size_t down = 0;
  };
  FrameSizes weigh_frame(std::size_t member);

 private:
  struct Voice {
    session::StreamId id;
    session::FrameSealer sealer;
    std::uint32_t first_of_turn;
  };

  session::ClientLink make_link(std::size_t peer);
  Voice& voice_of(std::size_t member);

  Crowd& crowd_;
  std::uint16_t relay_port_;
  seal::SystemRandom random_;
  seal::RoomKeys keys_;
  session::LinkOptions options_;
  std::deque<session::ClientLink> members_;
  std::map<std::uint32_t, Voice> voices_;  // by SSRC
  std::uint64_t datagrams_sent_ = 0;
  std::size_t last_size_sent_ = 0;
};

}  // namespace hubbub::bench
