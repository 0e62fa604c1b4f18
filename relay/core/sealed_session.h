// One session of a sealed port: its keys, where it is, and whose member it is. What every member costs, so it
// is kept small: what only some need (a path check, a rekey, a voice) is made when it is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "codec/seal/digest.h"
#include "codec/seal/room_keys.h"
#include "codec/session/handshake.h"
#include "codec/session/sealed_channel.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "relay/core/stream.h"
#include "relay/core/token_bucket.h"

namespace hubbub::relay {

class SealedRoom;

// A new address that has not shown yet that it is the session's.
struct PathCheck {
  Recipient path;
  std::uint64_t token = 0;
  TimePoint next_challenge;
  std::size_t bytes_received = 0;
  std::size_t bytes_sent = 0;
};

// New keys that the client has asked for and not used yet.
struct Rekeying {
  session::NoiseHello hello{};
  session::NoiseReply reply{};
  session::SealedChannel channel;
  seal::Digest hash{};
};

struct OldKeys {
  session::SealedChannel channel;
  TimePoint until;
};

struct Session {
  session::SealedChannel channel;
  seal::Digest hash{};
  Recipient path;  // proven, by the cookie or by a path check
  TimePoint last_heard;
  bool confirmed = false;  // something came in it
  bool leaving = false;    // as soon as its room's broadcast is through
  TokenBucket envelopes;
  TokenBucket asks;
  std::size_t place = 0;  // in the relay's list of sessions

  // As a member. Its room's member at `member` is this one.
  SealedRoom* room = nullptr;
  std::size_t member = 0;
  std::uint32_t ssrc = 0;
  std::uint32_t revision = 0;   // of its Join
  seal::NameTag name{};         // all zero: none
  std::uint32_t next_text = 0;  // the sequence of its next message

  std::unique_ptr<PathCheck> check{};
  std::unique_ptr<Rekeying> rekeying{};
  std::unique_ptr<OldKeys> old{};
  std::unique_ptr<Stream> stream{};
  TimePoint next_report{};
  TimePoint next_rekey{};
};

}  // namespace hubbub::relay
